/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The objects around the pods: controllers, Services, policies, as the chart's
 * templates write them.
 *
 * The scheduler reads them for its default spreading (pods of the same Service,
 * ReplicaSet or StatefulSet count together), for disruption budgets and priorities;
 * people read them in `nines place`. One budget at most, for the control-plane pods:
 * the chart has none for etcd and CoreDNS has no key either. CoreDNS's Deployment
 * lives in the tenant and is not among the host's objects.
 *
 * PriorityClasses named in the values but not built into Kubernetes are rendered
 * with value HA_CUSTOM_PRIORITY: the design does not say, and any positive value
 * ranks them before ordinary pods.
 *
 * Sources: loft-sh/vcluster chart/templates/{service,headless-service,etcd-service,
 * etcd-headless-service,pod-disruption-budget,resourcequota,limitrange}.yaml.
 */
#include <string.h>

#include "models/design/tree.h"
#include "models/vcluster/render_internal.h"
#include "sim/check.h"

/* ---- controllers, Services and policies ---- */

static struct ha_node *identity_labels(struct ha_renderer *r, enum ha_role role)
{
    struct ha_node *labels = ha_node_new_map(r->arena);

    if (role == HA_ROLE_COREDNS) {
        ha_tree_set_text(r->arena, labels, "k8s-app", "vcluster-kube-dns");
    } else {
        ha_tree_set_text(r->arena, labels, "app",
                         role == HA_ROLE_CP ? "vcluster" : "vcluster-etcd");
        ha_tree_set_text(r->arena, labels, "release", r->design->vcluster.name);
    }
    return labels;
}

static void emit_service(struct ha_renderer *r, const char *name, enum ha_role role,
                         bool is_headless)
{
    struct ha_node *service = ha_render_new(r, "v1", "Service", name, true, NULL);
    struct ha_node *spec = ha_tree_set_map(r->arena, service, "spec");

    if (is_headless) {
        ha_tree_set_text(r->arena, spec, "clusterIP", "None");
        ha_tree_set_plain(r->arena, spec, "publishNotReadyAddresses", "true");
    }
    ha_node_set(r->arena, spec, "selector", identity_labels(r, role));
    ha_render_emit(r, service);
}

static void emit_services(struct ha_renderer *r)
{
    const struct ha_vcluster *vc = &r->design->vcluster;
    const struct ha_node *wanted =
        ha_node_at(r->design->values, "controlPlane.service.enabled");
    bool has_service = true;

    (void)ha_node_bool(wanted, &has_service);
    if (has_service) {
        emit_service(r, vc->name, HA_ROLE_CP, false);
    }
    if (vc->cp.is_statefulset) {
        emit_service(r, sim_arena_printf(r->arena, "%s-headless", vc->name), HA_ROLE_CP,
                     true);
    }
    if (vc->etcd.replicas > 0) {
        emit_service(r, vc->etcd.name, HA_ROLE_ETCD, false);
        emit_service(r, sim_arena_printf(r->arena, "%s-headless", vc->etcd.name),
                     HA_ROLE_ETCD, true);
    }
    if (vc->coredns.replicas > 0) {
        emit_service(
            r, sim_arena_printf(r->arena, "kube-dns-x-kube-system-x-%s", vc->name),
            HA_ROLE_COREDNS, false);
    }
}

static void emit_controller(struct ha_renderer *r, enum ha_role role, const char *kind,
                            const char *name)
{
    const struct ha_workload *w = ha_render_workload(r->design, role);
    struct ha_node *object = ha_render_new(r, "apps/v1", kind, name, true, NULL);
    struct ha_node *spec = ha_tree_set_map(r->arena, object, "spec");
    struct ha_node *selector = ha_tree_set_map(r->arena, spec, "selector");

    ha_tree_set_plain(r->arena, spec, "replicas",
                      sim_arena_printf(r->arena, "%u", w->replicas));
    ha_node_set(r->arena, selector, "matchLabels", identity_labels(r, role));
    if (strcmp(kind, "StatefulSet") == 0) {
        ha_tree_set_text(r->arena, spec, "podManagementPolicy",
                         w->is_ordered_ready ? "OrderedReady" : "Parallel");
    }
    ha_render_emit(r, object);
}

