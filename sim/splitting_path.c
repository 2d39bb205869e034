/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing a history with its copies.
 *
 * A path at level l has weight 2^-l. When an event takes it from level l up to m, 2^(m
 * - l) - 1 copies are made; a copy is born at a level between l + 1 and m (one at l +
 * 1, two at l + 2, four at l + 3 ...) and ends when it falls below that level. So at
 * every level, on the way up and on the way down, the paths that share a past stand
 * for one, and a sum of weight times what happens is unbiased for every quantity that
 * adds up along a history. The history itself is born at 0 and never ends.
 *
 * The tree is walked depth first: at a split the world is laid aside, its copies are
 * played one after the other from it, then the original goes on. Each split nests
 * above the level of the one before, so a world per level is all the memory there
 * is. A copy goes on under a branch of its own, the rest of its clocks drawn anew given
 * their ages; the original keeps what it had.
 *
 * What an event does to levels takes effect after it was scored: time counts with the
 * weight it passed under, and so does the event that ends it.
 */
#include <math.h>
#include <stdlib.h>

#include "sim/history.h"
#include "sim/splitting.h"

#define SIDE_STEPS 40       /* of a side path, at most */
#define FEW_SIDES  2        /* failures tried on top of each other, of many */
#define SIDE_AHEAD 2000     /* events of side paths before others */
#define WARM_MOST  20000    /* events of warming up, at most */
#define MOST_TREE  30000000 /* events before the history itself goes on */
#define LOOK_EVERY 4096     /* steps before the clock is asked again */

size_t sim_split_tally_bytes(const struct sim_model *model)
{
    return sizeof(struct sim_split_tally) +
           model->n_services * sizeof(struct sim_batch_service);
}

void sim_split_player_init(struct sim_split_player *player,
                           const struct sim_study *study, const struct sim_model *model,
                           struct sim_split_map *map, enum sim_split_grain grain)
{
    *player =
        (struct sim_split_player){.map = map,
                                  .focus = study->focus,
                                  .horizon_s = HUGE_VAL,
                                  .warmup_s = study->warmup_years * model->year_s};
    sim_run_init(&player->run, model);
    sim_split_eye_init(&player->eye, model, study->focus, grain);
    player->most_sides = player->eye.n_ahead > 0 ? SIM_SPLIT_SIDES : FEW_SIDES;
    player->world = sim_world_alloc(player->run.world_bytes);
    for (uint32_t i = 0; i < SIM_SPLIT_FRAMES; i++) {
        player->frame[i].world = sim_world_alloc(player->run.world_bytes);
    }
}

void sim_split_player_release(struct sim_split_player *player)
{
    sim_run_unbind(&player->run);
    sim_split_eye_release(&player->eye);
    free(player->world);
    for (uint32_t i = 0; i < SIM_SPLIT_FRAMES; i++) {
        free(player->frame[i].world);
    }
}

#include "sim/poison.h" /* from here on we are inside a run */

static double weight_of(const struct sim_split_path *path)
{
    return ldexp(1.0, -(int)path->level);
}

static bool is_calm(const struct sim_run *run)
{
    return run->model->is_calm(run->model->plan, run);
}

static bool is_main(const struct sim_split_player *player)
{
    return player->depth == 0;
}

/* ---- Scores ---- */

static void score_down(struct sim_split_player *player, uint32_t s, double weighted_s)
{
    const struct sim_model *model = player->run.model;
    struct sim_batch_service *service = &player->batch->tally->service[s];
    double share[SIM_BATCH_CAUSES] = {0};

    service->down_s += weighted_s;
    service->open_score += model->is_absorbing ? 0.0 : weighted_s;
    if (model->blame != NULL) {
        model->blame(model->plan, &player->run, s, share);
    } else {
        share[player->path.trigger[s]] = 1.0;
    }
    for (uint32_t c = 0; c < SIM_BATCH_CAUSES; c++) {
        service->cause_down_s[c] += weighted_s * share[c];
    }
}

