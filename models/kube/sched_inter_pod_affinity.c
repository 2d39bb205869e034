/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * InterPodAffinity: pods that want to be, or must not be, near other pods.
 *
 * Filter, in this order:
 *   1. Required affinity. An existing pod counts only if it matches all terms. The
 *      node needs every key, and in its domain of every key such a pod. If there is no
 *      such pod anywhere, a pod that matches its own terms may go wherever the keys are
 *      (else the first of a group could never start).
 *   2. Own required anti-affinity: each term by itself; no matching pod in the node's
 *      domain. A node without the key has no domain and passes.
 *   3. Others' required anti-affinity: a running pod that must not be near us forbids
 *      its whole domain.
 * Pods that are terminating or sit on dead nodes count like all others, as long as
 * the Node object is there.
 *
 * Score: for every domain the weights of the preferences that meet there: own preferred
 * terms by pods that match, others' preferred terms that match us, and 1 for each
 * required affinity term of a running pod that matches us. Scaled to 0..100 between the
 * smallest and the largest sum, in double precision and truncated (29/100 gives 28).
 *
 * Which shapes match which terms was worked out when compiling (sched_matches.c); here
 * counters are summed by domain.
 * Source: k8s plugins/interpodaffinity (filtering.go, scoring.go).
 */
#include <stdio.h>

#include "models/kube/sched_internal.h"

#define NO_AFFINITY 1u
#define OWN_ANTI    2u
#define EXISTING    4u

static int32_t **sums_of(struct ha_sched_cycle *c, const struct ha_sched_terms *terms)
{
    int32_t **sums = ha_sched_cycle_alloc(c, terms->n, sizeof(int32_t *));

    for (uint32_t i = 0; i < terms->n; i++) {
        const uint32_t key = terms->item[i].key;

        sums[i] = ha_sched_cycle_alloc(c, c->s->key[key].n_values, sizeof(int32_t));
        ha_sched_sum(c, key, terms->item[i].counter, sums[i]);
    }
    return sums;
}

static void prepare_affinity(struct ha_sched_cycle *c)
{
    const struct ha_sched_terms *terms = &c->shape->affinity;

    c->affinity_sum = sums_of(c, terms);
    c->no_affinity_match = true;
    for (uint32_t i = 0; i < terms->n; i++) {
        for (uint32_t v = 0; v < c->s->key[terms->item[i].key].n_values; v++) {
            c->no_affinity_match = c->no_affinity_match && c->affinity_sum[i][v] == 0;
        }
    }
}

/* Others' terms, gathered by key: one sum serves all terms of a key. */
static void prepare_existing(struct ha_sched_cycle *c)
{
    const struct ha_sched_terms *terms = &c->shape->existing;

    c->existing_key = ha_sched_cycle_alloc(c, terms->n, sizeof(uint32_t));
    c->existing_sum = ha_sched_cycle_alloc(c, terms->n, sizeof(int32_t *));
    for (uint32_t i = 0; i < terms->n; i++) {
        const struct ha_sched_term *term = &terms->item[i];
        const uint32_t last = c->n_existing_keys;

        if (c->v.total[term->counter] == 0) {
            continue;
        }
        if (last == 0 || c->existing_key[last - 1] != term->key) {
            c->existing_key[last] = term->key;
            c->existing_sum[last] =
                ha_sched_cycle_alloc(c, c->s->key[term->key].n_values, sizeof(int32_t));
            c->n_existing_keys++;
        }
        ha_sched_sum(c, term->key, term->counter,
                     c->existing_sum[c->n_existing_keys - 1]);
    }
}

static bool prepare(struct ha_sched_cycle *c)
{
    if (c->shape->affinity.n > 0) {
        prepare_affinity(c);
    }
    if (c->shape->anti.n > 0) {
        c->anti_sum = sums_of(c, &c->shape->anti);
    }
    if (c->shape->existing.n > 0) {
        prepare_existing(c);
    }
    return c->shape->affinity.n > 0 || c->shape->anti.n > 0 || c->n_existing_keys > 0;
}

