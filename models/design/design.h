/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The design: what the user wrote plus defaults, typed, with the origin of every
 * value. Nothing after this step reads YAML for a number; only free-form
 * Kubernetes fragments (affinity, tolerations, spread constraints, selectors)
 * travel on as trees, because the scheduler reads them exactly as Kubernetes does.
 *
 * A design is made of three sources: the vCluster values (a plain vcluster.yaml,
 * merged over the chart's defaults), the host (kind: Host, or the stated default
 * of 3 zones with 3 nodes each), and the catalogue of rates (aws, gcp, ...).
 */
#ifndef HA_DESIGN_H
#define HA_DESIGN_H

#include "models/design/doc.h"
#include "sim/arena.h"
#include "sim/dist.h"
#include "sim/err.h"

/* ---- catalogue: how often things break, how long they stay broken ---- */

enum ha_param {
#define HA_PARAM(name, key, unit, family, title) HA_PARAM_##name,
#include "models/design/params.def"
#undef HA_PARAM
    HA_N_PARAMS
};

/* One catalogue entry: a value, its 5-95 % range, and where it is from. */
struct ha_param_value {
    bool is_set;            /* false: not applicable in this catalogue (null) */
    double lo, mid, hi;     /* in the unit of the row (params.def), as published */
    double sigma;           /* of the logarithm, for lognormal durations; else 0 */
    const char *source;     /* paper, documentation, or what the override said */
    const char *confidence; /* "H", "M", "L", or "" for a value of the user's */
    struct ha_place place;  /* catalogue file or the user's override */
};

struct ha_catalog {
    const char *name; /* "aws" ... */
    struct ha_param_value value[HA_N_PARAMS];
};

/* Events per year (per node, per volume, ...) of a rate row; 0 when not set. */
double ha_catalog_rate_per_year(const struct ha_catalog *catalog, enum ha_param param);
/* A probability row; 0 when not set. */
double ha_catalog_probability(const struct ha_catalog *catalog, enum ha_param param);
/* The law of a duration row, in seconds (lognormal by median and sigma, or fixed).
 * Returns false when the row is not set. */
bool ha_catalog_duration(const struct ha_catalog *catalog, enum ha_param param,
                         struct sim_dist *out);
/* Key, unit, family of laws and meaning of a row, as in params.def. */
const char *ha_param_key(enum ha_param param);
const char *ha_param_unit(enum ha_param param);
const char *ha_param_family(enum ha_param param);
const char *ha_param_title(enum ha_param param);
/* The row with that key, or -1. */
int ha_param_find(const char *key);
/* Weibull shape of a rate row's failure clock: 1 when exponential, 0 for other laws. */
double ha_param_shape(enum ha_param param);

/* ---- host ---- */

struct ha_zone {
    const char *name;
    struct ha_place place;
};

struct ha_host_node {
    const char *name;
    uint32_t zone; /* index into zones */
    const char *pool;
    const struct ha_node *object; /* the v1 Node as kube-scheduler would see it */
    double price_usd_month;
    uint32_t group; /* index into groups: pool and zone; 0: of none */
};

/* A node pool in one zone: how many nodes it has, and up to how many an autoscaler
 * makes them. */
struct ha_node_group {
    uint32_t count, max;
};

enum ha_provisioner {
    HA_STORAGE_EBS, /* attach and detach per facts E6 */
    HA_STORAGE_GCE_PD,
    HA_STORAGE_AZURE_DISK,
    HA_STORAGE_REGIONAL, /* replicated over zones: can be attached anywhere */
    HA_STORAGE_NETWORK,  /* NFS, EFS, CephFS: no attach, no exclusivity */
    HA_STORAGE_RBD,      /* Ceph RBD, Longhorn: as EBS, not zonal */
    HA_STORAGE_LOCAL     /* lives and dies with its node */
};

struct ha_storage_class {
    const char *name;
    enum ha_provisioner provisioner;
    bool is_default;
    bool is_immediate; /* volumeBindingMode Immediate instead of WaitForFirstConsumer */
    const struct ha_node *object; /* the v1 StorageClass */
};

