/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parser behind the option tables. getopt_long does the POSIX and GNU grammar
 * (clusters, --x=y, --); this file adds what it lacks: typed values with messages
 * that name the option, negated flags, whole names only (an abbreviation that works
 * today would break when an option is added), and "did you mean".
 *
 * Words may stand anywhere. getopt's own permutation is switched off ("+"), because
 * the text the user typed must be found again for messages; the loop collects the
 * words itself.
 */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/color.h"
#include "cli/error.h"
#include "models/design/suggest.h"
#include "models/units.h"
#include "sim/check.h"

#define MAX_ROWS  64
#define MAX_NAMES (2 * MAX_ROWS + 2)
#define NEGATED   0x1000 /* added to a row's index for --no-x */
#define BASE      0x100  /* above every short option */
#define HELP_CODE (BASE + MAX_ROWS)

void cli_list_add(struct cli_list *list, const char *word)
{
    const char **bigger =
        realloc(list->item, (list->n + (size_t)1) * sizeof(*list->item));

    if (bigger == NULL) {
        fputs("nines: out of memory\n", stderr);
        exit(CLI_EXIT_FAILED);
    }
    list->item = bigger;
    list->item[list->n] = word;
    list->n++;
}

void cli_list_release(struct cli_list *list)
{
    free(list->item);
    list->item = NULL;
    list->n = 0;
}

void cli_input_release(struct cli_input *input)
{
    cli_list_release(&input->files);
    cli_list_release(&input->sets);
}

bool cli_read_uint(const char *text, uint64_t *value)
{
    char *end;
    unsigned long long number;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    number = strtoull(text, &end, 10);
    if (*end != '\0' || errno != 0) {
        return false;
    }
    *value = number;
    return true;
}

bool cli_read_number(const char *text, double *value)
{
    char *end;
    const size_t plain = strspn(text, "0123456789.eE+-");

    if (text[0] == '\0' || text[plain] != '\0') {
        return false;
    }
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value);
}

static int refuse(const struct cli_option *row, const char *text, const char *wanted)
{
    struct sim_err err;

    sim_err_set(&err, SIM_ERR_USAGE, "--%s: \"%s\" is not %s", row->name, text, wanted);
    return cli_fail(&err);
}

static int read_choice(const struct cli_option *row, const char *text)
{
    const char *word = row->choices;
    const size_t length = strlen(text);
    char wanted[128];

    for (int i = 0; word != NULL; i++) {
        const char *bar = strchr(word, '|');
        const size_t n = bar != NULL ? (size_t)(bar - word) : strlen(word);

        if (n == length && strncmp(word, text, n) == 0) {
            *(int *)row->target = i;
            return CLI_PARSED;
        }
        word = bar != NULL ? bar + 1 : NULL;
    }
    snprintf(wanted, sizeof(wanted), "one of %s", row->choices);
    return refuse(row, text, wanted);
}

static int read_share(const struct cli_option *row, const char *text)
{
    const size_t length = strlen(text);
    const bool is_percent = length > 1 && text[length - 1] == '%';
    char number[32];
    double value = 0;

    snprintf(number, sizeof(number), "%.*s", (int)(is_percent ? length - 1 : length),
             text);
    if (length >= sizeof(number) || !cli_read_number(number, &value)) {
        return refuse(row, text, "a share such as 5% or 0.05");
    }
    value = is_percent ? value / 100 : value;
    if (value <= 0 || value >= 1) {
        return refuse(row, text, "a share between 0% and 100%, such as 5% or 0.05");
    }
    *(double *)row->target = value;
    return CLI_PARSED;
}

