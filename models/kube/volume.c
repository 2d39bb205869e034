/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attach and detach of volumes that only one node may hold (ReadWriteOnce).
 *
 * A volume is wanted on a node while a pod object that uses it is bound there, also a
 * terminating one. When it is not wanted where it hangs:
 *
 *   node alive            the kubelet has unmounted it and leaves it out of its next
 *                         status report, U(0,10); then the controller detaches
 *   node back from death  unmount U(1,3) first
 *   node out of service   at once
 *   node silent or gone   after 360 s (hard-coded maxWaitForUnmountDuration), even if
 *                         the machine has long been destroyed, as long as it was still
 *                         reported in use; at once when it was not
 *
 * A machine that is ended while its disk is being detached keeps it until it is gone.
 * Detaching and attaching take the driver's time and need the host API; disks of a
 * cloud need its API too. A disk in a zone that is out cannot move.
 *
 * The trap: for a StatefulSet "not wanted" begins when the pod object is gone, not when
 * the node dies. So the 360 s come on top of everything that removes the object.
 *
 * Local volumes and network file systems are never attached: nothing here applies.
 *
 * Sources: k8s pkg/controller/volume/attachdetach; aws-ebs-csi-driver docs/faq.md;
 * karpenter-provider-aws designs/statefulset-disruption.md (destroyed machines).
 *
 * Leaves out: volumes used by several pods, Multi-Attach of Deployments with disks.
 */
#include "models/kube/kube.h"

/* Node where a pod object wants the volume now, or HA_NOWHERE. */
static uint16_t wanted_on(const struct ha_kube *k, uint32_t volume)
{
    uint32_t pod = k->plan->volume_pod[volume];
    return ha_pod_is_bound(k, pod) ? k->pod[pod].node : HA_NOWHERE;
}

/* An orphan still "uses" the volume on the node that is gone. */
static bool is_held_by_orphan(const struct ha_kube *k, uint32_t volume)
{
    uint32_t pod = k->plan->volume_pod[volume];
    return k->pod[pod].stage != HA_POD_ABSENT && ha_pod_has(k, pod, HA_POD_ORPHAN);
}

/* How the volume will get off the node where nobody wants it. */
static enum ha_volume_wait leave_wait(const struct ha_kube *k, uint32_t volume)
{
    uint16_t here = k->infra.disk[volume].node;
    const struct ha_volume_row *row = &k->volume[volume];
    if (is_held_by_orphan(k, volume)) {
        return HA_WAIT_NONE;
    }
    if (row->is_left != 0) {
        return row->is_mounted != 0 ? HA_WAIT_FORCE : HA_WAIT_EVICTED;
    }
    if (ha_node_has(k, here, HA_MARK_OUT_OF_SERVICE)) {
        return HA_WAIT_EVICTED;
    }
    if (ha_kubelet_is_connected(k, here)) {
        return row->is_mounted != 0 ? HA_WAIT_UNMOUNT : HA_WAIT_REPORT;
    }
    return HA_WAIT_FORCE;
}

/* The driver can work on this disk. */
static bool can_move(const struct ha_kube *k, uint32_t volume)
{
    const struct ha_kube_workload *load =
        ha_kube_workload_of(k, k->plan->volume_pod[volume]);
    uint32_t zone_is_out = HA_FM_BIT(ZONE_MAJOR) | HA_FM_BIT(ZONE_MINOR);
    return (k->infra.disk[volume].faults & zone_is_out) == 0 &&
           (!load->is_cloud_disk || ha_infra_cloud_api_is_up(&k->infra));
}

/* What the volume's timer should be counting now. */
static enum ha_volume_wait desired_wait(const struct ha_kube *k, uint32_t volume)
{
    const struct ha_volume_row *row = &k->volume[volume];
    if (!ha_infra_host_api_is_up(&k->infra)) {
        return HA_WAIT_NONE;
    }
    switch (row->stage) {
    case HA_VOLUME_ATTACHED:
        if (row->is_left == 0 && wanted_on(k, volume) == k->infra.disk[volume].node) {
            return HA_WAIT_NONE;
        }
        return leave_wait(k, volume);
    case HA_VOLUME_DETACHING:
        if (!can_move(k, volume)) {
            return HA_WAIT_NONE;
        }
        return row->is_left != 0 ? HA_WAIT_DETACH_SLOW : HA_WAIT_DETACH;
    case HA_VOLUME_ATTACHING:
        return can_move(k, volume) ? HA_WAIT_ATTACH : HA_WAIT_NONE;
    default:
        return HA_WAIT_NONE;
    }
}

