/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The changes that several controllers share: a pod is created, bound, deleted,
 * removed; a process begins or ends; a Node object changes or goes.
 *
 * Three things must stay in step with every such change, and they are kept in step
 * here and nowhere else:
 *   - the scheduler's state (who is where, terminating or not, node flags),
 *   - infra's knowledge of running processes and plugged disks,
 *   - the owner of the workload, who is told.
 * No rule about *when* something happens is in this file.
 *
 * Invariants: an ABSENT row is all zero and has no armed timer; a pod on a node is
 * bound in the scheduler exactly while it is not an orphan; process.is_running is set
 * exactly in stage RUNNING.
 *
 * Leaves out: pods that go on running on a cut-off node after their object was
 * removed by force. They count as ended then (nobody can reach them anyway).
 */
#include "models/kube/kube.h"

bool ha_kubelet_is_connected(const struct ha_kube *k, uint32_t node)
{
    return k->node[node].phase != HA_NODE_IS_GONE &&
           k->node[node].upkeep != HA_UPKEEP_REBUILD &&
           ha_infra_kubelet_works(&k->infra, node) &&
           ha_infra_is_linked(&k->infra, node) && ha_infra_host_api_is_up(&k->infra);
}

static void mark(struct ha_kube *k, uint32_t dirty)
{
    k->infra.common->dirty |= dirty;
}

/* ---- nodes ---- */

void ha_node_update(struct ha_kube *k, uint32_t node, enum ha_node_phase phase,
                    uint32_t marks)
{
    struct ha_node_row *row = &k->node[node];
    if (row->phase == (uint8_t)phase && row->marks == (uint8_t)marks) {
        return;
    }
    row->phase = (uint8_t)phase;
    row->marks = (uint8_t)marks;
    ha_placement_sync_node(k, node);
    mark(k, HA_DIRTY_NODE);
}

void ha_node_set_upkeep(struct ha_kube *k, uint32_t node, enum ha_upkeep upkeep)
{
    if (k->node[node].upkeep != (uint8_t)upkeep) {
        k->node[node].upkeep = (uint8_t)upkeep;
        mark(k, HA_DIRTY_NODE);
    }
}

void ha_node_remove(struct ha_kube *k, uint32_t node)
{
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].node != node || !ha_pod_is_bound(k, p)) {
            continue;
        }
        if (k->pod[p].stage == HA_POD_RUNNING) {
            ha_pod_end_process(k, p, HA_STOP_POWER);
        }
        if (k->pod[p].stage != HA_POD_STOPPED) {
            ha_pod_set_stage(k, p, HA_POD_DEAD);
        }
        ha_sched_unbind(k->plan->sched, k->sched_state, p);
        ha_pod_set(k, p, HA_POD_READY | HA_POD_PROBED, false);
        ha_pod_set(k, p, HA_POD_ORPHAN, true);
    }
    for (uint32_t v = 0; v < k->plan->n_volumes; v++) {
        if (k->infra.disk[v].node == node && k->volume[v].stage != HA_VOLUME_DETACHED) {
            k->volume[v].is_left = 1;
            mark(k, HA_DIRTY_VOLUME);
        }
    }
    ha_node_update(k, node, HA_NODE_IS_GONE, 0);
}

/* ---- processes ---- */

void ha_pod_begin_process(struct ha_kube *k, uint32_t pod)
{
    const struct ha_kube_owner *owner = ha_kube_workload_of(k, pod)->owner;
    ha_pod_set_stage(k, pod, HA_POD_RUNNING);
    k->infra.process[pod].is_running = 1;
    mark(k, HA_DIRTY_PROCESS);
    if (owner != NULL && owner->started != NULL) {
        owner->started(k, pod);
    }
}

void ha_pod_end_process(struct ha_kube *k, uint32_t pod, enum ha_stop how)
{
    const struct ha_kube_owner *owner = ha_kube_workload_of(k, pod)->owner;
    SIM_DEBUG_CHECK(k->pod[pod].stage == HA_POD_RUNNING);
    k->infra.process[pod].is_running = 0;
    k->infra.process[pod].is_crashed = 0;
    k->pod[pod].stage = HA_POD_DEAD; /* the caller says what comes next */
    k->pod[pod].flags &= (uint16_t)~HA_POD_PROBED;
    sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_READY, pod));
    sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_CALM, pod));
    mark(k, HA_DIRTY_PROCESS | HA_DIRTY_POD);
    if (owner != NULL && owner->stopped != NULL) {
        owner->stopped(k, pod, how);
    }
}

/* ---- pods ---- */

void ha_pod_set(struct ha_kube *k, uint32_t pod, uint32_t flag, bool is_on)
{
    uint16_t flags = (uint16_t)(is_on ? k->pod[pod].flags | flag
                                      : k->pod[pod].flags & (uint16_t)~flag);
    if (flags != k->pod[pod].flags) {
        k->pod[pod].flags = flags;
        mark(k, HA_DIRTY_POD);
    }
}

void ha_pod_set_stage(struct ha_kube *k, uint32_t pod, enum ha_pod_stage stage)
{
    if (k->pod[pod].stage != (uint8_t)stage) {
        k->pod[pod].stage = (uint8_t)stage;
        k->pod[pod].flags &= (uint16_t)~HA_POD_ASLEEP;
        mark(k, HA_DIRTY_POD);
    }
}

