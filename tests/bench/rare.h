/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BENCH_RARE_H
#define BENCH_RARE_H

/* Prints time to precision for rare problems; returns how many could not be run. */
int bench_rare(void);

#endif
