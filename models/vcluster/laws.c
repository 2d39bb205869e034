/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Laws of the tenant control plane: how long its processes, elections, leases and
 * people take.
 *
 * Where a source fixes a bound, the law is uniform between the bounds; where the
 * catalogue has a row, the row; elections and leases are tabulated from their
 * samplers. Numbers no source fixes are named below with the reason for the choice.
 */
#include "models/vcluster/laws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check.h"

/* A start without a store gives up after five minutes: loft-sh/vcluster
 * pkg/k8s/k8s.go (wait for readyz). */
#define STORE_LIMIT_S 300.0
/* etcd's startup probe: 10 s + 24 x 10 s (chart/templates/etcd-statefulset.yaml). */
#define ETCD_STARTUP_S 250.0
/* A probe that times out takes 3 s instead of 2: up to half as long again. */
#define PROBE_STRETCH 1.5
/* kube-apiserver's etcd client: keepalive every 30 s, 10 s to answer; how long since
 * the last ping is unknown (factory/etcd3.go). */
#define STICKY_MIN_S 10.0
#define STICKY_MAX_S 40.0
/* Caches are warm; a few seconds (parameter of ours, no source). */
#define CONTROLLERS_MIN_S 2.0
#define CONTROLLERS_MAX_S 8.0
/* One to three container restarts of about 30 s, then a learner's catch-up of about
 * a minute (vCluster documentation, embedded etcd). */
#define REFILL_MIN_S (30.0 + 60.0)
#define REFILL_MAX_S (90.0 + 60.0)
/* Operator: half an hour in working hours (40 of 168), two hours otherwise, then ten
 * minutes of work. A judgement, as in models/infra/volume_loss.c. */
#define WORKING_SHARE (40.0 / 168.0)
#define BY_DAY_S      (1800.0 + 600.0)
#define BY_NIGHT_S    (7200.0 + 600.0)
#define ANSWER_SIGMA  0.7

#define TABLE_SAMPLES 8192u
#define TABLE_CELLS   512u
#define TABLE_SEED    0x6b636d6c65617365u

/* ---- etcd timing from values and catalogue ---- */

static const struct ha_node *extra_args(const struct ha_design *design)
{
    const char *path = design->vcluster.store == HA_STORE_ETCD_EMBEDDED
                           ? "controlPlane.backingStore.etcd.embedded.extraArgs"
                           : "controlPlane.backingStore.etcd.deploy.statefulSet."
                             "extraArgs";

    return ha_node_at(design->values, path);
}

/* The value of --flag=value among the arguments, or NULL; the last one counts. */
static const char *find_flag(const struct ha_node *args, const char *flag)
{
    size_t length = strlen(flag);
    const char *found = NULL;

    for (uint32_t i = 0; args != NULL && args->kind == HA_NODE_LIST && i < args->n;
         i++) {
        const char *text = ha_node_text(args->item[i], "");

        text += strspn(text, "-");
        if (strncmp(text, flag, length) == 0 && text[length] == '=') {
            found = text + length + 1;
        }
    }
    return found;
}

static double milliseconds(const char *text, double fallback_s)
{
    char *end = NULL;
    double ms = text == NULL ? 0.0 : strtod(text, &end);

    return text != NULL && *end == '\0' && ms > 0.0 ? ms * 1e-3 : fallback_s;
}

struct ha_etcd_timing ha_raft_timing(const struct ha_design *design)
{
    const struct ha_node *args = extra_args(design);
    const struct ha_catalog *c = &design->catalog;
    const struct ha_param_value *p50 = &c->value[HA_PARAM_FSYNC_P50];
    const struct ha_param_value *p99 = &c->value[HA_PARAM_FSYNC_P99];
    const struct ha_param_value *rtt =
        &c->value[design->host.n_zones > 1 ? HA_PARAM_NET_RTT_INTER_ZONE
                                           : HA_PARAM_NET_RTT_INTRA_ZONE];
    struct ha_etcd_timing t = ha_etcd_timing_default();
    const char *prevote = find_flag(args, "pre-vote");

