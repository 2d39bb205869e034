/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deployments: so many pods, whichever they are.
 *
 * A pod with a deletionTimestamp does not count, so a replacement is created as soon as
 * the old pod is told to go, while the old object may stay for ever on its dead node
 * (holding its place there against anti-affinity). Each pod object needs a row of its
 * own; there are twice as many rows as replicas, plus the surge. Rows carry no
 * identity; the lowest free one is taken.
 *
 * Roll-out: create new pods up to replicas + maxSurge; delete old ones, the unready
 * first, as long as replicas - maxUnavailable stay available. With required
 * anti-affinity on exactly as many nodes as replicas the surge pod finds no place and
 * the roll-out hangs, as in life.
 *
 * A Deployment of the tenant (CoreDNS) has its controller there. It acts only while the
 * tenant works, and hears of a Ready pod through the syncer about when the endpoints
 * do; the host's own controller hears at once, so an old pod may be gone before the new
 * one is in the endpoints.
 *
 * Disruption budgets are not asked. When all rows are taken by stuck pods creation
 * waits for the first to go.
 *
 * Sources: k8s pkg/controller/replicaset, pkg/controller/deployment/rolling.go.
 *
 * Leaves out: progress deadlines, pausing, which pod is deleted first among equals.
 */
#include "models/kube/kube.h"

struct census {
    uint32_t n_new, n_new_available, n_old, n_old_available;
};

/* Its controller is not the host's, see struct ha_kube_owner. */
static bool has_own_controller(const struct ha_kube_workload *load)
{
    return load->owner != NULL && load->owner->may_create != NULL;
}

static bool is_available(const struct ha_kube *k, uint32_t pod)
{
    uint32_t seen = HA_POD_READY;
    if (has_own_controller(ha_kube_workload_of(k, pod))) {
        seen |= HA_POD_ENDPOINT; /* it hears of it later */
    }
    return ha_pod_is_active(k, pod) && (k->pod[pod].flags & seen) == seen;
}

static struct census count(const struct ha_kube *k, const struct ha_kube_workload *load)
{
    struct census c = {0, 0, 0, 0};
    for (uint32_t p = load->first_pod; p < load->first_pod + load->n_pods; p++) {
        if (!ha_pod_is_active(k, p)) {
            continue;
        }
        bool is_old = ha_pod_has(k, p, HA_POD_OLD);
        c.n_old += is_old;
        c.n_new += !is_old;
        c.n_old_available += is_old && is_available(k, p);
        c.n_new_available += !is_old && is_available(k, p);
    }
    return c;
}

/* The new pod stands in for one that is in trouble: its cause passes on. */
static void inherit_blame(struct ha_kube *k, const struct ha_kube_workload *load,
                          uint32_t pod)
{
    for (uint32_t p = load->first_pod; p < load->first_pod + load->n_pods; p++) {
        uint8_t cause = ha_kube_pod_cause(k, p);
        if (p != pod && !ha_pod_is_active(k, p) && cause != SIM_NO_CAUSE) {
            ha_pod_blame(k, pod, cause);
            return;
        }
    }
}

static void create(struct ha_kube *k, const struct ha_kube_workload *load, uint32_t n)
{
    for (uint32_t p = load->first_pod; p < load->first_pod + load->n_pods && n > 0;
         p++) {
        if (k->pod[p].stage == HA_POD_ABSENT && ha_quota_allows(k, load)) {
            inherit_blame(k, load, p);
            ha_pod_create(k, p);
            n--;
        }
    }
}

static void delete_old(struct ha_kube *k, const struct ha_kube_workload *load,
                       bool is_available_wanted, uint32_t n)
{
    for (uint32_t p = load->first_pod; p < load->first_pod + load->n_pods && n > 0;
         p++) {
        if (ha_pod_is_active(k, p) && ha_pod_has(k, p, HA_POD_OLD) &&
            is_available(k, p) == is_available_wanted) {
            ha_pod_delete(k, p, ha_rollout_cause(k));
            n--;
        }
    }
}

static void roll(struct ha_kube *k, const struct ha_kube_workload *load)
{
    struct census c = count(k, load);
    uint32_t ceiling = load->replicas + load->max_surge;
    if (c.n_new < load->replicas && c.n_new + c.n_old < ceiling) {
        uint32_t room = ceiling - c.n_new - c.n_old;
        uint32_t missing = load->replicas - c.n_new;
        create(k, load, room < missing ? room : missing);
    }
    uint32_t floor_n = load->replicas - load->max_unavailable;
    uint32_t keep = floor_n + (c.n_new - c.n_new_available);
    uint32_t total = c.n_new + c.n_old;
    if (total > keep) { /* unready old pods first: they serve nobody */
        delete_old(k, load, false, total - keep);
    }
    uint32_t available = c.n_new_available + c.n_old_available;
    if (available > floor_n) {
        delete_old(k, load, true, available - floor_n);
    }
}

static void reconcile_deployment(struct ha_kube *k, const struct ha_kube_workload *load)
{
    if (has_own_controller(load) && !load->owner->may_create(k)) {
        return; /* it stands still */
    }
    struct census c = count(k, load);
    uint32_t n = c.n_new + c.n_old;
    if (c.n_old > 0 && k->head->rolling != 0) {
        roll(k, load);
    } else if (n < load->replicas) {
        create(k, load, load->replicas - n);
    }
}

void ha_deployment_reconcile(struct ha_kube *k)
{
    if (!ha_infra_host_api_is_up(&k->infra)) {
        return;
    }
    for (uint32_t w = 0; w < k->plan->n_workloads; w++) {
        if (!k->plan->workload[w].is_statefulset) {
            reconcile_deployment(k, &k->plan->workload[w]);
        }
    }
}
