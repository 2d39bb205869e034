/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where to split, learned from counted steps.
 *
 * The pilot counts how often a step led from class i to class j, and what was scored
 * in i. Taken as a Markov chain over classes, these counts say what a visit of i is
 * worth beyond the usual (the Poisson equation of a chain with rewards):
 *
 *     value(i) = score(i) - g time(i) + sum over j of P(i, j) value(j)
 *
 * with g the score per time of the whole. In a history of which each visit of i is
 * played by R(i) copies of weight 1 / R(i), a step from i adds deviation(i)^2 / R(i) to
 * the variance of the estimate, deviation(i) being that of what the step brings
 * (score plus the value of where it leads), and costs R(i) events. The product of
 * variance and cost is least for R(i) proportional to deviation(i): the square root of
 * danger now times danger a step ahead, where classical splitting, with its many fine
 * levels, need not tell the two apart. R is at least 1, the history itself.
 *
 * Counts can only speak of steps that were seen. So a fifth of the effort is spread
 * evenly over all classes known, however harmless they seem, which also drives the
 * pilot on: what is rare gets copies, and the next round sees a step further. While no
 * outage was seen yet, all of the effort goes that way. Once one was, classes so rare
 * that they could not matter if every visit were as bad as the worst class known are
 * left alone: in a model of a cluster there is no end of them, each with thousands of
 * copies that live long.
 *
 * The chain is an approximation (a class is not a state), the levels need no more: any
 * levels give unbiased estimates, good ones cheap ones.
 *
 * Sources: the variance of an ergodic sum by the Poisson equation: Asmussen and Glynn,
 * Stochastic Simulation, 2007, IV.2 and I.7; optimal numbers of copies: Villen-
 * Altamirano and Villen-Altamirano, LNCS 5233, 2011; Botev and Kroese, Statistics and
 * Computing 22, 2012 (levels learned in a pilot).
 */
#include <math.h>
#include <stdlib.h>

#include "sim/splitting.h"

#define MOST_CLASSES 4096
#define CELL_CAP     16384
#define EDGE_CAP     131072
#define MOST_COST    300.0 /* events per event of the history itself */
#define EVENLY       0.25  /* effort spread over all classes, against the rest */
#define MATTERS      1e-2  /* of the score: nothing rarer is looked for */
#define FEW          8.0   /* visits: too few to say anything */
#define TRIALS       100.0 /* of failures, in steps from one class */
#define EXPLORE      8.0   /* the same while no outage was seen */

void sim_split_map_init(struct sim_split_map *map)
{
    *map = (struct sim_split_map){0};
    map->cell = calloc(CELL_CAP, sizeof *map->cell);
    map->class = calloc(MOST_CLASSES, sizeof *map->class);
    map->edge = calloc(EDGE_CAP, sizeof *map->edge);
    SIM_CHECK(map->cell != NULL && map->class != NULL && map->edge != NULL);
}

void sim_split_map_release(struct sim_split_map *map)
{
    free(map->cell);
    free(map->class);
    free(map->edge);
}

/* ---- Levels ---- */

static double mean_of(const struct sim_split_class *class, double sum)
{
    return class->n > 0.0 ? sum / class->n : 0.0;
}

/* Score per time of the whole. */
static double rate_of_score(const struct sim_split_map *map)
{
    double score = 0.0;
    double time_s = 0.0;

    for (uint32_t i = 0; i < map->n; i++) {
        const struct sim_split_class *class = &map->class[i];
        score += class->share * mean_of(class, class->score);
        time_s += class->share * mean_of(class, class->time_s);
    }
    return time_s > 0.0 ? score / time_s : 0.0;
}

/* Is there nothing to be gained, or too little known, to choose a level? After an
 * outage began there is little left to chance; and a path must not lose its copies for
 * want of evidence. */
static bool keeps_level(const struct sim_split_class *class)
{
    return class->score > 0.0 || class->n < FEW || !(class->share > 0.0);
}

/* The class that is visited most of those that have a level; its value and its level
 * are 0. Were it one that keeps the level, no class might be left at which copies end.
 */
