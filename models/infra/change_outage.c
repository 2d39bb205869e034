/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Change-induced outage: a bad upgrade, configuration, policy or overload takes the
 * tenant control plane down, however well its pods are placed.
 *
 * The most influential single rate: 70 % of outages come from changes (Google SRE
 * book, chapter 1; of post-mortem triggers 37 % binary and 31 % configuration pushes).
 * The mode only raises its bit; the room that knows the services says what is down.
 *
 * Leaves out: partial effects, and that careful roll-outs stop half way.
 *
 * Sources: configs/catalog, rows change.outage.* (confidence low: use the three
 * maturity levels 0.1, 0.5 and 2 a year).
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    return (w->common->faults & HA_FM_BIT(CHANGE_OUTAGE)) == 0;
}

static void strike(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_break_common(w, HA_FM_CHANGE_OUTAGE);
}

static void heal(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_mend_common(w, HA_FM_CHANGE_OUTAGE);
}

const struct ha_failure_mode ha_fm_change_outage = {
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = "a change broke the control plane",
    .healed = "the change was rolled back",
};
