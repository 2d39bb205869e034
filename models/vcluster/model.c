/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The assembly: a design becomes one struct sim_model.
 *
 * Order of making the plan: kube (and infra below it) compiles nodes, pods, volumes,
 * failure modes and controllers; this room adds its laws, slots and rows behind
 * theirs, then the extra systems. Every slot of the model has a (purpose, entity)
 * pair, so a firing finds its room by the number of its purpose.
 *
 * A firing: the owner of the slot changes its rows; then kube's controllers and this
 * room's parts run level-triggered until nothing moves (ha_kube_reconcile calls
 * ha_vc_reconcile in its loop).
 *
 * At the start everything is well: pods placed as the scheduler would place them on
 * the empty cluster, all processes up, the first member leads the store, the first
 * replica holds both leases. By symmetry it does not matter which.
 *
 * Refused here, because a cluster would refuse it, each with the place in the file:
 * a pod that fits nowhere, several replicas on SQLite, lease times that client-go
 * rejects, more than 63 members.
 */
#include "models/vcluster/model.h"
#include "models/vcluster/render.h"

#include <stdio.h>
#include <string.h>

#include "models/vcluster/components.h"
#include "models/vcluster/extras.h"
#include "models/vcluster/laws.h"
#include "models/vcluster/plan.h"
#include "models/vcluster/schedulable.h"
#include "sim/check.h"

static const char *const service_name[HA_N_VC_SERVICES] = {
    "api-read", "api-write", "control-loop", "dns", "data"};

static const struct ha_store_kind *const store_kind[HA_N_STORES] = {
#define HA_STORE(name, key, title) [HA_STORE_##name] = &ha_store_##key,
#include "models/design/stores.def"
#undef HA_STORE
};

const struct ha_store_kind *ha_store_kind_of(enum ha_store store)
{
    return store_kind[store];
}

/* ---- the view ---- */

struct ha_vc ha_vc_view(const struct ha_kube *k)
{
    const struct ha_vc_plan *plan = k->plan->owner_plan;
    unsigned char *state = (unsigned char *)k->head - k->plan->head_at;
    unsigned char *notes = k->pod_note - k->plan->pod_notes_at;

    return (struct ha_vc){.plan = plan,
                          .k = k,
                          .run = k->run,
                          .common = (void *)(state + plan->common_at),
                          .pod = (void *)(state + plan->pods_at),
                          .note = (void *)(notes + plan->notes_at)};
}

/* ---- level-triggered parts, in order of dependence ---- */

/* Everything but what the API server believes of nodes and roll-outs. */
#define RELEVANT                                                                       \
    (HA_DIRTY_COMMON | HA_DIRTY_ZONE | HA_DIRTY_MACHINE | HA_DIRTY_DISK |              \
     HA_DIRTY_PROCESS | HA_DIRTY_POD | HA_DIRTY_VOLUME | HA_DIRTY_OWNER)

void ha_vc_find_others(struct ha_vc *v, uint32_t pod)
{
    v->pod[pod].lacks_names =
        ha_vc_needs_names(v->plan, pod) && !ha_infra_host_dns_is_up(&v->k->infra);
}

static void refresh(struct ha_vc *v)
{
    bool has_names = ha_infra_host_dns_is_up(&v->k->infra);

    for (uint32_t pod = 0; pod < v->plan->kube.n_pods; pod++) {
        struct ha_vc_pod *p = &v->pod[pod];
        bool is_reachable = ha_kube_process_is_reachable(v->k, pod);

        if (is_reachable != p->is_reachable) {
            p->is_reachable = is_reachable;
            ha_raft_link_changed(v, pod);
        }
        if (has_names) {
            p->lacks_names = 0;
            p->data &= (uint8_t)~HA_DATA_UNDIALED;
        }
    }
    ha_raft_refresh(v);
}

static void reconcile(struct ha_kube *k, uint32_t dirty)
{
    struct ha_vc v = ha_vc_view(k);

    if ((dirty & RELEVANT) == 0) {
        return;
    }
    refresh(&v);
    ha_repair_reconcile(&v, k);
    ha_raft_reconcile(&v, k);
    ha_replica_reconcile(&v, k);
    ha_syncer_reconcile(&v, k);
    ha_kcm_reconcile(&v, k);
    ha_dns_reconcile(&v, k);
}

