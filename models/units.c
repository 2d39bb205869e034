/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Units: the one place where text becomes a number, and a number text.
 *
 * Reading. Durations are a row of (number, unit) pairs, largest unit first or not;
 * blanks are allowed between them, because our own printing ("1 h 52 min") must read
 * back. "m" is a minute, as in Go, Prometheus and Kubernetes; a month has no letter,
 * since a length that depends on the calendar has no place in a rate.
 *
 * Kubernetes quantities follow apimachinery (pkg/api/resource/quantity.go): a decimal
 * number and one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent. They are
 * computed in integers, digit by digit, so that 0.1 cpu is 100 millicores and not
 * 100.00000000000001; what does not fit is rounded up, as Kubernetes does.
 *
 * Printing. Three rules hold everywhere on screen: at most three significant digits,
 * at most two units of time, and availability in per cent shows two digits of what is
 * missing from 100. The last is done on the text of the loss and not by subtraction:
 * 1 - 1.6e-12 still has its digits, 1 - 1e-17 would not.
 *
 * Left out: locale (a point is a point), calendar units, negative lengths of time.
 */
#include "models/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/model.h"

#define HINT_DURATION                                                                  \
    "expected a length of time with its unit, for example 90s, 45m, 4h, 30d or 5y"
#define HINT_RATE                                                                      \
    "expected a rate with its unit of time, for example 2/y, 0.1/d or 1/5y"
#define HINT_PERCENT     "expected a share in per cent, for example 5% or 99.95%"
#define HINT_PROBABILITY "expected a probability, for example 5% or 0.05 (from 0 to 1)"
#define HINT_CPU         "expected an amount of cpu, for example 500m, 0.5 or 2"
#define HINT_BYTES       "expected an amount, for example 512Mi, 16Gi or 2G"

#define HINT_PRICE "expected a price with its time, for example 0.192/h or 140/month"

struct time_unit {
    const char *name;
    double seconds;
};

/* The first name of each length is the one we print. */
static const struct time_unit time_units[] = {
    {"us", 1e-6},          {"ms", 1e-3},       {"s", 1},          {"sec", 1},
    {"second", 1},         {"seconds", 1},     {"min", 60},       {"m", 60},
    {"minute", 60},        {"minutes", 60},    {"h", 3600},       {"hr", 3600},
    {"hour", 3600},        {"hours", 3600},    {"d", 86400},      {"day", 86400},
    {"days", 86400},       {"w", 604800},      {"week", 604800},  {"weeks", 604800},
    {"y", SIM_YEAR_S},     {"yr", SIM_YEAR_S}, {"a", SIM_YEAR_S}, {"year", SIM_YEAR_S},
    {"years", SIM_YEAR_S},
};

/* ---- reading ---- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* An unsigned decimal number without exponent; NULL when there is none. strtod alone
 * would also take "inf", "0x1p3" and, in "1e9s", a unit that is none. */
static const char *read_number(const char *text, double *number)
{
    const char *end = text;
    char digits[48];
    size_t n;

    while (is_digit(*end)) {
        end++;
    }
    if (*end == '.') {
        end++;
        while (is_digit(*end)) {
            end++;
        }
    }
    n = (size_t)(end - text);
    if (n == 0 || n >= sizeof(digits) || (n == 1 && *text == '.')) {
        return NULL;
    }
    memcpy(digits, text, n);
    digits[n] = '\0';
    *number = strtod(digits, NULL);
    return end;
}

static const char *read_time_unit(const char *text, double *seconds)
{
    size_t n = 0;

    while ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z')) {
        n++;
    }
    for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++) {
        if (strlen(time_units[i].name) == n &&
            strncmp(text, time_units[i].name, n) == 0) {
            *seconds = time_units[i].seconds;
            return text + n;
        }
    }
    return NULL;
}

const char *ha_units_read_duration(const char *text, double *seconds)
{
    double sum = 0;
    const char *at = skip_blanks(text);

    if (*at == '\0') {
        return HINT_DURATION;
    }
    while (*at != '\0') {
        double number = 0;
        double unit = 0;

        at = read_number(at, &number);
        if (at == NULL) {
            return HINT_DURATION;
        }
        at = skip_blanks(at);
        if (*at == '\0') {
            return "a bare number has no length: " HINT_DURATION;
        }
        at = read_time_unit(at, &unit);
        if (at == NULL) {
            return HINT_DURATION;
        }
        sum += number * unit;
        at = skip_blanks(at);
    }
    *seconds = sum;
    return NULL;
}

