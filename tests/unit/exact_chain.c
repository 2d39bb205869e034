/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pieces of the exact driver on chains small enough to solve by hand, and a model
 * with choices (tests/support/choosy.h). */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/exact.h"
#include "sim/lump.h"
#include "sim/phase.h"
#include "tests/support/choosy.h"

Test(exact_chain, choices_are_enumerated)
{
    struct sim_arena arena;
    struct sim_exact exact;
    struct sim_err err;
    sim_arena_init(&arena);
    struct sim_model model = choosy_model(&arena);
    struct sim_exact_options options = sim_exact_default();
    cr_assert_eq(sim_exact_solve(&arena, &model, &options, &exact, &err), 0, "%s",
                 err.message);
    double repair = 0.75 * 2.385 + 0.25 * 35;
    const struct sim_exact_service *s = &exact.service[0];
    cr_assert_eq(exact.n_states, 4); /* up, quick, slow in two phases */
    cr_assert(exact.is_exact);
    cr_assert_lt(fabs(s->unavailability / (repair / (1000 + repair)) - 1), 1e-14);
    cr_assert_lt(fabs(s->mean_outage_s / repair - 1), 1e-14);
    cr_assert_lt(fabs(s->mttff_s / (0.75 * 1000) - 1), 1e-14, "%g", s->mttff_s);
    cr_assert_lt(fabs(s->cause_unavailability[0] / s->unavailability - 1), 1e-13);
    sim_arena_clear(&arena);
}

Test(exact_chain, too_many_states_are_refused)
{
    struct sim_arena arena;
    struct sim_exact exact;
    struct sim_err err;
    sim_arena_init(&arena);
    struct sim_model model = choosy_model(&arena);
    struct sim_exact_options options = sim_exact_default();
    options.limits.max_states = 2;
    cr_assert_eq(sim_exact_solve(&arena, &model, &options, &exact, &err),
                 -SIM_ERR_LIMIT);
    cr_assert_not_null(strstr(err.message, "2 states"), "%s", err.message);
    sim_arena_clear(&arena);
}

/* ---- a birth-death chain with known steady state ---- */

static struct sim_sparse birth_death(uint32_t n, double up, double down)
{
    struct sim_sparse q = {.n = n};
    q.row = calloc(n + 1, sizeof *q.row);
    q.to = calloc(2 * (size_t)n, sizeof *q.to);
    q.rate = calloc(2 * (size_t)n, sizeof *q.rate);
    uint64_t e = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 < n) {
            q.to[e] = i + 1;
            q.rate[e++] = up;
        }
        if (i > 0) {
            q.to[e] = i - 1;
            q.rate[e++] = down;
        }
        q.row[i + 1] = e;
    }
    return q;
}

Test(exact_chain, elimination_and_cycles_keep_tiny_numbers)
{
    enum { N = 200 }; /* above the size that multilevel.c eliminates */
    struct sim_sparse q = birth_death(N, 0.1, 2.385);
    struct sim_factor factor;
    struct sim_err err;
    long double x[N], y[N];
    cr_assert_eq(sim_factor_make(&factor, &q, NULL, 1e6, 1e9, &err), 0);
    sim_factor_steady(&factor, x);
    sim_factor_release(&factor);
    cr_assert_eq(sim_multilevel_steady(&q, 1e-12, NULL, y, &err), 0, "%s", err.message);
    for (int i = 0; i + 1 < N; i++) { /* down to 1e-274 */
        long double ratio = 0.1 / (long double)2.385;
        cr_assert_lt(fabsl(x[i + 1] / x[i] / ratio - 1), 1e-15L, "state %d", i);
        cr_assert_lt(fabsl(y[i + 1] / y[i] / ratio - 1), 1e-11L, "state %d", i);
    }
    sim_sparse_release(&q);
}

/* Two sets of states that mix within seconds and meet once in thirty years, and a hub
 * with 3000 neighbours: what sweeps alone never settle. */
