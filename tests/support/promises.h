/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every model must keep, tested on any struct sim_model. Call these from a
 * Criterion test; they assert. A model that passes plays the same under snapshots,
 * at any address, and on any number of threads.
 */
#ifndef SUPPORT_PROMISES_H
#define SUPPORT_PROMISES_H

#include "sim/model.h"
#include "sim/result.h"

/* Round trip: run, snapshot, run on, restore, run again: the same bytes. */
void promise_round_trip(const struct sim_model *model, uint64_t seed,
                        uint32_t n_events);

/* Move: a copy at another address goes on alike after the original was overwritten. */
void promise_move(const struct sim_model *model, uint64_t seed, uint32_t n_events);

/* Purity: down, is_calm, degraded and blame change nothing; shares of blame are
 * within 0..1 and sum to at most 1; degraded is within 0..1 and 1 where down. */
void promise_purity(const struct sim_model *model, uint64_t seed, uint32_t n_events);

/* Order: the study gives the same result on 1, 2 and 7 threads, and once more. */
void promise_order(const struct sim_model *model, uint64_t seed, double years);

/* All of the above. */
void promise_all(const struct sim_model *model, uint64_t seed, uint32_t n_events,
                 double years);

/* Are two results the same to the last bit, but for the time they took? */
bool results_are_equal(const struct sim_result *a, const struct sim_result *b);

#endif
