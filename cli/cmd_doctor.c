/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines doctor: is this installation sound, and what does this version leave out?
 *
 * Five checks, each one line, each with what to do when it fails:
 *   the random generator gives its published words (Random123 kat_vectors, Philox
 *   4x32-10, counter and key zero), so results repeat on this machine;
 *   a 2-of-3 system whose unavailability is known, 3p^2 - 2p^3 with p the
 *   unavailability of one member, simulated and solved;
 *   speed, so that a slow machine is not taken for a hard question;
 *   gnuplot and its terminals, which only charts need.
 * The simulated answer must lie within two interval widths of the truth (3.9 standard
 * errors: a false alarm in 10,000; the seed is fixed, so it never changes).
 *
 * Then the rules of the model, done and not yet: the honest part of every number.
 * A missing gnuplot is a warning; any other failure is exit code 1.
 */
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/color.h"
#include "cli/commands.h"
#include "cli/error.h"
#include "cli/grid.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/process.h"
#include "cli/version.h"
#include "models/blocks/blocks.h"
#include "models/vcluster/coverage.h"
#include "sim/rng.h"
#include "sim/study.h"

static const struct cli_usage usage = {
    .name = "doctor",
    .synopsis = "nines doctor [flags]",
    .about = "Checks this installation, and lists what the model does and leaves out.",
    .examples = "  nines doctor\n  nines doctor --no-coverage",
};

enum state { GOOD, WARNING, BAD };

__attribute__((format(printf, 3, 4))) static void
report(enum state state, const char *what, const char *fmt, ...)
{
    static const char *const word[] = {"ok", "warning", "FAILED"};
    static const enum cli_role role[] = {CLI_GOOD, CLI_QUIET, CLI_BAD};
    va_list ap;

    printf("  %s%-8s%s %-18s ", cli_color_on(stdout, role[state]), word[state],
           cli_color_off(stdout, role[state]), what);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

static bool check_random(void)
{
    static const unsigned long word[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c,
                                         0x9b00dbd8};
    gsl_rng *rng = gsl_rng_alloc(sim_rng_philox());
    bool is_right = rng != NULL;

    if (rng != NULL) {
        gsl_rng_set(rng, 0);
        for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
            is_right = gsl_rng_get(rng) == word[i] && is_right;
        }
        gsl_rng_free(rng);
    }
    report(is_right ? GOOD : BAD, "random generator",
           is_right ? "Philox4x32-10 gives its published words"
                    : "Philox4x32-10 gives wrong words: results do not repeat here");
    return is_right;
}

/* Member: mean 10 days up, 1 day down. Two of three must be up. */
static const char problem[] =
    "kind: System\n"
    "name: doctor\n"
    "components: [{name: member, count: 3, needs: 2, failure: 10d, repair: 1d}]\n";
#define MEMBER_P (1.0 / 11)
#define TRUTH    (3 * MEMBER_P * MEMBER_P - 2 * MEMBER_P * MEMBER_P * MEMBER_P)

static bool solve(const struct sim_model *model)
{
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct sim_err err;

    study.method = SIM_METHOD_EXACT;
    if (sim_study_run(model, &study, &result, &err) != 0) {
        report(BAD, "exact answer", "%s", err.message);
        return false;
    }
    const double u = result.service[0].unavailability.value;
    const bool is_right = fabs(u - TRUTH) < 1e-9 * TRUTH;

    report(is_right ? GOOD : BAD, "exact answer",
           "2 of 3: unavailability %.9g, known %.9g", u, TRUTH);
    sim_result_release(&result);
    return is_right;
}

