/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Service endpoints: which pods new connections are sent to.
 *
 * A pod is an endpoint while it is Ready and not being deleted; the change reaches
 * kube-proxy 0.2 to 2 s later. While the host API is down the set is frozen: pods that
 * die stay in it, pods that become Ready do not enter. A pod whose object is gone is
 * out at once.
 *
 * Sources: k8s pkg/controller/endpointslice, kube-proxy's minimum sync period of 1 s.
 *
 * Leaves out: connections that are open already; load balancers with health checks of
 * their own (a kind: System beside the control plane).
 */
#include "models/kube/kube.h"

void ha_endpoints_reconcile(struct ha_kube *k)
{
    bool api = ha_infra_host_api_is_up(&k->infra);
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].is_watched == 0) {
            continue;
        }
        bool should = ha_pod_has(k, p, HA_POD_READY) && ha_pod_is_active(k, p);
        bool is = ha_pod_has(k, p, HA_POD_ENDPOINT);
        ha_arm_while(k->run, ha_purpose_slot(k, HA_PURPOSE_POD_ENDPOINT, p),
                     api && should != is, k->plan->law.endpoint);
    }
}

void ha_endpoints_fire(struct ha_kube *k, uint32_t pod)
{
    ha_pod_set(k, pod, HA_POD_ENDPOINT, !ha_pod_has(k, pod, HA_POD_ENDPOINT));
}
