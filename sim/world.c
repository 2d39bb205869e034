/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model's requests, carried out: arm, disarm, choose; and what drivers do to timers
 * behind the model's back. See sim/world.h for the layout and the tree.
 *
 * The four requests of sim/model.h look whether the driver overrides them and otherwise
 * draw plainly. A plain draw takes number n_draws of the slot's own stream, and each
 * arming takes exactly one, whatever the law: the k-th delay of a node is a
 * function of the k-th number of its stream, in every design that has the node.
 *
 * A timer armed by rate (sim_arm_rate) is an exponential clock under changing stress.
 * Its remaining cumulative hazard is (time - now) * rate; when the rate changes, the
 * time moves so that this product stays, and nothing is drawn. That is exact for
 * piecewise constant rates (the clock counts an Exp(1) number down).
 *
 * Everything here runs between two events: no allocation, no clock, no files.
 */
#include "sim/world.h"

#include "sim/poison.h"

/* ---- The model's door ----------------------------------------------------- */

void sim_arm(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    SIM_DEBUG_CHECK(slot < run->model->n_slots && dist < run->model->n_dists);
    if (__builtin_expect(run->hooks != NULL, 0) && run->hooks->arm != NULL) {
        run->hooks->arm(run, slot, dist);
        return;
    }
    sim_world_arm(run, slot, dist);
}

void sim_arm_rate(struct sim_run *run, uint32_t slot, double rate_per_s)
{
    SIM_DEBUG_CHECK(slot < run->model->n_slots && rate_per_s >= 0.0);
    if (__builtin_expect(run->hooks != NULL, 0) && run->hooks->arm_rate != NULL) {
        run->hooks->arm_rate(run, slot, rate_per_s);
        return;
    }
    sim_world_arm_rate(run, slot, rate_per_s);
}

void sim_disarm(struct sim_run *run, uint32_t slot)
{
    SIM_DEBUG_CHECK(slot < run->model->n_slots);
    if (__builtin_expect(run->hooks != NULL, 0) && run->hooks->disarm != NULL) {
        run->hooks->disarm(run, slot);
        return;
    }
    sim_world_disarm(run, slot);
}

bool sim_is_armed(const struct sim_run *run, uint32_t slot)
{
    SIM_DEBUG_CHECK(slot < run->model->n_slots);
    return sim_timer_is_armed(run, slot);
}

uint32_t sim_choose(struct sim_run *run, uint32_t choice, uint32_t n,
                    const double *weight)
{
    SIM_DEBUG_CHECK(choice < run->model->n_choices && n >= 1);
    if (__builtin_expect(run->hooks != NULL, 0) && run->hooks->choose != NULL) {
        return run->hooks->choose(run, choice, n, weight);
    }
    return sim_world_choose(run, choice, n, weight);
}

/* ---- Plain arming --------------------------------------------------------- */

static inline void arm_after(struct sim_run *run, uint32_t slot, uint32_t dist,
                             double rate_per_s, double delay_s)
{
    struct sim_timer *timer = &run->timer[slot];
    double now_s = run->world->now_s;

    SIM_DEBUG_CHECK(delay_s >= 0.0);
    timer->armed_at_s = now_s;
    timer->rate_per_s = rate_per_s;
    timer->dist = dist;
    sim_tree_set(run, slot, sim_key_of(now_s + delay_s, slot));
}

void sim_world_arm_after(struct sim_run *run, uint32_t slot, uint32_t dist,
                         double delay_s)
{
    arm_after(run, slot, dist, 0.0, delay_s);
}

void sim_world_arm_rate_after(struct sim_run *run, uint32_t slot, double rate_per_s,
                              double delay_s)
{
    arm_after(run, slot, SIM_LAW_RATE, rate_per_s, delay_s);
}

/* Standard draw number n_draws of a slot: a delay by law dist, or an Exp(1). */
static inline double draw_number(const struct sim_run *run, uint32_t slot,
                                 uint32_t dist)
{
    const struct sim_model *model = run->model;
    struct sim_draw draw =
        sim_draw_of(&run->world->key, model->slot[slot].id, run->timer[slot].n_draws);

    return dist == SIM_LAW_RATE ? sim_draw_exp(draw)
                                : sim_draw_delay(&model->dist[dist], draw);
}

