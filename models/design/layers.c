/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sorting what the files say.
 *
 * A file may hold several documents. Each is recognised by its kind:
 *   no kind               vCluster values, as `vcluster create -f` takes them
 *   Host, Catalog         of nines
 *   Design                values under vcluster:, a host under host:
 *   Node, NodeList, List  output of kubectl get nodes (or storageclasses)
 * and checked before it is merged, so that a fault is reported where it stands even if
 * a later file would have covered it. Merging is Helm's: later files win, maps merge,
 * lists are replaced whole, null returns to the default.
 *
 * Overrides of the catalogue are kept one by one instead of merged, because there null
 * means "does not exist here" and must survive.
 */
#include "models/design/layers.h"

#include <string.h>

#include "models/design/fields.h"
#include "models/design/suggest.h"

static const char *const design_keys[] = {"apiVersion", "kind",    "name", "metadata",
                                          "vcluster",   "catalog", "host", "overrides"};
static const char *const catalog_keys[] = {"apiVersion", "kind",    "name", "metadata",
                                           "extends",    "entries", NULL};

/* ---- small pieces ---- */

static struct ha_node *value_of(const struct ha_node *map, const char *key)
{
    for (uint32_t i = 0; map->kind == HA_NODE_MAP && i < map->n; i++) {
        if (strcmp(map->entry[i].key, key) == 0) {
            return map->entry[i].value;
        }
    }
    return NULL;
}

/* The document without the lines that say what it is. Entries keep their places. */
static struct ha_node *without_header(struct sim_arena *arena,
                                      const struct ha_node *doc)
{
    static const char *const header[] = {"apiVersion", "kind", "metadata"};
    struct ha_node *rest = sim_arena_alloc(arena, sizeof(*rest));

    *rest = *doc;
    rest->n = 0;
    /* room up to the next power of two: see ha_node_push_entry */
    rest->entry = sim_arena_calloc(arena, 2 * (size_t)doc->n + 4, sizeof(*rest->entry));
    for (uint32_t i = 0; i < doc->n; i++) {
        bool is_header = false;

        for (size_t k = 0; k < sizeof(header) / sizeof(header[0]); k++) {
            is_header = is_header || strcmp(doc->entry[i].key, header[k]) == 0;
        }
        if (!is_header) {
            rest->entry[rest->n++] = doc->entry[i];
        }
    }
    return rest;
}

static const char *name_of(const struct ha_node *doc)
{
    const char *name = ha_node_text(ha_node_get(doc, "name"), NULL);

    return name != NULL ? name : ha_node_text(ha_node_at(doc, "metadata.name"), NULL);
}

static int check_version(const struct ha_node *doc, struct sim_err *err)
{
    const struct ha_node *version = ha_node_get(doc, "apiVersion");
    int code;

    if (version == NULL || strcmp(ha_node_text(version, ""), "nines/v1") == 0) {
        return 0;
    }
    code =
        ha_node_error(err, version, "apiVersion \"%.60s\" is not known for this kind",
                      ha_node_text(version, ""));
    sim_err_hint(err, "write apiVersion: nines/v1");
    return code;
}

static int check_keys(const struct ha_node *doc, const char *kind,
                      const char *const *known, size_t n, struct sim_err *err)
{
    for (uint32_t i = 0; i < doc->n; i++) {
        struct ha_suggest nearest;
        int code;

        ha_suggest_init(&nearest, doc->entry[i].key);
        for (size_t k = 0; k < n && known[k] != NULL; k++) {
            ha_suggest_offer(&nearest, known[k]);
        }
        if (nearest.best != NULL && strcmp(nearest.best, doc->entry[i].key) == 0) {
            continue;
        }
        code = ha_place_error(err, &doc->entry[i].place,
                              "unknown key \"%.80s\" in a %s", doc->entry[i].key, kind);
        if (nearest.best != NULL) {
            sim_err_hint(err, "did you mean \"%s\"?", nearest.best);
        } else if (strcmp(kind, "kind: Design") == 0) {
            sim_err_hint(err, "vCluster values stand under vcluster:, the host under "
                              "host:");
        }
        return code;
    }
    return 0;
}

