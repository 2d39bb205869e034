/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting: the second opinion on rare outages, and the method where nothing can be
 * hurried.
 *
 * No law is changed here. The way from calm to an outage is cut into levels, and each
 * level is tried many times from where the level before was entered (fixed effort):
 *
 *     stage 0   plain history: how often calm is left, and where level 1 is entered
 *     stage i   n trials from the entrances of level i, each until level i + 1 or calm
 *     last      from the entrances of "down", plain play until calm: downtime, outages
 *
 * P(outage per exit) is the product of the stages' success shares, and unavailability
 * is exits per time * that product * mean downtime of the last stage. Every factor is
 * estimated without bias given the entrances, so the product is unbiased too.
 *
 * Levels are derived (sim/level.c): failures still needed to lose the service, or, for
 * systems that drift there in small steps, events of any kind; a model that knows
 * better says so (model->level). A trial starts from a copied world under a branch of
 * its own, with the residuals of all failure clocks drawn anew given their ages, since
 * copies that replay one future are one copy.
 *
 * Trials share entrances and so depend on each other. The interval therefore comes
 * from whole replications, independent from calm to calm, with t on the log scale.
 *
 * Limits, known and measured: where an outage is two or three jumps of probability
 * 1e-4 there is nothing to split inside a jump, and importance sampling needs a
 * hundredth of the work. Only the focus service is measured; the others need runs of
 * their own.
 *
 * Sources: Garvels, PhD thesis, Twente 2000 (fixed effort); Villen-Altamirano and
 * Villen-Altamirano, LNCS 5233, 2011; Amrein and Kuensch, TOMACS 21, 2011; Budde,
 * D'Argenio, Hartmanns, Sci. Comput. Program. 174, 2019.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/diagnose.h"
#include "sim/clock.h"
#include "sim/drivers.h"
#include "sim/level.h"
#include "sim/splitting.h"
#include "sim/threads.h"

#define N_TRIALS    1000 /* of each stage of a replication */
#define FIRST_REPS  32   /* replications before the first look */
#define MOST_REPS   4096
#define GROWTH      1.5
#define MAX_LEVELS  64
#define MOST_EVENTS 2000000 /* of one trial: then it is given up */
#define ALL_EVENTS  2e9
#define STREAM      (UINT64_C(1) << 43)
#define WARM_EVENTS 200000

/* One thread's tools. */
struct lane {
    struct sim_run run;
    struct sim_level level;
    struct sim_world *world;
    struct sim_world *from[N_TRIALS]; /* entrances of the present stage */
    struct sim_world *to[N_TRIALS];   /* and of the next */
    uint32_t n_from;
    uint32_t n_to;
    uint64_t next_branch;
};

struct split {
    const struct sim_model *model;
    const struct sim_study *study;
    struct lane *lane;
    unsigned jobs;
    struct sim_split_rep *rep;
    uint64_t n_reps;
    bool by_steps;     /* levels count events of any kind */
    uint32_t n_levels; /* distance from calm: the outage is level n_levels */
    double began_s;
    bool is_cut;
};

/* ---- Levels ---- */

/* Level of the bound world: 0 calm-like, n_levels down. Leaves the run bound. */
static uint32_t level_of(struct split *split, struct lane *lane)
{
    const struct sim_model *model = split->model;
    struct sim_world *world = lane->run.world;
    uint32_t distance;

    if ((model->down(model->plan, &lane->run) >> split->study->focus & 1) != 0) {
        return split->n_levels;
    }
    if (model->level != NULL) {
        const uint32_t level =
            model->level(model->plan, &lane->run, split->study->focus);
        return level < split->n_levels ? level : split->n_levels - 1;
    }
    if (split->by_steps) {
        distance = sim_level_steps(&lane->level, world);
    } else {
        lane->level.effort = UINT64_MAX;
        distance = sim_level_distance(&lane->level, world, split->n_levels);
    }
    sim_run_bind(&lane->run, world);
    return distance < split->n_levels ? split->n_levels - distance : 0;
}

static bool is_calm(const struct sim_run *run)
{
    return run->model->is_calm(run->model->plan, run);
}

