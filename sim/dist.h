/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Laws of delays: how long until something fails, or is mended.
 *
 * Every law offers the same six things: mean, raw moments, quantile, survival,
 * cumulative hazard H(t) = -ln S(t) and its inverse. Cumulative hazard is what a
 * failure clock counts (design: ageing, stress and importance sampling are then
 * one mechanism); quantile and moments serve size-biased sampling and tables.
 * All times are seconds. Laws are constant after construction and may be shared
 * by all threads. A law holds pointers only into the arena it was made in.
 */
#ifndef SIM_DIST_H
#define SIM_DIST_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/err.h"

enum sim_dist_kind {
    SIM_DIST_EXPONENTIAL,   /* a = mean_s */
    SIM_DIST_WEIBULL,       /* a = scale_s, b = shape */
    SIM_DIST_GAMMA,         /* a = scale_s, b = shape (Erlang when b is whole) */
    SIM_DIST_LOGNORMAL,     /* a = mu (log seconds), b = sigma */
    SIM_DIST_UNIFORM,       /* a = min_s, b = max_s */
    SIM_DIST_DETERMINISTIC, /* a = value_s; has no hazard */
    SIM_DIST_MIXTURE,       /* n branches with weights (hyperexponential, tails) */
    SIM_DIST_TABLE          /* n + 1 equally likely quantiles, linear in between */
};

struct sim_dist {
    enum sim_dist_kind kind;
    uint32_t n;                   /* branches of a mixture, cells of a table */
    double a;                     /* first parameter, see enum */
    double b;                     /* second parameter, see enum */
    double inv_b;                 /* cached 1 / b where b is a shape or a sigma */
    double mean_s;                /* cached first raw moment */
    double moment2;               /* cached second raw moment, s^2 */
    double moment3;               /* cached third raw moment, s^3 */
    const double *table;          /* TABLE: n + 1 ascending quantiles at i/n, seconds;
                                     MIXTURE: n weights summing to 1 */
    const struct sim_dist *parts; /* MIXTURE: n laws */
};

/* Constructors. They take seconds (or a shape) and never fail for parameters in
 * range (positive, finite; min <= max); anything else is a caller's bug. */
struct sim_dist sim_dist_exponential(double mean_s);
struct sim_dist sim_dist_weibull(double scale_s, double shape);
struct sim_dist sim_dist_weibull_mean(double mean_s, double shape);
struct sim_dist sim_dist_gamma(double scale_s, double shape);
struct sim_dist sim_dist_lognormal(double mu, double sigma);
struct sim_dist sim_dist_lognormal_median(double median_s, double sigma);
struct sim_dist sim_dist_lognormal_mean_cv(double mean_s, double cv);
struct sim_dist sim_dist_uniform(double min_s, double max_s);
struct sim_dist sim_dist_deterministic(double value_s);
/* Copies weights (normalised to sum 1) and parts into the arena; n >= 1. */
struct sim_dist sim_dist_mixture(struct sim_arena *arena, uint32_t n,
                                 const double *weight, const struct sim_dist *part);
/* The empirical law of n samples in seconds (copied, sorted, thinned to at most
 * `cells` quantile cells). */
struct sim_dist sim_dist_empirical(struct sim_arena *arena, uint32_t n,
                                   const double *sample_s, uint32_t cells);
/* The law of a sum of independent delays, tabulated in `cells` cells from a fixed
 * quasi-random grid (no seed, same result everywhere). Relative error of the mean
 * is below 1e-3 for cells >= 1024. */
struct sim_dist sim_dist_sum(struct sim_arena *arena, uint32_t n,
                             const struct sim_dist *part, uint32_t cells);
/* The exponential law of the same mean: for `exact` and for cross-checks. */
struct sim_dist sim_dist_as_exponential(const struct sim_dist *dist);

double sim_dist_mean(const struct sim_dist *dist);
/* E[X^k], k = 1, 2, 3, in s^k. */
double sim_dist_moment(const struct sim_dist *dist, int k);
/* Smallest t with P(X <= t) >= p, 0 <= p < 1. */
double sim_dist_quantile(const struct sim_dist *dist, double p);
/* P(X > t). */
double sim_dist_survival(const struct sim_dist *dist, double t_s);
/* Density at t, per second; 0 for deterministic laws. */
double sim_dist_density(const struct sim_dist *dist, double t_s);
/* Hazard rate h(t) = density / survival, per second, also where both underflow; 0 for
 * deterministic laws and outside the support. */
double sim_dist_hazard_rate(const struct sim_dist *dist, double t_s);
/* d ln density / dt at t > 0, per second, inside the support; 0 where the density is
 * flat or there is none. */
double sim_dist_log_slope(const struct sim_dist *dist, double t_s);
/* Has the law a density without jumps on all t > 0? Then stretching it in time changes
 * no path from possible to impossible, and scores exist (sim/sense.c). */
bool sim_dist_is_smooth(const struct sim_dist *dist);
/* H(t) = -ln P(X > t); grows to infinity; accurate for tiny and huge values. */
double sim_dist_cumulative_hazard(const struct sim_dist *dist, double t_s);
/* The t with H(t) = h, h >= 0. */
double sim_dist_cumulative_hazard_inverse(const struct sim_dist *dist, double h);
/* False for laws with an atom (deterministic, a table cell of zero width, a mixture
 * with such a part): no hazard to scale, no likelihood ratio. */
bool sim_dist_has_hazard(const struct sim_dist *dist);

#endif
