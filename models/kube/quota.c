/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The namespace's ResourceQuota: a pod that would exceed it is not created.
 *
 * The sum of what exists and the new pod must stay within each hard limit. A pod that
 * is being deleted counts until its object is gone, except one whose kubelet cannot be
 * told: once its grace period is over, the quota of pods and their resources forgets
 * it. The quota of objects (count/pods) knows no such exception: pods stuck on a dead
 * node go on counting, and may keep their own replacements from being made. The set's
 * controller tries again whenever a pod changes.
 *
 * Only limits that this design could ever reach are in the plan (kube_plan.c), so most
 * runs ask nothing here.
 *
 * Sources: k8s pkg/quota/v1/evaluator/core/pods.go (QuotaV1Pod), generic object count.
 *
 * Leaves out: the 30 s of grace itself, pods of the tenant's workloads, which share the
 * quota.
 */
#include "models/kube/kube.h"

static bool counts(const struct ha_kube *k, uint32_t pod, bool counts_all)
{
    return k->pod[pod].stage != HA_POD_ABSENT &&
           (counts_all || !ha_pod_has(k, pod, HA_POD_STUCK));
}

bool ha_quota_allows(const struct ha_kube *k, const struct ha_kube_workload *load)
{
    for (uint32_t q = 0; q < k->plan->n_quotas; q++) {
        const struct ha_quota_limit *limit = &k->plan->quota[q];
        int64_t used = limit->need[load->index];
        for (uint32_t p = 0; p < k->plan->n_pods; p++) {
            if (counts(k, p, limit->counts_all)) {
                used += limit->need[k->plan->pod_workload[p]];
            }
        }
        if (used > limit->hard) {
            return false;
        }
    }
    return true;
}
