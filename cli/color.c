/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may colour. The order of authority: --color on the command line, then
 * NO_COLOR (https://no-color.org: present and not empty), then TERM=dumb, then
 * whether the stream is a terminal.
 */
#include "cli/color.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_WITHOUT_TERMINAL 100
#define WIDTH_LEAST            40

static enum cli_color_mode color_mode = CLI_COLOR_AUTO;

void cli_color_set(enum cli_color_mode mode)
{
    color_mode = mode;
}

bool cli_is_terminal(FILE *stream)
{
    const char *term = getenv("TERM");

    return isatty(fileno(stream)) && term != NULL && strcmp(term, "dumb") != 0;
}

bool cli_color_is_on(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");

    if (color_mode != CLI_COLOR_AUTO) {
        return color_mode == CLI_COLOR_ALWAYS && (stream == stdout || stream == stderr);
    }
    if (no_color != NULL && no_color[0] != '\0') {
        return false;
    }
    return cli_is_terminal(stream);
}

const char *cli_color_on(FILE *stream, enum cli_role role)
{
    static const char *const start[] = {
        [CLI_PLAIN] = "",        [CLI_GOOD] = "\033[32m",  [CLI_BAD] = "\033[31m",
        [CLI_QUIET] = "\033[2m", [CLI_STRONG] = "\033[1m",
    };

    return cli_color_is_on(stream) ? start[role] : "";
}

const char *cli_color_off(FILE *stream, enum cli_role role)
{
    return role != CLI_PLAIN && cli_color_is_on(stream) ? "\033[0m" : "";
}

int cli_width(FILE *stream)
{
    struct winsize size;

    if (isatty(fileno(stream)) && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 0) {
        return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
    }
    return WIDTH_WITHOUT_TERMINAL;
}
