/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of the Kubernetes room one by one, each with its trap. Scripts play with
 * median delays unless said otherwise; only what is ordered fails. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "models/kube/kube.h"
#include "tests/support/kube_world.h"

static struct kube_world w;
static struct sim_script script;
static struct ha_kube k;

static void begin(const struct kube_setup *setup)
{
    k = kube_begin(&w, setup, &script);
}

static void teardown(void)
{
    sim_script_release(&script);
    kube_world_clear(&w);
}

TestSuite(kube_rules, .fini = teardown);

#define NO_HEAL 1e12

#define ZONE                                                                           \
    {HA_PARAM_ZONE_MAJOR_RATE, 1, HA_PARAM_ZONE_MAJOR_DURATION, 7200, 1},              \
    {                                                                                  \
        HA_PARAM_ZONE_MAJOR_NODE_FRAC, 1, HA_N_PARAMS, 0, 0                            \
    }
#define NETWORK                                                                        \
    {                                                                                  \
        HA_PARAM_REGION_NET_INCIDENT_RATE, 1, HA_PARAM_REGION_NET_INCIDENT_DURATION,   \
            1800, 1                                                                    \
    }
#define HOST_API                                                                       \
    {                                                                                  \
        HA_PARAM_HOSTCP_OUTAGE_RATE, 1, HA_PARAM_HOSTCP_OUTAGE_DURATION, 600, 1        \
    }
#define POD_CRASHES                                                                    \
    {                                                                                  \
        HA_PARAM_POD_CRASH_RATE, 1, HA_N_PARAMS, 0, 0                                  \
    }

/* ---- node life cycle ---- */

Test(kube_rules, node_back_before_the_grace_ends_is_never_missed)
{
    begin(&(struct kube_setup){.n_rates = 1, .rate = {KUBE_CRASH}});
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 100,
             35); /* the earliest NotReady is after 39.9 s */
    sim_script_play(&script, 1000);
    cr_assert(sim_script_find(&script, ha_purpose_slot(&k, HA_PURPOSE_NODE_STALE, 0),
                              0) == NULL);
    cr_assert(ha_kube_is_calm(&k));
}

Test(kube_rules, faults_of_one_node_nest)
{
    begin(&(struct kube_setup){.n_rates = 3, .rate = {KUBE_CRASH, ZONE}});
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 100, 500);
    kube_hit(&w, &script, HA_FM_ZONE_MAJOR, 0, 200, 1000);
    sim_script_play(&script, 700);
    cr_assert(!ha_infra_is_powered(&k.infra, 0), "the zone still holds it");
    cr_assert(ha_infra_machine_cause(&k.infra, 0) == HA_FM_ZONE_MAJOR);
    cr_assert(ha_kube_pod_cause(&k, kube_pod_on(&k, 0)) == HA_FM_HOST_FAIL,
              "it broke it first");
    sim_script_play(&script, 1201);
    cr_assert(ha_infra_is_powered(&k.infra, 0));
    sim_script_play(&script, 2000);
    cr_assert(ha_kube_is_calm(&k));
    cr_assert(ha_kube_pod_cause(&k, kube_pod_on(&k, 0)) == SIM_NO_CAUSE);
}

Test(kube_rules, grace_of_40_s_is_10_s_faster)
{
    double at_s[2];
    for (int i = 0; i < 2; i++) {
        begin(&(struct kube_setup){
            .grace_s = i == 0 ? 50 : 40, .n_rates = 1, .rate = {KUBE_CRASH}});
        kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 100, NO_HEAL);
        sim_script_play(&script, 1000);
        at_s[i] =
            sim_script_find(&script, ha_purpose_slot(&k, HA_PURPOSE_NODE_STALE, 0), 0)
                ->time_s;
        teardown();
    }
    cr_assert(fabs(at_s[0] - at_s[1] - 10) < 0.1);
    begin(&(struct kube_setup){.n_rates = 0});
}

