/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long an etcd cluster is without a leader. Samplers play one election event
 * by event, exactly as the raft library decides it; laws tabulate many of them
 * while the plan is made, so that inside a run one timer stands for the whole
 * election.
 */
#ifndef HA_VCLUSTER_ELECTION_H
#define HA_VCLUSTER_ELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "models/vcluster/uniforms.h"
#include "sim/arena.h"
#include "sim/dist.h"

#define HA_ELECTION_MAX_MEMBERS 63

/* A lognormal delay: median in seconds and standard deviation of the logarithm. */
struct ha_delay {
    double median_s;
    double sigma;
};

struct ha_etcd_timing {
    double heartbeat_s;      /* --heartbeat-interval, one tick; default 0.1 */
    double election_s;       /* --election-timeout; default 1.0 */
    bool prevote;            /* --pre-vote; default on since etcd 3.5 */
    struct ha_delay fsync;   /* one WAL save */
    struct ha_delay network; /* one message, one way */
    double boot_min_s;       /* process start until it takes part in votes, */
    double boot_max_s;       /* uniform; WAL replay comes on top (store) */
};

/* etcd's defaults on a local disk and network: 100 ms, 1000 ms, pre-vote on, fsync
 * 0.7 ms, one-way 0.1 ms, boot 15-30 ms (measured with etcd 3.4.23, see
 * tests/data/timing/README.md). */
struct ha_etcd_timing ha_etcd_timing_default(void);

/* Who takes part. survivors followed a leader until it died at time 0; waiting
 * members run without a leader since long; newcomers are started at time 0. The
 * rest of the members is dead for good. */
struct ha_election_case {
    uint32_t members;   /* voting members of the cluster, 1..HA_ELECTION_MAX_MEMBERS */
    uint32_t survivors; /* followers that lost their leader at time 0 */
    uint32_t waiting;   /* members that have been campaigning in vain */
    uint32_t newcomers; /* processes started at time 0 */
};

struct ha_election_outcome {
    double first_campaign_s; /* first timeout of anybody at or after time 0 */
    double leader_s;         /* somebody has a majority */
    double write_s;          /* its first entry is committed: reads and writes work */
    uint32_t campaigns;      /* timeouts until then, from time 0 */
    uint32_t ignored;        /* vote requests dropped by voters still in their lease */
};

/* Plays one election. The participants must be a majority of the members. */
void ha_election_sample(const struct ha_etcd_timing *timing,
                        const struct ha_election_case *who,
                        const struct ha_uniforms *uniforms,
                        struct ha_election_outcome *out);

/* The law of write_s for a case, in seconds, tabulated from a fixed stream: the same
 * on every machine. Not for use inside a run. */
struct sim_dist ha_election_law(struct sim_arena *arena,
                                const struct ha_etcd_timing *timing,
                                const struct ha_election_case *who);

/* A leader that lost its quorum gives up after U(E, 2E) ticks. */
struct sim_dist ha_election_step_down_law(const struct ha_etcd_timing *timing);

/* Ticks of an election timeout, E = election / heartbeat, whole. */
uint32_t ha_etcd_election_ticks(const struct ha_etcd_timing *timing);

/* Members needed to elect and to commit: N/2 + 1. */
uint32_t ha_etcd_quorum(uint32_t members);

#endif
