/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reduced ordered binary decision diagrams (Bryant 1986), with if-then-else as the
 * one operation (Brace, Rudell, Bryant 1990).
 *
 * Nodes are unique: equal functions are equal numbers, so comparing is free. The
 * operation keeps its own stack; the depth is the number of variables. Recent results
 * are remembered in a direct-mapped table, which bounds memory and loses only time.
 * Beyond `most` nodes the diagram gives up and says so (is_full); a bad order of
 * variables can make any diagram explode, and an honest refusal is better than a
 * machine out of memory.
 */
#include "models/blocks/bdd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY = 1 << 16 };

struct ha_bdd_call {
    uint32_t f, g, h;
    uint32_t variable;
    uint32_t high; /* result of the true branch, once known */
    int step;
};

static void *get(size_t n, size_t size)
{
    void *block = calloc(n > 0 ? n : 1, size);
    if (block == NULL) {
        fprintf(stderr, "nines: out of memory: %zu x %zu bytes for a diagram\n", n,
                size);
        exit(1);
    }
    return block;
}

void ha_bdd_init(struct ha_bdd *bdd, uint32_t most_nodes)
{
    memset(bdd, 0, sizeof *bdd);
    bdd->most = most_nodes;
    bdd->capacity = 1024;
    bdd->node = get(bdd->capacity, sizeof *bdd->node);
    bdd->node[0].variable = bdd->node[1].variable = UINT32_MAX;
    bdd->n = 2;
    bdd->n_cells = 4096;
    bdd->cell = get(bdd->n_cells, sizeof *bdd->cell);
    bdd->memory = get(MEMORY, sizeof *bdd->memory);
    bdd->stack_capacity = 64;
    bdd->stack = get(bdd->stack_capacity, sizeof *bdd->stack);
}

void ha_bdd_release(struct ha_bdd *bdd)
{
    free(bdd->node);
    free(bdd->cell);
    free(bdd->memory);
    free(bdd->stack);
    memset(bdd, 0, sizeof *bdd);
}

static uint64_t hash3(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t h = (a * 0x9e3779b97f4a7c15u) ^ (b * 0xc2b2ae3d27d4eb4fu) ^
                 (c * 0x165667b19e3779f9u);
    h ^= h >> 31;
    h *= 0xff51afd7ed558ccdu;
    return h ^ h >> 29;
}

static void grow(struct ha_bdd *bdd)
{
    struct ha_bdd_node *more = get(2 * (size_t)bdd->capacity, sizeof *more);
    memcpy(more, bdd->node, bdd->n * sizeof *more);
    free(bdd->node);
    bdd->node = more;
    bdd->capacity *= 2;
    free(bdd->cell);
    bdd->n_cells *= 2;
    bdd->cell = get(bdd->n_cells, sizeof *bdd->cell);
    for (uint32_t i = 2; i < bdd->n; i++) {
        const struct ha_bdd_node *node = &bdd->node[i];
        uint64_t c = hash3(node->variable, node->low, node->high) & (bdd->n_cells - 1);
        while (bdd->cell[c] != 0) {
            c = (c + 1) & (bdd->n_cells - 1);
        }
        bdd->cell[c] = i;
    }
}

static uint32_t find_node(struct ha_bdd *bdd, uint32_t variable, uint32_t low,
                          uint32_t high)
{
    if (low == high) {
        return low;
    }
    uint64_t c = hash3(variable, low, high) & (bdd->n_cells - 1);
    while (bdd->cell[c] != 0) {
        const struct ha_bdd_node *node = &bdd->node[bdd->cell[c]];
        if (node->variable == variable && node->low == low && node->high == high) {
            return bdd->cell[c];
        }
        c = (c + 1) & (bdd->n_cells - 1);
    }
    if (bdd->n >= bdd->most) {
        bdd->is_full = true;
        return HA_BDD_FALSE;
    }
    bdd->node[bdd->n] = (struct ha_bdd_node){variable, low, high};
    bdd->cell[c] = bdd->n++;
    uint32_t made = bdd->n - 1;
    if (bdd->n == bdd->capacity) {
        grow(bdd);
    }
    return made;
}

