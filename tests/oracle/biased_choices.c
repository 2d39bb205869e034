/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loaded coins under importance sampling: three units, each of which, when it fails,
 * takes the service with it by a coin, for longer than a repair; so do two failures at
 * once. From coins that decide nearly everything to coins that hardly ever fall so, the
 * estimate must agree with the solved chain. Fixed seeds; 4.5 standard errors would
 * fail for less than 1 in 10,000 other seeds.
 */
#include <criterion/criterion.h>

#include "sim/exact.h"
#include "sim/study.h"
#include "tests/support/problem.h"

#define UNITS 3

enum { UP, COVERED, UNCOVERED };

/* Slots: failures of the units, then their repairs; laws: failure, repair, rescue. */
struct plan {
    double uncovered; /* probability */
};

static void start(const void *plan, struct sim_run *run)
{
    (void)plan;
    for (uint32_t u = 0; u < UNITS; u++) {
        sim_arm(run, u, 0);
    }
}

static void fire(const void *plan_ptr, struct sim_run *run, uint32_t slot)
{
    const struct plan *plan = plan_ptr;
    const uint32_t unit = slot % UNITS;
    uint8_t *state = sim_state(run);

    if (slot >= UNITS) {
        state[unit] = UP;
        sim_arm(run, unit, 0);
        return;
    }
    const double odds[2] = {1.0 - plan->uncovered, plan->uncovered};
    state[unit] = sim_choose(run, unit, 2, odds) == 1 ? UNCOVERED : COVERED;
    sim_arm(run, UNITS + unit, state[unit] == UNCOVERED ? 2 : 1);
}

static uint32_t count(const struct sim_run *run, bool is_uncovered)
{
    const uint8_t *state = sim_state_const(run);
    uint32_t n = 0;

    for (uint32_t u = 0; u < UNITS; u++) {
        n += is_uncovered ? state[u] == UNCOVERED : state[u] != UP;
    }
    return n;
}

static uint64_t down(const void *plan, const struct sim_run *run)
{
    (void)plan;
    return count(run, true) > 0 || count(run, false) > 1;
}

static bool is_calm(const void *plan, const struct sim_run *run)
{
    (void)plan;
    return count(run, false) == 0;
}

static struct sim_model model_of(const struct plan *plan)
{
    static const char *const service[] = {"it"};
    static const char *const cause[] = {"failure"};
    static const uint64_t choice[UNITS] = {11, 12, 13};
    static const struct sim_slot slot[2 * UNITS] = {
        {1, 0, SIM_FAILURE, 0},  {2, 0, SIM_FAILURE, 0},  {3, 0, SIM_FAILURE, 0},
        {4, 0, SIM_RECOVERY, 0}, {5, 0, SIM_RECOVERY, 0}, {6, 0, SIM_RECOVERY, 0}};
    static struct sim_dist dist[3];

    dist[0] = sim_dist_exponential(3e6);
    dist[1] = sim_dist_exponential(3600.0);
    dist[2] = sim_dist_exponential(20000.0);
    return (struct sim_model){.name = "coins",
                              .plan = plan,
                              .n_slots = 2 * UNITS,
                              .slot = slot,
                              .n_dists = 3,
                              .dist = dist,
                              .n_choices = UNITS,
                              .choice_id = choice,
                              .n_services = 1,
                              .service = service,
                              .n_causes = 1,
                              .cause = cause,
                              .state_bytes = UNITS,
                              .year_s = SIM_YEAR_S,
                              .start = start,
                              .fire = fire,
                              .down = down,
                              .is_calm = is_calm};
}

static double solve(const struct sim_model *model)
{
    struct sim_arena arena;
    struct sim_exact exact;
    struct sim_err err;
    struct sim_exact_options options = sim_exact_default();

    sim_arena_init(&arena);
    cr_assert_eq(sim_exact_solve(&arena, model, &options, &exact, &err), 0, "%s",
                 err.message);
    const double u = exact.service[0].unavailability;
    sim_arena_clear(&arena);
    return u;
}

static void check(double uncovered, enum sim_method method)
{
    const struct plan plan = {.uncovered = uncovered};
    const struct sim_model model = model_of(&plan);
    const double u = solve(&model);

    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct sim_study study = sim_study_default();
        struct sim_result result;
        struct sim_err err;

        study.method = method;
        study.precision = method == SIM_METHOD_BIASED ? 0.02 : 0.1;
        study.seed = seed;
        cr_assert_eq(sim_study_run(&model, &study, &result, &err), 0, "%s",
                     err.message);
        const struct sim_service_result *it = &result.service[0];
        cr_expect_not(it->is_flagged, "%s", it->why);
        cr_expect_lt(test_log_z(&it->unavailability, u), 4.5,
                     "p %g, seed %llu: %g, exact %g", uncovered,
                     (unsigned long long)seed, it->unavailability.value, u);
        sim_result_release(&result);
    }
}

Test(biased_choices, coins_that_decide)
{
    check(0.5, SIM_METHOD_BIASED);
    check(0.12, SIM_METHOD_BIASED);
}

Test(biased_choices, coins_that_seldom_fall_so)
{
    check(0.02, SIM_METHOD_BIASED);
    check(1e-3, SIM_METHOD_BIASED);
    check(1e-4, SIM_METHOD_BIASED);
}

Test(biased_choices, coins_that_hardly_matter)
{
    check(1e-5, SIM_METHOD_BIASED);
    check(0.0, SIM_METHOD_BIASED);
    check(1.0, SIM_METHOD_BIASED);
}

Test(biased_choices, splitting_agrees)
{
    check(0.02, SIM_METHOD_SPLITTING);
}
