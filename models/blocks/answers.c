/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which way a system is answered.
 *
 * Closed forms first, from the most special to the least: they are exact for any law
 * and take no time. What they leave open is asked of the Markov chain (sim/exact.h)
 * when every law in it is a phase type, or when nothing else is known; its answers for
 * approximated laws are marked as such.
 *
 * Elasticities d ln U / d ln parameter come from solving the chain again with the
 * parameter scaled by 1 +- h, 1 +- 2h, 1 +- 4h and Richardson extrapolation. Because
 * the steady state is known to some eighteen digits whatever its size, that gives ten
 * and more; a parameter at the edge of its range (a probability of 1) is scaled to one
 * side only.
 */
#include "models/blocks/answers.h"

#include <math.h>
#include <string.h>

#include "models/blocks/answers_priv.h"

#define FIRST_STEP  2e-4
#define GOOD_ENOUGH 1e-10L

enum { N_STEPS = 3, N_ATTEMPTS = 3, MAX_ELASTICITY_STATES = 3000 };

struct answerer {
    struct sim_arena *arena;
    const struct ha_node *doc;
    const struct ha_blocks *blocks;
    const struct ha_answer_options *options;
    struct ha_answers *out;
    struct sim_err *err;
};

const char *ha_answer_key(enum ha_answer answer)
{
    static const char *const keys[] = {
#define ANSWER(name) #name,
        HA_ANSWERS(ANSWER)
#undef ANSWER
    };
    return keys[answer];
}

static void fill(struct ha_answers *out, enum ha_answer answer, double value)
{
    if (isnan(out->value[answer])) {
        out->value[answer] = value;
    }
}

/* ---- the chain ---- */

static void take_chain(struct answerer *a, const struct sim_exact *exact)
{
    const struct sim_exact_service *s = &exact->service[0];
    struct ha_answers *out = a->out;
    double year_s = a->blocks->year_s;
    out->is_exact = exact->is_exact;
    out->order = exact->largest_law;
    out->n_states = exact->n_states;
    out->n_lumped = exact->n_lumped;
    out->prob_exceeds = s->prob_exceeds;
    out->method = strcmp(exact->solver, "elimination") != 0
                      ? "Markov chain: Gauss-Seidel sweeps with multilevel aggregation"
                      : "Markov chain: elimination without subtraction (GTH)";
    if (a->blocks->is_absorbing) {
        fill(out, HA_ANSWER_mean_time_to_loss_s, s->mttff_s);
        fill(out, HA_ANSWER_prob_loss_1y, s->prob_loss[0]);
        fill(out, HA_ANSWER_prob_loss_5y, s->prob_loss[1]);
        fill(out, HA_ANSWER_prob_loss_10y, s->prob_loss[2]);
        return;
    }
    fill(out, HA_ANSWER_steady_unavailability, s->unavailability);
    fill(out, HA_ANSWER_outages_per_year, s->outages_per_s * year_s);
    fill(out, HA_ANSWER_mean_outage_s, s->mean_outage_s);
    fill(out, HA_ANSWER_mean_uptime_s, s->mean_uptime_s);
    fill(out, HA_ANSWER_mttff_s, s->mttff_s);
    fill(out, HA_ANSWER_year1_interval_unavailability, s->interval);
    fill(out, HA_ANSWER_year1_expected_outages, s->outages);
    fill(out, HA_ANSWER_year1_point_unavailability_end, s->point_end);
    fill(out, HA_ANSWER_year1_prob_outage, s->prob_outage);
}

static int solve_chain(struct answerer *a)
{
    struct sim_exact_options options = sim_exact_default();
    struct sim_exact exact;
    struct sim_model model;
    ha_blocks_model(a->arena, a->blocks, &model);
    options.limits = a->options->limits;
    options.wants_causes = false;
    options.n_thresholds = a->blocks->n_thresholds;
    options.threshold_s = a->blocks->threshold_s;
    int rc = sim_exact_solve(a->arena, &model, &options, &exact, a->err);
    if (rc == 0) {
        take_chain(a, &exact);
    }
    return rc;
}

/* ---- elasticities ---- */

