/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The laws of every delay of the Kubernetes room; all numbers of it are in laws.c. */
#ifndef HA_KUBE_LAWS_H
#define HA_KUBE_LAWS_H

#include "models/kube/plan.h"

/* Builds plan->law and the laws of each workload. Workloads must be there. */
void ha_kube_laws_init(struct ha_kube_plan *plan, struct ha_builder *b,
                       const struct ha_kube_spec *spec);

#endif
