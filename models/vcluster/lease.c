/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client-go's leader election (tools/leaderelection/leaderelection.go), sampled at
 * faults only: a healthy lease costs no event.
 *
 * What decides the time without a leader:
 *   - the leader renews every R (RetryPeriod) without jitter, so at a fault its last
 *     renewal is U(0, R) old;
 *   - a candidate polls at gaps uniform on [R, 2.2 R]; the clock for its takeover
 *     starts when it first reads the last renewal, not at the renewal, and it takes
 *     over at its first poll at least LD after that. Hence V + S - A: forward
 *     recurrence of the gaps, plus the first sum of gaps that reaches LD, minus the
 *     age. With 60/40/15 and two candidates left that is 72 s, not 60 or 75;
 *   - a leader that is cut off tries at R, 2R, ... after its last renewal, while the
 *     round that began with the first of them has not run for RD, and stops at
 *     exactly R + RD. A try exactly at the deadline has lost its context;
 *   - whoever finds its own name in the record takes it without waiting, which is
 *     how a StatefulSet pod that restarts keeps the lease;
 *   - vCluster does not release the lease on a graceful stop, and kube-controller-
 *     manager's identity has a random part, so its restart always waits.
 *
 * The laws. LD - A is common to all candidates; what each needs beyond that,
 * V + S - LD, is independent of A and of the others. So a common timer followed by
 * one timer per candidate gives the exact joint law, and a candidate that dies in
 * between simply loses its timer. Likewise a leader cut off: its last try, its
 * stop and the expiry of its record follow each other at fixed distances.
 *
 * Since v0.27 the duration of the observed record counts, an integer of seconds;
 * vCluster's keys are integers too, so nothing is lost here.
 *
 * Left out: the hanging of requests into a black hole (vCluster sets no client
 * timeout: one request can eat a round; the stop at R + RD is the same), and two
 * renewals within one second that look equal (R >= 2 s in practice).
 */
#include "models/vcluster/lease.h"

#include <math.h>

#include "sim/check.h"

#define LAW_SAMPLES 16384u
#define LAW_CELLS   1024u
#define LAW_SEED    0x6c65617365304c57u

/* ---- the pieces ---- */

static double sample_gap(const struct ha_lease_times *t, const struct ha_uniforms *u)
{
    return t->retry_period_s * (1.0 + HA_LEASE_JITTER * ha_uniform(u));
}

double ha_lease_sample_look(const struct ha_lease_times *t, const struct ha_uniforms *u)
{
    /* Forward recurrence of U(R, 2.2 R): flat on [0, R) with weight R / 1.6 R, then
     * falling to 0 at 2.2 R. */
    double flat_p = 1.0 / (1.0 + HA_LEASE_JITTER / 2.0);
    double r = t->retry_period_s;

    if (ha_uniform(u) < flat_p) {
        return r * ha_uniform(u);
    }
    return r * (1.0 + HA_LEASE_JITTER * (1.0 - sqrt(ha_uniform(u))));
}

double ha_lease_sample_wait(const struct ha_lease_times *t, const struct ha_uniforms *u)
{
    double sum = 0.0;

    while (sum < t->duration_s) {
        sum += sample_gap(t, u);
    }
    return sum;
}

double ha_lease_sample_age(const struct ha_lease_times *t, const struct ha_uniforms *u)
{
    return t->retry_period_s * ha_uniform(u);
}

/* Number of whole retry periods a cut off leader's round lasts: its last try comes
 * (K + 1) R after the last renewal. */
static double last_try_periods(const struct ha_lease_times *t)
{
    return ceil(t->renew_deadline_s / t->retry_period_s - 1e-9);
}

double ha_lease_cut_off_stop(const struct ha_lease_times *t, double age_s)
{
    return t->retry_period_s + t->renew_deadline_s - age_s;
}

bool ha_lease_survives(const struct ha_lease_times *t, double age_s, double outage_s)
{
    return age_s + outage_s <= last_try_periods(t) * t->retry_period_s;
}

/* ---- whole faults ---- */

double ha_lease_sample_crash(const struct ha_lease_times *t, uint32_t n_candidates,
                             double age_s, const struct ha_uniforms *u)
{
    double first = HUGE_VAL;

    for (uint32_t i = 0; i < n_candidates; i++) {
        double v = ha_lease_sample_look(t, u);
        double takeover = v + ha_lease_sample_wait(t, u) - age_s;

        first = takeover < first ? takeover : first;
    }
    return first;
}

double ha_lease_sample_release(const struct ha_lease_times *t, uint32_t n_candidates,
                               const struct ha_uniforms *u)
{
    double first = HUGE_VAL;

    for (uint32_t i = 0; i < n_candidates; i++) {
        double v = ha_lease_sample_look(t, u);

        first = v < first ? v : first;
    }
    return first;
}

/* First try at or after `from` of somebody whose tries start at `first`. */
static double try_after(const struct ha_lease_times *t, const struct ha_uniforms *u,
                        double first, double from)
{
    while (first < from) {
        first += sample_gap(t, u);
    }
    return first;
}

