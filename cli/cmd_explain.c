/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines explain: what a key means, from the very tables that read the files.
 *
 *     explain                 the topics
 *     explain host            every key of a host file
 *     explain host.nodePools  the keys below one
 *     explain catalog         every failure and repair figure, with its value
 *     explain zone.major      those whose name starts so, with range and source
 *     explain api-read        a service: what "down" means for it
 *     explain causes          every root cause, and which figures drive it
 *     explain "zone outage"   one of them, with those figures and their sources
 *
 * Nothing is written here about a key that its table does not say; a new row in a table
 * is explained without a change in this file.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/error.h"
#include "cli/grid.h"
#include "cli/options.h"
#include "cli/view.h"
#include "models/design/catalog.h"
#include "models/design/fields.h"
#include "models/design/suggest.h"
#include "models/infra/infra.h"

static const struct cli_usage usage = {
    .name = "explain",
    .synopsis = "nines explain [WORD]",
    .about = "What a key of a host file, a failure figure or a service means.",
    .examples = "  nines explain host\n"
                "  nines explain host.nodePools\n"
                "  nines explain catalog --catalog on-prem\n"
                "  nines explain zone.major\n"
                "  nines explain control-loop\n"
                "  nines explain causes\n"
                "  nines explain \"zone outage\"",
};

static const struct {
    const char *name, *meaning;
} services[] = {
    {"api-read", "some tenant API replica in the Service's endpoints answers reads; "
                 "they are linearizable, so they need the store's leader and majority"},
    {"api-write", "the same for writes; differs from api-read by extra systems only"},
    {"control-loop",
     "the syncer holds its lease, and its own API and the host's answer"},
    {"dns", "some CoreDNS pod in the endpoints answers"},
    {"data", "loss of the store's data: an event; it lasts until the restore is done"},
    {"system", "the one service of a reliability system"},
};

/* Is `path` the topic, or below it ("" is above everything)? */
static bool is_below(const char *path, const char *topic)
{
    const size_t n = strlen(topic);

    return n == 0 || (strncmp(path, topic, n) == 0 &&
                      (path[n] == '\0' || path[n] == '.' || path[n] == '['));
}

static void add_field(struct cli_grid *grid, const struct ha_field *field)
{
    char value[256] = "";

    if (field->choices[0] != '\0') {
        snprintf(value, sizeof(value), "%s", field->choices);
    }
    cli_grid_row(grid, field->path);
    cli_grid_set(grid, 0, field->fallback[0] != '\0' ? field->fallback : "-");
    cli_grid_set(grid, 1, field->meaning);
    if (value[0] != '\0') {
        cli_grid_row(grid, "");
        cli_grid_set(grid, 1, value);
    }
}

static bool explain_host(const char *topic)
{
    size_t n;
    const struct ha_field *field = ha_host_fields(&n);
    struct cli_grid grid;
    bool is_any = false;

    cli_grid_init(&grid, 2);
    cli_grid_row(&grid, "KEY");
    cli_grid_set(&grid, 0, "DEFAULT");
    cli_grid_set(&grid, 1, "MEANING");
    for (size_t i = 0; i < n; i++) {
        if (is_below(field[i].path, topic)) {
            add_field(&grid, &field[i]);
            is_any = true;
        }
    }
    if (is_any) {
        cli_grid_print(stdout, &grid, 0, 10000);
    }
    cli_grid_release(&grid);
    return is_any;
}

static void print_source(const char *text)
{
    int column = 0;

    for (const char *p = text != NULL ? text : ""; *p != '\0';) {
        const size_t word = strcspn(p, " \n");

        if (column == 0 || column + (int)word > 84) {
            printf("%s     ", column > 0 ? "\n" : "");
            column = 5;
        }
        printf(" %.*s", (int)word, p);
        column += (int)word + 1;
        p += word + strspn(p + word, " \n");
    }
    putchar('\n');
}

static void print_param(const struct ha_catalog *catalog, enum ha_param i)
{
    const struct ha_param_value *v = &catalog->value[i];

    printf("%s: %s\n", ha_param_key(i), ha_param_title((enum ha_param)i));
    if (!v->is_set) {
        printf("    does not exist in %s\n", catalog->name);
        return;
    }
    printf("    %s: %g %s (%g to %g), confidence %s\n", catalog->name, v->mid,
           ha_param_unit(i), v->lo, v->hi, v->confidence != NULL ? v->confidence : "-");
    print_source(v->source);
}

static void list_params(const struct ha_catalog *catalog)
{
    struct cli_grid grid;
    char value[64];

    cli_grid_init(&grid, 3);
    cli_grid_row(&grid, "KEY");
    cli_grid_set(&grid, 0, catalog->name);
    cli_grid_set(&grid, 1, "UNIT");
    cli_grid_set(&grid, 2, "MEANING");
    for (int i = 0; i < HA_N_PARAMS; i++) {
        const struct ha_param_value *v = &catalog->value[i];

        snprintf(value, sizeof(value), "%g", v->mid);
        cli_grid_row(&grid, ha_param_key((enum ha_param)i));
        cli_grid_set(&grid, 0, v->is_set ? value : "-");
        cli_grid_set(&grid, 1, ha_param_unit((enum ha_param)i));
        cli_grid_set(&grid, 2, ha_param_title((enum ha_param)i));
    }
    cli_grid_print(stdout, &grid, 0, 10000);
    cli_grid_release(&grid);
    printf("\nnines explain KEY shows range and source.\n");
}

