/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the chart, the API server or vCluster itself would refuse. */
#ifndef HA_RULES_H
#define HA_RULES_H

#include "models/design/doc.h"

/*
 * Checks merged values (defaults included) for everything that never starts: faults of
 * the chart's templates, of objects the API server rejects, of vCluster's validation at
 * start, of its lease library. Values that merely are unwise pass; they are the
 * linter's business. Errors carry the place and what to write instead.
 */
int ha_rules_check(const struct ha_node *values, struct sim_err *err);

#endif
