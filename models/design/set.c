/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --set PATH=VALUE[,PATH=VALUE...], as Helm has it (helm pkg/strvals), with three
 * differences that its users have asked for (helm/helm 3486, 5711, 1966):
 *   - an index changes that one item; the rest of a default list stays;
 *   - a list item can be addressed by its name: nodes[a1].zone=b;
 *   - null returns to the default, also of the chart.
 *
 * The path. Dots separate keys, a backslash takes the meaning from the next character
 * (controlPlane\.x is one key), [3] and [name] enter lists. It starts in the vCluster
 * values; `host.` reaches the host file, `catalog.` the catalogue of figures, whose
 * names contain dots themselves: catalog.node.host_fail.rate=0.5/y, and
 * catalog.node.reboot.sigma=0.3 for a part of an entry.
 *
 * The value. true, false, null and whole numbers have their YAML meaning, {a,b} is a
 * list, everything else is text. What was set carries the argument as its place, so a
 * message about it says which argument to mend.
 *
 * Trees are changed in place: those of the layers are our own copies, and a list taken
 * over from the defaults is copied first.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/design/fields.h"
#include "models/design/layers.h"
#include "models/design/suggest.h"

#define MAX_STEPS 64
#define MAX_INDEX 1000

struct step {
    const char *text;
    bool is_item; /* [text], else a key */
};

struct setter {
    struct ha_layers *layers;
    struct sim_arena *arena;
    const char *at;        /* rest of the argument */
    struct ha_place place; /* names the argument */
    struct step step[MAX_STEPS];
    uint32_t n;
    struct sim_err *err;
};

static int refuse(struct setter *s, const char *message, const char *detail)
{
    int code = ha_place_error(s->err, &s->place, "%s%.100s", message, detail);

    sim_err_hint(s->err, "write --set path.to.key=value; items of lists as [0] or "
                         "[name]");
    return code;
}

/* ---- parsing ---- */

static bool is_stop(char c, const char *stops)
{
    return c == '\0' || strchr(stops, c) != NULL;
}

/* Text up to an unescaped stop character; backslashes removed. */
static const char *take(struct setter *s, const char *stops)
{
    char *out = sim_arena_alloc(s->arena, strlen(s->at) + 1);
    size_t n = 0;

    while (!is_stop(*s->at, stops)) {
        if (*s->at == '\\' && s->at[1] != '\0') {
            s->at++;
        }
        out[n++] = *s->at++;
    }
    out[n] = '\0';
    return out;
}

static int add_step(struct setter *s, const char *text, bool is_item)
{
    if (text[0] == '\0') {
        return refuse(s, is_item ? "empty []" : "empty key in the path", "");
    }
    if (s->n == MAX_STEPS) {
        return refuse(s, "the path has too many parts", "");
    }
    s->step[s->n].text = text;
    s->step[s->n].is_item = is_item;
    s->n++;
    return 0;
}

static int parse_path(struct setter *s)
{
    int code = 0;

    s->n = 0;
    while (code == 0) {
        code = add_step(s, take(s, ".[=,"), false);
        while (code == 0 && *s->at == '[') {
            s->at++;
            code = add_step(s, take(s, "]="), true);
            if (code == 0 && *s->at != ']') {
                return refuse(s, "[ without ] in the path", "");
            }
            s->at += code == 0;
        }
        if (code != 0 || *s->at != '.') {
            break;
        }
        s->at++;
    }
    if (code == 0 && *s->at != '=') {
        return refuse(s, "expected = after ", s->step[s->n - 1].text);
    }
    s->at += code == 0;
    return code;
}

/* Helm's typedVal: true, false, null, 0 and whole numbers without leading zero. */
static bool has_yaml_meaning(const char *text)
{
    const char *digits = text[0] == '-' ? text + 1 : text;

    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
        strcmp(text, "null") == 0 || strcmp(text, "0") == 0) {
        return true;
    }
    return digits[0] >= '1' && digits[0] <= '9' && strlen(digits) <= 18 &&
           strspn(digits, "0123456789") == strlen(digits);
}

static struct ha_node *new_scalar(struct setter *s, const char *text)
{
    struct ha_node *node = ha_node_new_scalar(s->arena, text, has_yaml_meaning(text));

    node->place = s->place;
    return node;
}

static struct ha_node *new_map(struct setter *s)
{
    struct ha_node *node = ha_node_new_map(s->arena);

    node->place = s->place;
    return node;
}

static struct ha_node *new_list(struct setter *s)
{
    struct ha_node *node = ha_node_new_list(s->arena);

    node->place = s->place;
    return node;
}

static int parse_value(struct setter *s, struct ha_node **out)
{
    if (*s->at != '{') {
        *out = new_scalar(s, take(s, ","));
    } else {
        struct ha_node *list = new_list(s);

        s->at++;
        while (*s->at != '}') {
            ha_node_append(s->arena, list, new_scalar(s, take(s, ",}")));
            if (*s->at == '\0') {
                return refuse(s, "{ without } in the value", "");
            }
            s->at += *s->at == ',';
        }
        s->at++;
        *out = list;
    }
    if (*s->at != '\0' && *s->at != ',') {
        return refuse(s, "unexpected text after the value: ", s->at);
    }
    s->at += *s->at == ',';
    return 0;
}

