/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Helpers for reading Kubernetes objects: one typed field each.
 *
 * Kubernetes' own decoder is strict about types and lenient about names: a number
 * where a text belongs is refused, an unknown field is dropped. The helpers do the
 * same, for the fields that somebody asks for. Two leniencies follow the decoder too:
 * null is the same as absent, and any scalar will do as a name. Quantities may be
 * written as numbers (cpu: 2) or as texts (cpu: "2"); both are common.
 *
 * The first error sticks: later helpers return their fallbacks without looking. That
 * keeps the readers straight, and no message can hide an earlier one.
 *
 * Times are needed for one thing only, the age of pods (who is evicted first among
 * equals), so they are read by hand: RFC 3339 with optional fraction and offset.
 */
#include "models/kube/object_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/units.h"

void ha_obj_fail(struct ha_obj *r, const struct ha_node *at, const char *what)
{
    if (r->code == 0) {
        r->code = ha_node_error(r->err, at, "%s", what);
    }
}

static const struct ha_node *of_kind(struct ha_obj *r, const struct ha_node *map,
                                     const char *key, enum ha_node_kind kind)
{
    static const char *const names[] = {"a single value", "a map", "a list"};
    const struct ha_node *node = ha_node_get(map, key);

    if (r->code != 0 || ha_node_is_null(node)) {
        return NULL;
    }
    if (node->kind != kind) {
        r->code = ha_node_error(r->err, node, "%s: expected %s, found %s", key,
                                names[kind], names[node->kind]);
        return NULL;
    }
    return node;
}

const struct ha_node *ha_obj_list(struct ha_obj *r, const struct ha_node *map,
                                  const char *key)
{
    return of_kind(r, map, key, HA_NODE_LIST);
}

const struct ha_node *ha_obj_map(struct ha_obj *r, const struct ha_node *map,
                                 const char *key)
{
    return of_kind(r, map, key, HA_NODE_MAP);
}

const char *ha_obj_text(struct ha_obj *r, const struct ha_node *map, const char *key,
                        const char *fallback)
{
    return ha_node_text(of_kind(r, map, key, HA_NODE_SCALAR), fallback);
}

const char *ha_obj_need(struct ha_obj *r, const struct ha_node *map, const char *key)
{
    const char *text = ha_obj_text(r, map, key, "");

    if (r->code == 0 && *text == '\0') {
        r->code = ha_node_error(r->err, map, "%s: is missing or empty", key);
    }
    return text;
}

bool ha_obj_bool(struct ha_obj *r, const struct ha_node *map, const char *key,
                 bool fallback)
{
    const struct ha_node *node = of_kind(r, map, key, HA_NODE_SCALAR);
    bool value = fallback;

    if (node != NULL && !ha_node_bool(node, &value)) {
        r->code = ha_node_error(r->err, node, "%s: expected true or false", key);
    }
    return value;
}

int64_t ha_obj_int(struct ha_obj *r, const struct ha_node *map, const char *key,
                   int64_t fallback, int64_t lo, int64_t hi)
{
    const struct ha_node *node = of_kind(r, map, key, HA_NODE_SCALAR);
    int64_t value = fallback;

    if (node != NULL && (!ha_node_int(node, &value) || value < lo || value > hi)) {
        r->code =
            ha_node_error(r->err, node, "%s: expected a whole number from %lld to %lld",
                          key, (long long)lo, (long long)hi);
        return fallback;
    }
    return value;
}

/* Days from 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-compatible
 * low-level date algorithms"). */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    const int64_t y = year - (month <= 2);
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t yoe = y - era * 400;
    const int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool read_time(const char *text, int64_t *seconds)
{
    int part[6];
    int used = 0;
    int offset_h = 0;
    int offset_m = 0;
    char sign[2] = "+";
    const char *at;

    if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &part[0], &part[1], &part[2],
               &part[3], &part[4], &part[5], &used) != 6 ||
        used == 0) {
        return false;
    }
    at = text + used;
    if (*at == '.') {
        at += 1 + strspn(at + 1, "0123456789");
    }
    if (strcmp(at, "Z") != 0 && strcmp(at, "z") != 0 &&
        sscanf(at, "%1[+-]%2d:%2d", sign, &offset_h, &offset_m) != 3) {
        return false;
    }
    if (part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31) {
        return false;
    }
    *seconds = days_from_civil(part[0], part[1], part[2]) * 86400 + part[3] * 3600 +
               part[4] * 60 + part[5];
    *seconds -= (sign[0] == '-' ? -1 : 1) * (offset_h * 3600 + offset_m * 60);
    return true;
}

int64_t ha_obj_time(struct ha_obj *r, const struct ha_node *map, const char *key)
{
    const struct ha_node *node = of_kind(r, map, key, HA_NODE_SCALAR);
    int64_t seconds = INT64_MAX;

    if (node != NULL && !read_time(node->text, &seconds)) {
        r->code = ha_node_error(
            r->err, node, "%s: expected a time such as 2031-01-01T00:00:00Z", key);
    }
    return seconds;
}

