/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host file, field by field.
 *
 * The table in host_fields.def is the only description of the host file: this file
 * checks any tree against it before anything is read, so that the reader (host.c) may
 * take values without a second look. A tree is walked together with its path, in
 * which a list item is written "[]"; looking a path up is a linear search, for a host
 * file has a few dozen keys.
 *
 * Recursion follows the table, not the user: only ITEMS and GROUP are entered, and a
 * path that the table does not know is refused at once, so the depth is that of the
 * table (three).
 */
#include "models/design/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/design/suggest.h"
#include "models/units.h"
#include "sim/check.h"

#define MAX_PATH 160

static const struct ha_field host_fields[] = {
#define HA_HOST_FIELD(path, type, choices, fallback, meaning)                          \
    {path, HA_FIELD_##type, choices, fallback, meaning},
#include "models/design/host_fields.def"
#undef HA_HOST_FIELD
};

const struct ha_field *ha_host_fields(size_t *n)
{
    *n = sizeof(host_fields) / sizeof(host_fields[0]);
    return host_fields;
}

struct checker {
    const struct ha_field *table;
    size_t n;
    const char *what;
    struct sim_err *err;
};

static const struct ha_field *find(const struct ha_field *table, size_t n,
                                   const char *path)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].path, path) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static const char *leaf_of(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL ? dot + 1 : path;
}

/* ---- checking ---- */

static int unknown_key(const struct checker *c, const char *parent,
                       const struct ha_entry *entry)
{
    size_t length = strlen(parent);
    struct ha_suggest nearest;
    int code =
        ha_place_error(c->err, &entry->place, "unknown key \"%.80s\" %s %s", entry->key,
                       length > 0 ? "under" : "in", length > 0 ? parent : c->what);

    if (c->err != NULL && strlen(entry->key) < 120) {
        c->err->excerpt_len = (int)strlen(entry->key);
    }
    ha_suggest_init(&nearest, entry->key);
    for (size_t i = 0; i < c->n; i++) {
        const char *path = c->table[i].path;

        if (length == 0 ? strchr(path, '.') == NULL
                        : strncmp(path, parent, length) == 0 && path[length] == '.' &&
                              strchr(path + length + 1, '.') == NULL) {
            ha_suggest_offer(&nearest, leaf_of(path));
        }
    }
    if (nearest.best != NULL) {
        sim_err_hint(c->err, "did you mean \"%s\"?", nearest.best);
    } else {
        sim_err_hint(c->err, "nines explain host%s%s lists the keys",
                     length > 0 ? "." : "", parent);
    }
    return code;
}

static int wrong_type(const struct checker *c, const struct ha_field *field,
                      const struct ha_node *node, const char *expected)
{
    int code;

    if (node->kind == HA_NODE_SCALAR) {
        code = ha_node_error(c->err, node, "%s: expected %s, found \"%.60s\"",
                             field->path, expected, node->text);
    } else {
        code = ha_node_error(c->err, node, "%s: expected %s, found a %s", field->path,
                             expected, node->kind == HA_NODE_MAP ? "map" : "list");
    }
    sim_err_hint(c->err, "%s: %s", field->path, field->meaning);
    return code;
}

static int check_choice(const struct checker *c, const struct ha_field *field,
                        const struct ha_node *node)
{
    char words[128];
    struct ha_suggest nearest;
    int code;

    ha_suggest_init(&nearest, node->text);
    snprintf(words, sizeof(words), "%s", field->choices);
    for (char *rest = words, *word; (word = strtok_r(rest, "|", &rest)) != NULL;) {
        if (strcmp(word, node->text) == 0) {
            return 0;
        }
        ha_suggest_offer(&nearest, word);
    }
    code = ha_node_error(c->err, node, "%s is \"%.60s\"; expected one of: %s",
                         field->path, node->text, field->choices);
    if (nearest.best != NULL) {
        sim_err_hint(c->err, "did you mean \"%s\"?", nearest.best);
    }
    return code;
}

