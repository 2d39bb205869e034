/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The main path of a batch: ordinary simulation, never biased, which says how often
 * and with which ages the system leaves calm; and the excursions that hang on it.
 *
 * At every event that leaves calm the state just before it is kept, and `copies`
 * excursions start from there. A failure with a hazard starts them whether or not it
 * itself leaves calm, because which failure it was is drawn anew. The main path then
 * goes on from its own event. So the denominator (time) and the numerator (weighted
 * downtime per exit) come from different luck, and the ratio of their sums estimates
 * the long-run fraction, ageing and all (A-cycles: Nicola, Shahabuddin, Heidelberger,
 * Glynn, FTCS-23, 1993). Batches of the final run have a fixed length in time: from a
 * stationary start the expected score in it is the rate times the length exactly, while
 * a fixed number of exits would begin at a random moment and end at an exit, which
 * biases the time where exits come in clusters.
 *
 * The groups of first failures are drawn from a golden-ratio sequence with a random
 * start: each number is uniform, together they are spread evenly, which is
 * stratification without book-keeping when exits come one by one.
 *
 * First year from new: histories of fixed length. An excursion's downtime counts up
 * to the end of the year, and its first outage only while the main path has had none.
 */
#include <math.h>
#include <stdlib.h>

#include "sim/bias.h"

#define GOLDEN    0.61803398874989485
#define STUCK     5000000 /* events on the main path without calm: give up */
#define WARM_MOST 6000    /* events spent on warming up one batch */

void sim_bias_player_init(struct sim_bias_player *player,
                          const struct sim_bias_plan *plan, struct sim_arena *arena)
{
    struct sim_bias_clocks *clocks = &player->clocks;

    *player = (struct sim_bias_player){.plan = plan, .next_branch = 1};
    sim_run_init(&player->run, plan->model);
    player->run.context = player;
    player->before = sim_world_alloc(player->run.world_bytes);
    for (int i = 0; i < SIM_BIAS_BRANCHES; i++) {
        player->stack[i] = sim_world_alloc(player->run.world_bytes);
    }
    clocks->ix = sim_arena_calloc(arena, plan->n_clocks, sizeof *clocks->ix);
    clocks->hazard = sim_arena_calloc(arena, plan->n_clocks, sizeof *clocks->hazard);
    clocks->share = sim_arena_calloc(arena, plan->n_clocks, sizeof *clocks->share);
    clocks->wanted = sim_arena_calloc(arena, plan->n_clocks, sizeof *clocks->wanted);
    clocks->age = sim_arena_calloc(arena, plan->n_clocks, sizeof *clocks->age);
    clocks->memo = sim_arena_calloc(arena, plan->n_clocks, sizeof *clocks->memo);
    clocks->is_general =
        sim_arena_calloc(arena, plan->n_clocks, sizeof *clocks->is_general);
}

void sim_bias_player_release(struct sim_bias_player *player)
{
    sim_run_unbind(&player->run);
    free(player->before);
    for (int i = 0; i < SIM_BIAS_BRANCHES; i++) {
        free(player->stack[i]);
    }
}

size_t sim_bias_tally_bytes(const struct sim_model *model)
{
    return sizeof(struct sim_bias_tally) +
           model->n_services * sizeof(struct sim_bias_service);
}

static bool is_calm(const struct sim_run *run)
{
    return run->model->is_calm(run->model->plan, run);
}

/* Starts the batch's next history. */
static void start_history(struct sim_bias_player *player, struct sim_bias_batch *batch)
{
    sim_run_bind(&player->run, batch->main);
    sim_world_start(&player->run, batch->seed, batch->replication, 0);
    batch->replication += batch->stride;
    batch->next_branch = 1;
    if (!batch->is_started) {
        batch->is_started = true;
        batch->phase = sim_draw_uniform(sim_world_draw(&player->run));
    }
}

/*
 * A stationary start for ageing failure clocks: what an observer meets at a random time
 * is a lifetime drawn in proportion to its length, at a uniform place in it (Cox,
 * "Renewal Theory", ch. 5). Without this, parts that live for decades would all be
 * young after any affordable warm-up.
 */
