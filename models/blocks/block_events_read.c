/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading guarded events: parameters, variables, events, `up`, and what is asked
 * besides (the probability to reach one set before another).
 *
 * A parameter is a constant expression that may use those written before it. All
 * parameters disappear into the compiled expressions; what remains of them is the
 * list of those that occur in rates only, because for these "how much does the
 * downtime change with it" has an answer. Elasticities are found by reading the same
 * document again with one parameter scaled, so nothing here needs derivatives.
 *
 * After reading, every event is linked to the events that look at a variable it
 * writes: in a run only those are looked at again when it fires.
 */
#include <math.h>
#include <string.h>

#include "models/blocks/blocks_priv.h"

enum { MAX_VARIABLES = 4096, MAX_EVENTS = 20000, MAX_PARAMETERS = 4096 };

struct events_reader {
    const struct ha_blocks_reader *base;
    struct ha_events *events;
    struct ha_event *event; /* events->event while it is being filled */
    struct ha_symbols symbols;
};

static int need_map(const struct ha_blocks_reader *reader, const struct ha_node *model,
                    const char *key, uint32_t most, const struct ha_node **out)
{
    *out = ha_blocks_need(reader, model, key);
    if (*out == NULL) {
        return -SIM_ERR_INPUT;
    }
    if ((*out)->kind != HA_NODE_MAP) {
        return ha_node_error(reader->err, *out, "expected a map of names under %s",
                             key);
    }
    if ((*out)->n > most) {
        return ha_node_error(reader->err, *out, "more than %u %s", most, key);
    }
    return 0;
}

static int check_new_name(struct events_reader *r, const struct ha_entry *entry)
{
    if (!ha_symbol_is_name(entry->key) || strlen(entry->key) > 100 ||
        strcmp(entry->key, "min") == 0 || strcmp(entry->key, "max") == 0) {
        return ha_place_error(r->base->err, &entry->place,
                              "\"%s\" cannot be a name; use letters, digits and _",
                              entry->key);
    }
    if (ha_symbols_find(&r->symbols, entry->key) != NULL) {
        return ha_place_error(r->base->err, &entry->place,
                              "\"%s\" is already the name of a parameter", entry->key);
    }
    return 0;
}

static int compile(struct events_reader *r, const struct ha_node *node,
                   struct ha_expr *out)
{
    return ha_expr_compile(r->base->arena, node, &r->symbols, out, r->base->err);
}

/* A constant: a parameter, an initial value. In the friendly form a parameter may be
 * a time ("mttf: 90d"). */
static int read_constant(struct events_reader *r, const struct ha_node *node,
                         long double *out)
{
    double time_s = 0;
    if (r->base->is_system && node->kind == HA_NODE_SCALAR && node->length > 1 &&
        strchr("smhdwy", node->text[node->length - 1]) != NULL &&
        strspn(node->text, ".0123456789") > 0) {
        int rc = ha_blocks_read_time(r->base, node, &time_s);
        *out = (long double)time_s;
        return rc;
    }
    struct ha_expr expr;
    int rc = compile(r, node, &expr);
    if (rc < 0) {
        return rc;
    }
    if (!expr.is_constant || !isfinite(expr.constant)) {
        return ha_node_error(r->base->err, node, "expected a constant number");
    }
    *out = expr.constant;
    return 0;
}

static int read_parameters(struct events_reader *r, const struct ha_node *map)
{
    for (uint32_t i = 0; map != NULL && i < map->n; i++) {
        const struct ha_entry *entry = &map->entry[i];
        struct ha_symbol symbol = {.name = entry->key, .index = i};
        int rc = check_new_name(r, entry);
        if (rc == 0) {
            rc = read_constant(r, entry->value, &symbol.value);
        }
        if (rc < 0) {
            return rc;
        }
        if (r->base->scaled != NULL && strcmp(r->base->scaled, entry->key) == 0) {
            symbol.value *= (long double)r->base->factor;
        }
        ha_symbols_add(&r->symbols, symbol);
    }
    return 0;
}

