/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing one history. The loop is: take the next event, let it fire, look at what is
 * down now. Only when that changed is the time since the last change accounted for,
 * with the mask, the failing shares and the division of blame that held until now. So
 * a healthy system costs its events and one comparison each; everything expensive
 * (shares of blame, windows, histograms) happens around outages, which are rare in all
 * designs worth having.
 *
 * Rules of measurement
 *   - Downtime is accumulated, never uptime: 1 - 0.9999999 has lost seven digits.
 *   - Between two events nothing changes, so each interval has one mask of services
 *     down, one vector of failing shares and one division of blame per service.
 *   - Blame a model leaves open (shares summing to less than one) goes to the cause of
 *     the slot that brought the service down, and if that has none, to an extra entry
 *     "unattributed"; so causes always sum to the total.
 *   - A service that goes down and comes back within one instant, while controllers
 *     settle what an event did, was not out.
 *   - A service that is down at time 0 counts as an outage that begins then.
 *   - An absorbing model (loss) is over at the first loss: it stays down.
 *
 * What it leaves out: statistics over histories (sim/tally.c), threads (sim/threads.c).
 */
#include "sim/history.h"

#include <math.h>
#include <string.h>

/* The state of one play, on the stack of its thread. */
struct player {
    struct sim_run *run;
    const struct sim_model *model;
    const struct sim_history_plan *plan;
    struct sim_record *record;
    double seen_s;    /* the clock after the last step */
    double charged_s; /* accounted for up to here */
    uint32_t window;  /* the SLO window that was charged last */
    uint64_t down;    /* services down since charged_s */
    uint64_t counted; /* of them, outages that began in the measured part */
    bool is_degraded; /* some failing share is positive */
    bool is_over;     /* an absorbing model was absorbed */
    double bad[SIM_MAX_SERVICES];
    double began_s[SIM_MAX_SERVICES];
    uint8_t trigger[SIM_MAX_SERVICES]; /* cause that opened the outage */
    double blame[SIM_MAX_SERVICES][SIM_MAX_CAUSES + 1];
    struct sim_sense_trail trail;
};

void sim_record_init(struct sim_record *record, struct sim_arena *arena,
                     const struct sim_model *model, const struct sim_history_plan *plan)
{
    size_t n_causes = (size_t)model->n_causes + 1;

    *record = (struct sim_record){0};
    record->service =
        sim_arena_calloc(arena, model->n_services, sizeof(*record->service));
    for (uint32_t s = 0; s < model->n_services; s++) {
        struct sim_service_record *r = &record->service[s];

        r->cause_down_s = sim_arena_calloc(arena, n_causes, sizeof(double));
        r->cause_outages = sim_arena_calloc(arena, n_causes, sizeof(double));
        r->window_down_s = sim_arena_calloc(arena, plan->n_windows, sizeof(double));
        r->duration_bin = sim_arena_calloc(arena, SIM_DURATION_BINS, sizeof(double));
    }
    if (plan->sense != NULL) {
        record->sense = sim_arena_calloc(arena, plan->sense->n_sums, sizeof(double));
    }
}

#include "sim/poison.h" /* from here on we are inside a run */

static void clear_record(struct sim_record *record, const struct sim_model *model,
                         const struct sim_history_plan *plan)
{
    size_t n_causes = (size_t)model->n_causes + 1;

    record->n_events = 0;
    for (uint32_t s = 0; s < model->n_services; s++) {
        struct sim_service_record *r = &record->service[s];

        r->down_s = (struct sim_sum){0};
        r->failed_s = (struct sim_sum){0};
        r->n_outages = 0;
        r->duration_s = 0.0;
        r->duration_sq = 0.0;
        r->longest_s = 0.0;
        r->first_at_s = -1.0;
        memset(r->cause_down_s, 0, n_causes * sizeof(double));
        memset(r->cause_outages, 0, n_causes * sizeof(double));
        memset(r->window_down_s, 0, plan->n_windows * sizeof(double));
        memset(r->duration_bin, 0, SIM_DURATION_BINS * sizeof(double));
    }
    if (plan->sense != NULL) {
        memset(record->sense, 0, plan->sense->n_sums * sizeof(double));
    }
}

/* ---- The histogram of durations ------------------------------------------- */

/*
 * Bins are an eighth of a decade wide (a factor 1.33). Doubles are cut by their leading
 * bits into eighths of an octave (factors of 1.07 to 1.125), so each such cell has at
 * most one bin edge inside: a table gives the bin at the cell's start, one comparison
 * the rest. Filled before main(), constant afterwards.
 */
