/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a roll-out begins and when it is over.
 *
 * infra/rollout.c raises a bit when a new revision is due. Here every pod object that
 * exists then is marked as outdated; the workload controllers replace them by their own
 * rules, all workloads at the same time (as an upgrade of the chart does). The roll-out
 * is over when no outdated pod is left and every replica is Ready; then the bit goes
 * and the clock of the next one starts.
 *
 * A roll-out that cannot finish (a surge pod without a place, a pod that never becomes
 * Ready) stays open, and no other begins.
 *
 * Sources: k8s pkg/controller/statefulset, pkg/controller/deployment; vCluster chart.
 */
#include "models/kube/kube.h"

static bool is_complete(const struct ha_kube *k, const struct ha_kube_workload *load)
{
    uint32_t n_ready = 0;
    for (uint32_t p = load->first_pod; p < load->first_pod + load->n_pods; p++) {
        if (k->pod[p].stage != HA_POD_ABSENT && ha_pod_has(k, p, HA_POD_OLD)) {
            return false;
        }
        n_ready += ha_pod_is_active(k, p) && ha_pod_has(k, p, HA_POD_READY);
    }
    return n_ready >= load->replicas;
}

static void begin(struct ha_kube *k)
{
    k->head->is_rolling = 1;
    k->infra.common->dirty |= HA_DIRTY_ROLLOUT;
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].stage != HA_POD_ABSENT) {
            ha_pod_set(k, p, HA_POD_OLD, true);
        }
    }
}

void ha_rollout_reconcile(struct ha_kube *k)
{
    if ((k->infra.common->faults & HA_FM_BIT(ROLLOUT)) == 0) {
        return;
    }
    if (k->head->is_rolling == 0) {
        begin(k);
        return;
    }
    for (uint32_t w = 0; w < k->plan->n_workloads; w++) {
        if (!is_complete(k, &k->plan->workload[w])) {
            return;
        }
    }
    k->head->is_rolling = 0;
    ha_infra_mend_common(&k->infra, HA_FM_ROLLOUT);
}