/* ---- zone disruption: a zone of 5 nodes with k of them dead ---- */

static void kill_first(uint32_t n)
{
    begin(&(struct kube_setup){
        .zones = 2, .nodes_per_zone = 5, .n_rates = 1, .rate = {KUBE_CRASH}});
    for (uint32_t i = 0; i < n; i++) {
        kube_hit(&w, &script, HA_FM_HOST_FAIL, i, 100, NO_HEAL);
    }
    sim_script_play(&script, 340);
}

Test(kube_rules, zone_modes_by_their_counts)
{
    cr_assert(ha_disruption_mode(2, 3) == HA_ZONE_PARTIAL); /* 0.6 and more than 2 */
    cr_assert(ha_disruption_mode(3, 2) == HA_ZONE_NORMAL);
    cr_assert(ha_disruption_mode(0, 5) == HA_ZONE_FULL);
    cr_assert(ha_disruption_mode(1, 2) == HA_ZONE_NORMAL);   /* 2 is not more than 2 */
    cr_assert(ha_disruption_mode(9, 11) == HA_ZONE_PARTIAL); /* 0.55 exactly */
    cr_assert(ha_disruption_mode(10, 11) == HA_ZONE_NORMAL); /* 0.524 */
    cr_assert(ha_disruption_mode(0, 0) == HA_ZONE_NORMAL);
}

Test(kube_rules, two_dead_of_five_are_tainted)
{
    kill_first(2);
    cr_assert(kube_count_marked(&k, HA_MARK_NO_EXECUTE) == 2);
}

Test(kube_rules, three_dead_of_five_freeze_the_zone)
{
    kill_first(3);
    /* The first two may be tainted before the third is NotReady, but with equal median
     * delays all three are NotReady at once. */
    cr_assert(kube_count_marked(&k, HA_MARK_NO_EXECUTE) == 0);
    cr_assert(kube_count_marked(&k, HA_MARK_QUEUED) == 3);
    sim_script_play(&script, 30 * 86400.0);
    cr_assert(kube_count_marked(&k, HA_MARK_NO_EXECUTE) == 0, "for ever");
}

Test(kube_rules, a_dead_zone_is_tainted_one_node_each_10_s)
{
    kill_first(5);
    cr_assert(kube_count_marked(&k, HA_MARK_NO_EXECUTE) == 5);
    uint32_t token = ha_purpose_slot(&k, HA_PURPOSE_ZONE_TOKEN, 0);
    const struct sim_event *queued =
        sim_script_find(&script, ha_purpose_slot(&k, HA_PURPOSE_NODE_TAINT, 0), 0);
    double t_s = queued->time_s; /* the first is tainted at once */
    for (int i = 0; i < 4; i++) {
        const struct sim_event *next = sim_script_find(&script, token, t_s + 0.1);
        cr_assert(fabs(next->time_s - t_s - 10) < 1e-9);
        t_s = next->time_s;
    }
}

Test(kube_rules, all_zones_dead_stop_all_evictions)
{
    begin(&(struct kube_setup){.n_rates = 1, .rate = {NETWORK}});
    kube_hit(&w, &script, HA_FM_REGION_NET, 0, 100, 7200);
    sim_script_play(&script, 7000);
    cr_assert(k.head->all_full == 1);
    cr_assert(kube_count_marked(&k, HA_MARK_NO_EXECUTE) == 0);
    for (uint32_t p = 0; p < 3; p++) {
        cr_assert(!ha_pod_has(&k, p, HA_POD_TERMINATING));
        cr_assert(k.pod[p].stage == HA_POD_RUNNING, "containers go on");
        cr_assert(!ha_kube_process_is_reachable(&k, p));
    }
    sim_script_play(&script, 7400);
    cr_assert(ha_kube_is_calm(&k));
}

