/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Charts about levels: downtime per year by design, and the nines ladder. Both show
 * the unavailability of the judged service on a logarithmic scale; the first as time
 * to the right, the second as nines upwards. Where no outage was seen there is no
 * dot but the upper limit, drawn as a triangle and said in words.
 */
#include <math.h>

#include "cli/chart.h"
#include "cli/number.h"
#include "models/units.h"

#define ROW_PX     34
#define MOST_NINES 16
#define LEAST_U    1e-16 /* the end of any axis */

/* One design's level, made fit for a logarithmic axis. */
struct level {
    double value, low, high;
    bool is_limit; /* nothing seen: only high counts */
};

static struct level level_of(const struct cli_finding *f)
{
    const struct sim_service_result *s = cli_focus(f);
    const struct sim_estimate u = s->unavailability;
    double years;
    struct level level = {u.value, u.low, u.high, cli_none_seen(f->result, s, &years)};

    level.high = fmin(fmax(level.high, LEAST_U), 1);
    if (level.is_limit || !(level.value > 0)) {
        level.is_limit = true;
        level.value = level.high;
        level.low = level.high;
        return level;
    }
    /* An interval that reaches 0 is cut at a tenth of the value. */
    level.low = fmax(level.low, level.value / 10);
    return level;
}

static void range_of(const struct cli_compare_view *view, double *least, double *most)
{
    *least = 1;
    *most = LEAST_U;
    for (uint32_t i = 0; i < view->n; i++) {
        const struct level level = level_of(&view->finding[i]);

        *least = fmin(*least, level.low);
        *most = fmax(*most, level.high);
    }
}

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

static void put_time_tics(FILE *gp, double least, double most, double year_s)
{
    const double span = log10(most / least);
    const int every = span > 8 ? (int)ceil(span / 8) : 1;
    const char *comma = "";

    fputs("xtics = \"set xtics (", gp);
    for (int k = (int)floor(-log10(most)); k <= (int)ceil(-log10(least)); k += every) {
        const double u = pow(10, -k);

        if (u < least * 0.999 || u > most * 1.001) {
            continue;
        }
        /* tic labels are formats: a per cent sign is doubled */
        fprintf(gp, "%s'%s\\n%s%s' %.3g", comma, time_text(u, year_s).s,
                cli_chart_nines_text(k).s, k <= CHART_SPELLED_NINES ? "%" : "", u);
        comma = ", ";
    }
    fputs(")\"\n", gp);
}

static void put_level_row(FILE *dat, const struct cli_compare_view *view, uint32_t i)
{
    const struct cli_finding *f = &view->finding[i];
    const struct level level = level_of(f);
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
    char text[256];

    range_of(view, &least, &most);
    if (slo->is_asked) {
        least = fmin(least, slo->target_miss);
        most = fmax(most, slo->target_miss);
    }
    least = pow(10, floor(log10(least * 0.8)));
    most = fmin(pow(10, ceil(log10(most * 1.25))), 1);
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
    put_time_tics(gp, least, most, year_s);
    fputs("# row unavailability low high is_limit is_bad design text\n", dat);
    for (uint32_t i = 0; i < view->n; i++) {
        put_level_row(dat, view, i);
    }
    return true;
}

/* ---- the ladder ---- */

static double nines_of(double unavailability)
{
    return -log10(fmax(unavailability, LEAST_U));
}

static void say_ladder(const struct cli_compare_view *view, struct cli_chart *chart)
{
    uint32_t best;
    uint32_t worst;

    cli_chart_extremes(view, &best, &worst);

    const struct level b = level_of(&view->finding[best]);
    const struct level w = level_of(&view->finding[worst]);

    if (b.high < w.low) {
        snprintf(chart->headline, sizeof(chart->headline),
                 "%s%s nines with %.50s, %s with %.50s", b.is_limit ? "Over " : "",
                 cli_nines(b.value).s, view->finding[best].subject->name,
                 cli_nines(w.value).s, view->finding[worst].subject->name);
    } else {
        snprintf(chart->headline, sizeof(chart->headline),
                 "All designs stand at about %s nines", cli_nines(w.value).s);
    }
}

static void put_rungs(FILE *dat, double y_min, double y_max, double year_s)
{
    fputs("# nines availability allowed-a-year\n", dat);
    for (int k = (int)ceil(y_min); k <= (int)floor(y_max); k++) {
        char text[128];

        fprintf(dat, "%d ", k);
        cli_chart_text(dat, cli_chart_nines_text(k).s);
        snprintf(text, sizeof(text), "%s a year", time_text(pow(10, -k), year_s).s);
        fputc(' ', dat);
        cli_chart_text(dat, text);
        fputc('\n', dat);
    }
    fputs("\n\n", dat);
}

/* Indexes of the designs from the lowest to the highest on the ladder. */
static void order_by_level(const struct cli_compare_view *view, uint32_t *order)
{
    for (uint32_t i = 0; i < view->n; i++) {
        const double u = level_of(&view->finding[i]).value;
        uint32_t at = i;

        for (; at > 0 && level_of(&view->finding[order[at - 1]]).value < u; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

static void put_dots(FILE *dat, const struct cli_compare_view *view, double y_min,
                     double y_max, double gap)
{
    uint32_t order[64];
    double y[64];
    const uint32_t n = view->n < 64 ? view->n : 64;

    order_by_level(view, order);
    for (uint32_t k = 0; k < n; k++) {
        y[k] = nines_of(level_of(&view->finding[order[k]]).value);
    }
    cli_chart_spread(y, n, gap, y_min + gap / 2, y_max - gap / 2);
    fputs("# x nines low high is_limit colour label-height label\n", dat);
    for (uint32_t k = 0; k < n; k++) {
        const struct cli_finding *f = &view->finding[order[k]];
        const struct level level = level_of(f);
        char text[256];

        snprintf(text, sizeof(text), "%s  %s%s", f->subject->name,
                 level.is_limit ? "over " : "", cli_nines(level.value).s);
        fprintf(dat, "%.4f %.6f %.6f %.6f %d %u %.6f ",
                0.2 + 0.2 * (order[k] + 0.5) / n, nines_of(level.value),
                nines_of(level.high), nines_of(level.low), level.is_limit,
                cli_chart_line_color(order[k]), y[k]);
        cli_chart_text(dat, text);
        fputc('\n', dat);
    }
}

bool cli_chart_ladder(const struct cli_compare_view *view, struct cli_chart *chart,
                      FILE *gp, FILE *dat)
{
    double least;
    double most;

    range_of(view, &least, &most);

    const double y_min = fmax(fmin(floor(nines_of(most)), 2), 0) - 0.3;
    const double y_max =
        fmin(fmax(ceil(nines_of(least) + 0.01), floor(y_min) + 5), MOST_NINES) + 0.3;

    say_ladder(view, chart);
    chart->left = 110;
    chart->right = 150;
    chart->top = 70;
    chart->bottom = 16;
    chart->height = chart->top + chart->bottom + (int)(46 * (y_max - y_min));
    if (chart->height < 90 + 20 * (int)view->n) {
        chart->height = 90 + 20 * (int)view->n;
    }
    fprintf(gp, "y_min = %.3f\ny_max = %.3f\nlabel_x = 0.46\n", y_min, y_max);
    put_rungs(dat, y_min, y_max, view->finding[0].result->year_s);
    put_dots(dat, view, y_min, y_max,
             18 * (y_max - y_min) / (chart->height - chart->top - chart->bottom));
    return true;
}
