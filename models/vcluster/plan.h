/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The constants of the tenant control plane, the view of its world, and what its
 * parts ask of one another. The parts, one file each:
 *
 *   replica    a control-plane container: start, probes, restart loop
 *   raft       members, quorum, leader of an etcd (embedded or deployed)
 *   store_*    what each backing store needs to be usable for a replica
 *   repair     members without data, and the restore when a majority has none
 *   syncer     the lease on the host and the control loop
 *   kcm        kube-controller-manager's lease in the tenant
 *   coredns    CoreDNS as pods of the tenant, or inside the control plane
 *   services   which services are down, how many requests fail, who is to blame
 *
 * They run level-triggered from ha_vc_reconcile, in the order of dependence (data,
 * store, replicas, leases, DNS). Each changes its own fields and timers only.
 */
#ifndef HA_VCLUSTER_PLAN_H
#define HA_VCLUSTER_PLAN_H

#include "models/design/design.h"
#include "models/infra/builder.h"
#include "models/kube/plan.h"
#include "models/vcluster/election.h"
#include "models/vcluster/lease.h"
#include "models/vcluster/world.h"

/* Timer purposes of this room. Entity in brackets. */
enum ha_vc_purpose {
    HA_PURPOSE_APP_UP = HA_PURPOSE_OWNER, /* [pod] start-up of the process ends */
    HA_PURPOSE_APP_LIMIT,   /* [pod] a probe or start limit kills the container */
    HA_PURPOSE_CANDIDATE,   /* [control-plane pod] takes the expired syncer lease */
    HA_PURPOSE_REFILL,      /* [member] its lost data is back */
    HA_PURPOSE_STICKY,      /* [member] API servers notice that its node is gone */
    HA_PURPOSE_ELECTION,    /* [0] a raft leader is elected, or one steps down */
    HA_PURPOSE_RESTORE,     /* [0] the lost data is restored from a backup */
    HA_PURPOSE_LEASE,       /* [0] next step of the syncer lease's chain */
    HA_PURPOSE_CONTROLLERS, /* [0] the new syncer leader's controllers run */
    HA_PURPOSE_KCM,         /* [0] next step of the controller-manager lease's chain */
    HA_PURPOSE_EXTRA,       /* [part] an extra system: see extras.c */
    HA_PURPOSE_VC_END
};

enum ha_vc_service {
    HA_SERVICE_API_READ,
    HA_SERVICE_API_WRITE,
    HA_SERVICE_CONTROL_LOOP,
    HA_SERVICE_DNS,
    HA_SERVICE_DATA,
    HA_N_VC_SERVICES
};

/* One more cause than the failure modes, for trouble nobody's list explains; extra
 * systems follow, each by its name. */
#define HA_CAUSE_OTHER ((uint8_t)HA_N_FMS)
#define HA_CAUSE_EXTRA ((uint8_t)(HA_N_FMS + 1))

struct ha_vc;

/* A backing store: one file each, one row in models/design/stores.def. */
struct ha_store_kind {
    bool is_raft;        /* members with quorum and leader (raft.c) */
    bool is_in_replica;  /* each control-plane pod is, or carries, a member */
    bool has_snapshots;  /* `vcluster snapshot` supports it */
    bool refills_itself; /* an emptied member comes back without an operator */
    /* Can this control-plane pod read and write now? Pure. */
    bool (*is_usable)(const struct ha_vc *v, uint32_t pod);
    /* Members (pod rows) as a function of the design. */
    uint32_t (*members)(const struct ha_vcluster *vcluster);
    /* What a member's disk must do: false when the store has no disk of ours. */
    bool needs_disk;
};

#define HA_STORE(name, key, title) extern const struct ha_store_kind ha_store_##key;
#include "models/design/stores.def"
#undef HA_STORE

const struct ha_store_kind *ha_store_kind_of(enum ha_store store);

