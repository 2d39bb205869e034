/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a law does with time. Everything is built on one pair, the cumulative hazard
 * H(t) = -ln P(X > t) and its inverse: survival is exp(-H), the quantile of p is
 * Hinv(-ln(1 - p)). H is the natural scale of reliability because it stays meaningful
 * where probabilities do not: P(X > t) underflows near 1e-308 while H = 710 does not,
 * and H(t) = 1e-300 is a good number where 1 - P(X > t) rounds to zero. So each law
 * takes care of both tails:
 *   small t  H = -log1p(-F) with F from a lower-tail routine (never 1 - S),
 *   large t  H from the logarithm of the survival function: the log-erfc of GSL for
 *            the lognormal, the Legendre continued fraction for the gamma
 *            (Abramowitz and Stegun 6.5.31, evaluated by Lentz's method), log-sum-exp
 *            for mixtures.
 * Closed inverses are used where they exist; gamma and mixture solve H(t) = h by
 * Newton steps on ln H over ln t (nearly a straight line in both tails), kept inside
 * a bracket so that they cannot run away.
 *
 * Atoms: a deterministic law jumps from H = 0 to infinity and has no density. A table
 * cell of zero width is an atom too. Laws with atoms report that they have no hazard,
 * because a likelihood ratio of hazards does not exist there.
 */
#include "sim/dist.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sf_erf.h>
#include <math.h>

#include "sim/check.h"

/* ---- Cumulative hazard ---------------------------------------------------- */

/* -ln(1 - f) for a lower-tail probability f. */
static double hazard_of_lower(double f)
{
    return -log1p(-fmin(f, 1.0));
}

/*
 * ln Q(k, x) for x > k + 1: Q = x^k e^-x / Gamma(k) / (x + 1 - k - 1(1 - k) /
 * (x + 3 - k - ...)), the Legendre continued fraction by the modified Lentz method.
 */
static double gamma_log_upper(double k, double x)
{
    double b = x + 1.0 - k;
    double c = 1e300;
    double d = 1.0 / b;
    double h = d;

    for (int i = 1; i < 500; i++) {
        double an = -i * (i - k);

        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        h *= c * d;
        if (fabs(c * d - 1.0) < 1e-15) {
            break;
        }
    }
    return k * log(x) - x - lgamma(k) + log(h);
}

static double gamma_hazard(double scale_s, double shape, double t_s)
{
    double x = t_s / scale_s;

    if (x > shape + 1.0) {
        return -gamma_log_upper(shape, x);
    }
    if (x < 1e-8 * (shape + 1.0)) { /* first term of the series, exact to 1e-8 x^k */
        double lower = exp(shape * log(x) - lgamma(shape + 1.0));

        return hazard_of_lower(lower * (1.0 - x * shape / (shape + 1.0)));
    }
    return hazard_of_lower(gsl_cdf_gamma_P(x, shape, 1.0));
}

/* H of the standard normal at z: -ln(erfc(z / sqrt 2) / 2). */
static double normal_hazard(double z)
{
    if (z < 0.0) {
        return hazard_of_lower(gsl_cdf_ugaussian_P(z));
    }
    return M_LN2 - gsl_sf_log_erfc(z * M_SQRT1_2);
}

/* Density over upper tail at z (the inverse Mills ratio). */
static double normal_hazard_rate(double z)
{
    return z < -35.0 ? 0.0 : gsl_sf_hazard(z); /* below, GSL reports an underflow */
}

/* The z with normal_hazard(z) = h. */
static double normal_hazard_inverse(double h)
{
    if (h < M_LN2) {
        return gsl_cdf_ugaussian_Pinv(-expm1(-h));
    }
    if (h < 650.0) {
        return gsl_cdf_ugaussian_Qinv(exp(-h));
    }
    double z = sqrt(2.0 * h - log(4.0 * M_PI * h)); /* asymptotic start */

    for (int i = 0; i < 20; i++) { /* Newton; the hazard rate is about z + 1/z */
        double step = (normal_hazard(z) - h) / (z + 1.0 / z);

        z -= step;
        if (fabs(step) < 1e-15 * z) {
            break;
        }
    }
    return z;
}

static double mixture_hazard(const struct sim_dist *dist, double t_s)
{
    double lower = 0.0;
    double least = INFINITY;
    double sum = 0.0;

    for (uint32_t i = 0; i < dist->n; i++) {
        double h = sim_dist_cumulative_hazard(&dist->parts[i], t_s);

        lower += dist->table[i] * -expm1(-h);
        if (dist->table[i] > 0.0) {
            least = fmin(least, h);
        }
    }
    if (lower < 0.5 || isinf(least)) {
        return lower < 0.5 ? hazard_of_lower(lower) : HUGE_VAL;
    }
    for (uint32_t i = 0; i < dist->n; i++) { /* log-sum-exp around the heaviest tail */
        double h = sim_dist_cumulative_hazard(&dist->parts[i], t_s);

        sum += dist->table[i] * exp(least - h);
    }
    return least - log(sum);
}

/* Number of the last cell border <= t; the table is ascending. */
static uint32_t table_find(const struct sim_dist *dist, double t_s)
{
    uint32_t lo = 0;
    uint32_t hi = dist->n;

    while (lo < hi) {
        uint32_t mid = (lo + hi + 1) / 2;

        if (dist->table[mid] <= t_s) {
            lo = mid;
        } else {
            hi = mid - 1;
        }
    }
    return lo;
}

/* P(X <= t) of a table. */
static double table_lower(const struct sim_dist *dist, double t_s)
{
    if (t_s < dist->table[0]) {
        return 0.0;
    }
    uint32_t i = table_find(dist, t_s);

    if (i >= dist->n) {
        return 1.0;
    }
    double width = dist->table[i + 1] - dist->table[i];

    return (i + (t_s - dist->table[i]) / width) / dist->n;
}

double sim_dist_cumulative_hazard(const struct sim_dist *dist, double t_s)
{
    if (t_s < 0.0) {
        return 0.0;
    }
    switch (dist->kind) {
    case SIM_DIST_EXPONENTIAL:
        return t_s / dist->a;
    case SIM_DIST_WEIBULL:
        return t_s > 0.0 ? exp(dist->b * log(t_s / dist->a)) : 0.0;
    case SIM_DIST_GAMMA:
        return t_s > 0.0 ? gamma_hazard(dist->a, dist->b, t_s) : 0.0;
    case SIM_DIST_LOGNORMAL:
        return t_s > 0.0 ? normal_hazard((log(t_s) - dist->a) / dist->b) : 0.0;
    case SIM_DIST_UNIFORM:
        if (t_s >= dist->b) {
            return INFINITY;
        }
        return t_s <= dist->a ? 0.0
                              : hazard_of_lower((t_s - dist->a) / (dist->b - dist->a));
    case SIM_DIST_DETERMINISTIC:
        return t_s < dist->a ? 0.0 : HUGE_VAL;
    case SIM_DIST_MIXTURE:
        return mixture_hazard(dist, t_s);
    case SIM_DIST_TABLE:
        return hazard_of_lower(table_lower(dist, t_s));
    }
    return NAN;
}

/*
 * Solves H(t) = h inside [lo, hi] by Newton on ln H over ln t, falling back to
 * halving (of ln t) whenever a step leaves the bracket or the density vanishes.
 * At a jump of H the bracket closes on the jump, which is the right answer.
 */
static double solve_hazard(const struct sim_dist *dist, double h, double lo, double hi)
{
    double t = sqrt(lo) * sqrt(hi);

    for (int i = 0; i < 200 && hi - lo > 4e-16 * hi; i++) {
        double now = sim_dist_cumulative_hazard(dist, t);

        if (now < h) {
            lo = t;
        } else {
            hi = t;
        }
        double slope = t * sim_dist_density(dist, t) / (exp(-now) * now);
        double next = t * exp(log(h / now) / slope);

        if (fabs(next - t) <= 1e-15 * t) {
            return next;
        }
        t = next > lo && next < hi ? next : sqrt(lo) * sqrt(hi);
    }
    return t;
}

static double gamma_hazard_inverse(const struct sim_dist *dist, double h)
{
    double shape = dist->b;
    double lower = -expm1(-h);
    /* P(k, x) <= x^k / Gamma(k + 1) gives a bound from below, the start. */
    double lo = dist->a * exp((log(lower) + lgamma(shape + 1.0)) / shape);
    double hi;

    lo = fmax(lo * (1.0 - 1e-12), 1e-308);
    hi = fmax(lo * 2.0, dist->a * (shape + 1.0));
    while (sim_dist_cumulative_hazard(dist, hi) < h) {
        hi *= 2.0;
    }
    return solve_hazard(dist, h, lo, hi);
}

static double mixture_hazard_inverse(const struct sim_dist *dist, double h)
{
    double lo = INFINITY;
    double hi = 0.0;

    for (uint32_t i = 0; i < dist->n; i++) {
        if (dist->table[i] > 0.0) {
            double t = sim_dist_cumulative_hazard_inverse(&dist->parts[i], h);

            lo = fmin(lo, t);
            hi = fmax(hi, t);
        }
    }
    if (hi - lo <= 1e-15 * hi) {
        return hi;
    }
    return solve_hazard(dist, h, fmax(lo * (1.0 - 1e-15), 1e-308), hi);
}

static double table_inverse(const struct sim_dist *dist, double lower)
{
    double position = lower * dist->n;
    uint32_t i = (uint32_t)position;

    if (i >= dist->n) {
        return dist->table[dist->n];
    }
    return dist->table[i] + (position - i) * (dist->table[i + 1] - dist->table[i]);
}

double sim_dist_cumulative_hazard_inverse(const struct sim_dist *dist, double h)
{
    switch (dist->kind) {
    case SIM_DIST_EXPONENTIAL:
        return h * dist->a;
    case SIM_DIST_WEIBULL:
        return h > 0.0 ? dist->a * exp(log(h) * dist->inv_b) : 0.0;
    case SIM_DIST_GAMMA:
        return h > 0.0 ? gamma_hazard_inverse(dist, h) : 0.0;
    case SIM_DIST_LOGNORMAL:
        return h > 0.0 ? exp(dist->a + dist->b * normal_hazard_inverse(h)) : 0.0;
    case SIM_DIST_UNIFORM:
        return dist->a - (dist->b - dist->a) * expm1(-h);
    case SIM_DIST_DETERMINISTIC:
        return dist->a;
    case SIM_DIST_MIXTURE:
        return mixture_hazard_inverse(dist, h);
    case SIM_DIST_TABLE:
        return table_inverse(dist, -expm1(-h));
    }
    return NAN;
}

/* ---- The rest of the interface -------------------------------------------- */

double sim_dist_quantile(const struct sim_dist *dist, double p)
{
    SIM_CHECK(p >= 0.0 && p < 1.0);
    return sim_dist_cumulative_hazard_inverse(dist, -log1p(-p));
}

double sim_dist_survival(const struct sim_dist *dist, double t_s)
{
    return exp(-sim_dist_cumulative_hazard(dist, t_s));
}

static double mixture_density(const struct sim_dist *dist, double t_s)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < dist->n; i++) {
        sum += dist->table[i] * sim_dist_density(&dist->parts[i], t_s);
    }
    return sum;
}