/* ln U with one parameter scaled; false when that is not a model any more. */
static bool scaled_log(struct answerer *a, const char *parameter, long double factor,
                       long double *out)
{
    struct sim_arena arena;
    struct ha_blocks blocks;
    struct sim_model model;
    struct sim_exact exact;
    struct sim_err ignored;
    struct sim_exact_options options = {
        .limits = a->options->limits, .wants_all_digits = true, .budget_s = -1};
    sim_arena_init(&arena);
    bool is_good = ha_blocks_load_scaled(&arena, a->doc, parameter, (double)factor,
                                         &blocks, &ignored) == 0;
    if (is_good) {
        ha_blocks_model(&arena, &blocks, &model);
        is_good = sim_exact_solve(&arena, &model, &options, &exact, &ignored) == 0 &&
                  exact.service[0].unavailability > 0;
    }
    if (is_good) {
        *out = exact.service[0].log_unavailability;
    }
    sim_arena_clear(&arena);
    return is_good;
}

/* Differences at h, 2h, 4h, extrapolated: central ones in h^2 (side 0), one-sided ones
 * in h (1 below, 2 above). *error: what the last extrapolation changed. */
static bool differences(struct answerer *a, const char *parameter, long double here,
                        int side, double h, long double *value, long double *error)
{
    long double row[N_STEPS];
    for (int i = 0; i < N_STEPS; i++) {
        double up = side == 1 ? 1 : 1 + h * (1 << i);
        double down = side == 2 ? 1 : 1 - h * (1 << i);
        long double high = here, low = here;
        if ((side != 1 && !scaled_log(a, parameter, (long double)up, &high)) ||
            (side != 2 && !scaled_log(a, parameter, (long double)down, &low))) {
            return false;
        }
        row[i] = (high - low) / ((long double)up - (long double)down);
    }
    for (int order = 1; order < N_STEPS; order++) {
        long double power = side == 0 ? (1 << (2 * order)) : (1 << order);
        *error = fabsl(row[0]);
        for (int i = 0; i + order < N_STEPS; i++) {
            long double better = (power * row[i] - row[i + 1]) / (power - 1);
            *error = i == 0 ? fabsl(better - row[0]) : *error;
            row[i] = better;
        }
    }
    *value = row[0];
    return true;
}

/* The step is shortened until extrapolation hardly matters: near the edge of its range
 * a parameter such as a coverage of 0.9999 bends U within a step of 1e-4. */
static double elasticity(struct answerer *a, const char *parameter)
{
    long double here = 0, best = (long double)NAN, least = HUGE_VALL, value, error;
    if (!scaled_log(a, parameter, 1, &here)) {
        return (double)NAN;
    }
    for (int side = 0; side < 3; side++) {
        double h = FIRST_STEP;
        for (int attempt = 0; attempt < N_ATTEMPTS; attempt++, h /= 16) {
            if (!differences(a, parameter, here, side, side == 0 ? h : h / 16, &value,
                             &error)) {
                continue;
            }
            if (error < least) {
                best = value;
                least = error;
            }
            if (error <= GOOD_ENOUGH * fabsl(value)) {
                return (double)value;
            }
        }
        if (!isnan(best)) {
            return (double)best;
        }
    }
    return (double)NAN;
}

static void find_elasticities(struct answerer *a)
{
    const struct ha_events *events = a->blocks->events;
    uint32_t n = events->n_parameters;
    if (a->blocks->is_absorbing || a->out->n_states > MAX_ELASTICITY_STATES ||
        !(a->out->value[HA_ANSWER_steady_unavailability] > 0)) {
        return;
    }
    struct ha_elasticity *e = sim_arena_calloc(a->arena, n, sizeof *e);
    for (uint32_t i = 0; i < n; i++) {
        e[i].parameter = events->parameter[i];
        e[i].value = elasticity(a, e[i].parameter);
    }
    a->out->n_elasticities = n;
    a->out->elasticity = e;
}

/* ---- which comes first ---- */

static void reach_start(const void *plan, struct sim_run *run)
{
    const struct ha_blocks_at *at = plan;
    const struct ha_events *events = at->blocks->events;
    struct ha_events shifted = *events;
    struct ha_blocks blocks = *at->blocks;
    struct ha_blocks_at there = *at;
    shifted.init = events->reach_start;
    blocks.events = &shifted;
    there.blocks = &blocks;
    ha_blocks_start(&there, run);
}

static void reach_fire(const void *plan, struct sim_run *run, uint32_t slot)
{
    ha_blocks_fire(plan, run, slot);
}

