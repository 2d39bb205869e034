/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Downtime per year by design, on a logarithmic axis that speaks time and nines. Where
 * the designs are near each other the axis shrinks to them, with round times instead of
 * whole nines, so that the intervals can be seen. Where no outage was seen there is no
 * dot but the upper limit, drawn as a triangle and said in words.
 */
#include <math.h>
#include <string.h>

#include "cli/chart.h"
#include "cli/number.h"
#include "models/units.h"

#define ROW_PX       34
#define TIC_PX       74 /* least distance of labels on the axis */
#define NARROW_RATIO 30 /* of the ends: below, the axis shrinks to the data */
#define LINEAR_RATIO 4  /* of the ends: below, tics are evenly spaced in time */

/* "52.6 min" for 1e-4 of a year. */
static struct cli_text time_text(double unavailability, double year_s)
{
    return cli_about(unavailability * year_s, 3);
}

static void say_downtime(const struct cli_compare_view *view, struct cli_chart *chart)
{
    uint32_t best;
    uint32_t worst;

    cli_chart_extremes(view, &best, &worst);

    const struct cli_finding *b = &view->finding[best];
    const struct cli_finding *w = &view->finding[worst];
    const struct sim_estimate low = cli_focus(b)->unavailability;
    const struct sim_estimate high = cli_focus(w)->unavailability;
    const double year_s = b->result->year_s;

    struct cli_text least = cli_duration(cli_scaled(low, year_s));
    struct sim_comparison found;

    sim_compare(w->result, b->result, b->focus, &found);
    if (found.verdict != SIM_VERDICT_BETTER) {
        snprintf(chart->headline, sizeof(chart->headline),
                 "No difference in downtime is shown between these designs");
        return;
    }
    if (!(low.value > 0)) {
        snprintf(least.s, sizeof(least.s), "none seen");
    }
    snprintf(chart->headline, sizeof(chart->headline),
             "Downtime a year: %.30s with %.50s, %.30s with %.50s", least.s,
             b->subject->name, cli_duration(cli_scaled(high, year_s)).s,
             w->subject->name);
}

/* Tic labels are formats: a per cent sign is doubled. */
static void put_tic(FILE *gp, const char *comma, double u, struct cli_text time,
                    struct cli_text nines)
{
    const char *percent = strchr(nines.s, '%') != NULL ? "%" : "";

    fprintf(gp, "%s'%s\\n%s%s' %.9g", comma, time.s, nines.s, percent, u);
}

/* A wide axis: every nine, or every second, third ... when there are many. */
static void put_nine_tics(FILE *gp, double least, double most, double year_s)
{
    const double span = log10(most / least);
    const int every = span > 8 ? (int)ceil(span / 8) : 1;
    const char *comma = "";

    for (int k = (int)floor(-log10(most)); k <= (int)ceil(-log10(least)); k += every) {
        const double u = pow(10, -k);

        if (u >= least * 0.999 && u <= most * 1.001) {
            put_tic(gp, comma, u, time_text(u, year_s), cli_chart_nines_text(k));
            comma = ", ";
        }
    }
}

/* The step of evenly spaced tics: human times from a second on, else 1, 2, 5. */
static double even_step_s(double span_s)
{
    static const double human_s[] = {1,     2,     5,     10,    15,     30,    60,
                                     120,   300,   600,   900,   1800,   3600,  7200,
                                     10800, 21600, 43200, 86400, 172800, 432000};
    const double least_s = span_s / 6;
    double step_s = pow(10, floor(log10(least_s)));

    if (least_s <= 1) {
        return step_s * (least_s > 5 * step_s ? 10 : least_s > 2 * step_s ? 5 : 2);
    }
    for (size_t i = 0; i < sizeof(human_s) / sizeof(human_s[0]); i++) {
        if (human_s[i] >= least_s) {
            return human_s[i];
        }
    }
    return 864000 * ceil(least_s / 864000);
}

/* The next round time after this one, for tics on a scale of ratios. */
static double next_round_s(double s)
{
    static const double human_s[] = {1,     2,     5,     10,    20,     30,    60,
                                     120,   300,   600,   1200,  1800,   3600,  7200,
                                     14400, 28800, 43200, 86400, 172800, 432000};
    const double power = pow(10, floor(log10(s * 1.0001)));

    for (size_t i = 0; s >= 0.9 && i < sizeof(human_s) / sizeof(human_s[0]); i++) {
        if (human_s[i] > s * 1.0001) {
            return human_s[i];
        }
    }
    return power * (s < 1.99 * power ? 2 : s < 4.99 * power ? 5 : 10);
}

