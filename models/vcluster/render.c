/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a design to Kubernetes objects.
 *
 * The scheduler of this program reads objects exactly as kube-scheduler does, so
 * somebody has to do what stands before it in a real cluster: the chart renders
 * controllers and Services, the StatefulSet and ReplicaSet controllers make pods
 * and claims out of templates, and admission fills in what the user left out:
 *   DefaultTolerationSeconds  300 s for not-ready and unreachable;
 *   Priority                  spec.priority from the named class;
 *   LimitRanger               container defaults, when the design has a LimitRange;
 *   API defaulting            a limit without a request is also the request.
 * Sources: k8s plugin/pkg/admission/{defaulttolerationseconds,priority,limitranger},
 * pkg/apis/core/v1/defaults.go; loft-sh/vcluster chart/templates/.
 *
 * Names. StatefulSet pods are NAME-0, NAME-1, ... as in a cluster. Deployment pods
 * have random names there; here they are NAME-rs-0, ..., because a slot of the
 * simulation needs a lasting name. CoreDNS pods belong to a Deployment inside the
 * tenant; what the host sees are synced pods, owned by the tenant's Service and
 * selected by the synced kube-dns Service. vCluster rewrites their labels and, in
 * the same way, the selectors that point at them; both are left as written here,
 * which selects the same pods.
 *
 * The owner references and Services matter to the scheduler: its default soft
 * spreading counts the pods of the same Service, ReplicaSet or StatefulSet
 * (k8s pkg/scheduler/framework/plugins/helper/spread.go, DefaultSelector).
 */
#include "models/vcluster/render_internal.h"

#include <string.h>

#include "models/design/tree.h"
#include "sim/check.h"

/* ---- small tree helpers ---- */

/* A map with the same entries, which may be changed without touching the original. */
struct ha_node *ha_render_copy(struct sim_arena *arena, const struct ha_node *map)
{
    struct ha_node *copy = ha_node_new_map(arena);

    if (map != NULL && map->kind == HA_NODE_MAP) {
        copy->place = map->place;
        for (uint32_t i = 0; i < map->n; i++) {
            ha_node_set(arena, copy, map->entry[i].key, map->entry[i].value);
        }
    }
    return copy;
}

/* A list with the same items, to which more may be added. */
static struct ha_node *copy_list(struct sim_arena *arena, const struct ha_node *list)
{
    struct ha_node *copy = ha_node_new_list(arena);

    if (list != NULL && list->kind == HA_NODE_LIST) {
        copy->place = list->place;
        for (uint32_t i = 0; i < list->n; i++) {
            ha_node_append(arena, copy, list->item[i]);
        }
    }
    return copy;
}

void ha_render_emit(struct ha_renderer *r, const struct ha_node *object)
{
    SIM_CHECK(r->out->n_objects < r->capacity);
    r->out->object[r->out->n_objects++] = object;
}

struct ha_node *ha_render_new(struct ha_renderer *r, const char *api, const char *kind,
                              const char *name, bool is_namespaced,
                              struct ha_node **metadata)
{
    struct ha_node *object = ha_node_new_map(r->arena);
    struct ha_node *meta;

    ha_tree_set_text(r->arena, object, "apiVersion", api);
    ha_tree_set_text(r->arena, object, "kind", kind);
    meta = ha_tree_set_map(r->arena, object, "metadata");
    ha_tree_set_text(r->arena, meta, "name", name);
    if (is_namespaced) {
        ha_tree_set_text(r->arena, meta, "namespace", r->out->namespace_name);
    }
    if (metadata != NULL) {
        *metadata = meta;
    }
    return object;
}

/* ---- admission ---- */

