/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From tallies of batches to estimates with intervals, and whether to believe them.
 *
 * Every estimate is a ratio of sums over batches (sim_ratio_estimate): weighted
 * downtime over main-path time, and so on. Batches are independent histories, so the
 * spread over them carries all correlations; chance in the number of exits is taken
 * out.
 *
 * Belief is gated by the scores themselves (sim/diagnose.h). A service is flagged,
 * with the reason in words and its interval widened, when too few excursions carry the
 * sum, when one of them carries much of it, when the largest look like a law without
 * variance, when the two halves of the run contradict each other, or when the weights
 * of complete excursions add up to more than their number (they have mean 1; a
 * deficit is normal while heavy weights are unseen, an excess is a mistake).
 *
 * Downtime in a window of time T: excursions with an outage arrive nearly as a Poisson
 * process, so the law of the sum is compound Poisson with the weighted law of an
 * excursion's downtime. The law is laid down as one atom at zero and a fixed sample of
 * the rest; the share of windows within the budget counts single excursions exactly
 * (they were compared with the budget one by one) and takes only the sums of two and
 * more from the sample.
 *
 * Mean time to the first outage: with H the weighted excursions that hit and T the time
 * not spent after a first hit, T / H (cycles from calm to calm: Goyal et al., IEEE
 * Trans. Computers 41, 1992). Exact when calm is a fresh start; given only when first
 * outages are so far away that the start is forgotten.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/bias.h"

/* Stopping when the spread looks small picks spreads that are too small: without this
 * 93.1 % of 1,080 intervals covered, of 95 % (tests/soak). */
#define BY_LOOKING   1.06
#define MIN_ESS      100.0
#define MAX_SHARE    0.10
#define MAX_TAIL     0.70
#define FIRST_TAIL   0.50 /* from here on the interval is widened */
#define MAX_UNSEEN   0.10
#define HALVES_Z     4.0
#define EXCESS_Z     5.0
#define CAUSE_SHARE  0.01
#define MEMORY_SHARE 0.01  /* of exits with an outage, for the start to be forgotten */
#define LAW_MOST     200.0 /* hits in a window up to which the law is sampled */

/* One number per batch. */
typedef double (*batch_fn)(const struct sim_bias_batch *batch, uint32_t s, uint32_t c);

static double of_time(const struct sim_bias_batch *batch, uint32_t s, uint32_t c)
{
    (void)s;
    (void)c;
    return batch->tally->time_s;
}

/* A number of the service that needs no more than its name. */
#define OF_SERVICE(name, field)                                                        \
    static double of_##name(const struct sim_bias_batch *batch, uint32_t s,            \
                            uint32_t c)                                                \
    {                                                                                  \
        (void)c;                                                                       \
        return batch->tally->service[s].field;                                         \
    }
OF_SERVICE(down, down_s)
OF_SERVICE(failed, failed_s)
OF_SERVICE(outages, outages)
OF_SERVICE(hits, hits)
OF_SERVICE(over, over)
OF_SERVICE(first, first)
OF_SERVICE(early, early)

static double of_clean_time(const struct sim_bias_batch *batch, uint32_t s, uint32_t c)
{
    (void)c;
    return batch->tally->time_s - batch->tally->service[s].after_s;
}

static double of_cause_down(const struct sim_bias_batch *batch, uint32_t s, uint32_t c)
{
    return batch->tally->service[s].cause_down_s[c];
}

static double of_cause_outages(const struct sim_bias_batch *batch, uint32_t s,
                               uint32_t c)
{
    return batch->tally->service[s].cause_outages[c];
}

/* What all estimates of one service share. */
struct view {
    const struct sim_bias_batch *batch;
    uint32_t n;
    uint32_t s;
    double confidence;
    double widen;
    bool is_absorbing;
};

/* Takes chance in the number of exits out; first years, which expect none, stay. */
static void control(const struct view *view, double *y)
{
    double time_s[SIM_BIAS_MAX_BATCHES];
    double surplus[SIM_BIAS_MAX_BATCHES];

    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_bias_tally *t = view->batch[i].tally;
        time_s[i] = t->time_s;
        surplus[i] = t->n_expected > 0.0 ? t->n_failures - t->n_expected : 0.0;
    }
    sim_control_variate(view->n, y, time_s, surplus);
}

static struct sim_estimate ratio(const struct view *view, batch_fn y, batch_fn x,
                                 uint32_t c)
{
    double ys[SIM_BIAS_MAX_BATCHES];
    double xs[SIM_BIAS_MAX_BATCHES];

    for (uint32_t i = 0; i < view->n; i++) {
        ys[i] = y(&view->batch[i], view->s, c);
        xs[i] = x(&view->batch[i], view->s, c);
    }
    control(view, ys);
    control(view, xs);
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
        sum += f(&view->batch[i], view->s, c);
    }
    return sum;
}

