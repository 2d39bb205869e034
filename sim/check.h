/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Beliefs. SIM_CHECK is always on and cheap; SIM_DEBUG_CHECK only in debug and
 * sanitizer builds (-DSIM_DEBUG). A broken belief is a bug of ours, never of the
 * user's input, so the process aborts with the place and, inside a run, with the
 * seed, replication and simulated time needed to see it again.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

/* Set by the driver that is playing on this thread; printed by a failed check. */
struct sim_check_scene {
    unsigned long long seed;
    unsigned long long replication;
    double now_s;
    unsigned long long serial;
};
extern _Thread_local const struct sim_check_scene *sim_check_scene;

_Noreturn void sim_check_failed(const char *file, int line, const char *what);

#define SIM_CHECK(cond) ((cond) ? (void)0 : sim_check_failed(__FILE__, __LINE__, #cond))

#ifdef SIM_DEBUG
#define SIM_DEBUG_CHECK(cond) SIM_CHECK(cond)
#else
#define SIM_DEBUG_CHECK(cond) ((void)0)
#endif

#endif
