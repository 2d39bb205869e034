/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a comparison is played.
 *
 * Every design is simulated with the same seed, so that designs which share a node
 * share its luck. When all of them are answered by plain histories but stopped at
 * different lengths (each at its own precision), the shorter ones are run again to
 * the length of the longest: then history k of one design meets history k of the
 * other, and the paired difference is far sharper than the two levels. Rare outages
 * are answered by weighted excursions, which cannot be paired; there the ratio of
 * independent estimates is shown (sim/compare.h decides and says which).
 *
 * After Ctrl-C the designs reached so far are held, the last of them partial.
 */
#include "cli/contest.h"

#include <math.h>
#include <string.h>

#include "cli/progress.h"
#include "cli/signals.h"
#include "sim/clock.h"

struct cli_contest_request cli_contest_default(void)
{
    return (struct cli_contest_request){.question = cli_question_default(),
                                        .n_causes = 8};
}

void cli_contest_request_release(struct cli_contest_request *request)
{
    cli_input_release(&request->input);
    cli_list_release(&request->words);
    cli_list_release(&request->sets_for);
    cli_output_release(&request->output);
}

static int check_services(const struct cli_contest *c, struct sim_err *err)
{
    const struct sim_model *first = c->up.subject[0].model;

    for (uint32_t i = 1; i < c->up.n; i++) {
        const struct sim_model *other = c->up.subject[i].model;
        bool is_same = first->n_services == other->n_services;

        for (uint32_t s = 0; is_same && s < first->n_services; s++) {
            is_same = strcmp(first->service[s], other->service[s]) == 0;
        }
        if (!is_same) {
            return sim_err_set(err, SIM_ERR_USAGE,
                               "%s and %s are different kinds and have different "
                               "services",
                               c->up.subject[0].name, c->up.subject[i].name);
        }
    }
    return 0;
}

static int find_baseline(const struct cli_contest_request *a, struct cli_contest *c,
                         struct sim_err *err)
{
    c->baseline = c->up.n;
    if (a->baseline == NULL) {
        return 0;
    }
    c->baseline = cli_line_up_find(&c->up, a->baseline);
    if (c->baseline < c->up.n) {
        return 0;
    }
    sim_err_set(err, SIM_ERR_USAGE, "--baseline: there is no design \"%s\"",
                a->baseline);
    sim_err_hint(err, "the first one is \"%s\"", c->up.subject[0].name);
    return -(int)SIM_ERR_USAGE;
}

int cli_contest_load(const struct cli_contest_request *a, uint32_t fewest,
                     struct cli_contest *c, struct sim_err *err)
{
    const struct cli_line_up_request request = {.input = &a->input,
                                                .words = &a->words,
                                                .sets_for = &a->sets_for,
                                                .replicas = a->replicas,
                                                .fewest = fewest};
    int rc = cli_line_up_load(&request, &c->up, err);

    c->n_results = 0;
    c->n_differences = 0;
    if (rc != 0) {
        return rc;
    }
    rc = find_baseline(a, c, err);
    rc = rc == 0 ? check_services(c, err) : rc;
    if (rc != 0) {
        cli_line_up_release(&c->up);
    }
    return rc;
}

/* --max-time is for the whole comparison: what is left is shared by those to come. */
static double time_share(const struct cli_contest_request *a,
                         const struct cli_contest *c, uint32_t i)
{
    const double left = a->question.max_time_s - (sim_clock_s() - c->started_s);

    return a->question.max_time_s > 0 ? fmax(left / (c->up.n - i), 0.1) : 0;
}

static int simulate(const struct cli_contest_request *a, struct cli_contest *c,
                    uint32_t i, double years, struct sim_err *err)
{
    const struct cli_subject *subject = &c->up.subject[i];
    struct cli_progress progress =
        cli_progress_new(&a->talk, subject->name, subject->model->year_s);
    int rc = cli_question_study(&a->question, subject->model, &c->study[i], err);

    if (rc != 0) {
        return rc;
    }
    if (years > 0) {
        c->study[i].method = SIM_METHOD_CRUDE;
        c->study[i].years = years;
    }
    c->study[i].max_time_s = time_share(a, c, i);
    c->study[i].progress = cli_progress_show;
    c->study[i].progress_context = &progress;
    rc = sim_study_run(subject->model, &c->study[i], &c->result[i], err);
    cli_progress_done(&progress);
    return rc;
}

/* The years all designs should run to be paired; 0 when pairing is not possible or
 * already given. */