#define CELL_BITS  3
#define FIRST_CELL ((1023 - 7) << CELL_BITS) /* 2^-7 s, just below 10 ms */
#define N_CELLS    ((7 + 34) << CELL_BITS)   /* up to 2^34 s, above 10^10 s */

static double bin_end[SIM_DURATION_BINS];
static uint8_t cell_bin[N_CELLS];

__attribute__((constructor)) static void fill_bins(void)
{
    uint32_t bin = 0;

    for (uint32_t i = 0; i < SIM_DURATION_BINS; i++) {
        bin_end[i] = pow(10.0, (i + 1) / 8.0 - 2.0);
    }
    bin_end[SIM_DURATION_BINS - 1] = HUGE_VAL;
    for (uint32_t i = 0; i < N_CELLS; i++) {
        double cell_s = ldexp(1.0 + (i & 7) / 8.0, (int)(i >> CELL_BITS) - 7);

        bin += cell_s >= bin_end[bin];
        cell_bin[i] = (uint8_t)bin;
    }
}

uint32_t sim_duration_bin(double duration_s)
{
    uint64_t bits;
    int64_t cell;

    memcpy(&bits, &duration_s, sizeof(bits));
    cell = (int64_t)(bits >> (52 - CELL_BITS)) - FIRST_CELL;
    if (cell < 0 || cell >= N_CELLS) {
        return cell < 0 ? 0 : SIM_DURATION_BINS - 1;
    }
    uint32_t bin = cell_bin[cell];

    return bin + (duration_s >= bin_end[bin]);
}

/* ---- Accounting ----------------------------------------------------------- */

static double window_end(const struct sim_history_plan *plan, uint32_t w)
{
    return plan->from_s + (w + 1) * plan->window_s;
}

/* Charges [from_s, to_s), inside the measured part, to the windows it touches;
 * p->window is the one that holds from_s. */
static void account_windows(const struct player *p, double *window_down_s,
                            double from_s, double to_s)
{
    for (uint32_t w = p->window; w < p->plan->n_windows && from_s < to_s; w++) {
        double border_s = window_end(p->plan, w);

        border_s = border_s < to_s ? border_s : to_s;
        window_down_s[w] += border_s - from_s;
        from_s = border_s;
    }
}

static void account_service(struct player *p, uint32_t s, double from_s, double to_s)
{
    struct sim_service_record *r = &p->record->service[s];
    double length_s = to_s - from_s;

    sim_sum_add(&r->down_s, length_s);
    if (p->model->blame == NULL) {
        r->cause_down_s[p->trigger[s]] += length_s;
    } else {
        for (uint32_t c = 0; c <= p->model->n_causes; c++) {
            r->cause_down_s[c] += p->blame[s][c] * length_s;
        }
    }
    account_windows(p, r->window_down_s, from_s, to_s);
}

/* Charges the time since the last charge to what was wrong during it. */
static void account(struct player *p, double now_s)
{
    const struct sim_history_plan *plan = p->plan;
    double from_s = p->charged_s > plan->from_s ? p->charged_s : plan->from_s;
    double to_s = now_s < plan->to_s ? now_s : plan->to_s;

    p->charged_s = now_s;
    if ((p->down == 0 && !p->is_degraded) || !(to_s > from_s)) {
        return;
    }
    while (p->window < plan->n_windows && from_s >= window_end(plan, p->window)) {
        p->window++;
    }
    for (uint64_t left = p->down; left != 0; left &= left - 1) {
        account_service(p, (uint32_t)__builtin_ctzll(left), from_s, to_s);
    }
    for (uint32_t s = 0; p->is_degraded && s < p->model->n_services; s++) {
        sim_sum_add(&p->record->service[s].failed_s, p->bad[s] * (to_s - from_s));
    }
}

/* ---- Observing what an event did ------------------------------------------ */

/* Divides the blame for service s as the model does (it has an opinion); an open rest
 * goes to whoever opened the outage. */
static void take_blame(struct player *p, uint32_t s)
{
    const struct sim_model *model = p->model;
    double *share = p->blame[s];
    double open = 1.0;

    memset(share, 0, (model->n_causes + 1) * sizeof(*share));
    model->blame(model->plan, p->run, s, share);
    for (uint32_t c = 0; c < model->n_causes; c++) {
        open -= share[c];
    }
    SIM_DEBUG_CHECK(open > -1e-9);
    if (open > 1e-9) {
        share[p->trigger[s]] += open;
    }
}

