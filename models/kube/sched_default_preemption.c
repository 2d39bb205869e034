/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DefaultPreemption: whom to evict, and where, so that a more important pod fits.
 *
 * Only nodes whose rejection was Unschedulable are tried. On each, all pods of lower
 * priority are taken away; if the pod then passes all filters, they are put back one by
 * one as long as it still does: first those whose eviction would break a
 * PodDisruptionBudget, then the others, each group by priority descending, then by
 * earlier start. Who could not be put back is a victim. Among the nodes the best is
 * chosen by: fewest broken budgets, lowest priority of the first victim, lowest sum of
 * priorities (each plus 2^31, so that fewer pods win even with negative ones), fewest
 * victims, latest start of the earliest started victim of the highest priority, and
 * then node order (the original takes any).
 *
 * Budgets are best effort: they are broken if there is no other way. A pod that a
 * budget lists as already disrupted does not count against it again.
 *
 * Taking away and putting back happens on a copy of the state with the ordinary bind
 * and unbind, and each question "does it fit now?" is an ordinary filter run on one
 * node. With tracks_age off, equal priorities are ordered by pod number.
 *
 * One oddity is kept: taking away a terminating pod lowers the count of spread
 * constraints although it was not counted (podtopologyspread updateWithPod has no such
 * exception, still so in 1.36), so a trial may succeed where placing will not.
 *
 * From about 1.28 on, victims of both groups together are sorted again by importance;
 * before, broken budgets came first. With more than a hundred nodes the original stops
 * after max(10 %, 100) candidates, from a random node on; we start at the first.
 * Source: k8s pkg/scheduler/framework/preemption, plugins/defaultpreemption.
 */
#include <stdlib.h>
#include <string.h>

#include "models/kube/sched_internal.h"
#include "sim/check.h"

#define MIN_CANDIDATES 100 /* k8s apis/config/v1/defaults.go: DefaultPreemptionArgs */
#define MIN_PERCENT    10

struct attempt {
    const struct ha_sched *s;
    char *state; /* the copy */
    uint32_t pod;
    uint32_t *victim; /* store for all nodes, filled from the front */
    uint32_t n_stored;
    uint32_t *lower, *violating, *peaceful; /* pods of one node */
    uint32_t *ghost; /* terminating ones among those that are off at the moment */
    uint32_t n_ghosts;
    struct ha_sched_candidate *candidate;
    uint32_t n_candidates;
    uint8_t *refusal;
    struct ha_sched_node_verdict *row;
};

static const struct ha_kube_pod *object(const struct attempt *a, uint32_t pod)
{
    return &a->s->objects->pod[pod];
}

static int64_t start_of(const struct ha_sched *s, const void *state, uint32_t pod)
{
    return s->options.tracks_age ? ha_sched_view(s, state).start[pod] : (int64_t)pod;
}

/* ---- order of importance ---- */

static bool is_more_important(const struct attempt *a, uint32_t x, uint32_t y)
{
    const int32_t px = object(a, x)->priority;
    const int32_t py = object(a, y)->priority;

    if (px != py) {
        return px > py;
    }
    return start_of(a->s, a->state, x) < start_of(a->s, a->state, y);
}

/* Insertion sort: stable, and a node holds some hundred pods at most. */
static void sort_pods(const struct attempt *a, uint32_t *pod, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        const uint32_t one = pod[i];
        uint32_t k = i;

        for (; k > 0 && is_more_important(a, one, pod[k - 1]); k--) {
            pod[k] = pod[k - 1];
        }
        pod[k] = one;
    }
}

/* ---- one node ---- */

static bool fits(const struct attempt *a, uint32_t node,
                 struct ha_sched_node_verdict *row)
{
    const struct ha_sched_ghosts ghosts = {node, a->n_ghosts, a->ghost};
    struct ha_sched_cycle c;
    uint8_t active[HA_SCHED_N_PLUGINS];
    uint32_t n_active;
    int refused_by;

    ha_sched_cycle_begin(&c, a->s, a->state, a->pod, 1, &ghosts, active, &n_active,
                         &refused_by);
    memset(row, 0, sizeof(*row));
    return refused_by == HA_SCHED_NONE &&
           ha_sched_filter(&c, active, n_active, node, row);
}

static bool is_disrupted(const struct ha_kube_pdb *pdb, const char *pod)
{
    for (uint32_t i = 0; i < pdb->n_disrupted; i++) {
        if (strcmp(pdb->disrupted[i], pod) == 0) {
            return true;
        }
    }
    return false;
}

/* Splits the pods of lower priority by whether evicting them, in this order, would
 * break a budget. */
