/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the exact driver share: the chain being solved. */
#ifndef SIM_EXACT_PRIV_H
#define SIM_EXACT_PRIV_H

#include "sim/ctmc.h"
#include "sim/exact.h"

/* A factor beyond these (about 450 MB, a few seconds) gives way to sweeps. */
#define SIM_EXACT_ENTRIES 1.2e7
#define SIM_EXACT_FLOPS   6e9

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
    uint8_t *marked; /* down */
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
/* The steady state of a closed chain by sweeps. */
int sim_exact_sweep(struct sim_exact_solver *s, const struct sim_sparse *q,
                    long double *x);

/* Mean time to the first outage (exact_first.c). */
int sim_exact_first(struct sim_exact_solver *s, const struct sim_exact_part *part,
                    uint32_t service);
/* Can every state of q reach one with lost > 0? */
bool sim_exact_all_end(const struct sim_sparse *q, const long double *lost);

/* First-year measures, loss probabilities, downtime law of a service
 * (exact_year.c). What would take too long stays unknown. */
int sim_exact_year(struct sim_exact_solver *s, const struct sim_exact_part *part,
                   uint32_t service);

/* Downtime and outages by cause (exact_cause.c). */
void sim_exact_causes(struct sim_exact_solver *s, uint32_t service);

#endif
