/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading YAML into trees of nodes.
 *
 * libyaml's event interface is used rather than its document interface, because
 * the tree is built with an explicit stack (no recursion over user data), with our
 * own limits, and with shared nodes for aliases. An alias to an anchor that is
 * still open would be a cycle and is refused; the number of nodes an alias stands
 * for is counted as if it had been copied, so nested aliases cannot explode later
 * walkers either.
 *
 * Duplicate keys are an error, as they hide a value from the reader: found by
 * sorting when a map is closed, so that a map of 100,000 keys stays cheap.
 */
#include "models/design/doc.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "models/design/doc_text.h"
#include "sim/check.h"

#define HA_DOC_MAX_DEPTH  200
#define HA_DOC_MAX_NODES  5000000u
#define HA_DOC_MAX_MERGED 1000u

struct open_node {
    struct ha_node *node;
    const char *key; /* map: key read, value still to come */
    struct ha_place key_place;
    uint64_t weight; /* nodes below, aliases counted as copies */
};

struct anchor {
    const char *name;
    struct ha_node *node; /* NULL while open */
    uint64_t weight;
    struct anchor *older;
};

struct reader {
    struct sim_arena *arena;
    const char *file;
    const char *text; /* whole input, for excerpts */
    size_t length;
    struct open_node stack[HA_DOC_MAX_DEPTH];
    int depth;
    struct anchor *anchors;
    const struct anchor *open_anchor[HA_DOC_MAX_DEPTH];
    struct ha_node *root;
    uint64_t total;
    struct sim_err *err;
};

/* ---- messages ---- */

static int fail(struct reader *r, const yaml_mark_t *mark, const char *fmt, ...)
{
    char message[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    sim_err_set(r->err, SIM_ERR_INPUT, "%s", message);
    if (r->err != NULL) {
        sim_err_at(r->err, r->file, (int)mark->line + 1, (int)mark->column + 1);
        ha_doc_excerpt(r->err, r->text, r->length, (int)mark->line + 1);
    }
    return -SIM_ERR_INPUT;
}

/* ---- building ---- */

static struct ha_node *new_node(struct reader *r, enum ha_node_kind kind,
                                const yaml_mark_t *mark)
{
    struct ha_node *node = sim_arena_alloc(r->arena, sizeof(*node));

    node->kind = kind;
    node->text = "";
    node->place.file = r->file;
    node->place.line = (int)mark->line + 1;
    node->place.column = (int)mark->column + 1;
    return node;
}

/* Puts a finished or just opened node where the innermost open node wants it. */
static int attach(struct reader *r, struct ha_node *node, const yaml_mark_t *mark)
{
    struct open_node *top;

    if (r->depth == 0) {
        r->root = node;
        return 0;
    }
    top = &r->stack[r->depth - 1];
    if (top->node->kind == HA_NODE_LIST) {
        ha_node_append(r->arena, top->node, node);
        return 0;
    }
    if (top->key == NULL) {
        if (node->kind != HA_NODE_SCALAR) {
            return fail(r, mark, "a key must be a plain word, not a list or map");
        }
        top->key = node->text;
        top->key_place = node->place;
        return 0;
    }
    ha_node_push_entry(r->arena, top->node, top->key, top->key_place, node);
    top->key = NULL;
    return 0;
}

static int count(struct reader *r, uint64_t weight, const yaml_mark_t *mark)
{
    r->total += weight;
    if (r->total > HA_DOC_MAX_NODES) {
        return fail(r, mark, "more than %u values (aliases counted as copies)",
                    HA_DOC_MAX_NODES);
    }
    for (int i = 0; i < r->depth; i++) {
        r->stack[i].weight += weight;
    }
    return 0;
}

static struct anchor *remember(struct reader *r, const yaml_char_t *name,
                               struct ha_node *node)
{
    struct anchor *anchor;

    if (name == NULL) {
        return NULL;
    }
    anchor = sim_arena_alloc(r->arena, sizeof(*anchor));
    anchor->name = sim_arena_strdup(r->arena, (const char *)name);
    anchor->node = node;
    anchor->weight = 1;
    anchor->older = r->anchors;
    r->anchors = anchor;
    return anchor;
}

static int on_scalar(struct reader *r, const yaml_event_t *event)
{
    struct ha_node *node = new_node(r, HA_NODE_SCALAR, &event->start_mark);
    size_t length = event->data.scalar.length;
    int code = count(r, 1, &event->start_mark);

    if (code != 0) {
        return code;
    }
    if (memchr(event->data.scalar.value, '\0', length) != NULL) {
        return fail(r, &event->start_mark, "a value must not contain a NUL character");
    }
    node->text = sim_arena_strndup(r->arena, (char *)event->data.scalar.value, length);
    node->length = (uint32_t)length;
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    remember(r, event->data.scalar.anchor, node);
    return attach(r, node, &event->start_mark);
}

static int on_open(struct reader *r, enum ha_node_kind kind, const yaml_char_t *anchor,
                   const yaml_event_t *event)
{
    struct ha_node *node = new_node(r, kind, &event->start_mark);
    int code = count(r, 1, &event->start_mark);

    if (code != 0) {
        return code;
    }
    if (r->depth == HA_DOC_MAX_DEPTH) {
        return fail(r, &event->start_mark, "nested deeper than %d levels",
                    HA_DOC_MAX_DEPTH);
    }
    code = attach(r, node, &event->start_mark);
    if (code != 0) {
        return code;
    }
    r->open_anchor[r->depth] = remember(r, anchor, NULL);
    memset(&r->stack[r->depth], 0, sizeof(r->stack[0]));
    r->stack[r->depth].node = node;
    r->depth++;
    return 0;
}

static int by_key(const void *a, const void *b)
{
    const struct ha_entry *const *x = a;
    const struct ha_entry *const *y = b;
    int order = strcmp((*x)->key, (*y)->key);

    if (order != 0) {
        return order;
    }
    return (*x)->place.line != (*y)->place.line
               ? (*x)->place.line - (*y)->place.line
               : (*x)->place.column - (*y)->place.column;
}

static const struct ha_entry *find_duplicate(const struct ha_node *map)
{
    const struct ha_entry **sorted;
    const struct ha_entry *twin = NULL;

    if (map->n < 2) {
        return NULL;
    }
    sorted = malloc(map->n * sizeof(const struct ha_entry *));
    if (sorted == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < map->n; i++) {
        sorted[i] = &map->entry[i];
    }
    qsort(sorted, map->n, sizeof(const struct ha_entry *), by_key);
    for (uint32_t i = 1; i < map->n && twin == NULL; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
            twin = sorted[i];
        }
    }
    free(sorted);
    return twin;
}

