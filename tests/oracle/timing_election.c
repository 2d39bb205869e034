/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elections of the sampler against elections of real etcd 3.4.23 (tests/data/timing).
 *
 * Each set is compared by a two-sample Kolmogorov-Smirnov test of the measured times
 * against 40,000 played ones at level 1e-4: a right sampler fails one of these
 * tests with probability 1e-4 for a new set of measurements. Seeds are fixed, so
 * the outcome is too.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "models/vcluster/election.h"
#include "tests/support/samples.h"

#define PLAYED 40000u
#define LEVEL  1e-4
#define KILL   "tests/data/timing/etcd_leader_kill.csv"
#define QUORUM "tests/data/timing/etcd_quorum_loss.csv"
#define FREEZE "tests/data/timing/etcd_freeze.csv"
#define SINGLE "tests/data/timing/etcd_single_member_restart.csv"

enum what { LEADER, WRITE };

static struct ha_etcd_timing timing_of(double heartbeat_s, double election_s,
                                       bool prevote)
{
    struct ha_etcd_timing timing = ha_etcd_timing_default();

    timing.heartbeat_s = heartbeat_s;
    timing.election_s = election_s;
    timing.prevote = prevote;
    return timing;
}

static void play(const struct ha_etcd_timing *timing,
                 const struct ha_election_case *who, enum what what, double *out,
                 struct ha_election_outcome *sum)
{
    uint64_t seed = 20;
    struct ha_uniforms uniforms = ha_uniforms_splitmix(&seed);

    memset(sum, 0, sizeof(*sum));
    for (uint32_t i = 0; i < PLAYED; i++) {
        struct ha_election_outcome outcome;

        ha_election_sample(timing, who, &uniforms, &outcome);
        out[i] = what == LEADER ? outcome.leader_s : outcome.write_s;
        sum->first_campaign_s += outcome.first_campaign_s / PLAYED;
        sum->leader_s += outcome.leader_s / PLAYED;
        sum->campaigns += outcome.campaigns > 1;
        sum->ignored += outcome.ignored > 0;
    }
}

static void compare(const char *path, const char *column, const char *const *condition,
                    const struct ha_etcd_timing *timing,
                    const struct ha_election_case *who, enum what what)
{
    static double played[PLAYED];
    struct ha_election_outcome sum;
    struct samples measured = samples_read(path, column, condition);
    double d, p;

    play(timing, who, what, played, &sum);
    for (size_t i = 0; i < measured.n; i++) {
        measured.value[i] *= 1e-3;
    }
    d = samples_ks_distance(measured.n, measured.value, PLAYED, played);
    p = samples_ks_p(d, measured.n, PLAYED);
    cr_expect_gt(p, LEVEL, "%s %s %s: D = %.3f, p = %.2g (n = %zu)", path, column,
                 condition[0], d, p, measured.n);
    samples_release(&measured);
}

struct kill_set {
    uint32_t members;
    int heartbeat_ms;
    int election_ms;
    bool prevote;
};

static const struct kill_set kill_sets[] = {
    {3, 100, 1000, false}, {3, 100, 1000, true},  {5, 100, 1000, false},
    {7, 100, 1000, false}, {3, 50, 500, false},   {7, 50, 500, false},
    {3, 250, 2500, false}, {5, 250, 2500, false},
};

Test(timing_election, leader_killed)
{
    for (size_t k = 0; k < sizeof(kill_sets) / sizeof(kill_sets[0]); k++) {
        const struct kill_set *s = &kill_sets[k];
        struct ha_etcd_timing timing =
            timing_of(s->heartbeat_ms * 1e-3, s->election_ms * 1e-3, s->prevote);
        struct ha_election_case who = {.members = s->members,
                                       .survivors = s->members - 1};
        char members[32], heartbeat[32];
        const char *condition[] = {members, heartbeat,
                                   s->prevote ? "prevote=on" : "prevote=off", NULL};

        (void)snprintf(members, sizeof(members), "members=%u", s->members);
        (void)snprintf(heartbeat, sizeof(heartbeat), "heartbeat_ms=%d",
                       s->heartbeat_ms);
        compare(KILL, "leader_elected_ms", condition, &timing, &who, LEADER);
        compare(KILL, "write_ok_ms", condition, &timing, &who, WRITE);
    }
}

/* A frozen leader is deposed like a dead one. */
Test(timing_election, leader_frozen)
{
    struct ha_etcd_timing timing = timing_of(0.1, 1.0, false);
    struct ha_election_case who = {.members = 3, .survivors = 2};
    const char *condition[] = {"frozen=leader", NULL};

    compare(FREEZE, "new_leader_ms", condition, &timing, &who, LEADER);
}