static double table_density(const struct sim_dist *dist, double t_s)
{
    if (t_s < dist->table[0] || t_s >= dist->table[dist->n]) {
        return 0.0;
    }
    uint32_t i = table_find(dist, t_s);

    return 1.0 / (dist->n * (dist->table[i + 1] - dist->table[i]));
}

double sim_dist_density(const struct sim_dist *dist, double t_s)
{
    if (t_s < 0.0) {
        return 0.0;
    }
    switch (dist->kind) {
    case SIM_DIST_EXPONENTIAL:
        return exp(-t_s / dist->a) / dist->a;
    case SIM_DIST_WEIBULL:
        return gsl_ran_weibull_pdf(t_s, dist->a, dist->b);
    case SIM_DIST_GAMMA:
        return gsl_ran_gamma_pdf(t_s, dist->b, dist->a);
    case SIM_DIST_LOGNORMAL:
        return gsl_ran_lognormal_pdf(t_s, dist->a, dist->b);
    case SIM_DIST_UNIFORM:
        return t_s < dist->a || t_s >= dist->b ? 0.0 : 1.0 / (dist->b - dist->a);
    case SIM_DIST_DETERMINISTIC:
        return 0.0;
    case SIM_DIST_MIXTURE:
        return mixture_density(dist, t_s);
    case SIM_DIST_TABLE:
        return table_density(dist, t_s);
    }
    return NAN;
}

