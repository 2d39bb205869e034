/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One history of a model, played and measured: what crude simulation does once per
 * replication. Inside sim/ only.
 *
 *     0 ........ warm-up ........ from_s ........ measured ........ to_s ... run-out
 *
 * Downtime is counted between from_s and to_s, to the instant, whatever was going on
 * when the borders were crossed. An outage belongs to the measured part when it begins
 * there; its duration is its whole length, so the history plays on after to_s until
 * such outages have ended (or run-out is used up). Cutting durations at borders would
 * make long outages look short.
 */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "sim/arena.h"
#include "sim/interval.h"
#include "sim/result.h"
#include "sim/sense.h"
#include "sim/world.h"

/* What to measure; constant, shared by all threads. */
struct sim_history_plan {
    double from_s;        /* warm-up ends, measuring begins */
    double to_s;          /* measuring ends */
    double run_out_s;     /* at most so long after to_s for outages still open */
    double window_s;      /* SLO window, counted from from_s */
    uint32_t n_windows;   /* whole windows between from_s and to_s */
    uint32_t await;       /* service whose first outage is waited for after to_s */
    double await_until_s; /* up to this time; <= to_s: do not wait */
    const struct sim_sense_plan *sense; /* NULL: sensitivity is not asked for */
};

/* Blame that no cause of the model accounts for is kept under this extra index. */
#define SIM_UNATTRIBUTED(model) ((model)->n_causes)

/* What one history gave for one service. */
struct sim_service_record {
    struct sim_sum down_s;   /* time down in the measured part */
    struct sim_sum failed_s; /* failing share of requests times time */
    uint64_t n_outages;      /* outages that began in the measured part */
    double duration_s;       /* sum of their whole lengths */
    double duration_sq;      /* sum of squared lengths */
    double longest_s;
    double first_at_s;     /* first outage since time 0; negative: none */
    double *cause_down_s;  /* [n_causes + 1], the last is unattributed */
    double *cause_outages; /* [n_causes + 1] by trigger */
    double *window_down_s; /* [n_windows] */
    double *duration_bin;  /* [SIM_DURATION_BINS] */
};

struct sim_record {
    struct sim_service_record *service;
    double *sense; /* [plan->sense->n_sums] of the measured part */
    uint64_t n_events;
};

/* Makes an empty record for a model and plan. Not inside a run. */
void sim_record_init(struct sim_record *record, struct sim_arena *arena,
                     const struct sim_model *model,
                     const struct sim_history_plan *plan);

/* Plays history (seed, replication) of run->model on run's bound world and fills the
 * record (cleared first). Draws plainly unless run has hooks. */
void sim_history_play(struct sim_run *run, const struct sim_history_plan *plan,
                      uint64_t seed, uint64_t replication, uint64_t branch,
                      struct sim_record *record);

/* The bin of a duration in struct sim_service_result.duration_bin. */
uint32_t sim_duration_bin(double duration_s);

#endif