static int read_variables(struct events_reader *r, const struct ha_node *map)
{
    struct ha_events *events = r->events;
    double *init = sim_arena_calloc(r->base->arena, map->n, sizeof *init);
    const char **name = sim_arena_calloc(r->base->arena, map->n, sizeof *name);
    for (uint32_t i = 0; i < map->n; i++) {
        const struct ha_entry *entry = &map->entry[i];
        const struct ha_node *value = entry->value;
        long double number = 0;
        int rc = check_new_name(r, entry);
        if (rc == 0 && value->kind == HA_NODE_MAP) {
            value = ha_blocks_need(r->base, value, "init");
        }
        if (rc < 0 || value == NULL) {
            return -SIM_ERR_INPUT;
        }
        rc = read_constant(r, value, &number);
        if (rc < 0) {
            return rc;
        }
        init[i] = (double)number + 0.0;
        name[i] = entry->key;
    }
    for (uint32_t i = 0; i < map->n; i++) {
        if (ha_symbols_find(&r->symbols, name[i]) != NULL) {
            return ha_place_error(r->base->err, &map->entry[i].place,
                                  "\"%s\" is named twice", name[i]);
        }
        ha_symbols_add(
            &r->symbols,
            (struct ha_symbol){.name = name[i], .is_variable = true, .index = i});
    }
    events->n_variables = map->n;
    events->init = init;
    events->variable = name;
    return 0;
}

static int read_updates(struct events_reader *r, const struct ha_node *node,
                        struct ha_event *event)
{
    const struct ha_node *map = ha_blocks_need(r->base, node, "update");
    if (map == NULL) {
        return -SIM_ERR_INPUT;
    }
    if (map->kind != HA_NODE_MAP || map->n > HA_BLOCKS_MAX_UPDATES) {
        return ha_node_error(r->base->err, map,
                             "expected a map of at most %d variables and their values",
                             HA_BLOCKS_MAX_UPDATES);
    }
    uint32_t *target = sim_arena_calloc(r->base->arena, map->n, sizeof *target);
    struct ha_expr *value = sim_arena_calloc(r->base->arena, map->n, sizeof *value);
    for (uint32_t u = 0; u < map->n; u++) {
        const struct ha_symbol *symbol =
            ha_symbols_find(&r->symbols, map->entry[u].key);
        if (symbol == NULL || !symbol->is_variable) {
            return ha_place_error(r->base->err, &map->entry[u].place,
                                  "\"%s\" is not a variable", map->entry[u].key);
        }
        target[u] = symbol->index;
        int rc = compile(r, map->entry[u].value, &value[u]);
        if (rc < 0) {
            return rc;
        }
        event->always_moves |= ha_expr_is_shift(&value[u], target[u]);
    }
    event->n_updates = map->n;
    event->target = target;
    event->value = value;
    return 0;
}

static int read_event(struct events_reader *r, const struct ha_node *node,
                      struct ha_event *event)
{
    static const char *const known[] = {"guard",  "name", "rate",
                                        "update", "note", NULL};
    if (node->kind != HA_NODE_MAP) {
        return ha_node_error(r->base->err, node,
                             "expected an event: name, guard, rate, update");
    }
    int rc = ha_blocks_known_keys(r->base, node, known);
    if (rc < 0) {
        return rc;
    }
    event->node = node;
    event->name = ha_node_text(ha_node_get(node, "name"), "event");
    const struct ha_node *guard = ha_node_get(node, "guard");
    const struct ha_node *rate = ha_blocks_need(r->base, node, "rate");
    if (rate == NULL) {
        return -SIM_ERR_INPUT;
    }
    if (guard == NULL) {
        event->guard = ha_expr_constant(r->base->arena, 1);
    } else {
        rc = compile(r, guard, &event->guard);
    }
    if (rc == 0) {
        rc = compile(r, rate, &event->rate);
    }
    return rc < 0 ? rc : read_updates(r, node, event);
}

