/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two more models for the bench, written like any model: HOLD and a queue. */
#ifndef BENCH_MODELS_H
#define BENCH_MODELS_H

#include "sim/model.h"

/* n timers; each re-arms itself by an exponential law of mean 1. Its memory is its
 * own (never freed: a bench ends). */
struct sim_model bench_hold_model(uint32_t n);

/* M/M/1: arrivals at rate lambda, service at rate mu; "down" while at least `many`
 * customers are inside, a share rho^many of the time. Static: one at a time. */
struct sim_model bench_queue_model(double lambda, double mu, uint32_t many);

#endif
