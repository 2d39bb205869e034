/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the writers of single charts share: the picture's geometry and the gnuplot
 * preamble. A writer fills a chart: its finding, geometry, variables and data; the
 * template in plots/ only draws. All layout that depends on text or on neighbours
 * (margins, labels that must not overlap) is decided in C, because gnuplot fits
 * nothing to labels.
 */
#ifndef CLI_CHART_H
#define CLI_CHART_H

#include <stdio.h>

#include "cli/number.h"
#include "cli/view.h"

#define CHART_PX_PER_CHAR 7.3 /* of 13 px text, on the wide side of usual fonts */
#define CHART_WIDTH       900

#define CHART_FILLS   12
#define CHART_LEAST_U 1e-16 /* unavailability at the end of any axis */

#define CHART_SPELLED_NINES 7 /* "99.99999 %"; above: "8 nines" */

struct cli_chart {
    const char *name;   /* "downtime": plots/downtime.gp, downtime.svg ... */
    char headline[320]; /* the finding */
    char subline[240];  /* where it comes from */
    int width, height;  /* pixels */
    int left, right;    /* margins in pixels */
    int top, bottom;
};

/* Writes one chart: fills the chart, writes gnuplot variables to `gp` and blocks of
 * data (two empty lines between them) to `dat`. Returns false when there is nothing
 * to draw. */
typedef bool (*cli_chart_writer)(const struct cli_compare_view *view,
                                 struct cli_chart *chart, FILE *gp, FILE *dat);

bool cli_chart_downtime(const struct cli_compare_view *view, struct cli_chart *chart,
                        FILE *gp, FILE *dat);
bool cli_chart_causes(const struct cli_compare_view *view, struct cli_chart *chart,
                      FILE *gp, FILE *dat);
bool cli_chart_years(const struct cli_compare_view *view, struct cli_chart *chart,
                     FILE *gp, FILE *dat);
bool cli_chart_ladder(const struct cli_compare_view *view, struct cli_chart *chart,
                      FILE *gp, FILE *dat);

/* Text as a double-quoted field of a data file: quotes and controls are replaced. */
void cli_chart_text(FILE *out, const char *text);

/* Text as a single-quoted gnuplot string. */
void cli_chart_string(FILE *out, const char *name, const char *text);

/* Width of the longest design name, in pixels. */
int cli_chart_name_px(const struct cli_compare_view *view);

/* Fill colour by index (modulo CHART_FILLS), as 0xRRGGBB. */
unsigned cli_chart_color(uint32_t index);

/* One design's unavailability, made fit for a logarithmic axis. */
struct cli_chart_level {
    double value, low, high;
    bool is_limit; /* nothing seen: only high counts */
};
struct cli_chart_level cli_chart_level(const struct cli_finding *finding);

/* From the lowest to the highest end of the intervals, the objective included. */
void cli_chart_range(const struct cli_compare_view *view, double *least, double *most);

/* Colour of a design by its index: dark enough for thin lines and text on white, and
 * never the colour of the objective. */
unsigned cli_chart_line_color(uint32_t index);

/* "99.99 %" for 4 nines, "9 nines" from 8 on. */
struct cli_text cli_chart_nines_text(int nines);

/* Moves label positions apart: y ascending, at least `gap` between neighbours, kept
 * within [low, high] while there is room. */
void cli_chart_spread(double *y, uint32_t n, double gap, double low, double high);

/* The design with the least and the one with the most downtime in the judged
 * service; where none was seen the upper limit counts. */
void cli_chart_extremes(const struct cli_compare_view *view, uint32_t *best,
                        uint32_t *worst);

#endif
