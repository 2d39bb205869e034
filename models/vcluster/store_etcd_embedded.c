/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Embedded etcd: each control-plane pod carries a member, in the same container.
 *
 * Members = control-plane replicas. The API server of a pod talks to its own member
 * only (127.0.0.1:2379), so a replica whose member is down, cut off, without disk or
 * without data cannot serve, even while the cluster works. A liveness kill for want
 * of quorum restarts the surviving members too. Losing a member's data: once its
 * emptied volume is there, one to three restarts and a learner's catch-up bring it
 * back, which needs quorum; losing a majority of them: restore from a snapshot.
 *
 * Sources: loft-sh/vcluster pkg/etcd/client.go, pkg/pro/embedded_etcd.go (closed;
 * behaviour from the vCluster documentation, backing-store/etcd/embedded); etcd
 * server/etcdserver/server.go (learner promotion at 90 % of the leader's log).
 */
#include "models/vcluster/plan.h"

static bool is_usable(const struct ha_vc *v, uint32_t pod)
{
    return v->common->store_works && v->pod[pod].is_member;
}

static uint32_t members(const struct ha_vcluster *vcluster)
{
    return vcluster->cp.replicas;
}

const struct ha_store_kind ha_store_etcd_embedded = {
    .is_raft = true,
    .is_in_replica = true,
    .has_snapshots = true,
    .refills_itself = true,
    .is_usable = is_usable,
    .members = members,
    .needs_disk = true,
};
