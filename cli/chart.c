/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Layout and text helpers of the charts. Text widths are guesses (the reader's
 * machine decides the font), taken on the wide side.
 */
#include "cli/chart.h"

#include <math.h>

void cli_chart_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        fputc(c == '"' || c == '\\' ? '\'' : c < 0x20 ? ' ' : c, out);
    }
    fputc('"', out);
}

void cli_chart_string(FILE *out, const char *name, const char *text)
{
    fprintf(out, "%s = '", name);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        if (c == '\'') {
            fputc('\'', out);
        }
        fputc(c < 0x20 ? ' ' : c, out);
    }
    fputs("'\n", out);
}

int cli_chart_name_px(const struct cli_compare_view *view)
{
    int longest = 0;

    for (uint32_t i = 0; i < view->n; i++) {
        const int w = cli_text_width(view->finding[i].subject->name);

        longest = w > longest ? w : longest;
    }
    return (int)ceil(longest * CHART_PX_PER_CHAR);
}

unsigned cli_chart_color(uint32_t index)
{
    /* After Okabe and Ito, in an order that keeps neighbours apart in lightness as
     * well; none of them is a colour of lines (see cli/svg.c). */
    static const unsigned color[CHART_FILLS] = {0x0173B2, 0xE69F00, 0x029E73, 0xCC79A7,
                                                0x56B4E9, 0xD95F02, 0x8759A3, 0x6E7781,
                                                0x8C6D31, 0x4A5FA5, 0x66A61E, 0xA03A5B};

    return color[index % CHART_FILLS];
}

unsigned cli_chart_line_color(uint32_t index)
{
    static const unsigned color[] = {0x0072B2, 0x007A59, 0xA8517F, 0x8A6000,
                                     0x7A5195, 0x2F4B7C, 0x5B6470};

    return color[index % (sizeof(color) / sizeof(color[0]))];
}

struct cli_text cli_chart_nines_text(int nines)
{
    struct cli_text text;

    if (nines <= 0) {
        snprintf(text.s, sizeof(text.s), "0 %%");
    } else if (nines <= 2) {
        snprintf(text.s, sizeof(text.s), "%s %%", nines == 1 ? "90" : "99");
    } else if (nines <= CHART_SPELLED_NINES) {
        snprintf(text.s, sizeof(text.s), "99.%.*s %%", nines - 2, "9999999");
    } else {
        snprintf(text.s, sizeof(text.s), "%d nines", nines);
    }
    return text;
}

struct cli_chart_level cli_chart_level(const struct cli_finding *f)
{
    const struct sim_service_result *s = cli_focus(f);
    const struct sim_estimate u = s->unavailability;
    double years;
    struct cli_chart_level level = {u.value, u.low, u.high,
                                    cli_none_seen(f->result, s, &years)};

    level.high = fmin(fmax(level.high, CHART_LEAST_U), 1);
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

void cli_chart_range(const struct cli_compare_view *view, double *least, double *most)
{
    *least = 1;
    *most = CHART_LEAST_U;
    for (uint32_t i = 0; i < view->n; i++) {
        const struct cli_chart_level level = cli_chart_level(&view->finding[i]);

        *least = fmin(*least, level.low);
        *most = fmax(*most, level.high);
    }
    if (view->question->slo.is_asked) {
        *least = fmin(*least, view->question->slo.target_miss);
        *most = fmax(*most, view->question->slo.target_miss);
    }
}

void cli_chart_spread(double *y, uint32_t n, double gap, double low, double high)
{
    if (n == 0) {
        return;
    }
    if ((n - 1) * gap > high - low) {
        gap = n > 1 ? (high - low) / (n - 1) : 0;
    }
    for (uint32_t i = 0; i < n; i++) { /* push up */
        const double least = i > 0 ? y[i - 1] + gap : low;

        y[i] = fmax(y[i], least);
    }
    for (uint32_t i = n; i-- > 0;) { /* push back down */
        const double most = i + 1 < n ? y[i + 1] - gap : high;

        y[i] = fmin(y[i], most);
    }
}

static double level(const struct cli_compare_view *view, uint32_t i)
{
    const struct sim_estimate u = cli_focus(&view->finding[i])->unavailability;

    return u.value > 0 ? u.value : u.high;
}

void cli_chart_extremes(const struct cli_compare_view *view, uint32_t *best,
                        uint32_t *worst)
{
    *best = 0;
    *worst = 0;
    for (uint32_t i = 1; i < view->n; i++) {
        if (level(view, i) < level(view, *best)) {
            *best = i;
        }
        if (level(view, i) > level(view, *worst)) {
            *worst = i;
        }
    }
}
