/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table of texts: first column labels, one column per design. Printed plain (no
 * boxes, columns two spaces apart) or as Markdown. A plain table wider than the
 * terminal is cut into blocks of columns; numbers are never wrapped.
 */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include <stdint.h>
#include <stdio.h>

#include "sim/arena.h"

struct cli_grid {
    struct sim_arena arena;
    uint32_t n_columns; /* without the label */
    uint32_t n_rows;
    uint32_t capacity;
    const char **cell; /* row by row: label, then n_columns texts */
};

void cli_grid_init(struct cli_grid *grid, uint32_t n_columns);
void cli_grid_release(struct cli_grid *grid);

/* Starts a row; its cells are "" until set. */
void cli_grid_row(struct cli_grid *grid, const char *label);

/* Sets a cell of the newest row (the text is copied). */
void cli_grid_set(struct cli_grid *grid, uint32_t column, const char *text);

/* Prints the grid; `indent` spaces before each line, at most `width` columns wide.
 * The first row is repeated as the head of every block. */
void cli_grid_print(FILE *out, const struct cli_grid *grid, int indent, int width);

/* Prints it as a Markdown table; the first row is the head. */
void cli_grid_markdown(FILE *out, const struct cli_grid *grid);

/* Prints it as an HTML table; the first row is the head. */
void cli_grid_html(FILE *out, const struct cli_grid *grid);

#endif
