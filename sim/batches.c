/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From sums over batches of weighted paths to estimates with intervals.
 *
 * Importance sampling and splitting both play independent histories in batches, and
 * score paths that carry weights. What follows from there is the same for both.
 *
 * Every estimate is a ratio of sums over batches (sim_ratio_estimate): weighted
 * downtime over the time of the histories, and so on, with t on the log scale. The
 * paths of one batch depend on each other, batches do not, so the spread over them
 * carries all correlations. Where a driver knows how many failures were due, chance in
 * their number is taken out first (sim_control_variate).
 *
 * The spread itself is known only when enough of what was scored is independent. The
 * scores tell (sim/diagnose.h): a service is flagged, with the reason in words and its
 * interval widened, when too few of them carry the sum, when one carries much of it, or
 * when the largest look like a law without variance. What else there is to doubt is for
 * the driver to say.
 *
 * Mean time to the first outage: with H the weighted paths from calm to calm that hit
 * and T the time not spent after a first hit, T / H (Goyal et al., IEEE Trans.
 * Computers 41, 1992). Exact when calm is a fresh start; given only when first outages
 * are so far away that the start is forgotten.
 */
#include "sim/batches.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/interval.h"

/* Stopping when the spread looks small picks spreads that are too small: without this
 * 93.1 % of 1,080 intervals covered, of 95 % (tests/soak). */
#define BY_LOOKING   1.06
#define MIN_ESS      100.0
#define MAX_SHARE    0.10
#define MAX_TAIL     0.70
#define CAUSE_SHARE  0.01
#define MEMORY_SHARE 0.01 /* of what happens in calm, for the start to be forgotten */
#define LATE         20.0 /* mean lives of the slowest ageing law: the start is old */

/* ---- Numbers of a batch ---- */

double sim_batch_time(const struct sim_batches *batches, uint32_t i)
{
    return batches->time_s[i];
}

double sim_batch_hits(const struct sim_batches *batches, uint32_t i)
{
    return batches->sums[i]->hits;
}

static double of_down(const struct sim_batches *batches, uint32_t i)
{
    return batches->sums[i]->down_s;
}

static double of_failed(const struct sim_batches *batches, uint32_t i)
{
    return batches->sums[i]->failed_s;
}

static double of_outages(const struct sim_batches *batches, uint32_t i)
{
    return batches->sums[i]->outages;
}

static double of_clean_time(const struct sim_batches *batches, uint32_t i)
{
    return batches->time_s[i] - batches->sums[i]->after_s;
}

static double of_cause_down(const struct sim_batches *batches, uint32_t i)
{
    return batches->sums[i]->cause_down_s[batches->cause];
}

static double of_cause_outages(const struct sim_batches *batches, uint32_t i)
{
    return batches->sums[i]->cause_outages[batches->cause];
}

double sim_batches_total(const struct sim_batches *batches, sim_batch_fn f)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < batches->n; i++) {
        sum += f(batches, i);
    }
    return sum;
}

/* ---- Ratios ---- */

static struct sim_estimate ratio(const struct sim_batches *batches, sim_batch_fn y,
                                 sim_batch_fn x)
{
    const uint32_t n = batches->n;
    double ys[SIM_BATCHES_MAX];
    double xs[SIM_BATCHES_MAX];

    for (uint32_t i = 0; i < n; i++) {
        ys[i] = y(batches, i);
        xs[i] = x(batches, i);
    }
    sim_control_variate(n, ys, batches->time_s, batches->surplus);
    sim_control_variate(n, xs, batches->time_s, batches->surplus);
    return sim_ratio_estimate(n, ys, xs, batches->confidence, batches->widen);
}

struct sim_estimate sim_batches_rate(const struct sim_batches *batches, sim_batch_fn y)
{
    return ratio(batches, y, sim_batch_time);
}

struct sim_estimate sim_batches_score(const struct sim_batches *batches)
{
    return sim_batches_rate(batches,
                            batches->model->is_absorbing ? sim_batch_hits : of_down);
}

