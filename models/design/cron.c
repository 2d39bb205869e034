/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cron schedules, as far as backups need them: not when they fire, but how long ago the
 * last firing was at a moment that has nothing to do with it.
 *
 * Each field becomes a set of bits; then the minutes of four years from 2024-01-01 (one
 * leap year among them) are gone through and the gaps between firings summed. With
 * gaps g the mean age at a random moment is sum g^2 / (2 sum g): half the gap when all
 * are equal, more when they are not. Two million minutes take milliseconds, once.
 *
 * As in cron: when day of month and day of week are both restricted, either will do;
 * Sunday is 0 or 7. Time zones shift all firings alike, so they do not matter, but for
 * the two hours a year of daylight saving, which are left out.
 *
 * Sources: crontab(5); github.com/robfig/cron (what Kubernetes' own schedules use).
 */
#include "models/design/cron.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define N_FIELDS 5
#define N_YEARS  4
#define DAY_MIN  1440

struct field {
    int least, most;
    const char *names; /* three letters each, from the least on; or NULL */
};

static const struct field fields[N_FIELDS] = {
    {0, 59, NULL},
    {0, 23, NULL},
    {1, 31, NULL},
    {1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {0, 7, "sunmontuewedthufrisat"},
};

struct schedule {
    uint64_t bits[N_FIELDS];
    bool is_any[N_FIELDS]; /* "*": no restriction */
};

static const char wanted[] = "expected five fields: minute, hour, day of month, month, "
                             "day of week, as 0 2 * * *";

/* A number or a name at *at; moves *at behind it. False when there is none. */
static bool read_value(const char **at, const struct field *f, int *value)
{
    char *end;

    for (size_t i = 0; f->names != NULL && f->names[3 * i] != '\0'; i++) {
        if (strncasecmp(*at, f->names + 3 * i, 3) == 0) {
            *value = f->least + (int)i;
            *at += 3;
            return true;
        }
    }
    if (**at < '0' || **at > '9') {
        return false;
    }
    *value = (int)strtol(*at, &end, 10);
    *at = end;
    return *value >= f->least && *value <= f->most;
}

/* One item of a list: "*", "5", "1-5", each with "/step" or not. */
static bool read_item(const char **at, const struct field *f, uint64_t *bits)
{
    int from = f->least;
    int to = f->most;
    int step = 1;
    bool is_star = **at == '*' || **at == '?';

    if (is_star) {
        (*at)++;
    } else if (!read_value(at, f, &from)) {
        return false;
    } else if (**at == '-') {
        (*at)++;
        if (!read_value(at, f, &to)) {
            return false;
        }
    } else if (**at != '/') {
        to = from;
    }
    if (**at == '/') {
        char *end;
        long n = strtol(*at + 1, &end, 10);

        if (end == *at + 1 || n < 1 || n > 1000) {
            return false;
        }
        step = (int)n;
        *at = end;
    }
    for (int i = from; i <= to; i += step) {
        *bits |= UINT64_C(1) << i;
    }
    return from <= to;
}

static bool read_field(const char **at, const struct field *f, uint64_t *bits,
                       bool *is_any)
{
    *at += strspn(*at, " \t");
    *is_any = (*at)[0] == '*' || (*at)[0] == '?';
    *bits = 0;
    do {
        *at += **at == ',';
        if (!read_item(at, f, bits)) {
            return false;
        }
    } while (**at == ',');
    return **at == ' ' || **at == '\t' || **at == '\0';
}

static bool read_schedule(const char *text, struct schedule *s)
{
    for (int i = 0; i < N_FIELDS; i++) {
        if (!read_field(&text, &fields[i], &s->bits[i], &s->is_any[i])) {
            return false;
        }
    }
    s->bits[4] |= s->bits[4] >> 7; /* Sunday is 0 and 7 */
    return text[strspn(text, " \t")] == '\0';
}

static bool has(const struct schedule *s, int field, int value)
{
    return (s->bits[field] >> value & 1) != 0;
}

static bool fires_on(const struct schedule *s, int day, int month, int weekday)
{
    bool by_day = has(s, 2, day);
    bool by_week = has(s, 4, weekday);
    bool is_either = !s->is_any[2] && !s->is_any[4];

    return has(s, 3, month) && (is_either ? by_day || by_week : by_day && by_week);
}

struct gaps {
    double last_min, sum_min, square, longest_min;
};

static void note(struct gaps *g, double at_min)
{
    if (g->last_min >= 0) {
        double gap = at_min - g->last_min;

        g->sum_min += gap;
        g->square += gap * gap;
        g->longest_min = gap > g->longest_min ? gap : g->longest_min;
    }
    g->last_min = at_min;
}

static void note_day(struct gaps *g, const struct schedule *s, int day)
{
    for (int m = 0; m < DAY_MIN; m++) {
        if (has(s, 1, m / 60) && has(s, 0, m % 60)) {
            note(g, (double)day * DAY_MIN + m);
        }
    }
}

static void measure(const struct schedule *s, struct gaps *g)
{
    static const int days_of[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int day = 0; /* since Monday, 2024-01-01 */

    for (int year = 0; year < N_YEARS; year++) {
        for (int month = 1; month <= 12; month++) {
            int n_days = days_of[month - 1] + (month == 2 && year == 0);

            for (int d = 1; d <= n_days; d++, day++) {
                if (fires_on(s, d, month, (day + 1) % 7)) {
                    note_day(g, s, day);
                }
            }
        }
    }
}

static const char *spell_out(const char *text)
{
    static const char *const words[][2] = {
        {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
        {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
        {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
        {"@annually", "0 0 1 1 *"}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return text;
}

const char *ha_cron_read(const char *text, struct ha_cron_gaps *out)
{
    struct schedule s;
    struct gaps g = {-1, 0, 0, 0};

    if (!read_schedule(spell_out(text), &s)) {
        return wanted;
    }
    measure(&s, &g);
    if (!(g.sum_min > 0)) {
        return "this schedule never fires, or once in four years";
    }
    out->mean_age_s = 60 * g.square / (2 * g.sum_min);
    out->longest_s = 60 * g.longest_min;
    return NULL;
}