Test(timing_election, quorum_regained)
{
    static const char *const killed[] = {"killed=followers", "killed=leader+follower"};
    struct ha_etcd_timing timing = timing_of(0.1, 1.0, false);
    struct ha_election_case who = {.members = 3, .waiting = 1, .newcomers = 1};

    for (int k = 0; k < 2; k++) {
        const char *condition[] = {killed[k], NULL};

        compare(QUORUM, "restart_to_leader_ms", condition, &timing, &who, LEADER);
        compare(QUORUM, "restart_to_write_ok_ms", condition, &timing, &who, WRITE);
    }
}

/* A restarted single member must time out and elect itself. */
Test(timing_election, single_member_restarts)
{
    struct ha_election_case who = {.members = 1, .newcomers = 1};

    for (int k = 0; k < 2; k++) {
        double scale = k == 0 ? 1.0 : 0.5;
        struct ha_etcd_timing timing = timing_of(0.1 * scale, scale, false);
        const char *condition[] = {k == 0 ? "heartbeat_ms=100" : "heartbeat_ms=50",
                                   NULL};

        timing.boot_min_s = 0.020; /* until the client port answers */
        timing.boot_max_s = 0.040;
        compare(SINGLE, "restart_to_write_ok_ms", condition, &timing, &who, WRITE);
    }
}

/* The step-down of a leader without quorum is U(E, 2E) ticks. */
Test(timing_election, step_down)
{
    const char *condition[] = {"killed=followers", NULL};
    struct samples measured =
        samples_read(QUORUM, "survivor_reports_no_leader_ms", condition);
    static double uniform[PLAYED];
    double d;

    for (uint32_t i = 0; i < PLAYED; i++) {
        uniform[i] = 1000.0 + 1000.0 * (i + 0.5) / PLAYED;
    }
    d = samples_ks_distance(measured.n, measured.value, PLAYED, uniform);
    cr_expect_gt(samples_ks_p(d, measured.n, PLAYED), LEVEL);
    samples_release(&measured);
}

/*
 * Closed forms, in ticks: mean of the first campaign E - 1.5 + E/N; chance that its
 * voters are still in their lease 1 - (1 - 1/E)^(q-1). 40,000 plays; 4.5 standard
 * errors (false alarm 7e-6 each).
 */
Test(timing_election, closed_forms)
{
    static double played[PLAYED];
    static const uint32_t sizes[] = {3, 5, 7, 9};
    static const int ticks[] = {10, 5, 20};

    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        for (size_t j = 0; j < sizeof(ticks) / sizeof(ticks[0]); j++) {
            uint32_t n = sizes[k];
            double e = ticks[j];
            struct ha_etcd_timing timing = timing_of(0.1, e * 0.1, j % 2 == 0);
            struct ha_election_case who = {.members = n, .survivors = n - 1};
            struct ha_election_outcome sum;
            double mean = (e - 1.5 + e / n) * 0.1;
            double fail_p = 1.0 - pow(1.0 - 1.0 / e, ha_etcd_quorum(n) - 1);
            double seen_p;

            timing.fsync.median_s = 1e-5; /* campaigns meet no others */
            timing.network.median_s = 1e-6;
            play(&timing, &who, LEADER, played, &sum);
            /* sd of the first campaign is below that of one timeout, E/sqrt(12) */
            cr_expect_float_eq(sum.first_campaign_s, mean,
                               4.5 * 0.1 * e / sqrt(12.0 * PLAYED), "n %u E %g", n, e);
            seen_p = (double)sum.campaigns / PLAYED;
            cr_expect_float_eq(seen_p, fail_p,
                               4.5 * sqrt(fail_p * (1.0 - fail_p) / PLAYED) + 1e-3,
                               "n %u E %g: %.4f", n, e, seen_p);
        }
    }
}

/* Two of five dead (leader and one): 11.7 ticks with pre-vote, 13.5 without; slow
 * links: hop 20-40 ms, three members: 13.4 and 14.0 ticks (half of a
 * hop taken as fsync). The tolerances cover the unspecified law of the hop. */
Test(timing_election, further_dead_members_and_slow_hops)
{
    static double played[PLAYED];
    struct ha_election_outcome sum;
    struct ha_election_case five = {.members = 5, .survivors = 3};
    struct ha_election_case three = {.members = 3, .survivors = 2};
    struct ha_etcd_timing timing = timing_of(0.1, 1.0, true);

    play(&timing, &five, LEADER, played, &sum);
    cr_expect_float_eq(sum.leader_s, 1.17, 0.015);
    timing.prevote = false;
    play(&timing, &five, LEADER, played, &sum);
    cr_expect_float_eq(sum.leader_s, 1.35, 0.015);
    timing.fsync = (struct ha_delay){.median_s = 0.015, .sigma = 0.2};
    timing.network = (struct ha_delay){.median_s = 0.015, .sigma = 0.2};
    play(&timing, &three, LEADER, played, &sum);
    cr_expect_float_eq(sum.leader_s, 1.40, 0.025, "%.3f", sum.leader_s);
    timing.prevote = true;
    play(&timing, &three, LEADER, played, &sum);
    cr_expect_float_eq(sum.leader_s, 1.34, 0.03, "%.3f", sum.leader_s);
}
