/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the Kubernetes room: the controllers and the few changes they share.
 *
 * A controller is a function of (world, what is dirty) that looks at the rows and
 * sets its own rows and timers. It never calls another controller; it may call the
 * changes at the end of this header, which keep rows, scheduler state and owner in
 * step. A handler answers one timer. Nothing outside models/kube/ includes this.
 */
#ifndef HA_KUBE_KUBE_H
#define HA_KUBE_KUBE_H

#include "models/kube/plan.h"
#include "models/kube/sched.h"
#include "sim/check.h"

/* ---- controllers, in the order of ha_kube_reconcile ---- */
void ha_node_reconcile(struct ha_kube *k);       /* node.c */
void ha_cloud_reconcile(struct ha_kube *k);      /* cloud.c */
void ha_disruption_reconcile(struct ha_kube *k); /* zone_disruption.c */
void ha_kubelet_reconcile(struct ha_kube *k);    /* kubelet.c */
void ha_eviction_reconcile(struct ha_kube *k);   /* eviction.c */
void ha_podgc_reconcile(struct ha_kube *k);      /* podgc.c */
void ha_rollout_reconcile(struct ha_kube *k);    /* rollouts.c */
void ha_statefulset_reconcile(struct ha_kube *k);
void ha_deployment_reconcile(struct ha_kube *k);
void ha_drain_reconcile(struct ha_kube *k);
void ha_placement_reconcile(struct ha_kube *k);
void ha_spares_reconcile(struct ha_kube *k);
void ha_volume_reconcile(struct ha_kube *k);
void ha_readiness_reconcile(struct ha_kube *k);
void ha_endpoints_reconcile(struct ha_kube *k);
void ha_blame_reconcile(struct ha_kube *k); /* notes only */

/* ---- handlers of timers ---- */
void ha_node_fire(struct ha_kube *k, uint32_t purpose, uint32_t node);
void ha_cloud_fire(struct ha_kube *k, uint32_t purpose, uint32_t node);
void ha_disruption_fire_token(struct ha_kube *k, uint32_t zone);
void ha_disruption_fire_taint(struct ha_kube *k, uint32_t node);
void ha_kubelet_fire_step(struct ha_kube *k, uint32_t pod);
void ha_kubelet_fire_stop(struct ha_kube *k, uint32_t pod);
void ha_kubelet_fire_calm(struct ha_kube *k, uint32_t pod);
void ha_placement_fire(struct ha_kube *k, uint32_t pod);
void ha_readiness_fire(struct ha_kube *k, uint32_t pod);
void ha_endpoints_fire(struct ha_kube *k, uint32_t pod);
void ha_volume_fire(struct ha_kube *k, uint32_t volume);
void ha_drain_fire_retry(struct ha_kube *k, uint32_t pod);
void ha_drain_fire_limit(struct ha_kube *k);

/* ---- placement at the beginning ---- */

/* Makes the objects the scheduler needs and compiles it. */
int ha_placement_plan(struct ha_kube_plan *plan, struct sim_arena *arena,
                      const struct ha_kube_spec *spec, struct sim_err *err);
/* Empty cluster, Immediate volumes bound. */
void ha_placement_init(struct ha_kube *k);
/* Node for a pod that has none, or HA_NOWHERE; asks sim_choose among equals. */
uint16_t ha_placement_find(struct ha_kube *k, uint32_t pod);
/* Tells the scheduler about a Node row. */
void ha_placement_sync_node(struct ha_kube *k, uint32_t node);

/* State of a zone by its counts (zone_disruption.c). */
enum ha_zone_mode ha_disruption_mode(uint32_t ready, uint32_t not_ready);

/* ---- changes (change.c) ---- */

static inline bool ha_pod_has(const struct ha_kube *k, uint32_t pod, uint32_t flag)
{
    return (k->pod[pod].flags & flag) != 0;
}

static inline bool ha_node_has(const struct ha_kube *k, uint32_t node, uint32_t mark)
{
    return (k->node[node].marks & mark) != 0;
}

