/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines exact: the answer without sampling.
 *
 * A reliability system gets every answer its kind has, under the names of the problem
 * format (17 digits, as strings, so that a comparison is a few lines of script). A
 * design is solved as the Markov chain of the very model that `run` simulates, and
 * shown like a run whose intervals have no width; where its laws had to be
 * approximated by phase types, the answer says so.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/error.h"
#include "cli/signals.h"
#include "cli/tree_text.h"
#include "cli/version.h"
#include "cli/view.h"
#include "models/blocks/answers.h"
#include "models/units.h"
#include "sim/exact.h"

static const struct cli_usage usage = {
    .name = "exact",
    .synopsis = "nines exact -f FILE... [flags]",
    .about = "The answer without sampling: closed forms, or the Markov chain of the "
             "model.",
    .examples = "  nines exact -f system.yaml\n"
                "  nines exact -f problem.json -o json\n"
                "  nines exact -f system.yaml --exceeds 5m --exceeds 1h\n"
                "  nines exact -f small.yaml --order 8 --max-states 1000000",
    .after = "Exit codes: 0 done; 1 too large or could not finish; 2 wrong usage or "
             "input.",
};

struct asked {
    struct cli_input input;
    struct cli_output output;
    struct cli_talk talk;
    struct cli_list exceeds;
    uint64_t order;
    uint64_t max_states;
    bool wants_chain;
};

/* What the faces of a reliability system show. */
struct view {
    const struct ha_blocks *blocks;
    const struct ha_answers *answers;
};

static int parse(int argc, char **argv, struct asked *a)
{
    const struct cli_option rows[] = {
        CLI_ROWS_INPUT(&a->input),
        {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Method"},
        {0, "order", CLI_OPT_UINT, &a->order, "N", NULL,
         "phases of a law that must be approximated (default 4)"},
        {0, "max-states", CLI_OPT_UINT, &a->max_states, "N", NULL,
         "refuse beyond so many states (default 4000000)"},
        {0, "chain", CLI_OPT_FLAG, &a->wants_chain, NULL, NULL,
         "the Markov chain even where a closed form is known"},
        {0, "exceeds", CLI_OPT_LIST, &a->exceeds, "TIME", NULL,
         "also P(downtime in the first year > TIME); repeat"},
        CLI_ROWS_OUTPUT(&a->output),
        CLI_ROWS_TALK(&a->talk),
        CLI_ROWS_END};

    return cli_parse(&usage, rows, argc, argv, NULL);
}

/* ---- JSON ---- */

static json_t *must(json_t *value)
{
    if (value == NULL) {
        fputs("nines: out of memory while writing JSON\n", stderr);
        exit(CLI_EXIT_FAILED);
    }
    return value;
}

static void set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, must(value)) != 0) {
        must(NULL);
    }
}

/* Seventeen digits in a string, as in the problem format; null when infinite. */
static json_t *digits(double value)
{
    char text[40];

    if (!isfinite(value)) {
        return json_null();
    }
    snprintf(text, sizeof(text), "%.17g", value);
    return json_string(text);
}

/* Text from files may be broken UTF-8, which jansson refuses. */
static json_t *words(const char *value)
{
    json_t *text = json_string(value);

    return text != NULL ? text : json_string("?");
}

