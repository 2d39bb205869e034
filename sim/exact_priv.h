/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the exact driver share: the chain being solved. */
#ifndef SIM_EXACT_PRIV_H
#define SIM_EXACT_PRIV_H

#include "sim/ctmc.h"
#include "sim/exact.h"

/* The largest factor: about 450 MB, some ten seconds. */
#define SIM_EXACT_ENTRIES 1.2e7
#define SIM_EXACT_FLOPS   6e9
/* One that takes a fraction of a second, beyond which cycles are quicker. */
#define SIM_EXACT_QUICK 3e8

struct sim_exact_solver {
    struct sim_arena *arena;
    const struct sim_model *model;
    const struct sim_exact_options *options;
    const struct sim_ctmc *chain; /* lumped with respect to all that is asked */
    struct sim_exact *out;
    struct sim_err *err;
    long double *pi;    /* steady state, by state of the chain */
    long double *start; /* initial distribution */
};

/* The chain lumped further: with respect to one service being down or not. */
struct sim_exact_part {
    struct sim_sparse q;
    bool is_borrowed; /* q is the chain's own */
    uint8_t *marked;  /* down */
    long double *start;
    long double *pi;
};

static inline bool sim_exact_is_down(const struct sim_exact_solver *s, uint32_t state,
                                     uint32_t service)
{
    return (sim_ctmc_down(s->chain, state) >> service & 1) != 0;
}

/* Lumps a chain in place with respect to its labels and causes (exact.c). */
void sim_exact_lump(struct sim_ctmc *chain);

/* The steady state, into s->pi (exact_steady.c). */
int sim_exact_steady(struct sim_exact_solver *s);
/* Its measures of one service. */
void sim_exact_read_steady(struct sim_exact_solver *s, uint32_t service);
/* The steady state of an irreducible chain. */
int sim_exact_closed(struct sim_exact_solver *s, const struct sim_sparse *q,
                     long double *x);

/* Mean time to the first outage (exact_first.c). */
int sim_exact_first(struct sim_exact_solver *s, const struct sim_exact_part *part,
                    uint32_t service);
/* Expected time in the states with keep[i] != 0 before the first departure from them,
 * entered by `start` (which need not sum to 1): infinity when they need not be left.
 * Clears keep[i] where start does not lead. */
int sim_exact_time_in(struct sim_exact_solver *s, const struct sim_sparse *q,
                      uint8_t *keep, const long double *start, double *total_s);
/* Restricts q to those of the kept states that `start` leads to through kept ones;
 * number and lost as in sim_sparse_restrict. Clears keep[i] of the others. */
struct sim_sparse sim_exact_reached(const struct sim_sparse *q, uint8_t *keep,
                                    const long double *start, uint32_t *number,
                                    long double *lost);

/* First-year measures, loss probabilities, downtime law of a service
 * (exact_year.c). What would take too long stays unknown. */
int sim_exact_year(struct sim_exact_solver *s, const struct sim_exact_part *part,
                   uint32_t service);

/* Downtime and outages by cause (exact_cause.c). */
int sim_exact_causes(struct sim_exact_solver *s, uint32_t service);

#endif