/* A narrow axis: round times, evenly spaced when the ends are near each other. Those
 * that have no room are left out. */
static void put_round_tics(FILE *gp, double least, double most, double year_s,
                           double width_px)
{
    const bool is_even = most < LINEAR_RATIO * least;
    const double step_s = even_step_s((most - least) * year_s);
    const char *comma = "";
    double last_px = -HUGE_VAL;
    double s =
        is_even ? ceil(least * year_s / step_s) * step_s : next_round_s(least * year_s);

    while (s <= most * year_s) {
        const double u = s / year_s;
        const double px = width_px * log(u / least) / log(most / least);
        struct cli_text time = {""};

        if (px - last_px >= TIC_PX) {
            ha_units_print_duration(time.s, sizeof(time.s), s);
            put_tic(gp, comma, u, time, cli_availability(u));
            comma = ", ";
            last_px = px;
        }
        s = is_even ? s + step_s : next_round_s(s);
    }
}

/* Is the axis so narrow that whole nines would leave it empty? */
static bool is_narrow(double least, double most)
{
    return most < NARROW_RATIO * least;
}

static void put_level_row(FILE *dat, const struct cli_compare_view *view, uint32_t i)
{
    const struct cli_finding *f = &view->finding[i];
    const struct cli_chart_level level = cli_chart_level(f);
    const struct sim_estimate down =
        cli_downtime_s(f->result, cli_focus(f)->unavailability);
    const bool is_bad =
        view->question->slo.is_asked && level.high > view->question->slo.target_miss;
    char text[256];

    if (level.is_limit) {
        snprintf(text, sizeof(text), "none seen, below %s", cli_about(down.high, 2).s);
    } else {
        snprintf(text, sizeof(text), "%s  (%s)", cli_duration(down).s,
                 cli_duration_interval(down).s);
    }
    fprintf(dat, "%u %.17g %.17g %.17g %d %d ", i + 1, level.value, level.low,
            level.high, level.is_limit, is_bad);
    cli_chart_text(dat, f->subject->name);
    fputc(' ', dat);
    cli_chart_text(dat, text);
    fputc('\n', dat);
}

bool cli_chart_downtime(const struct cli_compare_view *view, struct cli_chart *chart,
                        FILE *gp, FILE *dat)
{
    const struct cli_slo *slo = &view->question->slo;
    const double year_s = view->finding[0].result->year_s;
    double least;
    double most;
    bool is_wide;
    char text[256];

    cli_chart_range(view, &least, &most);
    is_wide = !is_narrow(least, most);
    if (is_wide) {
        least = pow(10, floor(log10(least * 0.8)));
        most = fmin(pow(10, ceil(log10(most * 1.25))), 1);
    } else {
        const double margin = fmax(pow(most / least, 0.1), 1.1);

        least /= margin;
        most = fmin(most * margin, 1);
    }
    say_downtime(view, chart);
    chart->left = cli_chart_name_px(view) + 30;
    chart->right = 240;
    chart->top = 84;
    chart->bottom = 52;
    chart->height = chart->top + chart->bottom + ROW_PX * (int)view->n + 16;
    fprintf(gp, "rows = %u\nx_min = %.6g\nx_max = %.6g\nslo = %.17g\n", view->n, least,
            most, slo->is_asked ? slo->target_miss : 0);
    snprintf(text, sizeof(text), "SLO %s %%: %s", slo->text,
             time_text(slo->target_miss, year_s).s);
    cli_chart_string(gp, "slo_text", text);
    fputs("xtics = \"set xtics (", gp);
    if (is_wide) {
        put_nine_tics(gp, least, most, year_s);
    } else {
        put_round_tics(gp, least, most, year_s,
                       chart->width - chart->left - chart->right);
    }
    fputs(")\"\n", gp);
    fputs("# row unavailability low high is_limit is_bad design text\n", dat);
    for (uint32_t i = 0; i < view->n; i++) {
        put_level_row(dat, view, i);
    }
    return true;
}
