/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Ready condition of pods: what the readiness probe says, as the API server
 * knows it.
 *
 *   gained    the process serves (its owner's word): the next probe succeeds
 *   lost      process gone: 0.5-2 s; process hangs: the probe's period times its
 *             threshold; node NotReady: with the node, at once
 *   resumed   the node is Ready again and the kubelet's probes had never failed: with
 *             its next status
 *
 * The kubelet must work and reach the API server for the condition to change; on a dead
 * node it stays as it was until the node controller sets it to False. That is why
 * clients of a Service go on being sent to a dead replica for some 49 s.
 *
 * Whether a well pod serves is its owner's word and its disk's: only when one of them
 * has something new are pods looked at that nobody watches.
 *
 * Sources: k8s pkg/kubelet/prober, pkg/controller/nodelifecycle (MarkPodsNotReady).
 *
 * Leaves out: startup probes (part of the start), flicker on kubelet restarts.
 */
#include "models/kube/kube.h"

static bool is_serving(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_kube_owner *owner = ha_kube_workload_of(k, pod)->owner;
    return k->pod[pod].stage == HA_POD_RUNNING &&
           (owner == NULL || owner->is_serving == NULL || owner->is_serving(k, pod));
}

static void reconcile_ready(struct ha_kube *k, uint32_t pod, uint32_t slot)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    bool is_lost = ha_kubelet_is_connected(k, k->pod[pod].node) && !is_serving(k, pod);
    bool is_gone = k->pod[pod].stage != HA_POD_RUNNING;
    ha_arm_while(k->run, slot, is_lost,
                 is_gone ? k->plan->law.ready_lost_crash : load->ready_lost);
}

static void reconcile_not_ready(struct ha_kube *k, uint32_t pod, uint32_t slot)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    bool may_gain = !ha_pod_has(k, pod, HA_POD_TERMINATING) &&
                    k->node[k->pod[pod].node].phase == HA_NODE_IS_READY &&
                    ha_kubelet_is_connected(k, k->pod[pod].node) && is_serving(k, pod);
    bool was_ready = ha_pod_has(k, pod, HA_POD_PROBED);
    ha_arm_while(k->run, slot, may_gain,
                 was_ready ? k->plan->law.ready_resync : load->ready_gained);
}

void ha_readiness_reconcile(struct ha_kube *k)
{
    bool all = (k->dirty & (HA_DIRTY_OWNER | HA_DIRTY_DISK)) != 0;
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if ((!all && k->pod[p].is_watched == 0) || !ha_pod_is_bound(k, p)) {
            continue;
        }
        uint32_t slot = ha_purpose_slot(k, HA_PURPOSE_POD_READY, p);
        if (!ha_pod_has(k, p, HA_POD_READY)) {
            reconcile_not_ready(k, p, slot);
        } else if (k->node[k->pod[p].node].phase != HA_NODE_IS_READY) {
            sim_disarm(k->run, slot);
            ha_pod_set(k, p, HA_POD_READY, false);
        } else {
            reconcile_ready(k, p, slot);
        }
    }
}

void ha_readiness_fire(struct ha_kube *k, uint32_t pod)
{
    bool was_ready = ha_pod_has(k, pod, HA_POD_READY);
    ha_pod_set(k, pod, HA_POD_READY | HA_POD_PROBED, !was_ready);
}
