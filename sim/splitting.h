/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What splitting's replications found, and the estimates made of them. Inside sim/
 * only.
 */
#ifndef SIM_SPLITTING_H
#define SIM_SPLITTING_H

#include "sim/study.h"

/* What one replication found. */
struct sim_split_rep {
    double time_s;  /* of the plain history */
    double down_s;  /* expected downtime of its exits */
    double outages; /* expected entries into down */
    double hits;    /* expected exits with an outage */
    double clean_s; /* time_s without what follows a first outage */
    double cause_down_s[SIM_MAX_CAUSES];
    double cause_outages[SIM_MAX_CAUSES];
    uint64_t n_outages;
    uint64_t n_events;
    bool is_stuck;
};

/* All replications that were played; borrowed. */
struct sim_split_reps {
    const struct sim_model *model;
    const struct sim_study *study;
    const struct sim_split_rep *rep;
    uint64_t n;
};

/* The estimate whose precision decides when to stop: unavailability, or, when an
 * outage ends the history, outages per second. At least two replications. */
struct sim_estimate sim_split_estimate(const struct sim_split_reps *reps);

/* Fills the service in focus (the others: names only) and the totals; the result's
 * arena owns what it needs. */
void sim_split_result_fill(const struct sim_split_reps *reps,
                           struct sim_result *result);

#endif
