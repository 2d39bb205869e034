/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines show: the values of the virtual cluster after all files and --set, as YAML that
 * is a vcluster.yaml again; with --origins each value says where it comes from, with
 * --defaults the chart's own values are shown too. The design is read and checked as
 * `nines run` would, so what is shown is what would be simulated.
 */
#include "cli/commands.h"
#include "cli/design_text.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/subject.h"

static const struct cli_usage usage = {
    .name = "show",
    .synopsis = "nines show -f FILE... [flags]",
    .about = "The values after all files and --set, and where each comes from.",
    .examples = "  nines show -f base.yaml -f prod.yaml --origins\n"
                "  nines show -f vcluster.yaml --defaults\n"
                "  nines show -f a.yaml -f b.yaml > merged.yaml",
    .after = "Exit codes: 0 shown; 1 could not finish; 2 wrong usage or design.",
};

struct asked {
    struct cli_input input;
    struct cli_talk talk;
    bool has_origins;
    bool has_defaults;
};

static int show(const struct asked *a)
{
    const struct ha_design_request request = cli_subject_request(&a->input);
    struct cli_subject subject;
    struct sim_err err;

    if (a->input.files.n == 0) {
        sim_err_set(&err, SIM_ERR_USAGE, "no design: say which with -f FILE");
        sim_err_hint(&err, "%s", usage.synopsis);
        return cli_fail(&err);
    }
    if (cli_subject_load(&request, &subject, &err) != 0) {
        return cli_fail(&err);
    }
    if (!subject.has_design) {
        sim_err_set(&err, SIM_ERR_USAGE, "%s is a reliability system: it has no values",
                    subject.file);
        cli_subject_release(&subject);
        return cli_fail(&err);
    }
    cli_design_text(
        stdout, a->has_defaults ? subject.design.values : subject.design.user_values,
        a->has_origins);
    cli_subject_release(&subject);
    return CLI_EXIT_DONE;
}

int cmd_show(int argc, char **argv)
{
    struct asked a = {.has_origins = false};
    const struct cli_option rows[] = {
        CLI_ROWS_INPUT(&a.input),
        {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Output"},
        {0, "origins", CLI_OPT_FLAG, &a.has_origins, NULL, NULL,
         "where each value comes from, as a comment"},
        {0, "defaults", CLI_OPT_FLAG, &a.has_defaults, NULL, NULL,
         "also what the chart sets by itself"},
        CLI_ROWS_TALK(&a.talk),
        CLI_ROWS_END};
    int code = cli_parse(&usage, rows, argc, argv, NULL);

    if (code == CLI_PARSED) {
        code = show(&a);
    }
    cli_input_release(&a.input);
    return code;
}
