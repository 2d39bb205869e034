/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a repair shop: alternating_renewal, machine_repair_general and
 * single_unit_downtime of the neutral format, and `kind: System`:
 *
 *     kind: System
 *     name: load balancer
 *     crews: {ops: 1}                # optional; people shared by components
 *     components:
 *       - name: lb
 *         count: 2
 *         needs: 1                   # this many of them; default: all
 *         failure: 90d               # mean of an exponential law, or
 *         repair: {dist: lognormal, mean: 4h, cv: 1.5}
 *         crew: ops                  # absent: repaired at once, independently
 *     up: {all: [lb]}                # optional; default: every component
 *
 * All become classes, crews and gates. What differs is only who says them. A class
 * that stands under consecutive_f is split into single units there, since neighbours
 * must be told apart; everywhere else units of a class stay interchangeable.
 */
#include <string.h>

#include "models/blocks/blocks_priv.h"
#include "sim/check.h"

enum { MAX_UNITS = 20000, MAX_CREWS = 64, MAX_CREW_MEMBERS = 1000 };

struct shop_reader {
    const struct ha_blocks_reader *base;
    struct ha_shop *shop;
    struct ha_shop_class *class;
    struct sim_dist *law; /* failure and repair law, two a class */
    uint32_t *needs;
    struct ha_shop_crew *crew;
    struct ha_symbols names; /* classes by name */
    struct ha_symbols crew_names;
};

static uint32_t lookup_class(const void *context, const char *name)
{
    const struct ha_symbol *symbol = ha_symbols_find(context, name);
    return symbol == NULL ? UINT32_MAX : symbol->index;
}

static void init_classes(struct shop_reader *r, uint32_t n)
{
    struct sim_arena *arena = r->base->arena;
    r->class = sim_arena_calloc(arena, n, sizeof *r->class);
    r->law = sim_arena_calloc(arena, 2 * (size_t)n, sizeof *r->law);
    r->needs = sim_arena_calloc(arena, n, sizeof *r->needs);
    ha_symbols_init(&r->names, arena, n);
    r->shop->n_classes = n;
    r->shop->class = r->class;
}

static int read_laws(struct shop_reader *r, const struct ha_node *node, uint32_t i)
{
    const struct ha_node *failure = ha_blocks_need(r->base, node, "failure");
    if (failure == NULL) {
        return -SIM_ERR_INPUT;
    }
    const struct ha_node *repair = ha_blocks_need(r->base, node, "repair");
    if (repair == NULL) {
        return -SIM_ERR_INPUT;
    }
    int rc = ha_blocks_read_law(r->base, failure, &r->law[2 * i]);
    return rc < 0 ? rc : ha_blocks_read_law(r->base, repair, &r->law[2 * i + 1]);
}

static int read_crew_of(struct shop_reader *r, const struct ha_node *node,
                        struct ha_shop_class *c)
{
    const struct ha_node *crew = ha_node_get(node, "crew");
    c->crew = HA_NO_CREW;
    if (crew == NULL || ha_node_is_null(crew)) {
        return 0;
    }
    const struct ha_symbol *symbol =
        r->shop->n_crews == 0 ? NULL
                              : ha_symbols_find(&r->crew_names, ha_node_text(crew, ""));
    if (symbol == NULL) {
        int rc = ha_node_error(r->base->err, crew, "no crew is called \"%s\"",
                               ha_node_text(crew, ""));
        sim_err_hint(r->base->err, "name it and its size above: crews: {%s: 1}",
                     ha_node_text(crew, "ops"));
        return rc;
    }
    c->crew = (uint16_t)symbol->index;
    return 0;
}

static int read_component(struct shop_reader *r, const struct ha_node *node, uint32_t i)
{
    static const char *const known[] = {"name", "count", "failure", "repair", "class",
                                        "crew", "needs", "note",    NULL};
    struct ha_shop_class *c = &r->class[i];
    uint32_t count = 1;
    const struct ha_node *name = ha_blocks_need(r->base, node, "name");
    int rc = name == NULL ? -SIM_ERR_INPUT : ha_blocks_known_keys(r->base, node, known);
    if (rc < 0) {
        return rc;
    }
    c->name = ha_node_text(name, "");
    if (c->name[0] == '\0' || ha_symbols_find(&r->names, c->name) != NULL) {
        return ha_node_error(r->base->err, name, "a component needs a name of its own");
    }
    ha_symbols_add(&r->names, (struct ha_symbol){.name = c->name, .index = i});
    if (ha_node_get(node, "count") != NULL) {
        rc =
            ha_blocks_read_count(r->base, ha_node_get(node, "count"), 1, 10000, &count);
    }
    c->n_units = (uint16_t)count;
    if (rc == 0 && ha_node_get(node, "needs") != NULL) {
        rc = ha_blocks_read_count(r->base, ha_node_get(node, "needs"), 1, count,
                                  &r->needs[i]);
    }
    rc = rc < 0 ? rc : read_crew_of(r, node, c);
    return rc < 0 ? rc : read_laws(r, node, i);
}

