/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines report: one design, or several, as a page to send around. It is compare with
 * another face; the charts are drawn in a directory of their own in TMPDIR, which is
 * removed again.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/charts.h"
#include "cli/commands.h"
#include "cli/contest.h"
#include "cli/error.h"
#include "cli/file.h"
#include "cli/process.h"
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

/* Removes a directory that holds only files. */
static void remove_directory(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char file[PATH_MAX + NAME_MAX + 2];

        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.') {
            unlink(file);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    rmdir(path);
}

static int write_page(const struct asked *asked, const struct cli_compare_view *view,
                      const char *charts, struct sim_err *err)
{
    const struct cli_report report = {view, charts, asked->argc, asked->argv};
    struct cli_file file;
    int rc = cli_charts_draw(view, charts, err);

    if (rc != 0 || (rc = cli_file_open(&file, asked->page, err)) != 0) {
        return rc;
    }
    rc = cli_report_write(file.stream, &report, err);
    if (rc != 0) {
        cli_file_discard(&file);
        return rc;
    }
    return cli_file_commit(&file, err);
}

static int draw_and_write(const struct asked *asked,
                          const struct cli_compare_view *view, struct sim_err *err)
{
    const char *tmp = getenv("TMPDIR");
    char charts[PATH_MAX];
    int rc;

    snprintf(charts, sizeof(charts), "%s/nines-XXXXXX",
             tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    if (mkdtemp(charts) == NULL) {
        return sim_err_set(err, SIM_ERR_IO, "cannot make a directory %s: %s", charts,
                           strerror(errno));
    }
    rc = write_page(asked, view, charts, err);
    remove_directory(charts);
    return rc;
}

static int check(const struct asked *asked, struct sim_err *err)
{
    static const char *const version[] = {"gnuplot", "--version", NULL};
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
    return cli_process_run(version, NULL, err); /* before minutes are simulated */
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
        if (draw_and_write(asked, &view, &err) != 0) {
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
