/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values as the user would write them: plain scalars stay plain (their meaning, number
 * or word, is decided by the reader again), quoted ones are quoted again, so that
 * "1.34" does not turn into a number. Values without a line in a file of the user's
 * come from the defaults of the chart or from --set, whose text is their place.
 */
#include "cli/design_text.h"

#include <string.h>

#define ORIGIN_COLUMN  44
#define CHART_DEFAULTS "configs/schema/vcluster-values.defaults.yaml"

struct writer {
    FILE *out;
    bool has_origins;
};

/* A double-quoted scalar; what YAML escapes. Returns its width. */
static int put_quoted(FILE *out, const char *text)
{
    int width = 2;

    fputc('"', out);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            width += fprintf(out, "\\%c", c);
        } else if (c == '\n') {
            width += fprintf(out, "\\n");
        } else if (c < 0x20 || c == 0x7F) {
            width += fprintf(out, "\\x%02X", c);
        } else {
            fputc(c, out);
            width += (c & 0xC0) != 0x80;
        }
    }
    fputc('"', out);
    return width;
}

/* Can the text stand without quotes, wherever it stands? */
static bool is_harmless(const char *text)
{
    static const char sure[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_./-+";
    const size_t length = strlen(text);

    return length > 0 && text[strspn(text, sure)] == '\0' &&
           (text[0] != '-' || (length > 1 && text[1] != '-'));
}

static int put_scalar(FILE *out, const struct ha_node *node)
{
    if (node->is_plain && node->text[0] == '\0') {
        return fprintf(out, "null");
    }
    if (node->is_plain && is_harmless(node->text)) {
        return fprintf(out, "%s", node->text);
    }
    return put_quoted(out, node->text);
}

static void put_origin(const struct writer *w, const struct ha_node *node, int used)
{
    const char *file = node->place.file != NULL ? node->place.file : CHART_DEFAULTS;

    if (!w->has_origins) {
        return;
    }
    fprintf(w->out, "%*s# ", used < ORIGIN_COLUMN ? ORIGIN_COLUMN - used : 1, "");
    if (strcmp(file, CHART_DEFAULTS) == 0) {
        fputs("default", w->out);
    } else if (node->place.line > 0) {
        fprintf(w->out, "%s:%d", file, node->place.line);
    } else {
        fputs(file, w->out);
    }
}

static void put_children(const struct writer *w, const struct ha_node *node,
                         int indent);

/* What stands behind a key or a dash; `used` columns of the line are full. */
static void put_value(const struct writer *w, const struct ha_node *node, int indent,
                      int used, bool is_item)
{
    if (node->kind == HA_NODE_SCALAR) {
        fputc(' ', w->out);
        used += 1 + put_scalar(w->out, node);
        put_origin(w, node, used);
        fputc('\n', w->out);
    } else if (node->n == 0) {
        fputs(node->kind == HA_NODE_MAP ? " {}\n" : " []\n", w->out);
    } else if (is_item) {
        fputc(' ', w->out); /* the first child follows the dash */
        put_children(w, node, indent + 2);
    } else {
        fprintf(w->out, "\n%*s", indent + 2, "");
        put_children(w, node, indent + 2);
    }
}

/* The first line is already indented. Depth is bounded by the reader (200), so
 * recursion over the tree is. */
static void put_children(const struct writer *w, const struct ha_node *node, int indent)
{
    for (uint32_t i = 0; i < node->n; i++) {
        int used = indent;

        fprintf(w->out, "%*s", i == 0 ? 0 : indent, "");
        if (node->kind == HA_NODE_LIST) {
            fputc('-', w->out);
            put_value(w, node->item[i], indent, used + 1, true);
            continue;
        }
        if (is_harmless(node->entry[i].key)) {
            used += fprintf(w->out, "%s", node->entry[i].key);
        } else {
            used += put_quoted(w->out, node->entry[i].key);
        }
        fputc(':', w->out);
        put_value(w, node->entry[i].value, indent, used + 1, false);
    }
}

void cli_design_text(FILE *out, const struct ha_node *tree, bool has_origins)
{
    const struct writer w = {out, has_origins};

    if (tree != NULL && tree->kind != HA_NODE_SCALAR && tree->n > 0) {
        put_children(&w, tree, 0);
    } else {
        fputs("{}\n", out);
    }
}
