/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Intervals against published values and against what they claim. Published: Clopper
 * and Pearson's and Wilson's intervals as tabulated by Newcombe (Statistics in Medicine
 * 17, 1998, table I) and Brown, Cai, DasGupta (2001); Garwood's Poisson limits as in
 * Ulm (Am. J. Epidemiology 131, 1990).
 */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/draw.h"
#include "sim/interval.h"

static bool is_about(double x, double y, double absolute)
{
    return fabs(x - y) <= absolute;
}

/* Newcombe's four examples: 81/263, 15/148, 0/20, 1/29. */
Test(engine_interval, shares_as_published)
{
    static const struct {
        uint64_t hits;
        uint64_t n;
        double exact_low, exact_high, wilson_low, wilson_high;
    } row[] = {{81, 263, 0.2527, 0.3676, 0.2553, 0.3662},
               {15, 148, 0.0578, 0.1617, 0.0624, 0.1605},
               {0, 20, 0.0000, 0.1684, 0.0000, 0.1611},
               {1, 29, 0.0009, 0.1776, 0.0061, 0.1718}};

    for (int i = 0; i < 4; i++) {
        struct sim_estimate e = sim_interval_share(row[i].hits, row[i].n, 0.95);
        double p = (double)row[i].hits / (double)row[i].n;
        struct sim_estimate w = sim_interval_wilson(p, (double)row[i].n, 0.95);

        cr_assert(is_about(e.low, row[i].exact_low, 6e-5), "%d: %g", i, e.low);
        cr_assert(is_about(e.high, row[i].exact_high, 6e-5), "%d: %g", i, e.high);
        cr_assert(is_about(w.low, row[i].wilson_low, 6e-5), "%d: %g", i, w.low);
        cr_assert(is_about(w.high, row[i].wilson_high, 6e-5), "%d: %g", i, w.high);
    }
}

/* Exact Poisson limits for 1, 5, 10, 50 events; the rule of three for none. */
Test(engine_interval, rates_as_published)
{
    static const struct {
        uint64_t n;
        double low, high;
    } row[] = {{1, 0.0253, 5.5716},
               {5, 1.6235, 11.6683},
               {10, 4.7954, 18.3904},
               {50, 37.1110, 65.9188}};

    for (int i = 0; i < 4; i++) {
        struct sim_estimate e = sim_interval_rate(row[i].n, 2.0, 0.95);

        cr_assert(is_about(2.0 * e.low, row[i].low, 1e-4), "%g", 2.0 * e.low);
        cr_assert(is_about(2.0 * e.high, row[i].high, 1e-4), "%g", 2.0 * e.high);
    }
    struct sim_estimate none = sim_interval_rate(0, 1.0, 0.95);

    cr_assert(none.value == 0.0 && is_about(none.high, 2.9957, 1e-4));
}

/* With equal contributions the gamma interval is Garwood's. */
Test(engine_interval, gamma_of_equal_parts_is_poisson)
{
    struct sim_estimate g = sim_interval_gamma(7 * 2.5, 7 * 2.5 * 2.5, 2.5, 0.95);
    struct sim_estimate p = sim_interval_rate(7, 1.0, 0.95);

    cr_assert(is_about(g.low / 2.5, p.low, 1e-10));
    cr_assert(is_about(g.high / 2.5, p.high, 1e-10));
}

Test(engine_interval, student)
{
    cr_assert(is_about(sim_interval_t(0.95, 9.0), 2.262157, 1e-6));
    cr_assert(is_about(sim_interval_t(0.99, 30.0), 2.749996, 1e-6));
}

Test(engine_interval, sums_keep_their_digits)
{
    struct sim_sum s = {0};

    sim_sum_add(&s, 1e16);
    for (int i = 0; i < 1000; i++) {
        sim_sum_add(&s, 0.1);
    }
    sim_sum_add(&s, -1e16);
    cr_assert(is_about(sim_sum_value(&s), 100.0, 1e-9));
}

