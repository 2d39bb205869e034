/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Independent components under gates, exactly.
 *
 * Each unit alternates between up and down for itself, so in the long run it is down
 * with probability q = repair / (failure + repair), means only, and fails 1/(failure +
 * repair) times a second. The gates become one binary decision diagram over the units,
 * components that stand under several gates included; the probability of "down" is a
 * sum of products without subtraction.
 *
 *   frequency     sum of Birnbaum importance x failure frequency (Vesely 1970;
 *                 Schneeweiss 1981)
 *   trigger share Barlow and Proschan 1975: a unit's part of that sum
 *   minimal cuts  Rauzy 1993: of a node asking v, the cuts of its up branch, and v with
 *                 each cut of its down branch that does not already cut the up branch
 *   Fussell-Vesely  P(some failed minimal cut holds the unit | down), by a diagram of
 *                 those cuts
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/blocks/answers_priv.h"
#include "models/blocks/bdd.h"

enum {
    MAX_NODES = 3000000,
    MAX_CUTS = 5000,
    MAX_FV_CUTS = 3000,
    MAX_ALL_CUTS = 200000
};

struct gates_solver {
    struct sim_arena *arena;
    const struct ha_blocks *blocks;
    struct ha_bdd bdd;
    uint32_t n_units;
    const char **name;    /* of each unit */
    uint32_t *first_unit; /* of each class */
    uint32_t *variable;   /* of each unit, UINT32_MAX: under no gate */
    uint32_t *unit;       /* of each variable */
    uint32_t n_variables;
    long double *q, *p;     /* by variable: down, up */
    long double *frequency; /* by variable, failures per second */
    uint32_t *function;     /* by gate */
    uint32_t root;
    long double *down; /* by node: P(down) */
};

/* ---- the diagram ---- */

/* Variables in the order in which the gates name their units. */
static void order_units(struct gates_solver *s)
{
    const struct ha_shop *shop = s->blocks->shop;
    for (uint32_t g = 0; g < shop->gates.n; g++) {
        const struct ha_gate *gate = &shop->gates.gate[g];
        for (uint32_t i = 0; i < gate->n_inputs; i++) {
            uint32_t class = gate->input[i].index;
            for (uint32_t u = 0;
                 !gate->input[i].is_gate && u < shop->class_units[class]; u++) {
                uint32_t unit = s->first_unit[class] + u;
                if (s->variable[unit] == UINT32_MAX) {
                    s->unit[s->n_variables] = unit;
                    s->variable[unit] = s->n_variables++;
                }
            }
        }
    }
}

/* The inputs of a gate as functions, units one by one; returns how many. */
static uint32_t list_inputs(struct gates_solver *s, const struct ha_gate *gate,
                            uint32_t *function)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < gate->n_inputs; i++) {
        struct ha_gate_input input = gate->input[i];
        if (input.is_gate) {
            function[n++] = s->function[input.index];
            continue;
        }
        uint32_t units = s->blocks->shop->class_units[input.index];
        for (uint32_t u = 0; u < units; u++) {
            uint32_t unit = s->first_unit[input.index] + u;
            function[n++] = ha_bdd_variable(&s->bdd, s->variable[unit]);
        }
    }
    return n;
}

/* at_least[j] after input i: j of the inputs i, i+1, ... are true. */
static uint32_t build_kofn(struct gates_solver *s, const uint32_t *input, uint32_t n,
                           uint32_t k, uint32_t *at_least)
{
    at_least[0] = HA_BDD_TRUE;
    for (uint32_t j = 1; j <= k; j++) {
        at_least[j] = HA_BDD_FALSE;
    }
    for (uint32_t i = n; i-- > 0;) {
        for (uint32_t j = k; j > 0; j--) {
            at_least[j] = ha_bdd_ite(&s->bdd, input[i], at_least[j - 1], at_least[j]);
        }
    }
    return at_least[k];
}

/* from[r] after input i: no k false ones in a row from i on, r of them just before. */
static uint32_t build_consecutive(struct gates_solver *s, const uint32_t *input,
                                  uint32_t n, uint32_t k, uint32_t *from)
{
    for (uint32_t r = 0; r < k; r++) {
        from[r] = HA_BDD_TRUE;
    }
    from[k] = HA_BDD_FALSE;
    for (uint32_t i = n; i-- > 0;) {
        uint32_t after_up = from[0];
        for (uint32_t r = 0; r < k; r++) {
            from[r] = ha_bdd_ite(&s->bdd, input[i], after_up, from[r + 1]);
        }
    }
    return from[0];
}

