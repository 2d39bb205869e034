/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The constants of the Kubernetes room, the view of its world, and the doors for
 * the room above (which knows what runs inside the pods).
 *
 * Kubernetes here knows of a container that it starts, runs, crashes or is told to
 * stop, and of a readiness probe. What the process does is its owner's business:
 * struct ha_kube_owner is how this room tells (started, stopping, stopped, removed)
 * and asks (is_serving). The owner changes its own rows and timers only, sets
 * HA_DIRTY_OWNER when is_serving may have changed, and may call the "changes" below
 * from its own firings.
 *
 * After each firing the room above calls ha_kube_reconcile once: controllers whose
 * inputs changed run in a fixed order until nothing moves.
 */
#ifndef HA_KUBE_PLAN_H
#define HA_KUBE_PLAN_H

#include "models/design/quota.h"
#include "models/kube/world.h"

struct ha_kube;
struct ha_sched;

/* Why a process ended. */
enum ha_stop {
    HA_STOP_CRASH,   /* crashed, was killed by a probe, or ran out of memory */
    HA_STOP_POWER,   /* its node died */
    HA_STOP_GRACEFUL /* SIGTERM and exit */
};

/* What the room above provides for a workload; any function may be NULL. */
struct ha_kube_owner {
    /* The container's process has begun. */
    void (*started)(struct ha_kube *k, uint32_t pod);
    /* SIGTERM was sent; the process lives until stopped(). */
    void (*stopping)(struct ha_kube *k, uint32_t pod);
    /* The process is gone. */
    void (*stopped)(struct ha_kube *k, uint32_t pod, enum ha_stop how);
    /* The pod object is gone. */
    void (*removed)(struct ha_kube *k, uint32_t pod);
    /* Would its readiness probe succeed now? Asked only while RUNNING. Pure.
     * NULL: always. */
    bool (*is_serving)(const struct ha_kube *k, uint32_t pod);
    /* Does the controller of this Deployment act now (make a missing pod, go on with a
     * roll-out)? For Deployments whose controller is not the host's. Set
     * HA_DIRTY_OWNER when it changes. Pure. NULL: always. */
    bool (*may_create)(const struct ha_kube *k);
    /* Would a process started now end again for want of something outside its pod?
     * Asked of pods in their longest back-off. Set HA_DIRTY_OWNER when it changes.
     * Pure. NULL: never. */
    bool (*is_doomed)(const struct ha_kube *k, uint32_t pod);
};

/* Timer purposes of this room. Entity in brackets. */
enum ha_kube_purpose {
    HA_PURPOSE_NODE_STALE = HA_PURPOSE_KUBE, /* [node] lease stale -> NotReady */
    HA_PURPOSE_NODE_REPORT,                  /* [node] kubelet says NotReady itself */
    HA_PURPOSE_NODE_BACK,                    /* [node] NotReady -> Ready */
    HA_PURPOSE_NODE_TAINT,     /* [node] NoExecute taint queued, or lifted */
    HA_PURPOSE_NODE_CLOUD,     /* [node] cloud controller deletes the Node object */
    HA_PURPOSE_NODE_OOS,       /* [node] out-of-service taint set */
    HA_PURPOSE_NODE_REPAIR,    /* [node] auto-repair begins */
    HA_PURPOSE_NODE_PROVISION, /* [node] the new machine joins */
    HA_PURPOSE_NODE_RETIRE,    /* [node] the autoscaler deletes an idle machine */
    HA_PURPOSE_ZONE_TOKEN,     /* [zone] eviction bucket refilled */
    HA_PURPOSE_POD_STEP,       /* [pod] next stage: place, check volume, start, retry */
    HA_PURPOSE_POD_STOP,       /* [pod] process exits, then the object goes */
    HA_PURPOSE_POD_GC,         /* [pod] PodGC removes the object */
    HA_PURPOSE_POD_READY,      /* [pod] condition Ready flips */
    HA_PURPOSE_POD_ENDPOINT,   /* [pod] endpoint added or removed */
    HA_PURPOSE_POD_EVICT,      /* [pod] toleration of NoExecute runs out */
    HA_PURPOSE_POD_DRAIN,      /* [pod] eviction asked again by a drain */
    HA_PURPOSE_POD_CALM,       /* [pod] 600 good seconds: back-off forgotten */
    HA_PURPOSE_VOLUME_STEP,    /* [volume] see enum ha_volume_wait */
    HA_PURPOSE_DRAIN_LIMIT,    /* [0] the provider's patience with a drain ends */
    HA_PURPOSE_KUBE_END
};
static_assert(HA_PURPOSE_KUBE_END <= HA_PURPOSE_OWNER, "purposes overlap");