static void emit_controllers(struct ha_renderer *r)
{
    for (int i = 0; i < HA_N_ROLES; i++) {
        enum ha_role role = (enum ha_role)i;
        const struct ha_workload *w = ha_render_workload(r->design, role);

        if (w->replicas == 0 || role == HA_ROLE_COREDNS) {
            continue; /* CoreDNS's Deployment lives in the tenant */
        }
        if (w->is_statefulset) {
            emit_controller(r, role, "StatefulSet", w->name);
        } else {
            emit_controller(r, role, "Deployment", w->name);
            emit_controller(r, role, "ReplicaSet",
                            sim_arena_printf(r->arena, "%s-rs", w->name));
        }
    }
}

static void emit_pdb(struct ha_renderer *r)
{
    const struct ha_pdb *pdb = &r->design->vcluster.pdb;
    struct ha_node *object;
    struct ha_node *spec;

    if (!pdb->is_enabled) {
        return;
    }
    object = ha_render_new(r, "policy/v1", "PodDisruptionBudget",
                           r->design->vcluster.name, true, NULL);
    object->place = pdb->place;
    spec = ha_tree_set_map(r->arena, object, "spec");
    if (pdb->min_available != NULL) {
        ha_tree_set_plain(r->arena, spec, "minAvailable", pdb->min_available);
    }
    if (pdb->max_unavailable != NULL) {
        ha_tree_set_plain(r->arena, spec, "maxUnavailable", pdb->max_unavailable);
    }
    if (pdb->always_allow_unhealthy) {
        ha_tree_set_text(r->arena, spec, "unhealthyPodEvictionPolicy", "AlwaysAllow");
    }
    ha_node_set(r->arena, ha_tree_set_map(r->arena, spec, "selector"), "matchLabels",
                identity_labels(r, HA_ROLE_CP));
    ha_render_emit(r, object);
}

static void emit_policies(struct ha_renderer *r)
{
    const struct ha_vcluster *vc = &r->design->vcluster;
    struct sim_arena *arena = r->arena;

    if (vc->has_quota && vc->quota != NULL) {
        struct ha_node *quota =
            ha_render_new(r, "v1", "ResourceQuota",
                          sim_arena_printf(arena, "vc-%s", vc->name), true, NULL);

        ha_node_set(arena, ha_tree_set_map(arena, quota, "spec"), "hard",
                    ha_render_copy(arena, vc->quota));
        ha_render_emit(r, quota);
    }
    if (vc->has_limit_range) {
        const struct ha_node *range =
            ha_node_at(r->design->values, "policies.limitRange");
        struct ha_node *object =
            ha_render_new(r, "v1", "LimitRange",
                          sim_arena_printf(arena, "vc-%s", vc->name), true, NULL);
        struct ha_node *limits = ha_node_new_list(arena);
        struct ha_node *item = ha_node_new_map(arena);

        ha_tree_set_text(arena, item, "type", "Container");
        ha_node_set(arena, item, "default",
                    ha_render_copy(arena, ha_node_get(range, "default")));
        ha_node_set(arena, item, "defaultRequest",
                    ha_render_copy(arena, ha_node_get(range, "defaultRequest")));
        ha_node_append(arena, limits, item);
        ha_node_set(arena, ha_tree_set_map(arena, object, "spec"), "limits", limits);
        ha_render_emit(r, object);
    }
}

static void emit_priority_classes(struct ha_renderer *r)
{
    const char *seen[HA_N_ROLES] = {NULL};
    uint32_t n_seen = 0;

    for (int i = 0; i < HA_N_ROLES; i++) {
        const struct ha_workload *w = ha_render_workload(r->design, (enum ha_role)i);
        const char *name =
            ha_node_text(ha_node_at(w->pod_template, "spec.priorityClassName"), "");
        bool is_new = w->replicas > 0 && name[0] != '\0' &&
                      strncmp(name, "system-", strlen("system-")) != 0;
        struct ha_node *object;

        for (uint32_t k = 0; k < n_seen; k++) {
            is_new = is_new && strcmp(seen[k], name) != 0;
        }
        if (!is_new) {
            continue;
        }
        seen[n_seen++] = name;
        object = ha_render_new(r, "scheduling.k8s.io/v1", "PriorityClass", name, false,
                               NULL);
        ha_tree_set_plain(r->arena, object, "value", HA_CUSTOM_PRIORITY);
        ha_render_emit(r, object);
    }
}

void ha_render_around(struct ha_renderer *r)
{
    emit_priority_classes(r);
    emit_policies(r);
    emit_services(r);
    emit_controllers(r);
    emit_pdb(r);
}
