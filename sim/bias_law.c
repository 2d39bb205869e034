/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Downtime in a window as a compound Poisson sum: a fixed sample of its law.
 *
 * Excursions with an outage arrive nearly as a Poisson process and are nearly
 * independent, so the downtime of a window is a sum of a Poisson number of downtimes
 * drawn from their weighted law. The number, given at least one, is stratified (one
 * draw in each of SIM_BIAS_ATOMS equal parts of its law); the downtimes come from fixed
 * random numbers, so equal tallies give equal laws. Within a bin of the histogram (16
 * per factor of 10) all downtimes are the bin's mean, which keeps the mean exact.
 */
#include <math.h>
#include <stdlib.h>

#include "sim/bias.h"

static int compare_atoms(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double draw_downtime(const struct sim_bias_law *law, double u)
{
    uint32_t low = 0;
    uint32_t high = SIM_DOWNTIME_BINS - 1;

    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (law->weight[middle] > u) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return law->mean_s[low];
}

/* Hits in a window given at least one: inversion of the truncated Poisson law. */
static uint32_t draw_hits(double mean, double u)
{
    double p = mean * exp(-mean) / -expm1(-mean);
    uint32_t n = 1;

    while (u > p && n < 1000) {
        u -= p;
        n++;
        p *= mean / n;
    }
    return n;
}

void sim_bias_law_sample(const struct sim_bias_law *law, double mean, double budget_s,
                         double *atom_s, double *many_share, double *many_over)
{
    const struct sim_rng_key key = sim_rng_key_of(0x6c6177, 0, 0);
    uint32_t n_many = 0;
    uint32_t n_over = 0;

    for (uint32_t i = 0; i < SIM_BIAS_ATOMS; i++) {
        const uint32_t n = draw_hits(mean, (i + 0.5) / SIM_BIAS_ATOMS);
        double sum_s = 0.0;
        for (uint32_t j = 0; j < n; j++) {
            sum_s += draw_downtime(law, sim_draw_uniform(sim_draw_of(&key, i, j)));
        }
        atom_s[i] = sum_s;
        if (n > 1) {
            n_many++;
            n_over += budget_s >= 0.0 && sum_s > budget_s;
        }
    }
    qsort(atom_s, SIM_BIAS_ATOMS, sizeof *atom_s, compare_atoms);
    *many_share = (double)n_many / SIM_BIAS_ATOMS;
    *many_over = n_many > 0 ? (double)n_over / n_many : 0.0;
}
