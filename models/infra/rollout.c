/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Roll-out: a new revision of the tenant's workloads (vCluster or Kubernetes upgrade,
 * changed values) replaces every pod once.
 *
 * The strike raises a bit; the workload controllers (models/kube/statefulset.c,
 * deployment.c) replace the pods one after the other and models/kube/rollouts.c clears
 * the bit when all are of the new revision, upon which the next roll-out's clock
 * starts. Periodic with jitter.
 *
 * Leaves out: roll-outs that break what they roll out (change_outage); values that
 * touch one workload only.
 *
 * Sources: configs/catalog, row rollout.rate.
 */
#include "models/infra/failure_mode.h"

const struct ha_failure_mode ha_fm_rollout = {
    .is_periodic = true,
    .struck = "a roll-out begins",
    .healed = "the roll-out is over",
};
