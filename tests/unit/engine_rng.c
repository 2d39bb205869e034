/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Luck: Philox's published answers, independence of streams, and every variate
 * against GSL's cumulative distribution by a Kolmogorov-Smirnov test. Seeds are
 * fixed, so nothing here can flake; each KS threshold has a false-alarm probability
 * of about 1e-4 for a new seed (sqrt(n) D > 2.23).
 */
#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

#include "sim/draw.h"
#include "sim/model.h"

#define KS_LIMIT 2.23

static int compare(const void *l, const void *r)
{
    double x = *(const double *)l;
    double y = *(const double *)r;

    return (x > y) - (x < y);
}

/* sqrt(n) times the KS distance of u[0..n) from the uniform law. Sorts u. */
static double ks(double *u, int n)
{
    double d = 0.0;

    qsort(u, (size_t)n, sizeof(*u), compare);
    for (int i = 0; i < n; i++) {
        d = fmax(d, fmax((i + 1.0) / n - u[i], u[i] - (double)i / n));
    }
    return sqrt(n) * d;
}

/* Random123's kat_vectors: philox4x32, 10 rounds. */
Test(engine_rng, philox_known_answers)
{
    gsl_rng *rng = gsl_rng_alloc(sim_rng_philox());

    gsl_rng_set(rng, 0); /* gsl_rng_set(0) keeps 0: our type has no default seed */
    cr_assert(gsl_rng_get(rng) == 0x6627e8d5UL && gsl_rng_get(rng) == 0xe169c58dUL);
    cr_assert(gsl_rng_get(rng) == 0xbc57ac4cUL && gsl_rng_get(rng) == 0x9b00dbd8UL);
    gsl_rng_free(rng);
    /* counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0 */
    struct sim_rng_key key =
        sim_rng_key_of(UINT64_C(0x299f31d0a4093822), UINT64_C(0x85a308d3243f6a88),
                       UINT64_C(0x0370734413198a2e));

    cr_assert(key.word[0] == UINT64_C(0x94fdccebd16cfe09));
    cr_assert(key.word[1] == UINT64_C(0x24126ea15001e420));
}

/* GSL's own variates run on the adaptor and come out right. */
Test(engine_rng, philox_drives_gsl_variates)
{
    enum { N = 20000 };
    static double u[N];
    gsl_rng *rng = gsl_rng_alloc(sim_rng_philox());

    gsl_rng_set(rng, 2385);
    for (int i = 0; i < N; i++) {
        u[i] = gsl_cdf_gamma_P(gsl_ran_gamma(rng, 1.83, 2.4), 1.83, 2.4);
    }
    cr_assert(ks(u, N) < KS_LIMIT);
    gsl_rng_free(rng);
}

/* Uniform along each of the ways in which draws are numbered, and in the low bits. */
Test(engine_rng, words_are_uniform_along_every_axis)
{
    enum { N = 50000 };
    static double u[N];

    for (int axis = 0; axis < 6; axis++) {
        for (uint32_t i = 0; i < N; i++) {
            struct sim_rng_key key =
                sim_rng_key_of(axis == 0 ? i : 1, axis == 1 ? i : 3, axis == 2 ? i : 0);
            uint64_t id = axis == 3 ? i : sim_id("node/%d/crash", 7);
            struct sim_draw draw = sim_draw_of(&key, id, axis == 4 ? i : 5);
            uint64_t word = sim_word(draw, axis == 5 ? i : 0);

            word = i % 2 == 0 ? word : __builtin_bswap64(word);
            u[i] = sim_uniform_of(word);
        }
        cr_assert(ks(u, N) < KS_LIMIT, "axis %d", axis);
    }
}

/* Neighbouring streams (slot i, replication r) and (i + 1, r - 1) are uncorrelated. */
Test(engine_rng, neighbouring_streams_are_uncorrelated)
{
    enum { REPS = 300, SLOTS = 40 };
    static double e[REPS][SLOTS];
    double sum_slots = 0.0;
    double sum_reps = 0.0;
    double sum_diagonal = 0.0;
    double sum_count = 0.0;

    for (uint32_t r = 0; r < REPS; r++) {
        struct sim_rng_key key = sim_rng_key_of(1, r, 0);

        for (uint32_t i = 0; i < SLOTS; i++) {
            struct sim_draw next = sim_draw_of(&key, i, 1);

            e[r][i] = sim_draw_exp(sim_draw_of(&key, i, 0)) - 1.0;
            sum_count += e[r][i] * (sim_draw_exp(next) - 1.0);
        }
    }
    for (int r = 1; r < REPS; r++) {
        for (int i = 1; i < SLOTS; i++) {
            sum_slots += e[r][i] * e[r][i - 1];
            sum_reps += e[r][i] * e[r - 1][i];
            sum_diagonal += e[r][i] * e[r - 1][i - 1];
        }
    }
    /* Products of independent Exp(1) - 1 have variance 1; 3.9 sigma is 1e-4. */
    double limit = 3.9 * sqrt((double)REPS * SLOTS);

    cr_assert(fabs(sum_slots) < limit && fabs(sum_reps) < limit);
    cr_assert(fabs(sum_diagonal) < limit && fabs(sum_count) < limit);
}

