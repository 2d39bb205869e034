/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host cluster: what carries the pods of the virtual cluster.
 *
 * Everything a host file may say stands in host_fields.def; whatever it leaves out is
 * decided by the provider (providers.def) and the Kubernetes version, so that three
 * lines are enough for an ordinary host and no line at all for the stated default:
 * three zones a, b, c with three nodes of 4 vCPU and 16 GiB each, catalogue aws.
 *
 * node-monitor-grace-period was 40 s up to Kubernetes 1.31 and is 50 s since 1.32
 * (kubernetes/kubernetes pull 126287).
 *
 * Storage classes become v1 StorageClass objects for the scheduler, and a kind of
 * behaviour (enum ha_provisioner) for the volume machine. The kind follows from the
 * driver's name (provisioners.def), from the words with which GCE and Azure ask for
 * replication over zones (parameters replication-type and skuName), or from the file's
 * own `like:` and `regional:`.
 *
 * Nodes are read in host_nodes.c. Left out: autoscaled pools (a pool has a fixed
 * number of nodes), capacity types.
 */
#include "models/design/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/design/fields.h"
#include "models/design/suggest.h"
#include "models/design/tree.h"

static const struct ha_provider providers[] = {
#define HA_PROVIDER(name, key, controller, repair, limit, forced, surges, reserves,    \
                    pods, class, driver, node, control_plane, label, value)            \
    {key,  controller, repair, limit, forced,        surges, reserves,                 \
     pods, class,      driver, node,  control_plane, label,  value},
#include "models/design/providers.def"
#undef HA_PROVIDER
};

static const struct {
    const char *name;
    enum ha_provisioner kind;
} drivers[] = {
#define HA_PROVISIONER(name, kind) {name, kind},
#include "models/design/provisioners.def"
#undef HA_PROVISIONER
};

static const char *const kind_words[] = {"ebs",     "gce-pd", "azure-disk", "regional",
                                         "network", "rbd",    "local"};

const struct ha_provider *ha_provider_find(const char *key)
{
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
        if (strcmp(providers[i].key, key) == 0) {
            return &providers[i];
        }
    }
    return NULL;
}

/* ---- version and rules ---- */

static int read_version(struct ha_host_reader *r)
{
    const struct ha_node *node = ha_node_get(r->tree, "kubernetes");
    const char *text = ha_field_text(r->tree, "kubernetes");
    int minor = 0;
    int used = 0;

    if (sscanf(text, "v%*1[1].%d%n", &minor, &used) < 1 &&
        sscanf(text, "%*1[1].%d%n", &minor, &used) < 1) {
        used = 0;
    }
    if (used == 0 || (text[used] != '\0' && text[used] != '.') || minor < 20 ||
        minor > 99) {
        return ha_node_error(
            r->err, node,
            "kubernetes is \"%.40s\"; expected a version from 1.20 on, "
            "for example \"1.34\"",
            text);
    }
    r->out->k8s_minor = minor;
    r->out->monitor_grace_s =
        ha_field_time(r->tree, "monitorGracePeriod", minor >= 32 ? 50 : 40);
    return 0;
}

static void read_rules(struct ha_host_reader *r)
{
    const struct ha_provider *provider = r->provider;
    const struct ha_node *drain = ha_node_get(r->tree, "drain");
    struct ha_host *out = r->out;

    out->has_cloud_controller =
        ha_field_bool(r->tree, "cloudController", provider->has_cloud_controller);
    out->has_autorepair =
        ha_field_bool(r->tree, "autorepair", provider->has_autorepair);
    out->sets_out_of_service = ha_field_bool(r->tree, "outOfService", false);
    out->drain_limit_s = ha_field_time(drain, "drain.limit", provider->drain_limit_s);
    out->drain_is_forced =
        ha_field_bool(drain, "drain.forced", provider->drain_is_forced);
    out->drain_surges = ha_field_bool(drain, "drain.surge", provider->drain_surges);
    out->price_control_plane_usd_month =
        ha_field_price(r->tree, "controlPlanePrice", provider->control_plane_price);
}

