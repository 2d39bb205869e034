/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The long statistical test: do intervals cover, are estimates unbiased, and do the
 * traps stay harmless? Writes docs/validation.md (to standard output) and says by its
 * exit code whether every row holds.
 *
 *     soak [seeds [trap seeds [longest budget]]]      default 200, 10 and 10 s
 *
 * Part 1: for each problem `seeds` runs at 5 %; the number of 95 % intervals that
 * contain the exact answer is Binomial(seeds, 0.95), accepted within 3 standard
 * deviations (181 to 199 of 200); the mean of estimate / truth lies within 3 standard
 * errors of 1.
 *
 * The same for splitting, asked for by name, at 20 %: short runs, where intervals
 * are hardest to get right.
 *
 * Part 2: for each trap `trap seeds` runs at time budgets of 0.1, 1 and 10 seconds. An
 * interval is tight and wrong when it is not flagged, narrower than +-20 %, and misses
 * the truth by more than its own half-width again. None may be.
 *
 * Part 3: random small designs of the Kubernetes model, see small.c.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/study.h"
#include "sim/threads.h"
#include "tests/soak/small.h"
#include "tests/support/problem.h"

static const char *const covered[] = {
    "kofn-indep-2of3",      "kofn-indep-4of7",
    "kofn-crew1-3of5",      "zones-5-as-1-1-1-1-1-rare",
    "shock-3of5",           "twolevel-3of5",
    "coverage-3",           "spares-3of5-on-6",
    "pending-2of3-on-4",    "erlang-failure-2of3",
    "hyper-repair-3of5",    "unbalanced-4a-2b",
    "drain-3of5-no-budget", "crew-weibull-3of5",
    "crew-lognormal-2of3",  "renewal-weibull-lognormal-2of3",
    "cascade-3of5",         "pipeline-crew-3in8",
};

static const char *const split_covered[] = {
    "kofn-indep-2of3", "kofn-crew1-3of5",  "zones-3-as-1-1-1",
    "twolevel-2of3",   "cascade-3of5",     "pipeline-crew-3in8",
    "election-2of3",   "spares-2of3-on-4", "published-tandem-C8",
};

static const char *const traps[] = {
    "unbalanced-4a-2b",  "twolevel-3of5",       "twolevel-4of7",
    "spares-3of5-on-6",  "spares-4of7-on-9",    "pending-4of7-on-9",
    "crew-weibull-3of5", "crew-lognormal-2of3", "hyper-repair-3of5",
    "coverage-2",        "coverage-3",
};

static const double budget_s[] = {0.1, 1.0, 10.0};

#define HEAD                                                                           \
    "| problem | exact unavailability | covering | mean | half-width | CPU | holds "   \
    "|\n|---|---|---|---|---|---|---|\n"
#define MAX_RUNS 1000
#define COUNT(x) (sizeof(x) / sizeof *(x))

struct outcome {
    struct sim_estimate u;
    double cpu_s;
    bool is_flagged;
    bool has_failed;
};

struct series {
    struct test_problem problem;
    double truth;
    enum sim_method method;
    double precision;
    double max_time_s; /* 0: to the precision */
    struct outcome outcome[MAX_RUNS];
};

static double thread_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void play_one(void *context, unsigned worker, uint64_t item, unsigned place)
{
    struct series *series = context;
    struct outcome *outcome = &series->outcome[item];
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct sim_err err = {0};
    const double begin_s = thread_s();

    (void)worker;
    (void)place;
    study.seed = 1 + item;
    study.max_time_s = series->max_time_s;
    study.method = series->method;
    study.precision = series->precision;
    outcome->has_failed =
        sim_study_run(&series->problem.model, &study, &result, &err) != 0;
    outcome->cpu_s = thread_s() - begin_s;
    if (!outcome->has_failed) {
        outcome->u = result.service[0].unavailability;
        outcome->is_flagged = result.service[0].is_flagged;
        sim_result_release(&result);
    }
}

static void merge_one(void *context, uint64_t item, unsigned place)
{
    (void)context;
    (void)item;
    (void)place;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

/* Plays n seeds by series->method to series->precision, or for max_time_s. */
static void play(struct series *series, const char *id, uint64_t n, double max_time_s)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned jobs = cores > 1 ? (unsigned)cores : 1;
    const struct sim_work work = {series, play_one, merge_one, never,
                                  sim_threads_places(jobs)};

    test_problem_load(&series->problem, id);
    series->truth = test_problem_answer(&series->problem, "steady_unavailability");
    series->max_time_s = max_time_s;
    sim_threads_run(&work, jobs, 0, n);
    test_problem_release(&series->problem);
}

static bool covers(const struct outcome *outcome, double truth)
{
    return outcome->u.low <= truth && truth <= outcome->u.high;
}

/* One row of part 1; false when it does not hold. */
static bool report_coverage(struct series *series, const char *id, uint64_t n,
                            enum sim_method method, double precision)
{
    double sum = 0.0;
    double sum2 = 0.0;
    double width = 0.0;
    double cpu_s = 0.0;
    uint64_t n_covered = 0;

