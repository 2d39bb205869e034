/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The world: the tree against a sorted list, ties, rates under stress, residuals,
 * hooks, and the promises every model must keep.
 */
#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "sim/world.h"
#include "tests/support/kofn.h"
#include "tests/support/promises.h"

Test(engine_world, promises)
{
    struct kofn kofn;

    kofn_init(&kofn, 5, 3, sim_dist_weibull_mean(3e5, 1.5),
              sim_dist_lognormal_mean_cv(4e4, 1.2));
    promise_all(&kofn.model, 2385, 137, 57.0);
    kofn_init(&kofn, 1, 1, sim_dist_exponential(3e6), sim_dist_deterministic(77.0));
    promise_all(&kofn.model, 1, 41, 300.0);
    /* Ties on purpose: everything deterministic, all components at once. */
    kofn_init(&kofn, 7, 4, sim_dist_deterministic(86400.0),
              sim_dist_deterministic(600.0));
    promise_all(&kofn.model, 9, 100, 3.0);
}

/* A model that does nothing: for playing with timers alone. */
static uint32_t n_fired;
static uint32_t last_fired;

static void idle_start(const void *plan, struct sim_run *run)
{
    (void)plan;
    (void)run;
}

static void idle_fire(const void *plan, struct sim_run *run, uint32_t slot)
{
    (void)plan;
    (void)run;
    n_fired++;
    last_fired = slot;
}

static uint64_t idle_down(const void *plan, const struct sim_run *run)
{
    (void)plan;
    (void)run;
    return 0;
}

static bool idle_calm(const void *plan, const struct sim_run *run)
{
    (void)plan;
    (void)run;
    return true;
}

#define N_IDLE 37

static struct sim_slot idle_slot[N_IDLE];
static struct sim_dist idle_dist[3];
static const uint64_t idle_choice[1] = {UINT64_C(0x1234567)};
static const char *const idle_service[] = {"none"};

static struct sim_model idle_model(void)
{
    for (uint32_t i = 0; i < N_IDLE; i++) {
        idle_slot[i] = (struct sim_slot){.id = sim_id("idle/%u", i)};
    }
    idle_dist[0] = sim_dist_exponential(10.0);
    idle_dist[1] = sim_dist_weibull(10.0, 2.3);
    idle_dist[2] = sim_dist_deterministic(5.0);
    return (struct sim_model){.name = "idle",
                              .n_slots = N_IDLE,
                              .slot = idle_slot,
                              .n_dists = 3,
                              .dist = idle_dist,
                              .n_choices = 1,
                              .choice_id = idle_choice,
                              .n_services = 1,
                              .service = idle_service,
                              .year_s = SIM_YEAR_S,
                              .start = idle_start,
                              .fire = idle_fire,
                              .down = idle_down,
                              .is_calm = idle_calm};
}

static struct sim_run open_idle(const struct sim_model *model, uint64_t replication)
{
    struct sim_run run;

    sim_run_init(&run, model);
    sim_run_bind(&run, sim_world_alloc(run.world_bytes));
    sim_world_start(&run, 1, replication, 0);
    return run;
}

static void close_idle(struct sim_run *run)
{
    free(run->world);
    sim_run_unbind(run);
}

/* Arms, re-arms, disarms and fires at random; the tree must agree with a plain scan. */
Test(engine_world, tree_agrees_with_a_scan)
{
    struct sim_model model = idle_model();
    struct sim_run run = open_idle(&model, 0);

    srand(2385);
    for (int i = 0; i < 20000; i++) {
        uint32_t slot = (uint32_t)rand() % N_IDLE;
        double delay_s = rand() % 4; /* small whole numbers: many ties */

        switch (rand() % 3) {
        case 0:
            sim_disarm(&run, slot);
            break;
        case 1:
            sim_world_arm_after(&run, slot, 0, delay_s);
            break;
        default:
            break;
        }
        sim_key least = SIM_NEVER;
        uint32_t next;
        double time_s;

        for (uint32_t j = 0; j < N_IDLE; j++) {
            sim_key key = run.tree[run.cap + j];

            least = key < least ? key : least;
        }
        bool is_next = sim_world_next(&run, &next, &time_s);

        cr_assert(is_next == (least != SIM_NEVER));
        if (is_next) {
            cr_assert(sim_key_of(time_s, next) == least);
            if (i % 2 == 0) {
                sim_world_fire(&run, next, time_s);
                cr_assert(last_fired == next && !sim_is_armed(&run, next));
            }
        }
    }
    close_idle(&run);
}

/* Any armed slot may be fired, not only the first; the tree stays right. */
Test(engine_world, any_armed_slot_may_fire)
{
    struct sim_model model = idle_model();
    struct sim_run run = open_idle(&model, 0);

    srand(77);
    for (int i = 0; i < 5000; i++) {
        uint32_t slot = (uint32_t)rand() % N_IDLE;

        if (!sim_is_armed(&run, slot)) {
            sim_world_arm_after(&run, slot, 0, rand() % 3 == 0 ? HUGE_VAL : rand() % 9);
            continue;
        }
        sim_world_fire(&run, slot, run.world->now_s);
        for (uint32_t node = run.cap - 1; node >= 1; node--) {
            sim_key left = run.tree[2 * node];
            sim_key right = run.tree[2 * node + 1];

            cr_assert(run.tree[node] == (left < right ? left : right));
        }
    }
    close_idle(&run);
}