static int64_t read_amount(struct ha_obj *r, const char *resource,
                           const struct ha_node *node)
{
    const bool is_cpu = strcmp(resource, "cpu") == 0;
    const char *text = ha_node_text(node, NULL);
    const char *wrong;
    int64_t value = 0;

    if (text == NULL) {
        wrong = "expected a quantity such as 500m, 2 or 512Mi";
    } else if (is_cpu) {
        wrong = ha_units_read_cpu(text, &value);
    } else {
        wrong = ha_units_read_bytes(text, &value);
    }
    if (wrong != NULL && r->code == 0) {
        r->code = ha_node_error(r->err, node, "%.200s: %s", resource, wrong);
    }
    return value;
}

/* An amount that pods ask for or nodes have: sums and products must stay in 64 bits. */
static int64_t read_sane_amount(struct ha_obj *r, const char *resource,
                                const struct ha_node *node)
{
    const int64_t value = read_amount(r, resource, node);

    if (r->code == 0 && value > HA_AMOUNT_MAX) {
        r->code = ha_node_error(r->err, node, "%.200s: expected at most 1Pi", resource);
    }
    return value;
}

struct ha_amounts ha_obj_amounts(struct ha_obj *r, const struct ha_node *map,
                                 const char *key)
{
    const struct ha_node *node = ha_obj_map(r, map, key);
    struct ha_amounts out = {0, NULL};

    if (node == NULL) {
        return out;
    }
    out.item = sim_arena_calloc(r->arena, node->n, sizeof(*out.item));
    for (uint32_t i = 0; i < node->n && r->code == 0; i++) {
        out.item[i].resource = node->entry[i].key;
        out.item[i].value =
            read_sane_amount(r, node->entry[i].key, node->entry[i].value);
        out.n++;
    }
    return out;
}

int64_t ha_obj_bytes(struct ha_obj *r, const struct ha_node *map, const char *key,
                     int64_t fallback)
{
    const struct ha_node *node = of_kind(r, map, key, HA_NODE_SCALAR);

    return node != NULL ? read_amount(r, key, node) : fallback;
}

bool ha_amounts_get(const struct ha_amounts *amounts, const char *resource,
                    int64_t *value)
{
    for (uint32_t i = 0; i < amounts->n; i++) {
        if (strcmp(amounts->item[i].resource, resource) == 0) {
            *value = amounts->item[i].value;
            return true;
        }
    }
    return false;
}

struct ha_labels ha_obj_labels(struct ha_obj *r, const struct ha_node *map,
                               const char *key)
{
    struct ha_labels out = {0, NULL};

    if (r->code == 0) {
        r->code = ha_labels_read(r->arena, ha_node_get(map, key), &out, r->err);
    }
    return out;
}

struct ha_selector ha_obj_selector(struct ha_obj *r, const struct ha_node *map,
                                   const char *key)
{
    struct ha_selector out = {true, 0, NULL};

    if (r->code == 0) {
        r->code = ha_selector_read(r->arena, ha_node_get(map, key), &out, r->err);
    }
    return out;
}

struct ha_node_terms ha_obj_node_terms(struct ha_obj *r, const struct ha_node *map,
                                       const char *key, bool is_weighted)
{
    struct ha_node_terms out = {0, NULL};

    if (r->code == 0) {
        r->code = ha_node_terms_read(r->arena, ha_node_get(map, key), is_weighted, &out,
                                     r->err);
    }
    return out;
}

const char **ha_obj_texts(struct ha_obj *r, const struct ha_node *map, const char *key,
                          uint32_t *n)
{
    const struct ha_node *list = ha_obj_list(r, map, key);
    const char **out = NULL;

    *n = 0;
    if (list == NULL) {
        return NULL;
    }
    out = sim_arena_calloc(r->arena, list->n, sizeof(*out));
    for (uint32_t i = 0; i < list->n; i++) {
        if (list->item[i]->kind != HA_NODE_SCALAR) {
            ha_obj_fail(r, list->item[i], "expected a text");
            return NULL;
        }
        out[i] = list->item[i]->text;
    }
    *n = list->n;
    return out;
}

int ha_obj_word(struct ha_obj *r, const struct ha_node *map, const char *key,
                const char *const *words, int fallback)
{
    const char *text = ha_obj_text(r, map, key, NULL);
    char all[256] = "";

    if (r->code != 0 || text == NULL) {
        return fallback;
    }
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
                 i == 0                 ? ""
                 : words[i + 1] == NULL ? " or "
                                        : ", ",
                 words[i]);
    }
    r->code = ha_node_error(r->err, ha_node_get(map, key), "%s: expected %s", key, all);
    return fallback;
}
