/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transient answers of stiff chains without losing tiny numbers.
 *
 * A year holds a billion seconds-fast transitions and the answer may be 1e-17, which
 * rules out plain uniformisation (too many steps), implicit Runge-Kutta methods and
 * rational approximations of the exponential (absolute, not relative, accuracy). Here
 * the fixed time t is replaced by a sum of m exponential times of mean h = t/m, an
 * Erlang time. Its answer needs m solves with one factored matrix D - A + 1/h, and a
 * solve without subtraction keeps every entry to relative accuracy (gth.c). As a
 * function of 1/m the answer is smooth: a mode exp(-at) becomes (1 + at/m)^-m. So a
 * Romberg table over m = 32, 64, ... 1024 removes the error in 1/m, 1/m^2, ...; for a
 * single mode of any speed a the remaining error is below 4e-13 of the mode, whose
 * share of the answer is at most 1. The difference to the table with one row less
 * bounds what is left, and is reported; rows are added until it is below 1e-12. A
 * chain too large to be factored is solved by sweeps, stage by stage. (Exponential
 * randomisation of time: Ross 1987, "Approximating transition probabilities and mean
 * occupation times in continuous-time Markov chains"; extrapolation: Yoon and
 * Shanthikumar 1989.)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"

enum { FIRST_STAGES = 32, N_LEVELS = 6, MAX_LEVELS = 8, MAX_SWEEPS = 5000 };

#define MAX_ENTRIES     4e6
#define MAX_FLOPS       1e9
#define MAX_SWEEP_EDGES 6e4
#define SWEEP_TOLERANCE 1e-13
#define GOOD_ENOUGH     1e-12

long double sim_romberg(const long double *value, int n, long double *error)
{
    long double row[MAX_LEVELS];
    long double last = 0;
    memcpy(row, value, (size_t)n * sizeof *row);
    for (int order = 1; order < n; order++) {
        long double power = (long double)(1 << order);
        last = row[n - order - 1]; /* best without level n - 1 */
        for (int i = 0; i + order < n; i++) {
            row[i] = (power * row[i + 1] - row[i]) / (power - 1);
        }
        if (order < n - 1) {
            continue;
        }
        *error = fabsl(row[0] - last);
    }
    return row[0];
}

struct transient {
    const struct sim_sparse *q;
    const uint8_t *marked;
    const long double *start;
    long double *entering; /* rate from an unmarked state into marked ones */
    long double *kill;
    long double *x;
};

/* Solves x (D - A + 1/h) = b again and again, factored or by sweeps. */
struct stage_solver {
    bool is_factored;
    struct sim_factor factor;
    struct sim_sweep sweep;
    long double *b; /* sweeps only */
    long double *guess;
};

static int open_solver(struct stage_solver *v, const struct transient *t,
                       struct sim_err *err)
{
    uint32_t n = t->q->n;
    memset(v, 0, sizeof *v);
    int rc = sim_factor_make(&v->factor, t->q, t->kill, MAX_ENTRIES, MAX_FLOPS, NULL);
    v->is_factored = rc == 0;
    if (rc < 0 && (double)t->q->row[n] > MAX_SWEEP_EDGES) {
        return sim_err_set(err, SIM_ERR_LIMIT, "too many states for the first year");
    }
    if (rc < 0) {
        sim_sweep_init(&v->sweep, t->q, t->kill);
        v->b = sim_ctmc_alloc(n, sizeof *v->b);
        v->guess = sim_ctmc_alloc(n, sizeof *v->guess);
    }
    return 0;
}

static int solve_stage(struct stage_solver *v, uint32_t n, long double *x,
                       struct sim_err *err)
{
    if (v->is_factored) {
        sim_factor_solve_left(&v->factor, x);
        return 0;
    }
    memcpy(v->b, x, n * sizeof *x);
    int rc =
        sim_sweep_solve(&v->sweep, v->b, SWEEP_TOLERANCE, MAX_SWEEPS, v->guess, err);
    memcpy(x, v->guess, n * sizeof *x);
    return rc;
}

