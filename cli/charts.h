/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Charts of a comparison for a design review: downtime by design, downtime by root
 * cause, share of years, nines ladder. Each as SVG (light and dark) and PNG, with
 * the gnuplot file and the data beside it, to be rerun and restyled.
 */
#ifndef CLI_CHARTS_H
#define CLI_CHARTS_H

#include "cli/view.h"
#include "sim/err.h"

/* Makes the directory (and its parents) unless it exists. Errors: SIM_ERR_IO. */
int cli_charts_prepare(const char *dir, struct sim_err *err);

/* Writes all charts into the directory. Errors: SIM_ERR_TOOL (gnuplot is missing or
 * failed), SIM_ERR_IO; no half-written picture is left. */
int cli_charts_draw(const struct cli_compare_view *view, const char *dir,
                    struct sim_err *err);

#endif