uint32_t ha_bdd_variable(struct ha_bdd *bdd, uint32_t v)
{
    return find_node(bdd, v, HA_BDD_FALSE, HA_BDD_TRUE);
}

static uint32_t branch(const struct ha_bdd *bdd, uint32_t f, uint32_t variable,
                       bool is_high)
{
    const struct ha_bdd_node *node = &bdd->node[f];
    if (node->variable != variable) {
        return f;
    }
    return is_high ? node->high : node->low;
}

static uint32_t first_variable(const struct ha_bdd *bdd, uint32_t f, uint32_t g,
                               uint32_t h)
{
    uint32_t a = bdd->node[f].variable, b = bdd->node[g].variable;
    uint32_t c = bdd->node[h].variable;
    uint32_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static uint64_t memory_cell(uint32_t f, uint32_t g, uint32_t h)
{
    return hash3(f, g, h) % MEMORY;
}

/* The answer when it needs no branching; false when it does. */
static bool is_easy(const struct ha_bdd *bdd, uint32_t f, uint32_t g, uint32_t h,
                    uint32_t *result)
{
    if (f <= HA_BDD_TRUE) {
        *result = f == HA_BDD_TRUE ? g : h;
        return true;
    }
    if (g == h || (g == HA_BDD_TRUE && h == HA_BDD_FALSE)) {
        *result = g == h ? g : f;
        return true;
    }
    uint64_t c = memory_cell(f, g, h);
    if (bdd->memory[c].f == f && bdd->memory[c].g == g && bdd->memory[c].h == h) {
        *result = bdd->memory[c].result;
        return true;
    }
    return false;
}

static void push(struct ha_bdd *bdd, uint32_t depth, uint32_t f, uint32_t g, uint32_t h)
{
    if (depth == bdd->stack_capacity) {
        struct ha_bdd_call *more = get(2 * (size_t)depth, sizeof *more);
        memcpy(more, bdd->stack, depth * sizeof *more);
        free(bdd->stack);
        bdd->stack = more;
        bdd->stack_capacity *= 2;
    }
    bdd->stack[depth] = (struct ha_bdd_call){
        .f = f, .g = g, .h = h, .variable = first_variable(bdd, f, g, h)};
}

uint32_t ha_bdd_ite(struct ha_bdd *bdd, uint32_t f, uint32_t g, uint32_t h)
{
    uint32_t depth = 0, result = HA_BDD_FALSE;
    if (is_easy(bdd, f, g, h, &result)) {
        return result;
    }
    push(bdd, depth++, f, g, h);
    while (depth > 0 && !bdd->is_full) {
        struct ha_bdd_call *call = &bdd->stack[depth - 1];
        if (call->step == 1) {
            call->high = result;
        }
        if (call->step < 2) { /* first the true branch, then the false one */
            bool is_high = call->step++ == 0;
            uint32_t v = call->variable;
            uint32_t a = branch(bdd, call->f, v, is_high);
            uint32_t b = branch(bdd, call->g, v, is_high);
            uint32_t c = branch(bdd, call->h, v, is_high);
            if (!is_easy(bdd, a, b, c, &result)) {
                push(bdd, depth++, a, b, c);
            }
            continue;
        }
        result = find_node(bdd, call->variable, result, call->high);
        uint64_t at = memory_cell(call->f, call->g, call->h);
        bdd->memory[at].f = call->f;
        bdd->memory[at].g = call->g;
        bdd->memory[at].h = call->h;
        bdd->memory[at].result = result;
        depth--;
    }
    return result;
}

void ha_bdd_prob_false(const struct ha_bdd *bdd, const long double *q,
                       const long double *p, long double *down)
{
    down[HA_BDD_FALSE] = 1;
    down[HA_BDD_TRUE] = 0;
    for (uint32_t i = 2; i < bdd->n; i++) {
        const struct ha_bdd_node *node = &bdd->node[i];
        down[i] =
            q[node->variable] * down[node->low] + p[node->variable] * down[node->high];
    }
}
