/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spare places: machines that join for a drain or for pods without room, and leave.
 *
 * A group is a node pool in one zone. Beside its nodes it may have places that are
 * empty at first: one when the provider's drains surge, and as many as the autoscaler
 * may add. An empty place has no machine, no Node object and no clock.
 *
 *   surge      a drain first orders a machine into an empty place of the node's group
 *              (drain.c). When that has joined, the node is drained and then deleted:
 *              its place is the empty one from now on.
 *   scale-up   a pod that finds no node, and would fit on a new one of some group whose
 *              zone can provide it: ordered U(0,10) + U(0,20) (scan and decision of the
 *              cluster autoscaler) before the provisioning begins. A pod that would fit
 *              on a machine already ordered orders none.
 *   scale-down an empty node of a group with more nodes than it should have is deleted
 *              after 10 minutes. Nodes that run pods of ours stay: whether others fill
 *              them is not known here.
 *
 * Invariant: n_extra of the head is the number of machines beyond what the groups
 * should have; an empty place is PHASE GONE with a spare machine.
 *
 * Sources: kubernetes/autoscaler cluster-autoscaler/FAQ.md (scan-interval 10 s, at most
 * 30 s to decide up to 100 nodes, scale-down-unneeded-time 10 min); GKE, EKS and AKS
 * documentation of surge upgrades.
 *
 * Leaves out: consolidation of nodes in use, back-off of groups without stock, priority
 * between groups (the first that fits is taken), more than one order for one pod.
 */
#include "models/kube/kube.h"

static bool is_spare(const struct ha_kube *k, uint32_t node)
{
    return k->infra.machine[node].is_spare != 0;
}

static bool is_ordered(const struct ha_kube *k, uint32_t node)
{
    return is_spare(k, node) && k->node[node].upkeep != HA_UPKEEP_NONE;
}

/* Machines of the group that are there, being replaced, or (with_orders) asked for. */
static uint32_t count_group(const struct ha_kube *k, uint32_t group, bool with_orders)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < k->plan->n_nodes; i++) {
        bool counts = !is_spare(k, i) || (with_orders && is_ordered(k, i));
        n += k->plan->node_group[i] == group && counts;
    }
    return n;
}

bool ha_spares_have_extra(const struct ha_kube *k, uint32_t node)
{
    uint32_t group = k->plan->node_group[node];
    return k->head->n_extra > 0 && group != 0 &&
           count_group(k, group, false) > k->plan->group[group].count;
}

void ha_spares_start(struct ha_kube *k)
{
    for (uint32_t n = k->plan->n_own_nodes; n < k->plan->n_nodes; n++) {
        ha_infra_retire_machine(&k->infra, n);
        ha_node_update(k, n, HA_NODE_IS_GONE, 0);
    }
}

bool ha_spares_order(struct ha_kube *k, uint32_t group, enum ha_upkeep why)
{
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (k->plan->node_group[n] == group && is_spare(k, n) && !is_ordered(k, n)) {
            ha_node_set_upkeep(k, n, why);
            return true;
        }
    }
    return false;
}

void ha_spares_joined(struct ha_kube *k)
{
    k->head->n_extra++;
}

void ha_spares_retire(struct ha_kube *k, uint32_t node)
{
    ha_node_remove(k, node);
    ha_infra_retire_machine(&k->infra, node);
    ha_node_set_upkeep(k, node, HA_UPKEEP_NONE);
    k->head->n_extra--;
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_RETIRE, n));
    }
    k->infra.common->dirty |= HA_DIRTY_NODE;
}

/* ---- scale-down ---- */

static bool is_empty(const struct ha_kube *k, uint32_t node)
{
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (ha_pod_is_bound(k, p) && k->pod[p].node == node) {
            return false;
        }
    }
    return true;
}

bool ha_spares_is_idle(const struct ha_kube *k, uint32_t node)
{
    uint16_t lock = k->head->drain_node;
    uint32_t group = k->plan->node_group[node];
    bool is_wanted = lock != HA_NOWHERE && k->plan->node_group[lock] == group;
    return !is_spare(k, node) && k->node[node].phase == HA_NODE_IS_READY &&
           k->node[node].upkeep == HA_UPKEEP_NONE && !is_wanted &&
           ha_spares_have_extra(k, node) && is_empty(k, node);
}

static void scale_down(struct ha_kube *k)
{
    bool api = ha_infra_host_api_is_up(&k->infra);
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_RETIRE, n),
                     api && ha_spares_is_idle(k, n), k->plan->law.retire);
    }
}

/* ---- scale-up ---- */

/* Would the pod fit on this empty place with a machine in it? */
static bool would_fit(struct ha_kube *k, uint32_t pod, uint32_t node)
{
    const struct ha_sched *sched = k->plan->sched;
    uint32_t flags = ha_sched_node_flags(sched, k->sched_state, node);
    ha_sched_node_set(sched, k->sched_state, node, HA_SCHED_NODE_PRESENT);
    const struct ha_sched_verdict *v = ha_sched_place(sched, k->sched_state, pod);
    bool fits = v->n_feasible > 0 && v->node[node].plugin == HA_SCHED_NONE;
    ha_sched_node_set(sched, k->sched_state, node, flags);
    return fits;
}

static bool may_grow(const struct ha_kube *k, uint32_t node)
{
    uint32_t group = k->plan->node_group[node];
    return ha_infra_zone_can_provision(&k->infra, k->plan->infra.node_zone[node]) &&
           count_group(k, group, true) < k->plan->group[group].max;
}

static void scale_up_for(struct ha_kube *k, uint32_t pod)
{
    uint32_t first = k->plan->n_nodes;
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (!is_spare(k, n)) {
            continue;
        }
        if (is_ordered(k, n)) {
            if (would_fit(k, pod, n)) {
                return; /* help is on its way */
            }
        } else if (first == k->plan->n_nodes && may_grow(k, n) &&
                   would_fit(k, pod, n)) {
            first = n;
        }
    }
    if (first < k->plan->n_nodes) {
        ha_node_set_upkeep(k, first, HA_UPKEEP_SCALE_UP);
    }
}

void ha_spares_reconcile(struct ha_kube *k)
{
    if (k->head->n_extra > 0) {
        scale_down(k);
    }
    if (!k->plan->has_autoscaler || !ha_infra_host_api_is_up(&k->infra)) {
        return;
    }
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].stage == HA_POD_PENDING && ha_pod_has(k, p, HA_POD_UNPLACEABLE)) {
            scale_up_for(k, p);
        }
    }
}
