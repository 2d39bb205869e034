/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Closed forms of reliability systems against the reference answers: independent
 * components (importance and cuts included), one crew with any repair law, rolling
 * maintenance, one unit; elasticities and reach probabilities of Markov problems. */
#include "models/blocks/answers.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_arena arena;
static const struct ha_node *doc;
static struct ha_blocks blocks;
static struct ha_answers answers;
static struct sim_err err;

static void answer(const char *path, bool wants_chain)
{
    struct ha_docs docs;
    const struct ha_answer_options options = {.limits = sim_statespace_default(),
                                              .wants_chain = wants_chain};
    sim_arena_init(&arena);
    cr_assert_eq(ha_docs_read(&arena, path, &docs, &err), 0, "%s", err.message);
    doc = docs.doc[0];
    cr_assert_eq(ha_blocks_load(&arena, doc, &blocks, &err), 0, "%s", err.message);
    cr_assert_eq(ha_blocks_answer(&arena, doc, &blocks, &options, &answers, &err), 0,
                 "%s: %s", path, err.message);
}

static void close_to(const char *what, double got, const struct ha_node *node,
                     double tolerance)
{
    if (node == NULL) {
        return;
    }
    double wanted = strtod(node->text, NULL);
    cr_assert_leq(fabs(got - wanted), tolerance * fabs(wanted),
                  "%s %s: %.17g instead of %s", blocks.name, what, got, node->text);
}

static void check_importance(const struct ha_node *map)
{
    for (uint32_t i = 0; map != NULL && i < answers.n_importances; i++) {
        const struct ha_importance *c = &answers.importance[i];
        const struct ha_node *row = ha_node_get(map, c->name);
        cr_assert_not_null(row, "%s", c->name);
        close_to("birnbaum", c->birnbaum, ha_node_get(row, "birnbaum"), 1e-12);
        close_to("criticality", c->criticality, ha_node_get(row, "criticality"), 1e-12);
        close_to("raw", c->raw, ha_node_get(row, "raw"), 1e-12);
        close_to("rrw", c->rrw, ha_node_get(row, "rrw"), 1e-12);
        close_to("trigger", c->trigger_share, ha_node_get(row, "trigger_share"), 1e-12);
        close_to("diagnostic", c->down_given_outage,
                 ha_node_get(row, "down_given_outage"), 1e-12);
        close_to("cut sets", c->fussell_vesely,
                 ha_node_get(row, "fussell_vesely_cutset"), 1e-12);
    }
}

static void check_cuts(const struct ha_node *list)
{
    if (list == NULL) {
        return;
    }
    cr_assert_eq(list->n, answers.n_cuts, "%s: %u cuts", blocks.name, answers.n_cuts);
    for (uint32_t i = 0; i < list->n; i++) {
        cr_assert_eq(list->item[i]->n, answers.cut[i].n);
        for (uint32_t k = 0; k < answers.cut[i].n; k++) {
            cr_assert_str_eq(list->item[i]->item[k]->text, answers.cut[i].component[k]);
        }
    }
}

static void check_everything(void)
{
    const struct ha_node *a = ha_node_get(doc, "answers");
    for (int i = 0; i < HA_N_ANSWERS; i++) {
        const char *key = ha_answer_key((enum ha_answer)i);
        close_to(key, answers.value[i], ha_node_get(a, key), 1e-9);
    }
    const struct ha_node *law = ha_node_get(a, "year1_prob_downtime_exceeds");
    for (uint32_t i = 0; law != NULL && i < law->n; i++) {
        close_to("law", answers.prob_exceeds[i],
                 ha_node_get(law->item[i], "probability"), 1e-9);
    }
    const struct ha_node *e = ha_node_get(a, "elasticity_of_steady_unavailability");
    for (uint32_t i = 0; e != NULL && i < answers.n_elasticities; i++) {
        close_to(answers.elasticity[i].parameter, answers.elasticity[i].value,
                 ha_node_get(e, answers.elasticity[i].parameter), 1e-9);
    }
    check_importance(ha_node_get(a, "importance"));
    check_cuts(ha_node_get(a, "minimal_cut_sets"));
}

