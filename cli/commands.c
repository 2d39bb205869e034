/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of commands as data, and the overview printed from it. The overview
 * lists what exists, grouped by the question it answers; nothing is promised here
 * that is not in cli/commands.def.
 */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/color.h"
#include "cli/error.h"
#include "models/design/suggest.h"

static const struct cli_command table[] = {
#define CLI_COMMAND(group, name, summary)                                              \
    {CLI_GROUP_##group, #name, summary, cmd_##name},
#include "cli/commands.def"
#undef CLI_COMMAND
    {CLI_N_GROUPS, NULL, NULL, NULL}};

const struct cli_command *cli_commands(void)
{
    return table;
}

const struct cli_command *cli_command_find(const char *name)
{
    for (const struct cli_command *c = table; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

int cli_command_unknown(const char *name)
{
    struct ha_suggest near;
    struct sim_err err;

    ha_suggest_init(&near, name);
    for (const struct cli_command *c = table; c->name != NULL; c++) {
        ha_suggest_offer(&near, c->name);
    }
    sim_err_set(&err, SIM_ERR_USAGE, "unknown command \"%s\"", name);
    cli_hint_near(&err, &near, "nines help");
    return cli_fail(&err);
}

void cli_print_overview(void)
{
    static const char *const heading[CLI_N_GROUPS] = {
        [CLI_GROUP_ANSWER] = "Answer a question",
        [CLI_GROUP_LOOK] = "Look inside",
        [CLI_GROUP_SHARE] = "Share",
        [CLI_GROUP_HELP] = "Files and help",
    };

    printf("nines - availability of Kubernetes and vCluster designs, by simulation\n");
    for (int group = 0; group < CLI_N_GROUPS; group++) {
        int n_shown = 0;

        for (const struct cli_command *c = table; c->name != NULL; c++) {
            if ((int)c->group != group) {
                continue;
            }
            if (n_shown++ == 0) {
                printf("\n%s%s%s\n", cli_color_on(stdout, CLI_STRONG), heading[group],
                       cli_color_off(stdout, CLI_STRONG));
            }
            printf("  %-11s %s\n", c->name, c->summary);
        }
    }
    printf("\nnines help COMMAND says more about one of them.\n");
}
