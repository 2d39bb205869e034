/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sparse chains: restricting, transposing, reachability, closed classes.
 *
 * All passes are iterative and linear in the number of edges. Tarjan's algorithm
 * keeps its own stack, since a chain of a million states in a line would overflow
 * the C stack.
 */
#include "sim/ctmc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check.h"

void *sim_ctmc_alloc(size_t n, size_t size)
{
    void *block = calloc(n > 0 ? n : 1, size);
    if (block == NULL) {
        fprintf(stderr, "nines: out of memory: %zu x %zu bytes for a Markov chain\n", n,
                size);
        exit(1);
    }
    return block;
}

void *sim_ctmc_realloc(void *block, size_t n, size_t size)
{
    void *more = realloc(block, n * size);
    if (more == NULL) {
        fprintf(stderr, "nines: out of memory: %zu x %zu bytes for a Markov chain\n", n,
                size);
        exit(1);
    }
    return more;
}

void sim_sparse_release(struct sim_sparse *q)
{
    free(q->row);
    free(q->to);
    free(q->rate);
    memset(q, 0, sizeof *q);
}

void sim_ctmc_release(struct sim_ctmc *chain)
{
    sim_sparse_release(&chain->q);
    sim_labels_release(&chain->labels);
    free(chain->label);
    free(chain->cause);
    free(chain->initial);
    free(chain->initial_p);
    memset(chain, 0, sizeof *chain);
}

static struct sim_sparse make_sparse(uint32_t n, uint64_t n_edges)
{
    struct sim_sparse q = {.n = n};
    q.row = sim_ctmc_alloc((size_t)n + 1, sizeof *q.row);
    q.to = sim_ctmc_alloc(n_edges, sizeof *q.to);
    q.rate = sim_ctmc_alloc(n_edges, sizeof *q.rate);
    return q;
}

struct sim_sparse sim_sparse_restrict(const struct sim_sparse *q, const uint8_t *keep,
                                      uint32_t *number, long double *lost)
{
    uint32_t n = 0;
    uint64_t n_edges = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        number[i] = keep[i] ? n++ : UINT32_MAX;
        n_edges += keep[i] ? q->row[i + 1] - q->row[i] : 0;
    }
    struct sim_sparse out = make_sparse(n, n_edges);
    uint64_t e = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        if (!keep[i]) {
            continue;
        }
        long double gone = 0;
        for (uint64_t k = q->row[i]; k < q->row[i + 1]; k++) {
            if (keep[q->to[k]]) {
                out.to[e] = number[q->to[k]];
                out.rate[e++] = q->rate[k];
            } else {
                gone += (long double)q->rate[k];
            }
        }
        out.row[number[i] + 1] = e;
        if (lost != NULL) {
            lost[number[i]] = gone;
        }
    }
    return out;
}

struct sim_sparse sim_sparse_transpose(const struct sim_sparse *q,
                                       const uint8_t *colour, const double *shade)
{
    struct sim_sparse t = make_sparse(q->n, q->row[q->n]);
    uint64_t *fill = sim_ctmc_alloc((size_t)q->n + 1, sizeof *fill);
    for (uint64_t k = 0; k < q->row[q->n]; k++) {
        t.row[q->to[k] + 1]++;
    }
    for (uint32_t i = 0; i < q->n; i++) {
        t.row[i + 1] += t.row[i];
        fill[i] = t.row[i];
    }
    for (uint32_t i = 0; i < q->n; i++) {
        for (uint64_t k = q->row[i]; k < q->row[i + 1]; k++) {
            uint64_t at = fill[q->to[k]]++;
            t.to[at] = i;
            t.rate[at] = q->rate[k] * (colour == NULL ? 1 : shade[colour[k]]);
        }
    }
    free(fill);
    return t;
}

