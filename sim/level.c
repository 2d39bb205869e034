/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distance to an outage, derived from the model itself.
 *
 * Rare-event methods want to know which states are dangerous. A model may say so
 * (model->level), but most have a natural answer that needs no words: how many more
 * failures, coming all at once, would take the service down? Nobody knows minimal cut
 * sets of a Kubernetes cluster, but everybody can try: copy the world, let a failure
 * clock fire, look whether the service is down, go on from there. Depth is increased
 * one by one, so the first answer is the smallest; states are remembered by hash, so
 * that n identical members cost n states and not n! orders.
 *
 * Trial firings draw nothing: what a failure arms is armed with a fixed delay and
 * never fires, choices take their most likely outcome. So the answer is a pure
 * function of the discrete state and of which failure clocks are armed. An outage that
 * needs a timer to run out in between (a failover that fails) is invisible here; then
 * the distance is unknown and callers use their defaults.
 *
 * Effort is bounded by the caller, who gives the same budget in the same order on
 * every run; a memory that is full only makes it slower.
 *
 * Source of the idea: Carrasco, "Failure distance based simulation of repairable
 * fault-tolerant systems", 1992; Budde, D'Argenio, Hartmanns, "Automated compositional
 * importance splitting", Sci. Comput. Program. 174, 2019.
 */
#include "sim/level.h"

#include <stdlib.h>

#define MEMO_CAP     65536
#define SEARCH_NODES 2048
#define SEARCH_CAP   8192 /* of the table of visited states, a power of two */
#define DRIFT_SLOTS  64   /* above, nobody searches for small steps */
#define DRIFT_TRIALS 200000

struct sim_level_memo {
    uint64_t key;
    uint32_t at_least; /* the distance is not below this */
    uint32_t exact;    /* the distance, or SIM_LEVEL_UNKNOWN */
};

struct sim_level_search {
    struct sim_world *node[SEARCH_NODES];
    uint32_t steps[SEARCH_NODES];
    uint64_t visited[SEARCH_CAP];
};

static void hook_arm(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    sim_world_arm_after(run, slot, dist, 1.0);
}

static void hook_arm_rate(struct sim_run *run, uint32_t slot, double rate_per_s)
{
    if (rate_per_s > 0.0) {
        sim_world_arm_rate_after(run, slot, rate_per_s, 1.0);
    } else {
        sim_world_disarm(run, slot);
    }
}

static uint32_t hook_choose(struct sim_run *run, uint32_t choice, uint32_t n,
                            const double *weight)
{
    uint32_t best = 0;

    (void)run;
    (void)choice;
    for (uint32_t i = 1; i < n && weight != NULL; i++) {
        if (weight[i] > weight[best]) {
            best = i;
        }
    }
    return best;
}

static const struct sim_hooks trial_hooks = {
    .arm = hook_arm,
    .arm_rate = hook_arm_rate,
    .choose = hook_choose,
};

void sim_level_init(struct sim_level *level, const struct sim_model *model,
                    uint32_t focus)
{
    *level = (struct sim_level){.model = model, .focus = focus, .memo_cap = MEMO_CAP};
    sim_run_init(&level->run, model);
    level->run.hooks = &trial_hooks;
    for (uint32_t i = 0; i < SIM_LEVEL_MOST + 2; i++) {
        level->stack[i] = sim_world_alloc(level->run.world_bytes);
    }
    level->memo = calloc(MEMO_CAP, sizeof *level->memo);
    level->clock_slot = calloc(model->n_slots + 1, sizeof *level->clock_slot);
    SIM_CHECK(level->memo != NULL && level->clock_slot != NULL);
    for (uint32_t slot = 0; slot < model->n_slots; slot++) {
        if (model->slot[slot].cls == SIM_FAILURE) {
            level->clock_slot[level->n_clocks++] = slot;
        }
    }
}

void sim_level_release(struct sim_level *level)
{
    sim_run_unbind(&level->run);
    for (uint32_t i = 0; i < SIM_LEVEL_MOST + 2; i++) {
        free(level->stack[i]);
    }
    for (uint32_t i = 0; level->search != NULL && i < SEARCH_NODES; i++) {
        free(level->search->node[i]);
    }
    free(level->search);
    free(level->memo);
    free(level->clock_slot);
}