/* Keys of our own kinds that name something. */
static int check_names(const struct ha_node *doc, struct sim_err *err)
{
    static const char *const names[] = {"name", "catalog", "extends"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct ha_node *node = ha_node_get(doc, names[i]);

        if (!ha_node_is_null(node) && node->kind != HA_NODE_SCALAR) {
            return ha_node_error(err, node, "%s must be a name", names[i]);
        }
    }
    return 0;
}

static void note_file(const char **slot, const char *path)
{
    if (*slot == NULL) {
        *slot = path;
    }
}

/* ---- one document ---- */

static int add_values(struct ha_layers *l, const struct ha_node *values,
                      const char *path, struct sim_err *err)
{
    int code = ha_schema_check(&l->chart, values, err);

    if (code == 0 && !ha_node_is_null(values)) {
        l->values = ha_node_merge(l->arena, l->values, values);
    }
    note_file(&l->values_file, path);
    return code;
}

static int check_host(const struct ha_node *host, struct sim_err *err)
{
    size_t n;
    const struct ha_field *table = ha_host_fields(&n);

    return ha_fields_check(table, n, "the host file", host, err);
}

/* ---- lists given as maps: items by name ---- */

/* Is this a map of maps where the table wants a list of items? */
static bool is_by_name(const struct ha_entry *entry)
{
    static const char *const lists[] = {"nodePools", "nodes", "storageClasses",
                                        "dependencies"};
    bool is_list = false;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        is_list = is_list || strcmp(lists[i], entry->key) == 0;
    }
    is_list = is_list && entry->value->kind == HA_NODE_MAP && entry->value->n > 0;
    for (uint32_t i = 0; is_list && i < entry->value->n; i++) {
        is_list = entry->value->entry[i].value->kind == HA_NODE_MAP;
    }
    return is_list;
}

static int no_such_item(const struct ha_entry *patch, const char *list,
                        const struct ha_node *items, struct sim_err *err)
{
    struct ha_suggest nearest;
    int code = ha_place_error(err, &patch->place, "%s has no item called \"%.60s\" yet",
                              list, patch->key);

    ha_suggest_init(&nearest, patch->key);
    for (uint32_t i = 0; items != NULL && i < items->n; i++) {
        ha_suggest_offer(&nearest,
                         ha_node_text(ha_node_get(items->item[i], "name"), ""));
    }
    if (nearest.best != NULL && nearest.best[0] != '\0') {
        sim_err_hint(err, "did you mean \"%s\"?", nearest.best);
    } else {
        sim_err_hint(err,
                     "a map changes items of an earlier file by name; to give the "
                     "whole list write - name: %.60s",
                     patch->key);
    }
    return code;
}

/* The earlier list with the named items changed. */
static int patch_list(struct ha_layers *l, struct ha_entry *entry, struct sim_err *err)
{
    const struct ha_node *items = ha_node_get(l->host, entry->key);
    const struct ha_node *patches = entry->value;
    struct ha_node *list = ha_node_merge(l->arena, NULL, items);

    for (uint32_t i = 0; i < patches->n; i++) {
        bool is_found = false;

        for (uint32_t k = 0; items != NULL && k < items->n; k++) {
            const char *name = ha_node_text(ha_node_get(items->item[k], "name"), "");

            if (strcmp(name, patches->entry[i].key) == 0) {
                list->item[k] =
                    ha_node_merge(l->arena, list->item[k], patches->entry[i].value);
                is_found = true;
            }
        }
        if (!is_found) {
            return no_such_item(&patches->entry[i], entry->key, items, err);
        }
    }
    entry->value = list;
    return 0;
}

/* Overlays may address items by name: nodePools: {large: {count: 5}}. */
static int patch_lists(struct ha_layers *l, struct ha_node **host, struct sim_err *err)
{
    int code = 0;

    if (ha_node_is_null(*host) || (*host)->kind != HA_NODE_MAP) {
        return 0;
    }
    *host = without_header(l->arena, *host); /* a copy whose entries are ours */
    for (uint32_t i = 0; i < (*host)->n && code == 0; i++) {
        if (is_by_name(&(*host)->entry[i])) {
            code = patch_list(l, &(*host)->entry[i], err);
        }
    }
    return code;
}

