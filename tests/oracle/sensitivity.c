/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Importance and elasticities by simulation against exact answers, under crude and
 * biased. Seeds are fixed. What is asserted (the truth within 2.3 half-widths, 4.5
 * standard errors) fails for an honest interval with a probability below 1e-5 a check;
 * some 400 checks: an honest program fails with another seed about once in 300 runs.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/problem.h"

#define HALVES 2.3

static void run(const struct test_problem *problem, enum sim_method method,
                double precision, struct sim_result *result)
{
    struct sim_study study = sim_study_default();

    study.method = method;
    study.precision = precision;
    study.sensitivity = true;
    test_problem_run(problem, &study, result);
}

/* Is the truth about where the interval says? Half a per mille is rounding: outages of
 * kinds too rare to be met in a short test. */
static void check(const char *id, const char *what, struct sim_estimate e, double truth)
{
    const double half = test_half_width(&e, truth);

    cr_assert(e.is_known, "%s: %s is not known", id, what);
    cr_assert(e.low <= e.value && e.value <= e.high, "%s: %s", id, what);
    cr_assert_leq(fabs(truth - e.value), HALVES * half + 5e-4 * fabs(truth),
                  "%s: %s is %g in [%g, %g], exact %g", id, what, e.value, e.low,
                  e.high, truth);
}

static double number(const struct ha_node *map, const char *key)
{
    const char *text = ha_node_text(ha_node_get(map, key), NULL);

    return text != NULL ? strtod(text, NULL) : (double)NAN;
}

static void check_component(const char *id, const struct sim_component_result *c,
                            const struct ha_node *truth)
{
    const struct {
        const char *key;
        struct sim_estimate e;
    } measures[] = {{"birnbaum", c->birnbaum},
                    {"criticality", c->criticality},
                    {"raw", c->raw},
                    {"rrw", c->rrw},
                    {"trigger_share", c->trigger_share},
                    {"down_given_outage", c->down_given_outage}};

    for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++) {
        check(id, measures[i].key, measures[i].e, number(truth, measures[i].key));
    }
}

/* Every component and parameter for which the file has an answer. */
static void check_problem(const char *id, enum sim_method method, double precision)
{
    struct test_problem problem;
    struct sim_result result;
    uint32_t n_checked = 0;

    test_problem_load(&problem, id);
    run(&problem, method, precision, &result);
    const struct sim_service_result *s = &result.service[0];
    const struct ha_node *answers = ha_node_get(problem.docs.doc[0], "answers");
    const struct ha_node *importance = ha_node_get(answers, "importance");
    const struct ha_node *elasticity =
        ha_node_get(answers, "elasticity_of_steady_unavailability");

    for (uint32_t i = 0; importance != NULL && i < s->n_components; i++) {
        const struct ha_node *truth = ha_node_get(importance, s->component[i].name);

        cr_assert_not_null(truth, "%s: %s", id, s->component[i].name);
        check_component(id, &s->component[i], truth);
        n_checked++;
    }
    for (uint32_t i = 0; elasticity != NULL && i < s->n_elasticities; i++) {
        const struct sim_elasticity_result *e = &s->elasticity[i];

        check(id, e->name, e->unavailability, number(elasticity, e->name));
        n_checked++;
    }
    cr_assert_eq(n_checked, (importance != NULL ? importance->n : 0) +
                                (elasticity != NULL ? elasticity->n : 0));
    sim_result_release(&result);
    test_problem_release(&problem);
}

Test(sensitivity, importance_biased)
{
    check_problem("renewal-weibull-lognormal-2of3", SIM_METHOD_BIASED, 0.05);
    check_problem("renewal-weibull-deterministic-3of5", SIM_METHOD_BIASED, 0.05);
    check_problem("renewal-exp-uniform-4of7", SIM_METHOD_BIASED, 0.05);
    check_problem("renewal-zoned-1-1-1", SIM_METHOD_BIASED, 0.05);
    check_problem("renewal-zoned-2-2-1", SIM_METHOD_BIASED, 0.05);
    check_problem("composite-vcluster-3nodes", SIM_METHOD_BIASED, 0.05);
    check_problem("published-family-goyal-r2", SIM_METHOD_BIASED, 0.05);
}

Test(sensitivity, elasticities_biased)
{
    check_problem("kofn-indep-2of3", SIM_METHOD_BIASED, 0.05);
    check_problem("kofn-crew1-3of5", SIM_METHOD_BIASED, 0.05);
    check_problem("zones-3-as-1-1-1", SIM_METHOD_BIASED, 0.05);
    check_problem("twolevel-3of5", SIM_METHOD_BIASED, 0.05);
    check_problem("coverage-3", SIM_METHOD_BIASED, 0.05);
    check_problem("spares-2of3-on-4", SIM_METHOD_BIASED, 0.05);
    check_problem("pending-2of3-on-4", SIM_METHOD_BIASED, 0.05);
    check_problem("stacked-3", SIM_METHOD_BIASED, 0.05);
}

Test(sensitivity, crude)
{
    check_problem("composite-vcluster-3nodes", SIM_METHOD_CRUDE, 0.1);
    check_problem("renewal-zoned-1-1-1", SIM_METHOD_CRUDE, 0.25);
    check_problem("coverage-3", SIM_METHOD_CRUDE, 0.05);
    check_problem("stacked-3", SIM_METHOD_CRUDE, 0.05);
    check_problem("zones-3-as-1-1-1", SIM_METHOD_CRUDE, 0.2);
}

