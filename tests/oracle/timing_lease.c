/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lease fail-over of the sampler against the real client-go elector
 * (tests/data/timing/lease_failover.csv): every set but the one in whole seconds
 * with scaled times, which shows an artefact of scaling. Kolmogorov-Smirnov at level
 * 1e-4 a set (false alarm for new measurements), against 40,000 sampled faults.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/vcluster/lease.h"
#include "tests/support/samples.h"

#define SAMPLED   40000u
#define LEVEL     1e-4
#define FILE_NAME "tests/data/timing/lease_failover.csv"

static const struct ha_lease_times t60 = {60.0, 40.0, 15.0};
static const struct ha_lease_times t15 = {15.0, 10.0, 2.0};
static const struct ha_lease_times t3 = {3.0, 2.0, 0.75};

enum fault { CRASH, RELEASE };

struct lease_set {
    const char *name;
    const struct ha_lease_times *times;
    uint32_t members;
    enum fault fault;
};

static const struct lease_set sets[] = {
    {"set=crash_60_n2", &t60, 2, CRASH},     {"set=crash_60_n2_again", &t60, 2, CRASH},
    {"set=crash_60_n3", &t60, 3, CRASH},     {"set=crash_60_n5", &t60, 5, CRASH},
    {"set=cancel_60_n3", &t60, 3, CRASH}, /* not released: costs the same */
    {"set=partition_60_n3", &t60, 3, CRASH}, {"set=blackhole_60_n3", &t60, 3, CRASH},
    {"set=crash_15_n2", &t15, 2, CRASH},     {"set=crash_15_n5", &t15, 5, CRASH},
    {"set=crash_3_n2", &t3, 2, CRASH},       {"set=crash_3_n3", &t3, 3, CRASH},
    {"set=crash_3_n5", &t3, 5, CRASH},       {"set=release_60_n2", &t60, 2, RELEASE},
    {"set=release_60_n3", &t60, 3, RELEASE}, {"set=release_60_n5", &t60, 5, RELEASE},
    {"set=release_15_n2", &t15, 2, RELEASE}, {"set=release_15_n5", &t15, 5, RELEASE},
    {"set=release_3_n3", &t3, 3, RELEASE},
};

static double sample(const struct lease_set *s, const struct ha_uniforms *u)
{
    if (s->fault == RELEASE) {
        return ha_lease_sample_release(s->times, s->members - 1, u);
    }
    return ha_lease_sample_crash(s->times, s->members - 1,
                                 ha_lease_sample_age(s->times, u), u);
}

Test(timing_lease, crash_release_partition)
{
    static double sampled[SAMPLED];

    for (size_t k = 0; k < sizeof(sets) / sizeof(sets[0]); k++) {
        const char *condition[] = {sets[k].name, NULL};
        struct samples measured = samples_read(FILE_NAME, "new_leader_s", condition);
        uint64_t seed = 3;
        struct ha_uniforms uniforms = ha_uniforms_splitmix(&seed);
        double d, p;

        for (uint32_t i = 0; i < SAMPLED; i++) {
            sampled[i] = sample(&sets[k], &uniforms);
        }
        d = samples_ks_distance(measured.n, measured.value, SAMPLED, sampled);
        p = samples_ks_p(d, measured.n, SAMPLED);
        cr_expect_gt(p, LEVEL, "%s: D = %.3f, p = %.2g", sets[k].name, d, p);
        samples_release(&measured);
    }
}

/* The same name back after delta leads at once, unless somebody was faster. Share
 * kept: 4.5 standard errors of 2,000 trials. */
