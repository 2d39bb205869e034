/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue: built-in figures as published, overrides, and every refusal. */
#include "models/design/catalog.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct sim_arena arena;
static struct ha_catalog catalog;
static struct sim_err err;

static void load(const char *name)
{
    sim_arena_init(&arena);
    cr_assert_eq(ha_catalog_read_builtin(&arena, name, NULL, &catalog, &err), 0, "%s",
                 err.message);
}

static void done(void)
{
    sim_arena_clear(&arena);
}

static int apply(const char *yaml)
{
    struct ha_docs docs;
    int code = ha_docs_parse(&arena, "own.yaml", yaml, strlen(yaml), &docs, &err);

    return code != 0 ? code : ha_catalog_apply(&arena, &catalog, docs.doc[0], &err);
}

static void refuses(const char *yaml, const char *message, const char *hint, int line,
                    int column)
{
    cr_assert_eq(apply(yaml), -SIM_ERR_INPUT, "%s was accepted", yaml);
    cr_assert_not_null(strstr(err.message, message), "%s", err.message);
    cr_assert_not_null(strstr(err.hint, hint), "%s", err.hint);
    cr_assert_str_eq(err.file, "own.yaml");
    cr_assert_eq(err.line, line, "line %d", err.line);
    cr_assert_eq(err.column, column, "column %d", err.column);
}

static const struct ha_param_value *value(enum ha_param param)
{
    return &catalog.value[param];
}

Test(design_catalog, every_builtin_catalogue_has_every_row, .fini = done)
{
    for (const char *const *name = ha_catalog_names(); *name != NULL; name++) {
        load(*name);
        for (int p = 0; p < HA_N_PARAMS; p++) {
            const struct ha_param_value *v = &catalog.value[p];
            bool is_rate = strncmp(ha_param_unit((enum ha_param)p), "1/", 2) == 0;
            struct sim_dist law;

            cr_assert_not_null(v->place.file, "%s: %s is missing", *name,
                               ha_param_key((enum ha_param)p));
            if (!v->is_set) {
                continue;
            }
            cr_assert(0 < v->lo && v->lo <= v->mid && v->mid <= v->hi);
            cr_assert(strlen(v->source) > 8 && v->confidence[0] != '\0');
            cr_assert(!is_rate ||
                      ha_catalog_rate_per_year(&catalog, (enum ha_param)p) > 0);
            if (!is_rate && strcmp(ha_param_unit((enum ha_param)p), "prob") != 0) {
                cr_assert(ha_catalog_duration(&catalog, (enum ha_param)p, &law));
            }
        }
        sim_arena_clear(&arena);
    }
}

/* Spot checks against the published figures, one for each unit and law. */
Test(design_catalog, figures_are_those_published, .fini = done)
{
    struct sim_dist law;

    load("aws");
    cr_assert_eq(ha_catalog_rate_per_year(&catalog, HA_PARAM_NODE_HOST_FAIL_RATE),
                 0.25);
    cr_assert_eq(value(HA_PARAM_NODE_HOST_FAIL_RATE)->lo, 0.08);
    cr_assert_eq(value(HA_PARAM_NODE_HOST_FAIL_RATE)->hi, 0.8);
    cr_assert(ha_catalog_duration(&catalog, HA_PARAM_ZONE_MAJOR_DURATION, &law));
    cr_assert_float_eq(sim_dist_quantile(&law, 0.5), 7.5 * 3600, 1e-3);
    cr_assert_float_eq(sim_dist_mean(&law), 7.5 * 3600 * exp(0.72), 1);
    cr_assert_eq(ha_catalog_probability(&catalog, HA_PARAM_ZONE_MAJOR_NODE_FRAC), 0.6);
    cr_assert(ha_catalog_duration(&catalog, HA_PARAM_NODE_AUTOREPAIR_DELAY, &law));
    cr_assert_eq(law.kind, SIM_DIST_DETERMINISTIC);
    cr_assert_eq(sim_dist_mean(&law), 1800);
    cr_assert(
        ha_catalog_duration(&catalog, HA_PARAM_REGION_NET_INCIDENT_DURATION, &law));
    cr_assert_float_eq(sim_dist_quantile(&law, 0.5), 32 * 60, 1e-3);
    cr_assert(!ha_catalog_duration(&catalog, HA_PARAM_NODE_HW_PERM_REPAIR, &law));
    cr_assert_eq(ha_catalog_rate_per_year(&catalog, HA_PARAM_NODE_HW_PERM_RATE), 0);
    cr_assert_str_eq(value(HA_PARAM_VOLUME_LOSS_AFR)->confidence, "H");
    done();
    load("homelab");
    cr_assert_eq(ha_catalog_rate_per_year(&catalog, HA_PARAM_ZONE_MAJOR_RATE), 1.4);
    cr_assert_eq(value(HA_PARAM_ZONE_MAJOR_DURATION)->sigma, 1.33);
    cr_assert_not(value(HA_PARAM_NET_RTT_INTER_ZONE)->is_set);
    cr_assert_eq(ha_param_shape(HA_PARAM_NODE_HW_PERM_RATE), 0.8);
    done();
    load("gcp");
    cr_assert_eq(ha_catalog_rate_per_year(&catalog, HA_PARAM_VOLUME_LOSS_AFR), 1e-5);
    cr_assert_eq(value(HA_PARAM_FSYNC_P99)->mid, 5);
    done();
    load("azure");
    cr_assert_eq(ha_catalog_rate_per_year(&catalog, HA_PARAM_NODE_DRAIN_RATE), 18);
}

