/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Documents: YAML (and so JSON) text as a tree of nodes that know where they
 * stand. Everything that reads user input reads these trees: values files, hosts,
 * catalogues, Kubernetes objects, reliability problems. A node's place (file,
 * line, column) travels with it through merges, so a message about a value found
 * wrong much later still points at the character the user typed.
 *
 * Trees are constant once made and live in the arena given. Aliases share nodes;
 * cycles, "billion laughs" and absurd depth are refused while reading.
 */
#ifndef HA_DOC_H
#define HA_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/err.h"

enum ha_node_kind { HA_NODE_SCALAR, HA_NODE_MAP, HA_NODE_LIST };

struct ha_place {
    const char *file; /* as the user typed it, "<stdin>", "--set", or a built-in name */
    int line;         /* 1-based; 0 = no line (--set, built in code) */
    int column;       /* 1-based */
};

struct ha_node;

struct ha_entry {
    const char *key;
    struct ha_place place; /* of the key */
    struct ha_node *value; /* never NULL */
};

struct ha_node {
    enum ha_node_kind kind;
    bool is_plain; /* scalar without quotes: null, true, 3 have their meaning */
    struct ha_place place;
    const char *text; /* scalar: NUL-terminated, "" when empty */
    uint32_t length;  /* scalar: bytes in text */
    uint32_t n;       /* map: entries; list: items */
    struct ha_entry *entry;
    struct ha_node **item;
};

/* All documents of one file ("---" separates them). */
struct ha_docs {
    uint32_t n;
    struct ha_node **doc; /* an empty document is a null scalar */
};

/*
 * Reads a file; "-" is standard input. Errors: SIM_ERR_IO (cannot read),
 * SIM_ERR_INPUT with file:line:column and the source line (broken YAML, duplicate
 * key, non-scalar key, cyclic alias, more than 5 million nodes, deeper than 200).
 */
int ha_docs_read(struct sim_arena *arena, const char *path, struct ha_docs *out,
                 struct sim_err *err);

/* The same from memory; `name` is used in messages. */
int ha_docs_parse(struct sim_arena *arena, const char *name, const char *text,
                  size_t length, struct ha_docs *out, struct sim_err *err);

/* Value of a key in a map; NULL when node is NULL, not a map, or has no such key. */
const struct ha_node *ha_node_get(const struct ha_node *node, const char *key);

/* Follows "a.b.c" through maps; NULL when any part is missing. */
const struct ha_node *ha_node_at(const struct ha_node *node, const char *path);

/* A plain null (~, null, nothing), or no node at all. */
bool ha_node_is_null(const struct ha_node *node);

/* Scalar text, or `fallback` when node is NULL, null or not a scalar. */
const char *ha_node_text(const struct ha_node *node, const char *fallback);

/* True and *value set when node is a plain YAML boolean. */
bool ha_node_bool(const struct ha_node *node, bool *value);

/* True and *value set when node is a scalar that is wholly a decimal integer. */
bool ha_node_int(const struct ha_node *node, int64_t *value);

/* True and *value set when node is a scalar that is wholly a finite decimal number. */
bool ha_node_double(const struct ha_node *node, double *value);

/* Building trees in code (rendered objects, --set). */
struct ha_node *ha_node_new_scalar(struct sim_arena *arena, const char *text,
                                   bool is_plain);
struct ha_node *ha_node_new_map(struct sim_arena *arena);
struct ha_node *ha_node_new_list(struct sim_arena *arena);
/* Sets or replaces a key; the map must be one made by ha_node_new_map. */
void ha_node_set(struct sim_arena *arena, struct ha_node *map, const char *key,
                 struct ha_node *value);
void ha_node_append(struct sim_arena *arena, struct ha_node *list,
                    struct ha_node *item);
/* Adds an entry without looking for an older one of that key; key is not copied. */
void ha_node_push_entry(struct sim_arena *arena, struct ha_node *map, const char *key,
                        struct ha_place place, struct ha_node *value);

/*
 * Helm's merge: maps key by key, lists and scalars replaced whole, a null in
 * `over` deletes the key (and so returns it to the default underneath). Neither
 * input is changed; places are kept. Either may be NULL.
 */
struct ha_node *ha_node_merge(struct sim_arena *arena, const struct ha_node *base,
                              const struct ha_node *over);

/* Fills err's place and source line from a node; returns -code for `return`. */
int ha_node_error(struct sim_err *err, const struct ha_node *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a bare place. */
int ha_place_error(struct sim_err *err, const struct ha_place *place, const char *fmt,
                   ...) __attribute__((format(printf, 3, 4)));

#endif
