/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Planned work on the tenant itself: roll-outs and certificate renewals. They come by
 * themselves at the catalogue's rates, pod by pod, and what they cost is theirs.
 */
#include <criterion/criterion.h>

#include "tests/support/scene.h"

static bool is_on(const struct scene *s, enum ha_fm fm)
{
    return s->t.plan->kube.infra.fm[fm].is_on;
}

static bool was_replaced(struct scene *s, uint32_t pod)
{
    uint32_t slot = ha_kube_slot(&s->t.plan->kube, HA_PURPOSE_POD_STOP, pod);

    return sim_script_find(&s->script, slot, 0) != NULL;
}

Test(vcluster_planned, both_are_on_by_default_and_off_on_request)
{
    static const char *const off[] = {"catalog.rollout.rate=off",
                                      "catalog.cert.renewal.rate=off", NULL};
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, true);
    cr_assert(is_on(&s, HA_FM_ROLLOUT) && is_on(&s, HA_FM_CERT_RENEWAL));
    scene_close(&s);
    scene_open(&s, SCENE_CORRECTED, off, true);
    cr_assert(!is_on(&s, HA_FM_ROLLOUT) && !is_on(&s, HA_FM_CERT_RENEWAL));
    scene_close(&s);
}

/* Three of each: every pod is new; DNS stays up, and the API but for the moment until
 * the endpoints know of a new replica (at most 2 s) while an old one has exited; the
 * lease holder's Deployment pod comes back under another name, so the control loop has
 * a gap of a lease, and no more than one for each of the three pods. */
Test(vcluster_planned, a_rollout_replaces_all_pods_and_keeps_the_api)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, true);
    cr_assert_not(s.t.plan->cp_keeps_name);
    scene_strike(&s, HA_FM_ROLLOUT, 0, -1.0);
    scene_wait(&s, 3600.0);
    for (uint32_t pod = 0; pod < s.t.plan->kube.n_pods; pod++) {
        cr_assert_eq(scene_kube(&s).pod[pod].flags & HA_POD_OLD, 0);
    }
    cr_assert(was_replaced(&s, s.t.plan->dns_first), "DNS too");
    cr_assert_lt(scene_downtime(&s, HA_SERVICE_API_READ, 3600.0), 2.0);
    cr_assert_eq(scene_downtime(&s, HA_SERVICE_DNS, 3600.0), 0.0);
    cr_assert_gt(scene_downtime(&s, HA_SERVICE_CONTROL_LOOP, 3600.0), 50.0);
    cr_assert_lt(scene_downtime(&s, HA_SERVICE_CONTROL_LOOP, 3600.0), 3 * 130.0);
    cr_assert_eq(s.script.down, 0);
    cr_assert_eq(scene_kube(&s).infra.common->faults & HA_FM_BIT(ROLLOUT), 0,
                 "it is over, and the next one's clock runs");
    scene_close(&s);
}

Test(vcluster_planned, a_renewal_leaves_dns_alone)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, true);
    scene_strike(&s, HA_FM_CERT_RENEWAL, 0, -1.0);
    scene_wait(&s, 3600.0);
    cr_assert(was_replaced(&s, s.t.plan->cp_first));
    cr_assert(was_replaced(&s, s.t.plan->member_first));
    cr_assert_not(was_replaced(&s, s.t.plan->dns_first));
    cr_assert_eq(s.script.down, 0);
    cr_assert_eq(scene_kube(&s).infra.common->faults, 0);
    scene_close(&s);
}

/* One replica: each planned restart is an outage of its own cause. */
Test(vcluster_planned, with_one_replica_each_is_an_outage_of_its_cause)
{
    static const enum ha_fm kinds[] = {HA_FM_ROLLOUT, HA_FM_CERT_RENEWAL};

    for (size_t i = 0; i < 2; i++) {
        struct scene s;

        scene_open(&s, SCENE_SINGLE, NULL, true);
        scene_strike(&s, kinds[i], 0, -1.0);
        scene_wait(&s, 10.0);
        cr_assert(scene_is_down(&s, HA_SERVICE_API_READ));
        cr_assert_float_eq(scene_blame(&s, HA_SERVICE_API_READ, (uint8_t)kinds[i]), 1.0,
                           1e-12);
        scene_wait(&s, 600.0);
        cr_assert_not(scene_is_down(&s, HA_SERVICE_API_READ));
        cr_assert_gt(scene_downtime(&s, HA_SERVICE_API_READ, 610.0), 20.0);
        scene_close(&s);
    }
}

/* CoreDNS is rolled by the tenant's controllers: no tenant, no roll-out of DNS. */
Test(vcluster_planned, dns_is_not_rolled_while_the_tenant_is_down)
{
    struct scene s;
    uint32_t first;

    scene_open(&s, SCENE_CORRECTED, NULL, true);
    first = s.t.plan->member_first;
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, first), 1800.0);
    scene_strike(&s, HA_FM_HOST_FAIL, scene_node_of(&s, first + 1), 1800.0);
    scene_strike(&s, HA_FM_ROLLOUT, 0, -1.0);
    scene_wait(&s, 1700.0);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert_not(was_replaced(&s, s.t.plan->dns_first + i));
    }
    scene_wait(&s, 5000.0);
    cr_assert(was_replaced(&s, s.t.plan->dns_first));
    cr_assert_eq(s.script.down, 0);
    scene_close(&s);
}

/* A renewal inside a roll-out makes the new pods old again; both end. */
Test(vcluster_planned, a_renewal_inside_a_rollout_ends_with_it)
{
    struct scene s;

    scene_open(&s, SCENE_EMBEDDED, NULL, true);
    scene_strike(&s, HA_FM_ROLLOUT, 0, -1.0);
    scene_wait(&s, 100.0);
    cr_assert_neq(scene_kube(&s).head->rolling, 0);
    scene_strike(&s, HA_FM_CERT_RENEWAL, 0, -1.0);
    scene_wait(&s, 5000.0);
    cr_assert_eq(scene_kube(&s).head->rolling, 0);
    cr_assert_eq(scene_kube(&s).infra.common->faults, 0);
    cr_assert_eq(s.script.down, 0);
    scene_close(&s);
}

/* The host's API goes away inside a roll-out: the control loop's minutes are the
 * host's, not the roll-out's. */
Test(vcluster_planned, a_rollout_takes_no_blame_for_the_hosts_api)
{
    struct scene s;

    scene_open(&s, SCENE_CORRECTED, NULL, true);
    scene_strike(&s, HA_FM_ROLLOUT, 0, -1.0);
    scene_strike(&s, HA_FM_HOSTCP_OUTAGE, 0, 300.0);
    cr_assert(scene_is_down(&s, HA_SERVICE_CONTROL_LOOP));
    cr_assert_float_eq(scene_blame(&s, HA_SERVICE_CONTROL_LOOP, HA_FM_HOSTCP_OUTAGE),
                       1.0, 1e-12);
    scene_close(&s);
}
