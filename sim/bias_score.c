/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scores of an excursion: what counts, and with which weight.
 *
 * Downtime counts as it passes, with the weight after the event that ends the stretch,
 * because the length of the stretch is known only then. An outage counts when it
 * begins, with the weight of that moment, and goes to the cause of the slot that fired;
 * its length enters the histogram when it ends. What is known only at the end of a
 * branch (time since the first outage, downtime of the whole excursion, budget
 * exceeded) waits for the end and its weight. All of these are unbiased, since the
 * weight is a martingale under the biased law.
 *
 * The first outage of the focus service ends the bias: its segment is closed here.
 */
#include <math.h>

#include "sim/bias.h"
#include "sim/history.h"

#include "sim/poison.h"

static uint32_t downtime_bin(double downtime_s)
{
    const double at = 16.0 * (log10(downtime_s) + 3.0);

    return (uint32_t)fmin(fmax(at, 0.0), SIM_DOWNTIME_BINS - 1.0);
}

static uint8_t cause_of(const struct sim_model *model, uint32_t slot)
{
    const uint8_t cause = model->slot[slot].cause;

    return cause < model->n_causes ? cause : SIM_BATCH_CAUSES - 1;
}

/* Who is to blame for downtime of service s just now. */
static void ask_blame(const struct sim_bias_player *player, uint32_t s, double *share)
{
    const struct sim_model *model = player->run.model;

    for (uint32_t c = 0; c < SIM_BATCH_CAUSES; c++) {
        share[c] = 0.0;
    }
    if (model->blame != NULL) {
        model->blame(model->plan, &player->run, s, share);
    } else {
        share[player->now->trigger[s]] = 1.0;
    }
}

static void score_down(struct sim_bias_player *player, uint32_t s, double weighted_s)
{
    struct sim_bias_service *service = &player->tally->service[s];
    const uint32_t n_causes = player->run.model->n_causes;
    const bool is_focus = s == player->plan->focus;
    double share[SIM_BATCH_CAUSES];

    ask_blame(player, s, share);
    service->sums.down_s += weighted_s * player->part;
    player->copy_score[s] += weighted_s;
    for (uint32_t i = 0; i <= n_causes; i++) {
        const uint32_t c = i < n_causes ? i : SIM_BATCH_CAUSES - 1;
        if (share[c] > 0.0) {
            service->sums.cause_down_s[c] += weighted_s * share[c] * player->part;
            if (is_focus) {
                player->copy_cause[c] += weighted_s * share[c];
            }
        }
    }
    if (is_focus) {
        player->now->score += weighted_s;
    }
}

void sim_bias_score_time(struct sim_bias_player *player, double delay_s)
{
    const struct sim_model *model = player->run.model;
    struct sim_bias_path *path = player->now;

    if ((path->down == 0 && model->degraded == NULL) || !(delay_s > 0.0)) {
        return;
    }
    const double weighted_s = sim_bias_weight(player->plan, path) * delay_s;
    for (uint64_t left = path->down; left != 0; left &= left - 1) {
        const uint32_t s = (uint32_t)__builtin_ctzll(left);
        path->downtime_s[s] += delay_s;
        score_down(player, s, weighted_s);
    }
    if (model->degraded != NULL) {
        double bad[SIM_MAX_SERVICES] = {0};
        model->degraded(model->plan, &player->run, bad);
        for (uint32_t s = 0; s < model->n_services; s++) {
            player->tally->service[s].sums.failed_s +=
                weighted_s * bad[s] * player->part;
        }
    }
}

static void enter_down(struct sim_bias_player *player, uint32_t s, uint32_t slot)
{
    struct sim_bias_path *path = player->now;
    struct sim_bias_service *service = &player->tally->service[s];
    const double weight = sim_bias_weight(player->plan, path) * player->part;
    const double now_s = player->run.world->now_s;
    const uint64_t bit = UINT64_C(1) << s;

    path->entered_s[s] = now_s;
    path->trigger[s] = cause_of(player->run.model, slot);
    service->sums.outages += weight;
    service->sums.n_outages++;
    service->sums.cause_outages[path->trigger[s]] += weight;
    if ((path->hit & bit) == 0) {
        path->hit |= bit;
        path->first_hit_s[s] = now_s;
        service->sums.hits += weight;
        if ((player->clean & bit) != 0) {
            service->first += weight;
            service->early += now_s <= 0.5 * player->plan->horizon_s ? weight : 0.0;
        }
    }
}

static void leave_down(struct sim_bias_player *player, uint32_t s)
{
    struct sim_bias_path *path = player->now;
    const double weight = sim_bias_weight(player->plan, path) * player->part;
    const double duration_s = player->run.world->now_s - path->entered_s[s];

    if (duration_s > 0.0) {
        player->tally->service[s].sums.duration[sim_duration_bin(duration_s)] += weight;
    }
}

/* After `slot` fired: which services went down or came back. */
void sim_bias_note_changes(struct sim_bias_player *player, uint32_t slot)
{
    const struct sim_model *model = player->run.model;
    struct sim_bias_path *path = player->now;
    const uint64_t down = model->down(model->plan, &player->run);
    const uint64_t changed = down ^ path->down;

    path->down = down;
    if (changed == 0) {
        return;
    }
    if (path->is_biased && ((changed & down) >> player->plan->focus & 1) != 0) {
        sim_bias_segment_close(player->plan, path);
        path->is_biased = false;
    }
    for (uint64_t left = changed; left != 0; left &= left - 1) {
        const uint32_t s = (uint32_t)__builtin_ctzll(left);
        if ((down >> s & 1) != 0) {
            enter_down(player, s, slot);
        } else {
            leave_down(player, s);
        }
    }
}

void sim_bias_score_end(struct sim_bias_player *player, double weight)
{
    const struct sim_model *model = player->run.model;
    struct sim_bias_path *path = player->now;
    const double now_s = player->run.world->now_s;

    for (uint64_t left = path->hit; left != 0; left &= left - 1) {
        const uint32_t s = (uint32_t)__builtin_ctzll(left);
        struct sim_bias_service *service = &player->tally->service[s];
        const double part = weight * player->part;
        if ((path->down >> s & 1) != 0) {
            leave_down(player, s);
        }
        service->sums.after_s += part * (now_s - path->first_hit_s[s]);
        if (path->downtime_s[s] > 0.0) {
            const uint32_t bin = downtime_bin(path->downtime_s[s]);
            service->total[bin] += part;
            service->total_s[bin] += part * path->downtime_s[s];
        }
        if (player->budget_s >= 0.0 && path->downtime_s[s] > player->budget_s) {
            service->over += part;
        }
        if (model->is_absorbing) {
            player->copy_score[s] += weight;
            path->score += weight;
        }
    }
}
