/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is to blame for an outage, moment by moment. The rule, as in
 * docs/model/causes.md:
 *
 *   1. A failure of the whole tenant or region that takes the service down by itself
 *      (change, certificate, restore, extra system) takes all of it; of several the
 *      one that came first.
 *   2. Else the moment is shared equally among the members or replicas that are
 *      missing, each carrying the cause that broke it first and has not healed. A
 *      replica that only lacks its store passes its share on to the members the
 *      store is missing.
 *   3. When nobody is missing any more (an election, a lease that must expire), the
 *      cause that took the last leader is to blame.
 *   4. What remains is "other".
 *
 * Shares are positive and sum to 1. Blame reads the notes and never decides anything.
 */
#include "models/vcluster/plan.h"

#include "models/vcluster/extras.h"

struct shares {
    double *share;
    uint32_t n;
    double total;
};

static void add(struct shares *s, uint8_t cause, double weight)
{
    uint32_t ix = cause < s->n ? cause : HA_CAUSE_OTHER;

    s->share[ix] += weight;
    s->total += weight;
}

/* Cause kept plus one in the notes. */
static uint8_t noted(uint8_t note)
{
    return note == 0 ? HA_CAUSE_OTHER : (uint8_t)(note - 1);
}

uint8_t ha_blame_pod_cause(const struct ha_vc *v, uint32_t pod)
{
    uint8_t cause = ha_kube_pod_cause(v->k, pod);
    uint32_t node = v->k->pod[pod].node;
    uint32_t volume = ha_kube_volume_of(v->k, pod);

    if (v->pod[pod].lacks_names) {
        return HA_FM_HOST_DNS; /* it runs again, whatever had ended it */
    }
    if (cause == SIM_NO_CAUSE && node != HA_NOWHERE) {
        cause = ha_infra_machine_cause(&v->k->infra, node);
    }
    if (cause == SIM_NO_CAUSE && volume != UINT32_MAX) {
        cause = ha_infra_disk_cause(&v->k->infra, volume);
    }
    if (cause == SIM_NO_CAUSE) {
        cause = ha_infra_common_cause(&v->k->infra);
    }
    return cause;
}

static uint8_t pod_cause(const struct ha_vc *v, uint32_t pod)
{
    uint8_t cause = ha_blame_pod_cause(v, pod);

    return cause != SIM_NO_CAUSE ? cause : HA_CAUSE_OTHER;
}

/* ---- the store ---- */

/* Shares `weight` among the members that are missing, or blames what took the
 * leader. */
static void blame_store(const struct ha_vc *v, struct shares *s, double weight)
{
    uint32_t missing = 0;

    if (v->common->data_is_lost) {
        add(s, noted(v->note->data_cause), weight);
        return;
    }
    if (!v->plan->store->is_raft) {
        uint32_t first = v->plan->cp_first;

        add(s, v->plan->n_cp > 0 ? pod_cause(v, first) : HA_CAUSE_OTHER, weight);
        return;
    }
    missing = v->plan->n_members - v->common->members_up;
    if (v->note->leader_cause != 0 && v->plan->n_members - missing >= v->plan->quorum) {
        add(s, noted(v->note->leader_cause), weight);
        return;
    }
    for (uint32_t i = 0; i < v->plan->n_members && missing > 0; i++) {
        uint32_t pod = v->plan->member_first + i;

        if (!v->pod[pod].is_member) {
            add(s, pod_cause(v, pod), weight / missing);
        }
    }
    if (missing == 0) {
        add(s, HA_CAUSE_OTHER, weight);
    }
}

uint8_t ha_blame_store_cause(const struct ha_vc *v)
{
    double share[SIM_MAX_CAUSES] = {0};
    struct shares s = {share, v->plan->n_causes, 0.0};
    uint8_t most = HA_CAUSE_OTHER;

    blame_store(v, &s, 1.0);
    for (uint32_t i = 0; i < s.n; i++) {
        most = share[i] > share[most] ? (uint8_t)i : most;
    }
    return most;
}

/* ---- the services ---- */

/* Is this replica missing only because its store is? */
static bool lacks_only_store(const struct ha_vc *v, uint32_t pod)
{
    return v->pod[pod].is_reachable && !v->pod[pod].lacks_names &&
           !v->plan->store->is_usable(v, pod) &&
           (v->pod[pod].phase == HA_APP_UP || v->pod[pod].phase == HA_APP_WAITING);
}

