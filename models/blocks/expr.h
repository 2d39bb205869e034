/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small arithmetic expressions over named numbers: guards, rates and updates of a
 * reliability problem ("(n-f)*lam", "f<n && m==0").
 *
 * An expression is compiled once, with every parameter folded into it, to a few
 * steps over the model's variables; evaluating it allocates nothing, calls nothing
 * and takes some nanoseconds, so it may stand in the inner loop of a run.
 */
#ifndef HA_EXPR_H
#define HA_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "models/design/doc.h"
#include "sim/arena.h"
#include "sim/err.h"

/* The names an expression may use. */
struct ha_symbol {
    const char *name;
    bool is_variable;
    uint32_t index;    /* variable: its place in the array given to ha_expr_eval */
    long double value; /* parameter: its value */
};

struct ha_symbols {
    uint32_t n;
    uint32_t capacity;
    struct ha_symbol *symbol;
    uint32_t n_cells; /* of the hash table, a power of two */
    uint32_t *cell;   /* 1 + index into symbol, 0 = empty */
};

/* One step of the little machine; see expr.c. */
struct ha_expr_step {
    uint8_t op;
    uint8_t from; /* where the right operand comes from */
    uint16_t unused;
    uint32_t variable;
    double value;
};

struct ha_expr {
    uint32_t n;
    const struct ha_expr_step *step;
    bool is_constant;
    long double constant; /* when is_constant */
    uint32_t n_reads;     /* the variables it looks at, ascending, each once */
    const uint32_t *read;
};

/* Makes an empty table in the arena for up to `capacity` names. */
void ha_symbols_init(struct ha_symbols *symbols, struct sim_arena *arena,
                     uint32_t capacity);

/* Adds a name; the caller made sure that it is new and that there is room. */
void ha_symbols_add(struct ha_symbols *symbols, struct ha_symbol symbol);

/* The symbol of that name, or NULL. */
const struct ha_symbol *ha_symbols_find(const struct ha_symbols *symbols,
                                        const char *name);

/* True when text can be a name: letter or underscore, then letters, digits, _. */
bool ha_symbol_is_name(const char *text);

/*
 * Compiles the scalar `node`. Operators + - * / ( ) < <= > >= == != && || !,
 * functions min and max, decimal numbers; comparisons give 0 or 1, and any number
 * but 0 counts as true. Errors: SIM_ERR_INPUT at the character at fault.
 */
int ha_expr_compile(struct sim_arena *arena, const struct ha_node *node,
                    const struct ha_symbols *symbols, struct ha_expr *out,
                    struct sim_err *err);

/* A constant expression made in code. */
struct ha_expr ha_expr_constant(struct sim_arena *arena, double value);

/* Is this "variable plus (or minus) a constant that is not 0"? */
bool ha_expr_is_shift(const struct ha_expr *expr, uint32_t variable);

/* The value with the variables given. Pure; may be called inside a run. */
double ha_expr_eval(const struct ha_expr *expr, const double *variable);

#endif
