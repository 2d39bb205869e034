/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON schema of the vCluster values: unknown keys, moved keys, wrong types. */
#ifndef HA_SCHEMA_H
#define HA_SCHEMA_H

#include "models/design/doc.h"

/* The name under which the default values appear in places of nodes. */
#define HA_CHART_DEFAULTS "configs/schema/vcluster-values.defaults.yaml"

/* The schema and the default values that the chart ships, as read from the assets. */
struct ha_chart {
    const struct ha_node *schema;
    const struct ha_node *defaults;
};

/* Reads both from the built-in files into the arena. */
int ha_chart_read(struct sim_arena *arena, struct ha_chart *out, struct sim_err *err);

/*
 * Checks values as Helm does before it renders the chart. The first fault is reported
 * at its place: unknown keys with the nearest known one, keys of older releases with
 * their new place, wrong types with what was expected. Nulls are skipped, for Helm
 * removes them.
 */
int ha_schema_check(const struct ha_chart *chart, const struct ha_node *values,
                    struct sim_err *err);

#endif
