/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * etcd's leader election, played event by event.
 *
 * Nothing here is fitted. The rules are those of the raft library (etcd-io/raft
 * v3.6.0 raft.go; etcd v3.4.23 has the same in raft/raft.go):
 *   - a member's clock ticks every heartbeat interval at a phase of its own;
 *   - it campaigns at the R-th tick without news of a leader, R uniform on the whole
 *     numbers E..2E-1, drawn anew at each change of term or role, but not by
 *     heartbeats and not when it becomes a pre-candidate;
 *   - a voter that knows a leader and has counted fewer than E ticks since it heard
 *     of it ignores requests for a higher term (the "lease" of CheckQuorum). This,
 *     not the textbook split vote, causes most second rounds: 10, 19 and 27 % of
 *     the elections of 3, 5 and 7 members;
 *   - without pre-vote a candidate and all who voted are spent for that term; with
 *     pre-vote a failed try costs only the wait for the next timeout;
 *   - votes are saved before they are sent, so a hop is one fsync and one message;
 *   - dead members count in the majority.
 * The time to the first campaign is therefore min(R_i - 1 + phase_i) - age of the
 * last heartbeat, not U(E, 2E): a common mistake of one tick.
 *
 * Members returning to a cluster that lost its quorum meet survivors that have been
 * campaigning for long; their clocks are brought to their stationary state by
 * playing them alone for 20 to 40 election timeouts first. A starting member that
 * finds two or more peers skips E - 2 ticks (etcdserver adjustTicks).
 *
 * Left out: differences between logs (every log is as good as the leader's, true
 * within a heartbeat of the death), lost messages, joint configurations. Events per
 * election: two to a few dozen; about a microsecond each.
 */
#include "models/vcluster/election.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "sim/check.h"

#define LAW_SAMPLES  16384u
#define LAW_CELLS    1024u
#define LAW_SEED     0x6e696e65734c4157u
#define MAX_MESSAGES 4096u
#define NOBODY       (-1)
#define NEVER        HUGE_VAL

enum role { FOLLOWER, PRE_CANDIDATE, CANDIDATE };
enum message_kind { PRE_VOTE, VOTE, PRE_VOTE_ANSWER, VOTE_ANSWER };

struct member {
    enum role role;
    bool knows_leader;
    bool is_present; /* running and connected */
    int vote;        /* member voted for in this term, or NOBODY */
    uint32_t term;
    uint32_t timeout;  /* R, ticks */
    double phase;      /* ticks happen at phase + whole numbers (unit: ticks) */
    double reset_tick; /* number of the tick at which the count was 0 */
    uint64_t granted;  /* who said yes to the campaign under way, bit per member */
    uint64_t rejected;
};

struct message {
    double at; /* arrival, ticks */
    enum message_kind kind;
    uint8_t from, to;
    bool is_reject;
    uint32_t term;
};

struct election {
    const struct ha_etcd_timing *timing;
    const struct ha_uniforms *uniforms;
    uint32_t n, quorum, ticks; /* members, majority, E */
    double tick_s;
    struct member member[HA_ELECTION_MAX_MEMBERS];
    uint32_t n_messages;
    struct message message[MAX_MESSAGES];
    double now;
    double first_campaign;
    double leader_at;
    double counted_from; /* campaigns before this time are warming up */
    uint32_t campaigns, ignored;
};

/* ---- draws ---- */

static double draw_delay(const struct election *e, const struct ha_delay *delay)
{
    double z;

    if (delay->sigma <= 0.0) {
        return delay->median_s / e->tick_s;
    }
    z = gsl_cdf_ugaussian_Pinv(ha_uniform(e->uniforms));
    return delay->median_s * exp(delay->sigma * z) / e->tick_s;
}

static uint32_t draw_timeout(const struct election *e)
{
    return e->ticks + (uint32_t)(ha_uniform(e->uniforms) * e->ticks);
}

/* ---- clocks: the count of ticks is derived, never stepped ---- */

static double tick_number(const struct member *m, double at)
{
    return floor(at - m->phase + 1e-9); /* a tick belongs to its own instant */
}

static double elapsed_ticks(const struct member *m, double at)
{
    return tick_number(m, at) - m->reset_tick;
}

