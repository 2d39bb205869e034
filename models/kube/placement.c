/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Placement: pending pods and the scheduler.
 *
 * Who fits where, and how well, is the scheduler's word (sched.h); here is only when it
 * is asked and what happens then. Creation and the first attempt together take
 * U(0.05,1) + U(0.05,1). A pod for which there is no node waits, without a timer, until
 * some change makes a node feasible (the queueing hints of 1.32+ wake it then), and is
 * tried again within U(0,1). The pessimistic option lets it wait for the flush of the
 * unschedulable queue instead, up to 330 s.
 *
 * Among equally good nodes one is chosen uniformly, as kube-scheduler does.
 *
 * Preemption. Where the design gives its pods different priorities, a pod that finds no
 * node asks who could go for it (sched_default_preemption.c). The victims are deleted,
 * gracefully and without asking budgets for more than best effort, and the pod is
 * nominated: it waits for them and is tried again when they are gone, and lower pods
 * are not tried as long as it waits. While lower pods are on their way out it asks for
 * no more. Not asked again before a node becomes feasible.
 *
 * A node that died less than a grace period ago still looks healthy and may be given
 * pods. That is not an oversight.
 *
 * Sources: k8s pkg/scheduler; KEP-4247.
 *
 * Leaves out: the back-off queue (at most 10 s, and from 1.33 skipped when idle); other
 * tenants' pods as victims or preemptors (there are none here); budgets when victims
 * are chosen.
 */
#include "models/kube/kube.h"

void ha_placement_init(struct ha_kube *k)
{
    ha_sched_state_init(k->plan->sched, k->sched_state);
    for (uint32_t v = 0; v < k->plan->n_volumes; v++) {
        uint32_t pod = k->plan->volume_pod[v];
        const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
        if (!load->is_immediate || !load->is_zonal) {
            continue;
        }
        /* The provisioner hashes the set's name and adds the ordinal: round-robin over
         * the zones (external-provisioner pkg/controller/topology.go). */
        uint32_t zone = (load->name_hash + (pod - load->first_pod)) % k->plan->n_zones;
        for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
            if (k->plan->infra.node_zone[n] == zone) {
                ha_sched_claim_bind(k->plan->sched, k->sched_state,
                                    k->plan->volume_claim[v], HA_SCHED_IN_ZONE,
                                    (int32_t)n);
                k->infra.disk[v].zone = (uint8_t)zone;
                break;
            }
        }
    }
}

void ha_placement_sync_node(struct ha_kube *k, uint32_t node)
{
    const struct ha_node_row *row = &k->node[node];
    bool is_silent = (row->marks & HA_MARK_SILENT) != 0;
    uint32_t flags = 0;
    if (row->phase != HA_NODE_IS_GONE) {
        flags |= HA_SCHED_NODE_PRESENT;
    }
    if ((row->marks & HA_MARK_CORDONED) != 0) {
        flags |= HA_SCHED_CORDON;
    }
    if (row->phase == HA_NODE_IS_NOT_READY) {
        flags |= is_silent ? HA_SCHED_TAINT_FLAG(UNREACHABLE)
                           : HA_SCHED_TAINT_FLAG(NOT_READY);
    }
    if ((row->marks & HA_MARK_NO_EXECUTE) != 0) {
        flags |= is_silent ? HA_SCHED_TAINT_FLAG(UNREACHABLE_EXEC)
                           : HA_SCHED_TAINT_FLAG(NOT_READY_EXEC);
    }
    if ((row->marks & HA_MARK_OUT_OF_SERVICE) != 0) {
        flags |= HA_SCHED_TAINT_FLAG(OUT_OF_SERVICE);
    }
    ha_sched_node_set(k->plan->sched, k->sched_state, node, flags);
}

static uint16_t choose(struct ha_kube *k, uint32_t pod,
                       const struct ha_sched_verdict *v)
{
    if (v->n_feasible == 0) {
        return HA_NOWHERE;
    }
    SIM_CHECK(v->n_best > 0);
    uint32_t pick = 0;
    if (v->n_best > 1) {
        pick = sim_choose(k->run, k->plan->place_choice + pod, v->n_best, NULL);
    }
    return (uint16_t)v->best[pick];
}

