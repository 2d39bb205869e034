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

const struct ha_failure_mode ha_fm_hostcp_upgrade = {
    .is_periodic = true,
    .struck = "the host API server is being upgraded",
    .healed = "the upgrade of the host API server is over",
};
