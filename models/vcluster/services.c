/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the users of the tenant have: five services, up or down, and the share of
 * requests that fail while they are up.
 *
 *   api-read, api-write  some replica in the Service's endpoints answers. Reads of
 *                        the Kubernetes API are linearizable, so both need the same
 *                        store; they differ only by extra systems.
 *   control-loop         the syncer leads, its own API and the host's API work.
 *   dns                  some DNS pod in the endpoints answers.
 *   data                 the store's data is there; down from its loss until it is
 *                        restored. A loss is an event: its number matters, not its
 *                        length.
 *
 * Besides, a failure of the whole tenant (a bad change, an expired certificate, a
 * restore) takes services down whatever the pods do.
 *
 * Failing share of the API: endpoints that do not answer, of all endpoints (a client
 * is sent to each with the same odds until it is removed); and of each API server's
 * connections to a deployed etcd of M members those that hang: 1/M for each member
 * whose node has fallen silent, until keepalive ends them (at most 40 s); after that,
 * and until the member leaves the Service's endpoints, those of the new dials that are
 * sent to it again; and while the host's DNS is out, 1/M for each member that has
 * ended, since nobody can dial anew. That clients of a member whose process alone
 * restarts need about a second is left out.
 *
 * Sources: k8s.io/apiserver pkg/storage/storagebackend/factory/etcd3.go (keepalive
 * 30 + 10 s); Kubernetes Services and EndpointSlices.
 */
#include "models/vcluster/plan.h"

#include "models/vcluster/extras.h"

uint32_t ha_services_common_mask(uint32_t service)
{
    uint32_t tenant =
        HA_FM_BIT(CHANGE_OUTAGE) | HA_FM_BIT(CERT_EXPIRY) | HA_FM_BIT(RESTORE_EVENT);

    switch ((enum ha_vc_service)service) {
    case HA_SERVICE_API_READ:
    case HA_SERVICE_API_WRITE:
    case HA_SERVICE_CONTROL_LOOP:
        return tenant;
    case HA_SERVICE_DNS: /* a restore deletes all synced pods, CoreDNS too */
    case HA_SERVICE_DATA:
    case HA_N_VC_SERVICES:
        break;
    }
    return HA_FM_BIT(RESTORE_EVENT);
}

static bool is_struck(const struct ha_vc *v, uint32_t service)
{
    uint32_t mask = ha_services_common_mask(service);

    if (service == HA_SERVICE_DNS && v->plan->dns_is_embedded) {
        mask |= ha_services_common_mask(HA_SERVICE_API_READ);
    }
    return (v->k->infra.common->faults & mask) != 0 ||
           ha_extras_down_for(v, service) != 0;
}

static void count_endpoints(const struct ha_vc *v, uint32_t *all, uint32_t *good)
{
    *all = 0;
    *good = 0;
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        uint32_t pod = v->plan->cp_first + i;

        if ((v->k->pod[pod].flags & HA_POD_ENDPOINT) != 0) {
            (*all)++;
            *good += ha_replica_serves(v, pod);
        }
    }
}

uint64_t ha_services_down(const struct ha_vc *v)
{
    uint64_t down = 0;
    uint32_t all, good;
    bool is_up[HA_N_VC_SERVICES];

    count_endpoints(v, &all, &good);
    is_up[HA_SERVICE_API_READ] = good > 0;
    is_up[HA_SERVICE_API_WRITE] = good > 0;
    is_up[HA_SERVICE_CONTROL_LOOP] = ha_syncer_works(v);
    is_up[HA_SERVICE_DNS] = !v->plan->has_dns || ha_dns_works(v);
    is_up[HA_SERVICE_DATA] = v->common->data_is_lost == 0;
    for (uint32_t s = 0; s < HA_N_VC_SERVICES; s++) {
        if (!is_up[s] || is_struck(v, s)) {
            down |= UINT64_C(1) << s;
        }
    }
    return down;
}

/* On a node that has fallen silent: dials to it are not refused, they hang. */
static bool is_silent(const struct ha_vc *v, uint32_t pod)
{
    const struct ha_pod_row *row = &v->k->pod[pod];

    return row->stage >= HA_POD_STARTING &&
           !ha_infra_is_reachable(&v->k->infra, row->node);
}

/* Share of an API server's store connections that hang, see above. */
static double hanging_share(const struct ha_vc *v)
{
    uint32_t n_hanging = 0;
    uint32_t n_endpoints = 0;
    uint32_t n_moved = 0; /* silent, given up by clients, not yet by the Service */

    if (!v->plan->store->is_raft || v->plan->store->is_in_replica) {
        return 0.0;
    }
    for (uint32_t i = 0; i < v->plan->n_members; i++) {
        uint32_t pod = v->plan->member_first + i;
        bool is_endpoint = (v->k->pod[pod].flags & HA_POD_ENDPOINT) != 0;
        bool hangs = (v->pod[pod].data & (HA_DATA_STICKY | HA_DATA_UNDIALED)) != 0;

        n_hanging += hangs;
        n_endpoints += is_endpoint;
        n_moved += is_endpoint && !hangs && is_silent(v, pod);
    }
    if (n_moved == 0) {
        return (double)n_hanging / v->plan->n_members;
    }
    return (n_hanging + (double)n_moved * n_moved / n_endpoints) / v->plan->n_members;
}

void ha_services_degraded(const struct ha_vc *v, double *bad)
{
    uint64_t down = v->common->down;
    uint32_t all, good;
    double api = 1.0;

    count_endpoints(v, &all, &good);
    if (good > 0) {
        api = 1.0 - (double)good / all * (1.0 - hanging_share(v));
    }
    bad[HA_SERVICE_API_READ] = api;
    bad[HA_SERVICE_API_WRITE] = api;
    bad[HA_SERVICE_CONTROL_LOOP] = 0.0;
    bad[HA_SERVICE_DNS] = v->plan->has_dns ? ha_dns_bad_share(v) : 0.0;
    bad[HA_SERVICE_DATA] = 0.0;
    for (uint32_t s = 0; s < HA_N_VC_SERVICES; s++) {
        if ((down >> s & 1u) != 0) {
            bad[s] = 1.0;
        }
    }
}