static int check_whole(const struct checker *c, const struct ha_field *field,
                       const struct ha_node *node)
{
    int64_t value = 0;
    long long least = 0;
    long long most = 0;

    sscanf(field->choices, "%lld..%lld", &least, &most);
    if (!ha_node_int(node, &value)) {
        return wrong_type(c, field, node, "a whole number");
    }
    if (value < least || value > most) {
        return ha_node_error(c->err, node, "%s is %lld; expected %lld to %lld",
                             field->path, (long long)value, least, most);
    }
    return 0;
}

static int check_unit(const struct checker *c, const struct ha_field *field,
                      const struct ha_node *node)
{
    double unused;
    const char *problem;

    if (field->type == HA_FIELD_TIME && strcmp(node->text, "none") == 0) {
        return 0;
    }
    problem = field->type == HA_FIELD_TIME ? ha_units_read_duration(node->text, &unused)
                                           : ha_units_read_price(node->text, &unused);
    return problem == NULL
               ? 0
               : ha_node_error(c->err, node, "%s: %s", field->path, problem);
}

static int check_amount(const struct checker *c, const struct ha_field *field,
                        const struct ha_entry *entry)
{
    const char *text = ha_node_text(entry->value, "");
    bool is_cpu = strcmp(entry->key, "cpu") == 0;
    int64_t unused;
    const char *problem =
        is_cpu ? ha_units_read_cpu(text, &unused) : ha_units_read_bytes(text, &unused);

    if (problem == NULL) {
        return 0;
    }
    return ha_node_error(c->err, entry->value, "%s.%.60s: %s", field->path, entry->key,
                         problem);
}

static int check_map(const struct checker *c, const char *path,
                     const struct ha_node *map);

static int check_scalar(const struct checker *c, const struct ha_field *field,
                        const struct ha_node *node)
{
    bool unused;

    if (node->kind != HA_NODE_SCALAR) {
        return wrong_type(c, field, node, "a single value");
    }
    switch (field->type) {
    case HA_FIELD_CHOICE:
        return check_choice(c, field, node);
    case HA_FIELD_BOOL:
        return ha_node_bool(node, &unused)
                   ? 0
                   : wrong_type(c, field, node, "true or false");
    case HA_FIELD_WHOLE:
        return check_whole(c, field, node);
    case HA_FIELD_TIME:
    case HA_FIELD_PRICE:
        return check_unit(c, field, node);
    default:
        return 0;
    }
}

static int check_list(const struct checker *c, const struct ha_field *field,
                      const struct ha_node *node)
{
    char path[MAX_PATH];
    int code = 0;

    if (node->kind != HA_NODE_LIST) {
        return wrong_type(c, field, node, "a list");
    }
    snprintf(path, sizeof(path), "%s[]", field->path);
    for (uint32_t i = 0; i < node->n && code == 0; i++) {
        const struct ha_node *item = node->item[i];

        if (field->type == HA_FIELD_ITEMS) {
            code = item->kind == HA_NODE_MAP
                       ? check_map(c, path, item)
                       : wrong_type(c, field, item, "a map as item");
        } else if (ha_node_text(item, NULL) == NULL || item->length == 0) {
            code = wrong_type(c, field, item, "a name as item");
        }
    }
    return code;
}

static int check_open_map(const struct checker *c, const struct ha_field *field,
                          const struct ha_node *node)
{
    int code = 0;

    if (node->kind != HA_NODE_MAP) {
        return wrong_type(c, field, node, "a map");
    }
    for (uint32_t i = 0; i < node->n && code == 0; i++) {
        if (node->entry[i].value->kind != HA_NODE_SCALAR) {
            code = wrong_type(c, field, node->entry[i].value, "a single value");
        } else if (field->type == HA_FIELD_AMOUNTS) {
            code = check_amount(c, field, &node->entry[i]);
        }
    }
    return code;
}

