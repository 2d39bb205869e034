/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From splitting's tallies to estimates with intervals, and whether to believe them.
 *
 * Every estimate is a ratio of sums over batches (sim_ratio_estimate): weighted
 * downtime over the time of the histories, and so on, with t on the log scale. Batches
 * are independent histories; copies depend on each other only within one, so the spread
 * over batches carries all of that.
 *
 * The spread itself is known only when enough of what was scored is independent. Copies
 * of one story are one piece of evidence: scores are summed from one visit of the
 * history to level 0 to the next, and these sums, the roots, are judged. A service is
 * flagged, in words, and its interval widened, when few roots carry the estimate, when
 * one carries much of it, or when the largest look like a law without variance.
 *
 * Levels are made for the service in focus; the others are scored along the same
 * weighted paths, without bias, and are as precise as their outages happen to lie on
 * the way.
 *
 * Mean time to the first outage: time not spent after a first outage over weighted
 * first outages, from calm to calm; see sim/bias_result.c for when it is given.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/splitting.h"

/* Stopping when the spread looks small picks spreads that are too small; the same
 * factor as for biased batches. */
#define BY_LOOKING   1.06
#define MIN_ESS      100.0
#define MAX_SHARE    0.10
#define MAX_TAIL     0.70
#define CAUSE_SHARE  0.01
#define MEMORY_SHARE 0.01 /* of events in calm, for the start to be forgotten */
#define LATE         20.0 /* mean lives of the slowest ageing law: the start is old */

/* One number per batch. */
typedef double (*batch_fn)(const struct sim_split_tally *tally, uint32_t s, uint32_t c);

static double of_time(const struct sim_split_tally *tally, uint32_t s, uint32_t c)
{
    (void)s;
    (void)c;
    return tally->time_s;
}

static double of_down(const struct sim_split_tally *tally, uint32_t s, uint32_t c)
{
    (void)c;
    return tally->service[s].down_s;
}

static double of_failed(const struct sim_split_tally *tally, uint32_t s, uint32_t c)
{
    (void)c;
    return tally->service[s].failed_s;
}

static double of_outages(const struct sim_split_tally *tally, uint32_t s, uint32_t c)
{
    (void)c;
    return tally->service[s].outages;
}

static double of_hits(const struct sim_split_tally *tally, uint32_t s, uint32_t c)
{
    (void)c;
    return tally->service[s].hits;
}

static double of_clean_time(const struct sim_split_tally *tally, uint32_t s, uint32_t c)
{
    (void)c;
    return tally->time_s - tally->service[s].after_s;
}

static double of_cause_down(const struct sim_split_tally *tally, uint32_t s, uint32_t c)
{
    return tally->service[s].cause_down_s[c];
}

static double of_cause_outages(const struct sim_split_tally *tally, uint32_t s,
                               uint32_t c)
{
    return tally->service[s].cause_outages[c];
}

/* What all estimates of one service share. */
struct view {
    const struct sim_model *model;
    const struct sim_split_batch *batch;
    uint32_t n;
    uint32_t s;
    double confidence;
    double widen;
};

static struct sim_estimate ratio(const struct view *view, batch_fn y, batch_fn x,
                                 uint32_t c)
{
    double ys[SIM_SPLIT_BATCHES];
    double xs[SIM_SPLIT_BATCHES];

    for (uint32_t i = 0; i < view->n; i++) {
        ys[i] = y(view->batch[i].tally, view->s, c);
        xs[i] = x(view->batch[i].tally, view->s, c);
    }
    return sim_ratio_estimate(view->n, ys, xs, view->confidence, view->widen);
}

static struct sim_estimate scaled(struct sim_estimate e, double factor)
{
    e.value *= factor;
    e.low *= factor;
    e.high *= factor;
    return e;
}

static struct sim_estimate at_most_one(struct sim_estimate e)
{
    e.value = fmin(e.value, 1.0);
    e.low = fmin(e.low, 1.0);
    e.high = fmin(e.high, 1.0);
    return e;
}

static double total_of(const struct view *view, batch_fn f, uint32_t c)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < view->n; i++) {
        sum += f(view->batch[i].tally, view->s, c);
    }
    return sum;
}

/* What decides precision: downtime, or losses. */
static batch_fn of_score(const struct view *view)
{
    return view->model->is_absorbing ? of_hits : of_down;
}

/* ---- Belief ---- */

