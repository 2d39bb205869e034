/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reference loops; see tests/bench/reference.h. One xoshiro256++ generator (Blackman
 * and Vigna, ACM TOMS 47(4), 2021) in registers, the ziggurat inlined, the next event
 * from a winner tree with one leaf per component. A component has one pending event at
 * a time, failure or repair, so a single bit tells which.
 */
#include "tests/bench/reference.h"

#include <Random123/philox.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/draw.h"
#include "sim/world.h"

struct xoshiro {
    uint64_t s[4];
};

static inline uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static inline uint64_t next_word(struct xoshiro *g)
{
    uint64_t result = rotate(g->s[0] + g->s[3], 23) + g->s[0];
    uint64_t t = g->s[1] << 17;

    g->s[2] ^= g->s[0];
    g->s[3] ^= g->s[1];
    g->s[1] ^= g->s[2];
    g->s[0] ^= g->s[3];
    g->s[2] ^= t;
    g->s[3] = rotate(g->s[3], 45);
    return result;
}

static struct xoshiro seeded(uint64_t seed)
{
    struct sim_rng_key a = sim_rng_key_of(seed, 1, 0);
    struct sim_rng_key b = sim_rng_key_of(seed, 2, 0);

    return (struct xoshiro){{a.word[0], a.word[1], b.word[0], b.word[1]}};
}

/* The slow path takes a draw by value, seeded by the word itself. */
static inline double exp_from(struct xoshiro *g)
{
    uint64_t word = next_word(g);
    const struct sim_ziggurat_row *row = &sim_ziggurat_exp[word & 255];
    uint64_t position = word >> 8;

    if (__builtin_expect(position < row->inside, 1)) {
        return (double)position * row->width;
    }
    return sim_draw_exp_slow((struct sim_draw){.base = word, .key = 1}, word);
}

static inline double normal_from(struct xoshiro *g)
{
    uint64_t word = next_word(g);
    const struct sim_ziggurat_row *row = &sim_ziggurat_normal[word & 255];
    uint64_t position = word >> 9;

    if (__builtin_expect(position < row->inside, 1)) {
        double x = (double)position * row->width;

        return (word & 256) != 0 ? -x : x;
    }
    return sim_draw_normal_slow((struct sim_draw){.base = word, .key = 1}, word);
}

#define MAX_LEAVES 256

struct race {
    sim_key tree[2 * MAX_LEAVES];
    uint32_t cap;
};

static inline void race_set(struct race *race, uint32_t i, double time_s)
{
    sim_key key = sim_key_of(time_s, i);

    i += race->cap;
    race->tree[i] = key;
    while (i > 1) {
        sim_key rival = race->tree[i ^ 1];

        key = rival < key ? rival : key;
        i >>= 1;
        race->tree[i] = key;
    }
}

static void race_open(struct race *race, uint32_t n)
{
    race->cap = 1;
    while (race->cap < n) {
        race->cap *= 2;
    }
    memset(race->tree, 0xff, sizeof(race->tree));
}

double reference_exponential(uint32_t n, uint32_t k, double mttf_s, double mttr_s,
                             uint64_t n_events)
{
    double mean_s[2] = {mttf_s, mttr_s};
    uint8_t is_down[MAX_LEAVES] = {0};
    struct race race;
    struct xoshiro g = seeded(7);
    uint32_t n_up = n;
    double now_s = 0.0;
    double down_s = 0.0;

    race_open(&race, n);
    for (uint32_t i = 0; i < n; i++) {
        race_set(&race, i, mttf_s * exp_from(&g));
    }
    while (n_events-- > 0) {
        uint32_t i = (uint32_t)race.tree[1];
        double time_s = sim_key_time(race.tree[1]);

        down_s += n_up < k ? time_s - now_s : 0.0;
        now_s = time_s;
        is_down[i] ^= 1;
        n_up += 1u - 2u * is_down[i];
        race_set(&race, i, now_s + mean_s[is_down[i]] * exp_from(&g));
    }
    return down_s / now_s;
}

