/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The syncer's lease on the host, and with it the control loop.
 *
 * Every replica serves the API; only the lease holder syncs. With one replica there
 * is no lease. The chain of a lost lease (laws in lease.c):
 *
 *   HELD --holder cannot reach the host API--> CUT --last try fails--> DOOMED
 *        --R + RD after the last renewal--> it exits (container, API replica and an
 *        embedded member with it) --> EXPIRING
 *   HELD --holder's process ends--> EXPIRING --LD after the last renewal--> OPEN
 *   OPEN: each candidate takes the lease at its own next poll, first come.
 *
 * A pod whose name stands in the lease takes it back at its first try, at any time:
 * container restarts, and StatefulSet pods made again under the same name. A
 * Deployment's replacement has another name and waits. Nothing is released on a
 * graceful stop.
 *
 * The API being away: candidates' polls fail. When the lease was lost in that very
 * outage, a candidate that had not read the last renewal before it starts counting
 * only after it (chance 11/16, drawn when the API is back, with the right dependence
 * between candidates); else it takes over at its next poll.
 *
 * Approximation: candidates that are counting when the API goes away, and see it
 * back before their time is up, lose nothing by it.
 *
 * Sources: loft-sh/vcluster pkg/leaderelection/leaderelection.go, cmd/vcluster/cmd/
 * start.go; client-go tools/leaderelection.
 */
#include "models/vcluster/plan.h"

#include "sim/check.h"

static bool host_api_is_up(const struct ha_vc *v)
{
    return ha_infra_host_api_is_up(&v->k->infra);
}

/* The elector of this pod runs and its calls to the host's API get through. */
static bool can_try(const struct ha_vc *v, uint32_t pod)
{
    return ha_replica_is_up(v, pod) && host_api_is_up(v) && v->pod[pod].is_reachable;
}

bool ha_syncer_works(const struct ha_vc *v)
{
    if (!host_api_is_up(v)) {
        return false;
    }
    if (v->plan->has_lease) {
        return v->common->lease_phase == HA_LEASE_HELD && v->common->has_controllers &&
               ha_replica_serves(v, v->common->holder);
    }
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        if (ha_replica_serves(v, v->plan->cp_first + i)) {
            return true;
        }
    }
    return false;
}

bool ha_syncer_mirrors(const struct ha_vc *v)
{
    return ha_syncer_works(v);
}

void ha_syncer_name_lost(struct ha_vc *v, uint32_t pod)
{
    if (v->common->holder == pod) {
        v->common->holder = HA_NO_POD;
    }
}

/* ---- candidates ---- */

static uint32_t candidate_slot(const struct ha_vc *v, uint32_t pod)
{
    return ha_vc_slot(v->plan, HA_PURPOSE_CANDIDATE, pod);
}

static void disarm_candidates(struct ha_vc *v)
{
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        sim_disarm(v->run, candidate_slot(v, v->plan->cp_first + i));
    }
}

/* Arms those candidates who can try and are not counting yet. */
static void arm_candidates(struct ha_vc *v, uint32_t law)
{
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        uint32_t pod = v->plan->cp_first + i;

        if (can_try(v, pod) && !sim_is_armed(v->run, candidate_slot(v, pod))) {
            sim_arm(v->run, candidate_slot(v, pod), law);
        }
    }
}

/* The API is back and the lease was lost while it was away. */
static void arm_after_outage(struct ha_vc *v)
{
    uint32_t asked = 0;
    uint32_t read = 0;

    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        uint32_t pod = v->plan->cp_first + i;
        uint32_t law = v->plan->law.lease_looks;

        if (!can_try(v, pod) || sim_is_armed(v->run, candidate_slot(v, pod))) {
            continue;
        }
        if (v->common->lease_is_unread) {
            double p = v->plan->read_p[asked * (v->plan->n_cp + 1) + read];
            double weight[2] = {p, 1.0 - p};

            if (sim_choose(v->run, v->plan->read_choice, 2, weight) == 0) {
                read++;
            } else {
                law = v->plan->law.lease_looks_and_waits;
            }
            asked++;
        }
        sim_arm(v->run, candidate_slot(v, pod), law);
    }
    v->common->lease_is_unread = 0;
}

/* ---- the chain ---- */

static void enter(struct ha_vc *v, enum ha_lease_phase phase, uint32_t law)
{
    v->common->lease_phase = (uint8_t)phase;
    sim_arm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_LEASE, 0), law);
}

static void hold(struct ha_vc *v, uint32_t pod)
{
    v->common->holder = (uint16_t)pod;
    v->common->lease_phase = HA_LEASE_HELD;
    v->common->lease_is_unread = 0;
    v->note->holder_cause = 0;
    sim_disarm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_LEASE, 0));
    disarm_candidates(v);
}

