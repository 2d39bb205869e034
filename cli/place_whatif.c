/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What-ifs of `nines place`: which nodes are meant, how many copies still fit, how many
 * nodes may be lost.
 *
 * Copies. The pod is put down again and again, each time with fresh claims, always on
 * the best node, until the scheduler finds none. That is what scaling up would do, not
 * the largest number a cleverer packing could reach.
 *
 * Losses. All sets of one node, then of two, and so on: the nodes of a set are lost
 * together, their pods are deleted and tried again in queue order. The first set after
 * which a pod stays pending is the answer, and every smaller set was tried, so the
 * number of safe losses is proved for this placement (ties go to the first node, both
 * before and after). Sizes with more sets than the limit are not begun; then the answer
 * is "at least". Pods are recreated at once here. What that takes in a real cluster
 * (eviction, StatefulSets that wait for a deletion) is what `nines run` simulates.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/place.h"
#include "cli/place_case.h"
#include "sim/check.h"

#define MAX_COPIES 10000u

/* ---- which nodes ---- */

int cli_place_find_lost(struct cli_place *p, const char *name, uint32_t **node,
                        uint32_t *n, bool *is_zone, struct sim_err *err)
{
    const uint32_t n_nodes = p->objects.n_nodes;
    const int32_t found = ha_sched_find_node(p->sched, name);

    *node = sim_arena_calloc(&p->arena, n_nodes, sizeof(uint32_t));
    *n = 0;
    *is_zone = false;
    if (found >= 0) {
        (*node)[(*n)++] = (uint32_t)found;
        return 0;
    }
    for (uint32_t i = 0; i < n_nodes; i++) {
        if (strcmp(cli_place_zone(p, i), name) == 0) {
            (*node)[(*n)++] = i;
        }
    }
    *is_zone = *n > 0;
    if (*n == 0) {
        sim_err_set(err, SIM_ERR_USAGE,
                    "--without: no node and no zone is called %.100s", name);
        sim_err_hint(err, "the first node is %.100s, its zone %.100s",
                     n_nodes > 0 ? p->objects.node[0].meta.name : "-",
                     n_nodes > 0 ? cli_place_zone(p, 0) : "-");
        return -SIM_ERR_USAGE;
    }
    return 0;
}

/* ---- copies ---- */

struct cli_copies cli_place_copies(struct cli_place *p, uint32_t pod)
{
    const size_t bytes = ha_sched_state_bytes(p->sched);
    void *state = sim_arena_alloc(&p->arena, bytes);
    struct cli_copies out = {.pod = pod};
    const struct ha_sched_verdict *verdict;
    int32_t node;

    memcpy(state, p->state, bytes);
    node = ha_sched_pod_node(p->sched, state, pod);
    if (node >= 0) {
        ha_sched_unbind(p->sched, state, pod);
        ha_sched_add_copy(p->sched, state, pod, (uint32_t)node);
    }
    for (uint32_t k = 0; k < ha_sched_pod_n_claims(p->sched, pod); k++) {
        const int32_t claim = ha_sched_pod_claim(p->sched, pod, k);

        if (ha_sched_claim_binding(p->sched, state, (uint32_t)claim) !=
            HA_SCHED_MISSING) {
            ha_sched_claim_bind(p->sched, state, (uint32_t)claim, HA_SCHED_UNBOUND, 0);
        }
    }
    for (;;) {
        verdict = ha_sched_place(p->sched, state, pod);
        if (verdict->n_feasible == 0 || out.n == MAX_COPIES) {
            break;
        }
        ha_sched_add_copy(p->sched, state, pod, verdict->best[0]);
        out.n++;
    }
    out.is_capped = verdict->n_feasible > 0;
    if (!out.is_capped) {
        out.message = ha_sched_message(&p->arena, p->sched, verdict, NULL);
    }
    return out;
}

/* ---- losses ---- */

struct search {
    struct cli_place *p;
    void *state;
    const uint32_t *queue; /* all pods in queue order */
    uint32_t n_queue;
    bool *is_lost; /* by node */
    int32_t watched;
    bool wants_message;
    const char *message;
};

static int by_importance(const void *a, const void *b)
{
    const struct ha_kube_pod *const *x = a;
    const struct ha_kube_pod *const *y = b;

    if ((*x)->priority != (*y)->priority) {
        return (*x)->priority > (*y)->priority ? -1 : 1;
    }
    if ((*x)->meta.created_s != (*y)->meta.created_s) {
        return (*x)->meta.created_s < (*y)->meta.created_s ? -1 : 1;
    }
    return (*x > *y) - (*x < *y); /* one array: the order of reading */
}

static uint32_t *queue_of(struct cli_place *p)
{
    const uint32_t n = p->objects.n_pods;
    const struct ha_kube_pod **sorted = sim_arena_calloc(&p->arena, n, sizeof(*sorted));
    uint32_t *queue = sim_arena_calloc(&p->arena, n, sizeof(uint32_t));

    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = &p->objects.pod[i];
    }
    if (n > 1) {
        qsort(sorted, n, sizeof(*sorted), by_importance);
    }
    for (uint32_t i = 0; i < n; i++) {
        queue[i] = (uint32_t)(sorted[i] - p->objects.pod);
    }
    return queue;
}

