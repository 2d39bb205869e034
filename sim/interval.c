/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Intervals that hold. The textbook interval, mean +- 1.96 s / sqrt(n), fails in just
 * the cases this program is for: few outages, skewed durations, nothing seen at all.
 * So the rules here are
 *   counts      exact (Clopper-Pearson, chi-square), never Wald;
 *   rare sums   Fay and Feuer's gamma interval: few contributions of unequal size, as
 *               downtime is when outages are rare, are nearly a weighted Poisson sum;
 *   the rest    Student's t on the logarithm, which is right-skewed like the quantity
 *               and cannot reach below zero;
 *   ratios      delta method with the jackknife's bias correction; Fieller's interval
 *               where the denominator itself is noisy;
 *   nothing     value 0 and an upper bound, never "0 +- 0".
 * Quantiles of t, chi-square and beta are GSL's.
 */
#include "sim/interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* ---- Sums ----------------------------------------------------------------- */

void sim_series_add(struct sim_series *s, double x)
{
    double delta = x - s->mean;

    s->n++;
    s->n_nonzero += x > 0.0;
    s->mean += delta / (double)s->n;
    s->m2 += delta * (x - s->mean);
    s->largest = fmax(s->largest, x);
    sim_sum_add(&s->sum, x);
    sim_sum_add(&s->sum_sq, x * x);
}

double sim_series_se2(const struct sim_series *s)
{
    double n = (double)s->n;

    return s->n < 2 ? HUGE_VAL : s->m2 / (n - 1.0) / n;
}

void sim_pair_add(struct sim_pair *p, double x, double y)
{
    double before_x = p->x.mean;

    sim_series_add(&p->x, x);
    sim_series_add(&p->y, y);
    p->co += (x - before_x) * (y - p->y.mean);
}

/* ---- Small makers --------------------------------------------------------- */

static struct sim_estimate known(double value, double low, double high)
{
    return (struct sim_estimate){
        .value = value, .low = low, .high = high, .is_known = true};
}

struct sim_estimate sim_estimate_exact(double value)
{
    return known(value, value, value);
}

struct sim_estimate sim_estimate_unknown(void)
{
    return (struct sim_estimate){.is_known = false};
}

struct sim_estimate sim_estimate_scale(struct sim_estimate e, double factor)
{
    e.value *= factor;
    e.low *= factor;
    e.high *= factor;
    return e;
}

double sim_estimate_relative_half_width(struct sim_estimate e)
{
    if (!e.is_known || !(e.value > 0.0)) {
        return HUGE_VAL;
    }
    return fmax(e.high - e.value, e.value - e.low) / e.value;
}

#define MANY_TRIALS 100000
#define RARE_SHARE  1e-3

static double upper_tail(double confidence)
{
    return 0.5 * (1.0 - confidence);
}

double sim_interval_t(double confidence, double df)
{
    return gsl_cdf_tdist_Qinv(upper_tail(confidence), df);
}

/* ---- Counts --------------------------------------------------------------- */

/* Rare hits among very many trials, beyond what the incomplete beta function of GSL can
 * invert: Poisson, whose ends differ by less than hits / n in relation. */
static struct sim_estimate rare_share(uint64_t hits, uint64_t n, double confidence)
{
    double tail = upper_tail(confidence);
    double s = (double)hits;
    double low = hits > 0 ? 0.5 * gsl_cdf_chisq_Pinv(tail, 2.0 * s) : 0.0;
    double high = 0.5 * gsl_cdf_chisq_Qinv(tail, 2.0 * s + 2.0);

    return known(s / (double)n, low / (double)n, high / (double)n);
}

struct sim_estimate sim_interval_share(uint64_t hits, uint64_t n, double confidence)
{
    double tail = upper_tail(confidence);
    double s = (double)hits;
    double m = (double)n;
    double low = 0.0;
    double high = 1.0;

    if (n == 0) {
        return sim_estimate_unknown();
    }
    if (n > MANY_TRIALS && s < RARE_SHARE * m) {
        return rare_share(hits, n, confidence);
    }
    if (hits > 0) {
        low = gsl_cdf_beta_Pinv(tail, s, m - s + 1.0);
    }
    if (hits < n) {
        high = gsl_cdf_beta_Qinv(tail, s + 1.0, m - s);
    }
    if (!isfinite(low) || !isfinite(high)) { /* so many trials that GSL gives up */
        return sim_interval_wilson(s / m, m, confidence);
    }
    return known(s / m, low, high);
}

