/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The crude driver: independent histories, played and counted. It fits every model
 * and makes no assumption, which makes it the judge of all cleverer drivers; it is also
 * the right method whenever outages are common.
 *
 * Shape of the sample. A replication is one history: warm-up (dropped), then about ten
 * years measured. Ten years because then warm-up is a tenth, a replication holds whole
 * SLO windows, and replications stay numerous. The length depends on the question
 * only, so two designs under the same study have replications of equal length and
 * equal luck, and can be compared pair by pair. Two exceptions: a model so busy that
 * ten years exceed a few million events gets shorter histories (in powers of ten); and
 * a demand for so few years that fewer than 40 replications would result gets shorter
 * ones, down to one window each.
 *
 * When to stop. With `years`: after exactly that time. Otherwise by relative precision
 * (Law and Kelton's rule, half-width / value <= d / (1 + d), which bounds the true
 * relative error), looked at only at geometric checkpoints, satisfied twice in a row,
 * after at least 32 replications and 100 outages: sequential rules stop too early on
 * lucky streaks, and these three habits are the known remedies (Law, Simulation
 * Modeling and Analysis, 9.4; Glynn and Whitt 1992). A clock or a signal may stop it
 * sooner; the result then says that it is partial, and how many years repeat it.
 *
 * Threads take replications in order and merge them in order (sim/threads.h), so the
 * result does not depend on their number. First-year measures come from histories of
 * their own (branch 1), started new and without warm-up.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"
#include "sim/drivers.h"
#include "sim/tally.h"
#include "sim/threads.h"

#define HISTORY_YEARS     10.0
#define MAX_EVENTS_EACH   3e6 /* of one history, about: else it is made shorter */
#define MAX_EVENTS        2e8 /* of a whole study that has no limit of its own */
#define MIN_REPLICATIONS  32
#define MIN_OUTAGES       100
#define CHECKPOINT_FACTOR 1.25
#define FEW_REPLICATIONS  40
#define EVENTS_PER_ITEM   2e4 /* work handed to a thread at once, about */
#define MAX_GROUP         64
#define AWAIT_YEARS       50.0 /* how long a first outage is waited for */
#define WATCHED_YEARS     10.0 /* or, when that is hopeless, by each tenth history */
#define EACH_WAITS        10
#define MOST_FIRST        4000.0 /* histories played to their first outage, at most */
#define MOST_FIRST_EVENTS 2e7    /* and events in them: else it is too far away */
#define FAR_ENOUGH        100.0  /* guesses within which each has had one */
#define PILOT_EVENTS      50000

enum phase {
    LONG_RUN = 0,
    FIRST_YEAR = 1,
    PILOT = 2
}; /* also the branch of its keys */

#define APART 128 /* bytes: two cache lines, which are fetched together */

/* What one thread owns, on cache lines of its own. */
struct lane {
    _Alignas(APART) struct sim_run run;
};

struct crude {
    const struct sim_model *model;
    const struct sim_study *study;
    struct sim_history_plan plan;      /* of the phase being played */
    struct sim_history_plan long_plan; /* of each tenth history from new: longer */
    enum phase phase;
    uint64_t n_wanted;   /* replications of a fixed number of years, or 0 */
    double events_per_s; /* of simulated time, from the pilot */

    unsigned jobs;
    struct lane *lane;
    unsigned group;             /* replications per item of work */
    struct sim_record **record; /* [places][group]; each place on lines of its own */
    struct sim_arena records;
    uint64_t n_target; /* replications up to the next checkpoint */
    double began_s;    /* on the wall clock */

    /* What changes while histories are played, on lines that no player reads. */
    _Alignas(APART) struct sim_tally tally;
    uint64_t n_merged; /* replications of this phase merged so far */
    double shown_s;    /* last progress report */
    bool is_cut;       /* stopped by clock, signal, or event limit */
};

/* ---- Planning ------------------------------------------------------------- */

