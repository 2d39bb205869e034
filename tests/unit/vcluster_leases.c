/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The syncer's lease in the whole model: who leads after what, and how long the
 * control loop stands still. Rows of the time lines "vCluster leader lost 60/40/15,
 * 3 replicas" and "host API outage". Drawn delays, fixed seeds; means within 4.5
 * standard errors (false alarm 7e-6).
 */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/support/scene.h"

#define CONTROLLERS_S 5.0 /* mean start of the new leader's controllers */

static uint32_t holder_node(struct scene *s)
{
    return scene_node_of(s, scene_common(s).holder);
}

static double mean_gap(struct scene *s, int n, double *least, double *most)
{
    double sum = 0.0;

    *least = 1e9;
    *most = 0.0;
    for (int seed = 1; seed <= n; seed++) {
        double gap;

        scene_draw(s, (uint64_t)seed);
        scene_strike(s, HA_FM_HOST_FAIL, holder_node(s), 4000.0);
        scene_wait(s, 300.0);
        cr_assert_not(scene_is_down(s, HA_SERVICE_CONTROL_LOOP));
        gap = scene_downtime(s, HA_SERVICE_CONTROL_LOOP, 300.0);
        sum += gap;
        *least = gap < *least ? gap : *least;
        *most = gap > *most ? gap : *most;
    }
    return sum / n;
}

/* Leader lost with its node, 60/40/15, three replicas: 72 (56-88) s, hard bounds 45
 * to 126, then the controllers. An election of the store may come in between. */
Test(vcluster_leases, leader_lost_three_replicas)
{
    enum { N = 300 };
    struct scene s;
    double least, most, mean;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    mean = mean_gap(&s, N, &least, &most);
    cr_assert_float_eq(mean, 71.82 + CONTROLLERS_S, 4.5 * 9.8 / sqrt(N) + 0.5, "%.2f",
                       mean);
    cr_assert_gt(least, 45.0);
    cr_assert_lt(most, 126.0 + 8.0);
    scene_close(&s);
}

/* Other numbers of the same kind: two replicas 15/10/5, and five 30/20/5. */
Test(vcluster_leases, leader_lost_other_settings)
{
    enum { N = 200 };
    static const char *const two[] = {
        "controlPlane.statefulSet.highAvailability.replicas=2",
        "controlPlane.statefulSet.highAvailability.leaseDuration=15",
        "controlPlane.statefulSet.highAvailability.renewDeadline=10",
        "controlPlane.statefulSet.highAvailability.retryPeriod=5", NULL};
    static const char *const three[] = {
        "controlPlane.statefulSet.highAvailability.leaseDuration=30",
        "controlPlane.statefulSet.highAvailability.renewDeadline=20",
        "controlPlane.statefulSet.highAvailability.retryPeriod=5", NULL};
    struct scene s;
    double least, most, mean;

    scene_open(&s, SCENE_CORRECTED, two, false);
    mean = mean_gap(&s, N, &least, &most);
    cr_assert_float_eq(mean, 20.0 + CONTROLLERS_S, 1.8, "%.2f", mean);
    scene_close(&s);
    scene_open(&s, SCENE_CORRECTED, three, false);
    mean = mean_gap(&s, N, &least, &most);
    cr_assert_float_eq(mean, 34.0 + CONTROLLERS_S, 1.5, "%.2f", mean);
    scene_close(&s);
}

/* The container restarts under the same pod name: it takes its own lease back at its
 * first try, so the gap is the restart. */
Test(vcluster_leases, a_restarted_leader_keeps_its_lease)
{
    struct scene s;
    uint32_t holder;
    double gap;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    holder = scene_common(&s).holder;
    scene_strike(&s, HA_FM_POD_CRASH, holder, -1.0);
    scene_wait(&s, 600.0);
    cr_assert_eq(scene_common(&s).holder, holder);
    gap = scene_downtime(&s, HA_SERVICE_CONTROL_LOOP, 600.0);
    cr_assert_float_eq(gap, 1.0 + 3.0 + 25.0 + CONTROLLERS_S, 10.0, "%.2f", gap);
    scene_close(&s);
}

/* A drained StatefulSet leader comes back under its name; it finds its name in the
 * lease unless the move took longer than the others' patience. */
