/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Planned maintenance: cordon a node, evict its pods, take it down, bring it back.
 *
 * One node at a time (the lock of kured and of managed node groups). All its pods are
 * evicted at once through the eviction API; a refused one is asked again every 5 s.
 * That retry is no event here: when the budget begins to allow it, the next try comes
 * U(0,5) later. When the node is empty and its kubelet has reported the last volume as
 * unmounted (a shutdown takes longer than the 10 s of a status period) it goes down
 * (infra/node_drain.c has the length); when it is Ready again it is uncordoned and the
 * next node may begin. Nobody waits for the application, except through the budget.
 *
 * The provider's patience with a refused drain ends after its limit: forced, what is
 * left is deleted; not forced, the work is given up and the node uncordoned. Without a
 * limit (kubectl, kured) it waits for ever, and all other maintenance with it.
 *
 * Where drains surge, a new machine of the same group joins before the node is cordoned
 * (one left over from a drain that was given up will do), and the emptied node is
 * deleted instead of rebooted. With no empty place left in the group (the autoscaler
 * has taken it) it is rebooted in place.
 *
 * A spot machine with notice is drained the same way, outside the lock; whatever is
 * still there when the notice runs out dies with it.
 *
 * A node that is NotReady when its turn comes is passed over until it is well.
 *
 * Sources: kubernetes/kubectl pkg/drain; kubereboot/kured; GKE, EKS, AKS documentation
 * of node upgrades (1 h then forced; 15 min then failed; 30 min).
 *
 * Leaves out: DaemonSets, pods of other tenants.
 */
#include "models/kube/kube.h"

static bool has_notice(const struct ha_kube *k, uint32_t node)
{
    const struct ha_infra_machine *m = &k->infra.machine[node];
    return (m->faults & HA_FM_BIT(SPOT_EVICTION)) != 0 && m->is_destroyed == 0;
}

static void begin(struct ha_kube *k, uint32_t node)
{
    ha_node_update(k, node, (enum ha_node_phase)k->node[node].phase,
                   k->node[node].marks | HA_MARK_CORDONED);
    ha_node_set_upkeep(k, node, HA_UPKEEP_EVICTING);
    k->node[node].is_watched = 1; /* to be looked at in this very turn */
}

/* Is there a new machine to be waited for first? Orders it. */
static bool orders_surge(struct ha_kube *k, uint32_t node)
{
    uint32_t group = k->plan->node_group[node];
    return k->plan->has_surge && group != 0 && !ha_spares_have_extra(k, node) &&
           ha_spares_order(k, group, HA_UPKEEP_SURGE);
}

/* The first node whose maintenance is due and that can be worked on takes the lock. */
static void take_lock(struct ha_kube *k)
{
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (k->infra.machine[n].maintenance != 0 &&
            k->node[n].upkeep == HA_UPKEEP_NONE &&
            k->node[n].phase == HA_NODE_IS_READY && ha_kubelet_is_connected(k, n)) {
            k->head->drain_node = (uint16_t)n;
            if (orders_surge(k, n)) {
                ha_node_set_upkeep(k, n, HA_UPKEEP_WAITING);
            } else {
                begin(k, n);
            }
            return;
        }
    }
}

static void release_lock(struct ha_kube *k, uint32_t node)
{
    sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_DRAIN_LIMIT, 0));
    k->head->drain_node = HA_NOWHERE;
    ha_infra_end_maintenance(&k->infra, node);
    k->infra.common->dirty |= HA_DIRTY_NODE;
}

/* The work is done or given up: the node takes pods again. */
static void finish(struct ha_kube *k, uint32_t node)
{
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (ha_pod_is_bound(k, p) && k->pod[p].node == node) {
            ha_pod_set(k, p, HA_POD_REFUSED, false);
            sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_DRAIN, p));
        }
    }
    ha_node_update(k, node, (enum ha_node_phase)k->node[node].phase,
                   k->node[node].marks & ~(uint32_t)HA_MARK_CORDONED);
    ha_node_set_upkeep(k, node, HA_UPKEEP_NONE);
    if (k->head->drain_node == node) {
        release_lock(k, node);
    }
}

static uint8_t drain_cause(const struct ha_kube *k, uint32_t node)
{
    return has_notice(k, node) ? HA_FM_SPOT_EVICTION : HA_FM_NODE_DRAIN;
}

/* Asks for each pod once; later only when the budget allows. True: node is empty. */
static bool evict_all(struct ha_kube *k, uint32_t node)
{
    bool is_empty = true;
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (!ha_pod_is_bound(k, p) || k->pod[p].node != node) {
            continue;
        }
        is_empty = false;
        if (!ha_pod_is_active(k, p)) {
            continue;
        }
        bool is_accepted = ha_pdb_evict(k, p) == HA_EVICT_ACCEPTED;
        if (ha_pod_has(k, p, HA_POD_REFUSED)) {
            ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_DRAIN, p),
                         is_accepted, k->plan->law.drain_retry);
        } else if (is_accepted) {
            ha_pod_delete(k, p, drain_cause(k, node));
        } else {
            ha_pod_set(k, p, HA_POD_REFUSED, true);
        }
    }
    return is_empty;
}

