/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON by jansson; YAML by hand, in block style, because a tree of JSON values needs
 * only a small part of YAML: maps, lists, and scalars on one line. A text stands plain
 * when no reader could take it for something else: it starts with a letter, holds
 * nothing but letters, digits and a few harmless signs, and is no word that YAML 1.1
 * or 1.2 gives a meaning (true, no, null, .inf). Any other text is double-quoted with
 * the escapes of JSON, which YAML shares.
 */
#include "cli/tree_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/error.h"

#define JSON_FLAGS (JSON_INDENT(2) | JSON_REAL_PRECISION(17) | JSON_ENSURE_ASCII)
#define STEP       2

static char *dump(const json_t *value, size_t flags)
{
    char *text = json_dumps(value, flags);

    if (text == NULL) {
        fputs("nines: out of memory while writing the answer\n", stderr);
        exit(CLI_EXIT_FAILED);
    }
    return text;
}

static bool is_plain(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char harmless[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789-_./ ()";
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    const size_t length = strlen(text);

    if (length == 0 || strchr(letters, text[0]) == NULL || text[length - 1] == ' ' ||
        text[strspn(text, harmless)] != '\0') {
        return false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return false;
        }
    }
    return true;
}

static void put_scalar(FILE *out, const json_t *value)
{
    if (json_is_string(value) && is_plain(json_string_value(value))) {
        fputs(json_string_value(value), out);
    } else {
        char *text = dump(value, JSON_ENCODE_ANY | JSON_FLAGS);

        fputs(text, out);
        free(text);
    }
}

static bool is_nested(const json_t *value)
{
    return json_object_size(value) > 0 || json_array_size(value) > 0;
}

static void put_key(FILE *out, const char *key)
{
    json_t *text = json_string(key);

    put_scalar(out, text);
    json_decref(text);
    fputc(':', out);
}

/* Puts a value whose first line is already indented. Depth is that of our own trees. */
static void put_value(FILE *out, const json_t *value, int indent)
{
    union {
        const json_t *from;
        json_t *to; /* the macro takes no const, and changes nothing */
    } object = {value};
    const char *key;
    json_t *item;
    size_t i;
    bool is_first = true;

    json_object_foreach(object.to, key, item)
    {
        fprintf(out, "%*s", is_first ? 0 : indent, "");
        put_key(out, key);
        if (is_nested(item)) {
            fprintf(out, "\n%*s", indent + STEP, "");
            put_value(out, item, indent + STEP);
        } else {
            fputc(' ', out);
            put_scalar(out, item);
            fputc('\n', out);
        }
        is_first = false;
    }
    json_array_foreach(value, i, item)
    {
        fprintf(out, "%*s- ", i == 0 ? 0 : indent, "");
        if (is_nested(item)) {
            put_value(out, item, indent + STEP);
        } else {
            put_scalar(out, item);
            fputc('\n', out);
        }
    }
}

void cli_tree_write(FILE *out, const json_t *value, enum cli_format format)
{
    char *text;

    if (format == CLI_FORMAT_YAML && is_nested(value)) {
        put_value(out, value, 0);
        return;
    }
    text = dump(value, JSON_ENCODE_ANY | JSON_FLAGS);
    fprintf(out, "%s\n", text);
    free(text);
}
