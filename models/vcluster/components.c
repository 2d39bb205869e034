/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a platform engineer calls a component, for measures of importance
 * (docs/model/sensitivity.md).
 *
 *   region, cloud API, host control plane, host DNS   struck by their failure modes
 *   releases and certificates   whatever is done to the tenant as a whole
 *   zone Z, node N, volume V    their own failure modes and planned work: a node that
 *                               its zone takes down is not broken, its zone is
 *   API replica, etcd member, CoreDNS pod   not up although its node is (or without
 *                               a node). Pods of one kind are alike: one of them,
 *                               picked at random, is meant
 *   etcd leader, syncer lease, controller-manager lease   nobody holds it, although
 *               there are members (a replica that serves) to do so
 *   extra systems               by name
 *
 * A failure belongs to the component whose slot went off; what controllers do about it
 * later belongs to nobody. Beyond SIM_MAX_COMPONENTS the last volumes and nodes are
 * left out.
 */
#include <string.h>

#include "models/vcluster/components.h"
#include "models/vcluster/extras.h"
#include "sim/check.h"

/* Components of single things, in this order. */
enum { REGION, CLOUD_API, HOST_CP, HOST_DNS, RELEASES, N_COMMON };

static const char *const common_name[N_COMMON] = {"region", "cloud API",
                                                  "host control plane", "host DNS",
                                                  "releases and certificates"};

/* Pods of one kind. */
struct kind {
    uint32_t first_pod, n_pods;
    uint32_t wanted; /* 0: the design has none */
    uint16_t at;     /* its component */
};

struct ha_vc_parts {
    uint32_t n;
    uint32_t common_faults[N_COMMON]; /* bits of failure modes */
    uint32_t node_faults, volume_faults;
    uint16_t leader_at, lease_at, kcm_at, extras_at; /* SIM_NO_PART: has none */
    struct kind cp, etcd, dns;
    uint16_t zones_at, nodes_at, volumes_at;
    uint32_t n_zones, n_nodes, n_volumes; /* those with room */
};

static uint32_t common_of(uint32_t fm)
{
    switch (fm) {
    case HA_FM_REGION_DATAPLANE:
    case HA_FM_REGION_NET:
        return REGION;
    case HA_FM_CLOUD_API:
        return CLOUD_API;
    case HA_FM_HOSTCP_OUTAGE:
    case HA_FM_HOSTCP_UPGRADE:
        return HOST_CP;
    case HA_FM_HOST_DNS:
        return HOST_DNS;
    default:
        return RELEASES;
    }
}

/* ---- what is broken now ---- */

/* Of the wanted pods, the share that is in trouble of its own. */
static double own_trouble(const struct ha_vc *v, const struct kind *kind)
{
    uint32_t fine = 0;

    for (uint32_t i = 0; i < kind->n_pods; i++) {
        const uint32_t pod = kind->first_pod + i;
        const struct ha_pod_row *row = &v->k->pod[pod];

        if (row->stage == HA_POD_ABSENT || row->stage == HA_POD_PENDING) {
            continue;
        }
        fine += v->pod[pod].phase == HA_APP_UP ||
                !ha_infra_is_reachable(&v->k->infra, row->node);
    }
    return fine < kind->wanted ? (double)(kind->wanted - fine) / kind->wanted : 0.0;
}

static bool has_candidate(const struct ha_vc *v)
{
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        if (ha_replica_serves(v, v->plan->cp_first + i)) {
            return true;
        }
    }
    return false;
}

/* Leaders and leases that could be held and are not. */
static void vacancies(const struct ha_vc *v, double *broken)
{
    const struct ha_vc_parts *parts = v->plan->parts;
    const struct ha_vc_common *c = v->common;
    const bool lease_is_open =
        c->lease_phase != HA_LEASE_HELD || c->has_controllers == 0;

    if (parts->leader_at != SIM_NO_PART) {
        broken[parts->leader_at] =
            c->leader == HA_NO_POD && c->members_up >= v->plan->quorum;
    }
    if (parts->lease_at != SIM_NO_PART) {
        broken[parts->lease_at] = lease_is_open && has_candidate(v);
    }
    broken[parts->kcm_at] = c->kcm_phase != HA_LEASE_HELD && has_candidate(v);
}