Test(kube_rules, leaving_all_full_gives_a_new_grace_period)
{
    begin(&(struct kube_setup){.n_rates = 2, .rate = {NETWORK, KUBE_CRASH}});
    kube_hit(&w, &script, HA_FM_REGION_NET, 0, 100, 3600);
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 200, NO_HEAL);
    sim_script_play(&script, 3699);
    cr_assert(k.head->all_full == 1);
    sim_script_play(&script, 3740); /* others Ready within 10 s; not yet 40 s since */
    cr_assert(k.head->all_full == 0 && kube_count_marked(&k, HA_MARK_NO_EXECUTE) == 0);
    sim_script_play(&script, 3780);
    cr_assert(kube_count_marked(&k, HA_MARK_NO_EXECUTE) == 1);
}

Test(kube_rules, a_single_zone_wholly_down_is_frozen)
{
    begin(&(struct kube_setup){
        .zones = 1, .nodes_per_zone = 3, .n_rates = 2, .rate = {ZONE}});
    kube_hit(&w, &script, HA_FM_ZONE_MAJOR, 0, 100, 7200);
    sim_script_play(&script, 7000);
    cr_assert(k.head->all_full == 1 && kube_count_marked(&k, HA_MARK_NO_EXECUTE) == 0);
    sim_script_play(&script, 7500);
    cr_assert(ha_kube_is_calm(&k));
}

/* ---- eviction ---- */

Test(kube_rules, toleration_of_10_s_evicts_290_s_earlier)
{
    begin(&(struct kube_setup){
        .n_rates = 1,
        .rate = {KUBE_CRASH},
        .spec_extra = "  tolerations:\n"
                      "  - {key: node.kubernetes.io/unreachable, operator: Exists,"
                      " effect: NoExecute, tolerationSeconds: 10}\n"});
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 100, NO_HEAL);
    uint32_t pod = kube_pod_on(&k, 0);
    sim_script_play(&script, 1000);
    double tainted_s =
        sim_script_find(&script, ha_purpose_slot(&k, HA_PURPOSE_NODE_TAINT, 0), 0)
            ->time_s;
    double evicted_s =
        sim_script_find(&script, ha_purpose_slot(&k, HA_PURPOSE_POD_EVICT, pod), 0)
            ->time_s;
    cr_assert(fabs(evicted_s - tainted_s - 10) < 1e-9);
}

Test(kube_rules, a_node_that_returns_in_time_keeps_its_pods)
{
    begin(&(struct kube_setup){.n_rates = 1, .rate = {KUBE_CRASH}});
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 100, 300);
    uint32_t pod = kube_pod_on(&k, 0);
    sim_script_play(&script, 402); /* tainted at 153, would be evicted at 453 */
    cr_assert(
        sim_is_armed(&script.run, ha_purpose_slot(&k, HA_PURPOSE_POD_EVICT, pod)));
    sim_script_play(&script, 1000);
    cr_assert(ha_kube_is_calm(&k));
    cr_assert(sim_script_find(&script, ha_purpose_slot(&k, HA_PURPOSE_POD_EVICT, pod),
                              0) == NULL);
}

/* ---- crashes ---- */

Test(kube_rules, crash_loop_waits_0_10_20_40_80_160_300_and_forgets)
{
    static const double wait_s[] = {1.25, 10, 20, 40, 80, 160, 300, 300, 300};
    begin(&(struct kube_setup){.n_rates = 1, .rate = {POD_CRASHES}});
    uint32_t slot = kube_strike(&w, HA_FM_POD_CRASH, 0);
    double now_s = 100;
    for (int i = 0; i < 9; i++) {
        sim_script_at(&script, now_s, slot);
        sim_script_play(&script, now_s + 0.1);
        cr_assert(k.pod[0].stage == HA_POD_CRASHED);
        double back_s = kube_until_runs(&w, &script, 0, now_s + 0.1, 400);
        cr_expect(fabs(back_s + 0.1 - wait_s[i] - 3) < 0.3, "%d: %g", i, back_s);
        now_s += back_s + 20;
    }
    cr_assert(k.pod[0].restarts == HA_RESTARTS_MAX);
    sim_script_play(&script, now_s + 601);
    cr_assert(k.pod[0].restarts == 0 && ha_kube_is_calm(&k));
}

