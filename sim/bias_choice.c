/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Choices inside an excursion: which way a coin of the model falls.
 *
 * An outage may need more than failures: a zone that fails takes the region with it
 * one time in ten, a failover is not covered one time in fifty. Such coins are loaded,
 * and the weight takes in the ratio of the odds. What is preferred is learned: the
 * share of the score that came after each outcome of a coin (cross-entropy, as for
 * clocks and strategies). While too few scores are known, outcomes rarer than one in
 * ten are made more even.
 *
 * Defence: at least 1 - FORCED_EVEN of the original odds stay, so no coin multiplies a
 * weight by more than 1 / (1 - FORCED_EVEN); and few coins of an excursion are loaded,
 * only those that would change much. Learned are choices between two outcomes; larger
 * ones are seldom what decides.
 */
#include <math.h>

#include "sim/bias.h"

#include "sim/poison.h"

#define FORCED_EVEN  0.4  /* part of the odds given to the preferred outcomes */
#define FORCED_BELOW 0.1  /* not learned: only when some outcome is rarer than this */
#define LEAST_SCORES 30.0 /* paths that scored after a choice, to learn from */
#define LEAST_SHARE  0.05 /* of the preference, for each outcome */
#define MUCH         1.5  /* learned: only when odds change by this factor */

/* Total and number of the positive weights, and the smallest of them. */
static uint32_t weigh_outcomes(uint32_t n, const double *weight, double *total,
                               double *least)
{
    uint32_t n_positive = 0;

    *total = 0.0;
    *least = HUGE_VAL;
    for (uint32_t i = 0; i < n; i++) {
        if (weight[i] > 0.0) {
            n_positive++;
            *total += weight[i];
            *least = weight[i] < *least ? weight[i] : *least;
        }
    }
    return n_positive;
}

/* Are the odds as they are far from what was learned? */
static bool differs(const double *share, const double *weight, double total)
{
    for (int i = 0; i < 2; i++) {
        const double odds = weight[i] / total;
        if (share[i] > MUCH * odds) {
            return true;
        }
    }
    return false;
}

static uint32_t draw_loaded(struct sim_bias_player *player, uint32_t choice, uint32_t n,
                            const double *weight, double total, const double *share,
                            double even)
{
    struct sim_run *run = &player->run;
    struct sim_bias_path *path = player->now;
    double u = sim_draw_uniform(sim_draw_of(
        &run->world->key, run->model->choice_id[choice], run->choice_draws[choice]++));
    double taken_odds = 0.0;
    double taken_wanted = 1.0;
    uint32_t taken = 0;

    for (uint32_t i = 0; i < n && u >= 0.0; i++) {
        if (weight[i] > 0.0) {
            taken = i;
            taken_odds = weight[i] / total;
            taken_wanted = (1.0 - FORCED_EVEN) * taken_odds +
                           FORCED_EVEN * (share != NULL ? share[i] : even);
            u -= taken_wanted;
        }
    }
    path->weight *= taken_odds / taken_wanted;
    path->n_forced++;
    return taken;
}

static void note(struct sim_bias_player *player, uint32_t choice, uint32_t taken)
{
    struct sim_bias_path *path = player->now;

    if (player->lesson != NULL && path->n_picks < SIM_BIAS_PICKS) {
        path->pick[path->n_picks].choice = choice;
        path->pick[path->n_picks++].outcome = taken;
    }
}

uint32_t sim_bias_choose(struct sim_bias_player *player, uint32_t choice, uint32_t n,
                         const double *weight)
{
    struct sim_bias_path *path = player->now;
    double total;
    double least;

    if (weight == NULL || !path->is_biased) {
        return sim_world_choose(&player->run, choice, n, weight);
    }
    const uint32_t n_positive = weigh_outcomes(n, weight, &total, &least);
    if (n_positive < 2) {
        return sim_world_choose(&player->run, choice, n, weight);
    }
    const double *share = n == 2 ? player->plan->choice_share[choice] : NULL;
    const bool is_known = share != NULL && share[0] + share[1] > 0.0;
    const bool is_loaded =
        path->n_forced < SIM_BIAS_FORCED &&
        (is_known ? differs(share, weight, total) : least < FORCED_BELOW * total);
    const uint32_t taken = is_loaded
                               ? draw_loaded(player, choice, n, weight, total,
                                             is_known ? share : NULL, 1.0 / n_positive)
                               : sim_world_choose(&player->run, choice, n, weight);
    if (n == 2) {
        note(player, choice, taken);
    }
    return taken;
}

void sim_bias_learn_picks(struct sim_bias_lesson *lesson,
                          const struct sim_bias_path *path)
{
    for (uint32_t i = 0; i < path->n_picks; i++) {
        struct sim_bias_credit *credit = &lesson->choice_credit[path->pick[i].choice];
        credit->score[path->pick[i].outcome] += path->score;
        credit->n += 1.0;
    }
}

void sim_bias_plan_choices(struct sim_bias_plan *plan,
                           const struct sim_bias_lesson *lesson)
{
    for (uint32_t c = 0; c < plan->model->n_choices; c++) {
        const struct sim_bias_credit *credit = &lesson->choice_credit[c];
        const double total = credit->score[0] + credit->score[1];

        for (int i = 0; credit->n >= LEAST_SCORES && i < 2; i++) {
            plan->choice_share[c][i] =
                LEAST_SHARE + (1.0 - 2.0 * LEAST_SHARE) * credit->score[i] / total;
        }
    }
}
