/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zones and nodes of the host.
 *
 * Three ways to say what there is: pools (so many equal nodes in each zone), single
 * nodes, or the Node objects of a real cluster (`kubectl get nodes -o yaml`), which
 * are used untouched. Whatever the way, each node ends as a v1 Node object as
 * kube-scheduler would see it: well-known labels, taints, capacity and allocatable.
 *
 * Names. A node of an unnamed pool is called after its zone (a1, a2, b1, ...), of a
 * named one POOL-ZONE1. Names are identities: designs that share a node name share
 * that node's failures in a comparison, so they must not depend on anything else.
 *
 * Zones are those listed; without a list those that pools and nodes name, in order of
 * appearance; without any a, b, c. Nodes of a real cluster that carry no zone label
 * stand in one zone called "default".
 *
 * Allocatable. Managed clusters keep 25 % of the first 4 GiB of memory, 20 % of the
 * next 4, 10 % of the next 8, 6 % of the next 112 and 2 % of the rest, 100 MiB for
 * eviction, and 6 %, 1 %, 0.5 %, 0.5 % and 0.25 % of the cores (Google Kubernetes
 * Engine documentation, "Plan node sizes"; EKS and AKS use formulas of the same size).
 * Self-run clusters keep the 100 MiB only (kubelet evictionHard memory.available), and
 * all keep 10 % of the ephemeral storage (evictionHard nodefs.available).
 */
#include "models/design/host.h"

#include <stdio.h>
#include <string.h>

#include "models/design/fields.h"
#include "models/design/suggest.h"
#include "models/design/tree.h"
#include "models/units.h"

#define MAX_NODES         5000u
#define MAX_ZONES         64u
#define MEBI              ((int64_t)1 << 20)
#define SPOT_PRICE        0.35 /* of the price on demand, see providers.def */
#define GIBI              ((int64_t)1 << 30)
#define DEFAULT_EPHEMERAL "100Gi"
#define ZONE_LABEL        "topology.kubernetes.io/zone"

/* ---- zones ---- */

