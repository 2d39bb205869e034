/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Importance and elasticities along a path.
 *
 * Importance needs only integrals over time: how long a component is broken, how long
 * it is broken while the service is down, and how many outages its failure begins. All
 * of that happens outside calm, where nothing is broken.
 *
 * Elasticities use the score function (likelihood ratio) method: the derivative of an
 * expectation E[Y] to a parameter is E[Y S], where the score S is the derivative of the
 * logarithm of the path's density. Written by the rate at which the system leaves calm,
 * with Y the downtime, L the length and S the score of one excursion and T all time,
 *
 *     d ln U / d ln parameter  =  E[Y S] / E[Y]  -  E[sum of L S] / T
 *
 * because U = (calm share) x (rate of leaving) x E[Y], and the calm share is what the
 * excursions leave over. So only excursions are followed, calm costs nothing, and the
 * time between two of them, which is long and tells nothing, adds no noise.
 *
 * The score of an excursion that begins at t0 is the sum of
 *   the first event       d ln (its rate) / d ln parameter
 *   a clock that runs     x h(a): derivative of its survival to ln (time scale), where
 *                         a is its age, x the part of it since t0, h the hazard
 *   a clock that fires    that, and -1 - x f'(a)/f(a) - x h(a) of its density
 *   a clock set by rate   slope at its firing, - slope x rate x time while it runs
 * Why x and not the age a: ages at t0 have a law of their own that stretches with the
 * clock's. At a fixed *relative* age the stationary law of ages does not depend on the
 * parameter, so the derivative is that of the long run, without any past before t0.
 *
 * Scores are martingales: a term whose time has not come has mean zero. So downtime is
 * counted with the score up to the event that ends it, not with that of the whole
 * excursion, which would say the same with more noise; and any weight of importance
 * sampling multiplies it, as it does the downtime itself.
 *
 * A law with an edge (deterministic, uniform, a table) has no such score: moving the
 * edge moves paths from possible to impossible. When one that began inside an excursion
 * fires there, the parameter is marked as not known. A long clock that began before it
 * (planned work) is met at a random age, which blurs its edges.
 *
 * Sources: Reiman and Weiss, Operations Research 37, 1989; Glynn, Communications of the
 * ACM 33, 1990; Nakayama, Goyal and Glynn, Operations Research 42, 1994 (together with
 * importance sampling). Birnbaum 1969 and Barlow and Proschan 1975 for importance.
 */
#include "sim/sense.h"

#include <math.h>

/* Lays out one block of sums; returns where it begins. */
static size_t block(size_t *end, size_t n)
{
    size_t at = *end;

    *end += n;
    return at;
}

void sim_sense_plan_init(struct sim_sense_plan *plan, struct sim_arena *arena,
                         const struct sim_model *model, uint32_t focus)
{
    const struct sim_components *c = model->components;
    const struct sim_parameters *p = model->parameters;
    size_t end = SIM_SENSE_SINGLES;

    *plan = (struct sim_sense_plan){
        .model = model,
        .focus = focus,
        .n_components = c != NULL ? c->n : 0,
        .n_parameters = p != NULL ? p->n : 0,
        .of_law = p != NULL ? p->of_law : NULL,
        .law_is_smooth =
            sim_arena_calloc(arena, model->n_dists + 1, sizeof(*plan->law_is_smooth)),
    };
    SIM_CHECK(plan->n_components <= SIM_MAX_COMPONENTS);
    SIM_CHECK(plan->n_parameters <= SIM_MAX_PARAMETERS);
    for (uint32_t d = 0; d < model->n_dists; d++) {
        plan->law_is_smooth[d] = sim_dist_is_smooth(&model->dist[d]);
    }
    plan->broken_at = block(&end, plan->n_components);
    plan->broken_down_at = block(&end, plan->n_components);
    plan->triggered_at = block(&end, plan->n_components);
    plan->length_at = block(&end, plan->n_parameters);
    plan->exc_down_at = block(&end, plan->n_parameters);
    plan->exc_outages_at = block(&end, plan->n_parameters);
    plan->edges_at = block(&end, plan->n_parameters);
    plan->n_sums = end;
}

