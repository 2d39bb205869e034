/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exploring a model's states.
 *
 * A state is the model's state bytes and, for each slot, a code: 0 not armed, else
 * which law (or rate) and in which of its phases. A law that is not exponential is
 * replaced by a phase type (phase.c), whose phases move on without the model noticing;
 * only when the last one is left does the slot fire.
 *
 * States are expanded in breadth-first order. To expand one, it is put into a world
 * (state bytes, armed slots), the slot is disarmed and the model's fire() runs under
 * hooks that record what it arms. Nothing is drawn. A sim_choose() inside fire() is
 * answered from a list; at the first unlisted one the first possible outcome is taken,
 * and fire() is replayed from the saved state once for each other outcome (the model
 * interface promises that fire() is a pure function of world and outcomes). A newly
 * armed law of several starting phases branches in the same way.
 *
 * Only states waiting to be expanded are kept whole; of the others a 128-bit
 * fingerprint remains, which finds them again (two of a million states share one with
 * probability 1e-27; the same on every machine, as the hash has no seed). So a million
 * states of any size fit into memory, and the limit is in the rates.
 *
 * What the notes hold does not influence the future and is no part of a state: they are
 * zero before each fire(). Only when blame is wanted, which is read off the notes (who
 * broke first), are they: then there are more states.
 */
#include "sim/statespace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/recorder.h"

enum { KEYS_PER_CHUNK = 1024, MAX_STARTS = 100000 };

struct chunk {
    struct chunk *next;
    uint8_t key[]; /* KEYS_PER_CHUNK keys */
};

struct fingerprint {
    uint64_t a, b;
};

struct explorer {
    const struct sim_model *model;
    const struct sim_statespace_limits *limits;
    const struct sim_label_wants *wants;
    struct sim_statespace *space;
    struct sim_err *err;
    struct sim_recorder recorder;

    size_t key_bytes, notes_at, codes_at; /* a key: state, notes, codes */
    size_t notes_bytes;                   /* 0: they are no part of a state */
    uint8_t *present;                     /* the key being expanded */
    uint8_t *made;                        /* the key made by fire() */

    struct chunk *head, *tail; /* keys waiting, in order */
    uint32_t head_at, tail_at;
    struct fingerprint *seen;
    uint32_t *cell;
    uint64_t n_cells;
    uint32_t n_states, capacity;
    uint64_t n_edges, edge_capacity;
    uint64_t row_begin; /* of the state being expanded */
    uint64_t bytes;
    bool is_full; /* a limit was met */
};

struct sim_statespace_limits sim_statespace_default(void)
{
    return (struct sim_statespace_limits){
        .max_states = 4000000, .max_bytes = (uint64_t)1 << 30, .order = 4};
}

/* ---- memory that grows ---- */

/* Not cleared: memory that is not used yet costs nothing. */
static void *grow(struct explorer *x, void *block, uint64_t old_n, uint64_t new_n,
                  size_t size)
{
    void *more = sim_ctmc_realloc(block, (size_t)new_n, size);
    x->bytes += (new_n - old_n) * size;
    return more;
}

/* ---- states ---- */

static struct fingerprint hash_key(const struct explorer *x, const uint8_t *key)
{
    struct fingerprint f = {0x243f6a8885a308d3u, 0x13198a2e03707344u};
    for (size_t i = 0; i < x->key_bytes; i += 8) {
        uint64_t word;
        memcpy(&word, key + i, sizeof word);
        f.a = (f.a ^ word) * 0x9e3779b97f4a7c15u;
        f.a ^= f.a >> 29;
        f.b = sim_recorder_mix(f.b + word + 0xd1b54a32d192ed03u);
    }
    f.a = sim_recorder_mix(f.a);
    return f;
}

