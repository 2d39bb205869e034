/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines that join for a drain or for pods without room, and leave again. Scripts
 * play with median delays; only what is ordered fails. */
#include <criterion/criterion.h>

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

TestSuite(kube_spares, .fini = teardown);

#define DRAINS KUBE_DRAINS(600)
#define CAN_BUY                                                                        \
    {                                                                                  \
        HA_N_PARAMS, 0, HA_PARAM_NODE_PROVISION, 120, 0                                \
    }
#define CLOUD_API                                                                      \
    {                                                                                  \
        HA_PARAM_REGION_CLOUD_API_RATE, 1, HA_PARAM_REGION_CLOUD_API_DURATION, 600, 0  \
    }

static bool is_empty_place(uint32_t node)
{
    return k.infra.machine[node].is_spare != 0 && k.node[node].phase == HA_NODE_IS_GONE;
}

static uint32_t count_there(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w.plan.n_nodes; i++) {
        n += !is_empty_place(i);
    }
    return n;
}

/* One replica a node, apart: drained in place it would wait 10 minutes for its node. */
Test(kube_spares, a_surge_machine_joins_before_the_drain)
{
    begin(&(struct kube_setup){.surge = true, .n_rates = 2, .rate = {DRAINS, CAN_BUY}});
    cr_assert(w.plan.has_surge && w.plan.n_nodes == 6 && count_there() == 3);
    cr_assert(ha_kube_is_calm(&k));
    uint32_t pod = kube_pod_on(&k, 0);
    sim_script_at(&script, 100, kube_strike(&w, HA_FM_NODE_DRAIN, 0));
    sim_script_play(&script, 219);
    cr_assert(k.node[0].upkeep == HA_UPKEEP_WAITING);
    cr_assert(!ha_node_has(&k, 0, HA_MARK_CORDONED), "the machine is not there yet");
    cr_assert(ha_kube_process_is_reachable(&k, pod));
    sim_script_play(&script, 221);
    cr_assert(ha_node_has(&k, 0, HA_MARK_CORDONED) && count_there() == 4);
    sim_script_play(&script, 300);
    cr_assert(is_empty_place(0), "the drained node is deleted");
    cr_assert(count_there() == 3 && k.head->n_extra == 0);
    cr_assert(k.pod[pod].node == 3, "the empty place of its zone");
    cr_assert(k.head->drain_node == HA_NOWHERE);
    cr_assert(ha_kube_is_calm(&k));
    double down_s = sim_script_downtime(&script, 0, 0, 300);
    cr_assert(down_s > 2 && down_s < 15, "%.1f s", down_s);
    cr_assert(!sim_is_armed(&script.run, kube_strike(&w, HA_FM_NODE_DRAIN, 0)));
    cr_assert(sim_is_armed(&script.run, kube_strike(&w, HA_FM_NODE_DRAIN, 3)),
              "the new machine's turn comes too");
    sim_script_at(&script, 1000, kube_strike(&w, HA_FM_NODE_DRAIN, 3));
    sim_script_play(&script, 1400);
    cr_assert(is_empty_place(3) && !is_empty_place(0), "and back again");
    cr_assert(ha_kube_is_calm(&k));
}

Test(kube_spares, nothing_is_drained_while_no_machine_can_be_had)
{
    begin(&(struct kube_setup){
        .surge = true, .n_rates = 3, .rate = {DRAINS, CAN_BUY, CLOUD_API}});
    kube_hit(&w, &script, HA_FM_CLOUD_API, 0, 90, 3600);
    sim_script_at(&script, 100, kube_strike(&w, HA_FM_NODE_DRAIN, 0));
    sim_script_play(&script, 3600);
    cr_assert(k.node[0].upkeep == HA_UPKEEP_WAITING && count_there() == 3);
    cr_assert(sim_script_downtime(&script, 0, 0, 3600) == 0);
    sim_script_play(&script, 4200);
    cr_assert(is_empty_place(0) && ha_kube_is_calm(&k));
}

