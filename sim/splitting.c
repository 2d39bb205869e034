/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting: the second opinion on rare outages, and the method where nothing can be
 * hurried.
 *
 * No law is changed here. A plain history runs, and whenever it comes nearer to an
 * outage the world is copied, so that 2^l paths, each of weight 2^-l, go on from
 * level l; a copy ends when it falls below the level it was made at (RESTART). Weighted
 * time and weighted events along all paths are then unbiased for whatever adds up
 * along a history: downtime, outages, causes, first outages, of every service.
 *
 * There is no need for the system ever to be calm, nor for failures to have hazards: a
 * queue that overflows after many small steps is as good as a cluster that loses its
 * quorum. Ageing clocks are right because a copy draws the rest of every clock anew
 * given its age, under draws of its own; two copies of one past share no future.
 *
 * Levels are learned (sim/splitting_learn.c) in a pilot, round by round, each of which
 * sees a step further than the one before, from steps between classes of states (sim/
 * splitting_class.c). The pilot enters no estimate.
 *
 * Batches are independent histories, each warmed up, and continue from round to round;
 * intervals come from their spread, with t on the log scale, and look at how few
 * stories carry the estimate (sim/splitting_result.c). Rounds grow until the interval
 * is narrow enough twice in a row. Levels stay what they are from the first round on.
 *
 * Limits, known and measured (docs/validation.md): where an outage is two or three
 * jumps of probability 1e-4 there is nothing to split inside a jump; with p the chance
 * of a jump the work grows like 1/p, however good the levels, and importance sampling
 * needs a hundredth of it. Where one failure already loses the service there is little
 * to split: copies of calm draw the next failure oftener than all else that goes on is
 * played (drains), which is little better than plain simulation. What the pilot
 * never met (a class of states behind a jump of 1e-6) is not expected by the levels;
 * should it turn up, one story carries much of the estimate, and that is flagged.
 *
 * Sources: Villen-Altamirano and Villen-Altamirano, "RESTART", ITC-13, 1991, and LNCS
 * 5233, 2011; Garvels, PhD thesis, Twente 2000; Budde, D'Argenio, Hartmanns, Sci.
 * Comput. Program. 174, 2019 (levels without being told).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/clock.h"
#include "sim/drivers.h"
#include "sim/splitting.h"
#include "sim/threads.h"

#define PILOT_ROUND  50000   /* events */
#define PILOT_EVENTS 3000000 /* at most */
#define PILOT_SEEN   300     /* outages, in copies, that are enough to learn from */
#define PILOT_MORE   4       /* rounds after that */
#define PILOT_TIME   0.25    /* share of the time allowed */
#define FIRST_EVENTS 20000.0 /* of a batch before the first look */
#define ROUND_EVENTS 80000   /* of a batch in the first round, at most */
#define GROWTH       1.5
#define FIRST_PIECES 16  /* of the first round: 1/16, 1/8 .. 1 of it */
#define GRACE        0.1 /* of the time allowed: to end a story properly ... */
#define GRACE_S      0.5 /* ... at most, and after a signal */
#define ALL_EVENTS   4e9
#define PILOT_STREAM (UINT64_C(1) << 43)
#define NEW_STREAM   (UINT64_C(1) << 44)

/* Number of classes from which a coarser grain is taken, by enum sim_split_grain. */
static const uint32_t most_classes[] = {UINT32_MAX, 1500, 600};

struct splitting {
    const struct sim_model *model;
    const struct sim_study *study;
    struct sim_split_map map;
    struct sim_split_player *player; /* one per thread */
    unsigned jobs;
    struct sim_split_batch batch[SIM_SPLIT_BATCHES];
    double time_s;        /* of every batch at the end of this round */
    uint64_t n_histories; /* the same from new */
    uint64_t most_events; /* of a batch in this round, should its trees be larger */
    double event_s;       /* time of a history per event of all its paths */
    bool is_new;
    enum sim_split_grain grain;
    double began_s;
    double share;    /* of the time allowed, when players are told to hurry */
    bool is_cut;     /* stopped by the clock or the user */
    bool is_early;   /* before the end of the first round */
    bool is_stuck;   /* some batch is; see there */
    bool is_dropped; /* the same */
    bool may_stop;   /* within a round too: every batch has something to show */
};