/* Returns the term that is not met, or -1. */
static int32_t unmet_affinity(const struct ha_sched_cycle *c, uint32_t node)
{
    const struct ha_sched_terms *terms = &c->shape->affinity;
    int32_t unmet = -1;

    for (uint32_t i = 0; i < terms->n; i++) {
        const int32_t value = c->s->key[terms->item[i].key].value[node];

        if (value < 0) {
            return (int32_t)i;
        }
        if (c->affinity_sum[i][value] <= 0) {
            unmet = (int32_t)i;
        }
    }
    if (unmet >= 0 && c->no_affinity_match && c->shape->matches_own_affinity) {
        return -1;
    }
    return unmet;
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    const struct ha_sched_terms *anti = &c->shape->anti;
    const int32_t unmet = unmet_affinity(c, node);

    if (unmet >= 0) {
        out->reasons = NO_AFFINITY;
        out->detail = unmet;
        out->is_unresolvable = true;
        return false;
    }
    for (uint32_t i = 0; i < anti->n; i++) {
        const int32_t value = c->s->key[anti->item[i].key].value[node];

        if (value >= 0 && c->anti_sum[i][value] > 0) {
            out->reasons = OWN_ANTI;
            out->detail = (int32_t)i;
            return false;
        }
    }
    for (uint32_t i = 0; i < c->n_existing_keys; i++) {
        const int32_t value = c->s->key[c->existing_key[i]].value[node];

        if (value >= 0 && c->existing_sum[i][value] > 0) {
            out->reasons = EXISTING;
            out->detail = (int32_t)c->existing_key[i];
            return false;
        }
    }
    return true;
}

/* ---- score ---- */

static void add_weights(struct ha_sched_cycle *c, const struct ha_sched_term *term,
                        int64_t *sum)
{
    const int32_t *value = c->s->key[term->key].value;
    const uint16_t *count = c->v.count + (size_t)term->counter * c->s->n_nodes;

    for (uint32_t i = 0; i < c->s->n_nodes; i++) {
        if (count[i] != 0 && value[i] >= 0 && ha_sched_is_present(&c->v, i)) {
            sum[value[i]] += (int64_t)count[i] * term->weight;
        }
    }
}

static void prepare_score(struct ha_sched_cycle *c)
{
    const struct ha_sched_terms *terms = &c->shape->scored;

    c->score_key = ha_sched_cycle_alloc(c, terms->n, sizeof(uint32_t));
    c->score_sum = ha_sched_cycle_alloc(c, terms->n, sizeof(int64_t *));
    for (uint32_t i = 0; i < terms->n; i++) {
        const struct ha_sched_term *term = &terms->item[i];
        const uint32_t last = c->n_score_keys;

        if (c->v.total[term->counter] == 0) {
            continue;
        }
        if (last == 0 || c->score_key[last - 1] != term->key) {
            c->score_key[last] = term->key;
            c->score_sum[last] =
                ha_sched_cycle_alloc(c, c->s->key[term->key].n_values, sizeof(int64_t));
            c->n_score_keys++;
        }
        add_weights(c, term, c->score_sum[c->n_score_keys - 1]);
    }
}

static bool score(struct ha_sched_cycle *c)
{
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;

    prepare_score(c);
    if (c->n_score_keys == 0) {
        return false;
    }
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        c->raw[i] = 0;
        for (uint32_t k = 0; k < c->n_score_keys; k++) {
            const int32_t value = c->s->key[c->score_key[k]].value[c->feasible[i]];

            c->raw[i] += value >= 0 ? c->score_sum[k][value] : 0;
        }
        min = c->raw[i] < min ? c->raw[i] : min;
        max = c->raw[i] > max ? c->raw[i] : max;
    }
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        c->raw[i] =
            max == min
                ? 0
                : (int64_t)(100.0 * ((double)(c->raw[i] - min) / (double)(max - min)));
    }
    return true;
}

