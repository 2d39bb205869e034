/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The set of Kubernetes objects: dispatch by kind, common metadata, and what can only
 * be settled once everything was read (priorities by class, default storage class,
 * names used twice).
 *
 * One row of `readers` per kind that placement looks at; everything else that has an
 * apiVersion and a kind is counted and ignored, because `kubectl get all -o yaml` is
 * a fair thing to pass. A List (or PodList, NodeList ...) is its items.
 *
 * Arrays grow by doubling inside the arena. Pointers into them are only stable after
 * the last ha_objects_add; the compiler of the scheduler uses indexes.
 *
 * Names used twice for one kind are an error: silently taking the last would hide a
 * copy-and-paste mistake. They are found by sorting, so 100,000 nodes stay cheap.
 *
 * Priority rules (k8s plugin/pkg/admission/priority): spec.priority as written, else
 * the value of priorityClassName (the two system classes exist always), else the class
 * marked globalDefault, else 0.
 */
#include "models/kube/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/kube/object_read.h"

#define DEFAULT_NAMESPACE "default"
/* k8s pkg/apis/scheduling/types.go: SystemCriticalPriority and one thousand more */
#define SYSTEM_CLUSTER_CRITICAL 2000000000
#define SYSTEM_NODE_CRITICAL    2000001000

void ha_objects_init(struct ha_objects *set, struct sim_arena *arena)
{
    memset(set, 0, sizeof(*set));
    set->arena = arena;
}

bool ha_objects_is_object(const struct ha_node *tree)
{
    const char *version = ha_node_text(ha_node_get(tree, "apiVersion"), NULL);
    const char *kind = ha_node_text(ha_node_get(tree, "kind"), NULL);

    return version != NULL && kind != NULL && strncmp(version, "nines/", 6) != 0;
}

/* ---- metadata ---- */

static void read_owner(struct ha_obj *r, const struct ha_node *metadata,
                       struct ha_meta *out)
{
    const struct ha_node *list = ha_obj_list(r, metadata, "ownerReferences");

    for (uint32_t i = 0; list != NULL && i < list->n && r->code == 0; i++) {
        const struct ha_node *item = list->item[i];

        if (ha_obj_bool(r, item, "controller", false)) {
            const char *version = ha_obj_text(r, item, "apiVersion", "");
            const char *slash = strchr(version, '/');

            out->owner_kind = ha_obj_need(r, item, "kind");
            out->owner_name = ha_obj_need(r, item, "name");
            out->owner_group =
                slash == NULL
                    ? ""
                    : sim_arena_strndup(r->arena, version, (size_t)(slash - version));
            return;
        }
    }
}

static void read_meta(struct ha_obj *r, const struct ha_node *tree, bool is_namespaced,
                      struct ha_meta *out)
{
    const struct ha_node *metadata = ha_obj_map(r, tree, "metadata");

    out->place = tree->place;
    out->kind = ha_node_text(ha_node_get(tree, "kind"), "");
    if (metadata == NULL) {
        ha_obj_fail(r, tree, "metadata: is missing; an object needs metadata.name");
        return;
    }
    out->name = ha_obj_need(r, metadata, "name");
    out->ns =
        is_namespaced ? ha_obj_text(r, metadata, "namespace", DEFAULT_NAMESPACE) : "";
    out->uid = ha_obj_text(r, metadata, "uid", "");
    out->labels = ha_obj_labels(r, metadata, "labels");
    out->annotations = ha_obj_labels(r, metadata, "annotations");
    out->is_terminating = ha_obj_text(r, metadata, "deletionTimestamp", NULL) != NULL;
    out->created_s = ha_obj_time(r, metadata, "creationTimestamp");
    read_owner(r, metadata, out);
}

/* ---- small kinds ---- */

static void read_images(struct ha_obj *r, const struct ha_node *status,
                        struct ha_kube_node *out)
{
    const struct ha_node *list = ha_obj_list(r, status, "images");

    if (list == NULL) {
        return;
    }
    out->image = sim_arena_calloc(r->arena, list->n, sizeof(*out->image));
    for (uint32_t i = 0; i < list->n && r->code == 0; i++) {
        struct ha_image *image = &out->image[out->n_images++];

        image->name = ha_obj_texts(r, list->item[i], "names", &image->n_names);
        image->size_bytes =
            ha_obj_int(r, list->item[i], "sizeBytes", 0, 0, HA_AMOUNT_MAX);
    }
}

void ha_obj_read_node(struct ha_obj *r, const struct ha_node *tree,
                      struct ha_kube_node *out)
{
    static const char *const effects[] = {"", "NoSchedule", "PreferNoSchedule",
                                          "NoExecute", NULL};
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");
    const struct ha_node *status = ha_obj_map(r, tree, "status");
    const struct ha_node *taints = ha_obj_list(r, spec, "taints");