double reference_general(uint32_t n, uint32_t k, double scale_s, double shape,
                         double mu, double sigma, uint64_t n_events)
{
    uint8_t is_down[MAX_LEAVES] = {0};
    struct race race;
    struct xoshiro g = seeded(8);
    uint32_t n_up = n;
    double now_s = 0.0;
    double down_s = 0.0;

    race_open(&race, n);
    for (uint32_t i = 0; i < n; i++) {
        race_set(&race, i, scale_s * exp(log(exp_from(&g)) / shape));
    }
    while (n_events-- > 0) {
        uint32_t i = (uint32_t)race.tree[1];
        double time_s = sim_key_time(race.tree[1]);

        down_s += n_up < k ? time_s - now_s : 0.0;
        now_s = time_s;
        is_down[i] ^= 1;
        n_up += 1u - 2u * is_down[i];
        race_set(&race, i,
                 now_s + (is_down[i] ? exp(mu + sigma * normal_from(&g))
                                     : scale_s * exp(log(exp_from(&g)) / shape)));
    }
    return down_s / now_s;
}

static void sift_down(double *heap, uint32_t n, double time_s)
{
    uint32_t i = 0;

    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child >= n) {
            break;
        }
        child += child + 1 < n && heap[child + 1] < heap[child];
        if (time_s <= heap[child]) {
            break;
        }
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = time_s;
}

double reference_hold(uint32_t n, uint64_t n_events)
{
    double *heap = calloc(n, sizeof(*heap));
    struct xoshiro g = seeded(9);

    for (uint32_t i = n; i-- > 0;) {
        heap[i] = exp_from(&g);
    }
    for (uint32_t i = n / 2; i-- > 0;) { /* Floyd: sift each inner node */
        sift_down(heap, n, heap[0]);
    }
    while (n_events-- > 0) {
        sift_down(heap, n, heap[0] + exp_from(&g));
    }
    double time_s = heap[0];

    free(heap);
    return time_s;
}

double reference_queue(double lambda, double mu, uint32_t many, uint64_t n_customers)
{
    struct xoshiro g = seeded(10);
    double now_s = 0.0;
    double many_s = 0.0;
    double arrival_s = exp_from(&g) / lambda;
    double departure_s = HUGE_VAL;
    uint32_t inside = 0;

    while (n_customers > 0) {
        bool is_arrival = arrival_s < departure_s;
        double time_s = is_arrival ? arrival_s : departure_s;

        many_s += inside >= many ? time_s - now_s : 0.0;
        now_s = time_s;
        if (is_arrival) {
            arrival_s = now_s + exp_from(&g) / lambda;
            if (inside++ == 0) {
                departure_s = now_s + exp_from(&g) / mu;
            }
        } else {
            n_customers--;
            departure_s = --inside > 0 ? now_s + exp_from(&g) / mu : HUGE_VAL;
        }
    }
    return many_s / now_s;
}

/* ---- Ways of drawing not taken -------------------------------------------- */

static inline uint64_t philox_word(uint32_t slot, uint32_t count)
{
    philox4x32_ctr_t counter = {{slot, 0, count, 0}};
    philox4x32_key_t key = {{1, 2}};
    philox4x32_ctr_t out = philox4x32(counter, key);

    return (uint64_t)out.v[0] | (uint64_t)out.v[1] << 32;
}

#define N_STREAMS 16

double reference_philox_exp(uint64_t n)
{
    static uint32_t count[N_STREAMS];
    double sum = 0.0;

    for (uint64_t i = 0; i < n; i++) {
        uint32_t slot = (uint32_t)(sum * 64.0) % N_STREAMS; /* as events decide it */

        sum += -log(sim_uniform_of(philox_word(slot, count[slot]++)));
    }
    return sum;
}

double reference_philox_ziggurat(uint64_t n)
{
    static uint32_t count[N_STREAMS];
    double sum = 0.0;

    for (uint64_t i = 0; i < n; i++) {
        uint32_t slot = (uint32_t)(sum * 64.0) % N_STREAMS;
        uint64_t word = philox_word(slot, count[slot]++);
        const struct sim_ziggurat_row *row = &sim_ziggurat_exp[word & 255];

        sum += (word >> 8) < row->inside
                   ? (double)(word >> 8) * row->width
                   : sim_draw_exp_slow((struct sim_draw){.base = word}, word);
    }
    return sum;
}

double reference_xoshiro_slots(uint64_t n)
{
    static struct xoshiro slots[N_STREAMS];
    double sum = 0.0;

    for (uint32_t i = 0; i < N_STREAMS; i++) {
        slots[i] = seeded(i);
    }
    for (uint64_t i = 0; i < n; i++) {
        sum += exp_from(&slots[(uint32_t)(sum * 64.0) % N_STREAMS]);
    }
    return sum;
}

double reference_gsl_exponential(uint64_t n)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    double sum = 0.0;

    for (uint64_t i = 0; i < n; i++) {
        sum += gsl_ran_exponential(rng, 1.0);
    }
    gsl_rng_free(rng);
    return sum;
}