/* Takes the draw that was made ahead, if it was by this law. */
static inline double take_draw(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    struct sim_timer *timer = &run->timer[slot];
    double x = __builtin_expect(timer->next_dist == dist, 1)
                   ? timer->next
                   : draw_number(run, slot, dist);

    timer->n_draws++;
    return x;
}

/* Makes the next draw ahead, off the path from this event to the next. */
static inline void draw_ahead(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    run->timer[slot].next = draw_number(run, slot, dist);
    run->timer[slot].next_dist = dist;
}

static __attribute__((noinline)) void arm_by_any_law(struct sim_run *run, uint32_t slot,
                                                     uint32_t dist)
{
    arm_after(run, slot, dist, 0.0, take_draw(run, slot, dist));
    draw_ahead(run, slot, dist);
}

static __attribute__((noinline)) void draw_exp_ahead(struct sim_timer *timer,
                                                     double mean_s,
                                                     struct sim_draw draw,
                                                     uint64_t word)
{
    timer->next = mean_s * sim_draw_exp_slow(draw, word);
}

/* The same by an exponential law that was also the last one, as nearly all armings are.
 * Written out with everything rarer behind tail calls, it needs no stack frame: 10 to
 * 15 percent more events per second (make bench, W1 and MM1). */
void sim_world_arm(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    const struct sim_dist *law = &run->model->dist[dist];
    struct sim_timer *timer = &run->timer[slot];

    if (law->kind != SIM_DIST_EXPONENTIAL || timer->next_dist != dist) {
        arm_by_any_law(run, slot, dist);
        return;
    }
    timer->n_draws++;
    arm_after(run, slot, dist, 0.0, timer->next);

    struct sim_draw draw =
        sim_draw_of(&run->world->key, run->model->slot[slot].id, timer->n_draws);
    uint64_t word = sim_word(draw, 0);

    if (__builtin_expect(!sim_draw_exp_is_fast(word), 0)) {
        draw_exp_ahead(timer, law->a, draw, word);
        return;
    }
    timer->next = law->a * sim_draw_exp_fast(word);
}

/* The rate of a clock already counting changes: keep its remaining hazard. */
static void change_rate(struct sim_run *run, uint32_t slot, double rate_per_s)
{
    struct sim_timer *timer = &run->timer[slot];
    double now_s = run->world->now_s;
    double remaining = (sim_timer_time(run, slot) - now_s) * timer->rate_per_s;

    if (rate_per_s == timer->rate_per_s) {
        return;
    }
    timer->rate_per_s = rate_per_s;
    sim_tree_set(run, slot, sim_key_of(now_s + remaining / rate_per_s, slot));
}

void sim_world_arm_rate(struct sim_run *run, uint32_t slot, double rate_per_s)
{
    if (rate_per_s <= 0.0) {
        sim_world_disarm(run, slot);
        return;
    }
    if (sim_timer_is_armed(run, slot) && run->timer[slot].dist == SIM_LAW_RATE) {
        change_rate(run, slot, rate_per_s);
        return;
    }
    arm_after(run, slot, SIM_LAW_RATE, rate_per_s,
              take_draw(run, slot, SIM_LAW_RATE) / rate_per_s);
    draw_ahead(run, slot, SIM_LAW_RATE);
}

void sim_world_disarm(struct sim_run *run, uint32_t slot)
{
    if (sim_timer_is_armed(run, slot)) {
        sim_tree_set(run, slot, SIM_NEVER);
    }
}

/* ---- Choices -------------------------------------------------------------- */

static uint32_t choose_by_weight(double u, uint32_t n, const double *weight)
{
    double total = 0.0;
    uint32_t last = 0;

    for (uint32_t i = 0; i < n; i++) {
        SIM_DEBUG_CHECK(weight[i] >= 0.0);
        total += weight[i];
    }
    SIM_DEBUG_CHECK(total > 0.0);
    u *= total;
    for (uint32_t i = 0; i < n; i++) {
        if (weight[i] > 0.0) {
            last = i;
            if (u < weight[i]) {
                break;
            }
            u -= weight[i];
        }
    }
    return last; /* by rounding u may outlive the sum: then the last possible one */
}

