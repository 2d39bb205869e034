/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Standard output and exports. The screen is written first: when an export fails
 * (full disk), the answer that took minutes to compute has been seen.
 */
#include "cli/output.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file.h"

static const char *const format_name[] = {
#define CLI_FORMAT_ROW(identifier, name) #name,
#include "cli/formats.def"
#undef CLI_FORMAT_ROW
};

static const char joined_names[] =
#define CLI_FORMAT_ROW(identifier, name) "|" #name
#include "cli/formats.def"
#undef CLI_FORMAT_ROW
    ;

const char *const cli_format_choices = joined_names + 1;

/* Splits "json=out.json". Returns false when it is not FORMAT=FILE. */
static bool split_export(const char *text, enum cli_format *format, const char **path)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL || equals[1] == '\0') {
        return false;
    }
    for (int i = 0; i < CLI_N_FORMATS; i++) {
        if (strlen(format_name[i]) == (size_t)(equals - text) &&
            strncmp(format_name[i], text, strlen(format_name[i])) == 0) {
            *format = (enum cli_format)i;
            *path = equals + 1;
            return true;
        }
    }
    return false;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat st_a;
    struct stat st_b;

    if (stat(a, &st_a) == 0 && stat(b, &st_b) == 0) {
        return S_ISREG(st_a.st_mode) && st_a.st_dev == st_b.st_dev &&
               st_a.st_ino == st_b.st_ino;
    }
    return strcmp(a, b) == 0;
}

/* A file that is to be written: its directory must be there, and it must not be one of
 * the designs. */
static int check_target(const char *path, const struct cli_touched *touched,
                        struct sim_err *err)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX] = ".";

    for (size_t k = 0; k < 2 && touched->read[k] != NULL; k++) {
        for (uint32_t i = 0; i < touched->read[k]->n; i++) {
            if (is_same_file(path, touched->read[k]->item[i])) {
                sim_err_set(err, SIM_ERR_USAGE, "%s is read; it would be replaced",
                            path);
                sim_err_hint(err, "choose another file for the output");
                return -(int)SIM_ERR_USAGE;
            }
        }
    }
    if (slash != NULL) {
        snprintf(directory, sizeof(directory), "%.*s",
                 slash == path ? 1 : (int)(slash - path), path);
    }
    if (access(directory, W_OK | X_OK) != 0) {
        return sim_err_set(err, SIM_ERR_IO, "cannot write %s: %s", path,
                           strerror(errno));
    }
    return 0;
}

static int refuse_twice(const char *path, struct sim_err *err)
{
    return sim_err_set(err, SIM_ERR_USAGE, "%s would be written twice", path);
}

int cli_output_check(const struct cli_output *output, const struct cli_touched *touched,
                     struct sim_err *err)
{
    enum cli_format format;
    const char *path = "";
    const char *earlier = "";
    int rc =
        touched->written != NULL ? check_target(touched->written, touched, err) : 0;

    for (uint32_t i = 0; rc == 0 && i < output->exports.n; i++) {
        if (!split_export(output->exports.item[i], &format, &path)) {
            return sim_err_set(err, SIM_ERR_USAGE,
                               "--export: \"%s\" is not FORMAT=FILE with a FORMAT "
                               "of %s",
                               output->exports.item[i], cli_format_choices);
        }
        if (touched->written != NULL && is_same_file(path, touched->written)) {
            return refuse_twice(path, err);
        }
        for (uint32_t k = 0; k < i; k++) {
            split_export(output->exports.item[k], &format, &earlier);
            if (is_same_file(path, earlier)) {
                return refuse_twice(path, err);
            }
        }
        rc = check_target(path, touched, err);
    }
    return rc;
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

bool cli_output_uses(const struct cli_output *output, enum cli_format format)
{
    enum cli_format exported;
    const char *path;

    if (output->format == (int)format) {
        return true;
    }
    for (uint32_t i = 0; i < output->exports.n; i++) {
        if (split_export(output->exports.item[i], &exported, &path) &&
            exported == format) {
            return true;
        }
    }
    return false;
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

void cli_xml_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
        }
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
