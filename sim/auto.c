/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Choosing the method, and saying why.
 *
 * A pilot plays plain histories, of fixed length and so the same on every machine, and
 * looks at three things: how many outages it saw, how many events a year costs, and
 * how much of the time something was broken. Then
 *
 *   - outages so common that plain simulation reaches the precision asked with a
 *     moderate number of events: crude. It assumes nothing, measures everything, and
 *     lets designs be compared history by history;
 *   - else, if an outage is many small steps away and no handful of failures leads
 *     there (queues, exhaustion): splitting;
 *   - else, if there are failures with a hazard to hurry and the system is calm most of
 *     the time: biased;
 *   - else splitting, when its own pilot finds a way to an outage;
 *   - else crude after all: its interval will say how little is known.
 *
 * The pilot has its own random numbers and enters no estimate. Precision costs outages:
 * downtime is a sum of outage lengths D, so a relative half-width d at 95 % needs
 * (1.96 / d)^2 sum(D^2) / sum(D)^2 times the pilot's length (compound Poisson).
 * Counting outages would not do: a cluster has many of a second, and its downtime comes
 * from a few of hours. For each cause of 1 % share it takes a hundred times as much.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"
#include "sim/drivers.h"
#include "sim/level.h"
#include "sim/world.h"

#define PILOT_HISTORIES 8
#define PILOT_YEARS     50.0  /* of each history, unless its events run out */
#define PILOT_EVENTS    25000 /* of each history */
#define PILOT_TIME      0.1   /* of a time limit */
#define PILOT_STREAM    (UINT64_C(1) << 42)
#define CRUDE_EVENTS    1e7 /* that plain simulation may cost */
#define CALM_LEAST      0.7 /* share of time, for biasing to fit */

struct pilot {
    double years;
    double calm_s;
    double down_s;  /* sum of outage lengths */
    double down2_s; /* sum of their squares, s^2 */
    uint64_t n_outages;
    uint64_t n_events;
    bool has_clocks; /* some failure has a hazard */
};

static bool has_clocks(const struct sim_model *model)
{
    for (uint32_t slot = 0; slot < model->n_slots; slot++) {
        if (model->slot[slot].cls == SIM_FAILURE) {
            return true;
        }
    }
    return false;
}

static void note_outage(struct pilot *pilot, bool was_down, bool is_down, double now_s,
                        double *since_s)
{
    if (is_down && !was_down) {
        pilot->n_outages++;
        *since_s = now_s;
    } else if (was_down && !is_down) {
        const double length_s = now_s - *since_s;

        pilot->down_s += length_s;
        pilot->down2_s += length_s * length_s;
    }
}

static void play_history(struct sim_run *run, const struct sim_study *study, uint64_t i,
                         struct pilot *pilot)
{
    const struct sim_model *model = run->model;
    const double end_s = PILOT_YEARS * model->year_s;
    uint32_t slot;
    double time_s;
    double past_s = 0.0;  /* of stories that ended */
    double since_s = 0.0; /* the outage began */
    bool was_down = false;

    sim_world_start(run, study->seed, PILOT_STREAM + i, 0);
    for (uint32_t n = 0; n < PILOT_EVENTS; n++) {
        const bool is_calm = model->is_calm(model->plan, run);
        const double now_s = run->world->now_s;
        if (!sim_world_next(run, &slot, &time_s) || past_s + time_s >= end_s) {
            pilot->calm_s += is_calm ? end_s - past_s - now_s : 0.0;
            pilot->years += PILOT_YEARS;
            return;
        }
        pilot->calm_s += is_calm ? time_s - now_s : 0.0;
        sim_world_fire(run, slot, time_s);
        pilot->n_events++;
        const bool is_down = (model->down(model->plan, run) >> study->focus & 1) != 0;
        note_outage(pilot, was_down, is_down, run->world->now_s, &since_s);
        was_down = is_down;
        if (is_down && model->is_absorbing) {
            past_s += run->world->now_s;
            sim_world_start(run, study->seed, PILOT_STREAM + i, 1 + pilot->n_outages);
            was_down = false;
        }
    }
    pilot->years += (past_s + run->world->now_s) / model->year_s;
}