/* ---- StatefulSets ---- */

/* Node of member 0 dies for good; then member 2 loses its pod. */
static void stuck_then_deleted(bool is_ordered)
{
    begin(&(struct kube_setup){.is_ordered = is_ordered,
                               .nodes_per_zone = 2,
                               .no_anti_affinity = true,
                               .n_rates = 1,
                               .rate = {KUBE_CRASH}});
    kube_hit(&w, &script, HA_FM_HOST_FAIL, k.pod[0].node, 100, NO_HEAL);
    sim_script_play(&script, 1000);
    cr_assert(ha_pod_has(&k, 0, HA_POD_STUCK));
    ha_pod_remove(&k, 2);
    ha_kube_reconcile(&k);
    sim_script_play(&script, 2000);
}

Test(kube_rules, ordered_ready_blocks_higher_ordinals)
{
    stuck_then_deleted(true);
    cr_assert(k.pod[2].stage == HA_POD_ABSENT);
}

Test(kube_rules, parallel_does_not)
{
    stuck_then_deleted(false);
    cr_assert(k.pod[2].stage == HA_POD_RUNNING && ha_pod_has(&k, 2, HA_POD_READY));
}

Test(kube_rules, rollout_replaces_every_pod_once_highest_first)
{
    begin(&(struct kube_setup){.has_volume = true, .rollouts_per_year = 4});
    sim_script_at(&script, 100, kube_strike(&w, HA_FM_ROLLOUT, 0));
    sim_script_play(&script, 100);
    cr_assert(ha_pod_has(&k, 2, HA_POD_TERMINATING));
    cr_assert(!ha_pod_has(&k, 1, HA_POD_TERMINATING));
    cr_assert(ha_kube_pod_cause(&k, 2) == HA_FM_ROLLOUT);
    sim_script_play(&script, 3600);
    cr_assert(ha_kube_is_calm(&k));
    for (uint32_t p = 0; p < 3; p++) {
        const struct sim_event *gone =
            sim_script_find(&script, ha_purpose_slot(&k, HA_PURPOSE_POD_STOP, p), 0);
        cr_assert(gone != NULL);
    }
}

/* Member 0 is down; does a roll-out take member 2 too? */
static bool rollout_takes_a_good_member(int k8s_minor, bool is_ordered)
{
    begin(&(struct kube_setup){.k8s_minor = k8s_minor,
                               .is_ordered = is_ordered,
                               .rollouts_per_year = 4,
                               .n_rates = 1,
                               .rate = {KUBE_CRASH}});
    kube_hit(&w, &script, HA_FM_HOST_FAIL, k.pod[0].node, 100, NO_HEAL);
    sim_script_at(&script, 300, kube_strike(&w, HA_FM_ROLLOUT, 0));
    sim_script_play(&script, 300.5);
    bool is_taken =
        ha_pod_has(&k, 2, HA_POD_TERMINATING) || k.pod[2].stage != HA_POD_RUNNING;
    teardown();
    return is_taken;
}

Test(kube_rules, parallel_rollout_may_take_a_good_member_while_a_lower_is_down)
{
    cr_assert(rollout_takes_a_good_member(34, false));
    cr_assert(!rollout_takes_a_good_member(34, true));
    cr_assert(!rollout_takes_a_good_member(37, false));
    begin(&(struct kube_setup){.n_rates = 0});
}

/* ---- Deployments ---- */

