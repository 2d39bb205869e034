/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compiling spread constraints: a pod's own, or the system's defaults.
 *
 * A constraint counts the pods of the pod's own namespace that match its selector,
 * terminating ones left out: one counter. An empty selector counts no existing pod but
 * is met by the pod itself; both are as in kube-scheduler's countPodsMatchSelector.
 *
 * Pods that have no constraint at all get the system's default ones, both soft: host
 * name with skew 3 and zone with skew 5. Their selector is that of all Services which
 * select the pod, merged, and of the owning StatefulSet, ReplicaSet or
 * ReplicationController. No selector at all means no constraint.
 *
 * Source: k8s podtopologyspread/common.go, plugin.go, plugins/helper/spread.go.
 */
#include <string.h>

#include "models/kube/sched_internal.h"

/* k8s podtopologyspread/plugin.go: systemDefaultConstraints */
#define DEFAULT_HOST_SKEW 3
#define DEFAULT_ZONE_SKEW 5

static void build_spread(struct ha_sched_build *b, uint32_t shape_ix,
                         const struct ha_spread *spread, struct ha_sched_spread *out)
{
    const struct ha_kube_pod *pod = b->s->shape[shape_ix].pod;
    struct ha_affinity_term term;

    memset(&term, 0, sizeof(term));
    term.selector = spread->selector;
    term.n_namespaces = 1;
    term.ns = sim_arena_calloc(b->arena, 1, sizeof(char *));
    term.ns[0] = pod->meta.ns;
    out->key = ha_sched_build_key(b, spread->topology_key);
    out->max_skew = spread->max_skew;
    out->min_domains = spread->min_domains;
    out->honors_affinity = spread->honors_affinity;
    out->honors_taints = spread->honors_taints;
    out->is_self = ha_selector_matches(&spread->selector, &pod->meta.labels);
    out->counter = HA_SCHED_NONE;
    if (!ha_selector_is_empty(&spread->selector)) {
        const uint32_t predicate = ha_sched_build_predicate(b, &term);

        out->counter = ha_sched_build_counter(b, b->predicate[predicate], true);
    }
}

static const struct ha_kube_set *owner_of(const struct ha_objects *o,
                                          const struct ha_meta *meta)
{
    static const struct {
        const char *kind, *group;
    } owners[] = {
        {"StatefulSet", "apps"}, {"ReplicaSet", "apps"}, {"ReplicationController", ""}};
    bool is_known = false;

    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        is_known = is_known || (meta->owner_kind != NULL &&
                                strcmp(meta->owner_kind, owners[i].kind) == 0 &&
                                strcmp(meta->owner_group, owners[i].group) == 0);
    }
    for (uint32_t i = 0; is_known && i < o->n_sets; i++) {
        const struct ha_meta *set = &o->set[i].meta;

        if (strcmp(set->kind, meta->owner_kind) == 0 &&
            strcmp(set->name, meta->owner_name) == 0 &&
            strcmp(set->ns, meta->ns) == 0) {
            return &o->set[i];
        }
    }
    return NULL;
}

/* Later Services win over earlier ones on a key both name, as labels.Merge does. */
static void merge_label(struct ha_sched_build *b, struct ha_selector *selector,
                        const struct ha_label *label)
{
    for (uint32_t i = 0; i < selector->n; i++) {
        if (strcmp(selector->item[i].key, label->key) == 0) {
            selector->item[i].value[0] = label->value;
            return;
        }
    }
    ha_selector_add(b->arena, selector, label->key, HA_OP_IN, label->value);
}

static struct ha_selector default_selector(struct ha_sched_build *b,
                                           const struct ha_kube_pod *pod)
{
    const struct ha_objects *o = b->s->objects;
    const struct ha_kube_set *owner = owner_of(o, &pod->meta);
    struct ha_selector selector = {false, 0, NULL};

    for (uint32_t i = 0; i < o->n_services; i++) {
        const struct ha_kube_service *service = &o->service[i];
        struct ha_selector own = {false, 0, NULL};

        if (!service->has_selector || strcmp(service->meta.ns, pod->meta.ns) != 0) {
            continue;
        }
        ha_selector_add_labels(b->arena, &own, &service->selector);
        if (ha_selector_matches(&own, &pod->meta.labels)) {
            for (uint32_t k = 0; k < service->selector.n; k++) {
                merge_label(b, &selector, &service->selector.item[k]);
            }
        }
    }
    if (owner != NULL) {
        ha_selector_join(b->arena, &selector, &owner->selector);
    }
    return selector;
}

static void build_default_spreads(struct ha_sched_build *b, uint32_t ix)
{
    struct ha_sched_shape *shape = &b->s->shape[ix];
    struct ha_spread spread = {0};

    spread.selector = default_selector(b, shape->pod);
    if (spread.selector.n == 0) {
        return;
    }
    spread.min_domains = 1;
    spread.honors_affinity = true;
    shape->soft = sim_arena_calloc(b->arena, 2, sizeof(*shape->soft));
    spread.topology_key = "kubernetes.io/hostname";
    spread.max_skew = DEFAULT_HOST_SKEW;
    build_spread(b, ix, &spread, &shape->soft[0]);
    spread.topology_key = "topology.kubernetes.io/zone";
    spread.max_skew = DEFAULT_ZONE_SKEW;
    build_spread(b, ix, &spread, &shape->soft[1]);
    shape->n_soft = 2;
}

void ha_sched_build_spreads(struct ha_sched_build *b, uint32_t ix)
{
    struct ha_sched_shape *shape = &b->s->shape[ix];
    const struct ha_kube_pod *pod = shape->pod;

    shape->has_own_spreads = pod->n_spreads > 0;
    if (!shape->has_own_spreads) {
        build_default_spreads(b, ix);
        return;
    }
    shape->hard = sim_arena_calloc(b->arena, pod->n_spreads, sizeof(*shape->hard));
    shape->soft = sim_arena_calloc(b->arena, pod->n_spreads, sizeof(*shape->soft));
    for (uint32_t i = 0; i < pod->n_spreads; i++) {
        build_spread(b, ix, &pod->spread[i],
                     pod->spread[i].is_hard ? &shape->hard[shape->n_hard++]
                                            : &shape->soft[shape->n_soft++]);
    }
}