/* Finds how far calm is from an outage. False: no levels can be derived. */
static bool find_levels(struct split *split)
{
    struct lane *lane = &split->lane[0];
    const struct sim_model *model = split->model;

    sim_run_bind(&lane->run, lane->world);
    sim_world_start(&lane->run, split->study->seed, STREAM, 0);
    if (model->level != NULL) {
        /* Down is its maximum, whatever that is; the middle levels are its own. */
        split->n_levels = MAX_LEVELS;
        return true;
    }
    lane->level.effort = 200000;
    uint32_t distance = sim_level_distance(&lane->level, lane->world, SIM_LEVEL_MOST);
    if (distance == SIM_LEVEL_UNKNOWN) {
        sim_level_release(&lane->level);
        sim_level_init(&lane->level, model, split->study->focus);
        split->by_steps = true;
        distance = sim_level_steps(&lane->level, lane->world);
    }
    if (distance == SIM_LEVEL_UNKNOWN || distance == 0) {
        return false;
    }
    split->n_levels = distance < MAX_LEVELS ? distance : MAX_LEVELS;
    return true;
}

/* ---- Stages ---- */

static void keep_entrance(struct lane *lane)
{
    if (lane->n_to < N_TRIALS) {
        sim_world_copy(&lane->run, lane->to[lane->n_to++], lane->run.world);
    }
}

/* Draws the rest of all failure clocks anew, given their ages. */
static void redraw_failures(struct sim_run *run)
{
    for (uint32_t slot = 0; slot < run->model->n_slots; slot++) {
        if (run->model->slot[slot].cls == SIM_FAILURE &&
            sim_timer_is_armed(run, slot)) {
            sim_timer_redraw(run, slot, 1.0);
        }
    }
}

/* Plain history with N_TRIALS exits from calm; keeps where level 1 is entered. */
static void play_stage_0(struct split *split, struct lane *lane, uint64_t item,
                         struct sim_split_rep *rep)
{
    struct sim_run *run = &lane->run;
    const double warm_s = split->study->warmup_years * split->model->year_s;
    uint32_t n_exits = 0;
    uint64_t n_warm = 0;
    bool was_calm = true;
    bool is_entered = false;
    bool is_warm = false;
    double begin_s = 0.0;
    uint32_t slot;
    double time_s;

    sim_run_bind(run, lane->world);
    sim_world_start(run, split->study->seed, STREAM + item, 0);
    lane->n_to = 0;
    while (sim_world_next(run, &slot, &time_s) && rep->n_events < MOST_EVENTS * 10) {
        if (is_calm(run) && !is_warm &&
            (run->world->now_s >= warm_s || n_warm > WARM_EVENTS)) {
            is_warm = true;
            begin_s = run->world->now_s;
        }
        sim_world_fire(run, slot, time_s);
        rep->n_events++;
        n_warm++;
        const bool calm = is_calm(run);
        if (is_warm && calm && n_exits >= N_TRIALS) {
            rep->time_s = run->world->now_s - begin_s;
            return;
        }
        if (is_warm && was_calm && !calm) {
            n_exits++;
            is_entered = false;
        }
        if (is_warm && !calm && !is_entered && level_of(split, lane) >= 1) {
            is_entered = true;
            keep_entrance(lane);
        }
        was_calm = calm;
    }
    rep->is_stuck = true;
}

/* One trial: until the wanted level (true), calm or an end (false). */
static bool play_trial(struct split *split, struct lane *lane, uint32_t wanted,
                       uint64_t *n_events)
{
    struct sim_run *run = &lane->run;
    uint32_t slot;
    double time_s;

    for (uint32_t n = 0; n < MOST_EVENTS; n++) {
        if (is_calm(run)) {
            return false;
        }
        if (level_of(split, lane) >= wanted) {
            return true;
        }
        if (!sim_world_next(run, &slot, &time_s)) {
            return false;
        }
        sim_world_fire(run, slot, time_s);
        (*n_events)++;
    }
    return false;
}

static void swap_entrances(struct lane *lane)
{
    for (uint32_t i = 0; i < N_TRIALS; i++) {
        struct sim_world *swap = lane->from[i];
        lane->from[i] = lane->to[i];
        lane->to[i] = swap;
    }
    lane->n_from = lane->n_to;
    lane->n_to = 0;
}

