/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kubelet: how a pod that is on a node gets its process, loses it, and gets it
 * back, and how it ends.
 *
 *   BOUND     waits for its volume. The kubelet first waits for its own status to list
 *             the volume, U(0,10), then looks whether it is attached at back-off
 *             0, .5, 1, 2, 4 ... 122 s, then mounts, U(1,3)
 *   STARTING  image (when the node lacks it) and start of the container
 *   RUNNING   until a crash (CRASHED), the node's death (DEAD) or a deletion
 *   CRASHED   first restart at once, then after 10, 20, 40 ... 300 s; forgotten after
 *             600 s of running
 *   DEAD      the node is back: kubelet start-up U(5,30), then STARTING. A kubelet that
 *             has rebooted cannot start pods without the host API
 *   STOPPED   (deleted) process gone, unmounting; then the object goes
 *
 * A deleted pod whose kubelet cannot be told is STUCK until the node is back (sync
 * 1-10 s, then the rest) or its object is removed by others (podgc.c). Timers stand
 * still while the kubelet hangs or is paused, and start afresh afterwards.
 *
 * The chain of volume checks matters: a volume that needs 360 s to be force-detached
 * is found at the check 372-382 s after binding, or only at 494-504 s if it took 12 s
 * longer. Plans for exact answers lump the chain into one delay.
 *
 * Two endless rounds carry no news and are not played. After the twelfth check a pod
 * sleeps until its volume is there; the next check of the 122 s round is then U(0,122)
 * away. A container in its longest back-off whose owner says that a start is doomed (a
 * control plane without its store runs 300 s, exits, waits 300 s) sleeps until it is
 * not; it is then found in either half of the round with equal odds: running, so that
 * it goes on at once, or in the back-off, U(0,300) from its end. Both laws are exact
 * for a pod that has been in its round long compared with it, which 7 crashes ensure.
 *
 * Sources: k8s pkg/kubelet/volumemanager/reconciler, pkg/util/goroutinemap/
 * exponentialbackoff, docs "Pod Lifecycle", KEP-4603.
 *
 * Leaves out: liveness probes (their owner knows when they fail and asks for the kill),
 * registry outages, pods in phase Failed.
 */
#include "models/kube/kube.h"

#define FIRST_BACKOFF 2 /* number of the crash that waits for the first time */

static bool has_attachable(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    return load->has_volume && load->is_attachable;
}

/* The pod's volume is attached to the pod's node. */
static bool volume_is_here(const struct ha_kube *k, uint32_t pod)
{
    uint32_t v = ha_kube_volume_of(k, pod);
    return k->volume[v].stage == HA_VOLUME_ATTACHED && k->volume[v].is_left == 0 &&
           k->infra.disk[v].node == k->pod[pod].node;
}

static void crash(struct ha_kube *k, uint32_t pod)
{
    ha_pod_blame(k, pod, HA_FM_POD_CRASH);
    ha_pod_end_process(k, pod, HA_STOP_CRASH);
    if (k->pod[pod].restarts < HA_RESTARTS_MAX && !k->plan->backoff_is_flat) {
        k->pod[pod].restarts++;
    }
    ha_pod_set_stage(k, pod, HA_POD_CRASHED);
}

/* The node has no power: nothing on it runs. */
static void lose_power(struct ha_kube *k, uint32_t pod)
{
    switch (k->pod[pod].stage) {
    case HA_POD_RUNNING:
        ha_pod_end_process(k, pod, HA_STOP_POWER);
        ha_pod_set_stage(k, pod, HA_POD_DEAD);
        break;
    case HA_POD_STARTING:
    case HA_POD_CRASHED:
        ha_pod_set_stage(k, pod, HA_POD_DEAD);
        break;
    case HA_POD_BOUND:
        k->pod[pod].gate = 0;
        break;
    default:
        return;
    }
    sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STEP, pod));
}

