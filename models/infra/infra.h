/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The world below Kubernetes: region, zones, machines, disks, processes, and the
 * bits that say what is wrong with each of them.
 *
 * One bit per failure mode (enum ha_fm) in the `faults` of what it strikes. So
 * failures of one entity overlap without counting: a machine hit by a crash and by
 * a zone outage returns when both bits are gone. Who broke first is kept apart, in
 * the notes, which never influence the future.
 *
 * A struct ha_infra is a view: pointers into one world, made anew for each firing.
 * The rows themselves hold no pointers and copy with the world.
 *
 * Rooms above read these rows through the questions below and write only the
 * fields marked "written by kube".
 */
#ifndef HA_INFRA_INFRA_H
#define HA_INFRA_INFRA_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/design/design.h"
#include "models/infra/builder.h"
#include "sim/model.h"

/* Failure modes, in the order of failure_modes.def: also the root cause numbers. */
enum ha_fm {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration) HA_FM_##name,
#include "models/infra/failure_modes.def"
#undef HA_FM
    HA_N_FMS
};
static_assert(HA_N_FMS <= 32, "one bit of `faults` each");
static_assert(2 * HA_N_FMS <= HA_PURPOSE_KUBE, "a strike and a heal purpose each");

#define HA_FM_BIT(name) (UINT32_C(1) << HA_FM_##name)

enum ha_fm_effect {
    HA_EFFECT_NONE,
    HA_EFFECT_POWER,
    HA_EFFECT_LINK,
    HA_EFFECT_KUBELET,
    HA_EFFECT_PAUSE
};

