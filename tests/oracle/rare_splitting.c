/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting as the second opinion: mild and rare systems, queues that drift into their
 * outage, first-year measures, losses, coverage, and the same bytes for any number of
 * threads. Fixed seeds; 4.5 standard errors would fail for less than 1 in 10,000 other
 * seeds.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "tests/support/problem.h"

static void check(const char *id, enum sim_method method, double precision)
{
    struct test_problem problem;
    struct sim_result result;
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, id);
    study.method = method;
    study.precision = precision;
    test_problem_run(&problem, &study, &result);
    const struct sim_service_result *system = &result.service[0];
    const double u = test_problem_answer(&problem, "steady_unavailability");
    const double outages = test_problem_answer(&problem, "outages_per_year");
    cr_assert_lt(test_log_z(&system->unavailability, u), 4.5,
                 "%s by method %d: %g, exact %g", id, (int)method,
                 system->unavailability.value, u);
    if (!isnan(outages)) {
        cr_assert_lt(test_log_z(&system->outages_per_year, outages), 4.5, "%s", id);
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

Test(rare_splitting, rare_systems_agree_with_the_exact_answer)
{
    check("kofn-indep-2of3", SIM_METHOD_SPLITTING, 0.1);
    check("kofn-crew1-3of5", SIM_METHOD_SPLITTING, 0.2);
    check("twolevel-2of3", SIM_METHOD_SPLITTING, 0.1);
    check("hyper-repair-3of5", SIM_METHOD_SPLITTING, 0.2);
    check("renewal-weibull-lognormal-2of3", SIM_METHOD_SPLITTING, 0.2);
}

Test(rare_splitting, drift_in_small_steps)
{
    check("published-tandem-C8", SIM_METHOD_SPLITTING, 0.1);
    check("published-tandem-C14", SIM_METHOD_SPLITTING, 0.1);
}

/* Left to itself, a queue is split, and needs a few million events for 5 %. */
Test(rare_splitting, queues_are_chosen_and_cheap)
{
    struct test_problem problem;
    struct sim_result result;
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, "published-tandem-C12");
    study.method = SIM_METHOD_AUTO;
    test_problem_run(&problem, &study, &result);
    const struct sim_estimate *e = &result.service[0].unavailability;
    cr_assert_str_eq(result.method, "splitting");
    cr_assert(strstr(result.reason, "small steps") != NULL, "%s", result.reason);
    cr_assert_leq((e->high - e->low) / (2.0 * e->value), 0.05);
    cr_assert_lt(result.n_events, 20000000);
    cr_assert_lt(test_log_z(e, test_problem_answer(&problem, "steady_unavailability")),
                 4.5);
    sim_result_release(&result);
    test_problem_release(&problem);
}

/* Ageing clocks from new: what the first year brings differs from the long run. */
Test(rare_splitting, first_year_from_new)
{
    struct test_problem problem;
    struct sim_result result;
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, "erlang-failure-2of3");
    study.method = SIM_METHOD_SPLITTING;
    study.precision = 0.15;
    study.first_year = true;
    test_problem_run(&problem, &study, &result);
    const struct sim_service_result *system = &result.service[0];
    cr_assert_lt(
        test_log_z(&system->first_year_unavailability,
                   test_problem_answer(&problem, "year1_interval_unavailability")),
        4.5);
    cr_assert_lt(test_log_z(&system->first_year_outages,
                            test_problem_answer(&problem, "year1_expected_outages")),
                 4.5);
    cr_assert_lt(test_log_z(&system->prob_outage_first_year,
                            test_problem_answer(&problem, "year1_prob_outage")),
                 4.5);
    sim_result_release(&result);
    test_problem_release(&problem);
}

Test(rare_splitting, losses_end_a_history)
{
    struct test_problem problem;
    struct sim_result result;
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, "loss-2copies");
    study.method = SIM_METHOD_SPLITTING;
    study.precision = 0.2;
    test_problem_run(&problem, &study, &result);
    cr_assert_lt(test_log_z(&result.service[0].mttff_s,
                            test_problem_answer(&problem, "mean_time_to_loss_s")),
                 4.5);
    sim_result_release(&result);
    test_problem_release(&problem);
}

/* Two ways to an outage, one of them by failures that almost never happen: short runs
 * must find both, or say that they are not to be trusted. Of 8 intervals at 95 %, fewer
 * than 5 cover with probability 4e-4 for other seeds. */
Test(rare_splitting, intervals_of_short_runs_cover)
{
    struct test_problem problem;
    uint32_t n_good = 0;

    test_problem_load(&problem, "unbalanced-4a-2b");
    const double truth = test_problem_answer(&problem, "steady_unavailability");
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct sim_result result;
        struct sim_study study = sim_study_default();

        study.method = SIM_METHOD_SPLITTING;
        study.precision = 1.0;
        study.seed = seed;
        test_problem_run(&problem, &study, &result);
        const struct sim_service_result *system = &result.service[0];
        n_good += system->is_flagged || (system->unavailability.low <= truth &&
                                         truth <= system->unavailability.high);
        sim_result_release(&result);
    }
    cr_assert_geq(n_good, 5, "%u of 8 cover or say so", n_good);
    test_problem_release(&problem);
}

/* Stopped from the beginning: what little was played is shown, and is not believed. */
Test(rare_splitting, a_run_stopped_early_is_flagged)
{
    static const enum sim_method methods[] = {SIM_METHOD_BIASED, SIM_METHOD_SPLITTING};
    volatile sig_atomic_t stop = 1;

    for (int m = 0; m < 2; m++) {
        struct test_problem problem;
        struct sim_result result;
        struct sim_study study = sim_study_default();

        test_problem_load(&problem, "kofn-indep-2of3-stress");
        study.method = methods[m];
        study.stop = &stop;
        test_problem_run(&problem, &study, &result);
        const struct sim_service_result *system = &result.service[0];
        const double u = test_problem_answer(&problem, "steady_unavailability");
        cr_expect(result.is_partial);
        cr_expect_not(result.is_repeatable);
        cr_expect(system->is_flagged);
        cr_expect(strstr(system->why, "first checkpoint") != NULL, "%s", system->why);
        cr_expect(system->unavailability.low <= u && u <= system->unavailability.high);
        sim_result_release(&result);
        test_problem_release(&problem);
    }
}

Test(rare_splitting, threads_change_nothing)
{
    struct test_problem problem;
    struct sim_result result[2];
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, "spares-2of3-on-3");
    study.method = SIM_METHOD_SPLITTING;
    study.precision = 0.3;
    for (unsigned i = 0; i < 2; i++) {
        study.jobs = 1 + 2 * i;
        test_problem_run(&problem, &study, &result[i]);
    }
    cr_assert_eq(result[0].n_events, result[1].n_events);
    cr_assert(test_same_estimate(&result[0].service[0].unavailability,
                                 &result[1].service[0].unavailability));
    sim_result_release(&result[0]);
    sim_result_release(&result[1]);
    test_problem_release(&problem);
}
