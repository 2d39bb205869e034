/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The schema of the vCluster values, as Helm applies it.
 *
 * The schema is the chart's own (loft-sh/vcluster chart/values.schema.json, 0.37.0),
 * built into the program and read like any other document. It uses a small part of
 * JSON Schema, which is all that is understood here: $ref into $defs, properties,
 * additionalProperties (false, true or a schema), patternProperties ".*", items, type,
 * and oneOf/anyOf of types. All its objects forbid unknown keys, so a misspelt key is a
 * rejection; we add what Helm's message lacks: the place, the nearest key, the place
 * where a key of that name does exist, and where keys of older releases went
 * (old_keys.def).
 *
 * Types follow YAML 1.2 as Helm sees it: plain true and false are booleans, plain
 * numbers are numbers and no strings, 1e3 is an integer. Nulls are removed by Helm
 * before it looks; their keys are still checked.
 *
 * Left out: `required`, which only private-node pools and patches use and which no
 * figure of ours depends on. Recursion is bounded by the depth of documents (doc.h)
 * here and by MAX_SEARCH_DEPTH in the search for a key elsewhere.
 */
#include "models/design/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/design/assets.h"
#include "models/design/fields.h"
#include "models/design/suggest.h"

#define MAX_PATH         512
#define MAX_SEARCH_DEPTH 8

struct walk {
    const struct ha_chart *chart;
    char path[MAX_PATH]; /* "controlPlane.statefulSet", "" at the top */
    size_t length;
    struct sim_err *err;
};

static const struct {
    const char *path, *hint;
} old_keys[] = {
#define HA_OLD_KEY(path, hint) {path, hint},
#include "models/design/old_keys.def"
#undef HA_OLD_KEY
};

static int read_asset(struct sim_arena *arena, const char *name,
                      const struct ha_node **out, struct sim_err *err)
{
    const struct ha_asset *asset = ha_asset_find(name);
    struct ha_docs docs;
    int code;

    if (asset == NULL) {
        return sim_err_set(err, SIM_ERR_IO, "the program lacks its file %s", name);
    }
    code = ha_docs_parse(arena, name, asset->data, asset->length, &docs, err);
    *out = code == 0 ? docs.doc[0] : NULL;
    return code;
}

int ha_chart_read(struct sim_arena *arena, struct ha_chart *out, struct sim_err *err)
{
    int code = read_asset(arena, "configs/schema/vcluster-values.schema.json",
                          &out->schema, err);

    if (code == 0) {
        code = read_asset(arena, HA_CHART_DEFAULTS, &out->defaults, err);
    }
    return code;
}

/* ---- the schema's own structure ---- */

static const struct ha_node *resolve(const struct ha_chart *chart,
                                     const struct ha_node *schema)
{
    for (int hops = 0; hops < 16; hops++) {
        const char *ref = ha_node_text(ha_node_get(schema, "$ref"), NULL);

        if (ref == NULL || strncmp(ref, "#/$defs/", 8) != 0) {
            break;
        }
        schema = ha_node_get(ha_node_get(chart->schema, "$defs"), ref + 8);
    }
    return schema;
}

/* The schema of a key of a map: NULL when the key is not allowed there. `is_open` is
 * set when anything goes. */
static const struct ha_node *schema_of_key(const struct ha_node *schema,
                                           const char *key, bool *is_open)
{
    const struct ha_node *known = ha_node_get(ha_node_get(schema, "properties"), key);
    const struct ha_node *others = ha_node_get(schema, "additionalProperties");
    bool allowed = true;

    *is_open = false;
    if (known != NULL) {
        return known;
    }
    if (others != NULL && others->kind == HA_NODE_MAP) {
        return others;
    }
    if (others != NULL) {
        (void)ha_node_bool(others, &allowed);
    }
    *is_open = allowed;
    return NULL;
}

/* ---- unknown keys ---- */

static const char *old_key_hint(const char *path)
{
    for (size_t i = 0; i < sizeof(old_keys) / sizeof(old_keys[0]); i++) {
        if (strcmp(old_keys[i].path, path) == 0) {
            return old_keys[i].hint;
        }
    }
    return NULL;
}

