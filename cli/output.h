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
#define CLI_FORMAT_ROW(identifier, name) CLI_FORMAT_##identifier,
#include "cli/formats.def"
#undef CLI_FORMAT_ROW
    CLI_N_FORMATS
};

/* "table|wide|json|...", in the order of the numbers above. */
extern const char *const cli_format_choices;

struct cli_output {
    int format; /* enum cli_format */
    struct cli_list exports;
};

/* clang-format off */
#define CLI_ROWS_OUTPUT(out)                                                           \
    {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Output"},                            \
    {'o', "output", CLI_OPT_CHOICE, &(out)->format, "FORMAT", cli_format_choices,      \
     "form of the answer on standard output"},                                         \
    {0, "export", CLI_OPT_LIST, &(out)->exports, "FORMAT=FILE", NULL,                  \
     "also write the answer to a file; repeat"}
/* clang-format on */

/* Renders `view` in one format. */
typedef void (*cli_face)(FILE *out, enum cli_format format, const void *view);

/* What a command reads, and what else it writes, apart from its exports. */
struct cli_touched {
    const struct cli_list *read[2]; /* files of designs; NULL: none */
    const char *written;            /* NULL: none */
};

/* Refuses before anything is simulated: exports that cannot be understood, that have no
 * directory, that are written twice, or that would replace a file that is read. Errors:
 * SIM_ERR_USAGE, SIM_ERR_IO. */
int cli_output_check(const struct cli_output *output, const struct cli_touched *touched,
                     struct sim_err *err);

/* Writes standard output and every export. Errors: SIM_ERR_IO; exports are whole
 * or absent, standard output is flushed and checked first. */
int cli_output_write(const struct cli_output *output, cli_face face, const void *view,
                     struct sim_err *err);

/* Is the format asked for, on standard output or in an export? */
bool cli_output_uses(const struct cli_output *output, enum cli_format format);

void cli_output_release(struct cli_output *output);

/* Text padded with spaces to a width in characters (UTF-8); right-aligned when width
 * is negative. */
void cli_pad(FILE *out, const char *text, int width);

/* How many characters of a terminal the UTF-8 text takes. */
int cli_text_width(const char *text);

/* Text inside XML: its five special characters as entities, controls as spaces. */
void cli_xml_text(FILE *out, const char *text);

/* A CSV field by RFC 4180, quoted when needed. */
void cli_csv_text(FILE *out, const char *text);

/* A CSV number that reads back as the same double; empty when not finite. */
void cli_csv_number(FILE *out, double value);

#endif