/* ---- Belief ---- */

struct belief {
    struct sim_health health;
    double widen;
    bool is_flagged;
    char why[256];
};

static struct sim_health read_health(const struct view *view)
{
    struct sim_scores scores[SIM_BIAS_MAX_BATCHES];

    for (uint32_t i = 0; i < view->n; i++) {
        scores[i] = view->batch[i].tally->service[view->s].scores;
    }
    return sim_health_read(scores, view->n);
}

/* Do the first and the second half of the batches tell the same? In z units. */
static double halves_disagree(const struct view *view, batch_fn y)
{
    struct view half = *view;

    half.widen = 1.0;
    half.n = view->n / 2;
    const struct sim_estimate a = ratio(&half, y, of_time, 0);
    half.batch = view->batch + half.n;
    const struct sim_estimate b = ratio(&half, y, of_time, 0);
    if (!(a.value > 0.0) || !(b.value > 0.0)) {
        return HUGE_VAL;
    }
    /* Both intervals are about +-2 standard errors on the log scale. */
    const double se = 0.5 * hypot(log(a.high / a.value), log(b.high / b.value));
    return se > 0.0 ? fabs(log(a.value / b.value)) / se : 0.0;
}

/* By how many standard errors the mean weight of excursions exceeds 1. */
static double weight_excess(const struct view *view)
{
    double n = 0.0;
    double sum = 0.0;
    double sum2 = 0.0;

    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_bias_tally *tally = view->batch[i].tally;
        n += (double)tally->n_copies;
        sum += tally->ratio_sum;
        sum2 += tally->ratio_sum2;
    }
    const double mean = sum / n;
    const double var = sum2 / n - mean * mean;
    return var > 0.0 ? (mean - 1.0) / sqrt(var / n) : 0.0;
}

/* The first doubt gives the reason, all of them widen. */
__attribute__((format(printf, 3, 4))) static void
doubt(struct belief *belief, double widen, const char *fmt, ...)
{
    belief->widen *= widen;
    if (!belief->is_flagged) {
        va_list args;

        belief->is_flagged = true;
        va_start(args, fmt);
        vsnprintf(belief->why, sizeof belief->why, fmt, args);
        va_end(args);
    }
}

/* What the scores of the view's service add up to. */
static batch_fn of_score(const struct view *view)
{
    return view->is_absorbing ? of_hits : of_down;
}

/* A score as large as one that may well be missing, as a share of the sum: in n draws
 * from a Pareto tail the largest is exceeded 4^k-fold once in four times. */
static double unseen_share(const struct sim_health *health)
{
    if (!(health->tail_index > FIRST_TAIL)) {
        return 0.0;
    }
    return health->largest_share * pow(4.0, health->tail_index);
}

static struct belief judge(const struct view *view)
{
    struct belief belief = {.health = read_health(view), .widen = BY_LOOKING};
    const struct sim_health *health = &belief.health;

    if (health->n_hits == 0) {
        doubt(&belief, 1.0, "no excursion reached an outage");
        return belief;
    }
    const double unseen = unseen_share(health);
    const struct sim_estimate e = ratio(view, of_score(view), of_time, 0);
    if (unseen > 0.0 && e.value > 0.0) {
        belief.widen *= hypot(1.0, unseen / log(e.high / e.value));
    }
    if (health->effective_sample_size < MIN_ESS) {
        doubt(&belief, sqrt(MIN_ESS / health->effective_sample_size),
              "only %.0f effective excursions carry the estimate",
              health->effective_sample_size);
    }
    if (health->largest_share > MAX_SHARE) {
        doubt(&belief, 1.0 + 5.0 * health->largest_share,
              "one excursion carries %.0f %% of the estimate",
              100.0 * health->largest_share);
    }
    if (health->tail_index > MAX_TAIL && unseen > MAX_UNSEEN) {
        doubt(&belief, 1.5,
              "the largest weights have a heavy tail (Pareto k = %.2f): parts of the "
              "downtime may be unseen",
              health->tail_index);
    }
    const double z = halves_disagree(view, of_score(view));
    if (z > HALVES_Z && isfinite(z)) {
        doubt(&belief, z / 2.0,
              "the two halves of the run differ by %.1f standard errors", z);
    }
    const double excess = weight_excess(view);
    if (excess > EXCESS_Z) {
        doubt(&belief, 2.0,
              "the mean weight exceeds 1 by %.1f standard errors: please report this",
              excess);
    }
    return belief;
}