static void blame_replicas(const struct ha_vc *v, struct shares *s)
{
    for (uint32_t i = 0; i < v->plan->n_cp; i++) {
        uint32_t pod = v->plan->cp_first + i;
        bool is_wanted =
            v->k->pod[pod].stage != HA_POD_ABSENT || v->plan->n_cp == v->plan->replicas;

        if (!is_wanted) {
            continue; /* a spare row of a Deployment */
        }
        if (lacks_only_store(v, pod)) {
            blame_store(v, s, 1.0);
        } else if (!ha_replica_serves(v, pod) ||
                   (v->k->pod[pod].flags & HA_POD_ENDPOINT) == 0) {
            add(s, pod_cause(v, pod), 1.0);
        }
    }
}

static void blame_control_loop(const struct ha_vc *v, struct shares *s)
{
    const struct ha_infra *infra = &v->k->infra;
    uint8_t host = ha_infra_common_cause_among(infra, HA_HOST_API_OFF |
                                                          ha_fm_mask(HA_EFFECT_POWER));

    if (!ha_infra_host_api_is_up(infra) && host != SIM_NO_CAUSE) {
        add(s, host, 1.0);
    } else if (!v->plan->has_lease) {
        blame_replicas(v, s);
    } else if (v->note->holder_cause != 0) {
        add(s, noted(v->note->holder_cause), 1.0);
    } else if (v->common->holder != HA_NO_POD) {
        if (lacks_only_store(v, v->common->holder)) {
            blame_store(v, s, 1.0);
        } else {
            add(s, pod_cause(v, v->common->holder), 1.0);
        }
    }
}

static void blame_dns(const struct ha_vc *v, struct shares *s)
{
    if (v->plan->dns_is_embedded) {
        blame_replicas(v, s);
        return;
    }
    for (uint32_t i = 0; i < v->plan->n_dns; i++) {
        uint32_t pod = v->plan->dns_first + i;

        if (v->k->pod[pod].stage != HA_POD_ABSENT &&
            (v->pod[pod].phase != HA_APP_UP || !v->pod[pod].is_reachable)) {
            add(s, pod_cause(v, pod), 1.0);
        }
    }
}

/* Rule 1: returns true when something took the whole service. */
static bool blame_whole(const struct ha_vc *v, uint32_t service, struct shares *s)
{
    uint32_t mask = ha_services_common_mask(service);
    uint32_t faults = v->k->infra.common->faults;
    uint32_t extras = ha_extras_down_for(v, service);
    uint8_t first;

    if (service == HA_SERVICE_DNS && v->plan->dns_is_embedded) {
        mask |= ha_services_common_mask(HA_SERVICE_API_READ);
    }
    faults &= mask;
    if (faults != 0) {
        first = ha_infra_common_cause_among(&v->k->infra, faults);
        add(s, first != SIM_NO_CAUSE ? first : (uint8_t)__builtin_ctz(faults), 1.0);
        return true;
    }
    if (extras != 0) {
        add(s, (uint8_t)(HA_CAUSE_EXTRA + __builtin_ctz(extras)), 1.0);
        return true;
    }
    return false;
}

void ha_services_blame(const struct ha_vc *v, uint32_t service, double *share)
{
    struct shares s = {share, v->plan->n_causes, 0.0};

    for (uint32_t i = 0; i < s.n; i++) {
        share[i] = 0.0;
    }
    if (!blame_whole(v, service, &s)) {
        switch ((enum ha_vc_service)service) {
        case HA_SERVICE_API_READ:
        case HA_SERVICE_API_WRITE:
            blame_replicas(v, &s);
            break;
        case HA_SERVICE_CONTROL_LOOP:
            blame_control_loop(v, &s);
            break;
        case HA_SERVICE_DNS:
            blame_dns(v, &s);
            break;
        case HA_SERVICE_DATA:
        case HA_N_VC_SERVICES:
            add(&s, noted(v->note->data_cause), 1.0);
            break;
        }
    }
    if (s.total <= 0.0) {
        add(&s, HA_CAUSE_OTHER, 1.0);
    }
    for (uint32_t i = 0; i < s.n; i++) {
        share[i] /= s.total;
    }
}
