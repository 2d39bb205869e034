/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pod crash: a container's process ends by itself (bug, out of memory).
 *
 * A pod crashes at pod.crash.rate; one that is nothing but an etcd member at
 * etcd.crash.rate; one that carries a member beside other processes at the sum of both,
 * since either ends the container.
 *
 * Strikes running processes only. Kubernetes takes note and restarts the container
 * (models/kube/kubelet.c: at once the first time, then after 10, 20, 40 ... 300 s), so
 * the mode has no healing clock of its own.
 *
 * Kills for want of memory are among them: at the container's limit they are crashes
 * like any other, and restart in place. Nobody publishes how often, nor how often a
 * kubelet evicts for node pressure, so the one rate stands for all.
 *
 * Leaves out: crashes that come in storms across replicas (part of change_outage);
 * evictions by node pressure.
 *
 * Sources: configs/catalog, rows pod.crash.rate, etcd.crash.rate; no fleet statistic is
 * public, the rates are estimates with a wide range.
 */
#include "models/infra/failure_mode.h"

static uint32_t dist_at(struct ha_builder *b, double per_year)
{
    return per_year > 0 ? ha_build_dist(b, sim_dist_exponential(SIM_YEAR_S / per_year))
                        : HA_NO_DIST;
}

static void plan(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec)
{
    if (spec->pod_store == NULL) {
        return;
    }
    double pod = ha_catalog_rate_per_year(spec->catalog, HA_PARAM_POD_CRASH_RATE);
    double etcd = ha_catalog_rate_per_year(spec->catalog, HA_PARAM_ETCD_CRASH_RATE);
    const uint32_t dist[] = {[HA_STORE_PART_NONE] = fm->strike_dist,
                             [HA_STORE_PART_BESIDE] = dist_at(b, pod + etcd),
                             [HA_STORE_PART_ALONE] = dist_at(b, etcd)};
    uint32_t *own = sim_arena_calloc(b->arena, spec->n_pods, sizeof *own);
    for (uint32_t p = 0; p < spec->n_pods; p++) {
        own[p] = dist[spec->pod_store[p]];
    }
    fm->own_dist = own;
}

static bool can_strike(const struct ha_infra *w, uint32_t pod)
{
    return w->process[pod].is_running != 0;
}

static void strike(struct ha_infra *w, uint32_t pod)
{
    w->process[pod].is_crashed = 1;
    w->common->dirty |= HA_DIRTY_PROCESS;
}

const struct ha_failure_mode ha_fm_pod_crash = {
    .plan = plan,
    .can_strike = can_strike,
    .strike = strike,
    .struck = " crashed",
    .healed = " is back",
};
