/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often a history comes by a class of states, and what a visit is worth: two
 * systems of linear equations over the steps that the pilot counted.
 *
 * Both are solved by elimination, like chains of states (sim/gth.c). Sweeps are not
 * enough: a zone that is down lasts for thousands of steps, which is as many sweeps;
 * and where chances of seen steps and of expected failures sum to more than one, they
 * diverge. With the total of all chances as the rate out of a class the matrix is
 * always one of a chain, and nothing can.
 *
 * What a class does that was not seen yet leads, with a probability that falls with the
 * number of its visits, out of everything. So a set of classes that was never seen to
 * be left is thought to be left about as late as it was seen.
 */
#include <stdlib.h>

#include "sim/splitting.h"

#define MOST_ENTRIES 4e6  /* of a factored chain ... */
#define MOST_FLOPS   4e8  /* ... and multiplications for it */
#define MANY         30.0 /* visits: enough to count them */
#define DOUBT        1.0  /* steps of every class that lead nobody knows where */

double sim_split_chance(const struct sim_split_class *from,
                        const struct sim_split_edge *edge)
{
    double chance = from->n > 0.0 ? edge->n / from->n : 0.0;

    if (from->n_trials > 0.0) {
        chance += edge->expected / from->n_trials;
    }
    return fmin(chance, 1.0);
}

struct sim_sparse sim_split_steps(const struct sim_split_map *map)
{
    struct sim_sparse q = {.n = map->n + 1};
    uint64_t n = 0;

    q.row = sim_ctmc_alloc(q.n + 1, sizeof *q.row);
    q.to = sim_ctmc_alloc(map->n_edges + q.n, sizeof *q.to);
    q.rate = sim_ctmc_alloc(map->n_edges + q.n, sizeof *q.rate);
    for (uint32_t i = 0; i < map->n; i++) {
        const struct sim_split_class *from = &map->class[i];
        for (uint32_t e = from->next_edge; e != 0; e = map->edge[e - 1].next) {
            const double chance = sim_split_chance(from, &map->edge[e - 1]);
            if (map->edge[e - 1].to != i && chance > 0.0) {
                q.to[n] = map->edge[e - 1].to;
                q.rate[n++] = chance;
            }
        }
        q.to[n] = map->n;
        q.rate[n++] = DOUBT / (from->n + 1.0);
        q.row[i + 1] = n;
    }
    q.row[q.n] = n;
    return q;
}

/*
 * How often a history comes by: counted, or, where it hardly ever does, from how often
 * it enters what lies between counted classes and how long it stays there, which may
 * be thousands of steps.
 */
void sim_split_find_shares(struct sim_split_map *map, const struct sim_sparse *steps)
{
    uint8_t *is_rare = sim_ctmc_alloc(steps->n, sizeof *is_rare);
    long double *start = sim_ctmc_alloc(steps->n, sizeof *start);
    long double *visits = sim_ctmc_alloc(steps->n, sizeof *visits);
    struct sim_err ignored;
    double whole = 0.0;

    for (uint32_t i = 0; i < map->n; i++) {
        whole += map->class[i].weight;
        is_rare[i] = map->class[i].n_natural < MANY;
    }
    for (uint32_t i = 0; i < map->n; i++) {
        struct sim_split_class *class = &map->class[i];
        class->share = is_rare[i] ? 0.0 : class->weight / whole;
        for (uint64_t e = steps->row[i]; !is_rare[i] && e < steps->row[i + 1]; e++) {
            start[steps->to[e]] += class->share * steps->rate[e];
        }
    }
    if (sim_ctmc_stay(steps, is_rare, start, MOST_ENTRIES, MOST_FLOPS, visits,
                      &ignored) == 0) {
        for (uint32_t i = 0; i < map->n; i++) {
            map->class[i].share += is_rare[i] ? (double)visits[i] : 0.0;
        }
    }
    free(is_rare);
    free(start);
    free(visits);
}

/* Score and time apart are sums of what is not negative, solved without loss. */
void sim_split_find_values(struct sim_split_map *map, const struct sim_sparse *steps,
                           double rate, uint32_t usual)
{
    uint8_t *keep = sim_ctmc_alloc(steps->n, sizeof *keep);
    uint32_t *number = sim_ctmc_alloc(steps->n, sizeof *number);
    long double *lost = sim_ctmc_alloc(steps->n, sizeof *lost);
    long double *score = sim_ctmc_alloc(steps->n, sizeof *score);
    long double *time_s = sim_ctmc_alloc(steps->n, sizeof *time_s);
    struct sim_factor factor;
    struct sim_err ignored;

    for (uint32_t i = 0; i < map->n; i++) {
        keep[i] = i != usual;
    }
    struct sim_sparse part = sim_sparse_restrict(steps, keep, number, lost);
    for (uint32_t i = 0; i < map->n; i++) {
        const struct sim_split_class *class = &map->class[i];
        if (keep[i] && class->n > 0.0) {
            score[number[i]] = class->score / class->n;
            time_s[number[i]] = class->time_s / class->n;
        }
    }
    if (sim_factor_make(&factor, &part, lost, MOST_ENTRIES, MOST_FLOPS, &ignored) ==
        0) {
        sim_factor_solve_right(&factor, score);
        sim_factor_solve_right(&factor, time_s);
        sim_factor_release(&factor);
        for (uint32_t i = 0; i < map->n; i++) {
            map->class[i].value =
                keep[i] ? (double)(score[number[i]] - rate * time_s[number[i]]) : 0.0;
        }
    }
    sim_sparse_release(&part);
    free(keep);
    free(number);
    free(lost);
    free(score);
    free(time_s);
}
