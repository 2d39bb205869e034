/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the downtime is sensitive to, as rows of a table: components by the downtime
 * that would go if they never broke, and rates and lengths by what one per cent more of
 * them would change (a derivative: larger steps need a run of their own). Only rows
 * whose sign is sure are shown, the largest first; all of them with all measures are in
 * JSON.
 */
#include <math.h>

#include "cli/color.h"
#include "cli/number.h"
#include "cli/view.h"

#define NAME_WIDTH     42
#define MOST_ROWS      8
#define LEAST_SHOWN    1e-4 /* of the downtime: smaller effects are not worth a row */
#define PERCENT_WIDTH  8
#define INTERVAL_WIDTH 18

/* A row: name, value in per cent (with its sign when it is a change), interval, and a
 * remark. */
static void print_row(FILE *out, const char *name, struct sim_estimate e,
                      bool is_change, const char *remark)
{
    const double step = cli_step(100 * e.value, 100 * cli_half_width(e));
    char value[48];
    char interval[80];

    fputs("    ", out);
    cli_pad(out, name, NAME_WIDTH);
    snprintf(value, sizeof(value), "%s%.30s %%", is_change && e.value > 0 ? "+" : "",
             cli_rounded(100 * e.value, step).s);
    cli_pad(out, value, -PERCENT_WIDTH);
    snprintf(interval, sizeof(interval), "%.30s to %.30s %%",
             cli_rounded(100 * e.low, step).s, cli_rounded(100 * e.high, step).s);
    fprintf(out, "  %s%-*s%s%s\n", cli_color_on(out, CLI_QUIET),
            remark[0] != '\0' ? INTERVAL_WIDTH : 0, interval, remark,
            cli_color_off(out, CLI_QUIET));
}

static void print_title(FILE *out, const char *title, const char *what)
{
    fprintf(out, "\n  %s%-*s%s%*s\n", cli_color_on(out, CLI_STRONG), NAME_WIDTH + 2,
            title, cli_color_off(out, CLI_STRONG), PERCENT_WIDTH, what);
}

static bool is_sure(struct sim_estimate e)
{
    return e.is_known && (e.low > 0 || e.high < 0) && fabs(e.value) >= LEAST_SHOWN;
}

/* Without component i the downtime is smaller by its criticality. */
static void print_components(FILE *out, const struct sim_service_result *s)
{
    uint32_t n_shown = 0;

    for (uint32_t i = 0; i < s->n_components && n_shown < MOST_ROWS; i++) {
        const struct sim_component_result *c = &s->component[i];
        const struct sim_estimate less = {.value = -c->criticality.value,
                                          .low = -c->criticality.high,
                                          .high = -c->criticality.low,
                                          .is_known = c->criticality.is_known};
        char begins[64] = "";

        if (!is_sure(less)) {
            continue;
        }
        if (n_shown++ == 0) {
            print_title(out, "If it never broke", "downtime");
        }
        if (c->trigger_share.value >= LEAST_SHOWN) {
            snprintf(begins, sizeof(begins), "  begins %.20s of 100 outages",
                     cli_of_100(c->trigger_share).s);
        }
        print_row(out, c->name, less, true, begins);
    }
}

/* Systems that name no components still have failures that begin outages. */
static void print_triggers(FILE *out, const struct sim_service_result *s)
{
    uint32_t n_shown = 0;

    if (s->n_components == 0 || s->component[0].broken_share.is_known) {
        return;
    }
    for (uint32_t i = 0; i < s->n_components && n_shown < MOST_ROWS; i++) {
        const struct sim_estimate e = s->component[i].trigger_share;

        if (!is_sure(e)) {
            continue;
        }
        if (n_shown++ == 0) {
            print_title(out, "What begins outages", "of 100");
        }
        print_row(out, s->component[i].name, e, false, "");
    }
}

static void print_elasticities(FILE *out, const struct sim_service_result *s)
{
    uint32_t n_shown = 0;

    for (uint32_t i = 0; i < s->n_elasticities && n_shown < MOST_ROWS; i++) {
        const struct sim_estimate e = s->elasticity[i].unavailability;
        const struct sim_estimate change = cli_scaled(e, 0.01);

        if (!is_sure(change)) {
            continue;
        }
        if (n_shown++ == 0) {
            print_title(out, "If it were 1 % more", "downtime");
        }
        print_row(out, s->elasticity[i].name, change, true, "");
    }
}

void cli_run_sensitivity(FILE *out, const struct cli_run_view *view)
{
    const struct sim_service_result *s = cli_focus(&view->finding);

    if (!view->question->is_sensitivity) {
        return;
    }
    if (s->n_components == 0 && s->n_elasticities == 0) {
        fprintf(out, "\n  Sensitivity: not known. %s\n",
                s->n_outages > 0 ? "The method does not give it: --method crude or "
                                   "biased does."
                                 : "No outage was seen.");
        return;
    }
    print_components(out, s);
    print_triggers(out, s);
    print_elasticities(out, s);
}