static uint8_t trigger_of(const struct player *p, uint32_t slot)
{
    const struct sim_model *model = p->model;
    uint8_t cause = slot < model->n_slots ? model->slot[slot].cause : SIM_NO_CAUSE;

    return cause < model->n_causes ? cause : (uint8_t)SIM_UNATTRIBUTED(model);
}

/* Who opened the outage: the slot's cause, else whom the model blames most. */
static void name_trigger(struct player *p, uint32_t s, uint32_t slot)
{
    p->trigger[s] = trigger_of(p, slot);
    if (p->model->blame == NULL) {
        return;
    }
    take_blame(p, s);
    if (p->trigger[s] == SIM_UNATTRIBUTED(p->model)) {
        uint32_t most = SIM_UNATTRIBUTED(p->model);

        for (uint32_t c = 0; c < p->model->n_causes; c++) {
            most = p->blame[s][c] > p->blame[s][most] ? c : most;
        }
        p->trigger[s] = (uint8_t)most;
    }
}

static void open_outage(struct player *p, uint32_t s, uint32_t slot, double now_s)
{
    struct sim_service_record *r = &p->record->service[s];

    p->began_s[s] = now_s;
    name_trigger(p, s, slot);
    if (r->first_at_s < 0.0) {
        r->first_at_s = now_s;
    }
    if (now_s >= p->plan->from_s && now_s < p->plan->to_s) {
        r->n_outages++;
        r->cause_outages[p->trigger[s]] += 1.0;
        p->counted |= UINT64_C(1) << s;
    }
}

/* Down and up again within one instant: it was no outage. */
static void forget_outage(struct player *p, uint32_t s)
{
    struct sim_service_record *r = &p->record->service[s];

    if (r->first_at_s == p->began_s[s]) {
        r->first_at_s = -1.0;
    }
    if ((p->counted >> s & 1) != 0) {
        r->n_outages--;
        r->cause_outages[p->trigger[s]] -= 1.0;
        p->counted &= ~(UINT64_C(1) << s);
    }
}

static void close_outage(struct player *p, uint32_t s, double now_s)
{
    struct sim_service_record *r = &p->record->service[s];
    double length_s = now_s - p->began_s[s];

    if (!(length_s > 0.0)) {
        forget_outage(p, s);
    }
    if ((p->counted >> s & 1) == 0) {
        return;
    }
    p->counted &= ~(UINT64_C(1) << s);
    r->duration_s += length_s;
    r->duration_sq += length_s * length_s;
    r->longest_s = length_s > r->longest_s ? length_s : r->longest_s;
    r->duration_bin[sim_duration_bin(length_s)] += 1.0;
}

/* Opens and closes outages where `down` differs from what was. */
static void change_down(struct player *p, uint64_t down, uint32_t slot, double now_s)
{
    uint64_t changed = down ^ p->down;

    p->down = down;
    for (uint64_t left = changed; left != 0; left &= left - 1) {
        uint32_t s = (uint32_t)__builtin_ctzll(left);

        if ((down >> s & 1) != 0) {
            open_outage(p, s, slot, now_s);
        } else {
            close_outage(p, s, now_s);
        }
    }
    if (p->model->is_absorbing && (down & 1) != 0) {
        p->is_over = true;
    }
}

/* Takes new failing shares; accounts for the old ones first when they differ. */
static void observe_degraded(struct player *p, double now_s)
{
    const struct sim_model *model = p->model;
    size_t bytes = model->n_services * sizeof(double);
    double bad[SIM_MAX_SERVICES] = {0};

    model->degraded(model->plan, p->run, bad);
    if (memcmp(bad, p->bad, bytes) == 0) {
        return;
    }
    account(p, now_s);
    memcpy(p->bad, bad, bytes);
    p->is_degraded = false;
    for (uint32_t s = 0; s < model->n_services; s++) {
        p->is_degraded |= bad[s] > 0.0;
    }
}

/* Something was or is down: accounts for the past, then looks anew. */
static void observe_down(struct player *p, uint64_t down, uint32_t slot, double now_s)
{
    account(p, now_s);
    if (down != p->down) {
        change_down(p, down, slot, now_s);
    }
    for (uint64_t left = p->model->blame != NULL ? down : 0; left != 0;
         left &= left - 1) {
        take_blame(p, (uint32_t)__builtin_ctzll(left));
    }
}

