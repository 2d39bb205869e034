/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a model is. The one idea of this program:
 *
 *     A model never draws a random number, never reads the clock, and never
 *     counts time. It arms timers, disarms them, asks for choices, and answers
 *     three questions: it fired, what now? which services are down? is all calm?
 *
 * The engine owns time, randomness and measurement, so one model runs under
 * every driver: crude (draw delays, play histories), biased (importance
 * sampling), splitting (copies of worlds), exact (enumerate the states, solve
 * the Markov chain) and scripted (obey a scenario). A model that breaks the rule
 * breaks four drivers at once.
 *
 * Everything that changes lives in the world: one flat block without pointers,
 * so that a snapshot is one memory copy. The model owns two parts of it:
 *   state  discrete facts that decide the future. `exact` hashes these bytes, so
 *          they must be canonical: the same situation, the same bytes.
 *   notes  book-keeping that must not influence the future (who broke first).
 * Both are zero before start() is called.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/dist.h"

/* One year, 365.25 days: the only year nines knows for rates and budgets. */
#define SIM_YEAR_S 31557600.0

#define SIM_MAX_SERVICES 16
#define SIM_MAX_CAUSES   48

#define SIM_MAX_COMPONENTS 512
#define SIM_MAX_PARAMETERS 96
#define SIM_NO_PART        UINT16_MAX /* no component, no parameter */

struct sim_run; /* the driver's hand: one per thread, passed to every callback */

enum sim_class {
    SIM_FAILURE,  /* makes things worse and is rare: biasing may speed it up */
    SIM_RECOVERY, /* mends: its length may be size-biased, its intensity never */
    SIM_OTHER     /* neither (planned work, retries): always its own law */
};

/* One timer slot: an (entity, purpose) pair, fixed when the plan is made. */
struct sim_slot {
    uint64_t id;    /* stable identity, sim_id("node/a1/crash"): keys the draws, so
                       designs that share an entity share its luck */
    uint16_t group; /* failure group for balanced biasing: slots alike by kind */
    uint8_t cls;    /* enum sim_class */
    uint8_t cause;  /* index into causes, or SIM_NO_CAUSE */
};
#define SIM_NO_CAUSE 255

/* Long-run answers, and the mean time to the first outage; NaN = not known. */
struct sim_closed_form {
    double unavailability;
    double outages_per_s;
    double mean_outage_s;
    double mttff_s;
    const char *method; /* in words */
};

/*
 * What a user would call a component (a node, a zone, a load balancer), for measures of
 * importance. Asked only in studies of sensitivity, and then only at events.
 */
struct sim_components {
    uint32_t n;              /* at most SIM_MAX_COMPONENTS */
    const char *const *name; /* each once */
    const uint16_t *of_slot; /* [n_slots] whose failure this slot is, or SIM_NO_PART */
    /* Fills broken[n] with which part of each component is broken now, 0..1 (of a
     * component that stands for m like units: broken units / m). Nothing is broken
     * while all is calm. Pure. NULL: not known; components then only trigger outages.
     */
    void (*broken)(const void *plan, const struct sim_run *run, double *broken);
};

/*
 * Named numbers that laws and rates depend on, for elasticities. A law may depend on
 * one of them through its scale in time: time ~ parameter^exponent (1 for a mean
 * length, -1 for a rate).
 */
struct sim_parameters {
    uint32_t n;              /* at most SIM_MAX_PARAMETERS */
    const char *const *name; /* each once */
    const uint16_t *of_law;  /* [n_dists] the one that scales the law, or SIM_NO_PART */
    const double *exponent;  /* [n_dists] */
    /* Fills slope[n], all 0 before, with d ln rate / d ln parameter of a slot armed by
     * rate, in the present state. Pure. NULL: rates depend on no parameter. */
    void (*rate_slope)(const void *plan, const struct sim_run *run, uint32_t slot,
                       double *slope);
};

struct sim_model {
    const char *name;
    const void *plan; /* the model's own constants, handed back to each callback */

    uint32_t n_slots;
    const struct sim_slot *slot;
    uint32_t n_dists;
    const struct sim_dist *dist;
    uint32_t n_choices;        /* streams for sim_choose */
    const uint64_t *choice_id; /* stable identity of each, as sim_slot.id */

