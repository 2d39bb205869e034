/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deployed etcd: a StatefulSet NAME-etcd of its own beside the control plane.
 *
 * Members: etcd.deploy.statefulSet.highAvailability.replicas, whatever the number of
 * control-plane pods. Every API server can use every member through the Service, so
 * a replica needs the cluster, not a member of its own; that its connections to a
 * vanished node last up to 40 s is counted as failing requests (HA_DATA_STICKY).
 * Start-up of a member: etcd.restart of the catalogue. Losing a member's data: it
 * finds itself listed by its peers and exits for ever until an operator removes and
 * re-adds it; losing a majority of them means restoring from a backup of one's own,
 * as `vcluster snapshot` does not support this store. No PodDisruptionBudget of the
 * chart covers these pods.
 *
 * Sources: loft-sh/vcluster chart/templates/etcd-statefulset.yaml; etcd
 * server/etcdserver/bootstrap.go ("already been bootstrapped").
 */
#include "models/vcluster/plan.h"

static bool is_usable(const struct ha_vc *v, uint32_t pod)
{
    return v->common->store_works && v->pod[pod].is_reachable &&
           !v->pod[pod].lacks_names;
}

static uint32_t members(const struct ha_vcluster *vcluster)
{
    return vcluster->etcd.replicas;
}

const struct ha_store_kind ha_store_etcd_deployed = {
    .is_raft = true,
    .is_usable = is_usable,
    .members = members,
    .needs_disk = true,
};
