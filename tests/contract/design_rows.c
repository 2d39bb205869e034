/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Contracts over the rows of the design reader's tables: a new row is tested without
 * any edit here.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "models/design/catalog.h"
#include "models/design/fields.h"
#include "models/design/host.h"
#include "models/design/layers.h"
#include "models/units.h"

/* Writes "path: value" as nested YAML: a[].b becomes a list of one map. */
static void nest(char *yaml, size_t size, const char *path, const char *value)
{
    char part[160];
    int closes = 0;
    int lists[8] = {0};
    size_t used = 0;

    snprintf(part, sizeof(part), "%s", path);
    for (char *rest = part, *word; (word = strtok_r(rest, ".", &rest)) != NULL;) {
        size_t n = strlen(word);
        bool is_list = n > 2 && strcmp(word + n - 2, "[]") == 0;

        word[is_list ? n - 2 : n] = '\0';
        lists[closes++] = is_list;
        used += (size_t)snprintf(yaml + used, size - used, "{%s: %s", word,
                                 is_list ? "[" : "");
    }
    used += (size_t)snprintf(yaml + used, size - used, "%s", value);
    while (closes-- > 0) {
        used +=
            (size_t)snprintf(yaml + used, size - used, "%s}", lists[closes] ? "]" : "");
    }
}

static int check_host(struct sim_arena *arena, const char *yaml, struct sim_err *err)
{
    size_t n;
    const struct ha_field *table = ha_host_fields(&n);
    struct ha_docs docs;

    cr_assert_eq(ha_docs_parse(arena, "row", yaml, strlen(yaml), &docs, err), 0, "%s",
                 yaml);
    return ha_fields_check(table, n, "the host file", docs.doc[0], err);
}

Test(design_rows, every_field_of_the_host_accepts_its_default_and_explains_itself)
{
    size_t n;
    const struct ha_field *table = ha_host_fields(&n);
    struct sim_arena arena;
    struct sim_err err = {0};

    sim_arena_init(&arena);
    for (size_t i = 0; i < n; i++) {
        char yaml[512];

        cr_assert_gt(strlen(table[i].meaning), 5, "%s", table[i].path);
        if (table[i].fallback[0] != '\0') {
            nest(yaml, sizeof(yaml), table[i].path, table[i].fallback);
            cr_assert_eq(check_host(&arena, yaml, &err), 0, "%s: %s", yaml,
                         err.message);
        }
        nest(yaml, sizeof(yaml), table[i].path, "null");
        cr_assert_eq(check_host(&arena, yaml, &err), 0, "%s: %s", yaml, err.message);
        for (size_t k = 0; k < i; k++) {
            cr_assert_str_neq(table[i].path, table[k].path);
        }
    }
    sim_arena_clear(&arena);
}

Test(design_rows, every_field_of_the_host_refuses_the_wrong_kind_of_value)
{
    size_t n;
    const struct ha_field *table = ha_host_fields(&n);
    struct sim_arena arena;
    struct sim_err err = {0};

    sim_arena_init(&arena);
    for (size_t i = 0; i < n; i++) {
        bool wants_tree = table[i].type == HA_FIELD_TREE;
        bool wants_list =
            table[i].type == HA_FIELD_WORDS || table[i].type == HA_FIELD_ITEMS;
        char yaml[512];

        nest(yaml, sizeof(yaml), table[i].path, wants_list ? "{a: b}" : "[[1]]");
        cr_assert(wants_tree || check_host(&arena, yaml, &err) == -SIM_ERR_INPUT, "%s",
                  yaml);
        cr_assert(wants_tree || strstr(err.message, table[i].path) != NULL, "%s",
                  err.message);
    }
    sim_arena_clear(&arena);
}

Test(design_rows, every_provider_makes_a_whole_host)
{
    for (const char *const *name = ha_catalog_names(); *name != NULL; name++) {
        struct ha_cluster_objects objects = {NULL, NULL};
        struct sim_arena arena;
        struct ha_host host;
        struct sim_err err = {0};

        memset(&host, 0, sizeof(host));
        sim_arena_init(&arena);
        cr_assert_not_null(ha_provider_find(*name));
        cr_assert_eq(ha_host_read(&arena, NULL, &objects, *name, &host, &err), 0, "%s",
                     err.message);
        cr_assert_eq(host.n_nodes, 9);
        cr_assert_eq(host.n_classes, 1);
        cr_assert(host.storage_class[0].is_default);
        cr_assert_gt(host.node[0].price_usd_month, 0);
        cr_assert(!host.drain_is_forced || host.drain_limit_s > 0);
        sim_arena_clear(&arena);
    }
}

Test(design_rows, every_old_key_is_refused_with_its_new_place)
{
    static const char *const rows[][2] = {
#define HA_OLD_KEY(path, hint) {path, hint},
#include "models/design/old_keys.def"
#undef HA_OLD_KEY
    };
    struct sim_arena arena;
    struct ha_chart chart;
    struct sim_err err = {0};

    sim_arena_init(&arena);
    cr_assert_eq(ha_chart_read(&arena, &chart, &err), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ha_docs docs;
        char yaml[512];

        nest(yaml, sizeof(yaml), rows[i][0], "{}");
        cr_assert_eq(ha_docs_parse(&arena, "row", yaml, strlen(yaml), &docs, &err), 0);
        cr_assert_eq(ha_schema_check(&chart, docs.doc[0], &err), -SIM_ERR_INPUT, "%s",
                     yaml);
        cr_assert_str_eq(err.hint, rows[i][1]);
    }
    sim_arena_clear(&arena);
}

Test(design_rows, the_charts_own_defaults_pass_schema_and_rules)
{
    struct sim_arena arena;
    struct ha_chart chart;
    struct sim_err err = {0};

    sim_arena_init(&arena);
    cr_assert_eq(ha_chart_read(&arena, &chart, &err), 0);
    cr_assert_eq(ha_schema_check(&chart, chart.defaults, &err), 0, "%s", err.message);
    sim_arena_clear(&arena);
}

Test(design_rows, every_parameter_has_a_known_unit_and_law)
{
    static const char *const laws[] = {"exponential", "weibull 0.8", "periodic",
                                       "lognormal",   "fixed",       "bernoulli",
                                       "none"};

    for (int p = 0; p < HA_N_PARAMS; p++) {
        const char *unit = ha_param_unit((enum ha_param)p);
        bool is_known = strncmp(unit, "1/", 2) == 0 || strcmp(unit, "prob") == 0;
        char one[32];
        double seconds;
        bool has_law = false;

        snprintf(one, sizeof(one), "1%s", unit);
        is_known = is_known || ha_units_read_duration(one, &seconds) == NULL;
        cr_assert(is_known, "%s: %s", ha_param_key((enum ha_param)p), unit);
        for (size_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++) {
            has_law =
                has_law || strcmp(laws[i], ha_param_family((enum ha_param)p)) == 0;
        }
        cr_assert(has_law, "%s", ha_param_key((enum ha_param)p));
        cr_assert_eq(ha_param_find(ha_param_key((enum ha_param)p)), p);
        cr_assert_gt(strlen(ha_param_title((enum ha_param)p)), 8);
    }
}