struct ha_vc_laws {
    uint32_t start_cp, start_etcd, start_dns; /* process start -> usable */
    uint32_t store_limit;  /* start without a store gives up: 300 s */
    uint32_t liveness;     /* errors -> the probe kills: U(120, 180) */
    uint32_t startup_etcd; /* readyz without quorum -> the probe kills: 250 s */
    uint32_t step_down, regained;
    uint32_t *lost; /* [survivors]: leader dead, so many members left */
    uint32_t refill, operator_refill, restore, sticky;
    uint32_t lease_expiry, lease_takeover, lease_last_try, lease_give_up,
        lease_expiry_after, lease_looks, lease_looks_and_waits, lease_waits;
    uint32_t controllers;
    uint32_t kcm_last_try, kcm_give_up, kcm_waits;
    uint32_t *kcm_crash; /* [candidates]: holder gone while the store works */
    uint32_t *kcm_stall; /* [candidates]: after a stall of the store */
};

struct ha_vc_plan {
    struct ha_kube_plan kube;
    const struct ha_design *design;
    const struct ha_store_kind *store;
    uint32_t cp_first, n_cp;          /* pod rows of the control plane */
    uint32_t replicas;                /* wanted control-plane pods */
    uint32_t member_first, n_members; /* pod rows of the raft members, or none */
    uint32_t quorum;
    uint32_t dns_first, n_dns; /* pod rows of CoreDNS, or none */
    bool dns_is_embedded, has_dns;
    bool has_leases;    /* leaders are elected at all (see struct ha_model_options) */
    bool has_lease;     /* ... the syncer's: more than one replica */
    bool cp_keeps_name; /* StatefulSet: a new pod has the old name */
    struct ha_vc_laws law;
    uint32_t slot[HA_PURPOSE_VC_END - HA_PURPOSE_OWNER];
    uint32_t leader_choice, holder_choice, read_choice, kcm_choice;
    double *read_p;                    /* [asked * (n_cp + 1) + read], see lease.h */
    const struct ha_vc_extras *extras; /* NULL without extra systems */
    const struct ha_vc_parts *parts;   /* see components.c */
    const char **cause;
    uint32_t n_causes;
    size_t common_at, pods_at, extras_at, state_end;
    size_t notes_at, notes_end;
};

/* The slot of (purpose, entity). Pods count from row 0, members too. */
static inline uint32_t ha_vc_slot(const struct ha_vc_plan *plan,
                                  enum ha_vc_purpose purpose, uint32_t entity)
{
    return plan->slot[purpose - HA_PURPOSE_OWNER] + entity;
}

/* ---- the view ---- */

struct ha_vc {
    const struct ha_vc_plan *plan;
    const struct ha_kube *k;
    struct sim_run *run; /* NULL in the pure callbacks */
    struct ha_vc_common *common;
    struct ha_vc_pod *pod;
    struct ha_vc_notes *note;
};

/* A view over the world that k looks at. */
struct ha_vc ha_vc_view(const struct ha_kube *k);

/* A process that starts in this pod must resolve names of the host: of its peers, or
 * of a store outside its pod. */
static inline bool ha_vc_needs_names(const struct ha_vc_plan *plan, uint32_t pod)
{
    bool is_cp = pod - plan->cp_first < plan->n_cp;

    return (is_cp && !plan->store->is_in_replica) || plan->n_members > 1;
}

/* A process has started in this pod: can it find the others? */
void ha_vc_find_others(struct ha_vc *v, uint32_t pod);

/* ---- replica.c ---- */

extern const struct ha_kube_owner ha_vc_cp_owner;
/* The process in this control-plane pod is past its start (it may lack its store). */
bool ha_replica_is_up(const struct ha_vc *v, uint32_t pod);
/* Up, its store usable, and reachable by clients: it answers requests. */
bool ha_replica_serves(const struct ha_vc *v, uint32_t pod);
void ha_replica_reconcile(struct ha_vc *v, struct ha_kube *k);
void ha_replica_fire(struct ha_vc *v, struct ha_kube *k, enum ha_vc_purpose purpose,
                     uint32_t pod);

