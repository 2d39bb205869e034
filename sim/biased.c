/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The driver for rare outages: importance sampling of excursions.
 *
 * Good designs fail so seldom that plain simulation sees nothing. But what makes an
 * outage rare is seen often: a single failure, then a second one before the first is
 * mended, which almost never happens, and does all the harm. So: play ordinary,
 * unbiased histories (the main path); at every exit from calm, copy the world a few
 * times and play each copy under a law in which further failures come soon and
 * repairs take long, until calm again; weigh what it scores with the likelihood ratio.
 * Unavailability is the mean weighted downtime per exit times exits per time, where
 * the latter comes from the main path alone and is not rare at all. Bias never reaches
 * beyond one excursion, so weights stay tame however long the run.
 *
 * Rounds. Pilot rounds learn (sim/bias_plan.c); their scores are thrown away. The
 * final run has fresh random numbers and 64 independent batches, each a piece of main
 * path of its own, continued at checkpoints that grow by half; it stops when the
 * interval is narrow enough and nothing speaks against believing it, at two
 * checkpoints in a row. Batches are dealt to threads, own all their numbers, and
 * are read in order, so the result is the same for any number of threads.
 *
 * What it leaves out: failures without a hazard (deterministic lifetimes) are played
 * by their own law; systems that never calm down belong to splitting or to plain
 * simulation (sim/auto.c decides).
 *
 * Sources: Nicola, Shahabuddin, Heidelberger, Glynn, FTCS-23, 1993 (copies at the
 * entrance of A-cycles); Goyal, Shahabuddin, Heidelberger, Nicola, Glynn, IEEE Trans.
 * Computers 41, 1992 (separate denominators); Heidelberger, TOMACS 5, 1995.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/bias.h"
#include "sim/clock.h"
#include "sim/drivers.h"
#include "sim/threads.h"

#define N_BATCHES     SIM_BATCHES_MAX
#define PILOT_BATCHES 16
#define PILOT_ROUNDS  3
#define PILOT_EXITS   48     /* of a batch in the first pilot round, then doubled */
#define PILOT_TRIALS  200000 /* failures tried out to measure distances */
#define FIRST_EXITS   96     /* of a batch at the first checkpoint */
#define LEAST_EXITS   24     /* of a batch before a limit may stop the run */
#define GROWTH        1.5
#define MOST_EVENTS   2000000000 /* without a time limit: then the result is partial */
#define PILOT_STREAM  (UINT64_C(1) << 40) /* histories of pilots begin here */
#define LONG_STREAM   (UINT64_C(3) << 40) /* histories of ten years begin here */
#define NEW_STREAM    (UINT64_C(1) << 41) /* histories from new begin here */
#define PILOT_TIME    0.3                 /* of a time limit */

struct study_run {
    const struct sim_study *study;
    struct sim_bias_plan plan;
    struct sim_sense_plan sense;    /* when the study asks for sensitivity */
    struct sim_bias_player *player; /* one per thread */
    unsigned jobs;
    struct sim_bias_batch batch[N_BATCHES];
    uint32_t n_batches;
    uint64_t n_exits; /* target of the present round, per batch */
    double time_s;    /* the same as main-path time; 0: by exits */
    double exit_s;    /* mean time between exits, from the pilot */
    bool is_new;      /* histories from new */
    double began_s;
    bool is_cut;       /* stopped by the clock or the user */
    bool is_early;     /* and that before the first checkpoint */
    double stop_share; /* of the time limit, where a round is cut; 0: play it out */
};

static bool is_over(struct study_run *run, double share)
{
    run->is_cut |= sim_study_is_over(run->study, run->began_s, share);
    return run->is_cut;
}

/* ---- Batches over threads ---- */

static void play_item(void *context, unsigned worker, uint64_t item, unsigned place)
{
    struct study_run *run = context;
    struct sim_bias_batch *batch = &run->batch[item];

    (void)place;
    if (run->is_new) {
        sim_bias_batch_play_new(&run->player[worker], batch, run->n_exits);
    } else {
        sim_bias_batch_play(&run->player[worker], batch, run->n_exits, run->time_s);
    }
}

