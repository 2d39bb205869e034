/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NodeResourcesFit: is there room, and how much would be left (LeastAllocated).
 *
 * Room is allocatable minus the requests of the pods on the node, terminating ones
 * included; what the pods really use does not matter. A pod that asks for nothing is
 * stopped by the number of pods only. A resource the pod does not ask for cannot
 * stop it, even on a node that is over-committed in it (since 1.27; before, it
 * could).
 *
 * From 1.32 on a node whose allocatable is smaller than the request is beyond help
 * (UnschedulableAndUnresolvable): no eviction makes a node larger. Read in 1.34.
 *
 * Score: for cpu and memory, 100 x (allocatable - requested) / allocatable in whole
 * numbers, 0 if more is requested than there is, then the mean of the two. Here a
 * container without a request counts as 100 m and 200 MiB, running pods too; a
 * resource of which the node has nothing is left out of the mean.
 * Source: k8s plugins/noderesources/fit.go, least_allocated.go, resource_allocation.go.
 */
#include <stdio.h>
#include <string.h>

#include "models/kube/sched_internal.h"
#include "models/units.h"

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    const uint32_t n = c->s->n_columns;
    const int64_t *room = c->s->allocatable + (size_t)node * n;
    const int64_t *used = c->v.used + (size_t)node * n;
    const int64_t *request = c->shape->request;
    const bool knows_hopeless = c->s->options.k8s_minor >= 32;
    const bool counts_unasked = c->s->options.k8s_minor < 27;

    if (used[HA_COL_PODS] + 1 > room[HA_COL_PODS] ||
        used[HA_COL_PODS] >= HA_SCHED_MAX_PODS) {
        out->reasons = 1u << HA_COL_PODS;
    }
    for (uint32_t k = HA_COL_CPU; k < n && !c->shape->asks_nothing; k++) {
        if ((request[k] > 0 || counts_unasked) && request[k] > room[k] - used[k]) {
            out->reasons |= 1u << k;
            out->is_unresolvable |= knows_hopeless && request[k] > room[k];
        }
    }
    return out->reasons == 0;
}

static bool score(struct ha_sched_cycle *c)
{
    static const uint32_t columns[2] = {HA_COL_CPU, HA_COL_MEMORY};

    for (uint32_t i = 0; i < c->n_feasible; i++) {
        const uint32_t node = c->feasible[i];
        const int64_t *room = c->s->allocatable + (size_t)node * c->s->n_columns;
        int64_t sum = 0;
        int64_t weight = 0;

        for (int k = 0; k < 2; k++) {
            const int64_t all = room[columns[k]];
            const int64_t used =
                c->v.scored[(size_t)node * 2 + (size_t)k] + c->shape->scored_request[k];

            if (all == 0) {
                continue;
            }
            sum += used > all ? 0 : (all - used) * 100 / all;
            weight++;
        }
        c->raw[i] = weight > 0 ? sum / weight : 0;
    }
    return true;
}

static const char *reason(const struct ha_sched *s,
                          const struct ha_sched_node_verdict *row, uint32_t k,
                          char *text, size_t size)
{
    for (uint32_t column = 0; column < s->n_columns; column++) {
        if ((row->reasons >> column & 1) == 0 || k-- > 0) {
            continue;
        }
        if (column == HA_COL_PODS) {
            return "Too many pods";
        }
        snprintf(text, size, "Insufficient %s", s->column[column]);
        return text;
    }
    return NULL;
}

static const char *amount(char *text, size_t size, const char *resource, int64_t value)
{
    if (value < 0) {
        snprintf(text, size, "%lld", (long long)value);
        return text;
    }
    if (strcmp(resource, "cpu") == 0) {
        return ha_units_print_cpu(text, size, value);
    }
    if (strcmp(resource, "memory") == 0 || strcmp(resource, "ephemeral-storage") == 0) {
        return ha_units_print_bytes(text, size, value);
    }
    snprintf(text, size, "%lld", (long long)value);
    return text;
}

/* "needs 200m cpu, 150m free": of the first resource that is short. */
static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    const uint32_t n = c->s->n_columns;
    char need[HA_UNITS_TEXT];
    char free[HA_UNITS_TEXT];
    int length = 0;

    if ((row->reasons & 1) != 0) {
        return snprintf(text, size, "runs %lld pods already, its limit",
                        (long long)c->v.used[(size_t)node * n]);
    }
    for (uint32_t k = HA_COL_CPU; k < n; k++) {
        const int64_t room = c->s->allocatable[(size_t)node * n + k];
        const char *name = c->s->column[k];

        if ((row->reasons >> k & 1) == 0) {
            continue;
        }
        length += snprintf(
            text + length, size > (size_t)length ? size - (size_t)length : 0,
            "%sneeds %s %s, %s free", length > 0 ? "; " : "",
            amount(need, sizeof(need), name, c->shape->request[k]), name,
            amount(free, sizeof(free), name, room - c->v.used[(size_t)node * n + k]));
        if ((size_t)length >= size) {
            break;
        }
    }
    return length;
}

const struct ha_sched_plugin ha_sched_node_resources_fit = {
    .filter = filter, .score = score, .reason = reason, .explain = explain};
