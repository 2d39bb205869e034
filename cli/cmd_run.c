/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines run: downtime, nines and causes of one design.
 *
 * Order of work: understand every flag, read the design, simulate, print, export.
 * So that nothing that could have been refused at once is refused after minutes of
 * simulation. An interrupted run prints what it has, marked partial, and exits with
 * 130.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/error.h"
#include "cli/file.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/view.h"

static const struct cli_usage usage = {
    .name = "run",
    .synopsis = "nines run -f FILE... [flags]",
    .about = "Downtime, nines and causes of one design on its host.",
    .examples = "  nines run -f vcluster.yaml\n"
                "  nines run -f vcluster.yaml -f host.yaml --slo 99.99\n"
                "  nines run -f vcluster.yaml --catalog on-prem --years 20000 -o json\n"
                "  kubectl get nodes -o yaml | nines run -f vcluster.yaml -f -\n"
                "  nines run -f system.json --method exact",
    .after = "Exit codes: 0 done, or objective met; 1 could not finish; 2 wrong usage "
             "or design;\n3 objective missed; 4 not known yet; 130 interrupted.",
};

struct asked {
    struct cli_input input;
    struct cli_question question;
    struct cli_output output;
    struct cli_talk talk;
    uint64_t n_causes;
    const char *keep_years;
};

static int parse(int argc, char **argv, struct asked *a)
{
    const struct cli_option rows[] = {
        CLI_ROWS_INPUT(&a->input),
        CLI_ROWS_QUESTION(&a->question),
        CLI_ROWS_OUTPUT(&a->output),
        {0, "sensitivity", CLI_OPT_FLAG, &a->question.is_sensitivity, NULL, NULL,
         "also what matters most: components, rates and repair times"},
        {0, "causes", CLI_OPT_UINT, &a->n_causes, "N", NULL,
         "causes shown (default 8); the rest is summed"},
        {0, "keep-years", CLI_OPT_TEXT, &a->keep_years, "FILE", NULL,
         "write the downtime of every simulated window as CSV"},
        {0, "reproducible", CLI_OPT_FLAG, &a->question.is_reproducible, NULL, NULL,
         "write cpu_s and wall_s as 0, so that equal runs are equal bytes"},
        CLI_ROWS_TALK(&a->talk),
        CLI_ROWS_END};

    return cli_parse(&usage, rows, argc, argv, NULL);
}

/* One row per window of the judged service. */
static int keep_years(const char *path, const struct cli_finding *finding,
                      struct sim_err *err)
{
    const struct sim_service_result *s = cli_focus(finding);
    struct cli_file file;
    int rc = cli_file_open(&file, path, err);

    if (rc != 0) {
        return rc;
    }
    fputs("service,rank,downtime_s,weight\r\n", file.stream);
    for (uint32_t i = 0; i < s->n_windows; i++) {
        fprintf(file.stream, "%s,%u,", s->name, i + 1);
        cli_csv_number(file.stream, s->window_downtime_s[i]);
        fputc(',', file.stream);
        cli_csv_number(file.stream, s->window_weight != NULL ? s->window_weight[i] : 1);
        fputs("\r\n", file.stream);
    }
    return cli_file_commit(&file, err);
}

static int show(const struct asked *a, const struct cli_finding *finding,
                struct sim_err *err)
{
    const struct cli_run_view view = {
        .finding = *finding,
        .question = &a->question,
        .n_causes = (uint32_t)a->n_causes,
        .is_quiet = a->talk.is_quiet,
        .is_verbose = a->talk.is_verbose,
        .is_stopped = cli_is_stopped(),
        .input = &a->input,
    };
    int rc = cli_output_write(&a->output, cli_run_face, &view, err);

    if (rc == 0 && a->keep_years != NULL) {
        rc = keep_years(a->keep_years, finding, err);
    }
    return rc;
}

static int run(const struct asked *a, const struct cli_subject *subject)
{
    struct cli_progress progress =
        cli_progress_new(&a->talk, subject->name, subject->model->year_s);
    struct sim_study study;
    struct sim_result result;
    struct sim_err err;
    int code;

    if (cli_question_study(&a->question, subject->model, &study, &err) != 0) {
        return cli_fail(&err);
    }
    study.progress = cli_progress_show;
    study.progress_context = &progress;
    if (sim_study_run(subject->model, &study, &result, &err) != 0) {
        cli_progress_done(&progress);
        return cli_fail(&err);
    }
    cli_progress_done(&progress);

    const struct cli_finding finding = {subject, &result, study.focus};

    if (show(a, &finding, &err) != 0) {
        code = cli_fail(&err);
    } else if (cli_is_stopped()) {
        code = CLI_EXIT_INTERRUPTED;
    } else {
        code = cli_finding_exit(&finding, &a->question);
    }
    sim_result_release(&result);
    return code;
}

static int load_and_run(struct asked *a)
{
    const struct ha_design_request request = cli_subject_request(&a->input);
    const struct cli_touched touched = {.read = {&a->input.files, NULL},
                                        .written = a->keep_years};
    struct cli_subject subject;
    struct sim_err err;
    int code;

    if (cli_question_settle(&a->question, &a->output, &err) != 0 ||
        cli_output_check(&a->output, &touched, &err) != 0) {
        return cli_fail(&err);
    }
    if (a->input.files.n == 0) {
        sim_err_set(&err, SIM_ERR_USAGE, "no design: say which with -f FILE");
        sim_err_hint(&err, "nines run -f vcluster.yaml");
        return cli_fail(&err);
    }
    if (cli_subject_load(&request, &subject, &err) != 0) {
        return cli_fail(&err);
    }
    code = run(a, &subject);
    cli_subject_release(&subject);
    return code;
}

int cmd_run(int argc, char **argv)
{
    struct asked a = {.question = cli_question_default(), .n_causes = 8};
    int code = parse(argc, argv, &a);

    if (code == CLI_PARSED) {
        code = load_and_run(&a);
    }
    cli_input_release(&a.input);
    cli_output_release(&a.output);
    return code;
}
