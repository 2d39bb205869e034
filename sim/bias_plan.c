/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is biased, how strongly, and what pilots teach about it.
 *
 * What is learned is of low dimension and mixed with a safe default, so that a poor
 * lesson costs time and never truth:
 *
 *   - which failures matter after which: each pair's part in the scores
 * (cross-entropy); a part of the wanted intensity stays balanced over groups;
 *   - how long it takes after a failure of each group until all is calm, through
 * however many stages, and which strategy of haste pays after it: posterior odds in
 * paths that scored, with a floor for each strategy;
 *   - what a path that hits usually scores, to end those that could not matter;
 *   - which recoveries are worth lengthening: posterior odds of the size-biased
 *     components in paths that scored;
 *   - how many excursions an exit deserves: more where the main path takes many events
 *     from one to the next, fewer by planned work that leads to little;
 *   - how many excursions each group of first failures deserves: odds proportional
 *     to the root mean square of its relative scores over the causes, per square root
 *     of cost (Neyman); 0.3 of the excursions stay even. This is what lets a frequent
 *     direct cause and a rare combination be estimated well in one run. When every
 *     cause must become precise, the least precise one counts most;
 *   - what a state promises: expected score per weight, for the weight windows.
 *
 * The pilot's scores never enter an estimate.
 *
 * Sources: Rubinstein and Kroese, "The Cross-Entropy Method", 2004 (tuning by
 * weighted maximum likelihood); Cochran, "Sampling Techniques", 5.5 (allocation).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/bias.h"
#include "sim/check.h"

#define FAIL_P        0.75 /* chance of a failure in a biased window */
#define LEARNED_SIZE  0.8  /* part of a size mixture that is learned */
#define LEAST_OWN_LAW 0.1  /* and what is always left to the law itself */
#define LEARNED_GROUP 0.7
#define PLAIN         0.10 /* odds that are always left to the original law */
#define LEAST_ODDS    0.06 /* and to each other strategy */
#define COPIES        SIM_BIAS_COPIES
#define MOST_COPIES   64
#define COPY_COST     3.0  /* of an event in a copy, in events of the main path */
#define CAUSE_COUNTS  0.01 /* causes below this share steer less and less */
#define VALUE_CAP     8192
#define VALUE_VISITS  20 /* before a state's value is used */

/* ---- Values ------------------------------------------------------------------------
 */

struct sim_value *sim_values_find(struct sim_values *values, uint64_t key, bool add)
{
    if (values->cap == 0) {
        return NULL;
    }
    const uint32_t mask = values->cap - 1;
    uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

    while (values->value[i].key != 0) {
        if (values->value[i].key == key) {
            return &values->value[i];
        }
        i = (i + 1) & mask;
    }
    if (!add || values->n_used >= values->cap / 4 * 3) {
        return NULL;
    }
    values->n_used++;
    values->value[i].key = key;
    return &values->value[i];
}

double sim_values_guess(const struct sim_values *values, uint64_t key)
{
    /* Finding without adding changes nothing. */
    struct sim_values look = *values;
    const struct sim_value *value = sim_values_find(&look, key, false);

    if (value == NULL || value->n < VALUE_VISITS || !(value->weight > 0.0) ||
        !(value->score > 0.0)) {
        return -1.0;
    }
    return value->score / value->weight;
}

static void values_init(struct sim_values *values, struct sim_arena *arena)
{
    values->cap = VALUE_CAP;
    values->value = sim_arena_calloc(arena, VALUE_CAP, sizeof *values->value);
}

static void values_merge(struct sim_values *values, const struct sim_values *from)
{
    for (uint32_t i = 0; i < from->cap; i++) {
        const struct sim_value *one = &from->value[i];
        if (one->key == 0) {
            continue;
        }
        struct sim_value *sum = sim_values_find(values, one->key, true);
        if (sum != NULL) {
            sum->n += one->n;
            sum->weight += one->weight;
            sum->score += one->score;
        }
    }
}