/* delay_s passes in the present state. */
static void score_time(struct sim_split_player *player, double delay_s)
{
    const struct sim_model *model = player->run.model;
    const struct sim_split_path *path = &player->path;
    const double weighted_s = weight_of(path) * delay_s;

    for (uint64_t left = path->down; left != 0; left &= left - 1) {
        score_down(player, (uint32_t)__builtin_ctzll(left), weighted_s);
    }
    for (uint32_t s = 0; s < model->n_services && ~path->clean != 0; s++) {
        if ((path->clean >> s & 1) == 0) {
            player->batch->tally->service[s].after_s += weighted_s;
        }
    }
    if (model->degraded != NULL) {
        double bad[SIM_MAX_SERVICES] = {0};
        model->degraded(model->plan, &player->run, bad);
        for (uint32_t s = 0; s < model->n_services; s++) {
            player->batch->tally->service[s].failed_s += weighted_s * bad[s];
        }
    }
}

static void enter_down(struct sim_split_player *player, uint32_t s, uint32_t slot)
{
    const struct sim_model *model = player->run.model;
    struct sim_split_path *path = &player->path;
    struct sim_batch_service *service = &player->batch->tally->service[s];
    const double weight = weight_of(path);
    const uint64_t bit = UINT64_C(1) << s;
    const uint8_t cause =
        slot < model->n_slots ? model->slot[slot].cause : (uint8_t)SIM_NO_CAUSE;

    path->trigger[s] = cause < model->n_causes ? cause : SIM_BATCH_CAUSES - 1;
    path->entered_s[s] = player->run.world->now_s;
    service->outages += weight;
    service->n_outages++;
    service->cause_outages[path->trigger[s]] += weight;
    if ((path->clean & bit) != 0) {
        path->clean &= ~bit;
        service->hits += weight;
        service->open_score += model->is_absorbing ? weight : 0.0;
    }
}

static void leave_down(struct sim_split_player *player, uint32_t s)
{
    const double length_s = player->run.world->now_s - player->path.entered_s[s];

    if (length_s > 0.0) {
        player->batch->tally->service[s].duration[sim_duration_bin(length_s)] +=
            weight_of(&player->path);
    }
}

/* After `slot` fired (n_slots: at the start): what went down or came back. */
static void note_changes(struct sim_split_player *player, uint32_t slot)
{
    const struct sim_model *model = player->run.model;
    struct sim_split_path *path = &player->path;
    const uint64_t down = model->down(model->plan, &player->run);

    for (uint64_t left = down ^ path->down; left != 0; left &= left - 1) {
        const uint32_t s = (uint32_t)__builtin_ctzll(left);
        if ((down >> s & 1) != 0) {
            enter_down(player, s, slot);
        } else {
            leave_down(player, s);
        }
    }
    path->down = down;
    if (~path->clean != 0 && isinf(player->horizon_s) && is_calm(&player->run)) {
        path->clean = ~UINT64_C(0);
    }
}

/* The history itself is back at level 0: what its copies scored counts as one. */
static void close_root(struct sim_split_player *player)
{
    for (uint32_t s = 0; s < player->run.model->n_services; s++) {
        struct sim_batch_service *service = &player->batch->tally->service[s];
        if (service->open_score > 0.0) {
            sim_scores_add(&service->scores, service->open_score);
            service->open_score = 0.0;
        }
    }
}

/* ---- Splitting ---- */

static void redraw(struct sim_split_player *player)
{
    struct sim_run *run = &player->run;

    for (uint32_t slot = 0; slot < run->model->n_slots; slot++) {
        if (sim_timer_is_armed(run, slot) && sim_split_may_redraw(&player->eye, slot)) {
            sim_timer_redraw(run, slot, 1.0);
        }
    }
}

/* Starts the next copy of the frame on top, or its original when none is left. */
static void resume(struct sim_split_player *player)
{
    struct sim_split_frame *frame = &player->frame[player->depth - 1];

    sim_world_copy(&player->run, player->world, frame->world);
    player->path = frame->path;
    if (frame->next_copy > frame->n_copies) {
        player->depth--;
        return;
    }
    const uint32_t k = frame->next_copy++;
    player->path.birth =
        (uint8_t)(frame->base + 1u + (31u - (uint32_t)__builtin_clz(k)));
    sim_world_set_branch(&player->run, player->batch->next_branch++);
    redraw(player);
}