static void split_by_budget(struct attempt *a, uint32_t n, uint32_t *n_violating,
                            uint32_t *n_peaceful, int32_t *allowed)
{
    const struct ha_sched *s = a->s;

    *n_violating = 0;
    *n_peaceful = 0;
    for (uint32_t d = 0; d < s->n_pdbs; d++) {
        allowed[d] = ha_sched_pdb_allowed(s, a->state, d);
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t pod = a->lower[i];
        bool is_violation = false;

        for (uint32_t d = 0; d < s->n_pdbs; d++) {
            if (ha_sched_pdb_covers(s, d, pod) &&
                !is_disrupted(&s->objects->pdb[d], object(a, pod)->meta.name)) {
                allowed[d]--;
                is_violation = is_violation || allowed[d] < 0;
            }
        }
        if (is_violation) {
            a->violating[(*n_violating)++] = pod;
        } else {
            a->peaceful[(*n_peaceful)++] = pod;
        }
    }
}

/* Takes a pod off the copy. */
static void lift(struct attempt *a, uint32_t pod)
{
    if (ha_sched_is_terminating(a->s, a->state, pod)) {
        a->ghost[a->n_ghosts++] = pod;
    }
    ha_sched_unbind(a->s, a->state, pod);
}

static void put_back(struct attempt *a, const void *original, uint32_t pod,
                     uint32_t node)
{
    for (uint32_t i = 0; i < a->n_ghosts; i++) {
        if (a->ghost[i] == pod) {
            a->ghost[i] = a->ghost[--a->n_ghosts];
            break;
        }
    }
    ha_sched_bind(a->s, a->state, pod, node);
    ha_sched_set_terminating(a->s, a->state, pod,
                             ha_sched_is_terminating(a->s, original, pod));
    if (a->s->options.tracks_age) {
        ha_sched_set_start(a->s, a->state, pod, start_of(a->s, original, pod));
    }
}

/* Puts pods back while the newcomer still fits; the others become victims. */
static uint32_t reprieve(struct attempt *a, const void *original, uint32_t node,
                         const uint32_t *pod, uint32_t n)
{
    struct ha_sched_node_verdict row;
    uint32_t n_victims = 0;

    for (uint32_t i = 0; i < n; i++) {
        put_back(a, original, pod[i], node);
        if (!fits(a, node, &row)) {
            lift(a, pod[i]);
            a->victim[a->n_stored++] = pod[i];
            n_victims++;
        }
    }
    return n_victims;
}

static uint32_t find_lower(struct attempt *a, uint32_t node)
{
    const struct ha_sched_view v = ha_sched_view(a->s, a->state);
    const int32_t priority = object(a, a->pod)->priority;
    uint32_t n = 0;

    for (uint32_t i = 0; i < a->s->n_pods; i++) {
        if (v.pod_node[i] == (int32_t)node && object(a, i)->priority < priority) {
            a->lower[n++] = i;
        }
    }
    return n;
}

static void try_node(struct attempt *a, const void *original, uint32_t node,
                     int32_t *allowed)
{
    struct ha_sched_candidate *candidate = &a->candidate[a->n_candidates];
    const uint32_t first = a->n_stored;
    const uint32_t n = find_lower(a, node);
    uint32_t n_violating = 0;
    uint32_t n_peaceful = 0;

    if (n == 0) {
        a->refusal[node] = HA_SCHED_NO_VICTIMS;
        return;
    }
    sort_pods(a, a->lower, n); /* while starts are still known */
    for (uint32_t i = 0; i < n; i++) {
        lift(a, a->lower[i]);
    }
    if (!fits(a, node, &a->row[node])) {
        a->refusal[node] = HA_SCHED_STILL_REJECTED;
    } else {
        split_by_budget(a, n, &n_violating, &n_peaceful, allowed);
        candidate->node = node;
        candidate->victim = a->victim + first;
        candidate->n_violations =
            reprieve(a, original, node, a->violating, n_violating);
        reprieve(a, original, node, a->peaceful, n_peaceful);
        candidate->n_victims = a->n_stored - first;
        a->n_candidates++;
        a->refusal[node] = HA_SCHED_CANDIDATE;
    }
    a->n_ghosts = 0;
    memcpy(a->state, original, a->s->state_bytes);
    if (a->refusal[node] == HA_SCHED_CANDIDATE && a->s->options.k8s_minor >= 28 &&
        n_violating > 0 && n_peaceful > 0) {
        sort_pods(a, a->victim + first, candidate->n_victims);
    }
}

/* ---- the best node ---- */

static int64_t earliest_start(const struct attempt *a,
                              const struct ha_sched_candidate *candidate)
{
    int32_t priority = object(a, candidate->victim[0])->priority;
    int64_t start = start_of(a->s, a->state, candidate->victim[0]);

    for (uint32_t i = 1; i < candidate->n_victims; i++) {
        const uint32_t pod = candidate->victim[i];
        const int64_t its = start_of(a->s, a->state, pod);

        if (object(a, pod)->priority > priority ||
            (object(a, pod)->priority == priority && its < start)) {
            priority = object(a, pod)->priority;
            start = its;
        }
    }
    return start;
}

#define N_CRITERIA 5

