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

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "models/design/design.h"
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
    uint32_t cap_use = b->cap_dists;
    b->law_use = grow(b->arena, b->law_use, b->n_dists, &cap_use, sizeof *b->law_use);
    b->dist = grow(b->arena, b->dist, b->n_dists, &b->cap_dists, sizeof *b->dist);
    b->dist[b->n_dists] = dist;
    return b->n_dists++;
}

uint32_t ha_build_dist(struct ha_builder *b, struct sim_dist dist)
{
    return ha_build_dist_as_is(b, b->exponential_delays ? sim_dist_as_exponential(&dist)
                                                        : dist);
}

void ha_build_scales(struct ha_builder *b, uint32_t dist, uint32_t param,
                     int32_t exponent)
{
    SIM_CHECK(dist < b->n_dists && param < HA_N_PARAMS);
    b->law_use[dist] = (struct ha_law_use){.param = param + 1, .exponent = exponent};
}

const struct sim_parameters *ha_build_parameters(struct ha_builder *b)
{
    static_assert(HA_N_PARAMS <= SIM_MAX_PARAMETERS, "each row may be one");
    struct sim_parameters *out = sim_arena_calloc(b->arena, 1, sizeof *out);
    const char **name = sim_arena_calloc(b->arena, HA_N_PARAMS, sizeof *name);
    uint16_t *of_law = sim_arena_calloc(b->arena, b->n_dists, sizeof *of_law);
    double *exponent = sim_arena_calloc(b->arena, b->n_dists, sizeof *exponent);
    uint16_t place[HA_N_PARAMS + 1];
    for (uint32_t p = 0; p <= HA_N_PARAMS; p++) {
        place[p] = SIM_NO_PART;
    }
    for (uint32_t d = 0; d < b->n_dists; d++) {
        const struct ha_law_use *use = &b->law_use[d];
        if (use->param > 0 && place[use->param] == SIM_NO_PART) {
            name[out->n] = ha_param_key((enum ha_param)(use->param - 1));
            place[use->param] = (uint16_t)out->n++;
        }
        of_law[d] = place[use->param];
        exponent[d] = use->exponent;
    }
    out->name = name;
    out->of_law = of_law;
    out->exponent = exponent;
    return out;
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
