/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zone outage (minor): a hall, a row or a cell of the zone is gone for an hour.
 *
 * Providers disclose about a quarter of what outside probes see (Parametrix 2022), so
 * next to the published outages runs this second, milder and more frequent class:
 * some 15 % of the nodes, median one hour. New machines can be had meanwhile.
 *
 * Sources: configs/catalog, rows zone.minor.* (confidence low).
 */
#include "models/infra/zone_outage.h"

static void plan(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec)
{
    fm->hit_p = ha_catalog_probability(spec->catalog, HA_PARAM_ZONE_MINOR_NODE_FRAC);
    ha_zone_outage_plan(fm, b, spec, HA_FM_ZONE_MINOR);
}

static bool can_strike(const struct ha_infra *w, uint32_t zone)
{
    return (w->zone[zone].faults & HA_FM_BIT(ZONE_MINOR)) == 0;
}

static void strike(struct ha_infra *w, uint32_t zone)
{
    ha_zone_outage_strike(w, zone, HA_FM_ZONE_MINOR);
}

static void heal(struct ha_infra *w, uint32_t zone)
{
    ha_zone_outage_heal(w, zone, HA_FM_ZONE_MINOR);
}

const struct ha_failure_mode ha_fm_zone_minor = {
    .plan = plan,
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " failed in part",
    .healed = " is whole again",
};
