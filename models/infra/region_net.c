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

static bool can_strike(const struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    return (w->common->faults & HA_FM_BIT(REGION_NET)) == 0;
}

static void strike(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_break_common(w, HA_FM_REGION_NET);
}

static void heal(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_mend_common(w, HA_FM_REGION_NET);
}

const struct ha_failure_mode ha_fm_region_net = {
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = "the network of the region failed",
    .healed = "the network of the region is back",
};