void sim_sense_tally_init(struct sim_sense_tally *tally, struct sim_arena *arena,
                          const struct sim_sense_plan *plan)
{
    *tally = (struct sim_sense_tally){.plan = plan, .n_each = 1};
    tally->sums =
        sim_arena_calloc(arena, SIM_SENSE_BATCHES * plan->n_sums, sizeof(double));
}

#include "sim/poison.h" /* from here on we are inside a run */

/* ---- Scores ---------------------------------------------------------------- */

/* The parameter that scales the law an armed slot runs by, or SIM_NO_PART. */
static uint16_t parameter_of(const struct sim_sense_plan *plan,
                             const struct sim_run *run, uint32_t slot)
{
    const uint32_t dist = run->timer[slot].dist;

    return plan->of_law == NULL || dist == SIM_LAW_RATE ? SIM_NO_PART
                                                        : plan->of_law[dist];
}

/* Adds factor x d ln rate / d ln parameter of a slot armed by rate. */
static void add_rate_slope(const struct sim_sense_plan *plan,
                           struct sim_sense_trail *trail, const struct sim_run *run,
                           uint32_t slot, double factor)
{
    double slope[SIM_MAX_PARAMETERS];

    if (plan->model->parameters->rate_slope == NULL) {
        return;
    }
    memset(slope, 0, plan->n_parameters * sizeof(*slope));
    plan->model->parameters->rate_slope(plan->model->plan, run, slot, slope);
    for (uint32_t p = 0; p < plan->n_parameters; p++) {
        trail->score[p] += factor * slope[p];
    }
}

/* x h(a): how a clock's survival since the excursion began grows with its time scale;
 * `at_s` is now. */
static double survival_score(const struct sim_dist *dist, double armed_at_s,
                             double begin_s, double at_s)
{
    const double x_s = at_s - fmax(armed_at_s, begin_s);

    return x_s > 0.0 ? x_s * sim_dist_hazard_rate(dist, at_s - armed_at_s) : 0.0;
}

/* A clock whose law has a parameter runs for delay_s: derivative to its time scale. A
 * law with an edge is met at a random age, as if it had no memory. */
static double run_clock(const struct sim_sense_plan *plan,
                        const struct sim_sense_trail *trail, const struct sim_run *run,
                        uint32_t slot, double delay_s)
{
    const struct sim_timer *timer = &run->timer[slot];
    const struct sim_dist *dist = &plan->model->dist[timer->dist];
    const double now_s = run->world->now_s;
    double hazard = 0.0;

    if (dist->kind == SIM_DIST_EXPONENTIAL) {
        return delay_s / dist->a;
    }
    if (plan->law_is_smooth[timer->dist]) {
        return survival_score(dist, timer->armed_at_s, trail->begin_s,
                              now_s + delay_s) -
               survival_score(dist, timer->armed_at_s, trail->begin_s, now_s);
    }
    if (sim_dist_has_hazard(dist)) {
        hazard = sim_timer_hazard_between(run, slot, now_s, now_s + delay_s);
    }
    return isfinite(hazard) ? hazard : 0.0;
}

/* All armed clocks run from now for delay_s. */
static void run_clocks(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                       const struct sim_run *run, double delay_s)
{
    const struct sim_model *model = plan->model;

    for (uint32_t slot = 0; slot < model->n_slots; slot++) {
        const struct sim_timer *timer = &run->timer[slot];

        if (!sim_timer_is_armed(run, slot)) {
            continue;
        }
        if (timer->dist == SIM_LAW_RATE) {
            add_rate_slope(plan, trail, run, slot, -timer->rate_per_s * delay_s);
            continue;
        }
        const uint16_t p = parameter_of(plan, run, slot);

        if (p == SIM_NO_PART) {
            continue;
        }
        trail->score[p] += model->parameters->exponent[timer->dist] *
                           run_clock(plan, trail, run, slot, delay_s);
    }
}

