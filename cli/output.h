/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where answers go: -o for standard output, --export FMT=FILE for files beside it.
 * Each face (table, JSON, ...) writes to a stream and knows nothing of files.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#include "cli/options.h"

enum cli_format {
    CLI_FORMAT_TABLE,
    CLI_FORMAT_WIDE,
    CLI_FORMAT_JSON,
    CLI_FORMAT_CSV,
    CLI_FORMAT_MARKDOWN
};
#define CLI_FORMAT_CHOICES "table|wide|json|csv|markdown"

struct cli_output {
    int format; /* enum cli_format */
    struct cli_list exports;
};

/* clang-format off */
#define CLI_ROWS_OUTPUT(out)                                                           \
    {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Output"},                            \
    {'o', "output", CLI_OPT_CHOICE, &(out)->format, "FORMAT", CLI_FORMAT_CHOICES,      \
     "form of the answer on standard output"},                                         \
    {0, "export", CLI_OPT_LIST, &(out)->exports, "FORMAT=FILE", NULL,                  \
     "also write the answer to a file; repeat"}
/* clang-format on */

/* Renders `view` in one format. */
typedef void (*cli_face)(FILE *out, enum cli_format format, const void *view);

/* Refuses exports that cannot be understood before anything is simulated. Errors:
 * SIM_ERR_USAGE. */
int cli_output_check(const struct cli_output *output, struct sim_err *err);

/* Writes standard output and every export. Errors: SIM_ERR_IO; exports are whole
 * or absent, standard output is flushed and checked first. */
int cli_output_write(const struct cli_output *output, cli_face face, const void *view,
                     struct sim_err *err);

void cli_output_release(struct cli_output *output);

/* Text padded with spaces to a width in characters (UTF-8); right-aligned when width
 * is negative. */
void cli_pad(FILE *out, const char *text, int width);

/* How many characters of a terminal the UTF-8 text takes. */
int cli_text_width(const char *text);

/* A CSV field by RFC 4180, quoted when needed. */
void cli_csv_text(FILE *out, const char *text);

/* A CSV number that reads back as the same double; empty when not finite. */
void cli_csv_number(FILE *out, double value);

#endif
