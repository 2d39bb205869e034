/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compiling Kubernetes objects for placement: names, nodes, taints, topology keys.
 *
 * Order of work, each step needing the one before:
 *   1. columns: which resources anybody asks for (nobody asks, nobody counts);
 *   2. nodes: allocatable by column, taints as numbers, flags, images;
 *   3. shapes (sched_shapes.c): pods that placement cannot tell apart;
 *   4. matches (sched_matches.c): selectors against shapes, counters;
 *   5. volumes (sched_volumes.c): claims, volumes, where they can be used;
 *   6. the layout of the state (sched_state.c).
 *
 * Well-known taints (sched_taints.def) come first in the list of taints and have the
 * number of their bit. A Node object that already carries one keeps it at its place
 * in the list, because messages name the first untolerated taint, but it is active
 * only while the node's flag is set. All other taints are constant.
 *
 * A label's values become numbers per topology key, in order of the nodes: "same zone"
 * is an integer comparison afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "models/kube/object_read.h"
#include "models/kube/sched_internal.h"

#define MAX_NODES 1000000u

static const struct ha_sched_taint known_taint[] = {
#define NO_SCHEDULE                       HA_EFFECT_NO_SCHEDULE
#define NO_EXECUTE                        HA_EFFECT_NO_EXECUTE
#define HA_SCHED_TAINT(name, key, effect) {key, "", effect},
#include "models/kube/sched_taints.def"
#undef HA_SCHED_TAINT
#undef NO_SCHEDULE
#undef NO_EXECUTE
};
#define N_KNOWN        (sizeof(known_taint) / sizeof(known_taint[0]))
#define FLAG_OF(known) (1u << ((known) + HA_SCHED_BIT_BEFORE_TAINTS_ + 1))

/* ---- columns ---- */

/* Extended resources, huge pages, attachable volumes; the rest ("storage", "pods") is
 * no concern of NodeResourcesFit (k8s pkg/scheduler/util/utils.go). */
static bool is_scalar(const char *resource)
{
    if (strncmp(resource, "requests.", 9) == 0) {
        return false;
    }
    return strchr(resource, '/') != NULL || strncmp(resource, "hugepages-", 10) == 0 ||
           strncmp(resource, "attachable-volumes-", 19) == 0;
}

static void add_columns(struct ha_sched_build *b, const struct ha_amounts *amounts)
{
    for (uint32_t i = 0; i < amounts->n; i++) {
        if (is_scalar(amounts->item[i].resource)) {
            ha_intern(&b->columns, amounts->item[i].resource,
                      strlen(amounts->item[i].resource));
        }
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int build_columns(struct ha_sched_build *b)
{
    static const char *const first[] = {"pods", "cpu", "memory", "ephemeral-storage"};
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;

    for (uint32_t i = 0; i < o->n_pods; i++) {
        for (uint32_t k = 0; k < o->pod[i].n_containers; k++) {
            add_columns(b, &o->pod[i].container[k].requests);
        }
        for (uint32_t k = 0; k < o->pod[i].n_inits; k++) {
            add_columns(b, &o->pod[i].init[k].requests);
        }
        add_columns(b, &o->pod[i].overhead);
    }
    s->n_columns = HA_COL_FIRST_SCALAR + b->columns.n;
    if (s->n_columns > HA_SCHED_MAX_COLUMNS) {
        return sim_err_set(
            b->err, SIM_ERR_LIMIT,
            "pods ask for %u kinds of extended resources; at most %d can "
            "be placed at once",
            b->columns.n, HA_SCHED_MAX_COLUMNS - HA_COL_FIRST_SCALAR);
    }
    s->column = sim_arena_calloc(b->arena, s->n_columns, sizeof(char *));
    memcpy(s->column, first, sizeof(first));
    for (uint32_t i = 0; i < b->columns.n; i++) {
        s->column[HA_COL_FIRST_SCALAR + i] = b->columns.entry[i].bytes;
    }
    qsort(s->column + HA_COL_FIRST_SCALAR, b->columns.n, sizeof(char *), by_text);
    return 0;
}

/* ---- nodes ---- */

static uint32_t intern_taint(struct ha_sched_build *b, const struct ha_taint *taint)
{
    ha_key_clear(&b->text);
    ha_key_text(&b->text, taint->key);
    ha_key_text(&b->text, taint->value);
    ha_key_int(&b->text, taint->effect);
    return ha_intern(&b->taints, b->text.bytes, b->text.n);
}

static void add_taint(struct ha_sched_build *b, const struct ha_taint *taint,
                      struct ha_sched_node_taint *out, uint32_t *flags)
{
    struct ha_sched *s = b->s;

    out->taint = intern_taint(b, taint);
    out->flag = 0;
    if (out->taint < N_KNOWN) {
        out->flag = FLAG_OF(out->taint);
        *flags |= out->flag;
    }
    s->taint[out->taint].key = taint->key;
    s->taint[out->taint].value = taint->value;
    s->taint[out->taint].effect = taint->effect;
}

static void build_taints(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->n_nodes; i++) {
        n += o->node[i].n_taints;
    }
    s->first_taint =
        sim_arena_calloc(b->arena, (size_t)s->n_nodes + 1, sizeof(uint32_t));
    s->node_taint = sim_arena_calloc(b->arena, n, sizeof(*s->node_taint));
    s->taint = sim_arena_calloc(b->arena, n + N_KNOWN, sizeof(*s->taint));
    s->flags = sim_arena_calloc(b->arena, s->n_nodes, sizeof(uint32_t));
    for (uint32_t i = 0; i < N_KNOWN; i++) {
        const struct ha_taint taint = {known_taint[i].key, "", known_taint[i].effect};

        s->taint[intern_taint(b, &taint)] = known_taint[i];
    }
    n = 0;
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        const struct ha_kube_node *node = &o->node[i];

        s->flags[i] = HA_SCHED_NODE_PRESENT |
                      (node->is_unschedulable ? HA_SCHED_NODE_CORDONED : 0);
        for (uint32_t k = 0; k < node->n_taints; k++) {
            add_taint(b, &node->taint[k], &s->node_taint[n++], &s->flags[i]);
        }
        s->first_taint[i + 1] = n;
    }
    s->n_taints = b->taints.n;
    s->taint_words = ha_bit_words(s->n_taints);
}

