/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop that Kubernetes is: look at the state, change what you own, look again.
 *
 * A firing changes a few rows and marks what kind of row it was. Then the controllers
 * whose inputs are marked run in the order of the table below; what they change marks
 * rows again, and the loop goes on until nothing is marked. A controller that finds the
 * world as it should be does nothing, so the loop ends; that it ends within a bound is
 * checked. No controller calls another, and each can be read alone.
 *
 * Most rows are well most of the time, and a controller has nothing to do for them.
 * Each turn begins by marking the nodes and pods that are not wholly well as watched;
 * controllers look at watched rows only. The mark goes when nothing moves any more and
 * the row is well, so that the turns in which it became well still disarm its timers.
 * At the end of a firing a row is watched exactly when it is not well. Whether a row is
 * well follows from rows of a few kinds; as long as none of them is marked there is
 * nothing to look for (checked in debug builds).
 *
 * The order matters only for how many turns are needed, not for the outcome, because
 * every controller is level-triggered: it does not know what happened, only what is.
 *
 * Sources: Kubernetes' own design ("controllers"); see docs/model.
 */
#include <stdio.h>

#include "models/kube/kube.h"

#define MAX_TURNS 1000

struct controller {
    void (*reconcile)(struct ha_kube *k);
    uint32_t inputs;
};

#define MACHINES (HA_DIRTY_COMMON | HA_DIRTY_ZONE | HA_DIRTY_MACHINE | HA_DIRTY_NODE)

/* What the health of pods follows from, besides that of their nodes. */
#define PODS (HA_DIRTY_POD | HA_DIRTY_PROCESS)

static const struct controller controllers[] = {
    {ha_node_reconcile, MACHINES},
    {ha_cloud_reconcile, MACHINES},
    {ha_disruption_reconcile, MACHINES},
    {ha_kubelet_reconcile,
     MACHINES | HA_DIRTY_PROCESS | HA_DIRTY_POD | HA_DIRTY_VOLUME | HA_DIRTY_OWNER},
    {ha_eviction_reconcile, MACHINES | HA_DIRTY_POD},
    {ha_podgc_reconcile, MACHINES | HA_DIRTY_POD},
    {ha_rollout_reconcile, HA_DIRTY_COMMON | HA_DIRTY_POD | HA_DIRTY_ROLLOUT},
    {ha_statefulset_reconcile, HA_DIRTY_COMMON | HA_DIRTY_POD | HA_DIRTY_ROLLOUT},
    {ha_deployment_reconcile,
     HA_DIRTY_COMMON | HA_DIRTY_POD | HA_DIRTY_ROLLOUT | HA_DIRTY_OWNER},
    {ha_drain_reconcile, MACHINES | HA_DIRTY_POD | HA_DIRTY_VOLUME},
    {ha_placement_reconcile, MACHINES | HA_DIRTY_POD | HA_DIRTY_VOLUME},
    {ha_spares_reconcile, MACHINES | HA_DIRTY_POD | HA_DIRTY_VOLUME},
    {ha_volume_reconcile, MACHINES | HA_DIRTY_POD | HA_DIRTY_VOLUME | HA_DIRTY_DISK},
    {ha_readiness_reconcile,
     MACHINES | HA_DIRTY_PROCESS | HA_DIRTY_POD | HA_DIRTY_DISK | HA_DIRTY_OWNER},
    {ha_endpoints_reconcile, HA_DIRTY_COMMON | HA_DIRTY_POD},
    {ha_blame_reconcile, MACHINES | HA_DIRTY_PROCESS | HA_DIRTY_POD | HA_DIRTY_DISK |
                             HA_DIRTY_VOLUME | HA_DIRTY_OWNER},
};

/* Region-wide modes that are nothing to a node. */
#define NOT_OF_NODES                                                                   \
    (HA_FM_BIT(ROLLOUT) | HA_FM_BIT(CERT_RENEWAL) | HA_FM_BIT(CHANGE_OUTAGE) |         \
     HA_FM_BIT(CERT_EXPIRY) | HA_FM_BIT(RESTORE_EVENT) | HA_FM_BIT(HOST_DNS))