static void split(struct sim_split_player *player, uint8_t level)
{
    struct sim_split_frame *frame = &player->frame[player->depth++];

    frame->base = player->path.level;
    player->path.level = level;
    frame->path = player->path;
    frame->next_copy = 1;
    frame->n_copies = (UINT32_C(1) << (level - frame->base)) - 1;
    sim_world_copy(&player->run, frame->world, player->world);
    player->batch->tally->n_copies += frame->n_copies;
    resume(player);
}

/*
 * The level wanted here. A class nobody has met keeps the level of the path. A path
 * that would rise too far at once got here by a step the levels did not expect: from
 * then on it keeps so much below the level of its class, until it is no longer above.
 */
static uint8_t wanted_level(struct sim_split_player *player)
{
    struct sim_split_path *path = &player->path;
    const uint8_t level = path->class_ix == SIM_SPLIT_UNKNOWN
                              ? SIM_SPLIT_KEEP
                              : player->map->class[path->class_ix].level;

    if (level == SIM_SPLIT_KEEP) {
        return path->level;
    }
    if (level <= path->level) {
        path->below = 0;
    } else if (level > path->level + path->below + SIM_SPLIT_JUMP) {
        path->below = (uint8_t)(level - path->level - SIM_SPLIT_JUMP);
    }
    return level > path->below ? (uint8_t)(level - path->below) : 0;
}

/* Moves to the level of the present class. False: the path ends. */
static bool change_level(struct sim_split_player *player)
{
    struct sim_split_path *path = &player->path;
    const uint8_t wanted = wanted_level(player);

    if (wanted > path->level) {
        split(player, wanted);
    } else if (wanted < path->level) {
        if (wanted < path->birth) {
            return false;
        }
        path->level = wanted;
    }
    return true;
}

static bool is_lost(const struct sim_split_player *player)
{
    return player->run.model->is_absorbing && (player->path.down & 1) != 0;
}

/* Looks at the class of the world after an event. */
static void see_class(struct sim_split_player *player)
{
    player->path.class_ix =
        sim_split_map_find(player->map, sim_split_class(&player->eye, &player->run));
}

/* ---- Side paths of the pilot ---- */

/* Failures that have a hazard now: how many, and a random one of them. */
static uint32_t count_clocks(struct sim_split_player *player, uint32_t *slot)
{
    struct sim_run *run = &player->run;
    uint32_t n = 0;

    for (uint32_t i = 0; i < run->model->n_slots; i++) {
        if (run->model->slot[i].cls == SIM_FAILURE && sim_timer_is_armed(run, i) &&
            sim_timer_has_hazard(run, i)) {
            n++;
            if (sim_draw_uniform(sim_world_draw(run)) * n < 1.0) {
                *slot = i;
            }
        }
    }
    return n;
}

static bool wants_side(const struct sim_split_player *player)
{
    const struct sim_split_path *path = &player->path;

    return player->learns && !path->was_tried && path->n_sides < player->most_sides &&
           player->n_side_events <= player->n_natural_events + SIDE_AHEAD &&
           player->eye.look == SIM_SPLIT_BY_FAILURES &&
           (path->down >> player->focus & 1) == 0 &&
           sim_split_map_wants(player->map, path->class_ix);
}

static double natural_weight(const struct sim_split_player *player)
{
    return player->path.side_left > 0 ? 0.0 : weight_of(&player->path);
}

/* A loss is a visit that scores and leads nowhere. */
static void learn_loss(struct sim_split_player *player)
{
    if (is_lost(player)) {
        sim_split_map_visit(player->map, player->path.class_ix, natural_weight(player),
                            1.0, 0.0);
    }
}

/*
 * Lets a failure happen somewhere in the coming delay_s, aside: how often that is to be
 * expected is known without waiting for it, and what comes after is seen at once. The
 * original waits. False: nothing can fail.
 */
