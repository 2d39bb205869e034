/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the paths of a pilot teach.
 *
 * A path that scored tells, by its score, which failures carried it and which followed
 * which, which strategy hurried each of them and which size-biased draw made a recovery
 * long enough: the sums are what weighted maximum likelihood (cross-entropy) needs. A
 * path that did not tells how long the way back to calm takes. The plan reads the sums
 * in sim/bias_plan.c; nothing here touches an estimate.
 */
#include "sim/bias.h"

#include "sim/poison.h"

static void sample(struct sim_bias_player *player, uint64_t key)
{
    struct sim_bias_lesson *lesson = player->lesson;

    if (lesson->n_samples < SIM_BIAS_SAMPLES) {
        lesson->sample_key[lesson->n_samples] = key;
        sim_world_copy(&player->run, lesson->sample[lesson->n_samples++],
                       player->run.world);
    }
}

void sim_bias_learn_visit(struct sim_bias_player *player, uint64_t key)
{
    struct sim_value *value = sim_values_find(&player->lesson->values, key, true);

    if (value == NULL) {
        return;
    }
    value->n++;
    value->weight += player->now->weight;
    if (value->n == 1 && value->is_sampled == 0) {
        sample(player, key);
    }
}

void sim_bias_learn_first(struct sim_bias_player *player, uint64_t key)
{
    struct sim_value *value = sim_values_find(&player->lesson->values, key, true);

    if (value != NULL && value->n == 0 && value->is_sampled == 0) {
        value->is_sampled = 1;
        sample(player, key);
    }
}

static uint32_t n_kept(const struct sim_bias_path *path)
{
    return path->n_steps < SIM_BIAS_TRACE ? path->n_steps : SIM_BIAS_TRACE;
}

/* How long it took from each failure to calm. */
static void learn_times(struct sim_bias_player *player, double weight)
{
    const struct sim_bias_path *path = player->now;
    struct sim_bias_lesson *lesson = player->lesson;

    for (uint32_t i = 0; i < n_kept(path); i++) {
        const struct sim_bias_step *step = &path->step[i];
        const double took_s = player->run.world->now_s - step->at_s;
        lesson->calm_time[step->group] += weight * took_s;
        lesson->calm_weight[step->group] += weight;
    }
}

/* Failure i of a path that scored: what it followed. */
static void learn_step(struct sim_bias_player *player, uint32_t i)
{
    const struct sim_bias_path *path = player->now;
    struct sim_bias_lesson *lesson = player->lesson;
    const uint32_t ix = path->step[i].ix;
    const size_t n_clocks = player->plan->n_clocks;

    for (int k = 0; k < SIM_BIAS_STRATEGIES; k++) {
        lesson->odds_credit[path->step[i].group][k] +=
            path->score * path->step[i].credit[k];
    }
    struct sim_value *value =
        sim_values_find(&lesson->values, path->step[i].key, false);
    if (value != NULL) {
        value->score += path->score;
    }
    if (i == 0) {
        return;
    }
    lesson->clock_credit[ix] += path->score;
    for (uint32_t j = 0; lesson->pair_credit != NULL && j < i; j++) {
        const uint32_t before = path->step[j].ix;
        if (before != UINT32_MAX) {
            lesson->pair_credit[before * n_clocks + ix] += path->score;
        }
    }
}

void sim_bias_learn_end(struct sim_bias_player *player, double weight)
{
    const struct sim_bias_path *path = player->now;
    struct sim_bias_lesson *lesson = player->lesson;

    if (path->is_biased) {
        learn_times(player, weight);
    }
    if (!(path->score > 0.0)) {
        return;
    }
    for (uint32_t i = 0; i < n_kept(path); i++) {
        learn_step(player, i);
    }
    for (uint32_t i = 0; i < path->n_draws; i++) {
        for (int k = 0; k < SIM_SIZE_ORDERS; k++) {
            lesson->size_credit[path->draw[i].slot].share[k] +=
                path->score * path->draw[i].credit.share[k];
        }
    }
    sim_bias_learn_picks(lesson, path);
    const double downtime_s = path->downtime_s[player->plan->focus];
    lesson->hits += 1.0;
    lesson->hit_score += path->score;
    lesson->hit_weight += downtime_s > 0.0 ? path->score / downtime_s : path->score;
}

void sim_bias_learn_copy(struct sim_bias_player *player, uint32_t first_clock)
{
    const struct sim_bias_plan *plan = player->plan;
    struct sim_bias_lesson *lesson = player->lesson;
    const uint32_t g =
        first_clock != UINT32_MAX ? plan->clock_group[first_clock] : plan->n_groups;

    lesson->group_n[g] += 1.0;
    lesson->group_events[g] += (double)player->n_copy_events;
    for (uint32_t c = 0; c < SIM_BATCH_CAUSES; c++) {
        lesson->group_score[g][c] += player->copy_cause[c];
        lesson->group_score2[g][c] += player->copy_cause[c] * player->copy_cause[c];
    }
}
