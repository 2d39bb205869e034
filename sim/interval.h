/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Intervals: how sure we are of a number. Each function states its source; all return
 * a two-sided interval at level `confidence` (0.95 for 95 %), and never one of zero
 * width for an estimate with any uncertainty, nor a lower end below 0 for quantities
 * that cannot be negative. None of them is called inside a run.
 */
#ifndef SIM_INTERVAL_H
#define SIM_INTERVAL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/result.h"

/* A compensated sum (Neumaier, ZAMM 54, 1974): a billion tiny terms keep all digits.
 * Zero-initialise; the value is sum + carry. */
struct sim_sum {
    double sum;
    double carry;
};
static inline void sim_sum_add(struct sim_sum *s, double x)
{
    double t = s->sum + x;

    s->carry += fabs(s->sum) >= fabs(x) ? (s->sum - t) + x : (x - t) + s->sum;
    s->sum = t;
}

static inline double sim_sum_value(const struct sim_sum *s)
{
    return s->sum + s->carry;
}

/*
 * What is kept of one quantity over independent replications, added in replication
 * order: Welford's running mean and sum of squared deviations (Technometrics 4, 1962),
 * and what rare sums need besides. Zero-initialise.
 */
struct sim_series {
    uint64_t n;         /* replications */
    uint64_t n_nonzero; /* of them, with x > 0 */
    double mean;
    double m2; /* sum of (x - mean)^2 */
    double largest;
    struct sim_sum sum;
    struct sim_sum sum_sq;
};
void sim_series_add(struct sim_series *s, double x);
/* Squared standard error of the mean; infinity below two replications. */
double sim_series_se2(const struct sim_series *s);

/* Two quantities of the same replications: for ratios and shares. Zero-initialise. */
struct sim_pair {
    struct sim_series x;
    struct sim_series y;
    double co; /* sum of (x - mean x)(y - mean y) */
};
void sim_pair_add(struct sim_pair *p, double x, double y);

/* An estimate without uncertainty (low = high = value). */
struct sim_estimate sim_estimate_exact(double value);
/* An estimate this driver or model does not give. */
struct sim_estimate sim_estimate_unknown(void);
/* The estimate multiplied by a factor >= 0. */
struct sim_estimate sim_estimate_scale(struct sim_estimate e, double factor);
/* Larger side of the interval over the value; infinity for a value of 0. */
double sim_estimate_relative_half_width(struct sim_estimate e);

/* Two-sided quantile of Student's t: P(|T| <= q) = confidence, df > 0. */
double sim_interval_t(double confidence, double df);

/* Share of `hits` among n trials by Clopper and Pearson (Biometrika 26, 1934): exact,
 * never covers too little; ends at 0 and 1 for hits = 0 and n. */
struct sim_estimate sim_interval_share(uint64_t hits, uint64_t n, double confidence);

/* Share p seen in n trials by Wilson (JASA 22, 1927); n need not be whole, so that an
 * effective sample size can stand for weighted trials. */
struct sim_estimate sim_interval_wilson(double p, double n, double confidence);

/* Events per unit of exposure, n seen: the chi-square interval of a Poisson rate
 * (Garwood, Biometrika 28, 1936). For n = 0 the upper end is one-sided, -ln(1 -
 * confidence) / exposure: the rule of three at 95 %. */
struct sim_estimate sim_interval_rate(uint64_t n, double exposure, double confidence);

/* Positive mean with squared standard error se2 and df degrees of freedom: t on the
 * logarithm, value * exp(+-t se / value). For skewed positive quantities. */
struct sim_estimate sim_interval_log_t(double value, double se2, double df,
                                       double confidence);

/*
 * Sum of independent positive contributions that arrive as rare events, by Fay and
 * Feuer's gamma interval (Statistics in Medicine 16, 1997): from the sum, the sum of
 * squares, and the largest contribution. With equal contributions it is the
 * chi-square interval; with few and unequal ones it stays wide enough.
 */
struct sim_estimate sim_interval_gamma(double sum, double sum_sq, double largest,
                                       double confidence);

/* The smallest interval that contains both; the value is a's. */
struct sim_estimate sim_interval_hull(struct sim_estimate a, struct sim_estimate b);

/*
 * A positive total made of n >= 1 rare events of random size: the chi-square intervals
 * of their rate and of their mean size (as if exponential), joined on the logarithmic
 * scale as independent. Wider than sim_interval_gamma, which takes the sizes as
 * given: after one short outage the next may be ten times as long.
 */
struct sim_estimate sim_interval_few(double value, double n, double confidence);

/* Mean of a non-negative quantity over replications, by whichever of the above fits:
 * nothing seen -> value 0 and the bound `none_high`; seen in fewer than half of the
 * replications, few effective contributions, or fewer than ten replications -> gamma;
 * otherwise t on the logarithm. */
struct sim_estimate sim_interval_mean(const struct sim_series *s, double none_high,
                                      double confidence);

/* Mean x / mean y with the delta method's variance, t on the logarithm; y > 0. The
 * jackknife's correction removes the bias of order 1/n (Quenouille 1956; see
 * Asmussen and Glynn 2007, IV.4). Unknown when x or y is 0 throughout. */
struct sim_estimate sim_interval_ratio(const struct sim_pair *p, double confidence);

/* The same ratio by Fieller (JRSS B 16, 1954): exact under normality and safe when
 * the denominator is noisy; unbounded (high = infinity) when the denominator is not
 * significantly different from 0. */
struct sim_estimate sim_interval_fieller(const struct sim_pair *p, double confidence);

/* x as a share of y (x <= y in each replication): the ratio on the logit scale, joined
 * with Wilson's interval at the effective number of contributions. In 0..1. */
struct sim_estimate sim_interval_share_of(const struct sim_pair *p, double confidence);

/* Quantile p of n ascending values with an order-statistics interval (binomial ranks;
 * David and Nagaraja, Order Statistics, 2003, 7.1). n >= 1. */
struct sim_estimate sim_interval_quantile(const double *ascending, uint64_t n, double p,
                                          double confidence);

#endif
