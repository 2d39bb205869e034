/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nothing is allocated inside a run. This program's own malloc counts the calls (glibc
 * lets a program replace it and offers the originals by other names); between the
 * start of a history and its end the count must not move, in the engine, in the
 * reliability blocks and in the Kubernetes model with all its controllers and its
 * scheduler. One exception: scratch memory of the scheduler belongs to the thread and
 * is made when the thread first needs it (models/kube/sched_cycle.c), so it is given
 * the same histories once before. Address sanitizer replaces malloc itself; there the
 * test is left out.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sim/history.h"
#include "tests/support/designs.h"
#include "tests/support/kofn.h"
#include "tests/support/problem.h"

#ifndef __SANITIZE_ADDRESS__

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static unsigned long n_calls;

void *malloc(size_t bytes)
{
    n_calls++;
    return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    n_calls++;
    return __libc_calloc(n, bytes);
}

void *realloc(void *old, size_t bytes)
{
    n_calls++;
    return __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    n_calls++;
    return __libc_memalign(alignment, bytes);
}

static uint64_t play_all(struct sim_run *run, const struct sim_history_plan *plan,
                         struct sim_record *record)
{
    uint64_t n_events = 0;

    for (uint64_t i = 0; i < 5; i++) {
        sim_history_play(run, plan, 2385, i, 0, record);
        n_events += record->n_events;
    }
    return n_events;
}

/* Plays five histories of so many years; none may allocate. */
static void play(const struct sim_model *model, double years)
{
    const struct sim_history_plan plan = {.from_s = 0.1 * model->year_s,
                                          .to_s = years * model->year_s,
                                          .run_out_s = model->year_s,
                                          .window_s = model->year_s,
                                          .n_windows = 2};
    struct sim_run run;
    struct sim_record record;
    struct sim_arena arena;
    uint64_t n_events;

    sim_arena_init(&arena);
    sim_run_init(&run, model);
    sim_run_bind(&run, sim_world_alloc(run.world_bytes));
    sim_record_init(&record, &arena, model, &plan);

    play_all(&run, &plan, &record); /* the scheduler's scratch memory */

    unsigned long before = n_calls;

    n_events = play_all(&run, &plan, &record);

    unsigned long after = n_calls;

    cr_assert(before > 0, "the count counts");
    cr_assert(n_events > 100);
    cr_assert(after == before, "%s: %lu allocations in %lu events", model->name,
              after - before, (unsigned long)n_events);
    free(run.world);
    sim_run_unbind(&run);
    sim_arena_clear(&arena);
}

Test(engine_memory, nothing_is_allocated_by_the_engine)
{
    static struct kofn kofn;

    kofn_init(&kofn, 7, 4, sim_dist_weibull_mean(1e6, 1.5),
              sim_dist_lognormal_mean_cv(1e5, 1.0));
    play(&kofn.model, 3.0);
}

Test(engine_memory, nothing_is_allocated_by_the_blocks)
{
    struct test_problem problem;

    test_problem_load(&problem, "twolevel-3of5");
    play(&problem.model, 2000.0);
    test_problem_release(&problem);
}

Test(engine_memory, nothing_is_allocated_by_the_kubernetes_model)
{
    static const char *const design[] = {"configs/designs/guide-complete.yaml",
                                         "configs/designs/embedded-etcd.yaml",
                                         "configs/designs/single-replica.yaml"};

    for (size_t i = 0; i < sizeof(design) / sizeof(design[0]); i++) {
        struct test_design t;

        test_design_load(&t, design[i], "configs/hosts/three-zones.yaml", NULL, NULL);
        play(&t.model, 10.0);
        test_design_release(&t);
    }
}

#endif
