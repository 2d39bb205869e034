/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The raft cluster under the tenant's API: who votes, who leads, and for how long
 * nobody does. Embedded and deployed etcd share it; they differ in which pods carry
 * the members and in what a process does around its member.
 *
 * Reads of kube-apiserver are linearizable, so reads and writes need the same: a
 * leader that can be reached and a majority with it ("read-only without a majority"
 * is true for etcd's serializable reads only). While all is well there are no
 * events. One timer stands for whatever election is under way:
 *
 *   leader gone, majority there       the law of kill -> first write for so many
 *                                     survivors (election.c)
 *   leader out of reach, not dead     the same; if it is back before the timer (a
 *                                     pause of half a second), nothing has happened
 *   the coming winner falls           a waiting member's next campaign
 *   leader told to stop               it hands over at once: see below
 *   leader there, majority gone       it steps down after U(E, 2E) ticks unless the
 *                                     majority returns first
 *   nobody leads, majority returns    a waiting member's next campaign
 *
 * Who wins is settled when an election begins (all the same by symmetry). So a second
 * fault inside it is met as it should be: the fall of another survivor changes nothing
 * while a majority stays, a member that is added neither; the fall of the winner lets
 * the others go on. Approximations: the others' timers are not kept, their next
 * campaign is drawn anew; members that return together after a loss of quorum are taken
 * as one newcomer among q - 1 waiting members.
 *
 * A leader that is told to stop transfers leadership first. Measured, writes pause for
 * 10 ms (99 % below 30) and requests wait inside etcd meanwhile, so nobody is refused:
 * that is no outage, and no event.
 *
 * A deployed member that starts without a majority never passes its startup probe
 * (readyz is a linearizable read) and is killed after 250 s, again and again; a
 * member that was up before is left alone (livez is a local read).
 *
 * Sources: etcd-io/raft raft.go; etcd server/etcdserver/api/etcdhttp/health.go;
 * loft-sh/vcluster chart/templates/etcd-statefulset.yaml; k8s.io/apiserver
 * pkg/storage/etcd3/store.go.
 */
#include "models/vcluster/plan.h"

#include "sim/check.h"

static bool has_process(const struct ha_vc *v, uint32_t pod)
{
    uint8_t phase = v->pod[pod].phase;

    if (v->plan->store->is_in_replica) {
        /* The member starts before the API that waits for it. */
        return phase == HA_APP_WAITING || phase == HA_APP_STARTING ||
               phase == HA_APP_UP;
    }
    return phase == HA_APP_UP;
}

/* A member that votes and stores: process up, data there, disk works. */
static bool find_member_up(const struct ha_vc *v, uint32_t pod)
{
    return has_process(v, pod) && (v->pod[pod].data & HA_DATA_WIPED) == 0 &&
           !v->pod[pod].lacks_names && ha_kube_process_is_reachable(v->k, pod) &&
           ha_kube_disk_works(v->k, pod);
}

void ha_raft_refresh(struct ha_vc *v)
{
    uint32_t up = 0;
    uint16_t leader = v->common->leader;

    for (uint32_t i = 0; i < v->plan->n_members; i++) {
        uint32_t pod = v->plan->member_first + i;

        v->pod[pod].is_member = find_member_up(v, pod);
        up += v->pod[pod].is_member;
    }
    v->common->members_up = (uint8_t)up;
    v->common->store_works = leader != HA_NO_POD && v->common->data_is_lost == 0 &&
                             v->pod[leader].is_member && up >= v->plan->quorum;
}

/* ---- the leader ---- */

static uint32_t election_slot(const struct ha_vc *v)
{
    return ha_vc_slot(v->plan, HA_PURPOSE_ELECTION, 0);
}

static void note_leader_cause(struct ha_vc *v, uint32_t pod)
{
    uint8_t cause = ha_blame_pod_cause(v, pod);

    v->note->leader_cause = (uint8_t)(cause == SIM_NO_CAUSE ? 0 : cause + 1);
}

/* The law of an election among `up` members after the loss of a leader. */
static uint32_t lost_law(const struct ha_vc *v, uint32_t up)
{
    uint32_t most = v->plan->n_members - 1;

    if (most == 0) {
        return v->plan->law.regained; /* a single member elects itself */
    }
    return v->plan->law.lost[up > most ? most : up];
}

/* One of the members that are up, each with the same odds. */
static uint16_t choose_member(struct ha_vc *v)
{
    double weight[HA_ELECTION_MAX_MEMBERS];
    uint32_t n = v->plan->n_members;
    uint32_t chosen = 0;

    for (uint32_t i = 0; i < n; i++) {
        weight[i] = v->pod[v->plan->member_first + i].is_member ? 1.0 : 0.0;
    }
    if (n > 1) {
        chosen = sim_choose(v->run, v->plan->leader_choice, n, weight);
    }
    return (uint16_t)(v->plan->member_first + chosen);
}

static void open_election(struct ha_vc *v, uint32_t law)
{
    v->common->winner = choose_member(v);
    sim_arm(v->run, election_slot(v), law);
}

static void close_election(struct ha_vc *v)
{
    v->common->winner = HA_NO_POD;
    sim_disarm(v->run, election_slot(v));
}

void ha_raft_leader_leaves(struct ha_vc *v, uint32_t pod)
{
    if (v->common->leader != pod) {
        return;
    }
    note_leader_cause(v, pod);
    v->common->leader = HA_NO_POD;
    ha_raft_refresh(v);
    if (v->common->members_up >= v->plan->quorum) {
        v->common->leader = choose_member(v);
        v->note->leader_cause = 0;
        ha_raft_refresh(v);
    }
}

/* Its node fell silent: what is connected to it hangs until keepalive gives up. */
static void keep_connections(struct ha_vc *v, uint32_t pod)
{
    v->pod[pod].data |= HA_DATA_STICKY;
    ha_arm_while(v->run, ha_vc_slot(v->plan, HA_PURPOSE_STICKY, pod), true,
                 v->plan->law.sticky);
}

static void drop_connections(struct ha_vc *v, uint32_t pod)
{
    v->pod[pod].data &= (uint8_t)~HA_DATA_STICKY;
    sim_disarm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_STICKY, pod));
}