/* Events per second of simulated time, from the start of one history. */
static double measure_pace(struct crude *crude)
{
    struct sim_run *run = &crude->lane[0].run;
    uint32_t slot;
    double time_s = 0.0;
    uint32_t n = 0;

    sim_world_start(run, crude->study->seed, 0, PILOT);
    while (n < PILOT_EVENTS && sim_world_next(run, &slot, &time_s) &&
           time_s < crude->model->year_s) {
        sim_world_fire(run, slot, time_s);
        n++;
    }
    return n == 0 ? 0.0
                  : n / fmax(n < PILOT_EVENTS ? crude->model->year_s : time_s, 1e-300);
}

/* Whole windows in a stretch of time, forgiving the last bit. */
static uint32_t whole_windows(double length_s, double window_s)
{
    return (uint32_t)fmin(floor(length_s / window_s * (1.0 + 1e-12)), 1e6);
}

static void set_measured(struct crude *crude, double length_s, double warmup_s)
{
    struct sim_history_plan *plan = &crude->plan;

    plan->from_s = warmup_s;
    plan->to_s = warmup_s + length_s;
    plan->run_out_s = fmax(length_s, crude->model->year_s);
    plan->window_s = crude->study->window_s;
    plan->n_windows = whole_windows(length_s, plan->window_s);
    plan->await_until_s = 0.0;
}

/* About ten years in whole windows; less when that would be too many events. */
static double usual_length(const struct crude *crude)
{
    double window_s = crude->study->window_s;
    double length_s = HISTORY_YEARS * crude->model->year_s;

    while (length_s * crude->events_per_s > MAX_EVENTS_EACH) {
        length_s *= 0.1;
    }
    uint32_t windows = whole_windows(length_s, window_s);

    return windows > 0 ? windows * window_s : length_s;
}

/* How many histories share few years: as many as possible, up to about forty, of whole
 * windows, or of whole years when a window is longer than all the time there is. */
static double split_few(const struct crude *crude, double total_s)
{
    double window_s = crude->study->window_s;
    double year_s = crude->model->year_s;
    double units = floor(total_s / (window_s <= total_s ? window_s : year_s));

    if (units >= 1.0) {
        return floor(units / fmax(floor(units / FEW_REPLICATIONS), 1.0));
    }
    bool is_busy = total_s * crude->events_per_s > EVENTS_PER_ITEM * FEW_REPLICATIONS;

    return is_busy ? FEW_REPLICATIONS : 1.0;
}

/* Splits exactly `total_s` into replications of about `length_s`, or shorter ones;
 * sets their number and returns their length. */
static double split_total(struct crude *crude, double total_s, double length_s)
{
    double n = total_s / length_s;

    if (n < FEW_REPLICATIONS) {
        n = split_few(crude, total_s);
    }
    if (fabs(n - nearbyint(n)) < 1e-9 * n) { /* whole replications of usual length */
        n = nearbyint(n);
    }
    crude->n_wanted = (uint64_t)fmax(floor(n), 1.0);
    return total_s / (double)crude->n_wanted;
}

static void plan_long_run(struct crude *crude)
{
    const struct sim_study *study = crude->study;
    double year_s = crude->model->year_s;
    double length_s = usual_length(crude);
    double warmup_s = study->warmup_years * year_s;

    crude->phase = LONG_RUN;
    crude->n_wanted = 0;
    if (length_s < 0.99 * HISTORY_YEARS * year_s && length_s < study->window_s) {
        warmup_s = fmin(warmup_s, length_s); /* a busy model also forgets fast */
    }
    if (study->years > 0.0) {
        double exact_s = split_total(crude, study->years * year_s, length_s);

        length_s = fabs(exact_s - length_s) < 1e-9 * length_s ? length_s : exact_s;
    }
    set_measured(crude, length_s, warmup_s);
}

static void plan_first_year(struct crude *crude)
{
    double year_s = crude->model->year_s;
    double await_s = AWAIT_YEARS * year_s * (crude->model->is_absorbing ? 100.0 : 1.0);

    crude->phase = FIRST_YEAR;
    crude->n_wanted = (uint64_t)fmin(ceil(crude->study->years), 1e9);
    set_measured(crude, year_s, 0.0);
    crude->plan.n_windows = 0;
    crude->plan.sense = NULL;
    crude->plan.run_out_s = 0.0;
    crude->plan.await = crude->study->focus;
    crude->plan.await_until_s =
        fmin(await_s, MAX_EVENTS_EACH / fmax(crude->events_per_s, 1e-300));
    crude->long_plan = crude->plan;
}