static void close_solver(struct stage_solver *v)
{
    if (v->is_factored) {
        sim_factor_release(&v->factor);
    } else if (v->b != NULL) {
        sim_sweep_release(&v->sweep);
    }
    free(v->b);
    free(v->guess);
}

/* One Erlang time of m stages: writes point, integral and entries. */
static int run_stages(struct transient *t, double t_s, uint32_t m, long double *point,
                      long double *integral, long double *entries, struct sim_err *err)
{
    struct stage_solver solver;
    long double per_stage = (long double)m / (long double)t_s;
    for (uint32_t i = 0; i < t->q->n; i++) {
        t->kill[i] = per_stage;
    }
    int rc = open_solver(&solver, t, err);
    memcpy(t->x, t->start, t->q->n * sizeof *t->x);
    *point = *integral = *entries = 0;
    for (uint32_t stage = 0; rc == 0 && stage < m; stage++) {
        rc = solve_stage(&solver, t->q->n, t->x, err); /* seconds in this stage */
        *point = 0;
        for (uint32_t i = 0; i < t->q->n; i++) {
            *integral += t->marked[i] ? t->x[i] : 0;
            *entries += t->x[i] * t->entering[i];
            t->x[i] *= per_stage; /* where the stage ends */
            *point += t->marked[i] ? t->x[i] : 0;
        }
    }
    close_solver(&solver);
    return rc;
}

/* Edges out of marked states cut when they absorb; rates of entry. */
static struct sim_sparse cut_edges(const struct sim_sparse *q, const uint8_t *marked,
                                   bool is_absorbing, long double *entering)
{
    struct sim_sparse out = {.n = q->n};
    out.row = sim_ctmc_alloc((size_t)q->n + 1, sizeof *out.row);
    out.to = sim_ctmc_alloc(q->row[q->n], sizeof *out.to);
    out.rate = sim_ctmc_alloc(q->row[q->n], sizeof *out.rate);
    uint64_t n = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            if (marked[i] && is_absorbing) {
                continue;
            }
            if (!marked[i] && marked[q->to[e]]) {
                entering[i] += (long double)q->rate[e];
            }
            out.to[n] = q->to[e];
            out.rate[n++] = q->rate[e];
        }
        out.row[i + 1] = n;
    }
    return out;
}

static double relative(long double error, long double value)
{
    return value == 0 ? (error == 0 ? 0 : 1) : (double)(error / fabsl(value));
}

int sim_ctmc_transient(const struct sim_sparse *q, const uint8_t *marked,
                       const long double *start, double t_s, bool is_absorbing,
                       struct sim_transient *out, struct sim_err *err)
{
    long double point[MAX_LEVELS], integral[MAX_LEVELS], entries[MAX_LEVELS];
    struct transient t = {.marked = marked, .start = start};
    t.entering = sim_ctmc_alloc(q->n, sizeof *t.entering);
    t.kill = sim_ctmc_alloc(q->n, sizeof *t.kill);
    t.x = sim_ctmc_alloc(q->n, sizeof *t.x);
    struct sim_sparse cut = cut_edges(q, marked, is_absorbing, t.entering);
    t.q = &cut;
    int rc = 0, n = 0;
    out->error = 1;
    while (rc == 0 && n < N_LEVELS && out->error > GOOD_ENOUGH) {
        rc = run_stages(&t, t_s, (uint32_t)FIRST_STAGES << n, &point[n], &integral[n],
                        &entries[n], err);
        n++;
        if (rc == 0 && n >= 3) {
            long double error[3];
            out->point = sim_romberg(point, n, &error[0]);
            out->integral = sim_romberg(integral, n, &error[1]);
            out->entries = sim_romberg(entries, n, &error[2]);
            out->error = fmax(relative(error[0], out->point),
                              fmax(relative(error[1], out->integral),
                                   relative(error[2], out->entries)));
        }
    }
    sim_sparse_release(&cut);
    free(t.entering);
    free(t.kill);
    free(t.x);
    return rc;
}
