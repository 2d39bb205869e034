/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reliability blocks: the second model.
 *
 * Small systems whose exact answers are known: components that fail and are
 * repaired, k-of-n gates over them, repair crews, guarded Markov events, rolling
 * maintenance. They keep the engine honest, and they let a user add a load balancer
 * or a database to a design with its own figures. Read from
 *   - the neutral problem format `ha-exact-problem/1` (docs/model/blocks.md), and
 *   - `kind: System`, the same in a form meant to be written by hand.
 *
 * A loaded system is constant and may be shared by threads. It has one service,
 * `system`. It runs alone through ha_blocks_model(), or inside another model's world
 * through struct ha_blocks_at, which says where its slots, laws and state begin.
 */
#ifndef HA_BLOCKS_H
#define HA_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/design/doc.h"
#include "sim/arena.h"
#include "sim/err.h"
#include "sim/model.h"

enum ha_blocks_kind {
    HA_BLOCKS_EVENTS,  /* guarded events with exponential clocks */
    HA_BLOCKS_SHOP,    /* units, laws, crews and gates */
    HA_BLOCKS_ROLLING, /* quorum with rolling maintenance on a fixed schedule */
};

struct ha_blocks_ops;
struct ha_events;
struct ha_shop;
struct ha_rolling;

struct ha_blocks {
    const char *name;  /* id of a problem, name of a system */
    const char *title; /* one line, may be "" */
    enum ha_blocks_kind kind;
    const char *kind_name; /* as written: "markov_events", "alternating_renewal" ... */
    double year_s;
    bool is_absorbing;

    uint32_t n_slots;
    const struct sim_slot *slot;
    const char *const *slot_title; /* "member fails" */
    uint32_t n_dists;
    const struct sim_dist *dist;
    uint32_t n_causes;
    const char *const *cause;
    size_t state_bytes; /* a multiple of 8 */

    uint32_t n_thresholds; /* P(downtime in the first year > x) is asked for these */
    const double *threshold_s;

    const struct ha_blocks_ops *ops;
    const struct ha_events *events; /* the one that `kind` names, others NULL */
    const struct ha_shop *shop;
    const struct ha_rolling *rolling;
};

/* Where a system lives in a world: add these to its own numbers. All 0 when alone. */
struct ha_blocks_at {
    const struct ha_blocks *blocks;
    uint32_t slot;  /* first slot */
    uint32_t dist;  /* first law */
    uint32_t cause; /* first cause; used by ha_blocks_place only */
    size_t state;   /* first byte in the state, a multiple of 8 */
};

/* Is this document a system for this model (either form)? */
bool ha_blocks_is_problem(const struct ha_node *doc);

/*
 * Reads a system; everything lands in the arena and `doc` must live as long.
 * Errors: SIM_ERR_INPUT with file, line and column.
 */
int ha_blocks_load(struct sim_arena *arena, const struct ha_node *doc,
                   struct ha_blocks *out, struct sim_err *err);

/* The same with the parameter `name` of a guarded-event problem multiplied by
 * `factor` (for elasticities); name NULL changes nothing. */
int ha_blocks_load_scaled(struct sim_arena *arena, const struct ha_node *doc,
                          const char *name, double factor, struct ha_blocks *out,
                          struct sim_err *err);

/* The system as a model of its own. Fills `out`; blocks must outlive it. */
void ha_blocks_model(struct sim_arena *arena, const struct ha_blocks *blocks,
                     struct sim_model *out);

/* ---- inside another model's world ---- */

/* Copies slots and laws to their place in the host model's arrays. Slot ids are
 * made from `prefix`, so that two load balancers do not share their luck; causes
 * are shifted by at->cause, or all set to `cause` when it is not SIM_NO_CAUSE. */
void ha_blocks_place(const struct ha_blocks_at *at, const char *prefix,
                     struct sim_slot *slot, struct sim_dist *dist, uint8_t cause);
/* To be called from the host's start(): fills its part of the state, arms timers. */
void ha_blocks_start(const struct ha_blocks_at *at, struct sim_run *run);
/* To be called from the host's fire() for a slot that ha_blocks_owns. */
void ha_blocks_fire(const struct ha_blocks_at *at, struct sim_run *run, uint32_t slot);
static inline bool ha_blocks_owns(const struct ha_blocks_at *at, uint32_t slot)
{
    return slot - at->slot < at->blocks->n_slots;
}
/* Pure questions, for down(), is_calm() and explain(). */
bool ha_blocks_is_down(const struct ha_blocks_at *at, const struct sim_run *run);
bool ha_blocks_is_calm(const struct ha_blocks_at *at, const struct sim_run *run);
int ha_blocks_explain(const struct ha_blocks_at *at, const struct sim_run *run,
                      uint32_t slot, char *text, size_t size);

#endif