/* ---- Law of downtime per window ---- */

static double gather_law(const struct view *view, struct sim_bias_law *law)
{
    double sum = 0.0;

    for (uint32_t bin = 0; bin < SIM_DOWNTIME_BINS; bin++) {
        double w = 0.0;
        double ws = 0.0;
        for (uint32_t i = 0; i < view->n; i++) {
            w += view->batch[i].tally->service[view->s].total[bin];
            ws += view->batch[i].tally->service[view->s].total_s[bin];
        }
        sum += w;
        law->weight[bin] = sum;
        law->mean_s[bin] = w > 0.0 ? ws / w : 0.0;
    }
    for (uint32_t bin = 0; bin < SIM_DOWNTIME_BINS && sum > 0.0; bin++) {
        law->weight[bin] /= sum;
    }
    return sum;
}

static void fill_law(struct sim_result *result, struct sim_service_result *service,
                     const struct view *view)
{
    struct sim_bias_law law;
    const double hits = total_of(view, of_hits, 0);
    const double mean = hits / total_of(view, of_time, 0) * result->window_s;

    if (!(gather_law(view, &law) > 0.0) || !(mean > 0.0) || mean > LAW_MOST) {
        return;
    }
    double *atom_s =
        sim_arena_calloc(&result->arena, SIM_BIAS_ATOMS + 1, sizeof *atom_s);
    double *weight =
        sim_arena_calloc(&result->arena, SIM_BIAS_ATOMS + 1, sizeof *weight);
    double many_share = 0.0;
    double many_over = 0.0;
    sim_bias_law_sample(&law, mean, result->budget_s, atom_s + 1, &many_share,
                        &many_over);
    const double some = -expm1(-mean);
    weight[0] = exp(-mean);
    for (uint32_t i = 1; i <= SIM_BIAS_ATOMS; i++) {
        weight[i] = some / SIM_BIAS_ATOMS;
    }
    service->n_windows = SIM_BIAS_ATOMS + 1;
    service->window_downtime_s = atom_s;
    service->window_weight = weight;
    if (result->budget_s < 0.0) {
        return;
    }
    const struct sim_estimate over = ratio(view, of_over, of_time, 0);
    const struct sim_estimate rate = ratio(view, of_hits, of_time, 0);
    const double one = mean * exp(-mean);
    const double many = (some - one) * many_over;
    const double scale = hits > 0.0 ? one / (rate.value) : 0.0;
    const struct sim_estimate breach = {
        .value = over.value * scale + many,
        .low = over.low * scale + many * rate.low / rate.value,
        .high = (isfinite(over.high) ? over.high * scale : 0.0) +
                many * rate.high / rate.value,
        .is_known = true,
    };
    service->slo_met_share = (struct sim_estimate){
        1.0 - breach.value, fmax(0.0, 1.0 - breach.high), 1.0 - breach.low, true};
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
                        const struct view *view, const struct sim_model *model)
{
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

/* Longest mean of a failure law that ages; 0 when all are memoryless. */
static double ageing_s(const struct sim_bias_plan *plan)
{
    double longest = 0.0;

    for (uint32_t d = 0; d < plan->model->n_dists; d++) {
        if (!(plan->dist_rate[d] > 0.0) && plan->dist_hazard[d]) {
            longest = fmax(longest, plan->model->dist[d].mean_s);
        }
    }
    return longest;
}

/* Is the first outage so far away that the start (one calm state) is forgotten? */
static bool forgets_start(const struct view *view)
{
    double n_exits = 0.0;

    for (uint32_t i = 0; i < view->n; i++) {
        n_exits += (double)view->batch[i].tally->n_exits;
    }
    return total_of(view, of_hits, 0) < MEMORY_SHARE * n_exits;
}

static void fill_lengths(struct sim_service_result *service, const struct view *view)
{
    for (uint32_t bin = 0; bin < SIM_DURATION_BINS; bin++) {
        for (uint32_t i = 0; i < view->n; i++) {
            service->duration_bin[bin] +=
                view->batch[i].tally->service[view->s].duration[bin];
        }
    }
    for (uint32_t i = 0; i < view->n; i++) {
        service->n_outages += view->batch[i].tally->service[view->s].n_outages;
    }
}

static void fill_parts(struct sim_result *result, struct sim_service_result *service,
                       const struct view *view)
{
    service->n_parts = view->n;
    service->part_unavailability =
        sim_arena_calloc(&result->arena, view->n, sizeof *service->part_unavailability);
    for (uint32_t i = 0; i < view->n; i++) {
        const struct sim_bias_tally *tally = view->batch[i].tally;
        service->part_unavailability[i] =
            tally->time_s > 0.0 ? tally->service[view->s].down_s / tally->time_s : 0.0;
    }
}

static void fill_service(struct sim_result *result, const struct sim_bias_plan *plan,
                         struct view *view)
{
    const struct sim_model *model = plan->model;
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
        fill_causes(result, service, view, model);
        fill_law(result, service, view);
    }
    const struct sim_estimate mttff = ratio(view, of_clean_time, of_hits, 0);
    if (mttff.is_known && mttff.value > 20.0 * ageing_s(plan) && forgets_start(view)) {
        service->mttff_s = mttff;
    }
    fill_lengths(service, view);
    fill_parts(result, service, view);
}

