/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One SVG for light and dark.
 *
 * Gnuplot writes colours as attributes, with varying spaces ("rgb( 91, 100, 112)")
 * and black as a word. CSS rules beat attributes, so a style element with
 * @media (prefers-color-scheme: dark) and attribute selectors is enough, once every
 * colour is spelled the same way. Point symbols inherit `color` from <use>, which
 * needs a rule of its own. The background stays transparent.
 *
 * The palette pairs are the colours of lines and text, chosen for contrast on white and
 * on #0d1117 (WCAG 2.1: text at least 4.5 where it is thin). Fills of large areas stay
 * as they are on both pages; their colours are none of these (cli/chart.c), or two
 * parts of a bar could become one in the dark.
 */
#include "cli/svg.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file.h"
#include "cli/output.h"

static const struct {
    const char *light, *dark;
} palette[] = {
    {"#0072b2", "#56b4e9"}, {"#d55e00", "#ff9a4d"}, {"#5b6470", "#8b949e"},
    {"#24292f", "#e6edf3"}, {"#d0d7de", "#30363d"}, {"#000000", "#e6edf3"},
    {"#007a59", "#2bbd93"}, {"#a8517f", "#e08fbd"}, {"#8a6000", "#e6b450"},
    {"#7a5195", "#b794d6"}, {"#2f4b7c", "#8fb0e8"},
};

#define FONTS "Inter, Helvetica, Arial, sans-serif"

/* Reads "rgb( 91, 100, 112)" at `at`; returns its length, 0 when it is none. */
static size_t read_rgb(const char *at, unsigned *rgb)
{
    unsigned r;
    unsigned g;
    unsigned b;
    int used = 0;

    if (strncmp(at, "rgb(", 4) != 0 ||
        sscanf(at, "rgb( %u , %u , %u )%n", &r, &g, &b, &used) != 3 || used == 0) {
        return 0;
    }
    *rgb = (r & 255) << 16 | (g & 255) << 8 | (b & 255);
    return (size_t)used;
}

/* Gnuplot's <title> of a plot element, a tooltip that may hold the text of a tic; its
 * length, 0 when there is none here. */
static size_t title_length(const char *at)
{
    static const char open[] = "<title>";
    static const char close[] = "</title>";
    const char *end =
        strncmp(at, open, sizeof(open) - 1) == 0 ? strstr(at, close) : NULL;

    return end != NULL ? (size_t)(end - at) + sizeof(close) - 1 : 0;
}

static void put_body(FILE *out, const char *text, const char *end)
{
    static const char black[] = "\"black\"";
    static const char font[] = "font-family=\"Arial\"";
    static const char bold[] = "font-family=\"Arial:Bold\"";

    while (text < end) {
        unsigned rgb;
        const size_t used = read_rgb(text, &rgb);
        const size_t title = title_length(text);

        if (title > 0) {
            text += title;
        } else if (used > 0) {
            fprintf(out, "#%06x", rgb);
            text += used;
        } else if (strncmp(text, black, sizeof(black) - 1) == 0) {
            fputs("\"#000000\"", out);
            text += sizeof(black) - 1;
        } else if (strncmp(text, font, sizeof(font) - 1) == 0) {
            fputs("font-family=\"" FONTS "\"", out);
            text += sizeof(font) - 1;
        } else if (strncmp(text, bold, sizeof(bold) - 1) == 0) {
            fputs("font-family=\"" FONTS "\" font-weight=\"bold\"", out);
            text += sizeof(bold) - 1;
        } else {
            fputc(*text, out);
            text++;
        }
    }
}

static void put_style(FILE *out, const char *description)
{
    fputs("\n<desc>", out);
    cli_xml_text(out, description);
    fputs("</desc>\n<style>\n@media (prefers-color-scheme: dark) {\n", out);
    for (size_t i = 0; i < sizeof(palette) / sizeof(palette[0]); i++) {
        const char *light = palette[i].light;
        const char *dark = palette[i].dark;

        fprintf(out,
                "[stroke=\"%s\"]{stroke:%s}[fill=\"%s\"]{fill:%s}"
                "use[color=\"%s\"],g[color=\"%s\"]{color:%s}\n",
                light, dark, light, dark, light, light, dark);
    }
    fputs("}\n</style>\n", out);
}

int cli_svg_adapt(const char *path, const char *description, struct sim_err *err)
{
    struct cli_file file;
    char *text;
    const char *root;
    const char *after;
    const char *desc_end;
    int rc = cli_file_read(path, &text, err);

    if (rc != 0 || text == NULL) {
        return rc;
    }
    root = strstr(text, "<svg");
    after = root != NULL ? strchr(root, '>') : NULL;
    if (after == NULL || strstr(after, "</svg>") == NULL) {
        free(text);
        return sim_err_set(err, SIM_ERR_TOOL, "gnuplot did not finish %s (disk full?)",
                           path);
    }
    rc = cli_file_open(&file, path, err);
    if (rc == 0) {
        /* gnuplot's own <desc> ("Produced by ...") gives way to the finding */
        desc_end = strstr(after, "</desc>");
        put_body(file.stream, text, root + 4);
        fputs(" role=\"img\"", file.stream);
        put_body(file.stream, root + 4, after + 1);
        put_style(file.stream, description);
        after = desc_end != NULL ? desc_end + strlen("</desc>") : after + 1;
        put_body(file.stream, after, text + strlen(text));
        rc = cli_file_commit(&file, err);
    }
    free(text);
    return rc;
}