Test(engine_world, ties_go_to_the_lower_slot)
{
    struct sim_model model = idle_model();
    struct sim_run run = open_idle(&model, 0);
    uint32_t slot;
    double time_s;

    for (uint32_t i = N_IDLE; i-- > 0;) {
        sim_arm(&run, i, 2);
    }
    for (uint32_t i = 0; i < N_IDLE; i++) {
        cr_assert(sim_world_next(&run, &slot, &time_s));
        cr_assert(slot == i && time_s == 5.0);
        sim_world_fire(&run, slot, time_s);
    }
    cr_assert(!sim_world_next(&run, &slot, &time_s));
    close_idle(&run);
}

/* A change of rate keeps the remaining hazard and draws nothing. */
Test(engine_world, stress_keeps_the_remaining_hazard)
{
    struct sim_model model = idle_model();
    struct sim_run run = open_idle(&model, 0);

    sim_arm_rate(&run, 3, 0.01);
    double remaining = sim_timer_time(&run, 3) * 0.01;

    sim_world_advance(&run, 0.25 * sim_timer_time(&run, 3));
    remaining *= 0.75;
    sim_arm_rate(&run, 3, 0.37);
    double left_s = sim_timer_time(&run, 3) - run.world->now_s;

    cr_assert(fabs(left_s * 0.37 / remaining - 1.0) < 1e-12);
    cr_assert(run.timer[3].n_draws == 1);
    sim_arm_rate(&run, 3, 0.0);
    cr_assert(!sim_is_armed(&run, 3));
    sim_arm_rate(&run, 3, 0.5);
    cr_assert(sim_is_armed(&run, 3) && run.timer[3].n_draws == 2);
    close_idle(&run);
}

/* Residuals at age 7 under hazard factor 2.5: S(7 + x)^2.5 / S(7)^2.5. KS at 1e-4. */
Test(engine_world, residuals_follow_the_scaled_hazard)
{
    enum { N = 20000 };
    struct sim_model model = idle_model();
    struct sim_run run = open_idle(&model, 0);
    double worst = 0.0;
    static int seen[1000];

    sim_world_arm_after(&run, 1, 1, 100.0);
    sim_world_advance(&run, 7.0);
    for (int i = 0; i < N; i++) {
        double t = sim_timer_redraw(&run, 1, 2.5);
        double h = 2.5 * sim_timer_hazard_between(&run, 1, 7.0, t);

        seen[(int)(1000.0 * -expm1(-h))]++;
    }
    for (int i = 0, sum = 0; i < 1000; i++) {
        sum += seen[i];
        worst = fmax(worst, fabs((double)sum / N - (i + 1) / 1000.0));
    }
    cr_assert(worst * sqrt(N) < 2.23);
    cr_assert(fabs(sim_timer_hazard(&run, 1, 7.0) - 2.3 / 10.0 * pow(0.7, 1.3)) <
              1e-12);
    close_idle(&run);
}

/* A clone with another branch draws differently; with the same branch it repeats. */
Test(engine_world, branches_diverge)
{
    struct sim_model model = idle_model();
    struct sim_run run = open_idle(&model, 0);
    struct sim_world *world = run.world;
    struct sim_world *clone = sim_world_alloc(run.world_bytes);

    sim_arm(&run, 0, 0);
    sim_world_copy(&run, clone, world);
    sim_arm(&run, 1, 0);
    double original_s = sim_timer_time(&run, 1);

    sim_run_bind(&run, clone);
    sim_arm(&run, 1, 0);
    cr_assert(sim_timer_time(&run, 1) == original_s);
    sim_world_set_branch(&run, 7);
    sim_arm(&run, 2, 0);
    double branched_s = sim_timer_time(&run, 2);

    sim_run_bind(&run, world);
    sim_arm(&run, 2, 0);
    cr_assert(sim_timer_time(&run, 2) != branched_s);
    close_idle(&run);
    free(clone);
}

/* Frequencies of choices: 3.9 sigma, impossible outcomes never. */
Test(engine_world, choices_follow_their_odds)
{
    enum { N = 40000 };
    static const double odds[] = {0.0, 3.0, 1.0, 0.0, 6.0, 0.0};
    struct sim_model model = idle_model();
    struct sim_run run = open_idle(&model, 0);
    int seen[6] = {0};
    int seen_equal[3] = {0};

    for (int i = 0; i < N; i++) {
        seen[sim_choose(&run, 0, 6, odds)]++;
        seen_equal[sim_choose(&run, 0, 3, NULL)]++;
    }
    for (int i = 0; i < 6; i++) {
        double p = odds[i] / 10.0;

        cr_assert(fabs(seen[i] - N * p) <= 3.9 * sqrt(N * p * (1.0 - p)));
    }
    for (int i = 0; i < 3; i++) {
        cr_assert(fabs(seen_equal[i] - N / 3.0) <= 3.9 * sqrt(N * 2.0 / 9.0));
    }
    cr_assert(sim_choose(&run, 0, 1, NULL) == 0);
    close_idle(&run);
}

/* A driver that overrides arming gets the request and may answer as it likes. */
static uint32_t n_hooked;

static void hooked_arm(struct sim_run *run, uint32_t slot, uint32_t dist)
{
    n_hooked++;
    sim_world_arm_after(run, slot, dist, 1.5 + slot);
}

Test(engine_world, hooks_override_only_what_they_name)
{
    static const struct sim_hooks hooks = {.arm = hooked_arm};
    struct sim_model model = idle_model();
    struct sim_run run = open_idle(&model, 0);

    run.hooks = &hooks;
    sim_arm(&run, 2, 0);
    cr_assert(n_hooked == 1 && sim_timer_time(&run, 2) == 3.5);
    sim_arm_rate(&run, 3, 1.0);
    cr_assert(sim_is_armed(&run, 3));
    sim_disarm(&run, 2);
    cr_assert(!sim_is_armed(&run, 2));
    close_idle(&run);
}