/* ---- Plan ---------------------------------------------------------------------------
 */

static void list_clocks(struct sim_bias_plan *plan, struct sim_arena *arena)
{
    const struct sim_model *model = plan->model;
    uint32_t group_of[SIM_BIAS_GROUPS] = {0};

    plan->clock_of = sim_arena_calloc(arena, model->n_slots, sizeof *plan->clock_of);
    plan->clock_slot =
        sim_arena_calloc(arena, model->n_slots, sizeof *plan->clock_slot);
    plan->clock_group =
        sim_arena_calloc(arena, model->n_slots, sizeof *plan->clock_group);
    for (uint32_t slot = 0; slot < model->n_slots; slot++) {
        plan->clock_of[slot] = UINT32_MAX;
        if (model->slot[slot].cls != SIM_FAILURE) {
            continue;
        }
        uint32_t g = 0;
        while (g < plan->n_groups && group_of[g] != model->slot[slot].group) {
            g++;
        }
        if (g == plan->n_groups && g < SIM_BIAS_GROUPS) {
            group_of[plan->n_groups++] = model->slot[slot].group;
        }
        plan->clock_group[plan->n_clocks] = g < SIM_BIAS_GROUPS ? g : g - 1;
        plan->clock_of[slot] = plan->n_clocks;
        plan->clock_slot[plan->n_clocks++] = slot;
    }
}

static void list_laws(struct sim_bias_plan *plan, struct sim_arena *arena)
{
    const struct sim_model *model = plan->model;

    plan->dist_rate = sim_arena_calloc(arena, model->n_dists, sizeof *plan->dist_rate);
    plan->dist_hazard =
        sim_arena_calloc(arena, model->n_dists, sizeof *plan->dist_hazard);
    for (uint32_t d = 0; d < model->n_dists; d++) {
        plan->dist_hazard[d] = sim_dist_has_hazard(&model->dist[d]);
        if (model->dist[d].kind == SIM_DIST_EXPONENTIAL) {
            plan->dist_rate[d] = 1.0 / model->dist[d].a;
        }
    }
}

static double *pairs_alloc(const struct sim_bias_plan *plan, struct sim_arena *arena)
{
    return sim_arena_calloc(arena, (size_t)plan->n_clocks * plan->n_clocks,
                            sizeof(double));
}

void sim_bias_plan_init(struct sim_bias_plan *plan, struct sim_arena *arena,
                        const struct sim_model *model, const struct sim_study *study)
{
    *plan = (struct sim_bias_plan){
        .model = model,
        .focus = study->focus,
        .all_causes = study->all_causes,
        .mass = -log1p(-FAIL_P),
        .copies = COPIES,
        .copies_planned = COPIES,
        .warmup_s = study->warmup_years * model->year_s,
        .horizon_s = HUGE_VAL,
    };
    list_clocks(plan, arena);
    list_laws(plan, arena);
    plan->clock_share =
        sim_arena_calloc(arena, plan->n_clocks, sizeof *plan->clock_share);
    plan->size_mix = sim_arena_calloc(arena, model->n_slots, sizeof *plan->size_mix);
    plan->choice_share =
        sim_arena_calloc(arena, model->n_choices, sizeof *plan->choice_share);
    for (uint32_t slot = 0; slot < model->n_slots; slot++) {
        for (int k = 0; k < SIM_SIZE_ORDERS; k++) {
            plan->size_mix[slot].share[k] = 1.0 / SIM_SIZE_ORDERS;
        }
    }
    for (uint32_t g = 0; g <= plan->n_groups; g++) {
        if (g < plan->n_groups) {
            plan->group_odds[g] = 1.0 / plan->n_groups;
        }
        for (int k = 0; k < SIM_BIAS_STRATEGIES; k++) {
            plan->odds[g][k] =
                k == SIM_BIAS_PLAIN ? PLAIN : (1.0 - PLAIN) / (SIM_BIAS_STRATEGIES - 1);
        }
    }
    if (plan->n_clocks <= SIM_BIAS_PAIRS) {
        plan->pair_share = pairs_alloc(plan, arena);
    }
    values_init(&plan->values, arena);
    plan->useful_words = (plan->n_clocks + 63) / 64;
    plan->useful = sim_arena_calloc(arena, (size_t)SIM_BIAS_USEFUL * plan->useful_words,
                                    sizeof *plan->useful);
}