Test(design_catalog, values_are_overridden, .fini = done)
{
    struct sim_dist law;

    load("aws");
    cr_assert_eq(
        apply("node.host_fail.rate: 0.5/y\n"
              "node.reboot: {value: 2m, range: [1m, 5m], sigma: 0.3}\n"
              "volume.stall.duration: {value: 4m, distribution: fixed}\n"
              "zone.major.node_frac: 80%\n"
              "volume.attach.stuck_prob: null\n"
              "change.outage.rate: off\n"
              "node.drain.rate: {value: 12, unit: 1/node-yr, source: kured}\n"),
        0, "%s", err.message);
    cr_assert_eq(value(HA_PARAM_NODE_HOST_FAIL_RATE)->mid, 0.5);
    cr_assert_eq(value(HA_PARAM_NODE_HOST_FAIL_RATE)->hi, 0.5);
    cr_assert_str_eq(value(HA_PARAM_NODE_HOST_FAIL_RATE)->source, "given in own.yaml");
    cr_assert_eq(value(HA_PARAM_NODE_HOST_FAIL_RATE)->place.line, 1);
    cr_assert_eq(value(HA_PARAM_NODE_REBOOT)->mid, 120);
    cr_assert_eq(value(HA_PARAM_NODE_REBOOT)->lo, 60);
    cr_assert_eq(value(HA_PARAM_NODE_REBOOT)->sigma, 0.3);
    cr_assert(ha_catalog_duration(&catalog, HA_PARAM_VOLUME_STALL_DURATION, &law));
    cr_assert_eq(law.kind, SIM_DIST_DETERMINISTIC);
    cr_assert_float_eq(ha_catalog_probability(&catalog, HA_PARAM_ZONE_MAJOR_NODE_FRAC),
                       0.8, 1e-12);
    cr_assert_eq(ha_catalog_probability(&catalog, HA_PARAM_VOLUME_ATTACH_STUCK_PROB),
                 0);
    cr_assert_eq(ha_catalog_rate_per_year(&catalog, HA_PARAM_CHANGE_OUTAGE_RATE), 0);
    cr_assert_eq(ha_catalog_rate_per_year(&catalog, HA_PARAM_NODE_DRAIN_RATE), 12);
    cr_assert_str_eq(value(HA_PARAM_NODE_DRAIN_RATE)->source, "kured");
}

