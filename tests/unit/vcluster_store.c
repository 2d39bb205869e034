/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store: quorum and leader, what its loss does to the replicas, lost data.
 * Deterministic stories under the scripted driver; where delays are drawn, 4.5
 * standard errors (false alarm 7e-6), fixed seeds.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/support/scene.h"

static uint32_t other_member(struct scene *s, uint32_t k)
{
    uint32_t leader = scene_common(s).leader;
    uint32_t first = s->t.plan->member_first;
    uint32_t n = s->t.plan->n_members;

    return first + (leader - first + k) % n;
}

Test(vcluster_store, a_follower_lost_is_not_noticed)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    scene_wait(&s, 1000.0);
    scene_strike(&s, HA_FM_POD_CRASH, other_member(&s, 1), -1.0);
    scene_wait(&s, 600.0);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 1600.0), 0.0);
    cr_assert(s.t.model.is_calm(s.t.model.plan, &s.script.run) ||
              scene_kube(&s).pod[other_member(&s, 1)].restarts == 1);
    scene_close(&s);
}

/* Crash of the raft leader: one election, mean 12.36 ticks for three members with
 * pre-vote, and a new leader among the survivors. */
Test(vcluster_store, leader_crash_costs_one_election)
{
    enum { N = 200 };
    struct scene s;
    double sum = 0.0;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    for (uint64_t seed = 1; seed <= N; seed++) {
        uint32_t leader;

        scene_draw(&s, seed);
        leader = scene_common(&s).leader;
        scene_strike(&s, HA_FM_POD_CRASH, leader, -1.0);
        cr_assert(scene_is_down(&s, HA_SERVICE_API_WRITE));
        cr_assert_float_eq(scene_blame(&s, HA_SERVICE_API_READ, HA_FM_POD_CRASH), 1.0,
                           1e-12);
        scene_wait(&s, 30.0);
        cr_assert_neq(scene_common(&s).leader, leader);
        sum += scene_downtime(&s, HA_SERVICE_API_READ, 30.0);
    }
    /* hop of the aws catalogue: about 5 ms more than the tabulated 1.236 s */
    cr_assert_float_eq(sum / N, 1.245, 4.5 * 0.241 / sqrt(N) + 0.01, "%.4f", sum / N);
    scene_close(&s);
}

/* A drained leader hands over: requests wait some milliseconds, none is refused. */
Test(vcluster_store, leader_told_to_stop_hands_over)
{
    struct scene s;
    uint32_t leader;

    scene_open(&s, SCENE_CORRECTED, NULL, true);
    leader = scene_common(&s).leader;
    scene_strike(&s, HA_FM_NODE_DRAIN, scene_node_of(&s, leader), 300.0);
    scene_wait(&s, 900.0);
    cr_assert_neq(scene_common(&s).leader, leader);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 900.0), 0.0);
    scene_close(&s);
}

/* Five members: the leader crashes, then the survivor that was about to win. The rest
 * go on: one more campaign, not an election that ends with a dead winner. */
Test(vcluster_store, a_second_fault_inside_an_election)
{
    static const char *const set[] = {
        "controlPlane.statefulSet.highAvailability.replicas=5", NULL};
    struct scene s;
    uint32_t winner;

    scene_open(&s, SCENE_EMBEDDED, set, false);
    scene_strike(&s, HA_FM_POD_CRASH, scene_common(&s).leader, -1.0);
    winner = scene_common(&s).winner;
    cr_assert_neq(winner, HA_NO_POD);
    scene_wait(&s, 0.2);
    for (uint32_t i = 0; i < 5; i++) { /* a survivor that would have lost: no matter */
        uint32_t pod = s.t.plan->member_first + i;
        struct ha_kube k = scene_kube(&s);

        if (pod != winner && k.pod[pod].stage == HA_POD_RUNNING) {
            scene_strike(&s, HA_FM_POD_CRASH, pod, -1.0);
            break;
        }
    }
    cr_assert_eq(scene_common(&s).winner, winner);
    cr_assert_eq(scene_common(&s).members_up, 3);
    scene_wait(&s, 0.2);
    scene_close(&s);

    scene_open(&s, SCENE_EMBEDDED, set, false);
    scene_strike(&s, HA_FM_POD_CRASH, scene_common(&s).leader, -1.0);
    winner = scene_common(&s).winner;
    scene_wait(&s, 0.4);
    scene_strike(&s, HA_FM_POD_CRASH, winner, -1.0);
    cr_assert_neq(scene_common(&s).winner, HA_NO_POD);
    cr_assert_neq(scene_common(&s).winner, winner);
    winner = scene_common(&s).winner;
    scene_wait(&s, 3.0);
    cr_assert_eq(scene_common(&s).leader, winner);
    cr_assert_gt(scene_downtime(&s, HA_SERVICE_API_READ, 3.4), 0.5);
    scene_close(&s);
}