/* ---- Lessons ------------------------------------------------------------------------
 */

void sim_bias_lesson_init(struct sim_bias_lesson *lesson, struct sim_arena *arena,
                          const struct sim_bias_plan *plan)
{
    const uint32_t n_slots = plan->model->n_slots;

    *lesson = (struct sim_bias_lesson){
        .clock_credit =
            sim_arena_calloc(arena, plan->n_clocks, sizeof *lesson->clock_credit),
        .size_credit = sim_arena_calloc(arena, n_slots, sizeof *lesson->size_credit),
        .choice_credit = sim_arena_calloc(arena, plan->model->n_choices,
                                          sizeof *lesson->choice_credit),
        .group_score =
            sim_arena_calloc(arena, plan->n_groups + 1, sizeof *lesson->group_score),
        .group_score2 =
            sim_arena_calloc(arena, plan->n_groups + 1, sizeof *lesson->group_score2),
    };
    if (plan->pair_share != NULL) {
        lesson->pair_credit = pairs_alloc(plan, arena);
    }
    values_init(&lesson->values, arena);
    struct sim_run run;
    sim_run_init(&run, plan->model);
    for (int i = 0; i < SIM_BIAS_SAMPLES; i++) {
        lesson->sample[i] = sim_world_alloc(run.world_bytes);
    }
}

void sim_bias_lesson_release(struct sim_bias_lesson *lesson)
{
    for (int i = 0; i < SIM_BIAS_SAMPLES; i++) {
        free(lesson->sample[i]);
    }
}

void sim_bias_lesson_clear(struct sim_bias_lesson *lesson,
                           const struct sim_bias_plan *plan)
{
    const size_t n_groups = plan->n_groups + 1;

    memset(lesson->clock_credit, 0, plan->n_clocks * sizeof *lesson->clock_credit);
    if (lesson->pair_credit != NULL) {
        memset(lesson->pair_credit, 0,
               (size_t)plan->n_clocks * plan->n_clocks * sizeof(double));
    }
    memset(lesson->odds_credit, 0, sizeof lesson->odds_credit);
    memset(lesson->calm_time, 0, sizeof lesson->calm_time);
    memset(lesson->calm_weight, 0, sizeof lesson->calm_weight);
    lesson->n_exits = 0.0;
    lesson->n_main_events = 0.0;
    lesson->hits = 0.0;
    lesson->hit_score = 0.0;
    lesson->hit_weight = 0.0;
    memset(lesson->size_credit, 0, plan->model->n_slots * sizeof *lesson->size_credit);
    memset(lesson->choice_credit, 0,
           plan->model->n_choices * sizeof *lesson->choice_credit);
    memset(lesson->group_score, 0, n_groups * sizeof *lesson->group_score);
    memset(lesson->group_score2, 0, n_groups * sizeof *lesson->group_score2);
    memset(lesson->group_n, 0, sizeof lesson->group_n);
    memset(lesson->group_events, 0, sizeof lesson->group_events);
    memset(lesson->values.value, 0, lesson->values.cap * sizeof *lesson->values.value);
    lesson->values.n_used = 0;
    lesson->n_samples = 0;
}