static void rehash_states(struct explorer *x)
{
    uint64_t n = x->n_cells * 2;
    free(x->cell);
    x->cell = sim_ctmc_alloc(n, sizeof *x->cell);
    x->bytes += x->n_cells * sizeof *x->cell;
    x->n_cells = n;
    for (uint32_t s = 0; s < x->n_states; s++) {
        uint64_t i = x->seen[s].a & (n - 1);
        while (x->cell[i] != 0) {
            i = (i + 1) & (n - 1);
        }
        x->cell[i] = s + 1;
    }
}

static void push_key(struct explorer *x, const uint8_t *key)
{
    if (x->tail == NULL || x->tail_at == KEYS_PER_CHUNK) {
        struct chunk *chunk =
            sim_ctmc_alloc(1, sizeof *chunk + KEYS_PER_CHUNK * x->key_bytes);
        x->bytes += KEYS_PER_CHUNK * x->key_bytes;
        if (x->tail == NULL) {
            x->head = chunk;
            x->head_at = 0;
        } else {
            x->tail->next = chunk;
        }
        x->tail = chunk;
        x->tail_at = 0;
    }
    memcpy(x->tail->key + x->tail_at++ * x->key_bytes, key, x->key_bytes);
}

static void pop_key(struct explorer *x)
{
    if (x->head_at == KEYS_PER_CHUNK) {
        struct chunk *done = x->head;
        x->head = done->next;
        x->head_at = 0;
        free(done);
        x->bytes -= KEYS_PER_CHUNK * x->key_bytes;
    }
    memcpy(x->present, x->head->key + x->head_at++ * x->key_bytes, x->key_bytes);
}

static void grow_states(struct explorer *x)
{
    struct sim_ctmc *chain = &x->space->chain;
    uint64_t n = x->capacity, more = n + n / 2;
    x->seen = grow(x, x->seen, n, more, sizeof *x->seen);
    chain->label = grow(x, chain->label, n, more, sizeof *chain->label);
    chain->q.row = grow(x, chain->q.row, n + 1, more + 1, sizeof *chain->q.row);
    x->capacity = (uint32_t)more;
}

/* Puts what `key` says into the world, so that the model can look at it. */
static void load_key(struct explorer *x, const uint8_t *key)
{
    memcpy(x->recorder.run.rows.state, key, x->model->state_bytes);
    memset(x->recorder.run.rows.notes, 0, x->model->notes_bytes);
    memcpy(x->recorder.run.rows.notes, key + x->notes_at, x->notes_bytes);
    memcpy(x->recorder.code, key + x->codes_at,
           x->model->n_slots * sizeof *x->recorder.code);
    for (uint32_t s = 0; s < x->model->n_slots; s++) {
        sim_recorder_mark(&x->recorder.run, s, x->recorder.code[s] != 0);
    }
}

/* The number of a state, new or known; UINT32_MAX when a limit is met. The world must
 * show the state (phases aside). */
static uint32_t find_key(struct explorer *x, const uint8_t *key)
{
    struct fingerprint f = hash_key(x, key);
    uint64_t i = f.a & (x->n_cells - 1);
    while (x->cell[i] != 0) {
        const struct fingerprint *g = &x->seen[x->cell[i] - 1];
        if (g->a == f.a && g->b == f.b) {
            return x->cell[i] - 1;
        }
        i = (i + 1) & (x->n_cells - 1);
    }
    if (x->n_states == x->limits->max_states || x->bytes > x->limits->max_bytes) {
        x->is_full = true;
        return UINT32_MAX;
    }
    if (x->n_states == x->capacity) {
        grow_states(x);
    }
    uint32_t s = x->n_states++;
    struct sim_ctmc *chain = &x->space->chain;
    x->seen[s] = f;
    x->cell[i] = s + 1;
    chain->label[s] = sim_labels_of(&chain->labels, &x->recorder.run, x->wants);
    push_key(x, key);
    if (2 * (uint64_t)x->n_states > x->n_cells) {
        rehash_states(x);
    }
    return s;
}

/* The edge of the present row, from begin to end, with that target and cause; end when
 * there is none. Rows are short. */