    out->is_unschedulable = ha_obj_bool(r, spec, "unschedulable", false);
    out->allocatable = ha_obj_amounts(r, status, "allocatable");
    if (out->allocatable.n == 0) {
        out->allocatable = ha_obj_amounts(r, status, "capacity"); /* API default */
    }
    read_images(r, status, out);
    if (taints == NULL) {
        return;
    }
    out->taint = sim_arena_calloc(r->arena, taints->n, sizeof(*out->taint));
    for (uint32_t i = 0; i < taints->n && r->code == 0; i++) {
        struct ha_taint *taint = &out->taint[i];

        taint->key = ha_obj_need(r, taints->item[i], "key");
        taint->value = ha_obj_text(r, taints->item[i], "value", "");
        ha_obj_need(r, taints->item[i], "effect");
        taint->effect =
            (enum ha_effect)ha_obj_word(r, taints->item[i], "effect", effects, 0);
        out->n_taints++;
    }
}

static void read_pdb(struct ha_obj *r, const struct ha_node *tree,
                     struct ha_kube_pdb *out)
{
    static const char *const policies[] = {"IfHealthyBudget", "AlwaysAllow", NULL};
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");
    const struct ha_node *status = ha_obj_map(r, tree, "status");
    const struct ha_node *gone = ha_obj_map(r, status, "disruptedPods");

    out->selector = ha_obj_selector(r, spec, "selector");
    out->min_available = ha_obj_text(r, spec, "minAvailable", NULL);
    out->max_unavailable = ha_obj_text(r, spec, "maxUnavailable", NULL);
    out->always_allows_unhealthy =
        ha_obj_word(r, spec, "unhealthyPodEvictionPolicy", policies, 0) == 1;
    out->disruptions_allowed =
        (int32_t)ha_obj_int(r, status, "disruptionsAllowed", 0, INT32_MIN, INT32_MAX);
    if (gone != NULL) {
        out->disrupted = sim_arena_calloc(r->arena, gone->n, sizeof(char *));
        for (uint32_t i = 0; i < gone->n; i++) {
            out->disrupted[out->n_disrupted++] = gone->entry[i].key;
        }
    }
}

static void read_priority_class(struct ha_obj *r, const struct ha_node *tree,
                                struct ha_kube_priority_class *out)
{
    static const char *const policies[] = {"PreemptLowerPriority", "Never", NULL};

    out->value = (int32_t)ha_obj_int(r, tree, "value", 0, INT32_MIN, INT32_MAX);
    out->is_default = ha_obj_bool(r, tree, "globalDefault", false);
    out->never_preempts = ha_obj_word(r, tree, "preemptionPolicy", policies, 0) == 1;
}

static void read_service(struct ha_obj *r, const struct ha_node *tree,
                         struct ha_kube_service *out)
{
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");

    out->has_selector = !ha_node_is_null(ha_node_get(spec, "selector"));
    out->selector = ha_obj_labels(r, spec, "selector");
}

/* A ReplicationController's selector is a plain label set; the others have a
 * LabelSelector. */
static void read_set(struct ha_obj *r, const struct ha_node *tree,
                     struct ha_kube_set *out)
{
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");
    const struct ha_node *claims = ha_obj_list(r, spec, "volumeClaimTemplates");

    out->replicas = (int32_t)ha_obj_int(r, spec, "replicas", 1, 0, INT32_MAX);
    out->template = ha_obj_map(r, spec, "template");
    if (strcmp(out->meta.kind, "ReplicationController") == 0) {
        const struct ha_labels labels = ha_obj_labels(r, spec, "selector");

        ha_selector_add_labels(r->arena, &out->selector, &labels);
    } else {
        out->selector = ha_obj_selector(r, spec, "selector");
    }
    if (claims != NULL) {
        out->n_claim_templates = claims->n;
        out->claim_template = (const struct ha_node *const *)claims->item;
    }
}

static void read_space(struct ha_obj *r, const struct ha_node *tree,
                       struct ha_kube_namespace *out)
{
    (void)r;
    (void)tree;
    (void)out;
}

/* ---- dispatch ---- */

/* Makes room for one more element of an array in the arena; returns it zeroed. */
static void *push(struct sim_arena *arena, void **array, uint32_t *n, size_t size)
{
    /* full at 0 and at every power of two from 4 on */
    if (*n == 0 || (*n >= 4 && (*n & (*n - 1)) == 0)) {
        const size_t room = *n == 0 ? 4 : (size_t)*n * 2;
        void *more = sim_arena_calloc(arena, room, size);

        if (*n > 0) {
            memcpy(more, *array, *n * size);
        }
        *array = more;
    }
    return (char *)*array + size * (*n)++;
}