    t.heartbeat_s = milliseconds(find_flag(args, "heartbeat-interval"), t.heartbeat_s);
    t.election_s = milliseconds(find_flag(args, "election-timeout"), t.election_s);
    if (t.election_s < 5.0 * t.heartbeat_s) {
        t.election_s = 5.0 * t.heartbeat_s; /* etcd refuses less: embed/config.go */
    }
    t.prevote = prevote == NULL || strcmp(prevote, "false") != 0;
    if (p50->is_set && p99->is_set && p99->mid > p50->mid && p50->mid > 0.0) {
        t.fsync.median_s = p50->mid * 1e-3;
        t.fsync.sigma = log(p99->mid / p50->mid) / 2.3263478740408408;
    }
    if (rtt->is_set && rtt->mid > 0.0) {
        t.network.median_s = rtt->mid * 1e-3 / 2.0;
        t.network.sigma = 0.4; /* catalogue: lognormal s = 0.4 */
    }
    return t;
}

static void make_raft_laws(struct ha_vc_plan *plan, struct ha_builder *b)
{
    struct ha_etcd_timing t = ha_raft_timing(plan->design);
    uint32_t n = plan->n_members;
    struct ha_election_case regained = {
        .members = n, .waiting = plan->quorum - 1, .newcomers = 1};

    plan->law.step_down = ha_build_dist(b, ha_election_step_down_law(&t));
    plan->law.regained = ha_build_dist(b, ha_election_law(b->arena, &t, &regained));
    plan->law.lost = sim_arena_calloc(b->arena, n + 1, sizeof(*plan->law.lost));
    for (uint32_t up = plan->quorum; up < n; up++) {
        struct ha_election_case lost = {.members = n, .survivors = up};

        plan->law.lost[up] = ha_build_dist(b, ha_election_law(b->arena, &t, &lost));
    }
}

/* ---- leases ---- */

static void make_lease_laws(struct ha_vc_plan *plan, struct ha_builder *b)
{
    struct ha_lease_laws laws;
    struct ha_vc_laws *l = &plan->law;
    uint32_t side = plan->n_cp + 1;

    ha_lease_laws_make(b->arena, &plan->design->vcluster.lease, &laws);
    l->lease_expiry = ha_build_dist(b, laws.expiry);
    l->lease_takeover = ha_build_dist(b, laws.takeover);
    l->lease_last_try = ha_build_dist(b, laws.last_try);
    l->lease_give_up = ha_build_dist(b, laws.give_up);
    l->lease_expiry_after = ha_build_dist(b, laws.expiry_after);
    l->lease_looks = ha_build_dist(b, laws.looks);
    l->lease_looks_and_waits = ha_build_dist(b, laws.looks_and_waits);
    l->lease_waits = ha_build_dist(b, laws.waits);
    plan->read_p =
        sim_arena_calloc(b->arena, (size_t)side * side, sizeof(*plan->read_p));
    for (uint32_t asked = 0; asked < side; asked++) {
        for (uint32_t read = 0; read <= asked; read++) {
            plan->read_p[asked * side + read] = ha_lease_read_p(read, asked);
        }
    }
}

/* Time until the first of n candidates leads, after a crash or after a stall of the
 * store that outlasted the holder (counted from the end of the stall). */
static double sample_kcm(const struct ha_lease_times *t, uint32_t n, bool is_stall,
                         const struct ha_uniforms *u)
{
    double age = ha_lease_sample_age(t, u);
    double first = HUGE_VAL;

    if (!is_stall) {
        return ha_lease_sample_crash(t, n, age, u);
    }
    for (uint32_t i = 0; i < n; i++) {
        bool had_read = ha_lease_sample_look(t, u) <= age;
        double at = ha_lease_sample_look(t, u);

        at += had_read ? 0.0 : ha_lease_sample_wait(t, u);
        first = at < first ? at : first;
    }
    return first;
}

