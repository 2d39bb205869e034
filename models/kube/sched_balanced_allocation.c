/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NodeResourcesBalancedAllocation: prefers nodes whose cpu and memory would be used to
 * about the same share.
 *
 * f = requested / allocatable for each of the two, in double precision and at most 1;
 * score = trunc((1 - |f_cpu - f_mem| / 2) x 100). Unlike LeastAllocated it goes by the
 * plain requests, without defaults for missing ones. A node with only one of the two
 * resources scores 100. Since 1.34 (#129138) a pod that asks for neither is not scored
 * at all; before, it got the balance of what already runs.
 *
 * The arithmetic is done exactly as the original does it, including the order of the
 * operations, because truncation makes the last bit visible.
 * Source: k8s plugins/noderesources/balanced_allocation.go.
 */
#include <math.h>
#include <stdio.h>

#include "models/kube/sched_internal.h"

static bool score(struct ha_sched_cycle *c)
{
    static const uint32_t columns[2] = {HA_COL_CPU, HA_COL_MEMORY};

    if (c->s->options.k8s_minor >= 34 && c->shape->request[HA_COL_CPU] == 0 &&
        c->shape->request[HA_COL_MEMORY] == 0) {
        return false;
    }
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        const size_t row = (size_t)c->feasible[i] * c->s->n_columns;
        double fraction[2];
        double std = 0.0;
        int n = 0;

        for (int k = 0; k < 2; k++) {
            const int64_t all = c->s->allocatable[row + columns[k]];
            const int64_t used =
                c->v.used[row + columns[k]] + c->shape->request[columns[k]];

            if (all != 0) {
                fraction[n] = (double)used / (double)all;
                fraction[n] = fraction[n] > 1.0 ? 1.0 : fraction[n];
                n++;
            }
        }
        if (n == 2) {
            std = fabs((fraction[0] - fraction[1]) / 2.0);
        }
        c->raw[i] = (int64_t)((1.0 - std) * 100.0);
    }
    return true;
}

const struct ha_sched_plugin ha_sched_balanced_allocation = {.score = score};
