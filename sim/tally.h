/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tally: what all histories together gave. Records are added in replication order
 * (sums depend on order in the last bit), then turned into estimates with intervals.
 * Never used inside a run, may allocate. Inside sim/ only.
 */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include "sim/history.h"
#include "sim/interval.h"
#include "sim/sense.h"
#include "sim/study.h"

/* A growing array of doubles. */
struct sim_values {
    double *value;
    size_t n;
    size_t capacity;
};
void sim_values_add(struct sim_values *values, double x);
void sim_values_release(struct sim_values *values);

struct sim_cause_tally {
    struct sim_pair down_s; /* x = because of this cause, y = all */
    struct sim_series outages;
};

struct sim_service_tally {
    struct sim_series down_s;
    struct sim_series failed_s;
    struct sim_series outages;
    struct sim_pair duration; /* x = summed lengths, y = number of outages */
    uint64_t n_outages;
    struct sim_sum duration_s; /* over single outages: for small samples */
    struct sim_sum duration_sq;
    double longest_s;
    struct sim_cause_tally *cause; /* [n_causes + 1] */
    double duration_bin[SIM_DURATION_BINS];
    struct sim_values window_down_s; /* those above 0; the others are counted */
    uint64_t n_windows;
    uint64_t n_windows_met;        /* downtime within the budget */
    struct sim_values part_down_s; /* per replication, in order */

    struct sim_series first_down_s; /* first-year histories */
    struct sim_series first_outages;
    uint64_t n_first_hit; /* of them, with any outage within the year */
    struct sim_series first_at_s;
    uint64_t n_first_unseen; /* whose first outage was not reached */
    /* Of the focus service, from histories meant to be watched so long: */
    uint64_t n_watched[3];  /* for 1, 5 and 10 years, or until the first outage */
    uint64_t n_within[3];   /* of them, with an outage by then */
    struct sim_sum early_s; /* of those watched for 10: until the outage or 5 years */
    struct sim_sum late_s;  /* and from 5 years until the outage or the end */
    uint64_t n_late;        /* first outages in that later time */
};

struct sim_tally {
    const struct sim_model *model;
    const struct sim_study *study;
    uint64_t n_replications;
    uint64_t n_first; /* first-year histories */
    uint64_t n_events;
    double measured_s; /* measured time per replication */
    struct sim_service_tally *service;
    struct sim_sense_plan sense_plan;
    struct sim_sense_tally sense; /* only in a study of sensitivity */
    struct sim_arena arena;
};

/* An empty tally for histories measured over measured_s seconds each. */
void sim_tally_init(struct sim_tally *tally, const struct sim_model *model,
                    const struct sim_study *study, double measured_s);
void sim_tally_release(struct sim_tally *tally);

/* Adds the next replication, or the next first-year history (over model->year_s). */
void sim_tally_add(struct sim_tally *tally, const struct sim_history_plan *plan,
                   const struct sim_record *record);
void sim_tally_add_first_year(struct sim_tally *tally,
                              const struct sim_history_plan *plan,
                              const struct sim_record *record);

/* Estimates so far, cheap enough for a progress display. */
struct sim_estimate sim_tally_unavailability(const struct sim_tally *tally,
                                             uint32_t service);
struct sim_estimate sim_tally_first_year(const struct sim_tally *tally,
                                         uint32_t service);
struct sim_estimate sim_tally_cause(const struct sim_tally *tally, uint32_t service,
                                    uint32_t cause);

/* Writes when the first outage of the focus service comes: mean time, and chances by
 * one, five and ten years. */
void sim_tally_fill_first_outage(const struct sim_tally *tally, uint32_t service,
                                 struct sim_service_result *out);

/* Writes services, causes, windows, parts and counts into an initialised result. */
void sim_tally_fill(const struct sim_tally *tally, struct sim_result *result);

#endif
