/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The repair shop: units that fail and are mended, with or without crews.
 *
 * Units of one class are alike, so only their number matters wherever the laws have
 * no memory: a class with exponential failures has one failure clock whose rate is
 * (running units) x (rate of one), and the same for exponential repairs that need no
 * crew. Other laws keep a clock per unit. Which unit of a class a crew works on does
 * not matter either (a repaired unit is as new), so queues hold classes, not units.
 * Units are told apart, by a flag each, only in a class that has a clock per unit.
 * The exact driver then sees a chain that is nearly lumped already.
 *
 * A crew of m members repairs m units at a time, first failed first served, without
 * interruption. Units without a crew are repaired independently, at once.
 *
 * Units fail whatever the system does, also while it is down; a unit that is down or
 * waits does not fail again. Calm: every unit runs.
 */
#include <string.h>

#include "models/blocks/blocks_priv.h"
#include "sim/check.h"

static void rearm_pools(const struct ha_blocks_at *at, struct sim_run *run,
                        uint32_t class)
{
    const struct ha_shop_class *c = &at->blocks->shop->class[class];
    const uint16_t *cell = ha_blocks_state_const(at, run);
    if (c->is_pooled_up) {
        sim_arm_rate(run, at->slot + c->failure_slot, cell[class] * c->failure_per_s);
    }
    if (c->is_pooled_down) {
        sim_arm_rate(run, at->slot + c->repair_slot,
                     (c->n_units - cell[class]) * c->repair_per_s);
    }
}

/* Unit `unit` of a class runs as new. */
static void start_unit(const struct ha_blocks_at *at, struct sim_run *run,
                       const struct ha_shop_class *c, uint32_t unit)
{
    uint16_t *cell = ha_blocks_state(at, run);
    if (c->has_flags) {
        cell[c->unit + unit] = 0;
    }
    if (!c->is_pooled_up) {
        sim_arm(run, at->slot + c->failure_slot + unit, at->dist + c->failure_dist);
    }
}

static void start(const struct ha_blocks_at *at, struct sim_run *run)
{
    const struct ha_shop *shop = at->blocks->shop;
    uint16_t *cell = ha_blocks_state(at, run);
    for (uint32_t i = 0; i < shop->n_classes; i++) {
        const struct ha_shop_class *c = &shop->class[i];
        cell[i] = c->n_units;
        for (uint32_t u = 0; u < c->n_units; u++) {
            start_unit(at, run, c, u);
        }
        rearm_pools(at, run, i);
    }
}

/* The lowest unit of a class whose flag is `flag`; any, when they have none. */
static uint32_t find_unit(const struct ha_shop_class *c, const uint16_t *cell,
                          uint16_t flag)
{
    uint32_t unit = 0;
    while (c->has_flags && cell[c->unit + unit] != flag) {
        unit++;
        SIM_CHECK(unit < c->n_units);
    }
    return unit;
}

static void crew_begin(const struct ha_blocks_at *at, struct sim_run *run,
                       const struct ha_shop_crew *crew, uint32_t member,
                       uint16_t class_plus_1)
{
    uint16_t *cell = ha_blocks_state(at, run);
    cell[crew->member + member] = class_plus_1;
    if (class_plus_1 != 0) {
        sim_arm(run, at->slot + crew->slot + member,
                at->dist + at->blocks->shop->class[class_plus_1 - 1].repair_dist);
    }
}

/* A failed unit of a class meets its crew: an idle member, or the queue. */
static void crew_call(const struct ha_blocks_at *at, struct sim_run *run,
                      uint32_t class)
{
    const struct ha_shop *shop = at->blocks->shop;
    const struct ha_shop_crew *crew = &shop->crew[shop->class[class].crew];
    uint16_t *cell = ha_blocks_state(at, run);
    for (uint32_t m = 0; m < crew->n_members; m++) {
        if (cell[crew->member + m] == 0) {
            crew_begin(at, run, crew, m, (uint16_t)(class + 1));
            return;
        }
    }
    uint32_t last = 0;
    while (cell[crew->queue + last] != 0) {
        last++;
        SIM_CHECK(last < crew->n_queue);
    }
    cell[crew->queue + last] = (uint16_t)(class + 1);
}

