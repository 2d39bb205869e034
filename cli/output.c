/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Standard output and exports. The screen is written first: when an export fails
 * (full disk), the answer that took minutes to compute has been seen.
 */
#include "cli/output.h"

#include <math.h>
#include <string.h>

#include "cli/file.h"

/* Splits "json=out.json". Returns false when it is not FORMAT=FILE. */
static bool split_export(const char *text, enum cli_format *format, const char **path)
{
    static const char *const name[] = {"table", "wide", "json", "csv", "markdown"};
    const char *equals = strchr(text, '=');

    if (equals == NULL || equals[1] == '\0') {
        return false;
    }
    for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
        if (strlen(name[i]) == (size_t)(equals - text) &&
            strncmp(name[i], text, strlen(name[i])) == 0) {
            *format = (enum cli_format)i;
            *path = equals + 1;
            return true;
        }
    }
    return false;
}

int cli_output_check(const struct cli_output *output, struct sim_err *err)
{
    enum cli_format format;
    const char *path;

    for (uint32_t i = 0; i < output->exports.n; i++) {
        if (!split_export(output->exports.item[i], &format, &path)) {
            return sim_err_set(err, SIM_ERR_USAGE,
                               "--export: \"%s\" is not FORMAT=FILE with a FORMAT "
                               "of " CLI_FORMAT_CHOICES,
                               output->exports.item[i]);
        }
    }
    return 0;
}

static int write_export(const char *text, cli_face face, const void *view,
                        struct sim_err *err)
{
    enum cli_format format = CLI_FORMAT_JSON;
    struct cli_file file;
    const char *path = "";
    int rc;

    if (!split_export(text, &format, &path)) {
        return sim_err_set(err, SIM_ERR_USAGE, "--export: \"%s\"", text);
    }
    rc = cli_file_open(&file, path, err);
    if (rc != 0) {
        return rc;
    }
    face(file.stream, format, view);
    return cli_file_commit(&file, err);
}

int cli_output_write(const struct cli_output *output, cli_face face, const void *view,
                     struct sim_err *err)
{
    int rc;

    face(stdout, (enum cli_format)output->format, view);
    rc = cli_flush_stdout(err);
    for (uint32_t i = 0; rc == 0 && i < output->exports.n; i++) {
        rc = write_export(output->exports.item[i], face, view, err);
    }
    return rc;
}

void cli_output_release(struct cli_output *output)
{
    cli_list_release(&output->exports);
}

int cli_text_width(const char *text)
{
    int width = 0;

    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return width;
}

void cli_pad(FILE *out, const char *text, int width)
{
    const int spaces = (width < 0 ? -width : width) - cli_text_width(text);

    if (width >= 0) {
        fputs(text, out);
    }
    for (int i = 0; i < spaces; i++) {
        fputc(' ', out);
    }
    if (width < 0) {
        fputs(text, out);
    }
}

void cli_csv_text(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

void cli_csv_number(FILE *out, double value)
{
    if (isfinite(value)) {
        fprintf(out, "%.17g", value);
    }
}
