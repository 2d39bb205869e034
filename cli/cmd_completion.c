/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines completion bash|zsh|fish: a script that completes commands, flags and their
 * values. It is written from cli/commands.def and the option tables of the commands
 * (cli_describe), the same rows that parse and print --help, so it cannot tell of a
 * flag that does not exist. The script calls nothing: completing never waits for nines.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/error.h"
#include "cli/options.h"

static const struct cli_usage usage = {
    .name = "completion",
    .synopsis = "nines completion bash|zsh|fish",
    .about = "A script that completes commands, flags and values in your shell.",
    .examples = "  source <(nines completion bash)\n"
                "  nines completion zsh > ~/.zfunc/_nines\n"
                "  nines completion fish > ~/.config/fish/completions/nines.fish",
};

enum shell { BASH, ZSH, FISH, N_SHELLS };

static const char *const shell_name[N_SHELLS] = {"bash", "zsh", "fish"};

static bool is_option(const struct cli_option *row)
{
    return row->kind != CLI_OPT_HEADING;
}

/* Does the option take a file or a directory? */
static bool takes_file(const struct cli_option *row)
{
    return row->argument != NULL &&
           (strstr(row->argument, "FILE") != NULL || strcmp(row->argument, "DIR") == 0);
}

/* "auto|always" with another sign between. */
static void put_choices(const char *choices, char between)
{
    for (const char *p = choices; *p != '\0'; p++) {
        putchar(*p == '|' ? between : *p);
    }
}

static void put_commands(const char *before, const char *after)
{
    for (const struct cli_command *c = cli_commands(); c->name != NULL; c++) {
        printf("%s%s%s", before, c->name, after);
    }
}

/* ---- bash ---- */

static void bash_values(const struct cli_usage *of, const struct cli_option *rows)
{
    for (; rows->kind != CLI_OPT_END; rows++) {
        if (!is_option(rows) || rows->choices == NULL) {
            continue;
        }
        printf("    %s:--%s", of->name, rows->name);
        if (rows->letter != 0) {
            printf("|%s:-%c", of->name, rows->letter);
        }
        fputs(") words='", stdout);
        put_choices(rows->choices, ' ');
        fputs("' ;;\n", stdout);
    }
}

static void bash_flags(const struct cli_usage *of, const struct cli_option *rows)
{
    printf("    %s) words='--help", of->name);
    for (; rows->kind != CLI_OPT_END; rows++) {
        if (is_option(rows)) {
            printf(" --%s", rows->name);
        }
    }
    fputs("' ;;\n", stdout);
}

static void bash_taking(const struct cli_usage *of, const struct cli_option *rows)
{
    for (; rows->kind != CLI_OPT_END; rows++) {
        if (is_option(rows) && rows->argument != NULL && rows->choices == NULL) {
            printf("    %s:--%s", of->name, rows->name);
            if (rows->letter != 0) {
                printf("|%s:-%c", of->name, rows->letter);
            }
            fputs(") return ;;\n", stdout);
        }
    }
}

static void describe_all(cli_reader reader)
{
    for (const struct cli_command *c = cli_commands(); c->name != NULL; c++) {
        cli_describe(c->name, c->run, reader);
    }
}

static void print_bash(void)
{
    fputs("# bash completion of nines; source it\n"
          "_nines() {\n"
          "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "  local command=${COMP_WORDS[1]} words=''\n"
          "  COMPREPLY=()\n"
          "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "    COMPREPLY=($(compgen -W '",
          stdout);
    put_commands("", " ");
    fputs("' -- \"$cur\"))\n"
          "    return\n"
          "  fi\n"
          "  # the value of a flag; an empty reply completes file names\n"
          "  case \"$command:$prev\" in\n",
          stdout);
    describe_all(bash_values);
    describe_all(bash_taking);
    fputs("    help:help) words='", stdout);
    put_commands("", " ");
    fputs("' ;;\n    completion:completion) words='bash zsh fish' ;;\n  esac\n"
          "  if [ -z \"$words\" ] && [[ $cur == -* ]]; then\n"
          "    case \"$command\" in\n",
          stdout);
    describe_all(bash_flags);
    fputs("    esac\n"
          "  fi\n"
          "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "}\n"
          "complete -o default -F _nines nines\n",
          stdout);
}

/* ---- zsh ---- */

/* Help text inside '...[...]': quotes, brackets and colons would end something. */
static void zsh_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", stdout);
        } else {
            fputs(strchr("[]:\\", *text) != NULL ? "\\" : "", stdout);
            putchar(*text);
        }
    }
}

