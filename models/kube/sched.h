/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Placement as kube-scheduler does it: default profile, every node scored.
 *
 * Two parts, as everywhere in nines. `struct ha_sched` is compiled once from
 * Kubernetes objects and constant: nodes, pods, claims and volumes are indexes (in
 * the order of the objects), label matches are precomputed, so all threads share it.
 * The state is a flat block of ha_sched_state_bytes() bytes without pointers that
 * lives inside the simulated world: who sits where, which nodes are there and how
 * they are tainted, which claim is bound to what, and counts that follow from these.
 * Equal situations give equal bytes; a copy is one memcpy.
 *
 * Every pod that can ever exist must be among the objects. A pod that is not bound
 * simply is not anywhere; the scheduler does not care whether it is pending or not
 * created. A replacement that may overlap with its predecessor (Deployments) needs a
 * pod of its own; a StatefulSet pod that is created again is the same pod.
 *
 * Nothing here draws or chooses: ha_sched_place returns all equally good nodes, and
 * the caller picks (with sim_choose in a run; the first one in `nines place`).
 */
#ifndef HA_KUBE_SCHED_H
#define HA_KUBE_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/kube/object.h"
#include "sim/arena.h"
#include "sim/err.h"

/* No node takes more pods, whatever its allocatable says: counts are 16 bits wide and
 * sums of requests 64. Real nodes end at some hundred. */
#define HA_SCHED_MAX_PODS 4000

#define HA_SCHED_NONE (-1) /* no node, no volume, no pod */

/* ---- plugins ---- */

enum ha_sched_plugin_id {
#define HA_SCHED_PLUGIN(name, title, key, weight) HA_SCHED_##name,
#include "models/kube/sched_plugins.def"
#undef HA_SCHED_PLUGIN
    HA_SCHED_N_PLUGINS
};

/* Name in kube-scheduler, and weight of its score (0: it does not score). */
const char *ha_sched_plugin_name(enum ha_sched_plugin_id plugin);
int32_t ha_sched_plugin_weight(enum ha_sched_plugin_id plugin);

/* ---- compiling ---- */

struct ha_sched; /* constant */

struct ha_sched_options {
    int k8s_minor;   /* whose rules where versions differ; 26 to 36, default 34 */
    bool tracks_age; /* the state keeps when each pod started (decides among victims
                        of equal priority); a run leaves it out: fewer states */
};

/*
 * Compiles objects (after ha_objects_finish). Result and tables live in `arena`,
 * which, like the objects, must outlive it. Errors: SIM_ERR_INPUT (a bound pod names
 * a node that is not there), SIM_ERR_LIMIT (more than HA_SCHED_MAX_PODS bound to a
 * node; tables above 2 GB).
 */
int ha_sched_compile(struct sim_arena *arena, const struct ha_objects *objects,
                     const struct ha_sched_options *options,
                     const struct ha_sched **out, struct sim_err *err);

uint32_t ha_sched_n_nodes(const struct ha_sched *sched);
uint32_t ha_sched_n_pods(const struct ha_sched *sched);
uint32_t ha_sched_n_pdbs(const struct ha_sched *sched);

/* The objects behind the indexes. */
const struct ha_objects *ha_sched_objects(const struct ha_sched *sched);

/* Index of a name, or HA_SCHED_NONE. */
int32_t ha_sched_find_node(const struct ha_sched *sched, const char *name);
int32_t ha_sched_find_pod(const struct ha_sched *sched, const char *ns,
                          const char *name);
int32_t ha_sched_find_claim(const struct ha_sched *sched, const char *ns,
                            const char *name);

/* Can placement not tell these pods apart (but for claims, priority and name)? */
bool ha_sched_are_alike(const struct ha_sched *sched, uint32_t a, uint32_t b);

/* Claims of a pod: their number, and the k-th (HA_SCHED_NONE: not among the objects).
 */
uint32_t ha_sched_pod_n_claims(const struct ha_sched *sched, uint32_t pod);
int32_t ha_sched_pod_claim(const struct ha_sched *sched, uint32_t pod, uint32_t k);

