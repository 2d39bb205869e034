/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every delay of the Kubernetes room as a law, made once, when the plan is made.
 *
 * All numbers of the room stand here, each beside its source. Sums of independent parts
 * are tabulated once (sim_dist_sum), so that a chain of waits costs one draw. For plans
 * with exponential delays the builder replaces each law by the exponential of its mean.
 *
 * Two things are worth knowing. The delay to NotReady is not the grace period but a law
 * around it (node.c). And attaching takes the catalogue's time when it has one, else
 * the provisioner's own: EBS U(1,5), GCE PD U(3,10), Azure Disk U(8,20) with 5 % of
 * U(60,180), others as EBS; a stuck attach adds U(360,1800).
 *
 * Sources: see each constant; k8s = kubernetes/kubernetes 1.34.
 */
#include <math.h>

#include "models/kube/kube.h"
#include "models/kube/laws.h"
#include "models/kube/sched.h"

#define CELLS 1024

#define MONITOR_PERIOD_S  5.0   /* k8s nodelifecycle: --node-monitor-period */
#define LEASE_RENEW_S     10.2  /* kubelet lease: 40 s / 4, x U(1,1.04) */
#define OUT_OF_SERVICE_S  300.0 /* medik8s NodeHealthCheck: unhealthy for 300 s */
#define PROVISION_RETRY_S 900.0 /* Cluster Autoscaler: max-node-provision-time */
#define SCALE_SCAN_S      10.0  /* the same: scan-interval */
#define SCALE_DECISION_S  20.0  /* the same: with the scan at most 30 s to 100 nodes */
#define SCALE_DOWN_S      600.0 /* the same: scale-down-unneeded-time */
#define TOKEN_S           10.0  /* k8s --node-eviction-rate 0.1 */
#define TOKEN_SLOW_S      100.0 /* k8s --secondary-node-eviction-rate 0.01 */
#define GC_QUARANTINE_S   40.0  /* k8s podgc: quarantineTime */
#define GC_PERIOD_S       20.0  /* k8s podgc: gcCheckPeriod */
#define FORCE_DETACH_S    360.0 /* k8s attachdetach: maxWaitForUnmountDuration */
#define STATUS_PERIOD_S   10.0  /* kubelet nodeStatusUpdateFrequency */
/* Scheduler: so long in its pool, and until the next look. */
#define FLUSH_S         (HA_SCHED_FLUSH_S + HA_SCHED_FLUSH_CHECK_S)
#define BACKOFF_RESET_S 600.0 /* kubelet: back-off forgotten after 10 min */
#define BACKOFF_FIRST_S 10.0
#define BACKOFF_MAX_S   300.0
#define RETRY_NOTICE_S                                                                 \
    1.0 /* a process that polls its store each second sees it back                     \
         */
#define VOLUME_CHECK_S     0.5 /* kubelet exponentialbackoff: 0.5 s x 2 */
#define VOLUME_CHECK_MAX_S 122.0
#define DRAIN_RETRY_S      5.0   /* kubectl drain: retry on 429 */
#define STUCK_MIN_S        360.0 /* Azure/AWS issues: 6 to 30 min */
#define STUCK_MAX_S        1800.0

static struct sim_dist uniform(double min_s, double max_s)
{
    return sim_dist_uniform(min_s, max_s);
}

static uint32_t add(struct ha_builder *b, struct sim_dist dist)
{
    return ha_build_dist(b, dist);
}

static uint32_t add_uniform(struct ha_builder *b, double min_s, double max_s)
{
    return add(b, uniform(min_s, max_s));
}

static uint32_t add_fixed(struct ha_builder *b, double value_s)
{
    return add(b, sim_dist_deterministic(value_s));
}

static struct sim_dist sum2(struct ha_builder *b, struct sim_dist one,
                            struct sim_dist two)
{
    const struct sim_dist part[2] = {one, two};
    return sim_dist_sum(b->arena, 2, part, CELLS);
}

/* p - d + 5 * ceil(G / 5) + U(0.1, 1), d ~ U(0, L): -d has the law of U(0, L) - L. */
static struct sim_dist stale_law(struct ha_builder *b, double grace_s)
{
    double passes_s = MONITOR_PERIOD_S * ceil(grace_s / MONITOR_PERIOD_S);
    double rest_s = passes_s - LEASE_RENEW_S;
    const struct sim_dist part[4] = {
        uniform(0, MONITOR_PERIOD_S), uniform(0, LEASE_RENEW_S), uniform(0.1, 1),
        sim_dist_deterministic(rest_s > 0.1 ? rest_s : 0.1)};
    return sim_dist_sum(b->arena, 4, part, CELLS);
}

