/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts in rows and columns. Widths count UTF-8 characters. A grid is small (some
 * dozens of rows), so it grows by doubling and is walked as often as convenient.
 */
#include "cli/grid.h"

#include <string.h>

#include "cli/output.h"

#define GAP 2

static const char **row_at(const struct cli_grid *grid, uint32_t row)
{
    return &grid->cell[(size_t)row * (grid->n_columns + 1)];
}

void cli_grid_init(struct cli_grid *grid, uint32_t n_columns)
{
    memset(grid, 0, sizeof(*grid));
    sim_arena_init(&grid->arena);
    grid->n_columns = n_columns;
}

void cli_grid_release(struct cli_grid *grid)
{
    sim_arena_clear(&grid->arena);
}

void cli_grid_row(struct cli_grid *grid, const char *label)
{
    const size_t stride = (size_t)grid->n_columns + 1;

    if (grid->n_rows == grid->capacity) {
        const uint32_t bigger = grid->capacity == 0 ? 16 : 2 * grid->capacity;
        const char **cell =
            sim_arena_calloc(&grid->arena, bigger * stride, sizeof(*cell));

        if (grid->n_rows > 0) {
            memcpy(cell, grid->cell, grid->n_rows * stride * sizeof(*cell));
        }
        grid->cell = cell;
        grid->capacity = bigger;
    }
    grid->n_rows++;
    for (size_t i = 0; i < stride; i++) {
        row_at(grid, grid->n_rows - 1)[i] = "";
    }
    row_at(grid, grid->n_rows - 1)[0] = sim_arena_strdup(&grid->arena, label);
}

void cli_grid_set(struct cli_grid *grid, uint32_t column, const char *text)
{
    row_at(grid, grid->n_rows - 1)[column + 1] = sim_arena_strdup(&grid->arena, text);
}

static int column_width(const struct cli_grid *grid, uint32_t column)
{
    int widest = 0;

    for (uint32_t r = 0; r < grid->n_rows; r++) {
        const int w = cli_text_width(row_at(grid, r)[column]);

        widest = w > widest ? w : widest;
    }
    return widest + GAP;
}

static void print_block(FILE *out, const struct cli_grid *grid, uint32_t first,
                        uint32_t end, int indent)
{
    for (uint32_t r = 0; r < grid->n_rows; r++) {
        const char **cell = row_at(grid, r);
        uint32_t last = end;

        while (last > first && cell[last - 1][0] == '\0') {
            last--;
        }
        fprintf(out, "%*s", indent, "");
        cli_pad(out, cell[0], last > first ? column_width(grid, 0) : 0);
        for (uint32_t c = first; c < last; c++) {
            cli_pad(out, cell[c], c + 1 < last ? column_width(grid, c) : 0);
        }
        fputc('\n', out);
    }
}

void cli_grid_print(FILE *out, const struct cli_grid *grid, int indent, int width)
{
    const uint32_t end = grid->n_columns + 1;
    uint32_t first = 1;

    while (first < end) {
        int used = indent + column_width(grid, 0);
        uint32_t next = first;

        while (next < end &&
               (next == first || used + column_width(grid, next) - GAP <= width)) {
            used += column_width(grid, next);
            next++;
        }
        if (first > 1) {
            fputc('\n', out);
        }
        print_block(out, grid, first, next, indent);
        first = next;
    }
}

static void markdown_cell(FILE *out, const char *text)
{
    fputs(" ", out);
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
    fputs(" |", out);
}

void cli_grid_markdown(FILE *out, const struct cli_grid *grid)
{
    for (uint32_t r = 0; r < grid->n_rows; r++) {
        fputc('|', out);
        for (uint32_t c = 0; c <= grid->n_columns; c++) {
            markdown_cell(out, row_at(grid, r)[c]);
        }
        fputc('\n', out);
        if (r == 0) {
            fputs("| --- |", out);
            for (uint32_t c = 0; c < grid->n_columns; c++) {
                fputs(" ---: |", out);
            }
            fputc('\n', out);
        }
    }
}

void cli_grid_html(FILE *out, const struct cli_grid *grid)
{
    fputs("<table>\n", out);
    for (uint32_t r = 0; r < grid->n_rows; r++) {
        const char *element = r == 0 ? "th" : "td";

        fputs("<tr>", out);
        for (uint32_t c = 0; c <= grid->n_columns; c++) {
            fprintf(out, "<%s>", element);
            cli_xml_text(out, row_at(grid, r)[c]);
            fprintf(out, "</%s>", element);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}