Test(engine_rng, every_law_is_drawn_as_it_is_computed)
{
    enum { N = 100000 };
    static double u[N];
    struct sim_arena arena;
    double odds[] = {0.7, 0.3};

    sim_arena_init(&arena);
    struct sim_dist law[] = {
        sim_dist_exponential(238.5),
        sim_dist_weibull(1234.5, 0.61),
        sim_dist_weibull(1234.5, 2.385),
        sim_dist_gamma(17.3, 0.37),
        sim_dist_gamma(17.3, 1.83),
        sim_dist_gamma(17.3, 73.9),
        sim_dist_lognormal(2.385, 0.31),
        sim_dist_lognormal(2.385, 1.9),
        sim_dist_uniform(1.7, 23.85),
        sim_dist_mixture(&arena, 2, odds,
                         (struct sim_dist[]){sim_dist_exponential(1.0),
                                             sim_dist_weibull(50.0, 2.0)}),
        sim_dist_sum(
            &arena, 2,
            (struct sim_dist[]){sim_dist_exponential(1.0), sim_dist_uniform(2.0, 3.0)},
            256),
    };
    for (size_t k = 0; k < sizeof(law) / sizeof(law[0]); k++) {
        struct sim_rng_key key = sim_rng_key_of(77, 2, k);

        for (uint32_t i = 0; i < N; i++) {
            double t = sim_draw_delay(&law[k], sim_draw_of(&key, 2385, i));

            u[i] = -expm1(-sim_dist_cumulative_hazard(&law[k], t));
        }
        double distance = ks(u, N);

        cr_assert(distance < KS_LIMIT, "law %zu: sqrt(n) D = %g", k, distance);
    }
    sim_arena_clear(&arena);
}

/* Against GSL's cdf directly, three million draws, so that the slow paths (1 in 100)
 * and tails (1 in 2200) of the ziggurats are tested too. */
Test(engine_rng, ziggurats_against_gsl)
{
    enum { N = 3000000 };
    double *u = malloc(N * sizeof(*u));
    struct sim_rng_key key = sim_rng_key_of(5, 0, 0);
    double above_r = 0.0;

    for (uint32_t i = 0; i < N; i++) {
        double x = sim_draw_exp(sim_draw_of(&key, 1, i));

        u[i] = gsl_cdf_exponential_P(x, 1.0);
        above_r += x > 8.0;
    }
    cr_assert(ks(u, N) < KS_LIMIT);
    cr_assert(fabs(above_r - N * exp(-8.0)) < 3.9 * sqrt(N * exp(-8.0)));
    for (uint32_t i = 0; i < N; i++) {
        u[i] = gsl_cdf_ugaussian_P(sim_draw_normal(sim_draw_of(&key, 2, i)));
    }
    cr_assert(ks(u, N) < KS_LIMIT);
    double beyond = 0.0;

    for (int i = 0; i < N; i++) {
        beyond += u[i] < 1e-4 || u[i] > 1.0 - 1e-4;
    }
    cr_assert(fabs(beyond - N * 2e-4) < 3.9 * sqrt(N * 2e-4));
    free(u);
}

Test(engine_rng, identities_are_stable_and_distinct)
{
    cr_assert(sim_id("node/%s/crash", "a1") == sim_id("node/a1/crash"));
    cr_assert(sim_id("node/a1/crash") != sim_id("node/a2/crash"));
    /* A long name takes the other path and still hashes to the same thing. */
    char long_name[700];

    memset(long_name, 'x', sizeof(long_name));
    long_name[699] = '\0';
    cr_assert(sim_id("%s", long_name) == sim_id("%s", long_name));
    long_name[690] = 'y';
    uint64_t other = sim_id("%s", long_name);

    long_name[690] = 'x';
    cr_assert(sim_id("%s", long_name) != other);
}
