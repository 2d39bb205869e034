/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Region outage: nothing in the region can be reached or runs.
 *
 * Rare (0.01 to 0.02 a year) and long (hours). Cooling and power failures that take
 * a whole region are counted here; failures of a region's control planes alone are
 * cloud_api. Modelled as loss of power of every machine, of every disk, of the cloud
 * API and of the host control plane, since that is how such events ended (boot of
 * everything), and because a network-only reading would flatter the recovery.
 *
 * Leaves out: partial region outages (see zone_major, which may escalate to a whole
 * region) and providers' slow recoveries zone by zone.
 *
 * Sources: configs/catalog, rows region.dataplane.*; AWS, Google and Azure post-event
 * summaries 2011-2026.
 */
#include "models/infra/failure_mode.h"

const struct ha_failure_mode ha_fm_region_dataplane = {
    .struck = "the region went dark",
    .healed = "the region is back",
};
