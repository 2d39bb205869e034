/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From tallies to estimates. Which interval goes where:
 *
 *   unavailability, failed share   mean over replications (sim_interval_mean); with
 *                                  fewer than ten replications from single outages
 *   outage frequency               the same on counts; chi-square for few replications
 *   mean outage                    ratio length / number; chi-square (as if
 * exponential) while fewer than ten outages were seen windows inside the SLO
 * Clopper-Pearson cause                          mean, and its share of the downtime as
 * a ratio nothing seen                   value 0; upper end from "no window of n had
 * any", 1 - (1 - confidence)^(1/n), about 3/n at 95 %
 *
 * The bound for "nothing seen" supposes nothing about how long an outage would have
 * been, so it is wide; that is what the data say.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check.h"
#include "sim/tally.h"

#define FEW_REPLICATIONS 10
#define FEW_OUTAGES      10
#define FEW_EVENTS       20
#define MEMORIES         3.0 /* means of a law, after which the start is forgotten */
/* More windows than this are handed on as weighted quantiles. */
#define MAX_WINDOWS 65536

/* Upper bound for a fraction of time that was always 0 in n equal stretches. */
static double bound_of_nothing(uint64_t n, double confidence)
{
    return n == 0 ? 1.0 : -expm1(log1p(-confidence) / (double)n);
}

static uint64_t n_stretches(const struct sim_tally *tally,
                            const struct sim_service_tally *t)
{
    return t->n_windows > tally->n_replications ? t->n_windows : tally->n_replications;
}

/*
 * When events were few, the interval of a mean over replications does not know how
 * unlike the next event may be: widen it. With fewer than ten replications, single
 * outages take the place of replications.
 */
static struct sim_estimate widen_for_few(const struct sim_service_tally *t,
                                         const struct sim_series *series,
                                         struct sim_estimate e, double confidence)
{
    double alone_s = sim_sum_value(&t->duration_s);
    uint64_t n_events = series->n_nonzero;

    if (series->n < FEW_REPLICATIONS && alone_s > 0.0) {
        struct sim_estimate g = sim_interval_gamma(
            alone_s, sim_sum_value(&t->duration_sq), t->longest_s, confidence);

        g = sim_estimate_scale(g, e.value / alone_s);
        g.value = e.value;
        e = g;
        n_events = t->n_outages;
    } else if (2 * series->n_nonzero >= series->n) {
        return e;
    }
    if (n_events > 0 && n_events < FEW_EVENTS) {
        e = sim_interval_hull(e,
                              sim_interval_few(e.value, (double)n_events, confidence));
    }
    return e;
}

/* A fraction of time, in 0..1, from total times per replication. */
static struct sim_estimate fraction(const struct sim_tally *tally,
                                    const struct sim_service_tally *t,
                                    const struct sim_series *series)
{
    double confidence = tally->study->confidence;
    double bound = bound_of_nothing(n_stretches(tally, t), confidence);
    struct sim_estimate e =
        sim_interval_mean(series, bound * tally->measured_s, confidence);

    if (e.value > 0.0) {
        e = widen_for_few(t, series, e, confidence);
    }
    e = sim_estimate_scale(e, 1.0 / tally->measured_s);
    e.value = fmin(e.value, 1.0);
    e.high = fmin(e.high, 1.0);
    if (e.value > 1.0 - 1e-12) { /* never seen up: the bound, mirrored */
        e.low = fmin(e.low, 1.0 - bound);
        e.high = 1.0;
    }
    return e;
}

struct sim_estimate sim_tally_unavailability(const struct sim_tally *tally,
                                             uint32_t service)
{
    const struct sim_service_tally *t = &tally->service[service];

    return fraction(tally, t, &t->down_s);
}

struct sim_estimate sim_tally_cause(const struct sim_tally *tally, uint32_t service,
                                    uint32_t cause)
{
    const struct sim_service_tally *t = &tally->service[service];

    return fraction(tally, t, &t->cause[cause].down_s.x);
}

