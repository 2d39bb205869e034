/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Disruption budgets and the eviction API.
 *
 *   healthy   pods that match, are Ready and not being deleted
 *   expected  maxUnavailable, or minAvailable in %: replicas of the owning workloads;
 *             integer minAvailable: number of matching pods
 *   desired   minAvailable; or ceil(% of expected); or expected - maxUnavailable
 *             (ceil when in %); never below 0. Both percentages round up
 *   allowed   max(0, healthy - desired); 0 when expected is 0 or the budget names
 *             neither value
 *
 * An eviction is accepted for a pod that is pending or already going; for a pod that is
 * not Ready when the policy is AlwaysAllow, or IfHealthyBudget (default) and healthy >=
 * desired > 0; else only while allowed > 0. A pod covered by two budgets is never
 * evicted (the API answers with an error).
 *
 * The traps: a budget without values blocks every drain; a quorum application whose
 * members turn NotReady together blocks drains under IfHealthyBudget; minAvailable 100
 * % blocks for ever. Node failures, taint evictions, roll-outs and direct deletions do
 * not ask here, but lower `healthy`.
 *
 * Sources: k8s pkg/controller/disruption/disruption.go,
 * pkg/registry/core/pod/storage/eviction.go; KEP-3017.
 *
 * Leaves out: staleness of the counts (they can only refuse, for half a second).
 */
#include "models/kube/kube.h"

struct budget_state {
    int32_t healthy, desired, allowed;
};

static bool covers(const struct ha_budget *budget, uint32_t workload)
{
    return ((budget->workloads >> workload) & 1) != 0;
}

static int32_t percent_up(int32_t percent, int32_t of)
{
    return (int32_t)(((int64_t)percent * of + 99) / 100);
}

static struct budget_state state_of(const struct ha_kube *k, const struct ha_budget *b)
{
    int32_t replicas = 0;
    int32_t pods = 0;
    struct budget_state s = {0, 0, 0};
    for (uint32_t w = 0; w < k->plan->n_workloads; w++) {
        const struct ha_kube_workload *load = &k->plan->workload[w];
        if (!covers(b, w)) {
            continue;
        }
        replicas += (int32_t)load->replicas;
        for (uint32_t p = load->first_pod; p < load->first_pod + load->n_pods; p++) {
            pods += k->pod[p].stage != HA_POD_ABSENT;
            s.healthy += ha_pod_is_active(k, p) && ha_pod_has(k, p, HA_POD_READY);
        }
    }
    if (!b->has_min && !b->has_max) {
        return s;
    }
    int32_t expected = b->has_min && !b->min_is_percent ? pods : replicas;
    if (b->has_min) {
        s.desired = b->min_is_percent ? percent_up(b->min, expected) : b->min;
    } else {
        s.desired =
            expected - (b->max_is_percent ? percent_up(b->max, expected) : b->max);
    }
    s.desired = s.desired > 0 ? s.desired : 0;
    s.allowed = expected > 0 && s.healthy > s.desired ? s.healthy - s.desired : 0;
    return s;
}

int32_t ha_kube_pdb_allowed(const struct ha_kube *k, uint32_t pdb)
{
    return state_of(k, &k->plan->pdb[pdb]).allowed;
}

enum ha_eviction ha_pdb_evict(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    if (load->n_pdbs == 0) {
        return HA_EVICT_ACCEPTED;
    }
    if (load->n_pdbs > 1) {
        return HA_EVICT_REFUSED;
    }
    if (k->pod[pod].stage == HA_POD_PENDING || !ha_pod_is_active(k, pod)) {
        return HA_EVICT_ACCEPTED;
    }
    const struct ha_budget *budget = &k->plan->pdb[load->pdb];
    struct budget_state s = state_of(k, budget);
    if (!ha_pod_has(k, pod, HA_POD_READY) &&
        (budget->always_allow_unhealthy || (s.desired > 0 && s.healthy >= s.desired))) {
        return HA_EVICT_ACCEPTED;
    }
    return s.allowed > 0 ? HA_EVICT_ACCEPTED : HA_EVICT_REFUSED;
}
