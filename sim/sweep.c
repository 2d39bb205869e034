/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gauss-Seidel sweeps for x (D - A) = b with killing, where D - A is too large to be
 * factored: the stages of transient.c.
 *
 * A sweep replaces each x_j by (b_j + sum_i x_i a_ij) / d_j, using new values as soon
 * as they are there, forwards and backwards in turn. No subtraction happens, so the
 * fixed point is met entry by entry: a probability of 1e-20 settles to as many digits
 * as one of 0.1. Killing makes the sweeps converge; from the solution of the stage
 * before it takes a few. (A closed chain has no killing: multilevel.c.)
 *
 * The test is the largest relative change of an entry over one double sweep, with the
 * observed factor of convergence r as r/(1-r) on top: an estimate of what is missing,
 * not merely of the last step. What does not settle so is an error.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"

static long double relax(struct sim_sweep *s, uint32_t j)
{
    long double sum = s->b[j];
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

void sim_sweep_init(struct sim_sweep *s, const struct sim_sparse *q,
                    const long double *kill)
{
    memset(s, 0, sizeof *s);
    s->q = q;
    s->in = sim_sparse_transpose(q, NULL, NULL);
    s->leave = sim_ctmc_alloc(q->n, sizeof *s->leave);
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
    memset(s, 0, sizeof *s);
}

int sim_sweep_solve(struct sim_sweep *s, const long double *b, double tolerance,
                    uint32_t max_sweeps, long double *x, struct sim_err *err)
{
    long double change = 1, missing = 1;
    uint32_t n = 0;
    s->b = b;
    s->x = x;
    while (n < max_sweeps && missing > (long double)tolerance) {
        long double before = change;
        change = double_sweep(s);
        long double factor = before > 0 ? change / before : 0;
        long double tail = factor > 0.5L ? factor / (1 - factor) : 1;
        missing = factor < 1 ? change * tail : 1;
        n++;
    }
    if (missing > (long double)tolerance) {
        return sim_err_set(err, SIM_ERR_NUMERIC,
                           "the equations of %u states did not settle in %u sweeps "
                           "(still changing by %.1e)",
                           s->q->n, n, (double)change);
    }
    return 0;
}
