/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scripted driver: instead of drawing, it obeys. Nothing fails unless told to,
 * delays take a stated quantile of their law (or a stated value, or a seeded draw), and
 * every event is recorded. It answers "what happens, and when, if node a1 crashes at
 * ten?", for tests of time lines and for a trace. With sim_script_replay it plays one
 * history of a study exactly as the crude driver did, and records that.
 *
 *     struct sim_script script;
 *     sim_script_init(&script, model, 1);
 *     sim_script_at(&script, 600.0, sim_script_slot(&script, "node/%s/crash", "a1"));
 *     sim_script_play(&script, 3600.0);
 *     for (size_t i = 0; i < script.n_events; i++) { ... script.event[i] ... }
 *     sim_script_release(&script);
 */
#ifndef SIM_SCRIPTED_H
#define SIM_SCRIPTED_H

#include "sim/world.h"

#define SIM_NO_SLOT UINT32_MAX

/* One line of a time line. */
struct sim_event {
    double time_s;
    uint32_t slot;        /* SIM_NO_SLOT for the start */
    bool is_ordered;      /* by the script; false: it followed */
    uint64_t down_before; /* services down before and after, as bits */
    uint64_t down_after;
    char text[160]; /* the model's explanation, taken after it fired; or "" */
};

/* How unspecified delays are chosen. */
enum sim_script_delays {
    SIM_SCRIPT_QUANTILE, /* quantile `quantile` of each law, default the median */
    SIM_SCRIPT_DRAWN     /* drawn as in history (seed, replication 0) */
};

struct sim_script_order {
    double time_s;
    uint32_t slot;
    bool is_refused; /* the slot was not armed then: it could not happen */
};

struct sim_script {
    struct sim_run run; /* the world being played: ask the model about it */
    enum sim_script_delays delays;
    double quantile; /* 0 <= q < 1, default 0.5 */
    bool is_off[3];  /* by enum sim_class: slots that never fire by themselves;
                        default: only SIM_FAILURE */
    uint64_t seed;
    uint64_t down; /* services down now, as bits */
    bool is_started;

    struct sim_script_order *order; /* what the caller asked for, by time */
    size_t n_orders;
    size_t next_order;
    struct sim_event *event; /* what happened, in order of time */
    size_t n_events;
    size_t max_events; /* stop recording after so many (default 1,000,000) */
    bool is_full;

    double *delay_s;     /* [n_slots] fixed delay, or negative: none */
    int8_t *is_slot_off; /* [n_slots] -1 by class, 0 on, 1 off */
    int64_t *outcome;    /* [n_choices] fixed outcome, or negative: none */
};

/* Prepares a script over model (which must outlive it). Nothing is played yet. */
void sim_script_init(struct sim_script *script, const struct sim_model *model,
                     uint64_t seed);
void sim_script_release(struct sim_script *script);

/* The slot whose id is sim_id(fmt, ...), or SIM_NO_SLOT. */
uint32_t sim_script_slot(const struct sim_script *script, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Orders slot to fire at time_s (>= what was already played). An order for a slot that
 * is not armed at that time is refused: marked so, recorded nowhere. Orders at the
 * same time are obeyed in the order they were given. */
void sim_script_at(struct sim_script *script, double time_s, uint32_t slot);

/* From the next arming on, this slot's delay is delay_s (negative: its law again). */
void sim_script_set_delay(struct sim_script *script, uint32_t slot, double delay_s);

/* Lets this slot fire by itself, or not, whatever its class. */
void sim_script_set_off(struct sim_script *script, uint32_t slot, bool is_off);

/* Fixes the outcome of a choice (negative: by rule again). The rule is the likeliest
 * outcome (the first of equals) under SIM_SCRIPT_QUANTILE, else a draw. */
void sim_script_set_choice(struct sim_script *script, uint32_t choice, int64_t outcome);

/* Plays until time_s, starting the model when this is the first call; the clock then
 * stands at time_s. May be called again to go on. */
void sim_script_play(struct sim_script *script, double until_s);

/* Instead: plays history `replication` of script->seed as the crude driver does, and
 * records the events from from_s to until_s. The script must be fresh. */
void sim_script_replay(struct sim_script *script, uint64_t replication, double from_s,
                       double until_s);

/* Seconds service was down between two times, both already played. */
double sim_script_downtime(const struct sim_script *script, uint32_t service,
                           double from_s, double to_s);

/* The first event at or after from_s that took the service down (is_down) or brought it
 * back; NULL when there was none. */
const struct sim_event *sim_script_change(const struct sim_script *script,
                                          uint32_t service, bool is_down,
                                          double from_s);

/* The first event of slot at or after from_s; NULL when there was none. */
const struct sim_event *sim_script_find(const struct sim_script *script, uint32_t slot,
                                        double from_s);

#endif