    series->method = method;
    series->precision = precision;
    play(series, id, n, 0.0);
    for (uint64_t i = 0; i < n; i++) {
        const struct outcome *outcome = &series->outcome[i];
        const double ratio = outcome->u.value / series->truth;
        n_covered += !outcome->has_failed && covers(outcome, series->truth);
        sum += ratio;
        sum2 += ratio * ratio;
        width += (outcome->u.high - outcome->u.low) / (2.0 * outcome->u.value);
        cpu_s += outcome->cpu_s;
    }
    const double mean = sum / (double)n;
    const double se = sqrt((sum2 / (double)n - mean * mean) / ((double)n - 1.0));
    const double spread = 3.0 * sqrt((double)n * 0.95 * 0.05);
    const double middle = 0.95 * (double)n;
    const bool holds = fabs((double)n_covered - middle) <= spread + 0.5 &&
                       fabs(mean - 1.0) <= 3.0 * se;
    printf("| %s | %.4e | %llu | %.4f ± %.4f | %.1f %% | %.2f s | %s |\n", id,
           series->truth, (unsigned long long)n_covered, mean, se,
           100.0 * width / (double)n, cpu_s / (double)n, holds ? "yes" : "**no**");
    fflush(stdout);
    return holds;
}

static bool is_tight_and_wrong(const struct outcome *outcome, double truth)
{
    const double up = outcome->u.high / outcome->u.value;
    const double down = outcome->u.value / outcome->u.low;

    return !outcome->has_failed && !outcome->is_flagged && up < 1.2 &&
           (truth > outcome->u.high * up || truth < outcome->u.low / down);
}

static int compare_widths(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool report_trap(struct series *series, const char *id, uint64_t n,
                        double limit_s)
{
    double width[MAX_RUNS];
    uint64_t n_covered = 0;
    uint64_t n_flagged = 0;
    uint64_t n_wrong = 0;

    series->method = SIM_METHOD_AUTO;
    series->precision = 0.01;
    play(series, id, n, limit_s);
    for (uint64_t i = 0; i < n; i++) {
        const struct outcome *outcome = &series->outcome[i];
        n_covered += covers(outcome, series->truth);
        n_flagged += outcome->is_flagged;
        n_wrong += is_tight_and_wrong(outcome, series->truth);
        width[i] = log(outcome->u.high / outcome->u.value);
    }
    qsort(width, n, sizeof *width, compare_widths);
    printf("| %s | %.1f s | %llu of %llu | %.1f %% | %llu | %llu |\n", id, limit_s,
           (unsigned long long)n_covered, (unsigned long long)n,
           100.0 * expm1(width[n / 2]), (unsigned long long)n_flagged,
           (unsigned long long)n_wrong);
    fflush(stdout);
    return n_wrong == 0;
}

static void print_head(uint64_t n)
{
    printf(
        "# Validation\n\n"
        "Made by `make validation`; do not edit. Every problem has an exact answer "
        "(`tests/data/exact`).\n\n"
        "## Coverage\n\n"
        "%llu seeds each, `--method auto`, 5 %% half-width asked. \"Covering\" counts "
        "the 95 %% intervals that contain the exact unavailability; accepted within "
        "three standard deviations of %.0f. \"Mean\" is the mean of estimate / truth "
        "with its standard error; accepted within three of 1. CPU seconds of one "
        "run, on a shared machine.\n\n" HEAD,
        (unsigned long long)n, 0.95 * (double)n);
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 200;
    uint64_t n_traps = argc > 2 ? strtoull(argv[2], NULL, 10) : 10;
    const double longest_s = argc > 3 ? strtod(argv[3], NULL) : 10.0;
    struct series *series = calloc(1, sizeof *series);
    bool all_hold = true;

    n = n >= 2 && n <= MAX_RUNS ? n : 200;
    n_traps = n_traps >= 1 && n_traps <= MAX_RUNS ? n_traps : 10;
    if (series == NULL) {
        return 1;
    }
    print_head(n);
    for (size_t i = 0; i < COUNT(covered); i++) {
        all_hold =
            report_coverage(series, covered[i], n, SIM_METHOD_AUTO, 0.05) && all_hold;
    }
    printf("\n## Coverage of splitting\n\n"
           "%llu seeds each, `--method splitting`, 20 %% half-width asked.\n\n" HEAD,
           (unsigned long long)n);
    for (size_t i = 0; i < COUNT(split_covered); i++) {
        all_hold =
            report_coverage(series, split_covered[i], n, SIM_METHOD_SPLITTING, 0.2) &&
            all_hold;
    }
    printf("\n## Traps\n\n"
           "%llu seeds each, by time budget. \"Tight and wrong\": not flagged, "
           "narrower than ±20 %%, and off by more than twice its half-width. None may "
           "be.\n\n"
           "| problem | budget | covering | median half-width | flagged | tight and "
           "wrong |\n|---|---|---|---|---|---|\n",
           (unsigned long long)n_traps);
    for (size_t i = 0; i < COUNT(traps); i++) {
        for (size_t b = 0; b < COUNT(budget_s) && budget_s[b] <= longest_s; b++) {
            all_hold = report_trap(series, traps[i], n_traps, budget_s[b]) && all_hold;
        }
    }
    all_hold = soak_small_designs() && all_hold;
    printf("\n%s\n", all_hold ? "Every row holds." : "**Some rows do not hold.**");
    free(series);
    return all_hold ? 0 : 1;
}
