/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Volume stall: the disk stops answering for some minutes and then goes on.
 *
 * Nothing is lost, but a database that cannot sync its log is down ("slow is down").
 * The mode holds the disk's bit; what that means for a process is its owner's word.
 *
 * Leaves out: brown-outs in which the disk is slow but answers.
 *
 * Sources: configs/catalog, rows volume.stall.*.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t volume)
{
    return (w->disk[volume].faults & HA_FM_BIT(VOLUME_STALL)) == 0;
}

static void strike(struct ha_infra *w, uint32_t volume)
{
    ha_infra_break_disk(w, volume, HA_FM_VOLUME_STALL);
}

static void heal(struct ha_infra *w, uint32_t volume)
{
    ha_infra_mend_disk(w, volume, HA_FM_VOLUME_STALL);
}

const struct ha_failure_mode ha_fm_volume_stall = {
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " stalls",
    .healed = " answers again",
};
