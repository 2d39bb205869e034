/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make bench: how fast the engine is, beside hand-written loops for the same work in
 * the same run. Absolute times mean little on shared machines, ratios mean something:
 * each line is the median of interleaved rounds of CPU time, engine and reference
 * taking turns. Every work ends in a number that is known exactly, and both must
 * reproduce it.
 *
 *   W1    n components, exponential failure and repair, down below a majority
 *   W2    the same with Weibull(1.5) / lognormal(cv 1)
 *   HOLD  take the earliest of n pending, put it back later (Jones, CACM 29(4), 1986)
 *   MM1   one queue at 90 % load
 *
 * One event of W1 and W2 is one failure or one repair, with everything the crude driver
 * does: streams by name, mask of services, causes, windows, histogram of durations.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/clock.h"
#include "sim/history.h"
#include "sim/study.h"
#include "tests/bench/models.h"
#include "tests/bench/rare.h"
#include "tests/bench/placing.h"
#include "tests/bench/reference.h"
#include "tests/support/kofn.h"

#define ROUNDS       7
#define THREAD_YEARS 300000.0

static double clock_of(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu_s(void)
{
    return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}

static int compare(const void *l, const void *r)
{
    double x = *(const double *)l;
    double y = *(const double *)r;

    return (x > y) - (x < y);
}

static double median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof(*x), compare);
    return x[n / 2];
}

/* One history of a model, everything measured. */
struct bench_run {
    struct sim_run run;
    struct sim_history_plan plan;
    struct sim_record record;
    struct sim_arena arena;
};

static void bench_open(struct bench_run *b, const struct sim_model *model,
                       double length_s)
{
    b->plan = (struct sim_history_plan){
        .from_s = 0.0, .to_s = length_s, .window_s = length_s / 10.0, .n_windows = 10};
    sim_run_init(&b->run, model);
    sim_run_bind(&b->run, sim_world_alloc(b->run.world_bytes));
    sim_arena_init(&b->arena);
    sim_record_init(&b->record, &b->arena, model, &b->plan);
}

static void bench_close(struct bench_run *b)
{
    free(b->run.world);
    sim_run_unbind(&b->run);
    sim_arena_clear(&b->arena);
}

static int n_wrong;

/* Prints one line: million events/s of both, the ratio, the number against exact. */
static void report(const char *name, double engine, double reference, double by_engine,
                   double by_reference, double exact, const char *targets)
{
    double tolerance = 0.05;
    bool is_right = fabs(by_engine / exact - 1.0) < tolerance &&
                    fabs(by_reference / exact - 1.0) < tolerance;

    n_wrong += !is_right;
    printf("%-14s %8.1f %10.1f %8.2f   %-10.6g %-10.6g %-10.6g %s  %s\n", name, engine,
           reference, engine / reference, by_engine, by_reference, exact,
           is_right ? "ok   " : "WRONG", targets);
}

static void bench_kofn(const char *work, uint32_t n, double mttf_s, double mttr_s,
                       bool is_general, const char *targets)
{
    static struct kofn kofn;
    const uint64_t n_events = 4000000;
    double engine[ROUNDS];
    double reference[ROUNDS];
    double u_reference = 0.0;
    double events = 0.0;
    uint32_t k = n / 2 + 1;
    struct sim_dist failure =
        is_general ? sim_dist_weibull_mean(mttf_s, 1.5) : sim_dist_exponential(mttf_s);
    struct sim_dist repair = is_general ? sim_dist_lognormal_mean_cv(mttr_s, 1.0)
                                        : sim_dist_exponential(mttr_s);
    struct bench_run b;
    char name[32];

    kofn_init(&kofn, n, k, failure, repair);
    kofn.model.blame = NULL; /* causes by trigger, as the reference has none */
    bench_open(&b, &kofn.model, (double)n_events * (mttf_s + mttr_s) / (2.0 * n));
    for (int i = 0; i < ROUNDS; i++) {
        double t = cpu_s();

        sim_history_play(&b.run, &b.plan, 1, 0, 0, &b.record);
        engine[i] = cpu_s() - t;
        events = (double)b.record.n_events;
        t = cpu_s();
        u_reference = is_general
                          ? reference_general(n, k, failure.a, failure.b, repair.a,
                                              repair.b, n_events)
                          : reference_exponential(n, k, mttf_s, mttr_s, n_events);
        reference[i] = cpu_s() - t;
    }
    snprintf(name, sizeof(name), "%s n=%u", work, n);
    report(name, events / median(engine, ROUNDS) * 1e-6,
           (double)n_events / median(reference, ROUNDS) * 1e-6,
           sim_sum_value(&b.record.service[0].down_s) / b.plan.to_s, u_reference,
           kofn_exact(&kofn), targets);
    bench_close(&b);
}

