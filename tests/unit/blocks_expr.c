/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expressions: values against C's own arithmetic, folding, and every refusal with
 * its column. */
#include "models/blocks/expr.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct sim_arena arena;
static struct ha_symbols symbols;
static struct sim_err err;

static void prepare(void)
{
    static const char *const variable[] = {"f", "m", "x1"};
    sim_arena_init(&arena);
    ha_symbols_init(&symbols, &arena, 8);
    ha_symbols_add(&symbols, (struct ha_symbol){.name = "n", .value = 7});
    ha_symbols_add(&symbols, (struct ha_symbol){.name = "lam", .value = 0.375L});
    for (uint32_t i = 0; i < 3; i++) {
        ha_symbols_add(
            &symbols,
            (struct ha_symbol){.name = variable[i], .is_variable = true, .index = i});
    }
}

static void finish(void)
{
    sim_arena_clear(&arena);
}

static int compile(const char *text, struct ha_expr *out)
{
    struct ha_node *node = ha_node_new_scalar(&arena, text, true);
    node->place = (struct ha_place){"e.yaml", 3, 10};
    return ha_expr_compile(&arena, node, &symbols, out, &err);
}

TestSuite(blocks_expr, .init = prepare, .fini = finish);

Test(blocks_expr, agrees_with_c)
{
    const double v[] = {2.385, 0, 5};
    const double f = v[0], m = v[1], x1 = v[2], n = 7, lam = 0.375;
    const struct {
        const char *text;
        double value;
    } table[] = {
        {"(n-f)*lam", (n - f) * lam},
        {"n-f-x1", n - f - x1},
        {"n-(f-x1)", n - (f - x1)},
        {"n/f/x1", n / f / x1},
        {"n/(f/x1)", n / (f / x1)},
        {"-f*-x1+3", -f * -x1 + 3},
        {"- (f+1)", -(f + 1)},
        {"!m && f>2", 1},
        {"!(f>2) || m!=0", 0},
        {"f<n == 1", 1},
        {"1+2*3-4/8", 6.5},
        {"min(f,2)*lam", 2 * lam},
        {"max(1,f,x1,3)", 5},
        {"min(f+x1, n-f, 100)", n - f},
        {"x1*(x1!=5)*(f>=2)", 0},
        {"n-f>=4", 1},
        {"7 <= x1", 0},
        {"x1 <= 5 && 5 >= x1 && x1 == 5", 1},
        {"1e-3*2.5E+2", 0.25},
        {"lam*(1+2*f)*((n-f)-(x1-m))", lam * (1 + 2 * f) * ((n - f) - (x1 - m))},
        {"1/(x1+f)+f/(n-x1)", 1 / (x1 + f) + f / (n - x1)},
        {"0 && 1/m", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ha_expr e;
        cr_assert_eq(compile(table[i].text, &e), 0, "%s: %s", table[i].text,
                     err.message);
        double got = ha_expr_eval(&e, v);
        cr_assert_lt(fabs(got - table[i].value), 1e-15 + 1e-15 * fabs(got),
                     "%s gave %.17g", table[i].text, got);
    }
}

Test(blocks_expr, folds_constants)
{
    struct ha_expr e;
    cr_assert_eq(compile("1/(n*lam) + (3>2)", &e), 0);
    cr_assert(e.is_constant);
    cr_assert_eq(e.n, 1);
    cr_assert_eq(compile("(n-f)*lam", &e), 0);
    cr_assert_not(e.is_constant);
    cr_assert_eq(e.n, 3, "%u steps", e.n);
    cr_assert_eq(compile("f*m + x1*f", &e), 0);
    cr_assert_eq(e.n_reads, 3);
    cr_assert_eq(e.read[0], 0);
    cr_assert_eq(e.read[2], 2);
}

Test(blocks_expr, refuses_with_the_column)
{
    const struct {
        const char *text;
        int at; /* byte of the fault, 0-based */
        const char *message;
    } table[] = {
        {"", 0, "empty"},
        {"f+", 2, "ends too early"},
        {"f+*2", 2, "expected a number"},
        {"f 2", 2, "expected an operator"},
        {"f=2", 1, "expected an operator"},
        {"2*(f+1", 2, "never closed"},
        {"f)", 1, "without"},
        {"nu*f", 0, "neither"},
        {"pow(f,2)", 0, "no function"},
        {"f,2", 1, "comma"},
        {"0x10", 0, "not a number"},
        {"1.2.3", 0, "not a number"},
        {"1e999999", 0, "number"},
        {"min()", 4, "expected a number"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ha_expr e;
        cr_assert_eq(compile(table[i].text, &e), -SIM_ERR_INPUT, "%s", table[i].text);
        cr_assert_not_null(strstr(err.message, table[i].message), "%s: %s",
                           table[i].text, err.message);
        cr_assert_eq(err.column, 10 + table[i].at, "%s: column %d", table[i].text,
                     err.column);
    }
}

Test(blocks_expr, hostile_nesting_meets_a_limit)
{
    char text[4000];
    struct ha_expr e;
    memset(text, '(', 3000);
    text[3000] = '\0';
    cr_assert_eq(compile(text, &e), -SIM_ERR_INPUT);
    size_t n = 0;
    for (int i = 0; i < 60; i++) {
        n += (size_t)sprintf(text + n, "f*m+(");
    }
    n += (size_t)sprintf(text + n, "f*f");
    memset(text + n, ')', 60);
    text[n + 60] = '\0';
    cr_assert_eq(compile(text, &e), -SIM_ERR_INPUT);
    cr_assert_not_null(strstr(err.message, "deep"));
}
