/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leader election on a Kubernetes Lease, as client-go does it: how long nobody
 * leads after a fault, and who takes over. A fault is followed by a chain of
 * timers, each with a law of its own, so that a second fault in between meets the
 * truth: a candidate that dies takes only its own timer with it, and a pod that
 * comes back under the holder's name needs no timer at all.
 */
#ifndef HA_VCLUSTER_LEASE_H
#define HA_VCLUSTER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/design/design.h"
#include "models/vcluster/uniforms.h"
#include "sim/arena.h"
#include "sim/dist.h"

/* Candidates poll at intervals R * (1 + 1.2 u): client-go's JitterFactor. */
#define HA_LEASE_JITTER 1.2

/*
 * The laws of one lease. LD, RD, R are lease duration, renew deadline and retry
 * period; A is the age of the last renewal at the fault, uniform on (0, R).
 *
 *   leader dies      expiry: LD - A, uniform. Then each candidate on its own:
 *                    takeover, the rest of its waiting. First wins.
 *   leader cut off   last_try: (K+1) R - A; healed before, nothing has happened.
 *                    Then give_up: it stops. Then expiry_after: the rest until LD.
 *   API back         looks: first try after it. A candidate that had not read the
 *                    last renewal before the outage needs looks_and_waits.
 *   started later    waits: it reads the record at once and then waits LD.
 *   same name back   at its first try: no law needed.
 */
struct ha_lease_laws {
    struct sim_dist expiry;          /* U(LD - R, LD) */
    struct sim_dist takeover;        /* V + S - LD of one candidate, up to 4.4 R */
    struct sim_dist last_try;        /* U(K R, (K+1) R), K = ceil(RD/R) - 1 */
    struct sim_dist give_up;         /* R + RD - (K+1) R, fixed */
    struct sim_dist expiry_after;    /* LD - R - RD, fixed; 0 when RD + R >= LD */
    struct sim_dist looks;           /* forward recurrence of the polling gaps, V */
    struct sim_dist looks_and_waits; /* V + S */
    struct sim_dist waits;           /* S: first sum of gaps >= LD */
};

/* Makes the laws; the tables live in arena, from a fixed stream (the same on every
 * machine). The times must have passed ha_lease_is_valid. */
void ha_lease_laws_make(struct sim_arena *arena, const struct ha_lease_times *times,
                        struct ha_lease_laws *out);

/* client-go refuses to run unless LD > RD > 1.2 R > 0; then a candidate panics. */
bool ha_lease_is_valid(const struct ha_lease_times *times);

/* Upstream times of kube-controller-manager and kube-scheduler: 15/10/2 s. */
struct ha_lease_times ha_lease_times_upstream(void);

/*
 * P(the next candidate had read the last renewal before the fault), given that
 * `read` of the `asked` candidates looked at so far had: exact for a common A, so
 * drawing candidate after candidate with it gives the right joint law.
 */
double ha_lease_read_p(uint32_t read, uint32_t asked);

/* ---- samplers of whole faults, for tests and tables ---- */

/* V: from the last renewal to a candidate's next try, in seconds. */
double ha_lease_sample_look(const struct ha_lease_times *times,
                            const struct ha_uniforms *uniforms);
/* S: sum of polling gaps until at least LD. */
double ha_lease_sample_wait(const struct ha_lease_times *times,
                            const struct ha_uniforms *uniforms);

/* Age of the last renewal at a random moment, uniform on (0, R). */
double ha_lease_sample_age(const struct ha_lease_times *times,
                           const struct ha_uniforms *uniforms);

/* Leader dies at 0 with a last renewal of age_s: seconds until one of n_candidates
 * leads. */
double ha_lease_sample_crash(const struct ha_lease_times *times, uint32_t n_candidates,
                             double age_s, const struct ha_uniforms *uniforms);

/* The leader released the lease at 0 (vCluster never does): seconds until taken. */
double ha_lease_sample_release(const struct ha_lease_times *times,
                               uint32_t n_candidates,
                               const struct ha_uniforms *uniforms);

/* When a leader that was cut off at 0 stops: R + RD - age. */
double ha_lease_cut_off_stop(const struct ha_lease_times *times, double age_s);

/* Does a leader survive an outage of the API of length outage_s? */
bool ha_lease_survives(const struct ha_lease_times *times, double age_s,
                       double outage_s);

/*
 * Every call of everybody fails in [0, outage_s). The old leader's process, when it
 * lost the lease, starts again under the same name respawn_s later (negative:
 * never). Returns the time of the first successful write after the outage began;
 * *is_old tells whether the old identity made it.
 */
double ha_lease_sample_outage(const struct ha_lease_times *times, uint32_t n_candidates,
                              double age_s, double outage_s, double respawn_s,
                              const struct ha_uniforms *uniforms, bool *is_old);

#endif
