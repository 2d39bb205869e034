/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Disruption budgets and drains, each rule with its trap. Scripts play with median
 * delays; only what is ordered fails. */
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

TestSuite(kube_drains, .fini = teardown);

#define DRAINS KUBE_DRAINS(180)

static int32_t allowed(const struct kube_setup *setup, uint32_t n_not_ready)
{
    begin(setup);
    for (uint32_t p = 0; p < n_not_ready; p++) {
        ha_pod_set(&k, p, HA_POD_READY, false);
    }
    return ha_kube_pdb_allowed(&k, 0);
}

Test(kube_drains, budget_min_available_2_of_3)
{
    const struct kube_setup setup = {.min_available = "2"};
    cr_assert(allowed(&setup, 0) == 1);
    teardown();
    cr_assert(allowed(&setup, 1) == 0);
    cr_assert(ha_pdb_evict(&k, 0) == HA_EVICT_ACCEPTED, "the unready one, 2 >= 2");
    cr_assert(ha_pdb_evict(&k, 1) == HA_EVICT_REFUSED);
    teardown();
    cr_assert(allowed(&setup, 2) == 0);
    cr_assert(ha_pdb_evict(&k, 0) == HA_EVICT_REFUSED, "IfHealthyBudget");
    teardown();
    const struct kube_setup lax = {.min_available = "2",
                                   .always_allow_unhealthy = true};
    cr_assert(allowed(&lax, 2) == 0);
    cr_assert(ha_pdb_evict(&k, 0) == HA_EVICT_ACCEPTED, "AlwaysAllow");
}

Test(kube_drains, budget_percentages_round_up)
{
    struct kube_setup setup = {.replicas = 5, .nodes_per_zone = 2};
    setup.min_available = "50%";
    cr_assert(allowed(&setup, 0) == 2);
    teardown();
    setup.min_available = "100%";
    cr_assert(allowed(&setup, 0) == 0);
    teardown();
    setup.min_available = NULL;
    setup.max_unavailable = "30%";
    cr_assert(allowed(&setup, 0) == 2);
    teardown();
    setup.max_unavailable = "1";
    cr_assert(allowed(&setup, 1) == 0);
}

static void drain_all(double until_s)
{
    for (uint32_t n = 0; n < w.plan.n_nodes; n++) {
        sim_script_at(&script, 100, kube_strike(&w, HA_FM_NODE_DRAIN, n));
    }
    sim_script_play(&script, until_s);
}

Test(kube_drains, drains_take_one_node_at_a_time)
{
    begin(&(struct kube_setup){
        .has_volume = true, .min_available = "2", .n_rates = 1, .rate = {DRAINS}});
    drain_all(150);
    cr_assert(kube_count_marked(&k, HA_MARK_CORDONED) == 1);
    sim_script_play(&script, 86400);
    cr_assert(ha_kube_is_calm(&k));
    for (uint32_t n = 0; n < 3; n++) {
        cr_assert(k.infra.machine[n].maintenance == 0);
    }
}

Test(kube_drains, a_budget_without_values_blocks_every_drain)
{
    begin(&(struct kube_setup){.empty_budget = true, .n_rates = 1, .rate = {DRAINS}});
    drain_all(30 * 86400.0);
    cr_assert(k.head->drain_node == 0 && k.node[0].upkeep == HA_UPKEEP_EVICTING);
    cr_assert(sim_script_downtime(&script, 0, 0, 30 * 86400.0) == 0);
}

Test(kube_drains, the_provider_gives_up_or_forces_after_its_limit)
{
    begin(&(struct kube_setup){
        .empty_budget = true, .drain_limit_s = 900, .n_rates = 1, .rate = {DRAINS}});
    drain_all(86400);
    cr_assert(ha_kube_is_calm(&k), "given up, uncordoned");
    cr_assert(sim_script_downtime(&script, 0, 0, 86400) == 0);
    teardown();
    begin(&(struct kube_setup){.empty_budget = true,
                               .drain_limit_s = 3600,
                               .forced_drain = true,
                               .n_rates = 1,
                               .rate = {DRAINS}});
    drain_all(86400);
    cr_assert(ha_kube_is_calm(&k));
    const struct sim_event *away = sim_script_change(&script, 0, true, 0);
    cr_assert(away != NULL && fabs(away->time_s - 3700) < 5);
}

Test(kube_drains, a_crash_blocks_the_next_drain_until_it_has_healed)
{
    begin(&(struct kube_setup){
        .min_available = "2", .n_rates = 2, .rate = {KUBE_CRASH, DRAINS}});
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 100, 1000);
    sim_script_at(&script, 200, kube_strike(&w, HA_FM_NODE_DRAIN, 1));
    sim_script_play(&script, 1000);
    uint32_t pod = kube_pod_on(&k, 1);
    cr_assert(ha_pod_has(&k, pod, HA_POD_REFUSED));
    cr_assert(!ha_pod_has(&k, pod, HA_POD_TERMINATING));
    sim_script_play(&script, 5000);
    cr_assert(ha_kube_is_calm(&k));
    const struct sim_event *asked =
        sim_script_find(&script, ha_purpose_slot(&k, HA_PURPOSE_POD_DRAIN, pod), 0);
    cr_assert(asked != NULL && asked->time_s > 1100);
}

Test(kube_drains, spot_notice_drains_and_a_new_machine_comes)
{
    begin(&(struct kube_setup){
        .nodes_per_zone = 2,
        .is_spot = true,
        .n_rates = 2,
        .rate = {{HA_PARAM_NODE_SPOT_EVICT_RATE, 1, HA_N_PARAMS, 0, 0},
                 {HA_N_PARAMS, 0, HA_PARAM_NODE_PROVISION, 120, 0.5}}});
    uint32_t node = k.pod[0].node;
    sim_script_at(&script, 100, kube_strike(&w, HA_FM_SPOT_EVICTION, node));
    sim_script_play(&script, 125);
    cr_assert(ha_kube_process_is_reachable(&k, 0), "moved within the notice");
    cr_assert(k.pod[0].node != node);
    sim_script_play(&script, 2000);
    cr_assert(ha_kube_is_calm(&k));
}
