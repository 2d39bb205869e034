/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Can the design be placed at all? */
#ifndef HA_VCLUSTER_SCHEDULABLE_H
#define HA_VCLUSTER_SCHEDULABLE_H

#include "models/vcluster/plan.h"

/*
 * Places all pods of the design on the empty cluster, as the scheduler would. Errors:
 * SIM_ERR_INPUT with the place of `replicas` and the scheduler's own sentence, when
 * a pod fits nowhere.
 */
int ha_vc_check_schedulable(struct sim_arena *arena, const struct ha_vc_plan *plan,
                            struct sim_err *err);

#endif