void sim_bias_lesson_merge(struct sim_bias_lesson *lesson,
                           const struct sim_bias_lesson *from,
                           const struct sim_bias_plan *plan)
{
    const size_t n_pairs = (size_t)plan->n_clocks * plan->n_clocks;

    for (uint32_t c = 0; c < plan->n_clocks; c++) {
        lesson->clock_credit[c] += from->clock_credit[c];
    }
    for (uint32_t slot = 0; slot < plan->model->n_slots; slot++) {
        for (int k = 0; k < SIM_SIZE_ORDERS; k++) {
            lesson->size_credit[slot].share[k] += from->size_credit[slot].share[k];
        }
    }
    for (uint32_t c = 0; c < plan->model->n_choices; c++) {
        struct sim_bias_credit *credit = &lesson->choice_credit[c];
        credit->n += from->choice_credit[c].n;
        credit->score[0] += from->choice_credit[c].score[0];
        credit->score[1] += from->choice_credit[c].score[1];
    }
    for (size_t i = 0; lesson->pair_credit != NULL && i < n_pairs; i++) {
        lesson->pair_credit[i] += from->pair_credit[i];
    }
    lesson->n_exits += from->n_exits;
    lesson->n_main_events += from->n_main_events;
    lesson->hits += from->hits;
    lesson->hit_score += from->hit_score;
    lesson->hit_weight += from->hit_weight;
    for (uint32_t g = 0; g <= plan->n_groups; g++) {
        lesson->calm_time[g] += from->calm_time[g];
        lesson->calm_weight[g] += from->calm_weight[g];
        for (int k = 0; k < SIM_BIAS_STRATEGIES; k++) {
            lesson->odds_credit[g][k] += from->odds_credit[g][k];
        }
        lesson->group_n[g] += from->group_n[g];
        lesson->group_events[g] += from->group_events[g];
        for (uint32_t c = 0; c < SIM_BATCH_CAUSES; c++) {
            lesson->group_score[g][c] += from->group_score[g][c];
            lesson->group_score2[g][c] += from->group_score2[g][c];
        }
    }
    values_merge(&lesson->values, &from->values);
}

/* Shares from credits; they stay what they were where there are none. */
static void share_out(double *share, const double *credit, uint32_t n)
{
    double total = 0.0;

    for (uint32_t i = 0; i < n; i++) {
        total += credit[i];
    }
    for (uint32_t i = 0; i < n && total > 0.0; i++) {
        share[i] = credit[i] / total;
    }
}

static void learn_clocks(struct sim_bias_plan *plan,
                         const struct sim_bias_lesson *lesson)
{
    const uint32_t n = plan->n_clocks;

    share_out(plan->clock_share, lesson->clock_credit, n);
    for (size_t c = 0; plan->pair_share != NULL && c < n; c++) {
        share_out(plan->pair_share + c * n, lesson->pair_credit + c * n, n);
    }
}

/* The odds of the strategies after a failure of each group, and how long its traces
 * last. Every strategy keeps a floor. */
static void learn_strategies(struct sim_bias_plan *plan,
                             const struct sim_bias_lesson *lesson)
{
    const double rest = 1.0 - PLAIN - (SIM_BIAS_STRATEGIES - 1) * LEAST_ODDS;

    for (uint32_t g = 0; g <= plan->n_groups; g++) {
        double share[SIM_BIAS_STRATEGIES] = {0};
        share_out(share, lesson->odds_credit[g], SIM_BIAS_STRATEGIES);
        for (int k = 0; k < SIM_BIAS_STRATEGIES && share[0] > 0.0; k++) {
            plan->odds[g][k] =
                (k == SIM_BIAS_PLAIN ? PLAIN : LEAST_ODDS) + rest * share[k];
        }
        if (lesson->calm_weight[g] > 0.0) {
            plan->calm_s[g] = lesson->calm_time[g] / lesson->calm_weight[g];
        }
    }
    if (lesson->hit_weight > 0.0) {
        plan->hit_s = lesson->hit_score / lesson->hit_weight;
        plan->hit_score = lesson->hit_score / lesson->hits;
    }
}

