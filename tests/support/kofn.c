/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * k-of-n with independent repair. The two slots of a component are neighbours, as the
 * engine likes best. Blame is shared equally among the components that are down; there
 * are eight causes, component i belonging to cause i modulo 8.
 */
#include "tests/support/kofn.h"

#include <math.h>
#include <stdio.h>

#define N_CAUSES 8

struct kofn_state {
    uint32_t n_up;
    uint8_t is_down[KOFN_MAX];
};

static void start(const void *plan, struct sim_run *run)
{
    const struct kofn *kofn = plan;
    struct kofn_state *state = sim_state(run);

    state->n_up = kofn->n;
    for (uint32_t i = 0; i < kofn->n; i++) {
        sim_arm(run, 2 * i, 0);
    }
}

static void fire(const void *plan, struct sim_run *run, uint32_t slot)
{
    struct kofn_state *state = sim_state(run);

    (void)plan;
    if ((slot & 1) == 0) {
        state->n_up--;
        state->is_down[slot / 2] = 1;
        sim_arm(run, slot + 1, 1);
    } else {
        state->n_up++;
        state->is_down[slot / 2] = 0;
        sim_arm(run, slot - 1, 0);
    }
}

static uint64_t down(const void *plan, const struct sim_run *run)
{
    const struct kofn *kofn = plan;
    const struct kofn_state *state = sim_state_const(run);

    return state->n_up < kofn->k;
}

static bool is_calm(const void *plan, const struct sim_run *run)
{
    const struct kofn *kofn = plan;
    const struct kofn_state *state = sim_state_const(run);

    return state->n_up == kofn->n;
}

static void blame(const void *plan, const struct sim_run *run, uint32_t service,
                  double *share)
{
    const struct kofn *kofn = plan;
    const struct kofn_state *state = sim_state_const(run);
    double each = 1.0 / (kofn->n - state->n_up);

    (void)service;
    for (uint32_t i = 0; i < kofn->n; i++) {
        share[i % N_CAUSES] += state->is_down[i] ? each : 0.0;
    }
}

static int explain(const void *plan, const struct sim_run *run, uint32_t slot,
                   char *text, size_t size)
{
    (void)plan;
    (void)run;
    return snprintf(text, size, "component %u %s", slot / 2,
                    (slot & 1) == 0 ? "failed" : "was repaired");
}

void kofn_init(struct kofn *kofn, uint32_t n, uint32_t k, struct sim_dist failure,
               struct sim_dist repair)
{
    static const char *const service[] = {"system"};
    static const char *const cause[N_CAUSES] = {"c0", "c1", "c2", "c3",
                                                "c4", "c5", "c6", "c7"};

    *kofn = (struct kofn){.n = n, .k = k, .dist = {failure, repair}};
    for (uint32_t i = 0; i < n; i++) {
        kofn->slot[2 * i] = (struct sim_slot){.id = sim_id("component/%u/fail", i),
                                              .cls = SIM_FAILURE,
                                              .cause = (uint8_t)(i % N_CAUSES)};
        kofn->slot[2 * i + 1] = (struct sim_slot){.id = sim_id("component/%u/mend", i),
                                                  .group = 1,
                                                  .cls = SIM_RECOVERY,
                                                  .cause = SIM_NO_CAUSE};
    }
    kofn->model = (struct sim_model){
        .name = "k-of-n",
        .plan = kofn,
        .n_slots = 2 * n,
        .slot = kofn->slot,
        .n_dists = 2,
        .dist = kofn->dist,
        .n_services = 1,
        .service = service,
        .n_causes = N_CAUSES,
        .cause = cause,
        .state_bytes = sizeof(struct kofn_state),
        .year_s = SIM_YEAR_S,
        .start = start,
        .fire = fire,
        .down = down,
        .is_calm = is_calm,
        .blame = blame,
        .explain = explain,
    };
}

double kofn_unavailability(uint32_t n, uint32_t k, double q)
{
    double sum = 0.0;

    for (uint32_t up = 0; up < k; up++) {
        sum += exp(lgamma(n + 1.0) - lgamma(up + 1.0) - lgamma(n - up + 1.0) +
                   up * log1p(-q) + (n - up) * log(q));
    }
    return sum;
}

double kofn_exact(const struct kofn *kofn)
{
    double q = kofn->dist[1].mean_s / (kofn->dist[0].mean_s + kofn->dist[1].mean_s);

    return kofn_unavailability(kofn->n, kofn->k, q);
}
