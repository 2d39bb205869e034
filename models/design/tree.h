/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small helpers for building Kubernetes objects as trees. All memory is the arena's. */
#ifndef HA_TREE_H
#define HA_TREE_H

#include "models/design/doc.h"

/* map[key] = text, as a quoted string. */
void ha_tree_set_text(struct sim_arena *arena, struct ha_node *map, const char *key,
                      const char *text);

/* map[key] = a plain scalar: a number, true, false. */
void ha_tree_set_plain(struct sim_arena *arena, struct ha_node *map, const char *key,
                       const char *text);

/* map[key] = {}; returns the new map. */
struct ha_node *ha_tree_set_map(struct sim_arena *arena, struct ha_node *map,
                                const char *key);

/* map[key] = []; returns the new list. */
struct ha_node *ha_tree_set_list(struct sim_arena *arena, struct ha_node *map,
                                 const char *key);

/* Appends {} to the list; returns the new map. */
struct ha_node *ha_tree_add_map(struct sim_arena *arena, struct ha_node *list);

/* map[key] = the tree (shared, not copied), unless it is NULL, null or empty. */
void ha_tree_set_tree(struct sim_arena *arena, struct ha_node *map, const char *key,
                      const struct ha_node *tree);

/* Copies all entries of `from` (NULL allowed) into the map, replacing equal keys. */
void ha_tree_add_all(struct sim_arena *arena, struct ha_node *map,
                     const struct ha_node *from);

#endif