static void learn_sizes(struct sim_bias_plan *plan,
                        const struct sim_bias_lesson *lesson)
{
    for (uint32_t slot = 0; slot < plan->model->n_slots; slot++) {
        const double *credit = lesson->size_credit[slot].share;
        const double total = credit[0] + credit[1] + credit[2];
        double *share = plan->size_mix[slot].share;
        if (!(total > 0.0)) {
            continue;
        }
        double sum = 0.0;
        for (int k = 0; k < SIM_SIZE_ORDERS; k++) {
            share[k] = (1.0 - LEARNED_SIZE) / SIM_SIZE_ORDERS +
                       LEARNED_SIZE * credit[k] / total;
            share[k] = fmax(share[k], k == 0 ? LEAST_OWN_LAW : 0.0);
            sum += share[k];
        }
        for (int k = 0; k < SIM_SIZE_ORDERS; k++) {
            share[k] /= sum;
        }
    }
}

/* How much a relative square of each cause counts: 1 / total^2 when the cause is
 * large enough to matter. When every cause must be precise, the least precise one
 * counts most. False: nothing scored. */
static bool weigh_causes(const struct sim_bias_plan *plan,
                         const struct sim_bias_lesson *lesson, double *weight)
{
    double total[SIM_BATCH_CAUSES] = {0};
    double square[SIM_BATCH_CAUSES] = {0};
    double all = 0.0;

    for (uint32_t g = 0; g <= plan->n_groups; g++) {
        for (uint32_t c = 0; c < SIM_BATCH_CAUSES; c++) {
            total[c] += lesson->group_score[g][c];
            square[c] += lesson->group_score2[g][c];
            all += lesson->group_score[g][c];
        }
    }
    for (uint32_t c = 0; c < SIM_BATCH_CAUSES; c++) {
        weight[c] = 0.0;
        if (total[c] > 0.0) {
            const double share = fmin(1.0, total[c] / all / CAUSE_COUNTS);
            weight[c] = pow(share, 8.0) / (total[c] * total[c]);
            weight[c] *= plan->all_causes ? square[c] / (total[c] * total[c]) : 1.0;
        }
    }
    return all > 0.0;
}

/* Mean weighted square of a group's scores over the causes. */
static double relative_square(const struct sim_bias_lesson *lesson, uint32_t g,
                              const double *weight)
{
    double sum = 0.0;

    for (uint32_t c = 0; c < SIM_BATCH_CAUSES; c++) {
        sum += lesson->group_score2[g][c] * weight[c];
    }
    return lesson->group_n[g] > 0.0 ? sum / lesson->group_n[g] : 0.0;
}

/* Copies that cost about as much as the main path does from exit to exit: whatever the
 * variance between exits and within them, that is within a factor of two of the best
 * number. */
static double copies_worth(const struct sim_bias_lesson *lesson, double cost)
{
    const double main_cost = lesson->n_main_events / (lesson->n_exits + 1.0);

    return fmin(fmax(round(main_cost / (COPY_COST * cost)), COPIES), MOST_COPIES);
}

/*
 * Copies per exit: where planned work leaves calm often and leads to little, one copy
 * of it is enough and failures get more (Neyman, as for the groups).
 */
static void learn_copies(struct sim_bias_plan *plan,
                         const struct sim_bias_lesson *lesson)
{
    const uint32_t planned = plan->n_groups;
    double weight[SIM_BATCH_CAUSES];
    double square = 0.0;
    double events = 0.0;
    double n = 0.0;

    weigh_causes(plan, lesson, weight);
    for (uint32_t g = 0; g < plan->n_groups; g++) {
        square += lesson->group_n[g] * relative_square(lesson, g, weight);
        events += lesson->group_events[g];
        n += lesson->group_n[g];
    }
    const double cost = events / (n + 1.0) + 4.0;
    const double copies = copies_worth(lesson, cost);
    plan->copies = (uint32_t)copies;
    plan->copies_planned = plan->copies;
    if (!(lesson->group_n[planned] > 0.0) || !(square > 0.0)) {
        return;
    }
    const double cost_planned =
        lesson->group_events[planned] / lesson->group_n[planned] + 4.0;
    const double ratio = sqrt(relative_square(lesson, planned, weight) / cost_planned /
                              (square / n / cost));
    plan->copies = ratio < 0.5 && plan->copies < 2 * COPIES ? 2 * COPIES : plan->copies;
    plan->copies_planned = (uint32_t)fmin(fmax(round(plan->copies * ratio), 1.0),
                                          fmax(copies, 2 * COPIES));
}