static bool is_over(struct splitting *split, double share)
{
    split->is_cut |= sim_study_is_over(split->study, split->began_s, share);
    return split->is_cut;
}

/* ---- Batches over threads ---- */

static void play_item(void *context, unsigned worker, uint64_t item, unsigned place)
{
    struct splitting *split = context;
    struct sim_split_player *player = &split->player[worker];

    (void)place;
    if (split->is_new) {
        sim_split_play_new(player, &split->batch[item], split->n_histories);
    } else {
        sim_split_play(player, &split->batch[item], split->time_s, split->most_events);
    }
}

/* A round cut short leaves batches of two lengths, each with its own time: still valid
 * parts of a ratio. */
static bool should_stop(void *context)
{
    struct splitting *split = context;

    return split->may_stop && is_over(split, 1.0);
}

/* A limit or a signal is heard within a batch too. It may end its story; one that takes
 * too long is left, and the result flagged. */
static enum sim_split_hurry ask(struct sim_split_player *player)
{
    const struct splitting *split = player->context;
    const struct sim_study *study = split->study;
    double grace_s = GRACE_S;

    if (!sim_study_is_over(study, split->began_s, split->share)) {
        return SIM_SPLIT_NO_HURRY;
    }
    if (player->late_since_s == 0.0) {
        player->late_since_s = sim_clock_s();
    }
    if (study->max_time_s > 0.0) {
        grace_s = fmin(grace_s, GRACE * study->max_time_s);
    }
    return sim_clock_s() - player->late_since_s > grace_s ? SIM_SPLIT_DROP
                                                          : SIM_SPLIT_FINISH;
}

static void init_player(struct splitting *split, unsigned i)
{
    sim_split_player_init(&split->player[i], split->study, split->model, &split->map,
                          split->grain);
    split->player[i].ask = ask;
    split->player[i].context = split;
}

static void play_round(struct splitting *split)
{
    const struct sim_work work = {.context = split,
                                  .play = play_item,
                                  .should_stop = should_stop,
                                  .places = sim_threads_places(split->jobs)};

    sim_threads_run(&work, split->jobs, 0, SIM_SPLIT_BATCHES);
    for (unsigned i = 0; i < split->jobs; i++) {
        split->is_cut |= split->player[i].late_since_s > 0.0;
    }
    for (uint32_t i = 0; i < SIM_SPLIT_BATCHES; i++) {
        split->is_stuck |= split->batch[i].is_stuck;
        split->is_dropped |= split->batch[i].is_dropped;
    }
}

static void init_batches(struct splitting *split, struct sim_arena *arena,
                         uint64_t stream)
{
    const size_t bytes = sim_split_tally_bytes(split->model);

    for (uint32_t i = 0; i < SIM_SPLIT_BATCHES; i++) {
        split->batch[i] =
            (struct sim_split_batch){.main = split->batch[i].main,
                                     .tally = sim_arena_calloc(arena, 1, bytes),
                                     .seed = split->study->seed,
                                     .replication = stream + i,
                                     .stride = SIM_SPLIT_BATCHES};
    }
}

static double count_events(const struct splitting *split)
{
    double n = 0.0;

    for (uint32_t i = 0; i < SIM_SPLIT_BATCHES; i++) {
        n += (double)split->batch[i].tally->n_events;
    }
    return n;
}

/* ---- Pilot ---- */

/* Learns levels in rounds. False: this grain gives too many classes. */
static bool learn(struct splitting *split, struct sim_split_batch *batch)
{
    struct sim_split_player *player = &split->player[0];
    const struct sim_split_tally *tally = batch->tally;
    uint32_t n_after = 0;
    uint32_t n_classes = 0;

    player->learns = true;
    do {
        const double begin_s = tally->time_s;
        const uint64_t n_begin = tally->n_events;
        sim_split_play(player, batch, HUGE_VAL, PILOT_ROUND);
        split->event_s =
            (tally->time_s - begin_s) / fmax((double)(tally->n_events - n_begin), 1.0);
        if (split->map.n > most_classes[split->grain]) {
            return false;
        }
        sim_split_map_learn(&split->map);
        const bool is_seen =
            tally->service[split->study->focus].n_outages >= PILOT_SEEN;
        n_after = is_seen && split->map.n == n_classes ? n_after + 1 : 0;
        n_classes = split->map.n;
    } while (n_after < PILOT_MORE && tally->n_events < PILOT_EVENTS &&
             !batch->is_stuck && !batch->is_dropped && !is_over(split, PILOT_TIME));
    player->learns = false;
    player->late_since_s = 0.0;
    return true;
}

