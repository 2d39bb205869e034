/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How likely is a bad year: the distribution over simulated windows of the downtime
 * in them, one curve a design, and the objective's budget across. Windows without
 * any downtime cannot stand on a logarithmic axis; they are the height at which a
 * curve starts at the left edge. When these are most, the upright axis shows the top
 * only; when fewer than one window in a thousand has any downtime, there is no picture.
 * Curves are thinned to what the eye can see.
 */
#include <math.h>

#include "cli/chart.h"
#include "cli/number.h"

#define MOST_POINTS 500
#define MOST_CURVES 24
#define TIC_PX      52   /* least distance of labels on the axis */
#define LEFT_SHARE  0.03 /* of windows with downtime: may lie left of the axis */
#define LEAST_SEEN  1e-3 /* of windows with downtime: below, no picture */

static double weight_of(const struct sim_service_result *s, uint32_t i)
{
    return s->window_weight != NULL ? s->window_weight[i] : 1;
}

static double weight_total(const struct sim_service_result *s)
{
    double total = 0;

    for (uint32_t i = 0; i < s->n_windows; i++) {
        total += weight_of(s, i);
    }
    return total;
}

static double share_within(const struct sim_service_result *s, double downtime_s)
{
    double within = 0;

    for (uint32_t i = 0; i < s->n_windows && s->window_downtime_s[i] <= downtime_s;
         i++) {
        within += weight_of(s, i);
    }
    return within / weight_total(s);
}

/* Are single windows known? */
static bool has_curve(const struct sim_service_result *s)
{
    return s->n_windows > 0 && weight_total(s) > 0;
}

/* The axis: from the small downtimes that matter to the largest seen. Windows without
 * any downtime do not pull it. */
static bool axis_of(const struct cli_compare_view *view, double *least, double *most)
{
    *least = HUGE_VAL;
    *most = 0;
    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_service_result *s = cli_focus(&view->finding[i]);

        if (!has_curve(s) || !(s->window_downtime_s[s->n_windows - 1] > 0)) {
            continue;
        }
        const double none = share_within(s, 0);
        const double low = cli_window_quantile(s, none + LEFT_SHARE * (1 - none));

        *most = fmax(*most, s->window_downtime_s[s->n_windows - 1]);
        *least = fmin(*least, low > 0 ? low : *most);
    }
    return *most > 0;
}

static void put_curve(FILE *dat, const struct sim_service_result *s, const char *name,
                      double x_min, double x_max)
{
    const double total = weight_total(s);
    double sum = 0;
    double shown = -1;

    fprintf(dat, "# %s: downtime_s share\n", name);
    fprintf(dat, "%.6g %.6f\n", x_min, share_within(s, x_min));
    for (uint32_t i = 0; i < s->n_windows; i++) {
        const double x = s->window_downtime_s[i];

        sum += weight_of(s, i);
        if (x > x_min &&
            (sum - shown >= total / MOST_POINTS || i + 1 == s->n_windows)) {
            fprintf(dat, "%.6g %.6f\n", x, sum / total);
            shown = sum;
        }
    }
    fprintf(dat, "%.6g 1\n\n\n", x_max);
}

/* Round durations, the rounder ones first, as far as their labels have room. */
static void put_tics(FILE *gp, double least, double most, int width_px)
{
    static const struct {
        double s;
        const char *text;
        int rank;
    } tic[] = {{1e-6, "1 us", 0},
               {1e-5, "10 us", 1},
               {1e-4, "0.1 ms", 0},
               {1e-3, "1 ms", 1},
               {1e-2, "10 ms", 0},
               {0.1, "0.1 s", 1},
               {1, "1 s", 0},
               {3, "3 s", 2},
               {10, "10 s", 0},
               {30, "30 s", 1},
               {60, "1 min", 0},
               {120, "2 min", 2},
               {300, "5 min", 1},
               {600, "10 min", 0},
               {1200, "20 min", 2},
               {1800, "30 min", 1},
               {3600, "1 h", 0},
               {7200, "2 h", 1},
               {10800, "3 h", 2},
               {21600, "6 h", 0},
               {43200, "12 h", 1},
               {86400, "1 d", 0},
               {172800, "2 d", 1},
               {345600, "4 d", 2},
               {604800, "1 week", 0},
               {1209600, "2 weeks", 1},
               {1814400, "3 weeks", 2},
               {2629800, "1 month", 0},
               {3944700, "45 d", 2},
               {5259600, "2 months", 1},
               {15778800, "6 months", 1},
               {31557600, "1 y", 0}};
    enum { N_TICS = sizeof(tic) / sizeof(tic[0]) };
    double placed_px[N_TICS] = {0};
    size_t n = 0;

    fputs("xtics = \"set xtics (", gp);
    for (int rank = 0; rank <= 2; rank++) {
        for (size_t i = 0; i < N_TICS; i++) {
            const double px = width_px * log(tic[i].s / least) / log(most / least);
            size_t k = 0;

            while (k < n && fabs(px - placed_px[k]) >= TIC_PX) {
                k++;
            }
            if (tic[i].rank == rank && k == n && px >= 0 && px <= width_px) {
                fprintf(gp, "%s'%s' %g", n > 0 ? ", " : "", tic[i].text, tic[i].s);
                placed_px[n++] = px;
            }
        }
    }
    fputs(")\"\n", gp);
}

