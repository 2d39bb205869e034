/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A control-plane container: kube-apiserver, controller-manager and the syncer's Go
 * code in one failure unit, and with embedded stores the store as well.
 *
 *   WAITING    the process runs and lacks its store. It gives up 300 s after its
 *              start (the parallel wait for the API's readyz) and exits; the
 *              kubelet's back-off, 10 to 300 s, does the rest, and never resets
 *              during a long outage because no run lasts 600 s.
 *   STARTING   the store answers; caches fill. Falls back to WAITING when the store
 *              goes away again.
 *   UP         the API answers. When the store goes away errors start at once, and
 *              the liveness probe, which contains the store check, kills the
 *              container after 120 to 180 s (failureThreshold x period, each probe
 *              up to its timeout). So a quorum loss restarts healthy replicas too,
 *              and with embedded etcd the surviving members.
 *   LEAVING    SIGTERM: the handlers run and the process exits; with embedded etcd
 *              a raft leader hands over first.
 *
 * Starting needs the host's API (config Secret, Services, version): when it is down
 * the process exits at once and tries again after the back-off, whatever the reason
 * of the restart was.
 *
 * A process that starts while the host's DNS is out finds neither a store outside its
 * pod nor, with embedded etcd, its peers: it has no store until names resolve again.
 *
 * Left out: the first minutes of an installation; slow exits (the handlers are
 * quick); partial failures of one process in the container (each ends it).
 *
 * Sources: loft-sh/vcluster cmd/vcluster/cmd/start.go, pkg/k8s/k8s.go,
 * pkg/etcd/util.go, chart/templates/statefulset.yaml; k8s.io/apiserver
 * pkg/server/options/etcd.go (store check in livez and readyz).
 */
#include "models/vcluster/plan.h"

static bool store_is_usable(const struct ha_vc *v, uint32_t pod)
{
    return v->plan->store->is_usable(v, pod);
}

bool ha_replica_is_up(const struct ha_vc *v, uint32_t pod)
{
    return v->pod[pod].phase == HA_APP_UP;
}

bool ha_replica_serves(const struct ha_vc *v, uint32_t pod)
{
    return ha_replica_is_up(v, pod) && v->pod[pod].is_failing == 0 &&
           v->pod[pod].is_reachable && store_is_usable(v, pod);
}

/* ---- what kube tells us ---- */

static void on_started(struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    v.pod[pod].phase = HA_APP_WAITING;
    /* The first thing it does is to ask the host's API; without it, it exits. */
    v.pod[pod].is_failing = !ha_infra_host_api_is_up(&k->infra);
    ha_vc_find_others(&v, pod);
    sim_arm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_LIMIT, pod),
            v.plan->law.store_limit);
    ha_kube_touch(k);
}

static void on_stopping(struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    v.pod[pod].phase = HA_APP_LEAVING;
    ha_syncer_holder_leaves(&v, pod);
    sim_disarm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_UP, pod));
    sim_disarm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_LIMIT, pod));
    if (v.plan->store->is_in_replica && v.plan->store->is_raft) {
        ha_raft_leader_leaves(&v, pod);
    }
    ha_kube_touch(k);
}

static void on_stopped(struct ha_kube *k, uint32_t pod, enum ha_stop how)
{
    struct ha_vc v = ha_vc_view(k);

    v.pod[pod].phase = HA_APP_OFF;
    v.pod[pod].is_failing = 0;
    v.pod[pod].lacks_names = 0;
    sim_disarm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_UP, pod));
    sim_disarm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_LIMIT, pod));
    if (v.plan->store->is_in_replica && v.plan->store->is_raft) {
        ha_raft_member_stopped(&v, k, pod, how);
    }
    ha_kube_touch(k);
}

static void on_removed(struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    if (!v.plan->cp_keeps_name) {
        ha_syncer_name_lost(&v, pod);
    }
    ha_repair_pod_removed(&v, k, pod);
    ha_kube_touch(k);
}

/* The readiness probe asks the API server, which asks the store. */
static bool is_serving(const struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    return ha_replica_is_up(&v, pod) && store_is_usable(&v, pod);
}

/* Without its store a start ends after 300 s. Not where the store is in the pod: there
 * a start is what brings the store back, unless it cannot find its peers. */
static bool is_doomed(const struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    if (ha_vc_needs_names(v.plan, pod) && !ha_infra_host_dns_is_up(&k->infra)) {
        return true;
    }
    return v.plan->store->is_raft && !v.plan->store->is_in_replica &&
           v.common->store_works == 0;
}

const struct ha_kube_owner ha_vc_cp_owner = {
    .started = on_started,
    .stopping = on_stopping,
    .stopped = on_stopped,
    .removed = on_removed,
    .is_serving = is_serving,
    .is_doomed = is_doomed,
};

/* ---- the phases ---- */

/* Whose fault is it that this container gets killed? */
static uint8_t kill_cause(const struct ha_vc *v, uint32_t pod)
{
    uint8_t own = ha_blame_pod_cause(v, pod);

    return own != SIM_NO_CAUSE ? own : ha_blame_store_cause(v);
}

static void reconcile_one(struct ha_vc *v, struct ha_kube *k, uint32_t pod)
{
    struct ha_vc_pod *p = &v->pod[pod];
    uint32_t up = ha_vc_slot(v->plan, HA_PURPOSE_APP_UP, pod);
    uint32_t limit = ha_vc_slot(v->plan, HA_PURPOSE_APP_LIMIT, pod);

    switch ((enum ha_app_phase)p->phase) {
    case HA_APP_OFF:
    case HA_APP_LEAVING:
        break;
    case HA_APP_WAITING:
        if (p->is_failing) {
            ha_kube_kill_container(k, pod, HA_FM_HOSTCP_OUTAGE);
        } else if (store_is_usable(v, pod)) {
            p->phase = HA_APP_STARTING;
            sim_arm(v->run, up, v->plan->law.start_cp);
        }
        break;
    case HA_APP_STARTING:
        if (!store_is_usable(v, pod)) {
            p->phase = HA_APP_WAITING;
            sim_disarm(v->run, up);
        }
        break;
    case HA_APP_UP:
        if (p->is_failing == store_is_usable(v, pod)) {
            p->is_failing = !p->is_failing;
            ha_arm_while(v->run, limit, p->is_failing, v->plan->law.liveness);
            ha_kube_touch(k); /* readiness fails or passes too */
        }
        break;
    }
}

void ha_replica_reconcile(struct ha_vc *v, struct ha_kube *k)
{
    if (v->common->store_works != v->common->store_did_work) {
        v->common->store_did_work = v->common->store_works;
        ha_kube_touch(k); /* kubelets wake containers that were doomed */
    }
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        reconcile_one(v, k, v->plan->cp_first + i);
    }
}

void ha_replica_fire(struct ha_vc *v, struct ha_kube *k, enum ha_vc_purpose purpose,
                     uint32_t pod)
{
    struct ha_vc_pod *p = &v->pod[pod];

    if (purpose == HA_PURPOSE_APP_UP) {
        p->phase = HA_APP_UP;
        p->is_failing = 0;
        sim_disarm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_APP_LIMIT, pod));
    } else {
        ha_kube_kill_container(k, pod, kill_cause(v, pod));
    }
    ha_kube_touch(k);
}
