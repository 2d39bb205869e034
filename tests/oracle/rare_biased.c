/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Importance sampling against exact answers: fixed seeds, so no test fails by chance
 * once it passed; what is asserted would fail for an honest 95 % interval in less than
 * 1 of 10,000 other seeds (4.5 standard errors on the log scale).
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/support/problem.h"

static void run(const struct test_problem *problem, enum sim_method method,
                double precision, bool first_year, struct sim_result *result)
{
    struct sim_study study = sim_study_default();

    study.method = method;
    study.precision = precision;
    study.first_year = first_year;
    test_problem_run(problem, &study, result);
}

static void check_steady(const char *id)
{
    struct test_problem problem;
    struct sim_result result;

    test_problem_load(&problem, id);
    run(&problem, SIM_METHOD_BIASED, 0.05, false, &result);
    const struct sim_service_result *system = &result.service[0];
    const double u = test_problem_answer(&problem, "steady_unavailability");
    const double outages = test_problem_answer(&problem, "outages_per_year");
    const double mttff = test_problem_answer(&problem, "mttff_s");
    cr_assert_not(system->is_flagged, "%s: %s", id, system->why);
    cr_assert_not(result.is_partial, "%s", id);
    cr_assert_lt(system->unavailability.high / system->unavailability.value, 1.06);
    cr_assert_lt(test_log_z(&system->unavailability, u), 4.5, "%s: %g, exact %g", id,
                 system->unavailability.value, u);
    cr_assert_lt(test_log_z(&system->outages_per_year, outages), 4.5, "%s", id);
    if (!isnan(mttff) && system->mttff_s.is_known) {
        cr_assert_lt(test_log_z(&system->mttff_s, mttff), 4.5, "%s", id);
    }
    sim_result_release(&result);
    test_problem_release(&problem);
}

Test(rare_biased, balanced_systems)
{
    check_steady("kofn-indep-2of3");
    check_steady("kofn-indep-4of7");
    check_steady("kofn-crew1-3of5");
    check_steady("zones-5-as-1-1-1-1-1-rare");
    check_steady("shock-3of5");
    check_steady("cascade-3of5");
}

/* All of three members are down at once although each is back after five short stages:
 * no scheduled timer tells how long the danger lasts. */
Test(rare_biased, chains_of_stages)
{
    check_steady("../chains/stages-1of3");
}

Test(rare_biased, traps)
{
    check_steady("unbalanced-4a-2b");
    check_steady("twolevel-3of5-rare");
    check_steady("spares-3of5-on-6");
    check_steady("pending-2of3-on-4");
    check_steady("crew-weibull-3of5");
    check_steady("crew-lognormal-2of3");
    check_steady("hyper-repair-3of5");
    check_steady("coverage-3");
}

Test(rare_biased, laws_of_every_kind)
{
    check_steady("renewal-weibull-lognormal-2of3");
    check_steady("renewal-exp-uniform-4of7");
    check_steady("erlang-failure-2of3");
    check_steady("erlang-repair-indep-2of3");
    check_steady("drain-3of5-no-budget");
    check_steady("election-2of3");
}

Test(rare_biased, frequent_outages_too)
{
    check_steady("kofn-indep-2of3-stress");
    check_steady("kofn-crew1-2of3-stress");
    check_steady("kofn-indep-1of1");
    check_steady("stacked-3");
}

Test(rare_biased, first_year_from_new)
{
    struct test_problem problem;
    struct sim_result result;

    test_problem_load(&problem, "erlang-failure-2of3");
    run(&problem, SIM_METHOD_BIASED, 0.05, true, &result);
    const struct sim_service_result *system = &result.service[0];
    const double u = test_problem_answer(&problem, "year1_interval_unavailability");
    const double p = test_problem_answer(&problem, "year1_prob_outage");
    const double n = test_problem_answer(&problem, "year1_expected_outages");
    cr_assert_lt(test_log_z(&system->first_year_unavailability, u), 4.5);
    cr_assert_lt(test_log_z(&system->prob_outage_first_year, p), 4.5);
    cr_assert_lt(test_log_z(&system->first_year_outages, n), 4.5);
    /* Ageing parts: the first year is better than the long run. */
    cr_assert_lt(system->first_year_unavailability.value, system->unavailability.value);
    sim_result_release(&result);
    test_problem_release(&problem);
}

Test(rare_biased, loss_of_data)
{
    struct test_problem problem;
    struct sim_result result;

    test_problem_load(&problem, "loss-5copies-majority");
    run(&problem, SIM_METHOD_BIASED, 0.05, true, &result);
    const struct sim_service_result *data = &result.service[0];
    cr_assert_lt(test_log_z(&data->mttff_s,
                            test_problem_answer(&problem, "mean_time_to_loss_s")),
                 4.5);
    cr_assert_lt(test_log_z(&data->prob_outage_first_year,
                            test_problem_answer(&problem, "prob_loss_1y")),
                 4.5);
    sim_result_release(&result);
    test_problem_release(&problem);
}

/* The same question with another number of threads: the same bytes. */
Test(rare_biased, threads_change_nothing)
{
    struct test_problem problem;
    struct sim_result one;
    struct sim_result three;
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, "spares-2of3-on-4");
    study.method = SIM_METHOD_BIASED;
    study.first_year = true;
    test_problem_run(&problem, &study, &one);
    study.jobs = 3;
    test_problem_run(&problem, &study, &three);
    const struct sim_service_result *a = &one.service[0];
    const struct sim_service_result *b = &three.service[0];
    cr_assert(test_same_estimate(&a->unavailability, &b->unavailability));
    cr_assert(
        test_same_estimate(&a->prob_outage_first_year, &b->prob_outage_first_year));
    cr_assert_eq(one.n_events, three.n_events);
    for (uint32_t i = 0; i < a->n_parts; i++) {
        cr_assert_eq(a->part_unavailability[i], b->part_unavailability[i]);
    }
    cr_assert(one.is_repeatable && three.is_repeatable);
    sim_result_release(&one);
    sim_result_release(&three);
    test_problem_release(&problem);
}

/* Shares of causes add up; the law of downtime holds the mean. */
Test(rare_biased, parts_add_up)
{
    struct test_problem problem;
    struct sim_result result;
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, "kofn-crew1-2of3");
    study.method = SIM_METHOD_BIASED;
    study.precision = 0.03;
    study.budget_s = 600.0;
    study.window_s = problem.model.year_s;
    test_problem_run(&problem, &study, &result);
    const struct sim_service_result *system = &result.service[0];
    double shares = 0.0;
    for (uint32_t c = 0; c < system->n_causes; c++) {
        shares += system->cause[c].share.value;
    }
    if (system->n_causes > 0) {
        cr_assert_float_eq(shares, 1.0, 1e-9);
    }
    double mean_s = 0.0;
    double weight = 0.0;
    for (uint32_t i = 0; i < system->n_windows; i++) {
        mean_s += system->window_weight[i] * system->window_downtime_s[i];
        weight += system->window_weight[i];
    }
    cr_assert_float_eq(weight, 1.0, 1e-9);
    cr_assert_float_eq(mean_s / (system->unavailability.value * study.window_s), 1.0,
                       0.05);
    cr_assert(system->slo_met_share.is_known);
    cr_assert_gt(system->slo_met_share.value, 0.99);
    sim_result_release(&result);
    test_problem_release(&problem);
}
