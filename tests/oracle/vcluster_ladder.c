/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ladder of designs: one replica, three in one zone, three in three zones, with
 * the rates of aws and on-prem. Minutes of API downtime a year must lie in the bands
 * that an independent small Monte-Carlo model gave with the rates drawn from their
 * ranges (docs/model/ladder.md), and the steps must go the right way. Few years, as
 * the bands are wide; fixed seed.
 */
#include <criterion/criterion.h>

#include "sim/study.h"
#include "tests/support/designs.h"

#define YEARS 120.0

struct rung {
    const char *file, *host;
    double low_min, high_min; /* band, minutes a year */
};

static double minutes(const struct rung *rung, const char *catalog)
{
    struct sim_study study = sim_study_default();
    const char *files[] = {rung->file, rung->host};
    struct ha_design_request request = {
        .n_files = 2, .file = files, .catalog = catalog};
    struct ha_model_options options = {.causes_off = 0};
    struct ha_design design;
    struct sim_arena arena;
    struct sim_model model;
    struct sim_result result;
    struct sim_err err;
    double value;

    sim_arena_init(&arena);
    cr_assert_eq(ha_design_load(&request, &design, &err), 0, "%s", err.message);
    cr_assert_eq(ha_vcluster_model(&design, &options, &arena, &model, &err), 0, "%s",
                 err.message);
    study.method = SIM_METHOD_CRUDE;
    study.years = YEARS;
    study.jobs = 2;
    cr_assert_eq(sim_study_run(&model, &study, &result, &err), 0, "%s", err.message);
    value = result.service[0].unavailability.value * SIM_YEAR_S / 60.0;
    sim_result_release(&result);
    ha_design_release(&design);
    sim_arena_clear(&arena);
    return value;
}

static void climb(const struct rung *rungs, const char *catalog)
{
    double before = 1e9;

    for (int i = 0; i < 3; i++) {
        double value = minutes(&rungs[i], catalog);

        cr_expect(value > rungs[i].low_min && value < rungs[i].high_min,
                  "%s rung %d: %.1f min a year, band %.0f to %.0f", catalog, i, value,
                  rungs[i].low_min, rungs[i].high_min);
        cr_expect_lt(value, before, "%s rung %d", catalog, i);
        before = value;
    }
}

Test(vcluster_ladder, aws)
{
    static const struct rung rungs[] = {
        {"configs/designs/single-replica.yaml", "configs/hosts/one-zone.yaml", 68, 452},
        {"configs/designs/embedded-etcd.yaml", "configs/hosts/one-zone.yaml", 31, 342},
        {"configs/designs/embedded-etcd.yaml", "configs/hosts/three-zones.yaml", 21,
         289},
    };

    climb(rungs, "aws");
}

Test(vcluster_ladder, on_prem)
{
    static const struct rung rungs[] = {
        {"configs/designs/single-replica.yaml", "configs/hosts/one-zone.yaml", 315,
         1630},
        {"configs/designs/embedded-etcd.yaml", "configs/hosts/one-zone.yaml", 121, 947},
        {"configs/designs/embedded-etcd.yaml", "configs/hosts/three-zones.yaml", 73,
         736},
    };

    climb(rungs, "on-prem");
}