static uint32_t usual_class(const struct sim_split_map *map)
{
    uint32_t usual = 0;

    for (uint32_t i = 1; i < map->n; i++) {
        const struct sim_split_class *class = &map->class[i];
        const struct sim_split_class *best = &map->class[usual];
        if (keeps_level(class) != keeps_level(best) ? keeps_level(best)
                                                    : class->share > best->share) {
            usual = i;
        }
    }
    return usual;
}

/* Sums value and value^2 over the steps from a class to others; *stays: the share that
 * leads to itself. */
static void sum_next(const struct sim_split_map *map, uint32_t i, double *stays,
                     double *mean, double *square)
{
    const struct sim_split_class *from = &map->class[i];

    *stays = *mean = *square = 0.0;
    for (uint32_t e = from->next_edge; e != 0; e = map->edge[e - 1].next) {
        const struct sim_split_edge *edge = &map->edge[e - 1];
        const double value = map->class[edge->to].value;
        const double chance = sim_split_chance(from, edge);
        if (edge->to == i) {
            *stays = chance;
        } else {
            *mean += chance * value;
            *square += chance * value * value;
        }
    }
}

static void find_deviations(struct sim_split_map *map, double rate)
{
    for (uint32_t i = 0; i < map->n; i++) {
        struct sim_split_class *class = &map->class[i];
        double stays;
        double mean;
        double square;

        class->deviation = 0.0;
        if (!(class->n > 1.0)) {
            continue;
        }
        sum_next(map, i, &stays, &mean, &square);
        mean += stays * class->value;
        square += stays * class->value * class->value;
        const double own2 = class->score2 - 2.0 * rate * class->score_time +
                            rate * rate * class->time2_s2;
        const double own =
            mean_of(class, class->score) - rate * mean_of(class, class->time_s);
        const double variance =
            fmax(square - mean * mean, 0.0) + fmax(own2 / class->n - own * own, 0.0);
        class->deviation = sqrt(variance);
    }
}

/* Cost and variance of copies in proportion to the deviation, 1 at `unit`. */
static void weigh(const struct sim_split_map *map, double unit, double *cost,
                  double *variance)
{
    *cost = *variance = 0.0;
    for (uint32_t i = 0; i < map->n; i++) {
        const struct sim_split_class *class = &map->class[i];
        const double copies = fmax(class->deviation / unit, 1.0);
        *cost += class->share * copies;
        *variance += class->share * class->deviation * class->deviation / copies;
    }
}

/* The deviation at which copies begin; infinity when nothing was scored yet. */
static double choose_unit(const struct sim_split_map *map)
{
    double top = 0.0;
    double best = HUGE_VAL;
    double best_product = HUGE_VAL;

    for (uint32_t i = 0; i < map->n; i++) {
        top = fmax(top, map->class[i].deviation);
    }
    for (uint32_t k = 0; k < 2 * SIM_SPLIT_LEVELS && top > 0.0; k++) {
        const double unit = ldexp(top, -(int)k);
        double cost;
        double variance;
        weigh(map, unit, &cost, &variance);
        if (cost > MOST_COST) {
            break;
        }
        if (cost * variance < best_product) {
            best_product = cost * variance;
            best = unit;
        }
    }
    return best;
}

/* Copies wanted of a class, unscaled; evenly: what every class gets of the effort that
 * may matter. */
static double copies_of(const struct sim_split_class *class, double unit, double evenly,
                        double least_share)
{
    const double copies = fmax(class->deviation / unit, 1.0);

    return class->share >= least_share ? fmax(copies, evenly / class->share) : copies;
}

/* The share below which a class cannot matter, were each visit the worst known. */
static double find_least_share(const struct sim_split_map *map)
{
    double score = 0.0;
    double worst = 0.0;

    for (uint32_t i = 0; i < map->n; i++) {
        const struct sim_split_class *class = &map->class[i];
        score += class->share * mean_of(class, class->score);
        worst = fmax(worst, class->value);
    }
    return worst > 0.0 ? MATTERS * score / worst : 0.0;
}

