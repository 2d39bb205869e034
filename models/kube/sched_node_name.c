/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NodeName: a pod with spec.nodeName fits that node only.
 *
 * kube-scheduler takes a pod from its queue only while spec.nodeName is empty, so the
 * filter never rejects anything there; it exists for the kubelet, which used to share
 * the code. Here a pod whose object names a node is bound from the start, and once it
 * is taken away its successor is a new pod without a node's name. The row keeps the
 * plugin's place in the order of the profile; the filter has nothing to do.
 *
 * Source: k8s plugins/nodename, pkg/scheduler/eventhandlers.go (assignedPod).
 */
#include "models/kube/sched_internal.h"

const struct ha_sched_plugin ha_sched_node_name = {.filter = NULL};
