/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exact answers of a reliability system, under the names of the problem format.
 *
 * Closed forms and one-dimensional integrals where the system allows them (independent
 * components, one repair crew, fixed schedules), else the Markov chain of the model.
 */
#ifndef HA_ANSWERS_H
#define HA_ANSWERS_H

#include "models/blocks/blocks.h"
#include "sim/exact.h"

/* One number of the answer; unknown numbers are NaN. X-macro: ANSWER(name). */
#define HA_ANSWERS(ANSWER)                                                             \
    ANSWER(steady_unavailability)                                                      \
    ANSWER(outages_per_year)                                                           \
    ANSWER(mean_outage_s)                                                              \
    ANSWER(mean_uptime_s)                                                              \
    ANSWER(mttff_s)                                                                    \
    ANSWER(year1_interval_unavailability)                                              \
    ANSWER(year1_expected_outages)                                                     \
    ANSWER(year1_point_unavailability_end)                                             \
    ANSWER(year1_prob_outage)                                                          \
    ANSWER(year1_prob_no_outage)                                                       \
    ANSWER(mean_time_to_loss_s)                                                        \
    ANSWER(prob_loss_1y)                                                               \
    ANSWER(prob_loss_5y)                                                               \
    ANSWER(prob_loss_10y)                                                              \
    ANSWER(reach_probability)                                                          \
    ANSWER(unavailability_outside_windows)                                             \
    ANSWER(unavailability_inside_windows)

enum ha_answer {
#define ANSWER(name) HA_ANSWER_##name,
    HA_ANSWERS(ANSWER)
#undef ANSWER
        HA_N_ANSWERS
};

/* How much one component matters (independent components only). */
struct ha_importance {
    const char *name;
    double birnbaum;          /* U if it is down, less U if it is up */
    double criticality;       /* birnbaum x its unavailability / U */
    double raw;               /* U if it is down / U */
    double rrw;               /* U / U if it is up; may be infinite */
    double trigger_share;     /* share of outages that its failure begins */
    double down_given_outage; /* P(it is down | the system is down) */
    double fussell_vesely;    /* P(a failed minimal cut holds it | down), or NaN */
};

struct ha_cut {
    uint32_t n;
    const char *const *component; /* names, sorted */
};

struct ha_elasticity {
    const char *parameter;
    double value; /* d ln U / d ln parameter */
};

struct ha_answers {
    const char *method; /* a line in words */
    bool is_exact;      /* false: laws were approximated by phase types */
    uint32_t order;     /* phases of the largest law; 0 without a chain */
    uint32_t n_states;  /* 0 without a chain */
    uint32_t n_lumped;
    double value[HA_N_ANSWERS];
    uint32_t n_thresholds;
    const double *threshold_s;
    const double *prob_exceeds; /* NULL when not known */
    uint32_t n_elasticities;
    const struct ha_elasticity *elasticity;
    uint32_t n_importances;
    const struct ha_importance *importance;
    uint32_t n_cuts; /* 0 also when there are too many to list */
    const struct ha_cut *cut;
};

struct ha_answer_options {
    struct sim_statespace_limits limits;
    bool wants_chain; /* never a closed form (to compare the two) */
};

/*
 * Answers everything that is known about the system. `doc` is the document `blocks`
 * was read from. Errors: those of sim_exact_solve. All memory is the arena's.
 */
int ha_blocks_answer(struct sim_arena *arena, const struct ha_node *doc,
                     const struct ha_blocks *blocks,
                     const struct ha_answer_options *options, struct ha_answers *out,
                     struct sim_err *err);

/* The key of an answer in the problem format. */
const char *ha_answer_key(enum ha_answer answer);

#endif