static bool is_dns_pod(const struct ha_vc_plan *plan, uint32_t pod)
{
    return pod - plan->dns_first < plan->n_dns;
}

static bool is_cp_pod(const struct ha_vc_plan *plan, uint32_t pod)
{
    return pod - plan->cp_first < plan->n_cp;
}

static void fire_own(struct ha_kube *k, uint32_t purpose, uint32_t entity,
                     uint32_t slot)
{
    struct ha_vc v = ha_vc_view(k);

    switch ((enum ha_vc_purpose)purpose) {
    case HA_PURPOSE_APP_UP:
    case HA_PURPOSE_APP_LIMIT:
        if (is_cp_pod(v.plan, entity)) {
            ha_replica_fire(&v, k, (enum ha_vc_purpose)purpose, entity);
        } else if (is_dns_pod(v.plan, entity)) {
            ha_dns_fire(&v, k, entity);
        } else {
            ha_raft_fire(&v, k, (enum ha_vc_purpose)purpose, entity);
        }
        break;
    case HA_PURPOSE_STICKY:
    case HA_PURPOSE_ELECTION:
        ha_raft_fire(&v, k, (enum ha_vc_purpose)purpose, entity);
        break;
    case HA_PURPOSE_REFILL:
    case HA_PURPOSE_RESTORE:
        ha_repair_fire(&v, k, (enum ha_vc_purpose)purpose, entity);
        break;
    case HA_PURPOSE_CANDIDATE:
    case HA_PURPOSE_LEASE:
    case HA_PURPOSE_CONTROLLERS:
        ha_syncer_fire(&v, k, (enum ha_vc_purpose)purpose, entity);
        break;
    case HA_PURPOSE_KCM:
        ha_kcm_fire(&v, k);
        break;
    case HA_PURPOSE_EXTRA:
        ha_extras_fire(&v, entity, slot);
        break;
    case HA_PURPOSE_VC_END:
        SIM_CHECK(false);
    }
}

/* ---- callbacks of the engine ---- */

static void settle(struct ha_kube *k)
{
    struct ha_vc v = ha_vc_view(k);

    for (uint32_t pod = 0; pod < v.plan->kube.n_pods; pod++) {
        if (!ha_kube_process_runs(k, pod)) {
            continue;
        }
        v.pod[pod].phase = HA_APP_UP;
        v.pod[pod].is_failing = 0;
        v.pod[pod].was_ready = !is_cp_pod(v.plan, pod) && !is_dns_pod(v.plan, pod);
        sim_disarm(k->run, ha_vc_slot(v.plan, HA_PURPOSE_APP_UP, pod));
        sim_disarm(k->run, ha_vc_slot(v.plan, HA_PURPOSE_APP_LIMIT, pod));
    }
}

static void start(const void *plan_ptr, struct sim_run *run)
{
    const struct ha_vc_plan *plan = plan_ptr;
    struct ha_kube k = ha_kube_view(&plan->kube, run);
    struct ha_vc v = ha_vc_view(&k);

    v.common->leader = plan->n_members > 0 && plan->store->is_raft
                           ? (uint16_t)plan->member_first
                           : HA_NO_POD;
    v.common->winner = HA_NO_POD;
    v.common->holder = plan->has_lease ? (uint16_t)plan->cp_first : HA_NO_POD;
    v.common->kcm_holder = (uint16_t)plan->cp_first;
    v.common->lease_phase = HA_LEASE_HELD;
    v.common->kcm_phase = HA_LEASE_HELD;
    v.common->has_controllers = plan->has_lease;
    v.common->api_was_up = 1;
    ha_kube_start(&k);
    settle(&k);
    ha_extras_start(&v);
    ha_kube_touch(&k);
    ha_kube_reconcile(&k);
    v.common->down = (uint8_t)ha_services_down(&v);
}

static void fire(const void *plan_ptr, struct sim_run *run, uint32_t slot)
{
    const struct ha_vc_plan *plan = plan_ptr;
    struct ha_slot_use use = plan->kube.use[slot];
    struct ha_kube k = ha_kube_view(&plan->kube, run);

    if (use.purpose < HA_PURPOSE_OWNER) {
        ha_kube_fire(&k, use.purpose, use.entity);
    } else {
        fire_own(&k, use.purpose, use.entity, slot);
    }
    if (ha_kube_reconcile(&k) != 0 || use.purpose == HA_PURPOSE_EXTRA) {
        struct ha_vc v = ha_vc_view(&k);

        v.common->down = (uint8_t)ha_services_down(&v);
    }
}