/* ---- changing trees ---- */

static struct ha_entry *entry_of(struct ha_node *map, const char *key)
{
    for (uint32_t i = 0; i < map->n; i++) {
        if (strcmp(map->entry[i].key, key) == 0) {
            return &map->entry[i];
        }
    }
    return NULL;
}

static void remove_key(struct ha_node *map, const char *key)
{
    struct ha_entry *entry = entry_of(map, key);

    if (entry != NULL) {
        uint32_t i = (uint32_t)(entry - map->entry);

        map->n--;
        memmove(entry, entry + 1, (map->n - i) * sizeof(*entry));
    }
}

static void remove_item(struct ha_node *list, uint32_t index)
{
    if (index < list->n) {
        list->n--;
        memmove(&list->item[index], &list->item[index + 1],
                (list->n - index) * sizeof(struct ha_node *));
    }
}

/* The container that the next step needs in place of `child`. */
static int enter(struct setter *s, struct ha_node *child, const struct ha_node *base,
                 const struct step *next, struct ha_node **out)
{
    enum ha_node_kind kind = next->is_item ? HA_NODE_LIST : HA_NODE_MAP;

    if (child != NULL && !ha_node_is_null(child)) {
        if (child->kind != kind) {
            char what[160];

            snprintf(what, sizeof(what), "\"%.100s\": what is there is no %s",
                     next->text, next->is_item ? "list" : "map");
            return refuse(s, "cannot enter ", what);
        }
        *out = child;
    } else if (next->is_item && base != NULL && base->kind == HA_NODE_LIST) {
        *out = ha_node_merge(s->arena, NULL, base);
    } else {
        *out = next->is_item ? new_list(s) : new_map(s);
    }
    return 0;
}

static const char *item_name(const struct ha_node *item)
{
    return ha_node_text(ha_node_get(item, "name"), NULL);
}

static int no_such_item(struct setter *s, const struct ha_node *list, const char *name)
{
    struct ha_suggest nearest;
    int code = ha_place_error(s->err, &s->place,
                              "the list has no item called \"%.60s\"", name);

    ha_suggest_init(&nearest, name);
    for (uint32_t i = 0; i < list->n; i++) {
        if (item_name(list->item[i]) != NULL) {
            ha_suggest_offer(&nearest, item_name(list->item[i]));
        }
    }
    if (nearest.best != NULL) {
        sim_err_hint(s->err, "did you mean [%s]?", nearest.best);
    } else {
        sim_err_hint(s->err, "items can also be addressed by position: [0] to [%u]",
                     list->n > 0 ? list->n - 1 : 0);
    }
    return code;
}

static int find_item(struct setter *s, const struct ha_node *list, const char *text,
                     uint32_t *index)
{
    bool is_number = strspn(text, "0123456789") == strlen(text);
    long position = is_number ? strtol(text, NULL, 10) : 0;

    for (uint32_t i = 0; !is_number && i < list->n; i++) {
        const char *name = item_name(list->item[i]);

        if (name != NULL && strcmp(name, text) == 0) {
            *index = i;
            return 0;
        }
    }
    if (!is_number) {
        return no_such_item(s, list, text);
    }
    if (strlen(text) > 6 || position > (long)list->n || position > MAX_INDEX) {
        int code = ha_place_error(s->err, &s->place,
                                  "index [%.20s] is beyond the end of the list", text);

        sim_err_hint(s->err, "it has %u items: [0] to [%u]; [%u] adds one", list->n,
                     list->n > 0 ? list->n - 1 : 0, list->n);
        return code;
    }
    *index = (uint32_t)position;
    return 0;
}

static int step_key(struct setter *s, struct ha_node *map, const struct ha_node **base,
                    const struct step *step, const struct step *next,
                    struct ha_node **out)
{
    struct ha_entry *entry = entry_of(map, step->text);
    int code;

    *base = ha_node_get(*base, step->text);
    code = enter(s, entry != NULL ? entry->value : NULL, *base, next, out);
    if (code == 0 && (entry == NULL || entry->value != *out)) {
        ha_node_set(s->arena, map, step->text, *out);
    }
    return code;
}

static int step_item(struct setter *s, struct ha_node *list, const struct step *step,
                     const struct step *next, struct ha_node **out)
{
    uint32_t index = 0;
    int code = find_item(s, list, step->text, &index);

    if (code == 0) {
        code = enter(s, index < list->n ? list->item[index] : NULL, NULL, next, out);
    }
    if (code == 0 && index == list->n) {
        ha_node_append(s->arena, list, *out);
    } else if (code == 0) {
        list->item[index] = *out;
    }
    return code;
}

static int put(struct setter *s, struct ha_node *node, const struct step *step,
               struct ha_node *value)
{
    uint32_t index = 0;
    int code;

