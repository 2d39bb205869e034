/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTML report of a comparison (or of one design). */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdio.h>

#include "cli/view.h"

struct cli_report {
    const struct cli_compare_view *view;
    const char *charts; /* directory with the drawn charts */
    int argc;           /* the command line, to repeat it */
    char **argv;
};

/* Writes the whole page. Errors: SIM_ERR_IO when a chart cannot be read. */
int cli_report_write(FILE *out, const struct cli_report *report, struct sim_err *err);

/* Is gnuplot there? To be asked before minutes are simulated. Errors: SIM_ERR_TOOL. */
int cli_report_prepare(struct sim_err *err);

/* Draws the charts and writes the page to a file, whole or not at all; argc and argv
 * are the command line that repeats it. Errors: SIM_ERR_IO, or what gnuplot said. */
int cli_report_page(const char *page, const struct cli_compare_view *view, int argc,
                    char **argv, struct sim_err *err);

#endif
