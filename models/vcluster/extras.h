/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Extra systems: a load balancer, an external etcd or database, given by the user
 * as reliability blocks (kind: System) and played inside this model's world. While
 * one is down, the service that needs it is down, and its name is the root cause.
 */
#ifndef HA_VCLUSTER_EXTRAS_H
#define HA_VCLUSTER_EXTRAS_H

#include "models/blocks/blocks.h"
#include "models/vcluster/plan.h"

#define HA_EXTRAS_MAX 8

struct ha_vc_extra {
    const char *name;
    uint32_t services; /* bits of enum ha_vc_service that need it */
    struct ha_blocks blocks;
    struct ha_blocks_at at;
};

struct ha_vc_extras {
    uint32_t n;
    struct ha_vc_extra item[HA_EXTRAS_MAX];
};

/* Reads the design's extra systems and gives them their slots, laws and state (from
 * plan->extras_at; moves plan->state_end). Errors: SIM_ERR_INPUT, SIM_ERR_LIMIT. */
int ha_extras_plan(struct ha_vc_plan *plan, struct ha_builder *b,
                   const struct ha_design *design, struct sim_err *err);
/* Copies slots and laws into the finished arrays of the builder. */
void ha_extras_place(const struct ha_vc_plan *plan, struct ha_builder *b);

void ha_extras_start(struct ha_vc *v);
/* A slot of purpose HA_PURPOSE_EXTRA went off; `entity` is the extra. */
void ha_extras_fire(struct ha_vc *v, uint32_t entity, uint32_t slot);
bool ha_extras_are_calm(const struct ha_vc_plan *plan, const struct sim_run *run);
/* Extras that are down now and needed by the service, as bits. */
uint32_t ha_extras_down_for(const struct ha_vc *v, uint32_t service);

#endif
