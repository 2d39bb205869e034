/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Variates, the slow paths and the tables of the two ziggurats.
 *
 * A ziggurat covers the density f by 256 layers of equal area v. Layer i >= 1 is the
 * rectangle from 0 to x[i] between heights f(x[i]) and f(x[i + 1]); layer 0 is the base
 * strip together with the tail beyond r = x[1]. Given r and v (printed in the papers to
 * full precision, and the only numbers needed) the edges follow from
 *     x[i + 1] = f^-1(v / x[i] + f(x[i])).
 * A point left of the next edge lies wholly under the curve; otherwise one more uniform
 * decides, and a rejected point starts again with fresh words.
 *
 * Words: word 0 is consumed by the fast path. The slow path of attempt a uses words
 * 3a + 1 (the decision, or a tail from there on) and 3a + 3 (the next attempt), so no
 * word is used twice, and every number is a function of the draw alone.
 *
 * Sources: Marsaglia and Tsang, JSS 5(8) 2000, r and v for 256 layers: exponential
 * 7.69711747013104972, 0.0039496598225815571993; normal 3.6541528853610088,
 * 0.00492867323399; tail of the normal: Marsaglia, Technometrics 6, 1964.
 */
#include "sim/draw.h"

#include <math.h>

#include "sim/poison.h"

#define EXP_R    7.69711747013104972
#define EXP_V    0.0039496598225815571993
#define NORMAL_R 3.6541528853610088
#define NORMAL_V 0.00492867323399

struct sim_ziggurat_row sim_ziggurat_exp[SIM_ZIGGURAT_LAYERS];
struct sim_ziggurat_row sim_ziggurat_normal[SIM_ZIGGURAT_LAYERS];

static double exp_curve(double x)
{
    return exp(-x);
}

static double exp_curve_inverse(double y)
{
    return -log(y);
}

static double normal_curve(double x)
{
    return exp(-0.5 * x * x);
}

static double normal_curve_inverse(double y)
{
    return sqrt(-2.0 * log(y));
}

/* `scale` is the number of positions: 2 to the bits of the position. */
static void fill(struct sim_ziggurat_row *row, double r, double v, double scale,
                 double (*curve)(double), double (*inverse)(double))
{
    double edge = r;

    row[0] = (struct sim_ziggurat_row){
        .width = v / curve(r) / scale,
        .inside = (uint64_t)(r * curve(r) / v * scale),
        .top = curve(r),
    };
    for (int i = 1; i < SIM_ZIGGURAT_LAYERS; i++) {
        double y = v / edge + curve(edge);
        double next = i + 1 < SIM_ZIGGURAT_LAYERS && y < 1.0 ? inverse(y) : 0.0;

        row[i] = (struct sim_ziggurat_row){
            .width = edge / scale,
            .inside = (uint64_t)(next / edge * scale),
            .top = next > 0.0 ? curve(next) : 1.0,
        };
        edge = next;
    }
}

__attribute__((constructor)) static void fill_tables(void)
{
    fill(sim_ziggurat_exp, EXP_R, EXP_V, 0x1p56, exp_curve, exp_curve_inverse);
    fill(sim_ziggurat_normal, NORMAL_R, NORMAL_V, 0x1p55, normal_curve,
         normal_curve_inverse);
}

/* Is the point (x, a uniform height within layer i) under the curve? */
static int is_under(const struct sim_ziggurat_row *row, uint32_t i, uint64_t word,
                    double curve_at_x)
{
    double floor = row[i - 1].top;

    return floor + sim_uniform_of(word) * (row[i].top - floor) < curve_at_x;
}

double sim_draw_exp_slow(struct sim_draw draw, uint64_t word)
{
    double start = 0.0;

    for (uint32_t j = 1;; j += 3) {
        uint32_t i = word & 255;
        uint64_t position = word >> 8;
        double x = (double)position * sim_ziggurat_exp[i].width;

        if (position < sim_ziggurat_exp[i].inside) {
            return start + x;
        }
        if (i == 0) { /* beyond r the exponential starts afresh */
            start += EXP_R;
        } else if (is_under(sim_ziggurat_exp, i, sim_word(draw, j), exp(-x))) {
            return start + x;
        }
        word = sim_word(draw, j + 2);
    }
}