Test(timing_lease, same_identity_restarts)
{
    static const double deltas[] = {5.0, 20.0, 60.0, 80.0};
    static double sampled[SAMPLED];

    for (size_t k = 0; k < sizeof(deltas) / sizeof(deltas[0]); k++) {
        char param[32];
        const char *condition[] = {"set=restart_60_n3", param, NULL};
        struct samples measured, kept;
        uint64_t seed = 4;
        struct ha_uniforms uniforms = ha_uniforms_splitmix(&seed);
        double n_kept = 0.0, share, seen = 0.0, d;

        (void)snprintf(param, sizeof(param), "param_s=%g", deltas[k]);
        measured = samples_read(FILE_NAME, "new_leader_s", condition);
        kept = samples_read(FILE_NAME, "same_holder", condition);
        for (uint32_t i = 0; i < SAMPLED; i++) {
            double age = ha_lease_sample_age(&t60, &uniforms);
            double other = ha_lease_sample_crash(&t60, 2, age, &uniforms);

            n_kept += deltas[k] < other;
            sampled[i] = deltas[k] < other ? deltas[k] : other;
        }
        for (size_t i = 0; i < measured.n; i++) {
            seen += kept.value[i];
            /* the atom: the elector needs milliseconds, under load 0.1 s */
            if (fabs(measured.value[i] - deltas[k]) < 0.1) {
                measured.value[i] = deltas[k];
            }
        }
        share = n_kept / SAMPLED;
        cr_expect_float_eq(seen / (double)kept.n, share,
                           4.5 * sqrt(share * (1.0 - share) / (double)kept.n) + 1e-9,
                           "%g s: kept %.3f, expected %.3f", deltas[k],
                           seen / (double)kept.n, share);
        d = samples_ks_distance(measured.n, measured.value, SAMPLED, sampled);
        cr_expect_gt(samples_ks_p(d, measured.n, SAMPLED), LEVEL);
        samples_release(&measured);
        samples_release(&kept);
    }
}

/* A leader cut off stops R + RD after its last renewal, exactly: measured trial by
 * trial (tolerance 0.15 s for scheduling under load). */
Test(timing_lease, cut_off_leader_stops)
{
    static const char *const names[] = {"set=partition_60_n3", "set=blackhole_60_n3"};

    for (int k = 0; k < 2; k++) {
        const char *condition[] = {names[k], NULL};
        struct samples stop =
            samples_read(FILE_NAME, "old_leader_stopped_s", condition);
        struct samples age = samples_read(FILE_NAME, "age_of_lease_s", condition);

        cr_assert_eq(stop.n, age.n);
        for (size_t i = 0; i < stop.n; i++) {
            cr_assert_float_eq(stop.value[i], ha_lease_cut_off_stop(&t60, age.value[i]),
                               0.15);
        }
        samples_release(&stop);
        samples_release(&age);
    }
}

/* P(lost) of an outage of length D is clamp((D - K R) / R, 0, 1); whoever survives
 * writes at its next try. 40,000 outages, 4.5 standard errors. */
Test(timing_lease, leader_survives_short_outages)
{
    static const double lengths[] = {29.0, 33.0, 37.5, 44.0, 46.0};
    uint64_t seed = 5;
    struct ha_uniforms uniforms = ha_uniforms_splitmix(&seed);

    for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
        double lost_p = fmin(1.0, fmax(0.0, (lengths[k] - 30.0) / 15.0));
        double lost = 0.0;

        for (uint32_t i = 0; i < SAMPLED; i++) {
            bool is_old;
            double age = ha_lease_sample_age(&t60, &uniforms);
            double at = ha_lease_sample_outage(&t60, 2, age, lengths[k], -1.0,
                                               &uniforms, &is_old);

            lost += !is_old;
            cr_assert(at >= lengths[k]);
            cr_assert(!is_old || at <= lengths[k] + 15.0);
        }
        cr_expect_float_eq(lost / SAMPLED, lost_p,
                           4.5 * sqrt(lost_p * (1.0 - lost_p) / SAMPLED) + 1e-9);
    }
}

/* Quantiles of a million draws of the rules (three replicas, 60/40/15), and the
 * chance that a candidate had read the last renewal: 5/16 for one. */
Test(timing_lease, published_quantiles)
{
    static double sampled[SAMPLED];
    uint64_t seed = 6;
    struct ha_uniforms uniforms = ha_uniforms_splitmix(&seed);
    double mean = 0.0;

    for (uint32_t i = 0; i < SAMPLED; i++) {
        double age = ha_lease_sample_age(&t60, &uniforms);

        sampled[i] = ha_lease_sample_crash(&t60, 2, age, &uniforms);
        mean += sampled[i] / SAMPLED;
    }
    samples_sort(SAMPLED, sampled);
    cr_expect_float_eq(mean, 71.82, 4.5 * 9.6 / sqrt(SAMPLED));
    cr_expect_float_eq(sampled[SAMPLED / 10], 59.5, 0.4);
    cr_expect_float_eq(sampled[SAMPLED / 2], 71.5, 0.4);
    cr_expect_float_eq(sampled[SAMPLED * 9 / 10], 84.5, 0.4);
    cr_expect_float_eq(ha_lease_read_p(0, 0), 0.3125, 1e-12);
    cr_expect_gt(ha_lease_read_p(1, 1), 0.3125, "a common age: who read is old news");
}