static bool simulate(const struct sim_model *model)
{
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct sim_err err;

    study.method = SIM_METHOD_CRUDE;
    study.years = 10000;
    if (sim_study_run(model, &study, &result, &err) != 0) {
        report(BAD, "simulation", "%s", err.message);
        return false;
    }
    const struct sim_estimate u = result.service[0].unavailability;
    const bool is_right = fabs(u.value - TRUTH) < u.high - u.low;

    report(is_right ? GOOD : BAD, "simulation",
           "the same by %s years: %.4g (%.4g to %.4g)",
           cli_count(result.simulated_years).s, u.value, u.low, u.high);
    report(GOOD, "speed", "%s events a second on one core",
           cli_count((double)result.n_events / fmax(result.cpu_s, 1e-9)).s);
    sim_result_release(&result);
    return is_right;
}

static bool check_engine(void)
{
    struct sim_arena arena;
    struct ha_docs docs;
    struct ha_blocks blocks;
    struct sim_model model;
    struct sim_err err;
    bool is_right;

    sim_arena_init(&arena);
    if (ha_docs_parse(&arena, "doctor", problem, sizeof(problem) - 1, &docs, &err) !=
            0 ||
        ha_blocks_load(&arena, docs.doc[0], &blocks, &err) != 0) {
        report(BAD, "reader", "%s", err.message);
        sim_arena_clear(&arena);
        return false;
    }
    ha_blocks_model(&arena, &blocks, &model);
    is_right = solve(&model);
    is_right = simulate(&model) && is_right;
    sim_arena_clear(&arena);
    return is_right;
}

static void check_gnuplot(void)
{
    static const char question[] = "set print '-'; print GPVAL_VERSION, ' ', "
                                   "GPVAL_PATCHLEVEL, ' ', GPVAL_TERMINALS";
    const char *const argv[] = {"gnuplot", "-d", "-e", question, NULL};
    char text[2048];
    struct sim_err err;
    char version[32] = "";
    char patch[16] = "";

    if (cli_process_read(argv, text, sizeof(text), &err) != 0) {
        report(WARNING, "gnuplot", "%s; only charts need it", err.message);
        return;
    }
    sscanf(text, "%31s %15s", version, patch);

    const bool has_svg = strstr(text, " svg ") != NULL;
    const bool has_png = strstr(text, " pngcairo ") != NULL;

    report(has_svg && has_png ? GOOD : WARNING, "gnuplot",
           "version %s.%s, terminals: svg %s, pngcairo %s", version, patch,
           has_svg ? "yes" : "no", has_png ? "yes" : "no");
}

static void print_coverage(void)
{
    uint32_t n;
    const struct ha_coverage *row = ha_coverage_rows(&n);
    struct cli_grid grid;

    printf("\nRules of the model\n");
    cli_grid_init(&grid, 2);
    for (uint32_t i = 0; i < n; i++) {
        cli_grid_row(&grid, row[i].rule);
        cli_grid_set(&grid, 0, ha_coverage_word(row[i].state));
        cli_grid_set(&grid, 1, row[i].title);
    }
    cli_grid_print(stdout, &grid, 2, 10000);
    cli_grid_release(&grid);
    printf("\nWhat is left out, rule by rule:\n");
    for (uint32_t i = 0; i < n; i++) {
        if (row[i].state != HA_COVERAGE_DONE) {
            printf("  %-4s %s\n", row[i].rule, row[i].note);
        }
    }
}

int cmd_doctor(int argc, char **argv)
{
    bool has_coverage = true;
    struct cli_talk talk = {0};
    const struct cli_option rows[] = {
        {0, "coverage", CLI_OPT_FLAG, &has_coverage, NULL, NULL,
         "the rules of the model (default; --no-coverage leaves them out)"},
        CLI_ROWS_TALK(&talk),
        CLI_ROWS_END};
    const int rc = cli_parse(&usage, rows, argc, argv, NULL);
    bool is_right;

    if (rc != CLI_PARSED) {
        return rc;
    }
    printf("nines %s\n", CLI_VERSION);
    is_right = check_random();
    is_right = check_engine() && is_right;
    check_gnuplot();
    if (has_coverage) {
        print_coverage();
    }
    return is_right ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
}