static void zsh_rows(const struct cli_usage *of, const struct cli_option *rows)
{
    printf("    %s) _arguments \\\n", of->name);
    for (; rows->kind != CLI_OPT_END; rows++) {
        if (!is_option(rows)) {
            continue;
        }
        if (rows->letter != 0) {
            printf("      '*'{-%c,--%s}'[", rows->letter, rows->name);
        } else {
            printf("      '*--%s[", rows->name);
        }
        zsh_text(rows->help);
        putchar(']');
        if (rows->argument != NULL) {
            putchar(':');
            zsh_text(rows->argument);
            putchar(':');
        }
        if (rows->choices != NULL) {
            putchar('(');
            put_choices(rows->choices, ' ');
            putchar(')');
        } else if (takes_file(rows)) {
            fputs("_files", stdout);
        }
        fputs("' \\\n", stdout);
    }
    if (strcmp(of->name, "help") == 0) {
        fputs("      '1:command:(", stdout);
        put_commands("", " ");
        fputs(")' ;;\n", stdout);
    } else if (strcmp(of->name, "completion") == 0) {
        fputs("      '1:shell:(bash zsh fish)' ;;\n", stdout);
    } else {
        fputs("      '--help[print help]' '*:file:_files' ;;\n", stdout);
    }
}

static void print_zsh(void)
{
    fputs("#compdef nines\n"
          "_nines() {\n"
          "  local -a commands\n"
          "  commands=(\n",
          stdout);
    for (const struct cli_command *c = cli_commands(); c->name != NULL; c++) {
        printf("    '%s:", c->name);
        zsh_text(c->summary);
        fputs("'\n", stdout);
    }
    fputs("  )\n"
          "  if (( CURRENT == 2 )); then\n"
          "    _describe command commands\n"
          "    return\n"
          "  fi\n"
          "  shift words\n"
          "  (( CURRENT-- ))\n"
          "  case $words[1] in\n",
          stdout);
    describe_all(zsh_rows);
    fputs("  esac\n"
          "}\n"
          "if [ \"$funcstack[1]\" = _nines ]; then _nines; else compdef _nines nines; "
          "fi\n",
          stdout);
}

/* ---- fish ---- */

/* Inside '...' fish knows only \' and \\. */
static void fish_text(const char *text)
{
    for (; *text != '\0'; text++) {
        fputs(*text == '\'' || *text == '\\' ? "\\" : "", stdout);
        putchar(*text);
    }
}

static void fish_rows(const struct cli_usage *of, const struct cli_option *rows)
{
    for (; rows->kind != CLI_OPT_END; rows++) {
        if (!is_option(rows)) {
            continue;
        }
        printf("complete -c nines -n '__fish_seen_subcommand_from %s' -l %s", of->name,
               rows->name);
        if (rows->letter != 0) {
            printf(" -s %c", rows->letter);
        }
        if (rows->choices != NULL) {
            fputs(" -x -a '", stdout);
            put_choices(rows->choices, ' ');
            putchar('\'');
        } else if (rows->argument != NULL) {
            fputs(takes_file(rows) ? " -r -F" : " -x", stdout);
        }
        fputs(" -d '", stdout);
        fish_text(rows->help);
        fputs("'\n", stdout);
    }
}

static void print_fish(void)
{
    fputs("# fish completion of nines\n", stdout);
    for (const struct cli_command *c = cli_commands(); c->name != NULL; c++) {
        printf("complete -c nines -f -n __fish_use_subcommand -a %s -d '", c->name);
        fish_text(c->summary);
        fputs("'\n", stdout);
    }
    describe_all(fish_rows);
    fputs("complete -c nines -f -n '__fish_seen_subcommand_from completion' "
          "-a 'bash zsh fish'\n"
          "complete -c nines -f -n '__fish_seen_subcommand_from help' -a '",
          stdout);
    put_commands("", " ");
    fputs("'\n", stdout);
}

int cmd_completion(int argc, char **argv)
{
    static void (*const print[N_SHELLS])(void) = {print_bash, print_zsh, print_fish};
    const struct cli_option rows[] = {CLI_ROWS_END};
    struct cli_list words = {0, NULL};
    struct sim_err err;
    int rc = cli_parse(&usage, rows, argc, argv, &words);

    if (rc == CLI_PARSED) {
        sim_err_set(&err, SIM_ERR_USAGE, "completion for which shell?");
        sim_err_hint(&err, "%s", usage.synopsis);
        rc = -1;
        for (int i = 0; i < N_SHELLS && words.n == 1; i++) {
            if (strcmp(words.item[0], shell_name[i]) == 0) {
                print[i]();
                rc = CLI_EXIT_DONE;
            }
        }
        rc = rc < 0 ? cli_fail(&err) : rc;
    }
    cli_list_release(&words);
    return rc;
}
