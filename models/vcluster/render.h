/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A design as Kubernetes objects: what the chart, the controllers and the
 * admission chain would have put into the host's API before the scheduler looks.
 * The scheduler compiles these trees (models/kube/sched.h) and `nines place`
 * prints them; the simulation takes its pods from the same list, in this order.
 */
#ifndef HA_VCLUSTER_RENDER_H
#define HA_VCLUSTER_RENDER_H

#include "models/design/design.h"
#include "sim/arena.h"

/* The sets of equal pods a tenant control plane consists of, in pod order. */
enum ha_role { HA_ROLE_CP, HA_ROLE_ETCD, HA_ROLE_COREDNS, HA_N_ROLES };

/* One pod as it is stored in the host's API before it is bound to a node. */
struct ha_rendered_pod {
    enum ha_role role;
    uint32_t ordinal;             /* within its set, from 0 */
    const char *name;             /* StatefulSet: NAME-ordinal; else NAME-rs-ordinal */
    const struct ha_node *object; /* v1 Pod with admission defaults, no nodeName */
    const struct ha_node *claim;  /* v1 PersistentVolumeClaim, NULL without volume */
};

struct ha_rendered {
    const char *namespace_name; /* the host namespace of everything namespaced */
    uint32_t n_pods;
    struct ha_rendered_pod *pod; /* control plane, then etcd, then CoreDNS */
    uint32_t first[HA_N_ROLES];  /* index of the first pod of a role */
    uint32_t count[HA_N_ROLES];  /* pods of a role; 0 when it does not exist */
    uint32_t n_objects;
    /* Everything, in the order kubectl apply would need: Nodes, StorageClasses,
     * PriorityClasses, ResourceQuota, LimitRange, Services, controllers,
     * PodDisruptionBudget, PersistentVolumeClaims, Pods. */
    const struct ha_node **object;
};

/*
 * Renders a design. Never fails: the design has been validated. Trees and arrays
 * live in `arena` and share nodes with the design, which must outlive them.
 */
void ha_render(struct sim_arena *arena, const struct ha_design *design,
               struct ha_rendered *out);

/* The workload of a role in a design. */
const struct ha_workload *ha_render_workload(const struct ha_design *design,
                                             enum ha_role role);

#endif
