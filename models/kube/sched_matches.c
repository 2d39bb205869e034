/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who matches whom: selectors against shapes, and the counters that follow.
 *
 * A predicate is what a term selects: namespaces and a label selector, as a set of
 * shapes. Terms with equal text share one. A counter is a set of shapes whose pods
 * the state counts on every node; equal sets share one. Everything that placement asks
 * about other pods is a counter looked at by the values of a topology key:
 *
 *   own anti-affinity       pods matching the term
 *   own affinity            pods matching ALL the terms
 *   others' anti-affinity   pods that carry a term which selects us ("holders")
 *   preferences             pods matching, and holders, each with its weight; holders
 *                           of a required affinity weigh 1 (hardPodAffinityWeight)
 *   spread                  pods of the namespace matching, terminating ones left out
 *   host ports, disks       pods that would clash
 */
#include <stdlib.h>
#include <string.h>

#include "models/kube/sched_internal.h"

/* hardPodAffinityWeight, its default (k8s apis/config/v1/defaults.go) */
#define HARD_WEIGHT 1

/* ---- counters ---- */

int32_t ha_sched_build_counter(struct ha_sched_build *b, const uint64_t *shapes,
                               bool skips_terminating)
{
    const size_t bytes = b->s->shape_words * sizeof(uint64_t);
    const uint32_t before = b->counters.n;
    bool is_empty = true;
    uint32_t ix;

    for (size_t i = 0; i < b->s->shape_words; i++) {
        is_empty = is_empty && shapes[i] == 0;
    }
    if (is_empty) {
        return HA_SCHED_NONE;
    }
    ha_key_clear(&b->text);
    ha_key_int(&b->text, skips_terminating);
    for (size_t i = 0; i < b->s->shape_words; i++) {
        ha_key_int(&b->text, (int64_t)shapes[i]);
    }
    ix = ha_intern(&b->counters, b->text.bytes, b->text.n);
    if (ix < before) {
        return (int32_t)ix;
    }
    if (ix >= b->cap_counters) {
        struct ha_sched_counter *more;

        b->cap_counters = ix == 0 ? 16 : ix * 2;
        more = sim_arena_calloc(b->arena, b->cap_counters, sizeof(*more));
        if (ix > 0) {
            memcpy(more, b->counter, ix * sizeof(*more));
        }
        b->counter = more;
    }
    b->counter[ix].shapes = sim_arena_alloc(b->arena, bytes);
    memcpy(b->counter[ix].shapes, shapes, bytes);
    b->counter[ix].skips_terminating = skips_terminating;
    return (int32_t)ix;
}

/* ---- predicates ---- */

static bool selects(const struct ha_affinity_term *term,
                    const struct ha_sched_shape *shape)
{
    bool is_ns = false;

    for (uint32_t i = 0; i < term->n_namespaces && !is_ns; i++) {
        is_ns = strcmp(term->ns[i], shape->pod->meta.ns) == 0;
    }
    if (!is_ns && term->has_ns_selector) {
        is_ns = ha_selector_matches(&term->ns_selector, shape->ns_labels);
    }
    return is_ns && ha_selector_matches(&term->selector, &shape->pod->meta.labels);
}

uint32_t ha_sched_build_predicate(struct ha_sched_build *b,
                                  const struct ha_affinity_term *term)
{
    const struct ha_sched *s = b->s;
    const uint32_t before = b->predicates.n;
    uint32_t ix;

    ha_key_clear(&b->text);
    ha_key_term(&b->text, term);
    ix = ha_intern(&b->predicates, b->text.bytes, b->text.n);
    if (ix < before) {
        return ix;
    }
    if (ix >= b->cap_predicates) {
        uint64_t **more;

        b->cap_predicates = ix == 0 ? 16 : ix * 2;
        more = sim_arena_calloc(b->arena, b->cap_predicates, sizeof(*more));
        if (ix > 0) {
            memcpy(more, b->predicate, ix * sizeof(*more));
        }
        b->predicate = more;
    }
    b->predicate[ix] = sim_arena_calloc(b->arena, s->shape_words, sizeof(uint64_t));
    for (uint32_t i = 0; i < s->n_shapes; i++) {
        if (selects(term, &s->shape[i])) {
            ha_bit_set(b->predicate[ix], i);
        }
    }
    return ix;
}

