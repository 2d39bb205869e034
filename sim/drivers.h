/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The doors of the drivers: one function each, all with the signature of
 * sim_study_run, called by it through a small table. A driver fills the result
 * (already initialised: arena, seed, confidence, year, window, budget) and returns 0,
 * or a negative error code with err filled. Inside sim/ only.
 */
#ifndef SIM_DRIVERS_H
#define SIM_DRIVERS_H

#include "sim/study.h"

typedef int (*sim_driver_fn)(const struct sim_model *model,
                             const struct sim_study *study, struct sim_result *result,
                             struct sim_err *err);

/* Is it time to end: did a signal ask for it, or has a driver that began at began_s
 * (sim_clock_s) used more than this share of the study's time limit? */
bool sim_study_is_over(const struct sim_study *study, double began_s, double share);

/* Shows how far a driver of batches is that began at began_s: it wants half_width down
 * to the precision asked, and has seen down_s of downtime in time_s of history. Does
 * nothing when nobody looks. */
void sim_study_show(const struct sim_study *study, double began_s, double half_width,
                    bool is_done, double down_s, double time_s, double year_s);

/* Plays histories and measures them. Fits every model. */
int sim_crude_run(const struct sim_model *model, const struct sim_study *study,
                  struct sim_result *result, struct sim_err *err);

/* When the focus service of a new system is down first, by plain histories played until
 * then: for a first outage that is not far away; `about_s` is a guess. Fills its mean
 * time and the chances by one, five and ten years, or leaves all as they are when that
 * would take too many events. */
void sim_crude_first_outage(const struct sim_model *model,
                            const struct sim_study *study, double about_s,
                            struct sim_service_result *out);

/* Importance sampling, splitting, the Markov chain, and the choice among them. They
 * are declared weak so that the engine links without one of them; sim_study_run then
 * says that the method is not built in. */
int sim_biased_run(const struct sim_model *model, const struct sim_study *study,
                   struct sim_result *result, struct sim_err *err)
    __attribute__((weak));
int sim_splitting_run(const struct sim_model *model, const struct sim_study *study,
                      struct sim_result *result, struct sim_err *err)
    __attribute__((weak));
int sim_exact_run(const struct sim_model *model, const struct sim_study *study,
                  struct sim_result *result, struct sim_err *err) __attribute__((weak));
int sim_auto_run(const struct sim_model *model, const struct sim_study *study,
                 struct sim_result *result, struct sim_err *err) __attribute__((weak));

#endif
