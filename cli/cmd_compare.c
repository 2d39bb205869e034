/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines compare: two or more designs side by side (cli/contest.c plays them). Every
 * flag and every file is understood before anything is simulated; then the table is
 * printed, then come exports and charts.
 */
#include "cli/charts.h"
#include "cli/commands.h"
#include "cli/contest.h"
#include "cli/error.h"
#include "cli/report.h"
#include "cli/signals.h"

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
    struct cli_contest_request contest;
    const char *charts;
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
        CLI_ROWS_OUTPUT(&a->output),
        {0, "charts", CLI_OPT_TEXT, &asked->charts, "DIR", NULL,
         "draw charts there (SVG, PNG, with their gnuplot files and data)"},
        {0, "report", CLI_OPT_TEXT, &asked->page, "FILE.html", NULL,
         "also write the page of `nines report`"},
        {0, "causes", CLI_OPT_UINT, &a->n_causes, "N", NULL,
         "causes shown (default 8); the rest is summed"},
        {0, "reproducible", CLI_OPT_FLAG, &a->question.is_reproducible, NULL, NULL,
         "write cpu_s and wall_s as 0, so that equal runs are equal bytes"},
        CLI_ROWS_TALK(&a->talk),
        CLI_ROWS_END};

    return cli_parse(&usage, rows, asked->argc, asked->argv, &a->words);
}

/* A design that meets the objective is enough; else open beats missed. */
static int exit_code(const struct asked *asked, const struct cli_contest *c)
{
    int code = CLI_EXIT_NO;

    if (cli_is_stopped()) {
        return CLI_EXIT_INTERRUPTED;
    }
    for (uint32_t i = 0; i < c->n_results; i++) {
        const int one = cli_finding_exit(&c->finding[i], &asked->contest.question);

        if (one == CLI_EXIT_DONE) {
            return CLI_EXIT_DONE;
        }
        code = one == CLI_EXIT_UNKNOWN ? CLI_EXIT_UNKNOWN : code;
    }
    return code;
}

static int contend(const struct asked *asked, struct cli_contest *c)
{
    struct cli_compare_view view;
    struct sim_err err;

    if ((asked->charts != NULL && cli_charts_prepare(asked->charts, &err) != 0) ||
        (asked->page != NULL && cli_report_prepare(&err) != 0) ||
        cli_contest_play(&asked->contest, c, &err) != 0) {
        return cli_fail(&err);
    }
    view = cli_contest_view(&asked->contest, c);
    if (cli_output_write(&asked->contest.output, cli_compare_face, &view, &err) != 0 ||
        (asked->charts != NULL && cli_charts_draw(&view, asked->charts, &err) != 0) ||
        (asked->page != NULL &&
         cli_report_page(asked->page, &view, asked->argc, asked->argv, &err) != 0)) {
        return cli_fail(&err);
    }
    return exit_code(asked, c);
}

static int load_and_contend(struct asked *asked)
{
    static struct cli_contest c; /* large; a process compares once */
    struct cli_contest_request *a = &asked->contest;
    const struct cli_touched touched = {.read = {&a->input.files, &a->words},
                                        .written = asked->page};
    struct sim_err err;
    int code;

    if (cli_question_settle(&a->question, &a->output, &err) != 0 ||
        cli_output_check(&a->output, &touched, &err) != 0 ||
        cli_contest_load(a, 2, &c, &err) != 0) {
        return cli_fail(&err);
    }
    code = contend(asked, &c);
    cli_contest_release(&c);
    return code;
}

int cmd_compare(int argc, char **argv)
{
    struct asked asked = {.contest = cli_contest_default(), .argc = argc, .argv = argv};
    int code = parse(&asked);

    if (code == CLI_PARSED) {
        code = load_and_contend(&asked);
    }
    cli_contest_request_release(&asked.contest);
    return code;
}