static bool is_doomed(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_kube_owner *owner = ha_kube_workload_of(k, pod)->owner;
    return k->pod[pod].restarts == HA_RESTARTS_MAX && owner != NULL &&
           owner->is_doomed != NULL && owner->is_doomed(k, pod);
}

static uint32_t gate_law(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_pod_row *row = &k->pod[pod];
    const struct ha_kube_laws *law = &k->plan->law;
    if (row->gate == 0) {
        return law->gate_first;
    }
    if (k->plan->gate_is_lumped) {
        return volume_is_here(k, pod) ? law->gate_late : HA_NO_LAW;
    }
    if (row->gate == HA_GATE_CHECKS) {
        return volume_is_here(k, pod) ? law->gate_asleep : HA_NO_LAW;
    }
    return law->gate_step[row->gate];
}

static uint32_t crash_law(const struct ha_kube *k, uint32_t pod)
{
    if (k->plan->backoff_is_flat) {
        return k->plan->law.crash_wait[FIRST_BACKOFF];
    }
    if (!ha_pod_has(k, pod, HA_POD_ASLEEP)) {
        return k->plan->law.crash_wait[k->pod[pod].restarts];
    }
    return is_doomed(k, pod) ? HA_NO_LAW : k->plan->law.crash_asleep;
}

/* Law of the pod's next step as its kubelet takes it, or HA_NO_LAW: it stands still. */
static uint32_t step_law(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_pod_row *row = &k->pod[pod];
    const struct ha_kube_laws *law = &k->plan->law;
    bool works = ha_infra_kubelet_works(&k->infra, row->node) &&
                 k->node[row->node].upkeep != HA_UPKEEP_REBUILD;
    bool connected = ha_kubelet_is_connected(k, row->node);
    switch (row->stage) {
    case HA_POD_BOUND:
        if (row->gate == HA_GATE_MOUNTING) {
            return works ? law->mount : HA_NO_LAW;
        }
        return connected ? gate_law(k, pod) : HA_NO_LAW;
    case HA_POD_STARTING:
        return works ? ha_kube_workload_of(k, pod)->start_same : HA_NO_LAW;
    case HA_POD_CRASHED:
        return works ? crash_law(k, pod) : HA_NO_LAW;
    case HA_POD_DEAD:
        return connected ? law->node_up : HA_NO_LAW;
    default:
        return HA_NO_LAW;
    }
}

static uint32_t stop_law(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    const struct ha_kube_laws *law = &k->plan->law;
    bool was_stuck = ha_pod_has(k, pod, HA_POD_STUCK);
    if (k->pod[pod].stage == HA_POD_RUNNING) {
        return was_stuck ? load->resync_exit : load->exit;
    }
    if (was_stuck) {
        return law->resync_removal;
    }
    return has_attachable(k, pod) ? law->removal_volume : law->removal;
}

/* A pod with a deletionTimestamp. */
static void reconcile_terminating(struct ha_kube *k, uint32_t pod)
{
    bool connected = ha_kubelet_is_connected(k, k->pod[pod].node);
    sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STEP, pod));
    if (k->pod[pod].stage != HA_POD_RUNNING) {
        ha_pod_set_stage(k, pod, HA_POD_STOPPED);
    }
    if (!connected && ha_infra_host_api_is_up(&k->infra)) {
        ha_pod_set(k, pod, HA_POD_STUCK, true);
    }
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STOP, pod), connected,
                 connected ? stop_law(k, pod) : 0);
}

