/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines(1) in the man macros of roff: what `nines help` and `nines COMMAND --help` say,
 * on one page. `make install` puts it in place; nothing here is written twice.
 */
#include "cli/man.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/version.h"

/* Backslashes and dashes have a meaning in roff; so has a dot that starts a line. */
static void put_text(const char *text)
{
    bool starts_line = true;

    for (; *text != '\0'; text++) {
        if (starts_line && (*text == '.' || *text == '\'')) {
            fputs("\\&", stdout);
        }
        starts_line = *text == '\n';
        if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '-') {
            fputs("\\-", stdout);
        } else {
            putchar(*text);
        }
    }
}

static void put_option(const struct cli_option *row)
{
    if (row->kind == CLI_OPT_HEADING) {
        fputs(".PP\n.I ", stdout);
        put_text(row->help);
        putchar('\n');
        return;
    }
    fputs(".TP\n\\fB", stdout);
    if (row->letter != 0) {
        printf("\\-%c\\fR, \\fB", row->letter);
    }
    fputs("\\-\\-", stdout);
    put_text(row->name);
    fputs("\\fR", stdout);
    if (row->argument != NULL) {
        fputs(" \\fI", stdout);
        put_text(row->argument);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    put_text(row->help);
    putchar('\n');
    if (row->choices != NULL) {
        fputs(".br\n", stdout);
        put_text(row->choices);
        putchar('\n');
    }
}

static void put_command(const struct cli_usage *usage, const struct cli_option *rows)
{
    fputs(".SS ", stdout);
    put_text(usage->synopsis);
    putchar('\n');
    put_text(usage->about);
    fputs("\n.PP\n.nf\n", stdout);
    put_text(usage->examples);
    fputs("\n.fi\n", stdout);
    for (; rows->kind != CLI_OPT_END; rows++) {
        put_option(rows);
    }
    if (usage->after != NULL) {
        fputs(".PP\n", stdout);
        put_text(usage->after);
        putchar('\n');
    }
}

void cli_man_print(void)
{
    printf(".TH NINES 1 \"\" \"nines %s\" \"User Commands\"\n", CLI_VERSION);
    fputs(".SH NAME\n"
          "nines \\- availability of Kubernetes and vCluster designs, by simulation\n"
          ".SH SYNOPSIS\n.B nines\n.I COMMAND\n[flags]\n.SH DESCRIPTION\n",
          stdout);
    for (const struct cli_command *c = cli_commands(); c->name != NULL; c++) {
        printf(".TP\n.B %s\n", c->name);
        put_text(c->summary);
        putchar('\n');
    }
    fputs(".SH COMMANDS\n", stdout);
    for (const struct cli_command *c = cli_commands(); c->name != NULL; c++) {
        cli_describe(c->name, c->run, put_command);
    }
    fputs(".SH ENVIRONMENT\n"
          ".TP\n.B NO_COLOR\nwhen set and not empty: no colour, unless \\-\\-color "
          "says otherwise\n"
          ".TP\n.B TERM\ndumb: no colour and no progress bar\n",
          stdout);
}
