/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two sizes of zone outage share. */
#ifndef HA_INFRA_ZONE_OUTAGE_H
#define HA_INFRA_ZONE_OUTAGE_H

#include "models/infra/failure_mode.h"

/* Reads the share of nodes hit (fm->hit_p) and makes one choice stream per zone. */
void ha_zone_outage_plan(struct ha_fm_plan *fm, struct ha_builder *b,
                         const struct ha_infra_spec *spec, enum ha_fm which);

/* Hits each machine of the zone with chance hit_p, and the zone's disks with them. */
void ha_zone_outage_strike(struct ha_infra *w, uint32_t zone, enum ha_fm which);

/* Takes the mode's mark from every machine and disk of the zone. */
void ha_zone_outage_heal(struct ha_infra *w, uint32_t zone, enum ha_fm which);

#endif
