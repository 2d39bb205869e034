/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading reliability problems: any bytes are a system or an error with its place,
 * never a crash; a system that was read starts and runs a little. */
#include <stdlib.h>

#include "models/blocks/blocks.h"
#include "sim/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(const struct sim_model *model)
{
    struct sim_run run;
    sim_run_init(&run, model);
    struct sim_world *world = sim_world_alloc(run.world_bytes);
    sim_run_bind(&run, world);
    sim_world_start(&run, 1, 0, 0);
    uint32_t slot;
    double time_s;
    for (int i = 0; i < 50 && sim_world_next(&run, &slot, &time_s); i++) {
        sim_world_fire(&run, slot, time_s);
        (void)model->down(model->plan, &run);
        (void)model->is_calm(model->plan, &run);
    }
    sim_run_unbind(&run);
    free(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_arena arena;
    struct ha_docs docs;
    struct sim_err err;
    sim_arena_init(&arena);
    if (ha_docs_parse(&arena, "fuzz", (const char *)data, size, &docs, &err) == 0) {
        for (uint32_t i = 0; i < docs.n; i++) {
            struct ha_blocks blocks;
            struct sim_model model;
            if (ha_blocks_is_problem(docs.doc[i]) &&
                ha_blocks_load(&arena, docs.doc[i], &blocks, &err) == 0) {
                ha_blocks_model(&arena, &blocks, &model);
                play(&model);
            }
        }
    }
    sim_arena_clear(&arena);
    return 0;
}
