/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From tallies of excursions to estimates, and whether to believe them: what is
 * importance sampling's own. The rest is told in sim/batches.c.
 *
 * Chance in the number of exits is taken out: the surplus of failures over those that
 * their hazards had due is the control variate.
 *
 * Beyond what all scores are asked, a service is flagged when the two halves of the run
 * contradict each other, or when the weights of complete excursions add up to more than
 * their number (they have mean 1; a deficit is normal while heavy weights are unseen,
 * an excess is a mistake).
 *
 * Downtime in a window of time T: excursions with an outage arrive nearly as a Poisson
 * process, so the law of the sum is compound Poisson with the weighted law of an
 * excursion's downtime. The law is laid down as one atom at zero and a fixed sample of
 * the rest; the share of windows within the budget counts single excursions exactly
 * (they were compared with the budget one by one) and takes only the sums of two and
 * more from the sample.
 */
#include <math.h>
#include <string.h>

#include "sim/bias.h"

#define FIRST_TAIL 0.50 /* from here on the interval is widened */
#define MAX_UNSEEN 0.10
#define HALVES_Z   4.0
#define EXCESS_Z   5.0
#define LAW_MOST   200.0 /* hits in a window up to which the law is sampled */

static const struct sim_score_words words = {
    .piece = "excursion",
    .pieces = "effective excursions",
    .one = "one excursion carries",
    .quantity = "weights",
};

/* The batches as service s sees them. First years expect no failures: no surplus. */
static struct sim_batches view_of(const struct sim_bias_plan *plan,
                                  const struct sim_bias_batch *batch, uint32_t n,
                                  uint32_t s, double confidence)
{
    struct sim_batches view = {.model = plan->model,
                               .n = n,
                               .service = s,
                               .confidence = confidence,
                               .widen = 1.0};

    for (uint32_t i = 0; i < n; i++) {
        const struct sim_bias_tally *t = batch[i].tally;
        view.time_s[i] = t->time_s;
        view.surplus[i] = t->n_expected > 0.0 ? t->n_failures - t->n_expected : 0.0;
        view.sums[i] = &t->service[s].sums;
        view.n_calm += (double)t->n_exits;
    }
    return view;
}

/* What only excursions sum; the sums of view_of are its first member. */
static const struct sim_bias_service *own(const struct sim_batches *view, uint32_t i)
{
    return (const struct sim_bias_service *)view->sums[i];
}

static double of_over(const struct sim_batches *view, uint32_t i)
{
    return own(view, i)->over;
}

static double of_first(const struct sim_batches *view, uint32_t i)
{
    return own(view, i)->first;
}

static double of_early(const struct sim_batches *view, uint32_t i)
{
    return own(view, i)->early;
}

/* ---- Belief ---- */

/* The score as the batches [first, first + n) tell it. */
static struct sim_estimate score_of(const struct sim_batches *view, uint32_t first,
                                    uint32_t n)
{
    struct sim_batches part = *view;

    part.n = n;
    memcpy(part.time_s, view->time_s + first, n * sizeof *part.time_s);
    memcpy(part.surplus, view->surplus + first, n * sizeof *part.surplus);
    memcpy(part.sums, view->sums + first, n * sizeof *part.sums);
    return sim_batches_score(&part);
}

/* Do the first and the second half of the batches tell the same? In z units. */
static double halves_disagree(const struct sim_batches *view)
{
    const uint32_t half = view->n / 2;
    const struct sim_estimate a = score_of(view, 0, half);
    const struct sim_estimate b = score_of(view, half, half);

    if (!(a.value > 0.0) || !(b.value > 0.0)) {
        return HUGE_VAL;
    }
    /* Both intervals are about +-2 standard errors on the log scale. */
    const double se = 0.5 * hypot(log(a.high / a.value), log(b.high / b.value));
    return se > 0.0 ? fabs(log(a.value / b.value)) / se : 0.0;
}

