/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Faces by format, and `nines run -o markdown`: what one pastes into a pull request.
 */
#include "cli/grid.h"
#include "cli/number.h"
#include "cli/view.h"

static void add_services(struct cli_grid *grid, const struct sim_result *r)
{
    static const char *const head[] = {"availability", "downtime per year",
                                       "outages per year", "inside SLO"};

    cli_grid_row(grid, "service");
    for (uint32_t i = 0; i < 4; i++) {
        cli_grid_set(grid, i, head[i]);
    }
    for (uint32_t i = 0; i < r->n_services; i++) {
        const struct sim_service_result *s = &r->service[i];
        const struct sim_estimate down = cli_downtime_s(r, s->unavailability);
        char text[256];

        cli_grid_row(grid, s->name);
        cli_grid_set(grid, 0, cli_availability(s->unavailability.value).s);
        snprintf(text, sizeof(text), "%s (%s)", cli_duration(down).s,
                 cli_duration_interval(down).s);
        cli_grid_set(grid, 1, text);
        cli_grid_set(grid, 2, cli_frequency(s->outages_per_year).s);
        snprintf(text, sizeof(text), "%s %%", cli_of_100(s->slo_met_share).s);
        cli_grid_set(grid, 3, s->slo_met_share.is_known ? text : "-");
    }
}

static void add_causes(struct cli_grid *grid, const struct cli_run_view *view)
{
    const struct sim_result *r = view->finding.result;
    const struct sim_service_result *s = cli_focus(&view->finding);
    char text[256];

    snprintf(text, sizeof(text), "cause (%s)", s->name);
    cli_grid_row(grid, text);
    cli_grid_set(grid, 0, "downtime per year");
    cli_grid_set(grid, 1, "share");
    for (uint32_t i = 0; i < s->n_causes && i < view->n_causes; i++) {
        const struct sim_estimate e = cli_downtime_s(r, s->cause[i].unavailability);

        if (!(e.value > 0)) {
            break;
        }
        cli_grid_row(grid, s->cause[i].name);
        snprintf(text, sizeof(text), "%s (%s)", cli_duration(e).s,
                 cli_duration_interval(e).s);
        cli_grid_set(grid, 0, text);
        snprintf(text, sizeof(text), "%.0f %%",
                 100 * s->cause[i].unavailability.value / s->unavailability.value);
        cli_grid_set(grid, 1, text);
    }
}

void cli_run_markdown(FILE *out, const struct cli_run_view *view)
{
    const struct sim_result *r = view->finding.result;
    struct cli_grid grid;

    fprintf(out, "**%s**: %s\n\n", view->finding.subject->name,
            view->finding.subject->about);
    cli_grid_init(&grid, 4);
    add_services(&grid, r);
    cli_grid_markdown(out, &grid);
    cli_grid_release(&grid);
    if (cli_focus(&view->finding)->n_causes > 0) {
        fputc('\n', out);
        cli_grid_init(&grid, 2);
        add_causes(&grid, view);
        cli_grid_markdown(out, &grid);
        cli_grid_release(&grid);
    }
    fprintf(out, "\n%s years simulated (%s), seed %llu\n",
            cli_count(r->simulated_years).s, r->method, (unsigned long long)r->seed);
}

void cli_run_face(FILE *out, enum cli_format format, const void *view)
{
    switch (format) {
    case CLI_FORMAT_TABLE:
    case CLI_FORMAT_WIDE:
        cli_run_table(out, format == CLI_FORMAT_WIDE, view);
        return;
    case CLI_FORMAT_JSON:
    case CLI_FORMAT_YAML:
        cli_run_json(out, format, view);
        return;
    case CLI_FORMAT_CSV:
        cli_run_csv(out, view);
        return;
    case CLI_FORMAT_MARKDOWN:
        cli_run_markdown(out, view);
        return;
    case CLI_FORMAT_JUNIT:
        cli_run_junit(out, view);
        return;
    case CLI_N_FORMATS:
        return;
    }
}

void cli_compare_face(FILE *out, enum cli_format format, const void *view)
{
    switch (format) {
    case CLI_FORMAT_TABLE:
    case CLI_FORMAT_WIDE:
        cli_compare_table(out, format == CLI_FORMAT_WIDE, view);
        return;
    case CLI_FORMAT_JSON:
    case CLI_FORMAT_YAML:
        cli_compare_json(out, format, view);
        return;
    case CLI_FORMAT_CSV:
        cli_compare_csv(out, view);
        return;
    case CLI_FORMAT_MARKDOWN:
        cli_compare_markdown(out, view);
        return;
    case CLI_FORMAT_JUNIT:
        cli_compare_junit(out, view);
        return;
    case CLI_N_FORMATS:
        return;
    }
}
