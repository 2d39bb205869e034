/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The changing world of Kubernetes: one flat row per Node object, zone, pod and
 * volume, without pointers, the same bytes for the same situation.
 *
 * What happens by itself (power, links, disks) is in the rows of infra/; here is
 * what the API server believes and what kubelets and controllers have under way.
 * The two differ on purpose: a node is dead for 48 s before its Node object says
 * so, and a pod may be Running for Kubernetes and useless for its clients.
 *
 * Which timers are armed belongs to the state too (the engine keeps it), so a row
 * never repeats it, except where one slot has several laws: then the row says
 * which law is running (ha_volume_row.wait).
 */
#ifndef HA_KUBE_WORLD_H
#define HA_KUBE_WORLD_H

#include <assert.h>
#include <stdint.h>

#include "models/infra/infra.h"

enum ha_node_phase {
    HA_NODE_IS_READY,     /* condition Ready True, also while dead and undetected */
    HA_NODE_IS_NOT_READY, /* condition False or Unknown; NoSchedule taint */
    HA_NODE_IS_GONE       /* no Node object: a new machine is on its way, or never */
};

enum ha_node_mark {
    HA_MARK_NO_EXECUTE = 1,     /* not-ready / unreachable NoExecute taint */
    HA_MARK_OUT_OF_SERVICE = 2, /* node.kubernetes.io/out-of-service:NoExecute */
    HA_MARK_CORDONED = 4,       /* spec.unschedulable */
    HA_MARK_SILENT = 16,        /* NotReady because unheard of (Unknown), not told */
    HA_MARK_QUEUED = 8          /* waits for its zone's token to be tainted */
};

enum ha_upkeep {
    HA_UPKEEP_NONE,
    HA_UPKEEP_EVICTING, /* cordoned, pods being evicted */
    HA_UPKEEP_DOWN,     /* empty: rebooting or being replaced */
    HA_UPKEEP_BACK,     /* up again; uncordoned when Ready */
    HA_UPKEEP_REBUILD,  /* auto-repair makes a new machine */
    HA_UPKEEP_WAITING,  /* due for maintenance; its surge machine is on its way */
    HA_UPKEEP_SURGE,    /* empty place: a drain has ordered a machine */
    HA_UPKEEP_SCALE_UP  /* empty place: the autoscaler has ordered a machine */
};

struct ha_node_row {
    uint8_t phase;      /* enum ha_node_phase */
    uint8_t marks;      /* enum ha_node_mark */
    uint8_t upkeep;     /* enum ha_upkeep */
    uint8_t is_watched; /* not wholly well: controllers must look (reconcile.c) */
};
static_assert(sizeof(struct ha_node_row) == 4, "no hidden padding");

enum ha_zone_mode { HA_ZONE_NORMAL, HA_ZONE_PARTIAL, HA_ZONE_FULL };

struct ha_zone_row {
    uint8_t has_token; /* the eviction bucket (burst 1) holds its token */
    uint8_t pad[3];
};

enum ha_pod_stage {
    HA_POD_ABSENT,   /* no pod object */
    HA_POD_PENDING,  /* not on a node */
    HA_POD_BOUND,    /* on a node, waits for its volume */
    HA_POD_STARTING, /* image, init containers, process start */
    HA_POD_RUNNING,  /* the process runs (whether it serves is its owner's word) */
    HA_POD_CRASHED,  /* process ended, kubelet waits its back-off */
    HA_POD_DEAD,     /* process lost with the node; waits for the node */
    HA_POD_STOPPED   /* ended in obedience to a deletion; the object remains */
};

enum ha_pod_flag {
    HA_POD_READY = 1,        /* condition Ready in the API */
    HA_POD_ENDPOINT = 2,     /* in the Service's endpoints */
    HA_POD_TERMINATING = 4,  /* has a deletionTimestamp */
    HA_POD_ORPHAN = 8,       /* its Node object is gone */
    HA_POD_OLD = 16,         /* of an outdated revision */
    HA_POD_UNPLACEABLE = 32, /* last scheduling attempt found no node */
    HA_POD_REFUSED = 64,     /* the eviction API said 429 to the running drain */
    HA_POD_STUCK = 128,      /* terminating, and its kubelet could not be told */
    HA_POD_PROBED = 256,     /* the kubelet's own probes succeed */
    HA_POD_ASLEEP = 512,     /* CRASHED, and a start would only end again (kubelet.c) */
    HA_POD_NOMINATED = 1024  /* PENDING: lower pods were told to go for it */
};

struct ha_pod_row {
    uint16_t node;      /* HA_NOWHERE while pending; 0 while absent */
    uint16_t flags;     /* enum ha_pod_flag */
    uint8_t stage;      /* enum ha_pod_stage */
    uint8_t restarts;   /* crashes without 600 good seconds between, at most 7 */
    uint8_t gate;       /* BOUND: volume checks made so far, HA_GATE_MOUNTING at last */
    uint8_t is_watched; /* not wholly well: controllers must look (reconcile.c) */
};
static_assert(sizeof(struct ha_pod_row) == 8, "no hidden padding");

#define HA_RESTARTS_MAX  7  /* 10 x 2^(7-2) = 320 > 300: the back-off's ceiling */
#define HA_GATE_CHECKS   12 /* checks played one by one; 9 reach the 122 s ceiling */
#define HA_GATE_MOUNTING 15

enum ha_volume_stage {
    HA_VOLUME_DETACHED,
    HA_VOLUME_ATTACHING, /* to disk.node */
    HA_VOLUME_ATTACHED,
    HA_VOLUME_DETACHING
};

/* What the volume's one timer is counting. */
enum ha_volume_wait {
    HA_WAIT_NONE,
    HA_WAIT_REPORT,  /* unmounted; kubelet's next status report */
    HA_WAIT_UNMOUNT, /* node is back: unmount, then the report */
    HA_WAIT_FORCE,   /* node silent: maxWaitForUnmountDuration, 360 s */
    HA_WAIT_EVICTED, /* node out of service: at once */
    HA_WAIT_DETACH,
    HA_WAIT_DETACH_SLOW, /* the machine was ended while its disk was detaching */
    HA_WAIT_ATTACH
};

struct ha_volume_row {
    uint8_t stage;      /* enum ha_volume_stage */
    uint8_t wait;       /* enum ha_volume_wait */
    uint8_t is_mounted; /* a kubelet holds it mounted on disk.node */
    uint8_t is_left;    /* the Node object it hangs on is gone (disk.node may be new) */
    uint8_t is_doomed;  /* its claim is deleted: a new one once the pod is gone */
    uint8_t pad[3];
};
static_assert(sizeof(struct ha_volume_row) == 8, "no hidden padding");

struct ha_head_row {
    uint16_t drain_node; /* holds the maintenance lock, or HA_NOWHERE */
    uint16_t n_extra;    /* machines beyond the counts of their pools */
    uint8_t all_full;    /* every zone fully disrupted: evictions stopped */
    uint8_t rolling;     /* roll-outs under way, bits: see rollouts.c */
    uint8_t pad[2];
};
static_assert(sizeof(struct ha_head_row) == 8, "no hidden padding");

#endif
