/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Laws of delays: construction and moments. What a law does with time (hazard,
 * survival, quantile, density) is in sim/hazard.c; how it is drawn, in sim/draw.h.
 *
 * A law is a small constant struct and every function is a switch over its kind: no
 * virtual tables, so that a plan can be copied and the draw can be inlined. Moments
 * are computed once here, because size-biased sampling and the tables of the
 * catalogue ask for them again and again.
 *
 * Two laws come from data instead of a formula, both kept as a table of equally likely
 * cells, uniform inside each: the empirical law of samples, and the law of a sum of
 * independent delays (detection + reaction + restart). The sum is computed on a
 * fixed quasi-random grid, so it needs no seed and is the same on every machine.
 *
 * Conventions, easy to get wrong: the exponential takes its mean, the Weibull (scale,
 * shape), the gamma (scale, shape), the lognormal (mu, sigma of the logarithm).
 */
#include "sim/dist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check.h"

/* ---- Moments -------------------------------------------------------------- */

/* E[X^k] of a uniform law on [lo, hi], without cancellation when hi is near lo. */
static double uniform_moment(double lo, double hi, int k)
{
    switch (k) {
    case 1:
        return 0.5 * (lo + hi);
    case 2:
        return (lo * lo + lo * hi + hi * hi) / 3.0;
    default:
        return (lo * lo + hi * hi) * (lo + hi) / 4.0;
    }
}

static double gamma_moment(double scale_s, double shape, int k)
{
    double m = scale_s * shape;

    for (int i = 1; i < k; i++) {
        m *= scale_s * (shape + i);
    }
    return m;
}

static double table_moment(const struct sim_dist *dist, int k)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < dist->n; i++) {
        sum += uniform_moment(dist->table[i], dist->table[i + 1], k);
    }
    return sum / dist->n;
}

static double mixture_moment(const struct sim_dist *dist, int k)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < dist->n; i++) {
        sum += dist->table[i] * sim_dist_moment(&dist->parts[i], k);
    }
    return sum;
}

static double raw_moment(const struct sim_dist *dist, int k)
{
    static const double factorial[] = {1.0, 1.0, 2.0, 6.0};

    switch (dist->kind) {
    case SIM_DIST_EXPONENTIAL:
        return factorial[k] * pow(dist->a, k);
    case SIM_DIST_WEIBULL:
        return pow(dist->a, k) * exp(lgamma(1.0 + k / dist->b));
    case SIM_DIST_GAMMA:
        return gamma_moment(dist->a, dist->b, k);
    case SIM_DIST_LOGNORMAL:
        return exp(k * dist->a + 0.5 * k * k * dist->b * dist->b);
    case SIM_DIST_UNIFORM:
        return uniform_moment(dist->a, dist->b, k);
    case SIM_DIST_DETERMINISTIC:
        return pow(dist->a, k);
    case SIM_DIST_MIXTURE:
        return mixture_moment(dist, k);
    case SIM_DIST_TABLE:
        return table_moment(dist, k);
    }
    return NAN;
}

static struct sim_dist finish(struct sim_dist dist)
{
    dist.mean_s = raw_moment(&dist, 1);
    dist.moment2 = raw_moment(&dist, 2);
    dist.moment3 = raw_moment(&dist, 3);
    return dist;
}

static bool is_positive(double x)
{
    return isfinite(x) && x > 0.0;
}

/* ---- Constructors --------------------------------------------------------- */

struct sim_dist sim_dist_exponential(double mean_s)
{
    SIM_CHECK(is_positive(mean_s));
    return finish((struct sim_dist){.kind = SIM_DIST_EXPONENTIAL, .a = mean_s});
}

struct sim_dist sim_dist_weibull(double scale_s, double shape)
{
    SIM_CHECK(is_positive(scale_s) && is_positive(shape));
    return finish((struct sim_dist){
        .kind = SIM_DIST_WEIBULL, .a = scale_s, .b = shape, .inv_b = 1.0 / shape});
}

