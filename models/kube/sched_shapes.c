/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shapes: pods that placement cannot tell apart share everything that is costly.
 *
 * Two pods have one shape when they ask for the same resources, images and ports,
 * carry the same wishes (node selector, affinities, spread constraints, tolerations),
 * live in the same namespace with the same owner, and carry the same labels, as far as
 * any selector among the objects names the label. The last condition matters: every
 * StatefulSet pod has a label with its own name, and without it every pod would be a
 * shape of its own. Claims, priorities and names are not part of a shape.
 *
 * Requests of a pod (k8s component-helpers resource, since sidecars, 1.28): per
 * resource the larger of
 *     sum of containers + sum of sidecars, and
 *     for each ordinary init container: it + the sidecars declared before it,
 * plus overhead. Pod-level requests replace the result for cpu and memory. For scoring,
 * a container without a cpu request counts as 100 m and without memory as 200 MiB; an
 * explicit 0 stays 0 (k8s pkg/scheduler/util/pod_resources.go).
 */
#include <stdlib.h>
#include <string.h>

#include "models/kube/object_read.h"
#include "models/kube/sched_internal.h"

#define DEFAULT_MCPU  100
#define DEFAULT_BYTES (200 * 1024 * 1024)

/* ---- which labels matter ---- */

static void note_selector(struct ha_intern *words, const struct ha_selector *selector)
{
    for (uint32_t i = 0; i < selector->n; i++) {
        ha_intern(words, selector->item[i].key, strlen(selector->item[i].key));
    }
}

static void note_terms(struct ha_intern *words, const struct ha_affinity_terms *terms)
{
    for (uint32_t i = 0; i < terms->n; i++) {
        note_selector(words, &terms->item[i].selector);
    }
}

static void note_labels(struct ha_sched_build *b)
{
    const struct ha_objects *o = b->s->objects;

    for (uint32_t i = 0; i < o->n_pods; i++) {
        note_terms(&b->words, &o->pod[i].affinity);
        note_terms(&b->words, &o->pod[i].preferred_affinity);
        note_terms(&b->words, &o->pod[i].anti_affinity);
        note_terms(&b->words, &o->pod[i].preferred_anti_affinity);
        for (uint32_t k = 0; k < o->pod[i].n_spreads; k++) {
            note_selector(&b->words, &o->pod[i].spread[k].selector);
        }
    }
    for (uint32_t i = 0; i < o->n_services; i++) {
        const struct ha_labels *selector = &o->service[i].selector;

        for (uint32_t k = 0; k < selector->n; k++) {
            ha_intern(&b->words, selector->item[k].key, strlen(selector->item[k].key));
        }
    }
    for (uint32_t i = 0; i < o->n_sets; i++) {
        note_selector(&b->words, &o->set[i].selector);
    }
}

/* ---- the identity of a shape ---- */

static void key_amounts(struct ha_keytext *key, const struct ha_amounts *amounts)
{
    ha_key_int(key, amounts->n);
    for (uint32_t i = 0; i < amounts->n; i++) {
        ha_key_text(key, amounts->item[i].resource);
        ha_key_int(key, amounts->item[i].value);
    }
}

static void key_containers(struct ha_keytext *key, const struct ha_container *container,
                           uint32_t n)
{
    ha_key_int(key, n);
    for (uint32_t i = 0; i < n; i++) {
        ha_key_text(key, container[i].image);
        ha_key_int(key, container[i].is_sidecar);
        key_amounts(key, &container[i].requests);
    }
}

static void key_affinity(struct ha_keytext *key, const struct ha_affinity_terms *terms)
{
    ha_key_int(key, terms->n);
    for (uint32_t i = 0; i < terms->n; i++) {
        ha_key_text(key, terms->item[i].topology_key);
        ha_key_int(key, terms->item[i].weight);
        ha_key_term(key, &terms->item[i]);
    }
}