/* Copies the entrance for trial i of N_TRIALS, spread evenly, into the lane's world. */
static void start_trial(struct lane *lane, uint32_t i)
{
    const uint64_t at = ((uint64_t)i * lane->n_from) / N_TRIALS;

    sim_world_copy(&lane->run, lane->world, lane->from[at]);
    sim_run_bind(&lane->run, lane->world);
    sim_world_set_branch(&lane->run, lane->next_branch++);
    redraw_failures(&lane->run);
}

static void add_downtime(struct split *split, struct lane *lane,
                         struct sim_split_rep *rep, uint8_t trigger, double weighted_s)
{
    const struct sim_model *model = split->model;
    double share[SIM_MAX_CAUSES] = {0};

    rep->down_s += weighted_s;
    if (model->blame != NULL) {
        model->blame(model->plan, &lane->run, split->study->focus, share);
    } else if (trigger < model->n_causes) {
        share[trigger] = 1.0;
    }
    for (uint32_t c = 0; c < model->n_causes; c++) {
        rep->cause_down_s[c] += weighted_s * share[c];
    }
}

/* Plays a world that just went down until calm, with its weight. */
static void play_outage(struct split *split, struct lane *lane, double weight,
                        struct sim_split_rep *rep)
{
    const struct sim_model *model = split->model;
    struct sim_run *run = &lane->run;
    const double begin_s = run->world->now_s;
    bool was_down = false;
    uint8_t trigger = SIM_NO_CAUSE;
    uint32_t slot = UINT32_MAX;
    double time_s;

    for (uint32_t n = 0; n < MOST_EVENTS; n++) {
        const bool is_down =
            (model->down(model->plan, run) >> split->study->focus & 1) != 0;
        if (is_down && !was_down) {
            rep->outages += weight;
            rep->n_outages++;
            trigger = slot == UINT32_MAX ? trigger : model->slot[slot].cause;
            if (trigger < model->n_causes) {
                rep->cause_outages[trigger] += weight;
            }
        }
        was_down = is_down;
        if (is_calm(run) || (is_down && model->is_absorbing) ||
            !sim_world_next(run, &slot, &time_s)) {
            break;
        }
        if (is_down) {
            add_downtime(split, lane, rep, trigger,
                         weight * (time_s - run->world->now_s));
        }
        sim_world_fire(run, slot, time_s);
        rep->n_events++;
    }
    rep->clean_s -= weight * (run->world->now_s - begin_s);
}

static void play_rep(void *context, unsigned worker, uint64_t item, unsigned place)
{
    struct split *split = context;
    struct lane *lane = &split->lane[worker];
    struct sim_split_rep *rep = &split->rep[item];

    (void)place;
    *rep = (struct sim_split_rep){0};
    lane->next_branch = 1;
    play_stage_0(split, lane, item, rep);
    double share = rep->is_stuck ? 0.0 : (double)lane->n_to;
    swap_entrances(lane);
    for (uint32_t wanted = 2; wanted <= split->n_levels && lane->n_from > 0; wanted++) {
        uint32_t n_reached = 0;
        for (uint32_t i = 0; i < N_TRIALS; i++) {
            start_trial(lane, i);
            if (play_trial(split, lane, wanted, &rep->n_events)) {
                n_reached++;
                keep_entrance(lane);
            }
        }
        share *= (double)n_reached / N_TRIALS;
        swap_entrances(lane);
    }
    rep->clean_s = rep->time_s;
    if (lane->n_from == 0) {
        return;
    }
    rep->hits = share;
    for (uint32_t i = 0; i < N_TRIALS; i++) {
        start_trial(lane, i);
        play_outage(split, lane, share / N_TRIALS, rep);
    }
}

/* ---- Driver ---- */

static void merge_rep(void *context, uint64_t item, unsigned place)
{
    (void)context;
    (void)item;
    (void)place;
}

static bool should_stop(void *context)
{
    struct split *split = context;
    const struct sim_study *study = split->study;

    if ((study->stop != NULL && *study->stop != 0) ||
        (study->max_time_s > 0.0 &&
         sim_clock_s() - split->began_s > study->max_time_s)) {
        split->is_cut = true;
    }
    return split->is_cut;
}

static double count_events(const struct split *split)
{
    double n = 0.0;

    for (uint64_t i = 0; i < split->n_reps; i++) {
        n += (double)split->rep[i].n_events;
    }
    return n;
}

