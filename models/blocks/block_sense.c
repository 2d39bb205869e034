/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a reliability system declares for measures of sensitivity: its components and
 * the numbers its laws and rates depend on (docs/model/sensitivity.md).
 *
 * A shop's classes are components. Units of a class are alike, so "broken" is the share
 * of them that does not run: every measure is then that of one unit, picked at random,
 * and the outages a class begins are counted together. Guarded events name no
 * components; their failure events can only begin outages. In rolling maintenance the
 * members are one component, the maintenance another.
 *
 * Parameters of a shop are the mean times to failure and of repair of each class.
 * Guarded events have the parameters that occur in rates only, as `nines exact` has.
 * A rate may depend on them in any way, so its slope is a difference quotient: each
 * rate is compiled twice more for each parameter, a ten-millionth below and above. The
 * quotient's error is of the order of 1e-9, far below any simulation's.
 *
 * Beyond the engine's limits (512 components, 96 parameters) the first ones count.
 */
#include <math.h>
#include <string.h>

#include "models/blocks/blocks_priv.h"
#include "sim/check.h"

#define STEP       1e-7
#define MOST_RATES 100000 /* events x parameters: beyond, no elasticities */

static struct sim_components *new_components(struct sim_arena *arena,
                                             const struct ha_blocks *blocks, uint32_t n,
                                             const char ***name, uint16_t **of_slot)
{
    struct sim_components *c = sim_arena_calloc(arena, 1, sizeof *c);
    *name = sim_arena_calloc(arena, n, sizeof **name);
    *of_slot = sim_arena_calloc(arena, blocks->n_slots, sizeof **of_slot);
    for (uint32_t s = 0; s < blocks->n_slots; s++) {
        (*of_slot)[s] = SIM_NO_PART;
    }
    c->name = *name;
    c->of_slot = *of_slot;
    return c;
}

/* ---- shops ---- */

static void shop_broken(const void *plan, const struct sim_run *run, double *broken)
{
    const struct ha_blocks_at *at = plan;
    const struct ha_shop *shop = at->blocks->shop;
    const uint16_t *cell = ha_blocks_state_const(at, run);
    for (uint32_t i = 0; i < shop->n_classes && i < SIM_MAX_COMPONENTS; i++) {
        const double n = shop->class[i].n_units;
        broken[i] = (n - cell[i]) / n;
    }
}

static const struct sim_components *shop_components(struct sim_arena *arena,
                                                    const struct ha_blocks *blocks)
{
    const struct ha_shop *shop = blocks->shop;
    const char **name;
    uint16_t *of_slot;
    struct sim_components *c =
        new_components(arena, blocks, shop->n_classes, &name, &of_slot);
    c->broken = shop_broken;
    c->n = shop->n_classes < SIM_MAX_COMPONENTS ? shop->n_classes : SIM_MAX_COMPONENTS;
    for (uint32_t i = 0; i < c->n; i++) {
        name[i] = shop->class[i].name;
    }
    for (uint32_t s = 0; s < blocks->n_slots; s++) {
        const struct ha_shop_slot *slot = &shop->slot[s];
        if (slot->kind == HA_SHOP_FAILS && slot->class < c->n) {
            of_slot[s] = slot->class;
        }
    }
    return c;
}

/* A pool's clock runs at (units) / (mean time): slope -1 to that time. */
static void shop_rate_slope(const void *plan, const struct sim_run *run, uint32_t slot,
                            double *slope)
{
    const struct ha_blocks_at *at = plan;
    const struct ha_shop_slot *s = &at->blocks->shop->slot[slot - at->slot];
    const uint32_t p = 2u * s->class + (s->kind == HA_SHOP_MENDED);
    (void)run;
    if (p < SIM_MAX_PARAMETERS) {
        slope[p] = -1;
    }
}

static const struct sim_parameters *shop_parameters(struct sim_arena *arena,
                                                    const struct ha_blocks *blocks)
{
    const struct ha_shop *shop = blocks->shop;
    struct sim_parameters *p = sim_arena_calloc(arena, 1, sizeof *p);
    uint32_t n = 2 * shop->n_classes;
    n = n < SIM_MAX_PARAMETERS ? n : SIM_MAX_PARAMETERS;
    const char **name = sim_arena_calloc(arena, n, sizeof *name);
    uint16_t *of_law = sim_arena_calloc(arena, blocks->n_dists, sizeof *of_law);
    double *exponent = sim_arena_calloc(arena, blocks->n_dists, sizeof *exponent);
    for (uint32_t d = 0; d < blocks->n_dists; d++) { /* two laws a class, in order */
        of_law[d] = d < n ? (uint16_t)d : SIM_NO_PART;
        exponent[d] = 1;
        if (d < n) {
            name[d] = sim_arena_printf(arena, d % 2 == 0 ? "%s.failure" : "%s.repair",
                                       shop->class[d / 2].name);
        }
    }
    *p = (struct sim_parameters){.n = n,
                                 .name = name,
                                 .of_law = of_law,
                                 .exponent = exponent,
                                 .rate_slope = shop_rate_slope};
    return p;
}

/* ---- guarded events ---- */

