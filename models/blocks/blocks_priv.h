/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of models/blocks/ share with each other and with nobody else:
 * the table of functions of a kind, the reader's context, laws and gates.
 */
#ifndef HA_BLOCKS_PRIV_H
#define HA_BLOCKS_PRIV_H

#include "models/blocks/blocks.h"
#include "models/blocks/expr.h"

/* One kind of system. Slots are the world's numbers; at->slot is subtracted by the
 * caller, so `slot` below is the system's own number. */
struct ha_blocks_ops {
    void (*start)(const struct ha_blocks_at *at, struct sim_run *run);
    void (*fire)(const struct ha_blocks_at *at, struct sim_run *run, uint32_t slot);
    bool (*is_down)(const struct ha_blocks_at *at, const struct sim_run *run);
    bool (*is_calm)(const struct ha_blocks_at *at, const struct sim_run *run);
};

/* The system's part of the world's state. */
static inline void *ha_blocks_state(const struct ha_blocks_at *at, struct sim_run *run)
{
    return (char *)sim_state(run) + at->state;
}

static inline const void *ha_blocks_state_const(const struct ha_blocks_at *at,
                                                const struct sim_run *run)
{
    return (const char *)sim_state_const(run) + at->state;
}

/* ---- reading ---- */

struct ha_blocks_reader {
    struct sim_arena *arena;
    const char *scaled; /* parameter to multiply, or NULL */
    double factor;
    bool is_system; /* the friendly form: bare numbers are refused */
    double year_s;
    struct sim_err *err;
};

/* The value of a required key; an error at `map` when it is missing. NULL then. */
const struct ha_node *ha_blocks_need(const struct ha_blocks_reader *reader,
                                     const struct ha_node *map, const char *key);

/* A number > 0 (plain or quoted), e.g. "2592000"; in the friendly form of a time a
 * unit is required: 90s, 45m, 4h, 30d, 5y. */
int ha_blocks_read_time(const struct ha_blocks_reader *reader,
                        const struct ha_node *node, double *out_s);
int ha_blocks_read_number(const struct ha_blocks_reader *reader,
                          const struct ha_node *node, double *out);
/* A whole number in low..high. */
int ha_blocks_read_count(const struct ha_blocks_reader *reader,
                         const struct ha_node *node, int64_t low, int64_t high,
                         uint32_t *out);

/* A law: {dist: weibull, mean_s: "3600", shape: "0.6"}, or friendly
 * {dist: weibull, mean: 1h, shape: 0.6}, or just 1h (exponential). */
int ha_blocks_read_law(const struct ha_blocks_reader *reader,
                       const struct ha_node *node, struct sim_dist *out);

/* Refuses keys of a map that are not in the NULL-terminated list. */
int ha_blocks_known_keys(const struct ha_blocks_reader *reader,
                         const struct ha_node *map, const char *const *known);

/* ---- gates: which sets of running units make a system that is up ---- */

enum ha_gate_kind {
    HA_GATE_KOFN,         /* at least k inputs up; and: k = inputs, or: k = 1 */
    HA_GATE_CONSECUTIVE_F /* down when k adjacent inputs are down */
};

struct ha_gate_input {
    uint32_t index; /* of a class or of an earlier gate */
    bool is_gate;
};

struct ha_gate {
    enum ha_gate_kind kind;
    uint32_t k;
    uint32_t n_inputs; /* inputs as written; a class counts with all its units */
    const struct ha_gate_input *input;
};

/* A tree (or a graph without cycles): inputs come before the gates they feed, the
 * last gate is the system. */
struct ha_gates {
    uint32_t n;
    const struct ha_gate *gate;
};

/* Names a class by its name: its number, or UINT32_MAX. */
typedef uint32_t (*ha_gate_lookup_fn)(const void *context, const char *name);

/* Reads the tree below `node`. A class named in it counts with its units, or, where
 * class_needs (may be NULL) is not 0, as one input: "at least so many of them". */
int ha_gates_read(const struct ha_blocks_reader *reader, const struct ha_node *node,
                  ha_gate_lookup_fn lookup, const void *context,
                  const uint32_t *class_units, const uint32_t *class_needs,
                  struct ha_gates *out);

/* Is the system up, with up[c] units of class c running? `scratch` has room for
 * gates->n bytes. Pure, no allocation. */
bool ha_gates_eval(const struct ha_gates *gates, const uint16_t *up, uint8_t *scratch);

/* ---- the kinds ---- */

enum {
    HA_BLOCKS_MAX_GATES = 4096,
    HA_BLOCKS_MAX_CLASSES = 4096,
    HA_BLOCKS_MAX_UPDATES = 128
};

/* Units of one sort. */
struct ha_shop_class {
    const char *name;
    uint16_t n_units;
    uint16_t crew;       /* index into crews, or HA_NO_CREW: each is repaired at once */
    bool is_pooled_up;   /* exponential failures: one clock for all its units */
    bool is_pooled_down; /* the same for repairs without a crew */
    bool has_flags;      /* some clock belongs to one unit: they are told apart */
    uint32_t failure_dist; /* index of the law */
    uint32_t repair_dist;
    double failure_per_s; /* of one unit, when pooled */
    double repair_per_s;
    uint32_t failure_slot; /* one when pooled, else one a unit */
    uint32_t repair_slot;  /* one when pooled, none with a crew, else one a unit */
    uint32_t unit;         /* cell of its first unit: 1 = down */
};
#define HA_NO_CREW UINT16_MAX

