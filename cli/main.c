/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The entry point: switches off GSL's aborting error handler, installs the signal
 * handlers, finds the command in the table and runs it. A command returns the exit
 * code; here only one thing can still change it: standard output that could not be
 * written (full disk, closed pipe) turns every code into 1.
 */
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/error.h"
#include "cli/file.h"
#include "cli/signals.h"

static int dispatch(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "help";
    const struct cli_command *command;

    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
        word = "help";
    } else if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
        word = "version";
    }
    command = cli_command_find(word);
    if (command == NULL) {
        return cli_command_unknown(word);
    }
    if (argc <= 1) {
        return command->run(argc, argv);
    }
    return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    struct sim_err err;
    int code;

    gsl_set_error_handler_off();
    cli_signals_install();
    cli_buffer_stdout();
    code = dispatch(argc, argv);
    if (cli_flush_stdout(&err) != 0) {
        code = cli_fail(&err);
    }
    return code;
}
