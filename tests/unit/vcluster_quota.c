/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The namespace's quota in the run: replacements and surge pods that it refuses. The
 * design has 3 replicas, 3 members and 2 CoreDNS pods: 8. */
#include <criterion/criterion.h>

#include "tests/support/scene.h"

#define OBJECTS "policies.resourceQuota.quota.count/pods="

static const char *const eight_objects[] = {OBJECTS "8", NULL};
static const char *const nine_objects[] = {OBJECTS "9", NULL};
static const char *const eight_pods[] = {"policies.resourceQuota.quota.pods=8", NULL};
static const char *const plenty[] = {OBJECTS "100", NULL};

/* Replicas running long after the node of one, and of nothing else, has died. */
static uint32_t replicas_after_a_loss(const char *const *set)
{
    struct scene s;
    uint32_t n = 0;
    uint32_t lost = HA_NOWHERE;

    scene_open(&s, SCENE_CORRECTED, set, false);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t node = scene_node_of(&s, s.t.plan->cp_first + i);
        bool is_alone = true;

        for (uint32_t p = s.t.plan->cp_first + s.t.plan->n_cp;
             p < s.t.plan->kube.n_pods; p++) {
            is_alone = is_alone && scene_node_of(&s, p) != node;
        }
        lost = is_alone ? node : lost;
    }
    cr_assert_neq(lost, HA_NOWHERE);
    scene_strike(&s, HA_FM_HOST_FAIL, lost, 7200.0);
    scene_wait(&s, 1000.0);
    for (uint32_t i = 0; i < s.t.plan->n_cp; i++) {
        struct ha_kube k = scene_kube(&s);

        n += ha_kube_process_is_reachable(&k, s.t.plan->cp_first + i);
    }
    scene_wait(&s, 8000.0);
    cr_assert_eq(s.script.down, 0);
    scene_close(&s);
    return n;
}

/* The dead node's pod object goes on counting as an object, not as a pod. */
Test(vcluster_quota, a_full_quota_of_objects_stops_replacements)
{
    cr_assert_eq(replicas_after_a_loss(plenty), 3);
    cr_assert_eq(replicas_after_a_loss(nine_objects), 3);
    cr_assert_eq(replicas_after_a_loss(eight_objects), 2);
    cr_assert_eq(replicas_after_a_loss(eight_pods), 3);
}

/* Without room for a surge pod the roll-out goes on by what may be unavailable. */
Test(vcluster_quota, a_rollout_without_a_surge_pod)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, eight_objects, true);
    cr_assert_gt(s.t.plan->kube.n_quotas, 0);
    scene_strike(&s, HA_FM_ROLLOUT, 0, -1.0);
    scene_wait(&s, 3600.0);
    cr_assert_eq(scene_kube(&s).head->rolling, 0);
    cr_assert_lt(scene_downtime(&s, HA_SERVICE_API_READ, 3600.0), 2.0);
    scene_close(&s);
    scene_open(&s, SCENE_CORRECTED, plenty, true);
    cr_assert_eq(s.t.plan->kube.n_quotas, 0, "nothing to ask");
    scene_close(&s);
}
