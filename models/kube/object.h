/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kubernetes objects, read: from the trees that `kubectl get ... -o yaml|json`
 * prints (or that a design is rendered to) to the typed facts that placement needs.
 *
 * Fields that no part of nines looks at are ignored, as they are Kubernetes' own;
 * fields that are looked at must have the right type and range, and an error names
 * file, line, column and what was expected. Absent fields get the value that the API
 * server would have put there.
 *
 * A set of objects is filled by ha_objects_add, once for each tree, and is constant
 * afterwards. Everything lives in the arena and points into the trees, which must
 * outlive it. Order is the order of reading.
 */
#ifndef HA_KUBE_OBJECT_H
#define HA_KUBE_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "models/design/doc.h"
#include "models/kube/selector.h"
#include "sim/arena.h"
#include "sim/err.h"

/* Amounts of one resource: cpu in millicores, everything else whole (bytes, counts). */
struct ha_amount {
    const char *resource; /* "cpu", "memory", "example.com/gpu" */
    int64_t value;
};

struct ha_amounts {
    uint32_t n;
    struct ha_amount *item;
};

struct ha_meta {
    const char *kind;
    const char *name;
    const char *ns; /* "" for cluster-wide objects; "default" when a pod has none */
    const char *uid;
    struct ha_labels labels;
    struct ha_labels annotations;
    bool is_terminating;    /* has metadata.deletionTimestamp */
    int64_t created_s;      /* creationTimestamp, Unix seconds; INT64_MAX = none */
    const char *owner_kind; /* of the controlling ownerReference, or NULL */
    const char *owner_name;
    const char *owner_group; /* "apps" of "apps/v1"; "" for "v1" */
    struct ha_place place;
};

enum ha_effect {
    HA_EFFECT_ANY, /* toleration without effect */
    HA_EFFECT_NO_SCHEDULE,
    HA_EFFECT_PREFER_NO_SCHEDULE,
    HA_EFFECT_NO_EXECUTE
};

struct ha_taint {
    const char *key, *value;
    enum ha_effect effect;
};

struct ha_toleration {
    const char *key, *value; /* key "" with `exists` tolerates everything */
    bool exists;             /* operator Exists (else Equal) */
    enum ha_effect effect;
    int64_t seconds; /* tolerationSeconds, -1 = for ever */
};

struct ha_image {
    uint32_t n_names;
    const char **name;
    int64_t size_bytes;
};

struct ha_kube_node {
    struct ha_meta meta;
    bool is_unschedulable;
    uint32_t n_taints;
    struct ha_taint *taint;
    struct ha_amounts allocatable;
    uint32_t n_images;
    struct ha_image *image;
};

struct ha_host_port {
    const char *ip;       /* "0.0.0.0" when not given */
    const char *protocol; /* "TCP" when not given */
    int32_t port;
};

struct ha_container {
    const char *name;
    const char *image;
    struct ha_amounts requests; /* limits stand in where a request is missing */
    bool is_sidecar;            /* init container with restartPolicy Always */
};

/* One term of pod affinity or anti-affinity. */
struct ha_affinity_term {
    struct ha_selector selector; /* label keys of matchLabelKeys already merged in */
    const char *topology_key;
    uint32_t n_namespaces;
    const char **ns;
    bool has_ns_selector;
    struct ha_selector ns_selector;
    int32_t weight; /* 1-100 when preferred, 0 when required */
};

struct ha_affinity_terms {
    uint32_t n;
    struct ha_affinity_term *item;
};

struct ha_spread {
    int32_t max_skew;
    int32_t min_domains; /* 1 unless given */
    const char *topology_key;
    bool is_hard;                /* DoNotSchedule, else ScheduleAnyway */
    bool honors_affinity;        /* nodeAffinityPolicy Honor (the default) */
    bool honors_taints;          /* nodeTaintsPolicy Honor */
    struct ha_selector selector; /* with matchLabelKeys merged in */
};

/* A volume of a pod as far as placement cares. */
struct ha_pod_volume {
    const char *claim;  /* name of a PVC in the pod's namespace, or NULL */
    const char *driver; /* else the CSI driver of an inline disk, or NULL */
    const char *handle; /* and its identity */
    bool is_read_only;
};

struct ha_kube_pod {
    struct ha_meta meta;
    const char *node_name;      /* "" while pending */
    const char *phase;          /* "Pending" when absent */
    bool is_finished;           /* Succeeded or Failed: ignored by the scheduler */
    bool has_gates;             /* spec.schedulingGates is not empty */
    int64_t start_s;            /* status.startTime, Unix seconds; INT64_MAX = none */
    int32_t priority;           /* spec.priority, else by priorityClassName, else 0 */
    bool has_priority;          /* spec.priority is written */
    const char *priority_class; /* spec.priorityClassName or NULL */
    bool never_preempts;        /* preemptionPolicy Never */
    uint32_t n_containers;
    struct ha_container *container;
    uint32_t n_inits;
    struct ha_container *init;
    struct ha_amounts overhead;
    struct ha_amounts pod_requests; /* spec.resources.requests (pod level) */
    uint32_t n_ports;
    struct ha_host_port *port; /* host ports only */
    uint32_t n_tolerations;
    struct ha_toleration *toleration;
    struct ha_labels node_selector;
    bool has_required_nodes; /* requiredDuringScheduling... is present */
    struct ha_node_terms required_nodes;
    struct ha_node_terms preferred_nodes; /* with weights */
    struct ha_affinity_terms affinity, preferred_affinity;
    struct ha_affinity_terms anti_affinity, preferred_anti_affinity;
    uint32_t n_spreads;
    struct ha_spread *spread;
    uint32_t n_volumes;
    struct ha_pod_volume *volume;
    const struct ha_node *tree;
};