uint16_t ha_placement_find(struct ha_kube *k, uint32_t pod)
{
    return choose(k, pod, ha_sched_place(k->plan->sched, k->sched_state, pod));
}

/* ---- preemption ---- */

/* Lower pods are on their way out, for this one or another. */
static bool victims_leave(const struct ha_kube *k, uint32_t pod)
{
    const int32_t *priority = k->plan->priority;
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (ha_pod_is_bound(k, p) && ha_pod_has(k, p, HA_POD_TERMINATING) &&
            !ha_pod_has(k, p, HA_POD_STUCK) && priority[p] < priority[pod]) {
            return true;
        }
    }
    return false;
}

/* Deletes the pods whose going makes room for this one; false when none would. */
static bool preempt(struct ha_kube *k, uint32_t pod, const struct ha_sched_verdict *v)
{
    struct ha_sched_preemption found =
        ha_sched_preempt(k->plan->sched, k->sched_state, v);
    for (uint32_t i = 0; found.node != HA_SCHED_NONE && i < found.n_victims; i++) {
        ha_pod_delete(k, found.victim[i], ha_kube_pod_cause(k, pod));
    }
    return found.node != HA_SCHED_NONE && found.n_victims > 0;
}

/* A more important pod is nominated and about to take its place. */
static bool yields(const struct ha_kube *k, uint32_t pod)
{
    const int32_t *priority = k->plan->priority;
    for (uint32_t p = 0; priority != NULL && p < k->plan->n_pods; p++) {
        if (k->pod[p].stage == HA_POD_PENDING && ha_pod_has(k, p, HA_POD_NOMINATED) &&
            priority[p] > priority[pod] &&
            (victims_leave(k, p) ||
             sim_is_armed(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STEP, p)))) {
            return true;
        }
    }
    return false;
}

/* ---- the queue ---- */

static void reconcile_pod(struct ha_kube *k, uint32_t pod)
{
    uint32_t slot = ha_purpose_slot(k, HA_PURPOSE_POD_STEP, pod);
    bool api = ha_infra_host_api_is_up(&k->infra) && !yields(k, pod);
    if (!ha_pod_has(k, pod, HA_POD_UNPLACEABLE)) {
        ha_arm_while(k->run, slot, api, k->plan->law.place);
        return;
    }
    bool may_fit =
        api && ha_sched_feasible_count(k->plan->sched, k->sched_state, pod, 1) > 0;
    ha_arm_while(k->run, slot, may_fit,
                 k->plan->waits_for_flush ? k->plan->law.flush : k->plan->law.replace);
}

void ha_placement_reconcile(struct ha_kube *k)
{
    for (int turn = 0; turn < 2; turn++) { /* the nominated first */
        for (uint32_t p = 0; p < k->plan->n_pods; p++) {
            if (k->pod[p].stage == HA_POD_PENDING &&
                ha_pod_has(k, p, HA_POD_NOMINATED) == (turn == 0)) {
                reconcile_pod(k, p);
            }
        }
    }
}

void ha_placement_fire(struct ha_kube *k, uint32_t pod)
{
    const struct ha_sched_verdict *v =
        ha_sched_place(k->plan->sched, k->sched_state, pod);
    uint16_t node = choose(k, pod, v);
    if (node == HA_NOWHERE) {
        ha_pod_set(k, pod, HA_POD_UNPLACEABLE, true);
        if (k->plan->priority != NULL && !victims_leave(k, pod)) {
            ha_pod_set(k, pod, HA_POD_NOMINATED, preempt(k, pod, v));
        }
        return;
    }
    ha_pod_bind(k, pod, node);
    if (k->pod[pod].stage == HA_POD_STARTING &&
        ha_infra_kubelet_works(&k->infra, node)) {
        sim_arm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STEP, pod),
                ha_kube_workload_of(k, pod)->start_new);
    }
}