Test(kube_rules, deployment_replaces_while_the_old_object_hangs)
{
    begin(&(struct kube_setup){.is_deployment = true,
                               .nodes_per_zone = 2,
                               .n_rates = 1,
                               .rate = {KUBE_CRASH}});
    uint32_t node = k.pod[0].node;
    kube_hit(&w, &script, HA_FM_HOST_FAIL, node, 100, NO_HEAL);
    sim_script_play(&script, 1000);
    cr_assert(ha_pod_has(&k, 0, HA_POD_STUCK) && k.pod[0].node == node);
    uint32_t n_running = 0;
    for (uint32_t p = 0; p < w.plan.n_pods; p++) {
        n_running += ha_kube_process_is_reachable(&k, p);
    }
    cr_assert(n_running == 3);
}

Test(kube_rules, deployment_surge_pod_without_a_place_hangs_the_rollout)
{
    begin(&(struct kube_setup){.is_deployment = true, .rollouts_per_year = 4});
    sim_script_at(&script, 100, kube_strike(&w, HA_FM_ROLLOUT, 0));
    sim_script_play(&script, 86400);
    cr_assert(k.head->rolling != 0, "3 replicas apart on exactly 3 nodes");
    teardown();
    begin(&(struct kube_setup){
        .is_deployment = true, .nodes_per_zone = 2, .rollouts_per_year = 4});
    sim_script_at(&script, 100, kube_strike(&w, HA_FM_ROLLOUT, 0));
    sim_script_play(&script, 86400);
    cr_assert(ha_kube_is_calm(&k));
    cr_assert(sim_script_downtime(&script, 0, 0, 86400) == 0, "surge first");
}

/* ---- volumes ---- */

Test(kube_rules, a_zonal_volume_holds_its_member_in_the_zone)
{
    begin(&(struct kube_setup){.nodes_per_zone = 2,
                               .has_volume = true,
                               .out_of_service = true,
                               .n_rates = 2,
                               .rate = {ZONE}});
    uint32_t pod = 0;
    while (k.pod[pod].node > 1) {
        pod++;
    }
    kube_hit(&w, &script, HA_FM_ZONE_MAJOR, 0, 100, 86400);
    sim_script_play(&script, 80000);
    cr_assert(k.pod[pod].stage == HA_POD_PENDING);
    cr_assert(ha_pod_has(&k, pod, HA_POD_UNPLACEABLE));
    cr_assert(ha_kube_pod_cause(&k, pod) == HA_FM_ZONE_MAJOR);
    sim_script_play(&script, 90000);
    cr_assert(ha_kube_is_calm(&k));
}

Test(kube_rules, a_regional_volume_frees_it)
{
    begin(&(struct kube_setup){.nodes_per_zone = 2,
                               .has_volume = true,
                               .storage = HA_STORAGE_REGIONAL,
                               .out_of_service = true,
                               .n_rates = 2,
                               .rate = {ZONE}});
    kube_hit(&w, &script, HA_FM_ZONE_MAJOR, 0, 100, 86400);
    sim_script_play(&script, 2000);
    for (uint32_t p = 0; p < 3; p++) {
        cr_assert(ha_kube_process_is_reachable(&k, p));
    }
}

Test(kube_rules, nothing_is_attached_without_the_cloud_api)
{
    begin(
        &(struct kube_setup){.nodes_per_zone = 2,
                             .has_volume = true,
                             .out_of_service = true,
                             .n_rates = 2,
                             .rate = {KUBE_CRASH,
                                      {HA_PARAM_REGION_CLOUD_API_RATE, 1,
                                       HA_PARAM_REGION_CLOUD_API_DURATION, 3600, 1}}});
    uint32_t node = k.pod[0].node;
    kube_hit(&w, &script, HA_FM_CLOUD_API, 0, 100, 5000);
    kube_hit(&w, &script, HA_FM_HOST_FAIL, node, 200, NO_HEAL);
    sim_script_play(&script, 5099);
    cr_assert(k.pod[0].stage == HA_POD_BOUND);
    cr_assert(k.volume[0].stage == HA_VOLUME_DETACHING);
    cr_assert(ha_kube_pod_cause(&k, 0) == HA_FM_HOST_FAIL);
    sim_script_play(&script, 5400);
    cr_assert(ha_kube_process_is_reachable(&k, 0));
}