Test(vcluster_leases, a_drained_statefulset_leader_keeps_its_lease)
{
    struct scene s;
    uint32_t holder;

    scene_open(&s, SCENE_EMBEDDED, NULL, true);
    holder = scene_common(&s).holder;
    scene_strike(&s, HA_FM_NODE_DRAIN, holder_node(&s), 300.0);
    scene_wait(&s, 400.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_CONTROL_LOOP));
    /* EBS: 23 s to move, 25 s to start: before anybody may take over at 45 s? Not
     * quite always; the median story is at the edge, so only the bound is stated. */
    cr_assert_lt(scene_downtime(&s, HA_SERVICE_CONTROL_LOOP, 400.0), 95.0);
    cr_assert(scene_common(&s).holder == holder ||
              scene_common(&s).holder != HA_NO_POD);
    scene_close(&s);
}

/* Host API away for 20 s: the next try succeeds, nothing is lost. For 300 s: the
 * leader's container exits 40-55 s into it and cannot start; the API serves on. */
Test(vcluster_leases, host_api_outages)
{
    struct scene s;
    uint32_t holder;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    holder = scene_common(&s).holder;
    scene_strike(&s, HA_FM_HOSTCP_OUTAGE, 0, 20.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_CONTROL_LOOP));
    cr_assert_float_eq(scene_blame(&s, HA_SERVICE_CONTROL_LOOP, HA_FM_HOSTCP_OUTAGE),
                       1.0, 1e-9);
    scene_wait(&s, 200.0);
    cr_assert_eq(scene_kube(&s).pod[holder].restarts, 0);
    cr_assert_float_eq(scene_downtime(&s, HA_SERVICE_CONTROL_LOOP, 200.0), 20.0, 1e-6);

    scene_strike(&s, HA_FM_HOSTCP_OUTAGE, 0, 300.0);
    scene_wait(&s, 39.0);
    cr_assert_eq(scene_kube(&s).pod[holder].restarts, 0);
    scene_wait(&s, 17.0);
    cr_assert_geq(scene_kube(&s).pod[holder].restarts, 1);
    scene_wait(&s, 200.0);
    cr_assert_gt(scene_kube(&s).pod[holder].restarts, 2, "no start without the host");
    scene_wait(&s, 400.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_CONTROL_LOOP));
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 900.0), 0.0);
    scene_close(&s);
}

/* When the leader is lost in an outage of the API, candidates that had not read its
 * last renewal count LD only after it. Two candidates, outage of 120 s, the old
 * leader's node gone too: mean from the sampler of whole faults. */
Test(vcluster_leases, late_readers_after_an_outage)
{
    enum { N = 300 };
    struct scene s;
    struct ha_lease_times times = {60.0, 40.0, 15.0};
    uint64_t seed = 8;
    struct ha_uniforms u = ha_uniforms_splitmix(&seed);
    double expected = 0.0, sum = 0.0;

    for (int i = 0; i < 40000; i++) {
        bool is_old;

        expected += ha_lease_sample_outage(&times, 2, ha_lease_sample_age(&times, &u),
                                           120.0, -1.0, &u, &is_old) /
                    40000.0;
    }
    scene_open(&s, SCENE_CORRECTED, NULL, false);
    for (uint64_t i = 1; i <= N; i++) {
        uint32_t node;

        scene_draw(&s, i);
        node = holder_node(&s);
        scene_strike(&s, HA_FM_HOSTCP_OUTAGE, 0, 120.0);
        scene_wait(&s, 60.0);
        scene_strike(&s, HA_FM_HOST_FAIL, node, 4000.0);
        scene_wait(&s, 400.0);
        sum += scene_downtime(&s, HA_SERVICE_CONTROL_LOOP, 460.0);
    }
    /* standard deviation of the sampler's answer is about 25 s */
    cr_assert_float_eq(sum / N, expected + CONTROLLERS_S, 4.5 * 25.0 / sqrt(N),
                       "%.2f against %.2f", sum / N, expected + CONTROLLERS_S);
    scene_close(&s);
}

/* One replica has no lease: the control loop is the pod, and a host outage restarts
 * nothing. */
Test(vcluster_leases, one_replica_has_no_lease)
{
    struct scene s;

    scene_open(&s, SCENE_SINGLE, NULL, false);
    scene_strike(&s, HA_FM_HOSTCP_OUTAGE, 0, 600.0);
    scene_wait(&s, 700.0);
    cr_assert_eq(scene_kube(&s).pod[0].restarts, 0);
    cr_assert_float_eq(scene_downtime(&s, HA_SERVICE_CONTROL_LOOP, 700.0), 600.0, 1e-6);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 700.0), 0.0);
    scene_close(&s);
}
