/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines schema: the JSON schemas that are built into the program, for editors (files
 * that are read) and for programs that read results.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/error.h"
#include "cli/options.h"
#include "models/design/assets.h"
#include "models/design/suggest.h"

static const struct cli_usage usage = {
    .name = "schema",
    .synopsis = "nines schema [NAME]",
    .about = "A JSON schema: for your editor, or for programs that read results.",
    .examples = "  nines schema\n"
                "  nines schema host > nines-host.schema.json\n"
                "  nines run -f vcluster.yaml -o json | check-jsonschema "
                "--schemafile <(nines schema result) -",
};

static const struct {
    const char *name, *asset, *about;
} schemas[] = {
    {"design", "configs/schema/nines-design-v1.schema.json", "kind: Design"},
    {"host", "configs/schema/nines-host-v1.schema.json", "kind: Host"},
    {"values", "configs/schema/vcluster-values.schema.json", "vcluster.yaml"},
    {"result", "configs/schema/nines-result-v1.schema.json", "nines run -o json"},
    {"compare", "configs/schema/nines-compare-v1.schema.json", "nines compare -o json"},
};
#define N_SCHEMAS (sizeof(schemas) / sizeof(schemas[0]))

static int print_schema(const char *name)
{
    struct ha_suggest near;
    struct sim_err err;

    ha_suggest_init(&near, name);
    for (size_t i = 0; i < N_SCHEMAS; i++) {
        const struct ha_asset *asset = ha_asset_find(schemas[i].asset);

        ha_suggest_offer(&near, schemas[i].name);
        if (strcmp(name, schemas[i].name) == 0 && asset != NULL) {
            fwrite(asset->data, 1, asset->length, stdout);
            return CLI_EXIT_DONE;
        }
    }
    sim_err_set(&err, SIM_ERR_USAGE, "there is no schema \"%s\"", name);
    cli_hint_near(&err, &near, "nines schema");
    return cli_fail(&err);
}

int cmd_schema(int argc, char **argv)
{
    const struct cli_option rows[] = {CLI_ROWS_END};
    struct cli_list words = {0, NULL};
    int rc = cli_parse(&usage, rows, argc, argv, &words);

    if (rc == CLI_PARSED && words.n == 0) {
        for (size_t i = 0; i < N_SCHEMAS; i++) {
            printf("%-9s %s\n", schemas[i].name, schemas[i].about);
        }
        rc = CLI_EXIT_DONE;
    } else if (rc == CLI_PARSED) {
        rc = print_schema(words.item[0]);
    }
    cli_list_release(&words);
    return rc;
}
