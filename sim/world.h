/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The world: everything that changes, in one block of bytes; and the run: the hand
 * with which a driver plays it. This header is for drivers and tests, inside sim/;
 * models see only sim/model.h.
 *
 *     struct sim_world   header | tree | timers | choice counters | state | notes
 *
 * No pointers inside, every field of fixed width, padding explicit and zero. So a
 * snapshot, a clone and a restore are one memcpy of sim_run.world_bytes, equal worlds
 * are equal byte by byte, and a copy may live at any address (16-byte aligned).
 *
 * Pending timers are a winner tree of 128-bit keys: leaf cap + i belongs to slot i, an
 * inner node holds the smaller of its two children, node 1 is the next event. The
 * key is (bits of the time) : (slot). A non-negative double orders like its bit
 * pattern, so the minimum of two keys needs no floating-point branch, and ties fall to
 * the lower slot number. Arming, re-arming and disarming are the same walk of
 * log2(cap) steps; cap is a power of two so that every walk has the same length and
 * its loop is predicted. It beats heaps and scans from 3 slots to 100,000.
 *
 * Draws are made ahead: arming a slot takes the delay that was computed when it was
 * armed last, and computes the next one by the same law. A draw is a function of its
 * number, so when it is computed does not matter to the result; but the hash, the
 * ziggurat and the logarithms then lie beside the chain from event to event, not on
 * it, and the processor overlaps them (measured: 5 to 12 % more events per second,
 * most for Weibull and lognormal clocks).
 *
 * While a slot fires, its own leaf is already empty but the path above it is not yet
 * recomputed: the handler nearly always arms the same slot again, and then one walk
 * serves both. Hence between events the tree is right; inside fire() nobody may ask
 * for the next event (sim_is_armed is always right).
 *
 * How a driver uses it:
 *
 *     sim_run_init(&run, model);
 *     struct sim_world *world = sim_world_alloc(run.world_bytes);
 *     sim_run_bind(&run, world);
 *     sim_world_start(&run, seed, replication, branch);
 *     while (sim_world_next(&run, &slot, &time_s) && time_s < end_s) {
 *         sim_world_fire(&run, slot, time_s);
 *         ... model->down(model->plan, &run) ...
 *     }
 *
 * A driver that draws otherwise (biased, exact, scripted) sets run.hooks; whatever it
 * does not override is drawn plainly. Its hooks may call the sim_world_ functions
 * below, which never consult the hooks.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <assert.h>
#include <string.h>

#include "sim/check.h"
#include "sim/draw.h"
#include "sim/model.h"
#include "sim/rng.h"

__extension__ typedef unsigned __int128 sim_key;

/* The key of a slot that is not armed: later than everything. */
#define SIM_NEVER (~(sim_key)0)
/* sim_timer.dist of a slot armed with sim_arm_rate. */
#define SIM_LAW_RATE UINT32_MAX
/* sim_timer.next_dist when nothing was drawn ahead (never a number of a law). */
#define SIM_LAW_NONE (UINT32_MAX - 1)

/* What is known of a slot besides its fire time, which is in the tree. Kept after
 * the slot fired or was disarmed (the law then is the last one). */
struct sim_timer {
    double armed_at_s;  /* when it was armed: the age of its clock is now - this */
    double rate_per_s;  /* of a SIM_LAW_RATE timer, else 0 */
    double next;        /* draw number n_draws, made ahead by law next_dist */
    uint32_t dist;      /* index into model->dist, or SIM_LAW_RATE */
    uint32_t n_draws;   /* how often this slot was drawn in this history */
    uint32_t next_dist; /* the law of `next`, or SIM_LAW_NONE: not made yet */
    uint32_t unused;    /* zero */
};

struct sim_world {
    union {
        struct sim_check_scene scene; /* what a failed check prints */
        struct {
            uint64_t seed;
            uint64_t replication;
            double now_s;
            uint64_t serial; /* events fired so far */
        };
    };
    uint64_t branch; /* 0 = the original; every copy that goes on needs its own */
    struct sim_rng_key key; /* derived from seed, replication, branch */
    uint64_t n_driver_draws;
};

static_assert(sizeof(struct sim_world) == 64, "the header is one cache line");
static_assert(sizeof(struct sim_timer) == 40, "no hidden padding");
static_assert(sizeof(struct sim_check_scene) == 32, "the scene overlays the clock");

/* What a driver may override. A NULL member means: draw plainly. All are called
 * inside start() and fire() of the model. */
struct sim_hooks {
    void (*arm)(struct sim_run *run, uint32_t slot, uint32_t dist);
    void (*arm_rate)(struct sim_run *run, uint32_t slot, double rate_per_s);
    void (*disarm)(struct sim_run *run, uint32_t slot);
    uint32_t (*choose)(struct sim_run *run, uint32_t choice, uint32_t n,
                       const double *weight);
};