/* Nothing wrong with the node, its zone or the region, and nothing planned. */
static bool node_is_well(const struct ha_kube *k, uint32_t node)
{
    const struct ha_infra_machine *machine = &k->infra.machine[node];
    const struct ha_node_row *row = &k->node[node];
    if (machine->is_spare != 0) {
        return row->upkeep == HA_UPKEEP_NONE;
    }
    return machine->faults == 0 && machine->is_destroyed == 0 &&
           row->phase == HA_NODE_IS_READY && row->marks == 0 &&
           row->upkeep == HA_UPKEEP_NONE &&
           k->infra.zone[k->plan->infra.node_zone[node]].faults == 0 &&
           (k->infra.common->faults & ~NOT_OF_NODES) == 0 &&
           k->infra.common->escalated == 0;
}

static bool pod_is_well(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_pod_row *row = &k->pod[pod];
    return row->stage == HA_POD_RUNNING && row->restarts == 0 &&
           row->flags == (HA_POD_READY | HA_POD_ENDPOINT | HA_POD_PROBED) &&
           k->infra.process[pod].is_crashed == 0 && k->node[row->node].is_watched == 0;
}

static bool pod_may_be_unwatched(const struct ha_kube *k, uint32_t pod)
{
    return k->pod[pod].stage == HA_POD_ABSENT || pod_is_well(k, pod);
}

/* After changes of the kinds in `dirty`: watches what is not well now. */
static void watch(struct ha_kube *k, uint32_t dirty)
{
    if ((dirty & MACHINES) != 0) {
        for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
            k->node[n].is_watched |= !node_is_well(k, n);
        }
    }
    if ((dirty & (MACHINES | PODS)) != 0) {
        for (uint32_t p = 0; p < k->plan->n_pods; p++) {
            k->pod[p].is_watched |= !pod_may_be_unwatched(k, p);
        }
    }
}

/* At rest, after changes of the kinds in `dirty`: what is well needs no watch. */
static void unwatch(struct ha_kube *k, uint32_t dirty)
{
    if ((dirty & MACHINES) != 0) {
        for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
            k->node[n].is_watched = k->node[n].is_watched != 0 && !node_is_well(k, n);
        }
    }
    if ((dirty & (MACHINES | PODS)) != 0) {
        for (uint32_t p = 0; p < k->plan->n_pods; p++) {
            k->pod[p].is_watched =
                k->pod[p].is_watched != 0 && !pod_may_be_unwatched(k, p);
        }
    }
}

#ifdef SIM_DEBUG
/* At rest a row is watched exactly when it is not well. */
static bool watches_are_right(const struct ha_kube *k)
{
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if ((k->node[n].is_watched != 0) == node_is_well(k, n)) {
            return false;
        }
    }
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if ((k->pod[p].is_watched != 0) == pod_may_be_unwatched(k, p)) {
            return false;
        }
    }
    return true;
}
#endif

uint32_t ha_kube_reconcile(struct ha_kube *k)
{
    uint32_t seen = 0;
    uint32_t turns = 0;
    while (k->infra.common->dirty != 0) {
        k->dirty = k->infra.common->dirty;
        k->infra.common->dirty = 0;
        seen |= k->dirty;
        ha_infra_clocks(&k->infra, k->dirty);
        watch(k, k->dirty);
        for (size_t i = 0; i < sizeof controllers / sizeof controllers[0]; i++) {
            if ((k->dirty & controllers[i].inputs) != 0) {
                controllers[i].reconcile(k);
            }
        }
        if (k->plan->owner_reconcile != NULL) {
            k->plan->owner_reconcile(k, k->dirty);
        }
        SIM_CHECK(++turns < MAX_TURNS);
    }
    unwatch(k, seen);
    SIM_DEBUG_CHECK(watches_are_right(k));
    return seen;
}