    uint32_t n_services;
    const char *const *service; /* names, at most SIM_MAX_SERVICES */
    uint32_t n_causes;
    const char *const *cause; /* titles, at most SIM_MAX_CAUSES */

    size_t state_bytes; /* discrete state, hashed by exact */
    size_t notes_bytes; /* book-keeping, not hashed */
    double year_s;      /* SIM_YEAR_S unless the input says otherwise */
    bool is_absorbing;  /* the first down state of service 0 ends the story (loss) */

    /* Fills state and notes (both zeroed) and arms the first timers. */
    void (*start)(const void *plan, struct sim_run *run);
    /* Slot `slot` went off (it is no longer armed): change the state. */
    void (*fire)(const void *plan, struct sim_run *run, uint32_t slot);
    /* Bit s set: service s is down right now. Called after each fire; pure. */
    uint64_t (*down)(const void *plan, const struct sim_run *run);
    /* Nothing is broken, pending or under way. Pure. */
    bool (*is_calm)(const void *plan, const struct sim_run *run);

    /* The following may be NULL. */

    /* Failing share of requests in 0..1 per service (1 while down). Pure. */
    void (*degraded)(const void *plan, const struct sim_run *run, double *bad);
    /* Who is to blame while service s is down: shares over causes, sum 1. Pure.
     * The engine multiplies by elapsed time. NULL: all to the slot that fired when
     * the service went down (its `cause`). */
    void (*blame)(const void *plan, const struct sim_run *run, uint32_t service,
                  double *share);
    /* One sentence for a timeline: "node a1 crashed". Returns length written. */
    int (*explain)(const void *plan, const struct sim_run *run, uint32_t slot,
                   char *text, size_t size);
    /* Importance of a state for splitting, higher = nearer to losing `service`,
     * integer levels from 0 (calm) up to the returned maximum when down. NULL: the
     * engine derives it (failures still needed to lose the service). */
    uint32_t (*level)(const void *plan, const struct sim_run *run, uint32_t service);
    /* What is known of service 0 in closed form, for any law: fills the numbers it
     * knows (all NaN before) and returns true, or returns false. Used by `exact`, which
     * then needs no chain. Not called inside a run. */
    bool (*closed_form)(const void *plan, struct sim_closed_form *out);
    const struct sim_components *components;
    const struct sim_parameters *parameters;
};

/* ---- What a model may ask of the engine, inside start() and fire() only --- */

/* Arms slot with law `dist` (index into model->dist); an armed slot is re-armed. */
void sim_arm(struct sim_run *run, uint32_t slot, uint32_t dist);

/* Arms slot with an exponential law of the given rate (> 0, per second). When the
 * slot is already armed this way only its rate changes: the remaining cumulative
 * hazard is kept (stress). Rate 0 disarms. */
void sim_arm_rate(struct sim_run *run, uint32_t slot, double rate_per_s);

/* Disarms slot; harmless when it is not armed. */
void sim_disarm(struct sim_run *run, uint32_t slot);

/* Is the slot armed? Pure; also allowed in the pure callbacks. */
bool sim_is_armed(const struct sim_run *run, uint32_t slot);

/* One of n outcomes, with odds `weight` (n numbers >= 0, not all 0; NULL = equal).
 * `choice` names the stream, < model->n_choices. Under `exact` the engine replays
 * fire() once per outcome with positive odds, so fire() must be a pure function of
 * world and outcomes. */
uint32_t sim_choose(struct sim_run *run, uint32_t choice, uint32_t n,
                    const double *weight);

/* The model's own parts of the world, of state_bytes and notes_bytes. Every run begins
 * with them, so that reading one's state is one load and no call. */
struct sim_rows {
    void *state;
    void *notes;
};

static inline void *sim_state(struct sim_run *run)
{
    return ((struct sim_rows *)(void *)run)->state;
}

static inline void *sim_notes(struct sim_run *run)
{
    return ((struct sim_rows *)(void *)run)->notes;
}

static inline const void *sim_state_const(const struct sim_run *run)
{
    return ((const struct sim_rows *)(const void *)run)->state;
}

static inline const void *sim_notes_const(const struct sim_run *run)
{
    return ((const struct sim_rows *)(const void *)run)->notes;
}

/* The stable identity of a name: a 64-bit hash, the same on every machine. */
uint64_t sim_id(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
