/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exact lumping: states that behave alike become one.
 *
 * Two states may share a block when, for every other block, their total rates into it
 * agree (ordinary lumpability; Kemeny and Snell 1960). The coarsest such partition
 * that keeps a given label apart is found by refinement: start from the labels, and
 * split blocks by the rates into blocks until nothing splits. Each round signs every
 * state with a hash of its block and its sorted (block, total rate) pairs.
 *
 * This finds symmetries that nobody declared: n equal members written out one by one
 * collapse to a count. Rates are compared rounded to 36 bits of mantissa, since the
 * same sum taken in another order differs in the last bits; a pair on either side of
 * a rounding border merely stays apart.
 *
 * A long chain of distinct states refines by one state a round; after MAX_ROUNDS the
 * attempt is given up and the chain used as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"

enum { MAX_ROUNDS = 400 };

struct pair {
    uint32_t block;
    double rate;
};

struct signature {
    uint64_t a, b;
};

struct lumper {
    const struct sim_sparse *q;
    uint32_t *block;        /* of each state */
    uint32_t *fresh;        /* the next partition */
    struct pair *pair;      /* of one state */
    struct signature *sign; /* by fresh block */
    uint32_t *cell, n_cells;
    uint32_t n_blocks;
};

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

static uint64_t rounded(double rate)
{
    uint64_t bits;
    memcpy(&bits, &rate, sizeof bits);
    return (bits + 0x8000u) >> 16;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->block != y->block) {
        return x->block < y->block ? -1 : 1;
    }
    return x->rate < y->rate ? -1 : x->rate > y->rate;
}

/* The pairs of state i, sorted and summed, other blocks only; returns how many. */
static uint32_t list_pairs(const struct lumper *l, uint32_t i)
{
    uint32_t n = 0, kept = 0;
    for (uint64_t e = l->q->row[i]; e < l->q->row[i + 1]; e++) {
        uint32_t block = l->block[l->q->to[e]];
        if (block != l->block[i]) {
            l->pair[n++] = (struct pair){block, l->q->rate[e]};
        }
    }
    if (n > 1) {
        qsort(l->pair, n, sizeof *l->pair, compare_pairs);
    }
    for (uint32_t k = 0; k < n; k++) {
        if (kept > 0 && l->pair[kept - 1].block == l->pair[k].block) {
            l->pair[kept - 1].rate += l->pair[k].rate;
        } else {
            l->pair[kept++] = l->pair[k];
        }
    }
    return kept;
}

static struct signature sign_state(const struct lumper *l, uint32_t i)
{
    struct signature s = {mix(l->block[i] + 1), mix(~(uint64_t)l->block[i])};
    uint32_t n = list_pairs(l, i);
    for (uint32_t k = 0; k < n; k++) {
        uint64_t rate = rounded(l->pair[k].rate);
        s.a = mix(s.a ^ l->pair[k].block) + rate;
        s.b = mix(s.b + rate) ^ ((uint64_t)l->pair[k].block << 7);
    }
    return (struct signature){mix(s.a), mix(s.b)};
}

/* One round; returns the number of blocks of the finer partition. */
static uint32_t refine(struct lumper *l)
{
    uint32_t n = 0;
    memset(l->cell, 0, l->n_cells * sizeof *l->cell);
    for (uint32_t i = 0; i < l->q->n; i++) {
        struct signature s = sign_state(l, i);
        uint32_t c = (uint32_t)s.a & (l->n_cells - 1);
        while (l->cell[c] != 0 &&
               (l->sign[l->cell[c] - 1].a != s.a || l->sign[l->cell[c] - 1].b != s.b)) {
            c = (c + 1) & (l->n_cells - 1);
        }
        if (l->cell[c] == 0) {
            l->sign[n++] = s;
            l->cell[c] = n;
        }
        l->fresh[i] = l->cell[c] - 1;
    }
    uint32_t *old = l->block;
    l->block = l->fresh;
    l->fresh = old;
    return n;
}

/* The lumped rates, taken from the first state of each block. */
static struct sim_sparse collect(struct lumper *l)
{
    struct sim_sparse out = {.n = l->n_blocks};
    uint64_t room = l->q->row[l->q->n];
    out.row = sim_ctmc_alloc((size_t)l->n_blocks + 1, sizeof *out.row);
    out.to = sim_ctmc_alloc(room, sizeof *out.to);
    out.rate = sim_ctmc_alloc(room, sizeof *out.rate);
    uint64_t e = 0;
    uint32_t next = 0; /* blocks are numbered by their first state */
    for (uint32_t i = 0; i < l->q->n; i++) {
        if (l->block[i] != next) {
            continue;
        }
        uint32_t n = list_pairs(l, i);
        for (uint32_t k = 0; k < n; k++) {
            out.to[e] = l->pair[k].block;
            out.rate[e++] = l->pair[k].rate;
        }
        out.row[++next] = e;
    }
    return out;
}

static uint64_t longest_row(const struct sim_sparse *q)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        uint64_t n = q->row[i + 1] - q->row[i];
        most = n > most ? n : most;
    }
    return most;
}

struct sim_sparse sim_sparse_lump(const struct sim_sparse *q, const uint8_t *label,
                                  uint32_t *block)
{
    struct lumper l = {.q = q, .n_cells = 64};
    while (l.n_cells < 2 * (uint64_t)q->n) {
        l.n_cells *= 2;
    }
    l.block = sim_ctmc_alloc(q->n, sizeof *l.block);
    l.fresh = sim_ctmc_alloc(q->n, sizeof *l.fresh);
    l.pair = sim_ctmc_alloc(longest_row(q), sizeof *l.pair);
    l.sign = sim_ctmc_alloc(q->n, sizeof *l.sign);
    l.cell = sim_ctmc_alloc(l.n_cells, sizeof *l.cell);
    for (uint32_t i = 0; i < q->n; i++) {
        l.block[i] = label[i];
    }
    uint32_t rounds = 0, n = 0;
    do {
        l.n_blocks = n;
        n = refine(&l);
    } while (n != l.n_blocks && ++rounds < MAX_ROUNDS);
    if (n != l.n_blocks) { /* not settled: every state its own block */
        for (uint32_t i = 0; i < q->n; i++) {
            l.block[i] = i;
        }
        l.n_blocks = q->n;
    }
    struct sim_sparse out = collect(&l);
    memcpy(block, l.block, q->n * sizeof *block);
    free(l.block);
    free(l.fresh);
    free(l.pair);
    free(l.sign);
    free(l.cell);
    return out;
}
