/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Five random small designs of the Kubernetes model under every driver.
 *
 * Nodes, zones, store, replicas, failure modes and rates come from a fixed stream, so
 * the designs are the same each time. Delays are exponential; the chain is lumped and
 * solved; crude, biased and splitting intervals at 99.99 % must hold its unavailability
 * and its outages a year: thirty comparisons, so 0.3 % false alarms with other seeds.
 * What is left out to keep the chains small is said in tests/oracle/small_designs.c.
 */
#include "tests/soak/small.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "models/design/design.h"
#include "models/infra/infra.h"
#include "models/vcluster/model.h"
#include "models/vcluster/plan.h"
#include "models/vcluster/uniforms.h"
#include "sim/exact.h"
#include "sim/study.h"

#define N_DESIGNS  5
#define SEED       1
#define MAX_STATES 2000000u
#define MAX_TIME_S 10.0
#define N_SETS     4
#define SET_BYTES  96

struct random_design {
    bool is_embedded;
    uint32_t replicas, zones, per_zone;
    bool nodes_fail, api_fails; /* beside pods, which crash in all */
    double crashes, node_crashes;
    char set[N_SETS][SET_BYTES];
    char label[160];
};

static uint32_t pick(const struct ha_uniforms *u, uint32_t n)
{
    return (uint32_t)(ha_uniform(u) * n);
}

static double pick_log(const struct ha_uniforms *u, double low, double high)
{
    return low * pow(high / low, ha_uniform(u));
}

static void draw(struct random_design *d, const struct ha_uniforms *u)
{
    static const uint32_t most_per_zone[] = {0, 4, 2, 1};

    memset(d, 0, sizeof *d);
    d->is_embedded = pick(u, 2) == 0;
    d->replicas = pick(u, 4) == 0 ? 1 : 3;
    d->zones = 1 + pick(u, 3);
    uint32_t least = d->zones == 1 ? 2 : 1;
    d->per_zone = least + pick(u, most_per_zone[d->zones] - least + 1);
    d->nodes_fail = d->replicas == 1; /* with three: too many states */
    d->api_fails = pick(u, 2) == 0;
    d->crashes = d->is_embedded || d->replicas == 1 ? pick_log(u, 2, 1000)
                                                    : pick_log(u, 4000, 20000);
    d->node_crashes = pick_log(u, 0.1, 10);
    snprintf(d->set[0], SET_BYTES,
             "controlPlane.statefulSet.highAvailability.replicas=%u", d->replicas);
    snprintf(d->set[1], SET_BYTES, "host.nodePools[0].count=%u", d->per_zone);
    snprintf(d->set[2], SET_BYTES, "catalog.pod.crash.rate=%.2f/y", d->crashes);
    snprintf(d->set[3], SET_BYTES, "catalog.node.host_fail.rate=%.2f/y",
             d->node_crashes);
    snprintf(d->label, sizeof d->label, "%s, %u replica%s, %u zone%s x %u nodes, %s%s",
             d->is_embedded ? "embedded" : "external", d->replicas,
             d->replicas > 1 ? "s" : "", d->zones, d->zones > 1 ? "s" : "", d->per_zone,
             d->nodes_fail ? "pods and nodes" : "pods",
             d->api_fails ? ", host API" : "");
}

static uint32_t modes_off(const struct random_design *d)
{
    uint32_t on = HA_FM_BIT(POD_CRASH);

    on |= d->nodes_fail ? HA_FM_BIT(HOST_FAIL) : 0;
    on |= d->api_fails ? HA_FM_BIT(HOSTCP_OUTAGE) : 0;
    return ((UINT32_C(1) << HA_N_FMS) - 1u) & ~on;
}