/* The clock of `slot` fires delay_s from now, having run until then. */
static void fire_clock(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                       const struct sim_run *run, double delay_s, uint32_t slot,
                       double *sums)
{
    const struct sim_timer *timer = &run->timer[slot];
    const uint16_t p = parameter_of(plan, run, slot);

    if (timer->dist == SIM_LAW_RATE) {
        add_rate_slope(plan, trail, run, slot, 1.0);
        return;
    }
    if (p == SIM_NO_PART) {
        return;
    }
    const struct sim_dist *dist = &plan->model->dist[timer->dist];
    const double at_s = run->world->now_s + delay_s;
    const double x_s = at_s - fmax(timer->armed_at_s, trail->begin_s);
    double fire = -1.0;

    if (plan->law_is_smooth[timer->dist]) {
        fire -= x_s * sim_dist_log_slope(dist, at_s - timer->armed_at_s) +
                survival_score(dist, timer->armed_at_s, trail->begin_s, at_s);
    } else if (timer->armed_at_s >= trail->begin_s) {
        sums[plan->edges_at + p] += 1.0;
    }
    trail->score[p] += plan->model->parameters->exponent[timer->dist] * fire;
}

/* ---- What a driver tells --------------------------------------------------- */

void sim_sense_start(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                     const struct sim_run *run)
{
    trail->begin_s = -1.0;
    trail->opened_by = SIM_SENSE_NONE;
    trail->is_calm = plan->model->is_calm(plan->model->plan, run);
}

void sim_sense_leave(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                     const struct sim_run *run, uint32_t slot, double time_s,
                     double *sums)
{
    const struct sim_timer *timer = &run->timer[slot];
    const uint16_t p = parameter_of(plan, run, slot);

    sums[SIM_SENSE_EXCURSIONS] += 1.0;
    trail->begin_s = time_s;
    trail->is_calm = false;
    trail->opened_by = SIM_SENSE_NONE;
    memset(trail->score, 0, plan->n_parameters * sizeof(*trail->score));
    if (plan->n_parameters == 0) {
        return;
    }
    if (timer->dist == SIM_LAW_RATE) {
        add_rate_slope(plan, trail, run, slot, 1.0);
    } else if (p != SIM_NO_PART) {
        trail->score[p] = -plan->model->parameters->exponent[timer->dist];
    }
}

void sim_sense_pass(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                    const struct sim_run *run, double delay_s, uint32_t slot,
                    double *sums)
{
    if (trail->begin_s < 0.0 || plan->n_parameters == 0) {
        return;
    }
    run_clocks(plan, trail, run, delay_s);
    if (slot != SIM_SENSE_NONE) {
        fire_clock(plan, trail, run, delay_s, slot, sums);
    }
}

void sim_sense_count_outage(const struct sim_sense_plan *plan,
                            struct sim_sense_trail *trail, double weight, double *sums)
{
    const uint32_t slot = trail->opened_by;
    const struct sim_components *c = plan->model->components;
    uint16_t part = SIM_NO_PART;

    if (c != NULL && slot < plan->model->n_slots) {
        part = c->of_slot[slot];
    }
    trail->opened_by = SIM_SENSE_NONE;
    sums[SIM_SENSE_OUTAGES] += weight;
    if (part != SIM_NO_PART) {
        sums[plan->triggered_at + part] += weight;
    }
    if (trail->begin_s < 0.0) {
        return;
    }
    sums[SIM_SENSE_EXC_OUTAGES] += weight;
    for (uint32_t p = 0; p < plan->n_parameters; p++) {
        sums[plan->exc_outages_at + p] += weight * trail->score[p];
    }
}

