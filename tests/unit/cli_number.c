/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers on screen: no digit finer than the interval, three at most. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "cli/number.h"
#include "cli/slo.h"

static struct sim_estimate est(double value, double low, double high)
{
    return (struct sim_estimate){value, low, high, true};
}

Test(cli_number, place_follows_the_interval)
{
    /* the particle data group's examples, and the cap of three digits */
    cr_assert_float_eq(cli_step(0.827, 0.119), 0.01, 1e-12);
    cr_assert_float_eq(cli_step(0.827, 0.367), 0.1, 1e-12);
    cr_assert_float_eq(cli_step(31.04, 1.85), 0.1, 1e-12);
    cr_assert_float_eq(cli_step(31.04, 0.001), 0.1, 1e-12);
    cr_assert_float_eq(cli_step(12345, 0), 100, 1e-9);
    cr_assert_float_eq(cli_step(0, 0), 1, 1e-12);
    cr_assert(isfinite(cli_step(1, INFINITY)));
}

Test(cli_number, durations_speak_the_unit_of_their_size)
{
    cr_assert_str_eq(cli_duration(est(1860, 1752, 1974)).s, "31.0 min");
    cr_assert_str_eq(cli_duration_interval(est(1860, 1752, 1974)).s,
                     "29.2 to 32.9 min");
    cr_assert_str_eq(cli_duration_range(est(1860, 1752, 1974)).s, "29.2-32.9");
    cr_assert_str_eq(cli_duration(est(6720, 6600, 6840)).s, "1 h 52 min");
    cr_assert_str_eq(cli_duration(est(6720, 4320, 9120)).s, "1 h 50 min");
    cr_assert_str_eq(cli_duration(est(5.066, 4.94, 5.19)).s, "5.07 s");
    cr_assert_str_eq(cli_duration(est(0, 0, 3)).s, "0 s");
    cr_assert_str_eq(cli_about(23.9, 2).s, "24 s");
    cr_assert_str_eq(cli_about(3155.76, 3).s, "52.6 min");
    cr_assert_str_eq(cli_about(86400, 2).s, "1 d");
    cr_assert_str_eq(cli_duration(est(3606, 3480, 3732)).s, "60.1 min");
    cr_assert_str_eq(cli_duration_interval(est(3606, 3480, 3732)).s,
                     "58.0 to 62.2 min");
}

Test(cli_number, rare_is_one_in_so_many_years)
{
    cr_assert_str_eq(cli_frequency(est(7.4, 7.2, 7.6)).s, "7.40");
    cr_assert_str_eq(cli_frequency(est(5.65e-3, 5.5e-3, 5.8e-3)).s, "one in 177 years");
    cr_assert_str_eq(cli_frequency_interval(est(5.65e-3, 5.5e-3, 5.8e-3)).s,
                     "one in 172 to 182 years");
    cr_assert_str_eq(cli_frequency_interval(est(1e-3, 0, 3e-3)).s,
                     "at most one in 300 years");
    cr_assert_str_eq(cli_frequency(est(8.93e-8, 8.6e-8, 9.3e-8)).s,
                     "one in 11.2 million years");
    cr_assert_str_eq(cli_frequency_interval(est(7e-10, 6.9e-10, 7.1e-10)).s,
                     "one in 1.41 billion to 1.45 billion years");
    cr_assert_str_eq(cli_rounded(6676, 100).s, "6 700");
    cr_assert_str_eq(cli_count(20000).s, "20 000");
    cr_assert_str_eq(cli_count(1234567).s, "1.23 million");
}

Test(cli_number, almost_all_is_not_all)
{
    cr_assert_str_eq(cli_of_100(est(1, 1, 1)).s, "100");
    cr_assert_str_eq(cli_of_100(est(0.999999999, 0.999999998, 1)).s, ">99.9");
    cr_assert_str_eq(cli_of_100(est(0.731, 0.715, 0.747)).s, "73.1");
}

Test(cli_number, wide_intervals_keep_the_size_of_their_ends)
{
    cr_assert_str_eq(cli_frequency(est(0.01, 2.6e-4, 0.4)).s, "one in 100 years");
    cr_assert_str_eq(cli_frequency_interval(est(0.01, 2.6e-4, 0.4)).s,
                     "one in 2.5 to 3 800 years");
    cr_assert_str_eq(cli_duration(est(31, 0.5, 1833)).s, "30 s");
    cr_assert_str_eq(cli_duration_interval(est(31, 0.5, 1833)).s, "0.50 to 1 800 s");
}

Test(cli_number, columns_keep_one_place_and_never_hide_something)
{
    const struct cli_column column =
        cli_column_for(est(768, 700, 836), cli_scale_column(1860));

    cr_assert_str_eq(cli_in_column(768, column).s, "12.8");
    cr_assert_str_eq(cli_in_column(2, column).s, "<0.1");
    cr_assert_str_eq(cli_in_column(0, column).s, "-");
}

Test(cli_number, any_number_fits_and_ends)
{
    const double odd[] = {0, 1e-320, 1e-17, 3e-9, 0.5, 59.97, 3599.6, 1e9, 1e18, 1e300};

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        for (size_t j = 0; j < sizeof(odd) / sizeof(odd[0]); j++) {
            const struct sim_estimate e = est(odd[i], odd[i] - odd[j], odd[i] + odd[j]);

            cr_assert_lt(strlen(cli_duration(e).s), 60);
            cr_assert_lt(strlen(cli_duration_interval(e).s), 80);
            cr_assert_lt(strlen(cli_number_interval(e).s), 80);
            cr_assert_lt(strlen(cli_frequency_interval(e).s), 80);
        }
    }
}

Test(cli_number, objectives_keep_their_decimal_value)
{
    struct cli_slo slo = cli_slo_default();
    struct sim_err err;

    cr_assert_eq(cli_slo_read("99.99", &slo, &err), 0);
    cr_assert_eq(slo.target_miss, 1e-4);
    cr_assert_float_eq(cli_slo_budget(&slo, 31557600), 3155.76, 1e-9);
    cr_assert_eq(cli_slo_read("99.9%/30d", &slo, &err), 0);
    cr_assert_eq(slo.target_miss, 1e-3);
    cr_assert_float_eq(cli_slo_budget(&slo, 31557600), 2592, 1e-9);
    cr_assert_eq(cli_slo_read("99.99999999", &slo, &err), 0);
    cr_assert_eq(slo.target_miss, 1e-10);
    cr_assert_neq(cli_slo_read("100", &slo, &err), 0);
    cr_assert_neq(cli_slo_read("0", &slo, &err), 0);
    cr_assert_neq(cli_slo_read("9.9.9", &slo, &err), 0);
    cr_assert_neq(cli_slo_read("99/", &slo, &err), 0);
    cr_assert_neq(cli_slo_read("", &slo, &err), 0);
}

Test(cli_number, a_verdict_needs_the_whole_interval_on_one_side)
{
    const struct cli_slo slo = cli_slo_default();
    struct sim_estimate unknown = est(1, 1, 1);

    unknown.is_known = false;
    cr_assert_eq(cli_slo_judge(&slo, est(0.97, 0.95, 0.98)), CLI_SLO_MET);
    cr_assert_eq(cli_slo_judge(&slo, est(0.96, 0.94, 0.97)), CLI_SLO_OPEN);
    cr_assert_eq(cli_slo_judge(&slo, est(0.94, 0.93, 0.949)), CLI_SLO_MISSED);
    cr_assert_eq(cli_slo_judge(&slo, unknown), CLI_SLO_OPEN);
}
