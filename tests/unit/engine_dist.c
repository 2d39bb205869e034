/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Laws of delays: every law keeps the same promises (inverse undoes hazard, density
 * is its derivative, moments match integrals), and single values match published or
 * independently computed ones. The tails are tried far beyond probabilities.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/dist.h"

static struct sim_arena arena;

static void setup(void)
{
    sim_arena_init(&arena);
}

static void teardown(void)
{
    sim_arena_clear(&arena);
}

TestSuite(engine_dist, .init = setup, .fini = teardown);

#define N_LAWS 14

static uint32_t make_laws(struct sim_dist *law)
{
    double odds[] = {0.7, 0.2, 0.1};
    double sample[257];

    law[0] = sim_dist_exponential(238.5);
    law[1] = sim_dist_weibull(1234.5, 0.61);
    law[2] = sim_dist_weibull(1234.5, 2.385);
    law[3] = sim_dist_weibull_mean(86400.0, 1.5);
    law[4] = sim_dist_gamma(17.3, 0.37);
    law[5] = sim_dist_gamma(17.3, 1.83);
    law[6] = sim_dist_gamma(17.3, 73.9);
    law[7] = sim_dist_lognormal(2.385, 0.31);
    law[8] = sim_dist_lognormal_median(3600.0, 1.7);
    law[9] = sim_dist_lognormal_mean_cv(54.3, 2.1);
    law[10] = sim_dist_uniform(1.7, 23.85);
    law[11] = sim_dist_mixture(
        &arena, 3, odds,
        (struct sim_dist[]){law[0], law[2], sim_dist_exponential(98765.4)});
    for (int i = 0; i < 257; i++) {
        sample[i] = 3.1 + i * 1.7 + 0.01 * i * i;
    }
    law[12] = sim_dist_empirical(&arena, 257, sample, 64);
    law[13] = sim_dist_sum(&arena, 3, law, 2048);
    return N_LAWS;
}

static bool is_near(double x, double y, double relative)
{
    return fabs(x - y) <= relative * fmax(fabs(x), fabs(y));
}

Test(engine_dist, inverse_undoes_hazard_in_both_tails)
{
    struct sim_dist law[N_LAWS];
    uint32_t n = make_laws(law);
    static const double h[] = {1e-300, 1e-200, 1e-100, 1e-30, 1e-12, 1e-5, 0.01,  0.3,
                               0.6931, 0.75,   1.7,    11.3,  100.0, 649., 651.0, 1e4};

    for (uint32_t i = 0; i < n; i++) {
        bool is_bounded = i == 10 || i >= 12; /* uniform and tables end somewhere */

        for (size_t j = 0; j < sizeof(h) / sizeof(h[0]); j++) {
            if (is_bounded && (h[j] < 1e-5 || h[j] > 30.0)) {
                continue;
            }
            double t = sim_dist_cumulative_hazard_inverse(&law[i], h[j]);
            double back = sim_dist_cumulative_hazard(&law[i], t);

            cr_assert(isfinite(t) && t >= 0.0, "law %u, H = %g: t = %g", i, h[j], t);
            if (t > 1e-290) { /* a shape below 1 leaves the range of doubles */
                cr_assert(is_near(back, h[j], is_bounded ? 1e-9 : 2e-11),
                          "law %u: H(Hinv(%g)) = %g, t = %g", i, h[j], back, t);
            }
        }
    }
}

Test(engine_dist, density_is_the_derivative)
{
    struct sim_dist law[N_LAWS];
    uint32_t n = make_laws(law);

    for (uint32_t i = 0; i < n; i++) {
        if (i >= 12) {
            continue; /* tables are steps */
        }
        for (double p = 0.013; p < 1.0; p += 0.107) {
            double t = sim_dist_quantile(&law[i], p);
            double d = 1e-5 * t;
            double slope = (sim_dist_survival(&law[i], t - d) -
                            sim_dist_survival(&law[i], t + d)) /
                           (2.0 * d);

            cr_assert(is_near(slope, sim_dist_density(&law[i], t), 1e-5),
                      "law %u at p = %g", i, p);
        }
    }
}

