/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CSV, one measure a row ("tidy"), so that a spreadsheet or a data frame can filter
 * and pivot without knowing our columns. RFC 4180 quoting; an unknown measure has
 * no row; exact answers have low = high.
 */
#include "cli/view.h"

static void put_row(FILE *out, const struct cli_finding *f, const char *service,
                    const char *cause, const char *measure, const char *unit,
                    struct sim_estimate e, double factor)
{
    if (!e.is_known) {
        return;
    }
    cli_csv_text(out, f->subject->name);
    fputc(',', out);
    cli_csv_text(out, service);
    fputc(',', out);
    cli_csv_text(out, cause);
    fputc(',', out);
    cli_csv_text(out, measure);
    fprintf(out, ",%s,", unit);
    cli_csv_number(out, e.value * factor);
    fputc(',', out);
    cli_csv_number(out, e.low * factor);
    fputc(',', out);
    cli_csv_number(out, e.high * factor);
    fprintf(out, ",%g\r\n", f->result->confidence);
}

static void put_service(FILE *out, const struct cli_finding *f,
                        const struct sim_service_result *s)
{
    const double minutes = f->result->year_s / 60;
    const struct {
        const char *measure, *unit;
        struct sim_estimate e;
        double factor;
    } rows[] = {
        {"unavailability", "fraction", s->unavailability, 1},
        {"downtime", "min/year", s->unavailability, minutes},
        {"outages", "1/year", s->outages_per_year, 1},
        {"mean_outage", "s", s->mean_outage_s, 1},
        {"slo_met_share", "fraction", s->slo_met_share, 1},
        {"failed_request_share", "fraction", s->failed_share, 1},
        {"mttff", "s", s->mttff_s, 1},
        {"first_year_unavailability", "fraction", s->first_year_unavailability, 1},
        {"first_year_outages", "1/year", s->first_year_outages, 1},
        {"prob_outage_first_year", "fraction", s->prob_outage_first_year, 1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put_row(out, f, s->name, "", rows[i].measure, rows[i].unit, rows[i].e,
                rows[i].factor);
    }
    for (uint32_t i = 0; i < s->n_causes; i++) {
        put_row(out, f, s->name, s->cause[i].name, "downtime", "min/year",
                s->cause[i].unavailability, minutes);
    }
}

static void put_finding(FILE *out, const struct cli_finding *f)
{
    const struct cli_cost *cost = &f->subject->cost;
    const double own = cli_cost_own(cost);

    for (uint32_t i = 0; i < f->result->n_services; i++) {
        put_service(out, f, &f->result->service[i]);
    }
    put_row(out, f, "", "", "cost", "USD/month",
            (struct sim_estimate){own, own, own, cost->is_known}, 1);
    put_row(out, f, "", "", "cost_of_host", "USD/month",
            (struct sim_estimate){cost->host, cost->host, cost->host, cost->is_known},
            1);
}

static void put_head(FILE *out)
{
    fputs("design,service,cause,measure,unit,estimate,low,high,confidence\r\n", out);
}

void cli_run_csv(FILE *out, const struct cli_run_view *view)
{
    put_head(out);
    put_finding(out, &view->finding);
}

void cli_compare_csv(FILE *out, const struct cli_compare_view *view)
{
    put_head(out);
    for (uint32_t i = 0; i < view->n; i++) {
        put_finding(out, &view->finding[i]);
    }
    for (uint32_t i = 0; i < view->n_differences; i++) {
        const struct cli_difference *d = &view->difference[i];
        const struct cli_finding *b = &view->finding[d->b];
        char measure[160];

        snprintf(measure, sizeof(measure), "downtime_minus_%s",
                 view->finding[d->a].subject->name);
        put_row(out, b, cli_focus(b)->name, "", measure, "min/year",
                d->found.difference, b->result->year_s / 60);
    }
}
