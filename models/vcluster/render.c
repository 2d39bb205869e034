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
 *
 * PriorityClasses named in the values but not built into Kubernetes are rendered
 * with value 1000000: the design does not say, and any positive value ranks them
 * before ordinary pods.
 */
#include "models/vcluster/render.h"

#include <string.h>

#include "sim/check.h"

#define CUSTOM_PRIORITY "1000000"

struct renderer {
    struct sim_arena *arena;
    const struct ha_design *design;
    struct ha_rendered *out;
    uint32_t capacity; /* of out->object */
};

/* ---- small tree helpers ---- */

static struct ha_node *text_node(struct sim_arena *arena, const char *text)
{
    return ha_node_new_scalar(arena, text, false);
}

static struct ha_node *plain_node(struct sim_arena *arena, const char *text)
{
    return ha_node_new_scalar(arena, text, true);
}

static void set_text(struct sim_arena *arena, struct ha_node *map, const char *key,
                     const char *text)
{
    ha_node_set(arena, map, key, text_node(arena, text));
}

static struct ha_node *set_map(struct sim_arena *arena, struct ha_node *map,
                               const char *key)
{
    struct ha_node *child = ha_node_new_map(arena);

    ha_node_set(arena, map, key, child);
    return child;
}

/* A map with the same entries, which may be changed without touching the original. */
static struct ha_node *copy_map(struct sim_arena *arena, const struct ha_node *map)
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

static void emit(struct renderer *r, const struct ha_node *object)
{
    SIM_CHECK(r->out->n_objects < r->capacity);
    r->out->object[r->out->n_objects++] = object;
}

static struct ha_node *new_object(struct renderer *r, const char *api, const char *kind,
                                  const char *name, bool is_namespaced,
                                  struct ha_node **metadata)
{
    struct ha_node *object = ha_node_new_map(r->arena);
    struct ha_node *meta;

