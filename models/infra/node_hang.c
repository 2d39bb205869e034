/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Node NotReady: the node's agent, runtime or network plug-in hangs; containers run.
 *
 * The kubelet reports NotReady itself at its next status (PLEG or runtime unhealthy).
 * Its pods lose their Ready condition and their endpoints although they work, and
 * nothing is started, restarted, probed, mounted or stopped on the node while it
 * lasts. Longer than 300 s, and the pods are evicted.
 *
 * Leaves out: hangs that also stall containers (node_pause, host_fail).
 *
 * Sources: configs/catalog, rows node.notready.*; no public per-node rate exists, so
 * this is an engineering estimate with a wide range.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t node)
{
    return ha_infra_kubelet_works(w, node);
}

static void strike(struct ha_infra *w, uint32_t node)
{
    ha_infra_break_machine(w, node, HA_FM_NODE_HANG);
}

static void heal(struct ha_infra *w, uint32_t node)
{
    ha_infra_mend_machine(w, node, HA_FM_NODE_HANG);
}

const struct ha_failure_mode ha_fm_node_hang = {
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = ": kubelet hangs",
    .healed = ": kubelet works again",
};
