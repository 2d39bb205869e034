/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The published schema of host files is what the table says. After a change of the
 * table, write it anew with NINES_UPDATE=1 in the environment. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/design/doc.h"
#include "models/design/fields.h"
#include "models/design/host_schema.h"

#define PUBLISHED "configs/schema/nines-host-v1.schema.json"

static void update(void)
{
    FILE *file = getenv("NINES_UPDATE") != NULL ? fopen(PUBLISHED, "w") : NULL;

    if (file != NULL) {
        ha_host_schema_write(file);
        fclose(file);
    }
}

Test(design_schema, the_published_schema_of_hosts_is_current)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    FILE *file;
    char *published;
    size_t n;

    update();
    ha_host_schema_write(memory);
    fclose(memory);
    file = fopen(PUBLISHED, "rb");
    cr_assert_not_null(file);
    published = calloc(1, length + 2);
    n = fread(published, 1, length + 1, file);
    fclose(file);
    cr_assert_eq(n, length, "run the tests with NINES_UPDATE=1");
    cr_assert_eq(memcmp(text, published, length), 0,
                 "run the tests with NINES_UPDATE=1");
    free(published);
    free(text);
}

Test(design_schema, it_is_well_formed)
{
    struct sim_arena arena;
    struct ha_docs docs;
    struct sim_err err;
    const struct ha_node *properties;

    sim_arena_init(&arena);
    cr_assert_eq(ha_docs_read(&arena, PUBLISHED, &docs, &err), 0, "%s", err.message);
    properties = ha_node_get(docs.doc[0], "properties");
    cr_assert_not_null(ha_node_at(properties, "nodePools.items.properties.count"));
    cr_assert_not_null(ha_node_at(properties, "drain.properties.limit"));
    sim_arena_clear(&arena);
}

Test(design_schema, every_field_stands_in_the_manual)
{
    size_t n;
    const struct ha_field *table = ha_host_fields(&n);
    static char manual[65536];
    FILE *file = fopen("docs/inputs.md", "rb");

    cr_assert_not_null(file);
    cr_assert_gt(fread(manual, 1, sizeof(manual) - 1, file), 1000);
    fclose(file);
    for (size_t i = 0; i < n; i++) {
        char row[256];

        snprintf(row, sizeof(row), "| `%s` |", table[i].path);
        cr_assert_not_null(strstr(manual, row), "docs/inputs.md lacks %s",
                           table[i].path);
    }
}
