/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model against itself: small designs with exponential delays, solved as Markov
 * chains and simulated. Simulated intervals at 99.99 % must hold the exact answers
 * (false alarm 1e-4 each); fixed seeds.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "sim/study.h"
#include "tests/support/designs.h"

#define ALL_OFF ((UINT32_C(1) << HA_N_FMS) - 1u)

static const struct sim_cause_result *find_cause(const struct sim_service_result *s,
                                                 uint32_t cause)
{
    for (uint32_t i = 0; i < s->n_causes; i++) {
        if (s->cause[i].cause == cause) {
            return &s->cause[i];
        }
    }
    return NULL;
}

/* Downtime and outages of each cause that has at least 1 % of either. */
static void compare_causes(const struct sim_service_result *exact,
                           const struct sim_service_result *crude)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < exact->n_causes; i++) {
        const struct sim_cause_result *e = &exact->cause[i];
        const struct sim_cause_result *c = find_cause(crude, e->cause);
        double down = e->unavailability.value;
        double often = e->outages_per_year.value;

        sum += down;
        if (down < 0.01 * exact->unavailability.value &&
            often < 0.01 * exact->outages_per_year.value) {
            continue;
        }
        cr_assert_not_null(c, "%s: crude never saw %s", exact->name, e->name);
        cr_expect(c->unavailability.low <= down && down <= c->unavailability.high,
                  "%s, %s: exact %.6g, crude %.6g [%.6g, %.6g]", exact->name, e->name,
                  down, c->unavailability.value, c->unavailability.low,
                  c->unavailability.high);
        cr_expect(c->outages_per_year.low <= often && often <= c->outages_per_year.high,
                  "%s, %s: exact %.6g, crude %.6g [%.6g, %.6g] outages a year",
                  exact->name, e->name, often, c->outages_per_year.value,
                  c->outages_per_year.low, c->outages_per_year.high);
    }
    cr_expect_float_eq(sum, exact->unavailability.value,
                       1e-9 * exact->unavailability.value, "%s: causes sum up",
                       exact->name);
}

static void compare(const char *file, const char *host, const char *const *set,
                    uint32_t on, double years)
{
    struct ha_model_options options = {.exponential_delays = true,
                                       .causes_off = ALL_OFF & ~on};
    struct sim_study study = sim_study_default();
    struct sim_result exact, crude;
    struct test_design t;
    struct sim_err err;
    int rc;

    test_design_load(&t, file, host, set, &options);
    study.method = SIM_METHOD_EXACT;
    study.jobs = 1;
    rc = sim_study_run(&t.model, &study, &exact, &err);
    cr_assert_eq(rc, 0, "%s", err.message);
    study.method = SIM_METHOD_CRUDE;
    study.years = years;
    study.confidence = 0.9999;
    rc = sim_study_run(&t.model, &study, &crude, &err);
    cr_assert_eq(rc, 0, "%s", err.message);
    for (uint32_t i = 0; i < 4; i++) { /* data is never lost here */
        const struct sim_service_result *e = &exact.service[i];
        const struct sim_service_result *c = &crude.service[i];

        cr_expect(c->unavailability.low <= e->unavailability.value &&
                      e->unavailability.value <= c->unavailability.high,
                  "%s: exact %.6g, crude %.6g [%.6g, %.6g]", e->name,
                  e->unavailability.value, c->unavailability.value,
                  c->unavailability.low, c->unavailability.high);
        cr_expect(c->outages_per_year.low <= e->outages_per_year.value &&
                      e->outages_per_year.value <= c->outages_per_year.high,
                  "%s: exact %.6g, crude %.6g [%.6g, %.6g] outages a year", e->name,
                  e->outages_per_year.value, c->outages_per_year.value,
                  c->outages_per_year.low, c->outages_per_year.high);
        compare_causes(e, c);
    }
    sim_result_release(&exact);
    sim_result_release(&crude);
    test_design_release(&t);
}

Test(vcluster_exact, one_replica_crashes)
{
    static const char *const set[] = {"controlPlane.coredns.enabled=false", NULL};

    compare("configs/designs/single-replica.yaml", "tests/data/hosts/one-node.yaml",
            set, HA_FM_BIT(POD_CRASH) | HA_FM_BIT(VOLUME_STALL), 2000.0);
}

/* The node dies and returns; the host's API goes away meanwhile. */
Test(vcluster_exact, one_replica_and_its_node)
{
    static const char *const set[] = {
        "controlPlane.statefulSet.highAvailability.replicas=1",
        "controlPlane.coredns.enabled=false", NULL};

    compare("configs/designs/external-etcd.yaml", "tests/data/hosts/one-node.yaml", set,
            HA_FM_BIT(HOST_FAIL) | HA_FM_BIT(HOSTCP_OUTAGE), 2000.0);
}

/* Nothing else breaks: what is left is the load balancer of the host file, two units of
 * which one is enough, 90 days and 4 hours each, repaired side by side. */
Test(vcluster_exact, a_dependency_by_hand)
{
    static const char *const set[] = {"controlPlane.coredns.enabled=false", NULL};
    struct ha_model_options options = {.exponential_delays = true,
                                       .causes_off = ALL_OFF};
    struct sim_study study = sim_study_default();
    struct sim_result exact;
    struct test_design t;
    struct sim_err err;
    double q = 4.0 / (90.0 * 24.0 + 4.0);

    test_design_load(&t, "configs/designs/single-replica.yaml",
                     "tests/data/small/load-balancer.yaml", set, &options);
    study.method = SIM_METHOD_EXACT;
    cr_assert_eq(sim_study_run(&t.model, &study, &exact, &err), 0, "%s", err.message);
    const struct sim_service_result *api = &exact.service[0];
    cr_expect_float_eq(api->unavailability.value, q * q, 1e-12 * q * q);
    cr_expect_float_eq(api->mean_outage_s.value, 7200.0, 1e-6);
    cr_assert_eq(api->n_causes, 1);
    cr_expect_str_eq(api->cause[0].name, "lb");
    cr_expect_float_eq(api->cause[0].share.value, 1.0, 1e-12);
    cr_expect_eq(exact.service[4].unavailability.value, 0.0, "data needs no balancer");
    sim_result_release(&exact);
    test_design_release(&t);
}