uint64_t sim_level_hash(const struct sim_run *run)
{
    const unsigned char *bytes = run->rows.state;
    const size_t n = run->model->state_bytes;
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ n;

    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, n - i < 8 ? n - i : 8);
        h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    return h | 1;
}

static struct sim_level_memo *remember(struct sim_level *level, uint64_t key)
{
    const uint32_t mask = level->memo_cap - 1;
    uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

    while (level->memo[i].key != 0) {
        if (level->memo[i].key == key) {
            return &level->memo[i];
        }
        i = (i + 1) & mask;
    }
    if (level->n_memo >= level->memo_cap / 4 * 3) {
        return NULL;
    }
    level->n_memo++;
    level->memo[i] = (struct sim_level_memo){.key = key, .exact = SIM_LEVEL_UNKNOWN};
    return &level->memo[i];
}

static bool is_down(const struct sim_level *level)
{
    const struct sim_model *model = level->model;

    return (model->down(model->plan, &level->run) >> level->focus & 1) != 0;
}

/* Copies stack[at] to stack[at + 1] and lets clock c fail there. False: not armed. */
static bool try_clock(struct sim_level *level, uint32_t at, uint32_t c)
{
    struct sim_run *run = &level->run;
    const uint32_t slot = level->clock_slot[c];

    sim_run_bind(run, level->stack[at]);
    if (!sim_timer_is_armed(run, slot)) {
        return false;
    }
    sim_world_copy(run, level->stack[at + 1], level->stack[at]);
    sim_run_bind(run, level->stack[at + 1]);
    level->effort -= level->effort > 0;
    sim_world_force(run, slot, run->world->now_s);
    return true;
}

/* Can `most` failures, or fewer, take the service down from stack[at]? Nested at most
 * SIM_LEVEL_MOST deep. */
static bool can_lose(struct sim_level *level, uint32_t at, uint32_t most)
{
    sim_run_bind(&level->run, level->stack[at]);
    if (is_down(level)) {
        return true;
    }
    if (most == 0) {
        return false;
    }
    struct sim_level_memo *memo = remember(level, sim_level_hash(&level->run));
    if (memo != NULL && memo->exact <= most) {
        return true;
    }
    if (memo != NULL && memo->at_least > most) {
        return false;
    }
    const uint64_t key = memo != NULL ? memo->key : 0;
    for (uint32_t c = 0; c < level->n_clocks && level->effort > 0; c++) {
        if (try_clock(level, at, c) && can_lose(level, at + 1, most - 1)) {
            memo = key != 0 ? remember(level, key) : NULL;
            if (memo != NULL && most < memo->exact) {
                memo->exact = most;
            }
            return true;
        }
    }
    memo = key != 0 ? remember(level, key) : NULL;
    if (memo != NULL && level->effort > 0 && memo->at_least < most + 1) {
        memo->at_least = most + 1;
    }
    return false;
}

static uint32_t distance_at(struct sim_level *level, uint32_t at, uint32_t most)
{
    for (uint32_t d = 0; d <= most && level->effort > 0; d++) {
        if (can_lose(level, at, d)) {
            return d;
        }
    }
    return SIM_LEVEL_UNKNOWN;
}

uint32_t sim_level_distance(struct sim_level *level, const struct sim_world *world,
                            uint32_t most)
{
    SIM_CHECK(most <= SIM_LEVEL_MOST);
    sim_world_copy(&level->run, level->stack[0], world);
    return distance_at(level, 0, most);
}

uint32_t sim_level_useful(struct sim_level *level, const struct sim_world *world,
                          uint32_t most, uint64_t *useful)
{
    const uint32_t n_words = (level->n_clocks + 63) / 64;

    memset(useful, 0, n_words * sizeof *useful);
    const uint32_t d = sim_level_distance(level, world, most);
    if (d == SIM_LEVEL_UNKNOWN || d == 0) {
        return d;
    }
    for (uint32_t c = 0; c < level->n_clocks && level->effort > 0; c++) {
        if (try_clock(level, 0, c) && can_lose(level, 1, d - 1)) {
            useful[c / 64] |= UINT64_C(1) << (c % 64);
        }
    }
    return level->effort > 0 ? d : SIM_LEVEL_UNKNOWN;
}