void ha_raft_link_changed(struct ha_vc *v, uint32_t pod)
{
    bool is_deployed = v->plan->store->is_raft && !v->plan->store->is_in_replica &&
                       pod - v->plan->member_first < v->plan->n_members;

    if (is_deployed && v->pod[pod].is_reachable) {
        drop_connections(v, pod);
    } else if (is_deployed && ha_kube_process_runs(v->k, pod)) {
        keep_connections(v, pod);
    }
}

void ha_raft_member_stopped(struct ha_vc *v, struct ha_kube *k, uint32_t pod,
                            enum ha_stop how)
{
    uint32_t up;

    if (how == HA_STOP_POWER) {
        keep_connections(v, pod);
    }
    if (!ha_infra_host_dns_is_up(&k->infra)) {
        v->pod[pod].data |= HA_DATA_UNDIALED;
    }
    ha_kube_touch(k);
    if (v->common->leader != pod) {
        return;
    }
    note_leader_cause(v, pod);
    v->common->leader = HA_NO_POD;
    ha_raft_refresh(v); /* others may have fallen in the same instant */
    up = v->common->members_up;
    if (up >= v->plan->quorum && !sim_is_armed(v->run, election_slot(v))) {
        open_election(v, lost_law(v, up));
    }
}

/* The timer that runs is of the kind that the situation asks for. */
static bool timer_fits(const struct ha_vc *v, bool leader_is_up)
{
    uint16_t winner = v->common->winner;

    return leader_is_up ? winner == HA_NO_POD
                        : winner != HA_NO_POD && v->pod[winner].is_member;
}

/* Keeps the one timer true to the situation, see the table above. */
static void reconcile_leader(struct ha_vc *v)
{
    uint32_t up = v->common->members_up;
    bool has_quorum = up >= v->plan->quorum;
    bool is_led = v->common->leader != HA_NO_POD;
    bool leader_is_up = is_led && v->pod[v->common->leader].is_member;
    /* All is well, or there is nobody to elect and nobody to step down. */
    bool is_settled = leader_is_up == has_quorum;

    if (is_settled || !timer_fits(v, leader_is_up)) {
        close_election(v);
    }
    if (is_settled || sim_is_armed(v->run, election_slot(v))) {
        return;
    }
    if (leader_is_up) {
        sim_arm(v->run, election_slot(v), v->plan->law.step_down);
    } else if (is_led) {
        note_leader_cause(v, v->common->leader);
        open_election(v, lost_law(v, up));
    } else {
        open_election(v, v->plan->law.regained);
    }
}