/* A pod runs from the first instant, as if it had been there for ever. */
static void settle(struct ha_kube *k, uint32_t pod)
{
    ha_pod_create(k, pod);
    uint16_t node = ha_placement_find(k, pod);
    if (node == HA_NOWHERE) {
        ha_pod_set(k, pod, HA_POD_UNPLACEABLE, true);
        return;
    }
    ha_pod_bind(k, pod, node);
    uint32_t volume = ha_kube_volume_of(k, pod);
    if (volume != UINT32_MAX && ha_kube_workload_of(k, pod)->is_attachable) {
        k->volume[volume].stage = HA_VOLUME_ATTACHED;
        k->volume[volume].is_mounted = 1;
        k->infra.disk[volume].node = node;
    }
    ha_pod_begin_process(k, pod);
    ha_pod_set(k, pod, HA_POD_READY | HA_POD_ENDPOINT | HA_POD_PROBED, true);
}

void ha_kube_start(struct ha_kube *k)
{
    k->head->drain_node = HA_NOWHERE;
    for (uint32_t z = 0; z < k->plan->n_zones; z++) {
        k->zone[z].has_token = 1;
    }
    ha_infra_init(&k->infra);
    ha_placement_init(k);
    ha_spares_start(k);
    for (uint32_t w = 0; w < k->plan->n_workloads; w++) {
        const struct ha_kube_workload *load = &k->plan->workload[w];
        for (uint32_t i = 0; i < load->replicas; i++) {
            settle(k, load->first_pod + i);
        }
    }
    ha_infra_start(&k->infra);
}

static void fire_pod(struct ha_kube *k, uint32_t purpose, uint32_t pod)
{
    switch ((enum ha_kube_purpose)purpose) {
    case HA_PURPOSE_POD_STEP:
        if (k->pod[pod].stage == HA_POD_PENDING) {
            ha_placement_fire(k, pod);
        } else {
            ha_kubelet_fire_step(k, pod);
        }
        break;
    case HA_PURPOSE_POD_STOP:
        ha_kubelet_fire_stop(k, pod);
        break;
    case HA_PURPOSE_POD_GC:
        ha_pod_remove(k, pod);
        break;
    case HA_PURPOSE_POD_READY:
        ha_readiness_fire(k, pod);
        break;
    case HA_PURPOSE_POD_ENDPOINT:
        ha_endpoints_fire(k, pod);
        break;
    case HA_PURPOSE_POD_EVICT:
        ha_pod_delete(k, pod, ha_infra_machine_cause(&k->infra, k->pod[pod].node));
        break;
    case HA_PURPOSE_POD_DRAIN:
        ha_drain_fire_retry(k, pod);
        break;
    case HA_PURPOSE_POD_CALM:
        ha_kubelet_fire_calm(k, pod);
        break;
    default:
        SIM_CHECK(false);
    }
}

void ha_kube_fire(struct ha_kube *k, uint32_t purpose, uint32_t entity)
{
    if (purpose < HA_PURPOSE_KUBE) {
        ha_infra_fire(&k->infra, purpose, entity);
        return;
    }
    switch ((enum ha_kube_purpose)purpose) {
    case HA_PURPOSE_NODE_STALE:
    case HA_PURPOSE_NODE_REPORT:
    case HA_PURPOSE_NODE_BACK:
        ha_node_fire(k, purpose, entity);
        break;
    case HA_PURPOSE_NODE_TAINT:
        ha_disruption_fire_taint(k, entity);
        break;
    case HA_PURPOSE_NODE_CLOUD:
    case HA_PURPOSE_NODE_OOS:
    case HA_PURPOSE_NODE_REPAIR:
    case HA_PURPOSE_NODE_PROVISION:
        ha_cloud_fire(k, purpose, entity);
        break;
    case HA_PURPOSE_NODE_RETIRE:
        ha_spares_retire(k, entity);
        break;
    case HA_PURPOSE_ZONE_TOKEN:
        ha_disruption_fire_token(k, entity);
        break;
    case HA_PURPOSE_VOLUME_STEP:
        ha_volume_fire(k, entity);
        break;
    case HA_PURPOSE_DRAIN_LIMIT:
        ha_drain_fire_limit(k);
        break;
    default:
        fire_pod(k, purpose, entity);
    }
}