static double candidate_after_outage(const struct ha_lease_times *t, double age_s,
                                     double outage_s, const struct ha_uniforms *u)
{
    double first_look = ha_lease_sample_look(t, u) - age_s; /* of the last renewal */
    double seen = first_look;
    double at;

    if (first_look >= 0.0) {
        seen = try_after(t, u, first_look, outage_s);
    }
    at = seen;
    while (at < seen + t->duration_s || at < outage_s) {
        at += sample_gap(t, u);
    }
    return at;
}

double ha_lease_sample_outage(const struct ha_lease_times *t, uint32_t n_candidates,
                              double age_s, double outage_s, double respawn_s,
                              const struct ha_uniforms *u, bool *is_old)
{
    double r = t->retry_period_s;
    double first = HUGE_VAL;

    *is_old = true;
    if (ha_lease_survives(t, age_s, outage_s)) {
        return ceil((age_s + outage_s) / r) * r - age_s;
    }
    if (respawn_s >= 0.0) {
        double start = ha_lease_cut_off_stop(t, age_s) + respawn_s;

        first = try_after(t, u, start, outage_s);
    }
    for (uint32_t i = 0; i < n_candidates; i++) {
        double at = candidate_after_outage(t, age_s, outage_s, u);

        if (at < first) {
            first = at;
            *is_old = false;
        }
    }
    return first;
}

/* ---- laws ---- */

enum sampled { TAKEOVER, LOOKS, LOOKS_AND_WAITS, WAITS };

static double sample_one(const struct ha_lease_times *t, enum sampled what,
                         const struct ha_uniforms *u)
{
    switch (what) {
    case TAKEOVER:
        return ha_lease_sample_look(t, u) + ha_lease_sample_wait(t, u) - t->duration_s;
    case LOOKS:
        return ha_lease_sample_look(t, u);
    case LOOKS_AND_WAITS:
        return ha_lease_sample_look(t, u) + ha_lease_sample_wait(t, u);
    case WAITS:
        break;
    }
    return ha_lease_sample_wait(t, u);
}

static struct sim_dist tabulate(struct sim_arena *arena, const struct ha_lease_times *t,
                                enum sampled what)
{
    struct sim_arena scratch;
    uint64_t seed = LAW_SEED + (uint64_t)what;
    struct ha_uniforms uniforms = ha_uniforms_splitmix(&seed);
    struct sim_dist law;
    double *sample;

    sim_arena_init(&scratch);
    sample = sim_arena_calloc(&scratch, LAW_SAMPLES, sizeof(*sample));
    for (uint32_t i = 0; i < LAW_SAMPLES; i++) {
        sample[i] = sample_one(t, what, &uniforms);
    }
    law = sim_dist_empirical(arena, LAW_SAMPLES, sample, LAW_CELLS);
    sim_arena_clear(&scratch);
    return law;
}

void ha_lease_laws_make(struct sim_arena *arena, const struct ha_lease_times *t,
                        struct ha_lease_laws *out)
{
    double r = t->retry_period_s;
    double last = last_try_periods(t) * r;
    double stop = r + t->renew_deadline_s;

    SIM_CHECK(ha_lease_is_valid(t));
    out->expiry = sim_dist_uniform(t->duration_s - r, t->duration_s);
    out->takeover = tabulate(arena, t, TAKEOVER);
    out->last_try = sim_dist_uniform(last - r, last);
    out->give_up = sim_dist_deterministic(stop - last);
    out->expiry_after = sim_dist_deterministic(fmax(0.0, t->duration_s - stop));
    out->looks = tabulate(arena, t, LOOKS);
    out->looks_and_waits = tabulate(arena, t, LOOKS_AND_WAITS);
    out->waits = tabulate(arena, t, WAITS);
}

bool ha_lease_is_valid(const struct ha_lease_times *t)
{
    return t->retry_period_s > 0.0 && t->duration_s > t->renew_deadline_s &&
           t->renew_deadline_s > HA_LEASE_JITTER * t->retry_period_s;
}

struct ha_lease_times ha_lease_times_upstream(void)
{
    return (struct ha_lease_times){
        .duration_s = 15.0, .renew_deadline_s = 10.0, .retry_period_s = 2.0};
}

/* Integral over the age of P(read of m given candidates) with `read` of `asked`. */
static double read_moment(uint32_t read, uint32_t asked)
{
    enum { PANELS = 256 }; /* Simpson; the integrand is a polynomial */
    double mean_gap = 1.0 + HA_LEASE_JITTER / 2.0;
    double sum = 0.0;

    for (int i = 0; i <= PANELS; i++) {
        double p = (double)i / PANELS / mean_gap; /* P(V <= A) at age i/PANELS R */
        double weight = i == 0 || i == PANELS ? 1.0 : (i % 2 == 1 ? 4.0 : 2.0);

        sum += weight * pow(p, read) * pow(1.0 - p, asked - read);
    }
    return sum / (3.0 * PANELS);
}

double ha_lease_read_p(uint32_t read, uint32_t asked)
{
    return read_moment(read + 1, asked + 1) / read_moment(read, asked);
}