/* ---- merge keys ---- */

/* Adds the entries of a map that the node does not have itself. */
static int add_unset(struct reader *r, struct open_node *top,
                     const struct ha_node *from, const struct ha_entry *merge)
{
    if (from->kind != HA_NODE_MAP || from->n > HA_DOC_MAX_MERGED) {
        yaml_mark_t mark = {0, (size_t)merge->place.line - 1,
                            (size_t)merge->place.column - 1};

        return fail(r, &mark, "<< takes a map of at most %u keys, or a list of maps",
                    HA_DOC_MAX_MERGED);
    }
    for (uint32_t i = 0; i < from->n; i++) {
        if (ha_node_get(top->node, from->entry[i].key) == NULL) {
            ha_node_push_entry(r->arena, top->node, from->entry[i].key,
                               from->entry[i].place, from->entry[i].value);
        }
    }
    return 0;
}

/* YAML's merge key, which Helm understands: <<: *defaults. The map's own keys win, then
 * the earlier source. The entries are shared, so nothing can grow by repetition. */
static int expand_merge(struct reader *r, struct open_node *top)
{
    struct ha_node *node = top->node;
    struct ha_entry merge;
    uint32_t at = 0;
    int code = 0;

    while (at < node->n && strcmp(node->entry[at].key, "<<") != 0) {
        at++;
    }
    if (at == node->n) {
        return 0;
    }
    merge = node->entry[at];
    node->n--;
    memmove(&node->entry[at], &node->entry[at + 1],
            (node->n - at) * sizeof(*node->entry));
    if (merge.value->kind != HA_NODE_LIST) {
        return add_unset(r, top, merge.value, &merge);
    }
    for (uint32_t i = 0; i < merge.value->n && code == 0; i++) {
        code = add_unset(r, top, merge.value->item[i], &merge);
    }
    return code;
}