/* k8s plugin/pkg/admission/defaulttolerationseconds: is the taint provided for? */
static bool tolerates(const struct ha_node *list, const char *key)
{
    for (uint32_t i = 0; list != NULL && i < list->n; i++) {
        const char *its_key = ha_node_text(ha_node_get(list->item[i], "key"), "");
        const char *effect = ha_node_text(ha_node_get(list->item[i], "effect"), "");

        if ((its_key[0] == '\0' || strcmp(its_key, key) == 0) &&
            (effect[0] == '\0' || strcmp(effect, "NoExecute") == 0)) {
            return true;
        }
    }
    return false;
}

static void add_default_tolerations(struct sim_arena *arena, struct ha_node *spec)
{
    static const char *const keys[] = {"node.kubernetes.io/not-ready",
                                       "node.kubernetes.io/unreachable"};
    const struct ha_node *given = ha_node_get(spec, "tolerations");
    struct ha_node *list = copy_list(arena, given);

    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        if (!tolerates(given, keys[k])) {
            struct ha_node *item = ha_node_new_map(arena);

            ha_tree_set_text(arena, item, "key", keys[k]);
            ha_tree_set_text(arena, item, "operator", "Exists");
            ha_tree_set_text(arena, item, "effect", "NoExecute");
            ha_tree_set_plain(arena, item, "tolerationSeconds", "300");
            ha_node_append(arena, list, item);
        }
    }
    ha_node_set(arena, spec, "tolerations", list);
}

/* Values of the two classes every cluster has (k8s pkg/apis/scheduling/types.go). */
static const char *priority_of_class(const char *name)
{
    if (strcmp(name, "system-node-critical") == 0) {
        return "2000001000";
    }
    if (strcmp(name, "system-cluster-critical") == 0) {
        return "2000000000";
    }
    return HA_CUSTOM_PRIORITY;
}

static void add_priority(struct sim_arena *arena, struct ha_node *spec)
{
    const char *name = ha_node_text(ha_node_get(spec, "priorityClassName"), "");

    if (ha_node_get(spec, "priority") == NULL) {
        const char *value = name[0] == '\0' ? "0" : priority_of_class(name);

        ha_tree_set_plain(arena, spec, "priority", value);
    }
}

/* Adds to `into` the keys of `defaults` that it lacks. */
static void add_missing(struct sim_arena *arena, struct ha_node *into,
                        const struct ha_node *defaults)
{
    for (uint32_t i = 0; defaults != NULL && i < defaults->n; i++) {
        if (ha_node_get(into, defaults->entry[i].key) == NULL) {
            ha_node_set(arena, into, defaults->entry[i].key, defaults->entry[i].value);
        }
    }
}

/* API defaulting (limit without request), then LimitRanger's defaults. */
static struct ha_node *default_container(struct ha_renderer *r,
                                         const struct ha_node *container)
{
    struct sim_arena *arena = r->arena;
    struct ha_node *copy = ha_render_copy(arena, container);
    struct ha_node *resources =
        ha_render_copy(arena, ha_node_get(container, "resources"));
    struct ha_node *limits = ha_render_copy(arena, ha_node_get(resources, "limits"));
    struct ha_node *requests =
        ha_render_copy(arena, ha_node_get(resources, "requests"));

    add_missing(arena, requests, limits);
    if (r->design->vcluster.has_limit_range) {
        const struct ha_node *range =
            ha_node_at(r->design->values, "policies.limitRange");

        add_missing(arena, limits, ha_node_get(range, "default"));
        add_missing(arena, requests, ha_node_get(range, "defaultRequest"));
    }
    if (limits->n > 0) {
        ha_node_set(arena, resources, "limits", limits);
    }
    if (requests->n > 0) {
        ha_node_set(arena, resources, "requests", requests);
    }
    ha_node_set(arena, copy, "resources", resources);
    return copy;
}

static void default_containers(struct ha_renderer *r, struct ha_node *spec,
                               const char *key)
{
    const struct ha_node *given = ha_node_get(spec, key);
    struct ha_node *list;

    if (given == NULL || given->kind != HA_NODE_LIST) {
        return;
    }
    list = ha_node_new_list(r->arena);
    list->place = given->place;
    for (uint32_t i = 0; i < given->n; i++) {
        ha_node_append(r->arena, list, default_container(r, given->item[i]));
    }
    ha_node_set(r->arena, spec, key, list);
}