#define READ_AS(function, field, count, type, is_namespaced)                           \
    static void function(struct ha_objects *set, struct ha_obj *r,                     \
                         const struct ha_node *tree)                                   \
    {                                                                                  \
        void *array = set->field;                                                      \
        struct type *out = push(set->arena, &array, &set->count, sizeof(*out));        \
                                                                                       \
        set->field = array;                                                            \
        read_meta(r, tree, is_namespaced, &out->meta);                                 \
        if (r->code == 0) {                                                            \
            READER_##function(r, tree, out);                                           \
        }                                                                              \
    }
#define READER_add_node     ha_obj_read_node
#define READER_add_pod      ha_obj_read_pod
#define READER_add_claim    ha_obj_read_claim
#define READER_add_volume   ha_obj_read_volume
#define READER_add_class    ha_obj_read_class
#define READER_add_pdb      read_pdb
#define READER_add_priority read_priority_class
#define READER_add_space    read_space
#define READER_add_service  read_service
#define READER_add_set      read_set
#define READER_add_csi_node ha_obj_read_csi_node

READ_AS(add_node, node, n_nodes, ha_kube_node, false)
READ_AS(add_pod, pod, n_pods, ha_kube_pod, true)
READ_AS(add_claim, claim, n_claims, ha_kube_claim, true)
READ_AS(add_volume, volume, n_volumes, ha_kube_volume, false)
READ_AS(add_class, storage_class, n_classes, ha_kube_class, false)
READ_AS(add_pdb, pdb, n_pdbs, ha_kube_pdb, true)
READ_AS(add_priority, priority_class, n_priorities, ha_kube_priority_class, false)
READ_AS(add_space, space, n_spaces, ha_kube_namespace, false)
READ_AS(add_service, service, n_services, ha_kube_service, true)
READ_AS(add_set, set, n_sets, ha_kube_set, true)
READ_AS(add_csi_node, csi_node, n_csi_nodes, ha_kube_csi_node, false)

static const struct {
    const char *kind;
    void (*add)(struct ha_objects *set, struct ha_obj *r, const struct ha_node *tree);
} readers[] = {
    {"Node", add_node},
    {"Pod", add_pod},
    {"PersistentVolumeClaim", add_claim},
    {"PersistentVolume", add_volume},
    {"StorageClass", add_class},
    {"PodDisruptionBudget", add_pdb},
    {"PriorityClass", add_priority},
    {"Namespace", add_space},
    {"Service", add_service},
    {"StatefulSet", add_set},
    {"ReplicaSet", add_set},
    {"Deployment", add_set},
    {"ReplicationController", add_set},
    {"CSINode", add_csi_node},
};

static int add_one(struct ha_objects *set, const struct ha_node *tree,
                   struct sim_err *err)
{
    struct ha_obj r = {set->arena, err, 0};
    const char *kind;

    if (!ha_objects_is_object(tree)) {
        return ha_node_error(err, tree,
                             "expected a Kubernetes object with apiVersion and kind");
    }
    kind = ha_node_text(ha_node_get(tree, "kind"), "");
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (strcmp(kind, readers[i].kind) == 0) {
            readers[i].add(set, &r, tree);
            return r.code;
        }
    }
    set->n_ignored++;
    return 0;
}

/* "List", "PodList": anything whose kind ends so and that has items. */
static const struct ha_node *items_of(const struct ha_node *tree)
{
    const char *kind = ha_node_text(ha_node_get(tree, "kind"), "");
    const size_t n = strlen(kind);
    const struct ha_node *items = ha_node_get(tree, "items");

    return n >= 4 && strcmp(kind + n - 4, "List") == 0 && items != NULL ? items : NULL;
}

int ha_objects_add(struct ha_objects *set, const struct ha_node *tree,
                   struct sim_err *err)
{
    const struct ha_node *items = items_of(tree);

    if (items == NULL) {
        return add_one(set, tree, err);
    }
    if (ha_node_is_null(items)) {
        return 0;
    }
    if (items->kind != HA_NODE_LIST) {
        return ha_node_error(err, items, "items: expected a list of objects");
    }
    for (uint32_t i = 0; i < items->n; i++) {
        const int code = add_one(set, items->item[i], err);

        if (code != 0) {
            return code;
        }
    }
    return 0;
}

/* ---- finishing ---- */