/* Time enters the sums of the parameters. */
static void count_scores(const struct sim_sense_plan *plan,
                         const struct sim_sense_trail *trail, double weighted_s,
                         bool is_down, double *sums)
{
    for (uint32_t p = 0; p < plan->n_parameters; p++) {
        sums[plan->length_at + p] += weighted_s * trail->score[p];
    }
    if (!is_down) {
        return;
    }
    sums[SIM_SENSE_EXC_DOWN] += weighted_s;
    for (uint32_t p = 0; p < plan->n_parameters; p++) {
        sums[plan->exc_down_at + p] += weighted_s * trail->score[p];
    }
}

static void count_broken(const struct sim_sense_plan *plan, const struct sim_run *run,
                         double weighted_s, bool is_down, double *sums)
{
    const struct sim_model *model = plan->model;
    double broken[SIM_MAX_COMPONENTS];

    model->components->broken(model->plan, run, broken);
    for (uint32_t i = 0; i < plan->n_components; i++) {
        if (broken[i] > 0.0) {
            sums[plan->broken_at + i] += weighted_s * broken[i];
            sums[plan->broken_down_at + i] += is_down ? weighted_s * broken[i] : 0.0;
        }
    }
}

void sim_sense_count(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                     const struct sim_run *run, double delay_s, double weight,
                     bool is_down, double *sums)
{
    const double weighted_s = weight * delay_s;

    if (!(delay_s > 0.0)) {
        return;
    }
    if (is_down) {
        sums[SIM_SENSE_DOWN] += weighted_s;
        if (trail->opened_by != SIM_SENSE_NONE) {
            sim_sense_count_outage(plan, trail, weight, sums);
        }
    }
    if (plan->n_components > 0 && plan->model->components->broken != NULL) {
        count_broken(plan, run, weighted_s, is_down, sums);
    }
    if (trail->begin_s >= 0.0) {
        count_scores(plan, trail, weighted_s, is_down, sums);
    }
}

void sim_sense_look(const struct sim_sense_plan *plan, struct sim_sense_trail *trail,
                    const struct sim_run *run, uint32_t slot, bool was_down,
                    bool is_down)
{
    if (is_down != was_down) {
        trail->opened_by = is_down ? slot : SIM_SENSE_NONE;
    }
    trail->is_calm = plan->model->is_calm(plan->model->plan, run);
    if (trail->is_calm) {
        trail->begin_s = -1.0;
    }
}

/* ---- Batches --------------------------------------------------------------- */

static void add_sums(double *to, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += from[i];
    }
}

/* Neighbours become one batch of twice as many replications. */
static void halve(struct sim_sense_tally *tally)
{
    const size_t n_sums = tally->plan->n_sums;

    for (uint32_t b = 0; b < SIM_SENSE_BATCHES / 2; b++) {
        double *to = tally->sums + b * n_sums;

        memmove(to, tally->sums + 2 * b * n_sums, n_sums * sizeof(*to));
        add_sums(to, tally->sums + (2 * b + 1) * n_sums, n_sums);
    }
    memset(tally->sums + SIM_SENSE_BATCHES / 2 * n_sums, 0,
           SIM_SENSE_BATCHES / 2 * n_sums * sizeof(*tally->sums));
    tally->n = SIM_SENSE_BATCHES / 2;
    tally->n_each *= 2;
    tally->n_in_last = tally->n_each;
}

void sim_sense_tally_add(struct sim_sense_tally *tally, const double *sums)
{
    if (tally->n == 0 || tally->n_in_last == tally->n_each) {
        if (tally->n == SIM_SENSE_BATCHES) {
            halve(tally);
        }
        tally->n++;
        tally->n_in_last = 0;
    }
    add_sums(tally->sums + (tally->n - 1) * tally->plan->n_sums, sums,
             tally->plan->n_sums);
    tally->n_in_last++;
}
