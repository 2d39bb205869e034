/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replicas that are alike, and the places they may have been put at, make a chain of
 * hundreds of thousands of states whose lumped form has thousands. Lumping first, with
 * respect to one service, lets elimination (no subtraction, all digits) solve it in a
 * second; sweeps do where the factor would be too large.
 */
#include "tests/support/lumped.h"

#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"
#include "sim/statespace.h"

#define MAX_ENTRIES 2e7
#define MAX_FLOPS   4e9
#define TOLERANCE   1e-9
#define MAX_SWEEPS  20000

static void measure(const struct sim_sparse *q, const uint8_t *is_down,
                    const long double *x, double year_s, struct test_lumped *out)
{
    long double down = 0, entries = 0;

    for (uint32_t i = 0; i < q->n; i++) {
        down += is_down[i] ? x[i] : 0;
        for (uint64_t e = q->row[i]; e < q->row[i + 1] && !is_down[i]; e++) {
            entries += is_down[q->to[e]] ? x[i] * (long double)q->rate[e] : 0;
        }
    }
    out->unavailability = (double)down;
    out->outages_per_year = (double)entries * year_s;
}

static int sweep(const struct sim_sparse *q, long double *x, struct sim_err *err)
{
    struct sim_sweep sweep;

    for (uint32_t i = 0; i < q->n; i++) {
        x[i] = 1.0L / q->n;
    }
    sim_sweep_init(&sweep, q, NULL);
    int rc = sim_sweep_solve(&sweep, NULL, TOLERANCE, MAX_SWEEPS, NULL, x, err);
    sim_sweep_release(&sweep);
    return rc;
}

/* The recurrent states of q alone. */
static int solve(const struct sim_sparse *q, const uint8_t *is_down, uint32_t start,
                 double year_s, struct test_lumped *out, struct sim_err *err)
{
    uint8_t *from = sim_ctmc_alloc(q->n, sizeof *from);
    uint8_t *keep = sim_ctmc_alloc(q->n, sizeof *keep);
    uint8_t *down = sim_ctmc_alloc(q->n, sizeof *down);
    uint32_t *class = sim_ctmc_alloc(q->n, sizeof *class);
    uint32_t *number = sim_ctmc_alloc(q->n, sizeof *number);
    long double *x = sim_ctmc_alloc(q->n, sizeof *x);
    struct sim_factor factor;
    int rc = 0;

    from[start] = 1;
    uint32_t n_classes = sim_sparse_closed(q, from, class);
    for (uint32_t i = 0; i < q->n; i++) {
        keep[i] = class[i] == 1;
    }
    struct sim_sparse part = sim_sparse_restrict(q, keep, number, NULL);
    for (uint32_t i = 0; i < q->n; i++) {
        if (keep[i]) {
            down[number[i]] = is_down[i];
        }
    }
    if (n_classes != 1) {
        rc = sim_err_set(err, SIM_ERR_USAGE, "%u closed classes", n_classes);
    } else {
        rc = sim_factor_make(&factor, &part, NULL, MAX_ENTRIES, MAX_FLOPS, err);
    }
    if (rc == 0) {
        sim_factor_steady(&factor, x);
        sim_factor_release(&factor);
    } else if (rc == -SIM_ERR_LIMIT) {
        rc = sweep(&part, x, err);
    }
    if (rc == 0) {
        measure(&part, down, x, year_s, out);
    }
    sim_sparse_release(&part);
    free(from);
    free(keep);
    free(down);
    free(class);
    free(number);
    free(x);
    return rc;
}

int test_lumped_solve(const struct sim_model *model, uint32_t service,
                      uint32_t max_states, struct test_lumped *out, struct sim_err *err)
{
    struct sim_statespace_limits limits = sim_statespace_default();
    struct sim_statespace space;

    limits.max_states = max_states;
    int rc = sim_statespace_explore(model, &limits, &space, err);
    if (rc != 0) {
        return rc;
    }
    uint32_t n = space.chain.q.n;
    uint8_t *label = sim_ctmc_alloc(n, sizeof *label);
    uint32_t *block = sim_ctmc_alloc(n, sizeof *block);
    for (uint32_t i = 0; i < n; i++) {
        label[i] = (space.chain.down[i] >> service & 1) != 0;
    }
    struct sim_sparse lumped = sim_sparse_lump(&space.chain.q, label, block);
    uint8_t *is_down = sim_ctmc_alloc(lumped.n, sizeof *is_down);
    for (uint32_t i = 0; i < n; i++) {
        is_down[block[i]] = label[i];
    }
    *out = (struct test_lumped){.n_states = n, .n_lumped = lumped.n};
    rc =
        solve(&lumped, is_down, block[space.chain.initial[0]], model->year_s, out, err);
    sim_sparse_release(&lumped);
    sim_ctmc_release(&space.chain);
    free(label);
    free(block);
    free(is_down);
    return rc;
}
