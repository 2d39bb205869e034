/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Root causes of pods: what broke this pod first and has not healed.
 *
 * Notes only: nothing here influences the future. A pod is well when its process runs
 * on a node that is alive and linked, its disk works, it is Ready and not being
 * deleted; then nobody is to blame. When it stops being well the oldest cause that
 * holds its node or its disk is written down and stays until it is well again, through
 * all that follows (eviction, waiting for a volume, scheduling). Deliberate deletions
 * and crashes write their own cause when they happen. A pod in trouble that nothing
 * explains has no cause.
 */
#include "models/kube/kube.h"

void ha_pod_blame(struct ha_kube *k, uint32_t pod, uint8_t cause)
{
    if (k->pod_note[pod] == 0 && cause != SIM_NO_CAUSE) {
        k->pod_note[pod] = (uint8_t)(cause + 1);
    }
}

static bool is_well(const struct ha_kube *k, uint32_t pod)
{
    return ha_pod_is_active(k, pod) && ha_kube_process_is_reachable(k, pod) &&
           ha_pod_has(k, pod, HA_POD_READY) && ha_kube_disk_works(k, pod);
}

static uint8_t find_cause(const struct ha_kube *k, uint32_t pod)
{
    uint8_t cause = SIM_NO_CAUSE;
    if (ha_pod_is_bound(k, pod)) {
        cause = ha_infra_machine_cause(&k->infra, k->pod[pod].node);
    }
    uint32_t volume = ha_kube_volume_of(k, pod);
    if (cause == SIM_NO_CAUSE && volume != UINT32_MAX) {
        cause = ha_infra_disk_cause(&k->infra, volume);
    }
    return cause;
}

void ha_blame_reconcile(struct ha_kube *k)
{
    bool all = (k->dirty & HA_DIRTY_DISK) != 0;
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (!all && k->pod[p].is_watched == 0 && k->pod_note[p] == 0) {
            continue; /* well, and nobody was to blame */
        }
        bool is_spare = k->pod[p].stage == HA_POD_ABSENT &&
                        !ha_kube_workload_of(k, p)->is_statefulset;
        if (is_spare || is_well(k, p)) {
            k->pod_note[p] = 0;
        } else if (k->pod_note[p] == 0) {
            ha_pod_blame(k, p, find_cause(k, p));
        }
    }
}