static bool table_has_hazard(const struct sim_dist *dist)
{
    for (uint32_t i = 0; i < dist->n; i++) {
        if (dist->table[i + 1] <= dist->table[i]) {
            return false;
        }
    }
    return true;
}

bool sim_dist_has_hazard(const struct sim_dist *dist)
{
    switch (dist->kind) {
    case SIM_DIST_DETERMINISTIC:
        return false;
    case SIM_DIST_UNIFORM:
        return dist->a < dist->b;
    case SIM_DIST_TABLE:
        return table_has_hazard(dist);
    case SIM_DIST_MIXTURE:
        for (uint32_t i = 0; i < dist->n; i++) {
            if (dist->table[i] > 0.0 && !sim_dist_has_hazard(&dist->parts[i])) {
                return false;
            }
        }
        return true;
    default:
        return true;
    }
}

/* f / S of a mixture with each part's tail taken relative to the whole's. */
static double mixture_hazard_rate(const struct sim_dist *dist, double t_s)
{
    double whole = mixture_hazard(dist, t_s);
    double sum = 0.0;

    for (uint32_t i = 0; i < dist->n && isfinite(whole); i++) {
        double h = sim_dist_cumulative_hazard(&dist->parts[i], t_s);

        sum += dist->table[i] * exp(whole - h) *
               sim_dist_hazard_rate(&dist->parts[i], t_s);
    }
    return sum;
}