/* ---- pods and claims ---- */

static void set_owner(struct sim_arena *arena, struct ha_node *metadata,
                      const char *api, const char *kind, const char *name)
{
    struct ha_node *list = ha_node_new_list(arena);
    struct ha_node *owner = ha_node_new_map(arena);

    ha_tree_set_text(arena, owner, "apiVersion", api);
    ha_tree_set_text(arena, owner, "kind", kind);
    ha_tree_set_text(arena, owner, "name", name);
    ha_tree_set_plain(arena, owner, "controller", "true");
    ha_node_append(arena, list, owner);
    ha_node_set(arena, metadata, "ownerReferences", list);
}

static const char *claim_name(struct sim_arena *arena, const struct ha_workload *w,
                              uint32_t ordinal)
{
    return sim_arena_printf(arena, "data-%s-%u", w->name, ordinal);
}

/* Replaces a volume called "data" by the claim, or adds it. */
static void mount_claim(struct sim_arena *arena, struct ha_node *spec,
                        const char *claim)
{
    const struct ha_node *given = ha_node_get(spec, "volumes");
    struct ha_node *list = ha_node_new_list(arena);
    struct ha_node *volume = ha_node_new_map(arena);

    for (uint32_t i = 0; given != NULL && i < given->n; i++) {
        const char *name = ha_node_text(ha_node_get(given->item[i], "name"), "");

        if (strcmp(name, "data") != 0) {
            ha_node_append(arena, list, given->item[i]);
        }
    }
    ha_tree_set_text(arena, volume, "name", "data");
    ha_tree_set_text(arena, ha_tree_set_map(arena, volume, "persistentVolumeClaim"),
                     "claimName", claim);
    ha_node_append(arena, list, volume);
    ha_node_set(arena, spec, "volumes", list);
}

static const struct ha_node *render_claim(struct ha_renderer *r,
                                          const struct ha_workload *w, uint32_t ordinal)
{
    struct sim_arena *arena = r->arena;
    struct ha_node *claim = ha_render_new(r, "v1", "PersistentVolumeClaim",
                                          claim_name(arena, w, ordinal), true, NULL);
    struct ha_node *spec = ha_tree_set_map(arena, claim, "spec");
    struct ha_node *modes = ha_node_new_list(arena);
    char *bytes = sim_arena_printf(arena, "%lld", (long long)w->volume_bytes);

    ha_node_append(arena, modes, ha_node_new_scalar(arena, "ReadWriteOnce", false));
    ha_node_set(arena, spec, "accessModes", modes);
    if (w->storage_class != NULL) {
        ha_tree_set_text(arena, spec, "storageClassName", w->storage_class);
    }
    ha_tree_set_text(
        arena,
        ha_tree_set_map(arena, ha_tree_set_map(arena, spec, "resources"), "requests"),
        "storage", bytes);
    return claim;
}

static const char *pod_name(struct sim_arena *arena, const struct ha_workload *w,
                            uint32_t ordinal)
{
    return sim_arena_printf(arena, w->is_statefulset ? "%s-%u" : "%s-rs-%u", w->name,
                            ordinal);
}

