/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a roll-out begins and when it is over.
 *
 * Two kinds of planned work roll pods: a new revision of everything (infra/rollout.c)
 * and renewed certificates (infra/cert_renewal.c), which concern the workloads that
 * carry certificates. Each raises a bit when it is due. Here every pod object that
 * exists then and is concerned is marked as outdated; the workload controllers replace
 * them by their own rules, all workloads at the same time (as an upgrade of the chart
 * does). A kind is over when none of its workloads has an outdated pod left and every
 * replica is Ready; then its bit goes and the clock of the next one starts.
 *
 * When both are under way a pod that is new for one of them is outdated again for the
 * other; what they cost together is put down to the roll-out.
 *
 * A roll-out that cannot finish (a surge pod without a place, a pod that never becomes
 * Ready) stays open, and no other of its kind begins.
 *
 * Sources: k8s pkg/controller/statefulset, pkg/controller/deployment; vCluster chart;
 * loft-sh/vcluster pkg/certs/watcher.go (patches etcd first, then at once the control
 * plane).
 */
#include "models/kube/kube.h"

#define N_KINDS 2

static const enum ha_fm fm_of[N_KINDS] = {HA_FM_ROLLOUT, HA_FM_CERT_RENEWAL};

static bool concerns(uint32_t kind, const struct ha_kube_workload *load)
{
    return fm_of[kind] == HA_FM_ROLLOUT || load->has_certificates;
}

uint8_t ha_rollout_cause(const struct ha_kube *k)
{
    return (k->head->rolling & 1) != 0 ? HA_FM_ROLLOUT : HA_FM_CERT_RENEWAL;
}

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

static void begin(struct ha_kube *k, uint32_t kind)
{
    k->head->rolling |= (uint8_t)(1u << kind);
    k->infra.common->dirty |= HA_DIRTY_ROLLOUT;
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].stage != HA_POD_ABSENT &&
            concerns(kind, ha_kube_workload_of(k, p))) {
            ha_pod_set(k, p, HA_POD_OLD, true);
        }
    }
}

static void end_if_complete(struct ha_kube *k, uint32_t kind)
{
    for (uint32_t w = 0; w < k->plan->n_workloads; w++) {
        const struct ha_kube_workload *load = &k->plan->workload[w];
        if (concerns(kind, load) && !is_complete(k, load)) {
            return;
        }
    }
    k->head->rolling &= (uint8_t) ~(1u << kind);
    ha_infra_mend_common(&k->infra, fm_of[kind]);
}

void ha_rollout_reconcile(struct ha_kube *k)
{
    for (uint32_t kind = 0; kind < N_KINDS; kind++) {
        bool is_due = (k->infra.common->faults >> fm_of[kind] & 1) != 0;
        bool is_begun = (k->head->rolling >> kind & 1) != 0;
        if (is_due && !is_begun) {
            begin(k, kind);
        } else if (is_due) {
            end_if_complete(k, kind);
        }
    }
}