static int read_events(struct events_reader *r, const struct ha_node *model)
{
    const struct ha_node *list = ha_blocks_need(r->base, model, "events");
    if (list == NULL) {
        return -SIM_ERR_INPUT;
    }
    if (list->kind != HA_NODE_LIST || list->n == 0 || list->n > MAX_EVENTS) {
        return ha_node_error(r->base->err, list, "expected a list of 1 to %d events",
                             MAX_EVENTS);
    }
    struct ha_event *event = sim_arena_calloc(r->base->arena, list->n, sizeof *event);
    for (uint32_t e = 0; e < list->n; e++) {
        int rc = read_event(r, list->item[e], &event[e]);
        if (rc < 0) {
            return rc;
        }
    }
    r->events->n_events = list->n;
    r->events->event = event;
    r->event = event;
    return 0;
}

/* ---- which events to look at after one fired ---- */

/* Readers of each variable, as lists in one array. */
struct reader_lists {
    uint32_t *begin; /* n_variables + 1 */
    uint32_t *event;
};

static void add_reads(const struct ha_expr *expr, uint32_t e, uint32_t *mark,
                      const uint32_t *begin, uint32_t *fill, uint32_t *event)
{
    for (uint32_t i = 0; i < expr->n_reads; i++) {
        uint32_t v = expr->read[i];
        if (mark[v] == e + 1) {
            continue;
        }
        mark[v] = e + 1;
        if (event != NULL) {
            event[begin[v] + fill[v]] = e;
        }
        fill[v]++;
    }
}

static void visit_reads(const struct ha_events *events, uint32_t *mark,
                        const uint32_t *begin, uint32_t *fill, uint32_t *list)
{
    for (uint32_t e = 0; e < events->n_events; e++) {
        const struct ha_event *event = &events->event[e];
        add_reads(&event->guard, e, mark, begin, fill, list);
        add_reads(&event->rate, e, mark, begin, fill, list);
        for (uint32_t u = 0; !event->always_moves && u < event->n_updates; u++) {
            struct ha_expr target = {.n_reads = 1, .read = &event->target[u]};
            add_reads(&target, e, mark, begin, fill, list);
            add_reads(&event->value[u], e, mark, begin, fill, list);
        }
    }
}

static struct reader_lists find_readers(struct sim_arena *arena,
                                        const struct ha_events *events)
{
    uint32_t n = events->n_variables;
    uint32_t *mark = sim_arena_calloc(arena, n, sizeof *mark);
    uint32_t *fill = sim_arena_calloc(arena, n, sizeof *fill);
    struct reader_lists lists = {
        .begin = sim_arena_calloc(arena, n + 1, sizeof *lists.begin)};
    visit_reads(events, mark, lists.begin, fill, NULL);
    for (uint32_t v = 0; v < n; v++) {
        lists.begin[v + 1] = lists.begin[v] + fill[v];
        fill[v] = 0;
        mark[v] = 0;
    }
    lists.event = sim_arena_calloc(arena, lists.begin[n], sizeof *lists.event);
    visit_reads(events, mark, lists.begin, fill, lists.event);
    return lists;
}

static void link_events(struct sim_arena *arena, struct ha_events *events,
                        struct ha_event *event)
{
    struct reader_lists lists = find_readers(arena, events);
    uint32_t *mark = sim_arena_calloc(arena, events->n_events, sizeof *mark);
    uint32_t *found = sim_arena_calloc(arena, events->n_events, sizeof *found);
    for (uint32_t e = 0; e < events->n_events; e++) {
        uint32_t n = 0;
        found[n++] = e; /* it is no longer armed: always look at itself */
        mark[e] = e + 1;
        for (uint32_t u = 0; u < event[e].n_updates; u++) {
            uint32_t v = event[e].target[u];
            for (uint32_t i = lists.begin[v]; i < lists.begin[v + 1]; i++) {
                if (mark[lists.event[i]] != e + 1) {
                    mark[lists.event[i]] = e + 1;
                    found[n++] = lists.event[i];
                }
            }
        }
        uint32_t *touched = sim_arena_calloc(arena, n, sizeof *touched);
        memcpy(touched, found, n * sizeof *touched);
        event[e].touched = touched;
        event[e].n_touched = n;
    }
}

