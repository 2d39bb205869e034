/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts: nothing fails unasked, orders are obeyed or refused, delays are what was
 * said, the time line adds up, and a replay is the history that crude played. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "sim/history.h"
#include "sim/scripted.h"
#include "tests/support/choosy.h"
#include "tests/support/kofn.h"

static struct kofn kofn;
static struct sim_script script;

static void setup(void)
{
    kofn_init(&kofn, 3, 2, sim_dist_exponential(1e6), sim_dist_lognormal(7.0, 1.1));
    sim_script_init(&script, &kofn.model, 5);
}

static void teardown(void)
{
    sim_script_release(&script);
}

TestSuite(engine_scripted, .init = setup, .fini = teardown);

Test(engine_scripted, nothing_fails_unasked)
{
    sim_script_play(&script, 1e12);
    cr_assert(script.n_events == 1 && script.down == 0);
    cr_assert(script.run.world->now_s == 1e12);
    cr_assert(sim_is_armed(&script.run, 0));
}

Test(engine_scripted, orders_and_medians)
{
    uint32_t fail[3];

    for (uint32_t i = 0; i < 3; i++) {
        fail[i] = sim_script_slot(&script, "component/%u/fail", i);
        cr_assert(fail[i] == 2 * i);
    }
    cr_assert(sim_script_slot(&script, "component/9/fail") == SIM_NO_SLOT);
    sim_script_set_delay(&script, fail[1] + 1, 50.0);
    sim_script_at(&script, 1100.0, fail[1]);
    sim_script_at(&script, 1000.0, fail[0]);
    sim_script_at(&script, 1200.0, fail[0]); /* still down then: refused */
    sim_script_play(&script, 1120.0);
    cr_assert(script.down == 1);
    sim_script_play(&script, 10000.0);
    cr_assert(script.down == 0 && script.order[2].is_refused);
    cr_assert(script.n_events == 5);
    double mended_s = sim_script_find(&script, fail[0] + 1, 0.0)->time_s;

    cr_assert(fabs(mended_s - 1000.0 - exp(7.0)) < 1e-9); /* the median */
    cr_assert(sim_script_change(&script, 0, true, 0.0)->time_s == 1100.0);
    cr_assert(sim_script_change(&script, 0, false, 0.0)->time_s == 1150.0);
    cr_assert(sim_script_change(&script, 0, true, 1150.0) == NULL);
    cr_assert(sim_script_downtime(&script, 0, 0.0, 10000.0) == 50.0);
    cr_assert(sim_script_downtime(&script, 0, 1110.0, 1130.0) == 20.0);
    cr_assert(script.event[1].is_ordered && !script.event[4].is_ordered);
    cr_assert(strcmp(script.event[1].text, "component 0 failed") == 0);
}

/* Two orders and a repair at one instant: orders first, in the order given. */
Test(engine_scripted, ties)
{
    sim_script_set_delay(&script, 3, 100.0);
    sim_script_at(&script, 0.0, 2);
    sim_script_at(&script, 100.0, 4);
    sim_script_at(&script, 100.0, 0);
    sim_script_play(&script, 100.0);
    cr_assert(script.n_events == 5);
    cr_assert(script.event[2].slot == 4 && script.event[3].slot == 0);
    cr_assert(script.event[4].slot == 3 && script.down == 1);
}

Test(engine_scripted, slots_may_be_switched_on)
{
    sim_script_set_off(&script, 4, false);
    script.quantile = 0.9;
    sim_script_play(&script, 3e6);
    cr_assert(fabs(sim_script_find(&script, 4, 0.0)->time_s / 1e6 - log(10.0)) < 1e-12);
}

Test(engine_scripted, replay_is_the_history)
{
    struct sim_arena arena;
    struct sim_record record;
    struct sim_history_plan plan = {
        .from_s = 1e6, .to_s = 3e8, .window_s = 1e7, .n_windows = 29};

    sim_arena_init(&arena);
    sim_record_init(&record, &arena, &kofn.model, &plan);
    struct sim_run run;

    sim_run_init(&run, &kofn.model);
    sim_run_bind(&run, sim_world_alloc(run.world_bytes));
    sim_history_play(&run, &plan, 5, 12, 0, &record);
    sim_script_replay(&script, 12, 0.0, 3e8);
    cr_assert(record.service[0].n_outages > 0);
    double down_s = sim_script_downtime(&script, 0, 1e6, 3e8);

    cr_assert(fabs(down_s / sim_sum_value(&record.service[0].down_s) - 1.0) < 1e-12);
    double windows_s = 0.0;

    for (uint32_t w = 0; w < plan.n_windows; w++) {
        double from_s = 1e6 + w * 1e7;
        double by_script = sim_script_downtime(&script, 0, from_s, from_s + 1e7);

        cr_assert(fabs(record.service[0].window_down_s[w] - by_script) < 1e-5);
        windows_s += by_script;
    }
    cr_assert(windows_s <= down_s + 1e-6);
    free(run.world);
    sim_run_unbind(&run);
    sim_arena_clear(&arena);
}

/* Downtime of one failure whose repair takes 10 s or 1,000 s, by a choice fixed so. */
static double fall(int64_t outcome)
{
    struct sim_arena arena;
    struct sim_script one;

    sim_arena_init(&arena);
    const struct sim_model model = choosy_model(&arena);
    sim_script_init(&one, &model, 5);
    sim_script_set_choice(&one, CHOOSY_REPAIR, outcome);
    sim_script_set_delay(&one, CHOOSY_QUICK, 10.0);
    sim_script_set_delay(&one, CHOOSY_SLOW, 1000.0);
    sim_script_at(&one, 100.0, CHOOSY_FAIL);
    sim_script_play(&one, 5000.0);
    const double down_s = sim_script_downtime(&one, 0, 0.0, 5000.0);
    sim_script_release(&one);
    sim_arena_clear(&arena);
    return down_s;
}

Test(engine_scripted, coins_fall_as_told)
{
    cr_assert_float_eq(fall(0), 10.0, 1e-9);
    cr_assert_float_eq(fall(1), 1000.0, 1e-9);
    cr_assert_float_eq(fall(-1), 10.0, 1e-9); /* by rule: the likeliest */
}
