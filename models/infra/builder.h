/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan under construction: timer slots, laws and choice streams.
 *
 * Each room of the model asks for its own slots, laws and choices while the plan
 * is compiled and keeps the numbers it is given. A slot carries, besides what the
 * engine must know, a purpose and an entity, so that a firing finds its handler
 * by one table look-up. Purposes below HA_PURPOSE_KUBE belong to infra, below
 * HA_PURPOSE_OWNER to kube, the rest to the room above.
 *
 * Everything lives in the arena given; blocks grow by doubling (the old ones stay
 * behind until the arena is cleared).
 */
#ifndef HA_INFRA_BUILDER_H
#define HA_INFRA_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/dist.h"
#include "sim/model.h"

#define HA_PURPOSE_KUBE  64
#define HA_PURPOSE_OWNER 128

/* What a slot is for: handler number and the row it is about. */
struct ha_slot_use {
    uint32_t purpose;
    uint32_t entity;
};

/* Which named number scales a law in time: time ~ number^exponent. */
struct ha_law_use {
    uint32_t param; /* enum ha_param + 1; 0: none */
    int32_t exponent;
};

struct ha_builder {
    struct sim_arena *arena;
    bool exponential_delays; /* every law becomes the exponential of its mean */
    uint32_t n_slots, cap_slots;
    struct sim_slot *slot;
    struct ha_slot_use *use;
    uint32_t n_dists, cap_dists;
    struct sim_dist *dist;
    struct ha_law_use *law_use; /* [n_dists] */
    uint32_t n_choices, cap_choices;
    uint64_t *choice_id;
    uint16_t n_groups; /* failure groups given out so far */
};

/* Starts an empty plan in `arena`. */
void ha_build_init(struct ha_builder *b, struct sim_arena *arena,
                   bool exponential_delays);

/* A new timer slot; `fmt` names it for all time ("node/a1/host_fail"). `group` is
 * from ha_build_group (0 for what is no failure), `cause` a root cause number or
 * SIM_NO_CAUSE. Returns the slot number. Slots asked for in a row are consecutive. */
uint32_t ha_build_slot(struct ha_builder *b, uint32_t purpose, uint32_t entity,
                       enum sim_class cls, uint16_t group, uint8_t cause,
                       const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* A new law; returns its index. Made exponential when the plan asks for it. */
uint32_t ha_build_dist(struct ha_builder *b, struct sim_dist dist);

/* The same, but never made exponential (clocks that must not be memoryless). */
uint32_t ha_build_dist_as_is(struct ha_builder *b, struct sim_dist dist);

/* Says that catalogue row `param` (enum ha_param) scales the law: exponent 1 when the
 * row is a length of time, -1 when it is a rate. */
void ha_build_scales(struct ha_builder *b, uint32_t dist, uint32_t param,
                     int32_t exponent);

/* The rows that scale laws, as parameters of the model, by their catalogue keys. */
const struct sim_parameters *ha_build_parameters(struct ha_builder *b);

/* A new choice stream; returns its index. */
uint32_t ha_build_choice(struct ha_builder *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A new failure group for balanced biasing: 1, 2, 3 ... */
uint16_t ha_build_group(struct ha_builder *b);

#endif
