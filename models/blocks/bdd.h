/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Binary decision diagrams: a Boolean function of many variables as a shared graph in
 * which each node asks one variable. Components that stand under several gates are
 * then no difficulty: the probability is exact, by one pass over the nodes.
 */
#ifndef HA_BDD_H
#define HA_BDD_H

#include <stdbool.h>
#include <stdint.h>

enum { HA_BDD_FALSE = 0, HA_BDD_TRUE = 1 };

struct ha_bdd_node {
    uint32_t variable; /* asked here; smaller ones are asked earlier */
    uint32_t low;      /* when it is false */
    uint32_t high;     /* when it is true */
};

struct ha_bdd_call;

struct ha_bdd {
    uint32_t n, capacity, most;
    struct ha_bdd_node *node; /* children come before their parents */
    uint32_t *cell;
    uint64_t n_cells;
    struct {
        uint32_t f, g, h, result;
    } * memory; /* recent answers, direct mapped */
    struct ha_bdd_call *stack;
    uint32_t stack_capacity;
    bool is_full; /* more than `most` nodes were needed: answers are void */
};

void ha_bdd_init(struct ha_bdd *bdd, uint32_t most_nodes);
void ha_bdd_release(struct ha_bdd *bdd);

/* The function "variable v is true". */
uint32_t ha_bdd_variable(struct ha_bdd *bdd, uint32_t v);
/* If f then g else h. */
uint32_t ha_bdd_ite(struct ha_bdd *bdd, uint32_t f, uint32_t g, uint32_t h);

/* P(function is false) for every node: down[i] for i < n, given the probability
 * q[v] that variable v is false and p[v] that it is true. No subtraction. */
void ha_bdd_prob_false(const struct ha_bdd *bdd, const long double *q,
                       const long double *p, long double *down);

#endif