void ha_pod_create(struct ha_kube *k, uint32_t pod)
{
    SIM_DEBUG_CHECK(k->pod[pod].stage == HA_POD_ABSENT);
    k->pod[pod].node = HA_NOWHERE;
    ha_pod_set_stage(k, pod, HA_POD_PENDING);
}

/* The first placement decides for the life of the claim: WaitForFirstConsumer takes the
 * zone of the node chosen; a local volume is its node. */
static void tie_volume(struct ha_kube *k, uint32_t pod, uint32_t node)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    uint32_t volume = ha_kube_volume_of(k, pod);
    if (volume == UINT32_MAX) {
        return;
    }
    uint32_t claim = k->plan->volume_claim[volume];
    struct ha_infra_disk *disk = &k->infra.disk[volume];
    if (load->is_local) {
        disk->node = (uint16_t)node;
    }
    if (ha_sched_claim_binding(k->plan->sched, k->sched_state, claim) !=
        HA_SCHED_UNBOUND) {
        return;
    }
    enum ha_sched_binding kind = load->is_local   ? HA_SCHED_ON_NODE
                                 : load->is_zonal ? HA_SCHED_IN_ZONE
                                                  : HA_SCHED_ANYWHERE;
    ha_sched_claim_bind(k->plan->sched, k->sched_state, claim, kind, (int32_t)node);
    if (kind != HA_SCHED_ANYWHERE) {
        disk->zone = k->plan->infra.node_zone[node];
    }
    mark(k, HA_DIRTY_DISK);
}

void ha_pod_bind(struct ha_kube *k, uint32_t pod, uint32_t node)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    SIM_DEBUG_CHECK(k->pod[pod].stage == HA_POD_PENDING);
    k->pod[pod].node = (uint16_t)node;
    k->pod[pod].gate = 0;
    ha_pod_set(k, pod, HA_POD_UNPLACEABLE | HA_POD_NOMINATED, false);
    tie_volume(k, pod, node);
    ha_sched_bind(k->plan->sched, k->sched_state, pod, node);
    ha_pod_set_stage(k, pod,
                     load->has_volume && load->is_attachable ? HA_POD_BOUND
                                                             : HA_POD_STARTING);
}

void ha_pod_delete(struct ha_kube *k, uint32_t pod, uint8_t cause)
{
    const struct ha_kube_owner *owner = ha_kube_workload_of(k, pod)->owner;
    if (!ha_pod_is_active(k, pod)) {
        return;
    }
    ha_pod_blame(k, pod, cause);
    if (k->pod[pod].stage == HA_POD_PENDING) {
        ha_pod_remove(k, pod);
        return;
    }
    ha_pod_set(k, pod, HA_POD_TERMINATING, true);
    if (!ha_pod_has(k, pod, HA_POD_ORPHAN)) {
        ha_sched_set_terminating(k->plan->sched, k->sched_state, pod, true);
    }
    if (k->pod[pod].stage == HA_POD_RUNNING && owner != NULL &&
        owner->stopping != NULL) {
        owner->stopping(k, pod);
    }
}

void ha_pod_remove(struct ha_kube *k, uint32_t pod)
{
    static const enum ha_kube_purpose timer[] = {
        HA_PURPOSE_POD_STEP,  HA_PURPOSE_POD_STOP,     HA_PURPOSE_POD_GC,
        HA_PURPOSE_POD_READY, HA_PURPOSE_POD_ENDPOINT, HA_PURPOSE_POD_EVICT,
        HA_PURPOSE_POD_DRAIN, HA_PURPOSE_POD_CALM};
    const struct ha_kube_owner *owner = ha_kube_workload_of(k, pod)->owner;
    if (k->pod[pod].stage == HA_POD_RUNNING) {
        ha_pod_end_process(k, pod, HA_STOP_POWER);
    }
    if (ha_pod_is_bound(k, pod)) {
        ha_sched_unbind(k->plan->sched, k->sched_state, pod);
    }
    for (size_t i = 0; i < sizeof timer / sizeof timer[0]; i++) {
        sim_disarm(k->run, ha_purpose_slot(k, timer[i], pod));
    }
    k->pod[pod] = (struct ha_pod_row){.stage = HA_POD_ABSENT};
    uint32_t volume = ha_kube_volume_of(k, pod);
    if (volume != UINT32_MAX && k->volume[volume].is_doomed != 0) {
        ha_volume_renew(k, volume);
    }
    mark(k, HA_DIRTY_POD);
    if (owner != NULL && owner->removed != NULL) {
        owner->removed(k, pod);
    }
}

/* ---- for the room above ---- */

void ha_kube_kill_container(struct ha_kube *k, uint32_t pod, uint8_t cause)
{
    if (k->pod[pod].stage == HA_POD_RUNNING) {
        ha_pod_blame(k, pod, cause);
        k->infra.process[pod].is_crashed = 1;
        mark(k, HA_DIRTY_PROCESS);
    }
}

void ha_kube_delete_pod(struct ha_kube *k, uint32_t pod, uint8_t cause)
{
    ha_pod_delete(k, pod, cause);
}

void ha_kube_delete_pod_and_volume(struct ha_kube *k, uint32_t pod, uint8_t cause)
{
    uint32_t volume = ha_kube_volume_of(k, pod);
    if (volume != UINT32_MAX) {
        k->volume[volume].is_doomed = 1;
        mark(k, HA_DIRTY_VOLUME);
    }
    ha_pod_delete(k, pod, cause);
}

void ha_kube_touch(struct ha_kube *k)
{
    mark(k, HA_DIRTY_OWNER);
}