static void build_diagram(struct gates_solver *s)
{
    const struct ha_gates *gates = &s->blocks->shop->gates;
    uint32_t room = s->n_units + gates->n + 2;
    uint32_t *input = sim_arena_calloc(s->arena, room, sizeof *input);
    uint32_t *work = sim_arena_calloc(s->arena, room, sizeof *work);
    s->function = sim_arena_calloc(s->arena, gates->n, sizeof *s->function);
    for (uint32_t g = 0; g < gates->n && !s->bdd.is_full; g++) {
        const struct ha_gate *gate = &gates->gate[g];
        uint32_t n = list_inputs(s, gate, input);
        s->function[g] = gate->kind == HA_GATE_KOFN
                             ? build_kofn(s, input, n, gate->k, work)
                             : build_consecutive(s, input, n, gate->k, work);
    }
    s->root = s->function[gates->n - 1];
}

/* ---- probabilities ---- */

static const char *unit_name(const struct gates_solver *s, uint32_t class, uint32_t u)
{
    const struct ha_shop_class *c = &s->blocks->shop->class[class];
    return c->n_units == 1 ? c->name : sim_arena_printf(s->arena, "%s[%u]", c->name, u);
}

/* Long-run share of time down of one unit of a class. */
static long double down_share(const struct ha_blocks *blocks, uint32_t class)
{
    const struct ha_shop_class *c = &blocks->shop->class[class];
    long double up = (long double)blocks->dist[c->failure_dist].mean_s;
    long double down = (long double)blocks->dist[c->repair_dist].mean_s;
    return down / (up + down);
}

static void fill_units(struct gates_solver *s)
{
    const struct ha_shop *shop = s->blocks->shop;
    for (uint32_t c = 0; c < shop->n_classes; c++) {
        long double up =
            (long double)s->blocks->dist[shop->class[c].failure_dist].mean_s;
        long double down =
            (long double)s->blocks->dist[shop->class[c].repair_dist].mean_s;
        for (uint32_t u = 0; u < shop->class_units[c]; u++) {
            uint32_t v = s->variable[s->first_unit[c] + u];
            s->name[s->first_unit[c] + u] = unit_name(s, c, u);
            if (v != UINT32_MAX) {
                s->q[v] = down_share(s->blocks, c);
                s->p[v] = up / (up + down);
                s->frequency[v] = 1 / (up + down);
            }
        }
    }
}

static long double prob_down(struct gates_solver *s)
{
    ha_bdd_prob_false(&s->bdd, s->q, s->p, s->down);
    return s->down[s->root];
}

/* P(down) with variable v known to be down (or up). */
static long double prob_given(struct gates_solver *s, uint32_t v, bool is_down)
{
    long double q = s->q[v], p = s->p[v];
    s->q[v] = is_down;
    s->p[v] = !is_down;
    long double result = prob_down(s);
    s->q[v] = q;
    s->p[v] = p;
    return result;
}

/* Birnbaum importance of every variable: what reaches each node from the root, times
 * the difference its answer makes. Call after prob_down. */
static void find_birnbaum(struct gates_solver *s, long double *birnbaum)
{
    long double *reach = calloc(s->bdd.n, sizeof *reach);
    if (reach == NULL) {
        return;
    }
    reach[s->root] = 1;
    for (uint32_t i = s->bdd.n; i-- > 2;) {
        const struct ha_bdd_node *node = &s->bdd.node[i];
        uint32_t v = node->variable;
        birnbaum[v] += reach[i] * (s->down[node->low] - s->down[node->high]);
        reach[node->low] += reach[i] * s->q[v];
        reach[node->high] += reach[i] * s->p[v];
    }
    free(reach);
}

/* ---- minimal cuts ---- */

struct cut_list {
    uint32_t n;
    uint64_t *set; /* n times n_words */
};

struct cut_finder {
    struct gates_solver *s;
    struct sim_arena arena;
    uint32_t n_words;
    struct cut_list *list; /* by node */
    uint64_t total;
};

static bool holds(const uint64_t *set, uint32_t v)
{
    return (set[v / 64] >> (v % 64) & 1) != 0;
}

/* Is the function false when exactly the variables of the set are false? */
static bool cuts(const struct ha_bdd *bdd, uint32_t node, const uint64_t *set)
{
    while (node > HA_BDD_TRUE) {
        const struct ha_bdd_node *n = &bdd->node[node];
        node = holds(set, n->variable) ? n->low : n->high;
    }
    return node == HA_BDD_FALSE;
}

