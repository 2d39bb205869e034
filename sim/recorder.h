/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hand that writes down instead of drawing: hooks under which a model's start() and
 * fire() only record which slots they arm, with which law, and in which all ways a
 * sim_choose() can come out. For the exploration of states.
 */
#ifndef SIM_RECORDER_H
#define SIM_RECORDER_H

#include "sim/arena.h"
#include "sim/phase.h"
#include "sim/world.h"

enum { SIM_MAX_CHOICES = 64 }; /* in one fire() */

/* Codes of a slot: 0 not armed; 1 .. n_law_codes the phases of the laws, in order;
 * above, the distinct rates met. SIM_CODE_NEW + dist stands for "armed with this law,
 * starting phase not yet chosen". */
#define SIM_CODE_NEW 0x80000000u

struct sim_recorder_law {
    struct sim_phase_law phase;
    uint32_t code; /* of its first phase */
    bool is_made;  /* some slot was armed with it */
};

struct sim_recorder {
    struct sim_arena arena;
    struct sim_run run; /* its state, notes and armed leaves are the present state */
    struct sim_world *world;
    uint32_t *code; /* of each slot */

    struct sim_recorder_law *law; /* by model->dist */
    uint32_t *code_law;           /* by code: index of the law */
    uint32_t n_law_codes;
    double *rate; /* by code - n_law_codes - 1 */
    uint32_t n_rates, rate_capacity;
    uint32_t *rate_cell, n_rate_cells;

    uint32_t n_picks; /* outcomes prescribed for the coming fire() */
    uint32_t n_asked; /* set to 0 before a fire() */
    uint32_t pick[SIM_MAX_CHOICES], following[SIM_MAX_CHOICES];
    double pick_p; /* set to 1 before; probability of the outcomes taken */
    bool has_too_many_choices;
};

/* Lays out a world for the model, with every law as a phase type of at most `order`
 * phases where it must be approximated. Released with the function below. */
void sim_recorder_init(struct sim_recorder *x, const struct sim_model *model,
                       uint32_t order);
void sim_recorder_release(struct sim_recorder *x);

/* Code of a phase of a law. */
uint32_t sim_recorder_law_code(const struct sim_recorder *x, uint32_t dist,
                               uint32_t phase);

/* Makes a slot look armed, or not. */
void sim_recorder_mark(struct sim_run *run, uint32_t slot, bool is_armed);

/* Prescribes the next list of outcomes; false when all were tried. Before the first
 * fire() of a state and slot, n_picks is 0. */
bool sim_recorder_advance(struct sim_recorder *x);

/* A good mixture of 64 bits (the finaliser of MurmurHash3). */
static inline uint64_t sim_recorder_mix(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

#endif
