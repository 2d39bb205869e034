/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One excursion: from the event that left calm until calm again, under importance
 * sampling, with its scores.
 *
 * The world is an ordinary one, but its failure clocks are suspended: armed, with
 * their law and age, at time infinity. What would have fired is drawn step by step
 * from their hazards (sim/bias_segment.c), which is exact because a clock with a
 * hazard, given that it lived until now, is a fresh race at every event. All other
 * timers run as the model armed them, so deterministic delays, retries and planned
 * work keep their meaning; recoveries are size-biased (sim/bias_recovery.c), unlikely
 * choices are forced: drawn from 0.6 odds + 0.4 even, at most a few times.
 *
 * At the first hit of the focus service the bias ends for good. What follows is the
 * original law, so the length of an outage carries one weight and long outages are
 * never made by silly weights.
 *
 * Weight windows. In systems with two time scales (minutes of danger per lost pod,
 * hours until its node is back) weights of paths that arrive in the same state differ
 * by orders of magnitude, and the few heavy ones carry the sum. After each failure
 * weight times expected score is compared with what it was when the path began: too
 * heavy paths are split into equal copies that go on independently, too light ones
 * survive with a matching probability. Both keep every expectation. The expected
 * score of a state is a table learned in the pilot, by hash of the discrete state;
 * in unknown states, and at a hit, only paths so light that their score would not be
 * noticed are ended by chance. (Booth and Hendricks, "Importance estimation in
 * forward Monte Carlo calculations", Nucl. Technol./Fusion 5, 1984.)
 *
 * Nothing here allocates.
 */
#include <math.h>

#include "sim/bias.h"

#include "sim/poison.h"

#define WINDOW_LOW     0.25 /* below: survive by chance */
#define WINDOW_HIGH    2.0  /* above: split */
#define SPLIT_MOST     8    /* copies made at once */
#define SURVIVAL_LEAST 0.05
#define LIGHT          0.02 /* of a usual score: below, survive by chance */

/* ---- Hooks: what a model asks, inside an excursion ------------------------------ */

static struct sim_bias_player *player_of(struct sim_run *run)
{
    return run->context;
}

static bool may_size(const struct sim_bias_player *player, uint32_t slot)
{
    return player->run.model->slot[slot].cls == SIM_RECOVERY &&
           player->now->is_biased && player->now->n_sized < SIM_BIAS_SIZED;
}

/* How much of the way to calm a recovery of this mean length is: a short stage of a
 * long chain hardly lengthens the danger, and is drawn by its own law for the rest. */
static double part_of_way(const struct sim_bias_player *player, double mean_s)
{
    const double calm_s = player->plan->calm_s[player->now->group];

    return mean_s < calm_s ? mean_s / calm_s : 1.0;
}

static struct sim_size_mix size_mix(const struct sim_bias_player *player, uint32_t slot,
                                    double part)
{
    struct sim_size_mix mix = player->plan->size_mix[slot];

    for (int k = 0; k < SIM_SIZE_ORDERS; k++) {
        mix.share[k] *= part;
    }
    mix.share[0] += 1.0 - part;
    return mix;
}

static void take_sized(struct sim_bias_player *player, uint32_t slot,
                       const struct sim_size_mix *mix, double part,
                       const struct sim_sized *sized)
{
    struct sim_bias_path *path = player->now;

    path->weight *= sized->ratio;
    path->n_sized += 1.0 - mix->share[0];
    if (player->lesson != NULL && path->n_draws < SIM_BIAS_DRAWS) {
        double *credit = path->draw[path->n_draws].credit.share;
        path->draw[path->n_draws++].slot = slot;
        for (int k = 0; k < SIM_SIZE_ORDERS; k++) {
            credit[k] = sized->credit[k];
        }
        credit[0] *= 1.0 - (1.0 - part) / mix->share[0];
    }
}

static void hook_arm(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    struct sim_bias_player *player = player_of(run);
    const struct sim_bias_plan *plan = player->plan;
    const struct sim_dist *law = &run->model->dist[dist];

    if (plan->clock_of[slot] != UINT32_MAX && plan->dist_hazard[dist]) {
        sim_world_arm_after(run, slot, dist, HUGE_VAL);
    } else if (may_size(player, slot) && law->kind != SIM_DIST_DETERMINISTIC) {
        const double part = part_of_way(player, law->mean_s);
        const struct sim_size_mix mix = size_mix(player, slot, part);
        const struct sim_draw pick = sim_timer_draw(run, slot);
        const struct sim_sized sized =
            sim_sized_delay(law, &mix, pick, sim_timer_draw(run, slot));
        take_sized(player, slot, &mix, part, &sized);
        sim_world_arm_after(run, slot, dist, sized.x);
    } else {
        sim_world_arm(run, slot, dist);
    }
}

static void hook_arm_rate(struct sim_run *run, uint32_t slot, double rate_per_s)
{
    struct sim_bias_player *player = player_of(run);
    const struct sim_bias_plan *plan = player->plan;
    const bool is_armed =
        sim_timer_is_armed(run, slot) && run->timer[slot].dist == SIM_LAW_RATE;

    if (!(rate_per_s > 0.0)) {
        sim_world_disarm(run, slot);
    } else if (plan->clock_of[slot] != UINT32_MAX) {
        if (is_armed) {
            run->timer[slot].rate_per_s = rate_per_s;
        } else {
            sim_world_arm_rate_after(run, slot, rate_per_s, HUGE_VAL);
        }
    } else if (!is_armed && may_size(player, slot)) {
        const double part = part_of_way(player, 1.0 / rate_per_s);
        const struct sim_size_mix mix = size_mix(player, slot, part);
        const struct sim_draw pick = sim_timer_draw(run, slot);
        const struct sim_sized sized =
            sim_sized_exp(&mix, pick, sim_timer_draw(run, slot));
        take_sized(player, slot, &mix, part, &sized);
        sim_world_arm_rate_after(run, slot, rate_per_s, sized.x / rate_per_s);
    } else {
        sim_world_arm_rate(run, slot, rate_per_s);
    }
}

static uint32_t hook_choose(struct sim_run *run, uint32_t choice, uint32_t n,
                            const double *weight)
{
    return sim_bias_choose(player_of(run), choice, n, weight);
}

static const struct sim_hooks bias_hooks = {
    .arm = hook_arm,
    .arm_rate = hook_arm_rate,
    .choose = hook_choose,
};

void sim_bias_suspend(struct sim_bias_player *player)
{
    const struct sim_bias_plan *plan = player->plan;
    struct sim_run *run = &player->run;

    for (uint32_t c = 0; c < plan->n_clocks; c++) {
        const uint32_t slot = plan->clock_slot[c];
        if (sim_timer_is_armed(run, slot)) {
            const uint32_t dist = run->timer[slot].dist;
            if (dist == SIM_LAW_RATE || plan->dist_hazard[dist]) {
                sim_timer_set_time(run, slot, HUGE_VAL);
            }
        }
    }
}

/* ---- Windows ------------------------------------------------------------------------
 */

/* Makes n - 1 copies of the present path and world; each goes on by itself. */
static void split(struct sim_bias_player *player, uint32_t *n_waiting, uint32_t n)
{
    struct sim_run *run = &player->run;
    struct sim_world *world = run->world;
    struct sim_bias_path *path = player->now;
    uint32_t room = SIM_BIAS_BRANCHES - 1 - *n_waiting;

    if (room > SIM_BIAS_SPLITS - player->n_copy_splits) {
        room = SIM_BIAS_SPLITS - player->n_copy_splits;
    }
    n = n - 1 <= room ? n : room + 1;
    player->n_copy_splits += n - 1;
    path->weight /= n;
    for (uint32_t i = 1; i < n; i++) {
        struct sim_bias_path *copy = &player->path[*n_waiting];
        struct sim_world *to = player->stack[*n_waiting];
        *copy = *path;
        copy->score = 0.0;
        sim_world_copy(run, to, world);
        sim_run_bind(run, to);
        sim_world_set_branch(run, player->next_branch++);
        player->now = copy;
        sim_bias_segment_open(player);
        (*n_waiting)++;
    }
    player->now = path;
    sim_run_bind(run, world);
}

/* The useful clocks of a state, if they are known. */
static const uint64_t *useful_clocks(const struct sim_bias_plan *plan, uint64_t key)
{
    if (plan->n_useful == 0) {
        return NULL;
    }
    struct sim_values look = plan->values;
    const struct sim_value *value = sim_values_find(&look, key, false);

    if (value == NULL || value->useful == 0) {
        return NULL;
    }
    return plan->useful + (size_t)(value->useful - 1) * plan->useful_words;
}

/* Goes on with this chance, and more weight for it. */
static bool survives(struct sim_bias_player *player, double chance)
{
    struct sim_bias_path *path = player->now;

    chance = fmax(chance, SURVIVAL_LEAST);
    if (sim_draw_uniform(sim_world_draw(&player->run)) >= chance) {
        path->was_killed = true;
        return false;
    }
    path->weight /= chance;
    return true;
}

/* A path that hit, or is in an unknown state: would its score, if it hit now, be
 * noticed beside the usual one? Else it goes on by chance. */
static bool worth_playing(struct sim_bias_player *player)
{
    const struct sim_bias_plan *plan = player->plan;
    const double most = player->now->weight * plan->hit_s;
    const double least = LIGHT * plan->hit_score;

    return most >= least || survives(player, most / least);
}

/* Splits or kills by the weight window; false: the path ends here. */
static bool pass_window(struct sim_bias_player *player, uint64_t key,
                        uint32_t *n_waiting)
{
    struct sim_bias_path *path = player->now;
    const double guess = sim_values_guess(&player->plan->values, key);

    if (!(guess > 0.0)) {
        return worth_playing(player);
    }
    if (path->norm == 0.0) {
        path->norm = path->weight * guess;
        return true;
    }
    const double heavy = path->weight * guess / path->norm;
    if (heavy < WINDOW_LOW) {
        return survives(player, heavy);
    }
    if (heavy > WINDOW_HIGH) {
        split(player, n_waiting, (uint32_t)fmin(SPLIT_MOST, heavy + 0.5));
    }
    return true;
}

/* ---- Playing ------------------------------------------------------------------------
 */

/* The first failure, drawn anew: its group by the plan, within it by hazard. Returns
 * its slot and multiplies the weight by original over drawn odds. */
static uint32_t redraw_first(struct sim_bias_player *player, double time_s, double u)
{
    const struct sim_bias_plan *plan = player->plan;
    struct sim_run *run = &player->run;
    struct sim_bias_clocks *clocks = &player->clocks;
    double group_rate[SIM_BIAS_GROUPS] = {0};
    double total = 0.0;
    double odds = 0.0;
    uint32_t n = 0;
    uint32_t group = 0;

    for (uint32_t c = 0; c < plan->n_clocks; c++) {
        const uint32_t slot = plan->clock_slot[c];
        if (sim_timer_is_armed(run, slot) && sim_timer_time(run, slot) == HUGE_VAL) {
            clocks->ix[n] = c;
            clocks->hazard[n] = sim_timer_hazard(run, slot, time_s);
            group_rate[plan->clock_group[c]] += clocks->hazard[n];
            total += clocks->hazard[n++];
        }
    }
    for (uint32_t g = 0; g < plan->n_groups; g++) {
        odds += group_rate[g] > 0.0 ? plan->group_odds[g] : 0.0;
    }
    u *= odds;
    for (uint32_t g = 0; g < plan->n_groups; g++) {
        if (group_rate[g] > 0.0) {
            group = g;
            u -= plan->group_odds[g];
            if (u < 0.0) {
                break;
            }
        }
    }
    player->now->weight *= group_rate[group] / total * odds / plan->group_odds[group];
    double v = sim_draw_uniform(sim_world_draw(run)) * group_rate[group];
    uint32_t slot = UINT32_MAX;
    for (uint32_t i = 0; i < n && v >= 0.0; i++) {
        if (plan->clock_group[clocks->ix[i]] == group && clocks->hazard[i] > 0.0) {
            slot = plan->clock_slot[clocks->ix[i]];
            v -= clocks->hazard[i];
        }
    }
    return slot;
}

/* After a failure on a biased path: lessons, weight window, the next segment. False
 * when the window killed the path. */
static bool go_on(struct sim_bias_player *player, uint32_t *n_waiting)
{
    const struct sim_bias_plan *plan = player->plan;
    struct sim_bias_path *path = player->now;

    if (player->lesson != NULL || plan->splits) {
        const uint64_t key = sim_level_hash(&player->run);
        path->useful = useful_clocks(plan, key);
        if (path->n_steps <= SIM_BIAS_TRACE) {
            path->step[path->n_steps - 1].key = key;
        }
        if (player->lesson != NULL) {
            sim_bias_learn_visit(player, key);
        }
        if (plan->splits && !pass_window(player, key, n_waiting)) {
            return false;
        }
    }
    sim_bias_segment_open(player);
    return true;
}

/* One step: to the next event or failure. False when the path has ended. */
static bool step(struct sim_bias_player *player, uint32_t *n_waiting)
{
    const struct sim_bias_plan *plan = player->plan;
    struct sim_run *run = &player->run;
    struct sim_bias_path *path = player->now;
    const double now_s = run->world->now_s;
    uint32_t slot;
    double time_s;
    uint32_t failed = UINT32_MAX;
    double delay_s = 0.0;
    const bool is_pending = sim_world_next(run, &slot, &time_s);
    const double window_s = is_pending ? time_s - now_s : HUGE_VAL;

    if (window_s > 0.0) {
        sim_bias_survey(player, window_s);
        failed = sim_bias_next_failure(player, &delay_s);
        if (failed == UINT32_MAX) {
            delay_s = player->clocks.window_s;
        }
        if (now_s + delay_s >= plan->horizon_s) {
            sim_bias_account(player, plan->horizon_s - now_s, UINT32_MAX);
            sim_bias_score_time(player, plan->horizon_s - now_s);
            sim_world_advance(run, plan->horizon_s);
            return false;
        }
        sim_bias_account(player, delay_s, failed);
        sim_bias_score_time(player, delay_s);
    }
    uint32_t ix = UINT32_MAX;
    if (failed != UINT32_MAX) {
        ix = player->clocks.ix[failed];
        slot = plan->clock_slot[ix];
        time_s = now_s + delay_s;
    }
    const bool fires = failed != UINT32_MAX || !(delay_s < window_s);
    sim_bias_sense_time(player, delay_s, fires ? slot : SIM_SENSE_NONE);
    if (!fires) {
        sim_world_advance(run, now_s + delay_s);
        player->n_copy_events++;
        return true;
    }
    if (ix != UINT32_MAX && path->is_biased) {
        sim_bias_segment_close(plan, path);
        sim_bias_note_failure(player, ix, time_s);
    }
    const bool was_down = (path->down >> plan->focus & 1) != 0;
    sim_world_force(run, slot, time_s);
    player->n_copy_events++;
    const bool was_biased = path->is_biased;
    sim_bias_note_changes(player, slot);
    sim_bias_sense_changes(player, slot, was_down);
    if (!path->is_biased) {
        return !was_biased || worth_playing(player);
    }
    return ix == UINT32_MAX || go_on(player, n_waiting);
}

/* Closes the books of a branch that ended (calm again, horizon, absorbed, killed). */
static void end_branch(struct sim_bias_player *player)
{
    struct sim_bias_path *path = player->now;
    const double weight = sim_bias_weight(player->plan, path);

    if (path->was_killed) {
        return; /* the survivors speak for it, with more weight */
    }
    player->copy_ratio += weight;
    sim_bias_score_end(player, weight);
    if (player->lesson != NULL) {
        sim_bias_learn_end(player, weight);
    }
}

static bool is_absorbed(const struct sim_bias_player *player)
{
    return player->run.model->is_absorbing && (player->now->hit & 1) != 0;
}

/* Plays the branch on top of the stack to its end. */
static void play_branch(struct sim_bias_player *player, uint32_t *n_waiting)
{
    const struct sim_model *model = player->run.model;
    bool goes_on = true;

    sim_bias_segment_recall(player);
    while (goes_on && !is_absorbed(player)) {
        if (model->is_calm(model->plan, &player->run)) {
            break;
        }
        if (player->n_copy_events >= SIM_BIAS_ENDLESS) {
            player->is_endless = true;
            break;
        }
        goes_on = step(player, n_waiting);
    }
    end_branch(player);
}

static void end_copy(struct sim_bias_player *player, uint32_t first_clock)
{
    struct sim_bias_tally *tally = player->tally;
    const struct sim_model *model = player->run.model;

    tally->n_copies++;
    tally->n_events += player->n_copy_events;
    tally->n_endless += player->is_endless;
    tally->ratio_sum += player->copy_ratio;
    tally->ratio_sum2 += player->copy_ratio * player->copy_ratio;
    for (uint32_t s = 0; s < model->n_services; s++) {
        sim_scores_add(&tally->service[s].sums.scores, player->copy_score[s]);
    }
    if (player->lesson != NULL) {
        sim_bias_learn_copy(player, first_clock);
    }
}

void sim_bias_play(struct sim_bias_player *player, uint32_t slot, double time_s,
                   double u)
{
    struct sim_run *run = &player->run;
    uint32_t n_waiting = 0;
    uint32_t first_clock = UINT32_MAX;
    struct sim_world *world = player->stack[SIM_BIAS_BRANCHES - 1];
    struct sim_bias_path *path = &player->path[SIM_BIAS_BRANCHES - 1];

    player->n_copy_events = 1;
    player->is_endless = false;
    player->n_copy_splits = 0;
    player->copy_ratio = 0.0;
    memset(player->copy_score, 0, sizeof player->copy_score);
    memset(player->copy_cause, 0, sizeof player->copy_cause);
    sim_world_copy(run, world, player->before);
    sim_run_bind(run, world);
    sim_world_set_branch(run, player->next_branch++);
    run->hooks = &bias_hooks;
    *path = (struct sim_bias_path){.weight = 1.0, .is_biased = true};
    player->now = path;
    if (sim_timer_time(run, slot) == HUGE_VAL) {
        slot = redraw_first(player, time_s, u);
        first_clock = player->plan->clock_of[slot];
    }
    sim_bias_note_failure(player, first_clock, time_s);
    if (player->sense != NULL) {
        sim_sense_leave(player->plan->sense, &path->trail, run, slot, time_s,
                        player->sense);
    }
    sim_world_force(run, slot, time_s);
    sim_bias_note_changes(player, slot);
    sim_bias_sense_changes(player, slot, false);
    if (path->is_biased) {
        const uint64_t key = sim_level_hash(run);
        path->useful = useful_clocks(player->plan, key);
        if (player->lesson != NULL) {
            sim_bias_learn_first(player, key);
        }
        sim_bias_segment_open(player);
    }
    play_branch(player, &n_waiting);
    while (n_waiting > 0) {
        n_waiting--;
        /* The top branch moves out of the way of the copies it may make. */
        player->now = path;
        *path = player->path[n_waiting];
        sim_world_copy(run, world, player->stack[n_waiting]);
        sim_run_bind(run, world);
        play_branch(player, &n_waiting);
    }
    run->hooks = NULL;
    end_copy(player, first_clock);
}
