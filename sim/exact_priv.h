/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the exact driver share: the chain being solved. */
#ifndef SIM_EXACT_PRIV_H
#define SIM_EXACT_PRIV_H

#include "sim/ctmc.h"
#include "sim/exact.h"

struct sim_exact_solver {
    struct sim_arena *arena;
    const struct sim_model *model;
    const struct sim_exact_options *options;
    const struct sim_ctmc *chain;
    struct sim_exact *out;
    struct sim_err *err;
    long double *pi;    /* steady state, by state of the chain */
    long double *start; /* initial distribution */
};

static inline bool sim_exact_is_down(const struct sim_exact_solver *s, uint32_t state,
                                     uint32_t service)
{
    return (s->chain->down[state] >> service & 1) != 0;
}

/* First-year measures, loss probabilities, downtime law of a service
 * (exact_year.c). What would take too long stays unknown. */
int sim_exact_transients(struct sim_exact_solver *s, uint32_t service);

#endif