uint32_t sim_world_choose(struct sim_run *run, uint32_t choice, uint32_t n,
                          const double *weight)
{
    uint32_t count = run->choice_draws[choice]++;

    if (n == 1) {
        return 0;
    }
    double u = sim_draw_uniform(
        sim_draw_of(&run->world->key, run->model->choice_id[choice], count));

    if (weight == NULL) {
        uint32_t i = (uint32_t)(u * n);

        return i < n ? i : n - 1;
    }
    return choose_by_weight(u, n, weight);
}

/* ---- For drivers ---------------------------------------------------------- */

void sim_world_set_branch(struct sim_run *run, uint64_t branch)
{
    struct sim_world *world = run->world;

    world->branch = branch;
    world->key = sim_rng_key_of(world->seed, world->replication, branch);
    for (uint32_t i = 0; i < run->model->n_slots; i++) {
        run->timer[i].next_dist = SIM_LAW_NONE;
    }
}

struct sim_draw sim_world_draw(struct sim_run *run)
{
    /* Any constant that is no slot's id would do; this is 2^64 / pi. */
    return sim_draw_of(&run->world->key, UINT64_C(0x517cc1b727220a95),
                       (uint32_t)run->world->n_driver_draws++);
}

bool sim_timer_has_hazard(const struct sim_run *run, uint32_t slot)
{
    uint32_t dist = run->timer[slot].dist;

    return dist == SIM_LAW_RATE || sim_dist_has_hazard(&run->model->dist[dist]);
}

double sim_timer_hazard(const struct sim_run *run, uint32_t slot, double at_s)
{
    const struct sim_timer *timer = &run->timer[slot];

    if (timer->dist == SIM_LAW_RATE) {
        return timer->rate_per_s;
    }
    return sim_dist_hazard_rate(&run->model->dist[timer->dist],
                                at_s - timer->armed_at_s);
}

double sim_timer_hazard_between(const struct sim_run *run, uint32_t slot, double from_s,
                                double to_s)
{
    const struct sim_timer *timer = &run->timer[slot];

    if (timer->dist == SIM_LAW_RATE) {
        return (to_s - from_s) * timer->rate_per_s;
    }
    const struct sim_dist *dist = &run->model->dist[timer->dist];

    if (dist->kind == SIM_DIST_EXPONENTIAL) {
        return (to_s - from_s) / dist->a;
    }
    return sim_dist_cumulative_hazard(dist, to_s - timer->armed_at_s) -
           sim_dist_cumulative_hazard(dist, from_s - timer->armed_at_s);
}

double sim_timer_redraw(struct sim_run *run, uint32_t slot, double theta)
{
    const struct sim_timer *timer = &run->timer[slot];
    double now_s = run->world->now_s;
    double time_s;

    SIM_DEBUG_CHECK(theta > 0.0 && sim_timer_is_armed(run, slot));
    if (!sim_timer_has_hazard(run, slot)) {
        return sim_timer_time(run, slot);
    }
    double e = sim_draw_exp(sim_timer_draw(run, slot)) / theta;

    if (timer->dist == SIM_LAW_RATE) {
        time_s = now_s + e / timer->rate_per_s;
    } else {
        const struct sim_dist *dist = &run->model->dist[timer->dist];
        double age_s = now_s - timer->armed_at_s;

        if (dist->kind == SIM_DIST_EXPONENTIAL) {
            time_s = now_s + e * dist->a;
        } else {
            double h = sim_dist_cumulative_hazard(dist, age_s) + e;

            time_s = timer->armed_at_s + sim_dist_cumulative_hazard_inverse(dist, h);
        }
    }
    time_s = fmax(time_s, now_s);
    sim_timer_set_time(run, slot, time_s);
    return time_s;
}