/* A round cut short leaves batches of two lengths, each with its own time: still valid
 * parts of a ratio. */
static bool should_stop(void *context)
{
    struct study_run *run = context;

    return run->stop_share > 0.0 && is_over(run, run->stop_share);
}

static void play_round(struct study_run *run)
{
    const struct sim_work work = {
        .context = run,
        .play = play_item,
        .should_stop = should_stop,
        .places = sim_threads_places(run->jobs),
    };

    sim_threads_run(&work, run->jobs, 0, run->n_batches);
}

static void init_batches(struct study_run *run, struct sim_arena *arena, uint32_t n,
                         uint64_t stream, bool learns)
{
    const size_t bytes = sim_bias_tally_bytes(run->plan.model);

    run->n_batches = n;
    for (uint32_t i = 0; i < n; i++) {
        struct sim_world *main = run->batch[i].main;
        run->batch[i] = (struct sim_bias_batch){
            .main = main,
            .tally = sim_arena_alloc(arena, bytes),
            .seed = run->study->seed,
            .replication = stream + i,
            .stride = n,
        };
        if (learns) {
            run->batch[i].lesson =
                sim_arena_calloc(arena, 1, sizeof *run->batch[i].lesson);
            sim_bias_lesson_init(run->batch[i].lesson, arena, &run->plan);
        }
    }
}

/* Sums of importance and elasticities for the batches of the long run, in a row. */
static void init_sense(struct study_run *run, struct sim_arena *arena)
{
    if (!run->study->sensitivity) {
        return;
    }
    double *sums =
        sim_arena_calloc(arena, run->n_batches * run->sense.n_sums, sizeof *sums);
    for (uint32_t i = 0; i < run->n_batches; i++) {
        run->batch[i].sense = sums + i * run->sense.n_sums;
    }
}

static bool is_stuck(const struct study_run *run)
{
    for (uint32_t i = 0; i < run->n_batches; i++) {
        if (run->batch[i].is_stuck) {
            return true;
        }
    }
    return false;
}

static uint64_t count_events(const struct study_run *run)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < run->n_batches; i++) {
        n += run->batch[i].tally->n_events;
    }
    return n;
}

/* ---- Rounds ---- */

/* Exits of a batch, n where they are cheap. Where the main path takes many events from
 * one to the next, and many copies make up for it, fewer will do. */
static uint64_t exits_for(const struct study_run *run, uint64_t n)
{
    const uint32_t usual = 2 * SIM_BIAS_COPIES;

    return run->plan.copies > usual ? n / 4 + n * usual / run->plan.copies * 3 / 4 : n;
}

static void learn_rounds(struct study_run *run, struct sim_bias_lesson *sum,
                         struct sim_level *level)
{
    run->n_exits = 0;
    run->stop_share = PILOT_TIME;
    for (int round = 0; round < PILOT_ROUNDS; round++) {
        run->n_exits += exits_for(run, PILOT_EXITS << round);
        play_round(run);
        if (is_stuck(run)) {
            return;
        }
        sim_bias_lesson_clear(sum, &run->plan);
        for (uint32_t i = 0; i < run->n_batches; i++) {
            sim_bias_lesson_merge(sum, run->batch[i].lesson, &run->plan);
        }
        sim_bias_plan_learn(&run->plan, sum);
        for (uint32_t i = 0; i < run->n_batches; i++) {
            sim_bias_plan_measure(&run->plan, level, run->batch[i].lesson);
            sim_bias_lesson_clear(run->batch[i].lesson, &run->plan);
        }
        if (is_over(run, PILOT_TIME)) {
            run->is_cut = false; /* the final run still has its time */
            return;
        }
    }
}

static double mean_exit_s(const struct study_run *run)
{
    double time_s = 0.0;
    double n_exits = 0.0;

    for (uint32_t i = 0; i < run->n_batches; i++) {
        time_s += run->batch[i].tally->time_s;
        n_exits += (double)run->batch[i].tally->n_exits;
    }
    return n_exits > 0.0 ? time_s / n_exits : 1.0;
}