/* "/y", "/ 5y", "per year": the length of time that the count belongs to. */
static const char *read_per(const char *at, double *seconds)
{
    double number = 1;
    const char *after;

    at = skip_blanks(at);
    if (*at == '/') {
        at++;
    } else if (strncmp(at, "per ", 4) == 0) {
        at += 4;
    } else {
        return NULL;
    }
    at = skip_blanks(at);
    after = read_number(at, &number);
    at = skip_blanks(after != NULL ? after : at);
    at = read_time_unit(at, seconds);
    if (at == NULL || number <= 0) {
        return NULL;
    }
    *seconds *= number;
    at = skip_blanks(at);
    return *at == '\0' ? at : NULL;
}

const char *ha_units_read_rate(const char *text, double *per_year)
{
    double number = 0;
    double seconds = 0;
    const char *at = read_number(skip_blanks(text), &number);

    if (at == NULL) {
        return HINT_RATE;
    }
    if (*skip_blanks(at) == '\0') {
        return "a bare number is no rate: " HINT_RATE;
    }
    if (read_per(at, &seconds) == NULL) {
        return HINT_RATE;
    }
    *per_year = seconds == SIM_YEAR_S ? number : number * (SIM_YEAR_S / seconds);
    return NULL;
}

const char *ha_units_read_price(const char *text, double *usd_month)
{
    double number = 0;
    double seconds = 0;
    const char *at = skip_blanks(text);

    at = read_number(*at == '$' ? at + 1 : at, &number);
    if (at == NULL) {
        return HINT_PRICE;
    }
    at = skip_blanks(at);
    if (strcmp(at, "/month") == 0 || strcmp(at, "/mo") == 0 ||
        strcmp(at, "per month") == 0) {
        *usd_month = number;
        return NULL;
    }
    if (read_per(at, &seconds) == NULL) {
        return HINT_PRICE;
    }
    *usd_month = number * HA_HOURS_PER_MONTH * (3600 / seconds);
    return NULL;
}

const char *ha_units_read_percent(const char *text, double *fraction)
{
    double number = 0;
    const char *at = read_number(skip_blanks(text), &number);

    if (at == NULL) {
        return HINT_PERCENT;
    }
    at = skip_blanks(at);
    if (*at != '%' || *skip_blanks(at + 1) != '\0') {
        return HINT_PERCENT;
    }
    if (number > 100) {
        return "more than 100 %: " HINT_PERCENT;
    }
    *fraction = number / 100;
    return NULL;
}

const char *ha_units_read_probability(const char *text, double *fraction)
{
    char *end;
    double number;

    if (strchr(text, '%') != NULL) {
        return ha_units_read_percent(text, fraction);
    }
    text = skip_blanks(text);
    if (!is_digit(*text) && *text != '.') {
        return HINT_PROBABILITY;
    }
    number = strspn(text, "0123456789.eE-+ ") == strlen(text) ? strtod(text, &end) : -1;
    if (!(number >= 0 && number <= 1) || *skip_blanks(end) != '\0') {
        return HINT_PROBABILITY;
    }
    *fraction = number;
    return NULL;
}

/* ---- Kubernetes quantities, in integers ---- */

struct quantity {
    uint64_t digits; /* up to 18 significant decimal digits */
    int ten;         /* times 10^ten */
    int two;         /* times 2^two */
    bool is_rounded; /* non-zero digits beyond the 18th were dropped */
};

static const char *read_decimal(const char *at, struct quantity *q)
{
    bool has_point = false;
    bool has_digit = false;
    int n = 0;

    for (; is_digit(*at) || (*at == '.' && !has_point); at++) {
        if (*at == '.') {
            has_point = true;
            continue;
        }
        has_digit = true;
        if (n < 18) {
            q->digits = q->digits * 10 + (uint64_t)(*at - '0');
            n += q->digits != 0;
            q->ten -= has_point;
        } else {
            q->is_rounded = q->is_rounded || *at != '0';
            q->ten += !has_point;
        }
    }
    return has_digit ? at : NULL;
}

static bool read_suffix(const char *at, struct quantity *q)
{
    static const char decimal[] = "numkMGTPE"; /* 10^-9 ... 10^18 */
    static const int power[] = {-9, -6, -3, 3, 6, 9, 12, 15, 18};
    static const char binary[] = "KMGTPE"; /* 2^10 ... 2^60 */
    const char *found;

    if (*at == '\0') {
        return true;
    }
    if ((*at == 'e' || *at == 'E') && at[1] != '\0' && at[1] != 'i') {
        char *end;
        long exponent = strtol(at + 1, &end, 10);

        if (*end != '\0' || exponent < -40 || exponent > 40 || at[1] == ' ') {
            return false;
        }
        q->ten += (int)exponent;
        return true;
    }
    if (at[1] == '\0') {
        found = strchr(decimal, *at);
        q->ten += found != NULL ? power[found - decimal] : 0;
        return found != NULL;
    }
    found = strchr(binary, *at);
    q->two = found != NULL ? 10 * (int)(found - binary + 1) : 0;
    return found != NULL && at[1] == 'i' && at[2] == '\0';
}