static bool take_side(struct sim_split_player *player, double delay_s)
{
    struct sim_run *run = &player->run;
    struct sim_split_path *path = &player->path;
    const uint32_t from = path->class_ix;
    uint32_t slot = 0;

    path->was_tried = true;
    const uint32_t n_clocks = count_clocks(player, &slot);
    const double at_s =
        run->world->now_s + delay_s * sim_draw_uniform(sim_world_draw(run));
    if (n_clocks == 0) {
        return false;
    }
    const double expected = sim_timer_hazard(run, slot, at_s) * delay_s * n_clocks;
    struct sim_split_frame *frame = &player->frame[player->depth++];
    frame->path = *path;
    frame->next_copy = 1;
    frame->n_copies = 0;
    sim_world_copy(run, frame->world, player->world);
    path->was_tried = false;
    path->n_sides++;
    path->side_left = SIDE_STEPS;
    path->birth = 0;
    sim_world_set_branch(run, player->batch->next_branch++);
    sim_world_force(run, slot, at_s);
    redraw(player);
    note_changes(player, slot);
    see_class(player);
    sim_split_map_try(player->map, from, path->class_ix, expected);
    learn_loss(player);
    return true;
}

/* Counts a step of the pilot. */
static void learn_step(struct sim_split_player *player, uint32_t from, uint32_t slot,
                       double down_s, double delay_s)
{
    const struct sim_model *model = player->run.model;
    const bool is_tried = player->eye.look == SIM_SPLIT_BY_FAILURES &&
                          model->slot[slot].cls == SIM_FAILURE;

    player->n_side_events += player->path.side_left > 0;
    player->n_natural_events += player->path.side_left == 0;
    sim_split_map_visit(player->map, from, natural_weight(player),
                        model->is_absorbing ? 0.0 : down_s, delay_s);
    sim_split_map_step(player->map, from, player->path.class_ix, is_tried);
    learn_loss(player);
    player->path.was_tried = false;
}

/* ---- One path ---- */

/* One event of the present path. False: the path is over. */
static bool step(struct sim_split_player *player)
{
    struct sim_run *run = &player->run;
    const bool was_down = (player->path.down >> player->focus & 1) != 0;
    uint32_t slot;
    double time_s;

    const bool is_next = sim_world_next(run, &slot, &time_s);
    const double until_s = is_next ? fmin(time_s, player->horizon_s) : HUGE_VAL;
    if (!is_next || until_s < time_s) {
        if (until_s < HUGE_VAL) {
            score_time(player, until_s - run->world->now_s);
            sim_world_advance(run, until_s);
        }
        return false;
    }
    const double delay_s = time_s - run->world->now_s;
    if (wants_side(player) && take_side(player, delay_s)) {
        return !is_lost(player);
    }
    const uint32_t from = player->path.class_ix;
    score_time(player, delay_s);
    sim_world_fire(run, slot, time_s);
    player->batch->tally->n_events++;
    note_changes(player, slot);
    see_class(player);
    if (player->learns) {
        learn_step(player, from, slot, was_down ? delay_s : 0.0, delay_s);
    }
    if (is_lost(player)) {
        return false;
    }
    if (player->path.side_left > 0) {
        return --player->path.side_left > 0 && !is_calm(run);
    }
    return change_level(player);
}

/* Leaves the copies that still wait; the history itself would go on from where it
 * made the first of them. */
static void drop_copies(struct sim_split_player *player)
{
    sim_world_copy(&player->run, player->world, player->frame[0].world);
    player->path = player->frame[0].path;
    player->depth = 0;
}

static void look_up(struct sim_split_player *player)
{
    if (++player->n_steps % LOOK_EVERY == 0) {
        player->told = player->ask(player);
    }
}

/* One event of the history itself, and all copies that it leads to. False: the history
 * is over. */