static int add_host(struct ha_layers *l, struct ha_node *host, const char *path,
                    struct sim_err *err)
{
    int code = patch_lists(l, &host, err);
    struct ha_node *overrides;

    if (code == 0) {
        code = check_host(host, err);
    }
    if (code != 0 || ha_node_is_null(host)) {
        return code;
    }
    overrides = value_of(host, "overrides");
    if (overrides != NULL) {
        ha_node_append(l->arena, l->overrides, overrides);
    }
    l->host = ha_node_merge(l->arena, l->host, host);
    note_file(&l->host_file, path);
    return 0;
}

static int add_catalog(struct ha_layers *l, const struct ha_node *doc,
                       struct sim_err *err)
{
    struct ha_node *entries = value_of(doc, "entries");
    const char *base = ha_node_text(ha_node_get(doc, "extends"), NULL);
    int code = check_keys(doc, "kind: Catalog", catalog_keys,
                          sizeof(catalog_keys) / sizeof(catalog_keys[0]), err);

    if (code == 0 && entries != NULL) {
        ha_node_append(l->arena, l->catalogs, entries);
    }
    if (base != NULL) {
        l->catalog_base = base;
    }
    return code;
}

static int add_design(struct ha_layers *l, const struct ha_node *doc, const char *path,
                      struct sim_err *err)
{
    struct ha_node *catalog = value_of(doc, "catalog");
    struct ha_node *overrides = value_of(doc, "overrides");
    const struct ha_node *values = ha_node_get(doc, "vcluster");
    struct ha_node *host = value_of(doc, "host");
    int code = check_keys(doc, "kind: Design", design_keys,
                          sizeof(design_keys) / sizeof(design_keys[0]), err);

    if (code == 0) {
        code = add_values(l, values, path, err);
    }
    if (code == 0 && host != NULL) {
        code = add_host(l, host, path, err);
    }
    if (code == 0 && catalog != NULL) {
        ha_node_set(l->arena, l->host, "catalog", catalog);
    }
    if (code == 0 && overrides != NULL) {
        ha_node_append(l->arena, l->overrides, overrides);
    }
    if (name_of(doc) != NULL) {
        l->name = name_of(doc);
    }
    return code;
}

static int add_object(struct ha_layers *l, struct ha_node *object, const char *path,
                      struct sim_err *err)
{
    const char *kind = ha_node_text(ha_node_get(object, "kind"), "");

    if (strcmp(kind, "Node") == 0) {
        ha_node_append(l->arena, l->nodes, object);
    } else if (strcmp(kind, "StorageClass") == 0) {
        ha_node_append(l->arena, l->classes, object);
    } else {
        int code =
            ha_node_error(err, object, "a %.60s object says nothing about the host",
                          kind[0] != '\0' ? kind : "nameless");

        sim_err_hint(err, "of a cluster, nines reads Node and StorageClass objects");
        return code;
    }
    note_file(&l->host_file, path);
    return 0;
}

static int add_list(struct ha_layers *l, const struct ha_node *doc, const char *kind,
                    const char *path, struct sim_err *err)
{
    struct ha_node *items = value_of(doc, "items");
    int code = 0;

    if (items == NULL || items->kind != HA_NODE_LIST) {
        return ha_node_error(err, doc, "a %.60s needs its items", kind);
    }
    for (uint32_t i = 0; i < items->n && code == 0; i++) {
        struct ha_node *item = items->item[i];

        /* typed lists may leave the kind of their items out */
        if (ha_node_get(item, "kind") == NULL && strcmp(kind, "NodeList") == 0) {
            ha_node_append(l->arena, l->nodes, item);
            note_file(&l->host_file, path);
        } else {
            code = add_object(l, item, path, err);
        }
    }
    return code;
}

