/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Minutes by root cause, one stacked bar a design on a linear axis. A cause keeps
 * its colour (by its number in the model) in every chart of every comparison, unless
 * a larger one in the same chart has it already. A part
 * carries its name where it is wide enough; what has no room anywhere is named in
 * its colour below the axis, so every part is named exactly where it can be read.
 */
#include <math.h>
#include <string.h>

#include "cli/causes.h"
#include "cli/chart.h"
#include "cli/number.h"

#define ROW_PX      52
#define MOST_PARTS  9    /* drawn apart; the smaller causes are summed */
#define LEAST_SHARE 0.01 /* of the widest bar: smaller parts are summed as well */
#define KEY_ROW_PX  20
#define LABEL_PX    6.8 /* per character of the labels inside */
#define GAP_PX      1.5 /* between neighbours, where there is room */

#define OTHERS_COLOR 0xB8BEC6 /* the small ones together */
#define REST_COLOR   0x949DA6 /* what no cause accounts for */

struct part {
    const char *name;
    unsigned color;
    bool is_labelled;
};

struct stack {
    struct part part[MOST_PARTS + 1]; /* the last one: others */
    uint32_t n;
    bool has_others;
    double widest_s;
};

static double total_s(const struct cli_finding *f)
{
    return cli_focus(f)->unavailability.value * f->result->year_s;
}

/* The colour of the cause's number, or the next one that is still free. */
static unsigned free_color(const struct stack *stack, uint32_t preferred)
{
    for (uint32_t k = 0; k < CHART_FILLS; k++) {
        const unsigned color = cli_chart_color(preferred + k);
        uint32_t i = 0;

        while (i < stack->n && stack->part[i].color != color) {
            i++;
        }
        if (i == stack->n) {
            return color;
        }
    }
    return REST_COLOR;
}

static void collect(const struct cli_compare_view *view, struct stack *stack)
{
    struct cli_cause_rows rows;

    memset(stack, 0, sizeof(*stack));
    for (uint32_t i = 0; i < view->n; i++) {
        stack->widest_s = fmax(stack->widest_s, total_s(&view->finding[i]));
    }
    cli_causes_rank(view->finding, view->n, &rows);
    for (uint32_t i = 0; i < rows.n; i++) {
        const struct cli_cause_row *row = &rows.row[i];

        if (stack->n == MOST_PARTS || row->most_s < LEAST_SHARE * stack->widest_s) {
            stack->has_others = true;
            continue;
        }
        stack->part[stack->n].name = row->name;
        stack->part[stack->n].color =
            row->color == UINT32_MAX ? REST_COLOR : free_color(stack, row->color);
        stack->n++;
    }
}

/* Is white text readable on it? Relative luminance as in WCAG 2.1. */
static bool bears_white(unsigned rgb)
{
    const double r = pow((rgb >> 16 & 255) / 255.0, 2.2);
    const double g = pow((rgb >> 8 & 255) / 255.0, 2.2);
    const double b = pow((rgb & 255) / 255.0, 2.2);

    return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.2;
}

static void put_part(FILE *dat, struct part *part, double x0, double x1, uint32_t row,
                     double px_per_unit)
{
    const double room = (x1 - x0) * px_per_unit;
    const double gap = room > 3 * GAP_PX ? GAP_PX / px_per_unit : 0;
    const bool fits = room > cli_text_width(part->name) * LABEL_PX + 10;

    part->is_labelled = part->is_labelled || fits;
    fprintf(dat, "%.9g %.9g %u %u %u ", x0, x1 - gap, row, part->color,
            bears_white(part->color) ? 0xFFFFFFU : 0x24292EU);
    cli_chart_text(dat, fits ? part->name : "");
    fputc('\n', dat);
}

static void put_bars(const struct cli_compare_view *view, struct stack *stack,
                     FILE *dat, struct cli_scale scale, double px_per_unit)
{
    struct part others = {.name = "other causes", .color = OTHERS_COLOR};

    fputs("# x0 x1 row colour text-colour label\n", dat);
    for (uint32_t i = 0; i < view->n; i++) {
        double x = 0;

        for (uint32_t k = 0; k < stack->n; k++) {
            const double w =
                cli_cause_s(&view->finding[i], stack->part[k].name) / scale.unit_s;

            if (w > 0) {
                put_part(dat, &stack->part[k], x, x + w, i + 1, px_per_unit);
            }
            x += w;
        }
        const double rest = total_s(&view->finding[i]) / scale.unit_s - x;

        if (stack->has_others && rest > 1e-9 * x) {
            put_part(dat, &others, x, x + rest, i + 1, px_per_unit);
        }
    }
    if (stack->has_others) {
        stack->part[stack->n] = others;
    }
    fputs("\n\n# row design total text\n", dat);
    for (uint32_t i = 0; i < view->n; i++) {
        fprintf(dat, "%u ", i + 1);
        cli_chart_text(dat, view->finding[i].subject->name);
        fprintf(dat, " %.9g ", total_s(&view->finding[i]) / scale.unit_s);
        const struct sim_estimate down = cli_downtime_s(
            view->finding[i].result, cli_focus(&view->finding[i])->unavailability);

        cli_chart_text(dat, down.value > 0 ? cli_duration(down).s : "none seen");
        fputc('\n', dat);
    }
}

