/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objectives. 1 - 0.9999 in binary is not 1e-4, and a budget that is wrong in the
 * twelfth digit would let a year of exactly the allowed downtime pass or fail by
 * chance of rounding; so the missing share is computed from the decimal text.
 */
#include "cli/slo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/error.h"
#include "models/units.h"
#include "sim/model.h"

#define LEAST_TARGET 0.01

struct cli_slo cli_slo_default(void)
{
    return (struct cli_slo){
        .target = 0.9999, .target_miss = 1e-4, .sure = 0.95, .text = "99.99"};
}

/* 100 - text per cent, as a fraction, from the decimal digits. */
static double missing_share(const char *text)
{
    const char *point = strchr(text, '.');
    const size_t decimals = point != NULL ? strlen(point + 1) : 0;
    const double scale = pow(10, (double)decimals);

    return round(100 * scale - strtod(text, NULL) * scale) / (100 * scale);
}

static int refuse(struct sim_err *err, const char *text)
{
    sim_err_set(err, SIM_ERR_USAGE, "--slo: \"%s\" is not an objective", text);
    sim_err_hint(err, "a target in per cent above 0 and below 100, for example 99.95, "
                      "or 99.9/30d for windows of 30 days");
    return -(int)SIM_ERR_USAGE;
}

int cli_slo_read(const char *text, struct cli_slo *slo, struct sim_err *err)
{
    const size_t digits = strspn(text, "0123456789.");
    const char *rest = text + digits;
    char *end;

    if (digits == 0 || digits > 15 || strlen(text) > 40) {
        return refuse(err, text);
    }
    memcpy(slo->text, text, digits);
    slo->text[digits] = '\0';
    slo->target = strtod(slo->text, &end) / 100;
    if (*end != '\0' || !(slo->target > 0 && slo->target < 1)) {
        return refuse(err, text);
    }
    if (slo->target < LEAST_TARGET) { /* 0.9999 is a fraction, not 0.9999 % */
        sim_err_set(err, SIM_ERR_USAGE, "--slo: \"%s\" is less than 1 %%", text);
        sim_err_hint(err, "targets are in per cent: did you mean %.10g?",
                     1e4 * slo->target);
        return -(int)SIM_ERR_USAGE;
    }
    slo->target_miss = missing_share(slo->text);
    rest += *rest == '%';
    if (*rest == '/') {
        if (ha_units_read_duration(rest + 1, &slo->window_s) != NULL ||
            !(slo->window_s >= 60) || slo->window_s > 100 * SIM_YEAR_S) {
            return refuse(err, text);
        }
    } else if (*rest != '\0') {
        return refuse(err, text);
    }
    slo->is_asked = true;
    return 0;
}

double cli_slo_window(const struct cli_slo *slo, double year_s)
{
    return slo->window_s > 0 ? slo->window_s : year_s;
}

double cli_slo_budget(const struct cli_slo *slo, double year_s)
{
    return slo->target_miss * cli_slo_window(slo, year_s);
}

enum cli_verdict cli_slo_judge(const struct cli_slo *slo, struct sim_estimate met_share)
{
    if (!met_share.is_known) {
        return CLI_SLO_OPEN;
    }
    if (met_share.low >= slo->sure) {
        return CLI_SLO_MET;
    }
    return met_share.high < slo->sure ? CLI_SLO_MISSED : CLI_SLO_OPEN;
}

int cli_slo_exit(enum cli_verdict verdict)
{
    static const int code[] = {[CLI_SLO_MET] = CLI_EXIT_DONE,
                               [CLI_SLO_MISSED] = CLI_EXIT_NO,
                               [CLI_SLO_OPEN] = CLI_EXIT_UNKNOWN};

    return code[verdict];
}

struct cli_window_words cli_slo_words(const struct cli_slo *slo, double year_s)
{
    struct cli_window_words words = {"Years", "years", "a year"};
    char length[HA_UNITS_TEXT];

    if (slo->window_s > 0 && fabs(slo->window_s - year_s) > 1) {
        ha_units_print_duration(length, sizeof(length), slo->window_s);
        snprintf(words.plural, sizeof(words.plural), "%.12s windows", length);
        memcpy(words.title, words.plural, sizeof(words.title));
        snprintf(words.per, sizeof(words.per), "in %.12s", length);
    }
    return words;
}