/* ---- raft.c ---- */

extern const struct ha_kube_owner ha_vc_etcd_owner;
/* Brings the derived fields of the members and the store up to date. */
void ha_raft_refresh(struct ha_vc *v);
void ha_raft_reconcile(struct ha_vc *v, struct ha_kube *k);
void ha_raft_fire(struct ha_vc *v, struct ha_kube *k, enum ha_vc_purpose purpose,
                  uint32_t entity);
/* The leader hands over because its process was told to stop. */
void ha_raft_leader_leaves(struct ha_vc *v, uint32_t pod);
/* A process of a member pod ended (etcd's own, or one that carries a member). */
void ha_raft_member_stopped(struct ha_vc *v, struct ha_kube *k, uint32_t pod,
                            enum ha_stop how);
/* The pod can be reached now, or cannot any more. */
void ha_raft_link_changed(struct ha_vc *v, uint32_t pod);
/* Election rounds go by the timing the values ask for (extraArgs of etcd). */
struct ha_etcd_timing ha_raft_timing(const struct ha_design *design);

/* ---- repair.c ---- */

void ha_repair_reconcile(struct ha_vc *v, struct ha_kube *k);
void ha_repair_fire(struct ha_vc *v, struct ha_kube *k, enum ha_vc_purpose purpose,
                    uint32_t member);
/* The pod object is gone: data in an emptyDir went with it. */
void ha_repair_pod_removed(struct ha_vc *v, struct ha_kube *k, uint32_t pod);

/* ---- syncer.c, kcm.c ---- */

void ha_syncer_reconcile(struct ha_vc *v, struct ha_kube *k);
void ha_syncer_fire(struct ha_vc *v, struct ha_kube *k, enum ha_vc_purpose purpose,
                    uint32_t pod);
/* The process of this pod is about to end: notes who is to blame. */
void ha_syncer_holder_leaves(struct ha_vc *v, uint32_t pod);
/* The name of this pod will not come back (a Deployment's pod is gone). */
void ha_syncer_name_lost(struct ha_vc *v, uint32_t pod);
/* The control loop works now: leader, its API, its store, the host API. Pure. */
bool ha_syncer_works(const struct ha_vc *v);
/* A leader's controllers mirror pods between tenant and host. Pure. */
bool ha_syncer_mirrors(const struct ha_vc *v);

void ha_kcm_reconcile(struct ha_vc *v, struct ha_kube *k);
void ha_kcm_fire(struct ha_vc *v, struct ha_kube *k);
/* The tenant's controllers (Deployments among them) act now. Pure. */
bool ha_kcm_works(const struct ha_vc *v);

/* ---- coredns.c ---- */

extern const struct ha_kube_owner ha_vc_dns_owner;
bool ha_dns_works(const struct ha_vc *v);
double ha_dns_bad_share(const struct ha_vc *v);
void ha_dns_reconcile(struct ha_vc *v, struct ha_kube *k);
void ha_dns_fire(struct ha_vc *v, struct ha_kube *k, uint32_t pod);

/* ---- services.c, blame.c, explain.c ---- */

uint64_t ha_services_down(const struct ha_vc *v);
void ha_services_degraded(const struct ha_vc *v, double *bad);
/* Tenant-wide causes (bits of failure modes) that take this service down by
 * themselves. */
uint32_t ha_services_common_mask(uint32_t service);
void ha_services_blame(const struct ha_vc *v, uint32_t service, double *share);
/* What broke this pod first: its own trouble, else its node's, its disk's, or the
 * region's; SIM_NO_CAUSE when nothing is known. */
uint8_t ha_blame_pod_cause(const struct ha_vc *v, uint32_t pod);
/* What made the store unusable first, as a root cause; HA_CAUSE_OTHER if unknown. */
uint8_t ha_blame_store_cause(const struct ha_vc *v);
int ha_vc_explain(const struct ha_vc *v, uint32_t purpose, uint32_t entity, char *text,
                  size_t size);

#endif