static void push_term(struct ha_sched_build *b, struct ha_sched_terms *terms,
                      uint32_t key, int32_t counter, int32_t weight)
{
    if (terms->n == terms->capacity) {
        struct ha_sched_term *more;

        terms->capacity = terms->n == 0 ? 4 : terms->n * 2;
        more = sim_arena_calloc(b->arena, terms->capacity, sizeof(*more));
        if (terms->n > 0) {
            memcpy(more, terms->item, terms->n * sizeof(*more));
        }
        terms->item = more;
    }
    terms->item[terms->n].key = key;
    terms->item[terms->n].counter = counter;
    terms->item[terms->n].weight = weight;
    terms->n++;
}

/* ---- the pod's own terms ---- */

static void build_affinity(struct ha_sched_build *b, uint32_t ix)
{
    struct ha_sched *s = b->s;
    struct ha_sched_shape *shape = &s->shape[ix];
    const struct ha_affinity_terms *terms = &shape->pod->affinity;
    uint64_t *all = sim_arena_calloc(b->arena, s->shape_words, sizeof(uint64_t));
    int32_t counter;

    if (terms->n == 0) {
        return;
    }
    memset(all, 0xff, s->shape_words * sizeof(uint64_t));
    for (uint32_t i = 0; i < terms->n; i++) {
        const uint32_t predicate = ha_sched_build_predicate(b, &terms->item[i]);

        for (size_t w = 0; w < s->shape_words; w++) {
            all[w] &= b->predicate[predicate][w];
        }
    }
    shape->matches_own_affinity = ha_bit(all, ix);
    counter = ha_sched_build_counter(b, all, false);
    for (uint32_t i = 0; i < terms->n; i++) {
        push_term(b, &shape->affinity,
                  ha_sched_build_key(b, terms->item[i].topology_key), counter, 0);
    }
}

static void build_anti(struct ha_sched_build *b, struct ha_sched_shape *shape)
{
    const struct ha_affinity_terms *terms = &shape->pod->anti_affinity;

    for (uint32_t i = 0; i < terms->n; i++) {
        const uint32_t predicate = ha_sched_build_predicate(b, &terms->item[i]);
        const int32_t counter =
            ha_sched_build_counter(b, b->predicate[predicate], false);

        push_term(b, &shape->anti, ha_sched_build_key(b, terms->item[i].topology_key),
                  counter, 0);
    }
}

/* ---- others' terms ---- */

/* Shapes that carry the same (predicate, key, weight). */
struct holder {
    uint32_t predicate, key;
    int32_t weight;
    uint64_t *shapes;
};

struct holders {
    struct ha_intern index;
    uint32_t capacity;
    struct holder *item;
};

static void hold(struct ha_sched_build *b, struct holders *holders, uint32_t predicate,
                 uint32_t key, int32_t weight, uint32_t shape)
{
    const uint32_t before = holders->index.n;
    uint32_t ix;

    ha_key_clear(&b->text);
    ha_key_int(&b->text, predicate);
    ha_key_int(&b->text, key);
    ha_key_int(&b->text, weight);
    ix = ha_intern(&holders->index, b->text.bytes, b->text.n);
    if (ix == before) {
        if (ix >= holders->capacity) {
            struct holder *more;

            holders->capacity = ix == 0 ? 16 : ix * 2;
            more = sim_arena_calloc(b->arena, holders->capacity, sizeof(*more));
            if (ix > 0) {
                memcpy(more, holders->item, ix * sizeof(*more));
            }
            holders->item = more;
        }
        holders->item[ix].predicate = predicate;
        holders->item[ix].key = key;
        holders->item[ix].weight = weight;
        holders->item[ix].shapes =
            sim_arena_calloc(b->arena, b->s->shape_words, sizeof(uint64_t));
    }
    ha_bit_set(holders->item[ix].shapes, shape);
}

/* Adds up the weights that a shape puts on one (predicate, key). */
static void weigh(struct ha_sched_build *b, struct ha_sched_terms *net,
                  const struct ha_affinity_terms *terms, int32_t sign, int32_t weight)
{
    for (uint32_t i = 0; i < terms->n; i++) {
        const uint32_t predicate = ha_sched_build_predicate(b, &terms->item[i]);
        const uint32_t key = ha_sched_build_key(b, terms->item[i].topology_key);
        const int32_t amount = sign * (weight != 0 ? weight : terms->item[i].weight);
        uint32_t k = 0;

        for (; k < net->n; k++) {
            if (net->item[k].key == key && net->item[k].counter == (int32_t)predicate) {
                net->item[k].weight += amount;
                break;
            }
        }
        if (k == net->n) {
            push_term(b, net, key, (int32_t)predicate, amount);
        }
    }
}