static uint32_t wait_law(const struct ha_kube *k, uint32_t volume,
                         enum ha_volume_wait wait)
{
    const struct ha_kube_workload *load =
        ha_kube_workload_of(k, k->plan->volume_pod[volume]);
    const struct ha_kube_laws *law = &k->plan->law;
    switch (wait) {
    case HA_WAIT_REPORT:
        return law->volume_report;
    case HA_WAIT_UNMOUNT:
        return law->volume_unmount;
    case HA_WAIT_FORCE:
        return law->volume_force;
    case HA_WAIT_EVICTED:
        return law->volume_evicted;
    case HA_WAIT_DETACH:
        return load->detach;
    case HA_WAIT_DETACH_SLOW:
        return load->detach_destroyed;
    case HA_WAIT_ATTACH:
        return load->attach;
    case HA_WAIT_NONE:
        break;
    }
    return HA_NO_LAW;
}

static void reconcile_volume(struct ha_kube *k, uint32_t volume)
{
    struct ha_volume_row *row = &k->volume[volume];
    if (row->stage == HA_VOLUME_DETACHED) {
        uint16_t wish = wanted_on(k, volume);
        if (wish == HA_NOWHERE || !ha_infra_host_api_is_up(&k->infra)) {
            return;
        }
        row->stage = HA_VOLUME_ATTACHING;
        k->infra.disk[volume].node = wish;
    }
    enum ha_volume_wait wait = desired_wait(k, volume);
    if (row->wait == (uint8_t)wait) {
        return;
    }
    uint32_t slot = ha_purpose_slot(k, HA_PURPOSE_VOLUME_STEP, volume);
    row->wait = (uint8_t)wait;
    if (wait == HA_WAIT_NONE) {
        sim_disarm(k->run, slot);
    } else {
        sim_arm(k->run, slot, wait_law(k, volume, wait));
    }
}

/* Nobody cares what was on the disk of a workload without an owner. */
static void forget_content(struct ha_kube *k, uint32_t volume)
{
    struct ha_infra_disk *disk = &k->infra.disk[volume];
    if (disk->is_blank != 0 && disk->faults == 0 &&
        ha_kube_workload_of(k, k->plan->volume_pod[volume])->owner == NULL) {
        disk->is_blank = 0;
        k->infra.common->dirty |= HA_DIRTY_DISK;
    }
}

void ha_volume_reconcile(struct ha_kube *k)
{
    for (uint32_t v = 0; v < k->plan->n_volumes; v++) {
        forget_content(k, v);
        if (ha_kube_workload_of(k, k->plan->volume_pod[v])->is_attachable) {
            reconcile_volume(k, v);
        }
    }
}

void ha_volume_fire(struct ha_kube *k, uint32_t volume)
{
    struct ha_volume_row *row = &k->volume[volume];
    switch (row->wait) {
    case HA_WAIT_DETACH:
    case HA_WAIT_DETACH_SLOW:
        row->stage = HA_VOLUME_DETACHED;
        row->is_left = 0;
        k->infra.disk[volume].node = HA_NOWHERE;
        break;
    case HA_WAIT_ATTACH:
        row->stage = HA_VOLUME_ATTACHED;
        break;
    default:
        row->stage = HA_VOLUME_DETACHING;
        row->is_mounted = 0;
        row->is_left = 0;
        break;
    }
    row->wait = HA_WAIT_NONE;
    k->infra.common->dirty |= HA_DIRTY_VOLUME;
}

void ha_volume_renew(struct ha_kube *k, uint32_t volume)
{
    sim_disarm(k->run, ha_purpose_slot(k, HA_PURPOSE_VOLUME_STEP, volume));
    k->volume[volume] = (struct ha_volume_row){.stage = HA_VOLUME_DETACHED};
    ha_infra_replace_disk(&k->infra, volume);
    ha_sched_claim_bind(k->plan->sched, k->sched_state, k->plan->volume_claim[volume],
                        HA_SCHED_UNBOUND, HA_SCHED_NONE);
    k->infra.common->dirty |= HA_DIRTY_VOLUME;
}
