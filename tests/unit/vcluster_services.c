/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Services, failing requests, blame, DNS, extra systems, and designs that a cluster
 * would refuse.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/scene.h"

static uint32_t dns_pod(struct scene *s, uint32_t k)
{
    return s->t.plan->dns_first + k;
}

/* One of three replicas dies with its node: a third of new requests fail until the
 * node is NotReady and its endpoint gone, 49 (44-54) s; nothing is down. */
Test(vcluster_services, a_dead_endpoint_fails_its_share)
{
    struct scene s;
    uint32_t node;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    node = scene_node_without(&s, s.t.plan->cp_first, s.t.plan->n_cp,
                              s.t.plan->member_first, s.t.plan->n_members);
    scene_strike(&s, HA_FM_HOST_FAIL, node, 1000.0);
    cr_assert_float_eq(scene_bad_share(&s, HA_SERVICE_API_READ), 1.0 / 3.0, 1e-9);
    scene_wait(&s, 40.0);
    cr_assert_float_eq(scene_bad_share(&s, HA_SERVICE_API_READ), 1.0 / 3.0, 1e-9);
    scene_wait(&s, 18.0);
    cr_assert_float_eq(scene_bad_share(&s, HA_SERVICE_API_READ), 0.0, 1e-9);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_API_READ, 58.0), 0.0);
    scene_close(&s);
}

/* Zone down: two of three members and replicas stay; the zonal member cannot leave
 * its zone and is back Z + 15-60 s after. */
Test(vcluster_services, a_zone_down_costs_one_election_at_most)
{
    struct scene s;

    scene_open(&s, SCENE_EMBEDDED, NULL, false);
    for (uint32_t zone = 0; zone < 3; zone++) {
        for (uint32_t n = 0; n < s.t.plan->kube.n_own_nodes; n++) {
            if (s.t.plan->kube.infra.node_zone[n] == zone) {
                scene_strike(&s, HA_FM_HOST_FAIL, n, 3600.0);
            }
        }
        scene_wait(&s, 3600.0);
        cr_assert_eq(scene_common(&s).members_up, 2);
        scene_wait(&s, 1200.0);
        cr_assert_eq(scene_common(&s).members_up, 3);
        cr_assert_lt(scene_downtime(&s, HA_SERVICE_API_READ, 4800.0), 3.0);
    }
    scene_close(&s);
}

Test(vcluster_services, failures_of_the_whole_take_it_all)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    scene_strike(&s, HA_FM_CHANGE_OUTAGE, 0, 600.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    cr_assert(scene_is_down(&s, HA_SERVICE_CONTROL_LOOP));
    cr_assert_not(scene_is_down(&s, HA_SERVICE_DNS), "separate pods answer on");
    cr_assert_not(scene_is_down(&s, HA_SERVICE_DATA));
    scene_strike(&s, HA_FM_CERT_EXPIRY, 0, 1200.0);
    cr_assert_eq(scene_blame(&s, HA_SERVICE_API_READ, HA_FM_CHANGE_OUTAGE), 1.0);
    scene_wait(&s, 700.0);
    cr_assert_eq(scene_blame(&s, HA_SERVICE_API_READ, HA_FM_CERT_EXPIRY), 1.0);
    scene_wait(&s, 1000.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
    scene_strike(&s, HA_FM_RESTORE_EVENT, 0, 600.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_DATA) && scene_is_down(&s, HA_SERVICE_DNS));
    scene_close(&s);
}

Test(vcluster_services, network_incident_cuts_everything_off)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    scene_strike(&s, HA_FM_REGION_NET, 0, 900.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    cr_assert(scene_is_down(&s, HA_SERVICE_DNS));
    cr_assert_float_eq(scene_blame(&s, HA_SERVICE_API_READ, HA_FM_REGION_NET), 1.0,
                       1e-9);
    scene_wait(&s, 1800.0);
    cr_assert_eq(s.script.down, 0);
    scene_close(&s);
}

