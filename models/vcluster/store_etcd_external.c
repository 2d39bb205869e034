/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * External etcd: a cluster that the chart does not deploy, behind one endpoint.
 *
 * Where it stands and how it fails is not in the design, so it has no members here:
 * a replica needs the network to reach it. Its own failures are added as an extra
 * system (kind: System) that the API needs; without one it never fails, and `nines`
 * says so. Data and backups are its owner's business.
 *
 * Sources: loft-sh/vcluster pkg/etcd/client.go (one endpoint string).
 */
#include "models/vcluster/plan.h"

static bool is_usable(const struct ha_vc *v, uint32_t pod)
{
    return v->pod[pod].is_reachable && !v->pod[pod].lacks_names;
}

static uint32_t members(const struct ha_vcluster *vcluster)
{
    (void)vcluster;
    return 0;
}

const struct ha_store_kind ha_store_etcd_external = {
    .is_usable = is_usable,
    .members = members,
};