void sim_bias_result_fill(struct sim_result *result, const struct sim_bias_plan *plan,
                          const struct sim_study *study,
                          const struct sim_bias_batch *batch, uint32_t n)
{
    const struct sim_model *model = plan->model;

    result->n_services = model->n_services;
    result->service =
        sim_arena_calloc(&result->arena, model->n_services, sizeof *result->service);
    result->n_replications = n;
    for (uint32_t i = 0; i < n; i++) {
        result->simulated_years += batch[i].tally->time_s / model->year_s;
        result->n_events += batch[i].tally->n_events;
    }
    for (uint32_t s = 0; s < model->n_services; s++) {
        struct view view = {batch, n, s, study->confidence, 1.0, model->is_absorbing};
        fill_service(result, plan, &view);
        if (plan->sense != NULL && s == plan->focus) {
            sim_bias_sense_fill(result, plan, batch, n, view.widen);
        }
    }
}

/* A view of batches from new, widened as their scores deserve. */
static struct view view_of_new(const struct sim_result *result,
                               const struct sim_bias_plan *plan,
                               const struct sim_bias_batch *batch, uint32_t n,
                               uint32_t s)
{
    struct view view = {
        batch, n, s, result->confidence, 1.0, plan->model->is_absorbing};

    view.widen = judge(&view).widen;
    return view;
}

void sim_bias_result_fill_new(struct sim_result *result,
                              const struct sim_bias_plan *plan,
                              const struct sim_bias_batch *batch, uint32_t n)
{
    const double year_s = plan->model->year_s;

    for (uint32_t s = 0; s < plan->model->n_services; s++) {
        const struct view view = view_of_new(result, plan, batch, n, s);
        struct sim_service_result *service = &result->service[s];

        if (!plan->model->is_absorbing) {
            service->first_year_unavailability =
                at_most_one(ratio(&view, of_down, of_time, 0));
        }
        service->first_year_outages =
            scaled(ratio(&view, of_outages, of_time, 0), year_s);
        service->prob_outage_first_year =
            at_most_one(scaled(ratio(&view, of_first, of_time, 0), year_s));
    }
}

void sim_bias_result_fill_ten(struct sim_result *result,
                              const struct sim_bias_plan *plan,
                              const struct sim_bias_batch *batch, uint32_t n)
{
    const double ten_s = 10.0 * plan->model->year_s;

    for (uint32_t s = 0; s < plan->model->n_services; s++) {
        const struct view view = view_of_new(result, plan, batch, n, s);
        struct sim_service_result *service = &result->service[s];

        service->prob_outage_5y =
            at_most_one(scaled(ratio(&view, of_early, of_time, 0), ten_s));
        service->prob_outage_10y =
            at_most_one(scaled(ratio(&view, of_first, of_time, 0), ten_s));
    }
}

bool sim_bias_is_precise(const struct sim_bias_plan *plan,
                         const struct sim_study *study,
                         const struct sim_bias_batch *batch, uint32_t n,
                         double *half_width)
{
    struct view view = {
        batch, n, study->focus, study->confidence, 1.0, plan->model->is_absorbing};
    const struct belief belief = judge(&view);
    const double goal = study->precision / (1.0 + study->precision);

    view.widen = belief.widen;
    const batch_fn what = plan->model->is_absorbing ? of_hits : of_down;
    const struct sim_estimate e = ratio(&view, what, of_time, 0);
    *half_width = sim_relative_half_width(&e);
    if (belief.is_flagged || !(*half_width <= goal)) {
        return false;
    }
    const double all = total_of(&view, of_down, 0);
    for (uint32_t c = 0; study->all_causes && c < plan->model->n_causes; c++) {
        if (total_of(&view, of_cause_down, c) >= CAUSE_SHARE * all) {
            const struct sim_estimate part = ratio(&view, of_cause_down, of_time, c);
            const double width = sim_relative_half_width(&part);
            *half_width = fmax(*half_width, width);
            if (!(width <= goal)) {
                return false;
            }
        }
    }
    return true;
}