static double years_to_pair(const struct cli_contest_request *a,
                            const struct cli_contest *c)
{
    double most = 0;
    double least = 0;

    for (uint32_t i = 0; i < c->n_results; i++) {
        const struct sim_result *r = &c->result[i];

        if (strcmp(r->method, "crude") != 0 || r->is_partial || !r->is_repeatable) {
            return 0;
        }
        most = r->simulated_years > most ? r->simulated_years : most;
        least = i == 0 || r->simulated_years < least ? r->simulated_years : least;
    }
    return a->question.years > 0 || cli_is_stopped() || least == most ? 0 : most;
}

static int simulate_all(const struct cli_contest_request *a, struct cli_contest *c,
                        struct sim_err *err)
{
    double years;

    c->started_s = sim_clock_s();
    for (uint32_t i = 0; i < c->up.n && (i == 0 || !cli_is_stopped()); i++) {
        const int rc = simulate(a, c, i, 0, err);

        if (rc != 0) {
            return rc;
        }
        c->n_results++;
    }
    years = years_to_pair(a, c);
    for (uint32_t i = 0; years > 0 && i < c->n_results; i++) {
        if (c->result[i].simulated_years < years && !cli_is_stopped()) {
            struct sim_result shorter = c->result[i];
            const int rc = simulate(a, c, i, years, err);

            sim_result_release(&shorter);
            if (rc != 0) {
                c->n_results = i; /* the later ones are lost with the process */
                return rc;
            }
        }
    }
    return 0;
}

/* A result cut to its first n histories of the judged service. */
struct prefix {
    struct sim_result result;
    struct sim_service_result service[SIM_MAX_SERVICES];
};

static void cut(struct prefix *prefix, const struct sim_result *r, uint32_t focus,
                uint32_t n)
{
    prefix->result = *r;
    memcpy(prefix->service, r->service, r->n_services * sizeof(*r->service));
    prefix->service[focus].n_parts = n;
    prefix->result.service = prefix->service;
}

/* Histories have one length and come in one order, so when the clock stopped two
 * designs at different counts, the first n of both are still the same luck. */
static void find_difference(const struct cli_contest *c, struct cli_difference *d)
{
    const struct sim_result *a = &c->result[d->a];
    const struct sim_result *b = &c->result[d->b];
    const uint32_t focus = c->finding[0].focus;
    const uint32_t n_a = a->service[focus].n_parts;
    const uint32_t n_b = b->service[focus].n_parts;
    struct prefix cut_a;
    struct prefix cut_b;

    if (n_a == n_b || n_a == 0 || n_b == 0 ||
        fabs(a->simulated_years / n_a - b->simulated_years / n_b) > 1e-9) {
        sim_compare(a, b, focus, &d->found);
        return;
    }
    cut(&cut_a, a, focus, n_a < n_b ? n_a : n_b);
    cut(&cut_b, b, focus, n_a < n_b ? n_a : n_b);
    sim_compare(&cut_a.result, &cut_b.result, focus, &d->found);
}

static void find_differences(struct cli_contest *c, uint32_t baseline)
{
    for (uint32_t i = 0; i < c->n_results; i++) {
        const bool is_chain = baseline == c->up.n;
        struct cli_difference *d = &c->difference[c->n_differences];

        if (is_chain ? i == 0 : i == baseline || baseline >= c->n_results) {
            continue;
        }
        d->a = is_chain ? i - 1 : baseline;
        d->b = i;
        find_difference(c, d);
        c->n_differences++;
    }
}

int cli_contest_play(const struct cli_contest_request *a, struct cli_contest *c,
                     struct sim_err *err)
{
    const int rc = simulate_all(a, c, err);

    if (rc != 0) {
        return rc;
    }
    for (uint32_t i = 0; i < c->n_results; i++) {
        c->finding[i] =
            (struct cli_finding){&c->up.subject[i], &c->result[i], c->study[i].focus};
    }
    find_differences(c, c->baseline);
    return 0;
}

void cli_contest_release(struct cli_contest *c)
{
    for (uint32_t i = 0; i < c->n_results; i++) {
        sim_result_release(&c->result[i]);
    }
    cli_line_up_release(&c->up);
}

struct cli_compare_view cli_contest_view(const struct cli_contest_request *a,
                                         const struct cli_contest *c)
{
    return (struct cli_compare_view){
        .n = c->n_results,
        .finding = c->finding,
        .n_differences = c->n_differences,
        .difference = c->difference,
        .question = &a->question,
        .n_causes = (uint32_t)a->n_causes,
        .is_quiet = a->talk.is_quiet,
        .is_verbose = a->talk.is_verbose,
        .is_stopped = cli_is_stopped(),
    };
}