bool sim_level_fail(struct sim_level *level, struct sim_world *to,
                    const struct sim_world *from, uint32_t c)
{
    sim_world_copy(&level->run, level->stack[0], from);
    if (!try_clock(level, 0, c)) {
        return false;
    }
    sim_world_copy(&level->run, to, level->stack[1]);
    return true;
}

/* Marks a state as visited; false when it was before. */
static bool visit(struct sim_level_search *search, uint64_t key)
{
    uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SEARCH_CAP;

    while (search->visited[i] != 0) {
        if (search->visited[i] == key) {
            return false;
        }
        i = (i + 1) % SEARCH_CAP;
    }
    search->visited[i] = key;
    return true;
}

static void begin_search(struct sim_level *level)
{
    if (level->search == NULL) {
        level->search = calloc(1, sizeof *level->search);
        SIM_CHECK(level->search != NULL);
        for (uint32_t i = 0; i < SEARCH_NODES; i++) {
            level->search->node[i] = sim_world_alloc(level->run.world_bytes);
        }
    }
    memset(level->search->visited, 0, sizeof level->search->visited);
}

/* Fires every armed slot of node i into new nodes. True: the service went down. */
static bool expand(struct sim_level *level, uint32_t i, uint32_t *n_nodes)
{
    struct sim_level_search *search = level->search;
    struct sim_run *run = &level->run;

    for (uint32_t slot = 0; slot < level->model->n_slots; slot++) {
        sim_run_bind(run, search->node[i]);
        if (!sim_timer_is_armed(run, slot) || *n_nodes == SEARCH_NODES) {
            continue;
        }
        sim_world_copy(run, search->node[*n_nodes], search->node[i]);
        sim_run_bind(run, search->node[*n_nodes]);
        sim_world_force(run, slot, run->world->now_s);
        if (is_down(level)) {
            return true;
        }
        if (visit(search, sim_level_hash(run))) {
            search->steps[*n_nodes] = search->steps[i] + 1;
            (*n_nodes)++;
        }
    }
    return false;
}

uint32_t sim_level_steps(struct sim_level *level, const struct sim_world *world)
{
    struct sim_run *run = &level->run;
    uint32_t n_nodes = 1;

    sim_world_copy(run, level->stack[0], world);
    sim_run_bind(run, level->stack[0]);
    if (is_down(level)) {
        return 0;
    }
    /* The memory's exact answers belong to one kind of question per level. */
    const uint64_t key = sim_level_hash(run);
    struct sim_level_memo *memo = remember(level, key);
    if (memo != NULL && memo->at_least > 0) {
        return memo->exact;
    }
    begin_search(level);
    sim_world_copy(run, level->search->node[0], world);
    level->search->steps[0] = 0;
    visit(level->search, key);
    uint32_t steps = SIM_LEVEL_UNKNOWN;
    for (uint32_t i = 0; i < n_nodes && n_nodes < SEARCH_NODES; i++) {
        if (expand(level, i, &n_nodes)) {
            steps = level->search->steps[i] + 1;
            break;
        }
    }
    if (memo != NULL) {
        memo->at_least = 1;
        memo->exact = steps;
    }
    return steps;
}

/* What a level remembers belongs to one kind of question: each asks a new one. */
static uint32_t ask_new(const struct sim_model *model, uint32_t focus,
                        const struct sim_world *world, bool by_steps)
{
    struct sim_level level;

    sim_level_init(&level, model, focus);
    level.effort = DRIFT_TRIALS;
    const uint32_t n = by_steps ? sim_level_steps(&level, world)
                                : sim_level_distance(&level, world, SIM_LEVEL_MOST);
    sim_level_release(&level);
    return n;
}

uint32_t sim_level_drift(const struct sim_model *model, uint32_t focus)
{
    struct sim_run run;
    uint32_t steps = 0;

    if (model->n_slots > DRIFT_SLOTS) {
        return 0;
    }
    sim_run_init(&run, model);
    struct sim_world *world = sim_world_alloc(run.world_bytes);
    sim_run_bind(&run, world);
    sim_world_start(&run, 1, 0, 0);
    if (ask_new(model, focus, world, false) == SIM_LEVEL_UNKNOWN) {
        steps = ask_new(model, focus, world, true);
    }
    sim_run_unbind(&run);
    free(world);
    return steps;
}
