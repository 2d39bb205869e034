/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the designs of a comparison cost a month, and what each minute saved a year
 * costs. Designs on one host differ by what their pods and volumes need; when the hosts
 * themselves differ, a whole host is bought or saved, so whole hosts are compared.
 */
#include <math.h>

#include "cli/number.h"
#include "cli/view.h"

#define LEAST_USD 0.005 /* smaller differences are none */

static bool all_known(const struct cli_compare_view *v)
{
    for (uint32_t i = 0; i < v->n; i++) {
        if (!v->finding[i].subject->cost.is_known) {
            return false;
        }
    }
    return true;
}

static bool hosts_differ(const struct cli_cost *a, const struct cli_cost *b)
{
    return fabs(a->host - b->host) >= LEAST_USD;
}

void cli_compare_cost_rows(struct cli_grid *grid, const struct cli_compare_view *v)
{
    if (!all_known(v)) {
        return;
    }
    cli_grid_row(grid, "Cost per month");
    for (uint32_t i = 0; i < v->n; i++) {
        cli_grid_set(grid, i, cli_money(cli_cost_own(&v->finding[i].subject->cost)).s);
    }
    cli_grid_row(grid, "  whole host");
    for (uint32_t i = 0; i < v->n; i++) {
        cli_grid_set(grid, i, cli_money(v->finding[i].subject->cost.host).s);
    }
}

/* A sentence about two designs; false when they cost the same. */
static bool print_one(FILE *out, const struct cli_compare_view *v,
                      const struct cli_difference *d, bool is_first)
{
    const struct cli_finding *a = &v->finding[d->a];
    const struct cli_finding *b = &v->finding[d->b];
    const bool by_host = hosts_differ(&a->subject->cost, &b->subject->cost);
    const double more =
        by_host ? b->subject->cost.host - a->subject->cost.host
                : cli_cost_own(&b->subject->cost) - cli_cost_own(&a->subject->cost);
    const double saved_min =
        (cli_focus(a)->unavailability.value - cli_focus(b)->unavailability.value) *
        b->result->year_s / 60;

    if (fabs(more) < LEAST_USD) {
        return false;
    }
    fputs(is_first ? "\n" : "", out);
    fprintf(out, "%s costs %s a month %s than %s%s", b->subject->name,
            cli_money(fabs(more)).s, more > 0 ? "more" : "less", a->subject->name,
            by_host ? " (whole hosts)" : "");
    if (d->found.verdict == SIM_VERDICT_NONE_SHOWN) {
        fputs(", and no difference in downtime is shown.\n", out);
    } else if ((d->found.verdict == SIM_VERDICT_BETTER) == (more > 0)) {
        fprintf(out, ": %s a month for each minute a year.\n",
                cli_money(fabs(more / saved_min)).s);
    } else {
        fprintf(out, " and is down %s.\n", saved_min > 0 ? "less" : "more");
    }
    return true;
}

void cli_compare_cost_words(FILE *out, const struct cli_compare_view *v)
{
    uint32_t n_printed = 0;

    for (uint32_t i = 0; all_known(v) && i < v->n_differences; i++) {
        n_printed += print_one(out, v, &v->difference[i], n_printed == 0);
    }
}