/* Moments of a small sample done by hand: 2, 3, 5, 7, 11, 13. */
Test(engine_interval, series_and_pairs)
{
    static const double x[] = {2, 3, 5, 7, 11, 13};
    static const double y[] = {1, 4, 2, 8, 5, 7};
    struct sim_pair p = {0};

    for (int i = 0; i < 6; i++) {
        sim_pair_add(&p, x[i], y[i]);
    }
    cr_assert(is_about(p.x.mean, 41.0 / 6.0, 1e-14));
    cr_assert(is_about(p.x.m2, 377.0 - 41.0 * 41.0 / 6.0, 1e-12));
    cr_assert(is_about(p.co, 226.0 - 41.0 * 27.0 / 6.0, 1e-12));
    cr_assert(is_about(sim_series_se2(&p.x), p.x.m2 / 30.0, 1e-14));
    cr_assert(p.x.largest == 13.0 && p.x.n_nonzero == 6);
    /* Jackknife by brute force. */
    double mean = 0.0;

    for (int i = 0; i < 6; i++) {
        mean += (41.0 - x[i]) / (27.0 - y[i]) / 6.0;
    }
    double exact = 6.0 * 41.0 / 27.0 - 5.0 * mean;

    cr_assert(is_about(sim_interval_ratio(&p, 0.95).value, exact, 0.03));
    struct sim_estimate f = sim_interval_fieller(&p, 0.95);

    /* The ends of Fieller's interval satisfy |x - r y| = t s(x - r y). */
    double t = sim_interval_t(0.95, 5.0);

    for (int end = 0; end < 2; end++) {
        double r = end == 0 ? f.low : f.high;
        double m2 = p.x.m2 - 2.0 * r * p.co + r * r * p.y.m2;

        cr_assert(is_about(fabs(p.x.mean - r * p.y.mean), t * sqrt(m2 / 30.0), 1e-9));
    }
    cr_assert(f.low < 41.0 / 27.0 && 41.0 / 27.0 < f.high);
}

Test(engine_interval, nothing_is_never_certain)
{
    struct sim_series s = {0};

    cr_assert(!sim_interval_mean(&s, 1.0, 0.95).is_known);
    for (int i = 0; i < 50; i++) {
        sim_series_add(&s, 0.0);
    }
    struct sim_estimate e = sim_interval_mean(&s, 0.07, 0.95);

    cr_assert(e.is_known && e.value == 0.0 && e.low == 0.0 && e.high == 0.07);
    cr_assert(isinf(sim_estimate_relative_half_width(e)));
    cr_assert(!sim_interval_share(0, 0, 0.95).is_known);
    struct sim_pair all = {0};

    for (int i = 0; i < 50; i++) { /* one cause is to blame for everything */
        sim_pair_add(&all, 3.3, 3.3);
    }
    e = sim_interval_share_of(&all, 0.95);
    cr_assert(e.value == 1.0 && e.high == 1.0 && e.low < 0.95 && e.low > 0.9);
}

Test(engine_interval, quantiles)
{
    double x[1000];

    for (int i = 0; i < 1000; i++) {
        x[i] = i + 1.0;
    }
    struct sim_estimate e = sim_interval_quantile(x, 1000, 0.5, 0.95);

    /* Ranks 469 and 532 (David and Nagaraja's binomial rule for n = 1000). */
    cr_assert(is_about(e.value, 500.5, 1e-9));
    cr_assert(is_about(e.low, 469.0, 1.01) && is_about(e.high, 532.0, 1.01));
    e = sim_interval_quantile(x, 10, 0.999, 0.95);
    cr_assert(isinf(e.high) && e.value <= 10.0);
}

/*
 * What the intervals promise: cover. Sums of Poisson many exponential sizes, as
 * downtime is; 1,000 repetitions each cover Binomial(1000, 0.95); at least 925 with
 * probability 1 - 1e-4 each.
 */
static int cover_rare(double mean_events, uint64_t key)
{
    enum { N = 50, REPEAT = 1000 };
    int n_covered = 0;

    for (uint32_t r = 0; r < REPEAT; r++) {
        struct sim_rng_key k = sim_rng_key_of(key, r, 0);
        struct sim_series s = {0};
        uint32_t draw = 0;
        uint64_t events = 0;

        for (uint32_t i = 0; i < N; i++) { /* replication i: events in one unit */
            double x = 0.0;
            double t = sim_draw_exp(sim_draw_of(&k, 1, draw++));

            while (t < mean_events / N) {
                x += sim_draw_exp(sim_draw_of(&k, 2, draw));
                t += sim_draw_exp(sim_draw_of(&k, 1, draw++));
                events++;
            }
            sim_series_add(&s, x);
        }
        struct sim_estimate e = sim_interval_mean(&s, 0.06, 0.95);

        if (events > 0 && s.n_nonzero < 20) {
            e = sim_interval_hull(e,
                                  sim_interval_few(e.value, (double)s.n_nonzero, 0.95));
        }
        n_covered += e.low <= mean_events / N && mean_events / N <= e.high;
    }
    return n_covered;
}

Test(engine_interval, rare_sums_are_covered)
{
    static const double mean[] = {2.0, 6.0, 15.0, 40.0, 150.0};

    for (uint64_t i = 0; i < 5; i++) {
        int n = cover_rare(mean[i], i);

        cr_assert(n >= 925, "%g events: %d of 1000", mean[i], n);
    }
}
