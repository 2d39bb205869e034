/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many workers, one order. Items first..last-1 are worked on by several threads at
 * once and merged by one thread at a time strictly in item order, so sums come out
 * the same for any number of threads, to the last bit. Inside sim/ only.
 */
#ifndef SIM_THREADS_H
#define SIM_THREADS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_work {
    void *context;
    /* Does item on thread `worker` (0..jobs-1), leaving its outcome in place `place`
     * (0..places-1) until it was merged. Called without a lock. */
    void (*play)(void *context, unsigned worker, uint64_t item, unsigned place);
    /* Takes the outcome of item from `place`. Called in item order, one at a time.
     * NULL: outcomes stay where they are. */
    void (*merge)(void *context, uint64_t item, unsigned place);
    /* Asked before each item is taken, under the lock: true = take no more. */
    bool (*should_stop)(void *context);
    unsigned places; /* outcomes that can wait to be merged, >= jobs */
};

/* The number of threads that will be used when `jobs` are asked for: 1..1024. */
unsigned sim_threads_clamp(unsigned jobs);

/* How many places serve `jobs` threads well. */
unsigned sim_threads_places(unsigned jobs);

/* Works items first..last-1 on `jobs` threads (the caller is one of them). Returns the
 * first item not done: `last`, or less when should_stop said so; all items before it
 * are merged, none after it. Threads that cannot be started are done without. */
uint64_t sim_threads_run(const struct sim_work *work, unsigned jobs, uint64_t first,
                         uint64_t last);

#endif