/* ---- what is asked besides ---- */

static int read_reach(struct events_reader *r, const struct ha_node *reach)
{
    struct ha_events *events = r->events;
    const struct ha_node *target = ha_blocks_need(r->base, reach, "target");
    const struct ha_node *avoid = ha_node_get(reach, "avoid");
    if (target == NULL) {
        return -SIM_ERR_INPUT;
    }
    int rc = compile(r, target, &events->target);
    events->avoid = ha_expr_constant(r->base->arena, 0);
    if (rc == 0 && avoid != NULL) {
        rc = compile(r, avoid, &events->avoid);
    }
    double *from = sim_arena_calloc(r->base->arena, events->n_variables, sizeof *from);
    memcpy(from, events->init, events->n_variables * sizeof *from);
    const struct ha_node *map = ha_node_get(reach, "start");
    for (uint32_t i = 0; rc == 0 && map != NULL && map->entry && i < map->n; i++) {
        const struct ha_symbol *symbol =
            ha_symbols_find(&r->symbols, map->entry[i].key);
        long double value = 0;
        if (symbol == NULL || !symbol->is_variable) {
            return ha_place_error(r->base->err, &map->entry[i].place,
                                  "\"%s\" is not a variable", map->entry[i].key);
        }
        rc = read_constant(r, map->entry[i].value, &value);
        from[symbol->index] = rc == 0 ? (double)value + 0.0 : 0;
    }
    events->reach_start = from;
    events->has_reach = rc == 0;
    return rc;
}

/* Does the word `name` stand in the scalar? */
static bool mentions(const struct ha_node *node, const char *name)
{
    if (node == NULL || node->kind != HA_NODE_SCALAR) {
        return false;
    }
    size_t n = strlen(name);
    for (const char *p = strstr(node->text, name); p != NULL; p = strstr(p + 1, name)) {
        static const char word[] =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
            "0123456789_";
        bool begins = p == node->text || strchr(word, p[-1]) == NULL;
        if (begins && (p[n] == '\0' || strchr(word, p[n]) == NULL)) {
            return true;
        }
    }
    return false;
}

static bool any_mentions(const struct ha_node *map, const char *name)
{
    for (uint32_t i = 0; map != NULL && map->kind == HA_NODE_MAP && i < map->n; i++) {
        const struct ha_node *value = map->entry[i].value;
        if (mentions(value, name) || mentions(ha_node_get(value, "init"), name)) {
            return true;
        }
    }
    return false;
}

/* Is parameter `name` used in rates only? Then its elasticity has a meaning: it
 * changes how fast things happen, not which things can happen. */
static bool is_rate_parameter(const struct ha_events *events,
                              const struct ha_node *model, const char *name,
                              const struct ha_node *parameters)
{
    if (mentions(ha_node_get(model, "up"), name) ||
        any_mentions(ha_node_get(model, "variables"), name)) {
        return false;
    }
    bool is_used = any_mentions(parameters, name);
    for (uint32_t e = 0; e < events->n_events; e++) {
        const struct ha_node *node = events->event[e].node;
        if (mentions(ha_node_get(node, "guard"), name) ||
            any_mentions(ha_node_get(node, "update"), name)) {
            return false;
        }
        is_used |= mentions(ha_node_get(node, "rate"), name);
    }
    return is_used;
}

static void find_rate_parameters(struct events_reader *r, const struct ha_node *model)
{
    const struct ha_node *map = ha_node_get(model, "parameters");
    if (map == NULL) {
        return;
    }
    const char **name = sim_arena_calloc(r->base->arena, map->n, sizeof *name);
    uint32_t n = 0;
    for (uint32_t i = 0; i < map->n; i++) {
        if (is_rate_parameter(r->events, model, map->entry[i].key, map)) {
            name[n++] = map->entry[i].key;
        }
    }
    r->events->n_parameters = n;
    r->events->parameter = name;
}