/* Looks at the services after slot fired (n_slots: at the start). */
static inline void observe(struct player *p, uint32_t slot, double now_s)
{
    const struct sim_model *model = p->model;
    uint64_t down = model->down(model->plan, p->run);

    if (model->degraded != NULL) {
        observe_degraded(p, now_s);
    }
    if (__builtin_expect(down != p->down || (down != 0 && model->blame != NULL), 0)) {
        observe_down(p, down, slot, now_s);
    }
}

/* One event before limit_s, or none: then the clock is moved to limit_s. */
static inline bool step(struct player *p, double limit_s)
{
    uint32_t slot;
    double time_s;

    if (!sim_world_next(p->run, &slot, &time_s) || time_s >= limit_s || p->is_over) {
        p->seen_s = limit_s;
        return false;
    }
    p->seen_s = time_s;
    sim_world_fire(p->run, slot, time_s);
    observe(p, slot, time_s);
    return true;
}

/* ---- Sensitivity ------------------------------------------------------------ */

/* The time up to to_s, with `slot` (or none) firing then, before anything changes. */
static void sense_time(struct player *p, uint32_t slot, double to_s)
{
    const struct sim_sense_plan *sense = p->plan->sense;
    struct sim_sense_trail *trail = &p->trail;
    const double now_s = p->run->world->now_s;
    const double from_s = fmax(now_s, p->plan->from_s);
    const bool is_down = (p->down >> sense->focus & 1) != 0;

    if (now_s < from_s && to_s > now_s) {
        trail->opened_by = SIM_SENSE_NONE; /* began before the measured part */
    }
    if (trail->is_calm || to_s < from_s) {
        return;
    }
    sim_sense_pass(sense, trail, p->run, to_s - now_s, slot, p->record->sense);
    sim_sense_count(sense, trail, p->run, to_s - from_s, 1.0, is_down,
                    p->record->sense);
}

/* step(), and what it tells about importance and elasticities. Excursions are followed
 * from their beginning, so one under way when the measured part begins is not. */
static bool step_sensing(struct player *p, double limit_s)
{
    const struct sim_sense_plan *sense = p->plan->sense;
    const bool was_down = (p->down >> sense->focus & 1) != 0;
    uint32_t slot;
    double time_s;
    const bool fires =
        sim_world_next(p->run, &slot, &time_s) && time_s < limit_s && !p->is_over;

    sense_time(p, fires ? slot : SIM_SENSE_NONE, fires ? time_s : limit_s);
    if (!fires) {
        return step(p, limit_s);
    }
    if (p->trail.is_calm && time_s >= p->plan->from_s) {
        sim_sense_leave(sense, &p->trail, p->run, slot, time_s, p->record->sense);
    }
    step(p, limit_s);
    sim_sense_look(sense, &p->trail, p->run, slot, was_down,
                   (p->down >> sense->focus & 1) != 0);
    return true;
}

/* The warm-up and the measured part. */
static void play_measured(struct player *p)
{
    if (p->plan->sense == NULL) {
        while (step(p, p->plan->to_s)) {
        }
        return;
    }
    sim_sense_start(p->plan->sense, &p->trail, p->run);
    while (step_sensing(p, p->plan->to_s)) {
    }
    p->record->sense[SIM_SENSE_TIME] = p->plan->to_s - p->plan->from_s;
}

/* After the measured part: outages still open get their whole length. */
static void run_out(struct player *p)
{
    double limit_s = p->plan->to_s + p->plan->run_out_s;

    while (p->counted != 0 && !p->is_over && step(p, limit_s)) {
    }
    for (uint64_t left = p->counted; left != 0 && !p->is_over; left &= left - 1) {
        close_outage(p, (uint32_t)__builtin_ctzll(left), limit_s);
    }
}

/* Is the first outage still to come, or so new that it may be over at once? */
static bool awaits_first(const struct player *p)
{
    double first_at_s = p->record->service[p->plan->await].first_at_s;

    return p->seen_s < p->plan->await_until_s &&
           (first_at_s < 0.0 || first_at_s == p->seen_s);
}

void sim_history_play(struct sim_run *run, const struct sim_history_plan *plan,
                      uint64_t seed, uint64_t replication, uint64_t branch,
                      struct sim_record *record)
{
    struct player p = {.run = run, .model = run->model, .plan = plan, .record = record};

    clear_record(record, run->model, plan);
    sim_world_start(run, seed, replication, branch);
    observe(&p, run->model->n_slots, 0.0);
    play_measured(&p);
    account(&p, plan->to_s);
    run_out(&p);
    while (awaits_first(&p) && step(&p, plan->await_until_s)) {
    }
    record->n_events = run->world->serial;
}
