/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Placements per second, for `make bench`. */
#ifndef BENCH_PLACING_H
#define BENCH_PLACING_H

/* Prints a table: 10 to 5,000 nodes; plain pods, spread, anti-affinity, both. Returns
 * how many placements gave a wrong number of feasible nodes (0). */
int bench_placing(void);

#endif