static uint64_t find_edge(const struct sim_ctmc *chain, uint64_t begin, uint64_t end,
                          uint32_t to, uint8_t cause)
{
    uint64_t e = begin;
    while (e < end && !(chain->q.to[e] == to &&
                        (chain->cause == NULL || chain->cause[e] == cause))) {
        e++;
    }
    return e;
}

/* Adds to the row of the state being expanded. */
static void add_edge(struct explorer *x, uint32_t to, double rate, uint8_t cause)
{
    struct sim_ctmc *chain = &x->space->chain;
    uint64_t known = find_edge(chain, x->row_begin, x->n_edges, to, cause);
    if (known < x->n_edges) {
        chain->q.rate[known] += rate;
        return;
    }
    if (x->n_edges == x->edge_capacity) {
        uint64_t n = x->edge_capacity, more = n + n / 2;
        chain->q.to = grow(x, chain->q.to, n, more, sizeof *chain->q.to);
        chain->q.rate = grow(x, chain->q.rate, n, more, sizeof *chain->q.rate);
        if (x->wants->causes) {
            chain->cause = grow(x, chain->cause, n, more, sizeof *chain->cause);
        }
        x->edge_capacity = more;
    }
    if (x->wants->causes) {
        chain->cause[x->n_edges] = cause;
    }
    chain->q.to[x->n_edges] = to;
    chain->q.rate[x->n_edges++] = rate;
}

/* ---- phases of newly armed laws ---- */

typedef void (*arrive_fn)(struct explorer *x, double weight, uint32_t from,
                          uint8_t cause);

/* Chooses a starting phase for every newly armed law with several, in all ways, and
 * arrives with each combination. `weight` is the rate or probability so far. */
static void choose_phases(struct explorer *x, double weight, uint32_t from,
                          uint8_t cause, arrive_fn arrive)
{
    uint32_t *code = (uint32_t *)(void *)(x->made + x->codes_at);
    uint32_t slot[SIM_MAX_CHOICES], phase[SIM_MAX_CHOICES] = {0}, n = 0;
    memset(x->made, 0, x->key_bytes);
    memcpy(x->made, x->recorder.run.rows.state, x->model->state_bytes);
    memcpy(x->made + x->notes_at, x->recorder.run.rows.notes, x->notes_bytes);
    memcpy(code, x->recorder.code, x->model->n_slots * sizeof *code);
    for (uint32_t s = 0; s < x->model->n_slots; s++) {
        if (code[s] >= SIM_CODE_NEW && n < SIM_MAX_CHOICES) {
            slot[n++] = s;
        } else if (code[s] >= SIM_CODE_NEW) {
            x->recorder.has_too_many_choices = true;
            return;
        }
    }
    for (;;) {
        double p = weight;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t dist = x->recorder.code[slot[i]] - SIM_CODE_NEW;
            code[slot[i]] = sim_recorder_law_code(&x->recorder, dist, phase[i]);
            p *= x->recorder.law[dist].phase.start[phase[i]];
        }
        if (p > 0) {
            arrive(x, p, from, cause);
        }
        uint32_t i = 0; /* count up */
        while (i < n &&
               ++phase[i] ==
                   x->recorder.law[x->recorder.code[slot[i]] - SIM_CODE_NEW].phase.n) {
            phase[i++] = 0;
        }
        if (i == n) {
            return;
        }
    }
}

static void arrive_by_edge(struct explorer *x, double rate, uint32_t from,
                           uint8_t cause)
{
    const struct sim_ctmc *chain = &x->space->chain;
    uint32_t to = find_key(x, x->made);
    if (to != UINT32_MAX && to != from) {
        bool begins = (sim_ctmc_down(chain, to) & ~sim_ctmc_down(chain, from)) != 0;
        add_edge(x, to, rate, begins && x->wants->causes ? cause : SIM_NO_CAUSE);
    }
}