static uint32_t tabulate_kcm(struct ha_builder *b, const struct ha_lease_times *t,
                             uint32_t n, bool is_stall)
{
    struct sim_arena scratch;
    uint64_t seed = TABLE_SEED + 2 * n + is_stall;
    struct ha_uniforms u = ha_uniforms_splitmix(&seed);
    double *sample;
    uint32_t law;

    sim_arena_init(&scratch);
    sample = sim_arena_calloc(&scratch, TABLE_SAMPLES, sizeof(*sample));
    for (uint32_t i = 0; i < TABLE_SAMPLES; i++) {
        sample[i] = sample_kcm(t, n, is_stall, &u);
    }
    law = ha_build_dist(
        b, sim_dist_empirical(b->arena, TABLE_SAMPLES, sample, TABLE_CELLS));
    sim_arena_clear(&scratch);
    return law;
}

static void make_kcm_laws(struct ha_vc_plan *plan, struct ha_builder *b)
{
    struct ha_lease_times t = ha_lease_times_upstream();
    struct ha_lease_laws laws;
    struct ha_vc_laws *l = &plan->law;

    ha_lease_laws_make(b->arena, &t, &laws);
    l->kcm_last_try = ha_build_dist(b, laws.last_try);
    l->kcm_give_up = ha_build_dist(b, laws.give_up);
    l->kcm_waits = ha_build_dist(b, laws.waits);
    l->kcm_crash = sim_arena_calloc(b->arena, plan->n_cp + 1, sizeof(uint32_t));
    l->kcm_stall = sim_arena_calloc(b->arena, plan->n_cp + 1, sizeof(uint32_t));
    for (uint32_t n = 1; n <= plan->n_cp; n++) {
        l->kcm_crash[n] = tabulate_kcm(b, &t, n, false);
        l->kcm_stall[n] = tabulate_kcm(b, &t, n, true);
    }
}

/* ---- processes and people ---- */

static struct sim_dist duration(const struct ha_design *design, enum ha_param row,
                                double fallback_s)
{
    struct sim_dist law;

    if (!ha_catalog_duration(&design->catalog, row, &law)) {
        law = sim_dist_lognormal_median(fallback_s, ANSWER_SIGMA);
    }
    return law;
}

/* The law of a catalogue row, or one around fallback_s where it has none. */
static uint32_t add_row(const struct ha_vc_plan *plan, struct ha_builder *b,
                        enum ha_param row, double fallback_s)
{
    uint32_t law = ha_build_dist(b, duration(plan->design, row, fallback_s));

    if (plan->design->catalog.value[row].is_set) {
        ha_build_scales(b, law, row, 1);
    }
    return law;
}

static struct sim_dist operator_law(struct sim_arena *arena)
{
    const double weight[2] = {WORKING_SHARE, 1.0 - WORKING_SHARE};
    const struct sim_dist part[2] = {
        sim_dist_lognormal_median(BY_DAY_S, ANSWER_SIGMA),
        sim_dist_lognormal_median(BY_NIGHT_S, ANSWER_SIGMA)};

    return sim_dist_mixture(arena, 2, weight, part);
}

void ha_vc_laws_make(struct ha_vc_plan *plan, struct ha_builder *b)
{
    const struct ha_design *design = plan->design;
    double act_s = design->vcluster.liveness_act_s;
    struct ha_vc_laws *l = &plan->law;

    l->start_cp = add_row(plan, b, HA_PARAM_POD_RESTART, 25.0);
    l->start_etcd = add_row(plan, b, HA_PARAM_ETCD_RESTART, 10.0);
    l->start_dns = ha_build_dist(b, sim_dist_uniform(1.0, 3.0));
    l->store_limit = ha_build_dist(b, sim_dist_deterministic(STORE_LIMIT_S));
    l->liveness = ha_build_dist(b, sim_dist_uniform(act_s, PROBE_STRETCH * act_s));
    l->startup_etcd = ha_build_dist(b, sim_dist_deterministic(ETCD_STARTUP_S));
    l->sticky = ha_build_dist(b, sim_dist_uniform(STICKY_MIN_S, STICKY_MAX_S));
    l->controllers =
        ha_build_dist(b, sim_dist_uniform(CONTROLLERS_MIN_S, CONTROLLERS_MAX_S));
    l->refill = ha_build_dist(b, sim_dist_uniform(REFILL_MIN_S, REFILL_MAX_S));
    l->operator_refill = ha_build_dist(b, operator_law(b->arena));
    l->restore = add_row(plan, b, HA_PARAM_RESTORE_EVENT_DURATION, 5400.0);
    if (plan->store->is_raft) {
        make_raft_laws(plan, b);
    }
    if (plan->has_lease) {
        make_lease_laws(plan, b);
    }
    make_kcm_laws(plan, b);
}

