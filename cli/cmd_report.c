/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines report: one design, or several, as a page to send around. It is compare with
 * another face.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/contest.h"
#include "cli/error.h"
#include "cli/report.h"
#include "cli/signals.h"

static const struct cli_usage usage = {
    .name = "report",
    .synopsis = "nines report FILE... -O FILE.html [flags]",
    .about = "One HTML file with the answer, charts, sources and how to repeat it.",
    .examples = "  nines report prod.yaml -f host.yaml --slo 99.99 -O prod.html\n"
                "  nines report -f vcluster.yaml --replicas 3,5,7 -O replicas.html\n"
                "  nines report three.yaml five.yaml -f host.yaml -O compared.html",
    .after = "Exit codes: 0 written; 1 could not finish (gnuplot draws the charts); "
             "2 wrong usage\nor design; 130 interrupted, with a partial report.",
};

struct asked {
    struct cli_contest_request contest;
    const char *page;
    int argc;
    char **argv;
};

static int parse(struct asked *asked)
{
    struct cli_contest_request *a = &asked->contest;
    const struct cli_option rows[] = {
        CLI_ROWS_INPUT(&a->input),
        CLI_ROWS_LINE_UP(a),
        CLI_ROWS_QUESTION(&a->question),
        {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Output"},
        {'O', "out", CLI_OPT_TEXT, &asked->page, "FILE", NULL, "the page"},
        {0, "causes", CLI_OPT_UINT, &a->n_causes, "N", NULL,
         "causes in the table (default 8); the rest is summed"},
        CLI_ROWS_TALK(&a->talk),
        CLI_ROWS_END};

    return cli_parse(&usage, rows, asked->argc, asked->argv, &a->words);
}

static int check(const struct asked *asked, struct sim_err *err)
{
    const struct cli_contest_request *a = &asked->contest;
    const struct cli_touched touched = {.read = {&a->input.files, &a->words},
                                        .written = asked->page};

    if (asked->page == NULL) {
        sim_err_set(err, SIM_ERR_USAGE, "no page: say where with -O FILE.html");
        sim_err_hint(err, "%s", usage.synopsis);
        return -(int)SIM_ERR_USAGE;
    }
    if (cli_output_check(&a->output, &touched, err) != 0) {
        return -1;
    }
    return cli_report_prepare(err);
}

static int load_and_report(struct asked *asked)
{
    static struct cli_contest c; /* large; a process reports once */
    struct cli_contest_request *a = &asked->contest;
    struct cli_compare_view view;
    struct sim_err err;
    int code = CLI_EXIT_DONE;

    if (cli_question_settle(&a->question, &a->output, &err) != 0 ||
        check(asked, &err) != 0 || cli_contest_load(a, 1, &c, &err) != 0) {
        return cli_fail(&err);
    }
    if (cli_contest_play(a, &c, &err) != 0) {
        code = cli_fail(&err);
    } else {
        view = cli_contest_view(a, &c);
        if (cli_report_page(asked->page, &view, asked->argc, asked->argv, &err) != 0) {
            code = cli_fail(&err);
        } else if (cli_is_stopped()) {
            code = CLI_EXIT_INTERRUPTED;
        } else if (!a->talk.is_quiet) {
            printf("%s\n", asked->page);
        }
    }
    cli_contest_release(&c);
    return code;
}

int cmd_report(int argc, char **argv)
{
    struct asked asked = {.contest = cli_contest_default(), .argc = argc, .argv = argv};
    int code = parse(&asked);

    if (code == CLI_PARSED) {
        code = load_and_report(&asked);
    }
    cli_contest_request_release(&asked.contest);
    return code;
}