struct sim_dist sim_dist_weibull_mean(double mean_s, double shape)
{
    SIM_CHECK(is_positive(mean_s) && is_positive(shape));
    return sim_dist_weibull(mean_s / exp(lgamma(1.0 + 1.0 / shape)), shape);
}

struct sim_dist sim_dist_gamma(double scale_s, double shape)
{
    SIM_CHECK(is_positive(scale_s) && is_positive(shape));
    return finish((struct sim_dist){
        .kind = SIM_DIST_GAMMA, .a = scale_s, .b = shape, .inv_b = 1.0 / shape});
}

struct sim_dist sim_dist_lognormal(double mu, double sigma)
{
    SIM_CHECK(isfinite(mu) && is_positive(sigma));
    return finish((struct sim_dist){
        .kind = SIM_DIST_LOGNORMAL, .a = mu, .b = sigma, .inv_b = 1.0 / sigma});
}

struct sim_dist sim_dist_lognormal_median(double median_s, double sigma)
{
    SIM_CHECK(is_positive(median_s));
    return sim_dist_lognormal(log(median_s), sigma);
}

struct sim_dist sim_dist_lognormal_mean_cv(double mean_s, double cv)
{
    SIM_CHECK(is_positive(mean_s) && is_positive(cv));
    double variance = log1p(cv * cv); /* of the logarithm */

    return sim_dist_lognormal(log(mean_s) - 0.5 * variance, sqrt(variance));
}

struct sim_dist sim_dist_uniform(double min_s, double max_s)
{
    SIM_CHECK(isfinite(min_s) && isfinite(max_s) && 0.0 <= min_s && min_s <= max_s);
    return finish((struct sim_dist){.kind = SIM_DIST_UNIFORM, .a = min_s, .b = max_s});
}

struct sim_dist sim_dist_deterministic(double value_s)
{
    SIM_CHECK(isfinite(value_s) && value_s >= 0.0);
    return finish((struct sim_dist){.kind = SIM_DIST_DETERMINISTIC, .a = value_s});
}

struct sim_dist sim_dist_mixture(struct sim_arena *arena, uint32_t n,
                                 const double *weight, const struct sim_dist *part)
{
    SIM_CHECK(n >= 1);
    double *share = sim_arena_calloc(arena, n, sizeof(*share));
    struct sim_dist *parts = sim_arena_calloc(arena, n, sizeof(*parts));
    double total = 0.0;

    for (uint32_t i = 0; i < n; i++) {
        SIM_CHECK(isfinite(weight[i]) && weight[i] >= 0.0);
        total += weight[i];
    }
    SIM_CHECK(total > 0.0);
    for (uint32_t i = 0; i < n; i++) {
        share[i] = weight[i] / total;
    }
    memcpy(parts, part, n * sizeof(*parts));
    return finish((struct sim_dist){
        .kind = SIM_DIST_MIXTURE, .n = n, .table = share, .parts = parts});
}

static int compare_doubles(const void *left, const void *right)
{
    double x = *(const double *)left;
    double y = *(const double *)right;

    return (x > y) - (x < y);
}

struct sim_dist sim_dist_empirical(struct sim_arena *arena, uint32_t n,
                                   const double *sample_s, uint32_t cells)
{
    SIM_CHECK(n >= 1 && cells >= 1);
    uint32_t m = n > 1 && n - 1 < cells ? n - 1 : (n > 1 ? cells : 1);
    double *sorted = sim_arena_calloc(arena, n, sizeof(*sorted));
    double *table = sim_arena_calloc(arena, (size_t)m + 1, sizeof(*table));

    memcpy(sorted, sample_s, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare_doubles);
    SIM_CHECK(isfinite(sorted[n - 1]) && sorted[0] >= 0.0);
    for (uint32_t i = 0; i <= m; i++) {
        /* Hyndman and Fan's quantile of type 7: linear between order statistics. */
        double position = (double)i / m * (n - 1);
        uint32_t below = (uint32_t)position;
        uint32_t above = below + 1 < n ? below + 1 : below;

        table[i] = sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }
    return finish((struct sim_dist){.kind = SIM_DIST_TABLE, .n = m, .table = table});
}

