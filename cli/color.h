/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Colour, as a second signal only: three roles, always beside a word that says the
 * same. Off unless the stream is a terminal; NO_COLOR (any value) and TERM=dumb
 * turn it off, --color always turns it on.
 */
#ifndef CLI_COLOR_H
#define CLI_COLOR_H

#include <stdbool.h>
#include <stdio.h>

enum cli_color_mode { CLI_COLOR_AUTO, CLI_COLOR_ALWAYS, CLI_COLOR_NEVER };

enum cli_role {
    CLI_PLAIN,
    CLI_GOOD,  /* met, better */
    CLI_BAD,   /* missed, worse, error */
    CLI_QUIET, /* second thoughts: intervals, footnotes */
    CLI_STRONG /* headings */
};

/* What --color said; stays until changed. */
void cli_color_set(enum cli_color_mode mode);

/* Will text on this stream be coloured? */
bool cli_color_is_on(FILE *stream);

/* The escape sequence that starts a role on this stream, "" when colour is off. */
const char *cli_color_on(FILE *stream, enum cli_role role);

/* The one that ends it, "" for CLI_PLAIN or when colour is off. */
const char *cli_color_off(FILE *stream, enum cli_role role);

/* Is the stream a terminal that can be redrawn (not TERM=dumb)? */
bool cli_is_terminal(FILE *stream);

/* Columns of the terminal on this stream; 100 when it is none. */
int cli_width(FILE *stream);

#endif