static int read_model(struct events_reader *r, const struct ha_node *model)
{
    const struct ha_node *parameters = ha_node_get(model, "parameters");
    const struct ha_node *variables = NULL;
    if (parameters != NULL && ha_node_is_null(parameters)) {
        parameters = NULL;
    }
    int rc = parameters == NULL
                 ? 0
                 : need_map(r->base, model, "parameters", MAX_PARAMETERS, &parameters);
    if (rc == 0) {
        rc = need_map(r->base, model, "variables", MAX_VARIABLES, &variables);
    }
    if (rc < 0 || variables == NULL) {
        return rc;
    }
    ha_symbols_init(&r->symbols, r->base->arena,
                    (parameters == NULL ? 0 : parameters->n) + variables->n);
    const struct ha_node *up = ha_blocks_need(r->base, model, "up");
    const struct ha_node *reach = ha_node_get(model, "reach");
    rc = up == NULL ? -SIM_ERR_INPUT : read_parameters(r, parameters);
    rc = rc < 0 ? rc : read_variables(r, variables);
    rc = rc < 0 ? rc : read_events(r, model);
    rc = rc < 0 ? rc : compile(r, up, &r->events->up);
    rc = rc < 0 || reach == NULL ? rc : read_reach(r, reach);
    if (rc == 0) {
        find_rate_parameters(r, model);
    }
    return rc;
}

int ha_events_read_rates(const struct ha_blocks_reader *reader,
                         const struct ha_events *events, struct ha_expr *rate)
{
    struct ha_events scratch = {0};
    struct events_reader r = {.base = reader, .events = &scratch};
    const struct ha_node *parameters = ha_node_get(events->node, "parameters");
    const struct ha_node *variables = ha_node_get(events->node, "variables");
    ha_symbols_init(&r.symbols, reader->arena,
                    (parameters == NULL ? 0 : parameters->n) + variables->n);
    int rc = read_parameters(&r, parameters);
    rc = rc < 0 ? rc : read_variables(&r, variables);
    for (uint32_t e = 0; rc == 0 && e < events->n_events; e++) {
        rc = compile(&r, ha_node_get(events->event[e].node, "rate"), &rate[e]);
    }
    return rc;
}

int ha_events_read(const struct ha_blocks_reader *reader, const struct ha_node *model,
                   struct ha_blocks *out)
{
    struct ha_events *events = sim_arena_alloc(reader->arena, sizeof *events);
    struct events_reader r = {.base = reader, .events = events};
    events->node = model;
    int rc = read_model(&r, model);
    if (rc < 0) {
        return rc;
    }
    if (r.event != NULL) {
        link_events(reader->arena, events, r.event);
    }
    const struct ha_node *absorbing = ha_node_get(model, "absorbing");
    if (absorbing != NULL && !ha_node_bool(absorbing, &out->is_absorbing)) {
        return ha_node_error(reader->err, absorbing, "expected true or false");
    }
    out->kind = HA_BLOCKS_EVENTS;
    out->events = events;
    out->ops = &ha_events_ops;
    out->state_bytes = events->n_variables * sizeof(double);
    out->n_slots = events->n_events;
    struct sim_slot *slot = sim_arena_calloc(reader->arena, out->n_slots, sizeof *slot);
    const char **title = sim_arena_calloc(reader->arena, out->n_slots, sizeof *title);
    for (uint32_t e = 0; e < events->n_events; e++) {
        slot[e].id = sim_id("event/%u/%s", e, events->event[e].name);
        title[e] = events->event[e].name;
    }
    out->slot = slot;
    out->slot_title = title;
    ha_blocks_make_causes(reader->arena, out->n_slots, title, slot, out);
    return ha_events_classify(reader, out->is_absorbing, events, slot);
}
