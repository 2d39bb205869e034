/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PodGC: removes pod objects that no kubelet will ever finish.
 *
 *   orphans              the Node object is gone: seen in a loop of 20 s, kept 40 s in
 *                        quarantine, then removed: U(0,20) + 40 + U(0,1)
 *   out of service       terminating on a node that is not Ready and carries the
 *                        out-of-service taint: removed in the next loop, U(0,20)
 *
 * Without either, a terminating pod on a dead node stays for ever: that is what holds a
 * StatefulSet's ordinal (kubernetes issue 54368). Pods that are on no node vanish when
 * deleted and need no collector.
 *
 * Sources: k8s pkg/controller/podgc/gc_controller.go; KEP-2268.
 */
#include "models/kube/kube.h"

void ha_podgc_reconcile(struct ha_kube *k)
{
    bool api = ha_infra_host_api_is_up(&k->infra);
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].is_watched == 0 || k->pod[p].stage == HA_POD_ABSENT) {
            continue;
        }
        uint32_t node = k->pod[p].node;
        bool is_orphan = ha_pod_has(k, p, HA_POD_ORPHAN);
        bool is_outcast = ha_pod_is_bound(k, p) &&
                          ha_pod_has(k, p, HA_POD_TERMINATING) &&
                          k->node[node].phase == HA_NODE_IS_NOT_READY &&
                          ha_node_has(k, node, HA_MARK_OUT_OF_SERVICE);
        ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_GC, p),
                     api && (is_orphan || is_outcast),
                     is_orphan ? k->plan->law.gc_orphan : k->plan->law.gc_fast);
    }
}
