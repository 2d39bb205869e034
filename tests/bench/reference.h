/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hand-written loops for the very work the engine is measured on: what a careful C
 * programmer would write for that one problem and no other. No model interface, no
 * streams by name, no statistics but the one number that proves the work was done.
 * They are the yardstick; the engine is general and may be slower, by a stated ratio.
 */
#ifndef BENCH_REFERENCE_H
#define BENCH_REFERENCE_H

#include <stdint.h>

/* k-of-n with exponential laws until n_events happened; returns the unavailability. */
double reference_exponential(uint32_t n, uint32_t k, double mttf_s, double mttr_s,
                             uint64_t n_events);

/* k-of-n with Weibull failures (shape) and lognormal repair (mu, sigma). */
double reference_general(uint32_t n, uint32_t k, double scale_s, double shape,
                         double mu, double sigma, uint64_t n_events);

/* HOLD on a binary heap: n pending, n_events times take the first and put it back
 * an exponential delay (mean 1) later. Returns the final time. */
double reference_hold(uint32_t n, uint64_t n_events);

/* M/M/1 for n_customers; returns the share of time with at least `many` inside. */
double reference_queue(double lambda, double mu, uint32_t many, uint64_t n_customers);

/* ns per draw of ways not taken: the sum is returned so that work is not removed. */
double reference_philox_exp(uint64_t n);      /* Philox4x32-10 for every draw, log */
double reference_philox_ziggurat(uint64_t n); /* Philox4x32-10 and our ziggurat */
double reference_xoshiro_slots(uint64_t n);   /* xoshiro256++ per slot, ziggurat */
double reference_gsl_exponential(uint64_t n); /* gsl_rng_mt19937 */

#endif