/* Bits of the modes with that effect: a constant sum over the list, no bit twice. */
static inline uint32_t ha_fm_mask(enum ha_fm_effect effect)
{
    return 0
#define HA_FM(name, key, title, kind, effect_, cls, rate, duration)                    \
    +(HA_EFFECT_##effect_ == effect ? HA_FM_BIT(name) : 0)
#include "models/infra/failure_modes.def"
#undef HA_FM
        ;
}

enum ha_fm_kind {
    HA_KIND_REGION,
    HA_KIND_ZONE,
    HA_KIND_NODE,
    HA_KIND_POD,
    HA_KIND_VOLUME,
    HA_N_KINDS
};

/* Slot purposes: strike of mode m is m, its healing HA_N_FMS + m. */
#define HA_PURPOSE_STRIKE(fm) ((uint32_t)(fm))
#define HA_PURPOSE_HEAL(fm)   ((uint32_t)HA_N_FMS + (uint32_t)(fm))

/* ---- rows of the world ---- */

/* Rows changed since the controllers last looked; all 0 between firings. */
enum ha_dirty {
    HA_DIRTY_COMMON = 1 << 0, /* region, host control plane, cloud API */
    HA_DIRTY_ZONE = 1 << 1,
    HA_DIRTY_MACHINE = 1 << 2, /* faults of a node */
    HA_DIRTY_DISK = 1 << 3,    /* faults of a volume */
    HA_DIRTY_PROCESS = 1 << 4, /* a pod's process began or ended */
    HA_DIRTY_NODE = 1 << 5,    /* Node object: conditions, taints, cordon */
    HA_DIRTY_POD = 1 << 6,     /* pod: anything */
    HA_DIRTY_VOLUME = 1 << 7,  /* attachment */
    HA_DIRTY_ROLLOUT = 1 << 8, /* workload's revision */
    HA_DIRTY_OWNER = 1 << 9    /* the room above changed something kube reads */
};

struct ha_infra_common {
    uint32_t faults;    /* region-wide modes */
    uint32_t dirty;     /* enum ha_dirty; 0 between firings */
    uint32_t escalated; /* zones (bits) whose major outage took the whole region */
    uint32_t pad;
};
static_assert(sizeof(struct ha_infra_common) == 16, "no hidden padding");

struct ha_infra_zone {
    uint32_t faults; /* zone modes now active */
};

struct ha_infra_machine {
    uint32_t faults;      /* modes now holding this node, zone outages included */
    uint8_t is_destroyed; /* the machine is gone for good; a new one must be made */
    uint8_t maintenance;  /* planned drain: due or under way (ended by kube) */
    uint8_t is_touched;   /* changed since its clocks were looked at; else 0 */
    uint8_t is_spare;     /* an empty place: no machine, and none is missing */
};
static_assert(sizeof(struct ha_infra_machine) == 8, "no hidden padding");

#define HA_NOWHERE UINT16_MAX /* no node */
#define HA_NO_ZONE UINT8_MAX

struct ha_infra_disk {
    uint32_t faults;
    uint16_t node;    /* where it is plugged in, or HA_NOWHERE; written by kube */
    uint8_t zone;     /* HA_NO_ZONE: not made yet, or not tied; written by kube */
    uint8_t is_blank; /* content lost and not yet refilled; cleared by the owner */
};
static_assert(sizeof(struct ha_infra_disk) == 8, "no hidden padding");

struct ha_infra_process {
    uint8_t is_running; /* a process that could crash; written by kube */
    uint8_t is_crashed; /* just crashed; kube takes note and clears it */
};

/* Causes now holding one entity, oldest first. Notes only. */
#define HA_CAUSES_MAX 7
struct ha_cause_list {
    uint8_t n;
    uint8_t cause[HA_CAUSES_MAX];
};

/* ---- the plan ---- */

/* One failure mode compiled. Entity e uses slots strike_slot + e and heal_slot + e. */
struct ha_fm_plan {
    bool is_on;
    uint32_t n; /* entities of its kind */
    uint32_t strike_slot;
    uint32_t heal_slot; /* valid when has_heal */
    bool has_heal;
    uint32_t strike_dist;     /* from healthy to struck */
    uint32_t first_dist;      /* the same at the beginning (phase of periodic work) */
    const uint32_t *own_dist; /* [entity] instead of both, where they differ; NULL */
    uint32_t heal_dist;
    uint32_t choice;   /* stream for "which nodes", "does it spread" */
    double hit_p;      /* zone modes: chance of each node */
    double escalate_p; /* zone outage: chance to take the region */
};

struct ha_infra_plan {
    uint32_t n_of[HA_N_KINDS]; /* entities by kind; REGION 1 */
    const uint8_t *node_zone;  /* zone of each node */
    const char *const *zone_name;
    const char *const *node_name;
    const char *const *pod_name;
    const char *const *volume_name;
    const bool *node_is_spot;    /* NULL: none is */
    const bool *volume_is_local; /* dies with its node */
    bool replaces_nodes;         /* a destroyed machine is replaced by a new one */
    struct ha_fm_plan fm[HA_N_FMS];
    /* offsets into the state and notes blocks */
    size_t common_at, zones_at, machines_at, disks_at, processes_at, state_end;
    size_t common_note_at, machine_notes_at, disk_notes_at, notes_end;
};

#define HA_NO_DIST UINT32_MAX /* in own_dist: never strikes this entity */

/* What of the store runs in a pod. */
enum ha_store_part {
    HA_STORE_PART_NONE,
    HA_STORE_PART_BESIDE, /* an etcd member beside other processes */
    HA_STORE_PART_ALONE   /* an etcd member and nothing else */
};

/* What the room above tells infra about the entities (arrays live in the arena). */
struct ha_infra_spec {
    const struct ha_catalog *catalog;
    uint32_t n_zones, n_nodes, n_volumes, n_pods;
    const uint8_t *node_zone;
    const char *const *zone_name;
    const char *const *node_name;
    const char *const *pod_name;
    const char *const *volume_name;
    const bool *node_is_spot;
    const bool *volume_is_local;
    const uint8_t *pod_store; /* enum ha_store_part; NULL: no pod has any */
    bool replaces_nodes;
    uint32_t fm_off; /* bit m: leave failure mode m out */
};

/* ---- the view ---- */

struct ha_infra {
    const struct ha_infra_plan *plan;
    struct sim_run *run; /* NULL in the pure callbacks */
    struct ha_infra_common *common;
    struct ha_infra_zone *zone;
    struct ha_infra_machine *machine;
    struct ha_infra_disk *disk;
    struct ha_infra_process *process;
    struct ha_cause_list *common_note;
    struct ha_cause_list *machine_note;
    struct ha_cause_list *disk_note;
};

/* Compiles infra: slots, laws, offsets (state from state_at, notes from notes_at). */
void ha_infra_plan_init(struct ha_infra_plan *plan, struct ha_builder *b,
                        const struct ha_infra_spec *spec, size_t state_at,
                        size_t notes_at);

/* A view of the world behind state and notes (run may be NULL for pure reading). */
struct ha_infra ha_infra_view(const struct ha_infra_plan *plan, struct sim_run *run,
                              void *state, void *notes);

/* Gives rows their starting values. */
void ha_infra_init(struct ha_infra *w);

/* Arms the first clocks; the rooms above have filled their fields by then. */
void ha_infra_start(struct ha_infra *w);

/* A slot whose purpose is below HA_PURPOSE_KUBE went off. */
void ha_infra_fire(struct ha_infra *w, uint32_t purpose, uint32_t entity);

/* Controller: failure clocks run exactly while their entity can fail. */
void ha_infra_clocks(struct ha_infra *w, uint32_t dirty);

/* One sentence about a slot of infra. Returns the length written. */
int ha_infra_explain(const struct ha_infra *w, uint32_t purpose, uint32_t entity,
                     char *text, size_t size);

/* ---- questions (pure) ---- */

/* Titles of the root causes, HA_N_FMS of them, in order. */
extern const char *const ha_fm_title[HA_N_FMS];
extern const char *const ha_fm_key[HA_N_FMS];
extern const uint8_t ha_fm_kind[HA_N_FMS];   /* enum ha_fm_kind */
extern const uint8_t ha_fm_effect[HA_N_FMS]; /* enum ha_fm_effect */

/* The whole region is without power or reach. */
static inline bool ha_infra_region_is_dark(const struct ha_infra *w)
{
    return (w->common->faults & HA_FM_BIT(REGION_DATAPLANE)) != 0 ||
           w->common->escalated != 0;
}

/* The machine has power and exists. */
static inline bool ha_infra_is_powered(const struct ha_infra *w, uint32_t node)
{
    const struct ha_infra_machine *m = &w->machine[node];
    return (m->faults & ha_fm_mask(HA_EFFECT_POWER)) == 0 && m->is_destroyed == 0 &&
           !ha_infra_region_is_dark(w);
}

/* Powered and not standing still: its processes make progress. */
static inline bool ha_infra_is_alive(const struct ha_infra *w, uint32_t node)
{
    return ha_infra_is_powered(w, node) &&
           (w->machine[node].faults & ha_fm_mask(HA_EFFECT_PAUSE)) == 0;
}

/* Its network reaches the rest of the cluster and the clients. */
static inline bool ha_infra_is_linked(const struct ha_infra *w, uint32_t node)
{
    const struct ha_infra_zone *zone = &w->zone[w->plan->node_zone[node]];
    return ((w->common->faults | zone->faults) & ha_fm_mask(HA_EFFECT_LINK)) == 0;
}

/* Alive and linked: what runs on it can be used. */
static inline bool ha_infra_is_reachable(const struct ha_infra *w, uint32_t node)
{
    return ha_infra_is_alive(w, node) && ha_infra_is_linked(w, node);
}

/* The node's agent does its local work (restarts, probes, mounts). */
static inline bool ha_infra_kubelet_works(const struct ha_infra *w, uint32_t node)
{
    return ha_infra_is_alive(w, node) &&
           (w->machine[node].faults & ha_fm_mask(HA_EFFECT_KUBELET)) == 0;
}

/* The host's API server and controllers work. */
#define HA_HOST_API_OFF (HA_FM_BIT(HOSTCP_OUTAGE) | HA_FM_BIT(HOSTCP_UPGRADE))
static inline bool ha_infra_host_api_is_up(const struct ha_infra *w)
{
    return (w->common->faults & HA_HOST_API_OFF) == 0 && !ha_infra_region_is_dark(w);
}

/* The host's DNS answers. */
static inline bool ha_infra_host_dns_is_up(const struct ha_infra *w)
{
    return (w->common->faults & HA_FM_BIT(HOST_DNS)) == 0;
}

/* Disks can be attached and detached, machines made. */
static inline bool ha_infra_cloud_api_is_up(const struct ha_infra *w)
{
    return (w->common->faults & HA_FM_BIT(CLOUD_API)) == 0 &&
           !ha_infra_region_is_dark(w);
}

/* The disk answers and holds its data (is_blank is another matter). */
static inline bool ha_infra_disk_works(const struct ha_infra *w, uint32_t volume)
{
    return w->disk[volume].faults == 0 && !ha_infra_region_is_dark(w);
}

/* New machines can be had in that zone. */
bool ha_infra_zone_can_provision(const struct ha_infra *w, uint32_t zone);
/* Nothing region-wide, zonal, or on a machine or disk is active. */
bool ha_infra_is_calm(const struct ha_infra *w);

/* The cause that has been holding the entity longest, or SIM_NO_CAUSE. */
uint8_t ha_infra_machine_cause(const struct ha_infra *w, uint32_t node);
uint8_t ha_infra_disk_cause(const struct ha_infra *w, uint32_t volume);
/* Of the region-wide causes in `mask` the oldest; ha_infra_common_cause: of all. */
uint8_t ha_infra_common_cause_among(const struct ha_infra *w, uint32_t mask);
uint8_t ha_infra_common_cause(const struct ha_infra *w);

/* ---- changes, for failure modes and kube ---- */

/* Sets or clears a fault bit, keeps the order of causes, marks what changed. */
void ha_infra_break_machine(struct ha_infra *w, uint32_t node, enum ha_fm fm);
void ha_infra_mend_machine(struct ha_infra *w, uint32_t node, enum ha_fm fm);
void ha_infra_break_disk(struct ha_infra *w, uint32_t volume, enum ha_fm fm);
void ha_infra_mend_disk(struct ha_infra *w, uint32_t volume, enum ha_fm fm);
void ha_infra_break_common(struct ha_infra *w, enum ha_fm fm);
void ha_infra_mend_common(struct ha_infra *w, enum ha_fm fm);

/* Enters or strikes out a cause in one machine's notes, or in those of all machines
 * and disks (region-wide failures). Marks them changed. */
void ha_infra_note_machine(struct ha_infra *w, uint32_t node, enum ha_fm fm,
                           bool is_on);
void ha_infra_note_all(struct ha_infra *w, enum ha_fm fm, bool is_on);

/* The machine is gone for good; disks that live on it are lost with it. */
void ha_infra_destroy_machine(struct ha_infra *w, uint32_t node);
/* A new, blank disk stands in its place, tied to no zone, with no faults. */
void ha_infra_replace_disk(struct ha_infra *w, uint32_t volume);
/* Content of the disks that live on this node is lost (they stay in place, blank). */
void ha_infra_lose_local_disks(struct ha_infra *w, uint32_t node);
/* There is no machine any more and none is missing: an empty place without faults. */
void ha_infra_retire_machine(struct ha_infra *w, uint32_t node);
/* A new machine stands in its place: free of the old one's faults. */
void ha_infra_replace_machine(struct ha_infra *w, uint32_t node);
/* The emptied node goes down for its planned work (law of node_drain). */
void ha_infra_begin_reboot(struct ha_infra *w, uint32_t node);
/* Planned work on the node is over; the next is due after its law. */
void ha_infra_end_maintenance(struct ha_infra *w, uint32_t node);
/* Arms slot with dist when it should run and does not; disarms it when it should
 * not. The level-triggered way to keep a timer true to the state. */
void ha_arm_while(struct sim_run *run, uint32_t slot, bool should_run, uint32_t dist);

#endif
