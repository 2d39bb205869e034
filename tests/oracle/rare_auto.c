/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choice of a method: what fits, and said in words. Fixed seeds. */

#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/problem.h"

static void check(const char *id, const char *method, const char *words)
{
    struct test_problem problem;
    struct sim_result result;
    struct sim_study study = sim_study_default();

    test_problem_load(&problem, id);
    test_problem_run(&problem, &study, &result);
    const struct sim_estimate *u = &result.service[0].unavailability;
    const double truth = test_problem_answer(&problem, "steady_unavailability");
    cr_assert_str_eq(result.method, method, "%s", id);
    cr_assert(strstr(result.reason, words) != NULL, "%s: %s", id, result.reason);
    cr_assert_lt(u->low / 1.1, truth, "%s", id);
    cr_assert_gt(u->high * 1.1, truth, "%s", id);
    sim_result_release(&result);
    test_problem_release(&problem);
}

Test(rare_auto, common_outages_are_played_plainly)
{
    check("kofn-indep-2of3-stress", "crude", "outages are common");
    check("kofn-indep-1of1", "crude", "pilot: ");
}

Test(rare_auto, rare_outages_are_hurried)
{
    check("kofn-indep-3of5", "biased", "pilot: 0 outages in 400 years");
    check("crew-weibull-3of5", "biased", "failures are hurried");
}