static double timeout_at(const struct member *m)
{
    return m->phase + m->reset_tick + m->timeout;
}

static void reset_count(struct member *m, double at)
{
    m->reset_tick = tick_number(m, at);
}

/* raft.reset(): a new term or role starts with a fresh timeout. */
static void reset_member(struct election *e, struct member *m)
{
    m->timeout = draw_timeout(e);
    reset_count(m, e->now);
}

/* ---- messages ---- */

static void send(struct election *e, double at, enum message_kind kind, uint32_t from,
                 uint32_t to, uint32_t term, bool is_reject)
{
    if (!e->member[to].is_present) {
        return;
    }
    SIM_CHECK(e->n_messages < MAX_MESSAGES);
    e->message[e->n_messages++] =
        (struct message){.at = at + draw_delay(e, &e->timing->network),
                         .kind = kind,
                         .from = (uint8_t)from,
                         .to = (uint8_t)to,
                         .is_reject = is_reject,
                         .term = term};
}

static void ask_all(struct election *e, uint32_t from, enum message_kind kind,
                    uint32_t term, double at)
{
    for (uint32_t to = 0; to < e->n; to++) {
        if (to != from) {
            send(e, at, kind, from, to, term, false);
        }
    }
}

/* ---- the rules ---- */

static void become_follower(struct election *e, struct member *m, uint32_t term)
{
    if (term != m->term) {
        m->term = term;
        m->vote = NOBODY;
    }
    m->role = FOLLOWER;
    m->knows_leader = false;
    reset_member(e, m);
}

static void count_votes(struct election *e, uint32_t ix);

static void campaign(struct election *e, uint32_t ix)
{
    struct member *m = &e->member[ix];

    m->role = CANDIDATE;
    m->knows_leader = false;
    m->term++;
    m->vote = (int)ix;
    m->granted = UINT64_C(1) << ix;
    m->rejected = 0;
    reset_member(e, m);
    ask_all(e, ix, VOTE, m->term, e->now + draw_delay(e, &e->timing->fsync));
    count_votes(e, ix);
}

static void pre_campaign(struct election *e, uint32_t ix)
{
    struct member *m = &e->member[ix];

    m->role = PRE_CANDIDATE;
    m->knows_leader = false;
    m->granted = UINT64_C(1) << ix;
    m->rejected = 0;
    ask_all(e, ix, PRE_VOTE, m->term + 1, e->now);
    count_votes(e, ix);
}

static void count_votes(struct election *e, uint32_t ix)
{
    struct member *m = &e->member[ix];

    if ((uint32_t)__builtin_popcountll(m->granted) >= e->quorum) {
        if (m->role == PRE_CANDIDATE) {
            campaign(e, ix);
        } else {
            /* A majority of one has nobody to ask: it only saves its vote. */
            e->leader_at = e->now;
            if (e->quorum == 1) {
                e->leader_at += draw_delay(e, &e->timing->fsync);
            }
        }
    } else if ((uint32_t)__builtin_popcountll(m->rejected) > e->n - e->quorum) {
        become_follower(e, m, m->term);
    }
}

static void time_out(struct election *e, uint32_t ix)
{
    struct member *m = &e->member[ix];

    if (e->now >= e->counted_from) {
        e->campaigns++;
        if (e->campaigns == 1) {
            e->first_campaign = e->now;
        }
    }
    m->reset_tick += m->timeout; /* the count is 0 at this very tick */
    if (e->timing->prevote) {
        pre_campaign(e, ix);
    } else {
        campaign(e, ix);
    }
}

static void answer(struct election *e, const struct message *q, uint32_t term,
                   bool is_reject)
{
    bool is_saved = q->kind == VOTE && !is_reject;
    double at = e->now + (is_saved ? draw_delay(e, &e->timing->fsync) : 0.0);

    send(e, at, q->kind == VOTE ? VOTE_ANSWER : PRE_VOTE_ANSWER, q->to, q->from, term,
         is_reject);
}

