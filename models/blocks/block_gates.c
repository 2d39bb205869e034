/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gates: which sets of running units make a system that is up.
 *
 * The tree is flattened while it is read, children first, with an explicit stack
 * (hostile nesting meets a limit, not the C stack); evaluating it is then one pass
 * over an array. Equal names share one class, so a component may stand under
 * several gates: nothing here assumes independence.
 *
 * A class of several units counts, as an input, as many inputs as it has units:
 * {gate: kofn, k: 2, in: [etcd]} with three etcd units is 2-of-3, `and` wants them
 * all, `or` one of them.
 *
 * Written {gate: and|or|kofn|consecutive_f, k, in: [...]}; in the friendly form also
 * {all: [...]}, {any: [...]}, {atLeast: k, of: [...]}, {series: [...]},
 * {parallel: [...]}, or a name alone.
 */
#include <string.h>

#include "models/blocks/blocks_priv.h"
#include "sim/check.h"

enum { MAX_NESTING = 100 };

/* A gate whose inputs are being read. */
struct open_gate {
    const struct ha_node *node;
    const struct ha_node *list;
    struct ha_gate_input *input;
    uint32_t next;
    enum { WANT_ALL, WANT_ANY, WANT_K, WANT_CONSECUTIVE } want;
    uint32_t k;
};

struct gate_reader {
    const struct ha_blocks_reader *reader;
    ha_gate_lookup_fn lookup;
    const void *context;
    const uint32_t *class_units;
    const uint32_t *class_needs;
    struct open_gate stack[MAX_NESTING];
    int depth;
    struct ha_gate *gate;
    uint32_t n_gates;
};

static int open_written(struct gate_reader *g, const struct ha_node *node,
                        struct open_gate *open)
{
    const struct ha_node *kind = ha_node_get(node, "gate");
    const char *name = ha_node_text(kind, "");
    if (strcmp(name, "and") == 0) {
        open->want = WANT_ALL;
    } else if (strcmp(name, "or") == 0) {
        open->want = WANT_ANY;
    } else if (strcmp(name, "kofn") == 0) {
        open->want = WANT_K;
    } else if (strcmp(name, "consecutive_f") == 0) {
        open->want = WANT_CONSECUTIVE;
    } else {
        int rc = ha_node_error(g->reader->err, kind, "unknown gate \"%s\"", name);
        sim_err_hint(g->reader->err, "gates: and, or, kofn, consecutive_f");
        return rc;
    }
    open->list = ha_blocks_need(g->reader, node, "in");
    if (open->list == NULL) {
        return -SIM_ERR_INPUT;
    }
    if (open->want == WANT_ALL || open->want == WANT_ANY) {
        return 0;
    }
    const struct ha_node *k = ha_blocks_need(g->reader, node, "k");
    return k == NULL ? -SIM_ERR_INPUT
                     : ha_blocks_read_count(g->reader, k, 1, 1000000, &open->k);
}

static int open_friendly(struct gate_reader *g, const struct ha_node *node,
                         struct open_gate *open)
{
    static const struct {
        const char *key;
        int want;
    } words[] = {{"all", WANT_ALL}, {"series", WANT_ALL},   {"and", WANT_ALL},
                 {"any", WANT_ANY}, {"parallel", WANT_ANY}, {"or", WANT_ANY}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        open->list = ha_node_get(node, words[i].key);
        if (open->list != NULL) {
            open->want = words[i].want;
            return 0;
        }
    }
    const struct ha_node *k = ha_node_get(node, "atLeast");
    if (k == NULL) {
        int rc = ha_node_error(g->reader->err, node, "expected a gate");
        sim_err_hint(g->reader->err, "for example {gate: kofn, k: 2, in: [a, b, c]}, "
                                     "{all: [a, b]} or {atLeast: 2, of: [a, b, c]}");
        return rc;
    }
    open->want = WANT_K;
    open->list = ha_blocks_need(g->reader, node, "of");
    return open->list == NULL
               ? -SIM_ERR_INPUT
               : ha_blocks_read_count(g->reader, k, 1, 1000000, &open->k);
}

static int open_gate(struct gate_reader *g, const struct ha_node *node)
{
    if (g->depth == MAX_NESTING) {
        return ha_node_error(g->reader->err, node, "gates nested deeper than %d",
                             MAX_NESTING);
    }
    struct open_gate *open = &g->stack[g->depth];
    *open = (struct open_gate){.node = node};
    int rc = ha_node_get(node, "gate") != NULL ? open_written(g, node, open)
                                               : open_friendly(g, node, open);
    if (rc < 0 || open->list == NULL) {
        return rc;
    }
    if (open->list->kind != HA_NODE_LIST || open->list->n == 0) {
        return ha_node_error(g->reader->err, open->list,
                             "expected a list of names and gates, not empty");
    }
    open->input =
        sim_arena_calloc(g->reader->arena, open->list->n, sizeof *open->input);
    g->depth++;
    return 0;
}

static uint32_t input_units(const struct gate_reader *g, struct ha_gate_input input)
{
    return input.is_gate ? 1 : g->class_units[input.index];
}

