/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Embedded SQLite: one file on the data volume of the one control-plane pod.
 *
 * One member, no quorum, no election: reads and writes need the pod, its volume
 * plugged in and answering, and the data. A volume that stalls for more than a few
 * seconds shows up as a lost controller-manager lease and container restarts (kcm.c,
 * replica.c). Start-up costs nothing beyond the container's. Losing the volume (or
 * the pod, with an emptyDir) is losing the data: down until restored from a
 * snapshot.
 *
 * Sources: loft-sh/vcluster pkg/k8s/k8s.go (kine), issues 3343 and 2475.
 */
#include "models/vcluster/plan.h"

static bool is_usable(const struct ha_vc *v, uint32_t pod)
{
    return (v->pod[pod].data & HA_DATA_WIPED) == 0 && v->common->data_is_lost == 0 &&
           ha_kube_disk_works(v->k, pod);
}

static uint32_t members(const struct ha_vcluster *vcluster)
{
    return vcluster->cp.replicas > 0 ? 1 : 0;
}

const struct ha_store_kind ha_store_sqlite = {
    .is_in_replica = true,
    .has_snapshots = true,
    .is_usable = is_usable,
    .members = members,
    .needs_disk = true,
};
