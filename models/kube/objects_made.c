/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Kubernetes objects of a design, made for the scheduler: Nodes of the host, a Pod
 * for each pod row, a claim for each volume, classes, and the sets that own the pods.
 *
 * The scheduler works on objects, exactly as kubectl would print them, and every pod
 * that can ever exist must be among them. So each row gets a Pod: the workload's
 * template under its own name, owned by its set (owners decide default spreading), with
 * its claim as a volume when it has one. Order: nodes in host order, pods in row order,
 * so that indexes here and there are the same (checked).
 *
 * Objects given by the room above (Services, PriorityClasses, ...) are passed on; of
 * kinds made here only the ones made here count.
 *
 * Errors are the reader's own, with the place in the user's file: the trees keep it.
 */
#include <inttypes.h>
#include <string.h>

#include "models/kube/kube.h"

#define DEFAULT_NAMESPACE "default"

static struct ha_node *scalar(struct sim_arena *arena, const char *text)
{
    return ha_node_new_scalar(arena, text, false);
}

static struct ha_node *new_object(struct sim_arena *arena, const char *api,
                                  const char *kind, const char *name, const char *ns)
{
    struct ha_node *object = ha_node_new_map(arena);
    struct ha_node *meta = ha_node_new_map(arena);
    ha_node_set(arena, object, "apiVersion", scalar(arena, api));
    ha_node_set(arena, object, "kind", scalar(arena, kind));
    ha_node_set(arena, meta, "name", scalar(arena, name));
    if (ns != NULL) {
        ha_node_set(arena, meta, "namespace", scalar(arena, ns));
    }
    ha_node_set(arena, object, "metadata", meta);
    return object;
}

static const struct ha_node *template_of(const struct ha_kube_workload_spec *spec)
{
    return spec->pod_object != NULL ? spec->pod_object : spec->workload->pod_template;
}

static const char *namespace_of(const struct ha_kube_workload_spec *spec)
{
    return ha_node_text(ha_node_at(template_of(spec), "metadata.namespace"),
                        DEFAULT_NAMESPACE);
}

static const char *owner_kind(const struct ha_kube_workload *load)
{
    return load->is_statefulset ? "StatefulSet" : "ReplicaSet";
}

/* metadata.ownerReferences with the one controller. */
static struct ha_node *owner_list(struct sim_arena *arena,
                                  const struct ha_kube_workload *load)
{
    struct ha_node *list = ha_node_new_list(arena);
    struct ha_node *owner = ha_node_new_map(arena);
    ha_node_set(arena, owner, "apiVersion", scalar(arena, "apps/v1"));
    ha_node_set(arena, owner, "kind", scalar(arena, owner_kind(load)));
    ha_node_set(arena, owner, "name", scalar(arena, load->name));
    ha_node_set(arena, owner, "controller", ha_node_new_scalar(arena, "true", true));
    ha_node_append(arena, list, owner);
    return list;
}

/* The template's volumes without claims, and this pod's claim. */
static struct ha_node *volume_list(struct sim_arena *arena, const struct ha_node *spec,
                                   const char *claim_name)
{
    struct ha_node *list = ha_node_new_list(arena);
    const struct ha_node *given = ha_node_get(spec, "volumes");
    for (uint32_t i = 0; given != NULL && given->kind == HA_NODE_LIST && i < given->n;
         i++) {
        if (ha_node_get(given->item[i], "persistentVolumeClaim") == NULL) {
            ha_node_append(arena, list, given->item[i]);
        }
    }
    if (claim_name != NULL) {
        struct ha_node *volume = ha_node_new_map(arena);
        struct ha_node *claim = ha_node_new_map(arena);
        ha_node_set(arena, volume, "name", scalar(arena, "data"));
        ha_node_set(arena, claim, "claimName", scalar(arena, claim_name));
        ha_node_set(arena, volume, "persistentVolumeClaim", claim);
        ha_node_append(arena, list, volume);
    }
    return list;
}