static int load(const struct random_design *d, struct sim_arena *arena,
                struct ha_design *design, struct sim_model *model, struct sim_err *err)
{
    static const char *const host[] = {"", "tests/data/small/one-zone.yaml",
                                       "tests/data/small/two-zones.yaml",
                                       "tests/data/small/three-zones.yaml"};
    const char *file[] = {d->is_embedded ? "tests/data/small/embedded.yaml"
                                         : "tests/data/small/external.yaml",
                          host[d->zones]};
    const char *set[N_SETS];
    struct ha_design_request request = {
        .n_files = 2, .file = file, .n_sets = N_SETS, .set = set};
    struct ha_model_options options = {.exponential_delays = true,
                                       .flat_backoff = true,
                                       .no_leases = true,
                                       .causes_off = modes_off(d)};

    for (int i = 0; i < N_SETS; i++) {
        set[i] = d->set[i];
    }
    int rc = ha_design_load(&request, design, err);
    if (rc != 0) {
        return rc;
    }
    rc = ha_vcluster_model(design, &options, arena, model, err);
    if (rc != 0) {
        ha_design_release(design);
    }
    return rc;
}

/* Plays one driver and prints its cell; false when its intervals miss. */
static bool play(const struct sim_model *model, const struct sim_exact_service *exact,
                 enum sim_method method)
{
    double exact_per_year = exact->outages_per_s * model->year_s;
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct sim_err err = {0};

    study.method = method;
    study.confidence = 0.9999;
    study.max_time_s = MAX_TIME_S;
    if (sim_study_run(model, &study, &result, &err) != 0) {
        printf(" %s |", err.message);
        return false;
    }
    const struct sim_estimate *u = &result.service[0].unavailability;
    const struct sim_estimate *f = &result.service[0].outages_per_year;
    bool holds = u->low <= exact->unavailability && exact->unavailability <= u->high &&
                 f->low <= exact_per_year && exact_per_year <= f->high;
    printf(" %.4e [%.3e, %.3e]%s |", u->value, u->low, u->high,
           holds ? "" : " **misses**");
    fflush(stdout);
    sim_result_release(&result);
    return holds;
}

static bool report(const struct random_design *d)
{
    static const enum sim_method method[] = {SIM_METHOD_CRUDE, SIM_METHOD_BIASED,
                                             SIM_METHOD_SPLITTING};
    struct sim_arena arena;
    struct ha_design design;
    struct sim_model model;
    struct sim_exact exact;
    struct sim_exact_options options = {.limits = sim_statespace_default(),
                                        .services = 1u << HA_SERVICE_API_READ,
                                        .budget_s = -1};
    struct sim_err err = {0};
    bool holds = true;

    sim_arena_init(&arena);
    printf("| %s |", d->label);
    if (load(d, &arena, &design, &model, &err) != 0) {
        printf(" %s |\n", err.message);
        sim_arena_clear(&arena);
        return false;
    }
    options.limits.max_states = MAX_STATES;
    if (sim_exact_solve(&arena, &model, &options, &exact, &err) != 0) {
        printf(" %s |", err.message);
        holds = false;
    } else {
        printf(" %u, %u | %.4e |", exact.n_states, exact.n_solved,
               exact.service[0].unavailability);
        for (int m = 0; m < 3; m++) {
            holds = play(&model, &exact.service[0], method[m]) && holds;
        }
    }
    printf(" %s |\n", holds ? "yes" : "**no**");
    fflush(stdout);
    ha_design_release(&design);
    sim_arena_clear(&arena);
    return holds;
}

bool soak_small_designs(void)
{
    uint64_t seed = SEED;
    struct ha_uniforms uniforms = ha_uniforms_splitmix(&seed);
    bool all_hold = true;

    printf(
        "\n## Small designs\n\n"
        "The Kubernetes model, exponential delays, random designs: unavailability of "
        "api-read from the lumped Markov chain, and 99.99 %% intervals of three "
        "drivers, %g s each. A row holds when all contain it, and the outages a "
        "year too.\n\n"
        "| design | states, lumped | exact | crude | biased | splitting | holds "
        "|\n|---|---|---|---|---|---|---|\n",
        MAX_TIME_S);
    for (int i = 0; i < N_DESIGNS; i++) {
        struct random_design d;

        draw(&d, &uniforms);
        all_hold = report(&d) && all_hold;
    }
    return all_hold;
}
