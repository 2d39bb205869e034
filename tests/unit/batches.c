/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From sums of batches to estimates and doubts: small sums with answers by hand. */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/batches.h"

#define N 8

static const struct sim_score_words words = {
    .piece = "path", .pieces = "stories", .one = "one story carries", .quantity = "s"};

static struct sim_model model = {.n_causes = 2, .year_s = 1000.0};
static struct sim_batch_service sums[N];

/* Batches of 100 s, down 1 s by cause 0 in each and, in the first, 1 s by cause 1. */
static struct sim_batches make_batches(void)
{
    struct sim_batches b = {.model = &model, .n = N, .confidence = 0.95, .widen = 1.0};

    for (uint32_t i = 0; i < N; i++) {
        sums[i] = (struct sim_batch_service){.down_s = 1.0 + (i == 0), .hits = 0.1};
        sums[i].cause_down_s[0] = 1.0;
        sums[i].cause_down_s[1] = i == 0;
        b.time_s[i] = 100.0;
        b.sums[i] = &sums[i];
    }
    return b;
}

Test(batches, rates_and_shares)
{
    const struct sim_batches b = make_batches();

    cr_assert_float_eq(sim_batches_total(&b, sim_batch_time), 800.0, 1e-9);
    cr_assert_float_eq(sim_batches_score(&b).value, 9.0 / 800.0, 1e-12);
    cr_assert_float_eq(sim_batches_rate(&b, sim_batch_hits).value, 1e-3, 1e-12);
    cr_assert_float_eq(sim_batches_share(&b, sim_batch_hits, 500.0).value, 0.5, 1e-9);
    cr_assert_eq(sim_batches_share(&b, sim_batch_hits, 5000.0).value, 1.0);
}

/* With downtime exactly in line with the surplus, no spread is left. */
Test(batches, surplus_is_taken_out)
{
    struct sim_batches b = make_batches();

    for (uint32_t i = 0; i < N; i++) {
        b.surplus[i] = i % 2 == 0 ? 1.0 : -1.0;
        sums[i].down_s = 1.0 + 0.5 * b.surplus[i];
    }
    const struct sim_estimate e = sim_batches_score(&b);
    cr_assert_float_eq(e.value, 0.01, 1e-12);
    cr_assert_float_eq(e.high, e.low, 1e-12);
}

Test(batches, the_first_doubt_gives_the_reason)
{
    const struct sim_batches b = make_batches();
    struct sim_belief belief = sim_belief_begin(&b, &words);

    cr_assert(belief.is_flagged);
    cr_assert_str_eq(belief.why, "no path reached an outage");
    const double widen = belief.widen;
    sim_belief_doubt(&belief, 2.0, "and %d more", 7);
    cr_assert_str_eq(belief.why, "no path reached an outage");
    cr_assert_float_eq(belief.widen, 2.0 * widen, 1e-12);
}

/* Scores that are not closed yet are evidence too: eight equal ones. */
Test(batches, open_scores_count)
{
    const struct sim_batches b = make_batches();

    for (uint32_t i = 0; i < N; i++) {
        sums[i].open_score = 3.0;
    }
    struct sim_belief belief = sim_belief_begin(&b, &words);
    cr_assert_not(belief.is_flagged);
    cr_assert_eq(belief.health.n_hits, N);
    sim_belief_doubt_few(&belief, &words);
    cr_assert_str_eq(belief.why, "only 8 stories carry the estimate");
}

Test(batches, every_cause_of_weight_must_be_precise)
{
    const struct sim_batches b = make_batches();
    const struct sim_belief belief = {.widen = 1.0};
    struct sim_study study = sim_study_default();
    double width;

    study.precision = 0.5;
    cr_assert(sim_batches_are_precise(&b, &belief, &study, &width));
    study.all_causes = true;
    cr_assert_not(sim_batches_are_precise(&b, &belief, &study, &width));
    cr_assert_gt(width, 0.5);
}
