/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Levels of splitting from counted steps between classes: there must always be a level
 * at which copies end, values must be those of the counted chain, and effort must not
 * go where nothing can be won.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/splitting.h"

enum { CALM = 1, DEGRADED, LOST, LIMPING, FAR };

static struct sim_split_map map;

static void setup(void)
{
    sim_split_map_init(&map);
}

static void teardown(void)
{
    sim_split_map_release(&map);
}

/* n steps from a class to another, each of which takes time_s and scores. */
static void count(uint64_t from, uint64_t to, int n, double score, double time_s)
{
    const uint32_t i = sim_split_map_find(&map, from);
    const uint32_t j = sim_split_map_find(&map, to);

    for (int k = 0; k < n; k++) {
        sim_split_map_visit(&map, i, 1.0, score, time_s);
        sim_split_map_step(&map, i, j, false);
    }
}

static const struct sim_split_class *class_of(uint64_t key)
{
    return &map.class[sim_split_map_find(&map, key)];
}

TestSuite(splitting_learn, .init = setup, .fini = teardown);

Test(splitting_learn, copies_end_where_no_outage_is_though_most_steps_are_in_outages)
{
    count(CALM, LOST, 1000, 0.0, 1e6);
    count(LOST, LIMPING, 1000, 10.0, 10.0);
    count(LIMPING, LOST, 4000, 5.0, 5.0);
    count(LIMPING, CALM, 1000, 5.0, 5.0);
    count(LOST, LIMPING, 4000, 10.0, 10.0);
    sim_split_map_learn(&map);
    cr_expect_eq(class_of(LOST)->level, SIM_SPLIT_KEEP);
    cr_expect_eq(class_of(LIMPING)->level, SIM_SPLIT_KEEP);
    cr_expect_eq(class_of(CALM)->level, 0);
}

/* Calm to degraded, from there 1 in 100 to an outage of 50 s. */
static void count_simple(void)
{
    count(CALM, DEGRADED, 10000, 0.0, 1000.0);
    count(DEGRADED, CALM, 9900, 0.0, 1.0);
    count(DEGRADED, LOST, 100, 0.0, 1.0);
    count(LOST, DEGRADED, 100, 50.0, 50.0);
}

Test(splitting_learn, values_are_those_of_the_chain)
{
    count_simple();
    sim_split_map_learn(&map);
    /* One outage of 50 s in 10,000 rounds of 1,001 s; doubt of 1 in 10,000 steps. */
    const double rate = 100 * 50.0 / (10000 * 1001.0 + 100 * 50.0);
    const double per_visit = 0.01 * (50.0 - rate * 51.0);
    cr_expect_lt(fabs(class_of(LOST)->value - 50.0), 2.0);
    cr_expect_lt(fabs(class_of(DEGRADED)->value - per_visit), 0.02 * 0.5);
    cr_expect_gt(class_of(DEGRADED)->level, 0);
}

/* Failures that are tried are expected more often than steps leave room for: chances
 * out of a class sum to more than one, twice in a circle. */
Test(splitting_learn, values_stay_finite_where_chances_sum_to_more_than_one)
{
    count_simple();
    count(FAR, LIMPING, 20, 0.0, 1.0);
    count(LIMPING, FAR, 20, 0.0, 1.0);
    const uint32_t far = sim_split_map_find(&map, FAR);
    const uint32_t limping = sim_split_map_find(&map, LIMPING);
    for (int k = 0; k < 10; k++) {
        sim_split_map_try(&map, far, limping, 3.0);
        sim_split_map_try(&map, limping, far, 3.0);
        sim_split_map_try(&map, limping, sim_split_map_find(&map, LOST), 1.0);
    }
    for (int k = 0; k < 20; k++) {
        sim_split_map_learn(&map);
    }
    for (uint32_t i = 0; i < map.n; i++) {
        cr_expect_lt(fabs(map.class[i].value), 1e4);
        cr_expect_lt(map.class[i].share, 10.0);
    }
}

/* What a history meets once in 1e12 steps cannot matter to an outage in a million. */
Test(splitting_learn, no_copies_for_what_cannot_matter)
{
    count_simple();
    const uint32_t degraded = sim_split_map_find(&map, DEGRADED);
    const uint32_t far = sim_split_map_find(&map, FAR);
    for (int k = 0; k < 100; k++) {
        sim_split_map_try(&map, degraded, far, 1e-12);
        sim_split_map_visit(&map, far, 0.0, 0.0, 1.0);
        sim_split_map_step(&map, far, degraded, false);
    }
    sim_split_map_learn(&map);
    cr_expect_lt(class_of(FAR)->share, 1e-11);
    cr_expect_leq(class_of(FAR)->level, class_of(DEGRADED)->level);
}
