/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elimination without subtraction.
 *
 * Eliminating a state k from a chain with rates a and killing rates e leaves, among
 * the others, the rates
 *
 *     a_ij + a_ik a_kj / d_k,   e_i + a_ik e_k / d_k,   d_k = e_k + sum_j a_kj
 *
 * over the states j not yet eliminated. That is Gaussian elimination of D - A in
 * which the diagonal is never updated but recomputed from the row, so that only
 * sums, products and quotients of non-negative numbers occur: the GTH algorithm
 * (Grassmann, Taksar, Heyman, Operations Research 33, 1985). Each entry of the result
 * has a small *relative* error, also one of 1e-30 (O'Cinneide, Numerische Mathematik
 * 65, 1993), in whatever order states are eliminated.
 *
 * So the order may serve sparsity alone: approximate minimum degree on the symmetric
 * pattern (AMD of SuiteSparse; Amestoy, Davis, Duff 2004). The pattern of the factor
 * is that of a Cholesky factor of the symmetrised matrix, found row by row from the
 * elimination tree (Liu 1990; Davis, Direct Methods for Sparse Linear Systems, 2006).
 * The numbers follow row by row: row i is spread into a dense vector, every earlier
 * state k it flows into is eliminated from it, and it is gathered again. Self-loops
 * arising on the way are dropped: leaving a state for itself is not leaving.
 *
 * With killing, x (D - A) = b gives expected times, transforms and absorption
 * probabilities; without, back substitution from the last state gives the steady
 * state. Everything is long double: 64 bits of mantissa on x86 for twice the memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <suitesparse/amd.h>

#include "sim/check.h"
#include "sim/ctmc.h"

/* Beyond, even finding an order takes longer than the cycles of multilevel.c. */
enum { MAX_STATES = 50000 };

/* ---- the order ---- */

static int find_order(struct sim_factor *f, const struct sim_sparse *q,
                      double max_entries, double max_flops, struct sim_err *err)
{
    uint64_t n_edges = q->row[q->n];
    if (q->n > MAX_STATES || n_edges >= INT32_MAX ||
        (double)n_edges > 2 * max_entries) {
        return sim_err_set(err, SIM_ERR_LIMIT, "%u states are too many to be factored",
                           q->n);
    }
    int32_t *begin = sim_ctmc_alloc((size_t)q->n + 1, sizeof *begin);
    int32_t *index = sim_ctmc_alloc(n_edges, sizeof *index);
    int32_t *order = sim_ctmc_alloc(q->n, sizeof *order);
    double info[AMD_INFO] = {0};
    for (uint32_t i = 0; i <= q->n; i++) {
        begin[i] = (int32_t)q->row[i];
    }
    for (uint64_t k = 0; k < n_edges; k++) {
        index[k] = (int32_t)q->to[k];
    }
    int status = amd_order((int32_t)q->n, begin, index, order, NULL, info);
    SIM_CHECK(status == AMD_OK || status == AMD_OK_BUT_JUMBLED);
    for (uint32_t k = 0; k < q->n; k++) {
        f->order[k] = (uint32_t)order[k];
    }
    free(begin);
    free(index);
    free(order);
    if (info[AMD_LNZ] > max_entries || info[AMD_NMULTSUBS_LU] > max_flops) {
        return sim_err_set(err, SIM_ERR_LIMIT,
                           "factoring %u states would take %.2g entries and %.2g steps",
                           q->n, info[AMD_LNZ], info[AMD_NMULTSUBS_LU]);
    }
    return 0;
}

/* ---- the pattern ---- */

struct pattern {
    uint32_t n;
    uint32_t *position; /* of a state in the order */
    uint64_t *begin;    /* earlier neighbours of each position */
    uint32_t *earlier;
    uint32_t *parent; /* elimination tree, UINT32_MAX at a root */
    uint32_t *mark;   /* last row that visited a position, + 1 */
    uint32_t *reach;  /* earlier positions of the present row */
};

static void list_earlier(struct pattern *p, const struct sim_sparse *q)
{
    uint64_t *fill = sim_ctmc_alloc((size_t)q->n + 1, sizeof *fill);
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < q->n; i++) {
            for (uint64_t k = q->row[i]; k < q->row[i + 1]; k++) {
                uint32_t a = p->position[i], b = p->position[q->to[k]];
                uint32_t late = a > b ? a : b, early = a > b ? b : a;
                if (pass == 0) {
                    p->begin[late + 1]++;
                } else {
                    p->earlier[fill[late]++] = early;
                }
            }
        }
        for (uint32_t i = 0; pass == 0 && i < q->n; i++) {
            p->begin[i + 1] += p->begin[i];
            fill[i] = p->begin[i];
        }
    }
    free(fill);
}

