/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines help [COMMAND]: the overview, or what `nines COMMAND --help` prints. The
 * option tables live inside the commands, so this asks the command itself.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/error.h"
#include "cli/man.h"
#include "cli/options.h"

static const struct cli_usage usage = {
    .name = "help",
    .synopsis = "nines help [COMMAND]",
    .about = "What nines can do, or what one command can do.",
    .examples = "  nines help\n  nines help run\n"
                "  nines help --man | man -l -",
};

int cmd_help(int argc, char **argv)
{
    bool wants_man = false;
    const struct cli_option rows[] = {{0, "man", CLI_OPT_FLAG, &wants_man, NULL, NULL,
                                       "everything as a manual page, in roff"},
                                      CLI_ROWS_END};
    struct cli_list words = {0, NULL};
    int rc = cli_parse(&usage, rows, argc, argv, &words);
    char name[64];
    char help[] = "--help";

    if (rc != CLI_PARSED) {
        cli_list_release(&words);
        return rc;
    }
    if (wants_man) {
        cli_man_print();
        cli_list_release(&words);
        return CLI_EXIT_DONE;
    }
    if (words.n == 0) {
        cli_print_overview();
        return CLI_EXIT_DONE;
    }
    const struct cli_command *command = cli_command_find(words.item[0]);

    if (command == NULL) {
        rc = cli_command_unknown(words.item[0]);
    } else {
        char *asked[] = {name, help, NULL};

        snprintf(name, sizeof(name), "%s", command->name);
        rc = command->run(2, asked);
    }
    cli_list_release(&words);
    return rc;
}
