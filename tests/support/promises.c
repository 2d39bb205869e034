/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Promises of a model; see tests/support/promises.h. Worlds are compared as bytes. */
#include "tests/support/promises.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study.h"
#include "sim/world.h"
#include "tests/support/problem.h"

static struct sim_world *open_world(struct sim_run *run, const struct sim_model *model)
{
    sim_run_init(run, model);
    sim_run_bind(run, sim_world_alloc(run->world_bytes));
    return run->world;
}

static void play(struct sim_run *run, uint32_t n_events)
{
    uint32_t slot;
    double time_s;

    while (n_events-- > 0 && sim_world_next(run, &slot, &time_s)) {
        sim_world_fire(run, slot, time_s);
    }
}

void promise_round_trip(const struct sim_model *model, uint64_t seed, uint32_t n_events)
{
    struct sim_run run;
    struct sim_world *world = open_world(&run, model);
    struct sim_world *snapshot = sim_world_alloc(run.world_bytes);
    struct sim_world *first = sim_world_alloc(run.world_bytes);

    sim_world_start(&run, seed, 3, 0);
    play(&run, n_events);
    sim_world_copy(&run, snapshot, world);
    play(&run, n_events);
    sim_world_copy(&run, first, world);
    sim_world_copy(&run, world, snapshot);
    play(&run, n_events);
    cr_assert(memcmp(first, world, run.world_bytes) == 0,
              "%s: a restored world went another way", model->name);
    sim_run_unbind(&run);
    free(world);
    free(snapshot);
    free(first);
}

void promise_move(const struct sim_model *model, uint64_t seed, uint32_t n_events)
{
    struct sim_run run;
    struct sim_world *world = open_world(&run, model);
    struct sim_world *moved = sim_world_alloc(run.world_bytes);
    struct sim_world *stayed = sim_world_alloc(run.world_bytes);

    sim_world_start(&run, seed, 4, 0);
    play(&run, n_events);
    sim_world_copy(&run, moved, world);
    play(&run, n_events);
    sim_world_copy(&run, stayed, world);
    memset(world, 0xa5, run.world_bytes);
    sim_run_bind(&run, moved);
    play(&run, n_events);
    cr_assert(memcmp(stayed, moved, run.world_bytes) == 0,
              "%s: a moved world went another way", model->name);
    sim_run_unbind(&run);
    free(world);
    free(moved);
    free(stayed);
}

/* Asks everything pure and looks at the answers. */
static void ask(const struct sim_model *model, struct sim_run *run)
{
    uint64_t down = model->down(model->plan, run);
    double bad[SIM_MAX_SERVICES] = {0};

    model->is_calm(model->plan, run);
    if (model->degraded != NULL) {
        model->degraded(model->plan, run, bad);
    }
    for (uint32_t s = 0; s < model->n_services; s++) {
        bool is_down = (down >> s & 1) != 0;

        cr_assert(bad[s] >= 0.0 && bad[s] <= 1.0 + 1e-12);
        cr_assert(!is_down || model->degraded == NULL || bad[s] > 1.0 - 1e-12,
                  "%s: %s is down, its failing share is %g", model->name,
                  model->service[s], bad[s]);
        if (is_down && model->blame != NULL) {
            double share[SIM_MAX_CAUSES] = {0};
            double sum = 0.0;

            model->blame(model->plan, run, s, share);
            for (uint32_t c = 0; c < model->n_causes; c++) {
                cr_assert(share[c] >= 0.0 && share[c] <= 1.0 + 1e-12);
                sum += share[c];
            }
            cr_assert(sum < 1.0 + 1e-9, "%s: blame sums to %g", model->name, sum);
        }
    }
    cr_assert(down >> model->n_services == 0);
}