static struct sim_estimate per_year(const struct sim_tally *tally,
                                    const struct sim_series *series)
{
    double confidence = tally->study->confidence;
    double years = tally->measured_s / tally->model->year_s;
    double count = sim_sum_value(&series->sum);

    if (series->n < FEW_REPLICATIONS || count < FEW_OUTAGES) {
        return sim_interval_rate((uint64_t)llround(count), (double)series->n * years,
                                 confidence);
    }
    return sim_estimate_scale(sim_interval_mean(series, 0.0, confidence), 1.0 / years);
}

static struct sim_estimate mean_outage(const struct sim_service_tally *t,
                                       double confidence)
{
    double n = (double)t->n_outages;
    double sum_s = sim_sum_value(&t->duration_s);
    double tail = 0.5 * (1.0 - confidence);

    if (t->n_outages == 0 || !(sum_s > 0.0)) {
        return sim_estimate_unknown();
    }
    if (t->n_outages < FEW_OUTAGES) {
        return (struct sim_estimate){
            .value = sum_s / n,
            .low = 2.0 * sum_s / gsl_cdf_chisq_Qinv(tail, 2.0 * n),
            .high = 2.0 * sum_s / gsl_cdf_chisq_Pinv(tail, 2.0 * n),
            .is_known = true,
        };
    }
    if (t->duration.x.n < FEW_REPLICATIONS) { /* single outages, as if independent */
        double mean_s = sum_s / n;
        double spread = sim_sum_value(&t->duration_sq) / n - mean_s * mean_s;

        return sim_interval_log_t(mean_s, fmax(spread, 0.0) / (n - 1.0), n - 1.0,
                                  confidence);
    }
    return sim_interval_ratio(&t->duration, confidence);
}

/* ---- First year ----------------------------------------------------------- */

struct sim_estimate sim_tally_first_year(const struct sim_tally *tally,
                                         uint32_t service)
{
    const struct sim_service_tally *t = &tally->service[service];
    double bound = bound_of_nothing(tally->n_first, tally->study->confidence);
    double year_s = tally->model->year_s;
    struct sim_estimate e =
        sim_interval_mean(&t->first_down_s, bound * year_s, tally->study->confidence);

    e = sim_estimate_scale(e, 1.0 / year_s);
    e.high = fmin(e.high, 1.0);
    return e;
}

/* Longest mean of a law with memory; 0 when all are exponential. */
static double longest_memory(const struct sim_model *model)
{
    double longest_s = 0.0;

    for (uint32_t d = 0; d < model->n_dists; d++) {
        if (model->dist[d].kind != SIM_DIST_EXPONENTIAL) {
            longest_s = fmax(longest_s, model->dist[d].mean_s);
        }
    }
    return longest_s;
}

/*
 * Mean time to the first outage: over histories when each was watched until then. Else
 * from those watched for ten years or more: the time spent in the first five, and from
 * then on a constant rate, if no law remembers the start for so long.
 */
static struct sim_estimate first_outage(const struct sim_tally *tally,
                                        const struct sim_service_tally *t)
{
    const double confidence = tally->study->confidence;
    const double n = (double)t->n_watched[2];
    const double early_s = sim_sum_value(&t->early_s);
    const double late_s = sim_sum_value(&t->late_s);

    if (t->n_first_unseen == 0) {
        return sim_interval_mean(&t->first_at_s, 0.0, confidence);
    }
    if (t->n_late == 0 ||
        MEMORIES * longest_memory(tally->model) > 5.0 * tally->model->year_s) {
        return sim_estimate_unknown();
    }
    const double left = 1.0 - (double)t->n_within[1] / n; /* after five years */
    const struct sim_estimate rate = sim_interval_rate(t->n_late, late_s, confidence);

    return (struct sim_estimate){.value = early_s / n + left / rate.value,
                                 .low = early_s / n + left / rate.high,
                                 .high = early_s / n + left / rate.low,
                                 .is_known = true};
}

void sim_tally_fill_first_outage(const struct sim_tally *tally, uint32_t service,
                                 struct sim_service_result *out)
{
    const struct sim_service_tally *t = &tally->service[service];
    struct sim_estimate *within[3] = {&out->prob_outage_first_year,
                                      &out->prob_outage_5y, &out->prob_outage_10y};

