/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines version: what produced a number. The first line alone identifies the
 * program; the others say what it was built with and what it runs with.
 */
#include <gsl/gsl_version.h>
#include <jansson.h>
#include <stdio.h>
#include <yaml.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/version.h"

static const struct cli_usage usage = {
    .name = "version",
    .synopsis = "nines version",
    .about = "The version of nines, its compiler and its libraries.",
    .examples = "  nines version",
};

int cmd_version(int argc, char **argv)
{
    const struct cli_option rows[] = {CLI_ROWS_END};
    const int rc = cli_parse(&usage, rows, argc, argv, NULL);

    if (rc != CLI_PARSED) {
        return rc;
    }
    printf("nines %s\n", CLI_VERSION);
#if defined(__clang__)
    printf("compiler  %s\n", __VERSION__);
#else
    printf("compiler  gcc %s\n", __VERSION__);
#endif
    printf("gsl       %s\n", gsl_version);
    printf("libyaml   %s\n", yaml_get_version_string());
    printf("jansson   %s\n", jansson_version_str());
    return 0;
}
