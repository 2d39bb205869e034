/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exact driver: a model's answers from its Markov chain instead of from samples.
 */
#ifndef SIM_EXACT_H
#define SIM_EXACT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/result.h"
#include "sim/statespace.h"
#include "sim/study.h"

#define SIM_EXACT_LOSSES 3 /* horizons of the loss probability, years: 1, 5, 10 */

struct sim_exact_options {
    struct sim_statespace_limits limits;
    uint64_t services;        /* bit s: service s is asked for; 0: all of them */
    bool wants_first_passage; /* mean time to the first outage */
    bool wants_transient;     /* first-year measures, loss probabilities */
    bool wants_causes;
    bool wants_all_digits; /* of log_unavailability, for differences: may take longer */
    uint32_t n_thresholds; /* P(downtime in the first year > x), of service 0 */
    const double *threshold_s;
    double window_s; /* with budget_s >= 0: share of windows inside it */
    double budget_s; /* negative: not asked */
};

struct sim_exact_options sim_exact_default(void);

/* Answers for one service. A number that is not known is NaN; one that is infinite
 * (an outage that never comes) is infinity. */
struct sim_exact_service {
    double unavailability;
    long double log_unavailability; /* with more digits, for differences */
    double failed_share;            /* mean failing share of requests */
    double outages_per_s;
    double mean_outage_s;
    double mean_uptime_s;
    double mttff_s;   /* absorbing models: mean time to loss */
    double point_end; /* first year, from the initial state */
    double interval;
    double outages;
    double prob_outage;
    double prob_loss[SIM_EXACT_LOSSES];
    double slo_met_share;         /* of long-run windows */
    double *prob_exceeds;         /* by threshold */
    double *cause_unavailability; /* by cause; the last one: nobody known */
    double *cause_outages_per_s;  /* by who began them */
    double transient_error; /* estimated relative error of the first-year answers */
};

struct sim_exact {
    uint32_t n_states;
    uint64_t n_edges;
    uint32_t n_solved;     /* states left when states that are alike became one */
    uint32_t n_lumped;     /* the same with respect to service 0 alone */
    bool is_exact;         /* no law had to be approximated */
    bool blame_is_divided; /* downtime went to whom the model blames; else, or without
                              an opinion of the model, to what began the outage */
    uint32_t largest_law;  /* phases of the largest law */
    const char *solver;    /* "elimination" or "multilevel sweeps" */
    uint32_t n_services;
    struct sim_exact_service *service; /* lives in the arena given */
};

/*
 * Explores and solves. Errors: SIM_ERR_LIMIT (too many states), SIM_ERR_NUMERIC,
 * SIM_ERR_INTERRUPTED.
 */
int sim_exact_solve(struct sim_arena *arena, const struct sim_model *model,
                    const struct sim_exact_options *options, struct sim_exact *out,
                    struct sim_err *err);

/* P(service 0 is down before service 1 is), from the start of the model. */
int sim_exact_race(const struct sim_model *model,
                   const struct sim_statespace_limits *limits, double *probability,
                   uint32_t *n_states, struct sim_err *err);

/* As below, with limits of one's own. */
int sim_exact_run_within(const struct sim_model *model, const struct sim_study *study,
                         const struct sim_statespace_limits *limits,
                         struct sim_result *result, struct sim_err *err);

/* The driver behind `--method exact`: the same answers as a result, low = high. */
int sim_exact_run(const struct sim_model *model, const struct sim_study *study,
                  struct sim_result *result, struct sim_err *err);

#endif
