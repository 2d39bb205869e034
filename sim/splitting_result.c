/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From splitting's tallies to estimates, and whether to believe them: what is its own.
 * The rest is told in sim/batches.c.
 *
 * Copies depend on each other only within a batch. Copies of one story are one piece of
 * evidence: scores are summed from one visit of the history to level 0 to the next, and
 * these sums, the roots, are judged.
 *
 * Levels are made for the service in focus; the others are scored along the same
 * weighted paths, without bias, and are as precise as their outages happen to lie on
 * the way.
 */
#include "sim/splitting.h"

static const struct sim_score_words words = {
    .piece = "path",
    .pieces = "independent stories",
    .one = "one story and its copies carry",
    .quantity = "scores",
};

/* The batches as service s sees them. */
static struct sim_batches view_of(const struct sim_model *model,
                                  const struct sim_split_batch *batch, uint32_t n,
                                  uint32_t s, double confidence)
{
    struct sim_batches view = {
        .model = model, .n = n, .service = s, .confidence = confidence, .widen = 1.0};

    for (uint32_t i = 0; i < n; i++) {
        view.time_s[i] = batch[i].tally->time_s;
        view.sums[i] = &batch[i].tally->service[s];
        view.n_calm += (double)batch[i].tally->n_calm;
    }
    return view;
}

static struct sim_belief judge(const struct sim_batches *view)
{
    struct sim_belief belief = sim_belief_begin(view, &words);

    if (belief.health.n_hits > 0) {
        sim_belief_doubt_few(&belief, &words);
        sim_belief_doubt_tail(&belief, &words);
    }
    return belief;
}

void sim_split_result_fill(struct sim_result *result, const struct sim_model *model,
                           const struct sim_study *study,
                           const struct sim_split_batch *batch, uint32_t n)
{
    sim_batches_fill_begin(result, model, n);
    for (uint32_t i = 0; i < n; i++) {
        result->simulated_years += batch[i].tally->time_s / model->year_s;
        result->n_events += batch[i].tally->n_events;
    }
    for (uint32_t s = 0; s < model->n_services; s++) {
        struct sim_batches view = view_of(model, batch, n, s, study->confidence);
        const struct sim_belief belief = judge(&view);
        view.widen = belief.widen;
        sim_batches_fill_service(result, &view, &belief);
    }
}

void sim_split_result_fill_new(struct sim_result *result, const struct sim_model *model,
                               const struct sim_split_batch *batch, uint32_t n)
{
    for (uint32_t s = 0; s < model->n_services; s++) {
        struct sim_batches view = view_of(model, batch, n, s, result->confidence);
        view.widen = judge(&view).widen;
        sim_batches_fill_first_year(result, &view, sim_batch_hits);
    }
}

bool sim_split_is_precise(const struct sim_model *model, const struct sim_study *study,
                          const struct sim_split_batch *batch, uint32_t n,
                          double *half_width)
{
    const struct sim_batches view =
        view_of(model, batch, n, study->focus, study->confidence);
    const struct sim_belief belief = judge(&view);

    return sim_batches_are_precise(&view, &belief, study, half_width);
}
