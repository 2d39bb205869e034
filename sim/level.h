/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How near is a state to losing a service: the number of failures still needed,
 * found by trying. Inside sim/ only.
 */
#ifndef SIM_LEVEL_H
#define SIM_LEVEL_H

#include "sim/world.h"

#define SIM_LEVEL_MOST    6          /* failures looked ahead */
#define SIM_LEVEL_UNKNOWN UINT32_MAX /* farther than that, or out of effort */

struct sim_level_memo;
struct sim_level_search;

struct sim_level {
    const struct sim_model *model;
    uint32_t focus;
    uint32_t n_clocks;
    uint32_t *clock_slot; /* slots of class SIM_FAILURE */
    struct sim_run run;
    struct sim_world *stack[SIM_LEVEL_MOST + 2];
    struct sim_level_memo *memo;
    uint32_t memo_cap;
    uint32_t n_memo;
    uint64_t effort; /* failures that may still be tried; set by the user */
    struct sim_level_search *search; /* of sim_level_steps, made when first used */
};

/* Allocates scratch worlds; released by sim_level_release. */
void sim_level_init(struct sim_level *level, const struct sim_model *model,
                    uint32_t focus);
void sim_level_release(struct sim_level *level);

/* Failures still needed to lose the service from `world` when nothing is mended in
 * between: 0 when it is down. SIM_LEVEL_UNKNOWN beyond `most` (<= SIM_LEVEL_MOST) or
 * when level->effort ran out. The world is not changed. */
uint32_t sim_level_distance(struct sim_level *level, const struct sim_world *world,
                            uint32_t most);

/* Sets bit c of `useful` (n_clocks bits, cleared first) for each armed failure clock c
 * whose failure brings the service one step nearer to its loss. Returns the distance.
 */
uint32_t sim_level_useful(struct sim_level *level, const struct sim_world *world,
                          uint32_t most, uint64_t *useful);

/* Events of any kind still needed to lose the service, by breadth-first search over
 * trial firings: for systems that drift into an outage in many small steps.
 * SIM_LEVEL_UNKNOWN when it is not found among some 2000 states. */
uint32_t sim_level_steps(struct sim_level *level, const struct sim_world *world);

/* Does the system drift into an outage? Events of any kind that a new one is away from
 * losing the service, when no handful of failures leads there (SIM_LEVEL_UNKNOWN: not
 * found); 0 when some do, or when it has too many slots to search. */
uint32_t sim_level_drift(const struct sim_model *model, uint32_t focus);

/* Makes `to` a copy of `from` in which failure clock c has failed. False when it is not
 * armed. */
bool sim_level_fail(struct sim_level *level, struct sim_world *to,
                    const struct sim_world *from, uint32_t c);

/* A hash of the discrete state of the bound world; never 0. */
uint64_t sim_level_hash(const struct sim_run *run);

#endif
