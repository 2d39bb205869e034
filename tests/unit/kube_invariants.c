/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must hold after every event, with everything failing a hundred times as often as
 * in life:
 *   settled    another reconcile over everything changes no byte and no timer
 *   clean      an absent pod's row is zero and has no timer; dirty marks are gone
 *   in step    scheduler, processes and rows tell the same story
 *   canonical  calm states with the same placement have the same bytes
 * and that calm comes back at all.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "models/kube/kube.h"
#include "tests/support/kube_world.h"
#include "tests/support/promises.h"

#define N_EVENTS 8000
#define MAX_CALM 4096

static uint8_t *take_armed(const struct sim_run *run, uint32_t n)
{
    uint8_t *armed = calloc(n, 1);
    for (uint32_t s = 0; s < n; s++) {
        armed[s] = sim_is_armed(run, s);
    }
    return armed;
}

static void check_settled(const struct kube_world *w, struct sim_run *run)
{
    struct ha_kube k = ha_kube_view(&w->plan, run);
    uint8_t *before = malloc(w->model.state_bytes);
    uint8_t *armed = take_armed(run, w->model.n_slots);
    memcpy(before, sim_state(run), w->model.state_bytes);
    k.infra.common->dirty = UINT32_MAX;
    ha_kube_reconcile(&k);
    uint8_t *again = take_armed(run, w->model.n_slots);
    cr_assert(memcmp(before, sim_state(run), w->model.state_bytes) == 0);
    for (uint32_t s = 0; s < w->model.n_slots; s++) {
        cr_assert(armed[s] == again[s], "slot %u: purpose %u of %u", s,
                  w->builder.use[s].purpose, w->builder.use[s].entity);
    }
    free(before);
    free(armed);
    free(again);
}

static void check_pod(const struct ha_kube *k, uint32_t p)
{
    static const struct ha_pod_row zero;
    const struct ha_pod_row *pod = &k->pod[p];
    bool is_running = pod->stage == HA_POD_RUNNING;
    int32_t there = ha_sched_pod_node(k->plan->sched, k->sched_state, p);
    cr_assert(is_running == (k->infra.process[p].is_running != 0));
    cr_assert(k->infra.process[p].is_crashed == 0);
    cr_assert(there == (ha_pod_is_bound(k, p) ? (int32_t)pod->node : HA_SCHED_NONE));
    if (pod->stage == HA_POD_ABSENT) {
        cr_assert(memcmp(pod, &zero, sizeof zero) == 0);
        for (uint32_t q = HA_PURPOSE_POD_STEP; q <= HA_PURPOSE_POD_CALM; q++) {
            cr_assert(!sim_is_armed(k->run,
                                    ha_kube_slot(k->plan, (enum ha_kube_purpose)q, p)));
        }
    }
    cr_assert(!is_running || ha_infra_is_powered(&k->infra, pod->node));
}

static void check_volume(const struct ha_kube *k, uint32_t v)
{
    const struct ha_volume_row *volume = &k->volume[v];
    bool armed = sim_is_armed(k->run, ha_purpose_slot(k, HA_PURPOSE_VOLUME_STEP, v));
    cr_assert(armed == (volume->wait != HA_WAIT_NONE));
    if (ha_kube_workload_of(k, k->plan->volume_pod[v])->is_attachable) {
        cr_assert((volume->stage == HA_VOLUME_DETACHED) ==
                  (k->infra.disk[v].node == HA_NOWHERE));
    }
}

/* Calm states seen, one for each placement. */
struct calm_book {
    uint32_t n, n_visits;
    uint8_t *state[MAX_CALM];
};

static bool same_place(const struct ha_kube *k, const uint8_t *old)
{
    const struct ha_pod_row *pod = (const void *)(old + k->plan->pods_at);
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (pod[p].node != k->pod[p].node || pod[p].stage != k->pod[p].stage) {
            return false;
        }
    }
    const struct ha_node_row *node = (const void *)(old + k->plan->nodes_at);
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (node[n].phase != k->node[n].phase) { /* which places are empty */
            return false;
        }
    }
    return true;
}

static void note_calm(struct calm_book *book, const struct kube_world *w,
                      struct sim_run *run)
{
    struct ha_kube k = ha_kube_view(&w->plan, run);
    book->n_visits++;
    for (uint32_t i = 0; i < book->n; i++) {
        if (same_place(&k, book->state[i])) {
            cr_assert(memcmp(book->state[i], sim_state(run), w->model.state_bytes) ==
                      0);
            return;
        }
    }
    cr_assert(book->n < MAX_CALM);
    book->state[book->n] = malloc(w->model.state_bytes);
    memcpy(book->state[book->n++], sim_state(run), w->model.state_bytes);
}