static void single_things(const struct ha_vc *v, double *broken)
{
    const struct ha_vc_parts *parts = v->plan->parts;
    const struct ha_vc_common *c = v->common;
    const uint32_t faults = v->k->infra.common->faults;

    for (uint32_t i = 0; i < N_COMMON; i++) {
        broken[i] = (faults & parts->common_faults[i]) != 0;
    }
    if (v->k->infra.common->escalated != 0) {
        broken[REGION] = 1.0;
    }
    for (uint32_t i = 0; v->plan->extras != NULL && i < v->plan->extras->n; i++) {
        broken[parts->extras_at + i] = (c->extras_down >> i & 1u) != 0;
    }
}

static void broken(const void *plan_ptr, const struct sim_run *run, double *out)
{
    const struct ha_vc_plan *plan = plan_ptr;
    const struct ha_vc_parts *parts = plan->parts;
    struct ha_kube k = ha_kube_view_const(&plan->kube, run);
    struct ha_vc v = ha_vc_view(&k);
    const struct kind *kinds[] = {&parts->cp, &parts->etcd, &parts->dns};

    single_things(&v, out);
    vacancies(&v, out);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i]->wanted > 0) {
            out[kinds[i]->at] = own_trouble(&v, kinds[i]);
        }
    }
    for (uint32_t z = 0; z < parts->n_zones; z++) {
        out[parts->zones_at + z] = k.infra.zone[z].faults != 0;
    }
    for (uint32_t n = 0; n < parts->n_nodes; n++) {
        const struct ha_infra_machine *m = &k.infra.machine[n];

        /* An empty place, kept for machines that may join, is not broken. */
        out[parts->nodes_at + n] =
            m->is_spare == 0 &&
            ((m->faults & parts->node_faults) != 0 || m->is_destroyed != 0);
    }
    for (uint32_t i = 0; i < parts->n_volumes; i++) {
        const struct ha_infra_disk *d = &k.infra.disk[i];

        out[parts->volumes_at + i] =
            (d->faults & parts->volume_faults) != 0 || d->is_blank != 0;
    }
}

/* ---- names ---- */

struct writer {
    struct sim_arena *arena;
    const char **name;
    uint32_t n;
};

static uint16_t add(struct writer *w, const char *name)
{
    SIM_CHECK(w->n < SIM_MAX_COMPONENTS);
    w->name[w->n] = name;
    return (uint16_t)w->n++;
}

/* As many as there is room for; returns how many. */
static uint32_t add_named(struct writer *w, const char *what, uint32_t n,
                          const char *const *name, uint16_t *at)
{
    const uint32_t room = SIM_MAX_COMPONENTS - w->n;

    n = n < room ? n : room;
    *at = (uint16_t)w->n;
    for (uint32_t i = 0; i < n; i++) {
        (void)add(w, sim_arena_printf(w->arena, "%s %s", what, name[i]));
    }
    return n;
}

static struct kind add_kind(struct writer *w, const char *name, uint32_t first_pod,
                            uint32_t n_pods, uint32_t wanted)
{
    struct kind kind = {first_pod, n_pods, wanted, SIM_NO_PART};

    if (wanted > 0) {
        kind.at = add(w, name);
    }
    return kind;
}

static void name_pods(const struct ha_vc_plan *plan, struct writer *w,
                      struct ha_vc_parts *parts)
{
    const bool has_etcd_pods = plan->n_members > 0 && !plan->store->is_in_replica;
    const uint32_t n_dns =
        plan->n_dns > 0 ? plan->design->vcluster.coredns.replicas : 0;

    parts->cp = add_kind(w, "API replica", plan->cp_first, plan->n_cp, plan->replicas);
    parts->etcd = add_kind(w, "etcd member", plan->member_first, plan->n_members,
                           has_etcd_pods ? plan->n_members : 0);
    parts->dns = add_kind(w, "CoreDNS pod", plan->dns_first, plan->n_dns, n_dns);
}

static void name_all(const struct ha_vc_plan *plan, struct writer *w,
                     struct ha_vc_parts *parts)
{
    const struct ha_infra_plan *infra = &plan->kube.infra;

    for (uint32_t i = 0; i < N_COMMON; i++) {
        (void)add(w, common_name[i]);
    }
    parts->leader_at = plan->store->is_raft ? add(w, "etcd leader") : SIM_NO_PART;
    parts->lease_at = plan->has_lease ? add(w, "syncer lease") : SIM_NO_PART;
    parts->kcm_at = add(w, "controller-manager lease");
    parts->extras_at = (uint16_t)w->n;
    for (uint32_t i = 0; plan->extras != NULL && i < plan->extras->n; i++) {
        (void)add(w,
                  sim_arena_printf(w->arena, "system %s", plan->extras->item[i].name));
    }
    name_pods(plan, w, parts);
    parts->n_zones = add_named(w, "zone", infra->n_of[HA_KIND_ZONE], infra->zone_name,
                               &parts->zones_at);
    parts->n_nodes = add_named(w, "node", infra->n_of[HA_KIND_NODE], infra->node_name,
                               &parts->nodes_at);
    parts->n_volumes = add_named(w, "volume", infra->n_of[HA_KIND_VOLUME],
                                 infra->volume_name, &parts->volumes_at);
    parts->n = w->n;
}