/* People (or robots) who repair one unit each at a time, first failed first. */
struct ha_shop_crew {
    const char *name;
    uint16_t n_members;
    uint16_t n_queue; /* most that can ever wait */
    uint32_t slot;    /* first repair slot, one a member */
    uint32_t member;  /* cell of the first member: class under repair + 1, 0 = idle */
    uint32_t queue;   /* cell of the first in the queue: class + 1, 0 = none */
};

/* A slot's meaning. */
struct ha_shop_slot {
    enum { HA_SHOP_FAILS, HA_SHOP_MENDED, HA_SHOP_CREW_DONE } kind;
    uint16_t class;  /* or crew */
    uint16_t number; /* unit of the class, member of the crew */
};

/* State, in cells of 16 bits: running units by class, a flag per unit, then crews. */
struct ha_shop {
    uint32_t n_classes;
    const struct ha_shop_class *class;
    const uint32_t *class_units;
    uint32_t n_units;
    uint32_t n_crews;
    const struct ha_shop_crew *crew;
    struct ha_gates gates;
    const struct ha_shop_slot *slot;
    uint32_t n_cells;
};

/* A rate with one parameter a little smaller and a little larger. */
struct ha_rate_slope {
    uint16_t parameter; /* index into events->parameter */
    struct ha_expr below, above;
};

struct ha_event {
    const char *name;
    struct ha_expr guard;
    struct ha_expr rate;
    uint32_t n_updates;
    const uint32_t *target;      /* variables set */
    const struct ha_expr *value; /* to these, all from the old values */
    bool always_moves;           /* fires are never without effect */
    uint32_t n_touched;
    const uint32_t *touched; /* events to look at again after this one */
    uint32_t n_slopes;       /* parameters its rate depends on, once declared */
    const struct ha_rate_slope *slope;
    const struct ha_node *node;
};

struct ha_events {
    uint32_t n_variables;
    const char *const *variable;
    const double *init;
    uint32_t n_events;
    struct ha_event *event;
    struct ha_expr up;
    uint32_t n_waiting; /* slots that must rest in a calm state */
    const uint32_t *waiting;
    uint32_t n_parameters; /* those that appear in rates only: elasticities */
    const char *const *parameter;
    bool has_reach; /* P(target before avoid | start) is asked */
    struct ha_expr target;
    struct ha_expr avoid;
    const double *reach_start;
    const struct ha_node *node;
};

struct ha_rolling {
    uint32_t n, k;
    double mttf_s, mttr_s, period_s, window_s;
};

int ha_events_read(const struct ha_blocks_reader *reader, const struct ha_node *model,
                   struct ha_blocks *out);
extern const struct ha_blocks_ops ha_events_ops;
extern const struct ha_blocks_ops ha_shop_ops;

/* Each of these reads one kind and fills what `out` says of it. */
int ha_shop_read(const struct ha_blocks_reader *reader, const struct ha_node *model,
                 struct ha_blocks *out);
int ha_rolling_read(const struct ha_blocks_reader *reader, const struct ha_node *model,
                    struct ha_blocks *out);

/* Compiles the rates of all events once more, as `reader` scales a parameter; rate[e]
 * are expressions over the same variables. */
int ha_events_read_rates(const struct ha_blocks_reader *reader,
                         const struct ha_events *events, struct ha_expr *rate);

/* Share of the members that failed; whether one is in its window. Pure. */
double ha_rolling_broken_share(const struct ha_blocks_at *at,
                               const struct sim_run *run);
bool ha_rolling_is_maintained(const struct ha_blocks_at *at, const struct sim_run *run);

/* Declares components and parameters of a model of its own (block_sense.c). */
void ha_blocks_declare(struct sim_arena *arena, const struct ha_blocks *blocks,
                       struct sim_model *out);

/* The effect of event e on variables `from`: writes `to` (n_variables numbers) and
 * *rate_per_s. False when it is disabled or changes nothing. A rate that is no rate
 * (negative, infinite, not a number) sets *is_bad. */
bool ha_event_step(const struct ha_events *events, uint32_t e, const double *from,
                   double *to, double *rate_per_s, bool *is_bad);
bool ha_events_is_up(const struct ha_events *events, const double *variable);

/* Looks at the states near the initial one: refuses bad rates, and fills class and
 * group of each slot and the waiting list (block_classify.c). */
int ha_events_classify(const struct ha_blocks_reader *reader, bool is_absorbing,
                       struct ha_events *events, struct sim_slot *slot);

/* Long-run answers of kinds that have a closed form; false when this one has none
 * (answers.c). */
bool ha_blocks_closed_form(const struct ha_blocks *blocks, struct sim_closed_form *out);

/* Causes from titles, at most SIM_MAX_CAUSES: equal titles share one; what does not
 * fit becomes "other". Writes cause[i] for each of n titles. */
void ha_blocks_make_causes(struct sim_arena *arena, uint32_t n,
                           const char *const *title, struct sim_slot *slot,
                           struct ha_blocks *out);

#endif