static void bench_hold(uint32_t n, const char *targets)
{
    struct sim_model model = bench_hold_model(n);
    const uint64_t n_events = 3000000;
    double engine[ROUNDS];
    double reference[ROUNDS];
    double end_s = 0.0;
    double events = 0.0;
    struct bench_run b;
    char name[32];

    bench_open(&b, &model, (double)n_events / n);
    for (int i = 0; i < ROUNDS; i++) {
        double t = cpu_s();

        sim_history_play(&b.run, &b.plan, 1, 0, 0, &b.record);
        engine[i] = cpu_s() - t;
        events = (double)b.record.n_events;
        t = cpu_s();
        end_s = reference_hold(n, n_events);
        reference[i] = cpu_s() - t;
    }
    snprintf(name, sizeof(name), "HOLD n=%u", n);
    report(name, events / median(engine, ROUNDS) * 1e-6,
           (double)n_events / median(reference, ROUNDS) * 1e-6, events / b.plan.to_s,
           (double)n_events / end_s, n, targets);
    bench_close(&b);
}

static void bench_queue(void)
{
    struct sim_model model = bench_queue_model(0.9, 1.0, 20);
    const uint64_t n_customers = 2000000;
    double engine[ROUNDS];
    double reference[ROUNDS];
    double share = 0.0;
    double customers = 0.0;
    struct bench_run b;

    bench_open(&b, &model, (double)n_customers / 0.9);
    for (int i = 0; i < ROUNDS; i++) {
        double t = cpu_s();

        sim_history_play(&b.run, &b.plan, 1, 0, 0, &b.record);
        engine[i] = cpu_s() - t;
        customers = (double)b.record.n_events / 2.0;
        t = cpu_s();
        share = reference_queue(0.9, 1.0, 20, n_customers);
        reference[i] = cpu_s() - t;
    }
    report("MM1 customers", customers / median(engine, ROUNDS) * 1e-6,
           (double)n_customers / median(reference, ROUNDS) * 1e-6,
           sim_sum_value(&b.record.service[0].down_s) / b.plan.to_s, share,
           pow(0.9, 20.0), "7.6 / 15 / 50");
    bench_close(&b);
}

/* ---- Draws ---------------------------------------------------------------- */

static volatile double sink;

static double our_exp(uint64_t n)
{
    static uint32_t count[16];
    static uint64_t id[16];
    struct sim_rng_key key = sim_rng_key_of(1, 2, 3);
    double sum = 0.0;

    for (uint32_t i = 0; i < 16; i++) {
        id[i] = sim_id("slot/%u", i);
    }
    for (uint64_t i = 0; i < n; i++) {
        uint32_t slot = (uint32_t)(sum * 64.0) % 16;

        sum += sim_draw_exp(sim_draw_of(&key, id[slot], count[slot]++));
    }
    return sum;
}

static double our_law(const struct sim_dist *dist, uint64_t n)
{
    struct sim_rng_key key = sim_rng_key_of(1, 2, 3);
    double sum = 0.0;

    for (uint64_t i = 0; i < n; i++) {
        sum += sim_draw_delay(dist, sim_draw_of(&key, 77, (uint32_t)i));
    }
    return sum;
}

static void show_draw(const char *name, double (*draw)(uint64_t))
{
    const uint64_t n = 2000000;
    double ns[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        double t = cpu_s();

        sink = draw(n);
        ns[i] = (cpu_s() - t) / (double)n * 1e9;
    }
    printf("  %-52s %6.1f\n", name, median(ns, ROUNDS));
}

static void show_law(const char *name, struct sim_dist dist)
{
    const uint64_t n = 1000000;
    double ns[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        double t = cpu_s();

        sink = our_law(&dist, n);
        ns[i] = (cpu_s() - t) / (double)n * 1e9;
    }
    printf("  %-52s %6.1f\n", name, median(ns, ROUNDS));
}

static void bench_draws(void)
{
    printf("\nns per draw; the stream depends on the draw before, as in a run\n");
    show_draw("exponential: keyed hash, ziggurat (ours)", our_exp);
    show_draw("exponential: xoshiro256++ in each slot, ziggurat",
              reference_xoshiro_slots);
    show_draw("exponential: Philox4x32-10 each draw, ziggurat",
              reference_philox_ziggurat);
    show_draw("exponential: Philox4x32-10 each draw, logarithm", reference_philox_exp);
    show_draw("exponential: GSL mt19937, one stream", reference_gsl_exponential);
    show_law("Weibull", sim_dist_weibull(1.0, 1.5));
    show_law("lognormal", sim_dist_lognormal(0.0, 1.0));
    show_law("gamma", sim_dist_gamma(1.0, 2.5));
    show_law("uniform", sim_dist_uniform(0.0, 1.0));
}

