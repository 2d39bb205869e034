/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading maps by a table of fields: one row says path, type, default and meaning, and
 * so drives checking, "did you mean", defaults and `nines explain`.
 */
#ifndef HA_FIELDS_H
#define HA_FIELDS_H

#include "models/design/doc.h"

enum ha_field_type {
    HA_FIELD_TEXT,
    HA_FIELD_CHOICE,
    HA_FIELD_BOOL,
    HA_FIELD_WHOLE,
    HA_FIELD_TIME,
    HA_FIELD_PRICE,
    HA_FIELD_WORDS,
    HA_FIELD_TEXTS,
    HA_FIELD_AMOUNTS,
    HA_FIELD_ITEMS,
    HA_FIELD_GROUP,
    HA_FIELD_TREE
};

struct ha_field {
    const char *path; /* "nodePools[].count" */
    enum ha_field_type type;
    const char *choices;  /* "a|b|c", "least..most", or "" */
    const char *fallback; /* default as YAML, "" when decided elsewhere */
    const char *meaning;
};

/* The table of the host file; *n receives the number of rows. */
const struct ha_field *ha_host_fields(size_t *n);

/*
 * Checks a whole tree against a table: unknown keys, types, choices, ranges. `what`
 * names the document in messages ("the host file").
 */
int ha_fields_check(const struct ha_field *table, size_t n, const char *what,
                    const struct ha_node *tree, struct sim_err *err);

/*
 * The values of checked trees. `map` is the map that holds the key (or NULL), `path`
 * the row's full path; the default applies when the key is missing or null. NULL or
 * false comes back when there is neither value nor default.
 */
const char *ha_field_text(const struct ha_node *map, const char *path);
bool ha_field_bool(const struct ha_node *map, const char *path, bool otherwise);
int64_t ha_field_whole(const struct ha_node *map, const char *path);
/* "none" is 0. */
double ha_field_time(const struct ha_node *map, const char *path, double otherwise);
double ha_field_price(const struct ha_node *map, const char *path,
                      const char *otherwise);
/* The node itself, or the default read as YAML into the arena. */
const struct ha_node *ha_field_tree(struct sim_arena *arena, const struct ha_node *map,
                                    const char *path);

#endif