/* The hand: one per thread, never shared. Points into the bound world. */
struct sim_run {
    struct sim_rows rows; /* first: sim_state() and sim_notes() read it there */
    const struct sim_model *model;
    const struct sim_hooks *hooks; /* NULL: everything is drawn plainly */
    void *context;                 /* the driver's own, for its hooks */

    struct sim_world *world;
    sim_key *tree;           /* 2 * cap keys, [1] is the next event */
    struct sim_timer *timer; /* one per slot */
    uint32_t *choice_draws;  /* one counter per choice */

    uint32_t cap;   /* leaves of the tree, a power of two */
    size_t tree_at; /* offsets inside the world, in bytes */
    size_t timer_at;
    size_t choice_at;
    size_t state_at;
    size_t notes_at;
    size_t world_bytes; /* size of the whole block, a multiple of 64 */
};

/* ---- Making, binding, copying --------------------------------------------- */

/* Computes the layout for a model. The run is unbound and has no hooks. */
void sim_run_init(struct sim_run *run, const struct sim_model *model);

/* Returns `bytes` zeroed bytes aligned to 64; ends the process when memory is out.
 * The caller frees it with free(). Not inside a run. */
struct sim_world *sim_world_alloc(size_t bytes);

/* Points the run at a world (never NULL) of its layout. Cheap; allowed inside a
 * driver's loop. A failed check on this thread will name this world. */
void sim_run_bind(struct sim_run *run, struct sim_world *world);

/* Forgets the world, before it is freed. */
void sim_run_unbind(struct sim_run *run);

/* Clears the bound world and starts the model in it: history (seed, replication,
 * branch) at time 0. */
void sim_world_start(struct sim_run *run, uint64_t seed, uint64_t replication,
                     uint64_t branch);

/* Copies a world of run's layout; `to` and `from` must not overlap. Both stay what
 * they were bound as. The copy repeats its parent unless its branch is changed. */
static inline void sim_world_copy(const struct sim_run *run, struct sim_world *to,
                                  const struct sim_world *from)
{
    memcpy(to, from, run->world_bytes);
}

/* Gives the bound world another branch: all later draws differ from its parent's. What
 * is already armed keeps its time; see sim_timer_redraw. */
void sim_world_set_branch(struct sim_run *run, uint64_t branch);

/* ---- Keys and the tree ---------------------------------------------------- */

/* time_s >= 0 (infinity is allowed and never fires). */
static inline sim_key sim_key_of(double time_s, uint32_t slot)
{
    uint64_t bits;

    memcpy(&bits, &time_s, sizeof(bits));
    return (sim_key)bits << 64 | slot;
}

static inline double sim_key_time(sim_key key)
{
    uint64_t bits = (uint64_t)(key >> 64);
    double time_s;

    memcpy(&time_s, &bits, sizeof(time_s));
    return time_s;
}

/* Puts a key at a slot's leaf and replays the matches up to the root. */
static inline void sim_tree_set(struct sim_run *run, uint32_t slot, sim_key key)
{
    sim_key *tree = run->tree;
    uint32_t i = run->cap + slot;

    tree[i] = key;
    while (i > 1) {
        sim_key rival = tree[i ^ 1];

        key = rival < key ? rival : key;
        i >>= 1;
        tree[i] = key;
    }
}

static inline bool sim_timer_is_armed(const struct sim_run *run, uint32_t slot)
{
    return run->tree[run->cap + slot] != SIM_NEVER;
}

/* When an armed slot will fire, seconds since the start of the history. */
static inline double sim_timer_time(const struct sim_run *run, uint32_t slot)
{
    return sim_key_time(run->tree[run->cap + slot]);
}

/* Moves an armed slot to another time >= now; its law and age stay. */
static inline void sim_timer_set_time(struct sim_run *run, uint32_t slot, double time_s)
{
    SIM_DEBUG_CHECK(time_s >= run->world->now_s);
    sim_tree_set(run, slot, sim_key_of(time_s, slot));
}

/* ---- Playing -------------------------------------------------------------- */

/* The next event: its slot and time. False when nothing is pending. Not in fire(). */
static inline bool sim_world_next(const struct sim_run *run, uint32_t *slot,
                                  double *time_s)
{
    sim_key first = run->tree[1];

    *slot = (uint32_t)first;
    *time_s = sim_key_time(first);
    return *time_s < HUGE_VAL; /* false for infinity and for SIM_NEVER, a NaN */
}

/*
 * Repairs the path above a slot that fired with key `popped`. Its leaf was emptied
 * before fire(), so the nodes of its path that it had won still show `popped`, unless a
 * walk from this leaf or its neighbour has passed there since, and such a walk has put
 * all nodes above right too: so stop at the first node that shows something else. A
 * slot re-armed by its own firing, or a neighbour armed in its place (failure and
 * repair of one component), costs one comparison here.
 */