void sim_sparse_reach(const struct sim_sparse *q, uint8_t *mark)
{
    uint32_t *queue = sim_ctmc_alloc(q->n, sizeof *queue);
    uint32_t n = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        if (mark[i]) {
            queue[n++] = i;
        }
    }
    for (uint32_t head = 0; head < n; head++) {
        uint32_t i = queue[head];
        for (uint64_t k = q->row[i]; k < q->row[i + 1]; k++) {
            if (!mark[q->to[k]]) {
                mark[q->to[k]] = 1;
                queue[n++] = q->to[k];
            }
        }
    }
    free(queue);
}

/* Tarjan's strongly connected components with an explicit stack. */
struct tarjan {
    const struct sim_sparse *q;
    uint32_t *low, *number, *component;
    uint64_t *edge; /* next edge to look at, by state */
    uint32_t *stack, n_stack;
    uint32_t *path, n_path;
    uint32_t n_numbered, n_components;
};

static void tarjan_enter(struct tarjan *t, uint32_t i)
{
    t->number[i] = t->low[i] = ++t->n_numbered;
    t->edge[i] = t->q->row[i];
    t->stack[t->n_stack++] = i;
    t->path[t->n_path++] = i;
}

static void tarjan_leave(struct tarjan *t, uint32_t i)
{
    t->n_path--;
    if (t->n_path > 0) {
        uint32_t parent = t->path[t->n_path - 1];
        t->low[parent] = t->low[i] < t->low[parent] ? t->low[i] : t->low[parent];
    }
    if (t->low[i] != t->number[i]) {
        return;
    }
    t->n_components++;
    uint32_t j;
    do {
        j = t->stack[--t->n_stack];
        t->component[j] = t->n_components;
    } while (j != i);
}

static void tarjan_from(struct tarjan *t, uint32_t root)
{
    tarjan_enter(t, root);
    while (t->n_path > 0) {
        uint32_t i = t->path[t->n_path - 1];
        if (t->edge[i] == t->q->row[i + 1]) {
            tarjan_leave(t, i);
            continue;
        }
        uint32_t j = t->q->to[t->edge[i]++];
        if (t->number[j] == 0) {
            tarjan_enter(t, j);
        } else if (t->component[j] == 0 && t->number[j] < t->low[i]) {
            t->low[i] = t->number[j];
        }
    }
}

uint32_t sim_sparse_closed(const struct sim_sparse *q, const uint8_t *from,
                           uint32_t *class)
{
    struct tarjan t = {.q = q};
    t.low = sim_ctmc_alloc(q->n, sizeof *t.low);
    t.number = sim_ctmc_alloc(q->n, sizeof *t.number);
    t.component = sim_ctmc_alloc(q->n, sizeof *t.component);
    t.edge = sim_ctmc_alloc(q->n, sizeof *t.edge);
    t.stack = sim_ctmc_alloc(q->n, sizeof *t.stack);
    t.path = sim_ctmc_alloc(q->n, sizeof *t.path);
    for (uint32_t i = 0; i < q->n; i++) {
        if (from[i] && t.number[i] == 0) {
            tarjan_from(&t, i);
        }
    }
    uint8_t *is_open = sim_ctmc_alloc((size_t)t.n_components + 1, sizeof *is_open);
    for (uint32_t i = 0; i < q->n; i++) {
        for (uint64_t k = q->row[i]; t.component[i] && k < q->row[i + 1]; k++) {
            is_open[t.component[i]] |= t.component[q->to[k]] != t.component[i];
        }
    }
    uint32_t n_closed = 0;
    uint32_t *number = sim_ctmc_alloc((size_t)t.n_components + 1, sizeof *number);
    for (uint32_t c = 1; c <= t.n_components; c++) {
        number[c] = is_open[c] ? 0 : ++n_closed;
    }
    for (uint32_t i = 0; i < q->n; i++) {
        class[i] = number[t.component[i]]; /* number[0] is 0: never reached */
    }
    free(number);
    free(t.low);
    free(t.number);
    free(t.component);
    free(t.edge);
    free(t.stack);
    free(t.path);
    free(is_open);
    return n_closed;
}
