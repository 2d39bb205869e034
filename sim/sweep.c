/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gauss-Seidel sweeps with aggregation, for chains too large to be factored.
 *
 * A sweep replaces each x_j by (b_j + sum_i x_i a_ij) / d_j, using new values as soon
 * as they are there, forwards and backwards in turn. No subtraction happens, so the
 * fixed point is met entry by entry: a probability of 1e-20 settles to as many digits
 * as one of 0.1. (Unlike the power method, whose test is blind below its tolerance.)
 *
 * Sweeps spread probability quickly inside a neighbourhood and slowly over the whole
 * chain. So in a closed chain every other sweep is followed by aggregation and
 * disaggregation (Koury, McAllister, Stewart 1984): the states are cut into blocks,
 * the small chain of blocks is solved exactly (elimination without subtraction), and
 * each block is scaled to its weight. States come in breadth-first order, so a block
 * is a range of distances from the start, which is what mixes slowly. Every further
 * round shifts the cuts.
 *
 * The test is the largest relative change of an entry over one double sweep, with the
 * observed factor of convergence r as r/(1-r) on top: an estimate of what is missing,
 * not merely of the last step.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"

enum { MAX_BLOCKS = 160 };

static long double relax(struct sim_sweep *s, uint32_t j)
{
    long double sum = s->b == NULL ? 0 : s->b[j];
    for (uint64_t e = s->in.row[j]; e < s->in.row[j + 1]; e++) {
        sum += s->x[s->in.to[e]] * (long double)s->in.rate[e];
    }
    if (s->leave[j] == 0) {
        return 0;
    }
    long double fresh = sum / s->leave[j];
    long double larger = fresh > s->x[j] ? fresh : s->x[j];
    long double change = larger == 0 ? 0 : fabsl(fresh - s->x[j]) / larger;
    s->x[j] = fresh;
    return change;
}

/* Forwards and backwards; the largest relative change in either. */
static long double double_sweep(struct sim_sweep *s)
{
    long double worst = 0;
    for (uint32_t j = 0; j < s->q->n; j++) {
        long double change = relax(s, j);
        worst = change > worst ? change : worst;
    }
    for (uint32_t j = s->q->n; j-- > 0;) {
        long double change = relax(s, j);
        worst = change > worst ? change : worst;
    }
    return worst;
}

static uint32_t block_of(const struct sim_sweep *s, uint32_t i)
{
    uint64_t at =
        ((uint64_t)i + s->shift) * s->n_blocks / (s->q->n + (uint64_t)s->shift);
    return (uint32_t)at;
}

/* Dense elimination without subtraction; `a` by rows, weights to `w`. */
static void solve_blocks(long double *a, uint32_t n, long double *w)
{
    for (uint32_t k = n - 1; k > 0; k--) {
        long double out = 0;
        for (uint32_t j = 0; j < k; j++) {
            out += a[(size_t)k * n + j];
        }
        for (uint32_t i = 0; i < k; i++) {
            long double share = out == 0 ? 0 : a[(size_t)i * n + k] / out;
            a[(size_t)i * n + k] = share; /* kept for the way back */
            for (uint32_t j = 0; share > 0 && j < k; j++) {
                a[(size_t)i * n + j] += share * a[(size_t)k * n + j];
            }
        }
    }
    w[0] = 1;
    for (uint32_t k = 1; k < n; k++) {
        w[k] = 0;
        for (uint32_t i = 0; i < k; i++) {
            w[k] += w[i] * a[(size_t)i * n + k];
        }
    }
}

static void normalise(struct sim_sweep *s)
{
    long double total = 0;
    for (uint32_t i = 0; i < s->q->n; i++) {
        total += s->x[i];
    }
    for (uint32_t i = 0; i < s->q->n; i++) {
        s->x[i] /= total;
    }
}

/* Scales each block to its weight in the chain of blocks. */
static void aggregate(struct sim_sweep *s)
{
    uint32_t n = s->n_blocks;
    long double mass[MAX_BLOCKS] = {0}, weight[MAX_BLOCKS];
    memset(s->block, 0, (size_t)n * n * sizeof *s->block);
    for (uint32_t i = 0; i < s->q->n; i++) {
        uint32_t from = block_of(s, i);
        mass[from] += s->x[i];
        for (uint64_t e = s->q->row[i]; e < s->q->row[i + 1]; e++) {
            uint32_t to = block_of(s, s->q->to[e]);
            if (to != from) {
                s->block[(size_t)from * n + to] += s->x[i] * (long double)s->q->rate[e];
            }
        }
    }
    for (uint32_t a = 0; a < n; a++) {
        for (uint32_t c = 0; c < n && mass[a] > 0; c++) {
            s->block[(size_t)a * n + c] /= mass[a];
        }
    }
    solve_blocks(s->block, n, weight);
    for (uint32_t i = 0; i < s->q->n; i++) {
        uint32_t block = block_of(s, i);
        if (mass[block] > 0 && weight[block] > 0) {
            s->x[i] *= weight[block] / mass[block];
        }
    }
}

void sim_sweep_init(struct sim_sweep *s, const struct sim_sparse *q,
                    const long double *kill)
{
    memset(s, 0, sizeof *s);
    s->q = q;
    s->in = sim_sparse_transpose(q, NULL, NULL);
    s->leave = sim_ctmc_alloc(q->n, sizeof *s->leave);
    s->n_blocks = q->n / 8 < MAX_BLOCKS ? q->n / 8 : MAX_BLOCKS;
    s->block = sim_ctmc_alloc((size_t)s->n_blocks * s->n_blocks, sizeof *s->block);
    for (uint32_t i = 0; i < q->n; i++) {
        s->leave[i] = kill == NULL ? 0 : kill[i];
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            s->leave[i] += (long double)q->rate[e];
        }
    }
}

void sim_sweep_release(struct sim_sweep *s)
{
    sim_sparse_release(&s->in);
    free(s->leave);
    free(s->block);
    memset(s, 0, sizeof *s);
}

static bool is_stopped(const volatile sig_atomic_t *stop)
{
    return stop != NULL && *stop != 0;
}

int sim_sweep_solve(struct sim_sweep *s, const long double *b, double tolerance,
                    uint32_t max_sweeps, const volatile sig_atomic_t *stop,
                    long double *x, struct sim_err *err)
{
    long double change = 1, missing = 1;
    bool is_closed = b == NULL;
    uint32_t n = 0;
    s->b = b;
    s->x = x;
    while (n < max_sweeps && missing > (long double)tolerance && !is_stopped(stop)) {
        if (is_closed && s->n_blocks > 1 && n % 2 == 0) {
            s->shift = n / 2 % 2 == 0 ? 0 : s->q->n / s->n_blocks / 2;
            aggregate(s);
        }
        long double before = change;
        change = double_sweep(s);
        long double factor = before > 0 ? change / before : 0;
        long double tail = factor > 0.5L ? factor / (1 - factor) : 1;
        missing = factor < 1 ? change * tail : 1;
        n++;
        if (is_closed) {
            normalise(s);
        }
    }
    s->n_sweeps = n;
    if (is_stopped(stop)) {
        return sim_err_set(err, SIM_ERR_INTERRUPTED, "interrupted while solving");
    }
    if (missing > (long double)tolerance) {
        return sim_err_set(err, SIM_ERR_NUMERIC,
                           "the equations of %u states did not settle in %u sweeps "
                           "(still changing by %.1e)",
                           s->q->n, n, (double)change);
    }
    return 0;
}
