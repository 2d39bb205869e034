/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's DNS is out: who resolves names, and when. And what clients of a deployed
 * etcd notice of a member whose node falls silent.
 */
#include <criterion/criterion.h>

#include "tests/support/scene.h"

#define THIRD (1.0 / 3.0)

/* By itself it hurts nobody. */
Test(vcluster_host_dns, alone_it_hurts_nobody)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    scene_strike(&s, HA_FM_HOST_DNS, 0, 3600.0);
    scene_wait(&s, 1800.0);
    cr_assert_eq(s.script.down, 0);
    cr_assert_eq(scene_bad_share(&s, HA_SERVICE_API_READ), 0.0);
    cr_assert_eq(scene_common(&s).members_up, 3);
    scene_wait(&s, 1900.0);
    cr_assert(s.t.model.is_calm(s.t.model.plan, &s.script.run));
    scene_close(&s);
}

/* A deployed member restarts: its peers have no name, so it is no member, and nobody
 * dials it; its startup probe kills it after 250 s, and it is back with the names. */
Test(vcluster_host_dns, a_member_that_restarts_waits_for_names)
{
    struct scene s;
    uint32_t member;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    member = s.t.plan->member_first + 1;
    scene_strike(&s, HA_FM_HOST_DNS, 0, 3600.0);
    scene_strike(&s, HA_FM_POD_CRASH, member, -1.0);
    scene_wait(&s, 200.0);
    cr_assert_eq(scene_common(&s).members_up, 2, "it runs and is no member");
    cr_assert_float_eq(scene_bad_share(&s, HA_SERVICE_API_READ), THIRD, 1e-9,
                       "one connection of three cannot be made anew");
    scene_wait(&s, 3300.0);
    cr_assert_eq(scene_common(&s).members_up, 2);
    cr_assert_gt(scene_kube(&s).pod[member].restarts, 1, "its probe kills it");
    scene_wait(&s, 150.0);
    cr_assert_eq(scene_bad_share(&s, HA_SERVICE_API_READ), 0.0);
    scene_wait(&s, 300.0);
    cr_assert_eq(scene_common(&s).members_up, 3);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 3950.0), 0.0);
    scene_close(&s);
}

/* Two embedded members restart: a majority cannot form before names resolve, and the
 * minutes are the DNS's, not the crashes'. */
Test(vcluster_host_dns, two_embedded_members_lose_the_majority)
{
    struct scene s;
    uint32_t first;

    scene_open(&s, SCENE_EMBEDDED, NULL, false);
    first = s.t.plan->member_first;
    scene_strike(&s, HA_FM_HOST_DNS, 0, 1000.0);
    scene_strike(&s, HA_FM_POD_CRASH, first + 1, -1.0);
    scene_wait(&s, 100.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
    scene_strike(&s, HA_FM_POD_CRASH, first + 2, -1.0);
    scene_wait(&s, 50.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    cr_assert_float_eq(scene_blame(&s, HA_SERVICE_API_READ, HA_FM_HOST_DNS), 1.0,
                       1e-12);
    scene_wait(&s, 840.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    scene_wait(&s, 1000.0);
    cr_assert_eq(s.script.down, 0);
    scene_close(&s);
}

/* The replicas of a deployed etcd dial by name too. SQLite needs none. */
Test(vcluster_host_dns, a_replica_that_restarts_needs_the_name_of_its_store)
{
    struct scene s;
    uint32_t pod;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    pod = s.t.plan->cp_first;
    scene_strike(&s, HA_FM_HOST_DNS, 0, 900.0);
    scene_strike(&s, HA_FM_POD_CRASH, pod, -1.0);
    scene_wait(&s, 250.0);
    cr_assert_eq(scene_kube(&s).pod[pod].restarts, 1);
    cr_assert_eq(scene_kube(&s).pod[pod].flags & HA_POD_READY, 0);
    scene_wait(&s, 100.0);
    cr_assert_gt(scene_kube(&s).pod[pod].restarts, 1, "it gives up after 300 s");
    scene_wait(&s, 1200.0);
    cr_assert_neq(scene_kube(&s).pod[pod].flags & HA_POD_READY, 0);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 1550.0), 0.0);
    scene_close(&s);

    scene_open(&s, SCENE_SINGLE, NULL, false);
    scene_strike(&s, HA_FM_HOST_DNS, 0, 3600.0);
    scene_strike(&s, HA_FM_POD_CRASH, s.t.plan->cp_first, -1.0);
    scene_wait(&s, 120.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
    scene_close(&s);
}

/* A member's node dies: its connections hang for up to 40 s, and then a third of that
 * third is dialled to the dead member again until its endpoint goes, at about 49 s. */
Test(vcluster_host_dns, a_silent_member_is_dialled_until_its_endpoint_goes)
{
    struct scene s;
    uint32_t node;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    node = scene_node_without(&s, s.t.plan->member_first, 3, s.t.plan->cp_first,
                              s.t.plan->n_cp);
    scene_strike(&s, HA_FM_HOST_FAIL, node, 3600.0);
    scene_wait(&s, 9.0);
    cr_assert_float_eq(scene_bad_share(&s, HA_SERVICE_API_READ), THIRD, 1e-9);
    scene_wait(&s, 32.0);
    cr_assert_float_eq(scene_bad_share(&s, HA_SERVICE_API_READ), THIRD * THIRD, 1e-9);
    scene_wait(&s, 20.0);
    cr_assert_eq(scene_bad_share(&s, HA_SERVICE_API_READ), 0.0);
    scene_close(&s);
}

/* A member that is cut off hangs like one that died, and is dialled at once when the
 * links are back. */
Test(vcluster_host_dns, a_member_that_is_cut_off_hangs_too)
{
    struct scene s;
    uint32_t member;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    member = s.t.plan->member_first;
    scene_strike(&s, HA_FM_NODE_PAUSE, scene_node_of(&s, member), 8.0);
    scene_wait(&s, 5.0);
    cr_assert_geq(scene_bad_share(&s, HA_SERVICE_API_READ), THIRD - 1e-9);
    scene_wait(&s, 4.0);
    cr_assert_eq(scene_bad_share(&s, HA_SERVICE_API_READ), 0.0);
    scene_close(&s);
}