struct sim_estimate sim_interval_wilson(double p, double n, double confidence)
{
    double z = gsl_cdf_ugaussian_Qinv(upper_tail(confidence));
    double centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    double half =
        z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)) / (1.0 + z * z / n);

    return known(p, fmax(centre - half, 0.0), fmin(centre + half, 1.0));
}

struct sim_estimate sim_interval_rate(uint64_t n, double exposure, double confidence)
{
    double tail = upper_tail(confidence);
    double count = (double)n;

    if (!(exposure > 0.0)) {
        return sim_estimate_unknown();
    }
    if (n == 0) {
        return known(0.0, 0.0, -log1p(-confidence) / exposure);
    }
    return known(count / exposure,
                 gsl_cdf_chisq_Pinv(tail, 2.0 * count) / (2.0 * exposure),
                 gsl_cdf_chisq_Qinv(tail, 2.0 * count + 2.0) / (2.0 * exposure));
}

/* ---- Means ---------------------------------------------------------------- */

struct sim_estimate sim_interval_log_t(double value, double se2, double df,
                                       double confidence)
{
    double spread = sim_interval_t(confidence, df) * sqrt(se2) / value;

    return known(value, value * exp(-spread), value * exp(spread));
}

struct sim_estimate sim_interval_gamma(double sum, double sum_sq, double largest,
                                       double confidence)
{
    double tail = upper_tail(confidence);
    double more = sum + largest;
    double more_sq = sum_sq + largest * largest;

    return known(
        sum, sum_sq / (2.0 * sum) * gsl_cdf_chisq_Pinv(tail, 2.0 * sum * sum / sum_sq),
        more_sq / (2.0 * more) * gsl_cdf_chisq_Qinv(tail, 2.0 * more * more / more_sq));
}

struct sim_estimate sim_interval_hull(struct sim_estimate a, struct sim_estimate b)
{
    return known(a.value, fmin(a.low, b.low), fmax(a.high, b.high));
}

struct sim_estimate sim_interval_few(double value, double n, double confidence)
{
    struct sim_estimate rate = sim_interval_rate((uint64_t)llround(n), n, confidence);
    double tail = upper_tail(confidence);
    double size_low = 2.0 * n / gsl_cdf_chisq_Qinv(tail, 2.0 * n);
    double size_high = 2.0 * n / gsl_cdf_chisq_Pinv(tail, 2.0 * n);

    return known(value, value * exp(-hypot(log(rate.low), log(size_low))),
                 value * exp(hypot(log(rate.high), log(size_high))));
}

struct sim_estimate sim_interval_mean(const struct sim_series *s, double none_high,
                                      double confidence)
{
    enum { FEW_REPLICATIONS = 10, FEW_CONTRIBUTIONS = 100 };
    double n = (double)s->n;
    double sum = sim_sum_value(&s->sum);
    double sum_sq = sim_sum_value(&s->sum_sq);

    if (s->n == 0) {
        return sim_estimate_unknown();
    }
    if (!(sum > 0.0)) {
        return known(0.0, 0.0, none_high);
    }
    bool is_rare = 2 * s->n_nonzero < s->n && sum * sum / sum_sq < FEW_CONTRIBUTIONS;

    if (is_rare || s->n < FEW_REPLICATIONS) {
        struct sim_estimate e = sim_interval_gamma(sum, sum_sq, s->largest, confidence);

        return sim_estimate_scale(e, 1.0 / n);
    }
    double se2 = fmax(sim_series_se2(s), 1e-32 * s->mean * s->mean);

    return sim_interval_log_t(sum / n, se2, n - 1.0, confidence);
}

/* ---- Ratios --------------------------------------------------------------- */

/* Squared standard error of mean x / mean y by the delta method. */
static double ratio_se2(const struct sim_pair *p, double ratio)
{
    double n = (double)p->x.n;
    double m2 = p->x.m2 - 2.0 * ratio * p->co + ratio * ratio * p->y.m2;

    return fmax(m2, 0.0) / (n - 1.0) / n / (p->y.mean * p->y.mean);
}

/* The jackknife's estimate of the ratio, in closed form to order 1/n:
 * r (1 + cov / (n x y) - var y / (n y^2)). */