/* The shallowest path below `schema` at which `key` exists, within `depth` steps. */
static bool search(const struct ha_chart *chart, const struct ha_node *schema,
                   const char *key, int depth, char *path, size_t size)
{
    const struct ha_node *keys = ha_node_get(resolve(chart, schema), "properties");
    size_t used = strlen(path);

    if (keys == NULL) {
        return false;
    }
    if (depth == 0) {
        if (ha_node_get(keys, key) == NULL) {
            return false;
        }
        snprintf(path + used, size - used, "%s%s", used > 0 ? "." : "", key);
        return true;
    }
    for (uint32_t i = 0; i < keys->n; i++) {
        snprintf(path + used, size - used, "%s%s", used > 0 ? "." : "",
                 keys->entry[i].key);
        if (search(chart, keys->entry[i].value, key, depth - 1, path, size)) {
            return true;
        }
        path[used] = '\0';
    }
    return false;
}

/* First below the place where the key was written, then anywhere. */
static bool find_elsewhere(const struct walk *w, const struct ha_node *schema,
                           const char *key, char *path, size_t size)
{
    snprintf(path, size, "%s", w->path);
    for (int depth = 1; depth < 4; depth++) {
        if (search(w->chart, schema, key, depth, path, size)) {
            return true;
        }
    }
    path[0] = '\0';
    for (int depth = 0; depth < MAX_SEARCH_DEPTH; depth++) {
        if (search(w->chart, w->chart->schema, key, depth, path, size)) {
            return true;
        }
    }
    return false;
}

static bool is_host_key(const char *key)
{
    size_t n;
    const struct ha_field *table = ha_host_fields(&n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].path, key) == 0) {
            return true;
        }
    }
    return false;
}

static void hint_for_unknown(struct walk *w, const struct ha_node *schema,
                             const char *key)
{
    const struct ha_node *keys = ha_node_get(schema, "properties");
    struct ha_suggest nearest;
    char full[2 * MAX_PATH];
    const char *old;

    snprintf(full, sizeof(full), "%s%s%.200s", w->path, w->length > 0 ? "." : "", key);
    old = old_key_hint(full);
    ha_suggest_init(&nearest, key);
    for (uint32_t i = 0; keys != NULL && i < keys->n; i++) {
        ha_suggest_offer(&nearest, keys->entry[i].key);
    }
    if (old != NULL) {
        sim_err_hint(w->err, "%s", old);
    } else if (w->length == 0 && is_host_key(key)) {
        sim_err_hint(w->err, "if this is a host file, begin it with "
                             "\"apiVersion: nines/v1\" and \"kind: Host\"");
    } else if (nearest.best != NULL) {
        sim_err_hint(w->err, "did you mean \"%s\"?", nearest.best);
    } else if (find_elsewhere(w, schema, key, full, sizeof(full))) {
        sim_err_hint(w->err, "did you mean %.400s?", full);
    } else if (keys != NULL && keys->n > 0 && keys->n <= 8) {
        int used = snprintf(full, sizeof(full), "known here:");

        for (uint32_t i = 0; i < keys->n; i++) {
            used += snprintf(full + used, sizeof(full) - (size_t)used, "%s %.40s",
                             i > 0 ? "," : "", keys->entry[i].key);
        }
        sim_err_hint(w->err, "%s", full);
    }
}

static int unknown_key(struct walk *w, const struct ha_node *schema,
                       const struct ha_entry *entry)
{
    int code =
        ha_place_error(w->err, &entry->place, "unknown key \"%.100s\" %s%s", entry->key,
                       w->length > 0 ? "under " : "in the values", w->path);

    if (w->err != NULL && strlen(entry->key) < 120) {
        w->err->excerpt_len = (int)strlen(entry->key);
    }
    hint_for_unknown(w, schema, entry->key);
    return code;
}

/* ---- types ---- */

static bool is_number(const struct ha_node *node)
{
    double unused;

    return node->is_plain && ha_node_double(node, &unused);
}

static bool is_whole(const struct ha_node *node)
{
    double number = 0;

    return node->is_plain && ha_node_double(node, &number) && floor(number) == number &&
           fabs(number) < 9e15;
}

static bool has_type(const struct ha_node *node, const char *type)
{
    bool unused;

    if (strcmp(type, "object") == 0) {
        return node->kind == HA_NODE_MAP;
    }
    if (strcmp(type, "array") == 0) {
        return node->kind == HA_NODE_LIST;
    }
    if (node->kind != HA_NODE_SCALAR) {
        return false;
    }
    if (strcmp(type, "boolean") == 0) {
        return ha_node_bool(node, &unused);
    }
    if (strcmp(type, "integer") == 0) {
        return is_whole(node);
    }
    if (strcmp(type, "number") == 0) {
        return is_number(node);
    }
    return strcmp(type, "string") != 0 ||
           (!ha_node_bool(node, &unused) && !is_number(node));
}

