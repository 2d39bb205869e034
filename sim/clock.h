/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wall clock, for time limits and progress. Drivers ask it between pieces of work,
 * models never do.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

/* Seconds since an arbitrary moment; never goes back. */
double sim_clock_s(void);

#endif