/* 18 digits times 2^60 need 120 bits. */
__extension__ typedef unsigned __int128 wide;

/* The smallest whole number not below q * 10^shift; false when it is above 2^62.
 * Growing comes before shrinking, and shrinking by nested ceilings is exact. */
static bool round_up(const struct quantity *q, int shift, int64_t *out)
{
    wide value = (wide)q->digits << q->two;
    int ten = q->ten + shift;
    bool is_cut = q->is_rounded;

    for (; ten > 0 && value != 0; ten--) {
        if (value > (wide)1 << 64) {
            return false;
        }
        value *= 10;
    }
    for (; ten < 0 && value != 0; ten++) {
        is_cut = is_cut || value % 10 != 0;
        value /= 10;
    }
    if (value >= (wide)1 << 62) {
        return false;
    }
    *out = (int64_t)value + is_cut;
    return true;
}

static const char *read_quantity(const char *text, int shift, const char *hint,
                                 int64_t *out)
{
    struct quantity q = {0, 0, 0, false};
    const char *at = *text == '+' ? text + 1 : text;

    if (*at == '-') {
        return "must not be negative";
    }
    at = read_decimal(at, &q);
    if (at == NULL || !read_suffix(at, &q)) {
        return hint;
    }
    return round_up(&q, shift, out) ? NULL : "is too large (must be below 4Ei)";
}

const char *ha_units_read_cpu(const char *text, int64_t *mcpu)
{
    return read_quantity(text, 3, HINT_CPU, mcpu);
}

const char *ha_units_read_bytes(const char *text, int64_t *bytes)
{
    return read_quantity(text, 0, HINT_BYTES, bytes);
}

/* ---- printing ---- */

/* "%.{digits}g" without exponent and with its trailing zeros: 31 with 3 is "31.0". */
static void print_significant(char *text, size_t size, double number, int digits)
{
    char scientific[40];
    int decimals;

    snprintf(scientific, sizeof(scientific), "%.*e", digits - 1, number);
    decimals = digits - 1 - atoi(strchr(scientific, 'e') + 1);
    snprintf(text, size, "%.*f", decimals > 0 ? decimals : 0, number);
}

static void trim_zeros(char *text)
{
    size_t n = strlen(text);

    if (strchr(text, '.') == NULL) {
        return;
    }
    while (n > 0 && text[n - 1] == '0') {
        text[--n] = '\0';
    }
    if (n > 0 && text[n - 1] == '.') {
        text[n - 1] = '\0';
    }
}

/* Two neighbouring units, whole numbers, the smaller left out when it is zero. */
static char *print_pair(char *text, size_t size, double seconds)
{
    static const struct {
        const char *big, *small;
        double big_s, small_s;
    } pair[] = {{"y", "d", SIM_YEAR_S, 86400},
                {"d", "h", 86400, 3600},
                {"h", "min", 3600, 60},
                {"min", "s", 60, 1}};
    size_t i = 0;
    double small;
    double big;

    while (i < 3 && seconds < pair[i].big_s &&
           round(seconds / pair[i].small_s) * pair[i].small_s < pair[i].big_s) {
        i++;
    }
    big = floor(seconds / pair[i].big_s);
    small = round((seconds - big * pair[i].big_s) / pair[i].small_s);
    if (small * pair[i].small_s >= pair[i].big_s) {
        big += 1;
        small = 0;
    }
    if (small > 0 && big < 1000) {
        snprintf(text, size, "%.0f %s %.0f %s", big, pair[i].big, small, pair[i].small);
    } else {
        char count[HA_UNITS_TEXT];

        ha_units_print_count(count, sizeof(count), (int64_t)fmin(big, 9e18));
        snprintf(text, size, "%s %s", count, pair[i].big);
    }
    return text;
}

static char *print_below_minute(char *text, size_t size, double seconds, int digits,
                                bool is_trimmed)
{
    const char *unit = "s";
    char number[HA_UNITS_TEXT];

    if (seconds > 0 && seconds < 0.9995e-3) {
        unit = "us";
        seconds *= 1e6;
    } else if (seconds > 0 && seconds < 0.9995) {
        unit = "ms";
        seconds *= 1e3;
    }
    print_significant(number, sizeof(number), seconds, digits);
    if (is_trimmed || seconds == 0) {
        trim_zeros(number);
    }
    snprintf(text, size, "%s %s", number, unit);
    return text;
}

