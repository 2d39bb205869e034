/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Node pause: the machine stands still for a moment (live migration, freeze) and then
 * goes on as if nothing had happened.
 *
 * No process dies. Peers notice when a pause outlasts their timeouts: an etcd leader
 * paused for longer than the election timeout is replaced. Kubernetes notices nothing
 * below its 40 or 50 s.
 *
 * Leaves out: clock jumps after the pause.
 *
 * Sources: configs/catalog, rows node.pause.*.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t node)
{
    return ha_infra_is_alive(w, node);
}

static void strike(struct ha_infra *w, uint32_t node)
{
    ha_infra_break_machine(w, node, HA_FM_NODE_PAUSE);
}

static void heal(struct ha_infra *w, uint32_t node)
{
    ha_infra_mend_machine(w, node, HA_FM_NODE_PAUSE);
}

const struct ha_failure_mode ha_fm_node_pause = {
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " is paused",
    .healed = " goes on",
};