/* Smaller is better, criterion by criterion. */
static void judge(const struct attempt *a, const struct ha_sched_candidate *candidate,
                  int64_t mark[N_CRITERIA])
{
    memset(mark, 0, N_CRITERIA * sizeof(*mark));
    if (candidate->n_victims == 0) {
        mark[1] = INT64_MIN; /* nobody has to go: nothing beats that */
        mark[2] = INT64_MIN;
        return;
    }
    mark[0] = candidate->n_violations;
    mark[1] = object(a, candidate->victim[0])->priority;
    for (uint32_t i = 0; i < candidate->n_victims; i++) {
        mark[2] += (int64_t)object(a, candidate->victim[i])->priority +
                   ((int64_t)INT32_MAX + 1);
    }
    mark[3] = candidate->n_victims;
    mark[4] = -earliest_start(a, candidate);
}

static void choose(const struct attempt *a, struct ha_sched_preemption *out,
                   uint32_t *tie)
{
    int64_t best[N_CRITERIA] = {0};

    for (uint32_t i = 0; i < a->n_candidates; i++) {
        const struct ha_sched_candidate *candidate = &a->candidate[i];
        int64_t mark[N_CRITERIA];
        int order = i == 0 ? -1 : 0;

        judge(a, candidate, mark);
        for (int k = 0; k < N_CRITERIA && order == 0; k++) {
            order = (mark[k] > best[k]) - (mark[k] < best[k]);
        }
        if (order < 0) {
            memcpy(best, mark, sizeof(best));
            out->node = (int32_t)candidate->node;
            out->n_victims = candidate->n_victims;
            out->victim = candidate->victim;
            out->n_violations = candidate->n_violations;
            out->n_ties = 0;
        }
        if (order <= 0) {
            tie[out->n_ties++] = candidate->node;
        }
    }
    out->tie = tie;
}

/* ---- all nodes ---- */

static void *take(char **at, size_t n, size_t size)
{
    void *memory = *at;

    *at += (n * size + 7) / 8 * 8;
    memset(memory, 0, n * size);
    return memory;
}

static size_t need(const struct ha_sched *s)
{
    return s->state_bytes + 5 * (size_t)s->n_pods * sizeof(uint32_t) +
           (size_t)s->n_nodes *
               (sizeof(struct ha_sched_candidate) + 1 +
                sizeof(struct ha_sched_node_verdict) + sizeof(uint32_t)) +
           s->n_pdbs * sizeof(int32_t) + 128;
}

static bool is_enough(const struct attempt *a, uint32_t n_present)
{
    uint32_t wanted = n_present * MIN_PERCENT / 100;
    bool has_clean = false;

    wanted = wanted < MIN_CANDIDATES ? MIN_CANDIDATES : wanted;
    if (a->n_candidates < wanted) {
        return false;
    }
    for (uint32_t i = 0; i < a->n_candidates && !has_clean; i++) {
        has_clean = a->candidate[i].n_violations == 0;
    }
    return has_clean;
}

struct ha_sched_preemption ha_sched_preempt(const struct ha_sched *sched,
                                            const void *state,
                                            const struct ha_sched_verdict *verdict)
{
    struct ha_sched_preemption out = {.node = HA_SCHED_NONE};
    struct attempt a = {.s = sched, .pod = verdict->pod};
    char *at = ha_sched_scratch(2, need(sched));
    int32_t *allowed;
    uint32_t *tie;

    a.state = take(&at, sched->state_bytes, 1);
    a.victim = take(&at, sched->n_pods, sizeof(uint32_t));
    a.lower = take(&at, sched->n_pods, sizeof(uint32_t));
    a.violating = take(&at, sched->n_pods, sizeof(uint32_t));
    a.ghost = take(&at, sched->n_pods, sizeof(uint32_t));
    a.peaceful = take(&at, sched->n_pods, sizeof(uint32_t));
    a.candidate = take(&at, sched->n_nodes, sizeof(*a.candidate));
    a.row = take(&at, sched->n_nodes, sizeof(*a.row));
    tie = take(&at, sched->n_nodes, sizeof(uint32_t));
    allowed = take(&at, sched->n_pdbs, sizeof(int32_t));
    a.refusal = take(&at, sched->n_nodes, 1);
    out.refusal = a.refusal;
    out.row = a.row;
    out.is_eligible = !sched->objects->pod[verdict->pod].never_preempts;
    memset(a.refusal, HA_SCHED_NOT_TRIED, sched->n_nodes);
    if (!out.is_eligible) {
        return out;
    }
    memcpy(a.state, state, sched->state_bytes);
    for (uint32_t i = 0; i < sched->n_nodes; i++) {
        const struct ha_sched_node_verdict *row = &verdict->node[i];

        if (row->is_absent || row->plugin == HA_SCHED_NONE) {
            continue;
        }
        if (row->is_unresolvable) {
            a.refusal[i] = HA_SCHED_NOT_HELPFUL;
        } else if (!is_enough(&a, verdict->n_present)) {
            try_node(&a, state, i, allowed);
        }
    }
    out.n_candidates = a.n_candidates;
    out.candidate = a.candidate;
    choose(&a, &out, tie);
    return out;
}
