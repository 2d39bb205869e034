/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zone partition: one zone runs, but is cut off from the others and from clients.
 *
 * Its processes go on and even reach one another; its kubelets cannot renew their
 * leases, so its nodes become NotReady, and a dead-looking zone is evicted (one node
 * each 10 s) while the others are healthy. Pods that were deleted meanwhile are
 * stopped when the links return.
 *
 * With two zones a partition cuts one of them off, not both: the host's control plane
 * and the clients stay with the other. Within one zone there is nothing to be cut off
 * from, so the mode is left out of single-zone hosts.
 *
 * Leaves out: partial and one-way partitions.
 *
 * Sources: configs/catalog, rows zone.partition.*; Bailis and Kingsbury, ACM Queue
 * 2014, for what partitions look like.
 */
#include "models/infra/failure_mode.h"

static bool applies(const struct ha_infra_spec *spec)
{
    return spec->n_zones > 1;
}

static bool can_strike(const struct ha_infra *w, uint32_t zone)
{
    return (w->zone[zone].faults & HA_FM_BIT(ZONE_PARTITION)) == 0;
}

static void set(struct ha_infra *w, uint32_t zone, bool is_cut)
{
    if (is_cut) {
        w->zone[zone].faults |= HA_FM_BIT(ZONE_PARTITION);
    } else {
        w->zone[zone].faults &= ~HA_FM_BIT(ZONE_PARTITION);
    }
    w->common->dirty |= HA_DIRTY_ZONE | HA_DIRTY_MACHINE;
    for (uint32_t n = 0; n < w->plan->n_of[HA_KIND_NODE]; n++) {
        if (w->plan->node_zone[n] == zone) {
            ha_infra_note_machine(w, n, HA_FM_ZONE_PARTITION, is_cut);
        }
    }
}

static void strike(struct ha_infra *w, uint32_t zone)
{
    set(w, zone, true);
}

static void heal(struct ha_infra *w, uint32_t zone)
{
    set(w, zone, false);
}

const struct ha_failure_mode ha_fm_zone_partition = {
    .applies = applies,
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " is cut off",
    .healed = " is connected again",
};