Test(exact_chain, cycles_settle_what_hardly_mixes)
{
    enum { HALF = 400, LEAVES = 3000, N = 2 * HALF + LEAVES };
    struct sim_sparse q = {.n = N};
    struct sim_err err;
    long double *x = calloc(N, sizeof *x), left = 0, right = 0;
    q.row = calloc(N + 1, sizeof *q.row);
    q.to = calloc(4 * N, sizeof *q.to);
    q.rate = calloc(4 * N, sizeof *q.rate);
    uint64_t e = 0;
    for (uint32_t i = 0; i < N; i++) {
        uint32_t half = i < HALF ? 0 : HALF;
        if (i >= 2 * HALF) { /* a leaf */
            q.to[e] = 0;
            q.rate[e++] = 0.5;
        } else {
            q.to[e] = half + (i - half + 1) % HALF;
            q.rate[e++] = 2.385;
        }
        if (i == 1 || i == HALF + 1) {
            q.to[e] = i == 1 ? HALF : 0;
            q.rate[e++] = i == 1 ? 1e-9 : 3e-9;
        }
        q.row[i + 1] = e;
        if (i == 0) {
            q.to = realloc(q.to, (4 * N + LEAVES) * sizeof *q.to);
            q.rate = realloc(q.rate, (4 * N + LEAVES) * sizeof *q.rate);
            for (uint32_t k = 0; k < LEAVES; k++) {
                q.to[e] = 2 * HALF + k;
                q.rate[e++] = 1e-7;
            }
            q.row[1] = e;
        }
    }
    cr_assert_eq(sim_multilevel_steady(&q, 1e-12, NULL, x, &err), 0, "%s", err.message);
    for (uint32_t i = 0; i < 2 * HALF; i++) {
        left += i < HALF ? x[i] : 0;
        right += i < HALF ? 0 : x[i];
    }
    cr_assert_lt(fabsl(x[1] * 1e-9L / (x[HALF + 1] * 3e-9L) - 1), 1e-10L);
    cr_assert_lt(fabsl(left / right / 3 - 1), 1e-3L, "%Lg", left / right);
    cr_assert_lt(fabsl(x[N - 1] / x[0] / 2e-7L - 1), 1e-12L);
    sim_sparse_release(&q);
    free(x);
}

Test(exact_chain, solves_agree_with_hand)
{
    struct sim_sparse q = birth_death(3, 0.5, 2); /* kill 0.25 in state 2 */
    long double kill[3] = {0, 0, 0.25L};
    struct sim_factor factor;
    cr_assert_eq(sim_factor_make(&factor, &q, kill, 1e6, 1e9, NULL), 0);
    long double left[3] = {1, 0, 0}, right[3] = {1, 1, 1};
    sim_factor_solve_left(&factor, left);
    sim_factor_solve_right(&factor, right);
    /* x2 = 1/0.25; x1 = (2.25 x2) / 0.5; x0 = 2 + 4 x1 ... by cutting the line */
    cr_assert_lt(fabsl(left[2] - 4), 1e-15L);
    cr_assert_lt(fabsl(left[1] - 18), 1e-14L, "%Lg", left[1]);
    cr_assert_lt(fabsl(left[0] - 74), 1e-13L, "%Lg", left[0]);
    cr_assert_lt(fabsl(right[0] - 96), 1e-13L, "%Lg", right[0]);
    sim_factor_release(&factor);
    sim_sparse_release(&q);
}

Test(exact_chain, lumping_finds_a_line_in_a_square)
{
    /* two equal units side by side: 4 states, 3 after lumping */
    uint64_t row[] = {0, 2, 4, 6, 8};
    uint32_t to[] = {1, 2, 0, 3, 0, 3, 1, 2};
    double rate[] = {0.1, 0.1, 3, 0.1, 3, 0.1, 3, 3};
    struct sim_sparse q = {4, row, to, rate};
    const uint32_t label[] = {0, 0, 0, 1};
    struct sim_lumping lumped;
    sim_lump(&q, NULL, label, &lumped);
    cr_assert_eq(lumped.q.n, 3);
    cr_assert_eq(lumped.block[1], lumped.block[2]);
    cr_assert_eq(lumped.state[2], 3);
    cr_assert_eq(lumped.q.rate[0], 0.2);
    sim_lumping_release(&lumped);
}

