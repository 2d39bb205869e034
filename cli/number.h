/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Estimates as text: three significant digits at most, and none finer than the
 * interval can bear. All functions return a small struct by value, so that they can
 * stand inside a printf: printf("%s\n", cli_duration(est).s).
 */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdbool.h>

#include "sim/result.h"

struct cli_text {
    char s[80];
};

/* The unit a family of durations is shown in, so that a column or an interval speaks
 * one language. Above an hour two units are used and `name` is "". */
struct cli_scale {
    const char *name;     /* "min", "s", "ms", "us", "ns" */
    const char *per_year; /* heading: "min/yr" */
    double unit_s;
    bool is_pair; /* "1 h 52 min" */
};

/* The scale fit for a duration of this size, in seconds. */
struct cli_scale cli_scale_for(double seconds);

/* The same, but never two units: for columns ("min/yr", "h/yr"). */
struct cli_scale cli_scale_column(double seconds);

/* A column of durations in one unit and to one place. */
struct cli_column {
    struct cli_scale scale;
    double step; /* in the unit */
};

/* The column whose largest entry is this estimate (seconds), in the given scale. */
struct cli_column cli_column_for(struct sim_estimate largest_s, struct cli_scale scale);

/* An entry: "11.2"; "<0.1" when it rounds to nothing but is something; "-" for 0. */
struct cli_text cli_in_column(double seconds, struct cli_column column);

/* The last decimal place worth showing of value +- half_width (PDG rule: two digits
 * of the uncertainty when it starts with 100..354, else one), not finer than three
 * significant digits of value. Returns a power of ten. half_width 0: exact. */
double cli_step(double value, double half_width);

/* A number rounded to a multiple of step (a power of ten), with its decimals. */
struct cli_text cli_rounded(double value, double step);

/* A duration estimate: "31.0 min", "1 h 52 min"; sign kept when negative. */
struct cli_text cli_duration(struct sim_estimate seconds);

/* Its interval in the same unit and to the same place: "29.2 to 32.9 min". */
struct cli_text cli_duration_interval(struct sim_estimate seconds);

/* The same, short: "29.2-32.9" (unit left to the line above) or "1 h 2 min-1 h". */
struct cli_text cli_duration_range(struct sim_estimate seconds);

/* A duration without an interval of its own, to so many significant digits: "18 s",
 * "1 h 50 min". */
struct cli_text cli_about(double seconds, int digits);

/* A plain number by its interval: "7.4"; and its interval "7.1 to 7.7". */
struct cli_text cli_number(struct sim_estimate estimate);
struct cli_text cli_number_interval(struct sim_estimate estimate);

/* A frequency per year: "7.4", or "one in 1 400 years" when rare. */
struct cli_text cli_frequency(struct sim_estimate per_year);
struct cli_text cli_frequency_interval(struct sim_estimate per_year);

/* A share as so many of 100: "83", "99.7"; and its interval. */
struct cli_text cli_of_100(struct sim_estimate share);
struct cli_text cli_of_100_interval(struct sim_estimate share);

/* "99.9941 %" and "4.2" from an unavailability. */
struct cli_text cli_availability(double unavailability);
struct cli_text cli_nines(double unavailability);

/* "20 000"; from a million on to three significant digits. */
struct cli_text cli_count(double count);

/* Money a month: "$26", "$1 335", "$0.40". */
struct cli_text cli_money(double usd);

/* An estimate times a constant (unavailability to seconds per year). */
struct sim_estimate cli_scaled(struct sim_estimate estimate, double factor);

/* Half the width of the interval; 0 for exact answers. */
double cli_half_width(struct sim_estimate estimate);

#endif
