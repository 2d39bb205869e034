/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Obeying a scenario. The driver overrides arming and choosing (sim_hooks); all else is
 * the ordinary engine, so what a script shows is what the model does.
 *
 * A slot that is off is armed at infinity: the model sees an armed clock, as it would
 * in a simulation, but the clock never comes. An order moves that clock to the
 * ordered time and lets it fire. So an order can only do what could have happened: a
 * node that is already gone cannot crash, and the order is refused.
 *
 * Under SIM_SCRIPT_QUANTILE a delay is the quantile of its law; an exponential clock
 * armed by rate is the same quantile, -ln(1 - q) / rate, and later changes of rate keep
 * its remaining hazard as always. Choices take the likeliest outcome.
 *
 * This driver serves tests and traces, not speed: it may allocate while playing.
 */
#include "sim/scripted.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *grow(void *block, size_t n, size_t size)
{
    void *grown = block;

    if ((n & (n - 1)) == 0) { /* full at every power of two */
        grown = realloc(block, (n == 0 ? 1 : 2 * n) * size);
        if (grown == NULL) {
            fprintf(stderr, "nines: out of memory: %zu bytes were asked for\n",
                    2 * n * size);
            exit(1);
        }
    }
    return grown;
}

/* ---- Hooks ---------------------------------------------------------------- */

static bool is_off(const struct sim_script *script, uint32_t slot)
{
    int8_t own = script->is_slot_off[slot];

    return own >= 0 ? own == 1 : script->is_off[script->run.model->slot[slot].cls];
}

/* The delay of a slot about to be armed; negative: draw it. */
static double fixed_delay(const struct sim_script *script, uint32_t slot)
{
    return is_off(script, slot) ? HUGE_VAL : script->delay_s[slot];
}

static void script_arm(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    struct sim_script *script = run->context;
    double delay_s = fixed_delay(script, slot);

    if (delay_s < 0.0 && script->delays == SIM_SCRIPT_DRAWN) {
        sim_world_arm(run, slot, dist);
        return;
    }
    if (delay_s < 0.0) {
        delay_s = sim_dist_quantile(&run->model->dist[dist], script->quantile);
    }
    sim_world_arm_after(run, slot, dist, delay_s);
}

static void script_arm_rate(struct sim_run *run, uint32_t slot, double rate_per_s)
{
    struct sim_script *script = run->context;
    double delay_s = fixed_delay(script, slot);
    bool is_new = rate_per_s > 0.0 &&
                  !(sim_is_armed(run, slot) && run->timer[slot].dist == SIM_LAW_RATE);

    if (!is_new || (delay_s < 0.0 && script->delays == SIM_SCRIPT_DRAWN)) {
        sim_world_arm_rate(run, slot, rate_per_s);
        return;
    }
    if (delay_s < 0.0) {
        delay_s = -log1p(-script->quantile) / rate_per_s;
    }
    sim_world_arm_rate_after(run, slot, rate_per_s, delay_s);
}

static uint32_t likeliest(uint32_t n, const double *weight)
{
    uint32_t best = 0;

    for (uint32_t i = 1; weight != NULL && i < n; i++) {
        best = weight[i] > weight[best] ? i : best;
    }
    return best;
}

static uint32_t script_choose(struct sim_run *run, uint32_t choice, uint32_t n,
                              const double *weight)
{
    struct sim_script *script = run->context;
    int64_t fixed = script->outcome[choice];

    if (fixed >= 0 && fixed < (int64_t)n) {
        return (uint32_t)fixed;
    }
    return script->delays == SIM_SCRIPT_DRAWN ? sim_world_choose(run, choice, n, weight)
                                              : likeliest(n, weight);
}

static const struct sim_hooks script_hooks = {
    .arm = script_arm, .arm_rate = script_arm_rate, .choose = script_choose};

/* ---- Making a script ------------------------------------------------------ */

void sim_script_init(struct sim_script *script, const struct sim_model *model,
                     uint64_t seed)
{
    *script = (struct sim_script){.delays = SIM_SCRIPT_QUANTILE,
                                  .quantile = 0.5,
                                  .seed = seed,
                                  .max_events = 1000000};
    script->is_off[SIM_FAILURE] = true;
    sim_run_init(&script->run, model);
    sim_run_bind(&script->run, sim_world_alloc(script->run.world_bytes));
    script->delay_s = calloc((size_t)model->n_slots + 1, sizeof(double));
    script->is_slot_off = calloc((size_t)model->n_slots + 1, sizeof(int8_t));
    script->outcome = calloc((size_t)model->n_choices + 1, sizeof(int64_t));
    SIM_CHECK(script->delay_s != NULL && script->is_slot_off != NULL &&
              script->outcome != NULL);
    for (uint32_t i = 0; i < model->n_slots; i++) {
        script->delay_s[i] = -1.0;
        script->is_slot_off[i] = -1;
    }
    for (uint32_t i = 0; i < model->n_choices; i++) {
        script->outcome[i] = -1;
    }
}

void sim_script_release(struct sim_script *script)
{
    free(script->run.world);
    sim_run_unbind(&script->run);
    free(script->order);
    free(script->event);
    free(script->delay_s);
    free(script->is_slot_off);
    free(script->outcome);
    memset(script, 0, sizeof(*script));
}