/* ---- Threads and memory --------------------------------------------------- */

static void open_lanes(struct crude *crude)
{
    crude->jobs = sim_threads_clamp(crude->study->jobs);
    crude->lane = aligned_alloc(APART, crude->jobs * sizeof(*crude->lane));
    SIM_CHECK(crude->lane != NULL);
    for (unsigned i = 0; i < crude->jobs; i++) {
        struct sim_run *run = &crude->lane[i].run;

        sim_run_init(run, crude->model);
        sim_run_bind(run, sim_world_alloc(run->world_bytes + APART));
    }
    sim_arena_init(&crude->records);
}

static void close_lanes(struct crude *crude)
{
    for (unsigned i = 0; i < crude->jobs; i++) {
        free(crude->lane[i].run.world);
        sim_run_unbind(&crude->lane[i].run);
    }
    free(crude->lane);
    sim_arena_clear(&crude->records);
}

/* Records for all places of the ring, for the plan of this phase. */
static void make_records(struct crude *crude)
{
    double each =
        crude->events_per_s * (crude->plan.to_s + crude->plan.await_until_s) + 1.0;
    unsigned places = sim_threads_places(crude->jobs);

    crude->group = (unsigned)fmin(fmax(EVENTS_PER_ITEM / each, 1.0), MAX_GROUP);
    sim_arena_clear(&crude->records);
    crude->record = sim_arena_calloc(&crude->records, places, sizeof(*crude->record));
    for (unsigned p = 0; p < places; p++) {
        sim_arena_alloc(&crude->records, APART);
        crude->record[p] =
            sim_arena_calloc(&crude->records, crude->group, sizeof(**crude->record));
        for (unsigned i = 0; i < crude->group; i++) {
            sim_record_init(&crude->record[p][i], &crude->records, crude->model,
                            &crude->plan);
        }
    }
}

/* Replications of an item: [*from, *to). Items are groups counted from n_merged. */
static void range_of(const struct crude *crude, uint64_t item, uint64_t *from,
                     uint64_t *to)
{
    *from = item * crude->group;
    *to = *from + crude->group;
    *to = *to < crude->n_target ? *to : crude->n_target;
}

/* When first outages are too far away to wait for, each tenth history still waits for
 * ten years: they tell the chance of an outage within five and ten years. */
static const struct sim_history_plan *plan_of(const struct crude *crude, uint64_t r)
{
    return crude->phase == FIRST_YEAR && r % EACH_WAITS == 0 ? &crude->long_plan
                                                             : &crude->plan;
}

static void play_item(void *context, unsigned worker, uint64_t item, unsigned place)
{
    struct crude *crude = context;
    struct sim_run *run = &crude->lane[worker].run;
    uint64_t from;
    uint64_t to;

    range_of(crude, item, &from, &to);
    sim_run_bind(run, run->world); /* this thread's checks name this world */
    for (uint64_t r = from; r < to; r++) {
        struct sim_record *record = &crude->record[place][r - from];

        sim_history_play(run, plan_of(crude, r), crude->study->seed, r,
                         (uint64_t)crude->phase, record);
    }
}

/* ---- Stopping and showing ------------------------------------------------- */

static struct sim_estimate estimate_now(const struct crude *crude)
{
    return crude->phase == LONG_RUN
               ? sim_tally_unavailability(&crude->tally, crude->study->focus)
               : sim_tally_first_year(&crude->tally, crude->study->focus);
}

static double allowed_half_width(const struct crude *crude)
{
    double d = crude->study->precision;

    return d / (1.0 + d);
}

