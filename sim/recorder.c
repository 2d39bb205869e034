/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recording what a model does, instead of drawing it.
 *
 * Laws and rates become small codes, so that "what is armed" is a row of whole numbers
 * and can be hashed and compared. Rates are numbered as they are met: a state-dependent
 * rate takes few different values.
 *
 * Choices. The interface promises that fire() is a pure function of world and
 * outcomes. So a sim_choose() is answered from a list; the first time it is met the
 * first possible outcome is taken and put on the list, and the next replay of the same
 * fire() advances the last entry that has another outcome left, as one counts. Each
 * replay multiplies up the probability of what it took.
 */
#include "sim/recorder.h"

#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"

/* ---- laws and rates as codes ---- */

uint32_t sim_recorder_law_code(const struct sim_recorder *x, uint32_t dist,
                               uint32_t phase)
{
    return x->law[dist].code + phase;
}

/* All laws become phase types before the first state, so codes are fixed. */
static void make_laws(struct sim_recorder *x, const struct sim_model *model,
                      uint32_t order)
{
    x->law = sim_arena_calloc(&x->arena, model->n_dists, sizeof *x->law);
    uint32_t n = 1;
    for (uint32_t d = 0; d < model->n_dists; d++) {
        x->law[d].phase = sim_phase_of(&x->arena, &model->dist[d], order);
        x->law[d].code = n;
        n += x->law[d].phase.n;
    }
    x->code_law = sim_arena_calloc(&x->arena, n, sizeof *x->code_law);
    for (uint32_t d = 0; d < model->n_dists; d++) {
        for (uint32_t p = 0; p < x->law[d].phase.n; p++) {
            x->code_law[x->law[d].code + p] = d;
        }
    }
    x->n_law_codes = n - 1;
}

static void rehash_rates(struct sim_recorder *x)
{
    uint32_t n = x->n_rate_cells * 2;
    free(x->rate_cell);
    x->rate_cell = sim_ctmc_alloc(n, sizeof *x->rate_cell);
    x->n_rate_cells = n;
    for (uint32_t r = 0; r < x->n_rates; r++) {
        uint64_t bits;
        memcpy(&bits, &x->rate[r], sizeof bits);
        uint32_t i = (uint32_t)sim_recorder_mix(bits) & (n - 1);
        while (x->rate_cell[i] != 0) {
            i = (i + 1) & (n - 1);
        }
        x->rate_cell[i] = r + 1;
    }
}

static uint32_t rate_code(struct sim_recorder *x, double rate)
{
    uint64_t bits;
    memcpy(&bits, &rate, sizeof bits);
    uint32_t i = (uint32_t)sim_recorder_mix(bits) & (x->n_rate_cells - 1);
    while (x->rate_cell[i] != 0) {
        if (x->rate[x->rate_cell[i] - 1] == rate) {
            return x->n_law_codes + x->rate_cell[i];
        }
        i = (i + 1) & (x->n_rate_cells - 1);
    }
    if (x->n_rates == x->rate_capacity) {
        double *more = sim_ctmc_alloc(2 * (size_t)x->rate_capacity, sizeof *more);
        memcpy(more, x->rate, x->n_rates * sizeof *more);
        free(x->rate);
        x->rate = more;
        x->rate_capacity *= 2;
    }
    x->rate[x->n_rates++] = rate;
    x->rate_cell[i] = x->n_rates;
    if (2 * x->n_rates > x->n_rate_cells) {
        rehash_rates(x);
    }
    return x->n_law_codes + x->n_rates;
}

/* ---- the hooks ---- */

void sim_recorder_mark(struct sim_run *run, uint32_t slot, bool is_armed)
{
    run->tree[run->cap + slot] = is_armed ? sim_key_of(0, slot) : SIM_NEVER;
}

static void hook_arm(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    struct sim_recorder *x = run->context;
    const struct sim_phase_law *phase = &x->law[dist].phase;
    sim_recorder_mark(run, slot, true);
    x->law[dist].is_made = true;
    x->code[slot] =
        phase->start[0] >= 1 ? sim_recorder_law_code(x, dist, 0) : SIM_CODE_NEW + dist;
}

static void hook_arm_rate(struct sim_run *run, uint32_t slot, double rate_per_s)
{
    struct sim_recorder *x = run->context;
    sim_recorder_mark(run, slot, rate_per_s > 0);
    x->code[slot] = rate_per_s > 0 ? rate_code(x, rate_per_s) : 0;
}

static void hook_disarm(struct sim_run *run, uint32_t slot)
{
    struct sim_recorder *x = run->context;
    sim_recorder_mark(run, slot, false);
    x->code[slot] = 0;
}

/* The possible outcome after `pick`, or n. */
static uint32_t next_outcome(const double *weight, uint32_t pick, uint32_t n)
{
    do {
        pick++;
    } while (pick < n && weight != NULL && !(weight[pick] > 0));
    return pick;
}

static uint32_t hook_choose(struct sim_run *run, uint32_t choice, uint32_t n,
                            const double *weight)
{
    struct sim_recorder *x = run->context;
    (void)choice;
    if (x->n_asked == SIM_MAX_CHOICES) {
        x->has_too_many_choices = true;
        return next_outcome(weight, UINT32_MAX, n);
    }
    uint32_t at = x->n_asked++;
    if (at == x->n_picks) {
        x->pick[x->n_picks++] = next_outcome(weight, UINT32_MAX, n);
    }
    double total = weight == NULL ? n : 0;
    for (uint32_t i = 0; weight != NULL && i < n; i++) {
        total += weight[i];
    }
    x->following[at] = next_outcome(weight, x->pick[at], n);
    if (x->following[at] >= n) {
        x->following[at] = UINT32_MAX;
    }
    x->pick_p *= (weight == NULL ? 1 : weight[x->pick[at]]) / total;
    return x->pick[at];
}

static const struct sim_hooks hooks = {hook_arm, hook_arm_rate, hook_disarm,
                                       hook_choose};

/* The next list of picks; false when all were tried. */
bool sim_recorder_advance(struct sim_recorder *x)
{
    while (x->n_picks > 0) {
        uint32_t last = x->n_picks - 1;
        if (x->following[last] != UINT32_MAX) {
            x->pick[last] = x->following[last];
            return true;
        }
        x->n_picks--;
    }
    return false;
}

void sim_recorder_init(struct sim_recorder *x, const struct sim_model *model,
                       uint32_t order)
{
    memset(x, 0, sizeof *x);
    sim_arena_init(&x->arena);
    sim_run_init(&x->run, model);
    x->world = sim_world_alloc(x->run.world_bytes);
    sim_run_bind(&x->run, x->world);
    x->run.hooks = &hooks;
    x->run.context = x;
    x->code = sim_arena_calloc(&x->arena, model->n_slots, sizeof *x->code);
    x->n_rate_cells = 64;
    x->rate_cell = sim_ctmc_alloc(x->n_rate_cells, sizeof *x->rate_cell);
    x->rate_capacity = 32;
    x->rate = sim_ctmc_alloc(x->rate_capacity, sizeof *x->rate);
    make_laws(x, model, order);
}

void sim_recorder_release(struct sim_recorder *x)
{
    sim_run_unbind(&x->run);
    free(x->world);
    free(x->rate);
    free(x->rate_cell);
    sim_arena_clear(&x->arena);
}
