/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Planned drain: each node is emptied and rebooted or replaced now and then (kernel
 * patches, node images, Kubernetes versions).
 *
 * The strike only says that the work is due; cordoning, evicting and waiting for
 * disruption budgets is Kubernetes' part (models/kube/drain.c), which takes the node
 * down when it is empty and arms the healing clock then: the time the machine is
 * away (node.drain.node_down). The next drain becomes due a period after the last one
 * was finished. Periodic with jitter, beginning at a random phase: maintenance follows
 * calendars, and drains of different nodes are not in step.
 *
 * Where drains surge, a new machine has joined before, and the emptied one is deleted
 * instead; then no healing clock runs, and the new machine's next drain is a period
 * away.
 *
 * Leaves out: all nodes of a pool being upgraded in one go (the work is spread evenly
 * over the year instead).
 *
 * Sources: configs/catalog, rows node.drain.*.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t node)
{
    return w->machine[node].maintenance == 0 && w->machine[node].is_spare == 0;
}

static void strike(struct ha_infra *w, uint32_t node)
{
    w->machine[node].maintenance = 1;
    w->machine[node].is_touched = 1;
    w->common->dirty |= HA_DIRTY_MACHINE;
}

static void heal(struct ha_infra *w, uint32_t node)
{
    ha_infra_mend_machine(w, node, HA_FM_NODE_DRAIN);
}

const struct ha_failure_mode ha_fm_node_drain = {
    .is_periodic = true,
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " is due for maintenance",
    .healed = " has rebooted after maintenance",
};
