/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who gets the NoExecute taint, and when: zone disruption states and their throttle.
 *
 * One pass (5 s) after a node became NotReady it is queued for the NoExecute taint.
 * Each zone has a token bucket of burst 1 refilled at 0.1/s, so a dead zone is tainted
 * one node each 10 s. The state of a zone decides the rate:
 *
 *   Full      no node Ready, at least one not             0.1/s (a dead zone IS
 * evicted) Partial   more than 2 not Ready and share >= 0.55     0, or 0.01/s in zones
 * of more than 50 nodes Normal    otherwise                                   0.1/s
 *
 * When every zone is Full nothing is evicted: taints are taken away, and when the first
 * zone leaves that state probe times are reset, so that nodes still dead wait for a
 * whole grace period again. The taint of a node that is Ready again goes within a pass.
 *
 * The traps: 3 dead nodes of a zone of 5 freeze the zone (its pods are never evicted)
 * while 2 or 5 do not; a single-zone cluster that is wholly down is frozen.
 *
 * Sources: k8s pkg/controller/nodelifecycle/node_lifecycle_controller.go
 * (--node-eviction-rate, --secondary-node-eviction-rate, --unhealthy-zone-threshold,
 * --large-cluster-size-threshold at their defaults).
 *
 * Leaves out: nodes labelled node.kubernetes.io/exclude-disruption.
 */
#include "models/kube/kube.h"

#define UNHEALTHY_SHARE     0.55
#define UNHEALTHY_MORE_THAN 2
#define LARGE_ZONE          50

struct zone_count {
    uint32_t ready, not_ready;
};

static struct zone_count count_zone(const struct ha_kube *k, uint32_t zone)
{
    struct zone_count count = {0, 0};
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (k->plan->infra.node_zone[n] != zone) {
            continue;
        }
        count.ready += k->node[n].phase == HA_NODE_IS_READY;
        count.not_ready += k->node[n].phase == HA_NODE_IS_NOT_READY;
    }
    return count;
}

enum ha_zone_mode ha_disruption_mode(uint32_t ready, uint32_t not_ready)
{
    if (ready == 0 && not_ready > 0) {
        return HA_ZONE_FULL;
    }
    if (not_ready > UNHEALTHY_MORE_THAN &&
        (double)not_ready >= UNHEALTHY_SHARE * (double)(ready + not_ready)) {
        return HA_ZONE_PARTIAL;
    }
    return HA_ZONE_NORMAL;
}

static bool all_are_full(const struct ha_kube *k)
{
    uint32_t n_zones = 0;
    for (uint32_t z = 0; z < k->plan->n_zones; z++) {
        struct zone_count count = count_zone(k, z);
        if (count.ready + count.not_ready == 0) {
            continue;
        }
        n_zones++;
        if (ha_disruption_mode(count.ready, count.not_ready) != HA_ZONE_FULL) {
            return false;
        }
    }
    return n_zones > 0;
}

/* Entering: no taints. Leaving: nodes still not Ready wait for a new grace period. */
static void switch_all_full(struct ha_kube *k, bool is_full)
{
    k->head->all_full = is_full;
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        uint32_t marks = k->node[n].marks;
        if (is_full) {
            marks &= ~(uint32_t)(HA_MARK_NO_EXECUTE | HA_MARK_QUEUED);
            ha_node_update(k, n, (enum ha_node_phase)k->node[n].phase, marks);
        } else if (k->node[n].phase == HA_NODE_IS_NOT_READY) {
            sim_arm(k->run, ha_purpose_slot(k, HA_PURPOSE_NODE_TAINT, n),
                    k->plan->law.restale);
        }
    }
}

/* The pass that queues a node, or lifts the taint of a healthy one. */
static void reconcile_pass(struct ha_kube *k, uint32_t node)
{
    const struct ha_node_row *row = &k->node[node];
    uint32_t slot = ha_purpose_slot(k, HA_PURPOSE_NODE_TAINT, node);
    bool api = ha_infra_host_api_is_up(&k->infra);
    bool has_taint = (row->marks & HA_MARK_NO_EXECUTE) != 0;
    if (row->phase == HA_NODE_IS_READY) {
        ha_arm_while(k->run, slot, api && has_taint, k->plan->law.untaint);
        return;
    }
    bool is_waiting = row->phase == HA_NODE_IS_NOT_READY && !has_taint &&
                      (row->marks & HA_MARK_QUEUED) == 0 && k->head->all_full == 0;
    ha_arm_while(k->run, slot, api && is_waiting, k->plan->law.taint_pass);
}

/* Spends the zone's token on the first queued node. */
static void spend_token(struct ha_kube *k, uint32_t zone)
{
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (k->plan->infra.node_zone[n] == zone && ha_node_has(k, n, HA_MARK_QUEUED)) {
            uint32_t marks = k->node[n].marks & ~(uint32_t)HA_MARK_QUEUED;
            k->zone[zone].has_token = 0;
            ha_node_update(k, n, HA_NODE_IS_NOT_READY, marks | HA_MARK_NO_EXECUTE);
            return;
        }
    }
}

static void reconcile_zone(struct ha_kube *k, uint32_t zone)
{
    struct zone_count count = count_zone(k, zone);
    enum ha_zone_mode mode = ha_disruption_mode(count.ready, count.not_ready);
    bool is_large = count.ready + count.not_ready > LARGE_ZONE;
    bool may_taint = mode != HA_ZONE_PARTIAL || is_large;
    if (k->head->all_full == 0 && may_taint && k->zone[zone].has_token != 0 &&
        ha_infra_host_api_is_up(&k->infra)) {
        spend_token(k, zone);
    }
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_ZONE_TOKEN, zone),
                 k->zone[zone].has_token == 0,
                 mode == HA_ZONE_PARTIAL ? k->plan->law.token_slow
                                         : k->plan->law.token);
}

void ha_disruption_reconcile(struct ha_kube *k)
{
    if (!k->plan->has_evictions) {
        return; /* all tolerate the taints for ever, the scheduler's filter too */
    }
    bool is_full = all_are_full(k);
    if (is_full != (k->head->all_full != 0)) {
        switch_all_full(k, is_full);
    }
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (k->node[n].is_watched != 0) {
            reconcile_pass(k, n);
        }
    }
    for (uint32_t z = 0; z < k->plan->n_zones; z++) {
        reconcile_zone(k, z);
    }
}

void ha_disruption_fire_token(struct ha_kube *k, uint32_t zone)
{
    k->zone[zone].has_token = 1;
    k->infra.common->dirty |= HA_DIRTY_NODE;
}

void ha_disruption_fire_taint(struct ha_kube *k, uint32_t node)
{
    uint32_t marks = k->node[node].marks;
    if (k->node[node].phase == HA_NODE_IS_READY) {
        ha_node_update(k, node, HA_NODE_IS_READY,
                       marks & ~(uint32_t)HA_MARK_NO_EXECUTE);
    } else {
        ha_node_update(k, node, HA_NODE_IS_NOT_READY, marks | HA_MARK_QUEUED);
    }
}