static int zone_index(const struct ha_host *host, const char *name)
{
    for (uint32_t i = 0; i < host->n_zones; i++) {
        if (strcmp(host->zone[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int add_zone(struct ha_host_reader *r, const char *name,
                    const struct ha_node *node)
{
    struct ha_host *out = r->out;

    if (zone_index(out, name) >= 0) {
        return 0;
    }
    if (out->n_zones == MAX_ZONES) {
        return ha_node_error(r->err, node, "more than %u zones", MAX_ZONES);
    }
    out->zone[out->n_zones].name = name;
    out->zone[out->n_zones].place = node->place;
    out->n_zones++;
    return 0;
}

static int add_listed_zones(struct ha_host_reader *r, const struct ha_node *list,
                            bool must_be_new)
{
    int code = 0;

    for (uint32_t i = 0; list != NULL && i < list->n && code == 0; i++) {
        const char *name = list->item[i]->text;

        if (must_be_new && zone_index(r->out, name) >= 0) {
            return ha_node_error(r->err, list->item[i],
                                 "zone \"%.60s\" is listed twice", name);
        }
        code = add_zone(r, name, list->item[i]);
    }
    return code;
}

static int collect_zones(struct ha_host_reader *r)
{
    const struct ha_node *listed = ha_node_get(r->tree, "zones");
    const struct ha_node *pools = ha_node_get(r->tree, "nodePools");
    const struct ha_node *nodes = ha_node_get(r->tree, "nodes");
    int code = 0;

    r->out->zone = sim_arena_calloc(r->arena, MAX_ZONES, sizeof(*r->out->zone));
    if (!ha_node_is_null(listed)) {
        if (listed->n == 0) {
            return ha_node_error(r->err, listed, "a host needs at least one zone");
        }
        return add_listed_zones(r, listed, true);
    }
    for (uint32_t i = 0; pools != NULL && i < pools->n && code == 0; i++) {
        code = add_listed_zones(r, ha_node_get(pools->item[i], "zones"), false);
    }
    for (uint32_t i = 0; nodes != NULL && i < nodes->n && code == 0; i++) {
        const struct ha_node *zone = ha_node_get(nodes->item[i], "zone");

        code = ha_node_is_null(zone) ? 0 : add_zone(r, zone->text, zone);
    }
    if (code == 0 && r->out->n_zones == 0) {
        code = add_listed_zones(r, ha_field_tree(r->arena, r->tree, "zones"), true);
    }
    return code;
}

static int find_zone(struct ha_host_reader *r, const struct ha_node *name,
                     uint32_t *index)
{
    int found = zone_index(r->out, name->text);
    struct ha_suggest nearest;
    int code;

    if (found >= 0) {
        *index = (uint32_t)found;
        return 0;
    }
    code = ha_node_error(
        r->err, name, "zone \"%.60s\" is not among the zones of the host", name->text);
    ha_suggest_init(&nearest, name->text);
    for (uint32_t i = 0; i < r->out->n_zones; i++) {
        ha_suggest_offer(&nearest, r->out->zone[i].name);
    }
    if (nearest.best != NULL) {
        sim_err_hint(r->err, "did you mean \"%s\"?", nearest.best);
    } else {
        sim_err_hint(r->err, "list it under zones:");
    }
    return code;
}

/* ---- one node ---- */

/* What is kept of `amount`, in steps of (so much, per ten thousand). */
static int64_t kept_of(int64_t amount, const int64_t step[][2], size_t n)
{
    int64_t kept = 0;

    for (size_t i = 0; i < n && amount > 0; i++) {
        int64_t part = step[i][0] == 0 || amount < step[i][0] ? amount : step[i][0];

        kept += part / 10000 * step[i][1] + part % 10000 * step[i][1] / 10000;
        amount -= part;
    }
    return kept;
}

static int64_t allocatable_of(const struct ha_provider *provider, const char *resource,
                              int64_t amount)
{
    static const int64_t memory[][2] = {{4 * GIBI, 2500},
                                        {4 * GIBI, 2000},
                                        {8 * GIBI, 1000},
                                        {112 * GIBI, 600},
                                        {0, 200}};
    static const int64_t cpu[][2] = {{1000, 600}, {1000, 100}, {2000, 50}, {0, 25}};
    int64_t kept = 0;

    if (strcmp(resource, "memory") == 0) {
        kept =
            100 * MEBI + (provider->reserves_memory ? kept_of(amount, memory, 5) : 0);
    } else if (strcmp(resource, "cpu") == 0) {
        kept = provider->reserves_memory ? kept_of(amount, cpu, 4) : 0;
    } else if (strcmp(resource, "ephemeral-storage") == 0) {
        kept = amount / 10;
    }
    return amount > kept ? amount - kept : 0;
}

static void set_amount(struct sim_arena *arena, struct ha_node *map,
                       const char *resource, int64_t amount)
{
    bool is_cpu = strcmp(resource, "cpu") == 0;

    ha_tree_set_text(
        arena, map, resource,
        sim_arena_printf(arena, is_cpu ? "%lldm" : "%lld", (long long)amount));
}

static void make_status(struct ha_host_reader *r, struct ha_node *object,
                        const struct ha_node *capacity, const struct ha_node *given)
{
    struct sim_arena *arena = r->arena;
    struct ha_node *status = ha_tree_set_map(arena, object, "status");
    struct ha_node *full = ha_tree_set_map(arena, status, "capacity");
    struct ha_node *usable = ha_tree_set_map(arena, status, "allocatable");
    struct ha_node *ready;

    ha_tree_set_text(arena, full, "ephemeral-storage", DEFAULT_EPHEMERAL);
    ha_tree_set_text(arena, full, "pods",
                     sim_arena_printf(arena, "%d", r->provider->pods_per_node));
    ha_tree_add_all(arena, full, capacity);
    for (uint32_t i = 0; i < full->n; i++) {
        const char *resource = full->entry[i].key;
        const char *text = full->entry[i].value->text;
        int64_t amount = 0;

        (void)(strcmp(resource, "cpu") == 0 ? ha_units_read_cpu(text, &amount)
                                            : ha_units_read_bytes(text, &amount));
        set_amount(arena, usable, resource,
                   allocatable_of(r->provider, resource, amount));
    }
    ha_tree_add_all(arena, usable, given);
    ready = ha_tree_add_map(arena, ha_tree_set_list(arena, status, "conditions"));
    ha_tree_set_text(arena, ready, "type", "Ready");
    ha_tree_set_text(arena, ready, "status", "True");
}

static void make_taints(struct sim_arena *arena, struct ha_node *spec,
                        const struct ha_node *taints)
{
    struct ha_node *list;

    if (ha_node_is_null(taints) || taints->n == 0) {
        return;
    }
    list = ha_tree_set_list(arena, spec, "taints");
    for (uint32_t i = 0; i < taints->n; i++) {
        struct ha_node *taint = ha_tree_add_map(arena, list);

        ha_tree_set_text(arena, taint, "effect", "NoSchedule");
        ha_tree_add_all(arena, taint, taints->item[i]);
    }
}

static bool is_spot(const struct ha_node *item)
{
    bool value = false;

    (void)ha_node_bool(ha_node_get(item, "spot"), &value);
    return value;
}

/* The v1 Node of a pool's or a single node's description. */
static const struct ha_node *make_node(struct ha_host_reader *r,
                                       const struct ha_node *item, const char *list,
                                       const struct ha_host_node *node)
{
    struct sim_arena *arena = r->arena;
    struct ha_node *object = ha_node_new_map(arena);
    struct ha_node *metadata;
    struct ha_node *labels;
    char path[64];

    object->place = item->place;
    ha_tree_set_text(arena, object, "apiVersion", "v1");
    ha_tree_set_text(arena, object, "kind", "Node");
    metadata = ha_tree_set_map(arena, object, "metadata");
    ha_tree_set_text(arena, metadata, "name", node->name);
    labels = ha_tree_set_map(arena, metadata, "labels");
    ha_tree_set_text(arena, labels, "kubernetes.io/hostname", node->name);
    ha_tree_set_text(arena, labels, "kubernetes.io/os", "linux");
    ha_tree_set_text(arena, labels, "kubernetes.io/arch", "amd64");
    ha_tree_set_text(arena, labels, "topology.kubernetes.io/region",
                     ha_field_text(r->tree, "region"));
    ha_tree_set_text(arena, labels, ZONE_LABEL, r->out->zone[node->zone].name);
    if (is_spot(item) && r->provider->spot_label[0] != '\0') {
        ha_tree_set_text(arena, labels, r->provider->spot_label,
                         r->provider->spot_value);
    }
    ha_tree_add_all(arena, labels, ha_node_get(item, "labels"));
    make_taints(arena, ha_tree_set_map(arena, object, "spec"),
                ha_node_get(item, "taints"));
    snprintf(path, sizeof(path), "%s[].capacity", list);
    make_status(r, object, ha_field_tree(arena, item, path),
                ha_node_get(item, "allocatable"));
    return object;
}

/* The provider's price of a node, in proportion to its cores. */
static double price_of(struct ha_host_reader *r, const struct ha_node *item,
                       const char *path, const struct ha_node *object)
{
    const struct ha_node *cpu = ha_node_at(object, "status.capacity.cpu");
    double price = ha_field_price(item, path, r->provider->node_price);
    int64_t mcpu = 4000;

    if (!ha_node_is_null(ha_node_get(item, "price"))) {
        return price;
    }
    (void)ha_units_read_cpu(ha_node_text(cpu, "4"), &mcpu);
    return price * (double)mcpu / 4000 * (is_spot(item) ? SPOT_PRICE : 1);
}

static int add_node(struct ha_host_reader *r, const struct ha_host_node *node,
                    const struct ha_node *at)
{
    struct ha_host *out = r->out;

    if (out->n_nodes == MAX_NODES) {
        return ha_node_error(r->err, at, "the host has more than %u nodes", MAX_NODES);
    }
    for (uint32_t i = 0; i < out->n_nodes; i++) {
        if (strcmp(out->node[i].name, node->name) == 0) {
            int code =
                ha_node_error(r->err, at, "two nodes are called \"%.60s\"", node->name);

            sim_err_hint(r->err, "give each node pool a name of its own");
            return code;
        }
    }
    out->node[out->n_nodes++] = *node;
    return 0;
}

/* ---- pools, nodes, objects ---- */

/* The number-th node of a pool in a zone, or (what "spare") its spare place. */
static struct ha_host_node pool_node(struct ha_host_reader *r,
                                     const struct ha_node *pool, uint32_t zone,
                                     const char *what, int64_t number)
{
    const char *name = ha_field_text(pool, "nodePools[].name");
    struct ha_host_node node = {NULL, zone, name != NULL ? name : "",
                                NULL, 0,    r->out->n_groups - 1};

    node.name = sim_arena_printf(r->arena, "%s%s%s%s%lld", name != NULL ? name : "",
                                 name != NULL ? "-" : "", r->out->zone[zone].name, what,
                                 (long long)number);
    node.object = make_node(r, pool, "nodePools", &node);
    node.price_usd_month = price_of(r, pool, "nodePools[].price", node.object);
    return node;
}

static int add_spares(struct ha_host_reader *r, const struct ha_node *pool,
                      uint32_t zone)
{
    const struct ha_node_group *group = &r->out->group[r->out->n_groups - 1];
    uint32_t n = group->max - group->count + (r->out->drain_surges ? 1 : 0);

    if (r->out->n_spares + n > MAX_NODES) {
        return ha_node_error(r->err, pool, "more than %u nodes could be added",
                             MAX_NODES);
    }
    for (uint32_t i = 1; i <= n; i++) {
        r->out->spare[r->out->n_spares++] = pool_node(r, pool, zone, "-spare", i);
    }
    return 0;
}

static int read_pool_in_zone(struct ha_host_reader *r, const struct ha_node *pool,
                             uint32_t zone)
{
    uint32_t count = (uint32_t)ha_field_whole(pool, "nodePools[].count");
    uint32_t max = (uint32_t)ha_field_whole(pool, "nodePools[].maxCount");

    if (r->out->n_groups == MAX_NODES) {
        return ha_node_error(r->err, pool, "the host has more than %u pools in zones",
                             MAX_NODES - 1);
    }
    if (max > 0 && max < count) {
        return ha_node_error(r->err, ha_node_get(pool, "maxCount"),
                             "maxCount: %u is less than count: %u", max, count);
    }
    r->out->group[r->out->n_groups++] =
        (struct ha_node_group){count, max > count ? max : count};
    for (uint32_t i = 1; i <= count; i++) {
        struct ha_host_node node = pool_node(r, pool, zone, "", i);
        int code = add_node(r, &node, pool);

        if (code != 0) {
            return code;
        }
    }
    return add_spares(r, pool, zone);
}

static int read_pool(struct ha_host_reader *r, const struct ha_node *pool)
{
    const struct ha_node *zones = ha_node_get(pool, "zones");
    int code = 0;

    if (ha_node_is_null(zones)) {
        for (uint32_t i = 0; i < r->out->n_zones && code == 0; i++) {
            code = read_pool_in_zone(r, pool, i);
        }
        return code;
    }
    for (uint32_t i = 0; i < zones->n && code == 0; i++) {
        uint32_t zone = 0;

        code = find_zone(r, zones->item[i], &zone);
        if (code == 0) {
            code = read_pool_in_zone(r, pool, zone);
        }
    }
    return code;
}

static int read_single(struct ha_host_reader *r, const struct ha_node *item)
{
    const struct ha_node *zone = ha_node_get(item, "zone");
    const char *pool = ha_field_text(item, "nodes[].pool");
    struct ha_host_node node = {NULL, 0, pool != NULL ? pool : "", NULL, 0, 0};
    int code;

    node.name = ha_field_text(item, "nodes[].name");
    if (node.name == NULL) {
        return ha_node_error(r->err, item, "a node needs a name");
    }
    if (!ha_node_is_null(zone)) {
        code = find_zone(r, zone, &node.zone);
        if (code != 0) {
            return code;
        }
    } else if (r->out->n_zones > 1) {
        return ha_node_error(r->err, item, "node \"%.60s\" needs a zone", node.name);
    }
    node.object = make_node(r, item, "nodes", &node);
    node.price_usd_month = price_of(r, item, "nodes[].price", node.object);
    return add_node(r, &node, item);
}

/* Items of typed lists may leave out what they are; the scheduler wants to know. */
static const struct ha_node *with_header(struct sim_arena *arena,
                                         const struct ha_node *object)
{
    struct ha_node *full;

    if (ha_node_get(object, "apiVersion") != NULL &&
        ha_node_get(object, "kind") != NULL) {
        return object;
    }
    full = ha_node_new_map(arena);
    full->place = object->place;
    ha_tree_add_all(arena, full, object);
    ha_tree_set_text(arena, full, "apiVersion", "v1");
    ha_tree_set_text(arena, full, "kind", "Node");
    return full;
}

/* A v1 Node of a real cluster: kept as it is. */
static int read_object(struct ha_host_reader *r, const struct ha_node *object)
{
    const struct ha_node *labels = ha_node_at(object, "metadata.labels");
    const struct ha_node *zone = ha_node_get(labels, ZONE_LABEL);
    struct ha_host_node node = {NULL, 0, "", object, 0, 0};
    const char *zone_name;
    int code;

    node.object = with_header(r->arena, object);
    if (zone == NULL) {
        zone = ha_node_get(labels, "failure-domain.beta.kubernetes.io/zone");
    }
    zone_name = ha_node_text(zone, "default");
    node.name = ha_node_text(ha_node_at(object, "metadata.name"), NULL);
    if (node.name == NULL) {
        return ha_node_error(r->err, object, "a Node object needs metadata.name");
    }
    if (ha_node_at(object, "status.allocatable.cpu") == NULL) {
        code = ha_node_error(r->err, object, "node \"%.60s\" has no status.allocatable",
                             node.name);
        sim_err_hint(r->err, "use the full output: kubectl get nodes -o yaml");
        return code;
    }
    code = add_zone(r, zone_name, zone != NULL ? zone : object);
    if (code != 0) {
        return code;
    }
    node.zone = (uint32_t)zone_index(r->out, zone_name);
    node.price_usd_month = price_of(r, NULL, "nodes[].price", object);
    return add_node(r, &node, object);
}

static int read_objects(struct ha_host_reader *r)
{
    const struct ha_node *list = r->objects->nodes;
    const struct ha_node *pools = ha_node_get(r->tree, "nodePools");
    const struct ha_node *nodes = ha_node_get(r->tree, "nodes");
    int code = 0;

    if (!ha_node_is_null(pools) || !ha_node_is_null(nodes)) {
        code = ha_node_error(r->err, !ha_node_is_null(pools) ? pools : nodes,
                             "the nodes are given twice: here and as Node objects");
        sim_err_hint(r->err, "keep one of the two");
        return code;
    }
    r->out->zone = sim_arena_calloc(r->arena, MAX_ZONES, sizeof(*r->out->zone));
    for (uint32_t i = 0; i < list->n && code == 0; i++) {
        code = read_object(r, list->item[i]);
    }
    return code;
}

int ha_host_read_nodes(struct ha_host_reader *r)
{
    const struct ha_node *nodes = ha_node_get(r->tree, "nodes");
    const struct ha_node *pools = ha_node_get(r->tree, "nodePools");
    bool has_nodes = !ha_node_is_null(nodes);
    int code;

    r->out->node = sim_arena_calloc(r->arena, MAX_NODES, sizeof(*r->out->node));
    r->out->spare = sim_arena_calloc(r->arena, MAX_NODES, sizeof(*r->out->spare));
    r->out->group = sim_arena_calloc(r->arena, MAX_NODES, sizeof(*r->out->group));
    r->out->n_groups = 1;
    if (r->objects->nodes != NULL && r->objects->nodes->n > 0) {
        return read_objects(r);
    }
    if (ha_node_is_null(pools) && !has_nodes) {
        pools = ha_field_tree(r->arena, r->tree, "nodePools");
    }
    code = collect_zones(r);
    for (uint32_t i = 0; pools != NULL && i < pools->n && code == 0; i++) {
        code = read_pool(r, pools->item[i]);
    }
    for (uint32_t i = 0; has_nodes && i < nodes->n && code == 0; i++) {
        code = read_single(r, nodes->item[i]);
    }
    if (code == 0 && r->out->n_nodes == 0) {
        code = ha_node_error(r->err, pools != NULL ? pools : nodes,
                             "the host has no nodes");
        sim_err_hint(r->err, "nodePools: [{count: 3}]");
    }
    return code;
}
