/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/designs.h"

#include <string.h>

#include <criterion/criterion.h>

int test_design_try(struct test_design *out, const char *file, const char *host,
                    const char *const *set, const struct ha_model_options *options,
                    struct sim_err *err)
{
    const struct ha_model_options none = {.causes_off = 0};
    const char *files[] = {file, host};
    struct ha_design_request request = {
        .n_files = host == NULL ? 1 : 2, .file = files, .set = set};
    int rc;

    while (set != NULL && set[request.n_sets] != NULL) {
        request.n_sets++;
    }
    memset(err, 0, sizeof(*err));
    sim_arena_init(&out->arena);
    rc = ha_design_load(&request, &out->design, err);
    if (rc != 0) {
        return rc;
    }
    rc = ha_vcluster_model(&out->design, options != NULL ? options : &none, &out->arena,
                           &out->model, err);
    if (rc != 0) {
        test_design_release(out);
        return rc;
    }
    out->plan = out->model.plan;
    return 0;
}

void test_design_load(struct test_design *out, const char *file, const char *host,
                      const char *const *set, const struct ha_model_options *options)
{
    struct sim_err err;
    int rc = test_design_try(out, file, host, set, options, &err);

    cr_assert_eq(rc, 0, "%s:%d: %s", err.file, err.line, err.message);
}

void test_design_release(struct test_design *design)
{
    ha_design_release(&design->design);
    sim_arena_clear(&design->arena);
}

uint32_t test_design_pod(const struct test_design *design, const char *name)
{
    const struct ha_kube_plan *kube = &design->plan->kube;

    for (uint32_t i = 0; i < kube->n_pods; i++) {
        if (strcmp(kube->infra.pod_name[i], name) == 0) {
            return i;
        }
    }
    cr_assert_fail("no pod %s", name);
    return 0;
}