/* ---- storage classes ---- */

static bool driver_kind(const char *name, enum ha_provisioner *kind)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (strcmp(drivers[i].name, name) == 0) {
            *kind = drivers[i].kind;
            return true;
        }
    }
    return false;
}

static int unknown_driver(struct ha_host_reader *r, const struct ha_node *class,
                          const char *name)
{
    const struct ha_node *node = ha_node_get(class, "provisioner");
    struct ha_suggest nearest;
    int code = ha_node_error(r->err, node != NULL ? node : class,
                             "nines does not know the volume driver \"%.80s\"", name);

    ha_suggest_init(&nearest, name);
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        ha_suggest_offer(&nearest, drivers[i].name);
    }
    if (nearest.best != NULL) {
        sim_err_hint(r->err, "did you mean \"%s\"?", nearest.best);
    } else {
        sim_err_hint(r->err,
                     "say how its volumes behave: like: ebs, gce-pd, azure-disk, "
                     "regional, network, rbd or local");
    }
    return code;
}

static bool is_zone_redundant(const struct ha_node *parameters)
{
    const char *type = ha_node_text(ha_node_get(parameters, "replication-type"), "");
    const char *sku = ha_node_text(ha_node_get(parameters, "skuName"), "");

    return strcmp(type, "regional-pd") == 0 || strstr(sku, "_ZRS") != NULL;
}

static int read_kind(struct ha_host_reader *r, const struct ha_node *class,
                     const char *driver, struct ha_storage_class *out)
{
    const char *like = ha_node_text(ha_node_get(class, "like"), NULL);
    const struct ha_node *parameters = ha_node_get(class, "parameters");

    if (like != NULL) {
        for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++) {
            if (strcmp(kind_words[i], like) == 0) {
                out->provisioner = (enum ha_provisioner)i;
            }
        }
    } else if (!driver_kind(driver, &out->provisioner)) {
        return unknown_driver(r, class, driver);
    }
    if (ha_field_bool(class, "storageClasses[].regional", false) ||
        is_zone_redundant(parameters)) {
        out->provisioner = HA_STORAGE_REGIONAL;
    }
    return 0;
}

static const struct ha_node *make_class(struct sim_arena *arena, const char *driver,
                                        const struct ha_storage_class *class,
                                        const struct ha_node *parameters)
{
    struct ha_node *object = ha_node_new_map(arena);
    struct ha_node *metadata;
    size_t bare = strcspn(driver, "/");

    ha_tree_set_text(arena, object, "apiVersion", "storage.k8s.io/v1");
    ha_tree_set_text(arena, object, "kind", "StorageClass");
    metadata = ha_tree_set_map(arena, object, "metadata");
    ha_tree_set_text(arena, metadata, "name", class->name);
    if (class->is_default) {
        ha_tree_set_text(arena, ha_tree_set_map(arena, metadata, "annotations"),
                         "storageclass.kubernetes.io/is-default-class", "true");
    }
    if (strcmp(driver + bare, "/zrs") == 0) { /* our mark, not the driver's name */
        driver = sim_arena_strndup(arena, driver, bare);
    }
    ha_tree_set_text(arena, object, "provisioner", driver);
    ha_tree_set_text(arena, object, "volumeBindingMode",
                     class->is_immediate ? "Immediate" : "WaitForFirstConsumer");
    ha_tree_set_tree(arena, object, "parameters", parameters);
    return object;
}

static int read_class(struct ha_host_reader *r, const struct ha_node *item,
                      struct ha_storage_class *out)
{
    const char *mode = ha_field_text(item, "storageClasses[].volumeBindingMode");
    const char *driver = ha_field_text(item, "storageClasses[].provisioner");
    int code;

    out->name = ha_field_text(item, "storageClasses[].name");
    if (out->name == NULL) {
        return ha_node_error(r->err, item, "a storage class needs a name");
    }
    if (driver == NULL) {
        driver = r->provider->provisioner;
    }
    out->is_default = ha_field_bool(item, "storageClasses[].default", false);
    out->is_immediate = strcmp(mode, "Immediate") == 0;
    code = read_kind(r, item, driver, out);
    if (code == 0) {
        out->object =
            make_class(r->arena, driver, out, ha_node_get(item, "parameters"));
    }
    return code;
}