/* The unique root > 1 of x^(d+1) = x + 1. Its inverse powers are the steps of a
 * Kronecker sequence that fills the d-dimensional unit cube evenly for every d
 * (the generalised golden ratio; M. Roberts, "The unreasonable effectiveness of
 * quasirandom sequences", 2018). */
static double golden_ratio(uint32_t d)
{
    double x = 1.5;

    for (int i = 0; i < 64; i++) {
        x = pow(1.0 + x, 1.0 / (d + 1.0));
    }
    return x;
}

/* Fills sum[0..points) with sums of quantiles at quasi-random places. */
static void sum_on_grid(uint32_t n, const struct sim_dist *part, uint32_t points,
                        double *sum)
{
    double phi = golden_ratio(n);
    double step = 1.0;

    memset(sum, 0, points * sizeof(*sum));
    for (uint32_t j = 0; j < n; j++) {
        step /= phi;
        for (uint32_t i = 0; i < points; i++) {
            double u = fmod(0.5 + (i + 1.0) * step, 1.0);

            sum[i] += sim_dist_quantile(&part[j], u);
        }
    }
}

/*
 * Cuts sorted sums into equally likely cells. The two outermost borders are chosen
 * so that the mean of the outer cells is right (a cell is uniform inside, and a
 * heavy tail is not), then the whole table is scaled to the exact mean, a change
 * of less than one part in a thousand.
 */
static void cut_into_cells(const double *sum, uint32_t per_cell, uint32_t cells,
                           double mean_s, double *table)
{
    double first = 0.0;
    double last = 0.0;
    double total = 0.0;

    for (uint32_t i = 1; i < cells; i++) {
        table[i] = 0.5 * (sum[i * per_cell - 1] + sum[i * per_cell]);
    }
    for (uint32_t i = 0; i < per_cell; i++) {
        first += sum[i];
        last += sum[(cells - 1) * per_cell + i];
    }
    table[0] = fmax(2.0 * first / per_cell - table[1], 0.0);
    table[0] = fmin(table[0], sum[0]);
    table[cells] = fmax(2.0 * last / per_cell - table[cells - 1], table[cells - 1]);
    for (uint32_t i = 0; i < cells; i++) {
        total += 0.5 * (table[i] + table[i + 1]);
    }
    if (total > 0.0) {
        for (uint32_t i = 0; i <= cells; i++) {
            table[i] *= mean_s * cells / total;
        }
    }
}

struct sim_dist sim_dist_sum(struct sim_arena *arena, uint32_t n,
                             const struct sim_dist *part, uint32_t cells)
{
    enum { PER_CELL = 32 };
    SIM_CHECK(n >= 1 && cells >= 2);
    uint32_t points = cells * PER_CELL;
    double *sum = sim_arena_calloc(arena, points, sizeof(*sum));
    double *table = sim_arena_calloc(arena, (size_t)cells + 1, sizeof(*table));
    double mean_s = 0.0;

    for (uint32_t i = 0; i < n; i++) {
        mean_s += part[i].mean_s;
    }
    sum_on_grid(n, part, points, sum);
    qsort(sum, points, sizeof(*sum), compare_doubles);
    cut_into_cells(sum, PER_CELL, cells, mean_s, table);
    return finish(
        (struct sim_dist){.kind = SIM_DIST_TABLE, .n = cells, .table = table});
}

struct sim_dist sim_dist_as_exponential(const struct sim_dist *dist)
{
    return sim_dist_exponential(dist->mean_s);
}

/* ---- Accessors ------------------------------------------------------------ */

double sim_dist_mean(const struct sim_dist *dist)
{
    return dist->mean_s;
}

double sim_dist_moment(const struct sim_dist *dist, int k)
{
    SIM_CHECK(k >= 1 && k <= 3);
    return k == 1 ? dist->mean_s : k == 2 ? dist->moment2 : dist->moment3;
}