/* E[X^k] = integral of the quantile^k over (0, 1), in small steps of H. */
Test(engine_dist, moments_match_the_quantiles)
{
    struct sim_dist law[N_LAWS];
    uint32_t n = make_laws(law);

    for (uint32_t i = 0; i < n; i++) {
        for (int k = 1; k <= 3; k++) {
            double sum = 0.0;

            if (i == 1 || i == 4 || (i == 8 && k > 1) || (i == 9 && k > 2)) {
                continue; /* tails too heavy for this crude integral */
            }
            for (double h = 0.0005; h < 60.0; h += 0.001) {
                sum += 0.001 * exp(-h) *
                       pow(sim_dist_cumulative_hazard_inverse(&law[i], h), k);
            }
            cr_assert(is_near(sum, sim_dist_moment(&law[i], k), 2e-4),
                      "law %u, moment %d: %g, cached %g", i, k, sum,
                      sim_dist_moment(&law[i], k));
        }
    }
}

/* Closed forms, and -ln of the normal tail from its asymptotic series. */
Test(engine_dist, known_values)
{
    struct sim_dist g = sim_dist_gamma(1.0, 2.0); /* S(t) = (1 + t) exp(-t) */
    struct sim_dist w = sim_dist_weibull(2.0, 3.0);
    struct sim_dist l = sim_dist_lognormal(0.0, 1.0);

    for (double t = 0.25; t < 3000.0; t *= 1.9) {
        cr_assert(is_near(sim_dist_cumulative_hazard(&g, t), t - log1p(t), 1e-12));
    }
    cr_assert(is_near(sim_dist_cumulative_hazard(&w, 3.0), 3.375, 1e-14));
    cr_assert(is_near(sim_dist_quantile(&l, 0.975), exp(1.959963984540054), 1e-13));
    /* -ln Q(10) = 53.23128515051247, -ln Q(100) = 5005.5242086942 */
    cr_assert(is_near(sim_dist_cumulative_hazard(&l, exp(10.)), 53.2312851505, 1e-11));
    cr_assert(is_near(sim_dist_cumulative_hazard(&l, exp(100.)), 5005.52420869, 1e-10));
    cr_assert(is_near(sim_dist_lognormal_mean_cv(7.3, 2.0).mean_s, 7.3, 1e-13));
    cr_assert(is_near(sim_dist_weibull_mean(7.3, 0.8).mean_s, 7.3, 1e-13));
}

Test(engine_dist, deterministic_and_atoms_have_no_hazard)
{
    struct sim_dist d = sim_dist_deterministic(23.85);
    double same[] = {3.3, 3.3, 3.3};
    double odds[] = {1.0, 3.0};
    struct sim_dist e = sim_dist_empirical(&arena, 3, same, 10);
    struct sim_dist m = sim_dist_mixture(
        &arena, 2, odds, (struct sim_dist[]){d, sim_dist_exponential(10.0)});

    cr_assert(!sim_dist_has_hazard(&d) && !sim_dist_has_hazard(&e));
    cr_assert(!sim_dist_has_hazard(&m));
    cr_assert(sim_dist_quantile(&d, 0.3) == 23.85);
    cr_assert(sim_dist_survival(&d, 23.0) == 1.0);
    cr_assert(sim_dist_survival(&d, 23.85) == 0.0);
    cr_assert(sim_dist_quantile(&e, 0.99) == 3.3);
    /* The mixture jumps at 23.85 by its weight. */
    double before = sim_dist_survival(&m, 23.849);
    double after = sim_dist_survival(&m, 23.85);

    cr_assert(fabs(before - after - 0.25) < 1e-4);
    cr_assert(is_near(sim_dist_quantile(&m, 1.0 - after - 0.1), 23.85, 1e-12));
}

/* A sum against closed forms: Erlang(3), and a sum with deterministic parts. */
Test(engine_dist, sum_is_close_to_the_exact_law)
{
    struct sim_dist part[3];

    for (int i = 0; i < 3; i++) {
        part[i] = sim_dist_exponential(2.0);
    }
    struct sim_dist sum = sim_dist_sum(&arena, 3, part, 1024);
    struct sim_dist erlang = sim_dist_gamma(2.0, 3.0);

    cr_assert(is_near(sum.mean_s, 6.0, 1e-12));
    cr_assert(is_near(sum.moment2, erlang.moment2, 1e-2));
    for (double p = 0.02; p < 0.995; p += 0.025) {
        cr_assert(
            is_near(sim_dist_quantile(&sum, p), sim_dist_quantile(&erlang, p), 2e-2),
            "p = %g: %g, Erlang %g", p, sim_dist_quantile(&sum, p),
            sim_dist_quantile(&erlang, p));
    }
    part[0] = sim_dist_deterministic(5.0);
    part[1] = sim_dist_deterministic(7.0);
    sum = sim_dist_sum(&arena, 2, part, 64);
    cr_assert(is_near(sim_dist_quantile(&sum, 0.5), 12.0, 1e-12));
    cr_assert(!sim_dist_has_hazard(&sum));
}