Test(exact_chain, lumping_keeps_colours_apart)
{
    /* the same square; unit 1 fails by colour 0, unit 2 by colour 1 into the state
     * in which both are down */
    uint64_t row[] = {0, 2, 4, 6, 8};
    uint32_t to[] = {1, 2, 0, 3, 0, 3, 1, 2};
    double rate[] = {0.1, 0.1, 3, 0.1, 3, 0.1, 3, 3};
    const uint8_t colour[] = {9, 9, 9, 1, 9, 0, 9, 9};
    struct sim_sparse q = {4, row, to, rate};
    const uint32_t label[] = {0, 0, 0, 1};
    struct sim_lumping lumped;
    sim_lump(&q, colour, label, &lumped);
    cr_assert_eq(lumped.q.n, 4);
    sim_lumping_release(&lumped);
}

Test(exact_chain, lumping_splits_a_long_line)
{
    /* a line of 20000 states, the last one marked: each has its own distance */
    enum { N = 20000 };
    struct sim_sparse q = birth_death(N, 0.5, 2);
    uint32_t *label = calloc(N, sizeof *label);
    struct sim_lumping lumped;
    label[N - 1] = 1;
    sim_lump(&q, NULL, label, &lumped);
    cr_assert_eq(lumped.q.n, N);
    sim_lumping_release(&lumped);
    label[N - 1] = 0;
    sim_lump(&q, NULL, label, &lumped);
    cr_assert_eq(lumped.q.n, 1, "without labels nothing is measured");
    sim_lumping_release(&lumped);
    sim_sparse_release(&q);
    free(label);
}

Test(exact_chain, transient_of_one_unit)
{
    struct sim_sparse q = birth_death(2, 0.01, 2.385);
    const uint8_t marked[] = {0, 1};
    const long double start[] = {1, 0};
    struct sim_transient t;
    struct sim_err err;
    double sum = 2.395, u = 0.01 / sum, at = 7.5;
    cr_assert_eq(sim_ctmc_transient(&q, marked, start, at, false, &t, &err), 0);
    double point = u * -expm1(-sum * at);
    cr_assert_lt(fabs((double)t.point / point - 1), 1e-11);
    cr_assert_lt(fabs((double)t.integral / (u * (at + expm1(-sum * at) / sum)) - 1),
                 1e-11);
    cr_assert_eq(sim_ctmc_transient(&q, marked, start, at, true, &t, &err), 0);
    cr_assert_lt(fabs((double)t.point / -expm1(-0.01 * at) - 1), 1e-11);
    sim_sparse_release(&q);
}

Test(exact_chain, phase_types_match_moments)
{
    struct sim_arena arena;
    sim_arena_init(&arena);
    const struct sim_dist laws[] = {
        sim_dist_lognormal_mean_cv(3600, 1.5), sim_dist_weibull_mean(720, 0.6),
        sim_dist_weibull_mean(720, 1.7),       sim_dist_lognormal_mean_cv(30, 0.5),
        sim_dist_uniform(300, 5100),           sim_dist_gamma(13.5, 4)};
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        struct sim_phase_law p = sim_phase_of(&arena, &laws[i], 20);
        double m1 = 0, m2 = 0; /* by backward recursion: phases only go forward */
        double *t1 = sim_arena_calloc(&arena, p.n, sizeof *t1);
        double *t2 = sim_arena_calloc(&arena, p.n, sizeof *t2);
        for (uint32_t k = p.n; k-- > 0;) {
            double h = 1 / p.rate[k];
            t1[k] = h;
            t2[k] = 2 * h * h;
            for (uint32_t r = k + 1; r < p.n; r++) {
                double share = p.next[k * p.n + r];
                t1[k] += share * t1[r];
                t2[k] += share * (t2[r] + 2 * h * t1[r]);
            }
            m1 += p.start[k] * t1[k];
            m2 += p.start[k] * t2[k];
        }
        cr_assert_lt(fabs(m1 / laws[i].mean_s - 1), 1e-12, "law %zu", i);
        cr_assert_lt(fabs(m2 / laws[i].moment2 - 1), 1e-9, "law %zu", i);
    }
    sim_arena_clear(&arena);
}