static void build_images(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->n_nodes; i++) {
        for (uint32_t k = 0; k < o->node[i].n_images; k++) {
            n += o->node[i].image[k].n_names;
        }
    }
    s->image = sim_arena_calloc(b->arena, n, sizeof(*s->image));
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        for (uint32_t k = 0; k < o->node[i].n_images; k++) {
            const struct ha_image *image = &o->node[i].image[k];

            for (uint32_t j = 0; j < image->n_names; j++) {
                const uint32_t ix =
                    ha_intern(&b->images, image->name[j], strlen(image->name[j]));

                if (s->image[ix].nodes == NULL) {
                    s->image[ix].nodes =
                        sim_arena_calloc(b->arena, s->node_words, sizeof(uint64_t));
                    s->image[ix].size_bytes = image->size_bytes;
                }
                ha_bit_set(s->image[ix].nodes, i);
            }
        }
    }
    s->n_images = b->images.n;
}

void ha_sched_build_nodes(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;

    s->allocatable =
        sim_arena_calloc(b->arena, (size_t)s->n_nodes * s->n_columns, sizeof(int64_t));
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        const char *name = o->node[i].meta.name;

        ha_intern(&s->node_names, name, strlen(name));
        for (uint32_t k = 0; k < s->n_columns; k++) {
            ha_amounts_get(&o->node[i].allocatable, s->column[k],
                           &s->allocatable[(size_t)i * s->n_columns + k]);
        }
    }
    build_taints(b);
    build_images(b);
}

/* ---- topology keys ---- */

uint32_t ha_sched_build_key(struct ha_sched_build *b, const char *name)
{
    struct ha_sched *s = b->s;
    const uint32_t before = b->keys.n;
    const uint32_t ix = ha_intern(&b->keys, name, strlen(name));
    struct ha_sched_key *key;
    struct ha_intern values;

    if (ix < before) {
        return ix;
    }
    if (ix == 0 || (ix >= 4 && (ix & (ix - 1)) == 0)) {
        struct ha_sched_key *more =
            sim_arena_calloc(b->arena, ix == 0 ? 4 : (size_t)ix * 2, sizeof(*more));

        if (ix > 0) {
            memcpy(more, s->key, ix * sizeof(*more));
        }
        s->key = more;
    }
    key = &s->key[ix];
    key->name = b->keys.entry[ix].bytes;
    key->value = sim_arena_calloc(b->arena, s->n_nodes, sizeof(int32_t));
    ha_intern_init(&values, b->arena);
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        const char *text = ha_labels_get(&s->objects->node[i].meta.labels, name);

        key->value[i] = text != NULL ? (int32_t)ha_intern(&values, text, strlen(text))
                                     : HA_SCHED_NONE;
    }
    key->n_values = values.n;
    key->text = sim_arena_calloc(b->arena, values.n, sizeof(char *));
    for (uint32_t i = 0; i < values.n; i++) {
        key->text[i] = values.entry[i].bytes;
    }
    s->n_keys = b->keys.n;
    if (key->n_values > s->max_values) {
        s->max_values = key->n_values;
    }
    return ix;
}

/* ---- all of it ---- */

static void name_pods(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;

    for (uint32_t i = 0; i < s->n_pods; i++) {
        const struct ha_meta *meta = &s->objects->pod[i].meta;

        ha_key_clear(&b->text);
        ha_key_text(&b->text, meta->ns);
        ha_key_text(&b->text, meta->name);
        ha_intern(&s->pod_names, b->text.bytes, b->text.n);
    }
}