/* Bit 0: the target is met. Bit 1: what is to be avoided. */
static uint64_t reach_down(const void *plan, const struct sim_run *run)
{
    const struct ha_blocks_at *at = plan;
    const struct ha_events *events = at->blocks->events;
    const double *variable = ha_blocks_state_const(at, run);
    bool is_there = ha_expr_eval(&events->target, variable) != 0;
    bool is_lost = ha_expr_eval(&events->avoid, variable) != 0;
    return (is_there ? 1u : 0u) | (is_lost ? 2u : 0u);
}

static int find_reach(struct answerer *a)
{
    struct sim_model model;
    uint32_t n_states;
    ha_blocks_model(a->arena, a->blocks, &model);
    model.n_services = 2;
    model.start = reach_start;
    model.fire = reach_fire;
    model.down = reach_down;
    model.is_absorbing = false;
    return sim_exact_race(&model, &a->options->limits,
                          &a->out->value[HA_ANSWER_reach_probability], &n_states,
                          a->err);
}

/* ---- the way ---- */

static bool try_closed_forms(struct sim_arena *arena, const struct ha_blocks *blocks,
                             struct ha_answers *out)
{
    if (ha_answer_rolling(blocks, out)) {
        return true;
    }
    bool is_single = ha_answer_single_unit(arena, blocks, out);
    const char *method = out->method;
    if (ha_answer_independent(arena, blocks, out) || is_single) {
        out->method = is_single ? method : out->method;
        return true;
    }
    return ha_answer_one_crew(arena, blocks, out);
}

static void clear(const struct ha_blocks *blocks, struct ha_answers *out)
{
    memset(out, 0, sizeof *out);
    out->is_exact = true;
    out->n_thresholds = blocks->n_thresholds;
    out->threshold_s = blocks->threshold_s;
    for (int i = 0; i < HA_N_ANSWERS; i++) {
        out->value[i] = (double)NAN;
    }
}

bool ha_blocks_closed_form(const struct ha_blocks *blocks, struct sim_closed_form *out)
{
    struct sim_arena arena;
    struct ha_answers answers;
    sim_arena_init(&arena);
    clear(blocks, &answers);
    bool is_known = try_closed_forms(&arena, blocks, &answers);
    if (is_known) {
        const double *value = answers.value;
        *out = (struct sim_closed_form){
            .unavailability = value[HA_ANSWER_steady_unavailability],
            .outages_per_s = value[HA_ANSWER_outages_per_year] / blocks->year_s,
            .mean_outage_s = value[HA_ANSWER_mean_outage_s],
            .mttff_s = value[HA_ANSWER_mttff_s],
            .method = answers.method,
        };
    }
    sim_arena_clear(&arena);
    return is_known;
}

/* A few independent units without memory: the chain is small, and it also knows the
 * first outage and the first year, which the closed form leaves open. */
static bool has_small_chain(const struct ha_blocks *blocks)
{
    uint64_t n_states = 1;
    if (blocks->kind != HA_BLOCKS_SHOP || blocks->shop->n_crews > 0) {
        return false;
    }
    for (uint32_t d = 0; d < blocks->n_dists; d++) {
        if (blocks->dist[d].kind != SIM_DIST_EXPONENTIAL) {
            return false;
        }
    }
    for (uint32_t c = 0; c < blocks->shop->n_classes && n_states <= 4096; c++) {
        n_states *= blocks->shop->class_units[c] + 1;
    }
    return n_states <= 4096;
}

int ha_blocks_answer(struct sim_arena *arena, const struct ha_node *doc,
                     const struct ha_blocks *blocks,
                     const struct ha_answer_options *options, struct ha_answers *out,
                     struct sim_err *err)
{
    struct answerer a = {.arena = arena,
                         .doc = doc,
                         .blocks = blocks,
                         .options = options,
                         .out = out,
                         .err = err};
    clear(blocks, out);
    if (!options->wants_chain && try_closed_forms(arena, blocks, out)) {
        const char *method = out->method;
        const double *exceeds = out->prob_exceeds;
        int failed = has_small_chain(blocks) ? solve_chain(&a) : 0;
        out->method = method;
        out->prob_exceeds = exceeds != NULL ? exceeds : out->prob_exceeds;
        return failed;
    }
    int rc = solve_chain(&a);
    if (rc == 0 && blocks->kind == HA_BLOCKS_EVENTS) {
        find_elasticities(&a);
        rc = blocks->events->has_reach ? find_reach(&a) : 0;
    }
    return rc;
}