static void learn(struct study_run *run, struct sim_arena *arena)
{
    struct sim_bias_lesson sum;
    struct sim_level level;

    init_batches(run, arena, PILOT_BATCHES, PILOT_STREAM, true);
    sim_bias_lesson_init(&sum, arena, &run->plan);
    sim_level_init(&level, run->plan.model, run->plan.focus);
    level.effort = PILOT_TRIALS;
    learn_rounds(run, &sum, &level);
    run->stop_share = 0.0;
    run->exit_s = mean_exit_s(run);
    for (uint32_t i = 0; i < run->n_batches; i++) {
        sim_bias_lesson_release(run->batch[i].lesson);
    }
    sim_bias_lesson_release(&sum);
    sim_level_release(&level);
}

static void report(const struct study_run *run, double half_width, bool is_done)
{
    double down_s = 0.0;
    double time_s = 0.0;

    for (uint32_t i = 0; i < run->n_batches; i++) {
        down_s += run->batch[i].tally->service[run->study->focus].sums.down_s;
        time_s += run->batch[i].tally->time_s;
    }
    sim_study_show(run->study, run->began_s, half_width, is_done, down_s, time_s,
                   run->plan.model->year_s);
}

/* On to the first checkpoint in pieces, so that a limit or a signal is heard before.
 * Returns whether it was reached: a result from less is flagged. */
static bool play_to_first(struct study_run *run, double exits)
{
    double now = LEAST_EXITS;

    while (now < exits) {
        run->time_s = now * run->exit_s;
        now *= 2.0;
        play_round(run);
        run->stop_share = 1.0;
        if (is_stuck(run)) {
            return true;
        }
        if (is_over(run, 1.0)) {
            return false;
        }
    }
    run->time_s = exits * run->exit_s;
    play_round(run);
    return !run->is_cut;
}

/* Checkpoints until precise twice in a row; is_cut tells when that was not reached. */
static void play_to_precision(struct study_run *run)
{
    double exits = (double)exits_for(run, FIRST_EXITS);
    uint32_t n_good = 0;
    double half_width = HUGE_VAL;

    run->is_early = !play_to_first(run, exits);
    while (n_good < 2 && !run->is_early) {
        const bool is_good = sim_bias_is_precise(&run->plan, run->study, run->batch,
                                                 run->n_batches, &half_width);
        n_good = is_good ? n_good + 1 : 0;
        report(run, half_width, n_good == 2);
        if (n_good < 2 && (is_over(run, 1.0 / GROWTH) || is_stuck(run))) {
            break;
        }
        if (count_events(run) > MOST_EVENTS) {
            run->is_cut = true;
            break;
        }
        if (n_good < 2) {
            exits *= GROWTH;
            run->time_s = exits * run->exit_s;
            play_round(run);
        }
    }
}

/* Histories from new of so many seconds each. */
static void play_new(struct study_run *run, struct sim_arena *arena, double horizon_s,
                     uint64_t stream)
{
    double half_width = HUGE_VAL;
    double years = 1.0;
    uint32_t n_good = 0;

    run->is_new = true;
    run->stop_share = 0.0;
    run->plan.horizon_s = horizon_s;
    init_batches(run, arena, N_BATCHES, stream, false);
    while (n_good < 2) {
        run->n_exits = (uint64_t)years;
        play_round(run);
        run->stop_share = 1.0;
        const bool is_good = sim_bias_is_precise(&run->plan, run->study, run->batch,
                                                 run->n_batches, &half_width);
        n_good = is_good ? n_good + 1 : 0;
        if (n_good < 2 && (is_over(run, 0.8) || count_events(run) > MOST_EVENTS / 4)) {
            break;
        }
        years *= GROWTH;
    }
}

/* One year for the measures of the first year; ten for the chance of an outage within
 * five and ten. A first outage that comes soon needs no bias. */
static void play_from_new(struct study_run *run, struct sim_arena *arena,
                          struct sim_result *result)
{
    const double year_s = run->plan.model->year_s;
    struct sim_service_result *focus = &result->service[run->study->focus];
    const double rate = focus->outages_per_year.value;

