/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units: every form that is read, every form that is refused, every form printed. */
#include "models/units.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "sim/model.h"

static double duration(const char *text)
{
    double seconds = -1;
    const char *problem = ha_units_read_duration(text, &seconds);

    cr_assert_null(problem, "%s: %s", text, problem);
    return seconds;
}

static double rate(const char *text)
{
    double per_year = -1;
    const char *problem = ha_units_read_rate(text, &per_year);

    cr_assert_null(problem, "%s: %s", text, problem);
    return per_year;
}

static int64_t cpu(const char *text)
{
    int64_t mcpu = -1;

    return ha_units_read_cpu(text, &mcpu) == NULL ? mcpu : -1;
}

static int64_t bytes(const char *text)
{
    int64_t value = -1;

    return ha_units_read_bytes(text, &value) == NULL ? value : -1;
}

static const char *printed(double seconds)
{
    static char text[HA_UNITS_TEXT];

    return ha_units_print_duration(text, sizeof(text), seconds);
}

Test(units, durations_are_read)
{
    cr_assert_eq(duration("90s"), 90);
    cr_assert_eq(duration("45m"), 2700);
    cr_assert_eq(duration("4h"), 14400);
    cr_assert_eq(duration("30d"), 30 * 86400.0);
    cr_assert_eq(duration("5y"), 5 * SIM_YEAR_S);
    cr_assert_eq(duration("1h30m"), 5400);
    cr_assert_eq(duration("1 h 52 min"), 6720);
    cr_assert_float_eq(duration("250ms"), 0.25, 1e-15);
    cr_assert_eq(duration(".5s"), 0.5);
    cr_assert_eq(duration("2w"), 2 * 604800.0);
}

Test(units, durations_without_unit_are_refused_with_a_hint)
{
    static const char *const bad[] = {"",          "30", "1h30", "-5s",
                                      "5 parsecs", "s",  "1e9s", "inf",
                                      "0x10s",     ".s", "nan",  "5mm"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        double seconds;
        const char *problem = ha_units_read_duration(bad[i], &seconds);

        cr_assert_not_null(problem, "%s", bad[i]);
        cr_assert_not_null(strstr(problem, "90s"), "%s: %s", bad[i], problem);
    }
    cr_assert_not_null(strstr(ha_units_read_duration("30", &(double){0}), "bare"));
}

Test(units, rates_are_read)
{
    double unused;

    cr_assert_eq(rate("2/y"), 2);
    cr_assert_eq(rate("0.5 / year"), 0.5);
    cr_assert_float_eq(rate("0.1/d"), 36.525, 1e-12);
    cr_assert_float_eq(rate("1/5y"), 0.2, 1e-15);
    cr_assert_eq(rate("3 per year"), 3);
    cr_assert_not_null(ha_units_read_rate("2", &unused));
    cr_assert_not_null(ha_units_read_rate("2/0y", &unused));
    cr_assert_not_null(ha_units_read_rate("2/fortnight", &unused));
    cr_assert_not_null(ha_units_read_rate("y", &unused));
}

Test(units, shares_are_read)
{
    double f = -1;

    cr_assert_null(ha_units_read_percent("99.95 %", &f));
    cr_assert_float_eq(f, 0.9995, 1e-15);
    cr_assert_not_null(ha_units_read_percent("5", &f));
    cr_assert_not_null(ha_units_read_percent("101%", &f));
    cr_assert_null(ha_units_read_probability("5%", &f));
    cr_assert_float_eq(f, 0.05, 1e-15);
    cr_assert_null(ha_units_read_probability("1e-5", &f));
    cr_assert_eq(f, 1e-5);
    cr_assert_not_null(ha_units_read_probability("1.5", &f));
    cr_assert_not_null(ha_units_read_probability("-0.5", &f));
    cr_assert_not_null(ha_units_read_probability("x", &f));
    cr_assert_not_null(ha_units_read_probability("", &f));
}

Test(units, quantities_of_cpu_are_exact_and_rounded_up)
{
    cr_assert_eq(cpu("500m"), 500);
    cr_assert_eq(cpu("0.5"), 500);
    cr_assert_eq(cpu("0.1"), 100);
    cr_assert_eq(cpu("2"), 2000);
    cr_assert_eq(cpu("1.0005"), 1001);
    cr_assert_eq(cpu("1u"), 1);
    cr_assert_eq(cpu("2k"), 2000000);
    cr_assert_eq(cpu("1e3"), 1000000);
    cr_assert_eq(cpu("0"), 0);
    cr_assert_eq(cpu("-1"), -1);
    cr_assert_eq(cpu("4 cores"), -1);
    cr_assert_eq(cpu(""), -1);
    cr_assert_eq(cpu("1.2.3"), -1);
}

Test(units, quantities_of_bytes_are_exact_and_rounded_up)
{
    cr_assert_eq(bytes("16Gi"), (int64_t)16 << 30);
    cr_assert_eq(bytes("1.5Gi"), (int64_t)3 << 29);
    cr_assert_eq(bytes("0.1Ki"), 103);
    cr_assert_eq(bytes("2G"), 2000000000);
    cr_assert_eq(bytes("1E"), 1000000000000000000);
    cr_assert_eq(bytes("1Ei"), (int64_t)1 << 60);
    cr_assert_eq(bytes("4Ei"), -1);
    cr_assert_eq(bytes("0.3333333333Ei"), 384307168163851609);
    cr_assert_eq(bytes("128974848000m"), 128974848);
    cr_assert_eq(bytes("12E9"), 12000000000);
    cr_assert_eq(bytes("1e-3"), 1);
    cr_assert_eq(bytes("100000000000E"), -1);
    cr_assert_eq(bytes("5GiB"), -1);
    cr_assert_eq(bytes("5K"), -1); /* Kubernetes has k and Ki only */
}