/* Deployed members crash at etcd's rate, pods without a member at the pods', and a
 * container that carries both at the sum. */
Test(vcluster_store, crash_rates_by_what_runs_in_the_pod)
{
    static const char *const set[] = {"catalog.pod.crash.rate=3/y",
                                      "catalog.etcd.crash.rate=0.7/y", NULL};
    static const char *const off[] = {"catalog.etcd.crash.rate=off", NULL};
    const struct ha_fm_plan *crash;
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, set, false);
    crash = &s.t.plan->kube.infra.fm[HA_FM_POD_CRASH];
    cr_assert_float_eq(s.t.model.dist[crash->own_dist[s.t.plan->member_first]].mean_s,
                       SIM_YEAR_S / 0.7, 1.0);
    cr_assert_float_eq(s.t.model.dist[crash->own_dist[s.t.plan->cp_first]].mean_s,
                       SIM_YEAR_S / 3.0, 1.0);
    scene_close(&s);
    scene_open(&s, SCENE_EMBEDDED, set, false);
    crash = &s.t.plan->kube.infra.fm[HA_FM_POD_CRASH];
    cr_assert_float_eq(s.t.model.dist[crash->own_dist[s.t.plan->cp_first]].mean_s,
                       SIM_YEAR_S / 3.7, 1.0);
    scene_close(&s);
    scene_open(&s, SCENE_CORRECTED, off, false);
    crash = &s.t.plan->kube.infra.fm[HA_FM_POD_CRASH];
    cr_assert_not(
        sim_is_armed(&s.script.run, crash->strike_slot + s.t.plan->member_first));
    cr_assert(sim_is_armed(&s.script.run, crash->strike_slot + s.t.plan->cp_first));
    scene_close(&s);
}

/* A pause shorter than the election timeout is an outage of its length and deposes
 * nobody; a longer one ends with a new leader. */
Test(vcluster_store, a_short_pause_deposes_nobody)
{
    struct scene s;
    uint32_t leader;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    leader = scene_common(&s).leader;
    scene_strike(&s, HA_FM_NODE_PAUSE, scene_node_of(&s, leader), 0.4);
    scene_wait(&s, 100.0);
    cr_assert_eq(scene_common(&s).leader, leader);
    cr_assert_float_eq(scene_downtime(&s, HA_SERVICE_API_READ, 100.0), 0.4, 1e-9);
    scene_strike(&s, HA_FM_NODE_PAUSE, scene_node_of(&s, leader), 8.0);
    scene_wait(&s, 100.0);
    cr_assert_neq(scene_common(&s).leader, leader);
    cr_assert_float_eq(scene_downtime(&s, HA_SERVICE_API_READ, 100.0), 1.2, 0.4);
    scene_close(&s);
}

/* Quorum loss: the leader steps down after E to 2E ticks; the liveness probes kill
 * the control plane after 120-180 s; it runs 300 s at a time until the store is back,
 * and may wait out a back-off then. */
Test(vcluster_store, quorum_loss_kills_replicas_through_their_probes)
{
    struct scene s;
    uint32_t leader, cp;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    leader = scene_common(&s).leader;
    cp = s.t.plan->cp_first + 1; /* 0 holds the controller-manager's lease */
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, other_member(&s, 1)), 3600.0);
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, other_member(&s, 2)), 3600.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    cr_assert_eq(scene_common(&s).leader, leader, "it does not know yet");
    scene_wait(&s, 0.9);
    cr_assert_eq(scene_common(&s).leader, leader, "not before one election timeout");
    scene_wait(&s, 1.2);
    cr_assert_eq(scene_common(&s).leader, HA_NO_POD, "at most two");
    scene_wait(&s, 110.0);
    cr_assert_eq(scene_kube(&s).pod[cp].restarts, 0);
    scene_wait(&s, 80.0);
    for (uint32_t i = 0; i < s.t.plan->n_cp; i++) {
        struct ha_kube k;
        struct ha_vc v = scene_vc(&s, &k);

        cr_assert(k.pod[i].stage == HA_POD_ABSENT || !ha_replica_is_up(&v, i), "pod %u",
                  i);
    }
    cr_assert_float_eq(scene_blame(&s, HA_SERVICE_API_READ, HA_FM_HOST_FAIL), 1.0,
                       1e-9);
    scene_wait(&s, 2000.0);
    cr_assert_gt(scene_kube(&s).pod[cp].restarts, 2, "300 s at a time");
    scene_wait(&s, 3000.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
    cr_assert_geq(scene_downtime(&s, HA_SERVICE_API_READ, 6000.0), 3600.0);
    cr_assert_leq(scene_downtime(&s, HA_SERVICE_API_READ, 6000.0), 3600.0 + 420.0);
    scene_close(&s);
}