/* 16 events in 1010 zone-years gave 0.016 (0.010 to 0.023) for the AWS zone rate. */
Test(design_catalog, own_counts_become_a_posterior, .fini = done)
{
    load("aws");
    cr_assert_eq(apply("zone.major.rate: {events: 16, exposure: 1010y}"), 0);
    cr_assert_float_eq(value(HA_PARAM_ZONE_MAJOR_RATE)->mid, 0.0163, 1e-4);
    cr_assert_float_eq(value(HA_PARAM_ZONE_MAJOR_RATE)->lo, 0.010, 5e-4);
    cr_assert_float_eq(value(HA_PARAM_ZONE_MAJOR_RATE)->hi, 0.0235, 5e-4);
}

Test(design_catalog, profiles_move_their_rows, .fini = done)
{
    load("aws");
    ha_catalog_scale_zones(&catalog, 4);
    ha_catalog_set_maturity(&catalog, HA_MATURITY_LOW);
    cr_assert_eq(value(HA_PARAM_ZONE_MAJOR_RATE)->mid, 0.1);
    cr_assert_eq(value(HA_PARAM_ZONE_PARTITION_RATE)->hi, 0.2);
    cr_assert_eq(value(HA_PARAM_CHANGE_OUTAGE_RATE)->mid, 2);
    cr_assert_eq(value(HA_PARAM_CHANGE_OUTAGE_RATE)->lo, 0.5);
    ha_catalog_set_maturity(&catalog, HA_MATURITY_MID);
    cr_assert_eq(value(HA_PARAM_CHANGE_OUTAGE_RATE)->mid, 2);
}

Test(design_catalog, faults_are_named_with_place_and_hint, .fini = done)
{
    load("aws");
    refuses("node.host_fail.rat: 1/y", "unknown catalogue entry",
            "did you mean \"node.host_fail.rate\"", 1, 1);
    refuses("xyzzy: 1/y", "unknown catalogue entry", "nines explain", 1, 1);
    refuses("node.reboot: 60", "bare number", "20m", 1, 14);
    refuses("node.drain.rate: 8", "bare number", "0.5/y", 1, 18);
    refuses("node.drain.rate: 8 parsecs", "rate with its unit", "0.5/y", 1, 18);
    refuses("image.cached_prob: 1.5", "from 0 to 1", "", 1, 20);
    refuses("image.cached_prob: {value: 0.5, range: [0.1, 7]}", "from 0 to 1", "", 1,
            46);
    refuses("node.reboot: {valu: 60s}", "unknown key \"valu\"",
            "did you mean \"value\"", 1, 15);
    refuses("node.hw_perm.rate: {}", "value is missing", "", 1, 20);
    refuses("node.reboot: {value: 60, unit: min}", "counted in s", "", 1, 32);
    refuses("node.reboot: {value: 60s, range: 5}", "[low, high]", "", 1, 34);
    refuses("node.reboot: {value: 60s, range: [61s, 90s]}", "not inside", "", 1, 34);
    refuses("node.reboot: {value: 60s, sigma: -1}", "sigma", "", 1, 34);
    refuses("node.autorepair.delay: {value: 60s, sigma: 1}", "no sigma", "", 1, 44);
    refuses("node.drain.rate: {value: 1/y, distribution: uniform}", "has the law", "",
            1, 45);
    refuses("node.drain.rate: {value: 1/y, confidence: Q}", "H, M or L", "", 1, 43);
    refuses("node.drain.rate: {events: 3}", "exposure", "", 1, 27);
    refuses("node.drain.rate: {events: -3, exposure: 2y}", "from 0", "", 1, 27);
    refuses("node.drain.rate: {events: 3, exposure: 2}", "bare number", "", 1, 40);
    refuses("node.reboot: {events: 3, exposure: 2y}", "not a rate", "", 1, 23);
    refuses("node.hw_perm.repair: 4h", "sigma", "", 1, 22);
    refuses("node.reboot: 0s", "longer than zero", "write off", 1, 14);
    refuses("node.reboot: 200y", "longer than 100 years", "", 1, 14);
    refuses("node.drain.rate: 1/s", "more than 100 000 a year", "", 1, 18);
    refuses("[1]", "expected a map", "", 1, 1);
    cr_assert_eq(ha_catalog_read_builtin(&arena, "asw", NULL, &catalog, &err),
                 -SIM_ERR_INPUT);
    cr_assert_str_eq(err.hint, "did you mean \"aws\"?");
}
