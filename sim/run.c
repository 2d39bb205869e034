/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Laying out a world, making one, and starting a history in it; see sim/world.h.
 *
 * The layout is a function of the model alone, so every thread and every driver
 * computes the same one. Parts are aligned to 16 bytes (the keys need it, models may
 * rely on it), the block to 64. Starting clears the whole block, padding included: two
 * histories that do the same thing are then equal byte by byte.
 */
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>

static size_t round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

static uint32_t leaves_for(uint32_t n_slots)
{
    uint32_t cap = 1;

    while (cap < n_slots) {
        cap *= 2;
    }
    return cap;
}

void sim_run_init(struct sim_run *run, const struct sim_model *model)
{
    SIM_CHECK(model->n_slots < UINT32_C(1) << 30);
    SIM_CHECK(model->n_services <= SIM_MAX_SERVICES);
    SIM_CHECK(model->n_causes <= SIM_MAX_CAUSES);
    *run = (struct sim_run){.model = model, .cap = leaves_for(model->n_slots)};
    run->tree_at = round_up(sizeof(struct sim_world), 16);
    run->timer_at = run->tree_at + 2 * (size_t)run->cap * sizeof(sim_key);
    run->choice_at = run->timer_at + model->n_slots * sizeof(struct sim_timer);
    run->state_at = round_up(run->choice_at + model->n_choices * sizeof(uint32_t), 16);
    run->notes_at = round_up(run->state_at + model->state_bytes, 16);
    run->world_bytes = round_up(run->notes_at + model->notes_bytes, 64);
}

struct sim_world *sim_world_alloc(size_t bytes)
{
    size_t whole = round_up(bytes, 64);
    struct sim_world *world = aligned_alloc(64, whole);

    if (world == NULL) {
        fprintf(stderr, "nines: out of memory: %zu bytes were asked for\n", whole);
        exit(1);
    }
    memset(world, 0, whole);
    return world;
}

void sim_run_bind(struct sim_run *run, struct sim_world *world)
{
    unsigned char *base = (unsigned char *)world;

    run->world = world;
    run->tree = (sim_key *)(void *)(base + run->tree_at);
    run->timer = (struct sim_timer *)(void *)(base + run->timer_at);
    run->choice_draws = (uint32_t *)(void *)(base + run->choice_at);
    run->rows.state = base + run->state_at;
    run->rows.notes = base + run->notes_at;
    sim_check_scene = &world->scene;
}

void sim_run_unbind(struct sim_run *run)
{
    run->world = NULL;
    sim_check_scene = NULL;
}

void sim_world_start(struct sim_run *run, uint64_t seed, uint64_t replication,
                     uint64_t branch)
{
    struct sim_world *world = run->world;

    memset(world, 0, run->world_bytes);
    memset(run->tree, 0xff, 2 * (size_t)run->cap * sizeof(sim_key));
    world->seed = seed;
    world->replication = replication;
    sim_world_set_branch(run, branch); /* makes the key, forgets draws made ahead */
    run->model->start(run->model->plan, run);
}