static struct sim_estimate per_year(const struct sim_batches *batches, sim_batch_fn y)
{
    return sim_estimate_scale(sim_batches_rate(batches, y), batches->model->year_s);
}

static struct sim_estimate at_most_one(struct sim_estimate e)
{
    e.value = fmin(e.value, 1.0);
    e.low = fmin(e.low, 1.0);
    e.high = fmin(e.high, 1.0);
    return e;
}

struct sim_estimate sim_batches_share(const struct sim_batches *batches, sim_batch_fn y,
                                      double horizon_s)
{
    return at_most_one(sim_estimate_scale(sim_batches_rate(batches, y), horizon_s));
}

/* ---- Belief ---- */

void sim_belief_doubt(struct sim_belief *belief, double widen, const char *fmt, ...)
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

struct sim_belief sim_belief_begin(const struct sim_batches *batches,
                                   const struct sim_score_words *words)
{
    struct sim_scores scores[SIM_BATCHES_MAX];

    for (uint32_t i = 0; i < batches->n; i++) {
        scores[i] = batches->sums[i]->scores;
        sim_scores_add(&scores[i], batches->sums[i]->open_score);
    }
    struct sim_belief belief = {.health = sim_health_read(scores, batches->n),
                                .widen = BY_LOOKING};
    if (belief.health.n_hits == 0) {
        sim_belief_doubt(&belief, 1.0, "no %s reached an outage", words->piece);
    }
    return belief;
}

void sim_belief_doubt_few(struct sim_belief *belief,
                          const struct sim_score_words *words)
{
    const struct sim_health *health = &belief->health;

    if (health->effective_sample_size < MIN_ESS) {
        sim_belief_doubt(belief, sqrt(MIN_ESS / health->effective_sample_size),
                         "only %.0f %s carry the estimate",
                         health->effective_sample_size, words->pieces);
    }
    if (health->largest_share > MAX_SHARE) {
        sim_belief_doubt(belief, 1.0 + 5.0 * health->largest_share,
                         "%s %.0f %% of the estimate", words->one,
                         100.0 * health->largest_share);
    }
}

void sim_belief_doubt_tail(struct sim_belief *belief,
                           const struct sim_score_words *words)
{
    if (belief->health.tail_index > MAX_TAIL) {
        sim_belief_doubt(belief, 1.5,
                         "the largest %s have a heavy tail (Pareto k = %.2f): parts of "
                         "the downtime may be unseen",
                         words->quantity, belief->health.tail_index);
    }
}

bool sim_batches_are_precise(const struct sim_batches *batches,
                             const struct sim_belief *belief,
                             const struct sim_study *study, double *half_width)
{
    const double goal = study->precision / (1.0 + study->precision);
    struct sim_batches view = *batches;

    view.widen = belief->widen;
    const struct sim_estimate e = sim_batches_score(&view);
    *half_width = sim_relative_half_width(&e);
    if (belief->is_flagged || !(*half_width <= goal)) {
        return false;
    }
    const double all = sim_batches_total(&view, of_down);
    for (uint32_t c = 0; study->all_causes && c < view.model->n_causes; c++) {
        view.cause = c;
        if (sim_batches_total(&view, of_cause_down) >= CAUSE_SHARE * all) {
            const struct sim_estimate part = sim_batches_rate(&view, of_cause_down);
            *half_width = fmax(*half_width, sim_relative_half_width(&part));
        }
    }
    return *half_width <= goal;
}

/* ---- Filling ---- */

