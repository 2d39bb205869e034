/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NodePorts: two pods on one node cannot use the same host port.
 *
 * They clash when port and protocol agree and their host addresses are equal or one of
 * them is 0.0.0.0. Which shapes clash with which is known when compiling, so the filter
 * asks one counter: is any clashing pod on this node? Ports of ordinary init containers
 * do not count; those of sidecars do.
 *
 * Control-plane pods of a vCluster use no host ports; the plugin matters for what else
 * runs on the nodes (ingress controllers, node agents).
 * Source: k8s plugins/nodeports, pkg/scheduler/framework/types.go (HostPortInfo).
 */
#include <stdio.h>

#include "models/kube/sched_internal.h"

static bool prepare(struct ha_sched_cycle *c)
{
    return c->shape->port_counter >= 0 && c->v.total[c->shape->port_counter] > 0;
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    const size_t row = (size_t)c->shape->port_counter * c->s->n_nodes;

    if (c->v.count[row + node] == 0) {
        return true;
    }
    out->reasons = 1;
    return false;
}

static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    const struct ha_kube_pod *pod = c->shape->pod;

    (void)node;
    (void)row;
    return snprintf(text, size, "host port %d/%s is taken", (int)pod->port[0].port,
                    pod->port[0].protocol);
}

const struct ha_sched_plugin ha_sched_node_ports = {
    .prepare = prepare,
    .filter = filter,
    .only_reason = "node(s) didn't have free ports for the requested pod ports",
    .explain = explain};
