/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting as the second opinion: mild systems under all methods, a queue that drifts
 * into its outage, and the same bytes for any number of threads. Fixed seeds; 4.5
 * standard errors would fail for less than 1 in 10,000 other seeds.
 */
#include "sim/study.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/support/problem.h"

static double z_of(const struct sim_estimate *e, double truth)
{
    const double half =
        truth > e->value ? log(e->high / e->value) : log(e->value / e->low);
    return fabs(log(truth / e->value)) / (half / 1.998);
}

static void check(const char *id, enum sim_method method, double precision)
{
    struct test_problem problem;
    struct sim_result result;
    struct sim_err err = {0};
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, id);
    study.method = method;
    study.precision = precision;
    cr_assert_eq(sim_study_run(&problem.model, &study, &result, &err), 0, "%s",
                 err.message);
    const struct sim_service_result *system = &result.service[0];
    const double u = test_problem_answer(&problem, "steady_unavailability");
    const double outages = test_problem_answer(&problem, "outages_per_year");
    cr_assert_lt(z_of(&system->unavailability, u), 4.5, "%s by method %d: %g, exact %g",
                 id, (int)method, system->unavailability.value, u);
    if (!isnan(outages)) {
        cr_assert_lt(z_of(&system->outages_per_year, outages), 4.5, "%s", id);
    }
    sim_result_release(&result);
    test_problem_release(&problem);
}

Test(rare_splitting, mild_systems_agree_under_every_method)
{
    static const char *const mild[] = {"kofn-indep-2of3-stress",
                                       "kofn-crew1-2of3-stress", "stacked-1"};

    for (size_t i = 0; i < sizeof mild / sizeof *mild; i++) {
        check(mild[i], SIM_METHOD_CRUDE, 0.02);
        check(mild[i], SIM_METHOD_BIASED, 0.02);
        check(mild[i], SIM_METHOD_SPLITTING, 0.03);
    }
}

Test(rare_splitting, drift_in_small_steps)
{
    check("published-tandem-C8", SIM_METHOD_SPLITTING, 0.2);
}

Test(rare_splitting, threads_change_nothing)
{
    struct test_problem problem;
    struct sim_result result[2];
    struct sim_err err = {0};
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, "spares-2of3-on-3");
    study.method = SIM_METHOD_SPLITTING;
    study.precision = 0.3;
    for (unsigned i = 0; i < 2; i++) {
        study.jobs = 1 + 2 * i;
        cr_assert_eq(sim_study_run(&problem.model, &study, &result[i], &err), 0, "%s",
                     err.message);
    }
    cr_assert_eq(result[0].n_events, result[1].n_events);
    cr_assert_eq(memcmp(&result[0].service[0].unavailability,
                        &result[1].service[0].unavailability,
                        sizeof(struct sim_estimate)),
                 0);
    sim_result_release(&result[0]);
    sim_result_release(&result[1]);
    test_problem_release(&problem);
}