static void choose_levels(struct sim_split_map *map, uint32_t usual)
{
    double cost;
    double variance;

    const double unit = choose_unit(map);
    weigh(map, unit, &cost, &variance);
    const double evenly = (isinf(unit) ? EXPLORE : EVENLY) * cost / (double)map->n;
    const double least_share = isinf(unit) ? 0.0 : find_least_share(map);
    const double scale = copies_of(&map->class[usual], unit, evenly, least_share);
    for (uint32_t i = 0; i < map->n; i++) {
        struct sim_split_class *class = &map->class[i];
        if (keeps_level(class)) {
            class->level = SIM_SPLIT_KEEP;
            continue;
        }
        const double level = log2(copies_of(class, unit, evenly, least_share) / scale);
        class->level = (uint8_t)fmin(fmax(nearbyint(level), 0.0), SIM_SPLIT_LEVELS);
    }
}

void sim_split_map_learn(struct sim_split_map *map)
{
    if (map->n == 0) {
        return;
    }
    struct sim_sparse steps = sim_split_steps(map);

    sim_split_find_shares(map, &steps);
    const double rate = rate_of_score(map);
    const uint32_t usual = usual_class(map);
    if (rate > 0.0) {
        sim_split_find_values(map, &steps, rate, usual);
        find_deviations(map, rate);
    }
    choose_levels(map, usual);
    sim_sparse_release(&steps);
}

/* ---- Inside a run ---- */

#include "sim/poison.h"

static uint32_t cell_of(uint64_t key, uint32_t cap)
{
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (cap - 1);
}

uint32_t sim_split_map_find(struct sim_split_map *map, uint64_t key)
{
    uint32_t cell = cell_of(key, CELL_CAP);

    while (map->cell[cell] != 0) {
        if (map->class[map->cell[cell] - 1].key == key) {
            return map->cell[cell] - 1;
        }
        cell = (cell + 1) & (CELL_CAP - 1);
    }
    if (map->is_frozen || map->n == MOST_CLASSES) {
        return SIM_SPLIT_UNKNOWN;
    }
    map->class[map->n] = (struct sim_split_class){.key = key, .level = SIM_SPLIT_KEEP};
    map->cell[cell] = ++map->n;
    return map->n - 1;
}

/* The step between two classes, made when it is new; NULL when there are too many. */
static struct sim_split_edge *find_edge(struct sim_split_map *map, uint32_t from,
                                        uint32_t to)
{
    const uint64_t key = 1 + ((uint64_t)from << 32 | to);
    uint32_t cell = cell_of(key, EDGE_CAP);

    while (map->edge[cell].key != 0 && map->edge[cell].key != key) {
        cell = (cell + 1) & (EDGE_CAP - 1);
    }
    struct sim_split_edge *edge = &map->edge[cell];
    if (edge->key == 0) {
        if (map->n_edges >= EDGE_CAP / 4 * 3) {
            return NULL; /* as if it led to the usual */
        }
        map->n_edges++;
        *edge = (struct sim_split_edge){
            .key = key, .to = to, .next = map->class[from].next_edge};
        map->class[from].next_edge = cell + 1;
    }
    return edge;
}

void sim_split_map_visit(struct sim_split_map *map, uint32_t from, double weight,
                         double score, double time_s)
{
    if (from == SIM_SPLIT_UNKNOWN) {
        return;
    }
    struct sim_split_class *class = &map->class[from];
    class->weight += weight;
    class->n_natural += weight > 0.0;
    class->n += 1.0;
    class->score += score;
    class->score2 += score * score;
    class->time_s += time_s;
    class->time2_s2 += time_s * time_s;
    class->score_time += score * time_s;
}

void sim_split_map_step(struct sim_split_map *map, uint32_t from, uint32_t to,
                        bool is_tried)
{
    if (from == SIM_SPLIT_UNKNOWN || to == SIM_SPLIT_UNKNOWN ||
        (is_tried && map->class[from].n_trials > 0.0)) {
        return;
    }
    struct sim_split_edge *edge = find_edge(map, from, to);
    if (edge != NULL) {
        edge->n += 1.0;
    }
}

void sim_split_map_try(struct sim_split_map *map, uint32_t from, uint32_t to,
                       double expected)
{
    map->class[from].n_trials += 1.0;
    if (to == SIM_SPLIT_UNKNOWN) {
        return;
    }
    struct sim_split_edge *edge = find_edge(map, from, to);
    if (edge != NULL) {
        edge->expected += expected;
    }
}

bool sim_split_map_wants(const struct sim_split_map *map, uint32_t from)
{
    return from != SIM_SPLIT_UNKNOWN && map->class[from].n_trials < TRIALS;
}
