/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PodTopologySpread: how evenly pods of a kind lie over zones, nodes, or whatever a
 * topology key names.
 *
 * Hard constraints (DoNotSchedule). A node is counted if it has all the keys of the
 * pod's hard constraints and passes the constraint's own policies: nodeAffinityPolicy
 * (Honor: the pod could run there by selector and required affinity) and
 * nodeTaintsPolicy (Honor: it tolerates the node's taints). Every value on a counted
 * node is a domain, also with no pods. A node fails if
 *     pods in its domain + (1 if the pod matches itself) - smallest domain > maxSkew,
 * where the smallest is 0 if there are fewer domains than minDomains. Without any
 * domain nothing is rejected: 0 + 1 - 0 is never more than maxSkew. So a zone whose
 * nodes are dead but still there keeps its place as the smallest domain unless taints
 * are honoured, and a zone without Node objects does not exist.
 *
 * Soft constraints (ScheduleAnyway) score: per constraint, count x ln(size + 2) +
 * (maxSkew - 1), added up and rounded; size is the number of different values among the
 * feasible nodes. For kubernetes.io/hostname the count is that of the node itself and
 * policies do not matter; for other keys it runs over all counted nodes of the domain.
 * Turned around: 100 x (max + min - s) / max. Feasible nodes that lack a key score 0,
 * except under the system's default constraints, where they take part with what
 * keys they have.
 *
 * Up to 1.26 every node got 100 when there was nothing to score; from 1.27 on the
 * plugin is skipped then and gives 0. No choice depends on it.
 * Source: k8s plugins/podtopologyspread (filtering.go, scoring.go, common.go).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/kube/sched_internal.h"

#define SKEW        1u
#define MISSING_KEY 2u

static bool has_keys(const struct ha_sched_cycle *c,
                     const struct ha_sched_spread *spread, uint32_t n, uint32_t node)
{
    for (uint32_t i = 0; i < n; i++) {
        if (c->s->key[spread[i].key].value[node] < 0) {
            return false;
        }
    }
    return true;
}

/* The inclusion policies of a constraint. */
static bool is_counted(const struct ha_sched_cycle *c,
                       const struct ha_sched_spread *spread, uint32_t node)
{
    if (spread->honors_affinity && c->shape->fits != NULL &&
        !ha_bit(c->shape->fits, node)) {
        return false;
    }
    return !spread->honors_taints || ha_sched_untolerated(c, node) < 0;
}

static int32_t count_on(const struct ha_sched_cycle *c,
                        const struct ha_sched_spread *spread, uint32_t node)
{
    return spread->counter < 0
               ? 0
               : c->v.count[(size_t)spread->counter * c->s->n_nodes + node];
}

static void clear_domains(int32_t *sum, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        sum[i] = HA_SCHED_NO_DOMAIN;
    }
}

static int32_t pods_in(int32_t sum)
{
    return sum == HA_SCHED_NO_DOMAIN ? 0 : sum;
}

/* ---- hard ---- */

static void summarize(const struct ha_sched_key *key, struct ha_sched_domains *domains)
{
    domains->min = INT32_MAX;
    domains->n_domains = 0;
    for (uint32_t v = 0; v < key->n_values; v++) {
        if (domains->sum[v] != HA_SCHED_NO_DOMAIN) {
            domains->n_domains++;
            if (domains->sum[v] < domains->min) {
                domains->min = domains->sum[v];
            }
        }
    }
}

/* See struct ha_sched_ghosts. */
static void subtract_ghosts(const struct ha_sched_cycle *c,
                            const struct ha_sched_spread *spread, int32_t *sum)
{
    const struct ha_sched_ghosts *ghosts = c->ghosts;

    if (ghosts == NULL || spread->counter < 0 ||
        !has_keys(c, c->shape->hard, c->shape->n_hard, ghosts->node) ||
        !is_counted(c, spread, ghosts->node)) {
        return;
    }
    for (uint32_t i = 0; i < ghosts->n; i++) {
        sum[c->s->key[spread->key].value[ghosts->node]] -= ha_bit(
            c->s->counter[spread->counter].shapes, c->s->pod[ghosts->pod[i]].shape);
    }
}