    if (!run->is_cut) {
        play_new(run, arena, year_s, NEW_STREAM);
        sim_bias_result_fill_new(result, &run->plan, run->batch, run->n_batches);
    }
    if (!run->is_cut && !focus->mttff_s.is_known && rate > 0.0) {
        sim_crude_first_outage(run->plan.model, run->study, year_s / rate, focus);
    }
    if (!run->is_cut && !focus->prob_outage_10y.is_known) {
        play_new(run, arena, 10.0 * year_s, LONG_STREAM);
        sim_bias_result_fill_ten(result, &run->plan, run->batch, run->n_batches);
    }
}

static void set_reason(struct sim_result *result, const struct study_run *run)
{
    uint64_t n_exits = 0;
    uint64_t n_copies = 0;

    for (uint32_t i = 0; i < run->n_batches; i++) {
        n_exits += run->batch[i].tally->n_exits;
        n_copies += run->batch[i].tally->n_copies;
    }
    if (result->reason[0] == '\0') {
        snprintf(result->reason, sizeof result->reason,
                 "importance sampling: %llu exits from calm, %llu weighted excursions",
                 (unsigned long long)n_exits, (unsigned long long)n_copies);
    }
}

static int play_all(struct study_run *run, struct sim_arena *arena,
                    struct sim_result *result, struct sim_err *err)
{
    const struct sim_study *study = run->study;

    learn(run, arena);
    if (!is_stuck(run)) {
        init_batches(run, arena, N_BATCHES, 0, false);
        init_sense(run, arena);
        if (study->years > 0.0) {
            run->time_s = study->years * run->plan.model->year_s / N_BATCHES;
            play_round(run);
        } else {
            play_to_precision(run);
        }
    }
    if (is_stuck(run)) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "method biased does not fit: the system (nearly) never "
                           "is calm; use --method crude or splitting");
    }
    snprintf(result->method, sizeof result->method, "biased");
    sim_bias_result_fill(result, &run->plan, study, run->batch, run->n_batches);
    set_reason(result, run);
    if (run->is_early) {
        sim_batches_flag_all(result, SIM_BATCHES_EARLY);
    }
    if (study->first_year || run->plan.model->is_absorbing) {
        play_from_new(run, arena, result);
    }
    result->is_partial = run->is_cut;
    result->is_repeatable = !(run->is_cut || study->max_time_s > 0.0);
    return 0;
}

int sim_biased_run(const struct sim_model *model, const struct sim_study *study,
                   struct sim_result *result, struct sim_err *err)
{
    struct sim_arena arena;

    sim_arena_init(&arena);
    struct study_run *run = sim_arena_calloc(&arena, 1, sizeof *run);
    run->study = study;
    run->jobs = study->jobs > 0 ? study->jobs : 1;
    run->began_s = sim_clock_s();
    sim_bias_plan_init(&run->plan, &arena, model, study);
    if (study->sensitivity) {
        sim_sense_plan_init(&run->sense, &arena, model, study->focus);
        run->plan.sense = &run->sense;
    }
    if (run->plan.n_clocks == 0) {
        sim_arena_clear(&arena);
        return sim_err_set(err, SIM_ERR_USAGE,
                           "method biased does not fit: the model has no failures with "
                           "a hazard to speed up; use --method crude or splitting");
    }
    run->player = sim_arena_calloc(&arena, run->jobs, sizeof *run->player);
    for (unsigned i = 0; i < run->jobs; i++) {
        sim_bias_player_init(&run->player[i], &run->plan, &arena);
        run->player[i].budget_s = study->budget_s;
    }
    for (uint32_t i = 0; i < N_BATCHES; i++) {
        run->batch[i].main = sim_world_alloc(run->player[0].run.world_bytes);
    }
    const int failed = play_all(run, &arena, result, err);
    for (unsigned i = 0; i < run->jobs; i++) {
        sim_bias_player_release(&run->player[i]);
    }
    for (uint32_t i = 0; i < N_BATCHES; i++) {
        free(run->batch[i].main);
    }
    sim_arena_clear(&arena);
    return failed;
}