static bool place_again(struct search *s, uint32_t pod)
{
    struct cli_place *p = s->p;
    const struct ha_sched_verdict *verdict = ha_sched_place(p->sched, s->state, pod);
    struct ha_sched_preemption preemption;

    if (verdict->n_feasible > 0) {
        cli_place_commit(p->sched, s->state, pod, verdict->best[0], INT64_MAX, NULL);
        return true;
    }
    preemption = ha_sched_preempt(p->sched, s->state, verdict);
    if (preemption.node == HA_SCHED_NONE) {
        if (s->wants_message) {
            s->message = ha_sched_message(&p->arena, p->sched, verdict, NULL);
        }
        return false;
    }
    cli_place_evict(p->sched, s->state, &preemption);
    cli_place_commit(p->sched, s->state, pod, (uint32_t)preemption.node, INT64_MAX,
                     NULL);
    return true;
}

/* Loses the nodes of s->is_lost; a pod that stays pending, or HA_SCHED_NONE. */
static int32_t lose_and_place(struct search *s)
{
    struct cli_place *p = s->p;

    memcpy(s->state, p->state, ha_sched_state_bytes(p->sched));
    for (uint32_t i = 0; i < p->objects.n_nodes; i++) {
        const uint32_t flags = ha_sched_node_flags(p->sched, s->state, i);

        if (s->is_lost[i]) {
            ha_sched_node_set(p->sched, s->state, i,
                              p->is_gone ? 0
                                         : flags | HA_SCHED_TAINT_FLAG(UNREACHABLE) |
                                               HA_SCHED_TAINT_FLAG(UNREACHABLE_EXEC));
        }
    }
    for (uint32_t i = 0; i < p->objects.n_pods; i++) {
        const int32_t node = ha_sched_pod_node(p->sched, s->state, i);

        if (node >= 0 && s->is_lost[node]) {
            ha_sched_unbind(p->sched, s->state, i);
        }
    }
    for (uint32_t i = 0; i < s->n_queue; i++) {
        const uint32_t pod = s->queue[i];
        const int32_t was = ha_sched_pod_node(p->sched, p->state, pod);

        if (was >= 0 && s->is_lost[was] && !place_again(s, pod) &&
            (s->watched < 0 || s->watched == (int32_t)pod)) {
            return (int32_t)pod;
        }
    }
    return HA_SCHED_NONE;
}

static uint64_t n_sets(uint32_t n, uint32_t k, uint64_t limit)
{
    uint64_t sets = 1;

    for (uint32_t i = 0; i < k; i++) {
        sets = sets * (n - i) / (i + 1);
        if (sets > limit) {
            return limit + 1;
        }
    }
    return sets;
}

/* The next set of k out of n in lexical order; false after the last. */
static bool next_set(uint32_t *set, uint32_t k, uint32_t n)
{
    uint32_t i = k;

    while (i > 0 && set[i - 1] == n - k + i - 1) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    set[i - 1]++;
    for (; i < k; i++) {
        set[i] = set[i - 1] + 1;
    }
    return true;
}

/* Tries all sets of size k; true when one hurts (it is left in `set`). */
static bool try_sets(struct search *s, uint32_t *set, uint32_t k,
                     struct cli_losses *out)
{
    const uint32_t n = s->p->objects.n_nodes;

    for (uint32_t i = 0; i < k; i++) {
        set[i] = i;
    }
    do {
        memset(s->is_lost, 0, n * sizeof(bool));
        for (uint32_t i = 0; i < k; i++) {
            s->is_lost[set[i]] = true;
        }
        out->n_tried++;
        out->pending = lose_and_place(s);
        if (out->pending >= 0) {
            s->wants_message = true;
            lose_and_place(s);
            out->message = s->message;
            return true;
        }
    } while (next_set(set, k, n));
    return false;
}

struct cli_losses cli_place_losses(struct cli_place *p, int32_t pod, uint64_t limit)
{
    const uint32_t n = p->objects.n_nodes;
    struct cli_losses out = {.pending = HA_SCHED_NONE};
    uint32_t *set = sim_arena_calloc(&p->arena, n, sizeof(uint32_t));
    struct search s = {.p = p, .watched = pod};

    s.queue = queue_of(p);
    s.n_queue = p->objects.n_pods;
    s.state = sim_arena_alloc(&p->arena, ha_sched_state_bytes(p->sched));
    s.is_lost = sim_arena_calloc(&p->arena, n, sizeof(bool));
    for (uint32_t k = 1; k <= n; k++) {
        if (n_sets(n, k, limit) > limit - out.n_tried) {
            return out;
        }
        if (try_sets(&s, set, k, &out)) {
            out.n_lost = k;
            out.lost = set;
            break;
        }
        out.n_safe = k;
    }
    out.is_proved = true;
    return out;
}
