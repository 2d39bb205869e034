/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A study: one model, one question, one driver, one result. The door through
 * which the command line enters the engine.
 */
#ifndef SIM_STUDY_H
#define SIM_STUDY_H

#include <signal.h>

#include "sim/err.h"
#include "sim/model.h"
#include "sim/result.h"

enum sim_method {
    SIM_METHOD_AUTO, /* a short crude pilot, then whichever fits; says why */
    SIM_METHOD_CRUDE,
    SIM_METHOD_BIASED,
    SIM_METHOD_SPLITTING,
    SIM_METHOD_EXACT
};

/* A running estimate, for progress display. Called from one thread at a time, at
 * most about 20 times a second; must not block. */
struct sim_progress {
    double fraction_done; /* 0..1, a guess */
    double simulated_years;
    double unavailability;      /* of the focus service so far */
    double relative_half_width; /* infinity while unknown */
    double eta_s;               /* negative while unknown */
};
typedef void (*sim_progress_fn)(const struct sim_progress *progress, void *context);

struct sim_study {
    enum sim_method method;
    uint64_t seed;            /* default 1 */
    unsigned jobs;            /* threads, >= 1; never changes results */
    double years;             /* exactly so many simulated years; 0 = by precision */
    double precision;         /* stop at this relative half-width, default 0.05 */
    double max_time_s;        /* stop by the clock; 0 = no limit */
    double confidence;        /* default 0.95 */
    double window_s;          /* SLO window, default one year */
    double budget_s;          /* allowed downtime per window; < 0 = no SLO */
    uint32_t focus;           /* service whose precision decides when to stop */
    bool all_causes;          /* also wait for each cause of at least 1 % share */
    bool first_year;          /* also estimate the first-year measures */
    bool sensitivity;         /* also importance and elasticities, of focus */
    double warmup_years;      /* dropped at the start of each history, default 1 */
    sim_progress_fn progress; /* may be NULL */
    void *progress_context;
    volatile sig_atomic_t *stop; /* set by a signal handler: finish, mark partial */
};

/* The defaults named above. */
struct sim_study sim_study_default(void);

/*
 * Runs the study. On success returns 0 and fills result, which the caller
 * releases. Errors: SIM_ERR_USAGE (the method does not fit the model, with the
 * reason), SIM_ERR_LIMIT (exact: too many states), SIM_ERR_NUMERIC. Interruption
 * through *stop is not an error: the result is marked partial.
 * Deterministic in (model, study) for any jobs unless max_time_s or stop cut it.
 */
int sim_study_run(const struct sim_model *model, const struct sim_study *study,
                  struct sim_result *result, struct sim_err *err);

#endif
