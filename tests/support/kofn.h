/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The smallest model worth testing with: n components that fail and are repaired
 * independently; the one service is up while at least k of them are. Its long-run
 * unavailability is binomial and depends on the two means only, whatever the laws.
 */
#ifndef SUPPORT_KOFN_H
#define SUPPORT_KOFN_H

#include "sim/model.h"

#define KOFN_MAX 128

struct kofn {
    uint32_t n;
    uint32_t k;                         /* up while at least k components are */
    struct sim_dist dist[2];            /* 0: until failure, 1: until repaired */
    struct sim_slot slot[2 * KOFN_MAX]; /* 2 i: component i fails, 2 i + 1: mended */
    struct sim_model model;
};

/* Fills kofn (which must stay where it is: the model points into it). */
void kofn_init(struct kofn *kofn, uint32_t n, uint32_t k, struct sim_dist failure,
               struct sim_dist repair);

/* P(fewer than k of n are up) for component unavailability q. */
double kofn_unavailability(uint32_t n, uint32_t k, double q);

/* The exact answer for a model made by kofn_init. */
double kofn_exact(const struct kofn *kofn);

#endif
