/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Network incident: machines run, but reach neither each other nor the clients.
 *
 * Routing, congestion and DNS incidents of regional scope. Every node loses its links
 * (effect LINK): processes go on, quorums cannot form, clients see nothing. Kubelets
 * cannot renew their leases, so after the grace period every zone looks dead; the
 * zone disruption rule then stops all evictions, which is exactly what it is for.
 * The host's API server itself stays up.
 *
 * Leaves out: partial loss, one-way and flapping links, higher latency.
 *
 * Sources: configs/catalog, rows region.net_incident.*; Burrows, OSDI 2006, 4.1 (six
 * of 61 outages were network).
 */
#include "models/infra/failure_mode.h"

const struct ha_failure_mode ha_fm_region_net = {
    .struck = "the network of the region failed",
    .healed = "the network of the region is back",
};