static void lose_controllers(struct ha_vc *v)
{
    uint32_t pod = v->common->holder;

    if (v->note->holder_cause == 0 && pod != HA_NO_POD) {
        v->note->holder_cause = (uint8_t)(ha_blame_pod_cause(v, pod) + 1);
    }
    v->common->has_controllers = 0;
    sim_disarm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_CONTROLLERS, 0));
}

void ha_syncer_holder_leaves(struct ha_vc *v, uint32_t pod)
{
    if (v->common->holder == pod && v->plan->has_lease) {
        lose_controllers(v);
    }
}

static void reconcile_holder(struct ha_vc *v)
{
    uint32_t pod = v->common->holder;
    bool runs = pod != HA_NO_POD && ha_replica_is_up(v, pod);
    bool can = runs && can_try(v, pod);
    bool is_restarted;

    if (!runs && v->common->lease_phase != HA_LEASE_OPEN) {
        lose_controllers(v);
    }
    is_restarted = can && v->common->has_controllers == 0;
    switch ((enum ha_lease_phase)v->common->lease_phase) {
    case HA_LEASE_HELD:
        if (!runs) {
            enter(v, HA_LEASE_EXPIRING, v->plan->law.lease_expiry);
        } else if (!can) {
            enter(v, HA_LEASE_CUT, v->plan->law.lease_last_try);
        }
        break;
    case HA_LEASE_CUT:
        if (can) {
            hold(v, pod);
        }
        break;
    case HA_LEASE_DOOMED: /* only a new process under the old name can save it */
    case HA_LEASE_EXPIRING:
    case HA_LEASE_OPEN:
        if (is_restarted) {
            hold(v, pod);
        }
        break;
    }
}

static void reconcile_candidates(struct ha_vc *v)
{
    bool is_up = host_api_is_up(v);
    bool is_back = is_up && v->common->api_was_up == 0;

    v->common->api_was_up = is_up;
    if (v->common->lease_phase != HA_LEASE_OPEN) {
        return; /* nobody counts before the record has run out */
    }
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        uint32_t pod = v->plan->cp_first + i;

        if (!ha_replica_is_up(v, pod)) {
            sim_disarm(v->run, candidate_slot(v, pod));
        }
    }
    if (is_back) {
        arm_after_outage(v);
    }
    arm_candidates(v, v->plan->law.lease_waits); /* started since */
}

void ha_syncer_reconcile(struct ha_vc *v, struct ha_kube *k)
{
    uint32_t slot = ha_vc_slot(v->plan, HA_PURPOSE_CONTROLLERS, 0);

    (void)k;
    if (!v->plan->has_lease) {
        return;
    }
    reconcile_holder(v);
    reconcile_candidates(v);
    if (v->common->lease_phase == HA_LEASE_HELD && !v->common->has_controllers &&
        !sim_is_armed(v->run, slot)) {
        sim_arm(v->run, slot, v->plan->law.controllers);
    }
}

/* The holder's last retry has failed and its deadline has passed: it exits. */
static void holder_stops(struct ha_vc *v, struct ha_kube *k)
{
    uint32_t pod = v->common->holder;

    v->common->lease_is_unread = !host_api_is_up(v);
    enter(v, HA_LEASE_EXPIRING, v->plan->law.lease_expiry_after);
    if (pod != HA_NO_POD && ha_replica_is_up(v, pod)) {
        uint8_t cause = ha_infra_common_cause(&k->infra);

        ha_kube_kill_container(k, pod, cause);
    }
}

static void lease_step(struct ha_vc *v, struct ha_kube *k)
{
    switch ((enum ha_lease_phase)v->common->lease_phase) {
    case HA_LEASE_CUT:
        enter(v, HA_LEASE_DOOMED, v->plan->law.lease_give_up);
        break;
    case HA_LEASE_DOOMED:
        holder_stops(v, k);
        break;
    case HA_LEASE_EXPIRING:
        v->common->lease_phase = HA_LEASE_OPEN;
        arm_candidates(v, v->plan->law.lease_takeover);
        break;
    case HA_LEASE_HELD:
    case HA_LEASE_OPEN:
        break;
    }
}

void ha_syncer_fire(struct ha_vc *v, struct ha_kube *k, enum ha_vc_purpose purpose,
                    uint32_t pod)
{
    switch (purpose) {
    case HA_PURPOSE_LEASE:
        lease_step(v, k);
        break;
    case HA_PURPOSE_CANDIDATE:
        if (v->common->lease_phase == HA_LEASE_OPEN && can_try(v, pod)) {
            hold(v, pod);
        }
        break;
    default:
        SIM_CHECK(purpose == HA_PURPOSE_CONTROLLERS);
        v->common->has_controllers = 1;
        break;
    }
    ha_kube_touch(k);
}