static void election_ends(struct ha_vc *v)
{
    if (v->common->winner == HA_NO_POD) {
        v->common->leader = HA_NO_POD; /* it stepped down for want of a majority */
        return;
    }
    v->common->leader = v->common->winner;
    v->common->winner = HA_NO_POD;
    v->note->leader_cause = 0;
}

/* ---- a deployed member's process ---- */

static void on_started(struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    v.pod[pod].phase = HA_APP_STARTING;
    sim_arm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_UP, pod), v.plan->law.start_etcd);
    sim_arm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_LIMIT, pod),
            v.plan->law.startup_etcd);
    drop_connections(&v, pod); /* dials reach it again */
    ha_vc_find_others(&v, pod);
    ha_kube_touch(k);
}

static void on_stopping(struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    v.pod[pod].phase = HA_APP_LEAVING;
    ha_raft_leader_leaves(&v, pod);
    ha_kube_touch(k);
}

static void on_stopped(struct ha_kube *k, uint32_t pod, enum ha_stop how)
{
    struct ha_vc v = ha_vc_view(k);

    v.pod[pod].phase = HA_APP_OFF;
    v.pod[pod].was_ready = 0;
    v.pod[pod].lacks_names = 0;
    sim_disarm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_UP, pod));
    sim_disarm(v.run, ha_vc_slot(v.plan, HA_PURPOSE_APP_LIMIT, pod));
    ha_raft_member_stopped(&v, k, pod, how);
}

static void on_removed(struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    ha_repair_pod_removed(&v, k, pod);
    ha_kube_touch(k);
}

/* No readiness probe: Ready once the startup probe has passed, for good. */
static bool is_serving(const struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    return v.pod[pod].was_ready != 0;
}

/* Members that are running or that their kubelets may start any moment. */
static uint32_t count_startable(const struct ha_vc *v, const struct ha_kube *k)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < v->plan->n_members; i++) {
        const struct ha_pod_row *row = &k->pod[v->plan->member_first + i];

        n += (row->stage == HA_POD_STARTING || row->stage == HA_POD_RUNNING ||
              row->stage == HA_POD_CRASHED) &&
             ha_infra_is_powered(&k->infra, row->node);
    }
    return n;
}

/* A member that starts without a quorum never passes its startup probe. As long as too
 * few members could be up together, or find one another, all of them start in vain. */
static bool is_doomed(const struct ha_kube *k, uint32_t pod)
{
    struct ha_vc v = ha_vc_view(k);

    if (ha_vc_needs_names(v.plan, pod) && !ha_infra_host_dns_is_up(&k->infra)) {
        return true;
    }
    return v.common->store_works == 0 && count_startable(&v, k) < v.plan->quorum;
}

const struct ha_kube_owner ha_vc_etcd_owner = {
    .started = on_started,
    .stopping = on_stopping,
    .stopped = on_stopped,
    .removed = on_removed,
    .is_serving = is_serving,
    .is_doomed = is_doomed,
};

static void reconcile_startup(struct ha_vc *v, struct ha_kube *k)
{
    if (v->plan->store->is_in_replica || v->common->store_works == 0) {
        return;
    }
    for (uint32_t i = 0; i < v->plan->n_members; i++) {
        uint32_t pod = v->plan->member_first + i;

        if (v->pod[pod].was_ready == 0 && v->pod[pod].is_member) {
            v->pod[pod].was_ready = 1;
            sim_disarm(v->run, ha_vc_slot(v->plan, HA_PURPOSE_APP_LIMIT, pod));
            ha_kube_touch(k);
        }
    }
}

void ha_raft_reconcile(struct ha_vc *v, struct ha_kube *k)
{
    if (v->plan->store->is_raft) {
        reconcile_leader(v);
        reconcile_startup(v, k);
    }
}

void ha_raft_fire(struct ha_vc *v, struct ha_kube *k, enum ha_vc_purpose purpose,
                  uint32_t entity)
{
    switch (purpose) {
    case HA_PURPOSE_ELECTION:
        election_ends(v);
        break;
    case HA_PURPOSE_STICKY:
        v->pod[entity].data &= (uint8_t)~HA_DATA_STICKY;
        break;
    case HA_PURPOSE_APP_UP:
        v->pod[entity].phase = HA_APP_UP;
        break;
    default:
        SIM_CHECK(purpose == HA_PURPOSE_APP_LIMIT);
        ha_kube_kill_container(k, entity, ha_blame_store_cause(v));
        break;
    }
    ha_kube_touch(k);
}