/* The same with embedded etcd: the kill takes the surviving member along. */
Test(vcluster_store, embedded_survivor_restarts_with_its_container)
{
    struct scene s;
    uint32_t leader;

    scene_open(&s, SCENE_EMBEDDED, NULL, false);
    leader = scene_common(&s).leader;
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, other_member(&s, 1)), 3600.0);
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, other_member(&s, 2)), 3600.0);
    scene_wait(&s, 100.0);
    cr_assert_eq(scene_common(&s).members_up, 1);
    cr_assert_eq(scene_kube(&s).pod[leader].restarts, 1, "controller-manager, at 12 s");
    scene_wait(&s, 350.0);
    cr_assert_geq(scene_kube(&s).pod[leader].restarts, 2, "start without a store");
    scene_wait(&s, 4200.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
    scene_close(&s);
}

/* A member that starts without a majority never passes its startup probe. */
Test(vcluster_store, member_without_quorum_is_restarted_by_its_startup_probe)
{
    struct scene s;
    uint32_t pod;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    pod = scene_common(&s).leader;
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, other_member(&s, 1)), 7200.0);
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, other_member(&s, 2)), 7200.0);
    scene_wait(&s, 600.0);
    cr_assert_eq(scene_kube(&s).pod[pod].restarts, 0, "it had passed: left alone");
    scene_strike(&s, HA_FM_POD_CRASH, pod, -1.0);
    scene_wait(&s, 1500.0);
    cr_assert_geq(scene_kube(&s).pod[pod].restarts, 3);
    scene_close(&s);
}

/* Store not writable for 10 to 12 s: exactly one container restarts, the one with
 * the controller-manager's lease; also with one replica. */
Test(vcluster_store, a_stall_restarts_the_controller_manager_once)
{
    struct scene s;
    uint32_t cp;

    scene_open(&s, SCENE_SINGLE, NULL, false);
    cp = s.t.plan->cp_first;
    scene_strike(&s, HA_FM_VOLUME_STALL, 0, 7.0);
    scene_wait(&s, 60.0);
    cr_assert_eq(scene_kube(&s).pod[cp].restarts, 0, "7 s are survived");
    scene_strike(&s, HA_FM_VOLUME_STALL, 0, 20.0);
    scene_wait(&s, 9.0);
    cr_assert_eq(scene_kube(&s).pod[cp].restarts, 0);
    scene_wait(&s, 4.0);
    cr_assert_eq(scene_kube(&s).pod[cp].restarts, 1);
    scene_wait(&s, 120.0);
    cr_assert_eq(scene_kube(&s).pod[cp].restarts, 1);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
    scene_close(&s);
}

/* API servers hold a third of their connections to a member's dead node. */
Test(vcluster_store, connections_to_a_dead_node_hang_for_a_while)
{
    struct scene s;
    uint32_t pod;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    pod = other_member(&s, 1);
    for (uint32_t i = 0; i < s.t.plan->n_cp; i++) {
        if (scene_node_of(&s, i) == scene_node_of(&s, pod)) {
            pod = other_member(&s, 2); /* a node without a replica, if there is one */
        }
    }
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, pod), 1000.0);
    scene_wait(&s, 5.0);
    cr_assert_gt(scene_bad_share(&s, HA_SERVICE_API_READ), 1.0 / 3.0 - 1e-9);
    scene_wait(&s, 80.0);
    cr_assert_lt(scene_bad_share(&s, HA_SERVICE_API_READ), 1e-9);
    scene_close(&s);
}

/* ---- data ---- */

