/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Designs for tests: shipped files or a few --set lines, made into models. */
#ifndef TESTS_SUPPORT_DESIGNS_H
#define TESTS_SUPPORT_DESIGNS_H

#include "models/design/design.h"
#include "models/vcluster/model.h"
#include "models/vcluster/plan.h"

struct test_design {
    struct ha_design design;
    struct sim_model model;
    const struct ha_vc_plan *plan;
    struct sim_arena arena;
};

/*
 * Loads `file` (and `host` unless NULL) with up to 16 --set lines (list ends with
 * NULL), builds the model with options. Asserts that it works.
 */
void test_design_load(struct test_design *out, const char *file, const char *host,
                      const char *const *set, const struct ha_model_options *options);

/* The same; returns the error code instead of asserting, with err filled. Nothing is
 * left to release when it is not 0. */
int test_design_try(struct test_design *out, const char *file, const char *host,
                    const char *const *set, const struct ha_model_options *options,
                    struct sim_err *err);

void test_design_release(struct test_design *design);

/* Pod row by name, as in "prod-etcd-0". Asserts that it exists. */
uint32_t test_design_pod(const struct test_design *design, const char *name);

#endif
