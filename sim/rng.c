/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys and Philox; see sim/rng.h for the idea.
 *
 * Philox is a counter-based generator: ten rounds of multiplication spread a 128-bit
 * counter under a 64-bit key, and distinct inputs give distinct outputs. That makes it
 * right for deriving keys: histories numbered 0, 1, 2, ... get unrelated keys without
 * any bookkeeping, and no two (replication, branch) pairs of one seed get the same one
 * (the map from counter to output is one to one). Starting small generators at
 * neighbouring seeds instead is the classical mistake: slot i of one history then
 * repeats slot i + 1 of the history before.
 *
 * The GSL adaptor buffers the four words of one block, the counter of which counts up.
 * Its first outputs are the published known answers (Random123, kat_vectors).
 */
#include "sim/rng.h"

#include <Random123/philox.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/check.h"
#include "sim/model.h"

struct sim_rng_key sim_rng_key_of(uint64_t seed, uint64_t replication, uint64_t branch)
{
    philox4x32_ctr_t counter = {{(uint32_t)replication, (uint32_t)(replication >> 32),
                                 (uint32_t)branch, (uint32_t)(branch >> 32)}};
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    philox4x32_ctr_t out = philox4x32(counter, key);

    return (struct sim_rng_key){{(uint64_t)out.v[0] | (uint64_t)out.v[1] << 32,
                                 (uint64_t)out.v[2] | (uint64_t)out.v[3] << 32}};
}

/* ---- Philox for GSL ------------------------------------------------------- */

struct philox_state {
    philox4x32_ctr_t counter;
    philox4x32_ctr_t block;
    philox4x32_key_t key;
    uint32_t n_left; /* words of the block not handed out yet */
};

static void philox_set(void *state, unsigned long seed)
{
    struct philox_state *s = state;

    *s = (struct philox_state){
        .key = {{(uint32_t)seed, (uint32_t)((uint64_t)seed >> 32)}}};
}

static void philox_count_up(philox4x32_ctr_t *counter)
{
    for (int i = 0; i < 4 && ++counter->v[i] == 0; i++) {
    }
}

static unsigned long philox_get(void *state)
{
    struct philox_state *s = state;

    if (s->n_left == 0) {
        s->block = philox4x32(s->counter, s->key);
        philox_count_up(&s->counter);
        s->n_left = 4;
    }
    return s->block.v[4 - s->n_left--];
}

/* 52 bits, open at both ends: GSL's habit of 32 bits would let times tie. */
static double philox_get_double(void *state)
{
    uint64_t high = philox_get(state);
    uint64_t low = philox_get(state);

    return sim_uniform_of(high << 32 | low);
}

const gsl_rng_type *sim_rng_philox(void)
{
    static const gsl_rng_type type = {
        .name = "philox4x32-10",
        .max = 0xffffffffUL,
        .min = 0,
        .size = sizeof(struct philox_state),
        .set = philox_set,
        .get = philox_get,
        .get_double = philox_get_double,
    };

    return &type;
}

/* ---- Stable identities ---------------------------------------------------- */

/* 64-bit FNV-1a, finished with a mixer because FNV leaves the high bits of short
 * names poor (Noll's own advice is to fold them). */
static uint64_t hash_text(const char *text, size_t length)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++) {
        h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    }
    return sim_word((struct sim_draw){.base = h, .key = 0}, 0);
}

uint64_t sim_id(const char *fmt, ...)
{
    char brief[256];
    va_list ap;
    uint64_t id;

    va_start(ap, fmt);
    int length = vsnprintf(brief, sizeof(brief), fmt, ap);
    va_end(ap);
    SIM_CHECK(length >= 0);
    if ((size_t)length < sizeof(brief)) {
        return hash_text(brief, (size_t)length);
    }
    char *text = malloc((size_t)length + 1);

    SIM_CHECK(text != NULL);
    va_start(ap, fmt);
    vsnprintf(text, (size_t)length + 1, fmt, ap);
    va_end(ap);
    id = hash_text(text, (size_t)length);
    free(text);
    return id;
}