static int read_value(const struct cli_option *row, const char *text, bool is_negated)
{
    switch (row->kind) {
    case CLI_OPT_FLAG:
        *(bool *)row->target = !is_negated;
        return CLI_PARSED;
    case CLI_OPT_TEXT:
        *(const char **)row->target = text;
        return CLI_PARSED;
    case CLI_OPT_LIST:
        cli_list_add(row->target, text);
        return CLI_PARSED;
    case CLI_OPT_UINT:
        return cli_read_uint(text, row->target)
                   ? CLI_PARSED
                   : refuse(row, text, "a whole number of 0 or more");
    case CLI_OPT_NUMBER:
        return cli_read_number(text, row->target) && *(double *)row->target > 0
                   ? CLI_PARSED
                   : refuse(row, text, "a number above 0");
    case CLI_OPT_SHARE:
        return read_share(row, text);
    case CLI_OPT_DURATION:
        return ha_units_read_duration(text, row->target) == NULL &&
                       *(double *)row->target > 0
                   ? CLI_PARSED
                   : refuse(row, text, "a duration with its unit: 90s, 5m, 2h, 30d");
    case CLI_OPT_CHOICE:
        return read_choice(row, text);
    case CLI_OPT_END:
    case CLI_OPT_HEADING:
        break;
    }
    SIM_CHECK(!"an option row without a kind");
    return CLI_EXIT_FAILED;
}

/* The tables getopt_long wants, made from ours. */
struct grammar {
    struct option longs[MAX_NAMES];
    char negated_name[MAX_ROWS][40];
    char shorts[3 * MAX_ROWS + 4];
    const char *name[MAX_NAMES]; /* for suggestions */
    size_t n_names;
};

static void add_name(struct grammar *g, const char *name, int has_arg, int code)
{
    SIM_CHECK(g->n_names + 1 < MAX_NAMES);
    g->longs[g->n_names] = (struct option){name, has_arg, NULL, code};
    g->name[g->n_names] = name;
    g->n_names++;
}

static void make_grammar(struct grammar *g, const struct cli_option *rows)
{
    size_t n_shorts = 0;

    memset(g, 0, sizeof(*g));
    g->shorts[n_shorts++] = '+';
    g->shorts[n_shorts++] = ':';
    g->shorts[n_shorts++] = 'h';
    add_name(g, "help", no_argument, HELP_CODE);
    for (int i = 0; rows[i].kind != CLI_OPT_END; i++) {
        const bool has_value = rows[i].kind != CLI_OPT_FLAG;

        SIM_CHECK(i < MAX_ROWS);
        if (rows[i].kind == CLI_OPT_HEADING) {
            continue;
        }
        add_name(g, rows[i].name, has_value ? required_argument : no_argument,
                 BASE + i);
        if (!has_value) {
            snprintf(g->negated_name[i], sizeof(g->negated_name[i]), "no-%s",
                     rows[i].name);
            add_name(g, g->negated_name[i], no_argument, NEGATED + BASE + i);
        }
        if (rows[i].letter != 0) {
            g->shorts[n_shorts++] = rows[i].letter;
            if (has_value) {
                g->shorts[n_shorts++] = ':';
            }
        }
    }
}

static int unknown_option(const struct cli_usage *usage, const struct grammar *g,
                          const char *typed)
{
    struct sim_err err;
    char name[64];
    struct ha_suggest near;

    snprintf(name, sizeof(name), "%s", typed + strspn(typed, "-"));
    name[strcspn(name, "=")] = '\0';
    ha_suggest_init(&near, name);
    for (size_t i = 0; i < g->n_names; i++) {
        ha_suggest_offer(&near, g->name[i]);
    }
    sim_err_set(&err, SIM_ERR_USAGE, "unknown flag %s for nines %s", typed,
                usage->name);
    if (near.best != NULL) {
        sim_err_hint(&err, "did you mean --%s?     nines help %s", near.best,
                     usage->name);
    } else {
        sim_err_hint(&err, "nines help %s", usage->name);
    }
    return cli_fail(&err);
}

