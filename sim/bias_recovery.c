/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Size-biased recoveries.
 *
 * The chance that another failure falls into a repair is proportional to the length
 * of the repair, and that two more do to its square. So long repairs carry the
 * unavailability, and an estimator that draws repairs by their own law sees the
 * important ones too seldom: with heavy tails its variance is ruined and, worse, its
 * intervals cover too little. Drawing from
 *
 *     g(x) = s0 f(x) + s1 x f(x) / m1 + s2 x^2 f(x) / m2
 *
 * and weighing with f/g = 1 / (s0 + s1 x/m1 + s2 x^2/m2) puts the effort where the
 * downtime is. The weight never exceeds 1 / s0.
 *
 * Each family stays in itself: the size-biased exponential is a Gamma law, the
 * lognormal shifts its mu by sigma^2, the Weibull is a power of a Gamma, a mixture is
 * a mixture with other odds, a table picks its cell by the cell's own moment.
 *
 * Each weighted draw costs a variance factor of up to about 1.3 even where it is
 * useless, so callers stop after a few per excursion and learn the shares.
 *
 * Source of the idea: length-biased sampling in renewal theory (Cox, "Renewal Theory",
 * 1962, ch. 5); for highly reliable systems Nicola, Shahabuddin, Heidelberger, Glynn,
 * FTCS-23, 1993.
 */
#include "sim/bias_recovery.h"

#include <math.h>

#include "sim/check.h"

#include "sim/poison.h"

/* Sub-draws of one draw: far from the few first words that a variate uses. */
static struct sim_draw sub_draw(struct sim_draw draw, uint32_t j)
{
    draw.base += UINT64_C(0xa0761d6478bd642f) * (j + 1);
    return draw;
}

/* Standard Gamma with shape 1 + order: a sum of exponentials. */
static double draw_erlang(int order, struct sim_draw draw)
{
    double x = sim_draw_exp(draw);

    for (int i = 1; i <= order; i++) {
        x += sim_draw_exp(sub_draw(draw, (uint32_t)i));
    }
    return x;
}

static double draw_power(const struct sim_dist *law, int order, struct sim_draw draw)
{
    const double n = order + 1.0;
    const double low = pow(law->a, n);
    const double high = pow(law->b, n);

    return pow(low + sim_draw_uniform(draw) * (high - low), 1.0 / n);
}

/* Integral of x^k over [a, b], per unit of probability of the cell. */
static double cell_moment(double a, double b, int k)
{
    if (k == 1) {
        return 0.5 * (a + b);
    }
    return (a * a + a * b + b * b) / 3.0;
}

static double draw_cell(const struct sim_dist *law, int order, struct sim_draw draw)
{
    double u =
        sim_draw_uniform(sub_draw(draw, 9)) * law->n * sim_dist_moment(law, order);
    uint32_t i = law->n - 1;

    /* From the top: the large cells carry most of the moment. */
    for (; i > 0; i--) {
        u -= cell_moment(law->table[i], law->table[i + 1], order);
        if (u <= 0.0) {
            break;
        }
    }
    const struct sim_dist cell = {
        .kind = SIM_DIST_UNIFORM, .a = law->table[i], .b = law->table[i + 1]};

    return draw_power(&cell, order, draw);
}

static double draw_part(const struct sim_dist *law, int order, struct sim_draw draw)
{
    double u = sim_draw_uniform(sub_draw(draw, 9)) * sim_dist_moment(law, order);
    uint32_t i = 0;

    for (; i + 1 < law->n; i++) {
        u -= law->table[i] * sim_dist_moment(&law->parts[i], order);
        if (u <= 0.0) {
            break;
        }
    }
    return sim_size_biased(&law->parts[i], order, sub_draw(draw, 17));
}

double sim_size_biased(const struct sim_dist *law, int order, struct sim_draw draw)
{
    if (order == 0) {
        return sim_draw_delay(law, draw);
    }
    switch (law->kind) {
    case SIM_DIST_EXPONENTIAL:
        return law->a * draw_erlang(order, draw);
    case SIM_DIST_WEIBULL: {
        const struct sim_dist gamma = sim_dist_gamma(1.0, 1.0 + order / law->b);
        return law->a * pow(sim_draw_other(&gamma, draw), 1.0 / law->b);
    }
    case SIM_DIST_GAMMA: {
        const struct sim_dist gamma = sim_dist_gamma(law->a, law->b + order);
        return sim_draw_other(&gamma, draw);
    }
    case SIM_DIST_LOGNORMAL:
        return exp(law->a + order * law->b * law->b + law->b * sim_draw_normal(draw));
    case SIM_DIST_UNIFORM:
        return draw_power(law, order, draw);
    case SIM_DIST_DETERMINISTIC:
        return law->a;
    case SIM_DIST_MIXTURE:
        return draw_part(law, order, draw);
    case SIM_DIST_TABLE:
        return draw_cell(law, order, draw);
    }
    SIM_CHECK(!"unknown law");
    return 0.0;
}

static int pick_order(const struct sim_size_mix *mix, struct sim_draw pick)
{
    const double u = sim_draw_uniform(pick);

    if (u < mix->share[0]) {
        return 0;
    }
    return u < mix->share[0] + mix->share[1] ? 1 : 2;
}

static struct sim_sized weigh(const struct sim_size_mix *mix, double x, double m1,
                              double m2)
{
    const double part[SIM_SIZE_ORDERS] = {mix->share[0], mix->share[1] * x / m1,
                                          mix->share[2] * x * x / m2};
    const double ratio = 1.0 / (part[0] + part[1] + part[2]);

    return (struct sim_sized){
        .x = x,
        .ratio = ratio,
        .credit = {part[0] * ratio, part[1] * ratio, part[2] * ratio},
    };
}

struct sim_sized sim_sized_delay(const struct sim_dist *law,
                                 const struct sim_size_mix *mix, struct sim_draw pick,
                                 struct sim_draw value)
{
    const double m1 = sim_dist_moment(law, 1);
    const double m2 = sim_dist_moment(law, 2);

    if (!(m2 > m1 * m1 * (1.0 + 1e-9)) || !isfinite(m2)) {
        return (struct sim_sized){
            .x = sim_draw_delay(law, value), .ratio = 1.0, .credit = {1.0, 0.0, 0.0}};
    }
    return weigh(mix, sim_size_biased(law, pick_order(mix, pick), value), m1, m2);
}

struct sim_sized sim_sized_exp(const struct sim_size_mix *mix, struct sim_draw pick,
                               struct sim_draw value)
{
    return weigh(mix, draw_erlang(pick_order(mix, pick), value), 1.0, 2.0);
}
