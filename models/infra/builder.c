/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growing tables of a plan under construction.
 *
 * The engine wants flat arrays of slots, laws and choice streams; three rooms
 * contribute to them in turn. So the tables grow here, by doubling inside the
 * plan's arena: a plan is built once and the abandoned halves are a few kilobytes.
 * Numbers are handed out in the order of asking, which is fixed by the design, so
 * the same design always gives the same plan.
 *
 * A law is made exponential here, in one place, when the plan is built for an
 * exact answer: the Markov solver can only keep states, not ages.
 */
#include "models/infra/builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/check.h"

#define NAME_MAX_BYTES 256

void ha_build_init(struct ha_builder *b, struct sim_arena *arena,
                   bool exponential_delays)
{
    memset(b, 0, sizeof *b);
    b->arena = arena;
    b->exponential_delays = exponential_delays;
}

/* Makes room for one more element; returns the (maybe moved) table. */
static void *grow(struct sim_arena *arena, void *table, uint32_t n, uint32_t *cap,
                  size_t size)
{
    if (n < *cap) {
        return table;
    }
    uint32_t wider = *cap == 0 ? 64 : 2 * *cap;
    SIM_CHECK(wider > *cap);
    void *copy = sim_arena_calloc(arena, wider, size);
    if (n > 0) {
        memcpy(copy, table, n * size);
    }
    *cap = wider;
    return copy;
}

uint32_t ha_build_slot(struct ha_builder *b, uint32_t purpose, uint32_t entity,
                       enum sim_class cls, uint16_t group, uint8_t cause,
                       const char *fmt, ...)
{
    char name[NAME_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    uint32_t cap_use = b->cap_slots;
    b->use = grow(b->arena, b->use, b->n_slots, &cap_use, sizeof *b->use);
    b->slot = grow(b->arena, b->slot, b->n_slots, &b->cap_slots, sizeof *b->slot);
    b->slot[b->n_slots] = (struct sim_slot){
        .id = sim_id("%s", name), .group = group, .cls = (uint8_t)cls, .cause = cause};
    b->use[b->n_slots] = (struct ha_slot_use){.purpose = purpose, .entity = entity};
    return b->n_slots++;
}

uint32_t ha_build_dist_as_is(struct ha_builder *b, struct sim_dist dist)
{
    b->dist = grow(b->arena, b->dist, b->n_dists, &b->cap_dists, sizeof *b->dist);
    b->dist[b->n_dists] = dist;
    return b->n_dists++;
}

uint32_t ha_build_dist(struct ha_builder *b, struct sim_dist dist)
{
    return ha_build_dist_as_is(b, b->exponential_delays ? sim_dist_as_exponential(&dist)
                                                        : dist);
}

uint32_t ha_build_choice(struct ha_builder *b, const char *fmt, ...)
{
    char name[NAME_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    b->choice_id = grow(b->arena, b->choice_id, b->n_choices, &b->cap_choices,
                        sizeof *b->choice_id);
    b->choice_id[b->n_choices] = sim_id("%s", name);
    return b->n_choices++;
}

uint16_t ha_build_group(struct ha_builder *b)
{
    return ++b->n_groups;
}
