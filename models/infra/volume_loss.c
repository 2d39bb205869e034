/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Volume loss: the disk and what was on it are gone for good.
 *
 * The disk is blank from then on, also after it has been replaced: whoever owns the
 * data must fill it again. Replacing it is work for people (delete claim and pod, or
 * change the disk), so the healing clock is the operator's answer: half an hour in
 * working hours (40 of the week's 168), two hours otherwise, each lognormal with the
 * spread of on-call answers (sigma 0.7). A judgement, not a measurement.
 *
 * Leaves out: bit rot that is found late, losses of several disks at once.
 *
 * Sources: configs/catalog, row volume.loss.afr (AWS EBS documentation 0.1-0.2 % a
 * year; Backblaze and Google for disks).
 */
#include "models/infra/failure_mode.h"

#define WORKING_SHARE     (40.0 / 168.0)
#define ANSWER_BY_DAY_S   1800.0
#define ANSWER_BY_NIGHT_S 7200.0
#define ANSWER_SIGMA      0.7

static void plan(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec)
{
    (void)spec;
    const double weight[2] = {WORKING_SHARE, 1 - WORKING_SHARE};
    const struct sim_dist part[2] = {
        sim_dist_lognormal_median(ANSWER_BY_DAY_S, ANSWER_SIGMA),
        sim_dist_lognormal_median(ANSWER_BY_NIGHT_S, ANSWER_SIGMA)};
    fm->has_heal = true;
    fm->heal_dist = ha_build_dist(b, sim_dist_mixture(b->arena, 2, weight, part));
}

static bool can_strike(const struct ha_infra *w, uint32_t volume)
{
    return (w->disk[volume].faults & HA_FM_BIT(VOLUME_LOSS)) == 0;
}

static void strike(struct ha_infra *w, uint32_t volume)
{
    w->disk[volume].is_blank = 1;
    ha_infra_break_disk(w, volume, HA_FM_VOLUME_LOSS);
}

static void heal(struct ha_infra *w, uint32_t volume)
{
    ha_infra_mend_disk(w, volume, HA_FM_VOLUME_LOSS);
}

const struct ha_failure_mode ha_fm_volume_loss = {
    .plan = plan,
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " is lost",
    .healed = " is replaced by a blank one",
};