static uint64_t down(const void *plan_ptr, const struct sim_run *run)
{
    const struct ha_vc_plan *plan = plan_ptr;
    const unsigned char *state = sim_state_const(run);
    const struct ha_vc_common *common = (const void *)(state + plan->common_at);

    return common->down;
}

static void degraded(const void *plan_ptr, const struct sim_run *run, double *bad)
{
    const struct ha_vc_plan *plan = plan_ptr;
    struct ha_kube k = ha_kube_view_const(&plan->kube, run);
    struct ha_vc v = ha_vc_view(&k);

    ha_services_degraded(&v, bad);
}

static void blame(const void *plan_ptr, const struct sim_run *run, uint32_t service,
                  double *share)
{
    const struct ha_vc_plan *plan = plan_ptr;
    struct ha_kube k = ha_kube_view_const(&plan->kube, run);
    struct ha_vc v = ha_vc_view(&k);

    ha_services_blame(&v, service, share);
}

static bool pods_are_calm(const struct ha_vc *v)
{
    for (uint32_t pod = 0; pod < v->plan->kube.n_pods; pod++) {
        const struct ha_vc_pod *p = &v->pod[pod];
        bool exists = v->k->pod[pod].stage != HA_POD_ABSENT;

        if (p->data != 0 || p->is_failing || (exists && p->phase != HA_APP_UP)) {
            return false;
        }
    }
    return true;
}

static bool is_calm(const void *plan_ptr, const struct sim_run *run)
{
    const struct ha_vc_plan *plan = plan_ptr;
    struct ha_kube k = ha_kube_view_const(&plan->kube, run);
    struct ha_vc v = ha_vc_view(&k);

    return ha_kube_is_calm(&k) && pods_are_calm(&v) && v.common->data_is_lost == 0 &&
           v.common->lease_phase == HA_LEASE_HELD &&
           v.common->kcm_phase == HA_LEASE_HELD &&
           (!plan->has_lease || v.common->has_controllers) &&
           (!plan->store->is_raft || v.common->store_works) &&
           ha_extras_are_calm(plan, run);
}

static int explain(const void *plan_ptr, const struct sim_run *run, uint32_t slot,
                   char *text, size_t size)
{
    const struct ha_vc_plan *plan = plan_ptr;
    struct ha_slot_use use = plan->kube.use[slot];
    struct ha_kube k = ha_kube_view_const(&plan->kube, run);
    struct ha_vc v = ha_vc_view(&k);

    if (use.purpose < HA_PURPOSE_OWNER) {
        return ha_kube_explain(&k, use.purpose, use.entity, text, size);
    }
    if (use.purpose == HA_PURPOSE_EXTRA) {
        return ha_blocks_explain(&plan->extras->item[use.entity].at, run, slot, text,
                                 size);
    }
    return ha_vc_explain(&v, use.purpose, use.entity, text, size);
}

/* ---- making the plan ---- */

static int check(const struct ha_design *design, struct sim_err *err)
{
    const struct ha_vcluster *vc = &design->vcluster;
    const struct ha_store_kind *store = store_kind[vc->store];

    if (vc->cp.replicas > 1 && vc->store == HA_STORE_SQLITE) {
        ha_place_error(err, &vc->cp.place,
                       "%u control-plane replicas on embedded SQLite: vCluster refuses "
                       "to start, the file belongs to one pod",
                       vc->cp.replicas);
        sim_err_hint(err, "enable controlPlane.backingStore.etcd.embedded, or use one "
                          "replica");
        return -SIM_ERR_INPUT;
    }
    if (vc->cp.replicas > 1 && !ha_lease_is_valid(&vc->lease)) {
        ha_place_error(err, &vc->cp.place,
                       "lease times %g/%g/%g s: client-go refuses to run unless "
                       "leaseDuration > renewDeadline > 1.2 x retryPeriod > 0",
                       vc->lease.duration_s, vc->lease.renew_deadline_s,
                       vc->lease.retry_period_s);
        sim_err_hint(err, "vCluster's defaults are 60/40/15");
        return -SIM_ERR_INPUT;
    }
    if (store->is_raft && store->members(vc) > HA_ELECTION_MAX_MEMBERS) {
        return sim_err_set(err, SIM_ERR_LIMIT, "%u etcd members, at most %d",
                           store->members(vc), HA_ELECTION_MAX_MEMBERS);
    }
    return 0;
}