static int by_name(const void *a, const void *b)
{
    const struct ha_meta *x = *(const struct ha_meta *const *)a;
    const struct ha_meta *y = *(const struct ha_meta *const *)b;
    int order = strcmp(x->kind, y->kind);

    order = order != 0 ? order : strcmp(x->ns, y->ns);
    order = order != 0 ? order : strcmp(x->name, y->name);
    return order != 0 ? order : (x > y) - (x < y);
}

/* `array` holds `n` elements of `size` bytes that begin with a struct ha_meta. */
static int check_unique(struct ha_objects *set, const void *array, uint32_t n,
                        size_t size, struct sim_err *err)
{
    const struct ha_meta **sorted = sim_arena_calloc(set->arena, n, sizeof(*sorted));

    for (uint32_t i = 0; i < n; i++) {
        sorted[i] =
            (const struct ha_meta *)(const void *)((const char *)array + i * size);
    }
    if (n > 1) {
        qsort(sorted, n, sizeof(*sorted), by_name);
    }
    for (uint32_t i = 1; i < n; i++) {
        const struct ha_meta *a = sorted[i - 1];
        const struct ha_meta *b = sorted[i];

        if (strcmp(a->kind, b->kind) == 0 && strcmp(a->ns, b->ns) == 0 &&
            strcmp(a->name, b->name) == 0) {
            return ha_place_error(
                err, &b->place, "%s %s%s%s is given twice (first at %s:%d)", b->kind,
                b->ns, *b->ns != '\0' ? "/" : "", b->name,
                a->place.file != NULL ? a->place.file : "", a->place.line);
        }
    }
    return 0;
}

static bool class_value(const struct ha_objects *set, const char *name,
                        const struct ha_kube_priority_class **found, int32_t *value)
{
    *found = NULL;
    if (strcmp(name, "system-cluster-critical") == 0) {
        *value = SYSTEM_CLUSTER_CRITICAL;
        return true;
    }
    if (strcmp(name, "system-node-critical") == 0) {
        *value = SYSTEM_NODE_CRITICAL;
        return true;
    }
    for (uint32_t i = 0; i < set->n_priorities; i++) {
        if (strcmp(set->priority_class[i].meta.name, name) == 0) {
            *found = &set->priority_class[i];
            *value = (*found)->value;
            return true;
        }
    }
    return false;
}

static int settle_priority(struct ha_objects *set, struct ha_kube_pod *pod,
                           struct sim_err *err)
{
    const struct ha_kube_priority_class *found = NULL;

    if (pod->has_priority) {
        return 0;
    }
    if (pod->priority_class != NULL) {
        if (!class_value(set, pod->priority_class, &found, &pod->priority)) {
            return ha_node_error(err, ha_node_at(pod->tree, "spec.priorityClassName"),
                                 "priorityClassName: no PriorityClass %.100s among the "
                                 "objects, and spec.priority is not written",
                                 pod->priority_class);
        }
    }
    for (uint32_t i = 0; i < set->n_priorities && pod->priority_class == NULL; i++) {
        if (set->priority_class[i].is_default) {
            found = &set->priority_class[i];
            pod->priority = found->value;
        }
    }
    if (found != NULL && found->never_preempts &&
        ha_node_at(pod->tree, "spec.preemptionPolicy") == NULL) {
        pod->never_preempts = true;
    }
    return 0;
}

static void settle_claims(struct ha_objects *set)
{
    const char *name = "";

    for (uint32_t i = 0; i < set->n_classes; i++) {
        if (set->storage_class[i].is_default) {
            name = set->storage_class[i].meta.name;
        }
    }
    for (uint32_t i = 0; i < set->n_claims; i++) {
        if (set->claim[i].storage_class == NULL) {
            set->claim[i].storage_class = name;
        }
    }
}

int ha_objects_finish(struct ha_objects *set, struct sim_err *err)
{
    const struct {
        const void *array;
        uint32_t n;
        size_t size;
    } lists[] = {
        {set->node, set->n_nodes, sizeof(*set->node)},
        {set->pod, set->n_pods, sizeof(*set->pod)},
        {set->claim, set->n_claims, sizeof(*set->claim)},
        {set->volume, set->n_volumes, sizeof(*set->volume)},
        {set->storage_class, set->n_classes, sizeof(*set->storage_class)},
        {set->pdb, set->n_pdbs, sizeof(*set->pdb)},
        {set->set, set->n_sets, sizeof(*set->set)},
    };
    int code = 0;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && code == 0; i++) {
        code = check_unique(set, lists[i].array, lists[i].n, lists[i].size, err);
    }
    for (uint32_t i = 0; i < set->n_pods && code == 0; i++) {
        code = settle_priority(set, &set->pod[i], err);
    }
    settle_claims(set);
    return code;
}
