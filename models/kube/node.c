/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Node life cycle: from a machine that stopped answering to a Node that says so.
 *
 * The kubelet renews its Lease every L = 10 s x U(1,1.04). The node controller looks
 * every 5 s and declares the node Unknown when it has seen nothing new for the grace
 * period G (40 s up to Kubernetes 1.31, 50 s since). Nothing here simulates renewals or
 * looks: from the instant of the failure the delay to NotReady has the law
 *
 *     p - d + 5 * ceil(G / 5) + U(0.1, 1)     d ~ U(0, L), p ~ U(0, 5)
 *
 * (d: age of the last renewal, p: time to the next look; passes last slightly more than
 * 5 s). Mean 48 s for G = 50. A node that is back before that was never missed.
 * A kubelet that works but finds its runtime or network broken reports NotReady itself,
 * with its next status, U(0,10).
 *
 * While the host API is down none of this proceeds. When it returns, the delays start
 * afresh: a controller manager without API for 10 s loses its lease and exits, and the
 * next one begins with what it sees then.
 *
 * Sources: k8s pkg/controller/nodelifecycle/node_lifecycle_controller.go;
 * component-helpers apimachinery/lease; kubernetes issue 121793, pull 126287.
 *
 * Leaves out: skew between kubelets, and passes that take longer in large clusters.
 */
#include "models/kube/kube.h"

/* Nobody hears from the node's kubelet (its machine or its links are gone). */
static bool is_silent(const struct ha_kube *k, uint32_t node)
{
    return !ha_infra_is_reachable(&k->infra, node);
}

static void reconcile_node(struct ha_kube *k, uint32_t node)
{
    const struct ha_node_row *row = &k->node[node];
    bool api = ha_infra_host_api_is_up(&k->infra);
    bool is_ready = row->phase == HA_NODE_IS_READY;
    bool is_sick = !ha_infra_kubelet_works(&k->infra, node);
    bool silent = is_silent(k, node);
    bool may_return =
        row->phase == HA_NODE_IS_NOT_READY && ha_kubelet_is_connected(k, node);
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_STALE, node),
                 api && is_ready && silent, k->plan->law.stale);
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_REPORT, node),
                 api && is_ready && !silent && is_sick, k->plan->law.report);
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_BACK, node), may_return,
                 k->plan->law.back);
}

void ha_node_reconcile(struct ha_kube *k)
{
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (k->node[n].is_watched != 0) {
            reconcile_node(k, n);
        }
    }
}

void ha_node_fire(struct ha_kube *k, uint32_t purpose, uint32_t node)
{
    uint32_t marks = k->node[node].marks;
    switch (purpose) {
    case HA_PURPOSE_NODE_STALE:
        ha_node_update(k, node, HA_NODE_IS_NOT_READY, marks | HA_MARK_SILENT);
        break;
    case HA_PURPOSE_NODE_REPORT:
        ha_node_update(k, node, HA_NODE_IS_NOT_READY, marks);
        break;
    case HA_PURPOSE_NODE_BACK:
        /* Whoever set out-of-service takes it away again (here: the automation). */
        marks &= ~(uint32_t)(HA_MARK_SILENT | HA_MARK_QUEUED | HA_MARK_OUT_OF_SERVICE);
        ha_node_update(k, node, HA_NODE_IS_READY, marks);
        break;
    default:
        SIM_CHECK(false);
    }
}
