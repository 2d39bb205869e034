/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exact driver's face to the engine: exact answers in the struct that every
 * driver fills. An exact number is an estimate whose interval has no width; what the
 * chain could not give is marked unknown. When a law had to be approximated by a
 * phase type the numbers are exact for the approximating chain only, and `reason`
 * says so.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/exact.h"
#include "sim/interval.h"

static struct sim_estimate estimate(double value)
{
    return isnan(value) ? sim_estimate_unknown() : sim_estimate_exact(value);
}

static int compare_causes(const void *a, const void *b)
{
    const struct sim_cause_result *x = a, *y = b;
    if (x->unavailability.value != y->unavailability.value) {
        return x->unavailability.value > y->unavailability.value ? -1 : 1;
    }
    if (x->outages_per_year.value != y->outages_per_year.value) {
        return x->outages_per_year.value > y->outages_per_year.value ? -1 : 1;
    }
    return x->cause < y->cause ? -1 : x->cause > y->cause;
}

static void fill_causes(const struct sim_model *model,
                        const struct sim_exact_service *from, struct sim_arena *arena,
                        struct sim_service_result *to)
{
    if (from->cause_outages_per_s == NULL) {
        return;
    }
    to->cause = sim_arena_calloc(arena, model->n_causes + 1, sizeof *to->cause);
    for (uint32_t c = 0; c <= model->n_causes; c++) {
        double down = from->cause_unavailability[c];
        if (from->cause_outages_per_s[c] == 0 && !(down > 0)) {
            continue;
        }
        to->cause[to->n_causes++] = (struct sim_cause_result){
            .name = c < model->n_causes ? model->cause[c] : "unattributed",
            .cause = c,
            .unavailability = estimate(down),
            .share = estimate(down / from->unavailability),
            .outages_per_year = estimate(from->cause_outages_per_s[c] * model->year_s),
        };
    }
    if (to->n_causes > 1) {
        qsort(to->cause, to->n_causes, sizeof *to->cause, compare_causes);
    }
}

static void fill_service(const struct sim_model *model, uint32_t service,
                         const struct sim_exact_service *from, struct sim_arena *arena,
                         struct sim_service_result *to)
{
    to->name = model->service[service];
    to->unavailability = estimate(from->unavailability);
    to->failed_share = estimate(from->failed_share);
    to->outages_per_year = estimate(from->outages_per_s * model->year_s);
    to->mean_outage_s = estimate(from->mean_outage_s);
    to->slo_met_share = estimate(from->slo_met_share);
    to->first_year_unavailability = estimate(from->interval);
    to->first_year_outages = estimate(from->outages);
    to->prob_outage_first_year = estimate(from->prob_outage);
    if (model->is_absorbing) {
        to->prob_outage_first_year = estimate(from->prob_loss[0]);
        to->prob_outage_5y = estimate(from->prob_loss[1]);
        to->prob_outage_10y = estimate(from->prob_loss[2]);
    }
    to->mttff_s = estimate(isinf(from->mttff_s) ? (double)NAN : from->mttff_s);
    fill_causes(model, from, arena, to);
}

/* A model that knows its own answer needs no chain. */
static bool take_closed_form(const struct sim_model *model, struct sim_result *result)
{
    struct sim_closed_form known = {(double)NAN, (double)NAN, (double)NAN, (double)NAN,
                                    "closed form"};
    if (model->closed_form == NULL || model->n_services != 1 ||
        !model->closed_form(model->plan, &known)) {
        return false;
    }
    struct sim_service_result *s = sim_arena_calloc(&result->arena, 1, sizeof *s);
    s->name = model->service[0];
    s->unavailability = s->failed_share = estimate(known.unavailability);
    s->outages_per_year = estimate(known.outages_per_s * model->year_s);
    s->mean_outage_s = estimate(known.mean_outage_s);
    s->mttff_s = estimate(known.mttff_s);
    snprintf(result->method, sizeof result->method, "exact");
    snprintf(result->reason, sizeof result->reason, "%s; nothing was sampled",
             known.method);
    result->n_services = 1;
    result->service = s;
    return true;
}

/* What was solved, and what is not quite what it seems. */
static void say_how(const struct sim_model *model, const struct sim_exact *exact,
                    struct sim_result *result)
{
    char laws[120] = "";
    if (!exact->is_exact) {
        snprintf(laws, sizeof laws,
                 "; approximate: delays that are not exponential became phase types of "
                 "up to %u phases",
                 exact->largest_law);
    }
    bool lacks_blame = model->blame != NULL && !exact->blame_is_divided;
    snprintf(result->reason, sizeof result->reason,
             "%u states, %u after lumping, solved by %s; nothing was sampled%s%s",
             exact->n_states, exact->n_solved, exact->solver, laws,
             lacks_blame ? "; an outage is left to the cause that began it (to divide "
                           "the blame would take too many states)"
                         : "");
}

int sim_exact_run_within(const struct sim_model *model, const struct sim_study *study,
                         const struct sim_statespace_limits *limits,
                         struct sim_result *result, struct sim_err *err)
{
    struct sim_exact_options options = sim_exact_default();
    struct sim_exact exact;
    options.limits = *limits;
    if (take_closed_form(model, result)) {
        return 0;
    }
    options.limits.stop = study->stop;
    options.window_s = study->window_s;
    options.budget_s = study->budget_s;
    int rc = sim_exact_solve(&result->arena, model, &options, &exact, err);
    if (rc < 0) {
        return rc;
    }
    snprintf(result->method, sizeof result->method, "exact");
    say_how(model, &exact, result);
    result->n_services = model->n_services;
    result->service =
        sim_arena_calloc(&result->arena, model->n_services, sizeof *result->service);
    for (uint32_t i = 0; i < model->n_services; i++) {
        fill_service(model, i, &exact.service[i], &result->arena, &result->service[i]);
    }
    return 0;
}

int sim_exact_run(const struct sim_model *model, const struct sim_study *study,
                  struct sim_result *result, struct sim_err *err)
{
    struct sim_statespace_limits limits = sim_statespace_default();
    return sim_exact_run_within(model, study, &limits, result, err);
}