static bool causes_are_precise(const struct crude *crude)
{
    uint32_t focus = crude->study->focus;
    double all = sim_tally_unavailability(&crude->tally, focus).value;

    for (uint32_t c = 0; c <= crude->model->n_causes; c++) {
        struct sim_estimate e = sim_tally_cause(&crude->tally, focus, c);

        if (e.value >= 0.01 * all &&
            sim_estimate_relative_half_width(e) > allowed_half_width(crude)) {
            return false;
        }
    }
    return true;
}

static bool is_precise(const struct crude *crude)
{
    const struct sim_service_tally *t = &crude->tally.service[crude->study->focus];
    struct sim_estimate e = estimate_now(crude);
    bool is_always_down = crude->phase == LONG_RUN && e.value > 1.0 - 1e-12;

    if (crude->n_merged < MIN_REPLICATIONS || is_always_down) {
        return is_always_down && crude->n_merged >= MIN_REPLICATIONS;
    }
    uint64_t n_seen = crude->phase == LONG_RUN ? t->n_outages : t->n_first_hit;

    if (n_seen < MIN_OUTAGES && 2 * t->down_s.n_nonzero < crude->n_merged) {
        return false;
    }
    return sim_estimate_relative_half_width(e) <= allowed_half_width(crude) &&
           (!crude->study->all_causes || crude->phase != LONG_RUN ||
            causes_are_precise(crude));
}

static void show_progress(struct crude *crude)
{
    const struct sim_study *study = crude->study;
    double now_s = sim_clock_s();

    if (study->progress == NULL || now_s - crude->shown_s < 0.05) {
        return;
    }
    struct sim_estimate e = estimate_now(crude);
    double width = sim_estimate_relative_half_width(e);
    double done = crude->n_wanted > 0
                      ? (double)crude->n_merged / (double)crude->n_wanted
                      : fmin(pow(allowed_half_width(crude) / width, 2.0), 1.0);

    if (study->max_time_s > 0.0) {
        done = fmax(done, (now_s - crude->began_s) / study->max_time_s);
    }
    crude->shown_s = now_s;
    study->progress(
        &(struct sim_progress){
            .fraction_done = fmin(done, 1.0),
            .simulated_years = (double)crude->tally.n_replications *
                               crude->tally.measured_s / crude->model->year_s,
            .unavailability = e.value,
            .relative_half_width = width,
            .eta_s = done > 0.01 ? (now_s - crude->began_s) * (1.0 / done - 1.0) : -1.0,
        },
        study->progress_context);
}

static void merge_item(void *context, uint64_t item, unsigned place)
{
    struct crude *crude = context;
    uint64_t from;
    uint64_t to;

    range_of(crude, item, &from, &to);
    for (uint64_t r = from; r < to; r++) {
        struct sim_record *record = &crude->record[place][r - from];

        if (crude->phase == LONG_RUN) {
            sim_tally_add(&crude->tally, &crude->plan, record);
        } else {
            sim_tally_add_first_year(&crude->tally, plan_of(crude, r), record);
        }
    }
    crude->n_merged = to;
    show_progress(crude);
}

static bool should_stop(void *context)
{
    struct crude *crude = context;
    crude->is_cut |= sim_study_is_over(crude->study, crude->began_s, 1.0);
    return crude->is_cut;
}

/* ---- Playing a phase ------------------------------------------------------ */

/* Plays replications up to n_target, which must be a whole number of groups or the
 * last target of the phase. */
static void play_to_target(struct crude *crude)
{
    struct sim_work work = {
        .context = crude,
        .play = play_item,
        .merge = merge_item,
        .should_stop = should_stop,
        .places = sim_threads_places(crude->jobs),
    };
    uint64_t first = crude->n_merged / crude->group;
    uint64_t last = (crude->n_target + crude->group - 1) / crude->group;

    sim_threads_run(&work, crude->jobs, first, last);
}

static uint64_t next_checkpoint(const struct crude *crude, uint64_t now)
{
    uint64_t next = (uint64_t)ceil((double)now * CHECKPOINT_FACTOR);

    next = next > MIN_REPLICATIONS ? next : MIN_REPLICATIONS;
    return (next + crude->group - 1) / crude->group * crude->group;
}