/* The disk would be deleted with its machine. */
Test(kube_spares, local_disks_are_drained_in_place)
{
    begin(&(struct kube_setup){.surge = true,
                               .has_volume = true,
                               .storage = HA_STORAGE_LOCAL,
                               .n_rates = 2,
                               .rate = {DRAINS, CAN_BUY}});
    cr_assert(!w.plan.has_surge);
    sim_script_at(&script, 100, kube_strike(&w, HA_FM_NODE_DRAIN, 0));
    sim_script_play(&script, 1500);
    cr_assert(!is_empty_place(0) && ha_kube_is_calm(&k));
}

/* A drain that the budget refuses and the provider gives up leaves its machine, which
 * nobody uses and the autoscaler's rule takes away after 10 minutes. */
Test(kube_spares, a_drain_given_up_leaves_an_idle_machine)
{
    begin(&(struct kube_setup){.surge = true,
                               .min_available = "3",
                               .drain_limit_s = 900,
                               .n_rates = 2,
                               .rate = {DRAINS, CAN_BUY}});
    sim_script_at(&script, 100, kube_strike(&w, HA_FM_NODE_DRAIN, 0));
    sim_script_play(&script, 1200);
    cr_assert(k.head->drain_node == HA_NOWHERE && !is_empty_place(0));
    cr_assert(count_there() == 4 && k.head->n_extra == 1);
    cr_assert(!ha_kube_is_calm(&k));
    sim_script_play(&script, 1800);
    cr_assert(count_there() == 3 && k.head->n_extra == 0);
    cr_assert(ha_kube_is_calm(&k));
}

/* A node is gone for long, a replica finds no place: a machine comes 135 s after the
 * pod was found unschedulable (scan 5, decision 10, provisioning 120). */
Test(kube_spares, the_autoscaler_makes_room_for_a_pending_pod)
{
    begin(&(struct kube_setup){.is_deployment = true,
                               .max_per_zone = 2,
                               .n_rates = 2,
                               .rate = {KUBE_CRASH, CAN_BUY}});
    cr_assert(w.plan.has_autoscaler && count_there() == 3);
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 100, 6000);
    sim_script_play(&script, 450); /* 48 + 300 s later it is evicted */
    cr_assert(count_there() == 3);
    sim_script_play(&script, 620);
    cr_assert(count_there() == 4, "one machine for one pod");
    uint32_t n_running = 0;
    for (uint32_t p = 0; p < w.plan.n_pods; p++) {
        n_running += ha_kube_process_is_reachable(&k, p);
    }
    cr_assert(n_running == 3);
    /* The old node returns; it is idle, its group has one too many: it goes. */
    sim_script_play(&script, 6300);
    cr_assert(count_there() == 4);
    sim_script_play(&script, 7000);
    cr_assert(count_there() == 3 && is_empty_place(0));
    cr_assert(ha_kube_is_calm(&k));
}

/* Only a machine in the volume's zone helps, and none comes from a zone that is out. */
Test(kube_spares, the_autoscaler_obeys_the_zone_of_the_volume)
{
    begin(&(struct kube_setup){.has_volume = true,
                               .max_per_zone = 2,
                               .out_of_service = true,
                               .n_rates = 2,
                               .rate = {KUBE_CRASH, CAN_BUY}});
    uint32_t pod = kube_pod_on(&k, 1);
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 1, 100, 86400);
    sim_script_play(&script, 1000);
    cr_assert(count_there() == 4);
    cr_assert(k.pod[pod].node >= 3);
    cr_assert(w.plan.infra.node_zone[k.pod[pod].node] == 1);
    cr_assert(ha_kube_process_is_reachable(&k, pod));
}

Test(kube_spares, without_an_autoscaler_nobody_comes)
{
    begin(&(struct kube_setup){.is_deployment = true,
                               .surge = true,
                               .n_rates = 2,
                               .rate = {KUBE_CRASH, CAN_BUY}});
    kube_hit(&w, &script, HA_FM_HOST_FAIL, 0, 100, 86400);
    sim_script_play(&script, 3600);
    cr_assert(count_there() == 3, "the empty place is for drains");
}
