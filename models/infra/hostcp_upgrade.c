/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Upgrade of the host control plane: a short planned gap of its API server.
 *
 * Seconds for highly available control planes, minutes for single ones (homelab, and
 * zonal GKE clusters). The effect is that of hostcp_outage. The clock is periodic
 * with jitter and begins at a random phase, since upgrades follow calendars.
 *
 * Leaves out: version skew and upgrades that go wrong (change_outage).
 *
 * Sources: configs/catalog, rows hostcp.upgrade.*.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    return (w->common->faults & HA_FM_BIT(HOSTCP_UPGRADE)) == 0;
}

static void strike(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_break_common(w, HA_FM_HOSTCP_UPGRADE);
}

static void heal(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_mend_common(w, HA_FM_HOSTCP_UPGRADE);
}

static void plan(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec)
{
    (void)spec;
    ha_fm_make_periodic(fm, b);
}

const struct ha_failure_mode ha_fm_hostcp_upgrade = {
    .plan = plan,
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = "the host API server is being upgraded",
    .healed = "the upgrade of the host API server is over",
};