static void play_by_precision(struct crude *crude)
{
    unsigned n_in_a_row = 0;
    double events_before = (double)crude->tally.n_events;

    while (n_in_a_row < 2 && !crude->is_cut) {
        crude->n_target = next_checkpoint(crude, crude->n_merged);
        play_to_target(crude);
        n_in_a_row = is_precise(crude) ? n_in_a_row + 1 : 0;
        if ((double)crude->tally.n_events - events_before > MAX_EVENTS) {
            break;
        }
        if (crude->tally.service[crude->study->focus].n_first_unseen > 0) {
            crude->plan.await_until_s = 0.0; /* hopeless: do not wait any longer */
            crude->long_plan.await_until_s = fmin(crude->long_plan.await_until_s,
                                                  WATCHED_YEARS * crude->model->year_s);
        }
    }
}

static void play_phase(struct crude *crude)
{
    crude->n_merged = 0;
    make_records(crude);
    if (crude->n_wanted > 0) {
        crude->n_target = crude->n_wanted;
        play_to_target(crude);
    } else {
        play_by_precision(crude);
    }
}

/* ---- The door ------------------------------------------------------------- */

static void describe(struct crude *crude, struct sim_result *result)
{
    struct sim_estimate e = estimate_now(crude);
    double width = sim_estimate_relative_half_width(e);

    snprintf(result->method, sizeof(result->method), "crude");
    if (result->reason[0] == '\0') {
        const uint64_t n = crude->tally.n_replications + crude->tally.n_first;

        snprintf(result->reason, sizeof(result->reason),
                 "plain simulation: %llu histories", (unsigned long long)n);
    }
    result->is_repeatable = !crude->is_cut;
    result->is_partial =
        crude->is_cut || (!(crude->study->years > 0.0) &&
                          width > crude->study->precision && e.value < 1.0 - 1e-12);
    if (crude->is_cut) {
        result->years_to_repeat = result->simulated_years;
    }
}

int sim_crude_run(const struct sim_model *model, const struct sim_study *study,
                  struct sim_result *result, struct sim_err *err)
{
    struct crude crude = {.model = model, .study = study, .began_s = sim_clock_s()};

    (void)err; /* nothing can go wrong for outside reasons */
    open_lanes(&crude);
    crude.events_per_s = measure_pace(&crude);
    plan_long_run(&crude);
    sim_tally_init(&crude.tally, model, study, crude.plan.to_s - crude.plan.from_s);
    crude.plan.sense = study->sensitivity ? &crude.tally.sense_plan : NULL;
    if (!model->is_absorbing) {
        play_phase(&crude);
    }
    if ((study->first_year || model->is_absorbing) && !crude.is_cut) {
        plan_first_year(&crude);
        play_phase(&crude);
    }
    sim_tally_fill(&crude.tally, result);
    describe(&crude, result);
    sim_tally_release(&crude.tally);
    close_lanes(&crude);
    return 0;
}

void sim_crude_first_outage(const struct sim_model *model,
                            const struct sim_study *study, double about_s,
                            struct sim_service_result *out)
{
    struct crude crude = {.model = model, .study = study, .began_s = sim_clock_s()};
    const double n = fmin(ceil(pow(2.0 / study->precision, 2.0)), MOST_FIRST);
    const double watched_s = fmax(FAR_ENOUGH * about_s, WATCHED_YEARS * model->year_s);

    open_lanes(&crude);
    crude.events_per_s = measure_pace(&crude);
    if (about_s > 0.0 && n * about_s * crude.events_per_s < MOST_FIRST_EVENTS) {
        plan_first_year(&crude);
        set_measured(&crude, 1.0, 0.0); /* nothing but the first outage is wanted */
        crude.plan.n_windows = 0;
        crude.plan.await_until_s = watched_s;
        crude.long_plan = crude.plan;
        crude.n_wanted = (uint64_t)n;
        sim_tally_init(&crude.tally, model, study, 1.0);
        play_phase(&crude);
        if (!crude.is_cut) {
            sim_tally_fill_first_outage(&crude.tally, study->focus, out);
        }
        sim_tally_release(&crude.tally);
    }
    close_lanes(&crude);
}
