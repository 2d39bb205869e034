/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an event means: failure, recovery, or neither.
 *
 * Biased simulation speeds failures up and leaves recoveries alone, so each slot of
 * a guarded-event model needs a class. Names say nothing reliable ("service 1" of a
 * tandem queue is a step towards the rare event), so the class is read off the
 * states themselves. The states near the initial one are explored breadth first, and
 * two distances, in numbers of events, are found backwards:
 *
 *   to_down  to the nearest down state
 *   to_calm  to the nearest state that is up and where only such events are possible
 *            as are possible in the initial state
 *
 * An event that brings down nearer is a failure; one that moves it away is a
 * recovery. An event that does neither, such as the failure of an idle spare or the
 * first step of a rescheduling, is judged by to_calm: further from calm is a
 * failure, nearer a recovery, and one that changes nothing is "other". An event
 * that acts differently in different states is judged where it is first met.
 *
 * Calm, in a run, is then: up, and no recovery or other passing event armed. That
 * includes states that differ from the initial one without harm (another member
 * leads, a unit has aged) and leaves out every excursion.
 *
 * Failure events that look alike (same rate, same distance gained, where first met)
 * form one group; balanced biasing shares its attention over groups.
 *
 * The look-around is bounded; in a model too large for it, an event that was never
 * seen is "other", which every driver leaves alone. Bad rates met on the way are
 * refused with the event's place in the file.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/blocks/blocks_priv.h"

enum {
    MAX_STATES = 20000,
    MAX_LOOKS = 6000000, /* states times events */
    MAX_BYTES = 64 * 1024 * 1024,
    FAR = 1 << 30
};

struct edge {
    uint32_t from, to, event;
};

struct look {
    const struct ha_events *events;
    struct sim_arena arena;
    uint32_t n_states, max_states;
    double *variable; /* n_variables a state */
    uint32_t *cell, n_cells;
    uint32_t n_edges, capacity;
    struct edge *edge; /* ascending in from */
    bool *is_up;
    int32_t *to_down, *to_calm;
    uint32_t *queue;
    uint32_t *incoming, *incoming_begin; /* edges by their end */
};

static const double *state_at(const struct look *k, uint32_t s)
{
    return k->variable + (size_t)s * k->events->n_variables;
}

static uint64_t hash_state(const double *variable, uint32_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &variable[i], sizeof bits);
        h = (h ^ bits) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    return h;
}

/* The number of a state, added when new; UINT32_MAX when there is no room. */
static uint32_t find_state(struct look *k, const double *variable)
{
    uint32_t n = k->events->n_variables;
    uint32_t i = (uint32_t)hash_state(variable, n) & (k->n_cells - 1);
    while (k->cell[i] != 0) {
        if (memcmp(state_at(k, k->cell[i] - 1), variable, n * sizeof *variable) == 0) {
            return k->cell[i] - 1;
        }
        i = (i + 1) & (k->n_cells - 1);
    }
    if (k->n_states == k->max_states) {
        return UINT32_MAX;
    }
    memcpy(k->variable + (size_t)k->n_states * n, variable, n * sizeof *variable);
    k->cell[i] = ++k->n_states;
    return k->n_states - 1;
}

static void add_edge(struct look *k, struct edge edge)
{
    if (k->n_edges == k->capacity) {
        struct edge *more =
            sim_arena_calloc(&k->arena, 2 * (size_t)k->capacity, sizeof *more);
        memcpy(more, k->edge, k->n_edges * sizeof *more);
        k->edge = more;
        k->capacity *= 2;
    }
    k->edge[k->n_edges++] = edge;
}

static int refuse_rate(const struct ha_blocks_reader *reader,
                       const struct ha_events *events, uint32_t e,
                       const double *variable, double rate)
{
    char where[160] = "";
    size_t used = 0;
    for (uint32_t v = 0; v < events->n_variables && used + 24 < sizeof where; v++) {
        int n = snprintf(where + used, sizeof where - used, "%s%.8s=%g",
                         v == 0 ? "" : " ", events->variable[v], variable[v]);
        used += n > 0 ? (size_t)n : 0;
    }
    const struct ha_node *node = ha_node_get(events->event[e].node, "rate");
    int rc = ha_node_error(reader->err, node,
                           "\"%s\" has no usable rate or update in a reachable state "
                           "(rate %g)",
                           events->event[e].name, rate);
    sim_err_hint(reader->err, "in the state %s", where);
    return rc;
}

