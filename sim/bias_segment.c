/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments: how failures are hurried, from one failure to the next.
 *
 * Hurrying failures at every event ruins excursions that hold many harmless events (a
 * retry timer, restarts during a long node repair): each event multiplies the weight
 * by the chance that nothing failed, and the product collapses. Choosing one
 * strategy for a whole segment, and weighing with the ratio of the *mixture* of all
 * strategies, bounds the weight of a segment by 1 / odds of the original law:
 *
 *     weight *= f / sum_k odds_k g_k  =  1 / sum_k odds_k exp(log_ratio_k)
 *
 * Each strategy wants a total failure intensity, such that a failure is likely within
 * its own idea of how long the danger lasts. What is scheduled tells that only where a
 * recovery is one timer; a chain of short stages (detected, restarted, ready, in the
 * load balancer) shows its first link. So some strategies aim at the time until calm
 * that was learned for the last failure's group. Which failure comes next under an
 * intensity, and the ratios, are in sim/bias_clocks.c.
 *
 * Because all intensities are functions of the past alone, the ratio is a martingale
 * and scores may be weighed at any event (sim_bias_weight).
 *
 * Sources: Shahabuddin, Management Science 40, 1994 (balanced failure biasing);
 * Hesterberg, Technometrics 37, 1995 (defensive mixtures); Nicola, Shahabuddin,
 * Nakayama, IEEE Trans. Reliability 50, 2001.
 */
#include <math.h>
#include <string.h>

#include "sim/bias.h"

#include "sim/poison.h"

#define EARLY 6.0 /* the early strategy: this part of the usual time */

double sim_bias_weight(const struct sim_bias_plan *plan,
                       const struct sim_bias_path *path)
{
    if (!path->is_biased) {
        return path->weight;
    }
    double mixture = 0.0;

    for (int k = 0; k < SIM_BIAS_STRATEGIES; k++) {
        mixture += plan->odds[path->group][k] * exp(path->log_ratio[k]);
    }
    return path->weight / mixture;
}

/* Posterior odds of the strategies in the open segment, kept to be learned from. */
static void keep_credit(const struct sim_bias_plan *plan, struct sim_bias_path *path)
{
    double mixture = 0.0;

    if (path->n_steps == 0 || path->n_steps > SIM_BIAS_TRACE) {
        return; /* a hit by the failure that closed the segment, or beyond the trace */
    }
    double *credit = path->step[path->n_steps - 1].credit;
    for (int k = 0; k < SIM_BIAS_STRATEGIES; k++) {
        credit[k] = plan->odds[path->group][k] * exp(path->log_ratio[k]);
        mixture += credit[k];
    }
    for (int k = 0; k < SIM_BIAS_STRATEGIES; k++) {
        credit[k] /= mixture;
    }
}

void sim_bias_segment_close(const struct sim_bias_plan *plan,
                            struct sim_bias_path *path)
{
    keep_credit(plan, path);
    path->weight = sim_bias_weight(plan, path);
    for (int k = 0; k < SIM_BIAS_STRATEGIES; k++) {
        path->log_ratio[k] = 0.0;
    }
}

/* Remaining times of the scheduled recoveries, ascending, at most max of them. */
static uint32_t scheduled_recoveries(const struct sim_run *run, double *left_s,
                                     uint32_t max)
{
    const struct sim_model *model = run->model;
    uint32_t n = 0;

    for (uint32_t slot = 0; slot < model->n_slots; slot++) {
        if (model->slot[slot].cls != SIM_RECOVERY || !sim_timer_is_armed(run, slot)) {
            continue;
        }
        const double left = sim_timer_time(run, slot) - run->world->now_s;
        uint32_t at = n < max ? n++ : max - 1;

        for (; at > 0 && left_s[at - 1] > left; at--) {
            left_s[at] = left_s[at - 1];
        }
        left_s[at] = left;
    }
    return n;
}

static uint32_t draw_strategy(const double *odds, double u)
{
    uint32_t k = 0;

    for (; k + 1 < SIM_BIAS_STRATEGIES; k++) {
        u -= odds[k];
        if (u < 0.0) {
            break;
        }
    }
    return k;
}

/* The intensity that makes a failure within a time likely; 0: as it comes. */
static double within(const struct sim_bias_plan *plan, double time_s)
{
    return time_s > 0.0 ? plan->mass / time_s : 0.0;
}

void sim_bias_segment_open(struct sim_bias_player *player)
{
    enum { MAX_RECOVERIES = 32 };
    const struct sim_bias_plan *plan = player->plan;
    struct sim_bias_path *path = player->now;
    double left_s[MAX_RECOVERIES];
    const uint32_t n = scheduled_recoveries(&player->run, left_s, MAX_RECOVERIES);

    for (int k = 0; k < SIM_BIAS_STRATEGIES; k++) {
        path->log_ratio[k] = 0.0;
        path->intensity[k] = 0.0;
    }
    path->strategy = draw_strategy(plan->odds[path->group],
                                   sim_draw_uniform(sim_world_draw(&player->run)));
    const double last_s = n > 0 ? left_s[n - 1] : 0.0;
    const double middle_s = n > 0 && left_s[n / 2] > 0.0 ? left_s[n / 2] : last_s;
    const double calm_s = path->calm_at_s - player->run.world->now_s;
    const double usual_s = plan->calm_s[path->group];

    path->intensity[SIM_BIAS_LAST_RECOVERY] = within(plan, last_s);
    path->intensity[SIM_BIAS_MEDIAN_RECOVERY] = within(plan, middle_s);
    path->intensity[SIM_BIAS_CALM] = within(plan, calm_s > 0.0 ? calm_s : last_s);
    path->intensity[SIM_BIAS_USUAL] = within(plan, usual_s > 0.0 ? usual_s : middle_s);
    path->intensity[SIM_BIAS_EARLY] =
        within(plan, (usual_s > 0.0 ? usual_s : middle_s) / EARLY);
    sim_bias_segment_recall(player);
}

void sim_bias_note_failure(struct sim_bias_player *player, uint32_t ix, double at_s)
{
    const struct sim_bias_plan *plan = player->plan;
    struct sim_bias_path *path = player->now;

    path->group = ix == UINT32_MAX ? plan->n_groups : plan->clock_group[ix];
    path->calm_at_s = fmax(path->calm_at_s, at_s + plan->calm_s[path->group]);
    if (path->n_steps < SIM_BIAS_TRACE) {
        path->step[path->n_steps] =
            (struct sim_bias_step){.at_s = at_s, .ix = ix, .group = path->group};
    }
    path->n_steps++;
}

/* Learned from what followed the failures of the path; where nothing is known, from
 * what carried the scores altogether. */
void sim_bias_segment_recall(struct sim_bias_player *player)
{
    const struct sim_bias_plan *plan = player->plan;
    const struct sim_bias_path *path = player->now;
    double *wanted = player->clocks.wanted;
    bool is_known = false;

    memset(wanted, 0, plan->n_clocks * sizeof *wanted);
    for (uint32_t i = 0; i < path->n_steps && i < SIM_BIAS_TRACE; i++) {
        const uint32_t ix = path->step[i].ix;
        if (plan->pair_share == NULL || ix == UINT32_MAX) {
            continue;
        }
        const double *row = plan->pair_share + (size_t)ix * plan->n_clocks;
        for (uint32_t c = 0; c < plan->n_clocks; c++) {
            wanted[c] += row[c];
            is_known = is_known || row[c] > 0.0;
        }
    }
    if (!is_known) {
        memcpy(wanted, plan->clock_share, plan->n_clocks * sizeof *wanted);
    }
}
