/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zone outages, large and small: a share of the zone's machines and disks fails
 * together and returns together.
 *
 * Public figures of "how much of the zone" go from 7 % to everything, so each machine
 * is hit by its own coin with the catalogue's odds (zone.*.node_frac). A disk shares
 * the fate of the machine it is attached to: both stand in the same hall behind the
 * same power and network. A disk of the zone that is attached nowhere gets a coin of
 * its own. Disks that are replicated over zones belong to no zone and are spared.
 *
 * The mark is one bit per mode on each machine and disk hit; healing takes the bits
 * away from whatever still carries them. A machine replaced meanwhile is a new
 * machine in a sound hall and carries none.
 *
 * Leaves out: staged recovery (the durations are those of "most customers"), racks.
 *
 * Sources: AWS, Google, Azure post-event summaries 2011-2026, see configs/catalog.
 */
#include "models/infra/zone_outage.h"

void ha_zone_outage_plan(struct ha_fm_plan *fm, struct ha_builder *b,
                         const struct ha_infra_spec *spec, enum ha_fm which)
{
    fm->choice = b->n_choices;
    for (uint32_t z = 0; z < spec->n_zones; z++) {
        ha_build_choice(b, "zone/%s/%s/hit", spec->zone_name[z], ha_fm_key[which]);
    }
}

static bool is_hit(struct ha_infra *w, uint32_t zone, enum ha_fm which)
{
    const struct ha_fm_plan *f = &w->plan->fm[which];
    if (!(f->hit_p > 0)) {
        return false;
    }
    if (f->hit_p >= 1) {
        return true;
    }
    const double odds[2] = {1 - f->hit_p, f->hit_p};
    return sim_choose(w->run, f->choice + zone, 2, odds) == 1;
}

void ha_zone_outage_strike(struct ha_infra *w, uint32_t zone, enum ha_fm which)
{
    uint32_t bit = UINT32_C(1) << which;
    w->zone[zone].faults |= bit;
    w->common->dirty |= HA_DIRTY_ZONE;
    for (uint32_t n = 0; n < w->plan->n_of[HA_KIND_NODE]; n++) {
        bool is_there = w->machine[n].is_spare == 0;
        if (w->plan->node_zone[n] == zone && is_there && is_hit(w, zone, which)) {
            ha_infra_break_machine(w, n, which);
        }
    }
    for (uint32_t v = 0; v < w->plan->n_of[HA_KIND_VOLUME]; v++) {
        const struct ha_infra_disk *disk = &w->disk[v];
        if (disk->zone != zone) {
            continue;
        }
        bool is_out = disk->node == HA_NOWHERE
                          ? is_hit(w, zone, which)
                          : (w->machine[disk->node].faults & bit) != 0;
        if (is_out) {
            ha_infra_break_disk(w, v, which);
        }
    }
}

void ha_zone_outage_heal(struct ha_infra *w, uint32_t zone, enum ha_fm which)
{
    uint32_t bit = UINT32_C(1) << which;
    w->zone[zone].faults &= ~bit;
    w->common->dirty |= HA_DIRTY_ZONE;
    for (uint32_t n = 0; n < w->plan->n_of[HA_KIND_NODE]; n++) {
        if (w->plan->node_zone[n] == zone && (w->machine[n].faults & bit) != 0) {
            ha_infra_mend_machine(w, n, which);
        }
    }
    for (uint32_t v = 0; v < w->plan->n_of[HA_KIND_VOLUME]; v++) {
        if (w->disk[v].zone == zone && (w->disk[v].faults & bit) != 0) {
            ha_infra_mend_disk(w, v, which);
        }
    }
}