/* Does PDB `pdb` cover pod `pod`? */
bool ha_sched_pdb_covers(const struct ha_sched *sched, uint32_t pdb, uint32_t pod);

/* Does the pod tolerate a taint of sched_taints.def, and how long (seconds, -1 = for
 * ever) when it is a NoExecute one? Returns false when it does not tolerate it. */
bool ha_sched_tolerates(const struct ha_sched *sched, uint32_t pod, uint32_t taint_flag,
                        double *seconds);

/* ---- state ---- */

/* What a node's flags say: bits. The taints of sched_taints.def follow from bit 2. */
#define HA_SCHED_NODE_PRESENT  1u /* the Node object exists */
#define HA_SCHED_NODE_CORDONED 2u /* spec.unschedulable */
enum ha_sched_taint_bit {
    HA_SCHED_BIT_BEFORE_TAINTS_ = 1,
#define HA_SCHED_TAINT(name, key, effect) HA_SCHED_BIT_##name,
#include "models/kube/sched_taints.def"
#undef HA_SCHED_TAINT
    HA_SCHED_END_TAINT_BIT
};
#define HA_SCHED_TAINT_FLAG(NAME) (1u << HA_SCHED_BIT_##NAME)
/* What `kubectl cordon` amounts to a moment later. */
#define HA_SCHED_CORDON (HA_SCHED_NODE_CORDONED | HA_SCHED_TAINT_FLAG(UNSCHEDULABLE))

/* Bytes of the state; a multiple of 8, and the block must be 8-byte aligned. */
size_t ha_sched_state_bytes(const struct ha_sched *sched);

/* The state as the objects say: all nodes there, bound pods on their nodes. */
void ha_sched_state_init(const struct ha_sched *sched, void *state);

/* Puts a pod that is nowhere on a node, or takes it away (also ends terminating).
 * Microseconds; allowed in a run, as everything below. */
void ha_sched_bind(const struct ha_sched *sched, void *state, uint32_t pod,
                   uint32_t node);
void ha_sched_unbind(const struct ha_sched *sched, void *state, uint32_t pod);

/* Counts one more pod just like this one on a node, without a name (and so without a
 * way to take it off again): for asking how many copies would fit. */
void ha_sched_add_copy(const struct ha_sched *sched, void *state, uint32_t pod,
                       uint32_t node);

/* Node of a pod, or HA_SCHED_NONE. */
int32_t ha_sched_pod_node(const struct ha_sched *sched, const void *state,
                          uint32_t pod);

/* A bound pod gets, or loses, its deletionTimestamp. */
void ha_sched_set_terminating(const struct ha_sched *sched, void *state, uint32_t pod,
                              bool is_terminating);
bool ha_sched_is_terminating(const struct ha_sched *sched, const void *state,
                             uint32_t pod);

/* With tracks_age: when the pod started, Unix seconds. Else nothing happens. */
void ha_sched_set_start(const struct ha_sched *sched, void *state, uint32_t pod,
                        int64_t start_s);

/* Flags of a node: bits of enum ha_sched_node_flag and HA_SCHED_TAINT_FLAG. A node
 * that leaves (PRESENT off) keeps its pods until they are unbound, but nobody sees
 * them meanwhile, as with a deleted Node object. */
uint32_t ha_sched_node_flags(const struct ha_sched *sched, const void *state,
                             uint32_t node);
void ha_sched_node_set(const struct ha_sched *sched, void *state, uint32_t node,
                       uint32_t flags);

/* What a claim is bound to. */
enum ha_sched_binding {
    HA_SCHED_UNBOUND,
    HA_SCHED_STATIC,   /* `where` is a volume of the objects */
    HA_SCHED_IN_ZONE,  /* provisioned; usable in the zone of node `where` only */
    HA_SCHED_ON_NODE,  /* provisioned; usable on node `where` only */
    HA_SCHED_ANYWHERE, /* provisioned; usable on every node; `where` is ignored */
    HA_SCHED_MISSING,  /* the claim object does not exist (yet, or any more) */
    HA_SCHED_PREBOUND, /* has a volume in mind but is not bound to it yet: waits */
    HA_SCHED_LOST      /* its volume is gone: the pod cannot be scheduled */
};
void ha_sched_claim_bind(const struct ha_sched *sched, void *state, uint32_t claim,
                         enum ha_sched_binding kind, int32_t where);
