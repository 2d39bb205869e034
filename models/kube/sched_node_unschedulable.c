/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NodeUnschedulable: a cordoned node takes no new pods, unless the pod tolerates the
 * taint node.kubernetes.io/unschedulable:NoSchedule (DaemonSet pods do).
 *
 * spec.unschedulable and the taint are two things: `kubectl cordon` sets the first, and
 * the node life cycle controller adds the second a moment later. This plugin sees the
 * first only; TaintToleration sees the second. So nodeTaintsPolicy Honor of a spread
 * constraint does not see a node that is cordoned but not yet tainted.
 *
 * Preemption cannot help: evicting pods does not uncordon a node.
 * Source: k8s plugins/nodeunschedulable.
 */
#include <stdio.h>

#include "models/kube/sched_internal.h"

static bool prepare(struct ha_sched_cycle *c)
{
    /* The taint is number 0 of the well-known ones. */
    return !ha_bit(c->shape->tolerates,
                   HA_SCHED_BIT_UNSCHEDULABLE - HA_SCHED_BIT_BEFORE_TAINTS_ - 1);
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    if ((c->v.flags[node] & HA_SCHED_NODE_CORDONED) == 0) {
        return true;
    }
    out->reasons = 1;
    out->is_unresolvable = true;
    return false;
}

const struct ha_sched_plugin ha_sched_node_unschedulable = {
    .prepare = prepare,
    .filter = filter,
    .only_reason = "node(s) were unschedulable",
    .only_words = "cordoned (spec.unschedulable)"};
