/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one place that prints struct sim_err. Text from files is not trusted: control
 * characters in an excerpt are shown as '?', so that a design cannot drive the
 * terminal. Columns count characters, as libyaml does, so the marker line walks the
 * excerpt as UTF-8; tabs are kept, so that marker and text stay aligned. Very long
 * lines are shown from shortly before the fault.
 */
#include "cli/error.h"

#include <stdio.h>
#include <stdbool.h>
#include <string.h>

#include "cli/color.h"
#include "models/design/suggest.h"

#define SHOWN_COLUMNS 80 /* of an excerpt */
#define SHOWN_BEFORE  30 /* columns kept before a fault far to the right */

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* The byte where the n-th character (from 0) starts, or the end. */
static const char *nth_character(const char *text, int n)
{
    while (*text != '\0' && n > 0) {
        text++;
        while (continues(*text)) {
            text++;
        }
        n--;
    }
    return text;
}

static void print_clean(FILE *out, const char *text, const char *end)
{
    for (; *text != '\0' && text < end; text++) {
        const unsigned char c = (unsigned char)*text;

        fputc((c < 0x20 && c != '\t') || c == 0x7F ? '?' : c, out);
    }
}

static void print_excerpt(FILE *out, const struct sim_err *err)
{
    const int fault = err->column > 0 ? err->column - 1 : 0;
    const int first = fault > SHOWN_COLUMNS - 10 ? fault - SHOWN_BEFORE : 0;
    const char *start = nth_character(err->excerpt, first);
    const char *end = nth_character(start, SHOWN_COLUMNS);
    const char *mark = nth_character(err->excerpt, fault);
    const char *dots = first > 0 ? "..." : "";
    int length = err->excerpt_len > 0 ? err->excerpt_len : 1;

    fprintf(out, "%5d | %s", err->line, dots);
    print_clean(out, start, end);
    fputs(*end != '\0' ? "...\n" : "\n", out);
    if (err->column <= 0 || mark > end) {
        return;
    }
    fprintf(out, "      | %*s", (int)strlen(dots), "");
    for (const char *p = start; p < mark; p++) {
        if (!continues(*p)) {
            fputc(*p == '\t' ? '\t' : ' ', out);
        }
    }
    fputs(cli_color_on(out, CLI_BAD), out);
    for (const char *p = mark; length > 0; length--) {
        fputc('^', out);
        p = nth_character(p, 1);
        if (p >= end || *p == '\0') {
            break;
        }
    }
    fprintf(out, "%s\n", cli_color_off(out, CLI_BAD));
}

static void print_place(FILE *out, const struct sim_err *err)
{
    print_clean(out, err->file[0] != '\0' ? err->file : "nines",
                strchr(err->file[0] != '\0' ? err->file : "nines", '\0'));
    if (err->line > 0) {
        fprintf(out, ":%d", err->line);
        if (err->column > 0) {
            fprintf(out, ":%d", err->column);
        }
    }
}

void cli_hint_near(struct sim_err *err, const struct ha_suggest *near,
                   const char *listing)
{
    if (near->best != NULL) {
        sim_err_hint(err, "did you mean \"%s\"?     %s", near->best, listing);
    } else {
        sim_err_hint(err, "%s", listing);
    }
}

int cli_fail(const struct sim_err *err)
{
    FILE *out = stderr;

    fflush(stdout);
    print_place(out, err);
    fprintf(out, ": %serror:%s ", cli_color_on(out, CLI_BAD),
            cli_color_off(out, CLI_BAD));
    print_clean(out, err->message, strchr(err->message, '\0'));
    fputc('\n', out);
    if (err->excerpt[0] != '\0' && err->line > 0) {
        print_excerpt(out, err);
    }
    if (err->hint[0] != '\0') {
        fputs("   ", out);
        print_clean(out, err->hint, strchr(err->hint, '\0'));
        fputc('\n', out);
    }
    return sim_err_exit_code(err->code);
}
