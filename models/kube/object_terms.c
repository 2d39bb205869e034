/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading where a pod wants to be: node affinity, pod affinity and anti-affinity,
 * topology spread constraints.
 *
 * matchLabelKeys and mismatchLabelKeys name labels of the pod itself; each one the
 * pod carries becomes "key In [its value]" or "key NotIn [its value]". For spread
 * constraints a missing selector plus keys selects by the keys alone (k8s
 * podtopologyspread/common.go merges into an empty set); for affinity terms the API
 * server does nothing without a selector, and neither do we.
 *
 * Sources: k8s.io/api/core/v1, KEP-895, KEP-3022, KEP-3094, KEP-3243, KEP-3633.
 */
#include <string.h>

#include "models/kube/object_read.h"

static void merge_keys(struct ha_obj *r, const struct ha_node *owner, const char *field,
                       enum ha_operator op, const struct ha_labels *own,
                       struct ha_selector *selector)
{
    uint32_t n;
    const char **keys = ha_obj_texts(r, owner, field, &n);

    for (uint32_t i = 0; i < n; i++) {
        const char *value = ha_labels_get(own, keys[i]);

        if (value != NULL) {
            ha_selector_add(r->arena, selector, keys[i], op, value);
        }
    }
}

/* ---- pod affinity ---- */

static void read_affinity_term(struct ha_obj *r, const struct ha_node *item,
                               const struct ha_meta *meta, struct ha_affinity_term *out)
{
    if (item == NULL || item->kind != HA_NODE_MAP) {
        ha_obj_fail(r, item, "expected an affinity term with a topologyKey");
        return;
    }
    out->selector = ha_obj_selector(r, item, "labelSelector");
    if (!out->selector.is_nothing) {
        merge_keys(r, item, "matchLabelKeys", HA_OP_IN, &meta->labels, &out->selector);
        merge_keys(r, item, "mismatchLabelKeys", HA_OP_NOT_IN, &meta->labels,
                   &out->selector);
    }
    out->topology_key =
        ha_obj_text(r, item, "topologyKey", ""); /* "": no node has it */
    out->ns = ha_obj_texts(r, item, "namespaces", &out->n_namespaces);
    out->has_ns_selector = !ha_node_is_null(ha_node_get(item, "namespaceSelector"));
    out->ns_selector = ha_obj_selector(r, item, "namespaceSelector");
    if (out->n_namespaces == 0 && !out->has_ns_selector) {
        out->ns = sim_arena_calloc(r->arena, 1, sizeof(char *));
        out->ns[0] = meta->ns;
        out->n_namespaces = 1;
    }
}

static struct ha_affinity_terms read_affinity(struct ha_obj *r,
                                              const struct ha_node *affinity,
                                              const struct ha_meta *meta,
                                              bool is_weighted)
{
    const struct ha_node *list =
        ha_obj_list(r, affinity,
                    is_weighted ? "preferredDuringSchedulingIgnoredDuringExecution"
                                : "requiredDuringSchedulingIgnoredDuringExecution");
    struct ha_affinity_terms out = {0, NULL};

    if (list == NULL) {
        return out;
    }
    out.item = sim_arena_calloc(r->arena, list->n, sizeof(*out.item));
    for (uint32_t i = 0; i < list->n && r->code == 0; i++) {
        const struct ha_node *item = list->item[i];

        if (is_weighted) {
            out.item[i].weight = (int32_t)ha_obj_int(r, item, "weight", 0, 1, 100);
            item = ha_obj_map(r, item, "podAffinityTerm");
            if (item == NULL || out.item[i].weight == 0) {
                ha_obj_fail(r, list->item[i],
                            "expected a weight (1-100) and a podAffinityTerm");
                break;
            }
        }
        read_affinity_term(r, item, meta, &out.item[i]);
        out.n++;
    }
    return out;
}

static void read_node_affinity(struct ha_obj *r, const struct ha_node *affinity,
                               struct ha_kube_pod *out)
{
    const struct ha_node *node = ha_obj_map(r, affinity, "nodeAffinity");
    const struct ha_node *required =
        ha_obj_map(r, node, "requiredDuringSchedulingIgnoredDuringExecution");

    out->has_required_nodes = required != NULL;
    out->required_nodes = ha_obj_node_terms(r, required, "nodeSelectorTerms", false);
    out->preferred_nodes = ha_obj_node_terms(
        r, node, "preferredDuringSchedulingIgnoredDuringExecution", true);
}

/* ---- spread ---- */

static void read_spread(struct ha_obj *r, const struct ha_node *item,
                        const struct ha_meta *meta, struct ha_spread *out)
{
    static const char *const when[] = {"DoNotSchedule", "ScheduleAnyway", NULL};
    static const char *const policy[] = {"Honor", "Ignore", NULL};

    if (item->kind != HA_NODE_MAP) {
        ha_obj_fail(r, item, "expected a topology spread constraint");
        return;
    }
    out->max_skew = (int32_t)ha_obj_int(r, item, "maxSkew", 0, 1, INT32_MAX);
    if (out->max_skew == 0) {
        ha_obj_fail(r, item, "maxSkew: is missing");
    }
    out->min_domains = (int32_t)ha_obj_int(r, item, "minDomains", 1, 1, INT32_MAX);
    out->topology_key = ha_obj_need(r, item, "topologyKey");
    ha_obj_need(r, item, "whenUnsatisfiable");
    out->is_hard = ha_obj_word(r, item, "whenUnsatisfiable", when, 0) == 0;
    out->honors_affinity = ha_obj_word(r, item, "nodeAffinityPolicy", policy, 0) == 0;
    out->honors_taints = ha_obj_word(r, item, "nodeTaintsPolicy", policy, 1) == 0;
    out->selector = ha_obj_selector(r, item, "labelSelector");
    merge_keys(r, item, "matchLabelKeys", HA_OP_IN, &meta->labels, &out->selector);
}

void ha_obj_read_terms(struct ha_obj *r, const struct ha_node *tree,
                       struct ha_kube_pod *out)
{
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");
    const struct ha_node *affinity = ha_obj_map(r, spec, "affinity");
    const struct ha_node *with = ha_obj_map(r, affinity, "podAffinity");
    const struct ha_node *without = ha_obj_map(r, affinity, "podAntiAffinity");
    const struct ha_node *list = ha_obj_list(r, spec, "topologySpreadConstraints");

    read_node_affinity(r, affinity, out);
    out->affinity = read_affinity(r, with, &out->meta, false);
    out->preferred_affinity = read_affinity(r, with, &out->meta, true);
    out->anti_affinity = read_affinity(r, without, &out->meta, false);
    out->preferred_anti_affinity = read_affinity(r, without, &out->meta, true);
    if (list == NULL) {
        return;
    }
    out->spread = sim_arena_calloc(r->arena, list->n, sizeof(*out->spread));
    for (uint32_t i = 0; i < list->n && r->code == 0; i++) {
        read_spread(r, list->item[i], &out->meta, &out->spread[i]);
        out->n_spreads++;
    }
}