static void key_spreads(struct ha_keytext *key, const struct ha_kube_pod *pod)
{
    ha_key_int(key, pod->n_spreads);
    for (uint32_t i = 0; i < pod->n_spreads; i++) {
        const struct ha_spread *spread = &pod->spread[i];

        ha_key_text(key, spread->topology_key);
        ha_key_int(key, spread->max_skew);
        ha_key_int(key, spread->min_domains);
        ha_key_int(key, spread->is_hard | spread->honors_affinity << 1 |
                            spread->honors_taints << 2);
        ha_key_selector(key, &spread->selector);
    }
}

static void key_tolerations(struct ha_keytext *key, const struct ha_kube_pod *pod)
{
    ha_key_int(key, pod->n_tolerations);
    for (uint32_t i = 0; i < pod->n_tolerations; i++) {
        const struct ha_toleration *toleration = &pod->toleration[i];

        ha_key_text(key, toleration->key);
        ha_key_text(key, toleration->value);
        ha_key_int(key, toleration->exists);
        ha_key_int(key, toleration->effect);
    }
}

static void key_labels(struct ha_sched_build *b, const struct ha_kube_pod *pod)
{
    ha_key_text(&b->text, pod->meta.ns);
    ha_key_text(&b->text, pod->meta.owner_kind);
    ha_key_text(&b->text, pod->meta.owner_name);
    for (uint32_t i = 0; i < pod->meta.labels.n; i++) {
        const struct ha_label *label = &pod->meta.labels.item[i];

        if (ha_intern_find(&b->words, label->key, strlen(label->key)) >= 0) {
            ha_key_text(&b->text, label->key);
            ha_key_text(&b->text, label->value);
        }
    }
}

static void key_disks(struct ha_keytext *key, const struct ha_kube_pod *pod)
{
    for (uint32_t i = 0; i < pod->n_volumes; i++) {
        if (pod->volume[i].driver != NULL) {
            ha_key_text(key, pod->volume[i].driver);
            ha_key_text(key, pod->volume[i].handle);
            ha_key_int(key, pod->volume[i].is_read_only);
        }
    }
}

static uint32_t shape_of(struct ha_sched_build *b, struct ha_intern *shapes,
                         const struct ha_kube_pod *pod)
{
    struct ha_keytext *key = &b->text;

    ha_key_clear(key);
    key_containers(key, pod->container, pod->n_containers);
    key_containers(key, pod->init, pod->n_inits);
    key_amounts(key, &pod->overhead);
    key_amounts(key, &pod->pod_requests);
    ha_key_int(key, pod->n_ports);
    for (uint32_t i = 0; i < pod->n_ports; i++) {
        ha_key_text(key, pod->port[i].ip);
        ha_key_text(key, pod->port[i].protocol);
        ha_key_int(key, pod->port[i].port);
    }
    key_tolerations(key, pod);
    ha_key_int(key, pod->node_selector.n);
    for (uint32_t i = 0; i < pod->node_selector.n; i++) {
        ha_key_text(key, pod->node_selector.item[i].key);
        ha_key_text(key, pod->node_selector.item[i].value);
    }
    ha_key_int(key, pod->has_required_nodes);
    ha_key_node_terms(key, &pod->required_nodes);
    ha_key_node_terms(key, &pod->preferred_nodes);
    key_affinity(key, &pod->affinity);
    key_affinity(key, &pod->preferred_affinity);
    key_affinity(key, &pod->anti_affinity);
    key_affinity(key, &pod->preferred_anti_affinity);
    key_spreads(key, pod);
    key_disks(key, pod);
    key_labels(b, pod);
    return ha_intern(shapes, key->bytes, key->n);
}

/* ---- what a shape asks for ---- */

static int64_t amount_of(const struct ha_container *container, const char *resource,
                         int64_t fallback)
{
    int64_t value = fallback;

    ha_amounts_get(&container->requests, resource, &value);
    return value;
}

/* Adds amounts; what is beyond belief stays at the limit instead of wrapping. */
static int64_t add_amounts(int64_t a, int64_t b)
{
    return a > HA_AMOUNT_MAX - b ? HA_AMOUNT_MAX : a + b;
}