struct ha_kube_claim {
    struct ha_meta meta;
    const char *volume_name;   /* "" while unbound */
    bool is_bind_complete;     /* annotation pv.kubernetes.io/bind-completed */
    bool is_lost;              /* status.phase Lost */
    const char *storage_class; /* name; "" = no class */
    int64_t request_bytes;
    uint32_t access_modes; /* bits, see HA_ACCESS_ */
    bool is_block;         /* volumeMode Block */
    bool has_selector;
    struct ha_selector selector;
    const char
        *selected_node; /* annotation volume.kubernetes.io/selected-node or NULL */
};

#define HA_ACCESS_RWO  1u
#define HA_ACCESS_ROX  2u
#define HA_ACCESS_RWX  4u
#define HA_ACCESS_RWOP 8u

struct ha_kube_volume {
    struct ha_meta meta;
    const char *storage_class;
    int64_t capacity_bytes;
    uint32_t access_modes;
    bool is_block;
    bool is_available; /* status.phase Available (or not said) */
    bool has_claim;    /* spec.claimRef */
    const char *claim_ns, *claim_name, *claim_uid;
    const char *driver, *handle; /* CSI driver (in-tree kinds under their CSI name) */
    bool has_node_affinity;
    struct ha_node_terms node_affinity;
};

struct ha_kube_class {
    struct ha_meta meta;
    const char *provisioner;
    bool is_immediate;
    bool is_default;
    bool has_topologies;
    struct ha_node_terms topologies; /* allowedTopologies as node terms */
    struct ha_labels parameters;
};

struct ha_kube_pdb {
    struct ha_meta meta;
    struct ha_selector selector;
    int32_t disruptions_allowed;
    const char *min_available, *max_unavailable; /* text or NULL */
    bool always_allows_unhealthy;
    uint32_t n_disrupted;
    const char **disrupted; /* pod names in status.disruptedPods */
};

struct ha_kube_priority_class {
    struct ha_meta meta;
    int32_t value;
    bool is_default;
    bool never_preempts;
};

struct ha_kube_namespace {
    struct ha_meta meta;
};

/* A Service: a plain label set; no selector selects nothing. */
struct ha_kube_service {
    struct ha_meta meta;
    bool has_selector;
    struct ha_labels selector;
};

/* StatefulSet, ReplicaSet, Deployment, ReplicationController. */
struct ha_kube_set {
    struct ha_meta meta;
    int32_t replicas;
    struct ha_selector selector;
    const struct ha_node *template; /* spec.template or NULL */
    uint32_t n_claim_templates;
    const struct ha_node *const *claim_template;
};

/* Limits that a node's drivers publish. */
struct ha_kube_csi_node {
    struct ha_meta meta;
    uint32_t n_drivers;
    struct ha_amount *driver; /* resource = driver name, value = count; -1 = none */
};

struct ha_objects {
    struct sim_arena *arena;
    uint32_t n_nodes;
    struct ha_kube_node *node;
    uint32_t n_pods;
    struct ha_kube_pod *pod;
    uint32_t n_claims;
    struct ha_kube_claim *claim;
    uint32_t n_volumes;
    struct ha_kube_volume *volume;
    uint32_t n_classes;
    struct ha_kube_class *storage_class;
    uint32_t n_pdbs;
    struct ha_kube_pdb *pdb;
    uint32_t n_priorities;
    struct ha_kube_priority_class *priority_class;
    uint32_t n_spaces;
    struct ha_kube_namespace *space;
    uint32_t n_services;
    struct ha_kube_service *service;
    uint32_t n_sets;
    struct ha_kube_set *set;
    uint32_t n_csi_nodes;
    struct ha_kube_csi_node *csi_node;
    uint32_t n_ignored; /* objects of kinds that placement does not look at */
};

/* Makes an empty set whose memory comes from `arena`. */
void ha_objects_init(struct ha_objects *set, struct sim_arena *arena);

/*
 * Adds one object, or all items of a List. Other kinds are counted and ignored.
 * Errors: SIM_ERR_INPUT with file:line:column (not an object, wrong type, negative
 * quantity, unknown operator, name used twice for the same kind).
 */
int ha_objects_add(struct ha_objects *set, const struct ha_node *tree,
                   struct sim_err *err);

/*
 * Settles what needs the whole set: priorities by class, claims of default class.
 * Call once after the last add and before compiling.
 */
int ha_objects_finish(struct ha_objects *set, struct sim_err *err);

/* True when the tree looks like a Kubernetes object or a List of them (it has
 * apiVersion and kind). */
bool ha_objects_is_object(const struct ha_node *tree);

#endif
