/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lost data: members without their data, and the restore of the whole.
 *
 * A member loses its data when its volume is lost (infra marks the disk blank), when
 * a node-local volume goes with its node, or, on an emptyDir, with its pod object.
 * What follows is the store's:
 *   deployed etcd   the empty member finds itself listed by its peers and exits, for
 *                   ever; an operator removes and re-adds it (law operator_refill);
 *   embedded etcd   one to three restarts and a learner's catch-up (law refill);
 *   after a lost volume the operator is there already, having replaced the disk, so
 *   both take the short way.
 * All of it needs the cluster to work: a member can only be added with quorum.
 *
 * A majority without data is a loss, not an outage that ends by itself: the store
 * stays unusable until a backup is restored (restore.event.duration of the
 * catalogue), which begins when a majority of the members' disks answer again.
 * SQLite is a majority of one.
 *
 * A data volume that holds nothing of value (a control plane on a PVC beside another
 * store) is simply taken into use blank.
 *
 * How many writes since the last backup are lost: backup.c. Left out: corruption that
 * spreads.
 *
 * Sources: etcd server/etcdserver/bootstrap.go; vCluster documentation,
 * backing-store/etcd/embedded (recovery) and backup-restore/backup.
 */
#include "models/vcluster/plan.h"

#include "sim/check.h"

static bool is_lost_volume(const struct ha_vc *v, uint32_t volume)
{
    return (v->k->infra.disk[volume].faults & HA_FM_BIT(VOLUME_LOSS)) != 0;
}

static bool carries_data(const struct ha_vc *v, uint32_t pod)
{
    return pod >= v->plan->member_first &&
           pod < v->plan->member_first + v->plan->n_members;
}

void ha_repair_pod_removed(struct ha_vc *v, struct ha_kube *k, uint32_t pod)
{
    if (carries_data(v, pod) && ha_kube_volume_of(k, pod) == UINT32_MAX) {
        v->pod[pod].data |= HA_DATA_WIPED;
        v->note->data_cause = (uint8_t)(ha_blame_pod_cause(v, pod) + 1);
    }
}

/* Blank disks of members wipe them; other blank disks are taken as they are. */
static void look_at_disks(struct ha_vc *v, struct ha_kube *k)
{
    for (uint32_t pod = 0; pod < v->plan->kube.n_pods; pod++) {
        uint32_t volume = ha_kube_volume_of(k, pod);

        if (volume == UINT32_MAX || !k->infra.disk[volume].is_blank) {
            continue;
        }
        if (!carries_data(v, pod)) {
            if (!is_lost_volume(v, volume)) {
                k->infra.disk[volume].is_blank = 0;
            }
            continue;
        }
        if ((v->pod[pod].data & HA_DATA_WIPED) == 0) {
            v->pod[pod].data |= HA_DATA_WIPED;
            v->note->data_cause = (uint8_t)(ha_blame_pod_cause(v, pod) + 1);
            ha_kube_touch(k);
        }
        if (is_lost_volume(v, volume)) {
            v->pod[pod].data |= HA_DATA_ADMITTED;
        }
    }
}

/* Members that hold the data, and members whose disks could take it. */
static void count_members(const struct ha_vc *v, uint32_t *intact, uint32_t *able)
{
    *intact = 0;
    *able = 0;
    for (uint32_t i = 0; i < v->plan->n_members; i++) {
        uint32_t pod = v->plan->member_first + i;
        uint32_t volume = ha_kube_volume_of(v->k, pod);

        *intact += (v->pod[pod].data & HA_DATA_WIPED) == 0;
        *able += volume == UINT32_MAX || !is_lost_volume(v, volume);
    }
}

static void reconcile_restore(struct ha_vc *v, struct ha_kube *k)
{
    uint32_t intact, able;

    count_members(v, &intact, &able);
    if (intact < v->plan->quorum && v->common->data_is_lost == 0) {
        v->common->data_is_lost = 1;
        ha_kube_touch(k);
    }
    ha_arm_while(v->run, ha_vc_slot(v->plan, HA_PURPOSE_RESTORE, 0),
                 v->common->data_is_lost && able >= v->plan->quorum,
                 v->plan->law.restore);
}

/* A pod on a node that can be reached, with its disk, between two crashes or not: an
 * empty deployed member exits again and again while the operator works on it. */
static bool can_be_filled(const struct ha_vc *v, uint32_t pod)
{
    const struct ha_pod_row *row = &v->k->pod[pod];
    bool is_placed = row->stage == HA_POD_STARTING || row->stage == HA_POD_RUNNING ||
                     row->stage == HA_POD_CRASHED;

    return is_placed && ha_infra_is_reachable(&v->k->infra, row->node) &&
           ha_kube_disk_works(v->k, pod);
}

static void reconcile_refills(struct ha_vc *v)
{
    bool works = v->plan->store->is_raft && v->common->store_works;

    for (uint32_t i = 0; i < v->plan->n_members; i++) {
        uint32_t pod = v->plan->member_first + i;
        const struct ha_vc_pod *p = &v->pod[pod];

        if ((p->data & HA_DATA_WIPED) == 0) {
            continue; /* its timer is not armed: refill() sees to it */
        }
        bool is_due = works && can_be_filled(v, pod);
        bool is_short =
            v->plan->store->refills_itself || (p->data & HA_DATA_ADMITTED) != 0;

        ha_arm_while(v->run, ha_vc_slot(v->plan, HA_PURPOSE_REFILL, pod), is_due,
                     is_short ? v->plan->law.refill : v->plan->law.operator_refill);
    }
}

void ha_repair_reconcile(struct ha_vc *v, struct ha_kube *k)
{
    if ((k->dirty & HA_DIRTY_DISK) != 0) {
        look_at_disks(v, k);
    }
    if (v->plan->n_members > 0) {
        reconcile_restore(v, k);
        reconcile_refills(v);
    }
}

static void refill(struct ha_vc *v, struct ha_kube *k, uint32_t pod)
{
    uint32_t volume = ha_kube_volume_of(k, pod);

    v->pod[pod].data &= (uint8_t) ~(HA_DATA_WIPED | HA_DATA_ADMITTED);
    sim_disarm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_REFILL, pod));
    if (volume != UINT32_MAX) {
        k->infra.disk[volume].is_blank = 0;
    }
}

static void restore(struct ha_vc *v, struct ha_kube *k)
{
    v->common->data_is_lost = 0;
    v->note->data_cause = 0;
    for (uint32_t i = 0; i < v->plan->n_members; i++) {
        uint32_t pod = v->plan->member_first + i;
        uint32_t volume = ha_kube_volume_of(k, pod);

        if (volume == UINT32_MAX || !is_lost_volume(v, volume)) {
            refill(v, k, pod);
        }
    }
}

void ha_repair_fire(struct ha_vc *v, struct ha_kube *k, enum ha_vc_purpose purpose,
                    uint32_t pod)
{
    if (purpose == HA_PURPOSE_RESTORE) {
        restore(v, k);
    } else {
        SIM_CHECK(purpose == HA_PURPOSE_REFILL);
        refill(v, k, pod);
    }
    ha_kube_touch(k);
}
