/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reference problem from tests/data/exact with its answers, as a model. */
#ifndef TEST_PROBLEM_H
#define TEST_PROBLEM_H

#include "models/blocks/blocks.h"
#include "sim/model.h"
#include "sim/study.h"

struct test_problem {
    struct sim_arena arena;
    struct ha_docs docs;
    struct ha_blocks blocks;
    struct sim_model model;
};

/* Loads tests/data/exact/<id>.json; aborts with a message when that fails. */
void test_problem_load(struct test_problem *problem, const char *id);
void test_problem_release(struct test_problem *problem);

/* An answer by name ("steady_unavailability"); NaN when the file has none. */
double test_problem_answer(const struct test_problem *problem, const char *name);

/* Runs a study of the problem; aborts with a message when that fails. The caller
 * releases the result. */
void test_problem_run(const struct test_problem *problem, const struct sim_study *study,
                      struct sim_result *result);

/* Half-width of an interval on the side where the truth lies. */
double test_half_width(const struct sim_estimate *e, double truth);

/* Are two estimates the same to the last bit? Padding, which holds anything, aside. */
bool test_same_estimate(const struct sim_estimate *a, const struct sim_estimate *b);

/* Standard errors between estimate and truth on the log scale, by that side. */
double test_log_z(const struct sim_estimate *e, double truth);

#endif