static const struct sim_components *event_components(struct sim_arena *arena,
                                                     const struct ha_blocks *blocks)
{
    const char **name;
    uint16_t *of_slot;
    struct sim_components *c =
        new_components(arena, blocks, SIM_MAX_COMPONENTS, &name, &of_slot);
    for (uint32_t s = 0; s < blocks->n_slots; s++) {
        uint32_t i = 0;
        if (blocks->slot[s].cls != SIM_FAILURE) {
            continue;
        }
        while (i < c->n && strcmp(name[i], blocks->slot_title[s]) != 0) {
            i++;
        }
        if (i < SIM_MAX_COMPONENTS) {
            name[i] = blocks->slot_title[s];
            of_slot[s] = (uint16_t)i;
            c->n = i < c->n ? c->n : i + 1;
        }
    }
    return c;
}

static void event_rate_slope(const void *plan, const struct sim_run *run, uint32_t slot,
                             double *slope)
{
    const struct ha_blocks_at *at = plan;
    const struct ha_event *event = &at->blocks->events->event[slot - at->slot];
    const double *variable = ha_blocks_state_const(at, run);
    const double width = log1p(STEP) - log1p(-STEP);
    for (uint32_t i = 0; i < event->n_slopes; i++) {
        const struct ha_rate_slope *s = &event->slope[i];
        const double low = ha_expr_eval(&s->below, variable);
        const double high = ha_expr_eval(&s->above, variable);
        if (low > 0 && high > 0 && isfinite(high / low)) {
            slope[s->parameter] = log(high / low) / width;
        }
    }
}

static bool same_expr(const struct ha_expr *a, const struct ha_expr *b)
{
    if (a->is_constant || b->is_constant || a->n != b->n) {
        return a->is_constant && b->is_constant && a->constant == b->constant;
    }
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->step[i].value != b->step[i].value) {
            return false;
        }
    }
    return true;
}

/* Compiles all rates a step below and above parameter p; keeps those that differ. */
static bool add_slopes(struct sim_arena *arena, const struct ha_blocks *blocks,
                       struct ha_event *event, uint32_t p)
{
    const struct ha_events *events = blocks->events;
    struct sim_err ignored;
    struct ha_blocks_reader reader = {.arena = arena,
                                      .scaled = events->parameter[p],
                                      .is_system =
                                          strcmp(blocks->kind_name, "System") == 0,
                                      .err = &ignored};
    struct ha_expr *below = sim_arena_calloc(arena, events->n_events, sizeof *below);
    struct ha_expr *above = sim_arena_calloc(arena, events->n_events, sizeof *above);
    reader.factor = 1 - STEP;
    bool is_good = ha_events_read_rates(&reader, events, below) == 0;
    reader.factor = 1 + STEP;
    is_good = is_good && ha_events_read_rates(&reader, events, above) == 0;
    for (uint32_t e = 0; is_good && e < events->n_events; e++) {
        if (same_expr(&below[e], &above[e])) {
            continue;
        }
        struct ha_rate_slope *grown =
            sim_arena_calloc(arena, event[e].n_slopes + 1, sizeof *grown);
        if (event[e].n_slopes > 0) {
            memcpy(grown, event[e].slope, event[e].n_slopes * sizeof *grown);
        }
        grown[event[e].n_slopes++] =
            (struct ha_rate_slope){(uint16_t)p, below[e], above[e]};
        event[e].slope = grown;
    }
    return is_good;
}

static const struct sim_parameters *event_parameters(struct sim_arena *arena,
                                                     const struct ha_blocks *blocks)
{
    const struct ha_events *events = blocks->events;
    uint32_t n = events->n_parameters;
    n = n < SIM_MAX_PARAMETERS ? n : SIM_MAX_PARAMETERS;
    if (n == 0 || (uint64_t)n * events->n_events > MOST_RATES) {
        return NULL;
    }
    struct sim_parameters *p = sim_arena_calloc(arena, 1, sizeof *p);
    p->n = n;
    p->name = events->parameter;
    p->rate_slope = event_rate_slope;
    for (uint32_t i = 0; i < n; i++) {
        if (!add_slopes(arena, blocks, events->event, i)) {
            return NULL;
        }
    }
    return p;
}

/* ---- rolling maintenance ---- */

static void rolling_broken(const void *plan, const struct sim_run *run, double *broken)
{
    const struct ha_blocks_at *at = plan;
    broken[0] = ha_rolling_broken_share(at, run);
    broken[1] = ha_rolling_is_maintained(at, run);
}

static const struct sim_components *rolling_components(struct sim_arena *arena,
                                                       const struct ha_blocks *blocks)
{
    const char **name;
    uint16_t *of_slot;
    struct sim_components *c = new_components(arena, blocks, 2, &name, &of_slot);
    c->n = 2;
    c->broken = rolling_broken;
    name[0] = "member";
    name[1] = "maintenance";
    for (uint32_t s = 0; s <= blocks->rolling->n; s++) {
        of_slot[s] = s == 0;
    }
    return c;
}

void ha_blocks_declare(struct sim_arena *arena, const struct ha_blocks *blocks,
                       struct sim_model *out)
{
    switch (blocks->kind) {
    case HA_BLOCKS_SHOP:
        out->components = shop_components(arena, blocks);
        out->parameters = shop_parameters(arena, blocks);
        break;
    case HA_BLOCKS_EVENTS:
        out->components = event_components(arena, blocks);
        out->parameters = event_parameters(arena, blocks);
        break;
    case HA_BLOCKS_ROLLING:
        out->components = rolling_components(arena, blocks);
        break;
    }
}
