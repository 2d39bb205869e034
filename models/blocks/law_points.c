/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A law as points and weights, so that E[g(X)] is a plain sum for every smooth g.
 *
 * The trapezoidal rule on the whole line converges exponentially for analytic
 * integrands that die out at both ends (Trefethen and Weideman 2014). So each law is
 * written in a variable of that kind: the logarithm of a gamma or exponential number
 * (a Weibull law is a power of one), the normal number inside a lognormal law. A
 * uniform law takes Gauss-Legendre points; a constant is one point; a mixture joins
 * the points of its parts. Some thousand points give all digits of a double.
 */
#include <gsl/gsl_integration.h>
#include <math.h>
#include <string.h>

#include "models/blocks/answers_priv.h"

#define STEP       0.02L
#define NEGLIGIBLE (-60.0L) /* exp of this does not count */

enum { UNIFORM_POINTS = 96 };

static struct ha_law_points make(struct sim_arena *arena, uint32_t n,
                                 long double **point, long double **weight)
{
    *point = sim_arena_calloc(arena, n, sizeof **point);
    *weight = sim_arena_calloc(arena, n, sizeof **weight);
    return (struct ha_law_points){.n = n, .point_s = *point, .weight = *weight};
}

static void normalise(uint32_t n, long double *weight)
{
    long double total = 0;
    for (uint32_t i = 0; i < n; i++) {
        total += weight[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        weight[i] /= total;
    }
}

/* log of the density of y = ln Gamma(a), up to a constant, 0 at its mode. */
static long double log_gamma_density(long double y, long double a)
{
    return a * (y - logl(a)) - (expl(y) - a);
}

/* scale x Gamma(a)^power */
static struct ha_law_points gamma_points(struct sim_arena *arena, long double a,
                                         long double scale, long double power)
{
    long double step = a > 1 ? STEP / sqrtl(a) : STEP;
    long double low = logl(a), high = low;
    while (log_gamma_density(low, a) > NEGLIGIBLE) {
        low -= 10 * step;
    }
    while (log_gamma_density(high, a) > NEGLIGIBLE) {
        high += 10 * step;
    }
    long double *point, *weight;
    uint32_t n = (uint32_t)((high - low) / step) + 1;
    struct ha_law_points points = make(arena, n, &point, &weight);
    for (uint32_t i = 0; i < n; i++) {
        long double y = low + i * step;
        point[i] = scale * expl(power * y);
        weight[i] = expl(log_gamma_density(y, a));
    }
    normalise(n, weight);
    return points;
}

static struct ha_law_points lognormal_points(struct sim_arena *arena, long double mu,
                                             long double sigma)
{
    long double reach = 11 + 6 * sigma; /* high powers of X live further out */
    long double *point, *weight;
    uint32_t n = (uint32_t)(2 * reach / STEP) + 1;
    struct ha_law_points points = make(arena, n, &point, &weight);
    for (uint32_t i = 0; i < n; i++) {
        long double z = -reach + i * STEP;
        point[i] = expl(mu + sigma * z);
        weight[i] = expl(-z * z / 2);
    }
    normalise(n, weight);
    return points;
}

static struct ha_law_points uniform_points(struct sim_arena *arena, double low,
                                           double high)
{
    long double *point, *weight;
    struct ha_law_points points = make(arena, UNIFORM_POINTS, &point, &weight);
    gsl_integration_glfixed_table *table =
        gsl_integration_glfixed_table_alloc(UNIFORM_POINTS);
    for (uint32_t i = 0; i < UNIFORM_POINTS; i++) {
        double x, w;
        gsl_integration_glfixed_point(low, high, i, &x, &w, table);
        point[i] = (long double)x;
        weight[i] = (long double)w;
    }
    gsl_integration_glfixed_table_free(table);
    normalise(UNIFORM_POINTS, weight);
    return points;
}

static struct ha_law_points mixture_points(struct sim_arena *arena,
                                           const struct sim_dist *dist)
{
    struct ha_law_points *part = sim_arena_calloc(arena, dist->n, sizeof *part);
    uint32_t n = 0;
    for (uint32_t i = 0; i < dist->n; i++) {
        part[i] = ha_law_points_of(arena, &dist->parts[i]);
        n += part[i].n;
    }
    long double *point, *weight;
    struct ha_law_points points = make(arena, n, &point, &weight);
    uint32_t at = 0;
    for (uint32_t i = 0; i < dist->n; i++) {
        for (uint32_t k = 0; k < part[i].n; k++) {
            point[at] = part[i].point_s[k];
            weight[at++] = part[i].weight[k] * (long double)dist->table[i];
        }
    }
    return points;
}

struct ha_law_points ha_law_points_of(struct sim_arena *arena,
                                      const struct sim_dist *dist)
{
    long double a = (long double)dist->a, b = (long double)dist->b;
    long double *point, *weight;
    switch (dist->kind) {
    case SIM_DIST_EXPONENTIAL:
        return gamma_points(arena, 1, a, 1);
    case SIM_DIST_WEIBULL:
        return gamma_points(arena, 1, a, 1 / b);
    case SIM_DIST_GAMMA:
        return gamma_points(arena, b, a, 1);
    case SIM_DIST_LOGNORMAL:
        return lognormal_points(arena, a, b);
    case SIM_DIST_UNIFORM:
        return uniform_points(arena, dist->a, dist->b);
    case SIM_DIST_MIXTURE:
        return mixture_points(arena, dist);
    case SIM_DIST_DETERMINISTIC:
    case SIM_DIST_TABLE:
        break;
    }
    struct ha_law_points points = make(arena, 1, &point, &weight);
    point[0] = (long double)dist->mean_s;
    weight[0] = 1;
    return points;
}