/* Names without room inside go below the axis, wrapped. Returns their rows. */
static int put_keys(FILE *gp, const struct stack *stack, const struct cli_chart *chart)
{
    const uint32_t n = stack->n + stack->has_others;
    double x = chart->left;
    int row = 0;
    int tag = 10;

    fputs("keys = \"\"\n", gp);
    for (uint32_t k = 0; k < n; k++) {
        const struct part *part = &stack->part[k];
        const double w = (cli_text_width(part->name) + 4) * CHART_PX_PER_CHAR;

        if (part->is_labelled) {
            continue;
        }
        if (x > chart->left && x + w > chart->width - 10) {
            x = chart->left;
            row++;
        }
        fprintf(gp,
                "keys = keys . \"set label %d '■' at screen %.4f, screen key_top - "
                "%d.0 / height left textcolor rgb %u; \"\n",
                tag, x / chart->width, row * KEY_ROW_PX, part->color);
        fprintf(gp, "keys = keys . \"set label %d '", tag + 1);
        for (const char *p = part->name; *p != '\0'; p++) {
            fputc(*p == '\'' || *p == '"' || *p == '\\' ? ' ' : *p, gp);
        }
        fprintf(gp,
                "' at screen %.4f, screen key_top - %d.0 / height left textcolor rgb "
                "c_text; \"\n",
                (x + 15) / chart->width, row * KEY_ROW_PX);
        tag += 2;
        x += w;
    }
    return tag > 10 ? row + 1 : 0;
}

/* Steps of 1, 2 or 5 times a power of ten, at most six. */
static double tic_step(double most)
{
    double step = pow(10, floor(log10(most / 5)));

    while (most / step > 6) {
        step *= most / (2 * step) <= 6 ? 2 : most / (5 * step) <= 6 ? 5 : 10;
    }
    return step;
}

static void put_tics(FILE *gp, double most, struct cli_scale scale)
{
    const double step = tic_step(most);
    const char *comma = "";

    fputs("xtics = \"set xtics (", gp);
    for (int k = 0; k * step <= most * 1.0001; k++) {
        fprintf(gp, "%s'%.6g%s%s' %.9g", comma, k * step, k == 0 ? "" : " ",
                k == 0 ? "" : scale.name, k * step);
        comma = ", ";
    }
    fputs(")\"\n", gp);
}

static void say_causes(const struct cli_compare_view *view, struct cli_chart *chart)
{
    uint32_t best;
    uint32_t worst;

    cli_chart_extremes(view, &best, &worst);

    const struct cli_finding *w = &view->finding[worst];
    const struct sim_cause_result *top = &cli_focus(w)->cause[0];

    snprintf(chart->headline, sizeof(chart->headline),
             "What to fix first: %.70s, %.0f %% of the downtime with %.50s", top->name,
             100 * top->unavailability.value / cli_focus(w)->unavailability.value,
             w->subject->name);
}

bool cli_chart_causes(const struct cli_compare_view *view, struct cli_chart *chart,
                      FILE *gp, FILE *dat)
{
    struct stack stack;
    int key_rows;

    collect(view, &stack);
    if (stack.n == 0) {
        return false;
    }
    const struct cli_scale scale = cli_scale_column(stack.widest_s);
    const double most = stack.widest_s / scale.unit_s * 1.02;

    say_causes(view, chart);
    chart->left = cli_chart_name_px(view) + 30;
    chart->right = 110;
    chart->top = 66;
    put_bars(view, &stack, dat, scale,
             (chart->width - chart->left - chart->right) / most);
    put_tics(gp, most, scale);
    key_rows = put_keys(gp, &stack, chart);
    chart->bottom = 34 + KEY_ROW_PX * key_rows + (key_rows > 0 ? 10 : 0);
    chart->height = chart->top + chart->bottom + ROW_PX * (int)view->n + 8;
    fprintf(gp, "rows = %u\nx_max = %.9g\nkey_px = %d\n", view->n, most,
            KEY_ROW_PX * key_rows - 6);
    return true;
}
