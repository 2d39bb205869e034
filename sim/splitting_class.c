/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What splitting sees of a state.
 *
 * How dangerous a state is cannot be learned for every state of a cluster; it can for
 * classes of states. A class is read from the world without knowing the model:
 *
 *   - how far the service is from its loss: the model's own levels; or the failures
 *     still needed, looked for by trying, as far ahead as a few thousand trials reach;
 *     or, for systems that drift there in small steps, the events still needed;
 *   - which failure clocks stand still (their entity is down) and what else is under
 *     way, by kind and not by name, so that identical members fall together;
 *   - how long the slowest recovery under way will still take, to a factor of four: an
 *     outage needs a further failure within that time, and the event list knows it
 *     (Dengler et al., "Time-sensitive importance splitting", 2025);
 *   - in small models simply the discrete state itself.
 *
 * A wrong or coarse class costs time, never truth: levels may be any function of the
 * past. One rule keeps that so: copies must not draw anew what classes are read from,
 * or long recoveries, split because they are long, would be exchanged for usual ones.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/splitting.h"

#define MOST_TRIALS 2000.0 /* failures tried for one new state */
#define SEEN_CAP    16384
#define SHORT       0.125 /* of the mean: shorter rests are not told apart */

/* A distance once found; a newer state takes the place of an older one. */
struct sim_split_seen {
    uint64_t key;
    uint32_t distance;
};

static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

/* Failures that can be looked ahead with a bounded number of trials; 0: not two. */
static uint32_t affordable(uint32_t n_clocks)
{
    if (n_clocks < 2) {
        return SIM_LEVEL_MOST;
    }
    const double ahead = floor(log(MOST_TRIALS) / log((double)n_clocks));

    return ahead < 2.0 ? 0 : (uint32_t)fmin(ahead, SIM_LEVEL_MOST);
}

void sim_split_eye_init(struct sim_split_eye *eye, const struct sim_model *model,
                        uint32_t focus, enum sim_split_grain grain)
{
    *eye = (struct sim_split_eye){.model = model, .focus = focus, .grain = grain};
    eye->seen = calloc(SEEN_CAP, sizeof *eye->seen);
    eye->sign = calloc(model->n_slots + 1, sizeof *eye->sign);
    SIM_CHECK(eye->seen != NULL && eye->sign != NULL);
    for (uint32_t i = 0; i < model->n_slots; i++) {
        const struct sim_slot *slot = &model->slot[i];

        eye->sign[i] = mix((uint64_t)slot->cls << 32 | (uint64_t)slot->group);
    }
    sim_level_init(&eye->level, model, focus);
    eye->look = model->level != NULL                ? SIM_SPLIT_BY_MODEL
                : sim_level_drift(model, focus) > 0 ? SIM_SPLIT_BY_STEPS
                                                    : SIM_SPLIT_BY_FAILURES;
    eye->n_ahead = affordable(eye->level.n_clocks);
}

void sim_split_eye_release(struct sim_split_eye *eye)
{
    sim_level_release(&eye->level);
    free(eye->seen);
    free(eye->sign);
}

#include "sim/poison.h" /* from here on we are inside a run */

static uint32_t find_distance(struct sim_split_eye *eye, struct sim_run *run)
{
    struct sim_world *world = run->world;
    uint32_t distance;

    if (eye->look == SIM_SPLIT_BY_STEPS) {
        distance = sim_level_steps(&eye->level, world);
    } else {
        eye->level.effort = UINT64_MAX;
        distance = sim_level_distance(&eye->level, world, eye->n_ahead);
    }
    sim_run_bind(run, world);
    return distance;
}

static uint32_t distance_of(struct sim_split_eye *eye, struct sim_run *run,
                            uint64_t state)
{
    struct sim_split_seen *seen = &eye->seen[mix(state) % SEEN_CAP];

    if (eye->look == SIM_SPLIT_BY_MODEL) {
        return eye->model->level(eye->model->plan, run, eye->focus);
    }
    if (eye->look == SIM_SPLIT_BY_FAILURES && eye->n_ahead == 0) {
        return 0;
    }
    if (seen->key != state) {
        seen->distance = find_distance(eye, run);
        seen->key = state;
    }
    return seen->distance;
}

static double mean_of(const struct sim_run *run, uint32_t slot)
{
    const struct sim_timer *timer = &run->timer[slot];

    return timer->dist == SIM_LAW_RATE ? 1.0 / timer->rate_per_s
                                       : run->model->dist[timer->dist].mean_s;
}

/* Longest rest of the recoveries under way, on a scale of factors of four; rests much
 * shorter than usual are all alike. */
static uint64_t time_left(const struct sim_run *run)
{
    double longest_s = 0.0;

    for (uint32_t i = 0; i < run->model->n_slots; i++) {
        if (run->model->slot[i].cls == SIM_RECOVERY && sim_timer_is_armed(run, i)) {
            const double rest_s = sim_timer_time(run, i) - run->world->now_s;
            longest_s = fmax(longest_s, fmax(rest_s, SHORT * mean_of(run, i)));
        }
    }
    return longest_s > 0.0 && longest_s < HUGE_VAL
               ? (uint64_t)((ilogb(longest_s) + 1024) / 2)
               : 0;
}

/* What stands still and what is under way, by kind. */
static uint64_t sign_of(const struct sim_split_eye *eye, const struct sim_run *run)
{
    uint64_t sign = 0;

    for (uint32_t i = 0; i < run->model->n_slots; i++) {
        const bool is_failure = run->model->slot[i].cls == SIM_FAILURE;

        if (sim_timer_is_armed(run, i) != is_failure &&
            (is_failure || eye->grain != SIM_SPLIT_BROKEN)) {
            sign += eye->sign[i];
        }
    }
    return sign;
}

uint64_t sim_split_class(struct sim_split_eye *eye, struct sim_run *run)
{
    const struct sim_model *model = eye->model;
    const uint64_t state = sim_level_hash(run);
    uint64_t key = mix(model->down(model->plan, run));

    key = mix(key ^ distance_of(eye, run, state));
    key = mix(key ^ sign_of(eye, run));
    if (eye->grain == SIM_SPLIT_STATE) {
        key = mix(key ^ state);
    }
    if (eye->look != SIM_SPLIT_BY_STEPS) {
        key = mix(key ^ time_left(run));
    }
    return key | 1;
}

bool sim_split_may_redraw(const struct sim_split_eye *eye, uint32_t slot)
{
    return eye->look == SIM_SPLIT_BY_STEPS ||
           eye->model->slot[slot].cls != SIM_RECOVERY;
}
