/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kube-controller-manager's lease inside the tenant (15/10/2 s).
 *
 * It matters twice. When the store stalls for 10 to 12 s, the active controller-
 * manager loses its lease and exits, and with it the whole container: one API
 * replica, and with embedded etcd one member, even if only one replica exists. And
 * while nobody leads, the tenant's Deployments stand still, so a lost CoreDNS pod
 * is not replaced.
 *
 * The chain is the syncer's (CUT, DOOMED, exit), with the tenant's store in place of
 * the host's API. The identity has a random part: a restart waits like anybody. The
 * candidates' timers are collapsed into one, the law of their minimum for the number
 * of live candidates: after a crash of the holder, after a stall (some had not read
 * its last renewal), or for candidates that have just started. That is exact as long as
 * the candidates stay: they differ in nothing, so who was first does not matter. One
 * that dies while the timer runs keeps the law for one more than there are (the lease
 * is then taken a second or two too early, once in thousands of years); the last one
 * takes it along. kube-scheduler's lease is the same and without consequence here.
 *
 * Sources: loft-sh/vcluster pkg/k8s/k8s.go, issues 2644 and 3343; component-base
 * config/v1alpha1/defaults.go.
 */
#include "models/vcluster/plan.h"

static bool can_write(const struct ha_vc *v, uint32_t pod)
{
    return ha_replica_is_up(v, pod) && v->plan->store->is_usable(v, pod);
}

static uint32_t kcm_slot(const struct ha_vc *v)
{
    return ha_vc_slot(v->plan, HA_PURPOSE_KCM, 0);
}

static uint32_t count_candidates(const struct ha_vc *v)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        n += can_write(v, v->plan->cp_first + i);
    }
    return n;
}

bool ha_kcm_works(const struct ha_vc *v)
{
    if (!v->plan->has_leases) {
        return count_candidates(v) > 0;
    }
    return v->common->kcm_phase == HA_LEASE_HELD &&
           v->common->kcm_holder != HA_NO_POD && can_write(v, v->common->kcm_holder);
}

static void open_lease(struct ha_vc *v, bool is_stalled)
{
    uint32_t n = count_candidates(v);

    v->common->kcm_phase = HA_LEASE_OPEN;
    v->common->kcm_is_stalled = is_stalled;
    v->common->kcm_holder = HA_NO_POD;
    sim_disarm(v->run, kcm_slot(v));
    if (n > 0 && !is_stalled) {
        sim_arm(v->run, kcm_slot(v), v->plan->law.kcm_crash[n]);
    }
}

static void reconcile_open(struct ha_vc *v)
{
    uint32_t n = count_candidates(v);

    if (n == 0) {
        sim_disarm(v->run, kcm_slot(v));
    } else if (!sim_is_armed(v->run, kcm_slot(v))) {
        sim_arm(v->run, kcm_slot(v),
                v->common->kcm_is_stalled ? v->plan->law.kcm_stall[n]
                                          : v->plan->law.kcm_waits);
    }
}

void ha_kcm_reconcile(struct ha_vc *v, struct ha_kube *k)
{
    uint32_t pod = v->common->kcm_holder;
    bool runs = pod != HA_NO_POD && ha_replica_is_up(v, pod);

    (void)k;
    if (!v->plan->has_leases) {
        return;
    }
    if (v->common->kcm_phase != HA_LEASE_OPEN && !runs) {
        open_lease(v, v->common->kcm_phase != HA_LEASE_HELD);
    }
    switch ((enum ha_lease_phase)v->common->kcm_phase) {
    case HA_LEASE_HELD:
        if (!can_write(v, pod)) {
            v->common->kcm_phase = HA_LEASE_CUT;
            sim_arm(v->run, kcm_slot(v), v->plan->law.kcm_last_try);
        }
        break;
    case HA_LEASE_CUT:
        if (can_write(v, pod)) {
            v->common->kcm_phase = HA_LEASE_HELD;
            sim_disarm(v->run, kcm_slot(v));
        }
        break;
    case HA_LEASE_OPEN:
        reconcile_open(v);
        break;
    case HA_LEASE_DOOMED:
    case HA_LEASE_EXPIRING:
        break;
    }
}

static void take_over(struct ha_vc *v)
{
    uint32_t first = v->plan->cp_first;
    uint32_t n = v->plan->n_cp;
    uint32_t live = count_candidates(v);
    uint32_t wanted = 0;

    if (live == 0) {
        return;
    }
    if (live > 1) {
        wanted = sim_choose(v->run, v->plan->kcm_choice, live, NULL);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (can_write(v, first + i) && wanted-- == 0) {
            v->common->kcm_holder = (uint16_t)(first + i);
            break;
        }
    }
    v->common->kcm_phase = HA_LEASE_HELD;
    v->common->kcm_is_stalled = 0;
}

void ha_kcm_fire(struct ha_vc *v, struct ha_kube *k)
{
    uint32_t pod = v->common->kcm_holder;

    switch ((enum ha_lease_phase)v->common->kcm_phase) {
    case HA_LEASE_CUT:
        v->common->kcm_phase = HA_LEASE_DOOMED;
        sim_arm(v->run, kcm_slot(v), v->plan->law.kcm_give_up);
        break;
    case HA_LEASE_DOOMED:
        open_lease(v, true);
        ha_kube_kill_container(k, pod, ha_blame_store_cause(v));
        break;
    case HA_LEASE_OPEN:
        take_over(v);
        break;
    case HA_LEASE_HELD:
    case HA_LEASE_EXPIRING:
        break;
    }
    ha_kube_touch(k);
}