    out->mttff_s = first_outage(tally, t);
    for (int i = 0; i < 3; i++) {
        *within[i] = sim_interval_share(t->n_within[i], t->n_watched[i],
                                        tally->study->confidence);
    }
}

static void fill_first_year(const struct sim_tally *tally, uint32_t service,
                            struct sim_service_result *out)
{
    const struct sim_service_tally *t = &tally->service[service];
    double confidence = tally->study->confidence;

    if (tally->n_first == 0) {
        return; /* all fields zero: unknown */
    }
    out->first_year_unavailability = sim_tally_first_year(tally, service);
    out->first_year_outages = sim_interval_mean(
        &t->first_outages, -log1p(-confidence) / (double)tally->n_first, confidence);
    out->prob_outage_first_year =
        sim_interval_share(t->n_first_hit, tally->n_first, confidence);
    out->mttff_s = first_outage(tally, t);
    if (service == tally->study->focus) {
        sim_tally_fill_first_outage(tally, service, out);
    }
}

/* ---- Windows and parts ---------------------------------------------------- */

static int compare_doubles(const void *left, const void *right)
{
    double x = *(const double *)left;
    double y = *(const double *)right;

    return (x > y) - (x < y);
}

/* Too many windows to hand on one by one: zeros in one entry, the others in groups of
 * neighbours, each with its mean and its number as weight. */
static void thin_windows(struct sim_service_result *out, struct sim_arena *arena,
                         const double *ascending, size_t n, uint64_t n_zero)
{
    size_t per_group = n / (MAX_WINDOWS / 2) + 1;
    size_t n_groups = (n + per_group - 1) / per_group;

    out->window_downtime_s = sim_arena_calloc(arena, n_groups + 1, sizeof(double));
    out->window_weight = sim_arena_calloc(arena, n_groups + 1, sizeof(double));
    out->window_weight[0] = (double)n_zero;
    for (size_t g = 0; g < n_groups; g++) {
        size_t from = g * per_group;
        size_t to = from + per_group < n ? from + per_group : n;
        double sum = 0.0;

        for (size_t i = from; i < to; i++) {
            sum += ascending[i];
        }
        out->window_downtime_s[g + 1] = sum / (double)(to - from);
        out->window_weight[g + 1] = (double)(to - from);
    }
    out->n_windows = (uint32_t)(n_groups + 1);
}

static void fill_windows(const struct sim_service_tally *t, struct sim_arena *arena,
                         struct sim_service_result *out)
{
    size_t n = t->window_down_s.n;
    uint64_t n_zero = t->n_windows - n;
    double *ascending = sim_arena_calloc(arena, n, sizeof(double));

    if (n > 0) {
        memcpy(ascending, t->window_down_s.value, n * sizeof(double));
        qsort(ascending, n, sizeof(double), compare_doubles);
    }
    if (t->n_windows > MAX_WINDOWS) {
        thin_windows(out, arena, ascending, n, n_zero);
        return;
    }
    out->n_windows = (uint32_t)t->n_windows;
    out->window_downtime_s = sim_arena_calloc(arena, t->n_windows, sizeof(double));
    if (n > 0) {
        memcpy(out->window_downtime_s + n_zero, ascending, n * sizeof(double));
    }
}

static void fill_parts(const struct sim_tally *tally, const struct sim_service_tally *t,
                       struct sim_arena *arena, struct sim_service_result *out)
{
    out->n_parts = (uint32_t)t->part_down_s.n;
    out->part_unavailability = sim_arena_calloc(arena, out->n_parts, sizeof(double));
    for (uint32_t i = 0; i < out->n_parts; i++) {
        out->part_unavailability[i] = t->part_down_s.value[i] / tally->measured_s;
    }
}

/* ---- Causes --------------------------------------------------------------- */