static int add_pod(struct ha_objects *set, struct sim_arena *arena,
                   const struct ha_kube_plan *plan, const struct ha_kube_spec *spec,
                   uint32_t pod, struct sim_err *err)
{
    const struct ha_kube_workload *load = &plan->workload[plan->pod_workload[pod]];
    const struct ha_kube_workload_spec *from = &spec->workload[load->index];
    const struct ha_node *template = template_of(from);
    const char *claim = NULL;
    if (load->has_volume) {
        claim = plan->infra.volume_name[load->first_volume + (pod - load->first_pod)];
    }
    struct ha_node *over =
        new_object(arena, "v1", "Pod", plan->infra.pod_name[pod], namespace_of(from));
    struct ha_node *pod_spec = ha_node_new_map(arena);
    ha_node_set(arena, pod_spec, "volumes",
                volume_list(arena, ha_node_get(template, "spec"), claim));
    ha_node_set(arena, over, "spec", pod_spec);
    struct ha_node *object = ha_node_merge(arena, template, over);
    const struct ha_node *meta = ha_node_get(object, "metadata");
    if (ha_node_get(meta, "ownerReferences") == NULL) {
        struct ha_node *owned = ha_node_new_map(arena);
        ha_node_set(arena, owned, "ownerReferences", owner_list(arena, load));
        ha_node_set(arena, object, "metadata", ha_node_merge(arena, meta, owned));
    }
    return ha_objects_add(set, object, err);
}

static int add_claim(struct ha_objects *set, struct sim_arena *arena,
                     const struct ha_kube_plan *plan, const struct ha_kube_spec *spec,
                     uint32_t volume, struct sim_err *err)
{
    const struct ha_kube_workload *load =
        &plan->workload[plan->pod_workload[plan->volume_pod[volume]]];
    const struct ha_kube_workload_spec *from = &spec->workload[load->index];
    struct ha_node *object =
        new_object(arena, "v1", "PersistentVolumeClaim",
                   plan->infra.volume_name[volume], namespace_of(from));
    struct ha_node *body = ha_node_new_map(arena);
    struct ha_node *modes = ha_node_new_list(arena);
    struct ha_node *resources = ha_node_new_map(arena);
    struct ha_node *requests = ha_node_new_map(arena);
    ha_node_append(arena, modes, scalar(arena, "ReadWriteOnce"));
    ha_node_set(arena, requests, "storage",
                scalar(arena, sim_arena_printf(arena, "%" PRId64,
                                               from->workload->volume_bytes)));
    ha_node_set(arena, resources, "requests", requests);
    ha_node_set(arena, body, "accessModes", modes);
    ha_node_set(arena, body, "resources", resources);
    if (from->workload->storage_class != NULL) {
        ha_node_set(arena, body, "storageClassName",
                    scalar(arena, from->workload->storage_class));
    }
    ha_node_set(arena, object, "spec", body);
    return ha_objects_add(set, object, err);
}

/* The set that owns the pods: its selector is the template's labels. */
static int add_owner(struct ha_objects *set, struct sim_arena *arena,
                     const struct ha_kube_workload *load,
                     const struct ha_kube_workload_spec *from, struct sim_err *err)
{
    const struct ha_node *labels = ha_node_at(template_of(from), "metadata.labels");
    if (labels == NULL || labels->kind != HA_NODE_MAP || labels->n == 0) {
        return 0;
    }
    struct ha_node *object =
        new_object(arena, "apps/v1", owner_kind(load), load->name, namespace_of(from));
    struct ha_node *body = ha_node_new_map(arena);
    struct ha_node *selector = ha_node_new_map(arena);
    ha_node_set(arena, selector, "matchLabels", ha_node_merge(arena, labels, NULL));
    ha_node_set(arena, body, "selector", selector);
    ha_node_set(arena, body, "replicas",
                ha_node_new_scalar(
                    arena, sim_arena_printf(arena, "%" PRIu32, load->replicas), true));
    ha_node_set(arena, object, "spec", body);
    return ha_objects_add(set, object, err);
}

/* Objects from above whose kind is not made here; true in *has_class when a
 * StorageClass was among them, *has_owner for a StatefulSet or ReplicaSet. */
