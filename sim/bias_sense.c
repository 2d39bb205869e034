/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Importance and elasticities under importance sampling: what sim/sense.h wants to be
 * told, with the weight of the path.
 *
 * Time counts with the weight after the event that ends it, as downtime does
 * (sim/bias_score.c), and with the score up to and including that event. The score is
 * always that of the original law: weight times score has the original expectation.
 */
#include <math.h>

#include "sim/bias.h"

void sim_bias_sense_fill(struct sim_result *result, const struct sim_bias_plan *plan,
                         const struct sim_bias_batch *batch, uint32_t n, double widen)
{
    struct sim_service_result *service = &result->service[plan->focus];
    /* The rule of three: what none of so many outages was. */
    const double unseen = -log1p(-result->confidence) / service->effective_sample_size;
    const struct sim_sense_sample sample = {
        .sums = batch[0].sense,
        .n = n,
        .effective = service->effective_sample_size,
        .unseen_down = unseen,
        .unseen_outages = unseen,
        .confidence = result->confidence,
        .widen = widen,
    };

    for (uint32_t i = 0; i < n; i++) {
        batch[i].sense[SIM_SENSE_TIME] = batch[i].tally->time_s;
    }
    sim_sense_fill(plan->sense, &sample, &result->arena, service);
}

#include "sim/poison.h" /* from here on we are inside a run */

static bool focus_is_down(const struct sim_bias_player *player)
{
    return (player->now->down >> player->plan->focus & 1) != 0;
}

void sim_bias_sense_time(struct sim_bias_player *player, double delay_s, uint32_t slot)
{
    struct sim_bias_path *path = player->now;
    const struct sim_sense_plan *sense = player->plan->sense;

    if (player->sense == NULL) {
        return;
    }
    const double weight = sim_bias_weight(player->plan, path) * player->part;

    sim_sense_pass(sense, &path->trail, &player->run, delay_s, slot, player->sense);
    sim_sense_count(sense, &path->trail, &player->run, delay_s, weight,
                    focus_is_down(player), player->sense);
}

void sim_bias_sense_changes(struct sim_bias_player *player, uint32_t slot,
                            bool was_down)
{
    struct sim_bias_path *path = player->now;
    const struct sim_sense_plan *sense = player->plan->sense;
    const bool is_down = focus_is_down(player);

    if (player->sense == NULL) {
        return;
    }
    sim_sense_look(sense, &path->trail, &player->run, slot, was_down, is_down);
    if (is_down && !was_down && player->run.model->is_absorbing) {
        const double weight = sim_bias_weight(player->plan, path) * player->part;

        sim_sense_count_outage(sense, &path->trail, weight, player->sense);
    }
}
