/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Longer recoveries on purpose: delays drawn from a mixture of a law and its
 * size-biased versions, with the weight that makes up for it. Inside sim/ only.
 */
#ifndef SIM_BIAS_RECOVERY_H
#define SIM_BIAS_RECOVERY_H

#include "sim/dist.h"
#include "sim/draw.h"

/* Components of the mixture: densities proportional to f, x f and x^2 f. */
#define SIM_SIZE_ORDERS 3

struct sim_size_mix {
    double share[SIM_SIZE_ORDERS]; /* odds of each component, sum 1, first > 0 */
};

/* One weighted draw. */
struct sim_sized {
    double x;                       /* the delay, seconds (or hazard units) */
    double ratio;                   /* f(x) / g(x): multiply the weight by it */
    double credit[SIM_SIZE_ORDERS]; /* posterior odds of each component, sum 1 */
};

/* A delay by `law` from its mixture. Laws without spread come back as they are. `pick`
 * and `value` are two different draws. Allowed inside a run. */
struct sim_sized sim_sized_delay(const struct sim_dist *law,
                                 const struct sim_size_mix *mix, struct sim_draw pick,
                                 struct sim_draw value);

/* The same for a standard exponential: the remaining hazard of a clock by rate. */
struct sim_sized sim_sized_exp(const struct sim_size_mix *mix, struct sim_draw pick,
                               struct sim_draw value);

/* A draw with density proportional to x^order f(x), order 0, 1 or 2. */
double sim_size_biased(const struct sim_dist *law, int order, struct sim_draw draw);

#endif
