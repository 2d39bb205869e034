/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tenant's DNS.
 *
 * Separate (default): a Deployment inside the tenant whose pods are synced to the
 * host. Running pods answer from memory whatever happens to the control plane, and
 * the host computes the endpoints, so failed pods leave the Service even then. But a
 * new pod needs the tenant API before it is ready, and a lost pod is replaced only
 * when everything works: host evicts, syncer leader mirrors the deletion, controller-
 * manager makes a new one, syncer creates it on the host (may_create below).
 *
 * Embedded: DNS runs in each control-plane container, whatever its role; it answers
 * while at least one such pod is in the endpoints and its process runs. When the
 * containers are killed for want of a store, DNS goes with them.
 *
 * Left out: new records (they need the API); lookups of names outside the cluster.
 *
 * Sources: loft-sh/vcluster pkg/coredns/template.go,
 * pkg/controllers/resources/pods/syncer.go; vCluster documentation,
 * understand/coredns-bottlenecks.
 */
#include "models/vcluster/plan.h"

static bool tenant_api_serves(const struct ha_vc *v)
{
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        if (ha_replica_serves(v, v->plan->cp_first + i)) {
            return true;
        }
    }
    return false;
}

/* ---- pods of the tenant ---- */

static void on_started(struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    v.pod[pod].phase = HA_APP_WAITING;
    ha_kube_touch(k);
}

static void on_stopped(struct ha_kube *k, uint32_t pod, enum ha_stop how)
{
    struct ha_vc v = ha_vc_view(k);

    (void)how;
    v.pod[pod].phase = HA_APP_OFF;
    sim_disarm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_UP, pod));
    ha_kube_touch(k);
}

static void on_stopping(struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    /* No lameduck: it answers until it exits, so it stays UP when it was. */
    if (v.pod[pod].phase != HA_APP_UP) {
        v.pod[pod].phase = HA_APP_LEAVING;
        sim_disarm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_UP, pod));
    }
    ha_kube_touch(k);
}

static bool is_serving(const struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    return v.pod[pod].phase == HA_APP_UP;
}

static bool may_create(const struct ha_kube *k)
{
    struct ha_vc v = ha_vc_view(k);

    return v.common->dns_can_repair != 0;
}

const struct ha_kube_owner ha_vc_dns_owner = {
    .started = on_started,
    .stopping = on_stopping,
    .stopped = on_stopped,
    .is_serving = is_serving,
    .may_create = may_create,
};

void ha_dns_reconcile(struct ha_vc *v, struct ha_kube *k)
{
    bool api = v->plan->n_dns > 0 && tenant_api_serves(v);
    bool can_repair = api && ha_kcm_works(v) && ha_syncer_mirrors(v);

    if (v->common->dns_can_repair != can_repair) {
        v->common->dns_can_repair = can_repair;
        ha_kube_touch(k);
    }
    for (uint32_t i = 0; i < v->plan->n_dns; i++) {
        uint32_t pod = v->plan->dns_first + i;

        if (v->pod[pod].phase == HA_APP_WAITING && api) {
            v->pod[pod].phase = HA_APP_STARTING;
            sim_arm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_APP_UP, pod),
                    v->plan->law.start_dns);
        } else if (v->pod[pod].phase == HA_APP_STARTING && !api) {
            v->pod[pod].phase = HA_APP_WAITING;
            sim_disarm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_APP_UP, pod));
        }
    }
}

void ha_dns_fire(struct ha_vc *v, struct ha_kube *k, uint32_t pod)
{
    v->pod[pod].phase = HA_APP_UP;
    ha_kube_touch(k);
}

/* ---- the service ---- */

/* Endpoints of kube-dns, and how many of them answer. */
static void count_endpoints(const struct ha_vc *v, uint32_t *all, uint32_t *good)
{
    uint32_t first = v->plan->dns_is_embedded ? v->plan->cp_first : v->plan->dns_first;
    uint32_t n = v->plan->dns_is_embedded ? v->plan->n_cp : v->plan->n_dns;

    *all = 0;
    *good = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t pod = first + i;

        if ((v->k->pod[pod].flags & HA_POD_ENDPOINT) != 0) {
            (*all)++;
            *good += v->pod[pod].phase == HA_APP_UP && v->pod[pod].is_reachable;
        }
    }
}

bool ha_dns_works(const struct ha_vc *v)
{
    uint32_t all, good;

    count_endpoints(v, &all, &good);
    return good > 0;
}

double ha_dns_bad_share(const struct ha_vc *v)
{
    uint32_t all, good;

    count_endpoints(v, &all, &good);
    return good == 0 ? 1.0 : (double)(all - good) / all;
}
