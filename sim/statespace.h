/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a model to its Markov chain: every reachable state, found by letting the
 * model's own start() and fire() run with recording hooks instead of draws.
 */
#ifndef SIM_STATESPACE_H
#define SIM_STATESPACE_H

#include <signal.h>

#include "sim/ctmc.h"
#include "sim/model.h"

struct sim_statespace_limits {
    uint32_t max_states; /* refuse beyond, default 4 million */
    uint64_t max_bytes;  /* of memory for states and rates, default 1 GiB; solving a
                            chain without symmetry takes up to three times that */
    uint32_t order;      /* phases of a law that must be approximated, default 4 */
    const volatile sig_atomic_t *stop; /* give up when set; may be NULL */
};

struct sim_statespace_limits sim_statespace_default(void);

struct sim_statespace {
    struct sim_ctmc chain;
    bool is_exact;        /* every law met is a phase type itself */
    uint32_t largest_law; /* phases of the largest law met */
};

/*
 * Explores the model; what `wants` does not name is not told apart. On success the
 * caller releases space->chain.
 * Errors: SIM_ERR_LIMIT (too many states or bytes, with what was reached),
 * SIM_ERR_USAGE (a model whose start cannot be enumerated), SIM_ERR_INTERRUPTED.
 */
int sim_statespace_explore(const struct sim_model *model,
                           const struct sim_statespace_limits *limits,
                           const struct sim_label_wants *wants,
                           struct sim_statespace *space, struct sim_err *err);

#endif
