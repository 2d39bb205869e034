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
    /* Okabe and Ito, in an order that keeps neighbours apart in lightness as well;
     * then darker and lighter shades of the same hues for further causes. */
    static const unsigned color[] = {0x0072B2, 0xE69F00, 0x009E73, 0xCC79A7,
                                     0x56B4E9, 0xD55E00, 0x7A5195, 0x5B6470,
                                     0x8C6D31, 0x2F4B7C, 0x66A61E, 0xA6761D};

    return color[index % (sizeof(color) / sizeof(color[0]))];
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