enum ha_sched_binding ha_sched_claim_binding(const struct ha_sched *sched,
                                             const void *state, uint32_t claim);

/* disruptionsAllowed of a PDB, as preemption sees it (the model keeps it current). */
void ha_sched_pdb_set(const struct ha_sched *sched, void *state, uint32_t pdb,
                      int32_t allowed);
int32_t ha_sched_pdb_allowed(const struct ha_sched *sched, const void *state,
                             uint32_t pdb);

/* ---- placing ---- */

struct ha_sched_node_verdict {
    int8_t plugin;        /* who rejected the node; HA_SCHED_NONE: it is feasible */
    bool is_unresolvable; /* UnschedulableAndUnresolvable: preemption cannot help */
    bool is_absent;       /* no such Node object now: not counted anywhere */
    uint32_t reasons; /* the plugin's own bits; ha_sched_row_reason spells them out */
    int32_t detail;   /* the plugin's own: which taint, constraint, term */
    int16_t score[HA_SCHED_N_PLUGINS]; /* weighted; 0 unless the verdict is_scored */
    int32_t total;
};

struct ha_sched_verdict {
    uint32_t pod;
    uint32_t n_nodes; /* rows in node[], all nodes ever */
    uint32_t n_present;
    uint32_t n_feasible;
    bool is_scored;       /* false when fewer than two nodes are feasible */
    uint32_t rejected_by; /* bit p: plugin p rejected a node (or the pod outright);
                             keep it with a pending pod for ha_sched_wakes */
    int8_t pre_filter;    /* plugin that refused the pod before looking at nodes, or
                             HA_SCHED_NONE */
    const char *pre_filter_text; /* its words */
    const struct ha_sched_node_verdict *node;
    uint32_t n_best;      /* nodes that share the highest total */
    const uint32_t *best; /* in node order */
};

/*
 * Where could this pod go now? The pod must not be bound. The verdict belongs to the
 * calling thread and is good until its next call of this function. Cost: a pass over
 * the nodes; no allocation after the first call of a thread.
 */
const struct ha_sched_verdict *ha_sched_place(const struct ha_sched *sched,
                                              const void *state, uint32_t pod);

/* Number of feasible nodes only; stops as soon as `enough` were found (0 = all). */
uint32_t ha_sched_feasible_count(const struct ha_sched *sched, const void *state,
                                 uint32_t pod, uint32_t enough);

/* What happens to a pod's unbound claims when it is put on a node, in claim order. */
struct ha_sched_claim_plan {
    uint32_t claim;
    int32_t volume; /* static volume to bind, or HA_SCHED_NONE: provision one */
};
/* Plans for at most `size` claims; returns how many there are. The pod must be
 * feasible on the node. */
uint32_t ha_sched_plan_claims(const struct ha_sched *sched, const void *state,
                              uint32_t pod, uint32_t node,
                              struct ha_sched_claim_plan *plan, uint32_t size);

/* ---- preemption ---- */

/* A node where evicting pods makes room. */
struct ha_sched_candidate {
    uint32_t node;
    uint32_t n_victims;
    const uint32_t *victim; /* pods, in the scheduler's order */
    uint32_t n_violations;  /* victims whose PDB does not allow it */
};

/* What became of a node that is no candidate. */
enum ha_sched_refusal {
    HA_SCHED_CANDIDATE,      /* it is one */
    HA_SCHED_NOT_HELPFUL,    /* its rejection cannot be cured by evicting */
    HA_SCHED_NO_VICTIMS,     /* nobody there has a lower priority */
    HA_SCHED_STILL_REJECTED, /* rejected even without all lower pods: see its row */
    HA_SCHED_NOT_TRIED       /* enough candidates were found, or no such node */
};

