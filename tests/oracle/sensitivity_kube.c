/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elasticities of the Kubernetes model against differences of exact answers: a small
 * design with exponential delays is solved as a Markov chain with a catalogue row five
 * per cent smaller and larger, and simulated with its score. The difference quotient is
 * off by about (5 %)^2 of the elasticity.
 *
 * The truth must lie within 2.3 half-widths (4.5 standard errors): a false alarm below
 * 1e-5 for each of a dozen checks with a new seed; the seeds are fixed.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/exact.h"
#include "sim/study.h"
#include "sim/world.h"
#include "tests/support/designs.h"

#define ALL_OFF ((UINT32_C(1) << HA_N_FMS) - 1u)
#define HALVES  2.3
#define STEP    0.05

/* A row of the catalogue and its value there, in the unit written. */
struct row {
    const char *key;
    double value;
    const char *unit;
};

static const struct row rows[] = {{"node.host_fail.rate", 5.0, "/y"},
                                  {"node.host_fail.recover", 360.0, "s"},
                                  {"pod.crash.rate", 20.0, "/y"},
                                  {"pod.restart", 30.0, "s"}};
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

/* The design with row `which` multiplied by a factor. */
static void load(struct test_design *t, int which, double factor)
{
    const struct ha_model_options options = {
        .exponential_delays = true,
        .flat_backoff = true,
        .no_leases = true,
        .causes_off = ALL_OFF & ~(HA_FM_BIT(POD_CRASH) | HA_FM_BIT(HOST_FAIL))};
    char text[N_ROWS][96];
    const char *set[N_ROWS + 2] = {
        "controlPlane.statefulSet.highAvailability.replicas=1"};

    for (int i = 0; i < N_ROWS; i++) {
        snprintf(text[i], sizeof(text[i]), "catalog.%s=%.17g%s", rows[i].key,
                 rows[i].value * (i == which ? factor : 1.0), rows[i].unit);
        set[i + 1] = text[i];
    }
    test_design_load(t, "tests/data/small/external.yaml",
                     "tests/data/small/one-zone.yaml", set, &options);
}

static double exact_log(int which, double factor)
{
    struct sim_exact_options asked = {.limits = sim_statespace_default(),
                                      .services = 1u << HA_SERVICE_API_READ,
                                      .budget_s = -1};
    struct sim_exact solved;
    struct test_design t;
    struct sim_err err;

    load(&t, which, factor);
    cr_assert_eq(sim_exact_solve(&t.arena, &t.model, &asked, &solved, &err), 0, "%s",
                 err.message);
    const double log_u = log(solved.service[0].unavailability);
    test_design_release(&t);
    return log_u;
}

static void check(const struct sim_service_result *s, const char *key, double truth)
{
    for (uint32_t i = 0; i < s->n_elasticities; i++) {
        const struct sim_estimate e = s->elasticity[i].unavailability;

        if (strcmp(s->elasticity[i].name, key) == 0) {
            const double half = truth > e.value ? e.high - e.value : e.value - e.low;

            cr_assert(e.is_known, "%s", key);
            cr_expect_leq(fabs(truth - e.value), HALVES * half,
                          "%s: %g in [%g, %g], exact %g", key, e.value, e.low, e.high,
                          truth);
            cr_expect_lt(half, 0.2, "%s: an interval that says something", key);
            return;
        }
    }
    cr_assert_fail("no parameter %s", key);
}

static void compare(enum sim_method method)
{
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct test_design t;
    struct sim_err err;

    load(&t, 0, 1.0);
    study.method = method;
    study.sensitivity = true;
    cr_assert_eq(sim_study_run(&t.model, &study, &result, &err), 0, "%s", err.message);
    for (int i = 0; i < N_ROWS; i++) {
        const double truth = (exact_log(i, 1.0 + STEP) - exact_log(i, 1.0 - STEP)) /
                             (log1p(STEP) - log1p(-STEP));

        check(&result.service[HA_SERVICE_API_READ], rows[i].key, truth);
    }
    sim_result_release(&result);
    test_design_release(&t);
}

Test(sensitivity_kube, crude)
{
    compare(SIM_METHOD_CRUDE);
}

Test(sensitivity_kube, biased)
{
    compare(SIM_METHOD_BIASED);
}

/* Every component is named once, and none is broken while all is calm. */
Test(sensitivity_kube, components)
{
    static const char *const set[] = {NULL};
    const struct ha_model_options options = {.no_leases = false};
    struct test_design t;
    struct sim_run run;
    double broken[SIM_MAX_COMPONENTS];

    test_design_load(&t, "configs/designs/guide-corrected.yaml", NULL, set, &options);
    const struct sim_components *c = t.model.components;

    cr_assert_gt(c->n, 9);
    for (uint32_t i = 0; i < c->n; i++) {
        for (uint32_t k = 0; k < i; k++) {
            cr_assert_neq(strcmp(c->name[i], c->name[k]), 0, "%s", c->name[i]);
        }
    }
    sim_run_init(&run, &t.model);
    sim_run_bind(&run, sim_world_alloc(run.world_bytes));
    sim_world_start(&run, 1, 0, 0);
    cr_assert(t.model.is_calm(t.model.plan, &run));
    c->broken(t.model.plan, &run, broken);
    for (uint32_t i = 0; i < c->n; i++) {
        cr_assert_eq(broken[i], 0.0, "%s", c->name[i]);
    }
    free(run.world);
    sim_run_unbind(&run);
    test_design_release(&t);
}