static const struct ha_node *render_pod(struct ha_renderer *r, enum ha_role role,
                                        const struct ha_workload *w, uint32_t ordinal,
                                        const char *name)
{
    struct sim_arena *arena = r->arena;
    const struct ha_node *template = w->pod_template;
    struct ha_node *meta;
    struct ha_node *pod = ha_render_new(r, "v1", "Pod", name, true, &meta);
    struct ha_node *labels =
        ha_render_copy(arena, ha_node_at(template, "metadata.labels"));
    struct ha_node *spec = ha_render_copy(arena, ha_node_get(template, "spec"));

    if (w->is_statefulset) {
        ha_tree_set_text(arena, labels, "statefulset.kubernetes.io/pod-name", name);
        ha_tree_set_text(arena, labels, "apps.kubernetes.io/pod-index",
                         sim_arena_printf(arena, "%u", ordinal));
        set_owner(arena, meta, "apps/v1", "StatefulSet", w->name);
    } else if (role == HA_ROLE_COREDNS) {
        set_owner(arena, meta, "v1", "Service", r->design->vcluster.name);
    } else {
        set_owner(arena, meta, "apps/v1", "ReplicaSet",
                  sim_arena_printf(arena, "%s-rs", w->name));
    }
    ha_node_set(arena, meta, "labels", labels);
    if (w->has_volume) {
        mount_claim(arena, spec, claim_name(arena, w, ordinal));
    }
    default_containers(r, spec, "initContainers");
    default_containers(r, spec, "containers");
    add_default_tolerations(arena, spec);
    add_priority(arena, spec);
    ha_node_set(arena, pod, "spec", spec);
    return pod;
}

static void render_pods(struct ha_renderer *r)
{
    struct ha_rendered *out = r->out;

    for (int role = 0; role < HA_N_ROLES; role++) {
        const struct ha_workload *w = ha_render_workload(r->design, (enum ha_role)role);

        out->first[role] = out->n_pods;
        out->count[role] = w->replicas;
        for (uint32_t i = 0; i < w->replicas; i++) {
            struct ha_rendered_pod *pod = &out->pod[out->n_pods++];

            pod->role = (enum ha_role)role;
            pod->ordinal = i;
            pod->name = pod_name(r->arena, w, i);
            pod->object = render_pod(r, pod->role, w, i, pod->name);
            pod->claim = w->has_volume ? render_claim(r, w, i) : NULL;
        }
    }
}

/* ---- the whole ---- */

const struct ha_workload *ha_render_workload(const struct ha_design *design,
                                             enum ha_role role)
{
    switch (role) {
    case HA_ROLE_CP:
        return &design->vcluster.cp;
    case HA_ROLE_ETCD:
        return &design->vcluster.etcd;
    case HA_ROLE_COREDNS:
    case HA_N_ROLES:
        break;
    }
    return &design->vcluster.coredns;
}

void ha_render(struct sim_arena *arena, const struct ha_design *design,
               struct ha_rendered *out)
{
    struct ha_renderer r = {.arena = arena, .design = design, .out = out};
    uint32_t n_pods = 0;

    memset(out, 0, sizeof(*out));
    for (int i = 0; i < HA_N_ROLES; i++) {
        n_pods += ha_render_workload(design, (enum ha_role)i)->replicas;
    }
    /* Fixed objects: 3 priority classes, 2 policies, 5 Services, 4 controllers, PDB. */
    r.capacity = design->host.n_nodes + design->host.n_classes + 2 * n_pods + 16;
    out->namespace_name = sim_arena_printf(arena, "vcluster-%s", design->vcluster.name);
    out->pod = sim_arena_calloc(arena, n_pods, sizeof(*out->pod));
    out->object = sim_arena_calloc(arena, r.capacity, sizeof(*out->object));
    for (uint32_t i = 0; i < design->host.n_nodes; i++) {
        ha_render_emit(&r, design->host.node[i].object);
    }
    for (uint32_t i = 0; i < design->host.n_classes; i++) {
        ha_render_emit(&r, design->host.storage_class[i].object);
    }
    render_pods(&r);
    ha_render_around(&r);
    for (uint32_t i = 0; i < out->n_pods; i++) {
        if (out->pod[i].claim != NULL) {
            ha_render_emit(&r, out->pod[i].claim);
        }
    }
    for (uint32_t i = 0; i < out->n_pods; i++) {
        ha_render_emit(&r, out->pod[i].object);
    }
}
