/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small Kubernetes world for tests: zones, nodes and one workload, without what runs
 * in the pods. Every failure mode is off unless its rate is given.
 *
 * Services: 0 "running" is down while a replica's process cannot be reached; 1
 * "endpoints" while an endpoint leads to a process that cannot be reached.
 */
#ifndef SUPPORT_KUBE_WORLD_H
#define SUPPORT_KUBE_WORLD_H

#include "models/kube/plan.h"
#include "sim/scripted.h"

#define KUBE_MAX_RATES 16

struct kube_rate {
    enum ha_param rate;
    double per_year;
    enum ha_param duration; /* HA_N_PARAMS: none */
    double median_s;
    double sigma;
};

/* Crashes of nodes, and maintenance that keeps a node down for a median of down_s. */
#define KUBE_CRASH                                                                     \
    {                                                                                  \
        HA_PARAM_NODE_HOST_FAIL_RATE, 1, HA_PARAM_NODE_HOST_FAIL_RECOVER, 180, 0.5     \
    }
#define KUBE_DRAINS(down_s)                                                            \
    {                                                                                  \
        HA_PARAM_NODE_DRAIN_RATE, 8, HA_PARAM_NODE_DRAIN_NODE_DOWN, down_s, 0.5        \
    }

struct kube_setup {
    uint32_t zones, nodes_per_zone; /* 3 and 1 when 0 */
    uint32_t replicas;              /* 3 when 0 */
    bool is_deployment, is_ordered;
    bool has_volume;
    enum ha_provisioner storage;
    bool is_spot, exponential, forced_drain, autorepair, out_of_service;
    bool no_cloud_controller;
    bool no_anti_affinity; /* default: one pod a node, required */
    double grace_s;        /* 50 when 0 */
    double drain_limit_s;
    bool surge;                                  /* drains order a machine first */
    uint32_t max_per_zone;                       /* the autoscaler's ceiling; 0: none */
    int k8s_minor;                               /* 34 when 0 */
    const char *min_available, *max_unavailable; /* a budget when one is given */
    bool empty_budget;                           /* a budget without values */
    bool always_allow_unhealthy;
    const char *spec_extra; /* more YAML lines of the pod's spec, 2 spaces */
    double rollouts_per_year;
    const struct ha_kube_owner *owner;
    uint32_t n_rates;
    struct kube_rate rate[KUBE_MAX_RATES];
};

struct kube_world {
    struct sim_arena arena;
    struct ha_builder builder;
    struct ha_kube_plan plan;
    struct sim_model model;
    struct ha_catalog catalog;
    struct ha_host host;
    struct ha_workload workload;
    struct ha_pdb pdb;
};

/* Builds the plan and the model; the world must not move afterwards. Asserts. */
void kube_world_init(struct kube_world *world, const struct kube_setup *setup);
void kube_world_clear(struct kube_world *world);

/* A view of what a script is playing. */
struct ha_kube kube_view(const struct kube_world *world, struct sim_script *script);

/* Builds the world and plays its first second, with median delays and nothing planned;
 * returns the view of it. The caller releases script and world. */
struct ha_kube kube_begin(struct kube_world *world, const struct kube_setup *setup,
                          struct sim_script *script);

/* Slot of a failure mode's strike or heal on an entity. */
uint32_t kube_strike(const struct kube_world *world, enum ha_fm fm, uint32_t entity);
uint32_t kube_heal(const struct kube_world *world, enum ha_fm fm, uint32_t entity);

/* Orders a strike at at_s; the entity heals `after_s` later where the mode heals. */
void kube_hit(const struct kube_world *world, struct sim_script *script, enum ha_fm fm,
              uint32_t entity, double at_s, double after_s);

/* Nodes that carry any of these marks (enum ha_node_mark). */
uint32_t kube_count_marked(const struct ha_kube *k, uint32_t mark);

/* The first pod row on a node, or UINT32_MAX. */
uint32_t kube_pod_on(const struct ha_kube *k, uint32_t node);

/* Seconds from `from_s` until the pod's process can be reached (again), looked for
 * every `step_s` up to `limit_s` more; negative when it never was. */
double kube_until_runs(const struct kube_world *world, struct sim_script *script,
                       uint32_t pod, double from_s, double limit_s);

#endif
