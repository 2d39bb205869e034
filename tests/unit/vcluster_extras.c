/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Extra systems: down takes the service along, under its own name. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "sim/study.h"
#include "tests/support/designs.h"
#include "tests/support/promises.h"

#define HOST   "tests/data/hosts/with-load-balancer.yaml"
#define DESIGN "configs/designs/embedded-etcd.yaml"

static const struct sim_cause_result *find(const struct sim_service_result *service,
                                           const char *name)
{
    for (uint32_t i = 0; i < service->n_causes; i++) {
        if (strcmp(service->cause[i].name, name) == 0) {
            return &service->cause[i];
        }
    }
    return NULL;
}

/* 1 h in 241 h: unavailability 1/241. 60 years hold 2,200 failures; 4.5 standard
 * errors of the mean of as many on-off cycles (relative 1.42 / sqrt(2200)). */
Test(vcluster_extras, a_load_balancer_has_its_own_downtime)
{
    struct ha_model_options none = {.causes_off = (UINT32_C(1) << HA_N_FMS) -
                                                  1u}; /* nothing else fails */
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct test_design t;
    struct sim_err err;
    const struct sim_cause_result *cause;
    double expected = 1.0 / 241.0;

    test_design_load(&t, DESIGN, HOST, NULL, &none);
    cr_assert_eq(t.model.n_causes, HA_CAUSE_EXTRA + 1u);
    study.method = SIM_METHOD_CRUDE;
    study.jobs = 1;
    study.years = 60.0;
    cr_assert_eq(sim_study_run(&t.model, &study, &result, &err), 0, "%s", err.message);
    cr_assert_float_eq(result.service[HA_SERVICE_API_READ].unavailability.value,
                       expected, 4.5 * 1.42 * expected / sqrt(2200.0));
    cause = find(&result.service[HA_SERVICE_API_READ], "load balancer");
    cr_assert_not_null(cause);
    cr_assert_float_eq(cause->share.value, 1.0, 1e-9);
    cr_assert_eq(result.service[HA_SERVICE_DNS].unavailability.value, 0.0);
    sim_result_release(&result);
    test_design_release(&t);
}

Test(vcluster_extras, promises)
{
    struct test_design t;

    test_design_load(&t, DESIGN, HOST, NULL, NULL);
    promise_round_trip(&t.model, 3, 300);
    promise_move(&t.model, 4, 300);
    promise_purity(&t.model, 5, 1000);
    test_design_release(&t);
}
