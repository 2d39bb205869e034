/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Phase types: a delay as the time a small Markov chain needs to come out, so that a
 * model with any laws becomes one big Markov chain.
 */
#ifndef SIM_PHASE_H
#define SIM_PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/dist.h"

/* From phase p the chain leaves at rate[p] per second: with done[p] it is over, with
 * next[p * n + r] it goes on in phase r. start[p]: where it begins. */
struct sim_phase_law {
    uint32_t n;
    bool is_exact; /* the law itself, not an approximation of it */
    const double *start;
    const double *rate;
    const double *done;
    const double *next;
};

/*
 * The phase type for a law, with at most `order` phases where the law has to be
 * approximated (order >= 2; Erlang and hyperexponential laws are taken exactly as
 * long as they have at most 64 phases). Matched are, in this order of preference:
 * three moments (variable laws), two moments, the mean. Lives in the arena.
 */
struct sim_phase_law sim_phase_of(struct sim_arena *arena, const struct sim_dist *dist,
                                  uint32_t order);

#endif
