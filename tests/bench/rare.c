/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time to precision: what speed is for. CPU seconds until the 95 % interval of the
 * unavailability is +-5 %, by importance sampling on one core, for systems that fail so
 * rarely that playing histories would never end. The last column says how many events
 * plain simulation would need for the same interval: (1.96 / 0.05)^2 outages at least,
 * each costing the events between two outages.
 */
#include "tests/bench/rare.h"

#include <math.h>
#include <stdio.h>

#include "sim/study.h"
#include "tests/support/problem.h"

static int show(const char *id, double target_s)
{
    struct test_problem problem;
    struct sim_study study = sim_study_default();
    struct sim_result r;
    struct sim_err err;

    test_problem_load(&problem, id);
    study.method = SIM_METHOD_BIASED;
    study.max_time_s = 20.0;
    if (sim_study_run(&problem.model, &study, &r, &err) != 0) {
        printf("  %-40s %s\n", id, err.message);
        test_problem_release(&problem);
        return 1;
    }
    struct sim_estimate u = r.service[0].unavailability;
    double exact = test_problem_answer(&problem, "steady_unavailability");
    double outages = r.service[0].outages_per_year.value;
    double events_per_year = (double)r.n_events / fmax(r.simulated_years, 1e-300);
    bool is_right = u.low <= exact && exact <= u.high;
    double half = 100.0 * (u.high - u.low) / (2.0 * u.value);

    printf("  %-40s %7.2f %6.1f %%  %10.4g %10.4g %-4s %9.0e   %g s\n", id, r.cpu_s,
           half, u.value, exact, is_right ? "in" : "out",
           1536.0 / outages * events_per_year, target_s);
    sim_result_release(&r);
    test_problem_release(&problem);
    return 0;
}

int bench_rare(void)
{
    int n_failed = 0;

    printf("\nrare outages by importance sampling, one core, to +-5 %% at 95 %%\n");
    printf("  %-40s %7s %8s  %10s %10s %-4s %9s   %s\n", "problem", "CPU s", "half",
           "estimate", "exact", "", "crude ev.", "target");
    n_failed += show("kofn-indep-4of7", 1.0);
    n_failed += show("zones-5-as-1-1-1-1-1-rare", 1.0);
    n_failed += show("twolevel-3of5-rare", 1.0);
    n_failed += show("renewal-weibull-deterministic-3of5", 2.0);
    return n_failed;
}