/* The lower end of the upright axis: 0, unless most windows have no downtime at all;
 * then the part where the curves are. Negative when there is nothing to see. */
static double lowest_share(const struct cli_compare_view *view, double x_min)
{
    double least = 1;

    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_service_result *s = cli_focus(&view->finding[i]);

        if (has_curve(s)) {
            least = fmin(least, share_within(s, x_min));
        }
    }
    if (least > 1 - LEAST_SEEN) {
        return -1;
    }
    return least < 0.5 ? 0 : 1 - (1 - least) * 1.25;
}

static void put_share_tics(FILE *gp, double y_min)
{
    double step = pow(10, floor(log10((1 - y_min) / 2)));
    int decimals;

    step = (1 - y_min) / step > 5 ? 2.5 * step : step;
    decimals = (int)fmax(0, ceil(-log10(step * 100) + (step * 100 < 10 ? 0.5 : 0)));
    fputs("ytics = \"set ytics (", gp);
    for (int k = 0; 1 - k * step >= y_min - 1e-9; k++) {
        fprintf(gp, "%s'%.*f %%%%' %.9g", k > 0 ? ", " : "", decimals,
                100 * (1 - k * step), 1 - k * step);
    }
    fputs(")\"\n", gp);
}

static void say_years(const struct cli_compare_view *view, struct cli_chart *chart)
{
    const struct cli_slo *slo = &view->question->slo;
    const struct cli_window_words words =
        cli_slo_words(slo, view->finding[0].result->year_s);
    uint32_t best;
    uint32_t worst;

    cli_chart_extremes(view, &best, &worst);

    const struct sim_estimate b = cli_focus(&view->finding[best])->slo_met_share;
    const struct sim_estimate w = cli_focus(&view->finding[worst])->slo_met_share;

    snprintf(chart->headline, sizeof(chart->headline),
             "%.20s that keep %s %%: %.20s of 100 with %.50s, %.20s with %.50s",
             words.title, slo->text, cli_of_100(b).s, view->finding[best].subject->name,
             cli_of_100(w).s, view->finding[worst].subject->name);
}

/* The last block: dots on the budget and labels beside the curves. */
static void put_marks(FILE *dat, const struct cli_compare_view *view, double budget,
                      double y_min, double gap)
{
    uint32_t order[MOST_CURVES];
    double y[MOST_CURVES];
    double share[MOST_CURVES];
    uint32_t n = 0;

    for (uint32_t i = 0; i < view->n && n < MOST_CURVES; i++) {
        const struct sim_service_result *s = cli_focus(&view->finding[i]);
        uint32_t at = n;

        if (!has_curve(s)) {
            continue;
        }
        const double mine = share_within(s, budget);

        for (; at > 0 && share[at - 1] > mine; at--) {
            share[at] = share[at - 1];
            order[at] = order[at - 1];
        }
        share[at] = mine;
        order[at] = i;
        n++;
    }
    for (uint32_t k = 0; k < n; k++) {
        y[k] = share[k];
    }
    cli_chart_spread(y, n, gap, y_min + gap / 2, 1);
    fputs("# row colour share label-height label\n", dat);
    for (uint32_t k = 0; k < n; k++) {
        const struct cli_finding *f = &view->finding[order[k]];
        char text[256];

        snprintf(text, sizeof(text), "%s  %s of 100", f->subject->name,
                 cli_of_100(cli_focus(f)->slo_met_share).s);
        fprintf(dat, "%u %u %.6f %.6f ", order[k] + 1, cli_chart_line_color(order[k]),
                share[k], y[k]);
        cli_chart_text(dat, text);
        fputc('\n', dat);
    }
}

bool cli_chart_years(const struct cli_compare_view *view, struct cli_chart *chart,
                     FILE *gp, FILE *dat)
{
    const double budget = view->finding[0].result->budget_s;
    const struct cli_slo *slo = &view->question->slo;
    double least;
    double most;
    double y_min;
    uint32_t curves = 0;
    char text[256];

    if (!axis_of(view, &least, &most) || !(budget > 0)) {
        return false;
    }
    least = fmin(least, budget) / 1.5;
    most = fmax(most, budget) * 1.2;
    y_min = lowest_share(view, least);
    if (y_min < 0) {
        return false;
    }
    say_years(view, chart);
    chart->left = 66;
    chart->right = cli_chart_name_px(view) + 110;
    chart->top = 84;
    chart->bottom = 36;
    chart->height = 420;
    fputs("colors = \"", gp);
    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_service_result *s = cli_focus(&view->finding[i]);

        if (has_curve(s)) {
            put_curve(dat, s, view->finding[i].subject->name, least, most);
            fprintf(gp, "%s#%06X", curves > 0 ? " " : "", cli_chart_line_color(i));
            curves++;
        }
    }
    fprintf(gp, "\"\ncurves = %u\nx_min = %.6g\nx_max = %.6g\nbudget = %.17g\n", curves,
            least, most, budget);
    snprintf(text, sizeof(text), "%s %% allows %s", slo->text, cli_about(budget, 3).s);
    cli_chart_string(gp, "budget_text", text);
    put_tics(gp, least, most, chart->width - chart->left - chart->right);
    fprintf(gp, "y_min = %.9g\n", y_min);
    put_share_tics(gp, y_min);
    put_marks(dat, view, budget, y_min,
              18.0 * (1 - y_min) / (chart->height - chart->top - chart->bottom));
    return true;
}