struct belief {
    struct sim_health health;
    double widen;
    bool is_flagged;
    char why[256];
};

/* The first doubt gives the reason, all of them widen. */
static void doubt(struct belief *belief, double widen, const char *why)
{
    belief->widen *= widen;
    if (!belief->is_flagged) {
        belief->is_flagged = true;
        snprintf(belief->why, sizeof belief->why, "%s", why);
    }
}

static struct sim_health read_health(const struct view *view)
{
    struct sim_scores scores[SIM_SPLIT_BATCHES];

    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_split_service *service =
            &view->batch[i].tally->service[view->s];
        scores[i] = service->scores;
        sim_scores_add(&scores[i], service->root); /* a story not yet ended */
    }
    return sim_health_read(scores, view->n);
}

static struct belief judge(const struct view *view)
{
    struct belief belief = {.health = read_health(view), .widen = BY_LOOKING};
    const struct sim_health *health = &belief.health;
    char why[160];

    if (health->n_hits == 0) {
        doubt(&belief, 1.0, "no path reached an outage");
        return belief;
    }
    if (health->effective_sample_size < MIN_ESS) {
        snprintf(why, sizeof why, "only %.0f independent stories carry the estimate",
                 health->effective_sample_size);
        doubt(&belief, sqrt(MIN_ESS / health->effective_sample_size), why);
    }
    if (health->largest_share > MAX_SHARE) {
        snprintf(why, sizeof why,
                 "one story and its copies carry %.0f %% of the estimate",
                 100.0 * health->largest_share);
        doubt(&belief, 1.0 + 5.0 * health->largest_share, why);
    }
    if (health->tail_index > MAX_TAIL) {
        snprintf(why, sizeof why,
                 "the largest scores have a heavy tail (Pareto k = %.2f): parts of the "
                 "downtime may be unseen",
                 health->tail_index);
        doubt(&belief, 1.5, why);
    }
    return belief;
}

/* ---- Filling ---- */

static int compare_causes(const void *a, const void *b)
{
    const struct sim_cause_result *x = a;
    const struct sim_cause_result *y = b;

    if (x->unavailability.value != y->unavailability.value) {
        return x->unavailability.value < y->unavailability.value ? 1 : -1;
    }
    return (x->cause > y->cause) - (x->cause < y->cause);
}

static void fill_causes(struct sim_result *result, struct sim_service_result *service,
                        const struct view *view)
{
    const struct sim_model *model = view->model;

    service->cause =
        sim_arena_calloc(&result->arena, model->n_causes + 1, sizeof *service->cause);
    for (uint32_t c = 0; c < model->n_causes; c++) {
        if (!(total_of(view, of_cause_down, c) > 0.0) &&
            !(total_of(view, of_cause_outages, c) > 0.0)) {
            continue;
        }
        service->cause[service->n_causes++] = (struct sim_cause_result){
            .name = model->cause[c],
            .cause = c,
            .unavailability = ratio(view, of_cause_down, of_time, c),
            .share = at_most_one(ratio(view, of_cause_down, of_down, c)),
            .outages_per_year =
                scaled(ratio(view, of_cause_outages, of_time, c), model->year_s),
        };
    }
    qsort(service->cause, service->n_causes, sizeof *service->cause, compare_causes);
}

/* Longest mean of a law that ages; 0 when all are memoryless. */
static double ageing_s(const struct sim_model *model)
{
    double longest_s = 0.0;

    for (uint32_t d = 0; d < model->n_dists; d++) {
        if (model->dist[d].kind != SIM_DIST_EXPONENTIAL &&
            sim_dist_has_hazard(&model->dist[d])) {
            longest_s = fmax(longest_s, model->dist[d].mean_s);
        }
    }
    return longest_s;
}

static bool forgets_start(const struct view *view, const struct sim_estimate *mttff)
{
    double n_calm = 0.0;

    for (uint32_t i = 0; i < view->n; i++) {
        n_calm += (double)view->batch[i].tally->n_calm;
    }
    return mttff->value > LATE * ageing_s(view->model) &&
           total_of(view, of_hits, 0) < MEMORY_SHARE * n_calm;
}

static void fill_lengths(struct sim_service_result *service, const struct view *view)
{
    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_split_service *from = &view->batch[i].tally->service[view->s];
        for (uint32_t bin = 0; bin < SIM_DURATION_BINS; bin++) {
            service->duration_bin[bin] += from->duration[bin];
        }
        service->n_outages += from->n_outages;
    }
}