static void arrive_at_start(struct explorer *x, double p, uint32_t from, uint8_t cause)
{
    struct sim_ctmc *chain = &x->space->chain;
    (void)from;
    (void)cause;
    uint32_t s = find_key(x, x->made);
    if (s == UINT32_MAX || chain->n_initial == MAX_STARTS) {
        x->recorder.has_too_many_choices |= s != UINT32_MAX;
        return;
    }
    for (uint32_t i = 0; i < chain->n_initial; i++) {
        if (chain->initial[i] == s) {
            chain->initial_p[i] += p;
            return;
        }
    }
    uint32_t n = chain->n_initial;
    chain->initial = grow(x, chain->initial, n, n + 1, sizeof *chain->initial);
    chain->initial_p = grow(x, chain->initial_p, n, n + 1, sizeof *chain->initial_p);
    chain->initial[n] = s;
    chain->initial_p[n] = p;
    chain->n_initial++;
}

/* ---- expanding ---- */

/* Slot fires at `rate` in the present state: one edge per outcome. */
static void fire_slot(struct explorer *x, uint32_t from, uint32_t slot, double rate)
{
    const struct sim_model *model = x->model;
    x->recorder.n_picks = 0;
    do {
        load_key(x, x->present);
        sim_disarm(&x->recorder.run, slot);
        x->recorder.n_asked = 0;
        x->recorder.pick_p = 1;
        model->fire(model->plan, &x->recorder.run, slot);
        choose_phases(x, rate * x->recorder.pick_p, from, model->slot[slot].cause,
                      arrive_by_edge);
    } while (sim_recorder_advance(&x->recorder));
}

/* A phase of an armed law moves on; the model does not notice. */
static void move_phase(struct explorer *x, uint32_t from, uint32_t slot, uint32_t code,
                       double rate)
{
    memcpy(x->made, x->present, x->key_bytes);
    memcpy(x->made + x->codes_at + slot * sizeof code, &code, sizeof code);
    load_key(x, x->made);
    arrive_by_edge(x, rate, from, SIM_NO_CAUSE);
}

static void expand_slot(struct explorer *x, uint32_t from, uint32_t slot, uint32_t code)
{
    if (code > x->recorder.n_law_codes) {
        fire_slot(x, from, slot, x->recorder.rate[code - x->recorder.n_law_codes - 1]);
        return;
    }
    const struct sim_recorder_law *law = &x->recorder.law[x->recorder.code_law[code]];
    const struct sim_phase_law *phase = &law->phase;
    uint32_t p = code - law->code;
    for (uint32_t r = 0; r < phase->n; r++) {
        double share = phase->next[p * phase->n + r];
        if (share > 0) {
            move_phase(x, from, slot, law->code + r, phase->rate[p] * share);
        }
    }
    if (phase->done[p] > 0) {
        fire_slot(x, from, slot, phase->rate[p] * phase->done[p]);
    }
}

static void expand(struct explorer *x, uint32_t s)
{
    x->row_begin = x->n_edges;
    pop_key(x);
    if (!(x->model->is_absorbing && (sim_ctmc_down(&x->space->chain, s) & 1) != 0)) {
        for (uint32_t slot = 0; slot < x->model->n_slots && !x->is_full; slot++) {
            uint32_t code;
            memcpy(&code, x->present + x->codes_at + slot * sizeof code, sizeof code);
            if (code != 0) {
                expand_slot(x, s, slot, code);
            }
        }
    }
    x->space->chain.q.row[s + 1] = x->n_edges;
}

static void start_all(struct explorer *x)
{
    const struct sim_model *model = x->model;
    memset(x->present, 0, x->key_bytes);
    x->recorder.n_picks = 0;
    do {
        load_key(x, x->present);
        x->recorder.n_asked = 0;
        x->recorder.pick_p = 1;
        model->start(model->plan, &x->recorder.run);
        choose_phases(x, x->recorder.pick_p, 0, SIM_NO_CAUSE, arrive_at_start);
    } while (sim_recorder_advance(&x->recorder) && !x->is_full);
}

