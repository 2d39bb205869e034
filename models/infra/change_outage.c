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

const struct ha_failure_mode ha_fm_change_outage = {
    .struck = "a change broke the control plane",
    .healed = "the change was rolled back",
};