static void find_cuts_of(struct cut_finder *f, uint32_t i)
{
    const struct ha_bdd_node *node = &f->s->bdd.node[i];
    const struct cut_list *low = &f->list[node->low], *high = &f->list[node->high];
    struct cut_list *out = &f->list[i];
    size_t bytes = f->n_words * sizeof(uint64_t);
    out->set = sim_arena_calloc(&f->arena, low->n + (size_t)high->n, bytes);
    if (high->n > 0) {
        memcpy(out->set, high->set, high->n * bytes);
    }
    out->n = high->n;
    for (uint32_t c = 0; c < low->n; c++) {
        const uint64_t *set = low->set + (size_t)c * f->n_words;
        if (cuts(&f->s->bdd, node->high, set)) {
            continue;
        }
        uint64_t *to = out->set + (size_t)out->n++ * f->n_words;
        memcpy(to, set, bytes);
        to[node->variable / 64] |= (uint64_t)1 << (node->variable % 64);
    }
    f->total += out->n;
}

static void mark_used(const struct ha_bdd *bdd, uint32_t root, uint8_t *used)
{
    used[root] = 1;
    for (uint32_t i = bdd->n; i-- > 2;) {
        if (used[i]) {
            used[bdd->node[i].low] = 1;
            used[bdd->node[i].high] = 1;
        }
    }
}

/* All minimal cuts of the root; an empty list when there are too many. */
static struct cut_list find_cuts(struct cut_finder *f)
{
    const struct ha_bdd *bdd = &f->s->bdd;
    uint8_t *used = sim_arena_calloc(&f->arena, bdd->n, sizeof *used);
    f->n_words = f->s->n_variables / 64 + 1;
    f->list = sim_arena_calloc(&f->arena, bdd->n, sizeof *f->list);
    /* the false function is cut by the empty set */
    f->list[HA_BDD_FALSE].n = 1;
    f->list[HA_BDD_FALSE].set = sim_arena_calloc(&f->arena, f->n_words, 8);
    mark_used(bdd, f->s->root, used);
    for (uint32_t i = 2; i <= f->s->root && f->total <= MAX_ALL_CUTS; i++) {
        if (used[i]) {
            find_cuts_of(f, i);
        }
    }
    bool is_too_many = f->total > MAX_ALL_CUTS || f->list[f->s->root].n > MAX_CUTS;
    if (is_too_many) {
        f->list[f->s->root].n = 0;
    }
    return f->list[f->s->root];
}

/* P(some cut that holds v is wholly down). */
static long double prob_cuts_with(struct gates_solver *s, const struct cut_list *list,
                                  uint32_t n_words, uint32_t v)
{
    struct ha_bdd bdd;
    ha_bdd_init(&bdd, MAX_NODES / 8);
    uint32_t none = HA_BDD_TRUE; /* "no such cut is down", in up variables */
    for (uint32_t c = 0; c < list->n; c++) {
        const uint64_t *set = list->set + (size_t)c * n_words;
        if (!holds(set, v)) {
            continue;
        }
        uint32_t some_up = HA_BDD_FALSE;
        for (uint32_t w = s->n_variables; w-- > 0;) {
            if (holds(set, w)) {
                some_up =
                    ha_bdd_ite(&bdd, ha_bdd_variable(&bdd, w), HA_BDD_TRUE, some_up);
            }
        }
        none = ha_bdd_ite(&bdd, none, some_up, HA_BDD_FALSE);
    }
    long double *down = calloc(bdd.n, sizeof *down);
    long double result = (long double)NAN;
    if (down != NULL && !bdd.is_full) {
        ha_bdd_prob_false(&bdd, s->q, s->p, down);
        result = down[none];
    }
    free(down);
    ha_bdd_release(&bdd);
    return result;
}