Test(vcluster_store, a_lost_volume_is_replaced_and_refilled)
{
    struct scene s;
    uint32_t pod;
    struct ha_kube k;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    pod = other_member(&s, 1);
    k = scene_kube(&s);
    scene_strike(&s, HA_FM_VOLUME_LOSS, ha_kube_volume_of(&k, pod), 3600.0);
    scene_wait(&s, 3500.0);
    cr_assert_eq(scene_common(&s).members_up, 2);
    cr_assert_neq(scene_vc(&s, &k).pod[pod].data & HA_DATA_WIPED, 0);
    scene_wait(&s, 1000.0);
    cr_assert_eq(scene_common(&s).members_up, 3, "operator, then catch-up");
    cr_assert_eq(scene_vc(&s, &k).pod[pod].data, 0);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 4500.0), 0.0);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_DATA, 4500.0), 0.0);
    scene_close(&s);
}

Test(vcluster_store, a_majority_without_data_is_a_loss)
{
    struct scene s;
    struct ha_kube k;

    scene_open(&s, SCENE_EMBEDDED, NULL, false);
    k = scene_kube(&s);
    scene_strike(&s, HA_FM_VOLUME_LOSS, ha_kube_volume_of(&k, other_member(&s, 1)),
                 3600.0);
    scene_wait(&s, 100.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_DATA));
    scene_strike(&s, HA_FM_VOLUME_LOSS, ha_kube_volume_of(&k, other_member(&s, 2)),
                 3600.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_DATA));
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    cr_assert_float_eq(scene_blame(&s, HA_SERVICE_DATA, HA_FM_VOLUME_LOSS), 1.0, 1e-9);
    scene_wait(&s, 86400.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_DATA));
    cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
    /* replacing one disk, then the restore: 1.5 h in the median */
    cr_assert_gt(scene_downtime(&s, HA_SERVICE_DATA, 86400.0), 3600.0);
    scene_close(&s);
}

Test(vcluster_store, sqlite_on_a_lost_volume_is_lost)
{
    struct scene s;

    scene_open(&s, SCENE_SINGLE, NULL, false);
    scene_strike(&s, HA_FM_VOLUME_LOSS, 0, 1800.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_DATA));
    scene_wait(&s, 86400.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
    scene_close(&s);
}

/* On an emptyDir a drain wipes the member: deployed etcd then waits for an operator,
 * crash loop or not; embedded etcd comes back by itself. */
Test(vcluster_store, a_drained_emptydir_member_is_wiped)
{
    static const char *const deployed[] = {"controlPlane.backingStore.etcd.deploy."
                                           "statefulSet.persistence.volumeClaim.enabled"
                                           "=false",
                                           NULL};
    static const char *const embedded[] = {
        "controlPlane.statefulSet.persistence.volumeClaim.enabled=false", NULL};
    struct ha_kube k;
    struct scene s;
    uint32_t pod;

    scene_open(&s, SCENE_CORRECTED, deployed, false);
    k = scene_kube(&s);
    pod = other_member(&s, 1);
    ha_kube_delete_pod(&k, pod, HA_FM_NODE_DRAIN);
    ha_kube_reconcile(&k);
    scene_wait(&s, 1200.0);
    cr_assert_eq(scene_common(&s).members_up, 2);
    cr_assert_geq(scene_kube(&s).pod[pod].restarts, 2);
    scene_wait(&s, 5.0 * 3600.0);
    cr_assert_eq(scene_common(&s).members_up, 3);
    scene_close(&s);

    scene_open(&s, SCENE_EMBEDDED, embedded, false);
    k = scene_kube(&s);
    ha_kube_delete_pod(&k, other_member(&s, 1), HA_FM_NODE_DRAIN);
    ha_kube_reconcile(&k);
    scene_wait(&s, 600.0);
    cr_assert_eq(scene_common(&s).members_up, 3);
    scene_close(&s);
}

/* An operator deletes pod and claim: the member comes back with a new, blank volume,
 * which is as good as lost data until it is taken into the cluster anew. */
Test(vcluster_store, a_member_whose_claim_is_deleted_is_wiped)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    struct ha_kube k = scene_kube(&s);
    const uint32_t pod = other_member(&s, 1);
    ha_kube_delete_pod_and_volume(&k, pod, HA_FM_NODE_DRAIN);
    ha_kube_reconcile(&k);
    scene_wait(&s, 1200.0);
    cr_assert_eq(scene_common(&s).members_up, 2);
    scene_wait(&s, 5.0 * 3600.0);
    cr_assert_eq(scene_common(&s).members_up, 3);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 5.0 * 3600.0), 0.0);
    scene_close(&s);
}