Test(exact_blocks, closed_forms_agree_with_every_reference_answer)
{
    glob_t found;
    uint32_t n = 0;
    cr_assert_eq(glob("tests/data/exact/*-*.json", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct ha_docs docs;
        sim_arena_init(&arena);
        cr_assert_eq(ha_docs_read(&arena, found.gl_pathv[i], &docs, &err), 0);
        const char *kind = ha_node_text(ha_node_at(docs.doc[0], "model.kind"), "");
        bool is_markov = strcmp(kind, "markov_events") == 0;
        sim_arena_clear(&arena);
        if (!is_markov) {
            answer(found.gl_pathv[i], false);
            check_everything();
            sim_arena_clear(&arena);
            n++;
        }
    }
    cr_assert_eq(n, 18, "%u problems", n);
    globfree(&found);
}

Test(exact_blocks, elasticities_and_reach)
{
    static const char *const ids[] = {
        "spares-2of3-on-4", "coverage-3",    "kofn-indep-2of3",    "kofn-crew1-3of5",
        "zones-3-as-1-1-1", "twolevel-3of5", "published-tandem-C8"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char path[100];
        snprintf(path, sizeof path, "tests/data/exact/%s.json", ids[i]);
        answer(path, false);
        check_everything();
        sim_arena_clear(&arena);
    }
}

/* Where only means matter the phase-type chain gives the closed form, whatever the
 * order; where the shape matters it comes nearer with the order. */
Test(exact_blocks, phase_types_approach_the_closed_form)
{
    answer("tests/data/exact/renewal-weibull-lognormal-2of3.json", true);
    const struct ha_node *a = ha_node_get(doc, "answers");
    cr_assert_not(answers.is_exact);
    close_to("U", answers.value[HA_ANSWER_steady_unavailability],
             ha_node_get(a, "steady_unavailability"), 1e-9);
    close_to("outages", answers.value[HA_ANSWER_outages_per_year],
             ha_node_get(a, "outages_per_year"), 1e-9);
    sim_arena_clear(&arena);
    answer("tests/data/exact/crew-lognormal-2of3.json", true);
    close_to("U", answers.value[HA_ANSWER_steady_unavailability],
             ha_node_at(doc, "answers.steady_unavailability"), 1e-3);
    sim_arena_clear(&arena);
    answer("tests/data/exact/rolling-2of3.json", true);
    close_to("U", answers.value[HA_ANSWER_steady_unavailability],
             ha_node_at(doc, "answers.steady_unavailability"), 1e-9);
    sim_arena_clear(&arena);
}

/* Takacs' formula by inversion (no closed sum) against the closed sum: a mixture of
 * two equal exponentials is an exponential law. */
Test(exact_blocks, inversion_agrees_with_the_closed_sum)
{
    static const char *const text =
        "{format: ha-exact-problem/1, model: {kind: single_unit_downtime,"
        " mttf_s: 2592000, thresholds_s: [60, 3153.6, 7200], repair: %s}}";
    static const char *const repair[] = {
        "{dist: exponential, mean_s: 600}",
        "{dist: hyperexponential, branches: [{p: 0.3, mean_s: 600},"
        " {p: 0.7, mean_s: 600}]}"};
    double prob[2][3];
    for (int i = 0; i < 2; i++) {
        char problem[400];
        struct ha_docs docs;
        const struct ha_answer_options options = {.limits = sim_statespace_default()};
        sim_arena_init(&arena);
        snprintf(problem, sizeof problem, text, repair[i]);
        cr_assert_eq(ha_docs_parse(&arena, "p", problem, strlen(problem), &docs, &err),
                     0, "%s", err.message);
        cr_assert_eq(ha_blocks_load(&arena, docs.doc[0], &blocks, &err), 0, "%s",
                     err.message);
        cr_assert_eq(
            ha_blocks_answer(&arena, docs.doc[0], &blocks, &options, &answers, &err),
            0);
        memcpy(prob[i], answers.prob_exceeds, sizeof prob[i]);
        sim_arena_clear(&arena);
    }
    for (int k = 0; k < 3; k++) {
        cr_assert_lt(fabs(prob[0][k] - prob[1][k]), 1e-9, "%.17g and %.17g", prob[0][k],
                     prob[1][k]);
    }
}

/* b is under no gate: it is down as often while the system is down as ever. */
Test(exact_blocks, a_component_under_no_gate)
{
    static const char *const text =
        "{kind: System, name: s, components: [{name: a, failure: 10d, repair: 1h},"
        " {name: b, failure: 3h, repair: 1h}], up: {all: [a]}}";
    const struct ha_answer_options options = {.limits = sim_statespace_default()};
    struct ha_docs docs;

    sim_arena_init(&arena);
    cr_assert_eq(ha_docs_parse(&arena, "s", text, strlen(text), &docs, &err), 0, "%s",
                 err.message);
    cr_assert_eq(ha_blocks_load(&arena, docs.doc[0], &blocks, &err), 0, "%s",
                 err.message);
    cr_assert_eq(
        ha_blocks_answer(&arena, docs.doc[0], &blocks, &options, &answers, &err), 0);
    cr_assert_float_eq(answers.value[HA_ANSWER_steady_unavailability], 1.0 / 241.0,
                       1e-15);
    cr_assert_float_eq(answers.importance[1].down_given_outage, 0.25, 1e-15);
    cr_assert_eq(answers.importance[1].birnbaum, 0);
    sim_arena_clear(&arena);
}
