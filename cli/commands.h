/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands, made from one table (cli/commands.def): declarations, the overview
 * of `nines help`, and what "did you mean" chooses from.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

enum cli_group {
    CLI_GROUP_ANSWER, /* "Answer a question" */
    CLI_GROUP_LOOK,   /* "Look inside" */
    CLI_GROUP_SHARE,  /* "Share" */
    CLI_GROUP_HELP,   /* "Files and help" */
    CLI_N_GROUPS
};

/* Runs a command. argv[0] is its name. Returns the exit code of the process. */
typedef int (*cli_command_fn)(int argc, char **argv);

#define CLI_COMMAND(group, name, summary) int cmd_##name(int argc, char **argv);
#include "cli/commands.def"
#undef CLI_COMMAND

struct cli_command {
    enum cli_group group;
    const char *name;
    const char *summary;
    cli_command_fn run;
};

/* All commands, ending with a row whose name is NULL. */
const struct cli_command *cli_commands(void);

/* The command of that name, or NULL. */
const struct cli_command *cli_command_find(const char *name);

/* Refuses a name that is no command: prints the error and the nearest name.
 * Returns the exit code. */
int cli_command_unknown(const char *name);

/* Prints the overview of all commands on stdout. */
void cli_print_overview(void);

#endif