/* The pod's own preferences. */
static void build_own_scores(struct ha_sched_build *b, struct ha_sched_shape *shape)
{
    struct ha_sched_terms net = {0, 0, NULL};

    weigh(b, &net, &shape->pod->preferred_affinity, 1, 0);
    weigh(b, &net, &shape->pod->preferred_anti_affinity, -1, 0);
    for (uint32_t i = 0; i < net.n; i++) {
        const int32_t counter =
            ha_sched_build_counter(b, b->predicate[net.item[i].counter], false);

        if (counter >= 0 && net.item[i].weight != 0) {
            push_term(b, &shape->scored, net.item[i].key, counter, net.item[i].weight);
        }
    }
}

static void collect_holders(struct ha_sched_build *b, struct holders *required,
                            struct holders *soft)
{
    struct ha_sched *s = b->s;

    for (uint32_t i = 0; i < s->n_shapes; i++) {
        const struct ha_kube_pod *pod = s->shape[i].pod;
        struct ha_sched_terms net = {0, 0, NULL};

        for (uint32_t k = 0; k < pod->anti_affinity.n; k++) {
            const struct ha_affinity_term *term = &pod->anti_affinity.item[k];
            const uint32_t predicate = ha_sched_build_predicate(b, term);

            hold(b, required, predicate, ha_sched_build_key(b, term->topology_key), 0,
                 i);
        }
        weigh(b, &net, &pod->preferred_affinity, 1, 0);
        weigh(b, &net, &pod->preferred_anti_affinity, -1, 0);
        weigh(b, &net, &pod->affinity, 1, HARD_WEIGHT);
        for (uint32_t k = 0; k < net.n; k++) {
            if (net.item[k].weight != 0) {
                hold(b, soft, (uint32_t)net.item[k].counter, net.item[k].key,
                     net.item[k].weight, i);
            }
        }
    }
}

static bool has_term(const struct ha_sched_terms *terms, uint32_t key, int32_t counter)
{
    for (uint32_t i = 0; i < terms->n; i++) {
        if (terms->item[i].key == key && terms->item[i].counter == counter) {
            return true;
        }
    }
    return false;
}

static void apply_holders(struct ha_sched_build *b, const struct holders *holders,
                          bool is_required)
{
    struct ha_sched *s = b->s;

    for (uint32_t h = 0; h < holders->index.n; h++) {
        const struct holder *holder = &holders->item[h];
        const int32_t counter = ha_sched_build_counter(b, holder->shapes, false);

        for (uint32_t i = 0; i < s->n_shapes; i++) {
            struct ha_sched_terms *terms =
                is_required ? &s->shape[i].existing : &s->shape[i].scored;

            if (!ha_bit(b->predicate[holder->predicate], i) ||
                (is_required && has_term(terms, holder->key, counter))) {
                continue;
            }
            push_term(b, terms, holder->key, counter, holder->weight);
        }
    }
}

static int by_key(const void *a, const void *b)
{
    const struct ha_sched_term *x = a;
    const struct ha_sched_term *y = b;

    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    if (x->counter != y->counter) {
        return x->counter < y->counter ? -1 : 1;
    }
    return (x->weight > y->weight) - (x->weight < y->weight);
}

static void sort_terms(struct ha_sched_terms *terms)
{
    if (terms->n > 1) {
        qsort(terms->item, terms->n, sizeof(*terms->item), by_key);
    }
}

/* ---- clashes ---- */

/* Two host ports clash when port and protocol agree and the addresses overlap. */
static bool ports_clash(const struct ha_kube_pod *a, const struct ha_kube_pod *b)
{
    for (uint32_t i = 0; i < a->n_ports; i++) {
        for (uint32_t k = 0; k < b->n_ports; k++) {
            const struct ha_host_port *x = &a->port[i];
            const struct ha_host_port *y = &b->port[k];

            if (x->port == y->port && strcmp(x->protocol, y->protocol) == 0 &&
                (strcmp(x->ip, y->ip) == 0 || strcmp(x->ip, "0.0.0.0") == 0 ||
                 strcmp(y->ip, "0.0.0.0") == 0)) {
                return true;
            }
        }
    }
    return false;
}