struct workloads {
    struct ha_kube_workload_spec spec[3];
    uint32_t n;
    int cp, etcd, dns; /* index or -1 */
};

/* Pods are made from what the host's API would have stored, defaults included, as
 * `nines place` shows them. */
static int add_workload(struct workloads *w, const struct ha_rendered *rendered,
                        enum ha_role role, const struct ha_kube_owner *owner,
                        const struct ha_design *design)
{
    const struct ha_workload *workload = ha_render_workload(design, role);
    struct ha_kube_workload_spec *spec;

    if (workload->replicas == 0) {
        return -1;
    }
    spec = &w->spec[w->n];
    ha_kube_workload_spec_init(spec, workload, &design->catalog);
    spec->owner = owner;
    spec->pod_object = rendered->pod[rendered->first[role]].object;
    ha_vc_fill_workload(spec, design);
    return (int)w->n++;
}

/* The quota's needs by role become needs by workload. */
static uint32_t quotas_of(const struct ha_design *design, const struct workloads *w,
                          struct ha_quota_limit *limit)
{
    const int index[3] = {w->cp, w->etcd, w->dns};
    uint32_t n = ha_quota_limits(design, limit);

    for (uint32_t q = 0; q < n; q++) {
        struct ha_quota_limit role = limit[q];

        for (int r = 0; r < 3; r++) {
            if (index[r] >= 0) {
                limit[q].need[index[r]] = role.need[r];
            }
        }
    }
    return n;
}

static int plan_kube(struct ha_vc_plan *plan, struct workloads *w, struct ha_builder *b,
                     const struct ha_model_options *options, struct sim_err *err)
{
    const struct ha_design *design = plan->design;
    struct ha_budget_spec budget = {.pdb = &design->vcluster.pdb, .workloads = 1u};
    struct ha_kube_spec spec = {.host = &design->host,
                                .catalog = &design->catalog,
                                .workload = w->spec,
                                .n_pdbs = 1,
                                .pdb = &budget,
                                .fm_off = options->causes_off,
                                .flat_backoff = options->flat_backoff,
                                .owner_plan = plan,
                                .owner_reconcile = reconcile};

    struct ha_rendered rendered;
    struct ha_quota_limit limit[HA_QUOTA_LIMITS];

    ha_render(b->arena, design, &rendered);
    w->cp = add_workload(w, &rendered, HA_ROLE_CP, &ha_vc_cp_owner, design);
    w->etcd = add_workload(w, &rendered, HA_ROLE_ETCD, &ha_vc_etcd_owner, design);
    w->dns = add_workload(w, &rendered, HA_ROLE_COREDNS, &ha_vc_dns_owner, design);
    spec.n_objects = rendered.n_objects;
    spec.object = rendered.object;
    spec.n_workloads = w->n;
    spec.n_quotas = quotas_of(design, w, limit);
    spec.quota = limit;
    return ha_kube_plan_init(&plan->kube, b, &spec, err);
}

static void plan_members(struct ha_vc_plan *plan, const struct workloads *w)
{
    const struct ha_vcluster *vc = &plan->design->vcluster;
    const struct ha_kube_workload *load = plan->kube.workload;
    uint32_t members = plan->store->members(vc);

    plan->cp_first = load[w->cp].first_pod;
    plan->n_cp = load[w->cp].n_pods;
    plan->replicas = vc->cp.replicas;
    plan->has_lease = vc->cp.replicas > 1 && plan->has_leases;
    plan->cp_keeps_name = vc->cp.is_statefulset;
    if (members > 0) {
        plan->member_first =
            plan->store->is_in_replica ? plan->cp_first : load[w->etcd].first_pod;
        plan->n_members = members;
        plan->quorum = ha_etcd_quorum(members);
    }
    plan->dns_is_embedded = vc->coredns_is_embedded;
    plan->has_dns = vc->coredns_is_embedded || w->dns >= 0;
    if (w->dns >= 0) {
        plan->dns_first = load[w->dns].first_pod;
        plan->n_dns = load[w->dns].n_pods;
    }
}