static struct pilot play_pilot(const struct sim_model *model,
                               const struct sim_study *study)
{
    const double began_s = sim_clock_s();
    struct pilot pilot = {.has_clocks = has_clocks(model)};
    struct sim_run run;

    sim_run_init(&run, model);
    struct sim_world *world = sim_world_alloc(run.world_bytes);
    sim_run_bind(&run, world);
    for (uint64_t i = 0; i < PILOT_HISTORIES; i++) {
        if (i > 0 && sim_study_is_over(study, began_s, PILOT_TIME)) {
            break;
        }
        play_history(&run, study, i, &pilot);
    }
    sim_run_unbind(&run);
    free(world);
    return pilot;
}

/* Events that plain simulation would need for the precision asked; infinity when the
 * pilot saw too little to tell. */
static double crude_events(const struct pilot *pilot, const struct sim_study *study)
{
    const double z = 1.96 / study->precision;
    double pilots = 2.0 * z * z / (double)pilot->n_outages; /* lengths of cv 1 */

    if (pilot->n_outages < 3) {
        return HUGE_VAL;
    }
    if (pilot->down_s > 0.0) {
        pilots = fmax(pilots, z * z * pilot->down2_s / (pilot->down_s * pilot->down_s));
    }
    return pilots * (study->all_causes ? 100.0 : 1.0) * (double)pilot->n_events;
}

static int count_years(char *text, size_t size, const struct pilot *pilot)
{
    return snprintf(text, size, "pilot: %llu outage%s in %.4g years",
                    (unsigned long long)pilot->n_outages,
                    pilot->n_outages == 1 ? "" : "s", pilot->years);
}

/* Puts the pilot's words in front of what the driver says about itself. */
static void prepend(struct sim_result *result, const char *why)
{
    char own[sizeof result->reason];

    memcpy(own, result->reason, sizeof own);
    snprintf(result->reason, sizeof result->reason, "%s; %.190s", why, own);
}

static int use(sim_driver_fn driver, const char *why, const struct sim_model *model,
               const struct sim_study *study, struct sim_result *result,
               struct sim_err *err)
{
    const int failed = driver(model, study, result, err);

    if (failed == 0) {
        prepend(result, why);
    }
    return failed;
}

static bool seems_common(const struct pilot *pilot, const struct sim_study *study)
{
    return study->years > 0.0 ? pilot->n_outages >= 100
                              : crude_events(pilot, study) <= CRUDE_EVENTS;
}

int sim_auto_run(const struct sim_model *model, const struct sim_study *study,
                 struct sim_result *result, struct sim_err *err)
{
    const struct pilot pilot = play_pilot(model, study);
    const double calm = pilot.calm_s / (pilot.years * model->year_s);
    char why[192];
    size_t at = (size_t)count_years(why, sizeof why, &pilot);
    int failed = -SIM_ERR_USAGE;

    if (seems_common(&pilot, study)) {
        snprintf(why + at, sizeof why - at,
                 ": outages are common, plain simulation is enough");
        return use(sim_crude_run, why, model, study, result, err);
    }
    const uint32_t steps = sim_level_drift(model, study->focus);
    if (steps > 0 && steps != SIM_LEVEL_UNKNOWN && sim_splitting_run != NULL) {
        snprintf(why + at, sizeof why - at,
                 ": an outage is %u small steps away, splitting", steps);
        failed = use(sim_splitting_run, why, model, study, result, err);
    }
    if (failed != 0 && pilot.has_clocks && calm >= CALM_LEAST &&
        sim_biased_run != NULL) {
        snprintf(why + at, sizeof why - at,
                 ": what costs time is too rare for plain simulation, "
                 "failures are hurried (biased)");
        failed = use(sim_biased_run, why, model, study, result, err);
    }
    if (failed != 0 && sim_splitting_run != NULL) {
        snprintf(why + at, sizeof why - at,
                 ", calm %.0f %% of the time: biasing does not fit, splitting",
                 100.0 * calm);
        failed = use(sim_splitting_run, why, model, study, result, err);
    }
    if (failed != 0) {
        snprintf(why + at, sizeof why - at,
                 ": neither biasing nor splitting fits, plain simulation");
        failed = use(sim_crude_run, why, model, study, result, err);
    }
    return failed;
}