void promise_purity(const struct sim_model *model, uint64_t seed, uint32_t n_events)
{
    struct sim_run run;
    struct sim_world *world = open_world(&run, model);
    struct sim_world *before = sim_world_alloc(run.world_bytes);

    sim_world_start(&run, seed, 5, 0);
    for (uint32_t i = 0; i < n_events; i++) {
        sim_world_copy(&run, before, world);
        ask(model, &run);
        cr_assert(memcmp(before, world, run.world_bytes) == 0,
                  "%s: a question changed the world", model->name);
        play(&run, 1);
    }
    sim_run_unbind(&run);
    free(world);
    free(before);
}

static bool arrays_are_same(const double *a, const double *b, size_t n)
{
    return n == 0 || memcmp(a, b, n * sizeof(double)) == 0;
}

static bool measures_are_same(const struct sim_service_result *a,
                              const struct sim_service_result *b)
{
    return test_same_estimate(&a->unavailability, &b->unavailability) &&
           test_same_estimate(&a->failed_share, &b->failed_share) &&
           test_same_estimate(&a->outages_per_year, &b->outages_per_year) &&
           test_same_estimate(&a->mean_outage_s, &b->mean_outage_s) &&
           test_same_estimate(&a->slo_met_share, &b->slo_met_share) &&
           test_same_estimate(&a->first_year_unavailability,
                              &b->first_year_unavailability) &&
           test_same_estimate(&a->first_year_outages, &b->first_year_outages) &&
           test_same_estimate(&a->prob_outage_first_year, &b->prob_outage_first_year) &&
           test_same_estimate(&a->mttff_s, &b->mttff_s);
}

static bool service_is_equal(const struct sim_service_result *a,
                             const struct sim_service_result *b)
{
    bool is_equal = a->n_causes == b->n_causes && a->n_windows == b->n_windows &&
                    a->n_parts == b->n_parts && a->n_outages == b->n_outages &&
                    measures_are_same(a, b);

    for (uint32_t c = 0; is_equal && c < a->n_causes; c++) {
        is_equal = a->cause[c].cause == b->cause[c].cause &&
                   test_same_estimate(&a->cause[c].unavailability,
                                      &b->cause[c].unavailability) &&
                   test_same_estimate(&a->cause[c].share, &b->cause[c].share);
    }
    return is_equal &&
           arrays_are_same(a->duration_bin, b->duration_bin, SIM_DURATION_BINS) &&
           arrays_are_same(a->window_downtime_s, b->window_downtime_s, a->n_windows) &&
           arrays_are_same(a->part_unavailability, b->part_unavailability, a->n_parts);
}

bool results_are_equal(const struct sim_result *a, const struct sim_result *b)
{
    bool is_equal =
        a->n_services == b->n_services && a->n_events == b->n_events &&
        a->n_replications == b->n_replications &&
        memcmp(&a->simulated_years, &b->simulated_years, sizeof(double)) == 0 &&
        strcmp(a->method, b->method) == 0;

    for (uint32_t s = 0; is_equal && s < a->n_services; s++) {
        is_equal = service_is_equal(&a->service[s], &b->service[s]);
    }
    return is_equal;
}

void promise_order(const struct sim_model *model, uint64_t seed, double years)
{
    static const unsigned jobs[] = {1, 2, 7, 1};
    struct sim_study study = sim_study_default();
    struct sim_result first = {0};
    struct sim_err err = {0};

    study.method = SIM_METHOD_CRUDE;
    study.seed = seed;
    study.years = years;
    study.first_year = true;
    study.budget_s = 3600.0;
    for (int i = 0; i < 4; i++) {
        struct sim_result again = {0};

        study.jobs = jobs[i];
        cr_assert(sim_study_run(model, &study, i == 0 ? &first : &again, &err) == 0);
        if (i > 0) {
            cr_assert(results_are_equal(&first, &again),
                      "%s: %u threads give another result", model->name, jobs[i]);
            sim_result_release(&again);
        }
    }
    sim_result_release(&first);
}

void promise_all(const struct sim_model *model, uint64_t seed, uint32_t n_events,
                 double years)
{
    promise_round_trip(model, seed, n_events);
    promise_move(model, seed, n_events);
    promise_purity(model, seed, n_events);
    promise_order(model, seed, years);
}