/* A StorageClass object of a real cluster. */
static int read_class_object(struct ha_host_reader *r, const struct ha_node *object,
                             struct ha_storage_class *out)
{
    const struct ha_node *notes = ha_node_at(object, "metadata.annotations");
    const char *driver = ha_node_text(ha_node_get(object, "provisioner"), "");
    const char *mode = ha_node_text(ha_node_get(object, "volumeBindingMode"), "");
    const char *mark = ha_node_text(
        ha_node_get(notes, "storageclass.kubernetes.io/is-default-class"), "false");

    out->name = ha_node_text(ha_node_at(object, "metadata.name"), NULL);
    if (out->name == NULL) {
        return ha_node_error(r->err, object, "a StorageClass needs metadata.name");
    }
    out->is_default = strcmp(mark, "true") == 0;
    out->is_immediate = strcmp(mode, "Immediate") == 0;
    out->object = object;
    return read_kind(r, object, driver, out);
}

static int check_classes(struct ha_host_reader *r, const struct ha_node *items)
{
    const struct ha_storage_class *first = NULL;

    for (uint32_t i = 0; i < r->out->n_classes; i++) {
        const struct ha_storage_class *class = &r->out->storage_class[i];

        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(class->name, r->out->storage_class[k].name) == 0) {
                return ha_node_error(r->err, items->item[i],
                                     "two storage classes are called \"%.60s\"",
                                     class->name);
            }
        }
        if (class->is_default && first != NULL) {
            return ha_node_error(r->err, items->item[i],
                                 "storage classes \"%.60s\" and \"%.60s\" are both "
                                 "default",
                                 first->name, class->name);
        }
        first = class->is_default ? class : first;
    }
    if (first == NULL && r->out->n_classes == 1) {
        r->out->storage_class[0].is_default = true;
    }
    return 0;
}

static void use_provider_class(struct ha_host_reader *r)
{
    struct ha_storage_class *class = sim_arena_alloc(r->arena, sizeof(*class));

    class->name = r->provider->class_name;
    class->is_default = true;
    (void)driver_kind(r->provider->provisioner, &class->provisioner);
    class->object = make_class(r->arena, r->provider->provisioner, class, NULL);
    r->out->n_classes = 1;
    r->out->storage_class = class;
}

static int read_classes(struct ha_host_reader *r)
{
    const struct ha_node *given = ha_node_get(r->tree, "storageClasses");
    bool is_object = ha_node_is_null(given);
    const struct ha_node *items = is_object ? r->objects->classes : given;

    if (items == NULL || items->n == 0) {
        use_provider_class(r);
        return 0;
    }
    r->out->n_classes = items->n;
    r->out->storage_class =
        sim_arena_calloc(r->arena, items->n, sizeof(*r->out->storage_class));
    for (uint32_t i = 0; i < items->n; i++) {
        struct ha_storage_class *class = &r->out->storage_class[i];
        int code = is_object ? read_class_object(r, items->item[i], class)
                             : read_class(r, items->item[i], class);

        if (code != 0) {
            return code;
        }
    }
    return check_classes(r, items);
}

int ha_host_read(struct sim_arena *arena, const struct ha_node *tree,
                 const struct ha_cluster_objects *objects, const char *catalog_name,
                 struct ha_host *out, struct sim_err *err)
{
    const char *provider = ha_field_text(tree, "provider");
    struct ha_host_reader r = {arena, tree, objects, NULL, out, err};
    int code;

    r.provider = ha_provider_find(provider != NULL ? provider : catalog_name);
    if (r.provider == NULL) {
        r.provider = &providers[0];
    }
    code = read_version(&r);
    if (code != 0) {
        return code;
    }
    read_rules(&r);
    code = read_classes(&r);
    return code != 0 ? code : ha_host_read_nodes(&r);
}
