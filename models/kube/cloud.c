/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the cloud (or an operator's automation) does about dead nodes.
 *
 *   cloud controller   the instance is gone: Node object deleted, U(0,5) + U(0.2,2)
 *                      after the node is NotReady. A stopped machine never frees its
 *                      pods; a hung one neither.
 *   replacement        a new machine joins after the catalogue's provisioning time,
 *                      or not for 900 s more when the request fails; none can be had
 *                      from a zone that is out or while the cloud API is down
 *   auto-repair        after the provider's patience with NotReady (10 or 30 min) the
 *                      machine is made anew, U(120,300); then the old Node goes and the
 *                      new one is there; not while its zone cannot provide one
 *   out-of-service     automation taints a node that has been silent for 300 s
 *
 * A replacement takes the row of the machine it replaces: same zone, same pool. It is a
 * new hostname in Kubernetes' eyes, which is why the old pods are orphans: they left
 * the scheduler's view with the old Node object.
 *
 * Sources: kubernetes/cloud-provider controllers/nodelifecycle; GKE and AKS auto-repair
 * documentation; KEP-2268; 300 s: default unhealthy time of medik8s NodeHealthCheck.
 *
 * Machines that join beside the others are ordered elsewhere (spares.c) and arrive
 * here.
 *
 * Leaves out: reboot before rebuild (AKS), limits on how many nodes are repaired at
 * once.
 */
#include "models/kube/kube.h"

static bool can_provision(const struct ha_kube *k, uint32_t node)
{
    return ha_infra_zone_can_provision(&k->infra, k->plan->infra.node_zone[node]);
}

/* Which law would bring a machine into this node's row now, or HA_NO_LAW. */
static uint32_t arrival_law(const struct ha_kube *k, uint32_t node)
{
    const struct ha_node_row *row = &k->node[node];
    const struct ha_infra_machine *machine = &k->infra.machine[node];
    const struct ha_kube_laws *law = &k->plan->law;
    bool can_buy = can_provision(k, node);
    if (!ha_infra_host_api_is_up(&k->infra)) {
        return HA_NO_LAW;
    }
    if (machine->is_spare != 0) { /* ordered, or an empty place */
        uint32_t arrival = row->upkeep == HA_UPKEEP_SURGE      ? law->provision
                           : row->upkeep == HA_UPKEEP_SCALE_UP ? law->scale_up
                                                               : HA_NO_LAW;
        return can_buy ? arrival : HA_NO_LAW;
    }
    if (row->upkeep == HA_UPKEEP_REBUILD) {
        return can_buy ? law->rebuild : HA_NO_LAW;
    }
    if (row->phase != HA_NODE_IS_GONE) {
        return HA_NO_LAW;
    }
    if (machine->is_destroyed == 0) { /* repaired: registers again */
        return ha_infra_is_reachable(&k->infra, node) ? law->back : HA_NO_LAW;
    }
    return can_buy && k->plan->replaces_nodes ? law->provision : HA_NO_LAW;
}

static void reconcile_node(struct ha_kube *k, uint32_t node)
{
    const struct ha_node_row *row = &k->node[node];
    const struct ha_kube_laws *law = &k->plan->law;
    bool is_bad =
        row->phase == HA_NODE_IS_NOT_READY && ha_infra_host_api_is_up(&k->infra);
    bool is_destroyed = k->infra.machine[node].is_destroyed != 0;
    bool is_kept = row->upkeep == HA_UPKEEP_REBUILD;
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_CLOUD, node),
                 is_bad && is_destroyed && !is_kept && k->plan->has_cloud_controller,
                 law->cloud);
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_REPAIR, node),
                 is_bad && !is_destroyed && row->upkeep == HA_UPKEEP_NONE &&
                     k->plan->has_autorepair && can_provision(k, node),
                 law->repair);
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_OOS, node),
                 is_bad && k->plan->sets_out_of_service &&
                     (row->marks & HA_MARK_SILENT) != 0 &&
                     (row->marks & HA_MARK_OUT_OF_SERVICE) == 0,
                 law->oos);
    uint32_t arrival = arrival_law(k, node);
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_PROVISION, node),
                 arrival != HA_NO_LAW, arrival);
}

void ha_cloud_reconcile(struct ha_kube *k)
{
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (k->node[n].is_watched != 0) {
            reconcile_node(k, n);
        }
    }
}

void ha_cloud_fire(struct ha_kube *k, uint32_t purpose, uint32_t node)
{
    switch (purpose) {
    case HA_PURPOSE_NODE_CLOUD:
        ha_node_remove(k, node);
        break;
    case HA_PURPOSE_NODE_OOS:
        ha_node_update(k, node, HA_NODE_IS_NOT_READY,
                       k->node[node].marks | HA_MARK_OUT_OF_SERVICE);
        break;
    case HA_PURPOSE_NODE_REPAIR:
        ha_infra_destroy_machine(&k->infra, node);
        ha_node_set_upkeep(k, node, HA_UPKEEP_REBUILD);
        break;
    case HA_PURPOSE_NODE_PROVISION:
        if (k->node[node].phase != HA_NODE_IS_GONE) {
            ha_node_remove(k, node);
        }
        if (k->infra.machine[node].is_spare != 0) {
            ha_spares_joined(k);
        }
        if (k->infra.machine[node].is_destroyed != 0) {
            ha_infra_replace_machine(&k->infra, node);
        }
        ha_node_set_upkeep(k, node, HA_UPKEEP_NONE);
        ha_node_update(k, node, HA_NODE_IS_READY, 0);
        break;
    default:
        SIM_CHECK(false);
    }
}