static void start_aged(struct sim_bias_player *player)
{
    const struct sim_bias_plan *plan = player->plan;
    struct sim_run *run = &player->run;
    const double now_s = run->world->now_s;

    for (uint32_t c = 0; c < plan->n_clocks; c++) {
        const uint32_t slot = plan->clock_slot[c];
        struct sim_timer *timer = &run->timer[slot];
        if (!sim_timer_is_armed(run, slot) || timer->dist == SIM_LAW_RATE ||
            plan->dist_rate[timer->dist] > 0.0 || !plan->dist_hazard[timer->dist]) {
            continue;
        }
        const struct sim_dist *law = &run->model->dist[timer->dist];
        const double life_s = sim_size_biased(law, 1, sim_world_draw(run));
        const double place = sim_draw_uniform(sim_world_draw(run));
        timer->armed_at_s = now_s - place * life_s;
        sim_timer_set_time(run, slot, now_s + (1.0 - place) * life_s);
    }
}

/* Plain events until the system is calm and at_least_s is over; false when stuck. */
static bool play_until_calm(struct sim_bias_player *player,
                            struct sim_bias_batch *batch, double at_least_s,
                            uint64_t most)
{
    struct sim_run *run = &player->run;
    uint32_t slot;
    double time_s;

    for (uint64_t n = 0;; n++) {
        if (is_calm(run) && (run->world->now_s >= at_least_s || n >= most)) {
            return true;
        }
        if (n >= most + STUCK || !sim_world_next(run, &slot, &time_s)) {
            batch->is_stuck = true;
            return false;
        }
        if (is_calm(run) && time_s >= at_least_s) {
            sim_world_advance(run, at_least_s);
            return true;
        }
        sim_world_fire(run, slot, time_s);
        batch->tally->n_events++;
        if (run->model->is_absorbing &&
            (run->model->down(run->model->plan, run) & 1) != 0) {
            return true; /* the story ended; the caller looks */
        }
    }
}

static bool is_lost(const struct sim_run *run)
{
    return run->model->is_absorbing &&
           (run->model->down(run->model->plan, run) & 1) != 0;
}

/* Is this slot a failure whose identity can be drawn anew? */
static bool is_clock(const struct sim_bias_player *player, uint32_t slot)
{
    const struct sim_bias_plan *plan = player->plan;
    const uint32_t dist = player->run.timer[slot].dist;

    return plan->clock_of[slot] != UINT32_MAX &&
           (dist == SIM_LAW_RATE || plan->dist_hazard[dist]);
}

static void play_excursions(struct sim_bias_player *player,
                            struct sim_bias_batch *batch, uint32_t slot, double time_s,
                            uint32_t copies)
{

    sim_run_bind(&player->run, player->before);
    sim_bias_suspend(player);
    player->tally = batch->tally;
    player->lesson = batch->lesson;
    player->sense = batch->sense;
    player->next_branch = batch->next_branch;
    player->part = 1.0 / copies;
    for (uint32_t i = 0; i < copies; i++) {
        double u = batch->phase + (double)(batch->n_drawn++) * GOLDEN;
        u -= floor(u);
        sim_bias_play(player, slot, time_s, u);
    }
    batch->next_branch = player->next_branch;
    batch->tally->n_exits++;
    if (batch->lesson != NULL) {
        batch->lesson->n_exits += 1.0;
    }
    sim_run_bind(&player->run, batch->main);
}

/* One event out of calm on the main path, with its excursions. */
static void leave_calm(struct sim_bias_player *player, struct sim_bias_batch *batch,
                       uint32_t slot, double time_s)
{
    struct sim_run *run = &player->run;
    const bool redraws = is_clock(player, slot);

    batch->tally->n_failures += redraws;
    sim_world_copy(run, player->before, run->world);
    sim_world_fire(run, slot, time_s);
    batch->tally->n_events++;
    if (redraws || !is_calm(run)) {
        play_excursions(player, batch, slot, time_s,
                        redraws ? player->plan->copies : player->plan->copies_planned);
    }
}

/* Failures to be expected on the main path from now until until_s, calm all the time.
 */
static void expect_failures(struct sim_bias_player *player,
                            struct sim_bias_batch *batch, double until_s)
{
    const struct sim_bias_plan *plan = player->plan;
    const struct sim_run *run = &player->run;
    const double from_s = fmax(run->world->now_s, batch->hazard_s);

    if (batch->lesson != NULL || until_s <= from_s) {
        return;
    }
    for (uint32_t c = 0; c < plan->n_clocks; c++) {
        const uint32_t slot = plan->clock_slot[c];
        if (sim_timer_is_armed(run, slot) && is_clock(player, slot)) {
            batch->tally->n_expected +=
                sim_timer_hazard_between(run, slot, from_s, until_s);
        }
    }
    batch->hazard_s = until_s;
}

/* Warm-up: ageing clocks in their stationary state, the rest played in. */
static void warm_up(struct sim_bias_player *player, struct sim_bias_batch *batch)
{
    start_history(player, batch);
    start_aged(player);
    /* Of random length, so that fixed schedules are met in any phase. */
    play_until_calm(player, batch, player->plan->warmup_s * (1.0 + batch->phase),
                    WARM_MOST);
    batch->begin_s = player->run.world->now_s;
    batch->hazard_s = batch->begin_s;
}

