/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preemption inside the run: a control-plane pod that finds no node, and a CoreDNS pod
 * of lower priority in its way. Three zones, two nodes of one CPU each: one carries a
 * replica (500m), the other a member (200m) and perhaps CoreDNS (300m); a replica must
 * stay in its zone.
 */
#include <criterion/criterion.h>

#include "tests/support/scene.h"

#define TIGHT                                                                          \
    "host.nodePools[0].count=2", "host.nodePools[0].capacity.cpu=1",                   \
        "controlPlane.statefulSet.resources.limits.cpu=1",                             \
        "controlPlane.backingStore.etcd.deploy.statefulSet.resources.limits.cpu=1",    \
        "controlPlane.coredns.deployment.resources.requests.cpu=300m"

static const char *const equal[] = {TIGHT, NULL};
static const char *const critical[] = {
    TIGHT,
    "controlPlane.statefulSet.scheduling.priorityClassName=system-cluster-critical",
    NULL};

/* The replica in the zone of this pod. */
static uint32_t replica_beside(struct scene *s, uint32_t pod)
{
    const uint8_t *zone = s->t.plan->kube.infra.node_zone;

    for (uint32_t i = 0; i < s->t.plan->n_cp; i++) {
        uint32_t cp = s->t.plan->cp_first + i;
        uint32_t node = scene_node_of(s, cp);

        if (scene_kube(s).pod[cp].stage == HA_POD_RUNNING &&
            node != scene_node_of(s, pod) &&
            zone[node] == zone[scene_node_of(s, pod)]) {
            return cp;
        }
    }
    cr_assert_fail("no replica in that zone");
    return 0;
}

static uint32_t count_replicas(struct scene *s)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->t.plan->n_cp; i++) {
        struct ha_kube k = scene_kube(s);

        n += ha_kube_process_is_reachable(&k, s->t.plan->cp_first + i);
    }
    return n;
}

/* Strikes the node of the replica that has CoreDNS in its way; plays past eviction. */
static void lose_replica(struct scene *s, const char *const *set)
{
    scene_open(s, SCENE_CORRECTED, set, false);
    scene_strike(s, HA_FM_HOST_FAIL,
                 scene_node_of(s, replica_beside(s, s->t.plan->dns_first)), 7200.0);
    scene_wait(s, 348.0);
}

Test(vcluster_preemption, equal_pods_wait)
{
    struct scene s;

    lose_replica(&s, equal);
    cr_assert_null(s.t.plan->kube.priority);
    scene_wait(&s, 1000.0);
    cr_assert_eq(count_replicas(&s), 2);
    scene_close(&s);
}

Test(vcluster_preemption, a_critical_pod_makes_a_lower_one_go)
{
    struct scene s;
    uint32_t node;

    lose_replica(&s, critical);
    cr_assert_not_null(s.t.plan->kube.priority);
    node = scene_node_of(&s, s.t.plan->dns_first);
    scene_wait(&s, 60.0);
    cr_assert_eq(count_replicas(&s), 3, "it took the place of CoreDNS");
    for (uint32_t i = 0; i < s.t.plan->n_dns; i++) {
        uint32_t pod = s.t.plan->dns_first + i;
        struct ha_pod_row row = scene_kube(&s).pod[pod];

        cr_assert(row.stage != HA_POD_RUNNING || row.node != node);
    }
    cr_assert_not(scene_is_down(&s, HA_SERVICE_DNS), "the other one answers");
    scene_wait(&s, 8000.0);
    cr_assert_eq(s.script.down, 0);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 8408.0), 0.0);
    scene_close(&s);
}