static bool prepare(struct ha_sched_cycle *c)
{
    const struct ha_sched_shape *shape = c->shape;

    if (shape->n_hard == 0) {
        return false;
    }
    c->hard = ha_sched_cycle_alloc(c, shape->n_hard, sizeof(*c->hard));
    for (uint32_t i = 0; i < shape->n_hard; i++) {
        const struct ha_sched_spread *spread = &shape->hard[i];
        const struct ha_sched_key *key = &c->s->key[spread->key];
        int32_t *sum = ha_sched_cycle_alloc(c, key->n_values, sizeof(int32_t));

        clear_domains(sum, key->n_values);
        c->hard[i].sum = sum;
        for (uint32_t node = 0; node < c->s->n_nodes; node++) {
            if (ha_sched_is_present(&c->v, node) &&
                has_keys(c, shape->hard, shape->n_hard, node) &&
                is_counted(c, spread, node)) {
                int32_t *cell = &sum[key->value[node]];

                *cell = pods_in(*cell) + count_on(c, spread, node);
            }
        }
        subtract_ghosts(c, spread, sum);
        summarize(key, &c->hard[i]);
    }
    return true;
}

static int32_t smallest(const struct ha_sched_spread *spread,
                        const struct ha_sched_domains *domains)
{
    return domains->n_domains < spread->min_domains ? 0 : domains->min;
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    for (uint32_t i = 0; i < c->shape->n_hard; i++) {
        const struct ha_sched_spread *spread = &c->shape->hard[i];
        const struct ha_sched_domains *domains = &c->hard[i];
        const int32_t value = c->s->key[spread->key].value[node];
        int32_t here;

        out->detail = (int32_t)i;
        if (value < 0) {
            out->reasons = MISSING_KEY;
            out->is_unresolvable = true;
            return false;
        }
        here = pods_in(domains->sum[value]);
        if ((int64_t)here + spread->is_self - smallest(spread, domains) >
            spread->max_skew) {
            out->reasons = SKEW;
            return false;
        }
    }
    out->detail = 0;
    return true;
}

/* ---- soft ---- */

/* Feasible nodes that lack a key are left out, and the sizes of the topologies. */
static void measure(struct ha_sched_cycle *c)
{
    const struct ha_sched_shape *shape = c->shape;
    uint32_t n_taking_part = 0;

    c->soft_ignored = ha_sched_cycle_alloc(c, c->n_feasible, sizeof(bool));
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        c->soft_ignored[i] = shape->has_own_spreads &&
                             !has_keys(c, shape->soft, shape->n_soft, c->feasible[i]);
        n_taking_part += !c->soft_ignored[i];
    }
    for (uint32_t k = 0; k < shape->n_soft; k++) {
        const struct ha_sched_key *key = &c->s->key[shape->soft[k].key];
        int32_t *sum = ha_sched_cycle_alloc(c, key->n_values, sizeof(int32_t));
        uint32_t size = 0;
        bool has_keyless = false;

        clear_domains(sum, key->n_values);
        for (uint32_t i = 0; i < c->n_feasible; i++) {
            const int32_t value = key->value[c->feasible[i]];

            if (c->soft_ignored[i]) {
                continue;
            }
            if (value < 0) {
                has_keyless = true; /* they form one domain "" */
            } else if (sum[value] == HA_SCHED_NO_DOMAIN) {
                sum[value] = 0;
                size++;
            }
        }
        c->soft[k].sum = sum;
        if (shape->soft[k].key == c->s->hostname_key) {
            size = n_taking_part;
        } else {
            size += has_keyless;
        }
        c->soft[k].weight = log((double)(size + 2));
    }
}

/* Pods in the domains of feasible nodes. */
static void count_soft(struct ha_sched_cycle *c)
{
    const struct ha_sched_shape *shape = c->shape;

    for (uint32_t k = 0; k < shape->n_soft; k++) {
        const struct ha_sched_spread *spread = &shape->soft[k];
        const int32_t *value = c->s->key[spread->key].value;
        int32_t *sum = c->soft[k].sum;

        if (spread->key == c->s->hostname_key || spread->counter < 0 ||
            c->v.total[spread->counter] == 0) {
            continue;
        }
        for (uint32_t node = 0; node < c->s->n_nodes; node++) {
            const int32_t n = count_on(c, spread, node);

            if (n > 0 && value[node] >= 0 && sum[value[node]] != HA_SCHED_NO_DOMAIN &&
                ha_sched_is_present(&c->v, node) &&
                (!shape->has_own_spreads ||
                 has_keys(c, shape->soft, shape->n_soft, node)) &&
                is_counted(c, spread, node)) {
                sum[value[node]] += n;
            }
        }
    }
}