/* Two members gone for different reasons share the outage. */
Test(vcluster_services, causes_share_equally)
{
    struct scene s;
    uint32_t first;

    scene_open(&s, SCENE_EMBEDDED, NULL, false);
    first = s.t.plan->member_first;
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, first + 1), 3600.0);
    scene_wait(&s, 60.0);
    scene_strike(&s, HA_FM_GUEST_CRASH, scene_node_of(&s, first + 2), 3600.0);
    scene_wait(&s, 10.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    cr_assert_float_eq(scene_blame(&s, HA_SERVICE_API_READ, HA_FM_HOST_FAIL), 0.5,
                       1e-9);
    cr_assert_float_eq(scene_blame(&s, HA_SERVICE_API_READ, HA_FM_GUEST_CRASH), 0.5,
                       1e-9);
    scene_close(&s);
}

/* ---- DNS ---- */

/* Running DNS pods answer without a control plane; a lost one is replaced only when
 * tenant API, controller-manager and syncer work. */
Test(vcluster_services, dns_repairs_itself_only_with_a_working_control_plane)
{
    struct scene s;
    uint32_t first;
    uint32_t lost;

    scene_open(&s, SCENE_CORRECTED, NULL, false);
    first = s.t.plan->member_first;
    lost = scene_node_of(&s, dns_pod(&s, 0));
    for (uint32_t i = 0, n = 0; i < 3 && n < 2; i++) {
        if (scene_node_of(&s, first + i) != scene_node_of(&s, dns_pod(&s, 1))) {
            scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, first + i), 4000.0);
            n++;
        }
    }
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    if ((scene_kube(&s).infra.machine[lost].faults & HA_FM_BIT(HOST_FAIL)) == 0) {
        scene_strike(&s, HA_FM_HOST_FAIL, lost, 4000.0);
    }
    cr_assert_not(scene_is_down(&s, HA_SERVICE_DNS), "the other pod answers");
    scene_wait(&s, 3900.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
    cr_assert_not(scene_is_down(&s, HA_SERVICE_DNS));
    for (uint32_t i = 0; i < s.t.plan->n_dns; i++) {
        struct ha_kube k = scene_kube(&s);

        cr_assert(i == 0 || i == 1 || k.pod[dns_pod(&s, i)].stage == HA_POD_ABSENT,
                  "nobody makes a new pod");
    }
    scene_wait(&s, 2000.0);
    cr_assert_eq(s.script.down, 0);
    scene_close(&s);
}

Test(vcluster_services, embedded_dns_goes_with_its_containers)
{
    static const char *const set[] = {"controlPlane.coredns.embedded=true", NULL};
    struct scene s;
    uint32_t first;

    scene_open(&s, SCENE_EMBEDDED, set, false);
    cr_assert_eq(s.t.plan->n_dns, 0);
    first = s.t.plan->member_first;
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, first + 1), 3600.0);
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, first + 2), 3600.0);
    cr_assert_not(scene_is_down(&s, HA_SERVICE_DNS), "the survivor still answers");
    scene_wait(&s, 400.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_DNS), "until it is killed");
    scene_close(&s);
}

/* ---- refusals ---- */

static void refuse(const char *file, const char *host, const char *const *set,
                   const char *word, const char *hint)
{
    struct test_design t;
    struct sim_err err;
    int rc = test_design_try(&t, file, host, set, NULL, &err);

    cr_assert_eq(sim_err_exit_code(rc), 2, "%s: %d %s", word, rc, err.message);
    cr_assert_not_null(strstr(err.message, word), "%s", err.message);
    cr_assert_not_null(strstr(err.hint, hint), "%s", err.hint);
}

Test(vcluster_services, what_a_cluster_would_refuse)
{
    static const char *const seven[] = {
        "controlPlane.statefulSet.highAvailability.replicas=10", NULL};
    static const char *const sqlite[] = {
        "controlPlane.statefulSet.highAvailability.replicas=3", NULL};
    static const char *const lease[] = {
        "controlPlane.statefulSet.highAvailability.renewDeadline=70", NULL};

    refuse(SCENE_CORRECTED, SCENE_THREE_ZONES, seven, "nodes are available",
           "nines place -f");
    refuse(SCENE_CORRECTED, "configs/hosts/too-small.yaml", NULL, "nodes are available",
           "nines place -f");
    refuse(SCENE_SINGLE, SCENE_THREE_ZONES, sqlite, "SQLite", "");
    refuse(SCENE_CORRECTED, SCENE_THREE_ZONES, lease, "renewDeadline", "");
}
