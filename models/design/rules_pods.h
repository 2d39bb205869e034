/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the pods of the chart: resources, scheduling, quota, limit range. */
#ifndef HA_RULES_PODS_H
#define HA_RULES_PODS_H

#include "models/design/doc.h"

/* Pod templates that the API server refuses: amounts, limits below requests, broken
 * spread constraints, probes, tolerations. */
int ha_rules_pods(const struct ha_node *values, struct sim_err *err);

/* Quota and limit range that refuse vCluster's own pods. */
int ha_rules_quota(const struct ha_node *values, struct sim_err *err);

#endif