static int compare_cuts(const void *a, const void *b)
{
    const struct ha_cut *x = a, *y = b;
    if (x->n != y->n) {
        return x->n < y->n ? -1 : 1;
    }
    for (uint32_t i = 0; i < x->n; i++) {
        int order = strcmp(x->component[i], y->component[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_cuts(struct gates_solver *s, const struct cut_list *list,
                       uint32_t n_words, struct ha_answers *out)
{
    struct ha_cut *cut = sim_arena_calloc(s->arena, list->n, sizeof *cut);
    for (uint32_t c = 0; c < list->n; c++) {
        const uint64_t *set = list->set + (size_t)c * n_words;
        const char **component =
            sim_arena_calloc(s->arena, s->n_variables, sizeof *component);
        for (uint32_t v = 0; v < s->n_variables; v++) {
            if (holds(set, v)) {
                component[cut[c].n++] = s->name[s->unit[v]];
            }
        }
        if (cut[c].n > 1) {
            qsort(component, cut[c].n, sizeof *component, compare_names);
        }
        cut[c].component = component;
    }
    if (list->n > 1) {
        qsort(cut, list->n, sizeof *cut, compare_cuts);
    }
    out->n_cuts = list->n;
    out->cut = cut;
}

/* ---- importance ---- */

static void write_importance(struct gates_solver *s, const long double *birnbaum,
                             long double total, long double frequency,
                             const struct cut_list *cuts_found, uint32_t n_words,
                             struct ha_importance *importance)
{
    const struct ha_shop *shop = s->blocks->shop;
    for (uint32_t c = 0, unit = 0; c < shop->n_classes; c++) {
        for (uint32_t u = 0; u < shop->class_units[c]; u++, unit++) {
            struct ha_importance *i = &importance[unit];
            uint32_t v = s->variable[unit];
            i->name = s->name[unit];
            i->raw = i->rrw = 1;
            if (v == UINT32_MAX) { /* no gate asks for it: as often as ever */
                i->down_given_outage = (double)down_share(s->blocks, c);
                i->fussell_vesely = cuts_found->n > 0 ? 0 : (double)NAN;
                continue;
            }
            long double if_down = prob_given(s, v, true);
            long double if_up = prob_given(s, v, false);
            i->birnbaum = (double)birnbaum[v];
            i->criticality = (double)(birnbaum[v] * s->q[v] / total);
            i->raw = (double)(if_down / total);
            i->rrw = if_up > 0 ? (double)(total / if_up) : (double)HUGE_VAL;
            i->trigger_share = (double)(birnbaum[v] * s->frequency[v] / frequency);
            i->down_given_outage = (double)(s->q[v] * if_down / total);
            i->fussell_vesely =
                cuts_found->n > 0 && cuts_found->n <= MAX_FV_CUTS
                    ? (double)(prob_cuts_with(s, cuts_found, n_words, v) / total)
                    : (double)NAN;
        }
    }
}

static void write_answers(struct gates_solver *s, struct ha_answers *out)
{
    long double *birnbaum =
        sim_arena_calloc(s->arena, s->n_variables + 1, sizeof *birnbaum);
    struct ha_importance *importance =
        sim_arena_calloc(s->arena, s->n_units, sizeof *importance);
    long double total = prob_down(s), frequency = 0;
    find_birnbaum(s, birnbaum);
    for (uint32_t v = 0; v < s->n_variables; v++) {
        frequency += birnbaum[v] * s->frequency[v];
    }
    double *value = out->value;
    value[HA_ANSWER_steady_unavailability] = (double)total;
    value[HA_ANSWER_outages_per_year] =
        (double)(frequency * (long double)s->blocks->year_s);
    value[HA_ANSWER_mean_outage_s] =
        frequency > 0 ? (double)(total / frequency) : (double)NAN;
    value[HA_ANSWER_mean_uptime_s] =
        frequency > 0 ? (double)((1 - total) / frequency) : (double)HUGE_VAL;
    if (!(total > 0)) {
        return;
    }
    struct cut_finder finder = {.s = s};
    sim_arena_init(&finder.arena);
    struct cut_list list = find_cuts(&finder);
    write_cuts(s, &list, finder.n_words, out);
    write_importance(s, birnbaum, total, frequency, &list, finder.n_words, importance);
    out->n_importances = s->n_units;
    out->importance = importance;
    sim_arena_clear(&finder.arena);
}

bool ha_answer_independent(struct sim_arena *arena, const struct ha_blocks *blocks,
                           struct ha_answers *out)
{
    const struct ha_shop *shop = blocks->shop;
    if (blocks->kind != HA_BLOCKS_SHOP || shop->n_crews > 0 || shop->n_units > 2000) {
        return false;
    }
    struct gates_solver s = {
        .arena = arena, .blocks = blocks, .n_units = shop->n_units};
    s.first_unit = sim_arena_calloc(arena, shop->n_classes, sizeof *s.first_unit);
    for (uint32_t c = 1; c < shop->n_classes; c++) {
        s.first_unit[c] = s.first_unit[c - 1] + shop->class_units[c - 1];
    }
    s.name = sim_arena_calloc(arena, s.n_units, sizeof *s.name);
    s.variable = sim_arena_calloc(arena, s.n_units, sizeof *s.variable);
    memset(s.variable, 0xff, s.n_units * sizeof *s.variable);
    s.unit = sim_arena_calloc(arena, s.n_units, sizeof *s.unit);
    s.q = sim_arena_calloc(arena, s.n_units, sizeof *s.q);
    s.p = sim_arena_calloc(arena, s.n_units, sizeof *s.p);
    s.frequency = sim_arena_calloc(arena, s.n_units, sizeof *s.frequency);
    order_units(&s);
    fill_units(&s);
    ha_bdd_init(&s.bdd, MAX_NODES);
    build_diagram(&s);
    bool is_solved = !s.bdd.is_full;
    if (is_solved) {
        s.down = calloc(s.bdd.n, sizeof *s.down);
        is_solved = s.down != NULL;
    }
    if (is_solved) {
        write_answers(&s, out);
        out->method = "independent components: decision diagram of the gates, closed "
                      "form of each component";
        free(s.down);
    }
    ha_bdd_release(&s.bdd);
    return is_solved;
}
