/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the first outage, or the loss, of a new system comes: mean time and chances by
 * one, five and ten years against exact answers, under crude and biased. Fixed seeds;
 * the truth must lie within 2.3 half-widths (4.5 standard errors): a false alarm below
 * 1e-5 for each of some 15 checks with a new seed.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/support/problem.h"

#define HALVES 2.3

static void check(const char *what, struct sim_estimate e, double truth)
{
    const double half = test_half_width(&e, truth);

    cr_assert(e.is_known, "%s", what);
    cr_assert(isfinite(e.low) && isfinite(e.high), "%s", what);
    cr_expect_leq(fabs(truth - e.value), HALVES * half, "%s: %g in [%g, %g], exact %g",
                  what, e.value, e.low, e.high, truth);
    cr_expect_lt(e.high, 1.5 * e.value, "%s: an interval that says something", what);
}

static void run(const struct test_problem *problem, enum sim_method method,
                double years, struct sim_result *result)
{
    struct sim_study study = sim_study_default();

    study.method = method;
    study.years = years;
    study.first_year = true;
    test_problem_run(problem, &study, result);
}

/* Asked for or not: a system that ends with a loss is always told this way. */
Test(first_outage, loss_biased)
{
    struct test_problem problem;
    struct sim_result result;
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, "loss-2copies");
    study.method = SIM_METHOD_BIASED;
    test_problem_run(&problem, &study, &result);
    const struct sim_service_result *s = &result.service[0];
    check("mttdl", s->mttff_s, test_problem_answer(&problem, "mean_time_to_loss_s"));
    check("1 y", s->prob_outage_first_year,
          test_problem_answer(&problem, "prob_loss_1y"));
    check("5 y", s->prob_outage_5y, test_problem_answer(&problem, "prob_loss_5y"));
    check("10 y", s->prob_outage_10y, test_problem_answer(&problem, "prob_loss_10y"));
    cr_assert_not(s->first_year_unavailability.is_known);
    sim_result_release(&result);
    test_problem_release(&problem);
}

/* Outages too rare to wait for: constant from the sixth year on. First outages of a
 * system of independent parts with exponential lives come at the rate 1 / MTTFF. */
static void check_rare(enum sim_method method, double years)
{
    struct test_problem problem;
    struct sim_result result;

    test_problem_load(&problem, "kofn-indep-2of3");
    run(&problem, method, years, &result);
    const struct sim_service_result *s = &result.service[0];
    const double mttff_s = test_problem_answer(&problem, "mttff_s");
    const double ten_s = 10.0 * problem.model.year_s;
    check("mttff", s->mttff_s, mttff_s);
    check("1 y", s->prob_outage_first_year,
          test_problem_answer(&problem, "year1_prob_outage"));
    check("5 y", s->prob_outage_5y, -expm1(-0.5 * ten_s / mttff_s));
    check("10 y", s->prob_outage_10y, -expm1(-ten_s / mttff_s));
    sim_result_release(&result);
    test_problem_release(&problem);
}

Test(first_outage, rare)
{
    check_rare(SIM_METHOD_BIASED, 0.0);
    check_rare(SIM_METHOD_CRUDE, 40000.0);
}

/* Outages every other week: played until the first one, under biased too. */
Test(first_outage, frequent)
{
    static const enum sim_method methods[] = {SIM_METHOD_CRUDE, SIM_METHOD_BIASED};
    struct test_problem problem;
    struct sim_result result;

    test_problem_load(&problem, "stacked-3");
    for (int i = 0; i < 2; i++) {
        run(&problem, methods[i], 400.0, &result);
        check("mttff", result.service[0].mttff_s,
              test_problem_answer(&problem, "mttff_s"));
        cr_assert_gt(result.service[0].prob_outage_5y.low, 0.98);
        sim_result_release(&result);
    }
    test_problem_release(&problem);
}