static void on_request(struct election *e, const struct message *q)
{
    struct member *m = &e->member[q->to];
    bool can_vote;

    if (q->term > m->term) {
        if (m->knows_leader && elapsed_ticks(m, e->now) < e->ticks) {
            e->ignored++;
            return;
        }
        if (q->kind == VOTE) {
            become_follower(e, m, q->term);
        }
    } else if (q->term < m->term) {
        if (q->kind == PRE_VOTE) {
            answer(e, q, m->term, true);
        }
        return;
    }
    can_vote = m->vote == (int)q->from || (m->vote == NOBODY && !m->knows_leader) ||
               (q->kind == PRE_VOTE && q->term > m->term);
    if (!can_vote) {
        answer(e, q, m->term, true);
        return;
    }
    if (q->kind == VOTE) {
        reset_count(m, e->now);
        m->vote = (int)q->from;
    }
    answer(e, q, q->term, false);
}

static void on_answer(struct election *e, const struct message *a)
{
    struct member *m = &e->member[a->to];
    enum role asked = a->kind == VOTE_ANSWER ? CANDIDATE : PRE_CANDIDATE;

    if (a->is_reject && a->term > m->term) {
        become_follower(e, m, a->term);
        return;
    }
    /* Answers to an earlier term of this candidate are stale. */
    if (m->role != asked || (asked == CANDIDATE && a->term != m->term) ||
        (asked == PRE_CANDIDATE && !a->is_reject && a->term != m->term + 1)) {
        return;
    }
    if (a->is_reject) {
        m->rejected |= UINT64_C(1) << a->from;
    } else {
        m->granted |= UINT64_C(1) << a->from;
    }
    count_votes(e, a->to);
}

/* ---- the loop ---- */

/* Plays what happens next; false when that would be after `until`. */
static bool step(struct election *e, double until)
{
    uint32_t who = 0;
    uint32_t mail = e->n_messages;
    double next = NEVER;

    for (uint32_t i = 0; i < e->n; i++) {
        const struct member *m = &e->member[i];

        if (m->is_present && timeout_at(m) < next) {
            next = timeout_at(m);
            who = i;
        }
    }
    for (uint32_t i = 0; i < e->n_messages; i++) {
        if (e->message[i].at <= next) {
            next = e->message[i].at;
            mail = i;
        }
    }
    if (next > until) {
        return false;
    }
    e->now = next;
    if (mail < e->n_messages) {
        struct message m = e->message[mail];

        e->message[mail] = e->message[--e->n_messages];
        if (m.kind == VOTE || m.kind == PRE_VOTE) {
            on_request(e, &m);
        } else {
            on_answer(e, &m);
        }
    } else {
        time_out(e, who);
    }
    return true;
}

static void add_member(struct election *e, uint32_t ix, bool knows_leader, double at)
{
    struct member *m = &e->member[ix];

    *m = (struct member){
        .is_present = true, .knows_leader = knows_leader, .vote = NOBODY, .term = 1};
    m->timeout = draw_timeout(e);
    m->phase = at + ha_uniform(e->uniforms) - 1.0;
    m->reset_tick = tick_number(m, at);
}

/* A started process counts its ticks from its start; see adjustTicks. */
static void add_newcomer(struct election *e, uint32_t ix, double boot, bool skips)
{
    struct member *m = &e->member[ix];

    add_member(e, ix, false, boot);
    m->phase = boot;
    m->reset_tick = skips ? -(double)(e->ticks - 2) : 0.0;
}

static void admit_newcomers(struct election *e, const struct ha_election_case *who)
{
    uint32_t present = who->survivors + who->waiting;
    double span = e->timing->boot_max_s - e->timing->boot_min_s;

    for (uint32_t i = 0; i < who->newcomers; i++) {
        double boot = e->timing->boot_min_s + span * ha_uniform(e->uniforms);

        boot /= e->tick_s;
        while (e->leader_at == NEVER && step(e, boot)) {
        }
        if (e->leader_at < NEVER) {
            return;
        }
        if (e->now < boot) {
            e->now = boot;
        }
        add_newcomer(e, present + i, e->now, present >= 2);
    }
}

static double last_heartbeat(struct election *e, const struct ha_election_case *who)
{
    /* The dead leader's last heartbeat came within the tick before time 0. */
    return who->survivors > 0 ? -ha_uniform(e->uniforms) : 0.0;
}