Test(units, prices_are_per_month)
{
    double usd = 0;

    cr_assert_null(ha_units_read_price("0.192/h", &usd));
    cr_assert_float_eq(usd, 140.256, 1e-9);
    cr_assert_null(ha_units_read_price("$140/month", &usd));
    cr_assert_eq(usd, 140);
    cr_assert_not_null(ha_units_read_price("0.192", &usd));
}

Test(units, durations_are_printed_in_at_most_two_units)
{
    static const struct {
        double seconds;
        const char *text;
    } row[] = {{6720, "1 h 52 min"},
               {2280, "38 min"},
               {18, "18 s"},
               {1.2, "1.2 s"},
               {0.25, "250 ms"},
               {90, "1 min 30 s"},
               {3599.6, "1 h"},
               {86400, "1 d"},
               {7199.9, "2 h"},
               {59.99, "1 min"},
               {172800 + 3600, "2 d 1 h"},
               {0, "0 s"},
               {SIM_YEAR_S, "1 y"},
               {SIM_YEAR_S * 20000, "20 000 y"},
               {4.2e-5, "42 us"},
               {INFINITY, "for ever"}};

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        cr_assert_str_eq(printed(row[i].seconds), row[i].text);
    }
}

Test(units, printed_durations_read_back)
{
    for (double s = 0.001; s < 1e6; s *= 1.37) {
        double back = duration(printed(s));

        cr_assert_float_eq(back, s, 0.1 * s, "%g s printed as %s", s, printed(s));
    }
}

Test(units, estimates_keep_their_digits)
{
    char text[HA_UNITS_TEXT];

    cr_assert_str_eq(ha_units_print_estimate_s(text, sizeof(text), 1860, 3),
                     "31.0 min");
    cr_assert_str_eq(ha_units_print_estimate_s(text, sizeof(text), 564, 2), "9.4 min");
    cr_assert_str_eq(ha_units_print_estimate_s(text, sizeof(text), 17.29, 3), "17.3 s");
    cr_assert_str_eq(ha_units_print_estimate_s(text, sizeof(text), 9e-3, 2), "9.0 ms");
    cr_assert_str_eq(ha_units_print_estimate_s(text, sizeof(text), 15000, 3),
                     "4 h 10 min");
    cr_assert_str_eq(ha_units_print_estimate_s(text, sizeof(text), 0, 3), "0 s");
}

Test(units, availability_shows_two_digits_of_the_loss)
{
    static const struct {
        double loss;
        const char *percent, *nines;
    } row[] = {{5.894e-5, "99.9941", "4.2"},
               {1e-4, "99.990", "4.0"},
               {9.99e-5, "99.990", "4.0"},
               {0.0123, "98.8", "1.9"},
               {0.1, "90", "1.0"},
               {0.6, "40", "0.2"},
               {1, "0", "0.0"},
               {0, "100", "inf"},
               {1.6e-12, "99.99999999984", "11.8"}};

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        char text[HA_UNITS_TEXT];

        cr_assert_str_eq(ha_units_print_availability(text, sizeof(text), row[i].loss),
                         row[i].percent);
        cr_assert_str_eq(ha_units_print_nines(text, sizeof(text), row[i].loss),
                         row[i].nines);
    }
}

Test(units, numbers_and_amounts_are_printed)
{
    char text[HA_UNITS_TEXT];

    cr_assert_str_eq(ha_units_print_number(text, sizeof(text), 0.012345, 3), "0.0123");
    cr_assert_str_eq(ha_units_print_number(text, sizeof(text), 31, 3), "31.0");
    cr_assert_str_eq(ha_units_print_number(text, sizeof(text), 1.6e-12, 3), "1.60e-12");
    cr_assert_str_eq(ha_units_print_number(text, sizeof(text), 20012, 3), "20 000");
    cr_assert_str_eq(ha_units_print_number(text, sizeof(text), -0.7, 2), "-0.70");
    cr_assert_str_eq(ha_units_print_number(text, sizeof(text), 0, 3), "0");
    cr_assert_str_eq(ha_units_print_count(text, sizeof(text), 20000), "20 000");
    cr_assert_str_eq(ha_units_print_count(text, sizeof(text), 1152), "1152");
    cr_assert_str_eq(ha_units_print_count(text, sizeof(text), -1234567), "-1 234 567");
    cr_assert_str_eq(ha_units_print_bytes(text, sizeof(text), (int64_t)16 << 30),
                     "16Gi");
    cr_assert_str_eq(ha_units_print_bytes(text, sizeof(text), 512 << 20), "512Mi");
    cr_assert_str_eq(ha_units_print_cpu(text, sizeof(text), 500), "500m");
    cr_assert_str_eq(ha_units_print_cpu(text, sizeof(text), 4000), "4");
}
