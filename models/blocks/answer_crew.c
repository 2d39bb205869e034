/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * n members, exponential failures, one crew first come first served, any repair law.
 *
 * Between two ends of repairs nothing has a memory but the members that still run, and
 * these fail independently: of u running at the start of a repair of length X, the
 * number that failed by its end is binomial with p = 1 - exp(-lambda X). So the failed
 * members at the ends of repairs form a Markov chain with n states (the embedded chain
 * of an M/G/1 queue with a finite source; Takacs 1962), whose transition probabilities
 * are expectations over the repair law (law_points.c), and the mean time spent with b
 * further failures during a repair is the closed form
 *
 *     E[time with b failed since the start] = P(more than b failed by X) / ((u - b) l)
 *
 * because each second with b failed meets the next failure at rate (u - b) l. Only when
 * all u have failed (b = u) an integral of 1 - S remains; it is written as a sum of
 * positive terms too. Elimination without subtraction (sim/gth.c) does the rest, so
 * tiny unavailabilities keep their digits.
 *
 * First outage: the same chain, killed at the failure that takes the system down.
 */
#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/blocks/answers_priv.h"
#include "sim/ctmc.h"

enum { MAX_MEMBERS = 120, GAUSS_POINTS = 24 };

struct crew_solver {
    struct sim_arena *arena;
    uint32_t n, k;
    long double lambda;
    struct ha_law_points law;
    /* by members failed at the start of a repair (1..n) and failures during it */
    long double *end;  /* P(b failed by its end) */
    long double *time; /* E[seconds with b failed] */
    long double *pmf;  /* of one point: scratch */
};

static long double *cell(const struct crew_solver *s, long double *table, uint32_t j,
                         uint32_t b)
{
    return &table[(size_t)j * (s->n + 1) + b];
}

/* Binomial(u, p) with p = 1 - exp(-lambda t), all terms. */
static void binomial(struct crew_solver *s, uint32_t u, long double t)
{
    long double log_stay = -s->lambda * t;
    long double p = -expm1l(log_stay);
    long double choose = 1;
    for (uint32_t b = 0; b <= u; b++) {
        s->pmf[b] = choose * powl(p, b) * expl(log_stay * (u - b));
        choose = choose * (u - b) / (b + 1);
    }
}

/* Integral over 0..x of (1 - exp(-lambda t))^u. */
static long double all_failed_time(const struct crew_solver *s, uint32_t u,
                                   long double x,
                                   const gsl_integration_glfixed_table *table)
{
    /* beyond some 50/lambda the integrand is 1: split there, and in panels before */
    long double knee = 50 / s->lambda, sum = 0, from = 0;
    uint32_t panels = x * s->lambda > 0.5L ? 40 : 4;
    long double until = x < knee ? x : knee;
    for (uint32_t i = 1; i <= panels; i++) {
        long double to = until * i / panels;
        for (uint32_t g = 0; g < GAUSS_POINTS; g++) {
            double at, weight;
            gsl_integration_glfixed_point(0, 1, g, &at, &weight, table);
            long double t = from + (to - from) * (long double)at;
            sum += (to - from) * (long double)weight * powl(-expm1l(-s->lambda * t), u);
        }
        from = to;
    }
    return sum + (x - until);
}

static void add_point(struct crew_solver *s, uint32_t j, long double x,
                      long double weight, const gsl_integration_glfixed_table *table)
{
    uint32_t u = s->n - j;
    binomial(s, u, x);
    long double more = 0; /* P(more than b failed) */
    for (uint32_t b = u + 1; b-- > 0;) {
        *cell(s, s->end, j, b) += weight * s->pmf[b];
        if (b < u) {
            *cell(s, s->time, j, b) += weight * more / ((u - b) * s->lambda);
        } else {
            *cell(s, s->time, j, b) += weight * all_failed_time(s, u, x, table);
        }
        more += s->pmf[b];
    }
}

static void tabulate(struct crew_solver *s)
{
    gsl_integration_glfixed_table *table =
        gsl_integration_glfixed_table_alloc(GAUSS_POINTS);
    size_t size = (size_t)(s->n + 1) * (s->n + 1);
    s->end = sim_arena_calloc(s->arena, size, sizeof *s->end);
    s->time = sim_arena_calloc(s->arena, size, sizeof *s->time);
    s->pmf = sim_arena_calloc(s->arena, s->n + 2, sizeof *s->pmf);
    for (uint32_t j = 1; j <= s->n; j++) {
        for (uint32_t i = 0; i < s->law.n; i++) {
            add_point(s, j, s->law.point_s[i], s->law.weight[i], table);
        }
    }
    gsl_integration_glfixed_table_free(table);
}

/* The embedded chain as a sparse matrix: states 0..size-1, after repairs. From 0 the
 * next repair starts with one failed. killed[j]: P(leaving the set). */