/* By how many standard errors the mean weight of excursions exceeds 1. */
static double weight_excess(const struct sim_bias_batch *batch, uint32_t n_batches)
{
    double n = 0.0;
    double sum = 0.0;
    double sum2 = 0.0;

    for (uint32_t i = 0; i < n_batches; i++) {
        const struct sim_bias_tally *tally = batch[i].tally;
        n += (double)tally->n_copies;
        sum += tally->ratio_sum;
        sum2 += tally->ratio_sum2;
    }
    const double mean = sum / n;
    const double var = sum2 / n - mean * mean;
    return var > 0.0 ? (mean - 1.0) / sqrt(var / n) : 0.0;
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

static struct sim_belief judge(const struct sim_batches *view,
                               const struct sim_bias_batch *batch)
{
    struct sim_belief belief = sim_belief_begin(view, &words);

    if (belief.health.n_hits == 0) {
        return belief;
    }
    const double unseen = unseen_share(&belief.health);
    const struct sim_estimate e = sim_batches_score(view);
    if (unseen > 0.0 && e.value > 0.0) {
        belief.widen *= hypot(1.0, unseen / log(e.high / e.value));
    }
    sim_belief_doubt_few(&belief, &words);
    if (unseen > MAX_UNSEEN) {
        sim_belief_doubt_tail(&belief, &words);
    }
    const double z = halves_disagree(view);
    if (z > HALVES_Z && isfinite(z)) {
        sim_belief_doubt(&belief, z / 2.0,
                         "the two halves of the run differ by %.1f standard errors", z);
    }
    const double excess = weight_excess(batch, view->n);
    if (excess > EXCESS_Z) {
        sim_belief_doubt(&belief, 2.0,
                         "the mean weight exceeds 1 by %.1f standard errors: please "
                         "report this",
                         excess);
    }
    return belief;
}

/* ---- Law of downtime per window ---- */

static double gather_law(const struct sim_batches *view, struct sim_bias_law *law)
{
    double sum = 0.0;

    for (uint32_t bin = 0; bin < SIM_DOWNTIME_BINS; bin++) {
        double w = 0.0;
        double ws = 0.0;
        for (uint32_t i = 0; i < view->n; i++) {
            w += own(view, i)->total[bin];
            ws += own(view, i)->total_s[bin];
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

static void fill_law(struct sim_result *result, const struct sim_batches *view)
{
    struct sim_service_result *service = &result->service[view->service];
    struct sim_bias_law law;
    const double hits = sim_batches_total(view, sim_batch_hits);
    const double mean =
        hits / sim_batches_total(view, sim_batch_time) * result->window_s;

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
    const struct sim_estimate over = sim_batches_rate(view, of_over);
    const struct sim_estimate rate = sim_batches_rate(view, sim_batch_hits);
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

void sim_bias_result_fill(struct sim_result *result, const struct sim_bias_plan *plan,
                          const struct sim_study *study,
                          const struct sim_bias_batch *batch, uint32_t n)
{
    const struct sim_model *model = plan->model;

    sim_batches_fill_begin(result, model, n);
    for (uint32_t i = 0; i < n; i++) {
        result->simulated_years += batch[i].tally->time_s / model->year_s;
        result->n_events += batch[i].tally->n_events;
    }
    for (uint32_t s = 0; s < model->n_services; s++) {
        struct sim_batches view = view_of(plan, batch, n, s, study->confidence);
        const struct sim_belief belief = judge(&view, batch);
        view.widen = belief.widen;
        sim_batches_fill_service(result, &view, &belief);
        if (!model->is_absorbing) {
            fill_law(result, &view);
        }
        if (plan->sense != NULL && s == plan->focus) {
            sim_bias_sense_fill(result, plan, batch, n, view.widen);
        }
    }
}

void sim_bias_result_fill_new(struct sim_result *result,
                              const struct sim_bias_plan *plan,
                              const struct sim_bias_batch *batch, uint32_t n)
{
    for (uint32_t s = 0; s < plan->model->n_services; s++) {
        struct sim_batches view = view_of(plan, batch, n, s, result->confidence);
        view.widen = judge(&view, batch).widen;
        sim_batches_fill_first_year(result, &view, of_first);
    }
}

void sim_bias_result_fill_ten(struct sim_result *result,
                              const struct sim_bias_plan *plan,
                              const struct sim_bias_batch *batch, uint32_t n)
{
    const double ten_s = 10.0 * plan->model->year_s;

    for (uint32_t s = 0; s < plan->model->n_services; s++) {
        struct sim_batches view = view_of(plan, batch, n, s, result->confidence);
        struct sim_service_result *service = &result->service[s];

        view.widen = judge(&view, batch).widen;
        service->prob_outage_5y = sim_batches_share(&view, of_early, ten_s);
        service->prob_outage_10y = sim_batches_share(&view, of_first, ten_s);
    }
}

bool sim_bias_is_precise(const struct sim_bias_plan *plan,
                         const struct sim_study *study,
                         const struct sim_bias_batch *batch, uint32_t n,
                         double *half_width)
{
    const struct sim_batches view =
        view_of(plan, batch, n, study->focus, study->confidence);
    const struct sim_belief belief = judge(&view, batch);

    return sim_batches_are_precise(&view, &belief, study, half_width);
}