static int64_t request_of(const struct ha_kube_pod *pod, const char *resource,
                          int64_t fallback)
{
    int64_t running = 0;
    int64_t sidecars = 0;
    int64_t starting = 0;
    int64_t extra = 0;

    for (uint32_t i = 0; i < pod->n_containers; i++) {
        running =
            add_amounts(running, amount_of(&pod->container[i], resource, fallback));
    }
    for (uint32_t i = 0; i < pod->n_inits; i++) {
        const int64_t own = amount_of(&pod->init[i], resource, fallback);

        if (pod->init[i].is_sidecar) {
            sidecars = add_amounts(sidecars, own);
        } else if (add_amounts(own, sidecars) > starting) {
            starting = add_amounts(own, sidecars);
        }
        starting = sidecars > starting ? sidecars : starting;
    }
    running = add_amounts(running, sidecars);
    running = starting > running ? starting : running;
    if (strcmp(resource, "cpu") == 0 || strcmp(resource, "memory") == 0) {
        ha_amounts_get(&pod->pod_requests, resource, &running);
    }
    ha_amounts_get(&pod->overhead, resource, &extra);
    return add_amounts(running, extra);
}

static void build_requests(struct ha_sched_build *b, struct ha_sched_shape *shape)
{
    const struct ha_sched *s = b->s;

    shape->request = sim_arena_calloc(b->arena, s->n_columns, sizeof(int64_t));
    shape->request[HA_COL_PODS] = 1;
    shape->asks_nothing = true;
    for (uint32_t k = HA_COL_CPU; k < s->n_columns; k++) {
        shape->request[k] = request_of(shape->pod, s->column[k], 0);
        shape->asks_nothing = shape->asks_nothing && shape->request[k] == 0;
    }
    shape->scored_request[0] = request_of(shape->pod, "cpu", DEFAULT_MCPU);
    shape->scored_request[1] = request_of(shape->pod, "memory", DEFAULT_BYTES);
}

/* ---- where a shape may and wants to go ---- */

static bool fits_node(const struct ha_kube_pod *pod, const struct ha_kube_node *node)
{
    for (uint32_t i = 0; i < pod->node_selector.n; i++) {
        const char *value =
            ha_labels_get(&node->meta.labels, pod->node_selector.item[i].key);

        if (value == NULL || strcmp(value, pod->node_selector.item[i].value) != 0) {
            return false;
        }
    }
    return !pod->has_required_nodes ||
           ha_node_terms_match(&pod->required_nodes, &node->meta.labels,
                               node->meta.name);
}

static void build_node_affinity(struct ha_sched_build *b, struct ha_sched_shape *shape)
{
    const struct ha_sched *s = b->s;
    const struct ha_kube_pod *pod = shape->pod;

    if (pod->node_selector.n > 0 || pod->has_required_nodes) {
        uint64_t *fits = sim_arena_calloc(b->arena, s->node_words, sizeof(uint64_t));

        for (uint32_t i = 0; i < s->n_nodes; i++) {
            if (fits_node(pod, &s->objects->node[i])) {
                ha_bit_set(fits, i);
            }
        }
        shape->fits = fits;
    }
    if (pod->preferred_nodes.n > 0) {
        int32_t *sum = sim_arena_calloc(b->arena, s->n_nodes, sizeof(int32_t));

        for (uint32_t i = 0; i < s->n_nodes; i++) {
            const struct ha_kube_node *node = &s->objects->node[i];

            for (uint32_t k = 0; k < pod->preferred_nodes.n; k++) {
                const struct ha_node_term *term = &pod->preferred_nodes.item[k];

                if (ha_node_term_matches(term, &node->meta.labels, node->meta.name)) {
                    sum[i] += term->weight;
                }
            }
        }
        shape->preference = sum;
    }
}

