/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models of the bench; see tests/bench/models.h. */
#include "tests/bench/models.h"

#include <stdlib.h>

static const char *const service[] = {"system"};
static struct sim_dist dist[2];

static bool calm(const void *plan, const struct sim_run *run)
{
    (void)plan;
    (void)run;
    return true;
}

/* ---- HOLD ----------------------------------------------------------------- */

static uint32_t n_pending;

static void hold_start(const void *plan, struct sim_run *run)
{
    (void)plan;
    for (uint32_t i = 0; i < n_pending; i++) {
        sim_arm(run, i, 0);
    }
}

static void hold_fire(const void *plan, struct sim_run *run, uint32_t slot)
{
    (void)plan;
    sim_arm(run, slot, 0);
}

static uint64_t hold_down(const void *plan, const struct sim_run *run)
{
    (void)plan;
    (void)run;
    return 0;
}

struct sim_model bench_hold_model(uint32_t n)
{
    struct sim_slot *slot = calloc(n, sizeof(*slot));

    for (uint32_t i = 0; i < n; i++) {
        slot[i] = (struct sim_slot){.id = sim_id("hold/%u", i), .cls = SIM_OTHER};
    }
    n_pending = n;
    dist[0] = sim_dist_exponential(1.0);
    return (struct sim_model){.name = "hold",
                              .n_slots = n,
                              .slot = slot,
                              .n_dists = 1,
                              .dist = dist,
                              .n_services = 1,
                              .service = service,
                              .year_s = SIM_YEAR_S,
                              .start = hold_start,
                              .fire = hold_fire,
                              .down = hold_down,
                              .is_calm = calm};
}

/* ---- M/M/1 ---------------------------------------------------------------- */

enum { ARRIVAL, DEPARTURE };

static uint32_t too_many;

static void queue_start(const void *plan, struct sim_run *run)
{
    (void)plan;
    sim_arm(run, ARRIVAL, ARRIVAL);
}

static void queue_fire(const void *plan, struct sim_run *run, uint32_t slot)
{
    uint32_t *inside = sim_state(run);

    (void)plan;
    if (slot == ARRIVAL) {
        sim_arm(run, ARRIVAL, ARRIVAL);
        if ((*inside)++ == 0) {
            sim_arm(run, DEPARTURE, DEPARTURE);
        }
    } else if (--*inside > 0) {
        sim_arm(run, DEPARTURE, DEPARTURE);
    }
}

static uint64_t queue_down(const void *plan, const struct sim_run *run)
{
    const uint32_t *inside = sim_state_const(run);

    (void)plan;
    return *inside >= too_many;
}

struct sim_model bench_queue_model(double lambda, double mu, uint32_t many)
{
    static struct sim_slot slot[2];

    for (uint32_t i = 0; i < 2; i++) {
        slot[i] = (struct sim_slot){
            .id = sim_id("queue/%u", i), .cls = SIM_OTHER, .cause = SIM_NO_CAUSE};
    }
    too_many = many;
    dist[ARRIVAL] = sim_dist_exponential(1.0 / lambda);
    dist[DEPARTURE] = sim_dist_exponential(1.0 / mu);
    return (struct sim_model){.name = "queue",
                              .n_slots = 2,
                              .slot = slot,
                              .n_dists = 2,
                              .dist = dist,
                              .n_services = 1,
                              .service = service,
                              .state_bytes = sizeof(uint32_t),
                              .year_s = SIM_YEAR_S,
                              .start = queue_start,
                              .fire = queue_fire,
                              .down = queue_down,
                              .is_calm = calm};
}
