/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small cluster from YAML text, compiled for placement, for tests. */
#ifndef TESTS_SUPPORT_CLUSTER_H
#define TESTS_SUPPORT_CLUSTER_H

#include "models/kube/sched.h"
#include "sim/arena.h"

struct cluster {
    struct sim_arena arena;
    struct ha_objects objects;
    const struct ha_sched *sched;
    void *state;
    struct sim_err err;
};

/* Reads "---"-separated objects; returns the reader's or the compiler's code. */
int cluster_make(struct cluster *c, const char *yaml, int k8s_minor);
void cluster_free(struct cluster *c);

/* Index of a node, or of a pod in namespace default; the test fails if it is none. */
uint32_t cluster_node(const struct cluster *c, const char *name);
uint32_t cluster_pod(const struct cluster *c, const char *name);

/* Places a pod and binds it to the first best node; that node, or HA_SCHED_NONE. */
int32_t cluster_place(struct cluster *c, const char *pod);

/* A Node of 8 cpu and 16Gi in a zone, as YAML that ends with "---". */
#define CLUSTER_NODE(name, zone) CLUSTER_NODE_OF(name, zone, "8", "16Gi", "")
#define CLUSTER_NODE_OF(name, zone, cpu, memory, spec)                                 \
    "apiVersion: v1\nkind: Node\nmetadata:\n  name: " name "\n  labels:\n"             \
    "    kubernetes.io/hostname: " name "\n    topology.kubernetes.io/zone: " zone     \
    "\nspec: {" spec "}\nstatus:\n  allocatable: {cpu: '" cpu "', memory: " memory     \
    ", pods: '110'}\n---\n"

/* A Pod of app=etcd with more spec (flow style, each entry ending with a comma). */
#define CLUSTER_POD(name, spec)                                                        \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: " name ", labels: {app: etcd}}\n"     \
    "spec: {" spec " containers: [{name: c, image: i}]}\n---\n"

#endif