static void reconcile_pod(struct ha_kube *k, uint32_t pod)
{
    if (k->infra.process[pod].is_crashed != 0) {
        k->infra.process[pod].is_crashed = 0;
        if (k->pod[pod].stage == HA_POD_RUNNING) {
            crash(k, pod);
        }
    }
    if (!ha_pod_is_bound(k, pod)) {
        if (ha_pod_has(k, pod, HA_POD_ORPHAN)) {
            sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STEP, pod));
            sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STOP, pod));
        }
        return;
    }
    if (!ha_infra_is_powered(&k->infra, k->pod[pod].node)) {
        lose_power(k, pod);
    }
    if (ha_pod_has(k, pod, HA_POD_TERMINATING)) {
        reconcile_terminating(k, pod);
    } else {
        if (k->pod[pod].stage == HA_POD_CRASHED && is_doomed(k, pod)) {
            k->pod[pod].flags |= HA_POD_ASLEEP;
        }
        uint32_t law = step_law(k, pod);
        ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STEP, pod),
                     law != HA_NO_LAW, law);
    }
    ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_CALM, pod),
                 k->pod[pod].stage == HA_POD_RUNNING && k->pod[pod].restarts > 0,
                 k->plan->law.calm);
}

void ha_kubelet_reconcile(struct ha_kube *k)
{
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].is_watched != 0 && k->pod[p].stage > HA_POD_PENDING) {
            reconcile_pod(k, p);
        }
    }
}

/* The volume is mounted: the container can start. */
static void begin_start(struct ha_kube *k, uint32_t pod)
{
    k->pod[pod].gate = 0;
    ha_pod_set_stage(k, pod, HA_POD_STARTING);
    sim_arm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STEP, pod),
            ha_kube_workload_of(k, pod)->start_new);
}

static void fire_gate(struct ha_kube *k, uint32_t pod)
{
    struct ha_pod_row *row = &k->pod[pod];
    uint32_t v = ha_kube_volume_of(k, pod);
    bool is_here = volume_is_here(k, pod);
    bool is_late = k->plan->gate_is_lumped && row->gate > 0;
    if (row->gate == HA_GATE_MOUNTING || (is_late && is_here)) {
        k->volume[v].is_mounted = 1;
        begin_start(k, pod);
    } else if (is_here) {
        row->gate = HA_GATE_MOUNTING;
    } else if (row->gate < HA_GATE_CHECKS) {
        row->gate++;
    }
    if (row->gate >= HA_GATE_CHECKS || row->stage != HA_POD_BOUND ||
        k->plan->gate_is_lumped) {
        k->infra.common->dirty |= HA_DIRTY_POD | HA_DIRTY_VOLUME;
    } else { /* nothing new for anybody: on to the next check */
        sim_arm(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_STEP, pod),
                k->plan->law.gate_step[row->gate]);
    }
}

void ha_kubelet_fire_step(struct ha_kube *k, uint32_t pod)
{
    switch (k->pod[pod].stage) {
    case HA_POD_BOUND:
        fire_gate(k, pod);
        break;
    case HA_POD_STARTING:
        ha_pod_begin_process(k, pod);
        break;
    case HA_POD_CRASHED:
        ha_pod_set_stage(k, pod, HA_POD_STARTING);
        break;
    case HA_POD_DEAD:
        ha_pod_set_stage(k, pod,
                         has_attachable(k, pod) && !volume_is_here(k, pod)
                             ? HA_POD_BOUND
                             : HA_POD_STARTING);
        break;
    default:
        SIM_CHECK(false);
    }
}

void ha_kubelet_fire_stop(struct ha_kube *k, uint32_t pod)
{
    if (k->pod[pod].stage == HA_POD_RUNNING) {
        ha_pod_set(k, pod, HA_POD_STUCK, false);
        ha_pod_end_process(k, pod, HA_STOP_GRACEFUL);
        ha_pod_set_stage(k, pod, HA_POD_STOPPED);
        return;
    }
    uint32_t v = ha_kube_volume_of(k, pod);
    if (v != UINT32_MAX && k->volume[v].is_left == 0 &&
        k->infra.disk[v].node == k->pod[pod].node) {
        k->volume[v].is_mounted = 0;
        k->infra.common->dirty |= HA_DIRTY_VOLUME;
    }
    ha_pod_remove(k, pod);
}

void ha_kubelet_fire_calm(struct ha_kube *k, uint32_t pod)
{
    k->pod[pod].restarts = 0;
    k->infra.common->dirty |= HA_DIRTY_POD;
}
