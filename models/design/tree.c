/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Building trees. Subtrees of the user's are shared, never copied: trees are constant
 * once made, so a shared one cannot change under its second owner. The cast below is
 * the one place where that promise is written down.
 */
#include "models/design/tree.h"

void ha_tree_set_text(struct sim_arena *arena, struct ha_node *map, const char *key,
                      const char *text)
{
    ha_node_set(arena, map, key, ha_node_new_scalar(arena, text, false));
}

void ha_tree_set_plain(struct sim_arena *arena, struct ha_node *map, const char *key,
                       const char *text)
{
    ha_node_set(arena, map, key, ha_node_new_scalar(arena, text, true));
}

struct ha_node *ha_tree_set_map(struct sim_arena *arena, struct ha_node *map,
                                const char *key)
{
    struct ha_node *child = ha_node_new_map(arena);

    ha_node_set(arena, map, key, child);
    return child;
}

struct ha_node *ha_tree_set_list(struct sim_arena *arena, struct ha_node *map,
                                 const char *key)
{
    struct ha_node *child = ha_node_new_list(arena);

    ha_node_set(arena, map, key, child);
    return child;
}

struct ha_node *ha_tree_add_map(struct sim_arena *arena, struct ha_node *list)
{
    struct ha_node *child = ha_node_new_map(arena);

    ha_node_append(arena, list, child);
    return child;
}

void ha_tree_set_tree(struct sim_arena *arena, struct ha_node *map, const char *key,
                      const struct ha_node *tree)
{
    union {
        const struct ha_node *shared;
        struct ha_node *entry;
    } node = {tree};
    bool is_empty = ha_node_is_null(tree) ||
                    (tree->kind != HA_NODE_SCALAR && tree->n == 0) ||
                    (tree->kind == HA_NODE_SCALAR && tree->length == 0);

    if (!is_empty) {
        ha_node_set(arena, map, key, node.entry);
    }
}

void ha_tree_add_all(struct sim_arena *arena, struct ha_node *map,
                     const struct ha_node *from)
{
    for (uint32_t i = 0; from != NULL && from->kind == HA_NODE_MAP && i < from->n;
         i++) {
        ha_node_set(arena, map, from->entry[i].key, from->entry[i].value);
    }
}