static int read_crews(struct shop_reader *r, const struct ha_node *map)
{
    if (map == NULL || ha_node_is_null(map)) {
        return 0;
    }
    if (map->kind != HA_NODE_MAP || map->n > MAX_CREWS) {
        return ha_node_error(r->base->err, map, "expected at most %d crews, name: size",
                             MAX_CREWS);
    }
    r->crew = sim_arena_calloc(r->base->arena, map->n, sizeof *r->crew);
    ha_symbols_init(&r->crew_names, r->base->arena, map->n);
    for (uint32_t i = 0; i < map->n; i++) {
        uint32_t members;
        int rc = ha_blocks_read_count(r->base, map->entry[i].value, 1, MAX_CREW_MEMBERS,
                                      &members);
        if (rc < 0) {
            return rc;
        }
        r->crew[i].name = map->entry[i].key;
        r->crew[i].n_members = (uint16_t)members;
        ha_symbols_add(&r->crew_names,
                       (struct ha_symbol){.name = map->entry[i].key, .index = i});
    }
    r->shop->n_crews = map->n;
    r->shop->crew = r->crew;
    return 0;
}

/* ---- layout: cells, slots, laws ---- */

static void lay_out_crews(struct shop_reader *r, uint32_t *n_slots)
{
    struct ha_shop *shop = r->shop;
    for (uint32_t i = 0; i < shop->n_crews; i++) {
        uint32_t units = 0;
        for (uint32_t c = 0; c < shop->n_classes; c++) {
            units += r->class[c].crew == i ? r->class[c].n_units : 0u;
        }
        struct ha_shop_crew *crew = &r->crew[i];
        if (crew->n_members > units) {
            crew->n_members = (uint16_t)units; /* the others never have work */
        }
        crew->n_queue = (uint16_t)(units - crew->n_members);
        crew->slot = *n_slots;
        crew->member = shop->n_cells;
        crew->queue = crew->member + crew->n_members;
        shop->n_cells = crew->queue + crew->n_queue;
        *n_slots += crew->n_members;
    }
}

static uint32_t lay_out(struct shop_reader *r)
{
    struct ha_shop *shop = r->shop;
    uint32_t n_slots = 0;
    shop->n_cells = shop->n_classes;
    for (uint32_t i = 0; i < shop->n_classes; i++) {
        struct ha_shop_class *c = &r->class[i];
        const struct sim_dist *failure = &r->law[2 * i];
        const struct sim_dist *repair = &r->law[2 * i + 1];
        bool is_single = c->n_units == 1; /* pooling gains nothing */
        bool has_crew = c->crew != HA_NO_CREW;
        c->is_pooled_up = !is_single && failure->kind == SIM_DIST_EXPONENTIAL;
        c->is_pooled_down =
            !is_single && !has_crew && repair->kind == SIM_DIST_EXPONENTIAL;
        c->has_flags =
            !is_single && !(c->is_pooled_up && (has_crew || c->is_pooled_down));
        c->failure_dist = 2 * i;
        c->repair_dist = 2 * i + 1;
        c->failure_per_s = 1 / failure->mean_s;
        c->repair_per_s = 1 / repair->mean_s;
        c->failure_slot = n_slots;
        n_slots += c->is_pooled_up ? 1u : c->n_units;
        c->repair_slot = n_slots;
        n_slots += has_crew ? 0u : c->is_pooled_down ? 1u : c->n_units;
        c->unit = shop->n_cells;
        shop->n_cells += c->has_flags ? c->n_units : 0u;
        shop->n_units += c->n_units;
    }
    lay_out_crews(r, &n_slots);
    return n_slots;
}

static bool same_law(const struct sim_dist *a, const struct sim_dist *b)
{
    return a->kind == b->kind && a->n == b->n && a->a == b->a && a->b == b->b &&
           a->mean_s == b->mean_s && a->moment2 == b->moment2 &&
           a->moment3 == b->moment3;
}

/* Classes with the same laws and crew are alike: one group of failures. */
static uint16_t group_of(const struct shop_reader *r, uint32_t class)
{
    for (uint32_t i = 0; i < class; i++) {
        if (r->class[i].crew == r->class[class].crew &&
            r->class[i].n_units == r->class[class].n_units &&
            same_law(&r->law[2 * i], &r->law[2 * class]) &&
            same_law(&r->law[2 * i + 1], &r->law[2 * class + 1])) {
            return (uint16_t)i;
        }
    }
    return (uint16_t) class;
}

struct slot_writer {
    struct sim_arena *arena;
    struct sim_slot *slot;
    const char **title;
    const char **cause;
    struct ha_shop_slot *meaning;
};