static json_t *exceed_list(const struct ha_answers *a)
{
    json_t *list = must(json_array());

    for (uint32_t i = 0; i < a->n_thresholds; i++) {
        json_t *item = must(json_object());

        set(item, "seconds", json_real(a->threshold_s[i]));
        set(item, "probability", digits(a->prob_exceeds[i]));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *importance_map(const struct ha_answers *a)
{
    json_t *map = must(json_object());

    for (uint32_t i = 0; i < a->n_importances; i++) {
        const struct ha_importance *c = &a->importance[i];
        json_t *item = must(json_object());

        set(item, "birnbaum", digits(c->birnbaum));
        set(item, "criticality", digits(c->criticality));
        set(item, "raw", digits(c->raw));
        set(item, "rrw", digits(c->rrw));
        set(item, "trigger_share", digits(c->trigger_share));
        set(item, "down_given_outage", digits(c->down_given_outage));
        if (!isnan(c->fussell_vesely)) {
            set(item, "fussell_vesely_cutset", digits(c->fussell_vesely));
        }
        set(map, c->name, item);
    }
    return map;
}

static json_t *cut_list(const struct ha_answers *a)
{
    json_t *list = must(json_array());

    for (uint32_t i = 0; i < a->n_cuts; i++) {
        json_t *cut = must(json_array());

        for (uint32_t k = 0; k < a->cut[i].n; k++) {
            json_array_append_new(cut, must(words(a->cut[i].component[k])));
        }
        json_array_append_new(list, cut);
    }
    return list;
}

static json_t *answers_json(const struct ha_answers *a)
{
    json_t *object = must(json_object());

    for (int i = 0; i < HA_N_ANSWERS; i++) {
        if (!isnan(a->value[i])) {
            set(object, ha_answer_key((enum ha_answer)i), digits(a->value[i]));
        }
    }
    if (a->n_thresholds > 0 && a->prob_exceeds != NULL) {
        set(object, "year1_prob_downtime_exceeds", exceed_list(a));
    }
    if (a->n_elasticities > 0) {
        json_t *map = must(json_object());

        for (uint32_t i = 0; i < a->n_elasticities; i++) {
            set(map, a->elasticity[i].parameter, digits(a->elasticity[i].value));
        }
        set(object, "elasticity_of_steady_unavailability", map);
    }
    if (a->n_importances > 0) {
        set(object, "importance", importance_map(a));
    }
    if (a->n_cuts > 0) {
        set(object, "minimal_cut_sets", cut_list(a));
    }
    return object;
}

static void print_json(FILE *out, enum cli_format format, const struct view *v)
{
    json_t *object = must(json_object());

    set(object, "schema", json_string("nines.exact/v1"));
    set(object, "version", json_string(CLI_VERSION));
    set(object, "id", words(v->blocks->name));
    set(object, "title", words(v->blocks->title));
    set(object, "kind", json_string(v->blocks->kind_name));
    set(object, "year_s", json_real(v->blocks->year_s));
    set(object, "method", json_string(v->answers->method));
    set(object, "is_exact", json_boolean(v->answers->is_exact));
    set(object, "order", json_integer(v->answers->order));
    set(object, "states", json_integer(v->answers->n_states));
    set(object, "lumped_states", json_integer(v->answers->n_lumped));
    set(object, "answers", answers_json(v->answers));
    cli_tree_write(out, object, format);
    json_decref(object);
}

/* ---- rows: table, Markdown, CSV ---- */

/* Prints one name and its number in a format of rows. */
static void print_row(FILE *out, enum cli_format format, const char *name, double value)
{
    char number[40];
    char time[HA_UNITS_TEXT] = "";
    size_t n = strlen(name);

    snprintf(number, sizeof(number), isinf(value) ? "never" : "%.10g", value);
    if (format == CLI_FORMAT_CSV) {
        fprintf(out, "%s,%.17g\r\n", name, value);
        return;
    }
    if (format == CLI_FORMAT_MARKDOWN) {
        fprintf(out, "| %s | %s |\n", name, number);
        return;
    }
    if (n > 2 && strcmp(name + n - 2, "_s") == 0 && isfinite(value)) {
        ha_units_print_duration(time, sizeof(time), value);
    }
    fprintf(out, "  %-36s %-18s %s\n", name, number, time);
}

static void print_lists(FILE *out, enum cli_format format, const struct ha_answers *a)
{
    char name[200];

    for (uint32_t i = 0; i < a->n_thresholds && a->prob_exceeds != NULL; i++) {
        snprintf(name, sizeof(name), "P(year 1 downtime > %g s)", a->threshold_s[i]);
        print_row(out, format, name, a->prob_exceeds[i]);
    }
    for (uint32_t i = 0; i < a->n_elasticities; i++) {
        snprintf(name, sizeof(name), "elasticity of U to %s",
                 a->elasticity[i].parameter);
        print_row(out, format, name, a->elasticity[i].value);
    }
    for (uint32_t i = 0; i < a->n_importances; i++) {
        snprintf(name, sizeof(name), "outages begun by %s", a->importance[i].name);
        print_row(out, format, name, a->importance[i].trigger_share);
    }
}

static void print_rows(FILE *out, enum cli_format format, const struct view *v)
{
    const struct ha_answers *a = v->answers;

    if (format == CLI_FORMAT_CSV) {
        fputs("answer,value\r\n", out);
    } else if (format == CLI_FORMAT_MARKDOWN) {
        fprintf(out, "| %s | value |\n|---|---|\n", v->blocks->name);
    } else {
        fprintf(out, "%s%s%s\n%s", v->blocks->name, v->blocks->title[0] ? ": " : "",
                v->blocks->title, a->method);
        if (a->n_states > 0) {
            fprintf(out, ", %u states", a->n_states);
        }
        if (!a->is_exact) {
            fprintf(out, "\napproximate: laws became phase types of up to %u phases",
                    a->order);
        }
        fputs("\n\n", out);
    }
    for (int i = 0; i < HA_N_ANSWERS; i++) {
        if (!isnan(a->value[i])) {
            print_row(out, format, ha_answer_key((enum ha_answer)i), a->value[i]);
        }
    }
    print_lists(out, format, a);
}

static void face(FILE *out, enum cli_format format, const void *view)
{
    if (format == CLI_FORMAT_JSON || format == CLI_FORMAT_YAML) {
        print_json(out, format, view);
    } else {
        print_rows(out, format, view);
    }
}

/* ---- a reliability system ---- */

/* --exceeds replaces the thresholds of the file. */
static int read_exceeds(const struct asked *a, struct sim_arena *arena,
                        struct ha_blocks *blocks, struct sim_err *err)
{
    if (a->exceeds.n == 0) {
        return 0;
    }
    double *threshold_s = sim_arena_calloc(arena, a->exceeds.n, sizeof(*threshold_s));

    for (uint32_t i = 0; i < a->exceeds.n; i++) {
        const char *wrong = ha_units_read_duration(a->exceeds.item[i], &threshold_s[i]);

        if (wrong != NULL) {
            return sim_err_set(err, SIM_ERR_USAGE, "--exceeds %s: %s",
                               a->exceeds.item[i], wrong);
        }
    }
    blocks->n_thresholds = a->exceeds.n;
    blocks->threshold_s = threshold_s;
    return 0;
}

static struct sim_statespace_limits limits_of(const struct asked *a)
{
    struct sim_statespace_limits limits = sim_statespace_default();

    limits.order = (uint32_t)a->order;
    limits.max_states = (uint32_t)a->max_states;
    limits.stop = &cli_stop;
    return limits;
}

static int answer_system(const struct asked *a, struct cli_subject *subject)
{
    struct sim_arena *arena = &subject->arena;
    struct ha_answer_options options = {.limits = limits_of(a),
                                        .wants_chain = a->wants_chain};
    struct ha_answers answers;
    struct ha_docs docs;
    struct sim_err err;

    if (strcmp(subject->file, "-") == 0) { /* the subject made it readable again */
        fseek(stdin, 0, SEEK_SET);
        clearerr(stdin);
    }
    if (ha_docs_read(arena, subject->file, &docs, &err) != 0 ||
        read_exceeds(a, arena, &subject->blocks, &err) != 0 ||
        ha_blocks_answer(arena, docs.doc[0], &subject->blocks, &options, &answers,
                         &err) != 0) {
        return cli_fail(&err);
    }

    const struct view view = {&subject->blocks, &answers};

    if (cli_output_write(&a->output, face, &view, &err) != 0) {
        return cli_fail(&err);
    }
    return CLI_EXIT_DONE;
}

/* ---- a design ---- */

static int answer_design(const struct asked *a, const struct cli_subject *subject)
{
    struct cli_question question = cli_question_default();
    struct sim_statespace_limits limits = limits_of(a);
    struct sim_study study;
    struct sim_result result = {.is_repeatable = true};
    struct sim_err err;
    int rc;

    question.method = SIM_METHOD_EXACT;
    sim_arena_init(&result.arena);
    if (cli_question_study(&question, subject->model, &study, &err) != 0) {
        return cli_fail(&err);
    }
    study.stop = &cli_stop;
    result.seed = study.seed;
    result.confidence = study.confidence;
    result.year_s = subject->model->year_s;
    result.window_s = study.window_s;
    result.budget_s = study.budget_s;
    rc = sim_exact_run_within(subject->model, &study, &limits, &result, &err);
    if (rc == 0) {
        const struct cli_run_view view = {
            .finding = {subject, &result, study.focus},
            .question = &question,
            .n_causes = 8,
            .is_quiet = a->talk.is_quiet,
            .is_verbose = true,
            .input = &a->input,
        };

        rc = cli_output_write(&a->output, cli_run_face, &view, &err);
    }
    sim_result_release(&result);
    return rc == 0 ? CLI_EXIT_DONE : cli_fail(&err);
}

/* ---- the command ---- */

static int check(const struct asked *a, struct sim_err *err)
{
    const struct cli_touched touched = {.read = {&a->input.files, NULL}};

    if (a->input.files.n == 0) {
        sim_err_set(err, SIM_ERR_USAGE, "no system or design: say which with -f FILE");
        sim_err_hint(err, "nines exact -f system.yaml");
        return -SIM_ERR_USAGE;
    }
    if (a->order < 2 || a->order > 100) {
        return sim_err_set(err, SIM_ERR_USAGE, "--order must be from 2 to 100");
    }
    if (a->max_states < 1 || a->max_states > 100000000) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "--max-states must be from 1 to 100000000");
    }
    if (cli_output_uses(&a->output, CLI_FORMAT_JUNIT)) {
        sim_err_set(err, SIM_ERR_USAGE, "junit reports whether an objective is met");
        sim_err_hint(err, "nines run --method exact --slo 99.99 -o junit");
        return -SIM_ERR_USAGE;
    }
    return cli_output_check(&a->output, &touched, err);
}

static int load_and_answer(struct asked *a)
{
    const struct ha_design_request request = cli_subject_request(&a->input);
    struct cli_subject subject;
    struct sim_err err;
    int code;

    if (check(a, &err) != 0 || cli_subject_load(&request, &subject, &err) != 0) {
        return cli_fail(&err);
    }
    code = subject.has_design ? answer_design(a, &subject) : answer_system(a, &subject);
    cli_subject_release(&subject);
    return code;
}

int cmd_exact(int argc, char **argv)
{
    const struct sim_statespace_limits limits = sim_statespace_default();
    struct asked a = {.order = limits.order, .max_states = limits.max_states};
    int code = parse(argc, argv, &a);

    if (code == CLI_PARSED) {
        code = load_and_answer(&a);
    }
    cli_input_release(&a.input);
    cli_list_release(&a.exceeds);
    cli_output_release(&a.output);
    return code;
}
