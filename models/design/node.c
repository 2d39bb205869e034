/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trees of nodes: looking things up, making them in code, merging them.
 *
 * Nodes are constant once made, so a merge copies what it keeps. Arrays grow by
 * doubling from 4 inside the arena; a node does not store its capacity because the
 * next power of two is known from its length.
 */
#include "models/design/doc.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- looking ---- */

const struct ha_node *ha_node_get(const struct ha_node *node, const char *key)
{
    if (node == NULL || node->kind != HA_NODE_MAP) {
        return NULL;
    }
    for (uint32_t i = 0; i < node->n; i++) {
        if (strcmp(node->entry[i].key, key) == 0) {
            return node->entry[i].value;
        }
    }
    return NULL;
}

const struct ha_node *ha_node_at(const struct ha_node *node, const char *path)
{
    char part[256];

    while (node != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");

        if (n >= sizeof(part)) {
            return NULL;
        }
        memcpy(part, path, n);
        part[n] = '\0';
        node = ha_node_get(node, part);
        path += n + (path[n] == '.');
    }
    return node;
}

bool ha_node_is_null(const struct ha_node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    if (node == NULL) {
        return true;
    }
    if (node->kind != HA_NODE_SCALAR || !node->is_plain) {
        return false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(node->text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

const char *ha_node_text(const struct ha_node *node, const char *fallback)
{
    if (ha_node_is_null(node) || node->kind != HA_NODE_SCALAR) {
        return fallback;
    }
    return node->text;
}

bool ha_node_bool(const struct ha_node *node, bool *value)
{
    static const char *const yes[] = {"true", "True", "TRUE"};
    static const char *const no[] = {"false", "False", "FALSE"};

    if (node == NULL || node->kind != HA_NODE_SCALAR || !node->is_plain) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        if (strcmp(node->text, yes[i]) == 0 || strcmp(node->text, no[i]) == 0) {
            *value = strcmp(node->text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

bool ha_node_int(const struct ha_node *node, int64_t *value)
{
    char *end;
    long long number;

    if (node == NULL || node->kind != HA_NODE_SCALAR || node->length == 0 ||
        strspn(node->text, "+-0123456789") != node->length) {
        return false;
    }
    errno = 0;
    number = strtoll(node->text, &end, 10);
    if (errno != 0 || *end != '\0') {
        return false;
    }
    *value = number;
    return true;
}

bool ha_node_double(const struct ha_node *node, double *value)
{
    char *end;
    double number;

    if (node == NULL || node->kind != HA_NODE_SCALAR || node->length == 0 ||
        strspn(node->text, "+-.0123456789eE") != node->length) {
        return false;
    }
    number = strtod(node->text, &end);
    if (*end != '\0' || end == node->text || !isfinite(number)) {
        return false;
    }
    *value = number;
    return true;
}

/* ---- making ---- */

struct ha_node *ha_node_new_scalar(struct sim_arena *arena, const char *text,
                                   bool is_plain)
{
    struct ha_node *node = sim_arena_alloc(arena, sizeof(*node));

    node->kind = HA_NODE_SCALAR;
    node->text = sim_arena_strdup(arena, text);
    node->length = (uint32_t)strlen(text);
    node->is_plain = is_plain;
    return node;
}

struct ha_node *ha_node_new_map(struct sim_arena *arena)
{
    struct ha_node *node = sim_arena_alloc(arena, sizeof(*node));

    node->kind = HA_NODE_MAP;
    node->text = "";
    return node;
}

struct ha_node *ha_node_new_list(struct sim_arena *arena)
{
    struct ha_node *node = sim_arena_alloc(arena, sizeof(*node));

    node->kind = HA_NODE_LIST;
    node->text = "";
    return node;
}

/* Room for one more: full when n is 0 or a power of two from 4 up. */
static void *grow(struct sim_arena *arena, void *old, uint32_t n, size_t size)
{
    void *more;

    if (n != 0 && (n < 4 || (n & (n - 1)) != 0)) {
        return old;
    }
    more = sim_arena_calloc(arena, n < 4 ? 4 : (size_t)n * 2, size);
    if (n > 0) {
        memcpy(more, old, n * size);
    }
    return more;
}

void ha_node_push_entry(struct sim_arena *arena, struct ha_node *map, const char *key,
                        struct ha_place place, struct ha_node *value)
{
    map->entry = grow(arena, map->entry, map->n, sizeof(*map->entry));
    map->entry[map->n].key = key;
    map->entry[map->n].place = place;
    map->entry[map->n].value = value;
    map->n++;
}

void ha_node_append(struct sim_arena *arena, struct ha_node *list, struct ha_node *item)
{
    list->item = grow(arena, list->item, list->n, sizeof(struct ha_node *));
    list->item[list->n++] = item;
}

void ha_node_set(struct sim_arena *arena, struct ha_node *map, const char *key,
                 struct ha_node *value)
{
    for (uint32_t i = 0; i < map->n; i++) {
        if (strcmp(map->entry[i].key, key) == 0) {
            map->entry[i].value = value;
            return;
        }
    }
    ha_node_push_entry(arena, map, sim_arena_strdup(arena, key), value->place, value);
}

/* Recursion is bounded by the depth limit of reading. */
static struct ha_node *copy_tree(struct sim_arena *arena, const struct ha_node *node)
{
    struct ha_node *copy = sim_arena_alloc(arena, sizeof(*copy));

    *copy = *node;
    copy->n = 0;
    copy->entry = NULL;
    copy->item = NULL;
    for (uint32_t i = 0; i < node->n; i++) {
        if (node->kind == HA_NODE_LIST) {
            ha_node_append(arena, copy, copy_tree(arena, node->item[i]));
        } else if (!ha_node_is_null(node->entry[i].value)) {
            ha_node_push_entry(arena, copy, node->entry[i].key, node->entry[i].place,
                               copy_tree(arena, node->entry[i].value));
        }
    }
    return copy;
}

struct ha_node *ha_node_merge(struct sim_arena *arena, const struct ha_node *base,
                              const struct ha_node *over)
{
    struct ha_node *out;

    if (over == NULL || base == NULL || base->kind != HA_NODE_MAP ||
        over->kind != HA_NODE_MAP) {
        const struct ha_node *kept = over != NULL ? over : base;

        return kept != NULL ? copy_tree(arena, kept) : ha_node_new_map(arena);
    }
    out = ha_node_new_map(arena);
    out->place = over->place;
    for (uint32_t i = 0; i < base->n; i++) {
        const struct ha_entry *entry = &base->entry[i];
        const struct ha_node *newer = ha_node_get(over, entry->key);

        if (newer == NULL && !ha_node_is_null(entry->value)) {
            ha_node_push_entry(arena, out, entry->key, entry->place,
                               copy_tree(arena, entry->value));
        } else if (newer != NULL && !ha_node_is_null(newer)) {
            ha_node_push_entry(arena, out, entry->key, newer->place,
                               ha_node_merge(arena, entry->value, newer));
        }
    }
    for (uint32_t i = 0; i < over->n; i++) {
        const struct ha_entry *entry = &over->entry[i];

        if (ha_node_get(base, entry->key) == NULL && !ha_node_is_null(entry->value)) {
            ha_node_push_entry(arena, out, entry->key, entry->place,
                               copy_tree(arena, entry->value));
        }
    }
    return out;
}
