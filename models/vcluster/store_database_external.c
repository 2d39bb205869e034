/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * External SQL database, reached through a kine process in each control-plane pod.
 *
 * As with an external etcd, the database's own failures are not in the design: give
 * them as an extra system (kind: System) that the API needs. A replica needs the
 * network to reach it. Fail-over behaviour of kine (retry or exit) is closed code and
 * not modelled.
 *
 * Sources: loft-sh/vcluster pkg/k8s/k8s.go (StartBackingStore).
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

const struct ha_store_kind ha_store_database_external = {
    .is_usable = is_usable,
    .members = members,
};
