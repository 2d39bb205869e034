/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the host: from a checked host tree, or from objects of a real cluster. */
#ifndef HA_HOST_H
#define HA_HOST_H

#include "models/design/design.h"

/* v1 Node and storage.k8s.io/v1 StorageClass objects found in the files given. */
struct ha_cluster_objects {
    const struct ha_node *nodes;   /* list, n = 0 when there were none */
    const struct ha_node *classes; /* list */
};

struct ha_provider {
    const char *key;
    bool has_cloud_controller, has_autorepair;
    double drain_limit_s;
    bool drain_is_forced, drain_surges;
    bool reserves_memory;
    int pods_per_node;
    const char *class_name, *provisioner;
    const char *node_price, *control_plane_price;
    const char *spot_label, *spot_value; /* "" where there are no spot machines */
};

/* The rules of a provider by key, or NULL. */
const struct ha_provider *ha_provider_find(const char *key);

/*
 * Types a host. `tree` is a tree that passed ha_fields_check (NULL: all defaults);
 * `catalog_name` decides the provider where the tree does not. Errors carry places.
 */
int ha_host_read(struct sim_arena *arena, const struct ha_node *tree,
                 const struct ha_cluster_objects *objects, const char *catalog_name,
                 struct ha_host *out, struct sim_err *err);

/* ---- shared by host.c and host_nodes.c ---- */

struct ha_host_reader {
    struct sim_arena *arena;
    const struct ha_node *tree;
    const struct ha_cluster_objects *objects;
    const struct ha_provider *provider;
    struct ha_host *out;
    struct sim_err *err;
};

/* Fills zones and nodes of out. */
int ha_host_read_nodes(struct ha_host_reader *r);

#endif
