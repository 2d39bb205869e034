/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wall clock: POSIX CLOCK_MONOTONIC, which no setting of the date can turn back. */
#include "sim/clock.h"

#include <time.h>

double sim_clock_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