/* All inputs of the innermost gate are read: it joins the array. */
static int close_gate(struct gate_reader *g)
{
    struct open_gate *open = &g->stack[g->depth - 1];
    uint32_t total = 0;
    for (uint32_t i = 0; i < open->list->n; i++) {
        total += input_units(g, open->input[i]);
        if (open->want == WANT_CONSECUTIVE && input_units(g, open->input[i]) != 1) {
            return ha_node_error(g->reader->err, open->list->item[i],
                                 "consecutive_f needs single units, one after another");
        }
    }
    if ((open->want == WANT_K || open->want == WANT_CONSECUTIVE) && open->k > total) {
        return ha_node_error(g->reader->err, open->node,
                             "k is %u, but there are only %u inputs", open->k, total);
    }
    if (g->n_gates == HA_BLOCKS_MAX_GATES) {
        return ha_node_error(g->reader->err, open->node, "more than %d gates",
                             HA_BLOCKS_MAX_GATES);
    }
    g->gate[g->n_gates] = (struct ha_gate){
        .kind = open->want == WANT_CONSECUTIVE ? HA_GATE_CONSECUTIVE_F : HA_GATE_KOFN,
        .k = open->want == WANT_ALL   ? total
             : open->want == WANT_ANY ? 1
                                      : open->k,
        .n_inputs = open->list->n,
        .input = open->input,
    };
    g->depth--;
    if (g->depth > 0) {
        struct open_gate *parent = &g->stack[g->depth - 1];
        parent->input[parent->next++] =
            (struct ha_gate_input){.index = g->n_gates, .is_gate = true};
    }
    g->n_gates++;
    return 0;
}

/* A name as an input: fills *input. */
static int read_name(struct gate_reader *g, const struct ha_node *node,
                     struct ha_gate_input *input)
{
    uint32_t class = g->lookup(g->context, node->text);
    if (class == UINT32_MAX) {
        return ha_node_error(g->reader->err, node, "no component is called \"%s\"",
                             node->text);
    }
    *input = (struct ha_gate_input){.index = class};
    if (g->class_needs == NULL || g->class_needs[class] == 0) {
        return 0;
    }
    if (g->n_gates == HA_BLOCKS_MAX_GATES) {
        return ha_node_error(g->reader->err, node, "more than %d gates",
                             HA_BLOCKS_MAX_GATES);
    }
    struct ha_gate_input *units = sim_arena_calloc(g->reader->arena, 1, sizeof *units);
    *units = *input; /* "at least `needs` of them" as a gate of its own */
    g->gate[g->n_gates] = (struct ha_gate){.kind = HA_GATE_KOFN,
                                           .k = g->class_needs[class],
                                           .n_inputs = 1,
                                           .input = units};
    *input = (struct ha_gate_input){.index = g->n_gates++, .is_gate = true};
    return 0;
}

int ha_gates_read(const struct ha_blocks_reader *reader, const struct ha_node *node,
                  ha_gate_lookup_fn lookup, const void *context,
                  const uint32_t *class_units, const uint32_t *class_needs,
                  struct ha_gates *out)
{
    struct gate_reader g = {.reader = reader,
                            .lookup = lookup,
                            .context = context,
                            .class_units = class_units,
                            .class_needs = class_needs};
    g.gate = sim_arena_calloc(reader->arena, HA_BLOCKS_MAX_GATES, sizeof *g.gate);
    out->gate = g.gate;
    if (node->kind == HA_NODE_SCALAR) { /* a name alone: all its units */
        struct ha_gate_input *input = sim_arena_calloc(reader->arena, 1, sizeof *input);
        int rc = read_name(&g, node, input);
        if (rc < 0) {
            return rc;
        }
        g.gate[g.n_gates++] = (struct ha_gate){
            .kind = HA_GATE_KOFN,
            .k = input_units(&g, *input),
            .n_inputs = 1,
            .input = input,
        };
        out->n = g.n_gates;
        return 0;
    }
    int rc = open_gate(&g, node);
    while (rc == 0 && g.depth > 0) {
        struct open_gate *open = &g.stack[g.depth - 1];
        if (open->next == open->list->n) {
            rc = close_gate(&g);
            continue;
        }
        const struct ha_node *item = open->list->item[open->next];
        if (item->kind == HA_NODE_SCALAR) {
            rc = read_name(&g, item, &open->input[open->next]);
            open->next++;
        } else {
            rc = open_gate(&g, item);
        }
    }
    out->n = g.n_gates;
    return rc;
}

static bool is_input_up(struct ha_gate_input input, const uint16_t *up,
                        const uint8_t *scratch)
{
    return input.is_gate ? scratch[input.index] != 0 : up[input.index] != 0;
}

static bool eval_consecutive(const struct ha_gate *gate, const uint16_t *up,
                             const uint8_t *scratch)
{
    uint32_t run = 0;
    for (uint32_t i = 0; i < gate->n_inputs; i++) {
        run = is_input_up(gate->input[i], up, scratch) ? 0 : run + 1;
        if (run == gate->k) {
            return false;
        }
    }
    return true;
}

bool ha_gates_eval(const struct ha_gates *gates, const uint16_t *up, uint8_t *scratch)
{
    for (uint32_t g = 0; g < gates->n; g++) {
        const struct ha_gate *gate = &gates->gate[g];
        if (gate->kind == HA_GATE_CONSECUTIVE_F) {
            scratch[g] = eval_consecutive(gate, up, scratch);
            continue;
        }
        uint32_t running = 0;
        for (uint32_t i = 0; i < gate->n_inputs; i++) {
            struct ha_gate_input input = gate->input[i];
            running += input.is_gate ? scratch[input.index] : up[input.index];
        }
        scratch[g] = running >= gate->k;
    }
    return scratch[gates->n - 1] != 0;
}
