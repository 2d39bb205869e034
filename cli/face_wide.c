/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `-o wide`: every service with every measure, one row each, and how the answer was
 * found. Upper-case heads, no boxes, two spaces between columns, as kubectl does.
 */
#include "cli/grid.h"
#include "cli/number.h"
#include "cli/view.h"

#define WIDE_COLUMNS 10000 /* never cut: wide means wide */

static const char *estimate_text(struct cli_text *text, struct sim_estimate e,
                                 struct cli_text value, struct cli_text interval)
{
    if (!e.is_known) {
        snprintf(text->s, sizeof(text->s), "-");
    } else if (e.low == e.high) {
        *text = value;
    } else {
        snprintf(text->s, sizeof(text->s), "%.30s (%.45s)", value.s, interval.s);
    }
    return text->s;
}

static void add_duration(struct cli_grid *grid, uint32_t column, struct sim_estimate e)
{
    struct cli_text text;

    cli_grid_set(grid, column,
                 estimate_text(&text, e, cli_duration(e), cli_duration_interval(e)));
}

static void add_service(struct cli_grid *grid, const struct sim_result *r,
                        const struct sim_service_result *s)
{
    const struct sim_estimate rate = s->outages_per_year;
    const struct sim_estimate met = s->slo_met_share;
    struct cli_text text;
    double years;

    cli_grid_row(grid, s->name);
    if (cli_none_seen(r, s, &years)) {
        snprintf(text.s, sizeof(text.s), "over %.60s",
                 cli_availability(s->unavailability.high).s);
        cli_grid_set(grid, 0, text.s);
        cli_grid_set(grid, 1, "none seen");
        return;
    }
    cli_grid_set(grid, 0, cli_availability(s->unavailability.value).s);
    add_duration(grid, 1, cli_downtime_s(r, s->unavailability));
    cli_grid_set(
        grid, 2,
        estimate_text(&text, rate, cli_frequency(rate), cli_frequency_interval(rate)));
    add_duration(grid, 3, s->mean_outage_s);
    cli_grid_set(grid, 4,
                 estimate_text(&text, met, cli_of_100(met), cli_of_100_interval(met)));
    add_duration(grid, 5, cli_downtime_s(r, s->failed_share));
    add_duration(grid, 6, s->mttff_s);
}

void cli_run_wide(FILE *out, const struct cli_finding *finding)
{
    static const char *const head[] = {
        "AVAILABILITY",  "DOWNTIME/YR",        "OUTAGES/YR",        "MEAN OUTAGE",
        "IN SLO OF 100", "FAILED REQUESTS/YR", "FIRST OUTAGE AFTER"};
    const uint32_t n = sizeof(head) / sizeof(head[0]);
    const struct sim_result *r = finding->result;
    struct cli_grid grid;

    cli_grid_init(&grid, n);
    cli_grid_row(&grid, "SERVICE");
    for (uint32_t m = 0; m < n; m++) {
        cli_grid_set(&grid, m, head[m]);
    }
    for (uint32_t i = 0; i < r->n_services; i++) {
        add_service(&grid, r, &r->service[i]);
    }
    fputc('\n', out);
    cli_grid_print(out, &grid, 2, WIDE_COLUMNS);
    cli_grid_release(&grid);
    fprintf(out, "\n  method %s: %s\n", r->method, r->reason);
    fprintf(out, "  %s histories, %s events\n", cli_count((double)r->n_replications).s,
            cli_count((double)r->n_events).s);
}