void sim_bias_batch_play(struct sim_bias_player *player, struct sim_bias_batch *batch,
                         uint64_t n_exits, double time_s)
{
    struct sim_run *run = &player->run;
    struct sim_bias_tally *tally = batch->tally;
    uint64_t n_idle = 0;
    uint32_t slot;
    double at_s;

    player->clean = 0;
    if (!batch->is_started) {
        warm_up(player, batch);
    }
    sim_run_bind(run, batch->main);
    while (!batch->is_stuck) {
        if (is_lost(run)) {
            batch->past_s += run->world->now_s - batch->begin_s;
            start_history(player, batch);
            batch->begin_s = 0.0;
            batch->hazard_s = 0.0;
        }
        if (n_idle++ > STUCK || !sim_world_next(run, &slot, &at_s)) {
            batch->is_stuck = true;
            break;
        }
        const bool calm = is_calm(run);
        const double end_s = batch->begin_s + time_s - batch->past_s;
        if (calm && time_s > 0.0) {
            expect_failures(player, batch, fmin(at_s, end_s));
        }
        if (time_s > 0.0 ? at_s >= end_s : calm && tally->n_exits >= n_exits) {
            break;
        }
        const uint64_t n_before = tally->n_exits;
        if (batch->lesson != NULL) {
            batch->lesson->n_main_events += 1.0;
        }
        if (calm) {
            leave_calm(player, batch, slot, at_s);
        } else {
            sim_world_fire(run, slot, at_s);
            tally->n_events++;
        }
        n_idle = tally->n_exits == n_before ? n_idle : 0;
    }
    tally->time_s =
        time_s > 0.0 ? time_s : batch->past_s + run->world->now_s - batch->begin_s;
}

/* Services down on the main path lose their clean record. */
static void note_main(struct sim_bias_player *player)
{
    const struct sim_model *model = player->run.model;

    player->clean &= ~model->down(model->plan, &player->run);
}

/* Until the system is calm for the first time: counted as it happens. */
static void play_beginning(struct sim_bias_player *player, struct sim_bias_batch *batch)
{
    const struct sim_model *model = player->run.model;
    struct sim_run *run = &player->run;
    const double horizon_s = player->plan->horizon_s;
    uint64_t down = model->down(model->plan, run);
    uint32_t slot;
    double time_s;

    while (!is_calm(run) && sim_world_next(run, &slot, &time_s)) {
        const double delay_s = fmin(time_s, horizon_s) - run->world->now_s;
        for (uint32_t s = 0; s < model->n_services; s++) {
            if ((down >> s & 1) != 0) {
                batch->tally->service[s].sums.down_s += delay_s;
            }
        }
        if (time_s >= horizon_s) {
            sim_world_advance(run, horizon_s);
            return;
        }
        sim_world_fire(run, slot, time_s);
        batch->tally->n_events++;
        const uint64_t now = model->down(model->plan, run);
        for (uint32_t s = 0; s < model->n_services; s++) {
            const uint64_t bit = UINT64_C(1) << s;
            if ((now & ~down & bit) != 0) {
                batch->tally->service[s].sums.outages += 1.0;
                batch->tally->service[s].first += (player->clean & bit) != 0;
                batch->tally->service[s].early +=
                    (player->clean & bit) != 0 && time_s <= 0.5 * horizon_s;
            }
        }
        down = now;
        note_main(player);
    }
}

static void play_year(struct sim_bias_player *player, struct sim_bias_batch *batch)
{
    struct sim_run *run = &player->run;
    const double horizon_s = player->plan->horizon_s;
    uint32_t slot;
    double time_s;

    player->clean = ~UINT64_C(0);
    play_beginning(player, batch);
    while (sim_world_next(run, &slot, &time_s) && time_s < horizon_s) {
        if (is_calm(run)) {
            leave_calm(player, batch, slot, time_s);
        } else {
            sim_world_fire(run, slot, time_s);
            batch->tally->n_events++;
        }
        note_main(player);
        if (is_lost(run)) {
            break;
        }
    }
}

void sim_bias_batch_play_new(struct sim_bias_player *player,
                             struct sim_bias_batch *batch, uint64_t n_histories)
{
    for (uint64_t i = 0; i < n_histories; i++) {
        start_history(player, batch);
        play_year(player, batch);
        batch->tally->time_s += player->plan->horizon_s;
    }
}
