/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * StatefulSets: one pod for each ordinal, never two.
 *
 * Creation. Parallel: every ordinal whose pod object is absent is created.
 * OrderedReady: ordinals upward, stopping at the first that is missing (it is created),
 * terminating or not Ready. Consequence: a pod stuck at ordinal i blocks every higher
 * one. Both: an object that still exists, however dead, is never replaced.
 *
 * Roll-out, classic (up to 1.34 and 1.35.4-1.36): from the highest ordinal down, delete
 * the first outdated pod and stop; stop too at any other pod that is not Ready. With
 * OrderedReady only when the upward walk completed. With Parallel there is no such
 * check: a good high ordinal may be deleted while a lower one is down.
 *
 * Roll-out with maxUnavailable (1.37): at most 1 pod unavailable in all; unavailable
 * outdated pods may go, highest first.
 *
 * Disruption budgets are not asked anywhere here.
 *
 * Sources: k8s pkg/controller/statefulset/stateful_set_control.go; KEP-961; kubernetes
 * pulls 137904 and 139466.
 *
 * Leaves out: partitions, scale changes, minReadySeconds, OnDelete.
 */
#include "models/kube/kube.h"

static bool is_fit(const struct ha_kube *k, uint32_t pod)
{
    return ha_pod_is_active(k, pod) && ha_pod_has(k, pod, HA_POD_READY);
}

/* Creates what may be created; true when every ordinal is Ready and staying. */
static bool create_missing(struct ha_kube *k, const struct ha_kube_workload *set)
{
    bool all_fit = true;
    for (uint32_t p = set->first_pod; p < set->first_pod + set->replicas; p++) {
        if (k->pod[p].stage == HA_POD_ABSENT && ha_quota_allows(k, set)) {
            ha_pod_create(k, p);
        }
        if (!is_fit(k, p)) {
            all_fit = false;
            if (set->is_ordered_ready) {
                break;
            }
        }
    }
    return all_fit;
}

static void roll_classic(struct ha_kube *k, const struct ha_kube_workload *set)
{
    for (uint32_t p = set->first_pod + set->replicas; p-- > set->first_pod;) {
        if (ha_pod_is_active(k, p) && ha_pod_has(k, p, HA_POD_OLD)) {
            ha_pod_delete(k, p, ha_rollout_cause(k));
            return;
        }
        if (!is_fit(k, p)) {
            return;
        }
    }
}

static void roll_budgeted(struct ha_kube *k, const struct ha_kube_workload *set)
{
    uint32_t n_unavailable = 0;
    for (uint32_t p = set->first_pod; p < set->first_pod + set->replicas; p++) {
        n_unavailable += !is_fit(k, p);
    }
    for (uint32_t p = set->first_pod + set->replicas; p-- > set->first_pod;) {
        if (!ha_pod_is_active(k, p) || !ha_pod_has(k, p, HA_POD_OLD)) {
            continue;
        }
        bool is_down = !is_fit(k, p);
        if (is_down ? n_unavailable <= 1 : n_unavailable == 0) {
            ha_pod_delete(k, p, ha_rollout_cause(k));
            return;
        }
    }
}

static void reconcile_set(struct ha_kube *k, const struct ha_kube_workload *set)
{
    bool all_fit = create_missing(k, set);
    if (k->head->rolling == 0) {
        return;
    }
    if (k->plan->budgeted_rollout) {
        roll_budgeted(k, set);
    } else if (all_fit || !set->is_ordered_ready) {
        roll_classic(k, set);
    }
}

void ha_statefulset_reconcile(struct ha_kube *k)
{
    if (!ha_infra_host_api_is_up(&k->infra)) {
        return;
    }
    for (uint32_t w = 0; w < k->plan->n_workloads; w++) {
        if (k->plan->workload[w].is_statefulset) {
            reconcile_set(k, &k->plan->workload[w]);
        }
    }
}