/* ---- Starting a history; threads -------------------------------------------- */

static void bench_start(uint32_t n)
{
    static struct kofn kofn;
    double ns[ROUNDS];
    struct sim_run run;
    const int n_starts = 20000;

    kofn_init(&kofn, n, n, sim_dist_exponential(1e9), sim_dist_exponential(1.0));
    sim_run_init(&run, &kofn.model);
    sim_run_bind(&run, sim_world_alloc(run.world_bytes));
    for (int i = 0; i < ROUNDS; i++) {
        double t = cpu_s();

        for (int r = 0; r < n_starts; r++) {
            sim_world_start(&run, 1, (uint64_t)r, 0);
        }
        ns[i] = (cpu_s() - t) / n_starts / n * 1e9;
    }
    printf("  start of a history, %3u components: %6.1f ns per component\n", n,
           median(ns, ROUNDS));
    free(run.world);
    sim_run_unbind(&run);
}

static double wall_of_study(const struct sim_model *model, unsigned jobs, double years)
{
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct sim_err err;

    study.method = SIM_METHOD_CRUDE;
    study.years = years;
    study.jobs = jobs;
    if (sim_study_run(model, &study, &result, &err) != 0) {
        fprintf(stderr, "bench: %s\n", err.message);
        exit(1);
    }
    const double spent_s = result.wall_s;

    sim_result_release(&result);
    return spent_s;
}

struct lone_study {
    const struct sim_model *model;
    double years;
};

static void *run_alone(void *lone)
{
    const struct lone_study *study = lone;

    wall_of_study(study->model, 1, study->years);
    return NULL;
}

/* The same work as so many studies of one thread each, which share nothing. */
static double wall_of_lone_studies(const struct sim_model *model, unsigned jobs)
{
    pthread_t thread[4];
    struct lone_study lone = {.model = model, .years = THREAD_YEARS / jobs};
    const double begin_s = sim_clock_s();

    for (unsigned i = 0; i < jobs; i++) {
        if (pthread_create(&thread[i], NULL, run_alone, &lone) != 0) {
            exit(1);
        }
    }
    for (unsigned i = 0; i < jobs; i++) {
        pthread_join(thread[i], NULL);
    }
    return sim_clock_s() - begin_s;
}

/* On a machine whose cores are shared with other guests four threads cannot gain four;
 * what as many studies gain that share nothing says how much there was to be had. Other
 * guests can only add, so the least of the rounds counts. */
static void bench_threads(void)
{
    static struct kofn kofn;
    static const unsigned jobs[3] = {1, 2, 4};
    double engine_s[3] = {HUGE_VAL, HUGE_VAL, HUGE_VAL};
    double lone_s[3] = {HUGE_VAL, HUGE_VAL, HUGE_VAL};

    kofn_init(&kofn, 5, 3, sim_dist_exponential(1e6), sim_dist_exponential(1e5));
    for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < 3; j++) {
            const double spent_s = wall_of_study(&kofn.model, jobs[j], THREAD_YEARS);

            engine_s[j] = fmin(engine_s[j], spent_s);
            lone_s[j] = fmin(lone_s[j], wall_of_lone_studies(&kofn.model, jobs[j]));
        }
    }
    printf("\nthreads   gain of one study   of as many studies that share nothing\n");
    for (int j = 0; j < 3; j++) {
        printf("  %u            %5.2f               %5.2f\n", jobs[j],
               engine_s[0] / engine_s[j], lone_s[0] / lone_s[j]);
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* each line as it is found, in files too */
    printf("million events per second, one core, and the number both must find\n\n");
    printf("%-14s %8s %10s %8s   %-10s %-10s %-10s       %s\n", "work", "engine",
           "reference", "ratio", "engine", "reference", "exact", "must / good / great");
    bench_kofn("W1", 3, 1000.0, 100.0, false, "26 / 30 / 55-75");
    bench_kofn("W1", 5, 1000.0, 100.0, false, "26 / 30 / 55-75");
    bench_kofn("W1", 7, 1000.0, 100.0, false, "26 / 30 / 55-75");
    bench_kofn("W1", 100, 1000.0, 1000.0, false, "11.5 / 20 / 40");
    bench_kofn("W2", 3, 1000.0, 100.0, true, "20 / 25 / 45-80");
    bench_kofn("W2", 7, 1000.0, 100.0, true, "20 / 25 / 45-80");
    bench_hold(10, "");
    bench_hold(100, "");
    bench_hold(1000, "");
    bench_hold(10000, "8 / 20 / 50");
    bench_hold(100000, "");
    bench_queue();
    bench_draws();
    printf("\n");
    bench_start(3);
    bench_start(100);
    bench_threads();
    n_wrong += bench_rare();
    n_wrong += bench_placing();
    return n_wrong == 0 ? 0 : 1;
}
