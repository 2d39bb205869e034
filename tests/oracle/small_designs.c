/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Four drivers, one model: small designs of the Kubernetes model with exponential
 * delays, one and three replicas. Crude, biased and splitting intervals at 99.9 % must
 * hold what the Markov chain says of the unavailability and of the outages a year.
 *
 * Each comparison raises a false alarm with probability 1e-3, so the whole file with a
 * new seed would in about 3 % of cases; the seeds are fixed, so it does not come and
 * go.
 *
 * Kept small: pods stay with their nodes for ever, no CoreDNS, and a container's
 * back-off is always 10 s. Leases are played where they decide the service, the
 * control loop. (Three replicas with leases have 956,000 states: tests/soak/small.c.)
 * Rates are raised where a plain simulation should see something.
 */
#include <criterion/criterion.h>

#include "sim/exact.h"
#include "sim/study.h"
#include "tests/support/designs.h"

#define ALL_OFF    ((UINT32_C(1) << HA_N_FMS) - 1u)
#define MAX_STATES 400000u

static void play(const struct sim_model *model, const struct sim_exact *solved,
                 uint32_t service, enum sim_method method, double years,
                 double precision)
{
    const struct sim_exact_service *exact = &solved->service[service];
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct sim_err err;
    double per_year = exact->outages_per_s * model->year_s;

    study.method = method;
    study.jobs = 1;
    study.years = years;
    study.precision = precision;
    study.confidence = 0.999;
    study.focus = service;
    int rc = sim_study_run(model, &study, &result, &err);
    cr_assert_eq(rc, 0, "%s", err.message);
    const struct sim_estimate *u = &result.service[service].unavailability;
    const struct sim_estimate *f = &result.service[service].outages_per_year;
    cr_expect(u->low <= exact->unavailability && exact->unavailability <= u->high,
              "method %d: exact %.6g, found %.6g [%.6g, %.6g]", (int)method,
              exact->unavailability, u->value, u->low, u->high);
    cr_expect(f->low <= per_year && per_year <= f->high,
              "method %d: exact %.6g, found %.6g [%.6g, %.6g] outages a year",
              (int)method, per_year, f->value, f->low, f->high);
    cr_expect_lt(u->high, 2.0 * u->value, "method %d: an interval that says something",
                 (int)method);
    sim_result_release(&result);
}

struct small {
    const char *file;
    const char *const *set;
    uint32_t on; /* failure modes */
    uint32_t service;
    bool has_leases;
    double crude_years;
    double biased_precision, splitting_precision; /* 0: not played */
};

static void compare(const struct small *small)
{
    struct ha_model_options options = {.exponential_delays = true,
                                       .flat_backoff = true,
                                       .no_leases = !small->has_leases,
                                       .causes_off = ALL_OFF & ~small->on};
    struct test_design t;
    struct sim_exact_options asked = {.limits = sim_statespace_default(),
                                      .services = 1u << small->service,
                                      .budget_s = -1};
    struct sim_exact solved;
    struct sim_err err;

    test_design_load(&t, small->file, "tests/data/small/one-zone.yaml", small->set,
                     &options);
    asked.limits.max_states = MAX_STATES;
    int rc = sim_exact_solve(&t.arena, &t.model, &asked, &solved, &err);
    cr_assert_eq(rc, 0, "%s", err.message);
    if (small->crude_years > 0.0) {
        play(&t.model, &solved, small->service, SIM_METHOD_CRUDE, small->crude_years,
             0.05);
    }
    if (small->biased_precision > 0.0) {
        play(&t.model, &solved, small->service, SIM_METHOD_BIASED, 0.0,
             small->biased_precision);
    }
    if (small->splitting_precision > 0.0) {
        play(&t.model, &solved, small->service, SIM_METHOD_SPLITTING, 0.0,
             small->splitting_precision);
    }
    test_design_release(&t);
}

Test(small_designs, one_replica)
{
    static const char *const set[] = {
        "controlPlane.statefulSet.highAvailability.replicas=1", NULL};

    compare(&(struct small){.file = "tests/data/small/external.yaml",
                            .set = set,
                            .on = HA_FM_BIT(POD_CRASH) | HA_FM_BIT(HOST_FAIL),
                            .crude_years = 2000.0,
                            .biased_precision = 0.1,
                            .splitting_precision = 0.1});
}

Test(small_designs, three_replicas_crash_often)
{
    static const char *const set[] = {"catalog.pod.crash.rate=20000/y", NULL};

    compare(&(struct small){.file = "tests/data/small/external.yaml",
                            .set = set,
                            .on = HA_FM_BIT(POD_CRASH),
                            .crude_years = 3.0,
                            .splitting_precision = 0.4});
}

Test(small_designs, three_members_crash)
{
    compare(&(struct small){.file = "tests/data/small/embedded.yaml",
                            .on = HA_FM_BIT(POD_CRASH),
                            .crude_years = 2000.0,
                            .biased_precision = 0.1,
                            .splitting_precision = 0.1});
}

Test(small_designs, two_replicas_elect_a_leader)
{
    static const char *const set[] = {
        "controlPlane.statefulSet.highAvailability.replicas=2", NULL};

    compare(&(struct small){.file = "tests/data/small/external.yaml",
                            .set = set,
                            .on = HA_FM_BIT(POD_CRASH) | HA_FM_BIT(HOSTCP_OUTAGE),
                            .service = HA_SERVICE_CONTROL_LOOP,
                            .has_leases = true,
                            .crude_years = 500.0,
                            .biased_precision = 0.2,
                            .splitting_precision = 0.2});
}