static bool explain_params(const char *word, const struct ha_catalog *catalog)
{
    bool is_any = false;

    if (strcmp(word, "catalog") == 0) {
        list_params(catalog);
        return true;
    }
    for (int i = 0; i < HA_N_PARAMS; i++) {
        if (is_below(ha_param_key((enum ha_param)i), word)) {
            print_param(catalog, (enum ha_param)i);
            is_any = true;
        }
    }
    return is_any;
}

static bool explain_service(const char *word)
{
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        if (strcmp(services[i].name, word) == 0) {
            printf("%s: %s\n    down is called: %s\n", word, services[i].meaning,
                   cli_service_words(word));
            return true;
        }
    }
    return false;
}

/* ---- root causes ---- */

#define HA_PARAM_NONE HA_N_PARAMS

static const struct {
    enum ha_param rate, duration;
} causes[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration)                     \
    {HA_PARAM_##rate, HA_PARAM_##duration},
#include "models/infra/failure_modes.def"
#undef HA_FM
};

static const char *param_or_none(enum ha_param param)
{
    return param == HA_PARAM_NONE ? "-" : ha_param_key(param);
}

static void list_causes(void)
{
    struct cli_grid grid;

    cli_grid_init(&grid, 2);
    cli_grid_row(&grid, "CAUSE");
    cli_grid_set(&grid, 0, "HOW OFTEN");
    cli_grid_set(&grid, 1, "HOW LONG");
    for (int i = 0; i < HA_N_FMS; i++) {
        cli_grid_row(&grid, ha_fm_title[i]);
        cli_grid_set(&grid, 0, param_or_none(causes[i].rate));
        cli_grid_set(&grid, 1, param_or_none(causes[i].duration));
    }
    cli_grid_print(stdout, &grid, 0, 10000);
    cli_grid_release(&grid);
    printf(
        "\nnines explain CAUSE shows its figures; docs/model/ has a page for each.\n");
}

static bool explain_cause(const char *word, const struct ha_catalog *catalog)
{
    if (strcmp(word, "causes") == 0) {
        list_causes();
        return true;
    }
    for (int i = 0; i < HA_N_FMS; i++) {
        if (strcmp(word, ha_fm_title[i]) != 0 && strcmp(word, ha_fm_key[i]) != 0) {
            continue;
        }
        printf("%s: a root cause, docs/model/%s.md\n", ha_fm_title[i], ha_fm_key[i]);
        if (causes[i].rate != HA_PARAM_NONE) {
            print_param(catalog, causes[i].rate);
        }
        if (causes[i].duration != HA_PARAM_NONE) {
            print_param(catalog, causes[i].duration);
        }
        return true;
    }
    return false;
}

static void print_topics(void)
{
    printf(
        "host       keys of a host file; also host.nodePools, host.storageClasses ...\n"
        "catalog    failure and repair figures; also zone.major, node.host_fail ...\n"
        "causes     root causes and their figures; also \"zone outage\" ...\n"
        "services   ");
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        printf("%s%s", i > 0 ? ", " : "", services[i].name);
    }
    putchar('\n');
}

static int refuse(const char *word)
{
    struct ha_suggest near;
    struct sim_err err;

    ha_suggest_init(&near, word);
    ha_suggest_offer(&near, "host");
    ha_suggest_offer(&near, "catalog");
    ha_suggest_offer(&near, "causes");
    for (int i = 0; i < HA_N_FMS; i++) {
        ha_suggest_offer(&near, ha_fm_title[i]);
    }
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        ha_suggest_offer(&near, services[i].name);
    }
    for (int i = 0; i < HA_N_PARAMS; i++) {
        ha_suggest_offer(&near, ha_param_key((enum ha_param)i));
    }
    sim_err_set(&err, SIM_ERR_USAGE, "nothing is called \"%s\"", word);
    cli_hint_near(&err, &near, "nines explain");
    return cli_fail(&err);
}

static int explain(const char *word, const char *catalog_name)
{
    struct sim_arena arena;
    struct ha_catalog catalog;
    struct sim_err err;
    bool is_known = true;
    int code = CLI_EXIT_DONE;

    if (is_below(word, "host")) {
        is_known = explain_host(word[4] != '\0' ? word + 5 : "");
        return is_known ? code : refuse(word);
    }
    sim_arena_init(&arena);
    if (ha_catalog_read_builtin(&arena, catalog_name, NULL, &catalog, &err) != 0) {
        code = cli_fail(&err);
    } else if (!explain_service(word) && !explain_cause(word, &catalog) &&
               !explain_params(word, &catalog)) {
        code = refuse(word);
    }
    sim_arena_clear(&arena);
    return code;
}

int cmd_explain(int argc, char **argv)
{
    const char *catalog = "aws";
    struct cli_talk talk = {0};
    struct cli_list words = {0, NULL};
    const struct cli_option rows[] = {
        {0, "catalog", CLI_OPT_TEXT, &catalog, "NAME", NULL,
         "whose figures: aws (default), gcp, azure, on-prem, homelab"},
        CLI_ROWS_TALK(&talk),
        CLI_ROWS_END};
    int code = cli_parse(&usage, rows, argc, argv, &words);

    if (code == CLI_PARSED && words.n == 0) {
        print_topics();
        code = CLI_EXIT_DONE;
    }
    for (uint32_t i = 0; code == CLI_PARSED && i < words.n; i++) {
        code = explain(words.item[i], catalog);
        code = code == CLI_EXIT_DONE && i + 1 < words.n ? CLI_PARSED : code;
    }
    cli_list_release(&words);
    return code;
}
