/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/design/doc.h"

void test_problem_load(struct test_problem *problem, const char *id)
{
    char path[256];
    struct sim_err err = {0};

    sim_arena_init(&problem->arena);
    snprintf(path, sizeof path, "tests/data/exact/%s.json", id);
    if (ha_docs_read(&problem->arena, path, &problem->docs, &err) != 0 ||
        ha_blocks_load(&problem->arena, problem->docs.doc[0], &problem->blocks, &err) !=
            0) {
        fprintf(stderr, "%s: %s\n", path, err.message);
        abort();
    }
    ha_blocks_model(&problem->arena, &problem->blocks, &problem->model);
}

void test_problem_release(struct test_problem *problem)
{
    sim_arena_clear(&problem->arena);
}

double test_problem_answer(const struct test_problem *problem, const char *name)
{
    const struct ha_node *answers = ha_node_get(problem->docs.doc[0], "answers");
    const char *text = ha_node_text(ha_node_get(answers, name), NULL);

    return text != NULL ? strtod(text, NULL) : (double)NAN;
}

void test_problem_run(const struct test_problem *problem, const struct sim_study *study,
                      struct sim_result *result)
{
    struct sim_err err = {0};

    if (sim_study_run(&problem->model, study, result, &err) != 0) {
        fprintf(stderr, "%s: %s\n", problem->model.name, err.message);
        abort();
    }
}

double test_half_width(const struct sim_estimate *e, double truth)
{
    return truth > e->value ? e->high - e->value : e->value - e->low;
}

double test_log_z(const struct sim_estimate *e, double truth)
{
    const double half =
        truth > e->value ? log(e->high / e->value) : log(e->value / e->low);

    return fabs(log(truth / e->value)) / (half / 1.998);
}

bool test_same_estimate(const struct sim_estimate *a, const struct sim_estimate *b)
{
    return memcmp(&a->value, &b->value, sizeof a->value) == 0 &&
           memcmp(&a->low, &b->low, sizeof a->low) == 0 &&
           memcmp(&a->high, &b->high, sizeof a->high) == 0 &&
           a->is_known == b->is_known;
}
