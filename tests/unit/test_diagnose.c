/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Diagnostics: tails of known shape, pooled streams, ratio intervals. */
#include "sim/diagnose.h"

#include <criterion/criterion.h>
#include <math.h>

/* Quantiles of the generalised Pareto law: a sample without luck. */
static double pareto(double k, double p)
{
    return (pow(1.0 - p, -k) - 1.0) / k;
}

Test(diagnose, tail_index_of_known_laws)
{
    enum { N = 400 };
    double x[N];
    const double shapes[] = {0.2, 0.5, 0.9, 1.5};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (int i = 0; i < N; i++) {
            x[i] = 3.0 * pareto(shapes[s], (i + 0.5) / N);
        }
        cr_assert_float_eq(sim_pareto_shape(x, N), shapes[s], 0.06, "%g", shapes[s]);
    }
    for (int i = 0; i < N; i++) {
        x[i] = 1.0;
    }
    cr_assert(isnan(sim_pareto_shape(x, N)));
    cr_assert(isnan(sim_pareto_shape(x, 5)));
}

Test(diagnose, streams_read_together)
{
    struct sim_scores one = {0};
    struct sim_scores four[4] = {{0}};
    for (int i = 0; i < 20000; i++) {
        const double p = fmod(0.618033988749895 * (i + 1), 1.0);
        const double w = 1.0 + pareto(0.8, p);
        sim_scores_add(&one, w);
        sim_scores_add(&four[i % 4], w);
        sim_scores_add(&four[i % 4], 0.0);
    }
    const struct sim_health a = sim_health_read(&one, 1);
    const struct sim_health b = sim_health_read(four, 4);
    cr_assert_eq(a.n_hits, b.n_hits);
    cr_assert_float_eq(a.effective_sample_size, b.effective_sample_size, 1e-6);
    cr_assert_float_eq(a.largest_share, b.largest_share, 1e-12);
    cr_assert_gt(b.tail_index, 0.6);
    cr_assert_lt(b.tail_index, 1.0);
}

Test(diagnose, even_scores_are_healthy)
{
    struct sim_scores s = {0};
    for (int i = 0; i < 5000; i++) {
        sim_scores_add(&s, 1.0 + 0.5 * fmod(0.618033988749895 * i, 1.0));
    }
    const struct sim_health h = sim_health_read(&s, 1);
    cr_assert_gt(h.effective_sample_size, 4800.0);
    cr_assert_lt(h.largest_share, 1e-3);
    cr_assert(isnan(h.tail_index) || h.tail_index < 0.3);
}

Test(diagnose, ratio_interval)
{
    const double y[4] = {1.0, 2.0, 3.0, 4.0};
    const double x[4] = {10.0, 10.0, 10.0, 10.0};
    const struct sim_estimate e = sim_ratio_estimate(4, y, x, 0.95, 1.0);
    const double se = sqrt(5.0 / 3.0 / 4.0) / 10.0;
    cr_assert_float_eq(e.value, 0.25, 1e-12);
    cr_assert_float_eq(log(e.high / e.value), 3.182446305 * se / 0.25, 1e-6);
    cr_assert_float_eq(e.low * e.high, e.value * e.value, 1e-12);
    const struct sim_estimate wide = sim_ratio_estimate(4, y, x, 0.95, 2.0);
    cr_assert_gt(wide.high, e.high);

    const double none[4] = {0};
    const struct sim_estimate nothing = sim_ratio_estimate(4, none, x, 0.95, 1.0);
    cr_assert(nothing.is_known && nothing.value == 0.0 && isinf(nothing.high));
    const struct sim_estimate diff = sim_ratio_difference(4, y, x, y, x, 0.95);
    cr_assert_float_eq(diff.value, 0.0, 1e-15);
    cr_assert_float_eq(diff.high, 0.0, 1e-15);
}

/* A score that is all chance in the number of exits becomes its expectation. */
Test(diagnose, control_variate_removes_chance)
{
    const double x[4] = {1.0, 1.0, 1.0, 1.0};
    const double d[4] = {3.0, -1.0, 0.0, -2.0};
    const double none[4] = {0};
    double y[4];

    for (int i = 0; i < 4; i++) {
        y[i] = 10.0 + 2.0 * d[i];
    }
    sim_control_variate(4, y, x, none);
    cr_assert_float_eq(y[0], 16.0, 1e-12);
    sim_control_variate(4, y, x, d);
    for (int i = 0; i < 4; i++) {
        cr_assert_float_eq(y[i], 10.0, 1e-12);
    }
}