/* |Z| given |Z| > r, from words j, j + 1, ... of the draw. */
static double normal_tail(struct sim_draw draw, uint32_t j)
{
    for (;; j += 2) {
        double x = -log(sim_uniform_of(sim_word(draw, j))) / NORMAL_R;
        double y = -log(sim_uniform_of(sim_word(draw, j + 1)));

        if (y + y > x * x) {
            return NORMAL_R + x;
        }
    }
}

double sim_draw_normal_slow(struct sim_draw draw, uint64_t word)
{
    for (uint32_t j = 1;; j += 3) {
        uint32_t i = word & 255;
        uint64_t position = word >> 9;
        double sign = (word & 256) != 0 ? -1.0 : 1.0;
        double x = (double)position * sim_ziggurat_normal[i].width;

        if (position < sim_ziggurat_normal[i].inside) {
            return sign * x;
        }
        if (i == 0) {
            return sign * normal_tail(draw, j);
        }
        if (is_under(sim_ziggurat_normal, i, sim_word(draw, j), normal_curve(x))) {
            return sign * x;
        }
        word = sim_word(draw, j + 2);
    }
}

/* A draw of its own, for a variate that needs several: number k of this one. */
static struct sim_draw sub_draw(struct sim_draw draw, uint32_t k)
{
    return (struct sim_draw){.base = sim_word(draw, UINT32_C(0x40000000) + k),
                             .key = draw.key};
}

/* Standard gamma of shape >= 1 by Marsaglia and Tsang (2000). */
static double gamma_at_least_one(double shape, struct sim_draw draw)
{
    double d = shape - 1.0 / 3.0;
    double c = 1.0 / sqrt(9.0 * d);

    for (uint32_t k = 0;; k += 2) {
        double z = sim_draw_normal(sub_draw(draw, k));
        double v = 1.0 + c * z;

        if (v <= 0.0) {
            continue;
        }
        v = v * v * v;
        double u = sim_draw_uniform(sub_draw(draw, k + 1));

        if (u < 1.0 - 0.0331 * (z * z) * (z * z) ||
            log(u) < 0.5 * z * z + d * (1.0 - v + log(v))) {
            return d * v;
        }
    }
}

/* Below shape 1: Gamma(k) = Gamma(k + 1) U^(1/k) (same paper, section 6). */
static double standard_gamma(double shape, struct sim_draw draw)
{
    if (shape >= 1.0) {
        return gamma_at_least_one(shape, draw);
    }
    double u = sim_draw_uniform(draw);

    return gamma_at_least_one(shape + 1.0, draw) * exp(log(u) / shape);
}

static double table_delay(const struct sim_dist *dist, double u)
{
    double position = u * dist->n;
    uint32_t i = (uint32_t)position;

    i = i < dist->n ? i : dist->n - 1;
    return dist->table[i] + (position - i) * (dist->table[i + 1] - dist->table[i]);
}

static double mixture_delay(const struct sim_dist *dist, struct sim_draw draw)
{
    double u = sim_draw_uniform(draw);
    uint32_t i = 0;

    while (i + 1 < dist->n && u >= dist->table[i]) {
        u -= dist->table[i++];
    }
    return sim_draw_delay(&dist->parts[i], sub_draw(draw, 0));
}

double sim_draw_other(const struct sim_dist *dist, struct sim_draw draw)
{
    switch (dist->kind) {
    case SIM_DIST_GAMMA:
        return dist->a * standard_gamma(dist->b, draw);
    case SIM_DIST_TABLE:
        return table_delay(dist, sim_draw_uniform(draw));
    case SIM_DIST_MIXTURE:
        return mixture_delay(dist, draw);
    default:
        return sim_draw_delay(dist, draw);
    }
}
