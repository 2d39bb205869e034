/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ordered parallel work: a counter of items, a ring of places, one lock.
 *
 * A thread takes the next item if its place in the ring is free (the item `places`
 * before it was merged), plays it without the lock, marks it done, and then merges
 * whatever is next in order, whoever played it, unless another thread is just merging:
 * that one goes on to this item by itself. Merging happens one at a time but without
 * the lock, so that the others can take items meanwhile. Items are meant to last a
 * tenth of a millisecond or more, so the lock is never a queue.
 *
 * Since items are taken in order and every item taken is finished, the items merged
 * are always first..n-1 without a gap, also after an early stop.
 */
#include "sim/threads.h"

#include <pthread.h>

#include "sim/check.h"

#define MAX_JOBS   1024
#define MAX_PLACES (4 * MAX_JOBS)

struct crew {
    const struct sim_work *work;
    pthread_mutex_t lock;
    pthread_cond_t moved; /* something was merged: places became free */
    uint64_t next;        /* next item to take */
    uint64_t merged;      /* all items before this one are merged */
    uint64_t last;
    bool is_stopped;
    bool is_merging; /* some thread is in merge_ready */
    bool is_done[MAX_PLACES];
};

struct worker {
    struct crew *crew;
    unsigned index;
};

unsigned sim_threads_clamp(unsigned jobs)
{
    return jobs < 1 ? 1 : jobs > MAX_JOBS ? MAX_JOBS : jobs;
}

unsigned sim_threads_places(unsigned jobs)
{
    return 4 * sim_threads_clamp(jobs);
}

static unsigned place_of(const struct crew *crew, uint64_t item)
{
    return (unsigned)(item % crew->work->places);
}

/* Takes the next item, waiting for a free place. False: nothing left to do. */
static bool take(struct crew *crew, uint64_t *item)
{
    const struct sim_work *work = crew->work;

    for (;;) {
        if (!crew->is_stopped && work->should_stop != NULL) {
            crew->is_stopped = work->should_stop(work->context);
        }
        if (crew->is_stopped || crew->next >= crew->last) {
            return false;
        }
        if (crew->next - crew->merged < work->places) {
            *item = crew->next++;
            return true;
        }
        pthread_cond_wait(&crew->moved, &crew->lock);
    }
}

/* Merges all that is done and next in order, unless another thread is about it. */
static void merge_ready(struct crew *crew)
{
    unsigned place = place_of(crew, crew->merged);

    if (crew->is_merging) {
        return;
    }
    crew->is_merging = true;
    while (crew->is_done[place]) {
        pthread_mutex_unlock(&crew->lock);
        if (crew->work->merge != NULL) {
            crew->work->merge(crew->work->context, crew->merged, place);
        }
        pthread_mutex_lock(&crew->lock);
        crew->is_done[place] = false;
        crew->merged++;
        place = place_of(crew, crew->merged);
        pthread_cond_broadcast(&crew->moved);
    }
    crew->is_merging = false;
}

static void *work_on(void *argument)
{
    struct worker *worker = argument;
    struct crew *crew = worker->crew;
    uint64_t item;

    pthread_mutex_lock(&crew->lock);
    while (take(crew, &item)) {
        unsigned place = place_of(crew, item);

        pthread_mutex_unlock(&crew->lock);
        crew->work->play(crew->work->context, worker->index, item, place);
        pthread_mutex_lock(&crew->lock);
        crew->is_done[place] = true;
        merge_ready(crew);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

uint64_t sim_threads_run(const struct sim_work *work, unsigned jobs, uint64_t first,
                         uint64_t last)
{
    struct crew crew = {.work = work, .next = first, .merged = first, .last = last};
    struct worker worker[MAX_JOBS] = {{0}};
    pthread_t thread[MAX_JOBS];
    unsigned n_started = 1;

    jobs = sim_threads_clamp(jobs);
    SIM_CHECK(work->places >= jobs && work->places <= MAX_PLACES);
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.moved, NULL);
    for (unsigned i = 0; i < jobs; i++) {
        worker[i] = (struct worker){.crew = &crew, .index = i};
    }
    while (n_started < jobs &&
           pthread_create(&thread[n_started], NULL, work_on, &worker[n_started]) == 0) {
        n_started++;
    }
    work_on(&worker[0]);
    for (unsigned i = 1; i < n_started; i++) {
        pthread_join(thread[i], NULL);
    }
    pthread_cond_destroy(&crew.moved);
    pthread_mutex_destroy(&crew.lock);
    return crew.merged;
}
