/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where luck comes from: keys, words, and Philox.
 *
 * Every draw is a pure function of
 *
 *     (seed, replication, branch)   which history, and which copy of it
 *     stable id                     which timer or choice (a hash of its name)
 *     count                         how often that one was drawn before
 *
 * There is no generator object to seed, copy, or share: a world holds a 128-bit key
 * and one 32-bit counter per slot. So a result does not depend on threads, two
 * designs that share a node share its failures, and a copied world diverges by
 * changing its branch, which costs one key.
 *
 * Two levels. Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2,
 * 3", SC'11) turns (seed, replication, branch) into the key. A draw is then a short
 * keyed hash of (id, count): see sim_word(). Measured by `make bench` when each draw
 * depends on the one before, ns per exponential: Philox on every draw 43 with a
 * logarithm, 29 with the ziggurat; the keyed hash 15; xoshiro256++ in every slot 12;
 * GSL's mt19937 25. Xoshiro would need 32 bytes in every slot and the re-seeding of
 * every slot of every copy; the hash needs a counter, a copy changes one key, and since
 * draws are made ahead (sim/world.h) its latency is hidden. So the hash was kept.
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

/* The key of one history: changes with seed, replication and branch. */
struct sim_rng_key {
    uint64_t word[2];
};

/* Derives the key of (seed, replication, branch). Any values are allowed. */
struct sim_rng_key sim_rng_key_of(uint64_t seed, uint64_t replication, uint64_t branch);

/* One logical draw: the place from which its random words are computed. Passed by
 * value, so that it lives in registers even through the slow paths. */
struct sim_draw {
    uint64_t base;
    uint64_t key;
};

/* The draw number `count` of the stream `id` under `key`. */
static inline struct sim_draw sim_draw_of(const struct sim_rng_key *key, uint64_t id,
                                          uint32_t count)
{
    return (struct sim_draw){
        .base = (id ^ key->word[0]) + count * UINT64_C(0x9e3779b97f4a7c15),
        .key = key->word[1],
    };
}

/*
 * Word j of a draw: 64 random bits. Most variates need word 0 only. The mixer is
 * Pelle Evensen's "moremur" (2019), a murmur finaliser that passes PractRand on plain
 * counters, with the second half of the key injected between its two multiplications,
 * so that different histories use different functions, not one sequence at
 * different places (streams cannot overlap across histories).
 */
static inline uint64_t sim_word(struct sim_draw draw, uint32_t j)
{
    uint64_t x = draw.base + j * UINT64_C(0xd1342543de82ef95);

    x ^= x >> 27;
    x *= UINT64_C(0x3c79ac492ba7b653);
    x ^= (x >> 33) ^ draw.key;
    x *= UINT64_C(0x1c69b3f74ac4ae35);
    x ^= x >> 27;
    return x;
}

/* Uniform on the open interval (0, 1) from 52 bits of a word; never 0 or 1. */
static inline double sim_uniform_of(uint64_t word)
{
    return ((double)(word >> 12) + 0.5) * 0x1p-52;
}

/*
 * Philox4x32-10 as a GSL generator, for GSL's own variates and for tests:
 *     gsl_rng *rng = gsl_rng_alloc(sim_rng_philox());
 * gsl_rng_set takes the 64-bit seed as key; the 128-bit counter starts at zero.
 */
const gsl_rng_type *sim_rng_philox(void);

#endif