char *ha_units_print_duration(char *text, size_t size, double seconds)
{
    if (!isfinite(seconds) || seconds < 0) {
        snprintf(text, size, "%s", isnan(seconds) ? "unknown" : "for ever");
        return text;
    }
    if (seconds < 59.95) {
        return print_below_minute(text, size, seconds, 3, true);
    }
    return print_pair(text, size, seconds);
}

char *ha_units_print_estimate_s(char *text, size_t size, double seconds, int digits)
{
    char number[HA_UNITS_TEXT];

    if (!isfinite(seconds) || seconds < 0 || seconds >= 3599.5) {
        return ha_units_print_duration(text, size, seconds);
    }
    if (seconds < 59.95) {
        return print_below_minute(text, size, seconds, digits, false);
    }
    print_significant(number, sizeof(number), seconds / 60, digits);
    snprintf(text, size, "%s min", number);
    return text;
}

char *ha_units_print_nines(char *text, size_t size, double unavailability)
{
    if (unavailability > 0) {
        double nines = -log10(unavailability);

        snprintf(text, size, "%.1f", nines > 0 ? nines : 0.0);
    } else {
        snprintf(text, size, "inf");
    }
    return text;
}

char *ha_units_print_availability(char *text, size_t size, double unavailability)
{
    char loss[40];
    int nines;
    int rest;

    if (!(unavailability > 0)) {
        snprintf(text, size, "100");
        return text;
    }
    snprintf(loss, sizeof(loss), "%.1e", fmin(unavailability, 1));
    nines = -atoi(strchr(loss, 'e') + 1) - 1;
    rest = 100 - ((loss[0] - '0') * 10 + (loss[2] - '0'));
    if (nines < 0) { /* nothing is left */
        snprintf(text, size, "0");
    } else if (nines < 1) {
        snprintf(text, size, "%d", rest);
    } else {
        char digits[HA_UNITS_TEXT];
        int n = nines < 40 ? nines : 40;

        memset(digits, '9', (size_t)n);
        snprintf(digits + n, sizeof(digits) - (size_t)n, "%02d", rest);
        snprintf(text, size, "%.2s.%s", digits, digits + 2);
    }
    return text;
}

char *ha_units_print_count(char *text, size_t size, int64_t count)
{
    char digits[32];
    char grouped[48];
    size_t n;
    size_t at = 0;

    snprintf(digits, sizeof(digits), "%" PRId64, count);
    n = strlen(digits);
    for (size_t i = 0; i < n; i++) {
        bool is_edge = (n - i) % 3 == 0 && i > (size_t)(digits[0] == '-');

        if (is_edge && n > 4) {
            grouped[at++] = ' ';
        }
        grouped[at++] = digits[i];
    }
    grouped[at] = '\0';
    snprintf(text, size, "%s", grouped);
    return text;
}

char *ha_units_print_number(char *text, size_t size, double number, int digits)
{
    double magnitude = fabs(number);

    if (number == 0 || !isfinite(number)) {
        snprintf(text, size, number == 0 ? "0" : "%g", number);
    } else if (magnitude < 1e-4 || magnitude >= 1e15) {
        snprintf(text, size, "%.*e", digits - 1, number);
    } else if (magnitude >= 999.5) {
        char rounded[40];

        snprintf(rounded, sizeof(rounded), "%.*e", digits - 1, number);
        ha_units_print_count(text, size, (int64_t)strtod(rounded, NULL));
    } else {
        print_significant(text, size, number, digits);
    }
    return text;
}

char *ha_units_print_bytes(char *text, size_t size, int64_t bytes)
{
    static const char *const unit[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    double value = (double)bytes;
    char number[HA_UNITS_TEXT];
    size_t i = 0;

    while (fabs(value) >= 1023.5 && i < 6) {
        value /= 1024;
        i++;
    }
    if (value == 0 || i == 0) {
        snprintf(text, size, "%.0f", value);
        return text;
    }
    print_significant(number, sizeof(number), value, 3);
    trim_zeros(number);
    snprintf(text, size, "%s%s", number, unit[i]);
    return text;
}

char *ha_units_print_cpu(char *text, size_t size, int64_t mcpu)
{
    if (mcpu % 1000 == 0) {
        snprintf(text, size, "%" PRId64, mcpu / 1000);
    } else {
        snprintf(text, size, "%" PRId64 "m", mcpu);
    }
    return text;
}