static void build_tolerations(struct ha_sched_build *b, struct ha_sched_shape *shape)
{
    const struct ha_sched *s = b->s;

    shape->tolerates = sim_arena_calloc(b->arena, s->taint_words, sizeof(uint64_t));
    shape->tolerates_softly =
        sim_arena_calloc(b->arena, s->taint_words, sizeof(uint64_t));
    for (uint32_t t = 0; t < s->n_taints; t++) {
        for (uint32_t i = 0; i < shape->pod->n_tolerations; i++) {
            const struct ha_toleration *toleration = &shape->pod->toleration[i];

            if (!ha_sched_tolerates_taint(toleration, &s->taint[t])) {
                continue;
            }
            ha_bit_set(shape->tolerates, t);
            if (toleration->effect == HA_EFFECT_ANY ||
                toleration->effect == HA_EFFECT_PREFER_NO_SCHEDULE) {
                ha_bit_set(shape->tolerates_softly, t);
            }
        }
    }
}

/* A name without a tag means ":latest" (k8s imagelocality). */
static void add_image(struct ha_sched_build *b, struct ha_sched_shape *shape,
                      const char *name)
{
    const char *colon = strrchr(name, ':');
    const char *slash = strrchr(name, '/');
    int32_t found;

    if (colon == NULL || (slash != NULL && colon < slash)) {
        name = sim_arena_printf(b->arena, "%s:latest", name);
    }
    found = ha_intern_find(&b->images, name, strlen(name));
    if (found >= 0) {
        shape->image[shape->n_images++] = (uint32_t)found;
    }
    shape->n_containers++;
}

/* Images of init containers count since 1.30. */
static void build_images(struct ha_sched_build *b, struct ha_sched_shape *shape)
{
    const struct ha_kube_pod *pod = shape->pod;

    shape->image = sim_arena_calloc(b->arena, (size_t)pod->n_containers + pod->n_inits,
                                    sizeof(uint32_t));
    for (uint32_t i = 0; i < pod->n_inits && b->s->options.k8s_minor >= 30; i++) {
        add_image(b, shape, pod->init[i].image);
    }
    for (uint32_t i = 0; i < pod->n_containers; i++) {
        add_image(b, shape, pod->container[i].image);
    }
}

static const struct ha_labels *namespace_labels(struct ha_sched_build *b,
                                                const char *ns)
{
    const struct ha_objects *o = b->s->objects;
    struct ha_labels *labels;

    for (uint32_t i = 0; i < o->n_spaces; i++) {
        if (strcmp(o->space[i].meta.name, ns) == 0) {
            return &o->space[i].meta.labels;
        }
    }
    /* Not among the objects: it has at least the label every namespace gets. */
    labels = sim_arena_alloc(b->arena, sizeof(*labels));
    labels->n = 1;
    labels->item = sim_arena_alloc(b->arena, sizeof(*labels->item));
    labels->item[0].key = "kubernetes.io/metadata.name";
    labels->item[0].value = ns;
    return labels;
}

int ha_sched_build_shapes(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    struct ha_intern shapes;
    uint32_t *example = sim_arena_calloc(b->arena, s->n_pods, sizeof(uint32_t));

    note_labels(b);
    ha_intern_init(&shapes, b->arena);
    s->pod = sim_arena_calloc(b->arena, s->n_pods, sizeof(*s->pod));
    for (uint32_t i = 0; i < s->n_pods; i++) {
        const uint32_t before = shapes.n;

        s->pod[i].shape = shape_of(b, &shapes, &s->objects->pod[i]);
        if (shapes.n > before) {
            example[before] = i;
        }
    }
    s->n_shapes = shapes.n;
    s->shape_words = ha_bit_words(s->n_shapes);
    if ((uint64_t)s->n_shapes * s->node_words > (uint64_t)256 * 1024 * 1024) {
        return sim_err_set(b->err, SIM_ERR_LIMIT,
                           "%u different pods on %u nodes are too many", s->n_shapes,
                           s->n_nodes);
    }
    s->shape = sim_arena_calloc(b->arena, s->n_shapes, sizeof(*s->shape));
    for (uint32_t i = 0; i < s->n_shapes; i++) {
        struct ha_sched_shape *shape = &s->shape[i];

        shape->pod = &s->objects->pod[example[i]];
        shape->ns_labels = namespace_labels(b, shape->pod->meta.ns);
        build_requests(b, shape);
        build_node_affinity(b, shape);
        build_tolerations(b, shape);
        build_images(b, shape);
    }
    return 0;
}
