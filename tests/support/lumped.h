/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The long run of a model's Markov chain, lumped by symmetry before it is solved. */
#ifndef TESTS_SUPPORT_LUMPED_H
#define TESTS_SUPPORT_LUMPED_H

#include <stdint.h>

#include "sim/err.h"
#include "sim/model.h"

struct test_lumped {
    uint32_t n_states, n_lumped;
    double unavailability;
    double outages_per_year;
};

/*
 * Explores at most max_states states, lumps those that `service` cannot tell apart and
 * solves what is left by elimination. The lumped chain must have one closed class.
 * Returns 0 or the negative error code, with err filled.
 */
int test_lumped_solve(const struct sim_model *model, uint32_t service,
                      uint32_t max_states, struct test_lumped *out,
                      struct sim_err *err);

#endif
