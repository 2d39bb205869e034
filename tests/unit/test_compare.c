/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparisons: pairing when histories are shared, ratios when they are not. */
#include "sim/compare.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct sim_result make(const char *method, uint64_t seed,
                              struct sim_service_result *service)
{
    struct sim_result result = {.seed = seed, .confidence = 0.95, .n_services = 1};
    strncpy(result.method, method, sizeof result.method - 1);
    result.service = service;
    return result;
}

Test(compare, shared_histories_are_paired)
{
    double a[20];
    double b[20];
    for (int i = 0; i < 20; i++) {
        a[i] = 1e-3 * (1.0 + i);
        b[i] = a[i] - 1e-4 - 1e-6 * (i % 3);
    }
    struct sim_service_result sa = {.n_parts = 20, .part_unavailability = a};
    struct sim_service_result sb = {.n_parts = 20, .part_unavailability = b};
    const struct sim_result ra = make("crude", 7, &sa);
    const struct sim_result rb = make("crude", 7, &sb);
    struct sim_comparison c;
    sim_compare(&ra, &rb, 0, &c);
    cr_assert(c.is_paired);
    cr_assert_eq(c.verdict, SIM_VERDICT_BETTER);
    cr_assert_float_eq(c.difference.value, -1.0095e-4, 1e-8);
    cr_assert_lt(c.difference.high, -9e-5);
    cr_assert(c.ratio.low < c.ratio.value && c.ratio.high < 1.0);

    sim_compare(&rb, &ra, 0, &c);
    cr_assert_eq(c.verdict, SIM_VERDICT_WORSE);
    sim_compare(&ra, &ra, 0, &c);
    cr_assert_eq(c.verdict, SIM_VERDICT_NONE_SHOWN);
    cr_assert_float_eq(c.difference.value, 0.0, 1e-15);
}

Test(compare, other_seed_or_method_is_not_paired)
{
    double parts[12] = {1};
    struct sim_service_result s = {.n_parts = 12,
                                   .part_unavailability = parts,
                                   .unavailability = {1e-4, 0.9e-4, 1.2e-4, true}};
    const struct sim_result a = make("crude", 1, &s);
    const struct sim_result b = make("crude", 2, &s);
    const struct sim_result e = make("exact", 1, &s);
    struct sim_comparison c;
    sim_compare(&a, &b, 0, &c);
    cr_assert_not(c.is_paired);
    sim_compare(&a, &e, 0, &c);
    cr_assert_not(c.is_paired);
    cr_assert_eq(c.verdict, SIM_VERDICT_NONE_SHOWN);
    cr_assert_float_eq(c.ratio.value, 1.0, 1e-12);
}

Test(compare, rare_designs_by_ratio)
{
    struct sim_service_result s3 = {.unavailability = {1e-7, 0.95e-7, 1.06e-7, true}};
    struct sim_service_result s5 = {
        .unavailability = {1e-10, 0.97e-10, 1.04e-10, true}};
    const struct sim_result r3 = make("biased", 1, &s3);
    const struct sim_result r5 = make("biased", 1, &s5);
    struct sim_comparison c;
    sim_compare(&r3, &r5, 0, &c);
    cr_assert_eq(c.verdict, SIM_VERDICT_BETTER);
    cr_assert_float_eq(c.ratio.value, 1e-3, 1e-12);
    const double up = hypot(log(1.04), log(1.0 / 0.95));
    cr_assert_float_eq(log(c.ratio.high / c.ratio.value), up, 1e-9);

    s5.is_flagged = true;
    strcpy(s5.why, "heavy tail");
    sim_compare(&r3, &r5, 0, &c);
    cr_assert_eq(c.verdict, SIM_VERDICT_NONE_SHOWN);
    cr_assert(strstr(c.how, "heavy tail") != NULL);
}

Test(compare, nothing_seen_still_bounds)
{
    struct sim_service_result a = {.unavailability = {1e-4, 0.9e-4, 1.1e-4, true}};
    struct sim_service_result b = {.unavailability = {0.0, 0.0, 1e-6, true}};
    const struct sim_result ra = make("crude", 1, &a);
    const struct sim_result rb = make("crude", 1, &b);
    struct sim_comparison c;
    sim_compare(&ra, &rb, 0, &c);
    cr_assert_eq(c.verdict, SIM_VERDICT_BETTER);
    cr_assert(c.ratio.value == 0.0 && c.ratio.high < 0.02);
    sim_compare(&rb, &ra, 0, &c);
    cr_assert_eq(c.verdict, SIM_VERDICT_WORSE);
    cr_assert_not(c.ratio.is_known);
}