uint32_t sim_script_slot(const struct sim_script *script, const char *fmt, ...)
{
    const struct sim_model *model = script->run.model;
    char name[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(name, sizeof(name), fmt, ap);
    va_end(ap);
    uint64_t id = sim_id("%s", name);

    for (uint32_t i = 0; i < model->n_slots; i++) {
        if (model->slot[i].id == id) {
            return i;
        }
    }
    return SIM_NO_SLOT;
}

void sim_script_at(struct sim_script *script, double time_s, uint32_t slot)
{
    SIM_CHECK(slot < script->run.model->n_slots);
    SIM_CHECK(time_s >= 0.0 && time_s >= script->run.world->now_s);
    script->order = grow(script->order, script->n_orders, sizeof(*script->order));
    size_t i = script->n_orders++;

    while (i > script->next_order && script->order[i - 1].time_s > time_s) {
        script->order[i] = script->order[i - 1];
        i--;
    }
    script->order[i] = (struct sim_script_order){.time_s = time_s, .slot = slot};
}

void sim_script_set_delay(struct sim_script *script, uint32_t slot, double delay_s)
{
    SIM_CHECK(slot < script->run.model->n_slots);
    script->delay_s[slot] = delay_s;
}

void sim_script_set_off(struct sim_script *script, uint32_t slot, bool off)
{
    SIM_CHECK(slot < script->run.model->n_slots);
    script->is_slot_off[slot] = off ? 1 : 0;
}

void sim_script_set_choice(struct sim_script *script, uint32_t choice, int64_t outcome)
{
    SIM_CHECK(choice < script->run.model->n_choices);
    script->outcome[choice] = outcome;
}

/* ---- Playing -------------------------------------------------------------- */

/* Asks which services are down and records what just happened. */
static void record(struct sim_script *script, uint32_t slot, bool is_ordered)
{
    const struct sim_model *model = script->run.model;
    uint64_t before = script->down;

    script->down = model->down(model->plan, &script->run);
    if (script->n_events >= script->max_events) {
        script->is_full = true;
        return;
    }
    script->event = grow(script->event, script->n_events, sizeof(*script->event));
    struct sim_event *event = &script->event[script->n_events++];

    *event = (struct sim_event){.time_s = script->run.world->now_s,
                                .slot = slot,
                                .is_ordered = is_ordered,
                                .down_before = before,
                                .down_after = script->down};
    if (model->explain != NULL && slot != SIM_NO_SLOT) {
        model->explain(model->plan, &script->run, slot, event->text,
                       sizeof(event->text));
    }
}

static void start(struct sim_script *script, uint64_t replication)
{
    SIM_CHECK(!script->is_started);
    script->is_started = true;
    sim_world_start(&script->run, script->seed, replication, 0);
    record(script, SIM_NO_SLOT, false);
}

/* Lets the next order happen, if its slot is armed. */
static void obey(struct sim_script *script)
{
    struct sim_script_order *order = &script->order[script->next_order++];
    struct sim_run *run = &script->run;

    sim_world_advance(run, order->time_s);
    if (!sim_is_armed(run, order->slot)) {
        order->is_refused = true;
        return;
    }
    /* Whatever else is due at this very instant waits: the order comes first. */
    sim_world_fire(run, order->slot, order->time_s);
    record(script, order->slot, true);
}

void sim_script_play(struct sim_script *script, double until_s)
{
    struct sim_run *run = &script->run;
    uint32_t slot;
    double time_s;

    run->hooks = &script_hooks;
    run->context = script;
    if (!script->is_started) {
        start(script, 0);
    }
    for (;;) {
        bool is_order = script->next_order < script->n_orders &&
                        script->order[script->next_order].time_s <= until_s;
        bool is_event = sim_world_next(run, &slot, &time_s) && time_s <= until_s;

        if (is_order &&
            (!is_event || script->order[script->next_order].time_s <= time_s)) {
            obey(script);
        } else if (is_event) {
            sim_world_fire(run, slot, time_s);
            record(script, slot, false);
        } else {
            break;
        }
    }
    sim_world_advance(run, fmax(until_s, run->world->now_s));
}

void sim_script_replay(struct sim_script *script, uint64_t replication, double from_s,
                       double until_s)
{
    struct sim_run *run = &script->run;
    const struct sim_model *model = run->model;
    uint32_t slot;
    double time_s;

    run->hooks = NULL;
    start(script, replication);
    while (sim_world_next(run, &slot, &time_s) && time_s <= until_s) {
        sim_world_fire(run, slot, time_s);
        if (time_s >= from_s) {
            record(script, slot, false);
        } else {
            script->down = model->down(model->plan, run);
        }
    }
    sim_world_advance(run, fmax(until_s, run->world->now_s));
}

/* ---- Reading the time line ------------------------------------------------ */

double sim_script_downtime(const struct sim_script *script, uint32_t service,
                           double from_s, double to_s)
{
    double sum_s = 0.0;

    for (size_t i = 0; i < script->n_events; i++) {
        const struct sim_event *event = &script->event[i];
        double end_s = i + 1 < script->n_events ? event[1].time_s : to_s;
        double begin_s = fmax(event->time_s, from_s);

        end_s = fmin(end_s, to_s);
        if ((event->down_after >> service & 1) != 0 && end_s > begin_s) {
            sum_s += end_s - begin_s;
        }
    }
    return sum_s;
}

const struct sim_event *sim_script_change(const struct sim_script *script,
                                          uint32_t service, bool is_down, double from_s)
{
    for (size_t i = 0; i < script->n_events; i++) {
        const struct sim_event *event = &script->event[i];
        bool before = (event->down_before >> service & 1) != 0;
        bool after = (event->down_after >> service & 1) != 0;

        if (event->time_s >= from_s && before != after && after == is_down) {
            return event;
        }
    }
    return NULL;
}

const struct sim_event *sim_script_find(const struct sim_script *script, uint32_t slot,
                                        double from_s)
{
    for (size_t i = 0; i < script->n_events; i++) {
        const struct sim_event *event = &script->event[i];

        if (event->slot == slot && event->time_s >= from_s) {
            return event;
        }
    }
    return NULL;
}
