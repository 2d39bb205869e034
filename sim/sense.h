/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the downtime is sensitive to: importance of components and elasticities of
 * parameters, measured along simulated paths. Inside sim/ only; the definitions are
 * in docs/model/sensitivity.md.
 *
 * A driver keeps one trail per path and tells it what happens:
 *
 *     sim_sense_start     a history begins
 *     sim_sense_leave     `slot` is about to fire and may end calm
 *     sim_sense_pass      time passes, then `slot` will fire: the score follows
 *     sim_sense_count     the same time, with its weight, enters the sums
 *     sim_sense_look      after the firing: an outage began or ended, calm is back
 *
 * Sums are plain arrays of plan->n_sums doubles, one per batch, added element by
 * element; sim/sense_result.c turns batches of them into estimates.
 */
#ifndef SIM_SENSE_H
#define SIM_SENSE_H

#include "sim/arena.h"
#include "sim/result.h"
#include "sim/world.h"

#define SIM_SENSE_BATCHES 64
#define SIM_SENSE_NONE    UINT32_MAX /* no slot */

/* Places in an array of sums: single numbers, then one block per sort. */
enum sim_sense_sum {
    SIM_SENSE_TIME,        /* all time */
    SIM_SENSE_DOWN,        /* of it, down */
    SIM_SENSE_OUTAGES,     /* entries into down */
    SIM_SENSE_EXC_DOWN,    /* time down in whole excursions */
    SIM_SENSE_EXC_OUTAGES, /* entries into down in them */
    SIM_SENSE_EXCURSIONS,  /* their number, as played */
    SIM_SENSE_SINGLES
};

/* What is measured; constant. */
struct sim_sense_plan {
    const struct sim_model *model;
    uint32_t focus; /* the service that is down */
    uint32_t n_components;
    uint32_t n_parameters;
    const uint16_t *of_law; /* NULL: no law has a parameter */
    bool *law_is_smooth;    /* [n_dists] */
    size_t n_sums;
    size_t broken_at;      /* [n_components] time broken */
    size_t broken_down_at; /* [n_components] time broken and down */
    size_t triggered_at;   /* [n_components] outages begun */
    size_t length_at;      /* [n_parameters] time outside calm, times score */
    size_t exc_down_at;    /* [n_parameters] time down, times score */
    size_t exc_outages_at; /* [n_parameters] entries into down, times score */
    size_t edges_at;       /* [n_parameters] firings of laws without a score */
};

/* One path: since when it is out of calm, and its score so far. Flat; may be copied. */
struct sim_sense_trail {
    double begin_s;     /* of the present excursion; negative: none is followed */
    uint32_t opened_by; /* slot of an outage that has had no length yet, or NONE */
    bool is_calm;
    double score[SIM_MAX_PARAMETERS];
};

/* Fills the plan for a model and its focus service; memory from the arena. */
void sim_sense_plan_init(struct sim_sense_plan *plan, struct sim_arena *arena,
                         const struct sim_model *model, uint32_t focus);

/* A history has begun; looks whether it is calm. */
void sim_sense_start(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                     const struct sim_run *run);

/* All is calm and `slot` is about to fire at time_s: an excursion begins, if the firing
 * ends calm. Counts it in the sums. */
void sim_sense_leave(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                     const struct sim_run *run, uint32_t slot, double time_s,
                     double *sums);

/* In the present state delay_s pass, and then `slot` (or none) is about to fire: brings
 * the score up to and including this firing. `edges` is where firings that have no
 * score are marked: an array of sums. */
void sim_sense_pass(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                    const struct sim_run *run, double delay_s, uint32_t slot,
                    double *sums);

/* The same time enters the sums with `weight`; the state has not changed yet. */
void sim_sense_count(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                     const struct sim_run *run, double delay_s, double weight,
                     bool is_down, double *sums);

/* After `slot` fired: looks at calm and at the focus service, down or not. */
void sim_sense_look(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                    const struct sim_run *run, uint32_t slot, bool was_down,
                    bool is_down);

/* The outage that has just begun counts now, although it has no length yet: for paths
 * that end with it. */
void sim_sense_count_outage(const struct sim_sense_plan *plan,
                            struct sim_sense_trail *trail, double weight, double *sums);

/* ---- Batches of replications, in order ------------------------------------- */

/* At most SIM_SENSE_BATCHES sums over equally many replications each: when there is no
 * room, neighbours are added together. */
struct sim_sense_tally {
    const struct sim_sense_plan *plan;
    double *sums;       /* [SIM_SENSE_BATCHES][plan->n_sums] */
    uint32_t n;         /* batches begun */
    uint64_t n_each;    /* replications of a full batch */
    uint64_t n_in_last; /* replications in the last one */
};

void sim_sense_tally_init(struct sim_sense_tally *tally, struct sim_arena *arena,
                          const struct sim_sense_plan *plan);
/* Adds the sums of the next replication. */
void sim_sense_tally_add(struct sim_sense_tally *tally, const double *sums);

/* ---- Estimates ------------------------------------------------------------- */

/* What the intervals need besides n batches of sums, batch i at sums + i * n_sums. */
struct sim_sense_sample {
    const double *sums;
    uint32_t n;
    double effective;      /* outages, or weighted ones that tell as much */
    double unseen_down;    /* share of the downtime that unseen outages may carry */
    double unseen_outages; /* the same of the number of outages */
    double confidence;     /* 0.95 */
    double widen;          /* >= 1, multiplies half-widths */
};

/* Fills components and elasticities of a service; memory from the arena. Leaves both
 * empty when no outage was seen. */
void sim_sense_fill(const struct sim_sense_plan *plan,
                    const struct sim_sense_sample *sample, struct sim_arena *arena,
                    struct sim_service_result *out);

#endif