static int expand(const struct ha_blocks_reader *reader, struct look *k, uint32_t s,
                  double *from, double *to)
{
    const struct ha_events *events = k->events;
    memcpy(from, state_at(k, s), events->n_variables * sizeof *from);
    for (uint32_t e = 0; e < events->n_events; e++) {
        double rate;
        bool is_bad = false;
        bool moves = ha_event_step(events, e, from, to, &rate, &is_bad);
        if (is_bad) {
            return refuse_rate(reader, events, e, from, rate);
        }
        if (moves) {
            uint32_t t = find_state(k, to);
            if (t != UINT32_MAX) {
                add_edge(k, (struct edge){s, t, e});
            }
        }
    }
    return 0;
}

static int explore(const struct ha_blocks_reader *reader, struct look *k,
                   bool is_absorbing)
{
    const struct ha_events *events = k->events;
    double *from = sim_arena_calloc(&k->arena, events->n_variables, sizeof *from);
    double *to = sim_arena_calloc(&k->arena, events->n_variables, sizeof *to);
    find_state(k, events->init);
    for (uint32_t s = 0; s < k->n_states; s++) {
        k->is_up[s] = ha_events_is_up(events, state_at(k, s));
        if (!k->is_up[s] && is_absorbing) {
            continue;
        }
        int rc = expand(reader, k, s, from, to);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static void index_incoming(struct look *k)
{
    k->incoming_begin =
        sim_arena_calloc(&k->arena, k->n_states + 1, sizeof *k->incoming_begin);
    k->incoming = sim_arena_calloc(&k->arena, k->n_edges, sizeof *k->incoming);
    uint32_t *fill = sim_arena_calloc(&k->arena, k->n_states, sizeof *fill);
    for (uint32_t i = 0; i < k->n_edges; i++) {
        k->incoming_begin[k->edge[i].to + 1]++;
    }
    for (uint32_t s = 0; s < k->n_states; s++) {
        k->incoming_begin[s + 1] += k->incoming_begin[s];
    }
    for (uint32_t i = 0; i < k->n_edges; i++) {
        uint32_t t = k->edge[i].to;
        k->incoming[k->incoming_begin[t] + fill[t]++] = i;
    }
}

/* Distances, in events, to the states where distance is 0 already. */
static void spread(struct look *k, int32_t *distance)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < k->n_states; s++) {
        if (distance[s] == 0) {
            k->queue[n++] = s;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t t = k->queue[i];
        for (uint32_t j = k->incoming_begin[t]; j < k->incoming_begin[t + 1]; j++) {
            uint32_t s = k->edge[k->incoming[j]].from;
            if (distance[s] == FAR) {
                distance[s] = distance[t] + 1;
                k->queue[n++] = s;
            }
        }
    }
}

static void measure(struct look *k)
{
    bool *is_first = sim_arena_calloc(&k->arena, k->events->n_events, sizeof *is_first);
    for (uint32_t i = 0; i < k->n_edges && k->edge[i].from == 0; i++) {
        is_first[k->edge[i].event] = true;
    }
    for (uint32_t s = 0; s < k->n_states; s++) {
        k->to_down[s] = k->is_up[s] ? FAR : 0;
        k->to_calm[s] = k->is_up[s] ? 0 : FAR;
    }
    for (uint32_t i = 0; i < k->n_edges; i++) {
        if (!is_first[k->edge[i].event]) {
            k->to_calm[k->edge[i].from] = FAR;
        }
    }
    spread(k, k->to_down);
    spread(k, k->to_calm);
}

/* What is known of an event while the edges are read in breadth-first order. */
struct verdict {
    int by_down; /* +1 failure, -1 recovery, 0 not yet known */
    int by_calm;
    double rate; /* where first met with an effect */
    int32_t gain;
    bool is_seen;
};

static void judge(struct look *k, struct verdict *verdict)
{
    double *scratch =
        sim_arena_calloc(&k->arena, k->events->n_variables, sizeof *scratch);
    for (uint32_t i = 0; i < k->n_edges; i++) {
        const struct edge *edge = &k->edge[i];
        struct verdict *v = &verdict[edge->event];
        int32_t down = k->to_down[edge->from] - k->to_down[edge->to];
        int32_t calm = k->to_calm[edge->to] - k->to_calm[edge->from];
        if (!v->is_seen) {
            bool is_bad = false;
            v->is_seen = true;
            v->gain = down;
            ha_event_step(k->events, edge->event, state_at(k, edge->from), scratch,
                          &v->rate, &is_bad);
        }
        if (v->by_down == 0) {
            v->by_down = (down > 0) - (down < 0);
        }
        if (v->by_calm == 0) {
            v->by_calm = (calm > 0) - (calm < 0);
        }
    }
}

static uint8_t class_of(const struct verdict *v)
{
    int say = v->by_down != 0 ? v->by_down : v->by_calm;
    return say > 0 ? SIM_FAILURE : say < 0 ? SIM_RECOVERY : SIM_OTHER;
}

/* Failure events alike, by rate and gain, share a group. */
static void make_groups(const struct verdict *verdict, uint32_t n,
                        struct sim_slot *slot)
{
    uint16_t n_groups = 0;
    for (uint32_t e = 0; e < n; e++) {
        uint32_t twin = 0;
        while (
            twin < e &&
            !(slot[twin].cls == slot[e].cls && verdict[twin].gain == verdict[e].gain &&
              fabs(verdict[twin].rate - verdict[e].rate) <= 1e-9 * verdict[e].rate)) {
            twin++;
        }
        slot[e].group = twin < e                ? slot[twin].group
                        : n_groups < UINT16_MAX ? n_groups++
                                                : n_groups;
    }
}

/* The slots that must not be armed in a calm state. */
static void list_waiting(const struct ha_blocks_reader *reader, const struct look *k,
                         struct ha_events *events, const struct sim_slot *slot)
{
    uint32_t *waiting =
        sim_arena_calloc(reader->arena, events->n_events, sizeof *waiting);
    bool *is_first =
        sim_arena_calloc(reader->arena, events->n_events, sizeof *is_first);
    for (uint32_t i = 0; i < k->n_edges && k->edge[i].from == 0; i++) {
        is_first[k->edge[i].event] = true;
    }
    uint32_t n = 0;
    for (uint32_t e = 0; e < events->n_events; e++) {
        if (slot[e].cls != SIM_FAILURE && !is_first[e]) {
            waiting[n++] = e;
        }
    }
    events->waiting = waiting;
    events->n_waiting = n;
}

static void prepare(struct look *k, const struct ha_events *events)
{
    uint64_t by_work = MAX_LOOKS / events->n_events + 2;
    uint64_t by_room = MAX_BYTES / (8 * (uint64_t)(events->n_variables + 1)) + 2;
    uint64_t most = by_work < by_room ? by_work : by_room;
    *k = (struct look){.events = events};
    sim_arena_init(&k->arena);
    k->max_states = most < MAX_STATES ? (uint32_t)most : MAX_STATES;
    k->n_cells = 64;
    while (k->n_cells < 2 * k->max_states) {
        k->n_cells *= 2;
    }
    k->cell = sim_arena_calloc(&k->arena, k->n_cells, sizeof *k->cell);
    k->variable = sim_arena_calloc(&k->arena, (size_t)k->max_states,
                                   (events->n_variables + 1) * sizeof *k->variable);
    k->is_up = sim_arena_calloc(&k->arena, k->max_states, sizeof *k->is_up);
    k->to_down = sim_arena_calloc(&k->arena, k->max_states, sizeof *k->to_down);
    k->to_calm = sim_arena_calloc(&k->arena, k->max_states, sizeof *k->to_calm);
    k->queue = sim_arena_calloc(&k->arena, k->max_states, sizeof *k->queue);
    k->capacity = 1024;
    k->edge = sim_arena_calloc(&k->arena, k->capacity, sizeof *k->edge);
}

int ha_events_classify(const struct ha_blocks_reader *reader, bool is_absorbing,
                       struct ha_events *events, struct sim_slot *slot)
{
    struct look k;
    prepare(&k, events);
    int rc = explore(reader, &k, is_absorbing);
    if (rc == 0) {
        struct verdict *verdict =
            sim_arena_calloc(&k.arena, events->n_events, sizeof *verdict);
        index_incoming(&k);
        measure(&k);
        judge(&k, verdict);
        for (uint32_t e = 0; e < events->n_events; e++) {
            slot[e].cls = class_of(&verdict[e]);
        }
        make_groups(verdict, events->n_events, slot);
        list_waiting(reader, &k, events, slot);
    }
    sim_arena_clear(&k.arena);
    return rc;
}