static void torture(const struct kube_setup *setup, uint64_t seed)
{
    struct kube_world w;
    struct sim_run run;
    struct calm_book book = {0};
    kube_world_init(&w, setup);
    sim_run_init(&run, &w.model);
    struct sim_world *world = sim_world_alloc(run.world_bytes);
    sim_run_bind(&run, world);
    sim_world_start(&run, seed, 0, 0);
    for (uint32_t i = 0; i < N_EVENTS; i++) {
        uint32_t slot;
        double time_s;
        cr_assert(sim_world_next(&run, &slot, &time_s));
        sim_world_fire(&run, slot, time_s);
        struct ha_kube k = ha_kube_view(&w.plan, &run);
        cr_assert(k.infra.common->dirty == 0);
        for (uint32_t p = 0; p < w.plan.n_pods; p++) {
            check_pod(&k, p);
        }
        for (uint32_t v = 0; v < w.plan.n_volumes; v++) {
            check_volume(&k, v);
        }
        check_settled(&w, &run);
        if (ha_kube_is_calm(&k)) {
            note_calm(&book, &w, &run);
        }
    }
    cr_expect(book.n_visits > 20, "calm %u times", book.n_visits);
    for (uint32_t i = 0; i < book.n; i++) {
        free(book.state[i]);
    }
    sim_run_unbind(&run);
    free(world);
    kube_world_clear(&w);
}

#define LIFE                                                                           \
    .n_rates = 12,                                                                     \
    .rate = {                                                                          \
        {HA_PARAM_NODE_HOST_FAIL_RATE, 20, HA_PARAM_NODE_HOST_FAIL_RECOVER, 300, 1},   \
        {HA_PARAM_NODE_HW_PERM_RATE, 5, HA_PARAM_NODE_HW_PERM_REPAIR, 9000, 1},        \
        {HA_PARAM_NODE_NOTREADY_RATE, 50, HA_PARAM_NODE_NOTREADY_DURATION, 200, 1.2},  \
        {HA_PARAM_NODE_PAUSE_RATE, 50, HA_PARAM_NODE_PAUSE_DURATION, 3, 1},            \
        {HA_PARAM_NODE_DRAIN_RATE, 100, HA_PARAM_NODE_DRAIN_NODE_DOWN, 180, 0.6},      \
        {HA_PARAM_ZONE_MAJOR_RATE, 4, HA_PARAM_ZONE_MAJOR_DURATION, 9000, 1.2},        \
        {HA_PARAM_ZONE_MAJOR_NODE_FRAC, 0.6, HA_N_PARAMS, 0, 0},                       \
        {HA_PARAM_ZONE_ESCALATE_PROB, 0.2, HA_PARAM_NODE_PROVISION, 120, 0.5},         \
        {HA_PARAM_ZONE_PARTITION_RATE, 5, HA_PARAM_ZONE_PARTITION_DURATION, 1800, 1},  \
        {HA_PARAM_HOSTCP_OUTAGE_RATE, 40, HA_PARAM_HOSTCP_OUTAGE_DURATION, 360, 1.2},  \
        {HA_PARAM_POD_CRASH_RATE, 100, HA_PARAM_NODE_AUTOREPAIR_DELAY, 600, 0},        \
        {HA_PARAM_VOLUME_STALL_RATE, 30, HA_PARAM_VOLUME_STALL_DURATION, 180, 0.7}}

Test(kube_invariants, statefulset_with_disks)
{
    const struct kube_setup setup = {
        .nodes_per_zone = 2, .has_volume = true, .min_available = "2", LIFE};
    torture(&setup, 1);
}

Test(kube_invariants, statefulset_repaired_and_rolled)
{
    const struct kube_setup setup = {.nodes_per_zone = 2,
                                     .has_volume = true,
                                     .is_ordered = true,
                                     .autorepair = true,
                                     .drain_limit_s = 1800,
                                     .forced_drain = true,
                                     .rollouts_per_year = 100,
                                     LIFE};
    torture(&setup, 2);
}

Test(kube_invariants, statefulset_on_local_disks_without_cloud)
{
    const struct kube_setup setup = {.nodes_per_zone = 2,
                                     .has_volume = true,
                                     .storage = HA_STORAGE_LOCAL,
                                     .no_cloud_controller = true,
                                     .out_of_service = true,
                                     .min_available = "2",
                                     .drain_limit_s = 900,
                                     LIFE};
    torture(&setup, 3);
}

Test(kube_invariants, deployment_on_spot)
{
    const struct kube_setup setup = {.nodes_per_zone = 2,
                                     .is_deployment = true,
                                     .max_unavailable = "1",
                                     .rollouts_per_year = 100,
                                     LIFE};
    torture(&setup, 4);
}

Test(kube_invariants, deployment_surged_and_scaled)
{
    const struct kube_setup setup = {.is_deployment = true,
                                     .surge = true,
                                     .max_per_zone = 2,
                                     .drain_limit_s = 900,
                                     .rollouts_per_year = 50,
                                     LIFE};
    torture(&setup, 5);
}

Test(kube_invariants, statefulset_surged_and_repaired)
{
    const struct kube_setup setup = {.nodes_per_zone = 2,
                                     .has_volume = true,
                                     .surge = true,
                                     .autorepair = true,
                                     .min_available = "2",
                                     LIFE};
    torture(&setup, 6);
}

Test(kube_invariants, promises)
{
    struct kube_world w;
    const struct kube_setup setup = {
        .nodes_per_zone = 2, .has_volume = true, .rollouts_per_year = 50, LIFE};
    kube_world_init(&w, &setup);
    promise_all(&w.model, 5, 3000, 20);
    kube_world_clear(&w);
}