static bool step_main(struct sim_split_player *player)
{
    struct sim_split_batch *batch = player->batch;
    struct sim_split_tally *tally = batch->tally;
    const uint64_t begin = tally->n_events;

    look_up(player);
    tally->n_main_events++;
    tally->n_calm += is_calm(&player->run);
    const bool goes_on = step(player);
    if (is_main(player)) {
        return goes_on;
    }
    while (!is_main(player)) {
        if (!step(player)) {
            resume(player);
        }
        look_up(player);
        batch->is_stuck |= tally->n_events - begin > MOST_TREE;
        batch->is_dropped |= player->told == SIM_SPLIT_DROP;
        if (batch->is_stuck || batch->is_dropped) {
            drop_copies(player);
        }
    }
    return true;
}

/* ---- Histories ---- */

static void start_history(struct sim_split_player *player)
{
    struct sim_split_batch *batch = player->batch;

    sim_run_bind(&player->run, player->world);
    sim_world_start(&player->run, batch->seed, batch->replication, 0);
    batch->replication += batch->stride;
    batch->next_branch = 1;
    player->depth = 0;
    player->path =
        (struct sim_split_path){.clean = ~UINT64_C(0), .class_ix = SIM_SPLIT_UNKNOWN};
}

/* The first look at a started history. */
static void open_history(struct sim_split_player *player)
{
    note_changes(player, UINT32_MAX);
    player->path.class_ix =
        sim_split_map_find(player->map, sim_split_class(&player->eye, &player->run));
    player->path.level = 0;
}

/* Plays on unmeasured until the start is forgotten. */
static void warm_up(struct sim_split_player *player)
{
    struct sim_run *run = &player->run;
    uint32_t slot;
    double time_s;

    for (uint32_t n = 0; n < WARM_MOST && sim_world_next(run, &slot, &time_s) &&
                         time_s < player->warmup_s && !run->model->is_absorbing;
         n++) {
        sim_world_fire(run, slot, time_s);
    }
    player->path.down = run->model->down(run->model->plan, run);
    if (!is_calm(run)) {
        player->path.clean = ~player->path.down;
    }
}

static void begin_batch(struct sim_split_player *player, struct sim_split_batch *batch)
{
    start_history(player);
    warm_up(player);
    open_history(player);
    batch->begin_s = player->run.world->now_s;
    batch->is_started = true;
}

void sim_split_play(struct sim_split_player *player, struct sim_split_batch *batch,
                    double time_s, uint64_t events)
{
    struct sim_run *run = &player->run;
    const uint64_t most = batch->tally->n_events + events;

    player->batch = batch;
    player->told = SIM_SPLIT_NO_HURRY;
    if (!batch->is_started) {
        begin_batch(player, batch);
    } else {
        sim_run_bind(run, player->world);
        sim_world_copy(run, player->world, batch->main);
        player->path = batch->path;
    }
    while (!batch->is_stuck && player->told == SIM_SPLIT_NO_HURRY &&
           batch->tally->n_events < most &&
           batch->past_s + run->world->now_s - batch->begin_s < time_s) {
        if (!step_main(player)) {
            batch->is_stuck = !is_lost(player);
            batch->past_s += run->world->now_s - batch->begin_s;
            start_history(player);
            open_history(player);
            batch->begin_s = 0.0;
        }
        if (player->path.level == 0) {
            close_root(player);
        }
    }
    batch->tally->time_s = batch->past_s + run->world->now_s - batch->begin_s;
    batch->path = player->path;
    sim_world_copy(run, batch->main, player->world);
}

void sim_split_play_new(struct sim_split_player *player, struct sim_split_batch *batch,
                        uint64_t n_histories)
{
    player->batch = batch;
    player->told = SIM_SPLIT_NO_HURRY;
    for (uint64_t i = 0; i < n_histories && player->told == SIM_SPLIT_NO_HURRY; i++) {
        start_history(player);
        open_history(player);
        while (!batch->is_stuck && !batch->is_dropped && step_main(player)) {
        }
        if (batch->is_stuck || batch->is_dropped) {
            return;
        }
        close_root(player);
        batch->tally->time_s += player->horizon_s;
    }
}