#define HA_NO_LAW UINT32_MAX /* in place of a law's index: never */

/* Law indexes shared by all workloads. */
struct ha_kube_laws {
    uint32_t stale, report, back, taint_pass, untaint, restale, cloud, oos, repair;
    uint32_t provision, scale_up, retire, rebuild, token, token_slow;
    uint32_t place, replace, flush, gc_orphan, gc_fast, endpoint;
    uint32_t drain_retry, drain_limit, calm, crash_wait[HA_RESTARTS_MAX + 1];
    uint32_t crash_asleep, gate_asleep;
    uint32_t gate_first, gate_step[HA_GATE_CHECKS + 1], gate_late, mount;
    uint32_t node_up, removal, removal_volume, resync_removal;
    uint32_t ready_resync, ready_lost_crash;
    uint32_t volume_report, volume_unmount, volume_force, volume_evicted;
};

struct ha_kube_workload {
    const char *name;
    uint32_t index;
    uint32_t name_hash; /* FNV-32, as the provisioner spreads Immediate volumes */
    uint32_t first_pod, n_pods; /* rows; a StatefulSet's ordinal is pod - first_pod */
    uint32_t replicas;
    bool is_statefulset, is_ordered_ready;
    uint32_t max_surge, max_unavailable; /* roll-outs of a Deployment */
    bool has_certificates; /* restarted when the tenant's certificates are renewed */
    uint8_t store_part;    /* enum ha_store_part: of the store in each of its pods */
    bool has_volume;
    bool is_attachable;      /* attach, detach and gate apply */
    bool is_cloud_disk;      /* attaching and detaching need the cloud API */
    bool is_immediate;       /* volumeBindingMode Immediate */
    uint8_t provisioner;     /* enum ha_provisioner */
    bool is_zonal, is_local; /* first placement ties it to the zone / the node */
    uint32_t first_volume;   /* volume of ordinal 0 */
    uint32_t n_pdbs, pdb;    /* budgets that cover it; the first one's index */
    const struct ha_kube_owner *owner;
    /* Law of tolerationSeconds for not-ready [0] and unreachable [1]; HA_NO_LAW = for
     * ever. Or the taint is not tolerated at all. */
    uint32_t evict[2];
    bool evict_at_once[2];
    uint32_t exit;         /* SIGTERM -> process gone */
    uint32_t resync_exit;  /* the same for a kubelet that was cut off */
    uint32_t start_same;   /* process start on a node that has the image */
    uint32_t start_new;    /* the same on a node that is new to the pod */
    uint32_t ready_gained; /* serving -> condition Ready */
    uint32_t ready_lost;   /* not serving -> condition not Ready */
    uint32_t attach, detach, detach_destroyed;
};

struct ha_budget {
    bool has_min, has_max, min_is_percent, max_is_percent;
    bool always_allow_unhealthy;
    int32_t min, max;
    uint32_t workloads; /* bit w: covers workload w */
};

struct ha_kube_plan {
    struct ha_infra_plan infra;
    uint32_t n_zones, n_nodes, n_pods, n_volumes, n_workloads, n_pdbs;
    uint32_t n_own_nodes;       /* nodes from the start; the rest are spare places */
    const uint32_t *node_group; /* of each node; 0: none */
    const struct ha_node_group *group; /* by node_group */
    bool has_surge;                    /* drains of groups order a new machine first */
    bool has_autoscaler;               /* some group may grow */
    struct ha_kube_workload *workload;
    struct ha_budget *pdb;
    const uint16_t *pod_workload; /* workload of each pod row */
    const uint32_t *volume_pod;   /* pod that uses each volume */
    const uint32_t *volume_claim; /* its claim in the scheduler */
    const int32_t *priority;      /* of each pod row; NULL: all the same */
    uint32_t n_quotas;            /* limits that could ever be reached */
    struct ha_quota_limit *quota;
    const struct ha_slot_use *use; /* of every slot of the model; set when complete */
    struct ha_kube_laws law;
    /* First slot of each purpose: entity e uses slot[p] + e. */
    uint32_t slot[HA_PURPOSE_KUBE_END - HA_PURPOSE_KUBE];
    uint32_t place_choice; /* first choice stream of placement, one per pod */
    const struct ha_sched *sched;
    bool has_cloud_controller, has_autorepair, sets_out_of_service, drain_is_forced;
    bool replaces_nodes;    /* new machines for destroyed ones */
    bool budgeted_rollout;  /* StatefulSets honour maxUnavailable (1.37) */
    bool waits_for_flush;   /* pessimistic: wake-ups are missed (A7) */
    bool has_evictions;     /* some pod does not tolerate NoExecute taints for ever */
    bool gate_is_lumped;    /* exponential delays: no chain of volume checks */
    bool backoff_is_flat;   /* crashes are not counted: one back-off for all */
    const void *owner_plan; /* the room above, handed through */
    void (*owner_reconcile)(struct ha_kube *k, uint32_t dirty); /* may be NULL */
    size_t head_at, zones_at, nodes_at, pods_at, volumes_at, sched_at, state_end;
    size_t pod_notes_at, notes_end;
};