static void set_scene(struct election *e, const struct ha_election_case *who)
{
    double heard = last_heartbeat(e, who);
    double warm_up;

    for (uint32_t i = 0; i < who->survivors; i++) {
        add_member(e, i, true, heard);
    }
    if (who->waiting == 0) {
        return;
    }
    warm_up = e->ticks * (20.0 + 20.0 * ha_uniform(e->uniforms));
    e->now = -warm_up;
    for (uint32_t i = 0; i < who->waiting; i++) {
        add_member(e, who->survivors + i, false, -warm_up);
    }
    while (step(e, 0.0)) {
    }
    e->now = 0.0;
}

void ha_election_sample(const struct ha_etcd_timing *timing,
                        const struct ha_election_case *who,
                        const struct ha_uniforms *uniforms,
                        struct ha_election_outcome *out)
{
    struct election e;
    double replication;

    e.timing = timing;
    e.uniforms = uniforms;
    e.n = who->members;
    e.quorum = ha_etcd_quorum(who->members);
    e.ticks = ha_etcd_election_ticks(timing);
    e.tick_s = timing->heartbeat_s;
    e.n_messages = 0;
    e.now = 0.0;
    e.first_campaign = NEVER;
    e.leader_at = NEVER;
    e.counted_from = 0.0;
    e.campaigns = 0;
    e.ignored = 0;
    SIM_CHECK(e.n >= 1 && e.n <= HA_ELECTION_MAX_MEMBERS && e.ticks >= 1);
    SIM_CHECK(who->survivors + who->waiting + who->newcomers <= e.n);
    SIM_CHECK(who->survivors + who->waiting + who->newcomers >= e.quorum);
    memset(e.member, 0, e.n * sizeof(e.member[0]));
    set_scene(&e, who);
    admit_newcomers(&e, who);
    while (e.leader_at == NEVER && step(&e, NEVER)) {
    }
    /* One round of replication: the leader saves while the request travels. */
    replication = draw_delay(&e, &timing->fsync);
    if (e.quorum > 1) {
        replication += draw_delay(&e, &timing->network) * 2.0;
    }
    out->first_campaign_s = e.first_campaign * e.tick_s;
    out->leader_s = e.leader_at * e.tick_s;
    out->write_s = (e.leader_at + replication) * e.tick_s;
    out->campaigns = e.campaigns;
    out->ignored = e.ignored;
}

/* ---- laws ---- */

struct sim_dist ha_election_law(struct sim_arena *arena,
                                const struct ha_etcd_timing *timing,
                                const struct ha_election_case *who)
{
    struct sim_arena scratch;
    uint64_t seed = LAW_SEED;
    struct ha_uniforms uniforms = ha_uniforms_splitmix(&seed);
    struct ha_election_outcome outcome;
    struct sim_dist law;
    double *sample;

    sim_arena_init(&scratch);
    sample = sim_arena_calloc(&scratch, LAW_SAMPLES, sizeof(*sample));
    for (uint32_t i = 0; i < LAW_SAMPLES; i++) {
        ha_election_sample(timing, who, &uniforms, &outcome);
        sample[i] = outcome.write_s;
    }
    law = sim_dist_empirical(arena, LAW_SAMPLES, sample, LAW_CELLS);
    sim_arena_clear(&scratch);
    return law;
}

struct sim_dist ha_election_step_down_law(const struct ha_etcd_timing *timing)
{
    double election_s = ha_etcd_election_ticks(timing) * timing->heartbeat_s;

    return sim_dist_uniform(election_s, 2.0 * election_s);
}

struct ha_etcd_timing ha_etcd_timing_default(void)
{
    return (struct ha_etcd_timing){.heartbeat_s = 0.1,
                                   .election_s = 1.0,
                                   .prevote = true,
                                   .fsync = {.median_s = 0.7e-3, .sigma = 0.5},
                                   .network = {.median_s = 0.1e-3, .sigma = 0.4},
                                   .boot_min_s = 0.015,
                                   .boot_max_s = 0.030};
}

uint32_t ha_etcd_election_ticks(const struct ha_etcd_timing *timing)
{
    return (uint32_t)(timing->election_s / timing->heartbeat_s + 1e-9);
}

uint32_t ha_etcd_quorum(uint32_t members)
{
    return members / 2 + 1;
}
