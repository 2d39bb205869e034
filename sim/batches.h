/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What independent batches of weighted paths tell of a service: from sums to estimates
 * with intervals, and doubts about them. Shared by importance sampling and splitting;
 * inside sim/ only. The method is told in sim/batches.c.
 */
#ifndef SIM_BATCHES_H
#define SIM_BATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/diagnose.h"
#include "sim/model.h"
#include "sim/result.h"
#include "sim/study.h"

#define SIM_BATCHES_MAX  64
#define SIM_BATCH_CAUSES (SIM_MAX_CAUSES + 1) /* the last: no cause named */

/* Sums of one service over one batch. */
struct sim_batch_service {
    double down_s;   /* weighted downtime */
    double failed_s; /* weighted failing share times time */
    double outages;  /* weighted entries into down */
    double hits;     /* weighted first entries since calm, or since new */
    double after_s;  /* weighted time from such an entry to calm */
    uint64_t n_outages;
    double cause_down_s[SIM_BATCH_CAUSES];
    double cause_outages[SIM_BATCH_CAUSES];
    double duration[SIM_DURATION_BINS];
    double open_score; /* of what has not ended yet; not among the scores */
    struct sim_scores scores;
};

/* All batches, as one service sees them; what its estimates share. Owns nothing. */
struct sim_batches {
    const struct sim_model *model;
    uint32_t n; /* at most SIM_BATCHES_MAX */
    uint32_t service;
    uint32_t cause; /* the one that is looked at */
    double confidence;
    double widen;                    /* of every interval; 1: as it is */
    double n_calm;                   /* times that something happened in calm */
    double time_s[SIM_BATCHES_MAX];  /* of the histories themselves */
    double surplus[SIM_BATCHES_MAX]; /* control variate of mean 0; all 0: none */
    const struct sim_batch_service *sums[SIM_BATCHES_MAX];
};

/* One number of batch i. */
typedef double (*sim_batch_fn)(const struct sim_batches *batches, uint32_t i);

double sim_batch_time(const struct sim_batches *batches, uint32_t i);
double sim_batch_hits(const struct sim_batches *batches, uint32_t i);

/* Sum over all batches. */
double sim_batches_total(const struct sim_batches *batches, sim_batch_fn f);
/* y per second, with its interval. */
struct sim_estimate sim_batches_rate(const struct sim_batches *batches, sim_batch_fn y);
/* y per horizon, at most 1: with histories from new to that horizon, their share. */
struct sim_estimate sim_batches_share(const struct sim_batches *batches, sim_batch_fn y,
                                      double horizon_s);
/* The rate of what decides precision: downtime, or losses when these are for ever. */
struct sim_estimate sim_batches_score(const struct sim_batches *batches);

/* ---- Belief ---- */

/* How much the scores deserve to be believed. */
struct sim_belief {
    struct sim_health health;
    double widen;    /* for intervals, >= 1 */
    bool is_flagged; /* do not trust them; why[] says why */
    char why[256];
};

/* How a driver calls its scores, to say what is wrong with them. */
struct sim_score_words {
    const char *piece;    /* "no ... reached an outage" */
    const char *pieces;   /* "only 12 ... carry the estimate" */
    const char *one;      /* "... 34 % of the estimate" */
    const char *quantity; /* "the largest ... have a heavy tail" */
};

/* Reads the scores; flagged when none of them is positive (health.n_hits == 0). */
struct sim_belief sim_belief_begin(const struct sim_batches *batches,
                                   const struct sim_score_words *words);
/* A doubt: widens, and flags. The first one gives the reason. */
__attribute__((format(printf, 3, 4))) void
sim_belief_doubt(struct sim_belief *belief, double widen, const char *fmt, ...);
/* Doubts when few scores carry the sum, or one carries much of it. */
void sim_belief_doubt_few(struct sim_belief *belief,
                          const struct sim_score_words *words);
/* Doubts when the largest scores look like a law without variance. */
void sim_belief_doubt_tail(struct sim_belief *belief,
                           const struct sim_score_words *words);

/* Is the service in focus, so believed, as precise as the study asks; and every cause
 * of 1 % share, when all are asked for? *half_width: the largest relative one of these
 * that was looked at, or infinity. */
bool sim_batches_are_precise(const struct sim_batches *batches,
                             const struct sim_belief *belief,
                             const struct sim_study *study, double *half_width);

/* ---- Results; memory from the result's arena ---- */

/* Makes room for the services of a model, estimated from n batches. */
void sim_batches_fill_begin(struct sim_result *result, const struct sim_model *model,
                            uint32_t n);
/* What to say of a result that was stopped too early for its interval to be trusted. */
#define SIM_BATCHES_EARLY                                                              \
    "stopped before its first checkpoint: too little was played to trust the interval"
/* Flags every service, for this reason. */
void sim_batches_flag_all(struct sim_result *result, const char *why);
/* Long-run measures of the batches' service, widened as batches->widen says. */
void sim_batches_fill_service(struct sim_result *result,
                              const struct sim_batches *batches,
                              const struct sim_belief *belief);
/* The first year, from batches of histories from new; `first`: their weighted first
 * outages. */
void sim_batches_fill_first_year(struct sim_result *result,
                                 const struct sim_batches *batches, sim_batch_fn first);

#endif