/* The slot of (purpose, entity). */
static inline uint32_t ha_kube_slot(const struct ha_kube_plan *plan,
                                    enum ha_kube_purpose purpose, uint32_t entity)
{
    return plan->slot[purpose - HA_PURPOSE_KUBE] + entity;
}

/* ---- what the room above says when the plan is made ---- */

struct ha_kube_workload_spec {
    const struct ha_workload *workload;
    /* Complete v1 Pod to make its pods from (name, claims and owner are replaced);
     * NULL: workload->pod_template. */
    const struct ha_node *pod_object;
    const struct ha_kube_owner *owner; /* NULL: it only runs */
    struct sim_dist exit;              /* SIGTERM -> process gone */
    struct sim_dist start; /* container start, image at hand -> process runs */
    struct sim_dist start_extra_new; /* more on a node that lacks the image (pull) */
    double image_cached_p;           /* chance that a new node has the image */
    struct sim_dist ready_gained;    /* process serves -> Ready (probe phase) */
    struct sim_dist ready_lost;      /* process stopped serving -> not Ready */
    uint32_t max_surge, max_unavailable; /* Deployment: 25 % up, 25 % down */
    bool has_certificates; /* a renewal of the tenant's certificates restarts it */
    enum ha_store_part store_part; /* what of the store runs in its pods */
};

/* Fills the laws with Kubernetes' defaults and the catalogue's image pull: exit
 * U(1,2), start U(1,5), ready U(0,10), lost 2 x 10 + U(0,10) + 1. */
void ha_kube_workload_spec_init(struct ha_kube_workload_spec *spec,
                                const struct ha_workload *workload,
                                const struct ha_catalog *catalog);

struct ha_budget_spec {
    const struct ha_pdb *pdb; /* is_enabled false: leave it out */
    uint32_t workloads;       /* bit w: covers workload w */
};

struct ha_kube_spec {
    const struct ha_host *host;
    const struct ha_catalog *catalog;
    uint32_t n_workloads;
    const struct ha_kube_workload_spec *workload;
    uint32_t n_pdbs;
    const struct ha_budget_spec *pdb;
    uint32_t n_quotas; /* limits of the namespace; `need` goes by workload */
    const struct ha_quota_limit *quota;
    /* More objects the scheduler should know (Services, PriorityClasses,
     * StorageClasses,
     * ...). Nodes, Pods, claims and budgets among them are passed over: those are made
     * here. */
    uint32_t n_objects;
    const struct ha_node *const *object;
    uint32_t fm_off;      /* failure modes left out, bits */
    bool waits_for_flush; /* pessimistic: unschedulable pods wait U(0,330) */
    bool flat_backoff;    /* each crash waits the first back-off, for small chains */
    const void *owner_plan;
    void (*owner_reconcile)(struct ha_kube *k, uint32_t dirty);
};

/* Compiles the room. Errors: SIM_ERR_INPUT (selectors, quantities, affinity that
 * cannot be read), SIM_ERR_LIMIT (more than 32 zones, 65,000 nodes). */
int ha_kube_plan_init(struct ha_kube_plan *plan, struct ha_builder *b,
                      const struct ha_kube_spec *spec, struct sim_err *err);

/* ---- the view ---- */

