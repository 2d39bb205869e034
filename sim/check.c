/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last words of a failed check; see sim/check.h. */
#include "sim/check.h"

#include <stdio.h>
#include <stdlib.h>

_Thread_local const struct sim_check_scene *sim_check_scene;

_Noreturn void sim_check_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "nines: bug: %s:%d: this should hold: %s\n", file, line, what);
    if (sim_check_scene != NULL) {
        fprintf(stderr, "  at %.6f s of replication %llu, event %llu, seed %llu\n",
                sim_check_scene->now_s, sim_check_scene->replication,
                sim_check_scene->serial, sim_check_scene->seed);
    }
    abort();
}