static struct sim_sparse embedded(const struct crew_solver *s, uint32_t size)
{
    struct sim_sparse q = {.n = size};
    q.row = sim_ctmc_alloc((size_t)size + 1, sizeof *q.row);
    q.to = sim_ctmc_alloc((size_t)size * size, sizeof *q.to);
    q.rate = sim_ctmc_alloc((size_t)size * size, sizeof *q.rate);
    uint64_t e = 0;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t j = i == 0 ? 1 : i; /* failed when the repair starts */
        for (uint32_t b = 0; b + j <= s->n; b++) {
            uint32_t to = j - 1 + b;
            long double p = *cell(s, s->end, j, b);
            if (to < size && to != i && p > 0) {
                q.to[e] = to;
                q.rate[e++] = (double)p;
            }
        }
        q.row[i + 1] = e;
    }
    return q;
}

static long double steady(struct crew_solver *s, struct ha_answers *out,
                          long double year_s)
{
    struct sim_factor factor;
    uint32_t n = s->n, first_down = n - s->k + 1;
    long double cycle = 0, down = 0, edge = 0;
    if (n == 1) { /* the chain has one state: repaired */
        cycle = 1 / s->lambda + *cell(s, s->time, 1, 0);
        down = *cell(s, s->time, 1, 0);
        edge = 1 / s->lambda;
    } else {
        struct sim_sparse q = embedded(s, n);
        long double *pi = sim_arena_calloc(s->arena, n, sizeof *pi);
        sim_factor_make(&factor, &q, NULL, 1e9, 1e12, NULL);
        sim_factor_steady(&factor, pi);
        sim_factor_release(&factor);
        sim_sparse_release(&q);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t j = i == 0 ? 1 : i;
            long double idle = i == 0 ? 1 / (n * s->lambda) : 0;
            cycle += pi[i] * idle;
            edge += first_down == 1 ? pi[i] * idle : 0;
            for (uint32_t b = 0; b + j <= n; b++) {
                long double t = pi[i] * *cell(s, s->time, j, b);
                cycle += t;
                down += j + b >= first_down ? t : 0;
                edge += j + b == first_down - 1 ? t : 0;
            }
        }
    }
    long double rate = edge / cycle * (long double)s->k * s->lambda;
    out->value[HA_ANSWER_steady_unavailability] = (double)(down / cycle);
    out->value[HA_ANSWER_outages_per_year] = (double)(rate * year_s);
    out->value[HA_ANSWER_mean_outage_s] = (double)(down / cycle / rate);
    out->value[HA_ANSWER_mean_uptime_s] = (double)((cycle - down) / cycle / rate);
    return rate;
}

/* Mean time to the failure that makes n - k + 1 failed, from all running. */
static double first_outage(struct crew_solver *s)
{
    struct sim_factor factor;
    uint32_t first_down = s->n - s->k + 1;
    if (first_down == 1) {
        return (double)(1 / (s->n * s->lambda));
    }
    uint32_t size = first_down - 1; /* failed after a repair, none of them an outage */
    struct sim_sparse q = embedded(s, size);
    long double *killed = sim_arena_calloc(s->arena, size, sizeof *killed);
    long double *mean = sim_arena_calloc(s->arena, size, sizeof *mean);
    for (uint32_t i = 0; i < size; i++) {
        uint32_t j = i == 0 ? 1 : i;
        mean[i] = i == 0 ? 1 / (s->n * s->lambda) : 0;
        for (uint32_t b = 0; b + j <= s->n; b++) {
            if (j + b >= first_down) { /* hit during this repair */
                killed[i] += *cell(s, s->end, j, b);
            } else {
                mean[i] += *cell(s, s->time, j, b);
            }
        }
    }
    sim_factor_make(&factor, &q, killed, 1e9, 1e12, NULL);
    sim_factor_solve_right(&factor, mean);
    sim_factor_release(&factor);
    sim_sparse_release(&q);
    return (double)mean[0];
}

bool ha_answer_one_crew(struct sim_arena *arena, const struct ha_blocks *blocks,
                        struct ha_answers *out)
{
    const struct ha_shop *shop = blocks->shop;
    if (blocks->kind != HA_BLOCKS_SHOP || shop->n_classes != 1 || shop->n_crews != 1 ||
        shop->crew[0].n_members != 1 || shop->class[0].n_units > MAX_MEMBERS ||
        shop->class[0].crew != 0 || shop->gates.n != 1) {
        return false;
    }
    const struct sim_dist *failure = &blocks->dist[shop->class[0].failure_dist];
    const struct sim_dist *repair = &blocks->dist[shop->class[0].repair_dist];
    const struct ha_gate *gate = &shop->gates.gate[0];
    if (failure->kind != SIM_DIST_EXPONENTIAL || gate->kind != HA_GATE_KOFN ||
        repair->kind == SIM_DIST_TABLE) {
        return false;
    }
    struct crew_solver s = {.arena = arena,
                            .n = shop->class[0].n_units,
                            .k = gate->k,
                            .lambda = 1 / (long double)failure->mean_s,
                            .law = ha_law_points_of(arena, repair)};
    tabulate(&s);
    steady(&s, out, (long double)blocks->year_s);
    out->value[HA_ANSWER_mttff_s] = first_outage(&s);
    out->method =
        "embedded chain at the ends of repairs, integrals over the repair law";
    return true;
}