static void prepare(struct explorer *x, const struct sim_model *model)
{
    struct sim_ctmc *chain = &x->space->chain;
    sim_labels_init(&chain->labels, model, x->wants);
    sim_recorder_init(&x->recorder, model, x->limits->order);
    x->notes_bytes = chain->labels.has_blame ? model->notes_bytes : 0;
    x->notes_at = (model->state_bytes + 7) / 8 * 8;
    x->codes_at = x->notes_at + (x->notes_bytes + 7) / 8 * 8;
    x->key_bytes = (x->codes_at + model->n_slots * sizeof(uint32_t) + 7) / 8 * 8;
    x->present = sim_arena_alloc(&x->recorder.arena, x->key_bytes);
    x->made = sim_arena_alloc(&x->recorder.arena, x->key_bytes);
    x->n_cells = 1024;
    x->cell = sim_ctmc_alloc(x->n_cells, sizeof *x->cell);
    x->capacity = 256;
    x->seen = sim_ctmc_alloc(x->capacity, sizeof *x->seen);
    chain->label = sim_ctmc_alloc(x->capacity, sizeof *chain->label);
    chain->q.row = sim_ctmc_alloc(x->capacity + 1, sizeof *chain->q.row);
    x->edge_capacity = 1024;
    chain->q.to = sim_ctmc_alloc(x->edge_capacity, sizeof *chain->q.to);
    chain->q.rate = sim_ctmc_alloc(x->edge_capacity, sizeof *chain->q.rate);
    if (x->wants->causes) {
        chain->cause = sim_ctmc_alloc(x->edge_capacity, sizeof *chain->cause);
    }
}

static void release(struct explorer *x)
{
    while (x->head != NULL) {
        struct chunk *next = x->head->next;
        free(x->head);
        x->head = next;
    }
    free(x->cell);
    free(x->seen);
    sim_recorder_release(&x->recorder);
}

/* What went wrong, if anything did. */
static int verdict(struct explorer *x, bool was_stopped)
{
    if (was_stopped) {
        return sim_err_set(x->err, SIM_ERR_INTERRUPTED, "interrupted after %u states",
                           x->n_states);
    }
    if (x->recorder.has_too_many_choices) {
        return sim_err_set(x->err, SIM_ERR_LIMIT,
                           "one event of this model has too many outcomes to list");
    }
    if (x->is_full) {
        int rc = sim_err_set(x->err, SIM_ERR_LIMIT,
                             "more than %u states (%.1f GiB): too many for an exact "
                             "answer",
                             x->n_states, (double)x->bytes / (1 << 30));
        sim_err_hint(x->err, "simulate it instead, make it smaller%s",
                     x->n_states == x->limits->max_states
                         ? ", lower --order, or raise --max-states"
                         : ", or lower --order");
        return rc;
    }
    return 0;
}

int sim_statespace_explore(const struct sim_model *model,
                           const struct sim_statespace_limits *limits,
                           const struct sim_label_wants *wants,
                           struct sim_statespace *space, struct sim_err *err)
{
    struct explorer x = {
        .model = model, .limits = limits, .wants = wants, .space = space, .err = err};
    bool was_stopped = false;
    memset(space, 0, sizeof *space);
    prepare(&x, model);
    start_all(&x);
    for (uint32_t s = 0; s < x.n_states && !x.is_full && !was_stopped; s++) {
        expand(&x, s);
        was_stopped = limits->stop != NULL && *limits->stop;
        if (x.recorder.has_too_many_choices) {
            break;
        }
    }
    space->chain.q.n = x.n_states;
    space->is_exact = true;
    for (uint32_t d = 0; d < model->n_dists; d++) {
        const struct sim_phase_law *phase = &x.recorder.law[d].phase;
        if (x.recorder.law[d].is_made) {
            space->is_exact = space->is_exact && phase->is_exact;
            space->largest_law =
                phase->n > space->largest_law ? phase->n : space->largest_law;
        }
    }
    int rc = verdict(&x, was_stopped);
    release(&x);
    if (rc < 0) {
        sim_ctmc_release(&space->chain);
    }
    return rc;
}
