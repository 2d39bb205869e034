/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From merged, checked vCluster values to the typed struct ha_vcluster. */
#ifndef HA_VCLUSTER_VALUES_H
#define HA_VCLUSTER_VALUES_H

#include "models/design/design.h"

/*
 * Fills design->vcluster from design->values and design->host; `name` is the release.
 * The values have passed the schema and the rules (rules.h). Errors: a storage class
 * that the host does not have, quantities that do not parse.
 */
int ha_vcluster_read(struct ha_design *design, const char *name, struct sim_err *err);

/* The store that the values ask for; SQLite when none is enabled. */
enum ha_store ha_values_store(const struct ha_node *values);

/* The chart's "PVC is used" of the control plane (chart/templates/_persistence.tpl). */
bool ha_values_cp_has_volume(const struct ha_node *values);

/* The chart's auto switches: is the ResourceQuota, is the LimitRange rendered? */
bool ha_values_has_quota(const struct ha_node *values);
bool ha_values_has_limit_range(const struct ha_node *values);

/* A boolean at a path of the values; false when it is not there. */
bool ha_values_bool(const struct ha_node *values, const char *path);

/* The pod templates, as trees with metadata.labels and spec. */
const struct ha_node *ha_template_cp(struct sim_arena *arena,
                                     const struct ha_node *values, const char *release);
const struct ha_node *ha_template_etcd(struct sim_arena *arena,
                                       const struct ha_node *values,
                                       const char *release);
const struct ha_node *ha_template_coredns(struct sim_arena *arena,
                                          const struct ha_node *values);

#endif
