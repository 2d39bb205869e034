/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zone outage (major): power, cooling or network takes about half of a zone for
 * hours; sometimes it spills over and takes the region.
 *
 * Once in 40 to 70 zone-years in the large clouds, with a heavy-tailed length (median
 * 7.5 to 14 h). With zone.escalate_prob (about 0.1) the event is regional: europe-west9
 * 2023, me-central-1 2026, and in part us-east-1 2011 and West Europe 2025, out of
 * some 32. Then the whole region is dark until the zone heals. For a control plane
 * spread over three zones this escalation is the part that matters: two zones failing
 * independently at once is a thousand times rarer.
 *
 * While it lasts the zone yields no new machines.
 *
 * Leaves out: capacity shortage in the neighbouring zones, where everybody goes.
 *
 * Sources: configs/catalog, rows zone.major.*, zone.escalate_prob.
 */
#include "models/infra/zone_outage.h"

static void plan(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec)
{
    fm->hit_p = ha_catalog_probability(spec->catalog, HA_PARAM_ZONE_MAJOR_NODE_FRAC);
    fm->escalate_p = ha_catalog_probability(spec->catalog, HA_PARAM_ZONE_ESCALATE_PROB);
    ha_zone_outage_plan(fm, b, spec, HA_FM_ZONE_MAJOR);
}

static bool can_strike(const struct ha_infra *w, uint32_t zone)
{
    return (w->zone[zone].faults & HA_FM_BIT(ZONE_MAJOR)) == 0;
}

/* In a region of one zone a zone outage is already everything there is. */
static bool spreads(struct ha_infra *w, uint32_t zone)
{
    const struct ha_fm_plan *f = &w->plan->fm[HA_FM_ZONE_MAJOR];
    if (!(f->escalate_p > 0) || w->plan->n_of[HA_KIND_ZONE] < 2) {
        return false;
    }
    const double odds[2] = {1 - f->escalate_p, f->escalate_p};
    return sim_choose(w->run, f->choice + zone, 2, odds) == 1;
}

static void strike(struct ha_infra *w, uint32_t zone)
{
    ha_zone_outage_strike(w, zone, HA_FM_ZONE_MAJOR);
    if (spreads(w, zone)) {
        w->common->escalated |= UINT32_C(1) << zone;
        w->common->dirty |= HA_DIRTY_COMMON;
        ha_infra_note_all(w, HA_FM_ZONE_MAJOR, true);
    }
}

static void heal(struct ha_infra *w, uint32_t zone)
{
    ha_zone_outage_heal(w, zone, HA_FM_ZONE_MAJOR);
    uint32_t bit = UINT32_C(1) << zone;
    if ((w->common->escalated & bit) == 0) {
        return;
    }
    w->common->escalated &= ~bit;
    w->common->dirty |= HA_DIRTY_COMMON;
    if (w->common->escalated != 0) {
        return;
    }
    ha_infra_note_all(w, HA_FM_ZONE_MAJOR, false);
    for (uint32_t n = 0; n < w->plan->n_of[HA_KIND_NODE]; n++) {
        if ((w->machine[n].faults & HA_FM_BIT(ZONE_MAJOR)) != 0) {
            ha_infra_note_machine(w, n, HA_FM_ZONE_MAJOR, true);
        }
    }
}

const struct ha_failure_mode ha_fm_zone_major = {
    .plan = plan,
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " failed",
    .healed = " is back",
};