static void make_tree(struct pattern *p)
{
    uint32_t *ancestor = sim_ctmc_alloc(p->n, sizeof *ancestor);
    for (uint32_t i = 0; i < p->n; i++) {
        p->parent[i] = ancestor[i] = UINT32_MAX;
        for (uint64_t k = p->begin[i]; k < p->begin[i + 1]; k++) {
            uint32_t j = p->earlier[k];
            while (j != UINT32_MAX && j < i) {
                uint32_t next = ancestor[j];
                ancestor[j] = i;
                if (next == UINT32_MAX) {
                    p->parent[j] = i;
                }
                j = next;
            }
        }
    }
    free(ancestor);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Earlier positions that row i of the factor touches, ascending; returns how many. */
static uint32_t row_reach(struct pattern *p, uint32_t i)
{
    uint32_t n = 0;
    p->mark[i] = i + 1;
    for (uint64_t k = p->begin[i]; k < p->begin[i + 1]; k++) {
        for (uint32_t j = p->earlier[k]; p->mark[j] != i + 1; j = p->parent[j]) {
            p->mark[j] = i + 1;
            p->reach[n++] = j;
        }
    }
    if (n > 1) {
        qsort(p->reach, n, sizeof *p->reach, compare_u32);
    }
    return n;
}

static void make_pattern(struct pattern *p, const struct sim_sparse *q,
                         const struct sim_factor *f)
{
    p->n = q->n;
    p->position = sim_ctmc_alloc(q->n, sizeof *p->position);
    p->begin = sim_ctmc_alloc((size_t)q->n + 1, sizeof *p->begin);
    p->earlier = sim_ctmc_alloc(q->row[q->n], sizeof *p->earlier);
    p->parent = sim_ctmc_alloc(q->n, sizeof *p->parent);
    p->mark = sim_ctmc_alloc(q->n, sizeof *p->mark);
    p->reach = sim_ctmc_alloc(q->n, sizeof *p->reach);
    for (uint32_t k = 0; k < q->n; k++) {
        p->position[f->order[k]] = k;
    }
    list_earlier(p, q);
    make_tree(p);
}

static void release_pattern(struct pattern *p)
{
    free(p->position);
    free(p->begin);
    free(p->earlier);
    free(p->parent);
    free(p->mark);
    free(p->reach);
}

/* Columns of the factor: counted, then listed. Rows come in ascending order, so the
 * columns are sorted by themselves. */
static void make_columns(struct sim_factor *f, struct pattern *p, uint64_t *next)
{
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t n = row_reach(p, i);
        for (uint32_t r = 0; r < n; r++) {
            f->begin[p->reach[r] + 1]++;
        }
    }
    for (uint32_t k = 0; k < f->n; k++) {
        f->begin[k + 1] += f->begin[k];
        next[k] = f->begin[k];
        p->mark[k] = 0;
    }
    f->index = sim_ctmc_alloc(f->begin[f->n], sizeof *f->index);
    f->lower = sim_ctmc_alloc(f->begin[f->n], sizeof *f->lower);
    f->upper = sim_ctmc_alloc(f->begin[f->n], sizeof *f->upper);
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t n = row_reach(p, i);
        for (uint32_t r = 0; r < n; r++) {
            f->index[next[p->reach[r]]++] = i;
        }
    }
    for (uint32_t k = 0; k < f->n; k++) {
        next[k] = f->begin[k];
        p->mark[k] = 0;
    }
}

/* ---- the numbers ---- */

/* Eliminates position k from row i, which stands in w; returns the flow i had to k. */
static long double eliminate(const struct sim_factor *f, uint32_t i, uint32_t k,
                             const long double *killed, long double *w,
                             long double *row_kill)
{
    long double flow = w[k];
    w[k] = 0;
    if (flow == 0) {
        return 0;
    }
    long double share = flow / f->pivot[k];
    for (uint64_t e = f->begin[k]; e < f->begin[k + 1]; e++) {
        w[f->index[e]] += share * f->upper[e];
    }
    w[i] = 0; /* a self-loop */
    *row_kill += share * killed[k];
    return flow;
}

static void factor_numbers(struct sim_factor *f, const struct sim_sparse *q,
                           struct pattern *p, const long double *kill, uint64_t *next)
{
    long double *w = f->work;
    long double *killed = sim_ctmc_alloc(f->n, sizeof *killed);
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t state = f->order[i];
        long double row_kill = kill == NULL ? 0 : kill[state];
        for (uint64_t e = q->row[state]; e < q->row[state + 1]; e++) {
            w[p->position[q->to[e]]] += (long double)q->rate[e];
        }
        w[i] = 0;
        uint32_t n = row_reach(p, i);
        for (uint32_t r = 0; r < n; r++) {
            uint32_t k = p->reach[r];
            f->lower[next[k]++] = eliminate(f, i, k, killed, w, &row_kill);
        }
        long double total = row_kill;
        for (uint64_t e = f->begin[i]; e < f->begin[i + 1]; e++) {
            f->upper[e] = w[f->index[e]];
            total += f->upper[e];
            w[f->index[e]] = 0;
        }
        killed[i] = row_kill;
        f->pivot[i] = total;
    }
    free(killed);
}

