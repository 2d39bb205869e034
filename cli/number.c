/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many digits an estimate deserves. The place of the last digit follows from
 * the half-width of the interval by the rule of the Particle Data Group (Review of
 * Particle Physics, Introduction 5.3): look at the three leading digits of the
 * uncertainty; between 100 and 354 keep two of them, up to 949 one, above that
 * round up to 1000 and keep two. Three significant digits of the value are the cap,
 * because nobody acts on the fourth.
 *
 * Durations pick their unit by size and keep it for both ends of the interval.
 * From an hour and a half on two units are shown, the smaller one rounded to the same
 * place; up to there minutes, so that 60 +- 2 min does not become "1 h (58 min to
 * ...)".
 */
#include "cli/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/units.h"

#define MOST_DIGITS 3
#define PAIR_FROM_S 5399.5

struct sim_estimate cli_scaled(struct sim_estimate estimate, double factor)
{
    estimate.value *= factor;
    estimate.low *= factor;
    estimate.high *= factor;
    return estimate;
}

double cli_half_width(struct sim_estimate estimate)
{
    return (estimate.high - estimate.low) / 2;
}

static double place_of(double x)
{
    return floor(log10(x) + 1e-12);
}

double cli_step(double value, double half_width)
{
    const double magnitude = fabs(value);
    double place = -HUGE_VAL;

    if (half_width > 0 && isfinite(half_width)) {
        const double leading = half_width / pow(10, place_of(half_width));

        place = place_of(half_width);
        if (leading < 3.545) {
            place -= 1;
        } else if (leading >= 9.495) {
            place += 0; /* 0.95 becomes 1.0: two digits, of which the first carried */
        }
    }
    if (magnitude > 0 && isfinite(magnitude)) {
        place = fmax(place, place_of(magnitude) - (MOST_DIGITS - 1));
    }
    return isfinite(place) ? pow(10, place) : 1;
}

/* A whole number in groups of three, also below 10 000: "6 700 years". */
static struct cli_text grouped(double whole)
{
    struct cli_text text;
    char digits[32];
    int n;
    int at = 0;

    n = snprintf(digits, sizeof(digits), "%.0f", fabs(whole));
    if (whole < 0) {
        text.s[at++] = '-';
    }
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            text.s[at++] = ' ';
        }
        text.s[at++] = digits[i];
    }
    text.s[at] = '\0';
    return text;
}

struct cli_text cli_rounded(double value, double step)
{
    struct cli_text text;
    const double rounded = round(value / step) * step;
    const int decimals = step < 1 ? (int)lround(-log10(step)) : 0;

    if (rounded == 0) {
        snprintf(text.s, sizeof(text.s), "0");
    } else if (fabs(rounded) >= 1000 && fabs(rounded) < 1e15) {
        return grouped(rounded);
    } else if (decimals > 6 || fabs(rounded) >= 1e15) {
        const double digits = place_of(fabs(rounded)) - log10(step);

        snprintf(text.s, sizeof(text.s), "%.*e", digits > 0 ? (int)lround(digits) : 0,
                 rounded);
    } else {
        snprintf(text.s, sizeof(text.s), "%.*f", decimals, rounded);
    }
    return text;
}

struct cli_scale cli_scale_column(double seconds)
{
    static const struct cli_scale scale[] = {
        {"ns", "ns/yr", 1e-9, false}, {"us", "us/yr", 1e-6, false},
        {"ms", "ms/yr", 1e-3, false}, {"s", "s/yr", 1, false},
        {"min", "min/yr", 60, false}, {"h", "h/yr", 3600, false},
        {"d", "d/yr", 86400, false}};
    static const double least[] = {0, 1e-6, 1e-3, 1, 60, 5 * 3600, 4 * 86400};
    int i = (int)(sizeof(least) / sizeof(least[0])) - 1;

    while (i > 0 && fabs(seconds) < least[i] * 0.9995) {
        i--;
    }
    return scale[i];
}

struct cli_scale cli_scale_for(double seconds)
{
    struct cli_scale scale = cli_scale_column(seconds);

    if (fabs(seconds) >= PAIR_FROM_S) {
        scale = (struct cli_scale){"", "", 60, true};
    }
    return scale;
}

/* Two units, rounded to a multiple of step seconds. */
static struct cli_text pair_text(double seconds, double step_s)
{
    struct cli_text text;
    char plain[HA_UNITS_TEXT];

