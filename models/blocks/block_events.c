/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guarded events: a Markov model written as variables and things that happen to
 * them, each with a guard, a rate and updates. The neutral format's normative form.
 *
 * One timer slot per event. After each firing, every event that reads a variable
 * the fired one writes is looked at again: enabled ones are (re-)armed with their
 * present rate, the others disarmed. All clocks are exponential, and re-arming with
 * a new rate keeps the remaining cumulative hazard, so the race is the Markov chain
 * itself. An event that would change nothing is not armed: it carries no news.
 *
 * All updates of an event use the old values. Variables are doubles in the state
 * (zero is always +0, so that equal situations are equal bytes); numbers are almost
 * always small whole ones.
 *
 * In a run nothing can be refused any more, so a rate that is no rate (negative,
 * not a number) disables its event there; the states near the initial one are
 * checked when the file is read (block_classify.c), which finds real mistakes.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/blocks/blocks_priv.h"
#include "sim/check.h"

/* ---- in a run ---- */

static bool is_rate(double rate)
{
    return rate > 0 && isfinite(rate);
}

/* Would event e change something? Its new values go to `value`. */
static bool event_moves(const struct ha_event *event, const double *variable,
                        double *value)
{
    bool moves = false;
    for (uint32_t u = 0; u < event->n_updates; u++) {
        value[u] = ha_expr_eval(&event->value[u], variable) + 0.0; /* no -0 */
        moves |= value[u] != variable[event->target[u]];
    }
    return moves;
}

static void refresh(const struct ha_blocks_at *at, struct sim_run *run, uint32_t e)
{
    const struct ha_event *event = &at->blocks->events->event[e];
    const double *variable = ha_blocks_state_const(at, run);
    double rate = 0;
    if (ha_expr_eval(&event->guard, variable) != 0) {
        double value[HA_BLOCKS_MAX_UPDATES];
        if (event->always_moves || event_moves(event, variable, value)) {
            rate = ha_expr_eval(&event->rate, variable);
        }
    }
    if (is_rate(rate)) {
        sim_arm_rate(run, at->slot + e, rate);
    } else {
        sim_disarm(run, at->slot + e);
    }
}

static void start(const struct ha_blocks_at *at, struct sim_run *run)
{
    const struct ha_events *events = at->blocks->events;
    memcpy(ha_blocks_state(at, run), events->init,
           events->n_variables * sizeof(double));
    for (uint32_t e = 0; e < events->n_events; e++) {
        refresh(at, run, e);
    }
}

static void fire(const struct ha_blocks_at *at, struct sim_run *run, uint32_t slot)
{
    const struct ha_event *event = &at->blocks->events->event[slot];
    double *variable = ha_blocks_state(at, run);
    double value[HA_BLOCKS_MAX_UPDATES];
    event_moves(event, variable, value);
    for (uint32_t u = 0; u < event->n_updates; u++) {
        if (isfinite(value[u])) {
            variable[event->target[u]] = value[u];
        }
    }
    for (uint32_t i = 0; i < event->n_touched; i++) {
        refresh(at, run, event->touched[i]);
    }
}

static bool is_down(const struct ha_blocks_at *at, const struct sim_run *run)
{
    return !ha_events_is_up(at->blocks->events, ha_blocks_state_const(at, run));
}

/* Up, and nothing that mends or merely passes is under way. */
static bool is_calm(const struct ha_blocks_at *at, const struct sim_run *run)
{
    const struct ha_events *events = at->blocks->events;
    for (uint32_t i = 0; i < events->n_waiting; i++) {
        if (sim_is_armed(run, at->slot + events->waiting[i])) {
            return false;
        }
    }
    return !is_down(at, run);
}

const struct ha_blocks_ops ha_events_ops = {start, fire, is_down, is_calm};

bool ha_events_is_up(const struct ha_events *events, const double *variable)
{
    return ha_expr_eval(&events->up, variable) != 0;
}

bool ha_event_step(const struct ha_events *events, uint32_t e, const double *from,
                   double *to, double *rate_per_s, bool *is_bad)
{
    const struct ha_event *event = &events->event[e];
    double value[HA_BLOCKS_MAX_UPDATES];
    if (ha_expr_eval(&event->guard, from) == 0 || !event_moves(event, from, value)) {
        return false;
    }
    *rate_per_s = ha_expr_eval(&event->rate, from);
    memcpy(to, from, events->n_variables * sizeof *to);
    for (uint32_t u = 0; u < event->n_updates; u++) {
        to[event->target[u]] = value[u];
        *is_bad |= !isfinite(value[u]);
    }
    *is_bad |= !(*rate_per_s >= 0 && isfinite(*rate_per_s));
    return is_rate(*rate_per_s);
}
