/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The nines ladder: how many nines has each design, and how far is the next? Each rung
 * is a nine with the downtime it allows a year; each design has a column with its name
 * below and its nines beside the dot. Only the rungs around the designs (and the
 * objective) are drawn. Names too wide for their column are turned.
 */
#include <math.h>

#include "cli/chart.h"
#include "cli/number.h"

#define MOST_NINES  16
#define LEAST_RUNGS 3
#define RUNG_PX     46
#define MOST_PX     420 /* of the whole ladder */
#define LABEL_PX    9   /* distance kept between a label and a rung */
#define SLANT       0.5 /* sine of the angle of turned names */

struct ladder {
    double y_min, y_max; /* in nines */
    double px_per_nine;
    double slo; /* the objective in nines; negative: none */
    bool is_slanted;
};

static double nines_of(double unavailability)
{
    return -log10(fmax(unavailability, CHART_LEAST_U));
}

static void say_ladder(const struct cli_compare_view *view, struct cli_chart *chart)
{
    uint32_t best;
    uint32_t worst;

    cli_chart_extremes(view, &best, &worst);

    const struct cli_chart_level b = cli_chart_level(&view->finding[best]);
    const struct cli_chart_level w = cli_chart_level(&view->finding[worst]);

    if (view->n == 1) {
        snprintf(chart->headline, sizeof(chart->headline), "%.50s has %s%s nines",
                 view->finding[best].subject->name, b.is_limit ? "over " : "",
                 cli_nines(b.value).s);
    } else if (b.high < w.low) {
        snprintf(chart->headline, sizeof(chart->headline),
                 "%s%s nines with %.50s, %s with %.50s", b.is_limit ? "Over " : "",
                 cli_nines(b.value).s, view->finding[best].subject->name,
                 cli_nines(w.value).s, view->finding[worst].subject->name);
    } else {
        snprintf(chart->headline, sizeof(chart->headline),
                 "All designs stand at about %s nines", cli_nines(w.value).s);
    }
}

static void put_rungs(FILE *dat, const struct ladder *ladder, double year_s)
{
    fputs("# nines availability allowed-a-year\n", dat);
    for (int k = (int)ceil(ladder->y_min); k <= (int)floor(ladder->y_max); k++) {
        char text[128];

        fprintf(dat, "%d ", k);
        cli_chart_text(dat, cli_chart_nines_text(k).s);
        snprintf(text, sizeof(text), "%s a year", cli_about(pow(10, -k) * year_s, 3).s);
        fputc(' ', dat);
        cli_chart_text(dat, text);
        fputc('\n', dat);
    }
    fputs("\n\n", dat);
}

/* A label beside its dot, moved off the line that would strike it through: the rung,
 * or the objective. */
static double label_height(const struct ladder *ladder, double nines)
{
    const double least = LABEL_PX / ladder->px_per_nine;
    const double line = fabs(nines - ladder->slo) < fabs(nines - round(nines))
                            ? ladder->slo
                            : round(nines);
    const double off = nines - line;

    return fabs(off) >= least ? nines : line + (off >= 0 ? least : -least);
}

static void put_dots(FILE *dat, const struct cli_compare_view *view,
                     const struct ladder *ladder)
{
    fputs("# x nines low high is_limit colour label-height label\n", dat);
    for (uint32_t i = 0; i < view->n; i++) {
        const struct cli_finding *f = &view->finding[i];
        const struct cli_chart_level level = cli_chart_level(f);
        char text[256];

        snprintf(text, sizeof(text), "%s%s", level.is_limit ? "over " : "",
                 cli_nines(level.value).s);
        fprintf(dat, "%.4f %.6f %.6f %.6f %d %u %.6f ", (i + 0.5) / view->n,
                nines_of(level.value), nines_of(level.high), nines_of(level.low),
                level.is_limit, cli_chart_line_color(i),
                label_height(ladder, nines_of(level.value)));
        cli_chart_text(dat, text);
        fputc('\n', dat);
    }
}

static void put_names(FILE *gp, const struct cli_compare_view *view, bool is_slanted)
{
    fprintf(gp, "xtics = \"set xtics %s (",
            is_slanted ? "rotate by 30 right offset 0, 0.2" : "offset 0, 0.2");
    for (uint32_t i = 0; i < view->n; i++) {
        fputs(i > 0 ? ", '" : "'", gp);
        for (const char *p = view->finding[i].subject->name; *p != '\0'; p++) {
            const bool is_special =
                *p == '\'' || *p == '"' || *p == '\\' || (unsigned char)*p < 0x20;

            fputs(*p == '%' ? "%" : "", gp); /* tic labels are formats */
            fputc(is_special ? ' ' : *p, gp);
        }
        fprintf(gp, "' %.4f", (i + 0.5) / view->n);
    }
    fputs(")\"\n", gp);
}

static struct ladder shape(const struct cli_compare_view *view, struct cli_chart *chart)
{
    const struct cli_slo *slo = &view->question->slo;
    struct ladder ladder = {.slo = slo->is_asked ? nines_of(slo->target_miss) : -1};
    double least;
    double most;

    cli_chart_range(view, &least, &most);
    ladder.y_min = fmax(floor(nines_of(most) - 0.01), 0);
    ladder.y_max = fmin(fmax(ceil(nines_of(least) + 0.01), ladder.y_min + LEAST_RUNGS),
                        MOST_NINES);
    ladder.px_per_nine = fmin(MOST_PX / (ladder.y_max - ladder.y_min + 0.6), RUNG_PX);
    ladder.y_min -= 0.3;
    ladder.y_max += 0.3;
    chart->left = 110;
    chart->right = 150;
    chart->top = 70;
    ladder.is_slanted = cli_chart_name_px(view) + 10 >
                        (chart->width - chart->left - chart->right) / (int)view->n;
    chart->bottom =
        36 + (ladder.is_slanted ? (int)(SLANT * cli_chart_name_px(view)) : 0);
    chart->height = chart->top + chart->bottom +
                    (int)(ladder.px_per_nine * (ladder.y_max - ladder.y_min));
    return ladder;
}

bool cli_chart_ladder(const struct cli_compare_view *view, struct cli_chart *chart,
                      FILE *gp, FILE *dat)
{
    const struct cli_slo *slo = &view->question->slo;
    const struct ladder ladder = shape(view, chart);
    char text[64];

    say_ladder(view, chart);
    fprintf(gp, "y_min = %.3f\ny_max = %.3f\nslo = %.6f\n", ladder.y_min, ladder.y_max,
            slo->is_asked ? nines_of(slo->target_miss) : -1.0);
    snprintf(text, sizeof(text), "SLO %s %%", slo->text);
    cli_chart_string(gp, "slo_text", text);
    put_names(gp, view, ladder.is_slanted);
    put_rungs(dat, &ladder, view->finding[0].result->year_s);
    put_dots(dat, view, &ladder);
    return true;
}