static int on_close(struct reader *r)
{
    struct open_node *top = &r->stack[--r->depth];
    const struct anchor *opened = r->open_anchor[r->depth];
    const struct ha_entry *twin;

    SIM_CHECK(top->node != NULL);
    for (struct anchor *a = r->anchors; opened != NULL && a != NULL; a = a->older) {
        if (a == opened) {
            a->node = top->node;
            a->weight = top->weight + 1;
            break;
        }
    }
    twin = top->node->kind == HA_NODE_MAP ? find_duplicate(top->node) : NULL;
    if (twin != NULL) {
        yaml_mark_t mark = {0, (size_t)twin->place.line - 1,
                            (size_t)twin->place.column - 1};
        int code = fail(r, &mark, "duplicate key \"%.100s\": it is already set above",
                        twin->key);

        if (r->err != NULL) {
            r->err->excerpt_len =
                (int)strlen(twin->key) < 100 ? (int)strlen(twin->key) : 100;
            sim_err_hint(r->err, "keep one of the two");
        }
        return code;
    }
    return top->node->kind == HA_NODE_MAP ? expand_merge(r, top) : 0;
}

static int on_alias(struct reader *r, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;

    for (const struct anchor *a = r->anchors; a != NULL; a = a->older) {
        int code;

        if (strcmp(a->name, name) != 0) {
            continue;
        }
        if (a->node == NULL) {
            return fail(r, &event->start_mark, "alias *%.60s contains itself", name);
        }
        code = count(r, a->weight, &event->start_mark);
        return code != 0 ? code : attach(r, a->node, &event->start_mark);
    }
    return fail(r, &event->start_mark, "alias *%.60s has no anchor &%.60s above", name,
                name);
}

static int on_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event);
    case YAML_MAPPING_START_EVENT:
        return on_open(r, HA_NODE_MAP, event->data.mapping_start.anchor, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(r, HA_NODE_LIST, event->data.sequence_start.anchor, event);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return on_close(r);
    case YAML_ALIAS_EVENT:
        return on_alias(r, event);
    default:
        return 0;
    }
}

static int syntax_error(struct reader *r, const yaml_parser_t *parser)
{
    yaml_mark_t mark = parser->problem_mark;

    if (parser->error == YAML_READER_ERROR) {
        memset(&mark, 0, sizeof(mark));
        for (size_t i = 0; i < parser->problem_offset && i < r->length; i++) {
            mark.column++;
            if (r->text[i] == '\n') {
                mark.line++;
                mark.column = 0;
            }
        }
    }
    return fail(r, &mark, "not valid YAML: %s%s%s",
                parser->problem != NULL ? parser->problem : "unreadable text",
                parser->context != NULL ? " " : "",
                parser->context != NULL ? parser->context : "");
}

static int read_all(struct reader *r, yaml_parser_t *parser, struct ha_docs *out)
{
    struct ha_node *docs = ha_node_new_list(r->arena);
    bool is_done = false;

    while (!is_done) {
        yaml_event_t event;
        int code;

        if (!yaml_parser_parse(parser, &event)) {
            return syntax_error(r, parser);
        }
        is_done = event.type == YAML_STREAM_END_EVENT;
        code = on_event(r, &event);
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            r->root = NULL;
            r->anchors = NULL;
        }
        if (event.type == YAML_DOCUMENT_END_EVENT && r->root != NULL) {
            ha_node_append(r->arena, docs, r->root);
        }
        yaml_event_delete(&event);
        if (code != 0) {
            return code;
        }
    }
    out->n = docs->n;
    out->doc = docs->item;
    return 0;
}

int ha_docs_parse(struct sim_arena *arena, const char *name, const char *text,
                  size_t length, struct ha_docs *out, struct sim_err *err)
{
    struct reader *r = calloc(1, sizeof(*r));
    yaml_parser_t parser;
    int code;

    if (r == NULL || !yaml_parser_initialize(&parser)) {
        free(r);
        return sim_err_set(err, SIM_ERR_LIMIT, "out of memory while reading %s", name);
    }
    r->arena = arena;
    r->file = sim_arena_strdup(arena, name);
    r->text = text;
    r->length = length;
    r->err = err;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    code = read_all(r, &parser, out);
    yaml_parser_delete(&parser);
    free(r);
    return code;
}