static double jackknifed(const struct sim_pair *p, double ratio)
{
    double n = (double)p->x.n;
    double scale = 1.0 / (n * (n - 1.0));
    double bias = p->y.m2 * scale / (p->y.mean * p->y.mean) -
                  p->co * scale / (p->x.mean * p->y.mean);

    return ratio * fmax(1.0 - bias, 0.0);
}

struct sim_estimate sim_interval_ratio(const struct sim_pair *p, double confidence)
{
    if (p->x.n < 2 || !(p->x.mean > 0.0) || !(p->y.mean > 0.0)) {
        return sim_estimate_unknown();
    }
    double ratio = sim_sum_value(&p->x.sum) / sim_sum_value(&p->y.sum);
    double corrected = jackknifed(p, ratio);
    double value = corrected > 0.0 ? corrected : ratio;

    return sim_interval_log_t(value, ratio_se2(p, ratio), (double)p->x.n - 1.0,
                              confidence);
}

struct sim_estimate sim_interval_fieller(const struct sim_pair *p, double confidence)
{
    double n = (double)p->x.n;

    if (p->x.n < 2 || !(p->y.mean > 0.0)) {
        return sim_estimate_unknown();
    }
    double x = p->x.mean;
    double y = p->y.mean;
    double t = sim_interval_t(confidence, n - 1.0);
    double k = t * t / (n * (n - 1.0)); /* turns m2 into t^2 times a squared error */
    double a = y * y - k * p->y.m2;
    double b = x * y - k * p->co;
    double c = x * x - k * p->x.m2;
    double root = sqrt(fmax(b * b - a * c, 0.0));

    if (a <= 0.0) {
        return known(x / y, 0.0, HUGE_VAL);
    }
    return known(x / y, fmax((b - root) / a, 0.0), (b + root) / a);
}

struct sim_estimate sim_interval_share_of(const struct sim_pair *p, double confidence)
{
    double whole = sim_sum_value(&p->y.sum);

    if (p->y.n == 0 || !(whole > 0.0)) {
        return sim_estimate_unknown();
    }
    double share = fmin(sim_sum_value(&p->x.sum) / whole, 1.0);
    double effective = whole * whole / sim_sum_value(&p->y.sum_sq);
    struct sim_estimate wilson = sim_interval_wilson(share, effective, confidence);
    double se2 = p->x.n < 2 ? 0.0 : ratio_se2(p, share);

    if (!(se2 > 0.0) || share <= 0.0 || share >= 1.0 || p->x.n < 10) {
        return wilson;
    }
    double logit = log(share / (1.0 - share));
    double spread = sim_interval_t(confidence, (double)p->x.n - 1.0) * sqrt(se2) /
                    (share * (1.0 - share));
    struct sim_estimate delta = known(share, 1.0 / (1.0 + exp(spread - logit)),
                                      1.0 / (1.0 + exp(-spread - logit)));

    return effective < 30.0 ? sim_interval_hull(delta, wilson) : delta;
}

/* ---- Quantiles ------------------------------------------------------------ */

/* Largest k with P(Binomial(n, p) < k) <= tail, so that the k-th value (from 1) is
 * below the quantile but for that probability; 0 when there is none. */
static uint64_t lower_rank(uint64_t n, double p, double tail)
{
    uint64_t lo = 0;
    uint64_t hi = n;

    while (lo < hi) { /* P(B <= k - 1) = I_{1-p}(n - k + 1, k) grows with k */
        uint64_t k = lo + (hi - lo + 1) / 2;
        double below = gsl_cdf_beta_P(1.0 - p, (double)(n - k) + 1.0, (double)k);

        if (below <= tail) {
            lo = k;
        } else {
            hi = k - 1;
        }
    }
    return lo;
}

struct sim_estimate sim_interval_quantile(const double *ascending, uint64_t n, double p,
                                          double confidence)
{
    double tail = upper_tail(confidence);
    double position = p * (double)(n - 1);
    uint64_t below = (uint64_t)position;
    uint64_t above = below + 1 < n ? below + 1 : below;
    double value = ascending[below] +
                   (position - (double)below) * (ascending[above] - ascending[below]);
    uint64_t low = lower_rank(n, p, tail);
    uint64_t high = lower_rank(n, 1.0 - p, tail); /* counted from the top */

    return known(value, low > 0 ? fmin(ascending[low - 1], value) : 0.0,
                 high > 0 ? fmax(ascending[n - high], value) : HUGE_VAL);
}