/* The logarithm of the gamma density avoids its underflow. */
static double gamma_hazard_rate(const struct sim_dist *dist, double t_s)
{
    double x = t_s / dist->a;
    double log_density = (dist->b - 1.0) * log(x) - x - lgamma(dist->b) - log(dist->a);

    return exp(log_density + gamma_hazard(dist->a, dist->b, t_s));
}

double sim_dist_hazard_rate(const struct sim_dist *dist, double t_s)
{
    switch (dist->kind) {
    case SIM_DIST_EXPONENTIAL:
        return t_s >= 0.0 ? 1.0 / dist->a : 0.0;
    case SIM_DIST_WEIBULL:
        return t_s >= 0.0 ? dist->b / dist->a * pow(t_s / dist->a, dist->b - 1.0) : 0.0;
    case SIM_DIST_GAMMA:
        return t_s > 0.0 ? gamma_hazard_rate(dist, t_s) : sim_dist_density(dist, t_s);
    case SIM_DIST_LOGNORMAL:
        return t_s > 0.0 ? normal_hazard_rate((log(t_s) - dist->a) / dist->b) /
                               (t_s * dist->b)
                         : 0.0;
    case SIM_DIST_MIXTURE:
        return mixture_hazard_rate(dist, t_s);
    default: {
        double survival = sim_dist_survival(dist, t_s);

        return survival > 0.0 ? sim_dist_density(dist, t_s) / survival : 0.0;
    }
    }
}

/* ---- Slope of the density -------------------------------------------------- */

static double mixture_log_slope(const struct sim_dist *dist, double t_s)
{
    double density = 0.0;
    double slope = 0.0;

    for (uint32_t i = 0; i < dist->n; i++) {
        const double part = dist->table[i] * sim_dist_density(&dist->parts[i], t_s);

        density += part;
        slope += part * sim_dist_log_slope(&dist->parts[i], t_s);
    }
    return density > 0.0 ? slope / density : 0.0;
}

double sim_dist_log_slope(const struct sim_dist *dist, double t_s)
{
    switch (dist->kind) {
    case SIM_DIST_EXPONENTIAL:
        return -1.0 / dist->a;
    case SIM_DIST_WEIBULL:
        return (dist->b - 1.0 - dist->b * pow(t_s / dist->a, dist->b)) / t_s;
    case SIM_DIST_GAMMA:
        return (dist->b - 1.0) / t_s - 1.0 / dist->a;
    case SIM_DIST_LOGNORMAL:
        return -(1.0 + (log(t_s) - dist->a) / (dist->b * dist->b)) / t_s;
    case SIM_DIST_MIXTURE:
        return mixture_log_slope(dist, t_s);
    case SIM_DIST_UNIFORM:
    case SIM_DIST_DETERMINISTIC:
    case SIM_DIST_TABLE:
        break;
    }
    return 0.0;
}

bool sim_dist_is_smooth(const struct sim_dist *dist)
{
    for (uint32_t i = 0; dist->kind == SIM_DIST_MIXTURE && i < dist->n; i++) {
        if (!sim_dist_is_smooth(&dist->parts[i])) {
            return false;
        }
    }
    return dist->kind != SIM_DIST_UNIFORM && dist->kind != SIM_DIST_DETERMINISTIC &&
           dist->kind != SIM_DIST_TABLE;
}
