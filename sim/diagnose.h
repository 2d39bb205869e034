/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Can these weighted scores be trusted? Importance sampling and splitting give an
 * estimate and an interval however badly they fit; what tells a sound result from
 * a tight wrong one is the shape of the scores. This module keeps that shape in
 * little memory (count, sums, the largest few) and reads it.
 */
#ifndef SIM_DIAGNOSE_H
#define SIM_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/result.h"

/* Largest scores one stream of scores remembers. */
#define SIM_TOP_SCORES 48

/* A stream of scores >= 0; zero-initialised is empty. Flat: may be copied. */
struct sim_scores {
    uint64_t n_hits; /* scores > 0 */
    double sum;
    double sum2;
    double max;
    uint32_t n_top; /* used entries of top, a min-heap */
    double top[SIM_TOP_SCORES];
};

/* Adds one score; zeros cost nothing and are not counted. */
void sim_scores_add(struct sim_scores *scores, double score);

/* What the scores of several streams say together. */
struct sim_health {
    uint64_t n_hits;
    double effective_sample_size; /* (sum w)^2 / sum w^2 */
    double largest_share;         /* of the largest score in the sum */
    double tail_index;            /* Pareto k of the top scores; > 0.7 is bad; NaN
                                     when there are too few */
};

/* Reads n streams together. Allocates nothing; n is at most 4096. */
struct sim_health sim_health_read(const struct sim_scores *scores, uint32_t n);

/* Shape k of the generalised Pareto law fitted to n exceedances x > 0, ascending
 * (Zhang and Stephens 2009, with the weak prior of Vehtari et al. 2015). NaN for
 * n < 10 or equal values. */
double sim_pareto_shape(const double *x, uint32_t n);

/*
 * Corrects n batch sums y by a control variate d of mean 0 that goes along with them:
 * y -= b d, with b the regression of y - r x on d over the batches, r = sum y / sum x.
 * Here d is failures seen less failures expected, a martingale at a fixed time.
 */
void sim_control_variate(uint32_t n, double *y, const double *x, const double *d);

/*
 * Ratio of sums over n independent batches, sum y / sum x, with its interval: t
 * with n - 1 degrees of freedom, on the log scale so that it is skewed like the
 * truth and never reaches below 0. `widen` >= 1 multiplies the half-width. With no
 * positive y the interval is [0, +inf) and the caller has to do better.
 */
struct sim_estimate sim_ratio_estimate(uint32_t n, const double *y, const double *x,
                                       double confidence, double widen);

/* The same for sum y / sum x - sum v / sum u over paired batches (u, v, x, y of the
 * same batch may depend on each other); a plain t interval. */
struct sim_estimate sim_ratio_difference(uint32_t n, const double *y, const double *x,
                                         const double *v, const double *u,
                                         double confidence);

/* (high - low) / (2 value): infinity when unknown or zero. */
double sim_relative_half_width(const struct sim_estimate *estimate);

#endif