void ha_vc_fill_workload(struct ha_kube_workload_spec *spec,
                         const struct ha_design *design)
{
    const struct ha_vcluster *vc = &design->vcluster;

    if (spec->workload == &vc->cp) {
        /* SIGTERM runs the handlers and exits at once (pkg/util/osutil). */
        spec->exit = sim_dist_uniform(0.05, 0.5);
        spec->ready_gained = sim_dist_uniform(0.0, 2.0);
        /* chart/templates/statefulset.yaml, when it renders a Deployment */
        spec->max_surge = 1;
        spec->max_unavailable = vc->cp.replicas > 1;
        spec->has_certificates = true;
        spec->store_part = vc->store == HA_STORE_ETCD_EMBEDDED ? HA_STORE_PART_BESIDE
                                                               : HA_STORE_PART_NONE;
        spec->ready_lost =
            sim_dist_uniform(vc->readiness_act_s, PROBE_STRETCH * vc->readiness_act_s);
    } else if (spec->workload == &vc->etcd) {
        spec->exit = sim_dist_uniform(1.0, 2.0);
        spec->ready_gained = sim_dist_uniform(0.0, 10.0); /* startup probe's period */
        spec->has_certificates = true;
        spec->store_part = HA_STORE_PART_ALONE;
    } else {
        spec->exit = sim_dist_uniform(0.05, 0.5); /* no lameduck */
        spec->ready_gained = sim_dist_uniform(0.0, 2.0);
        spec->ready_lost = sim_dist_uniform(4.0, 7.0); /* 3 failures, every 2 s */
        spec->max_unavailable = 1;                     /* pkg/coredns/template.go */
    }
}

/* ---- slots and choices ---- */

struct slot_kind {
    enum ha_vc_purpose purpose;
    enum sim_class cls;
    const char *name;
    bool is_per_pod;
};

static const struct slot_kind slot_kinds[] = {
    {HA_PURPOSE_APP_UP, SIM_RECOVERY, "app_up", true},
    {HA_PURPOSE_APP_LIMIT, SIM_OTHER, "app_limit", true},
    {HA_PURPOSE_CANDIDATE, SIM_RECOVERY, "candidate", true},
    {HA_PURPOSE_REFILL, SIM_RECOVERY, "refill", true},
    {HA_PURPOSE_STICKY, SIM_RECOVERY, "sticky", true},
    {HA_PURPOSE_ELECTION, SIM_OTHER, "election", false},
    {HA_PURPOSE_RESTORE, SIM_RECOVERY, "restore", false},
    {HA_PURPOSE_LEASE, SIM_OTHER, "lease", false},
    {HA_PURPOSE_CONTROLLERS, SIM_RECOVERY, "controllers", false},
    {HA_PURPOSE_KCM, SIM_OTHER, "kcm", false},
};

void ha_vc_slots_make(struct ha_vc_plan *plan, struct ha_builder *b,
                      const char *const *pod_name)
{
    for (size_t i = 0; i < sizeof(slot_kinds) / sizeof(slot_kinds[0]); i++) {
        const struct slot_kind *kind = &slot_kinds[i];
        uint32_t n = kind->is_per_pod ? plan->kube.n_pods : 1;

        plan->slot[kind->purpose - HA_PURPOSE_OWNER] = b->n_slots;
        for (uint32_t e = 0; e < n; e++) {
            const char *name = kind->is_per_pod ? pod_name[e] : "tenant";

            (void)ha_build_slot(b, kind->purpose, e, kind->cls, 0, SIM_NO_CAUSE,
                                "%s/%s", name, kind->name);
        }
    }
    plan->leader_choice = ha_build_choice(b, "tenant/raft_leader");
    plan->holder_choice = ha_build_choice(b, "tenant/lease_holder");
    plan->read_choice = ha_build_choice(b, "tenant/lease_read");
    plan->kcm_choice = ha_build_choice(b, "tenant/kcm_holder");
}