static int unknown_kind(const struct ha_node *node, struct sim_err *err)
{
    static const char *const kinds[] = {"Host", "Catalog",  "Design",
                                        "Node", "NodeList", "List"};
    const char *kind = ha_node_text(node, "");
    struct ha_suggest nearest;
    int code = ha_node_error(err, node, "kind \"%.60s\" is no part of a design", kind);

    ha_suggest_init(&nearest, kind);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        ha_suggest_offer(&nearest, kinds[i]);
    }
    if (nearest.best != NULL) {
        sim_err_hint(err, "did you mean \"%s\"?", nearest.best);
    } else {
        sim_err_hint(err, "a design is made of vCluster values, kind: Host, Catalog or "
                          "Design, and kubectl get nodes -o yaml");
    }
    return code;
}

static int add_document(struct ha_layers *l, struct ha_node *doc, const char *path,
                        struct sim_err *err)
{
    const struct ha_node *kind_node = ha_node_get(doc, "kind");
    const char *kind = ha_node_text(kind_node, "");
    int code = 0;

    if (ha_node_is_null(doc)) {
        return 0;
    }
    if (doc->kind != HA_NODE_MAP) {
        return ha_node_error(err, doc, "expected a map of keys and values, found a %s",
                             doc->kind == HA_NODE_LIST ? "list" : "single value");
    }
    if (kind_node == NULL) {
        return add_values(l, doc, path, err);
    }
    if (strcmp(kind, "List") == 0 || strcmp(kind, "NodeList") == 0 ||
        strcmp(kind, "StorageClassList") == 0) {
        return add_list(l, doc, kind, path, err);
    }
    if (strcmp(kind, "Node") == 0 || strcmp(kind, "StorageClass") == 0) {
        return add_object(l, doc, path, err);
    }
    if (strcmp(kind, "Host") != 0 && strcmp(kind, "Catalog") != 0 &&
        strcmp(kind, "Design") != 0) {
        return unknown_kind(kind_node, err);
    }
    code = check_version(doc, err);
    if (code == 0) {
        code = check_names(doc, err);
    }
    if (code == 0 && strcmp(kind, "Host") == 0) {
        code = add_host(l, doc, path, err);
    } else if (code == 0 && strcmp(kind, "Catalog") == 0) {
        code = add_catalog(l, doc, err);
    } else if (code == 0) {
        code = add_design(l, doc, path, err);
    }
    return code;
}

void ha_layers_init(struct ha_layers *layers, struct sim_arena *arena,
                    const struct ha_chart *chart)
{
    memset(layers, 0, sizeof(*layers));
    layers->arena = arena;
    layers->chart = *chart;
    layers->values = ha_node_new_map(arena);
    layers->host = ha_node_new_map(arena);
    layers->set_overrides = ha_node_new_map(arena);
    layers->catalogs = ha_node_new_list(arena);
    layers->overrides = ha_node_new_list(arena);
    layers->nodes = ha_node_new_list(arena);
    layers->classes = ha_node_new_list(arena);
}

static int add_documents(struct ha_layers *l, const struct ha_docs *docs,
                         const char *path, struct sim_err *err)
{
    int code = 0;

    for (uint32_t i = 0; code == 0 && i < docs->n; i++) {
        code = add_document(l, docs->doc[i], path, err);
    }
    return code;
}

int ha_layers_add_text(struct ha_layers *layers, const char *name, const char *text,
                       size_t length, struct sim_err *err)
{
    struct ha_docs docs;
    int code = ha_docs_parse(layers->arena, name, text, length, &docs, err);

    return code == 0 ? add_documents(layers, &docs, name, err) : code;
}

int ha_layers_add_file(struct ha_layers *layers, const char *path, struct sim_err *err)
{
    struct ha_docs docs;
    int code = ha_docs_read(layers->arena, path, &docs, err);

    return code == 0 ? add_documents(layers, &docs, path, err) : code;
}

int ha_layers_check(const struct ha_layers *layers, struct sim_err *err)
{
    int code = ha_schema_check(&layers->chart, layers->values, err);

    return code == 0 ? check_host(layers->host, err) : code;
}