static int check_node(const struct checker *c, const struct ha_field *field,
                      const struct ha_node *node)
{
    switch (field->type) {
    case HA_FIELD_WORDS:
    case HA_FIELD_ITEMS:
        return check_list(c, field, node);
    case HA_FIELD_TEXTS:
    case HA_FIELD_AMOUNTS:
        return check_open_map(c, field, node);
    case HA_FIELD_GROUP:
        return node->kind == HA_NODE_MAP ? check_map(c, field->path, node)
                                         : wrong_type(c, field, node, "a map");
    case HA_FIELD_TREE:
        return 0;
    default:
        return check_scalar(c, field, node);
    }
}

static int check_map(const struct checker *c, const char *path,
                     const struct ha_node *map)
{
    for (uint32_t i = 0; i < map->n; i++) {
        const struct ha_entry *entry = &map->entry[i];
        const struct ha_field *field;
        char child[MAX_PATH];
        int code;

        snprintf(child, sizeof(child), "%s%s%.80s", path, path[0] != '\0' ? "." : "",
                 entry->key);
        field = strchr(entry->key, '.') == NULL ? find(c->table, c->n, child) : NULL;
        if (field == NULL) {
            return unknown_key(c, path, entry);
        }
        if (ha_node_is_null(entry->value)) {
            continue;
        }
        code = check_node(c, field, entry->value);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

int ha_fields_check(const struct ha_field *table, size_t n, const char *what,
                    const struct ha_node *tree, struct sim_err *err)
{
    struct checker c = {table, n, what, err};

    if (ha_node_is_null(tree)) {
        return 0;
    }
    if (tree->kind != HA_NODE_MAP) {
        return ha_node_error(err, tree, "%s must be a map of keys and values", what);
    }
    return check_map(&c, "", tree);
}

/* ---- reading what was checked ---- */

static const struct ha_field *row_of(const char *path)
{
    size_t n;
    const struct ha_field *table = ha_host_fields(&n);
    const struct ha_field *field = find(table, n, path);

    SIM_CHECK(field != NULL);
    return field;
}

const char *ha_field_text(const struct ha_node *map, const char *path)
{
    const struct ha_field *field = row_of(path);
    const char *fallback = field->fallback[0] != '\0' ? field->fallback : NULL;

    return ha_node_text(ha_node_get(map, leaf_of(path)), fallback);
}

bool ha_field_bool(const struct ha_node *map, const char *path, bool otherwise)
{
    const struct ha_field *field = row_of(path);
    bool value =
        field->fallback[0] != '\0' ? strcmp(field->fallback, "true") == 0 : otherwise;

    (void)ha_node_bool(ha_node_get(map, leaf_of(path)), &value);
    return value;
}

int64_t ha_field_whole(const struct ha_node *map, const char *path)
{
    int64_t value = strtoll(row_of(path)->fallback, NULL, 10);

    (void)ha_node_int(ha_node_get(map, leaf_of(path)), &value);
    return value;
}

double ha_field_time(const struct ha_node *map, const char *path, double otherwise)
{
    const char *text = ha_field_text(map, path);
    double seconds = otherwise;

    if (text == NULL) {
        return otherwise;
    }
    return ha_units_read_duration(text, &seconds) == NULL ? seconds : 0;
}

double ha_field_price(const struct ha_node *map, const char *path,
                      const char *otherwise)
{
    const char *text = ha_field_text(map, path);
    double usd_month = 0;

    (void)ha_units_read_price(text != NULL ? text : otherwise, &usd_month);
    return usd_month;
}

const struct ha_node *ha_field_tree(struct sim_arena *arena, const struct ha_node *map,
                                    const char *path)
{
    const struct ha_node *given = ha_node_get(map, leaf_of(path));
    const char *fallback = row_of(path)->fallback;
    struct ha_docs docs;

    if (!ha_node_is_null(given)) {
        return given;
    }
    if (fallback[0] == '\0' || ha_docs_parse(arena, "the default", fallback,
                                             strlen(fallback), &docs, NULL) != 0) {
        return NULL;
    }
    return docs.doc[0];
}