static void write_class_slots(const struct shop_reader *r, struct slot_writer *w,
                              uint32_t i)
{
    const struct ha_shop_class *c = &r->class[i];
    uint32_t n_up = c->is_pooled_up ? 1 : c->n_units;
    uint32_t n_down = c->crew != HA_NO_CREW ? 0 : c->is_pooled_down ? 1 : c->n_units;
    uint16_t group = group_of(r, i);
    for (uint32_t u = 0; u < n_up + n_down; u++) {
        bool fails = u < n_up;
        uint32_t s = fails ? c->failure_slot + u : c->repair_slot + u - n_up;
        uint32_t number = fails ? u : u - n_up;
        w->slot[s] = (struct sim_slot){
            .id = sim_id("unit/%s/%u/%s", c->name, number, fails ? "fails" : "mended"),
            .group = group,
            .cls = fails ? SIM_FAILURE : SIM_RECOVERY,
        };
        w->title[s] =
            sim_arena_printf(w->arena, fails ? "%s fails" : "%s repaired", c->name);
        w->cause[s] = c->name;
        w->meaning[s] = (struct ha_shop_slot){
            .kind = fails ? HA_SHOP_FAILS : HA_SHOP_MENDED,
            .class = (uint16_t)i,
            .number = (uint16_t)number,
        };
    }
}

static void write_crew_slots(const struct shop_reader *r, struct slot_writer *w,
                             uint32_t i)
{
    const struct ha_shop_crew *crew = &r->crew[i];
    for (uint32_t m = 0; m < crew->n_members; m++) {
        uint32_t s = crew->slot + m;
        w->slot[s] = (struct sim_slot){
            .id = sim_id("crew/%s/%u", crew->name, m),
            .group = 0,
            .cls = SIM_RECOVERY,
        };
        w->title[s] =
            sim_arena_printf(w->arena, "crew %s finishes a repair", crew->name);
        w->cause[s] = crew->name;
        w->meaning[s] = (struct ha_shop_slot){
            .kind = HA_SHOP_CREW_DONE, .class = (uint16_t)i, .number = (uint16_t)m};
    }
}

/* Everything known: cells, slots and laws are laid out and `out` is filled. */
static int finish(struct shop_reader *r, const struct ha_node *place,
                  struct ha_blocks *out)
{
    struct ha_shop *shop = r->shop;
    uint32_t n_units = 0;
    for (uint32_t i = 0; i < shop->n_classes; i++) {
        n_units += r->class[i].n_units;
    }
    if (n_units > MAX_UNITS) {
        return ha_node_error(r->base->err, place, "more than %d units", MAX_UNITS);
    }
    out->n_slots = lay_out(r);
    struct slot_writer w = {.arena = r->base->arena};
    w.slot = sim_arena_calloc(w.arena, out->n_slots, sizeof *w.slot);
    w.title = sim_arena_calloc(w.arena, out->n_slots, sizeof *w.title);
    w.cause = sim_arena_calloc(w.arena, out->n_slots, sizeof *w.cause);
    w.meaning = sim_arena_calloc(w.arena, out->n_slots, sizeof *w.meaning);
    for (uint32_t i = 0; i < shop->n_classes; i++) {
        write_class_slots(r, &w, i);
    }
    for (uint32_t i = 0; i < shop->n_crews; i++) {
        write_crew_slots(r, &w, i);
    }
    ha_blocks_make_causes(w.arena, out->n_slots, w.cause, w.slot, out);
    shop->slot = w.meaning;
    out->kind = HA_BLOCKS_SHOP;
    out->shop = shop;
    out->ops = &ha_shop_ops;
    out->slot = w.slot;
    out->slot_title = w.title;
    out->n_dists = 2 * shop->n_classes;
    out->dist = r->law;
    out->state_bytes = ((size_t)shop->n_cells * sizeof(uint16_t) + 7) / 8 * 8;
    return 0;
}

static const uint32_t *class_units(struct shop_reader *r)
{
    uint32_t *units =
        sim_arena_calloc(r->base->arena, r->shop->n_classes, sizeof *units);
    for (uint32_t i = 0; i < r->shop->n_classes; i++) {
        units[i] = r->class[i].n_units;
    }
    r->shop->class_units = units;
    return units;
}

/* Default of `up`: every component, with its `needs`. */
static const struct ha_node *all_components(struct shop_reader *r)
{
    struct ha_node *map = ha_node_new_map(r->base->arena);
    struct ha_node *list = ha_node_new_list(r->base->arena);
    for (uint32_t i = 0; i < r->shop->n_classes; i++) {
        ha_node_append(r->base->arena, list,
                       ha_node_new_scalar(r->base->arena, r->class[i].name, false));
    }
    ha_node_set(r->base->arena, map, "all", list);
    return map;
}