/* ---- the host's API server ---- */

Test(kube_rules, without_the_host_api_nothing_is_noticed)
{
    begin(&(struct kube_setup){.n_rates = 2, .rate = {HOST_API, KUBE_CRASH}});
    uint32_t pod = kube_pod_on(&k, 0);
    kube_hit(&w, &script, HA_FM_HOSTCP_OUTAGE, 0, 100, 1000);
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 150, NO_HEAL);
    sim_script_play(&script, 1099);
    cr_assert(k.node[0].phase == HA_NODE_IS_READY);
    cr_assert(ha_pod_has(&k, pod, HA_POD_ENDPOINT), "endpoints are frozen");
    sim_script_play(&script, 1100 + 39);
    cr_assert(k.node[0].phase == HA_NODE_IS_READY, "the grace period starts afresh");
    sim_script_play(&script, 1100 + 57);
    cr_assert(k.node[0].phase == HA_NODE_IS_NOT_READY);
}

Test(kube_rules, kubelets_restart_containers_without_the_host_api)
{
    begin(&(struct kube_setup){.n_rates = 2, .rate = {HOST_API, POD_CRASHES}});
    kube_hit(&w, &script, HA_FM_HOSTCP_OUTAGE, 0, 100, 1000);
    sim_script_at(&script, 150, kube_strike(&w, HA_FM_POD_CRASH, 0));
    sim_script_play(&script, 170);
    cr_assert(ha_kube_process_is_reachable(&k, 0));
}

Test(kube_rules, a_rebooted_kubelet_needs_the_host_api)
{
    begin(&(struct kube_setup){.n_rates = 2, .rate = {HOST_API, KUBE_CRASH}});
    uint32_t pod = kube_pod_on(&k, 0);
    kube_hit(&w, &script, HA_FM_HOSTCP_OUTAGE, 0, 100, 1000);
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 150, 100);
    sim_script_play(&script, 1099);
    cr_assert(k.pod[pod].stage == HA_POD_DEAD);
    sim_script_play(&script, 1150);
    cr_assert(ha_kube_process_is_reachable(&k, pod));
}

/* ---- zones ---- */

Test(kube_rules, an_escalated_zone_outage_takes_the_region)
{
    begin(&(struct kube_setup){
        .n_rates = 3,
        .rate = {ZONE, {HA_PARAM_ZONE_ESCALATE_PROB, 0.9, HA_N_PARAMS, 0, 0}}});
    kube_hit(&w, &script, HA_FM_ZONE_MAJOR, 1, 100, 7200);
    sim_script_play(&script, 101);
    cr_assert(k.infra.common->escalated == 2);
    for (uint32_t p = 0; p < 3; p++) {
        cr_assert(k.pod[p].stage == HA_POD_DEAD);
        cr_assert(ha_kube_pod_cause(&k, p) == HA_FM_ZONE_MAJOR);
    }
    sim_script_play(&script, 7300 + 300);
    cr_assert(ha_kube_is_calm(&k));
}

Test(kube_rules, a_cut_off_pod_is_stopped_when_the_links_return)
{
    begin(&(struct kube_setup){.n_rates = 1,
                               .rate = {{HA_PARAM_ZONE_PARTITION_RATE, 1,
                                         HA_PARAM_ZONE_PARTITION_DURATION, 1800, 1}}});
    uint32_t pod = kube_pod_on(&k, 0);
    kube_hit(&w, &script, HA_FM_ZONE_PARTITION, 0, 100, 1800);
    sim_script_play(&script, 1899);
    cr_assert(k.pod[pod].stage == HA_POD_RUNNING, "it runs, cut off");
    cr_assert(ha_pod_has(&k, pod, HA_POD_STUCK));
    sim_script_play(&script, 1912);
    cr_assert(k.pod[pod].stage != HA_POD_RUNNING);
    sim_script_play(&script, 2200);
    cr_assert(ha_kube_is_calm(&k));
}
