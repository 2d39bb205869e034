/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Variates: a draw (sim/rng.h) becomes a delay.
 *
 * Exponential and normal come from a ziggurat of 256 layers (Marsaglia and Tsang, J.
 * Stat. Soft. 5(8), 2000): one word, one table row and one comparison in about 99 of
 * 100 draws, no logarithm. The word is split so that layer and position use
 * different bits (their later-noticed flaw: sharing bits correlates the two). Gamma is
 * Marsaglia and Tsang's squeeze (ACM TOMS 26(3), 2000); the Weibull is
 * exp(ln(E) / shape), which is faster than pow. All are checked against GSL's
 * cumulative distributions in the tests.
 *
 * The fast paths are here to be inlined; the slow paths (sim/draw.c) take the draw by
 * value, because passing its address would force it through memory on the fast path
 * too (6 ns instead of 1.7).
 */
#ifndef SIM_DRAW_H
#define SIM_DRAW_H

#include <math.h>
#include <stdint.h>

#include "sim/dist.h"
#include "sim/rng.h"

#define SIM_ZIGGURAT_LAYERS 256

/* One layer: a word below `inside` lies wholly under the curve. */
struct sim_ziggurat_row {
    double width;    /* abscissa per unit of the integer position */
    uint64_t inside; /* positions below this need no further test */
    double top;      /* density at the layer's outer edge */
};

/* Filled before main() by sim/draw.c, constant afterwards. */
extern struct sim_ziggurat_row sim_ziggurat_exp[SIM_ZIGGURAT_LAYERS];
extern struct sim_ziggurat_row sim_ziggurat_normal[SIM_ZIGGURAT_LAYERS];

/* The rare rest of a ziggurat draw whose word 0 was `word`. */
double sim_draw_exp_slow(struct sim_draw draw, uint64_t word);
double sim_draw_normal_slow(struct sim_draw draw, uint64_t word);

/* Does word 0 alone decide the exponential? In 99 of 100 draws. */
static inline bool sim_draw_exp_is_fast(uint64_t word)
{
    return word >> 8 < sim_ziggurat_exp[word & 255].inside;
}

/* The exponential that it decides: 56 bits of position, 8 of layer. */
static inline double sim_draw_exp_fast(uint64_t word)
{
    return (double)(word >> 8) * sim_ziggurat_exp[word & 255].width;
}

/* A standard exponential (mean 1) from one draw. */
static inline double sim_draw_exp(struct sim_draw draw)
{
    uint64_t word = sim_word(draw, 0);

    if (__builtin_expect(sim_draw_exp_is_fast(word), 1)) {
        return sim_draw_exp_fast(word);
    }
    return sim_draw_exp_slow(draw, word);
}

/* A standard normal from one draw. */
static inline double sim_draw_normal(struct sim_draw draw)
{
    uint64_t word = sim_word(draw, 0);
    const struct sim_ziggurat_row *row = &sim_ziggurat_normal[word & 255];
    uint64_t position = word >> 9; /* 55 bits; bit 8 is the sign */

    if (__builtin_expect(position < row->inside, 1)) {
        double x = (double)position * row->width;

        return (word & 256) != 0 ? -x : x;
    }
    return sim_draw_normal_slow(draw, word);
}

/* Uniform on (0, 1) from one draw. */
static inline double sim_draw_uniform(struct sim_draw draw)
{
    return sim_uniform_of(sim_word(draw, 0));
}

/* Laws off the hot path: gamma, mixture, table. */
double sim_draw_other(const struct sim_dist *dist, struct sim_draw draw);

/* A delay in seconds by law `dist`. Allowed inside a run. */
static inline double sim_draw_delay(const struct sim_dist *dist, struct sim_draw draw)
{
    switch (dist->kind) {
    case SIM_DIST_EXPONENTIAL:
        return dist->a * sim_draw_exp(draw);
    case SIM_DIST_DETERMINISTIC:
        return dist->a;
    case SIM_DIST_WEIBULL:
        return dist->a * exp(log(sim_draw_exp(draw)) * dist->inv_b);
    case SIM_DIST_LOGNORMAL:
        return exp(dist->a + dist->b * sim_draw_normal(draw));
    case SIM_DIST_UNIFORM:
        return dist->a + (dist->b - dist->a) * sim_draw_uniform(draw);
    default:
        return sim_draw_other(dist, draw);
    }
}

#endif
