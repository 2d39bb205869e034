/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Kubernetes room against itself: the Markov chain of a small world with
 * exponential delays gives the same unavailability as simulated histories.
 *
 * Crude's 95 % interval is widened to 3.9 standard errors (false alarm 1e-4 a case);
 * seeds are fixed.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/exact.h"
#include "tests/support/kube_world.h"

static void agree(const char *what, const struct kube_setup *setup, double years)
{
    struct kube_world w;
    struct sim_exact exact;
    struct sim_result result;
    struct sim_err err;
    struct sim_exact_options options = sim_exact_default();
    struct sim_study study = sim_study_default();
    struct sim_arena arena;
    sim_arena_init(&arena);
    kube_world_init(&w, setup);
    options.limits.max_states = 20000;
    options.wants_transient = false;
    options.wants_first_passage = false;
    options.wants_causes = false;
    int code = sim_exact_solve(&arena, &w.model, &options, &exact, &err);
    cr_assert(code == 0, "%s: %s", what, err.message);
    study.method = SIM_METHOD_CRUDE;
    study.years = years;
    study.jobs = 2;
    code = sim_study_run(&w.model, &study, &result, &err);
    cr_assert(code == 0, "%s: %s", what, err.message);
    for (uint32_t s = 0; s < 2; s++) {
        const struct sim_estimate *u = &result.service[s].unavailability;
        double half = 3.9 / 1.96 * fmax(u->high - u->value, u->value - u->low);
        cr_expect(fabs(u->value - exact.service[s].unavailability) < half,
                  "%s, service %u: crude %g (%g to %g), exact %g, %u states", what, s,
                  u->value, u->low, u->high, exact.service[s].unavailability,
                  exact.n_states);
    }
    sim_result_release(&result);
    kube_world_clear(&w);
    sim_arena_clear(&arena);
}

#define CRASH                                                                          \
    {                                                                                  \
        HA_PARAM_NODE_HOST_FAIL_RATE, 50, HA_PARAM_NODE_HOST_FAIL_RECOVER, 1200, 0     \
    }

Test(kube_exact, one_pod_one_node_crash)
{
    const struct kube_setup setup = {
        .zones = 1, .replicas = 1, .exponential = true, .n_rates = 1, .rate = {CRASH}};
    agree("one pod, one node", &setup, 400);
}

Test(kube_exact, one_pod_two_nodes_crash)
{
    const struct kube_setup setup = {.zones = 1,
                                     .nodes_per_zone = 2,
                                     .replicas = 1,
                                     .exponential = true,
                                     .n_rates = 1,
                                     .rate = {CRASH}};
    agree("one pod, two nodes", &setup, 400);
}

Test(kube_exact, pod_with_disk_drained)
{
    const struct kube_setup setup = {.zones = 1,
                                     .nodes_per_zone = 2,
                                     .replicas = 1,
                                     .has_volume = true,
                                     .exponential = true,
                                     .n_rates = 1,
                                     .rate = {{HA_PARAM_NODE_DRAIN_RATE, 50,
                                               HA_PARAM_NODE_DRAIN_NODE_DOWN, 300, 0}}};
    agree("a drained pod with a disk", &setup, 400);
}

Test(kube_exact, crash_loop_of_one_pod)
{
    const struct kube_setup setup = {
        .zones = 1,
        .replicas = 1,
        .exponential = true,
        .n_rates = 1,
        .rate = {{HA_PARAM_POD_CRASH_RATE, 20000, HA_N_PARAMS, 0, 0}}};
    agree("a crash loop", &setup, 8);
}