    if (!step->is_item) {
        if (ha_node_is_null(value)) {
            remove_key(node, step->text);
        } else {
            ha_node_set(s->arena, node, step->text, value);
            entry_of(node, step->text)->place = value->place;
        }
        return 0;
    }
    code = find_item(s, node, step->text, &index);
    if (code != 0) {
        return code;
    }
    if (ha_node_is_null(value)) {
        remove_item(node, index);
    } else if (index == node->n) {
        ha_node_append(s->arena, node, value);
    } else {
        node->item[index] = value;
    }
    return 0;
}

/* Follows step[first..] from root; `base` is the tree of defaults beside it. */
static int apply(struct setter *s, uint32_t first, struct ha_node *root,
                 const struct ha_node *base, struct ha_node *value)
{
    struct ha_node *node = root;
    int code = 0;

    for (uint32_t i = first; i + 1 < s->n && code == 0; i++) {
        const struct step *step = &s->step[i];

        code = step->is_item ? step_item(s, node, step, step + 1, &node)
                             : step_key(s, node, &base, step, step + 1, &node);
        base = step->is_item ? NULL : base;
    }
    return code == 0 ? put(s, node, &s->step[s->n - 1], value) : code;
}

/* ---- the three roots ---- */

static const struct ha_node *host_defaults(struct setter *s)
{
    static const char *const lists[] = {"zones", "nodePools"};
    struct ha_node *defaults = ha_node_new_map(s->arena);

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct ha_node *list = ha_field_tree(s->arena, NULL, lists[i]);

        ha_node_set(s->arena, defaults, lists[i], ha_node_merge(s->arena, NULL, list));
    }
    return defaults;
}

/* Joins keys from `first` on until they name a catalogue entry. */
static const char *catalog_key(struct setter *s, uint32_t first, uint32_t *after)
{
    const char *key = s->step[first].text;

    for (uint32_t i = first + 1; ha_param_find(key) < 0; i++) {
        if (i == s->n || s->step[i].is_item) {
            *after = s->n;
            return key; /* unknown: the catalogue reader says so, with a suggestion */
        }
        key = sim_arena_printf(s->arena, "%s.%s", key, s->step[i].text);
        *after = i + 1;
    }
    return key;
}

static int set_catalog(struct setter *s, uint32_t first, struct ha_node *value)
{
    uint32_t after = first + 1;
    const char *key = catalog_key(s, first, &after);
    struct ha_node *root = s->layers->set_overrides;
    struct ha_entry *entry = entry_of(root, key);
    struct ha_node *map;

    if (after >= s->n) {
        struct step whole = {key, false};

        return put(s, root, &whole, value);
    }
    if (entry != NULL && entry->value->kind == HA_NODE_MAP) {
        map = entry->value;
    } else {
        map = new_map(s);
        if (entry != NULL) {
            ha_node_set(s->arena, map, "value", entry->value);
        }
        ha_node_set(s->arena, root, key, map);
    }
    return apply(s, after, map, NULL, value);
}

static int set_one(struct setter *s, struct ha_node *value)
{
    const char *root = s->step[0].text;
    struct ha_layers *l = s->layers;
    bool is_deeper = s->n > 1 && !s->step[1].is_item;

    if (strcmp(root, "catalog") == 0 && is_deeper) {
        return set_catalog(s, 1, value);
    }
    if (strcmp(root, "catalog") == 0) {
        return apply(s, 0, l->host, NULL, value);
    }
    if (strcmp(root, "host") == 0 && is_deeper) {
        if (strcmp(s->step[1].text, "overrides") == 0 && s->n > 2) {
            return set_catalog(s, 2, value);
        }
        return apply(s, 1, l->host, host_defaults(s), value);
    }
    return apply(s, strcmp(root, "vcluster") == 0 && is_deeper ? 1 : 0, l->values,
                 l->chart.defaults, value);
}

int ha_layers_set(struct ha_layers *layers, const char *argument, struct sim_err *err)
{
    struct setter *s = sim_arena_alloc(layers->arena, sizeof(*s));
    int code = 0;

    s->layers = layers;
    s->arena = layers->arena;
    s->at = argument;
    s->place.file = sim_arena_printf(layers->arena, "--set %.200s", argument);
    s->err = err;
    do {
        struct ha_node *value = NULL;

        code = parse_path(s);
        if (code == 0) {
            code = parse_value(s, &value);
        }
        if (code == 0) {
            code = set_one(s, value);
        }
    } while (code == 0 && *s->at != '\0');
    return code;
}

int ha_layers_set_value(struct ha_layers *layers, const char *origin, const char *path,
                        const char *value, struct sim_err *err)
{
    struct setter *s = sim_arena_alloc(layers->arena, sizeof(*s));
    int code;

    s->layers = layers;
    s->arena = layers->arena;
    s->at = sim_arena_printf(layers->arena, "%s=%s", path, value);
    s->place.file = sim_arena_printf(layers->arena, "%s %s", origin, value);
    s->err = err;
    code = parse_path(s);
    return code == 0 ? set_one(s, new_scalar(s, value)) : code;
}