static void fill_causes(const struct sim_tally *tally, uint32_t service,
                        struct sim_arena *arena, struct sim_service_result *out)
{
    const struct sim_model *model = tally->model;
    const struct sim_service_tally *t = &tally->service[service];

    out->cause =
        sim_arena_calloc(arena, (size_t)model->n_causes + 1, sizeof(*out->cause));
    for (uint32_t c = 0; c <= model->n_causes; c++) {
        bool is_named = c < model->n_causes;

        if (t->cause[c].down_s.x.n_nonzero == 0 && t->cause[c].outages.n_nonzero == 0) {
            continue;
        }
        out->cause[out->n_causes++] = (struct sim_cause_result){
            .name = is_named ? model->cause[c] : "unattributed",
            .cause = is_named ? c : SIM_NO_CAUSE,
            .unavailability = sim_tally_cause(tally, service, c),
            .share =
                sim_interval_share_of(&t->cause[c].down_s, tally->study->confidence),
            .outages_per_year = per_year(tally, &t->cause[c].outages),
        };
    }
    sim_causes_sort(out);
}

/* ---- Sensitivity ---------------------------------------------------------- */

/* As many outages of equal length would tell as much about the downtime. */
static double effective_outages(const struct sim_service_tally *t)
{
    const double sum_s = sim_sum_value(&t->duration_s);
    const double sum_sq = sim_sum_value(&t->duration_sq);

    return sum_sq > 0.0 ? sum_s * sum_s / sum_sq : 0.0;
}

static void fill_sensitivity(const struct sim_tally *tally, struct sim_result *result)
{
    struct sim_service_result *focus = &result->service[tally->study->focus];
    const struct sim_sense_sample sample = {
        .sums = tally->sense.sums,
        .n = tally->sense.n,
        .effective = effective_outages(&tally->service[tally->study->focus]),
        .unseen_down = sim_estimate_relative_half_width(focus->unavailability),
        .unseen_outages = sim_estimate_relative_half_width(focus->outages_per_year),
        .confidence = tally->study->confidence,
        .widen = 1.0,
    };

    sim_sense_fill(&tally->sense_plan, &sample, &result->arena, focus);
}

/* ---- All of it ------------------------------------------------------------ */

static void fill_long_run(const struct sim_tally *tally, uint32_t service,
                          struct sim_arena *arena, struct sim_service_result *out)
{
    const struct sim_service_tally *t = &tally->service[service];
    double confidence = tally->study->confidence;

    out->unavailability = sim_tally_unavailability(tally, service);
    out->failed_share = fraction(tally, t, &t->failed_s);
    out->outages_per_year = per_year(tally, &t->outages);
    out->mean_outage_s = mean_outage(t, confidence);
    if (tally->study->budget_s >= 0.0) {
        out->slo_met_share =
            sim_interval_share(t->n_windows_met, t->n_windows, confidence);
    }
    out->n_outages = t->n_outages;
    fill_causes(tally, service, arena, out);
    fill_windows(t, arena, out);
    fill_parts(tally, t, arena, out);
    memcpy(out->duration_bin, t->duration_bin, sizeof(out->duration_bin));
}

void sim_tally_fill(const struct sim_tally *tally, struct sim_result *result)
{
    const struct sim_model *model = tally->model;

    result->n_services = model->n_services;
    result->service =
        sim_arena_calloc(&result->arena, model->n_services, sizeof(*result->service));
    result->n_events = tally->n_events;
    result->n_replications = tally->n_replications;
    result->simulated_years =
        (double)tally->n_replications * tally->measured_s / model->year_s;
    if (tally->n_replications == 0) { /* first-year histories only (loss) */
        result->n_replications = tally->n_first;
        result->simulated_years = (double)tally->n_first;
    }
    for (uint32_t s = 0; s < model->n_services; s++) {
        result->service[s].name = model->service[s];
        if (tally->n_replications > 0) {
            fill_long_run(tally, s, &result->arena, &result->service[s]);
        }
        fill_first_year(tally, s, &result->service[s]);
    }
    if (tally->study->sensitivity && tally->n_replications > 0) {
        fill_sensitivity(tally, result);
    }
}
