/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The door of the engine: checks the question, finds the driver, measures what it
 * cost. Knows no statistics and no method; a new driver is one row in the table.
 *
 * Methods other than crude are declared weak (sim/drivers.h): a build without one of
 * them refuses that method by name. `auto` without its chooser is crude, and says so.
 */
#include "sim/study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/check.h"
#include "sim/clock.h"
#include "sim/drivers.h"

struct sim_study sim_study_default(void)
{
    return (struct sim_study){
        .method = SIM_METHOD_AUTO,
        .seed = 1,
        .jobs = 1,
        .precision = 0.05,
        .confidence = 0.95,
        .window_s = SIM_YEAR_S,
        .budget_s = -1.0,
        .warmup_years = 1.0,
    };
}

bool sim_study_is_over(const struct sim_study *study, double began_s, double share)
{
    return (study->stop != NULL && *study->stop != 0) ||
           (study->max_time_s > 0.0 &&
            sim_clock_s() - began_s > share * study->max_time_s);
}

void sim_study_show(const struct sim_study *study, double began_s, double half_width,
                    bool is_done, double down_s, double time_s, double year_s)
{
    if (study->progress == NULL) {
        return;
    }
    const double spent_s = sim_clock_s() - began_s;
    double done = pow(study->precision / half_width, 2.0);

    if (study->max_time_s > 0.0) {
        done = fmax(done, spent_s / study->max_time_s);
    }
    done = is_done ? 1.0 : fmin(done, 0.99);
    const struct sim_progress progress = {
        .fraction_done = done,
        .simulated_years = time_s / year_s,
        .unavailability = time_s > 0.0 ? down_s / time_s : 0.0,
        .relative_half_width = half_width,
        .eta_s = done > 0.0 ? spent_s * (1.0 - done) / done : -1.0,
    };
    study->progress(&progress, study->progress_context);
}

static double process_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const struct {
    enum sim_method method;
    const char *name;
    sim_driver_fn run;
} drivers[] = {
    {SIM_METHOD_AUTO, "auto", sim_auto_run},
    {SIM_METHOD_CRUDE, "crude", sim_crude_run},
    {SIM_METHOD_BIASED, "biased", sim_biased_run},
    {SIM_METHOD_SPLITTING, "splitting", sim_splitting_run},
    {SIM_METHOD_EXACT, "exact", sim_exact_run},
};

static int find_driver(enum sim_method method, sim_driver_fn *run, struct sim_err *err)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (drivers[i].method != method) {
            continue;
        }
        if (drivers[i].run != NULL) {
            *run = drivers[i].run;
            return 0;
        }
        if (method == SIM_METHOD_AUTO) {
            *run = sim_crude_run;
            return 0;
        }
        return sim_err_set(err, SIM_ERR_USAGE,
                           "this build has no method '%s'; 'crude' always works",
                           drivers[i].name);
    }
    return sim_err_set(err, SIM_ERR_USAGE, "unknown method number %d", (int)method);
}

/* A question that cannot be answered is the caller's mistake, told in words. */
static int check_question(const struct sim_model *model, const struct sim_study *study,
                          struct sim_err *err)
{
    if (model->n_services == 0 || study->focus >= model->n_services) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "service number %u is asked for, but the model has %u",
                           study->focus, model->n_services);
    }
    if (!(study->precision > 0.0) || !(study->confidence > 0.0) ||
        !(study->confidence < 1.0)) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "precision must be above 0 and confidence between 0 and 1");
    }
    if (!(study->window_s > 0.0) || !(study->warmup_years >= 0.0) ||
        !(study->years >= 0.0) || !(study->max_time_s >= 0.0)) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "the window must be positive; years, warm-up and the time "
                           "limit must not be negative");
    }
    return 0;
}

int sim_study_run(const struct sim_model *model, const struct sim_study *study,
                  struct sim_result *result, struct sim_err *err)
{
    double wall_s = sim_clock_s();
    double cpu_s = process_s();
    sim_driver_fn run = NULL;

    memset(result, 0, sizeof(*result));
    sim_arena_init(&result->arena);
    int failed = check_question(model, study, err);

    if (failed == 0) {
        failed = find_driver(study->method, &run, err);
    }
    if (failed != 0) {
        return failed;
    }
    SIM_CHECK(run != NULL);
    result->seed = study->seed;
    result->confidence = study->confidence;
    result->year_s = model->year_s;
    result->window_s = study->window_s;
    result->budget_s = study->budget_s;
    result->is_repeatable = true;
    failed = run(model, study, result, err);
    result->wall_s = sim_clock_s() - wall_s;
    result->cpu_s = process_s() - cpu_s;
    if (failed != 0) {
        sim_result_release(result);
    }
    return failed;
}