__attribute__((format(printf, 2, 3))) static int
usage_error(const struct cli_usage *usage, const char *fmt, ...)
{
    struct sim_err err;
    char message[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    sim_err_set(&err, SIM_ERR_USAGE, "%s", message);
    sim_err_hint(&err, "nines help %s", usage->name);
    return cli_fail(&err);
}

/* Did the user write a long option in full? getopt also takes abbreviations. */
static bool is_whole(const struct grammar *g, const char *typed, int index)
{
    const char *name = g->longs[index].name;

    return strcspn(typed + 2, "=") == strlen(name);
}

static int row_of_code(const struct cli_option *rows, int code)
{
    if (code >= BASE) {
        return (code & ~NEGATED) - BASE;
    }
    for (int i = 0; rows[i].kind != CLI_OPT_END; i++) {
        if (rows[i].letter == code) {
            return i;
        }
    }
    SIM_CHECK(!"an option without a row");
    return 0;
}

static int take_option(const struct cli_usage *usage, const struct cli_option *rows,
                       const struct grammar *g, int code, const char *typed, int index)
{
    if (code == '?') {
        return unknown_option(usage, g, typed);
    }
    if (code == ':') {
        return usage_error(usage, "%s needs a value", typed);
    }
    if (index >= 0 && !is_whole(g, typed, index)) {
        return unknown_option(usage, g, typed);
    }
    if (code == 'h' || code == HELP_CODE) {
        cli_print_help(usage, rows);
        return CLI_EXIT_DONE;
    }
    const struct cli_option *row = &rows[row_of_code(rows, code)];
    const int rc = read_value(row, optarg, (code & NEGATED) != 0);

    if (rc == CLI_PARSED && strcmp(row->name, "color") == 0) {
        cli_color_set((enum cli_color_mode)(*(int *)row->target));
    }
    return rc;
}

/* Set only while cli_describe runs: tables live in the functions of commands. */
static cli_reader reads_tables = NULL;

void cli_describe(const char *name, int (*command)(int argc, char **argv),
                  cli_reader reader)
{
    char word[32];
    char *argv[] = {word, NULL};

    snprintf(word, sizeof(word), "%s", name);
    reads_tables = reader;
    command(1, argv);
    reads_tables = NULL;
}

int cli_parse(const struct cli_usage *usage, const struct cli_option *rows, int argc,
              char **argv, struct cli_list *words)
{
    struct grammar g;
    bool is_rest = false;

    if (reads_tables != NULL) {
        reads_tables(usage, rows);
        return CLI_EXIT_DONE;
    }
    make_grammar(&g, rows);
    opterr = 0;
    optind = 0; /* glibc: start afresh */
    for (;;) {
        int index = -1;
        const int before = optind > 0 ? optind : 1;
        const int code =
            is_rest ? -1 : getopt_long(argc, argv, g.shorts, g.longs, &index);
        const char *typed = before < argc ? argv[before] : "";

        if (code != -1) {
            const int rc = take_option(usage, rows, &g, code, typed, index);

            if (rc != CLI_PARSED) {
                return rc;
            }
            continue;
        }
        if (!is_rest && optind > before && strcmp(typed, "--") == 0) {
            is_rest = true;
        }
        if (optind >= argc) {
            return CLI_PARSED;
        }
        if (words == NULL) {
            return usage_error(usage,
                               "\"%s\" is not a flag, and no word is expected here",
                               argv[optind]);
        }
        cli_list_add(words, argv[optind]);
        optind++;
    }
}

static void print_row(const struct cli_option *row)
{
    char left[64];
    char dash[8] = "";

    if (row->kind == CLI_OPT_HEADING) {
        printf("\n%s%s%s\n", cli_color_on(stdout, CLI_STRONG), row->help,
               cli_color_off(stdout, CLI_STRONG));
        return;
    }
    if (row->letter != 0) {
        snprintf(dash, sizeof(dash), "-%c,", row->letter);
    }
    snprintf(left, sizeof(left), "  %3s --%s%s%s", dash, row->name,
             row->argument != NULL ? " " : "",
             row->argument != NULL ? row->argument : "");
    if (strlen(left) > 29) {
        printf("%s\n%30s %s\n", left, "", row->help);
    } else {
        printf("%-30s %s\n", left, row->help);
    }
    if (row->choices != NULL) {
        printf("%30s %s\n", "", row->choices);
    }
}

void cli_print_help(const struct cli_usage *usage, const struct cli_option *rows)
{
    printf("%s\n\nExamples\n%s\n\nUsage\n  %s\n", usage->about, usage->examples,
           usage->synopsis);
    for (; rows->kind != CLI_OPT_END; rows++) {
        print_row(rows);
    }
    if (usage->after != NULL) {
        printf("\n%s\n", usage->after);
    }
}
