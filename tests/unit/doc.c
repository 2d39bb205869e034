/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The YAML reader: places, limits and merges. Every refusal is provoked once.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "models/design/doc.h"

static struct sim_arena arena;

static void setup(void)
{
    sim_arena_init(&arena);
}

static void teardown(void)
{
    sim_arena_clear(&arena);
}

TestSuite(doc, .init = setup, .fini = teardown);

static const struct ha_node *parse(const char *text)
{
    struct ha_docs docs;
    struct sim_err err;

    cr_assert(ha_docs_parse(&arena, "t.yaml", text, strlen(text), &docs, &err) == 0,
              "%s", err.message);
    cr_assert(docs.n == 1);
    return docs.doc[0];
}

static struct sim_err refuse(const char *text)
{
    struct ha_docs docs;
    struct sim_err err = {0};

    cr_assert(ha_docs_parse(&arena, "t.yaml", text, strlen(text), &docs, &err) < 0);
    cr_assert(sim_err_exit_code(err.code) == 2);
    cr_assert(err.line > 0 && err.column > 0);
    return err;
}

Test(doc, values_know_their_place)
{
    const struct ha_node *root = parse("a:\n  b: 3\n  c: [x, \"null\"]\n");
    const struct ha_node *b = ha_node_at(root, "a.b");
    int64_t number = 0;

    cr_assert(ha_node_int(b, &number) && number == 3);
    cr_assert(b->place.line == 2 && b->place.column == 6);
    cr_assert(ha_node_at(root, "a.z") == NULL);
    cr_assert(!ha_node_is_null(ha_node_at(root, "a.c")->item[1]),
              "quoted null is text");
}

Test(doc, merge_keys_add_what_is_not_set)
{
    const struct ha_node *root = parse("x: &x {a: 1, b: 1}\n"
                                       "y: &y {b: 2, c: 2}\n"
                                       "one: {<<: *x, a: 9}\n"
                                       "two: {<<: [*x, *y], d: 4}\n");

    cr_assert_str_eq(ha_node_text(ha_node_at(root, "one.a"), ""), "9");
    cr_assert_str_eq(ha_node_text(ha_node_at(root, "one.b"), ""), "1");
    cr_assert(ha_node_at(root, "one")->n == 2);
    cr_assert_str_eq(ha_node_text(ha_node_at(root, "two.b"), ""), "1");
    cr_assert_str_eq(ha_node_text(ha_node_at(root, "two.c"), ""), "2");
    cr_assert(ha_node_at(root, "two")->n == 4);
    cr_assert(refuse("a: {<<: 3}\n").column == 5);
}

Test(doc, several_documents)
{
    const char *text = "a: 1\n---\nb: 2\n";
    struct ha_docs docs;

    cr_assert(ha_docs_parse(&arena, "t", text, strlen(text), &docs, NULL) == 0);
    cr_assert(docs.n == 2);
}

Test(doc, duplicate_key_is_an_error_at_the_second_one)
{
    struct sim_err err = refuse("a: 1\nb: 2\na: 3\n");

    cr_assert(err.line == 3 && err.column == 1);
    cr_assert(strcmp(err.excerpt, "a: 3") == 0);
}

Test(doc, broken_text)
{
    cr_assert(refuse("a: [1, 2\nb: 3\n").line >= 1);
    refuse("a: \xff\xfe\n");
    refuse("a: *nowhere\n");
    refuse("? [list, as, key]\n: 1\n");
    refuse("a: \"nul \\0 inside\"\n");
}

Test(doc, an_alias_must_not_contain_itself)
{
    cr_assert(strstr(refuse("a: &x [1, *x]\n").message, "itself") != NULL);
}

Test(doc, nested_aliases_count_as_copies)
{
    char text[2048];
    int n = snprintf(text, sizeof(text), "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");

    for (int i = 1; i < 9; i++) {
        n += snprintf(text + n, sizeof(text) - (size_t)n,
                      "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
                      i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    }
    cr_assert(strstr(refuse(text).message, "more than") != NULL);
}

Test(doc, depth_is_limited)
{
    char text[600];

    memset(text, '[', 500);
    text[500] = '\0';
    cr_assert(strstr(refuse(text).message, "deeper") != NULL);
}

Test(doc, merge_follows_helm)
{
    const struct ha_node *base = parse("a: {x: 1, y: 2}\nl: [1, 2]\nk: 5\n");
    const struct ha_node *over = parse("a: {y: 3, z: 4}\nl: [9]\nk: null\nn: null\n");
    const struct ha_node *out = ha_node_merge(&arena, base, over);

    cr_assert(strcmp(ha_node_text(ha_node_at(out, "a.x"), ""), "1") == 0);
    cr_assert(strcmp(ha_node_text(ha_node_at(out, "a.y"), ""), "3") == 0);
    cr_assert(strcmp(ha_node_text(ha_node_at(out, "a.z"), ""), "4") == 0);
    cr_assert(ha_node_get(out, "l")->n == 1, "lists are replaced whole");
    cr_assert(ha_node_get(out, "k") == NULL, "null deletes");
    cr_assert(ha_node_get(out, "n") == NULL);
    cr_assert(ha_node_at(base, "a.y")->text[0] == '2', "the inputs are untouched");
}

Test(doc, numbers_and_booleans_are_strict)
{
    const struct ha_node *root =
        parse("{a: 3abc, b: 1e400, c: 07, d: \"true\", e: True}");
    int64_t number;
    double real;
    bool truth = false;

    cr_assert(!ha_node_int(ha_node_get(root, "a"), &number));
    cr_assert(!ha_node_double(ha_node_get(root, "b"), &real));
    cr_assert(ha_node_int(ha_node_get(root, "c"), &number) && number == 7);
    cr_assert(!ha_node_bool(ha_node_get(root, "d"), &truth));
    cr_assert(ha_node_bool(ha_node_get(root, "e"), &truth) && truth);
}

Test(doc, trees_grow_in_code)
{
    struct ha_node *list = ha_node_new_list(&arena);
    struct ha_node *map = ha_node_new_map(&arena);
    char key[16];

    for (int i = 0; i < 37; i++) {
        struct ha_node *value;

        snprintf(key, sizeof(key), "k%d", i);
        value = ha_node_new_scalar(&arena, key, true);
        ha_node_set(&arena, map, key, value);
        ha_node_append(&arena, list, value);
    }
    cr_assert(map->n == 37 && list->n == 37);
    cr_assert(strcmp(list->item[36]->text, "k36") == 0);
    ha_node_set(&arena, map, "k5", ha_node_new_scalar(&arena, "new", true));
    cr_assert(map->n == 37 && strcmp(ha_node_get(map, "k5")->text, "new") == 0);
}

Test(doc, a_missing_file_is_not_the_users_yaml)
{
    struct ha_docs docs;
    struct sim_err err;

    cr_assert(ha_docs_read(&arena, "does/not/exist.yaml", &docs, &err) == -SIM_ERR_IO);
    cr_assert(sim_err_exit_code(err.code) == 1);
}