static void learn_groups(struct sim_bias_plan *plan,
                         const struct sim_bias_lesson *lesson)
{
    double weight[SIM_BATCH_CAUSES];
    double want[SIM_BIAS_GROUPS] = {0};
    double sum = 0.0;

    if (!weigh_causes(plan, lesson, weight)) {
        return;
    }
    for (uint32_t g = 0; g < plan->n_groups; g++) {
        const double square = relative_square(lesson, g, weight);
        if (square > 0.0) {
            const double cost = lesson->group_events[g] / lesson->group_n[g] + 4.0;
            want[g] = plan->group_odds[g] * sqrt(square / cost);
            sum += want[g];
        }
    }
    for (uint32_t g = 0; g < plan->n_groups; g++) {
        plan->group_odds[g] =
            (1.0 - LEARNED_GROUP) / plan->n_groups + LEARNED_GROUP * want[g] / sum;
    }
}

void sim_bias_plan_learn(struct sim_bias_plan *plan,
                         const struct sim_bias_lesson *lesson)
{
    learn_clocks(plan, lesson);
    learn_strategies(plan, lesson);
    learn_sizes(plan, lesson);
    sim_bias_plan_choices(plan, lesson);
    learn_groups(plan, lesson);
    learn_copies(plan, lesson);
    values_merge(&plan->values, &lesson->values);
    plan->splits = plan->values.n_used > 0;
}

/*
 * Measures one state and, step by step, the states its useful failures lead to, so that
 * the whole way to the outage is known. Depth first over the scratch worlds; at most
 * SIM_LEVEL_MOST deep, since each step is one failure nearer.
 */
static void measure_from(struct sim_bias_plan *plan, struct sim_level *level,
                         struct sim_world *const *scratch, uint32_t depth, uint64_t key)
{
    struct sim_value *value = sim_values_find(&plan->values, key, true);

    if (value == NULL || value->useful != 0 || plan->n_useful == SIM_BIAS_USEFUL ||
        level->effort == 0) {
        return;
    }
    uint64_t *useful = plan->useful + (size_t)plan->n_useful * plan->useful_words;
    const uint32_t d = sim_level_useful(level, scratch[depth], SIM_LEVEL_MOST, useful);
    if (d == SIM_LEVEL_UNKNOWN || d == 0) {
        return;
    }
    value->useful = ++plan->n_useful;
    for (uint32_t c = 0; d > 1 && depth < SIM_LEVEL_MOST && c < plan->n_clocks; c++) {
        if ((useful[c / 64] >> (c % 64) & 1) != 0 &&
            sim_level_fail(level, scratch[depth + 1], scratch[depth], c)) {
            measure_from(plan, level, scratch, depth + 1, sim_level_hash(&level->run));
        }
    }
}

void sim_bias_plan_measure(struct sim_bias_plan *plan, struct sim_level *level,
                           const struct sim_bias_lesson *lesson)
{
    struct sim_world *scratch[SIM_LEVEL_MOST + 1];

    for (int i = 0; i <= SIM_LEVEL_MOST; i++) {
        scratch[i] = sim_world_alloc(level->run.world_bytes);
    }
    for (uint32_t i = 0; i < lesson->n_samples && level->effort > 0; i++) {
        sim_world_copy(&level->run, scratch[0], lesson->sample[i]);
        measure_from(plan, level, scratch, 0, lesson->sample_key[i]);
    }
    sim_run_unbind(&level->run);
    for (int i = 0; i <= SIM_LEVEL_MOST; i++) {
        free(scratch[i]);
    }
}
