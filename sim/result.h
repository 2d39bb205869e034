/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a study found: the only thing that output code sees. Every driver fills
 * the same struct, so a table, a chart or JSON need not know how it was found.
 * No number stands without its interval; an exact answer has low = high.
 */
#ifndef SIM_RESULT_H
#define SIM_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/model.h"

/* A number and how sure we are: the interval [low, high] at result.confidence. */
struct sim_estimate {
    double value;
    double low;
    double high;
    bool is_known; /* false: this driver or model does not give it */
};

struct sim_cause_result {
    const char *name;                     /* title, owned by the model */
    uint32_t cause;                       /* index into model->cause */
    struct sim_estimate unavailability;   /* fraction of time down because of it */
    struct sim_estimate share;            /* of the service's downtime, 0..1 */
    struct sim_estimate outages_per_year; /* outages this cause triggered */
};

/* How much one component matters to the focus service; docs/model/sensitivity.md. */
struct sim_component_result {
    const char *name;                 /* owned by the model */
    uint32_t component;               /* index into model->components */
    struct sim_estimate broken_share; /* q: of all time, it is broken */
    struct sim_estimate birnbaum;     /* P(down | broken) - P(down | not broken) */
    struct sim_estimate criticality;  /* downtime saved if it never broke, 0..1 */
    struct sim_estimate raw;          /* P(down | broken) / P(down) */
    struct sim_estimate rrw; /* P(down) / P(down | not broken); may be infinite */
    struct sim_estimate trigger_share;     /* of outages that its failure begins */
    struct sim_estimate down_given_outage; /* P(broken | down) */
};

/* What one per cent more of a parameter changes, in per cent. */
struct sim_elasticity_result {
    const char *name;                   /* owned by the model */
    uint32_t parameter;                 /* index into model->parameters */
    struct sim_estimate unavailability; /* d ln U / d ln parameter */
    struct sim_estimate outages;        /* d ln (outages per year) / d ln parameter */
};

#define SIM_DURATION_BINS 96 /* 8 per factor of 10, from 10 ms to 10^10 s */

struct sim_service_result {
    const char *name;
    struct sim_estimate unavailability;   /* long-run fraction of time down */
    struct sim_estimate failed_share;     /* mean failing share of requests */
    struct sim_estimate outages_per_year; /* long-run entries into down */
    struct sim_estimate mean_outage_s;
    struct sim_estimate slo_met_share; /* share of windows inside the budget */
    struct sim_estimate first_year_unavailability; /* from new, over model->year_s */
    struct sim_estimate first_year_outages;
    struct sim_estimate prob_outage_first_year;
    struct sim_estimate prob_outage_5y; /* within five years from new */
    struct sim_estimate prob_outage_10y;
    struct sim_estimate mttff_s; /* mean time to first outage, from new */
    uint64_t n_outages;          /* raw count seen (unweighted) */

    uint32_t n_causes;
    struct sim_cause_result *cause; /* sorted by downtime, largest first */

    /* Only in a study of sensitivity, and of the focus service. */
    uint32_t n_components;
    struct sim_component_result *component; /* largest criticality first */
    uint32_t n_elasticities;
    struct sim_elasticity_result *elasticity; /* largest size first */

    /* Law of downtime per SLO window: ascending; weights NULL = equal. */
    uint32_t n_windows;
    double *window_downtime_s;
    double *window_weight;
    /* Weighted histogram of outage durations, log bins; sums to outages seen. */
    double duration_bin[SIM_DURATION_BINS];

    /* Downtime fraction per replication (crude) or batch (biased, splitting), in
     * replication order: what paired differences are made from. */
    uint32_t n_parts;
    double *part_unavailability;

    /* Health of the estimate (biased, splitting); 0 when not applicable. */
    double effective_sample_size;
    double largest_score_share;
    bool is_flagged; /* do not trust this interval; why[] says why */
    char why[256];
};

struct sim_result {
    char method[16];  /* "crude", "biased", "splitting", "exact" */
    char reason[384]; /* how the method was chosen, in words, with the pilot */
    uint64_t seed;
    double confidence; /* 0.95 */
    double year_s;
    double window_s; /* SLO window */
    double budget_s; /* allowed downtime per window; negative: no SLO given */
    double simulated_years;
    uint64_t n_replications;
    uint64_t n_events;
    double cpu_s;
    double wall_s;
    bool is_partial;    /* interrupted or out of time before the precision asked */
    bool is_repeatable; /* false when a clock decided where to stop */
    double years_to_repeat;
    uint32_t n_services;
    struct sim_service_result *service;
    struct sim_arena arena; /* owns everything above */
};

/* Frees what a result holds. */
void sim_result_release(struct sim_result *result);

/* Sorts a service's causes: the most downtime first, equals as the model has them. */
void sim_causes_sort(struct sim_service_result *service);

#endif