static int check_bound(struct ha_sched_build *b)
{
    const struct ha_sched *s = b->s;
    uint32_t *n_pods = sim_arena_calloc(b->arena, s->n_nodes, sizeof(uint32_t));

    for (uint32_t i = 0; i < s->n_pods; i++) {
        const struct ha_kube_pod *pod = &s->objects->pod[i];
        const int32_t node = ha_sched_find_node(s, pod->node_name);

        if (*pod->node_name == '\0' || pod->is_finished) {
            continue;
        }
        if (node < 0) {
            const int code = ha_node_error(
                b->err, ha_node_at(pod->tree, "spec.nodeName"),
                "pod %.120s/%.120s runs on node %.120s, which is not among the nodes",
                pod->meta.ns, pod->meta.name, pod->node_name);

            sim_err_hint(b->err, "add the node's object to the files, or leave the pod "
                                 "out");
            return code;
        }
        if (++n_pods[node] > HA_SCHED_MAX_PODS) {
            return sim_err_set(b->err, SIM_ERR_LIMIT,
                               "more than %d pods on node %.120s", HA_SCHED_MAX_PODS,
                               pod->node_name);
        }
    }
    return 0;
}

static int build_all(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    int code = build_columns(b);

    if (code != 0) {
        return code;
    }
    ha_sched_build_nodes(b);
    s->zone_key = ha_sched_build_key(b, "topology.kubernetes.io/zone");
    s->hostname_key = ha_sched_build_key(b, "kubernetes.io/hostname");
    name_pods(b);
    code = check_bound(b);
    if (code == 0) {
        code = ha_sched_build_shapes(b);
    }
    if (code == 0) {
        ha_sched_build_matches(b);
        ha_sched_build_volumes(b);
        ha_sched_layout(s);
    }
    return code;
}

int ha_sched_compile(struct sim_arena *arena, const struct ha_objects *objects,
                     const struct ha_sched_options *options,
                     const struct ha_sched **out, struct sim_err *err)
{
    struct ha_sched_build b = {.arena = arena, .err = err};
    struct ha_intern *const tables[] = {&b.keys,   &b.taints,     &b.columns,
                                        &b.images, &b.predicates, &b.counters,
                                        &b.words};
    struct ha_sched *s;
    int code;

    *out = NULL;
    if (objects->n_nodes > MAX_NODES || objects->n_pods > MAX_NODES * 10) {
        return sim_err_set(err, SIM_ERR_LIMIT, "more than %u nodes", MAX_NODES);
    }
    s = sim_arena_alloc(arena, sizeof(*s));
    b.s = s;
    s->objects = objects;
    s->options = *options;
    s->n_nodes = objects->n_nodes;
    s->n_pods = objects->n_pods;
    s->n_pdbs = objects->n_pdbs;
    s->node_words = ha_bit_words(s->n_nodes);
    s->pod_words = ha_bit_words(s->n_pods);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        ha_intern_init(tables[i], arena);
    }
    ha_intern_init(&s->node_names, arena);
    ha_intern_init(&s->pod_names, arena);
    ha_intern_init(&s->claim_names, arena);
    code = build_all(&b);
    ha_key_release(&b.text);
    *out = code == 0 ? s : NULL;
    return code;
}

/* ---- looking up ---- */

uint32_t ha_sched_n_nodes(const struct ha_sched *sched)
{
    return sched->n_nodes;
}

uint32_t ha_sched_n_pods(const struct ha_sched *sched)
{
    return sched->n_pods;
}

uint32_t ha_sched_n_pdbs(const struct ha_sched *sched)
{
    return sched->n_pdbs;
}

const struct ha_objects *ha_sched_objects(const struct ha_sched *sched)
{
    return sched->objects;
}

int32_t ha_sched_find_node(const struct ha_sched *sched, const char *name)
{
    return ha_intern_find(&sched->node_names, name, strlen(name));
}

static int32_t find_namespaced(const struct ha_intern *table, const char *ns,
                               const char *name)
{
    struct ha_keytext text = {NULL, 0, 0};
    int32_t found;

    ha_key_text(&text, ns);
    ha_key_text(&text, name);
    found = ha_intern_find(table, text.bytes, text.n);
    ha_key_release(&text);
    return found;
}

int32_t ha_sched_find_pod(const struct ha_sched *sched, const char *ns,
                          const char *name)
{
    return find_namespaced(&sched->pod_names, ns, name);
}

int32_t ha_sched_find_claim(const struct ha_sched *sched, const char *ns,
                            const char *name)
{
    return find_namespaced(&sched->claim_names, ns, name);
}

bool ha_sched_are_alike(const struct ha_sched *sched, uint32_t a, uint32_t b)
{
    return sched->pod[a].shape == sched->pod[b].shape;
}

uint32_t ha_sched_pod_n_claims(const struct ha_sched *sched, uint32_t pod)
{
    return sched->pod[pod].n_claims;
}

int32_t ha_sched_pod_claim(const struct ha_sched *sched, uint32_t pod, uint32_t k)
{
    return k < sched->pod[pod].n_claims ? (int32_t)sched->pod[pod].claim[k]
                                        : HA_SCHED_NONE;
}

bool ha_sched_pdb_covers(const struct ha_sched *sched, uint32_t pdb, uint32_t pod)
{
    return ha_bit(sched->pdb_covers + pdb * sched->pod_words, pod);
}
