/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The components of a design, for measures of importance. */
#ifndef HA_VCLUSTER_COMPONENTS_H
#define HA_VCLUSTER_COMPONENTS_H

#include "models/vcluster/plan.h"

/* Declares the components of a finished plan (all slots are made) and keeps in it what
 * the engine's questions need. Memory from the builder's arena. */
const struct sim_components *ha_vc_components(struct ha_vc_plan *plan,
                                              const struct ha_builder *b);

#endif