static int add_given(struct ha_objects *set, const struct ha_kube_spec *spec,
                     bool *has_class, bool *has_owner, struct sim_err *err)
{
    static const char *const made_here[] = {"Node", "Pod", "PersistentVolumeClaim",
                                            "PodDisruptionBudget"};
    for (uint32_t i = 0; i < spec->n_objects; i++) {
        const char *kind = ha_node_text(ha_node_get(spec->object[i], "kind"), "");
        bool is_made = false;
        for (size_t j = 0; j < sizeof made_here / sizeof made_here[0]; j++) {
            is_made = is_made || strcmp(kind, made_here[j]) == 0;
        }
        if (is_made) {
            continue;
        }
        *has_class = *has_class || strcmp(kind, "StorageClass") == 0;
        *has_owner = *has_owner || strcmp(kind, "StatefulSet") == 0 ||
                     strcmp(kind, "ReplicaSet") == 0;
        int code = ha_objects_add(set, spec->object[i], err);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

static int add_host(struct ha_objects *set, const struct ha_kube_spec *spec,
                    bool has_class, struct sim_err *err)
{
    for (uint32_t n = 0; n < spec->host->n_nodes; n++) {
        int code = ha_objects_add(set, spec->host->node[n].object, err);
        if (code != 0) {
            return code;
        }
    }
    for (uint32_t n = 0; n < spec->host->n_spares; n++) {
        int code = ha_objects_add(set, spec->host->spare[n].object, err);
        if (code != 0) {
            return code;
        }
    }
    for (uint32_t c = 0; !has_class && c < spec->host->n_classes; c++) {
        int code = ha_objects_add(set, spec->host->storage_class[c].object, err);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

static int add_all(struct ha_objects *set, struct sim_arena *arena,
                   const struct ha_kube_plan *plan, const struct ha_kube_spec *spec,
                   struct sim_err *err)
{
    bool has_class = false;
    bool has_owner = false;
    int code = add_given(set, spec, &has_class, &has_owner, err);
    if (code == 0) {
        code = add_host(set, spec, has_class, err);
    }
    for (uint32_t w = 0; code == 0 && !has_owner && w < plan->n_workloads; w++) {
        code = add_owner(set, arena, &plan->workload[w], &spec->workload[w], err);
    }
    for (uint32_t v = 0; code == 0 && v < plan->n_volumes; v++) {
        code = add_claim(set, arena, plan, spec, v, err);
    }
    for (uint32_t p = 0; code == 0 && p < plan->n_pods; p++) {
        code = add_pod(set, arena, plan, spec, p, err);
    }
    return code == 0 ? ha_objects_finish(set, err) : code;
}

/* Priorities of the pods, or NULL when they do not differ. */
static const int32_t *priorities(const struct ha_kube_plan *plan,
                                 struct sim_arena *arena)
{
    const struct ha_objects *objects = ha_sched_objects(plan->sched);
    int32_t *priority = sim_arena_calloc(arena, plan->n_pods, sizeof *priority);
    bool differ = false;
    for (uint32_t p = 0; p < plan->n_pods; p++) {
        priority[p] = objects->pod[p].priority;
        differ = differ || priority[p] != priority[0];
    }
    return differ ? priority : NULL;
}

int ha_placement_plan(struct ha_kube_plan *plan, struct sim_arena *arena,
                      const struct ha_kube_spec *spec, struct sim_err *err)
{
    struct ha_objects *set = sim_arena_alloc(arena, sizeof *set);
    ha_objects_init(set, arena);
    int code = add_all(set, arena, plan, spec, err);
    if (code != 0) {
        return code;
    }
    const struct ha_sched_options options = {.k8s_minor = spec->host->k8s_minor};
    code = ha_sched_compile(arena, set, &options, &plan->sched, err);
    if (code != 0) {
        return code;
    }
    SIM_CHECK(ha_sched_n_nodes(plan->sched) == plan->n_nodes);
    SIM_CHECK(ha_sched_n_pods(plan->sched) == plan->n_pods);
    uint32_t *claim = sim_arena_calloc(arena, plan->n_volumes, sizeof *claim);
    for (uint32_t v = 0; v < plan->n_volumes; v++) {
        uint32_t w = plan->pod_workload[plan->volume_pod[v]];
        int32_t found = ha_sched_find_claim(
            plan->sched, namespace_of(&spec->workload[w]), plan->infra.volume_name[v]);
        SIM_CHECK(found >= 0);
        claim[v] = (uint32_t)found;
    }
    plan->volume_claim = claim;
    plan->priority = priorities(plan, arena);
    return 0;
}