struct ha_host {
    bool is_default;  /* nobody said which zones and nodes: say so on screen */
    const char *file; /* or NULL */
    uint32_t n_zones;
    struct ha_zone *zone;
    uint32_t n_nodes;
    struct ha_host_node *node;
    /* Places for machines that are not there at first: for drains that surge, and for
     * the autoscaler. Of groups only; group[0] is nobody's. */
    uint32_t n_spares, n_groups;
    struct ha_host_node *spare;
    struct ha_node_group *group;
    uint32_t n_classes;
    struct ha_storage_class *storage_class;
    int k8s_minor;             /* e.g. 34; decides the 40 s or 50 s grace period */
    double monitor_grace_s;    /* node-monitor-grace-period */
    bool has_cloud_controller; /* deletes Node objects of destroyed machines */
    bool has_autorepair;
    double drain_limit_s;     /* provider's limit of a refused drain; 0 = none */
    bool drain_is_forced;     /* at the limit: delete anyway (else give up) */
    bool drain_surges;        /* a new machine joins before a node of a pool goes */
    bool sets_out_of_service; /* automation taints dead nodes out-of-service */
    double price_control_plane_usd_month;
};

/* ---- vCluster ---- */

enum ha_store {
#define HA_STORE(name, key, title) HA_STORE_##name,
#include "models/design/stores.def"
#undef HA_STORE
    HA_N_STORES
};

struct ha_lease_times {
    double duration_s, renew_deadline_s, retry_period_s;
};

struct ha_pdb {
    bool is_enabled;
    const char *min_available;   /* "2", "50%", or NULL */
    const char *max_unavailable; /* or NULL */
    bool always_allow_unhealthy; /* unhealthyPodEvictionPolicy: AlwaysAllow */
    struct ha_place place;
};

/* A set of equal pods, as the chart renders them. */
struct ha_workload {
    const char *name; /* pod base name: "prod", "prod-etcd", "coredns" */
    uint32_t replicas;
    bool is_statefulset;                /* else a Deployment */
    bool is_ordered_ready;              /* podManagementPolicy OrderedReady */
    const struct ha_node *pod_template; /* metadata.labels + spec, v1 Pod shaped */
    bool has_volume;                    /* one PVC per ordinal */
    const char *storage_class; /* resolved name, NULL when there is no volume */
    int64_t volume_bytes;
    double grace_s;        /* terminationGracePeriodSeconds */
    struct ha_place place; /* where replicas was set */
};

struct ha_vcluster {
    const char *name; /* release name: the file's stem unless metadata says */
    enum ha_store store;
    struct ha_workload cp;
    struct ha_workload etcd;    /* replicas 0 unless deployed etcd */
    struct ha_workload coredns; /* replicas 0 when embedded or disabled */
    bool coredns_is_embedded;
    bool has_virtual_scheduler;
    struct ha_lease_times lease; /* syncer, on the host */
    struct ha_pdb pdb;           /* covers control-plane pods only */
    double readiness_act_s;      /* period x failureThreshold, 120 by default */
    double liveness_act_s;
    uint32_t external_etcd_members; /* HA_STORE_ETCD_EXTERNAL: host file's word */
    bool has_quota;
    bool has_limit_range;
    const struct ha_node *quota; /* merged hard limits, NULL without quota */
};

/* An extra dependency described as a reliability system (kind: System). */
struct ha_extra {
    const char *name;    /* "load balancer" */
    const char *service; /* which service needs it: "api" or "dns" or "all" */
    const struct ha_node *system;
};

struct ha_design {
    const char *name;                  /* file stem: "three" for three.yaml */
    const char *file;                  /* first -f */
    const struct ha_node *values;      /* vCluster values merged over chart defaults */
    const struct ha_node *user_values; /* what the user wrote, merged, no defaults */
    struct ha_vcluster vcluster;
    struct ha_host host;
    struct ha_catalog catalog;
    uint32_t n_extras;
    struct ha_extra *extra;
    struct sim_arena arena; /* owns everything above */
};

/* What the command line asked for. Strings are the user's and outlive the design. */
struct ha_design_request {
    uint32_t n_files;
    const char *const *file; /* -f in order; "-" is standard input */
    uint32_t n_sets;
    const char *const *set; /* --set PATH=VALUE in order */
    int32_t replicas;       /* --replicas: CP and etcd replicas; 0 = as written */
    const char *catalog;    /* --catalog NAME; NULL = the host's, else "aws" */
};

/*
 * Reads, merges, validates and types a design. On error returns a negative code
 * with file:line:column, the source line and a hint; nothing is left to release.
 * Files may be, in any order and number: plain vcluster.yaml values, kind: Host,
 * kind: Catalog, kind: Design (values under `vcluster:`, host under `host:`).
 */
int ha_design_load(const struct ha_design_request *request, struct ha_design *out,
                   struct sim_err *err);

void ha_design_release(struct ha_design *design);

#endif
