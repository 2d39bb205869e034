/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verdicts in words: kube-scheduler's own, and ours for people.
 *
 * The message of a FailedScheduling event counts each reason over all nodes, sorts the
 * phrases "COUNT REASON" as text (so 10 comes before 2) and joins them; a node with
 * several reasons counts for each. A pod that was refused before looking at nodes has
 * that plugin's words only. Preemption that does not help adds a message of the same
 * form about the nodes it tried; 1.26 and before ended the whole with two full stops,
 * later versions with one.
 *
 * ha_sched_explain tells a person which constraint it is and who stands in the way,
 * with names and numbers; each plugin knows its own. It prepares a cycle of its own and
 * is not for use inside a run.
 *
 * Source: k8s pkg/scheduler/framework/types.go (FitError), preemption.go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/kube/sched_internal.h"

const char *ha_sched_row_reason(const struct ha_sched *sched,
                                const struct ha_sched_node_verdict *row, uint32_t k,
                                char *text, size_t size)
{
    const struct ha_sched_plugin *plugin;

    if (row->plugin == HA_SCHED_NONE) {
        return NULL;
    }
    plugin = ha_sched_plugin((enum ha_sched_plugin_id)row->plugin);
    if (plugin->reason != NULL) {
        return plugin->reason(sched, row, k, text, size);
    }
    return k == 0 ? plugin->only_reason : NULL;
}

/* ---- counting reasons ---- */

struct histogram {
    struct sim_arena *arena;
    struct ha_intern reasons;
    uint32_t *count; /* by reason; room grows with the table */
    uint32_t capacity;
};

static void add_reason(struct histogram *h, const char *reason)
{
    const uint32_t ix = ha_intern(&h->reasons, reason, strlen(reason));

    if (ix >= h->capacity) {
        uint32_t *more;

        h->capacity = ix == 0 ? 16 : ix * 2;
        more = sim_arena_calloc(h->arena, h->capacity, sizeof(*more));
        if (ix > 0) {
            memcpy(more, h->count, ix * sizeof(*more));
        }
        h->count = more;
    }
    h->count[ix]++;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "1 too big, 2 too small" */
static char *join_reasons(struct histogram *h)
{
    const uint32_t n = h->reasons.n;
    char **phrase = sim_arena_calloc(h->arena, n, sizeof(char *));
    size_t length = 1;
    char *text;
    char *at;

    for (uint32_t i = 0; i < n; i++) {
        phrase[i] =
            sim_arena_printf(h->arena, "%u %s", h->count[i], h->reasons.entry[i].bytes);
        length += strlen(phrase[i]) + 2;
    }
    if (n > 1) {
        qsort(phrase, n, sizeof(char *), by_text);
    }
    text = sim_arena_alloc(h->arena, length);
    at = text;
    for (uint32_t i = 0; i < n; i++) {
        at += sprintf(at, "%s%s", i > 0 ? ", " : "", phrase[i]);
    }
    return text;
}

static void open_histogram(struct histogram *h, struct sim_arena *arena)
{
    memset(h, 0, sizeof(*h));
    h->arena = arena;
    ha_intern_init(&h->reasons, arena);
}

/* ---- messages ---- */

static char *fit_error(struct sim_arena *arena, const struct ha_sched *sched,
                       const struct ha_sched_verdict *verdict)
{
    struct histogram h;
    char text[512];

    if (verdict->n_present == 0) {
        return sim_arena_strdup(arena, "no nodes available to schedule pods");
    }
    if (verdict->pre_filter != HA_SCHED_NONE) {
        return sim_arena_printf(arena, "0/%u nodes are available: %s.",
                                verdict->n_present, verdict->pre_filter_text);
    }
    open_histogram(&h, arena);
    for (uint32_t i = 0; i < verdict->n_nodes; i++) {
        const struct ha_sched_node_verdict *row = &verdict->node[i];
        const char *reason;

        for (uint32_t k = 0; !row->is_absent; k++) {
            reason = ha_sched_row_reason(sched, row, k, text, sizeof(text));
            if (reason == NULL) {
                break;
            }
            add_reason(&h, reason);
        }
    }
    return sim_arena_printf(arena, "0/%u nodes are available: %s.", verdict->n_present,
                            join_reasons(&h));
}

char *ha_sched_preemption_message(struct sim_arena *arena, const struct ha_sched *sched,
                                  const struct ha_sched_verdict *verdict,
                                  const struct ha_sched_preemption *preemption)
{
    struct histogram h;
    char text[512];

    if (!preemption->is_eligible) {
        return sim_arena_strdup(arena, "preemption: not eligible due to "
                                       "preemptionPolicy=Never.");
    }
    open_histogram(&h, arena);
    for (uint32_t i = 0; i < verdict->n_nodes; i++) {
        const char *reason;

        switch ((enum ha_sched_refusal)preemption->refusal[i]) {
        case HA_SCHED_NOT_HELPFUL:
            add_reason(&h, "Preemption is not helpful for scheduling");
            break;
        case HA_SCHED_NO_VICTIMS:
            add_reason(&h, "No preemption victims found for incoming pod");
            break;
        case HA_SCHED_STILL_REJECTED:
            for (uint32_t k = 0;
                 (reason = ha_sched_row_reason(sched, &preemption->row[i], k, text,
                                               sizeof(text))) != NULL;
                 k++) {
                add_reason(&h, reason);
            }
            break;
        case HA_SCHED_CANDIDATE:
        case HA_SCHED_NOT_TRIED:
            break;
        }
    }
    return sim_arena_printf(arena, "preemption: 0/%u nodes are available: %s.",
                            verdict->n_present, join_reasons(&h));
}

char *ha_sched_message(struct sim_arena *arena, const struct ha_sched *sched,
                       const struct ha_sched_verdict *verdict,
                       const struct ha_sched_preemption *preemption)
{
    char *text = fit_error(arena, sched, verdict);

    if (preemption == NULL || preemption->node != HA_SCHED_NONE) {
        return text;
    }
    return sim_arena_printf(
        arena, "%s %s%s", text,
        ha_sched_preemption_message(arena, sched, verdict, preemption),
        sched->options.k8s_minor < 27 ? "." : "");
}

/* ---- for people ---- */

int ha_sched_explain(const struct ha_sched *sched, const void *state,
                     const struct ha_sched_verdict *verdict, uint32_t node, char *text,
                     size_t size)
{
    const struct ha_sched_node_verdict *row = &verdict->node[node];
    const struct ha_sched_plugin *plugin;
    struct ha_sched_cycle c;
    uint8_t active[HA_SCHED_N_PLUGINS];
    uint32_t n_active;
    int refused_by;

    if (row->is_absent) {
        return snprintf(text, size, "is not there");
    }
    if (verdict->pre_filter != HA_SCHED_NONE) {
        return snprintf(text, size, "%s", verdict->pre_filter_text);
    }
    if (row->plugin == HA_SCHED_NONE) {
        return snprintf(text, size, "%s", "");
    }
    plugin = ha_sched_plugin((enum ha_sched_plugin_id)row->plugin);
    ha_sched_cycle_begin(&c, sched, state, verdict->pod, 1, NULL, active, &n_active,
                         &refused_by);
    if (plugin->explain != NULL) {
        return plugin->explain(&c, node, row, text, size);
    }
    return snprintf(text, size, "%s",
                    plugin->only_words != NULL ? plugin->only_words : "");
}