static inline void sim_tree_settle(struct sim_run *run, uint32_t slot, sim_key popped)
{
    sim_key *tree = run->tree;
    uint32_t i = run->cap + slot;
    sim_key key = tree[i];

    while (i > 1 && tree[i >> 1] == popped) {
        sim_key rival = tree[i ^ 1];

        key = rival < key ? rival : key;
        i >>= 1;
        tree[i] = key;
    }
}

/* Lets an armed slot fire at time_s: sets the clock, disarms it, calls the model. The
 * usual caller passes what sim_world_next returned; a driver that decides for itself
 * who fires may pass any armed slot and any time from now up to the next event. */
static inline void sim_world_fire(struct sim_run *run, uint32_t slot, double time_s)
{
    const struct sim_model *model = run->model;
    sim_key *leaf = &run->tree[run->cap + slot];
    sim_key popped = *leaf;

    SIM_DEBUG_CHECK(popped != SIM_NEVER && time_s >= run->world->now_s);
    run->world->now_s = time_s;
    run->world->serial++;
    *leaf = SIM_NEVER;
    model->fire(model->plan, run, slot);
    sim_tree_settle(run, slot, popped);
}

/* Lets any armed slot fire at time_s >= now, whether or not it is the next event: for
 * drivers that decide themselves what happens. */
static inline void sim_world_force(struct sim_run *run, uint32_t slot, double time_s)
{
    const struct sim_model *model = run->model;

    SIM_DEBUG_CHECK(sim_timer_is_armed(run, slot));
    SIM_DEBUG_CHECK(time_s >= run->world->now_s);
    sim_tree_set(run, slot, SIM_NEVER);
    run->world->now_s = time_s;
    run->world->serial++;
    model->fire(model->plan, run, slot);
}

/* Moves the clock to time_s without firing; not beyond the next event. */
static inline void sim_world_advance(struct sim_run *run, double time_s)
{
    SIM_DEBUG_CHECK(time_s >= run->world->now_s);
    run->world->now_s = time_s;
}

/* ---- The plain versions of what a model asks (never consult the hooks) ---- */

void sim_world_arm(struct sim_run *run, uint32_t slot, uint32_t dist);
void sim_world_arm_rate(struct sim_run *run, uint32_t slot, double rate_per_s);
void sim_world_disarm(struct sim_run *run, uint32_t slot);
uint32_t sim_world_choose(struct sim_run *run, uint32_t choice, uint32_t n,
                          const double *weight);

/* Arms slot as if law `dist` had given this delay (>= 0): for drivers that draw from
 * another law and weigh. Draws nothing. */
void sim_world_arm_after(struct sim_run *run, uint32_t slot, uint32_t dist,
                         double delay_s);
/* The same for a rate (> 0). */
void sim_world_arm_rate_after(struct sim_run *run, uint32_t slot, double rate_per_s,
                              double delay_s);

/* ---- Draws for drivers ---------------------------------------------------- */

/* The next draw of a slot's own stream. */
static inline struct sim_draw sim_timer_draw(struct sim_run *run, uint32_t slot)
{
    run->timer[slot].next_dist = SIM_LAW_NONE; /* what was made ahead is number n */
    return sim_draw_of(&run->world->key, run->model->slot[slot].id,
                       run->timer[slot].n_draws++);
}

/* A draw that belongs to no slot (which strategy, which identity, which copy), from
 * the world's own stream for drivers. */
struct sim_draw sim_world_draw(struct sim_run *run);

/* ---- Hazards of armed slots ----------------------------------------------- */

/* False when the slot's law has an atom: such clocks are left alone by biasing. */
bool sim_timer_has_hazard(const struct sim_run *run, uint32_t slot);

/* Hazard rate per second of an armed slot at absolute time at_s (>= armed_at_s),
 * under its own law, given that it did not fire before. */
double sim_timer_hazard(const struct sim_run *run, uint32_t slot, double at_s);

/* Cumulative hazard between two absolute times, armed_at_s <= from_s <= to_s. A
 * SIM_LAW_RATE timer counts its present rate over the whole interval, so ask between
 * two events, where rates do not change. */
double sim_timer_hazard_between(const struct sim_run *run, uint32_t slot, double from_s,
                                double to_s);

/*
 * Draws the rest of an armed slot's delay anew, given that it lived until now, with
 * its hazard multiplied by theta > 0: residual = Hinv(H(age) + E / theta) - age, E
 * from the slot's own stream. Theta 1 is the slot's own law: what a clone does to
 * leave its parent's path. A law without hazard keeps its time. Returns the new time.
 */
double sim_timer_redraw(struct sim_run *run, uint32_t slot, double theta);

#endif