/* ---- whose failure a slot is ---- */

static uint16_t pod_part(const struct ha_vc_parts *parts, uint32_t pod)
{
    const struct kind *kinds[] = {&parts->cp, &parts->etcd, &parts->dns};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i]->wanted > 0 && pod - kinds[i]->first_pod < kinds[i]->n_pods) {
            return kinds[i]->at;
        }
    }
    return SIM_NO_PART;
}

static uint16_t nth(uint16_t at, uint32_t n, uint32_t i)
{
    return i < n ? (uint16_t)(at + i) : SIM_NO_PART;
}

static uint16_t strike_part(const struct ha_vc_parts *parts, uint32_t fm,
                            uint32_t entity)
{
    switch ((enum ha_fm_kind)ha_fm_kind[fm]) {
    case HA_KIND_REGION:
        return (uint16_t)common_of(fm);
    case HA_KIND_ZONE:
        return nth(parts->zones_at, parts->n_zones, entity);
    case HA_KIND_NODE:
        return nth(parts->nodes_at, parts->n_nodes, entity);
    case HA_KIND_VOLUME:
        return nth(parts->volumes_at, parts->n_volumes, entity);
    case HA_KIND_POD:
        return pod_part(parts, entity);
    case HA_N_KINDS:
        break;
    }
    return SIM_NO_PART;
}

static uint16_t part_of(const struct ha_vc_plan *plan, const struct sim_slot *slot,
                        const struct ha_slot_use *use)
{
    const struct ha_vc_parts *parts = plan->parts;

    if (use->purpose < (uint32_t)HA_N_FMS) {
        return strike_part(parts, use->purpose, use->entity);
    }
    switch (use->purpose) {
    case HA_PURPOSE_APP_LIMIT:
        return pod_part(parts, use->entity);
    case HA_PURPOSE_ELECTION:
        return parts->leader_at;
    case HA_PURPOSE_LEASE:
        return parts->lease_at;
    case HA_PURPOSE_KCM:
        return parts->kcm_at;
    case HA_PURPOSE_EXTRA:
        return slot->cls == SIM_RECOVERY ? SIM_NO_PART
                                         : (uint16_t)(parts->extras_at + use->entity);
    default:
        return SIM_NO_PART;
    }
}

static uint32_t bits_of_kind(enum ha_fm_kind kind)
{
    uint32_t bits = 0;

    for (uint32_t fm = 0; fm < HA_N_FMS; fm++) {
        bits |= ha_fm_kind[fm] == kind ? UINT32_C(1) << fm : 0;
    }
    return bits;
}

const struct sim_components *ha_vc_components(struct ha_vc_plan *plan,
                                              const struct ha_builder *b)
{
    struct sim_components *out = sim_arena_calloc(b->arena, 1, sizeof(*out));
    struct ha_vc_parts *parts = sim_arena_calloc(b->arena, 1, sizeof(*parts));
    uint16_t *of_slot = sim_arena_calloc(b->arena, b->n_slots, sizeof(*of_slot));
    struct writer w = {.arena = b->arena};

    w.name = sim_arena_calloc(b->arena, SIM_MAX_COMPONENTS, sizeof(*w.name));
    for (uint32_t fm = 0; fm < HA_N_FMS; fm++) {
        if (ha_fm_kind[fm] == HA_KIND_REGION) {
            parts->common_faults[common_of(fm)] |= UINT32_C(1) << fm;
        }
    }
    parts->node_faults = bits_of_kind(HA_KIND_NODE);
    parts->volume_faults = bits_of_kind(HA_KIND_VOLUME);
    name_all(plan, &w, parts);
    plan->parts = parts;
    for (uint32_t s = 0; s < b->n_slots; s++) {
        of_slot[s] = part_of(plan, &b->slot[s], &b->use[s]);
    }
    *out = (struct sim_components){
        .n = w.n, .name = w.name, .of_slot = of_slot, .broken = broken};
    return out;
}