struct ha_kube {
    const struct ha_kube_plan *plan;
    struct sim_run *run; /* NULL in the pure callbacks */
    struct ha_infra infra;
    struct ha_head_row *head;
    struct ha_zone_row *zone;
    struct ha_node_row *node;
    struct ha_pod_row *pod;
    struct ha_volume_row *volume;
    void *sched_state; /* see sched.h */
    uint32_t dirty;    /* what the present turn of the controllers looks at */
    uint8_t *pod_note; /* root cause of each pod's trouble, or SIM_NO_CAUSE; +1 kept */
};

/* Views for start/fire and for the pure callbacks (nothing may be written through
 * the second). */
struct ha_kube ha_kube_view(const struct ha_kube_plan *plan, struct sim_run *run);
struct ha_kube ha_kube_view_const(const struct ha_kube_plan *plan,
                                  const struct sim_run *run);

/* Places every pod as the scheduler would on an empty cluster, all running and
 * ready where a node was found; arms the first clocks. Calls owner->started. */
void ha_kube_start(struct ha_kube *k);

/* A slot of infra or of this room went off: changes rows; no reconcile yet. */
void ha_kube_fire(struct ha_kube *k, uint32_t purpose, uint32_t entity);

/* Controllers, in fixed order, until nothing moves. Once after each firing. Returns
 * what kinds of rows changed (enum ha_dirty), 0: none. */
uint32_t ha_kube_reconcile(struct ha_kube *k);

/* Nothing broken, pending or under way in this room and below. Pure. */
bool ha_kube_is_calm(const struct ha_kube *k);

/* One sentence about a slot of infra or this room. */
int ha_kube_explain(const struct ha_kube *k, uint32_t purpose, uint32_t entity,
                    char *text, size_t size);

/* ---- questions (pure) ---- */

static inline const struct ha_kube_workload *
ha_kube_workload_of(const struct ha_kube *k, uint32_t pod)
{
    return &k->plan->workload[k->plan->pod_workload[pod]];
}

/* The process exists (it may be paused, cut off, or without its disk). */
static inline bool ha_kube_process_runs(const struct ha_kube *k, uint32_t pod)
{
    return k->pod[pod].stage == HA_POD_RUNNING;
}

/* The process runs and makes progress: node powered and not paused. */
static inline bool ha_kube_process_is_alive(const struct ha_kube *k, uint32_t pod)
{
    return k->pod[pod].stage == HA_POD_RUNNING &&
           ha_infra_is_alive(&k->infra, k->pod[pod].node);
}

/* Alive, and its node's network reaches the cluster and the clients. */
static inline bool ha_kube_process_is_reachable(const struct ha_kube *k, uint32_t pod)
{
    return k->pod[pod].stage == HA_POD_RUNNING &&
           ha_infra_is_reachable(&k->infra, k->pod[pod].node);
}

/* Volume row of a pod, or UINT32_MAX. */
static inline uint32_t ha_kube_volume_of(const struct ha_kube *k, uint32_t pod)
{
    const struct ha_kube_workload *load = ha_kube_workload_of(k, pod);
    return load->has_volume ? load->first_volume + (pod - load->first_pod) : UINT32_MAX;
}

/* Its volume (if it has one) is plugged in and answers. */
static inline bool ha_kube_disk_works(const struct ha_kube *k, uint32_t pod)
{
    uint32_t volume = ha_kube_volume_of(k, pod);
    return volume == UINT32_MAX || ha_infra_disk_works(&k->infra, volume);
}

/* What broke this pod first and has not healed, or SIM_NO_CAUSE. */
uint8_t ha_kube_pod_cause(const struct ha_kube *k, uint32_t pod);
/* Disruptions the budget allows now (E7). */
int32_t ha_kube_pdb_allowed(const struct ha_kube *k, uint32_t pdb);

/* ---- changes the room above may ask for, inside start and fire ---- */

/* The container is killed in place (liveness probe, exit of the process): counts
 * as a crash, the kubelet restarts it after its back-off. `cause` is blamed when
 * the pod was well. No effect unless the process runs. */
void ha_kube_kill_container(struct ha_kube *k, uint32_t pod, uint8_t cause);
/* Deletes a pod through the API (graceful), as an operator would. */
void ha_kube_delete_pod(struct ha_kube *k, uint32_t pod, uint8_t cause);
/* Deletes pod and PVC: the ordinal comes back with a new, blank volume. */
void ha_kube_delete_pod_and_volume(struct ha_kube *k, uint32_t pod, uint8_t cause);
/* Says that is_serving of some pod may have changed. */
void ha_kube_touch(struct ha_kube *k);

#endif
