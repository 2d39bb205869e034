/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NodeAffinity: nodeSelector and required node affinity decide, preferred node affinity
 * scores.
 *
 * A node fits when every pair of nodeSelector is among its labels and, if there is a
 * required affinity, at least one of its terms matches (an affinity without terms
 * matches nothing). Labels of nodes do not change while a history is played, so the
 * answers are sets of nodes made when compiling (sched_shapes.c); this file reads them.
 *
 * Score: the weights of matching preferences added up, 100 x sum / largest sum. A
 * preference without expressions matches nothing.
 *
 * kube-scheduler has a short cut for terms that name nodes (matchFields metadata.name):
 * it looks at those nodes only. The decision is the same; what it reports about the
 * other nodes differs between versions, and here they are rejected by this filter.
 * Source: k8s plugins/nodeaffinity, k8s.io/component-helpers scheduling/corev1.
 */
#include <stdio.h>

#include "models/kube/sched_internal.h"

static bool prepare(struct ha_sched_cycle *c)
{
    return c->shape->fits != NULL;
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    if (ha_bit(c->shape->fits, node)) {
        return true;
    }
    out->reasons = 1;
    out->is_unresolvable = true;
    return false;
}

static bool score(struct ha_sched_cycle *c)
{
    if (c->shape->preference == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        c->raw[i] = c->shape->preference[c->feasible[i]];
    }
    ha_sched_normalize(c, false);
    return true;
}

static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    const struct ha_labels *wanted = &c->shape->pod->node_selector;
    const struct ha_labels *labels = &c->s->objects->node[node].meta.labels;

    (void)row;
    for (uint32_t i = 0; i < wanted->n; i++) {
        const char *value = ha_labels_get(labels, wanted->item[i].key);
        const struct ha_selector one = {
            false, 1,
            &(struct ha_requirement){wanted->item[i].key, HA_OP_IN, 1,
                                     &wanted->item[i].value, 0}};

        if (!ha_selector_matches(&one, labels)) {
            return snprintf(text, size, "nodeSelector wants %s=%s, the node has %s",
                            wanted->item[i].key, wanted->item[i].value,
                            value != NULL ? value : "no such label");
        }
    }
    return snprintf(text, size, "no term of the required node affinity matches");
}

const struct ha_sched_plugin ha_sched_node_affinity = {
    .prepare = prepare,
    .filter = filter,
    .score = score,
    .only_reason = "node(s) didn't match Pod's node affinity/selector",
    .explain = explain};
