/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Taint-based eviction: pods leave a node with a NoExecute taint when they have
 * tolerated it for long enough (300 s by default, set at admission).
 *
 *   not tolerated            deleted at once
 *   tolerated for a time     deleted that long after the taint was seen
 *   tolerated without limit  never
 *   taint gone               cancelled
 *
 * Disruption budgets are not asked. The deletion is graceful, so on a dead node the pod
 * object stays, Terminating (kubelet.c, podgc.c). The out-of-service taint is NoExecute
 * and nothing here tolerates it: deleted at once.
 *
 * While the host API is down nothing is counted; afterwards the time starts again,
 * since the controller counts from when it (re)started and saw the taint.
 *
 * Sources: k8s pkg/controller/tainteviction;
 * plugin/pkg/admission/defaulttolerationseconds.
 */
#include "models/kube/kube.h"

static void reconcile_pod(struct ha_kube *k, uint32_t pod)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    uint32_t slot = ha_purpose_slot(k, HA_PURPOSE_POD_EVICT, pod);
    bool is_tainted = false;
    uint32_t law = HA_NO_LAW;
    if (ha_pod_is_bound(k, pod) && ha_pod_is_active(k, pod) &&
        ha_infra_host_api_is_up(&k->infra)) {
        uint32_t node = k->pod[pod].node;
        uint32_t which = ha_node_has(k, node, HA_MARK_SILENT) ? 1 : 0;
        is_tainted = ha_node_has(k, node, HA_MARK_NO_EXECUTE);
        if (ha_node_has(k, node, HA_MARK_OUT_OF_SERVICE) ||
            (is_tainted && load->evict_at_once[which])) {
            sim_disarm(k->run, slot);
            ha_pod_delete(k, pod, ha_infra_machine_cause(&k->infra, node));
            return;
        }
        law = load->evict[which];
    }
    ha_arm_while(k->run, slot, is_tainted && law != HA_NO_LAW, law);
}

void ha_eviction_reconcile(struct ha_kube *k)
{
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].is_watched != 0 && k->pod[p].stage != HA_POD_ABSENT) {
            reconcile_pod(k, p);
        }
    }
}
