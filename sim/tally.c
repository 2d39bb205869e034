/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Collecting: records of single histories become running statistics. Turning those
 * into estimates is sim/estimate.c.
 *
 * Kept per service: a series per quantity (mean, spread, hits, largest over
 * replications), pairs where a ratio is wanted (duration = length / number; share of a
 * cause = its downtime / all downtime), the histogram of durations, the downtime of
 * every window that had any, and the downtime of every replication, which paired
 * comparisons need.
 */
#include "sim/tally.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_values_add(struct sim_values *values, double x)
{
    if (values->n == values->capacity) {
        size_t capacity = values->capacity == 0 ? 256 : 2 * values->capacity;
        double *grown = realloc(values->value, capacity * sizeof(*grown));

        if (grown == NULL) {
            fprintf(stderr, "nines: out of memory: %zu values were asked for\n",
                    capacity);
            exit(1);
        }
        values->value = grown;
        values->capacity = capacity;
    }
    values->value[values->n++] = x;
}

void sim_values_release(struct sim_values *values)
{
    free(values->value);
    *values = (struct sim_values){0};
}

void sim_tally_init(struct sim_tally *tally, const struct sim_model *model,
                    const struct sim_study *study, double measured_s)
{
    *tally =
        (struct sim_tally){.model = model, .study = study, .measured_s = measured_s};
    sim_arena_init(&tally->arena);
    tally->service =
        sim_arena_calloc(&tally->arena, model->n_services, sizeof(*tally->service));
    for (uint32_t s = 0; s < model->n_services; s++) {
        tally->service[s].cause = sim_arena_calloc(
            &tally->arena, (size_t)model->n_causes + 1, sizeof(struct sim_cause_tally));
    }
    if (study->sensitivity) {
        sim_sense_plan_init(&tally->sense_plan, &tally->arena, model, study->focus);
        sim_sense_tally_init(&tally->sense, &tally->arena, &tally->sense_plan);
    }
}

void sim_tally_release(struct sim_tally *tally)
{
    for (uint32_t s = 0; s < tally->model->n_services; s++) {
        sim_values_release(&tally->service[s].window_down_s);
        sim_values_release(&tally->service[s].part_down_s);
    }
    sim_arena_clear(&tally->arena);
}

static void add_windows(struct sim_service_tally *t, double budget_s,
                        const struct sim_history_plan *plan,
                        const struct sim_service_record *r)
{
    for (uint32_t w = 0; w < plan->n_windows; w++) {
        if (r->window_down_s[w] > 0.0) {
            sim_values_add(&t->window_down_s, r->window_down_s[w]);
        }
        t->n_windows_met += r->window_down_s[w] <= budget_s;
    }
    t->n_windows += plan->n_windows;
}

static void add_service(struct sim_service_tally *t, const struct sim_model *model,
                        const struct sim_service_record *r)
{
    double down_s = sim_sum_value(&r->down_s);
    double n_outages = (double)r->n_outages;

    sim_series_add(&t->down_s, down_s);
    sim_series_add(&t->failed_s,
                   model->degraded != NULL ? sim_sum_value(&r->failed_s) : down_s);
    sim_series_add(&t->outages, n_outages);
    sim_pair_add(&t->duration, r->duration_s, n_outages);
    t->n_outages += r->n_outages;
    sim_sum_add(&t->duration_s, r->duration_s);
    sim_sum_add(&t->duration_sq, r->duration_sq);
    t->longest_s = r->longest_s > t->longest_s ? r->longest_s : t->longest_s;
    sim_values_add(&t->part_down_s, down_s);
    for (uint32_t c = 0; c <= model->n_causes; c++) {
        sim_pair_add(&t->cause[c].down_s, r->cause_down_s[c], down_s);
        sim_series_add(&t->cause[c].outages, r->cause_outages[c]);
    }
    for (uint32_t b = 0; b < SIM_DURATION_BINS; b++) {
        t->duration_bin[b] += r->duration_bin[b];
    }
}

void sim_tally_add(struct sim_tally *tally, const struct sim_history_plan *plan,
                   const struct sim_record *record)
{
    tally->n_replications++;
    tally->n_events += record->n_events;
    for (uint32_t s = 0; s < tally->model->n_services; s++) {
        add_service(&tally->service[s], tally->model, &record->service[s]);
        add_windows(&tally->service[s], tally->study->budget_s, plan,
                    &record->service[s]);
    }
    if (plan->sense != NULL) {
        sim_sense_tally_add(&tally->sense, record->sense);
    }
}

/* A history meant to be watched from new for watched_s, or until its first outage: what
 * it says does not depend on when it was left. */
static void add_watched(struct sim_service_tally *t, double year_s, double watched_s,
                        double first_at_s)
{
    static const double years[3] = {1.0, 5.0, 10.0};
    const bool is_seen = first_at_s >= 0.0 && first_at_s < watched_s;
    const double until_s = is_seen ? first_at_s : watched_s;
    const double early_s = 5.0 * year_s;

    for (int i = 0; i < 3; i++) {
        if (watched_s >= years[i] * year_s) {
            t->n_watched[i]++;
            t->n_within[i] += is_seen && first_at_s < years[i] * year_s;
        }
    }
    if (watched_s >= 2.0 * early_s) {
        sim_sum_add(&t->early_s, fmin(until_s, early_s));
        sim_sum_add(&t->late_s, fmax(until_s - early_s, 0.0));
        t->n_late += is_seen && first_at_s >= early_s;
    }
}

void sim_tally_add_first_year(struct sim_tally *tally,
                              const struct sim_history_plan *plan,
                              const struct sim_record *record)
{
    tally->n_first++;
    tally->n_events += record->n_events;
    for (uint32_t s = 0; s < tally->model->n_services; s++) {
        struct sim_service_tally *t = &tally->service[s];
        const struct sim_service_record *r = &record->service[s];

        sim_series_add(&t->first_down_s, sim_sum_value(&r->down_s));
        sim_series_add(&t->first_outages, (double)r->n_outages);
        t->n_first_hit += r->n_outages > 0;
        if (r->first_at_s >= 0.0) {
            sim_series_add(&t->first_at_s, r->first_at_s);
        } else {
            t->n_first_unseen++;
        }
        if (s == plan->await) {
            add_watched(t, tally->model->year_s, fmax(plan->to_s, plan->await_until_s),
                        r->first_at_s);
        }
    }
}