/* ---- words ---- */

static const char *reason(const struct ha_sched *s,
                          const struct ha_sched_node_verdict *row, uint32_t k,
                          char *text, size_t size)
{
    (void)s;
    (void)text;
    (void)size;
    if (k > 0) {
        return NULL;
    }
    if (row->reasons == NO_AFFINITY) {
        return "node(s) didn't match pod affinity rules";
    }
    return row->reasons == OWN_ANTI
               ? "node(s) didn't match pod anti-affinity rules"
               : "node(s) didn't satisfy existing pods anti-affinity rules";
}

/* A pod counted by `counter` in the node's domain of a key, and where it is. */
static int32_t find_culprit(const struct ha_sched_cycle *c, uint32_t key,
                            int32_t counter, uint32_t node)
{
    const int32_t *value = c->s->key[key].value;

    for (uint32_t i = 0; i < c->s->n_pods && counter >= 0; i++) {
        const int32_t at = c->v.pod_node[i];

        if (at >= 0 && ha_sched_is_present(&c->v, (uint32_t)at) &&
            value[at] == value[node] &&
            ha_bit(c->s->counter[counter].shapes, c->s->pod[i].shape)) {
            return (int32_t)i;
        }
    }
    return HA_SCHED_NONE;
}

static int tell_culprit(const struct ha_sched_cycle *c, uint32_t node, uint32_t key,
                        int32_t pod, bool is_theirs, char *text, size_t size)
{
    const struct ha_objects *o = c->s->objects;
    const int32_t at = pod >= 0 ? c->v.pod_node[pod] : HA_SCHED_NONE;
    const char *leaving = pod >= 0 && (c->v.pod_flags[pod] & HA_POD_TERMINATING) != 0
                              ? ", still leaving"
                              : "";

    if (pod < 0) {
        return snprintf(text, size, "a pod it must not meet is near");
    }
    if (at == (int32_t)node) {
        return snprintf(text, size, "%s runs on this host%s%s", o->pod[pod].meta.name,
                        leaving, is_theirs ? " and wants it for itself" : "");
    }
    return snprintf(text, size, "%s on %s has the same %s%s%s", o->pod[pod].meta.name,
                    o->node[at].meta.name, c->s->key[key].name, leaving,
                    is_theirs ? " and wants it for itself" : "");
}

static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    const struct ha_sched_terms *existing = &c->shape->existing;

    if (row->reasons == NO_AFFINITY) {
        const uint32_t key = c->shape->affinity.item[row->detail].key;

        if (c->s->key[key].value[node] < 0) {
            return snprintf(text, size, "the node has no label %s",
                            c->s->key[key].name);
        }
        return snprintf(text, size, "no pod it wants to be near in this %s",
                        c->s->key[key].name);
    }
    if (row->reasons == OWN_ANTI) {
        const struct ha_sched_term *term = &c->shape->anti.item[row->detail];

        return tell_culprit(c, node, term->key,
                            find_culprit(c, term->key, term->counter, node), false,
                            text, size);
    }
    for (uint32_t i = 0; i < existing->n; i++) {
        const struct ha_sched_term *term = &existing->item[i];
        const int32_t pod = term->key == (uint32_t)row->detail
                                ? find_culprit(c, term->key, term->counter, node)
                                : HA_SCHED_NONE;

        if (pod >= 0) {
            return tell_culprit(c, node, term->key, pod, true, text, size);
        }
    }
    return tell_culprit(c, node, 0, HA_SCHED_NONE, true, text, size);
}

const struct ha_sched_plugin ha_sched_inter_pod_affinity = {.prepare = prepare,
                                                            .filter = filter,
                                                            .score = score,
                                                            .reason = reason,
                                                            .explain = explain};