static struct sim_split_reps reps_of(const struct split *split)
{
    return (struct sim_split_reps){split->model, split->study, split->rep,
                                   split->n_reps};
}

/* Replications until precise at two looks in a row. */
static void play_all(struct split *split)
{
    const struct sim_study *study = split->study;
    const double goal = study->precision / (1.0 + study->precision);
    const struct sim_work work = {.context = split,
                                  .play = play_rep,
                                  .merge = merge_rep,
                                  .should_stop = should_stop,
                                  .places = sim_threads_places(split->jobs)};
    double wanted = FIRST_REPS;

    for (int n_good = 0; n_good < 2 && wanted < MOST_REPS;) {
        split->n_reps =
            sim_threads_run(&work, split->jobs, split->n_reps, (uint64_t)wanted);
        if (split->is_cut || split->n_reps < 2 || split->rep[0].is_stuck) {
            break;
        }
        const struct sim_split_reps reps = reps_of(split);
        const struct sim_estimate e = sim_split_estimate(&reps);
        const double half_width = sim_relative_half_width(&e);
        n_good = half_width <= goal ? n_good + 1 : 0;
        if (study->years > 0.0) {
            break;
        }
        if (count_events(split) > ALL_EVENTS) {
            split->is_cut = true;
            break;
        }
        wanted *= GROWTH;
    }
    split->is_cut = split->is_cut || wanted >= MOST_REPS;
}

static void init_lane(struct lane *lane, const struct split *split)
{
    sim_run_init(&lane->run, split->model);
    sim_level_init(&lane->level, split->model, split->study->focus);
    lane->world = sim_world_alloc(lane->run.world_bytes);
    for (uint32_t i = 0; i < N_TRIALS; i++) {
        lane->from[i] = sim_world_alloc(lane->run.world_bytes);
        lane->to[i] = sim_world_alloc(lane->run.world_bytes);
    }
}

static void release_lane(struct lane *lane)
{
    sim_run_unbind(&lane->run);
    sim_level_release(&lane->level);
    free(lane->world);
    for (uint32_t i = 0; i < N_TRIALS; i++) {
        free(lane->from[i]);
        free(lane->to[i]);
    }
}

/* How the estimate came about. */
static void describe(const struct split *split, struct sim_result *result)
{
    snprintf(result->method, sizeof result->method, "splitting");
    if (result->reason[0] == '\0') {
        snprintf(result->reason, sizeof result->reason,
                 "fixed effort splitting: %llu replications over %u levels (%s to the "
                 "outage)",
                 (unsigned long long)split->n_reps, split->n_levels,
                 split->by_steps ? "events" : "failures");
    }
    result->is_partial = split->is_cut;
    result->is_repeatable = !split->is_cut && !(split->study->max_time_s > 0.0);
}

static int play_and_fill(struct split *split, struct sim_result *result,
                         struct sim_err *err)
{
    if (!find_levels(split)) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "method splitting does not fit: no way from calm to an "
                           "outage was found within reach; use --method crude");
    }
    play_all(split);
    if (split->n_reps < 2 || split->rep[0].is_stuck) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "method splitting does not fit: the system (nearly) never "
                           "is calm, or the time was too short; use --method crude");
    }
    const struct sim_split_reps reps = reps_of(split);
    describe(split, result);
    sim_split_result_fill(&reps, result);
    return 0;
}

int sim_splitting_run(const struct sim_model *model, const struct sim_study *study,
                      struct sim_result *result, struct sim_err *err)
{
    struct split split = {.model = model,
                          .study = study,
                          .jobs = study->jobs > 0 ? study->jobs : 1,
                          .began_s = sim_clock_s()};

    split.lane = calloc(split.jobs, sizeof *split.lane);
    split.rep = calloc(MOST_REPS, sizeof *split.rep);
    SIM_CHECK(split.lane != NULL && split.rep != NULL);
    for (unsigned i = 0; i < split.jobs; i++) {
        init_lane(&split.lane[i], &split);
    }
    const int failed = play_and_fill(&split, result, err);
    for (unsigned i = 0; i < split.jobs; i++) {
        release_lane(&split.lane[i]);
    }
    free(split.lane);
    free(split.rep);
    return failed;
}