static void fill_causes(struct sim_result *result, struct sim_service_result *service,
                        const struct sim_batches *batches)
{
    const struct sim_model *model = batches->model;
    struct sim_batches view = *batches;

    service->cause =
        sim_arena_calloc(&result->arena, model->n_causes + 1, sizeof *service->cause);
    for (uint32_t c = 0; c < model->n_causes; c++) {
        view.cause = c;
        if (!(sim_batches_total(&view, of_cause_down) > 0.0) &&
            !(sim_batches_total(&view, of_cause_outages) > 0.0)) {
            continue;
        }
        service->cause[service->n_causes++] = (struct sim_cause_result){
            .name = model->cause[c],
            .cause = c,
            .unavailability = sim_batches_rate(&view, of_cause_down),
            .share = at_most_one(ratio(&view, of_cause_down, of_down)),
            .outages_per_year = per_year(&view, of_cause_outages),
        };
    }
    sim_causes_sort(service);
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

/* Is the first outage so far away that the start (one calm state) is forgotten? */
static bool forgets_start(const struct sim_batches *batches, double mttff_s)
{
    return mttff_s > LATE * ageing_s(batches->model) &&
           sim_batches_total(batches, sim_batch_hits) < MEMORY_SHARE * batches->n_calm;
}

static void fill_lengths(struct sim_service_result *service,
                         const struct sim_batches *batches)
{
    for (uint32_t i = 0; i < batches->n; i++) {
        for (uint32_t bin = 0; bin < SIM_DURATION_BINS; bin++) {
            service->duration_bin[bin] += batches->sums[i]->duration[bin];
        }
        service->n_outages += batches->sums[i]->n_outages;
    }
}

static void fill_parts(struct sim_result *result, struct sim_service_result *service,
                       const struct sim_batches *batches)
{
    service->n_parts = batches->n;
    service->part_unavailability = sim_arena_calloc(
        &result->arena, batches->n, sizeof *service->part_unavailability);
    for (uint32_t i = 0; i < batches->n; i++) {
        const double time_s = batches->time_s[i];
        service->part_unavailability[i] =
            time_s > 0.0 ? batches->sums[i]->down_s / time_s : 0.0;
    }
}

void sim_batches_fill_begin(struct sim_result *result, const struct sim_model *model,
                            uint32_t n)
{
    result->n_services = model->n_services;
    result->service =
        sim_arena_calloc(&result->arena, model->n_services, sizeof *result->service);
    result->n_replications = n;
}

void sim_batches_flag_all(struct sim_result *result, const char *why)
{
    for (uint32_t s = 0; s < result->n_services; s++) {
        result->service[s].is_flagged = true;
        snprintf(result->service[s].why, sizeof result->service[s].why, "%s", why);
    }
}

void sim_batches_fill_service(struct sim_result *result,
                              const struct sim_batches *batches,
                              const struct sim_belief *belief)
{
    const struct sim_model *model = batches->model;
    struct sim_service_result *service = &result->service[batches->service];

    service->name = model->service[batches->service];
    service->is_flagged = belief->is_flagged;
    memcpy(service->why, belief->why, sizeof service->why);
    service->effective_sample_size = belief->health.effective_sample_size;
    service->largest_score_share = belief->health.largest_share;
    service->outages_per_year = per_year(batches, of_outages);
    if (!model->is_absorbing) {
        service->unavailability = at_most_one(sim_batches_rate(batches, of_down));
        service->failed_share = service->unavailability;
        if (model->degraded != NULL) {
            service->failed_share = at_most_one(sim_batches_rate(batches, of_failed));
        }
        service->mean_outage_s = ratio(batches, of_down, of_outages);
        fill_causes(result, service, batches);
    }
    const struct sim_estimate mttff = ratio(batches, of_clean_time, sim_batch_hits);
    if (mttff.is_known && forgets_start(batches, mttff.value)) {
        service->mttff_s = mttff;
    }
    fill_lengths(service, batches);
    fill_parts(result, service, batches);
}

void sim_batches_fill_first_year(struct sim_result *result,
                                 const struct sim_batches *batches, sim_batch_fn first)
{
    struct sim_service_result *service = &result->service[batches->service];

    if (!batches->model->is_absorbing) {
        service->first_year_unavailability =
            at_most_one(sim_batches_rate(batches, of_down));
    }
    service->first_year_outages = per_year(batches, of_outages);
    service->prob_outage_first_year =
        sim_batches_share(batches, first, batches->model->year_s);
}
