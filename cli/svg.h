/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making gnuplot's SVG fit light and dark pages. */
#ifndef CLI_SVG_H
#define CLI_SVG_H

#include "sim/err.h"

/*
 * Rewrites the SVG at `path` in place: colours as #rrggbb, a style element that
 * swaps them for the dark palette on dark pages, role="img", a description for
 * screen readers, and the reader's own sans-serif fonts. Errors: SIM_ERR_IO;
 * SIM_ERR_TOOL when the file is not a whole SVG (full disk).
 */
int cli_svg_adapt(const char *path, const char *description, struct sim_err *err);

#endif