int sim_factor_make(struct sim_factor *f, const struct sim_sparse *q,
                    const long double *kill, double max_entries, double max_flops,
                    struct sim_err *err)
{
    memset(f, 0, sizeof *f);
    f->n = q->n;
    f->order = sim_ctmc_alloc(q->n, sizeof *f->order);
    int rc = find_order(f, q, max_entries, max_flops, err);
    if (rc < 0) {
        sim_factor_release(f);
        return rc;
    }
    f->begin = sim_ctmc_alloc((size_t)q->n + 1, sizeof *f->begin);
    f->pivot = sim_ctmc_alloc(q->n, sizeof *f->pivot);
    f->work = sim_ctmc_alloc(q->n, sizeof *f->work);
    uint64_t *next = sim_ctmc_alloc(q->n, sizeof *next);
    struct pattern pattern = {0};
    make_pattern(&pattern, q, f);
    make_columns(f, &pattern, next);
    factor_numbers(f, q, &pattern, kill, next);
    release_pattern(&pattern);
    free(next);
    return 0;
}

void sim_factor_release(struct sim_factor *f)
{
    free(f->order);
    free(f->begin);
    free(f->index);
    free(f->lower);
    free(f->upper);
    free(f->pivot);
    free(f->work);
    memset(f, 0, sizeof *f);
}

/* ---- solving ---- */

static void to_positions(const struct sim_factor *f, const long double *x)
{
    for (uint32_t k = 0; k < f->n; k++) {
        f->work[k] = x[f->order[k]];
    }
}

static void to_states(const struct sim_factor *f, long double *x)
{
    for (uint32_t k = 0; k < f->n; k++) {
        x[f->order[k]] = f->work[k];
        f->work[k] = 0;
    }
}

/* x_k += sum over later i of x_i lower_ik / pivot_k, from the last to the first. */
static void substitute_back_left(const struct sim_factor *f, long double *w)
{
    for (uint32_t k = f->n; k-- > 0;) {
        long double sum = 0;
        for (uint64_t e = f->begin[k]; e < f->begin[k + 1]; e++) {
            sum += w[f->index[e]] * f->lower[e];
        }
        w[k] += sum == 0 ? 0 : sum / f->pivot[k];
    }
}

void sim_factor_solve_left(const struct sim_factor *f, long double *x)
{
    long double *w = f->work;
    to_positions(f, x);
    for (uint32_t k = 0; k < f->n; k++) {
        if (w[k] == 0) {
            continue;
        }
        w[k] /= f->pivot[k];
        for (uint64_t e = f->begin[k]; e < f->begin[k + 1]; e++) {
            w[f->index[e]] += w[k] * f->upper[e];
        }
    }
    substitute_back_left(f, w);
    to_states(f, x);
}

void sim_factor_solve_right(const struct sim_factor *f, long double *x)
{
    long double *w = f->work;
    to_positions(f, x);
    for (uint32_t k = 0; k < f->n; k++) {
        if (w[k] == 0) {
            continue;
        }
        long double share = w[k] / f->pivot[k];
        for (uint64_t e = f->begin[k]; e < f->begin[k + 1]; e++) {
            w[f->index[e]] += share * f->lower[e];
        }
    }
    for (uint32_t k = f->n; k-- > 0;) {
        long double sum = w[k];
        for (uint64_t e = f->begin[k]; e < f->begin[k + 1]; e++) {
            sum += w[f->index[e]] * f->upper[e];
        }
        w[k] = sum == 0 ? 0 : sum / f->pivot[k];
    }
    to_states(f, x);
}

void sim_factor_steady(const struct sim_factor *f, long double *x)
{
    long double *w = f->work;
    long double total = 0;
    memset(w, 0, f->n * sizeof *w);
    w[f->n - 1] = 1;
    substitute_back_left(f, w);
    for (uint32_t k = 0; k < f->n; k++) {
        total += w[k];
    }
    for (uint32_t k = 0; k < f->n; k++) {
        w[k] /= total;
    }
    to_states(f, x);
}

int sim_ctmc_stay(const struct sim_sparse *q, const uint8_t *keep,
                  const long double *start, double max_entries, double max_flops,
                  long double *stay, struct sim_err *err)
{
    struct sim_factor factor;
    uint32_t *number = sim_ctmc_alloc(q->n, sizeof *number);
    long double *lost = sim_ctmc_alloc(q->n, sizeof *lost);
    long double *x = sim_ctmc_alloc(q->n, sizeof *x);
    struct sim_sparse open = sim_sparse_restrict(q, keep, number, lost);
    for (uint32_t i = 0; i < q->n; i++) {
        if (keep[i]) {
            x[number[i]] = start[i];
        }
    }
    int rc = sim_factor_make(&factor, &open, lost, max_entries, max_flops, err);
    if (rc == 0) {
        sim_factor_solve_left(&factor, x);
        sim_factor_release(&factor);
    }
    for (uint32_t i = 0; rc == 0 && i < q->n; i++) {
        stay[i] = keep[i] ? x[number[i]] : 0;
    }
    sim_sparse_release(&open);
    free(number);
    free(lost);
    free(x);
    return rc;
}