static void node_laws(struct ha_kube_laws *law, struct ha_builder *b,
                      const struct ha_kube_spec *spec)
{
    struct sim_dist stale = stale_law(b, spec->host->monitor_grace_s);
    law->stale = add(b, stale);
    law->restale = add(b, sum2(b, stale, sim_dist_deterministic(MONITOR_PERIOD_S)));
    law->report = add_uniform(b, 0, STATUS_PERIOD_S);
    law->back = add_uniform(b, 0, STATUS_PERIOD_S);
    law->taint_pass = add_fixed(b, MONITOR_PERIOD_S);
    law->untaint = add_uniform(b, 0, MONITOR_PERIOD_S);
    law->token = add_fixed(b, TOKEN_S);
    law->token_slow = add_fixed(b, TOKEN_SLOW_S);
    law->cloud = add(b, sum2(b, uniform(0, 5), uniform(0.2, 2)));
    law->oos = add_fixed(b, OUT_OF_SERVICE_S);
    law->rebuild = add_uniform(b, 120, 300); /* GKE, AKS: re-creation of a node */
    law->node_up = add_uniform(b, 5, 30);    /* kubelet start-up, CNI, CSI */
}

static void provision_laws(struct ha_kube_laws *law, struct ha_builder *b,
                           const struct ha_kube_spec *spec)
{
    struct sim_dist provision;
    struct sim_dist repair;
    law->provision = law->scale_up = HA_NO_LAW;
    law->repair = HA_NO_LAW;
    law->retire = add_fixed(b, SCALE_DOWN_S);
    if (ha_catalog_duration(spec->catalog, HA_PARAM_NODE_PROVISION, &provision)) {
        double fail_p =
            ha_catalog_probability(spec->catalog, HA_PARAM_NODE_PROVISION_FAIL_PROB);
        const double weight[2] = {1 - fail_p, fail_p};
        const struct sim_dist part[2] = {
            provision, sum2(b, sim_dist_deterministic(PROVISION_RETRY_S), provision)};
        if (fail_p > 0) {
            provision = sim_dist_mixture(b->arena, 2, weight, part);
        }
        const struct sim_dist chain[3] = {uniform(0, SCALE_SCAN_S),
                                          uniform(0, SCALE_DECISION_S), provision};
        law->provision = add(b, provision);
        law->scale_up = add(b, sim_dist_sum(b->arena, 3, chain, CELLS));
    }
    if (ha_catalog_duration(spec->catalog, HA_PARAM_NODE_AUTOREPAIR_DELAY, &repair)) {
        law->repair = add(b, repair);
        ha_build_scales(b, law->repair, HA_PARAM_NODE_AUTOREPAIR_DELAY, 1);
    }
}

static void pod_laws(struct ha_kube_laws *law, struct ha_builder *b)
{
    law->place = add(b, sum2(b, uniform(0.05, 1), uniform(0.05, 1)));
    law->replace = add_uniform(b, 0, 1);
    law->flush = add_uniform(b, 0, FLUSH_S);
    const struct sim_dist gc[3] = {uniform(0, GC_PERIOD_S), uniform(0, 1),
                                   sim_dist_deterministic(GC_QUARANTINE_S)};
    law->gc_orphan = add(b, sim_dist_sum(b->arena, 3, gc, CELLS));
    law->gc_fast = add_uniform(b, 0, GC_PERIOD_S);
    law->endpoint = add_uniform(b, 0.2, 2);
    law->calm = add_fixed(b, BACKOFF_RESET_S);
    law->crash_wait[0] = law->crash_wait[1] = add_uniform(b, 0.5, 2);
    double wait_s = BACKOFF_FIRST_S;
    for (int n = 2; n <= HA_RESTARTS_MAX; n++) {
        law->crash_wait[n] = add_fixed(b, fmin(wait_s, BACKOFF_MAX_S));
        wait_s *= 2;
    }
    const struct sim_dist phase[2] = {uniform(0, RETRY_NOTICE_S),
                                      uniform(0, BACKOFF_MAX_S)};
    const double half[2] = {0.5, 0.5};
    law->crash_asleep = add(b, sim_dist_mixture(b->arena, 2, half, phase));
    law->removal = add_uniform(b, 0.5, 2);
    law->removal_volume = add_uniform(b, 1, 3);
    law->resync_removal = add(b, sum2(b, uniform(1, 10), uniform(0.5, 2)));
    law->ready_resync = add_uniform(b, 0.5, 2);
    law->ready_lost_crash = add_uniform(b, 0.5, 2);
}

static void volume_laws(struct ha_kube_laws *law, struct ha_builder *b)
{
    law->gate_first = add_uniform(b, 0, STATUS_PERIOD_S);
    double step_s = VOLUME_CHECK_S;
    law->gate_step[0] = law->gate_first;
    for (int g = 1; g <= HA_GATE_CHECKS; g++) {
        law->gate_step[g] = add_fixed(b, fmin(step_s, VOLUME_CHECK_MAX_S));
        step_s *= 2;
    }
    law->gate_asleep = add_uniform(b, 0, VOLUME_CHECK_MAX_S);
    law->mount = add_uniform(b, 1, 3);
    law->gate_late = add(b, sum2(b, uniform(1, 3), uniform(0, STATUS_PERIOD_S)));
    law->volume_report = add_uniform(b, 0, STATUS_PERIOD_S);
    law->volume_unmount = add(b, sum2(b, uniform(1, 3), uniform(0, STATUS_PERIOD_S)));
    law->volume_force = add_fixed(b, FORCE_DETACH_S);
    law->volume_evicted = add_uniform(b, 0, 1);
}

