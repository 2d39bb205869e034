/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The laws, timers and choices of the tenant control plane, when its plan is made. */
#ifndef HA_VCLUSTER_LAWS_H
#define HA_VCLUSTER_LAWS_H

#include "models/vcluster/plan.h"

/* Makes all laws of plan->law; member and replica numbers must be known. */
void ha_vc_laws_make(struct ha_vc_plan *plan, struct ha_builder *b);

/* Makes the timer slots and choice streams. */
void ha_vc_slots_make(struct ha_vc_plan *plan, struct ha_builder *b,
                      const char *const *pod_name);

/* Container and probe laws of a role, for kube. */
void ha_vc_fill_workload(struct ha_kube_workload_spec *spec,
                         const struct ha_design *design);

#endif
