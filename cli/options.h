/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options as tables. A command describes its options in an array of rows; the
 * parser (on getopt_long), --help, negation (--no-x) and "did you mean" all come
 * from that array. Rows point at the variables they fill, so a table lives in the
 * function of its command, next to the variables.
 *
 *     struct cli_option rows[] = {
 *         CLI_ROWS_INPUT(&input),
 *         {'n', "top", CLI_OPT_UINT, &top, "N", NULL, "how many to show"},
 *         CLI_ROWS_END
 *     };
 *     int rc = cli_parse(&usage, rows, argc, argv, &words);
 *     if (rc != CLI_PARSED) return rc;
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/err.h"

enum cli_option_kind {
    CLI_OPT_END,
    CLI_OPT_HEADING,  /* `help` is a heading of --help, nothing else */
    CLI_OPT_FLAG,     /* bool *: --x true, --no-x false */
    CLI_OPT_TEXT,     /* const char ** */
    CLI_OPT_LIST,     /* struct cli_list *: every occurrence */
    CLI_OPT_UINT,     /* uint64_t *: a whole number >= 0 */
    CLI_OPT_NUMBER,   /* double *: finite, > 0 */
    CLI_OPT_SHARE,    /* double *: "5%" or "0.05", 0 < x < 1 */
    CLI_OPT_DURATION, /* double *, seconds: "60s", "5m", "2h", "30d" */
    CLI_OPT_CHOICE    /* int *: index into `choices`, words separated by '|' */
};

struct cli_option {
    char letter;      /* short form, or 0 */
    const char *name; /* long form, without dashes */
    enum cli_option_kind kind;
    void *target;         /* see the kinds */
    const char *argument; /* its name in --help: "FILE"; NULL for flags */
    const char *choices;  /* CLI_OPT_CHOICE: "auto|always|never"; else NULL */
    const char *help;
};

/* Words given with a repeated option, or the words that are no options. They belong
 * to argv and outlive the command. */
struct cli_list {
    uint32_t n;
    const char **item; /* freed by cli_list_release */
};

/* What --help says before the options. */
struct cli_usage {
    const char *name;     /* "run" */
    const char *synopsis; /* "nines run -f FILE... [flags]" */
    const char *about;    /* one to three lines */
    const char *examples; /* lines, each indented by two spaces */
    const char *after;    /* lines after the options, or NULL */
};

/* What belongs to every command: how it talks. */
struct cli_talk {
    int color;    /* enum cli_color_mode */
    int progress; /* enum cli_progress_mode */
    bool is_quiet;
    bool is_verbose;
};
enum cli_progress_mode {
    CLI_PROGRESS_AUTO,
    CLI_PROGRESS_BAR,
    CLI_PROGRESS_PLAIN,
    CLI_PROGRESS_NONE
};

/* What belongs to every command that reads a design. */
struct cli_input {
    struct cli_list files;
    struct cli_list sets;
    const char *catalog;
};

/* clang-format off */
#define CLI_ROWS_INPUT(in)                                                             \
    {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Design"},                            \
    {'f', "file", CLI_OPT_LIST, &(in)->files, "FILE", NULL,                            \
     "vcluster.yaml, host or overlay; repeat, later wins; - is stdin"},                \
    {0, "set", CLI_OPT_LIST, &(in)->sets, "PATH=VALUE", NULL,                          \
     "after all files; repeat; PATH=null returns to the default"},                     \
    {0, "catalog", CLI_OPT_TEXT, &(in)->catalog, "NAME", NULL,                         \
     "failure rates: aws, gcp, azure, on-prem, homelab"}

#define CLI_ROWS_TALK(talk)                                                            \
    {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Talk"},                              \
    {0, "color", CLI_OPT_CHOICE, &(talk)->color, "WHEN", "auto|always|never",          \
     "colour; auto is only on terminals, and NO_COLOR turns it off"},                  \
    {0, "progress", CLI_OPT_CHOICE, &(talk)->progress, "HOW", "auto|bar|plain|none",   \
     "progress on stderr; auto is a bar on terminals"},                                \
    {'q', "quiet", CLI_OPT_FLAG, &(talk)->is_quiet, NULL, NULL,                        \
     "only the answer: no progress, no next steps"},                                   \
    {'v', "verbose", CLI_OPT_FLAG, &(talk)->is_verbose, NULL, NULL,                    \
     "also how the answer was found"}

#define CLI_ROWS_END {0, NULL, CLI_OPT_END, NULL, NULL, NULL, NULL}
/* clang-format on */

#define CLI_PARSED (-1)

/*
 * Parses argv (argv[0] is the command's name). Targets keep their value unless the
 * option is given, so set defaults before. Words that are no options are appended
 * to `words`; when it is NULL they are refused. Returns CLI_PARSED to go on;
 * anything else is the exit code to return: 0 after --help, 2 after a mistake
 * (already printed). Colour is set from --color as soon as it is seen.
 */
int cli_parse(const struct cli_usage *usage, const struct cli_option *rows, int argc,
              char **argv, struct cli_list *words);

/* Prints the help of a command on stdout: examples first. */
void cli_print_help(const struct cli_usage *usage, const struct cli_option *rows);

/* Gets the help and the option table of a command. */
typedef void (*cli_reader)(const struct cli_usage *usage,
                           const struct cli_option *rows);

/* Calls the command (by its name and function), whose cli_parse then hands its tables
 * to `reader` instead of parsing; nothing else happens. */
void cli_describe(const char *name, int (*command)(int argc, char **argv),
                  cli_reader reader);

/* Appends a word to a list (the pointer, not a copy). */
void cli_list_add(struct cli_list *list, const char *word);

/* Frees the array of a list (not its words) and empties it. */
void cli_list_release(struct cli_list *list);

void cli_input_release(struct cli_input *input);

/* Reads a whole decimal number >= 0 of 64 bits; digits only. */
bool cli_read_uint(const char *text, uint64_t *value);

/* Reads a finite decimal number, all of the text. */
bool cli_read_number(const char *text, double *value);

#endif
