/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/choosy.h"

static void start(const void *plan, struct sim_run *run)
{
    const double odds[] = {3, 0, 1};
    uint8_t *state = sim_state(run);
    (void)plan;
    state[0] = sim_choose(run, CHOOSY_BEGIN, 3, odds) == 2;
    if (state[0]) {
        sim_arm(run, CHOOSY_QUICK, CHOOSY_QUICK);
    } else {
        sim_arm(run, CHOOSY_FAIL, CHOOSY_FAIL);
    }
}

static void fire(const void *plan, struct sim_run *run, uint32_t slot)
{
    const double odds[] = {3, 1};
    uint8_t *state = sim_state(run);
    (void)plan;
    if (slot != CHOOSY_FAIL) {
        state[0] = 0;
        sim_arm(run, CHOOSY_FAIL, CHOOSY_FAIL);
        return;
    }
    state[0] = 1;
    if (sim_choose(run, CHOOSY_REPAIR, 2, odds) == 0) {
        sim_arm(run, CHOOSY_QUICK, CHOOSY_QUICK);
    } else {
        sim_arm(run, CHOOSY_SLOW, CHOOSY_SLOW);
    }
}

static uint64_t down(const void *plan, const struct sim_run *run)
{
    (void)plan;
    return ((const uint8_t *)sim_state_const(run))[0];
}

static bool is_calm(const void *plan, const struct sim_run *run)
{
    return down(plan, run) == 0;
}

struct sim_model choosy_model(struct sim_arena *arena)
{
    static const char *const service[] = {"it"};
    static const char *const cause[] = {"failure"};
    static const uint64_t choice[] = {11, 12};
    static const struct sim_slot slot[] = {
        {1, 0, SIM_FAILURE, 0}, {2, 0, SIM_RECOVERY, 0}, {3, 0, SIM_RECOVERY, 0}};
    struct sim_dist *dist = sim_arena_calloc(arena, 3, sizeof *dist);
    dist[CHOOSY_FAIL] = sim_dist_exponential(1000);
    dist[CHOOSY_QUICK] = sim_dist_exponential(2.385);
    dist[CHOOSY_SLOW] = sim_dist_gamma(17.5, 2);
    return (struct sim_model){.name = "choosy",
                              .n_slots = 3,
                              .slot = slot,
                              .n_dists = 3,
                              .dist = dist,
                              .n_choices = 2,
                              .choice_id = choice,
                              .n_services = 1,
                              .service = service,
                              .n_causes = 1,
                              .cause = cause,
                              .state_bytes = 1,
                              .year_s = SIM_YEAR_S,
                              .start = start,
                              .fire = fire,
                              .down = down,
                              .is_calm = is_calm};
}
