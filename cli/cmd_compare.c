/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines compare: two or more designs side by side.
 *
 * Every design is simulated with the same seed, so that designs which share a node
 * share its luck. When all of them are answered by plain histories but stopped at
 * different lengths (each at its own precision), the shorter ones are run again to
 * the length of the longest: then history k of one design meets history k of the
 * other, and the paired difference is far sharper than the two levels. Rare outages
 * are answered by weighted excursions, which cannot be paired; there the ratio of
 * independent estimates is shown (sim/compare.h decides and says which).
 *
 * After Ctrl-C the designs reached so far are shown, the last of them partial.
 */
#include <math.h>
#include <string.h>

#include "cli/charts.h"
#include "cli/commands.h"
#include "cli/error.h"
#include "cli/line_up.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/view.h"
#include "sim/clock.h"

static const struct cli_usage usage = {
    .name = "compare",
    .synopsis = "nines compare FILE FILE... [flags]",
    .about = "Two or more designs, with honest differences.",
    .examples = "  nines compare three.yaml five.yaml -f host.yaml --slo 99.99\n"
                "  nines compare -f vcluster.yaml --replicas 3,5,7 --charts charts/\n"
                "  nines compare -f prod.yaml --set-for "
                "nodns:controlPlane.coredns.enabled=false\n"
                "  nines compare a.yaml b.yaml c.yaml --baseline a -o json",
    .after =
        "-f and --set apply to every design. Exit codes: 0 done, or a design meets "
        "the\nobjective; 3 all miss it; 4 not known yet; 1, 2, 130 as for run.",
};

struct asked {
    struct cli_input input;
    struct cli_list words;
    struct cli_list sets_for;
    struct cli_question question;
    struct cli_output output;
    struct cli_talk talk;
    uint64_t n_causes;
    const char *replicas;
    const char *baseline;
    const char *charts;
};

/* Everything a comparison holds while it runs. */
struct contest {
    struct cli_line_up up;
    double started_s;
    struct sim_study study[CLI_MOST_DESIGNS];
    struct sim_result result[CLI_MOST_DESIGNS];
    uint32_t n_results;
    struct cli_finding finding[CLI_MOST_DESIGNS];
    struct cli_difference difference[CLI_MOST_DESIGNS];
    uint32_t n_differences;
};