/* On a node that has a Node object. */
static inline bool ha_pod_is_bound(const struct ha_kube *k, uint32_t pod)
{
    return k->pod[pod].stage >= HA_POD_BOUND && !ha_pod_has(k, pod, HA_POD_ORPHAN);
}

static inline bool ha_pod_is_active(const struct ha_kube *k, uint32_t pod)
{
    return k->pod[pod].stage != HA_POD_ABSENT &&
           !ha_pod_has(k, pod, HA_POD_TERMINATING);
}

/* The node's kubelet works and talks with a working API server. */
bool ha_kubelet_is_connected(const struct ha_kube *k, uint32_t node);

/* Sets what the API server knows of a node; tells the scheduler; marks it dirty. */
void ha_node_update(struct ha_kube *k, uint32_t node, enum ha_node_phase phase,
                    uint32_t marks);
void ha_node_set_upkeep(struct ha_kube *k, uint32_t node, enum ha_upkeep upkeep);
/* The Node object is deleted: pods become orphans, volumes are left hanging. */
void ha_node_remove(struct ha_kube *k, uint32_t node);

/* A pod object comes into being (row must be ABSENT). */
void ha_pod_create(struct ha_kube *k, uint32_t pod);
void ha_pod_set(struct ha_kube *k, uint32_t pod, uint32_t flag, bool is_on);
void ha_pod_set_stage(struct ha_kube *k, uint32_t pod, enum ha_pod_stage stage);
/* Puts a pending pod on a node; ties its volume at the first time. */
void ha_pod_bind(struct ha_kube *k, uint32_t pod, uint32_t node);
/* The process begins / is gone. */
void ha_pod_begin_process(struct ha_kube *k, uint32_t pod);
void ha_pod_end_process(struct ha_kube *k, uint32_t pod, enum ha_stop how);
/* Graceful API deletion; a pod that is on no node vanishes at once. */
void ha_pod_delete(struct ha_kube *k, uint32_t pod, uint8_t cause);
/* The object is gone. */
void ha_pod_remove(struct ha_kube *k, uint32_t pod);
/* The claim was deleted and made again: a new, blank volume, tied to nothing. */
void ha_volume_renew(struct ha_kube *k, uint32_t volume);
/* Blames `cause` for the pod's trouble unless somebody is blamed already. */
void ha_pod_blame(struct ha_kube *k, uint32_t pod, uint8_t cause);

/* The root cause to be noted for a pod that a roll-out deletes (rollouts.c). */
uint8_t ha_rollout_cause(const struct ha_kube *k);

/* May one more pod of this workload be made, by the namespace's quota? Pure. */
bool ha_quota_allows(const struct ha_kube *k, const struct ha_kube_workload *load);

/* ---- spare places (spares.c) ---- */

/* At the start: nobody in the spare places. */
void ha_spares_start(struct ha_kube *k);
/* Is there a machine more in this node's group than there should be? Pure. */
bool ha_spares_have_extra(const struct ha_kube *k, uint32_t node);
/* An extra machine that nothing runs on and no drain waits for. Pure. */
bool ha_spares_is_idle(const struct ha_kube *k, uint32_t node);
/* Orders a machine into an empty place of the group; false when there is none. */
bool ha_spares_order(struct ha_kube *k, uint32_t group, enum ha_upkeep why);
/* A machine that was ordered has joined. */
void ha_spares_joined(struct ha_kube *k);
/* The node is deleted and its place empty from now on. */
void ha_spares_retire(struct ha_kube *k, uint32_t node);

/* ---- disruption budgets (pdb.c) ---- */

enum ha_eviction { HA_EVICT_ACCEPTED, HA_EVICT_REFUSED };
/* What the eviction API would answer now. Pure. */
enum ha_eviction ha_pdb_evict(const struct ha_kube *k, uint32_t pod);

static inline uint32_t ha_purpose_slot(const struct ha_kube *k,
                                       enum ha_kube_purpose purpose, uint32_t entity)
{
    return ha_kube_slot(k->plan, purpose, entity);
}

#endif