/* ---- workloads ---- */

/* Time of one attach or detach where the catalogue has none. */
static struct sim_dist provisioner_law(struct ha_builder *b, enum ha_provisioner by)
{
    if (by == HA_STORAGE_GCE_PD) {
        return uniform(3, 10);
    }
    if (by == HA_STORAGE_AZURE_DISK) {
        const double weight[2] = {0.95, 0.05};
        const struct sim_dist part[2] = {uniform(8, 20), uniform(60, 180)};
        return sim_dist_mixture(b->arena, 2, weight, part);
    }
    return uniform(1, 5);
}

static void storage_laws(struct ha_kube_workload *load, struct ha_builder *b,
                         const struct ha_catalog *catalog)
{
    enum ha_provisioner by = (enum ha_provisioner)load->provisioner;
    struct sim_dist attach = provisioner_law(b, by);
    struct sim_dist detach = attach;
    (void)ha_catalog_duration(catalog, HA_PARAM_VOLUME_ATTACH, &attach);
    (void)ha_catalog_duration(catalog, HA_PARAM_VOLUME_DETACH, &detach);
    double stuck_p = ha_catalog_probability(catalog, HA_PARAM_VOLUME_ATTACH_STUCK_PROB);
    if (stuck_p > 0) {
        const double weight[2] = {1 - stuck_p, stuck_p};
        const struct sim_dist part[2] = {
            attach, sum2(b, attach, uniform(STUCK_MIN_S, STUCK_MAX_S))};
        attach = sim_dist_mixture(b->arena, 2, weight, part);
    }
    load->attach = add(b, attach);
    load->detach = add(b, detach);
    /* EC2: a terminated machine lets go of its disks when it has ended, about 1 min. */
    load->detach_destroyed =
        by == HA_STORAGE_EBS ? add_uniform(b, 45, 90) : load->detach;
}

static void workload_laws(struct ha_kube_workload *load, struct ha_builder *b,
                          const struct ha_kube_workload_spec *spec)
{
    load->exit = add(b, spec->exit);
    load->resync_exit = add(b, sum2(b, uniform(1, 10), spec->exit));
    load->start_same = add(b, spec->start);
    load->start_new = load->start_same;
    double pull_p = 1 - spec->image_cached_p;
    if (pull_p > 0) {
        const double weight[2] = {1 - pull_p, pull_p};
        const struct sim_dist part[2] = {spec->start,
                                         sum2(b, spec->start, spec->start_extra_new)};
        load->start_new = add(b, sim_dist_mixture(b->arena, 2, weight, part));
    }
    load->ready_gained = add(b, spec->ready_gained);
    load->ready_lost = add(b, spec->ready_lost);
}

void ha_kube_laws_init(struct ha_kube_plan *plan, struct ha_builder *b,
                       const struct ha_kube_spec *spec)
{
    struct ha_kube_laws *law = &plan->law;
    node_laws(law, b, spec);
    provision_laws(law, b, spec);
    pod_laws(law, b);
    volume_laws(law, b);
    law->drain_retry = add_uniform(b, 0, DRAIN_RETRY_S);
    law->drain_limit = HA_NO_LAW;
    if (spec->host->drain_limit_s > 0) {
        law->drain_limit = add_fixed(b, spec->host->drain_limit_s);
    }
    plan->has_autorepair = plan->has_autorepair && law->repair != HA_NO_LAW;
    for (uint32_t w = 0; w < plan->n_workloads; w++) {
        workload_laws(&plan->workload[w], b, &spec->workload[w]);
        if (plan->workload[w].has_volume) {
            storage_laws(&plan->workload[w], b, spec->catalog);
        }
    }
}

void ha_kube_workload_spec_init(struct ha_kube_workload_spec *spec,
                                const struct ha_workload *workload,
                                const struct ha_catalog *catalog)
{
    struct sim_dist pull = sim_dist_uniform(2, 20); /* 60-200 MB, in-region registry */
    (void)ha_catalog_duration(catalog, HA_PARAM_IMAGE_PULL, &pull);
    double cached_p = ha_catalog_probability(catalog, HA_PARAM_IMAGE_CACHED_PROB);
    *spec = (struct ha_kube_workload_spec){
        .workload = workload,
        .exit = uniform(1, 2),
        .start = uniform(1, 5),
        .start_extra_new = pull,
        .image_cached_p =
            catalog->value[HA_PARAM_IMAGE_CACHED_PROB].is_set ? cached_p : 1,
        .ready_gained = uniform(0, 10), /* probe period 10, phase at random */
        .ready_lost = uniform(21, 31),  /* 2 x 10 + U(0,10) + timeout 1 */
        .max_surge = (workload->replicas + 3) / 4, /* 25 % rounded up */
        .max_unavailable = workload->replicas / 4, /* 25 % rounded down */
    };
}