static int parse(int argc, char **argv, struct asked *a)
{
    const struct cli_option rows[] = {
        CLI_ROWS_INPUT(&a->input),
        {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Line-up"},
        {0, "replicas", CLI_OPT_TEXT, &a->replicas, "3,5,7", NULL,
         "one design with so many control-plane and etcd replicas each"},
        {0, "set-for", CLI_OPT_LIST, &a->sets_for, "NAME:PATH=VALUE", NULL,
         "--set for one design; a new name is a variant of the only file"},
        {0, "baseline", CLI_OPT_TEXT, &a->baseline, "NAME", NULL,
         "differences against this design (default: each against the one before)"},
        CLI_ROWS_QUESTION(&a->question),
        CLI_ROWS_OUTPUT(&a->output),
        {0, "charts", CLI_OPT_TEXT, &a->charts, "DIR", NULL,
         "draw charts there (SVG, PNG, with their gnuplot files and data)"},
        {0, "causes", CLI_OPT_UINT, &a->n_causes, "N", NULL,
         "causes shown (default 8); the rest is summed"},
        {0, "reproducible", CLI_OPT_FLAG, &a->question.is_reproducible, NULL, NULL,
         "write cpu_s and wall_s as 0, so that equal runs are equal bytes"},
        CLI_ROWS_TALK(&a->talk),
        CLI_ROWS_END};

    return cli_parse(&usage, rows, argc, argv, &a->words);
}

/* --max-time is for the whole comparison: what is left is shared by those to come. */
static double time_share(const struct asked *a, const struct contest *c, uint32_t i)
{
    const double left = a->question.max_time_s - (sim_clock_s() - c->started_s);

    return a->question.max_time_s > 0 ? fmax(left / (c->up.n - i), 0.1) : 0;
}

static int simulate(const struct asked *a, struct contest *c, uint32_t i, double years,
                    struct sim_err *err)
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
static double years_to_pair(const struct asked *a, const struct contest *c)
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

static int simulate_all(const struct asked *a, struct contest *c, struct sim_err *err)
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
static void find_difference(const struct contest *c, struct cli_difference *d)
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

static void find_differences(struct contest *c, uint32_t baseline)
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

/* A design that meets the objective is enough; else open beats missed. */
static int exit_code(const struct asked *a, const struct contest *c)
{
    int code = CLI_EXIT_NO;

    if (cli_is_stopped()) {
        return CLI_EXIT_INTERRUPTED;
    }
    for (uint32_t i = 0; i < c->n_results; i++) {
        const int one = cli_finding_exit(&c->finding[i], &a->question);

        if (one == CLI_EXIT_DONE) {
            return CLI_EXIT_DONE;
        }
        code = one == CLI_EXIT_UNKNOWN ? CLI_EXIT_UNKNOWN : code;
    }
    return code;
}

static int show(const struct asked *a, struct contest *c)
{
    const struct cli_compare_view view = {
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
    struct sim_err err;

    if (cli_output_write(&a->output, cli_compare_face, &view, &err) != 0 ||
        (a->charts != NULL && cli_charts_draw(&view, a->charts, &err) != 0)) {
        return cli_fail(&err);
    }
    return exit_code(a, c);
}

static int check_services(const struct contest *c, struct sim_err *err)
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

static int contend(const struct asked *a, struct contest *c)
{
    struct sim_err err;
    uint32_t baseline = c->up.n;

    if (a->baseline != NULL) {
        baseline = cli_line_up_find(&c->up, a->baseline);
        if (baseline == c->up.n) {
            sim_err_set(&err, SIM_ERR_USAGE, "--baseline: there is no design \"%s\"",
                        a->baseline);
            sim_err_hint(&err, "the first one is \"%s\"", c->up.subject[0].name);
            return cli_fail(&err);
        }
    }
    if (check_services(c, &err) != 0 ||
        (a->charts != NULL && cli_charts_prepare(a->charts, &err) != 0) ||
        simulate_all(a, c, &err) != 0) {
        return cli_fail(&err);
    }
    for (uint32_t i = 0; i < c->n_results; i++) {
        c->finding[i] =
            (struct cli_finding){&c->up.subject[i], &c->result[i], c->study[i].focus};
    }
    find_differences(c, baseline);
    return show(a, c);
}

static int load_and_contend(struct asked *a)
{
    static struct contest c; /* large; a process compares once */
    const struct cli_line_up_request request = {.input = &a->input,
                                                .words = &a->words,
                                                .sets_for = &a->sets_for,
                                                .replicas = a->replicas};
    const struct cli_touched touched = {.read = {&a->input.files, &a->words}};
    struct sim_err err;
    int code;

    if (cli_question_settle(&a->question, &a->output, &err) != 0 ||
        cli_output_check(&a->output, &touched, &err) != 0 ||
        cli_line_up_load(&request, &c.up, &err) != 0) {
        return cli_fail(&err);
    }
    code = contend(a, &c);
    for (uint32_t i = 0; i < c.n_results; i++) {
        sim_result_release(&c.result[i]);
    }
    cli_line_up_release(&c.up);
    return code;
}

int cmd_compare(int argc, char **argv)
{
    struct asked a = {.question = cli_question_default(), .n_causes = 8};
    int code = parse(argc, argv, &a);

    if (code == CLI_PARSED) {
        code = load_and_contend(&a);
    }
    cli_input_release(&a.input);
    cli_list_release(&a.words);
    cli_list_release(&a.sets_for);
    cli_output_release(&a.output);
    return code;
}
