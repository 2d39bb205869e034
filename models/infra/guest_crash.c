/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guest crash: kernel panic or hang of the operating system, ended by a reboot.
 *
 * For Kubernetes the same as a node crash with another law of recovery. Kept apart
 * because rate and length have other sources, and because people ask how much is the
 * provider's and how much their own.
 *
 * Leaves out: memory pressure evictions and file systems that need repair.
 *
 * Sources: configs/catalog, rows node.guest_crash.*.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t node)
{
    return ha_infra_is_powered(w, node);
}

static void strike(struct ha_infra *w, uint32_t node)
{
    ha_infra_break_machine(w, node, HA_FM_GUEST_CRASH);
}

static void heal(struct ha_infra *w, uint32_t node)
{
    ha_infra_mend_machine(w, node, HA_FM_GUEST_CRASH);
}

const struct ha_failure_mode ha_fm_guest_crash = {
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = ": the operating system crashed",
    .healed = " has rebooted",
};