static void unit_fails(const struct ha_blocks_at *at, struct sim_run *run,
                       const struct ha_shop_slot *slot)
{
    const struct ha_shop_class *c = &at->blocks->shop->class[slot->class];
    uint16_t *cell = ha_blocks_state(at, run);
    uint32_t unit = c->is_pooled_up ? find_unit(c, cell, 0) : slot->number;
    if (c->has_flags) {
        cell[c->unit + unit] = 1;
    }
    cell[slot->class]--;
    if (c->crew != HA_NO_CREW) {
        crew_call(at, run, slot->class);
    } else if (!c->is_pooled_down) {
        sim_arm(run, at->slot + c->repair_slot + unit, at->dist + c->repair_dist);
    }
    rearm_pools(at, run, slot->class);
}

static void unit_mended(const struct ha_blocks_at *at, struct sim_run *run,
                        uint32_t class, uint32_t unit)
{
    uint16_t *cell = ha_blocks_state(at, run);
    cell[class]++;
    start_unit(at, run, &at->blocks->shop->class[class], unit);
    rearm_pools(at, run, class);
}

static void crew_done(const struct ha_blocks_at *at, struct sim_run *run,
                      const struct ha_shop_slot *slot)
{
    const struct ha_shop *shop = at->blocks->shop;
    const struct ha_shop_crew *crew = &shop->crew[slot->class];
    uint16_t *cell = ha_blocks_state(at, run);
    uint32_t class = cell[crew->member + slot->number] - 1u;
    uint16_t next = crew->n_queue > 0 ? cell[crew->queue] : 0;
    for (uint32_t i = 0; i + 1 < crew->n_queue && cell[crew->queue + i] != 0; i++) {
        cell[crew->queue + i] = cell[crew->queue + i + 1];
    }
    if (crew->n_queue > 0) {
        cell[crew->queue + crew->n_queue - 1] = 0;
    }
    crew_begin(at, run, crew, slot->number, next);
    unit_mended(at, run, class, find_unit(&shop->class[class], cell, 1));
}

static void fire(const struct ha_blocks_at *at, struct sim_run *run, uint32_t slot)
{
    const struct ha_shop *shop = at->blocks->shop;
    const struct ha_shop_slot *s = &shop->slot[slot];
    switch (s->kind) {
    case HA_SHOP_FAILS:
        unit_fails(at, run, s);
        break;
    case HA_SHOP_MENDED: {
        const struct ha_shop_class *c = &shop->class[s->class];
        const uint16_t *cell = ha_blocks_state_const(at, run);
        unit_mended(at, run, s->class,
                    c->is_pooled_down ? find_unit(c, cell, 1) : s->number);
        break;
    }
    case HA_SHOP_CREW_DONE:
        crew_done(at, run, s);
        break;
    }
}

static bool is_down(const struct ha_blocks_at *at, const struct sim_run *run)
{
    uint8_t scratch[HA_BLOCKS_MAX_GATES];
    return !ha_gates_eval(&at->blocks->shop->gates, ha_blocks_state_const(at, run),
                          scratch);
}

static bool is_calm(const struct ha_blocks_at *at, const struct sim_run *run)
{
    const struct ha_shop *shop = at->blocks->shop;
    const uint16_t *cell = ha_blocks_state_const(at, run);
    for (uint32_t i = 0; i < shop->n_classes; i++) {
        if (cell[i] != shop->class[i].n_units) {
            return false;
        }
    }
    return true;
}

const struct ha_blocks_ops ha_shop_ops = {start, fire, is_down, is_calm};
