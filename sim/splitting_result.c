/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From splitting's replications to estimates with intervals, and whether to believe
 * them.
 *
 * Every estimate is a ratio of sums over replications (sim_ratio_estimate): expected
 * downtime over the time of the plain history, and so on. The trials of a replication
 * share entrances, so they count together as one value; replications are independent
 * from calm to calm, and their spread is all that the intervals use.
 *
 * An estimate is flagged when few replications reached the outage, or when few of
 * those carry its sum: then the spread itself is not known yet.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check.h"
#include "sim/diagnose.h"
#include "sim/splitting.h"

#define MIN_HITS 20 /* replications that must reach the outage */
#define MIN_ESS  16.0

#define AT(field) offsetof(struct sim_split_rep, field)

/* The ratio of two sums over replications, each of the number at an offset. */
static struct sim_estimate ratio_of(const struct sim_split_reps *reps, size_t y,
                                    size_t x)
{
    double *ys = calloc(reps->n, sizeof *ys);
    double *xs = calloc(reps->n, sizeof *xs);

    SIM_CHECK(ys != NULL && xs != NULL);
    for (uint64_t i = 0; i < reps->n; i++) {
        const char *rep = (const char *)&reps->rep[i];
        memcpy(&ys[i], rep + y, sizeof *ys);
        memcpy(&xs[i], rep + x, sizeof *xs);
    }
    const struct sim_estimate e =
        sim_ratio_estimate((uint32_t)reps->n, ys, xs, reps->study->confidence, 1.0);
    free(ys);
    free(xs);
    return e;
}

static struct sim_estimate per_year(struct sim_estimate e, double year_s)
{
    e.value *= year_s;
    e.low *= year_s;
    e.high *= year_s;
    return e;
}

static struct sim_estimate inverse(struct sim_estimate e)
{
    const struct sim_estimate i = {1.0 / e.value, 1.0 / e.high,
                                   e.low > 0.0 ? 1.0 / e.low : HUGE_VAL,
                                   e.is_known && e.value > 0.0};
    return i;
}

static void fill_health(const struct sim_split_reps *reps,
                        struct sim_service_result *service)
{
    struct sim_scores *scores = calloc(1, sizeof *scores);
    double with_hits = 0.0;

    SIM_CHECK(scores != NULL);
    for (uint64_t i = 0; i < reps->n; i++) {
        const struct sim_split_rep *rep = &reps->rep[i];
        const double score = reps->model->is_absorbing ? rep->hits : rep->down_s;
        sim_scores_add(scores, score);
        with_hits += score > 0.0;
        service->n_outages += rep->n_outages;
    }
    const struct sim_health health = sim_health_read(scores, 1);
    service->effective_sample_size = health.effective_sample_size;
    service->largest_score_share = health.largest_share;
    if (with_hits < MIN_HITS || health.effective_sample_size < MIN_ESS) {
        service->is_flagged = true;
        snprintf(service->why, sizeof service->why,
                 "%.0f of %llu replications reached an outage, %.0f of them carry the "
                 "estimate",
                 with_hits, (unsigned long long)reps->n, health.effective_sample_size);
    }
    free(scores);
}

static int compare_causes(const void *a, const void *b)
{
    const double x = ((const struct sim_cause_result *)a)->unavailability.value;
    const double y = ((const struct sim_cause_result *)b)->unavailability.value;

    return (x < y) - (x > y);
}

static void fill_causes(const struct sim_split_reps *reps, struct sim_result *result,
                        struct sim_service_result *service)
{
    const struct sim_model *model = reps->model;

    service->cause =
        sim_arena_calloc(&result->arena, model->n_causes + 1, sizeof *service->cause);
    for (uint32_t c = 0; c < model->n_causes; c++) {
        const size_t down = AT(cause_down_s) + c * sizeof(double);
        const size_t times = AT(cause_outages) + c * sizeof(double);
        struct sim_cause_result one = {.name = model->cause[c], .cause = c};
        one.unavailability = ratio_of(reps, down, AT(time_s));
        one.share = ratio_of(reps, down, AT(down_s));
        one.share.high = fmin(one.share.high, 1.0);
        one.outages_per_year =
            per_year(ratio_of(reps, times, AT(time_s)), model->year_s);
        if (one.unavailability.value > 0.0 || one.outages_per_year.value > 0.0) {
            service->cause[service->n_causes++] = one;
        }
    }
    qsort(service->cause, service->n_causes, sizeof *service->cause, compare_causes);
}

static void fill_parts(const struct sim_split_reps *reps, struct sim_result *result,
                       struct sim_service_result *service)
{
    service->n_parts = (uint32_t)reps->n;
    service->part_unavailability =
        sim_arena_calloc(&result->arena, reps->n, sizeof *service->part_unavailability);
    for (uint64_t i = 0; i < reps->n; i++) {
        const struct sim_split_rep *rep = &reps->rep[i];
        service->part_unavailability[i] =
            rep->time_s > 0.0 ? rep->down_s / rep->time_s : 0.0;
    }
}

void sim_split_result_fill(const struct sim_split_reps *reps, struct sim_result *result)
{
    const struct sim_model *model = reps->model;

    result->n_services = model->n_services;
    result->service =
        sim_arena_calloc(&result->arena, model->n_services, sizeof *result->service);
    result->n_replications = reps->n;
    for (uint64_t i = 0; i < reps->n; i++) {
        result->simulated_years += reps->rep[i].time_s / model->year_s;
        result->n_events += reps->rep[i].n_events;
    }
    for (uint32_t s = 0; s < model->n_services; s++) {
        result->service[s].name = model->service[s];
    }
    struct sim_service_result *service = &result->service[reps->study->focus];
    service->outages_per_year =
        per_year(ratio_of(reps, AT(outages), AT(time_s)), model->year_s);
    service->mttff_s = inverse(ratio_of(reps, AT(hits), AT(clean_s)));
    if (!model->is_absorbing) {
        service->unavailability = ratio_of(reps, AT(down_s), AT(time_s));
        service->unavailability.high = fmin(service->unavailability.high, 1.0);
        service->failed_share = model->degraded == NULL ? service->unavailability
                                                        : (struct sim_estimate){0};
        service->mean_outage_s = ratio_of(reps, AT(down_s), AT(outages));
        fill_causes(reps, result, service);
    }
    fill_health(reps, service);
    fill_parts(reps, result, service);
}

struct sim_estimate sim_split_estimate(const struct sim_split_reps *reps)
{
    return ratio_of(reps, reps->model->is_absorbing ? AT(hits) : AT(down_s),
                    AT(time_s));
}