    ha_units_print_duration(plain, sizeof(plain),
                            round(fabs(seconds) / step_s) * step_s);
    snprintf(text.s, sizeof(text.s), "%s%s", seconds < 0 ? "-" : "", plain);
    return text;
}

/* The multiple of seconds that two units are rounded to: the largest one that people
 * count in (minutes, ten minutes, hours, days) not above the step asked for. */
static double round_step(double step_s)
{
    static const double counted[] = {864000, 86400, 3600, 600, 60};
    size_t i = 0;

    while (i < 4 && counted[i] > step_s) {
        i++;
    }
    return counted[i];
}

static double pair_step(double value, double half_width)
{
    return round_step(cli_step(value / 60, half_width / 60) * 60);
}

static struct cli_text number_in(double seconds, struct cli_scale scale, double step)
{
    if (scale.is_pair) {
        return pair_text(seconds, step);
    }
    return cli_rounded(seconds / scale.unit_s, step);
}

/* The step of a level: as cli_step, but at least one digit of it is shown. */
static double level_step(double value, double half_width)
{
    const double step = cli_step(value, half_width);

    return value > 0 && isfinite(value) ? fmin(step, pow(10, place_of(value))) : step;
}

/* The step of an end of an interval: that of the level, unless the end is of another
 * size (wide intervals on a logarithmic scale); then two digits of its own. */
static double end_step(double end, double value, double step)
{
    const bool is_far =
        end > 0 && isfinite(end) && (end > 3 * value || value > 3 * end);

    return is_far ? pow(10, place_of(end) - 1) : step;
}

static double step_in(struct sim_estimate e, struct cli_scale scale)
{
    const double half = cli_half_width(e);

    return scale.is_pair ? pair_step(e.value, half)
                         : level_step(e.value / scale.unit_s, half / scale.unit_s);
}

struct cli_text cli_duration(struct sim_estimate seconds)
{
    const struct cli_scale scale = cli_scale_for(seconds.value);
    const struct cli_text number =
        number_in(seconds.value, scale, step_in(seconds, scale));
    struct cli_text text;

    if (seconds.value == 0) {
        snprintf(text.s, sizeof(text.s), "0 s");
    } else if (scale.is_pair) {
        text = number;
    } else {
        snprintf(text.s, sizeof(text.s), "%.60s %s", number.s, scale.name);
    }
    return text;
}

/* An end of an interval, `step` being that of the level. */
static struct cli_text end_in(double end_s, double value_s, struct cli_scale scale,
                              double step)
{
    if (!scale.is_pair) {
        return cli_rounded(
            end_s / scale.unit_s,
            end_step(end_s / scale.unit_s, value_s / scale.unit_s, step));
    }
    if (end_s > 0 && value_s > 3 * end_s) {
        return cli_about(end_s, 2);
    }
    return pair_text(end_s, step);
}

static struct cli_text interval(struct sim_estimate seconds, const char *between,
                                bool has_unit)
{
    const struct cli_scale scale =
        cli_scale_for(seconds.value != 0 ? seconds.value : seconds.high);
    const double step = step_in(seconds, scale);
    const struct cli_text low = end_in(seconds.low, seconds.value, scale, step);
    const struct cli_text high = end_in(seconds.high, seconds.value, scale, step);
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%.24s%s%.24s%s%s", low.s, between, high.s,
             has_unit && !scale.is_pair ? " " : "", has_unit ? scale.name : "");
    return text;
}

struct cli_text cli_duration_interval(struct sim_estimate seconds)
{
    return interval(seconds, " to ", true);
}

struct cli_text cli_duration_range(struct sim_estimate seconds)
{
    return interval(seconds, seconds.value < PAIR_FROM_S ? "-" : " - ", false);
}

struct cli_text cli_about(double seconds, int digits)
{
    const struct cli_scale scale = cli_scale_for(seconds);
    const double value = seconds / scale.unit_s;
    const double place = value > 0 ? place_of(value) - (digits - 1) : 0;
    const double step = pow(10, place);
    struct cli_text text;

    if (scale.is_pair) {
        return pair_text(seconds, round_step(step * scale.unit_s));
    }
    snprintf(text.s, sizeof(text.s), "%.60s %s", cli_rounded(value, step).s,
             scale.name);
    return text;
}

struct cli_column cli_column_for(struct sim_estimate largest_s, struct cli_scale scale)
{
    const struct sim_estimate e = cli_scaled(largest_s, 1 / scale.unit_s);

    return (struct cli_column){scale, cli_step(e.value, cli_half_width(e))};
}

struct cli_text cli_in_column(double seconds, struct cli_column column)
{
    const double value = seconds / column.scale.unit_s;
    struct cli_text text;