static void fill_parts(struct sim_result *result, struct sim_service_result *service,
                       const struct view *view)
{
    service->n_parts = view->n;
    service->part_unavailability =
        sim_arena_calloc(&result->arena, view->n, sizeof *service->part_unavailability);
    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_split_tally *tally = view->batch[i].tally;
        service->part_unavailability[i] =
            tally->time_s > 0.0 ? tally->service[view->s].down_s / tally->time_s : 0.0;
    }
}

static void fill_service(struct sim_result *result, struct view *view)
{
    const struct sim_model *model = view->model;
    struct sim_service_result *service = &result->service[view->s];
    const struct belief belief = judge(view);

    view->widen = belief.widen;
    service->name = model->service[view->s];
    service->is_flagged = belief.is_flagged;
    memcpy(service->why, belief.why, sizeof service->why);
    service->effective_sample_size = belief.health.effective_sample_size;
    service->largest_score_share = belief.health.largest_share;
    service->outages_per_year =
        scaled(ratio(view, of_outages, of_time, 0), model->year_s);
    if (!model->is_absorbing) {
        service->unavailability = at_most_one(ratio(view, of_down, of_time, 0));
        service->failed_share = service->unavailability;
        if (model->degraded != NULL) {
            service->failed_share = at_most_one(ratio(view, of_failed, of_time, 0));
        }
        service->mean_outage_s = ratio(view, of_down, of_outages, 0);
        fill_causes(result, service, view);
    }
    const struct sim_estimate mttff = ratio(view, of_clean_time, of_hits, 0);
    if (mttff.is_known && forgets_start(view, &mttff)) {
        service->mttff_s = mttff;
    }
    fill_lengths(service, view);
    fill_parts(result, service, view);
}

void sim_split_result_fill(struct sim_result *result, const struct sim_model *model,
                           const struct sim_study *study,
                           const struct sim_split_batch *batch, uint32_t n)
{
    result->n_services = model->n_services;
    result->service =
        sim_arena_calloc(&result->arena, model->n_services, sizeof *result->service);
    result->n_replications = n;
    for (uint32_t i = 0; i < n; i++) {
        result->simulated_years += batch[i].tally->time_s / model->year_s;
        result->n_events += batch[i].tally->n_events;
    }
    for (uint32_t s = 0; s < model->n_services; s++) {
        struct view view = {model, batch, n, s, study->confidence, 1.0};
        fill_service(result, &view);
    }
}

void sim_split_result_fill_new(struct sim_result *result, const struct sim_model *model,
                               const struct sim_split_batch *batch, uint32_t n)
{
    for (uint32_t s = 0; s < model->n_services; s++) {
        struct view view = {model, batch, n, s, result->confidence, 1.0};
        struct sim_service_result *service = &result->service[s];
        view.widen = judge(&view).widen;
        if (!model->is_absorbing) {
            service->first_year_unavailability =
                at_most_one(ratio(&view, of_down, of_time, 0));
        }
        service->first_year_outages =
            scaled(ratio(&view, of_outages, of_time, 0), model->year_s);
        service->prob_outage_first_year =
            at_most_one(scaled(ratio(&view, of_hits, of_time, 0), model->year_s));
    }
}

bool sim_split_is_precise(const struct sim_model *model, const struct sim_study *study,
                          const struct sim_split_batch *batch, uint32_t n,
                          double *half_width)
{
    struct view view = {model, batch, n, study->focus, study->confidence, 1.0};
    const struct belief belief = judge(&view);
    const double goal = study->precision / (1.0 + study->precision);

    view.widen = belief.widen;
    const struct sim_estimate e = ratio(&view, of_score(&view), of_time, 0);
    *half_width = sim_relative_half_width(&e);
    if (belief.is_flagged || !(*half_width <= goal)) {
        return false;
    }
    const double all = total_of(&view, of_down, 0);
    for (uint32_t c = 0; study->all_causes && c < model->n_causes; c++) {
        if (total_of(&view, of_cause_down, c) >= CAUSE_SHARE * all) {
            const struct sim_estimate part = ratio(&view, of_cause_down, of_time, c);
            *half_width = fmax(*half_width, sim_relative_half_width(&part));
        }
    }
    return *half_width <= goal;
}