/* Plays the pilot; returns the outages it saw in the service in focus. */
static uint64_t play_pilot(struct splitting *split, struct sim_arena *arena)
{
    const struct sim_model *model = split->model;
    struct sim_split_batch batch = {.main = split->batch[0].main,
                                    .seed = split->study->seed,
                                    .replication = PILOT_STREAM,
                                    .stride = 1};

    split->share = PILOT_TIME;
    for (int grain = SIM_SPLIT_STATE; grain >= SIM_SPLIT_BROKEN; grain--) {
        split->grain = (enum sim_split_grain)grain;
        batch.tally = sim_arena_calloc(arena, 1, sim_split_tally_bytes(model));
        batch.is_started = false;
        sim_split_map_init(&split->map);
        init_player(split, 0);
        if (learn(split, &batch)) {
            break;
        }
        sim_split_player_release(&split->player[0]);
        sim_split_map_release(&split->map);
    }
    split->map.is_frozen = true;
    split->share = 1.0;
    for (unsigned i = 1; i < split->jobs; i++) {
        init_player(split, i);
    }
    return batch.tally->service[split->study->focus].n_outages;
}

/* ---- Rounds ---- */

static void report(const struct splitting *split, double half_width, bool is_done)
{
    double down_s = 0.0;
    double time_s = 0.0;

    for (uint32_t i = 0; i < SIM_SPLIT_BATCHES; i++) {
        down_s += split->batch[i].tally->service[split->study->focus].down_s;
        time_s += split->batch[i].tally->time_s;
    }
    sim_study_show(split->study, split->began_s, half_width, is_done, down_s, time_s,
                   split->model->year_s);
}

/* The first round in pieces, so that a limit or a signal is heard before its end; the
 * first piece gives every batch something to show. */
static void play_first(struct splitting *split)
{
    const double time_s = split->time_s;

    split->may_stop = false;
    for (int n = FIRST_PIECES; n > 0; n /= 2) {
        split->time_s = time_s / n;
        split->most_events = ROUND_EVENTS / (uint64_t)n;
        play_round(split);
        split->may_stop = true;
        if (split->is_stuck) {
            return;
        }
        if (n > 1 && is_over(split, 1.0)) {
            split->is_early = true;
            return;
        }
    }
}

/* Rounds until precise twice in a row; is_cut tells when that was not reached. */
static void play_to_precision(struct splitting *split, double share, double most)
{
    double half_width = HUGE_VAL;
    uint32_t n_good = 0;

    while (n_good < 2) {
        const bool is_good = sim_split_is_precise(
            split->model, split->study, split->batch, SIM_SPLIT_BATCHES, &half_width);
        n_good = is_good ? n_good + 1 : 0;
        report(split, half_width, n_good == 2);
        if (n_good < 2 && (is_over(split, share) || split->is_stuck)) {
            return;
        }
        if (count_events(split) > most) {
            split->is_cut = true;
            return;
        }
        if (n_good < 2) {
            split->time_s *= GROWTH;
            split->most_events += split->most_events / 2;
            split->n_histories += split->n_histories / 2 + 1;
            play_round(split);
        }
    }
}

static void play_all(struct splitting *split)
{
    const struct sim_study *study = split->study;

    if (study->years > 0.0) {
        split->time_s = study->years * split->model->year_s / SIM_SPLIT_BATCHES;
        split->most_events = UINT64_MAX / 2;
        play_round(split);
    } else {
        split->time_s = FIRST_EVENTS * split->event_s;
        play_first(split);
        play_to_precision(split, 1.0 / GROWTH, ALL_EVENTS);
    }
}

