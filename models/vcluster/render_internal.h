/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by render.c and render_objects.c only. */
#ifndef HA_VCLUSTER_RENDER_INTERNAL_H
#define HA_VCLUSTER_RENDER_INTERNAL_H

#include "models/vcluster/render.h"

#define HA_CUSTOM_PRIORITY "1000000"

struct ha_renderer {
    struct sim_arena *arena;
    const struct ha_design *design;
    struct ha_rendered *out;
    uint32_t capacity; /* of out->object */
};

/* Appends an object to the list. */
void ha_render_emit(struct ha_renderer *r, const struct ha_node *object);

/* An object with apiVersion, kind and metadata.name (and namespace). */
struct ha_node *ha_render_new(struct ha_renderer *r, const char *api, const char *kind,
                              const char *name, bool is_namespaced,
                              struct ha_node **metadata);

/* A map with the same entries, which may be changed without touching the original. */
struct ha_node *ha_render_copy(struct sim_arena *arena, const struct ha_node *map);

/* Everything but nodes, storage classes, claims and pods. */
void ha_render_around(struct ha_renderer *r);

#endif