struct ha_sched_preemption {
    int32_t node; /* nominated node, or HA_SCHED_NONE: does not help */
    uint32_t n_victims;
    const uint32_t *victim; /* pods, in the scheduler's order */
    uint32_t n_violations;  /* victims on the nominated node protected by a PDB */
    bool is_eligible;       /* false: preemptionPolicy Never, nothing was tried */
    uint32_t n_candidates;  /* in node order */
    const struct ha_sched_candidate *candidate;
    uint32_t n_ties; /* nodes as good as the nominated one, in node order */
    const uint32_t *tie;
    const uint8_t *refusal;                  /* by node: enum ha_sched_refusal */
    const struct ha_sched_node_verdict *row; /* by node, for STILL_REJECTED */
};

/*
 * DefaultPreemption for a pod that was just found unschedulable with `verdict` on the
 * same state: the best node and whom to evict there. Best effort towards PDBs, like
 * the original. The state is not changed; the result belongs to the thread until the
 * next call. Slow compared with placing: a placement's preparation for every pod that
 * is taken away or put back.
 */
struct ha_sched_preemption ha_sched_preempt(const struct ha_sched *sched,
                                            const void *state,
                                            const struct ha_sched_verdict *verdict);

/* ---- the queue ---- */

/* What may wake a pod that was found unschedulable. */
enum ha_sched_event_kind {
    HA_SCHED_EV_NODE_ADDED,
    HA_SCHED_EV_NODE_DELETED,
    HA_SCHED_EV_NODE_TAINTS, /* taints changed */
    HA_SCHED_EV_NODE_UNCORDONED,
    HA_SCHED_EV_NODE_ALLOCATABLE, /* grew */
    HA_SCHED_EV_NODE_LABELS,
    HA_SCHED_EV_POD_ADDED,   /* a pod was bound */
    HA_SCHED_EV_POD_DELETED, /* a bound pod is finally gone */
    HA_SCHED_EV_CLAIM,       /* a PVC was added or bound */
    HA_SCHED_EV_VOLUME,      /* a PV or StorageClass appeared or changed */
    HA_SCHED_EV_DETACHED     /* a VolumeAttachment was deleted */
};
struct ha_sched_event {
    enum ha_sched_event_kind kind;
    uint32_t subject; /* node, pod or claim; ignored for VOLUME */
};

/* Back-off after the n-th failed attempt: 1, 2, 4, 8, 10, 10 ... seconds. */
double ha_sched_backoff_s(uint32_t attempt);
/* A pod that no event wakes is tried again after this long: 300 s, looked for every
 * 30 s. */
#define HA_SCHED_FLUSH_S       300.0
#define HA_SCHED_FLUSH_CHECK_S 30.0

/*
 * Does this event bring an unschedulable pod back into the queue? `rejected_by` is
 * that of its last verdict. Follows the queueing hints of 1.32 and later: setting a
 * deletionTimestamp wakes nobody, the final removal does.
 */
bool ha_sched_wakes(const struct ha_sched *sched, uint32_t pod, uint32_t rejected_by,
                    const struct ha_sched_event *event);

/* ---- words ---- */

/* One of kube-scheduler's reasons why a node was rejected: the k-th (from 0) of its row
 * in a verdict, or NULL when there are no more. `text` is used where the sentence has
 * parts of its own. */
const char *ha_sched_row_reason(const struct ha_sched *sched,
                                const struct ha_sched_node_verdict *row, uint32_t k,
                                char *text, size_t size);

/* The message of the FailedScheduling event: "0/5 nodes are available: ...". When
 * preemption was tried without success, `preemption` adds its part; else NULL. */
char *ha_sched_message(struct sim_arena *arena, const struct ha_sched *sched,
                       const struct ha_sched_verdict *verdict,
                       const struct ha_sched_preemption *preemption);

/* Preemption's part alone: "preemption: 0/3 nodes are available: ...", without the
 * final full stop of the whole message. */
char *ha_sched_preemption_message(struct sim_arena *arena, const struct ha_sched *sched,
                                  const struct ha_sched_verdict *verdict,
                                  const struct ha_sched_preemption *preemption);

/* One sentence for people why this node was rejected, with names and numbers:
 * "needs 200m CPU, 150m free"; "etcd-0 runs on this host". As snprintf. */
int ha_sched_explain(const struct ha_sched *sched, const void *state,
                     const struct ha_sched_verdict *verdict, uint32_t node, char *text,
                     size_t size);

#endif