static void play_new(struct splitting *split, struct sim_arena *arena)
{
    split->is_new = true;
    split->n_histories = 1;
    for (unsigned i = 0; i < split->jobs; i++) {
        split->player[i].horizon_s = split->model->year_s;
    }
    init_batches(split, arena, NEW_STREAM);
    split->may_stop = false;
    play_round(split);
    split->may_stop = true;
    play_to_precision(split, 0.8, ALL_EVENTS / 4);
}

/* ---- The door ---- */

static void describe(const struct splitting *split, struct sim_result *result)
{
    uint64_t n_copies = 0;
    uint32_t top = 0;

    for (uint32_t i = 0; i < SIM_SPLIT_BATCHES; i++) {
        n_copies += split->batch[i].tally->n_copies;
    }
    for (uint32_t i = 0; i < split->map.n; i++) {
        const uint32_t level = split->map.class[i].level;
        top = level > top && level != SIM_SPLIT_KEEP ? level : top;
    }
    snprintf(result->method, sizeof result->method, "splitting");
    if (result->reason[0] == '\0') {
        snprintf(result->reason, sizeof result->reason,
                 "splitting (RESTART): %d histories, %llu copies, %u classes of states "
                 "on %u levels",
                 SIM_SPLIT_BATCHES, (unsigned long long)n_copies, split->map.n,
                 top + 1);
    }
}

/* What the clock or the user left of it, and whether that can be trusted. */
static void tell_cut(const struct splitting *split, struct sim_result *result)
{
    result->is_partial = split->is_cut;
    result->is_repeatable = !split->is_cut && !(split->study->max_time_s > 0.0);
    if (split->is_early) {
        sim_batches_flag_all(result, SIM_BATCHES_EARLY);
    } else if (split->is_dropped) {
        sim_batches_flag_all(result, "stopped within a story of many copies: what the "
                                     "rest of it would have scored is missing");
    }
}

static int play_and_fill(struct splitting *split, struct sim_arena *arena,
                         struct sim_result *result, struct sim_err *err)
{
    if (play_pilot(split, arena) == 0) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           split->is_cut
                               ? "no time for method splitting: its pilot was cut "
                                 "before it met an outage; allow more with --max-time"
                               : "method splitting does not fit: its pilot, which "
                                 "splits at everything rare, met no outage; use "
                                 "--method biased");
    }
    init_batches(split, arena, 0);
    split->is_cut = false; /* what is measured still has its time */
    play_all(split);
    if (split->is_stuck) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "method splitting does not fit: copies multiply without "
                           "end, or nothing ever happens; use --method crude");
    }
    describe(split, result);
    sim_split_result_fill(result, split->model, split->study, split->batch,
                          SIM_SPLIT_BATCHES);
    if ((split->study->first_year || split->model->is_absorbing) && !split->is_cut) {
        play_new(split, arena);
        sim_split_result_fill_new(result, split->model, split->batch,
                                  SIM_SPLIT_BATCHES);
    }
    tell_cut(split, result);
    return 0;
}

int sim_splitting_run(const struct sim_model *model, const struct sim_study *study,
                      struct sim_result *result, struct sim_err *err)
{
    struct sim_arena arena;
    struct sim_run layout;

    sim_arena_init(&arena);
    sim_run_init(&layout, model);
    struct splitting *split = sim_arena_calloc(&arena, 1, sizeof *split);
    split->model = model;
    split->study = study;
    split->jobs = study->jobs > 0 ? study->jobs : 1;
    split->began_s = sim_clock_s();
    split->player = sim_arena_calloc(&arena, split->jobs, sizeof *split->player);
    for (uint32_t i = 0; i < SIM_SPLIT_BATCHES; i++) {
        split->batch[i].main = sim_world_alloc(layout.world_bytes);
    }
    const int failed = play_and_fill(split, &arena, result, err);
    for (unsigned i = 0; i < split->jobs; i++) {
        if (split->player[i].world != NULL) {
            sim_split_player_release(&split->player[i]);
        }
    }
    for (uint32_t i = 0; i < SIM_SPLIT_BATCHES; i++) {
        free(split->batch[i].main);
    }
    sim_split_map_release(&split->map);
    sim_arena_clear(&arena);
    return failed;
}