/* The same disk on one node: EBS never, the others only when both read. */
static bool disks_clash(const struct ha_kube_pod *a, const struct ha_kube_pod *b)
{
    for (uint32_t i = 0; i < a->n_volumes; i++) {
        for (uint32_t k = 0; k < b->n_volumes; k++) {
            const struct ha_pod_volume *x = &a->volume[i];
            const struct ha_pod_volume *y = &b->volume[k];

            if (x->driver == NULL || y->driver == NULL ||
                strcmp(x->driver, y->driver) != 0 ||
                strcmp(x->driver, "disk.csi.azure.com") == 0 ||
                strcmp(x->handle, y->handle) != 0) {
                continue;
            }
            if (strcmp(x->driver, "ebs.csi.aws.com") == 0 || !x->is_read_only ||
                !y->is_read_only) {
                return true;
            }
        }
    }
    return false;
}

static int32_t build_clash(struct ha_sched_build *b, const struct ha_kube_pod *pod,
                           bool (*clash)(const struct ha_kube_pod *,
                                         const struct ha_kube_pod *))
{
    uint64_t *bits = sim_arena_calloc(b->arena, b->s->shape_words, sizeof(uint64_t));

    for (uint32_t i = 0; i < b->s->n_shapes; i++) {
        if (clash(pod, b->s->shape[i].pod)) {
            ha_bit_set(bits, i);
        }
    }
    return ha_sched_build_counter(b, bits, false);
}

/* ---- all of it ---- */

static void build_counted(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;

    s->counter = b->counter;
    s->n_counters = b->counters.n;
    for (uint32_t i = 0; i < s->n_shapes; i++) {
        struct ha_sched_shape *shape = &s->shape[i];
        uint32_t n = 0;

        for (uint32_t c = 0; c < s->n_counters; c++) {
            n += ha_bit(s->counter[c].shapes, i);
        }
        shape->counted = sim_arena_calloc(b->arena, n, sizeof(uint32_t));
        for (uint32_t c = 0; c < s->n_counters; c++) {
            if (ha_bit(s->counter[c].shapes, i)) {
                shape->counted[shape->n_counted++] = c;
            }
        }
    }
}

static void build_pdbs(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;

    s->pdb_covers =
        sim_arena_calloc(b->arena, (size_t)s->n_pdbs * s->pod_words, sizeof(uint64_t));
    for (uint32_t d = 0; d < s->n_pdbs; d++) {
        const struct ha_kube_pdb *pdb = &o->pdb[d];

        for (uint32_t i = 0; i < s->n_pods; i++) {
            const struct ha_meta *meta = &o->pod[i].meta;

            if (meta->labels.n > 0 && strcmp(meta->ns, pdb->meta.ns) == 0 &&
                !ha_selector_is_empty(&pdb->selector) &&
                ha_selector_matches(&pdb->selector, &meta->labels)) {
                ha_bit_set(s->pdb_covers + d * s->pod_words, i);
            }
        }
    }
}

void ha_sched_build_matches(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    struct holders required = {0};
    struct holders soft = {0};

    ha_intern_init(&required.index, b->arena);
    ha_intern_init(&soft.index, b->arena);
    for (uint32_t i = 0; i < s->n_shapes; i++) {
        struct ha_sched_shape *shape = &s->shape[i];

        build_affinity(b, i);
        build_anti(b, shape);
        build_own_scores(b, shape);
        ha_sched_build_spreads(b, i);
        shape->port_counter = shape->pod->n_ports > 0
                                  ? build_clash(b, shape->pod, ports_clash)
                                  : HA_SCHED_NONE;
        shape->disk_counter = shape->pod->n_volumes > 0
                                  ? build_clash(b, shape->pod, disks_clash)
                                  : HA_SCHED_NONE;
    }
    collect_holders(b, &required, &soft);
    apply_holders(b, &required, true);
    apply_holders(b, &soft, false);
    for (uint32_t i = 0; i < s->n_shapes; i++) {
        sort_terms(&s->shape[i].existing);
        sort_terms(&s->shape[i].scored);
    }
    build_counted(b);
    build_pdbs(b);
}