    set_text(r->arena, object, "apiVersion", api);
    set_text(r->arena, object, "kind", kind);
    meta = set_map(r->arena, object, "metadata");
    set_text(r->arena, meta, "name", name);
    if (is_namespaced) {
        set_text(r->arena, meta, "namespace", r->out->namespace_name);
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

            set_text(arena, item, "key", keys[k]);
            set_text(arena, item, "operator", "Exists");
            set_text(arena, item, "effect", "NoExecute");
            ha_node_set(arena, item, "tolerationSeconds", plain_node(arena, "300"));
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
    return CUSTOM_PRIORITY;
}

static void add_priority(struct sim_arena *arena, struct ha_node *spec)
{
    const char *name = ha_node_text(ha_node_get(spec, "priorityClassName"), "");

    if (ha_node_get(spec, "priority") == NULL) {
        const char *value = name[0] == '\0' ? "0" : priority_of_class(name);

        ha_node_set(arena, spec, "priority", plain_node(arena, value));
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
static struct ha_node *default_container(struct renderer *r,
                                         const struct ha_node *container)
{
    struct sim_arena *arena = r->arena;
    struct ha_node *copy = copy_map(arena, container);
    struct ha_node *resources = copy_map(arena, ha_node_get(container, "resources"));
    struct ha_node *limits = copy_map(arena, ha_node_get(resources, "limits"));
    struct ha_node *requests = copy_map(arena, ha_node_get(resources, "requests"));

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

static void default_containers(struct renderer *r, struct ha_node *spec,
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

    set_text(arena, owner, "apiVersion", api);
    set_text(arena, owner, "kind", kind);
    set_text(arena, owner, "name", name);
    ha_node_set(arena, owner, "controller", plain_node(arena, "true"));
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
    set_text(arena, volume, "name", "data");
    set_text(arena, set_map(arena, volume, "persistentVolumeClaim"), "claimName",
             claim);
    ha_node_append(arena, list, volume);
    ha_node_set(arena, spec, "volumes", list);
}

static const struct ha_node *render_claim(struct renderer *r,
                                          const struct ha_workload *w, uint32_t ordinal)
{
    struct sim_arena *arena = r->arena;
    struct ha_node *claim = new_object(r, "v1", "PersistentVolumeClaim",
                                       claim_name(arena, w, ordinal), true, NULL);
    struct ha_node *spec = set_map(arena, claim, "spec");
    struct ha_node *modes = ha_node_new_list(arena);
    char *bytes = sim_arena_printf(arena, "%lld", (long long)w->volume_bytes);

    ha_node_append(arena, modes, text_node(arena, "ReadWriteOnce"));
    ha_node_set(arena, spec, "accessModes", modes);
    if (w->storage_class != NULL) {
        set_text(arena, spec, "storageClassName", w->storage_class);
    }
    set_text(arena, set_map(arena, set_map(arena, spec, "resources"), "requests"),
             "storage", bytes);
    return claim;
}

static const char *pod_name(struct sim_arena *arena, const struct ha_workload *w,
                            uint32_t ordinal)
{
    return sim_arena_printf(arena, w->is_statefulset ? "%s-%u" : "%s-rs-%u", w->name,
                            ordinal);
}

static const struct ha_node *render_pod(struct renderer *r, enum ha_role role,
                                        const struct ha_workload *w, uint32_t ordinal,
                                        const char *name)
{
    struct sim_arena *arena = r->arena;
    const struct ha_node *template = w->pod_template;
    struct ha_node *meta;
    struct ha_node *pod = new_object(r, "v1", "Pod", name, true, &meta);
    struct ha_node *labels = copy_map(arena, ha_node_at(template, "metadata.labels"));
    struct ha_node *spec = copy_map(arena, ha_node_get(template, "spec"));

    if (w->is_statefulset) {
        set_text(arena, labels, "statefulset.kubernetes.io/pod-name", name);
        set_text(arena, labels, "apps.kubernetes.io/pod-index",
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

static void render_pods(struct renderer *r)
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

/* ---- controllers, Services and policies ---- */

static struct ha_node *identity_labels(struct renderer *r, enum ha_role role)
{
    struct ha_node *labels = ha_node_new_map(r->arena);

    if (role == HA_ROLE_COREDNS) {
        set_text(r->arena, labels, "k8s-app", "vcluster-kube-dns");
    } else {
        set_text(r->arena, labels, "app",
                 role == HA_ROLE_CP ? "vcluster" : "vcluster-etcd");
        set_text(r->arena, labels, "release", r->design->vcluster.name);
    }
    return labels;
}

static void emit_service(struct renderer *r, const char *name, enum ha_role role,
                         bool is_headless)
{
    struct ha_node *service = new_object(r, "v1", "Service", name, true, NULL);
    struct ha_node *spec = set_map(r->arena, service, "spec");

    if (is_headless) {
        set_text(r->arena, spec, "clusterIP", "None");
        ha_node_set(r->arena, spec, "publishNotReadyAddresses",
                    plain_node(r->arena, "true"));
    }
    ha_node_set(r->arena, spec, "selector", identity_labels(r, role));
    emit(r, service);
}

static void emit_services(struct renderer *r)
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

static void emit_controller(struct renderer *r, enum ha_role role, const char *kind,
                            const char *name)
{
    const struct ha_workload *w = ha_render_workload(r->design, role);
    struct ha_node *object = new_object(r, "apps/v1", kind, name, true, NULL);
    struct ha_node *spec = set_map(r->arena, object, "spec");
    struct ha_node *selector = set_map(r->arena, spec, "selector");

    ha_node_set(r->arena, spec, "replicas",
                plain_node(r->arena, sim_arena_printf(r->arena, "%u", w->replicas)));
    ha_node_set(r->arena, selector, "matchLabels", identity_labels(r, role));
    if (strcmp(kind, "StatefulSet") == 0) {
        set_text(r->arena, spec, "podManagementPolicy",
                 w->is_ordered_ready ? "OrderedReady" : "Parallel");
    }
    emit(r, object);
}

static void emit_controllers(struct renderer *r)
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

static void emit_pdb(struct renderer *r)
{
    const struct ha_pdb *pdb = &r->design->vcluster.pdb;
    struct ha_node *object;
    struct ha_node *spec;

    if (!pdb->is_enabled) {
        return;
    }
    object = new_object(r, "policy/v1", "PodDisruptionBudget", r->design->vcluster.name,
                        true, NULL);
    object->place = pdb->place;
    spec = set_map(r->arena, object, "spec");
    if (pdb->min_available != NULL) {
        ha_node_set(r->arena, spec, "minAvailable",
                    plain_node(r->arena, pdb->min_available));
    }
    if (pdb->max_unavailable != NULL) {
        ha_node_set(r->arena, spec, "maxUnavailable",
                    plain_node(r->arena, pdb->max_unavailable));
    }
    if (pdb->always_allow_unhealthy) {
        set_text(r->arena, spec, "unhealthyPodEvictionPolicy", "AlwaysAllow");
    }
    ha_node_set(r->arena, set_map(r->arena, spec, "selector"), "matchLabels",
                identity_labels(r, HA_ROLE_CP));
    emit(r, object);
}

static void emit_policies(struct renderer *r)
{
    const struct ha_vcluster *vc = &r->design->vcluster;
    struct sim_arena *arena = r->arena;

    if (vc->has_quota && vc->quota != NULL) {
        struct ha_node *quota =
            new_object(r, "v1", "ResourceQuota",
                       sim_arena_printf(arena, "vc-%s", vc->name), true, NULL);

        ha_node_set(arena, set_map(arena, quota, "spec"), "hard",
                    copy_map(arena, vc->quota));
        emit(r, quota);
    }
    if (vc->has_limit_range) {
        const struct ha_node *range =
            ha_node_at(r->design->values, "policies.limitRange");
        struct ha_node *object =
            new_object(r, "v1", "LimitRange",
                       sim_arena_printf(arena, "vc-%s", vc->name), true, NULL);
        struct ha_node *limits = ha_node_new_list(arena);
        struct ha_node *item = ha_node_new_map(arena);

        set_text(arena, item, "type", "Container");
        ha_node_set(arena, item, "default",
                    copy_map(arena, ha_node_get(range, "default")));
        ha_node_set(arena, item, "defaultRequest",
                    copy_map(arena, ha_node_get(range, "defaultRequest")));
        ha_node_append(arena, limits, item);
        ha_node_set(arena, set_map(arena, object, "spec"), "limits", limits);
        emit(r, object);
    }
}

static void emit_priority_classes(struct renderer *r)
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
        object =
            new_object(r, "scheduling.k8s.io/v1", "PriorityClass", name, false, NULL);
        ha_node_set(r->arena, object, "value", plain_node(r->arena, CUSTOM_PRIORITY));
        emit(r, object);
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

const char *ha_role_title(enum ha_role role)
{
    static const char *const title[HA_N_ROLES] = {"control plane", "etcd", "CoreDNS"};

    return title[role];
}

void ha_render(struct sim_arena *arena, const struct ha_design *design,
               struct ha_rendered *out)
{
    struct renderer r = {.arena = arena, .design = design, .out = out};
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
        emit(&r, design->host.node[i].object);
    }
    for (uint32_t i = 0; i < design->host.n_classes; i++) {
        emit(&r, design->host.storage_class[i].object);
    }
    render_pods(&r);
    emit_priority_classes(&r);
    emit_policies(&r);
    emit_services(&r);
    emit_controllers(&r);
    emit_pdb(&r);
    for (uint32_t i = 0; i < out->n_pods; i++) {
        if (out->pod[i].claim != NULL) {
            emit(&r, out->pod[i].claim);
        }
    }
    for (uint32_t i = 0; i < out->n_pods; i++) {
        emit(&r, out->pod[i].object);
    }
}