static int64_t raw_score(const struct ha_sched_cycle *c, uint32_t node)
{
    double score = 0.0;

    for (uint32_t k = 0; k < c->shape->n_soft; k++) {
        const struct ha_sched_spread *spread = &c->shape->soft[k];
        const int32_t value = c->s->key[spread->key].value[node];

        if (value >= 0) {
            const int32_t n = spread->key == c->s->hostname_key
                                  ? count_on(c, spread, node)
                                  : c->soft[k].sum[value];

            score += (double)n * c->soft[k].weight + (double)(spread->max_skew - 1);
        }
    }
    return (int64_t)round(score);
}

static void turn_around(struct ha_sched_cycle *c)
{
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;

    for (uint32_t i = 0; i < c->n_feasible; i++) {
        if (!c->soft_ignored[i]) {
            min = c->raw[i] < min ? c->raw[i] : min;
            max = c->raw[i] > max ? c->raw[i] : max;
        }
    }
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        if (c->soft_ignored[i]) {
            c->raw[i] = 0;
        } else {
            c->raw[i] = max == 0 ? 100 : 100 * (max + min - c->raw[i]) / max;
        }
    }
}

static bool score(struct ha_sched_cycle *c)
{
    if (c->shape->n_soft == 0) {
        for (uint32_t i = 0; i < c->n_feasible; i++) {
            c->raw[i] = 100;
        }
        return c->s->options.k8s_minor < 27;
    }
    c->soft = ha_sched_cycle_alloc(c, c->shape->n_soft, sizeof(*c->soft));
    measure(c);
    count_soft(c);
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        c->raw[i] = c->soft_ignored[i] ? 0 : raw_score(c, c->feasible[i]);
    }
    turn_around(c);
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
    return row->reasons == SKEW
               ? "node(s) didn't match pod topology spread constraints"
               : "node(s) didn't match pod topology spread constraints (missing "
                 "required label)";
}

/* "zone" of "topology.kubernetes.io/zone". */
static const char *short_key(const char *key)
{
    const char *slash = strrchr(key, '/');

    return slash != NULL ? slash + 1 : key;
}

/* "zone a would have 2, zone c has 0, allowed difference 1". */
static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    const struct ha_sched_spread *spread = &c->shape->hard[row->detail];
    const struct ha_sched_domains *domains = &c->hard[row->detail];
    const struct ha_sched_key *key = &c->s->key[spread->key];
    const char *what = short_key(key->name);
    const int32_t value = key->value[node];
    int32_t here;

    if (row->reasons == MISSING_KEY) {
        return snprintf(text, size, "the node has no label %s", key->name);
    }
    here = pods_in(domains->sum[value]);
    here += spread->is_self;
    if (domains->n_domains < spread->min_domains) {
        return snprintf(text, size,
                        "%s %s would have %d; only %d of at least %d domains exist, so "
                        "the least counts as 0; allowed difference %d",
                        what, key->text[value], (int)here, (int)domains->n_domains,
                        (int)spread->min_domains, (int)spread->max_skew);
    }
    for (uint32_t v = 0; v < key->n_values; v++) {
        if (domains->sum[v] == domains->min) {
            return snprintf(text, size,
                            "%s %s would have %d, %s %s has %d, allowed difference %d",
                            what, key->text[value], (int)here, what, key->text[v],
                            (int)domains->min, (int)spread->max_skew);
        }
    }
    return snprintf(text, size, "the spread over %s would exceed %d", what,
                    (int)spread->max_skew);
}

const struct ha_sched_plugin ha_sched_pod_topology_spread = {.prepare = prepare,
                                                             .filter = filter,
                                                             .score = score,
                                                             .reason = reason,
                                                             .explain = explain};
