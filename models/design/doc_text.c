/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts behind the trees: reading files, and the source lines in messages.
 *
 * Trees know their places but do not keep the text they came from; when a message is
 * made, which happens once in the life of a process, the file is read again for the
 * line to show. Standard input cannot be read twice, so it is kept until the process
 * ends: messages need it, and so does every further design that one command loads from
 * it (compare --replicas 3,5,7 -f -).
 */
#include "models/design/doc_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/design/doc.h"

#define STDIN_NAME  "<stdin>"
#define MAX_MESSAGE 768 /* as long as sim_err has room for */
#define MAX_BYTES   ((size_t)512 * 1024 * 1024)

void ha_doc_excerpt(struct sim_err *err, const char *text, size_t length, int line)
{
    size_t at = 0;
    size_t end;
    size_t n;

    for (int i = 1; i < line; i++) {
        const char *newline = memchr(text + at, '\n', length - at);

        if (newline == NULL) {
            return;
        }
        at = (size_t)(newline - text) + 1;
    }
    for (end = at; end < length && text[end] != '\n' && text[end] != '\r'; end++) {
    }
    n = end - at;
    if (n >= sizeof(err->excerpt)) {
        n = sizeof(err->excerpt) - 1;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[at + i];

        err->excerpt[i] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    err->excerpt[n] = '\0';
}

static char *slurp(FILE *file, size_t *length)
{
    size_t capacity = 65536;
    size_t used = 0;
    char *text = malloc(capacity);

    while (text != NULL) {
        size_t got = fread(text + used, 1, capacity - used, file);

        used += got;
        if (got == 0 || used > MAX_BYTES) {
            break;
        }
        if (used == capacity) {
            char *more = realloc(text, capacity *= 2);

            if (more == NULL) {
                free(text);
            }
            text = more;
        }
    }
    *length = used;
    return text;
}

static struct {
    char *text;
    size_t length;
} standard_input;

/* The line is read again from the file: trees do not keep the text. */
static void excerpt_from_file(struct sim_err *err)
{
    FILE *file;
    char *text;
    size_t length;

    if (err->line <= 0) {
        return;
    }
    if (strcmp(err->file, STDIN_NAME) == 0 && standard_input.text != NULL) {
        ha_doc_excerpt(err, standard_input.text, standard_input.length, err->line);
        return;
    }
    file = fopen(err->file, "rb");
    if (file == NULL) {
        return;
    }
    text = slurp(file, &length);
    if (text != NULL) {
        ha_doc_excerpt(err, text, length, err->line);
        free(text);
    }
    fclose(file);
}

static int report(struct sim_err *err, const struct ha_place *place,
                  const char *message)
{
    sim_err_set(err, SIM_ERR_INPUT, "%s", message);
    if (err != NULL && place != NULL && place->file != NULL) {
        sim_err_at(err, place->file, place->line, place->column);
        excerpt_from_file(err);
    }
    return -SIM_ERR_INPUT;
}

int ha_place_error(struct sim_err *err, const struct ha_place *place, const char *fmt,
                   ...)
{
    char message[MAX_MESSAGE];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    return report(err, place, message);
}

int ha_node_error(struct sim_err *err, const struct ha_node *node, const char *fmt, ...)
{
    char message[MAX_MESSAGE];
    va_list ap;
    int code;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    code = report(err, node != NULL ? &node->place : NULL, message);
    if (err != NULL && node != NULL && node->kind == HA_NODE_SCALAR &&
        node->length > 0 && node->length < 120) {
        err->excerpt_len = (int)node->length;
    }
    return code;
}

static int read_text(FILE *file, const char *path, char **text, size_t *length,
                     struct sim_err *err)
{
    errno = 0;
    *text = slurp(file, length);
    if (*text == NULL || ferror(file)) {
        return sim_err_set(err, SIM_ERR_IO, "cannot read %s: %s", path,
                           errno != 0 ? strerror(errno) : "out of memory");
    }
    if (*length > MAX_BYTES) {
        return sim_err_set(err, SIM_ERR_LIMIT, "%s is larger than 512 MiB", path);
    }
    return 0;
}

static int read_stdin(struct sim_arena *arena, struct ha_docs *out, struct sim_err *err)
{
    if (standard_input.text == NULL) {
        char *text = NULL;
        size_t length = 0;
        int code = read_text(stdin, STDIN_NAME, &text, &length, err);

        if (code != 0) {
            free(text);
            return code;
        }
        standard_input.text = text;
        standard_input.length = length;
    }
    return ha_docs_parse(arena, STDIN_NAME, standard_input.text, standard_input.length,
                         out, err);
}

int ha_docs_read(struct sim_arena *arena, const char *path, struct ha_docs *out,
                 struct sim_err *err)
{
    FILE *file;
    char *text = NULL;
    size_t length = 0;
    int code;

    if (strcmp(path, "-") == 0) {
        return read_stdin(arena, out, err);
    }
    file = fopen(path, "rb");
    if (file == NULL) {
        return sim_err_set(err, SIM_ERR_IO, "cannot open %s: %s", path,
                           strerror(errno));
    }
    code = read_text(file, path, &text, &length, err);
    if (code == 0) {
        code = ha_docs_parse(arena, path, text, length, out, err);
    }
    free(text);
    fclose(file);
    return code;
}
