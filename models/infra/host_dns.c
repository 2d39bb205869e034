/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Host DNS outage: the host cluster's DNS does not answer.
 *
 * What is connected stays connected, and what goes by address does not notice: the
 * syncer finds the host's API under its service address, containers restart, the
 * tenant's own DNS answers from memory. But a process that starts must resolve names:
 * a store member those of its peers, an API server that of a store outside its pod.
 * Such a process waits until names can be resolved again (models/vcluster/raft.c,
 * replica.c). By itself the outage hurts nobody; together with a restart it takes that
 * replica away.
 *
 * Leaves out: names outside the cluster that the tenant's DNS forwards; slow answers.
 *
 * Sources: configs/catalog, rows hostdns.outage.*; loft-sh/vcluster
 * chart/templates/etcd-statefulset.yaml (members are named).
 */
#include "models/infra/failure_mode.h"

const struct ha_failure_mode ha_fm_host_dns = {
    .struck = "the host's DNS went down",
    .healed = "the host's DNS answers again",
};