static size_t round_up(size_t n)
{
    return (n + 7u) & ~(size_t)7u;
}

static void plan_rows(struct ha_vc_plan *plan)
{
    plan->common_at = round_up(plan->kube.state_end);
    plan->pods_at = plan->common_at + sizeof(struct ha_vc_common);
    plan->state_end =
        round_up(plan->pods_at + plan->kube.n_pods * sizeof(struct ha_vc_pod));
    plan->notes_at = round_up(plan->kube.notes_end);
    plan->notes_end = plan->notes_at + sizeof(struct ha_vc_notes);
}

static int plan_causes(struct ha_vc_plan *plan, struct sim_arena *arena,
                       struct sim_err *err)
{
    uint32_t n_extras = plan->extras == NULL ? 0 : plan->extras->n;

    plan->n_causes = HA_CAUSE_EXTRA + n_extras;
    if (plan->n_causes > SIM_MAX_CAUSES) {
        return sim_err_set(err, SIM_ERR_LIMIT, "%u root causes, at most %d",
                           plan->n_causes, SIM_MAX_CAUSES);
    }
    plan->cause = sim_arena_calloc(arena, plan->n_causes, sizeof(*plan->cause));
    for (uint32_t i = 0; i < HA_N_FMS; i++) {
        plan->cause[i] = ha_fm_title[i];
    }
    plan->cause[HA_CAUSE_OTHER] = "other";
    for (uint32_t i = 0; i < n_extras; i++) {
        plan->cause[HA_CAUSE_EXTRA + i] = plan->extras->item[i].name;
    }
    return 0;
}

static void fill_model(const struct ha_vc_plan *plan, const struct ha_builder *b,
                       struct sim_model *out)
{
    memset(out, 0, sizeof(*out));
    out->name = plan->design->name;
    out->plan = plan;
    out->n_slots = b->n_slots;
    out->slot = b->slot;
    out->n_dists = b->n_dists;
    out->dist = b->dist;
    out->n_choices = b->n_choices;
    out->choice_id = b->choice_id;
    out->n_services = HA_N_VC_SERVICES;
    out->service = service_name;
    out->n_causes = plan->n_causes;
    out->cause = plan->cause;
    out->state_bytes = plan->state_end;
    out->notes_bytes = plan->notes_end;
    out->year_s = SIM_YEAR_S;
    out->start = start;
    out->fire = fire;
    out->down = down;
    out->is_calm = is_calm;
    out->degraded = degraded;
    out->blame = blame;
    out->explain = explain;
}

int ha_vcluster_model(const struct ha_design *design,
                      const struct ha_model_options *options, struct sim_arena *arena,
                      struct sim_model *out, struct sim_err *err)
{
    struct ha_vc_plan *plan = sim_arena_calloc(arena, 1, sizeof(*plan));
    struct workloads loads = {.n = 0};
    struct ha_builder b;
    int rc = check(design, err);

    ha_build_init(&b, arena, options->exponential_delays);
    plan->design = design;
    plan->store = store_kind[design->vcluster.store];
    plan->has_leases = !options->no_leases;
    if (rc == 0) {
        rc = plan_kube(plan, &loads, &b, options, err);
    }
    if (rc == 0) {
        rc = ha_vc_check_schedulable(arena, plan, err);
    }
    if (rc != 0) {
        return rc;
    }
    plan_members(plan, &loads);
    plan_rows(plan);
    ha_vc_laws_make(plan, &b);
    ha_vc_slots_make(plan, &b, plan->kube.infra.pod_name);
    rc = ha_extras_plan(plan, &b, design, err);
    if (rc == 0) {
        rc = plan_causes(plan, arena, err);
    }
    if (rc != 0) {
        return rc;
    }
    ha_extras_place(plan, &b);
    plan->kube.use = b.use;
    fill_model(plan, &b, out);
    out->components = ha_vc_components(plan, &b);
    out->parameters = ha_build_parameters(&b);
    return 0;
}