    if (value > 0 && value < column.step / 2) {
        snprintf(text.s, sizeof(text.s), "<%.40s",
                 cli_rounded(column.step, column.step).s);
    } else if (value > 0) {
        text = cli_rounded(value, column.step);
    } else {
        snprintf(text.s, sizeof(text.s), "-");
    }
    return text;
}

struct cli_text cli_number(struct sim_estimate e)
{
    return cli_rounded(e.value, level_step(e.value, cli_half_width(e)));
}

struct cli_text cli_number_interval(struct sim_estimate e)
{
    const double step = level_step(e.value, cli_half_width(e));
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%.30s to %.30s",
             cli_rounded(e.low, end_step(e.low, e.value, step)).s,
             cli_rounded(e.high, end_step(e.high, e.value, step)).s);
    return text;
}

/* A large number in words: "11.2 million". */
static struct cli_text in_words(double number, double step)
{
    const bool is_billions = number >= 0.9995e9;
    const double unit = is_billions ? 1e9 : 1e6;
    struct cli_text text;

    if (number < 0.9995e6 || number >= 1e15) {
        return cli_rounded(number, step);
    }
    snprintf(text.s, sizeof(text.s), "%.40s %s",
             cli_rounded(number / unit, step / unit).s,
             is_billions ? "billion" : "million");
    return text;
}

/* "one in N years", N by the size of the interval of 1/x. */
static struct cli_text one_in(double per_year, double step)
{
    struct cli_text never = {"never"};

    return per_year > 0 ? in_words(1 / per_year, step) : never;
}

static double one_in_step(struct sim_estimate e)
{
    const double half = e.low > 0 ? (1 / e.low - 1 / e.high) / 2 : 1 / e.value;

    return fmax(level_step(1 / e.value, half), 1);
}

static double one_in_end_step(double end_per_year, double per_year, double step)
{
    const double years = end_per_year > 0 ? 1 / end_per_year : 0;

    return fmax(end_step(years, 1 / per_year, step), years < 10 ? 0.1 : 1);
}

#define RARE_PER_YEAR 0.2

struct cli_text cli_frequency(struct sim_estimate e)
{
    struct cli_text text;

    if (e.value >= RARE_PER_YEAR || e.value <= 0) {
        return cli_number(e);
    }
    snprintf(text.s, sizeof(text.s), "one in %.40s years",
             one_in(e.value, one_in_step(e)).s);
    return text;
}

struct cli_text cli_frequency_interval(struct sim_estimate e)
{
    struct cli_text text;

    if (e.value >= RARE_PER_YEAR || e.value <= 0) {
        return cli_number_interval(e);
    }
    const double step = one_in_step(e);

    if (e.low <= 0) {
        snprintf(text.s, sizeof(text.s), "at most one in %.30s years",
                 one_in(e.high, one_in_end_step(e.high, e.value, step)).s);
    } else {
        snprintf(text.s, sizeof(text.s), "one in %.24s to %.24s years",
                 one_in(e.high, one_in_end_step(e.high, e.value, step)).s,
                 one_in(e.low, one_in_end_step(e.low, e.value, step)).s);
    }
    return text;
}

struct cli_text cli_of_100(struct sim_estimate share)
{
    const struct cli_text text = cli_number(cli_scaled(share, 100));
    const struct cli_text nearly = {">99.9"};

    /* almost all is not all */
    return share.value < 1 && strncmp(text.s, "100", 3) == 0 ? nearly : text;
}

struct cli_text cli_of_100_interval(struct sim_estimate share)
{
    return cli_number_interval(cli_scaled(share, 100));
}

struct cli_text cli_availability(double unavailability)
{
    struct cli_text text = {""};
    char number[HA_UNITS_TEXT];

    ha_units_print_availability(number, sizeof(number), unavailability);
    snprintf(text.s, sizeof(text.s), "%s %%", number);
    return text;
}

struct cli_text cli_nines(double unavailability)
{
    struct cli_text text = {""};

    ha_units_print_nines(text.s, sizeof(text.s), unavailability);
    return text;
}

struct cli_text cli_count(double count)
{
    return in_words(count, count >= 1e6 ? pow(10, place_of(count) - 2) : 1);
}

struct cli_text cli_money(double usd)
{
    const double size = fabs(usd);
    const char *minus = usd < 0 ? "-" : "";
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%s$%.60s", minus,
             cli_rounded(size, size < 10 ? 0.01 : 1).s);
    return text;
}