/* A kubelet has time to report its unmounted volumes before the machine is down; a
 * machine that is deleted lets go of them first. */
static bool holds_volume(const struct ha_kube *k, uint32_t node, bool is_deleted)
{
    for (uint32_t v = 0; v < k->plan->n_volumes; v++) {
        uint8_t stage = k->volume[v].stage;
        bool holds =
            is_deleted ? stage != HA_VOLUME_DETACHED : stage == HA_VOLUME_ATTACHED;
        if (holds && k->volume[v].is_left == 0 && k->infra.disk[v].node == node) {
            return true;
        }
    }
    return false;
}

/* The node is empty: it is deleted when another has taken its place, else rebooted. */
static void go_down(struct ha_kube *k, uint32_t node)
{
    bool is_deleted = k->plan->has_surge && ha_spares_have_extra(k, node);
    if (holds_volume(k, node, is_deleted)) {
        return;
    }
    if (is_deleted) {
        ha_spares_retire(k, node);
        release_lock(k, node);
    } else {
        ha_infra_begin_reboot(&k->infra, node);
        ha_node_set_upkeep(k, node, HA_UPKEEP_DOWN);
    }
}

static void reconcile_evicting(struct ha_kube *k, uint32_t node)
{
    bool is_locked = k->head->drain_node == node;
    if (!is_locked && !has_notice(k, node)) {
        return; /* the machine is gone already; cloud.c takes over */
    }
    bool is_empty = evict_all(k, node);
    if (is_locked) {
        ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_DRAIN_LIMIT, 0),
                     !is_empty && k->plan->law.drain_limit != HA_NO_LAW,
                     k->plan->law.drain_limit);
    }
    if (is_empty && is_locked && !has_notice(k, node)) {
        go_down(k, node);
    }
}

static void reconcile_node(struct ha_kube *k, uint32_t node)
{
    switch (k->node[node].upkeep) {
    case HA_UPKEEP_WAITING:
        if (ha_spares_have_extra(k, node) && k->node[node].phase == HA_NODE_IS_READY &&
            ha_kubelet_is_connected(k, node)) {
            begin(k, node);
            reconcile_evicting(k, node);
        }
        break;
    case HA_UPKEEP_EVICTING:
        reconcile_evicting(k, node);
        break;
    case HA_UPKEEP_DOWN:
        if ((k->infra.machine[node].faults & HA_FM_BIT(NODE_DRAIN)) == 0) {
            ha_node_set_upkeep(k, node, HA_UPKEEP_BACK);
        }
        break;
    case HA_UPKEEP_BACK:
        if (k->node[node].phase == HA_NODE_IS_READY &&
            ha_kubelet_is_connected(k, node)) {
            finish(k, node);
        }
        break;
    default:
        if (has_notice(k, node) && k->node[node].phase == HA_NODE_IS_READY) {
            begin(k, node);
        }
        break;
    }
}

void ha_drain_reconcile(struct ha_kube *k)
{
    uint16_t lock = k->head->drain_node;
    if (lock != HA_NOWHERE && (k->node[lock].phase == HA_NODE_IS_GONE ||
                               k->node[lock].upkeep == HA_UPKEEP_NONE)) {
        release_lock(k, lock); /* the machine was replaced meanwhile */
    }
    if (!ha_infra_host_api_is_up(&k->infra)) {
        sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_DRAIN_LIMIT, 0));
        return;
    }
    if (k->head->drain_node == HA_NOWHERE) {
        take_lock(k);
    }
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (k->node[n].is_watched != 0) {
            reconcile_node(k, n);
        }
    }
}

void ha_drain_fire_retry(struct ha_kube *k, uint32_t pod)
{
    if (ha_pdb_evict(k, pod) == HA_EVICT_ACCEPTED) {
        ha_pod_set(k, pod, HA_POD_REFUSED, false);
        ha_pod_delete(k, pod, drain_cause(k, k->pod[pod].node));
    }
}

void ha_drain_fire_limit(struct ha_kube *k)
{
    uint16_t node = k->head->drain_node;
    SIM_CHECK(node != HA_NOWHERE);
    if (!k->plan->drain_is_forced) {
        finish(k, node);
        return;
    }
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (ha_pod_is_bound(k, p) && k->pod[p].node == node) {
            sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_DRAIN, p));
            ha_pod_set(k, p, HA_POD_REFUSED, false);
            ha_pod_delete(k, p, HA_FM_NODE_DRAIN);
        }
    }
}