static const struct sim_elasticity_result *find(const struct sim_service_result *s,
                                                const char *name)
{
    for (uint32_t i = 0; i < s->n_elasticities; i++) {
        if (strcmp(s->elasticity[i].name, name) == 0) {
            return &s->elasticity[i];
        }
    }
    cr_assert_fail("no parameter %s", name);
    return NULL;
}

/* In the long run downtime of independent parts depends on their means only: U of
 * 2-of-3 is 3 q^2 - 2 q^3, q = r / (f + r), whatever the laws. Scores of ageing clocks
 * must say so too: 6 q (1 - q) / U dq / d ln f = - 2 (1 - q)^2 / (1 - 2 q / 3), and a
 * third of it for each of the three. */
Test(sensitivity, laws_with_memory)
{
    static const char *const failures[] = {"m1.failure", "m2.failure", "m3.failure"};
    static const char *const repairs[] = {"m1.repair", "m2.repair", "m3.repair"};
    const double q = 1800.0 / (1800.0 + 5184000.0);
    const double third = 2.0 / 3.0 * (1 - q) * (1 - q) / (1 - 2 * q / 3);
    struct test_problem problem;
    struct sim_result result;

    test_problem_load(&problem, "renewal-weibull-lognormal-2of3");
    run(&problem, SIM_METHOD_BIASED, 0.02, &result);
    for (int i = 0; i < 3; i++) {
        check("weibull", failures[i],
              find(&result.service[0], failures[i])->unavailability, -third);
        check("lognormal", repairs[i],
              find(&result.service[0], repairs[i])->unavailability, third);
        /* How long repairs take hardly changes how often both are down at once: once.
         */
        check("weibull outages", failures[i],
              find(&result.service[0], failures[i])->outages, -2.0 / 3.0);
        check("lognormal outages", repairs[i],
              find(&result.service[0], repairs[i])->outages, 1.0 / 3.0);
    }
    sim_result_release(&result);
    test_problem_release(&problem);
}

/* Moving the end of a law that ends abruptly has no score: said, not guessed. */
Test(sensitivity, laws_with_edges_are_not_known)
{
    struct test_problem problem;
    struct sim_result result;

    test_problem_load(&problem, "renewal-weibull-deterministic-3of5");
    run(&problem, SIM_METHOD_BIASED, 0.1, &result);
    cr_assert_not(find(&result.service[0], "m1.repair")->unavailability.is_known);
    cr_assert(find(&result.service[0], "m1.failure")->unavailability.is_known);
    check("weibull", "m1.failure",
          find(&result.service[0], "m1.failure")->unavailability, -3.0 / 5.0);
    sim_result_release(&result);
    test_problem_release(&problem);
}

static void check_same(const struct sim_result *one, const struct sim_result *many)
{
    const struct sim_service_result *a = &one->service[0];
    const struct sim_service_result *b = &many->service[0];

    cr_assert_eq(a->n_components, b->n_components);
    cr_assert_eq(a->n_elasticities, b->n_elasticities);
    for (uint32_t i = 0; i < a->n_components; i++) {
        cr_assert_eq(a->component[i].component, b->component[i].component);
        cr_assert_eq(a->component[i].raw.value, b->component[i].raw.value);
        cr_assert_eq(a->component[i].raw.high, b->component[i].raw.high);
        cr_assert_eq(a->component[i].trigger_share.low,
                     b->component[i].trigger_share.low);
    }
    for (uint32_t i = 0; i < a->n_elasticities; i++) {
        cr_assert_eq(a->elasticity[i].unavailability.value,
                     b->elasticity[i].unavailability.value);
        cr_assert_eq(a->elasticity[i].outages.high, b->elasticity[i].outages.high);
    }
}

Test(sensitivity, threads_change_nothing)
{
    static const enum sim_method methods[] = {SIM_METHOD_CRUDE, SIM_METHOD_BIASED};
    struct test_problem problem;

    test_problem_load(&problem, "composite-vcluster-3nodes");
    for (int i = 0; i < 2; i++) {
        struct sim_study study = sim_study_default();
        struct sim_result one;
        struct sim_result three;

        study.method = methods[i];
        study.sensitivity = true;
        study.years = methods[i] == SIM_METHOD_CRUDE ? 2000 : 100;
        test_problem_run(&problem, &study, &one);
        study.jobs = 3;
        test_problem_run(&problem, &study, &three);
        check_same(&one, &three);
        sim_result_release(&one);
        sim_result_release(&three);
    }
    test_problem_release(&problem);
}

/* Asking for sensitivity changes no other number. */
Test(sensitivity, only_adds)
{
    static const enum sim_method methods[] = {SIM_METHOD_CRUDE, SIM_METHOD_BIASED};
    struct test_problem problem;

    test_problem_load(&problem, "stacked-3");
    for (int i = 0; i < 2; i++) {
        struct sim_study study = sim_study_default();
        struct sim_result plain;
        struct sim_result asked;

        study.method = methods[i];
        study.years = methods[i] == SIM_METHOD_CRUDE ? 500 : 50;
        test_problem_run(&problem, &study, &plain);
        study.sensitivity = true;
        test_problem_run(&problem, &study, &asked);
        cr_assert_eq(plain.n_events, asked.n_events);
        cr_assert_eq(plain.service[0].unavailability.high,
                     asked.service[0].unavailability.high);
        cr_assert_eq(plain.service[0].n_components, 0);
        sim_result_release(&plain);
        sim_result_release(&asked);
    }
    test_problem_release(&problem);
}