static const char *describe(const char *type)
{
    static const char *const names[][2] = {
        {"object", "a map"},          {"array", "a list"},
        {"boolean", "true or false"}, {"integer", "a whole number"},
        {"number", "a number"},       {"string", "a text"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i][0], type) == 0) {
            return names[i][1];
        }
    }
    return type;
}

/* Would the quoted text be of that type without its quotes? */
static bool fits(const struct ha_node *quoted, const char *type)
{
    struct ha_node bare = *quoted;

    bare.is_plain = true;
    return has_type(&bare, type);
}

static int wrong_type(struct walk *w, const struct ha_node *node, const char *type)
{
    char found[160];
    int code;

    if (node->kind == HA_NODE_SCALAR) {
        snprintf(found, sizeof(found), "%s%.100s%s", node->is_plain ? "" : "\"",
                 node->text, node->is_plain ? "" : "\"");
    } else {
        snprintf(found, sizeof(found), node->kind == HA_NODE_MAP ? "a map" : "a list");
    }
    code = ha_node_error(w->err, node, "%s must be %s, found %s", w->path,
                         describe(type), found);
    if (node->kind == HA_NODE_SCALAR && strcmp(type, "string") == 0) {
        sim_err_hint(w->err, "put it in quotes: \"%.100s\"", node->text);
    } else if (node->kind == HA_NODE_SCALAR && !node->is_plain && fits(node, type)) {
        sim_err_hint(w->err, "write it without quotes: %.100s", node->text);
    }
    return code;
}

/* One of several schemas; the chart has them only for "a text or a boolean" and for
 * the free-form plugin maps. */
static int check_choice(struct walk *w, const struct ha_node *choice,
                        const struct ha_node *node)
{
    for (uint32_t i = 0; i < choice->n; i++) {
        const char *type = ha_node_text(ha_node_get(choice->item[i], "type"), NULL);

        if (type == NULL || has_type(node, type)) {
            return 0;
        }
    }
    return wrong_type(w, node, "a text, true or false");
}

/* ---- the walk ---- */

static int check(struct walk *w, const struct ha_node *schema,
                 const struct ha_node *node);

static int check_map(struct walk *w, const struct ha_node *schema,
                     const struct ha_node *map)
{
    size_t length = w->length;

    for (uint32_t i = 0; i < map->n; i++) {
        const struct ha_entry *entry = &map->entry[i];
        bool is_open = false;
        const struct ha_node *child = schema_of_key(schema, entry->key, &is_open);
        int code = 0;

        if (child == NULL && !is_open) {
            return unknown_key(w, schema, entry);
        }
        if (child == NULL || ha_node_is_null(entry->value)) {
            continue;
        }
        w->length += (size_t)snprintf(w->path + length, sizeof(w->path) - length,
                                      "%s%.100s", length > 0 ? "." : "", entry->key);
        if (w->length >= sizeof(w->path)) {
            w->length = sizeof(w->path) - 1;
        }
        code = check(w, child, entry->value);
        w->length = length;
        if (code != 0) {
            return code;
        }
        w->path[length] = '\0';
    }
    return 0;
}

static int check(struct walk *w, const struct ha_node *schema,
                 const struct ha_node *node)
{
    const struct ha_node *one_of;
    const char *type;
    int code = 0;

    schema = resolve(w->chart, schema);
    one_of = ha_node_get(schema, "oneOf");
    if (one_of == NULL) {
        one_of = ha_node_get(schema, "anyOf");
    }
    if (one_of != NULL) {
        return check_choice(w, one_of, node);
    }
    type = ha_node_text(ha_node_get(schema, "type"), NULL);
    if (type != NULL && !has_type(node, type)) {
        return wrong_type(w, node, type);
    }
    if (node->kind == HA_NODE_MAP) {
        return check_map(w, schema, node);
    }
    for (uint32_t i = 0; node->kind == HA_NODE_LIST && i < node->n && code == 0; i++) {
        const struct ha_node *items = ha_node_get(schema, "items");

        if (items != NULL && !ha_node_is_null(node->item[i])) {
            code = check(w, items, node->item[i]);
        }
    }
    return code;
}

int ha_schema_check(const struct ha_chart *chart, const struct ha_node *values,
                    struct sim_err *err)
{
    struct walk w = {chart, "", 0, err};

    if (ha_node_is_null(values)) {
        return 0;
    }
    if (values->kind != HA_NODE_MAP) {
        return ha_node_error(err, values, "vCluster values must be a map");
    }
    return check_map(&w, chart->schema, values);
}