/* alternating_renewal and kind: System */
static int read_components(struct shop_reader *r, const struct ha_node *model,
                           struct ha_blocks *out)
{
    const struct ha_node *list = ha_blocks_need(r->base, model, "components");
    if (list == NULL) {
        return -SIM_ERR_INPUT;
    }
    if (list->kind != HA_NODE_LIST || list->n == 0 || list->n > HA_BLOCKS_MAX_CLASSES) {
        return ha_node_error(r->base->err, list,
                             "expected a list of 1 to %d components",
                             HA_BLOCKS_MAX_CLASSES);
    }
    int rc = read_crews(r, ha_node_get(model, "crews"));
    init_classes(r, list->n);
    for (uint32_t i = 0; rc == 0 && i < list->n; i++) {
        rc = read_component(r, list->item[i], i);
    }
    if (rc < 0) {
        return rc;
    }
    const struct ha_node *up = ha_node_get(model, "up");
    if (up == NULL && r->base->is_system) {
        up = all_components(r);
    } else if (up == NULL) {
        up = ha_blocks_need(r->base, model, "up");
    }
    if (up == NULL) {
        return -SIM_ERR_INPUT;
    }
    rc = ha_gates_read(r->base, up, lookup_class, &r->names, class_units(r), r->needs,
                       &r->shop->gates);
    return rc < 0 ? rc : finish(r, list, out);
}

/* One class of n members, k of which must run. */
static int read_members(struct shop_reader *r, const struct ha_node *model, uint32_t n,
                        uint32_t k, uint32_t crew_members, struct ha_blocks *out)
{
    const struct ha_node *mttf = ha_blocks_need(r->base, model, "mttf_s");
    const struct ha_node *repair = ha_blocks_need(r->base, model, "repair");
    double mttf_s;
    if (mttf == NULL || repair == NULL) {
        return -SIM_ERR_INPUT;
    }
    init_classes(r, 1);
    int rc = ha_blocks_read_time(r->base, mttf, &mttf_s);
    rc = rc < 0 ? rc : ha_blocks_read_law(r->base, repair, &r->law[1]);
    if (rc < 0) {
        return rc;
    }
    r->law[0] = sim_dist_exponential(mttf_s);
    r->class[0] = (struct ha_shop_class){
        .name = n == 1 ? "unit" : "member", .n_units = (uint16_t)n, .crew = HA_NO_CREW};
    if (crew_members > 0) {
        r->crew = sim_arena_calloc(r->base->arena, 1, sizeof *r->crew);
        r->crew[0] =
            (struct ha_shop_crew){.name = "crew", .n_members = (uint16_t)crew_members};
        r->shop->n_crews = 1;
        r->shop->crew = r->crew;
        r->class[0].crew = 0;
    }
    struct ha_gate *gate = sim_arena_calloc(r->base->arena, 1, sizeof *gate);
    struct ha_gate_input *input = sim_arena_calloc(r->base->arena, 1, sizeof *input);
    *gate =
        (struct ha_gate){.kind = HA_GATE_KOFN, .k = k, .n_inputs = 1, .input = input};
    r->shop->gates = (struct ha_gates){.n = 1, .gate = gate};
    class_units(r);
    return finish(r, model, out);
}

static int read_machine_repair(struct shop_reader *r, const struct ha_node *model,
                               struct ha_blocks *out)
{
    uint32_t n, k, crews = 1;
    const struct ha_node *n_node = ha_blocks_need(r->base, model, "n");
    const struct ha_node *k_node =
        n_node == NULL ? NULL : ha_blocks_need(r->base, model, "k");
    if (k_node == NULL) {
        return -SIM_ERR_INPUT;
    }
    int rc = ha_blocks_read_count(r->base, n_node, 1, 10000, &n);
    rc = rc < 0 ? rc : ha_blocks_read_count(r->base, k_node, 1, n, &k);
    const struct ha_node *crew_node = ha_node_get(model, "crews");
    if (rc == 0 && crew_node != NULL) {
        rc = ha_blocks_read_count(r->base, crew_node, 1, 10000, &crews);
    }
    return rc < 0 ? rc : read_members(r, model, n, k, crews, out);
}

int ha_shop_read(const struct ha_blocks_reader *reader, const struct ha_node *model,
                 struct ha_blocks *out)
{
    struct ha_shop *shop = sim_arena_alloc(reader->arena, sizeof *shop);
    struct shop_reader r = {.base = reader, .shop = shop};
    if (strcmp(out->kind_name, "machine_repair_general") == 0) {
        return read_machine_repair(&r, model, out);
    }
    if (strcmp(out->kind_name, "single_unit_downtime") == 0) {
        return read_members(&r, model, 1, 1, 0, out);
    }
    return read_components(&r, model, out);
}
