/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the user wrote, sorted and merged but not yet typed: the layers between the
 * files (-f), --set, --replicas and the typed design.
 */
#ifndef HA_LAYERS_H
#define HA_LAYERS_H

#include "models/design/design.h"
#include "models/design/host.h"
#include "models/design/schema.h"

struct ha_layers {
    struct sim_arena *arena;
    struct ha_chart chart;
    struct ha_node *values;        /* vCluster values, merged; never NULL */
    struct ha_node *host;          /* host tree, merged; never NULL, may be empty */
    struct ha_node *catalogs;      /* list: entries of kind: Catalog files, in order */
    struct ha_node *overrides;     /* list: overrides of host files, in order */
    struct ha_node *set_overrides; /* map: entries set by --set */
    struct ha_node *nodes;         /* list: v1 Node objects */
    struct ha_node *classes;       /* list: StorageClass objects */
    const char *catalog_base;      /* what a kind: Catalog extends, or NULL */
    const char *name;              /* name that a Design gives itself, or NULL */
    const char *values_file;       /* first file with values, or NULL */
    const char *host_file;         /* first file about the host, or NULL */
};

/* Empty layers over a chart, which must outlive them (trees are shared). */
void ha_layers_init(struct ha_layers *layers, struct sim_arena *arena,
                    const struct ha_chart *chart);

/* Adds the documents of a text; `name` is used in messages. */
int ha_layers_add_text(struct ha_layers *layers, const char *name, const char *text,
                       size_t length, struct sim_err *err);

/* Reads one -f file and adds its documents to the layers. */
int ha_layers_add_file(struct ha_layers *layers, const char *path, struct sim_err *err);

/* Applies one --set argument (set.c). */
int ha_layers_set(struct ha_layers *layers, const char *argument, struct sim_err *err);

/* Sets one values path as --set does, with its own name in messages ("--replicas"). */
int ha_layers_set_value(struct ha_layers *layers, const char *origin, const char *path,
                        const char *value, struct sim_err *err);

/* Checks the merged host tree and values against their tables. */
int ha_layers_check(const struct ha_layers *layers, struct sim_err *err);

/*
 * The second half of ha_design_load: --replicas, rules, catalogue, host, vCluster. The
 * design's arena must be that of the layers; on error the caller releases it.
 */
int ha_design_finish(struct ha_layers *layers, const struct ha_design_request *request,
                     struct ha_design *design, struct sim_err *err);

#endif
