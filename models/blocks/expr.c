/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Expressions: from text to a few steps, and from steps to a number.
 *
 * The reader is an operator-precedence parser (Dijkstra's shunting yard) with an
 * explicit stack, so that hostile nesting meets a limit instead of the C stack.
 * While it reads it keeps a stack of *operands*: constants, variables, and results
 * already computed at run time. An operator over constants is folded at once, in
 * long double, so "1/7776000" and every parameter cost nothing later and are
 * rounded once. An operator over a variable or a constant takes it as a direct
 * operand of the step, which makes "(n-f)*lam" three steps: load n, minus f,
 * times lam. When the left operand was kept back and the right one is computed, the
 * reversed operator is used ("right minus left" and so on).
 *
 * The machine has one stack of doubles of fixed depth; the compiler checks the
 * depth, the evaluator need not. There are no short cuts in && and ||: every
 * operand is a pure number, and a division by zero in a branch not taken gives an
 * infinity or NaN that the comparison turns into 0 or 1.
 *
 * Precedence, from loose to tight: ||, &&, == !=, < <= > >=, + -, * /, unary - !.
 */
#include "models/blocks/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check.h"

enum {
    MAX_PENDING = 256, /* operators and operands waiting while reading */
    MAX_DEPTH = 48     /* results waiting on the machine's stack */
};

/* Binary operators: name, value of `a op b`, the operator with swapped operands, and
 * how tightly it binds. Said once, for the reader and for the machine. */
#define BINARY_OPERATORS(X)                                                            \
    X(OR, a != 0 || b != 0, OR, 1)                                                     \
    X(AND, a != 0 && b != 0, AND, 2)                                                   \
    X(EQ, a == b, EQ, 3)                                                               \
    X(NE, a != b, NE, 3)                                                               \
    X(LT, a < b, GT, 4)                                                                \
    X(LE, a <= b, GE, 4)                                                               \
    X(GT, a > b, LT, 4)                                                                \
    X(GE, a >= b, LE, 4)                                                               \
    X(ADD, a + b, ADD, 5)                                                              \
    X(SUB, a - b, RSUB, 5)                                                             \
    X(RSUB, b - a, SUB, 5)                                                             \
    X(MUL, a *b, MUL, 6)                                                               \
    X(DIV, a / b, RDIV, 6)                                                             \
    X(RDIV, b / a, DIV, 6)                                                             \
    X(MIN, b < a ? b : a, MIN, 0)                                                      \
    X(MAX, b > a ? b : a, MAX, 0)

enum op {
    OP_LOAD,
#define AS_ENUM(name, value, swapped, binds) OP_##name,
    BINARY_OPERATORS(AS_ENUM)
#undef AS_ENUM
        OP_NEG,
    OP_NOT,
    OP_OPEN, /* only on the reader's stack: "(" */
    OP_CALL  /* only on the reader's stack: "min(" or "max(" */
};

enum from { FROM_STACK, FROM_VARIABLE, FROM_CONSTANT };

/* ---- arithmetic in the reader's precision ---- */

static long double fold(enum op op, long double a, long double b)
{
    switch (op) {
#define AS_CASE(name, value, swapped, binds)                                           \
    case OP_##name:                                                                    \
        return value;
        BINARY_OPERATORS(AS_CASE)
#undef AS_CASE
    case OP_NEG:
        return -a;
    case OP_NOT:
        return a == 0;
    default:
        SIM_CHECK(!"an operator that is no operator");
        return 0;
    }
}

/* The operator with its operands swapped. */
static enum op reversed(enum op op)
{
    switch (op) {
#define AS_CASE(name, value, swapped, binds)                                           \
    case OP_##name:                                                                    \
        return OP_##swapped;
        BINARY_OPERATORS(AS_CASE)
#undef AS_CASE
    default:
        return op;
    }
}

static int precedence(enum op op)
{
    switch (op) {
#define AS_CASE(name, value, swapped, binds)                                           \
    case OP_##name:                                                                    \
        return binds;
        BINARY_OPERATORS(AS_CASE)
#undef AS_CASE
    case OP_NEG:
    case OP_NOT:
        return 7;
    default:
        return 0; /* brackets */
    }
}

/* ---- reading ---- */

struct operand {
    enum from from;
    uint32_t variable;
    long double value;
};

struct waiting {
    enum op op;
    enum op call;  /* OP_CALL: OP_MIN or OP_MAX */
    int arguments; /* OP_CALL: commas seen so far */
    size_t at;     /* of a bracket, for messages */
};

struct reader {
    const struct ha_node *node;
    const struct ha_symbols *symbols;
    const char *text;
    size_t at;
    struct operand operand[MAX_PENDING];
    uint32_t n_operands;
    struct waiting waiting[MAX_PENDING];
    uint32_t n_waiting;
    struct ha_expr_step *step;
    uint32_t n_steps, capacity;
    uint32_t depth;
    bool is_too_deep;
    struct sim_err *err;
};

/* Reports at byte `at` of the expression's text. A quoted scalar begins one column
 * after its place. */
#define FAIL(r, where, ...)                                                            \
    (ha_node_error((r)->err, (r)->node, __VA_ARGS__), shift_place((r), (where)))

static int shift_place(struct reader *r, size_t at)
{
    struct sim_err *err = r->err;
    if (err != NULL && err->column > 0) {
        err->column += (int)at + (r->node->is_plain ? 0 : 1);
        err->excerpt_len = 1;
    }
    return -SIM_ERR_INPUT;
}

static void emit(struct reader *r, enum op op, const struct operand *right)
{
    SIM_CHECK(r->n_steps < r->capacity);
    r->step[r->n_steps++] = (struct ha_expr_step){
        .op = (uint8_t)op,
        .from = (uint8_t)right->from,
        .variable = right->variable,
        .value = (double)right->value,
    };
}

/* Makes sure that an operand kept back is on the machine's stack. */
static void load(struct reader *r, struct operand *operand)
{
    if (operand->from == FROM_STACK) {
        return;
    }
    emit(r, OP_LOAD, operand);
    operand->from = FROM_STACK;
    r->depth++;
    if (r->depth > MAX_DEPTH) {
        r->is_too_deep = true;
    }
}

static void apply_unary(struct reader *r, enum op op)
{
    struct operand *a = &r->operand[r->n_operands - 1];
    if (a->from == FROM_CONSTANT) {
        a->value = fold(op, a->value, 0);
        return;
    }
    load(r, a);
    emit(r, op, a);
}

static void apply_binary(struct reader *r, enum op op)
{
    struct operand *a = &r->operand[r->n_operands - 2];
    struct operand *b = &r->operand[r->n_operands - 1];
    r->n_operands--;
    if (a->from == FROM_CONSTANT && b->from == FROM_CONSTANT) {
        a->value = fold(op, a->value, b->value);
    } else if (a->from != FROM_STACK && b->from == FROM_STACK) {
        emit(r, reversed(op), a);
        a->from = FROM_STACK;
    } else {
        load(r, a);
        emit(r, op, b);
        if (b->from == FROM_STACK) {
            r->depth--;
        }
    }
}

static void apply(struct reader *r, enum op op)
{
    if (op == OP_NEG || op == OP_NOT) {
        apply_unary(r, op);
    } else {
        apply_binary(r, op);
    }
}

/* Applies what binds at least as tightly as `floor`, down to an open bracket. */
static void reduce(struct reader *r, int floor)
{
    while (r->n_waiting > 0) {
        enum op top = r->waiting[r->n_waiting - 1].op;
        if (precedence(top) == 0 || precedence(top) < floor) {
            return;
        }
        r->n_waiting--;
        apply(r, top);
    }
}

static int push_waiting(struct reader *r, struct waiting waiting)
{
    if (r->n_waiting == MAX_PENDING) {
        return FAIL(r, r->at, "the expression is nested too deeply");
    }
    r->waiting[r->n_waiting++] = waiting;
    return 0;
}

static int push_operand(struct reader *r, struct operand operand)
{
    if (r->n_operands == MAX_PENDING) {
        return FAIL(r, r->at, "the expression is nested too deeply");
    }
    r->operand[r->n_operands++] = operand;
    return 0;
}

/* A decimal number; strtold alone would also take "inf", "nan" and hexadecimal. */
static int read_number(struct reader *r)
{
    const char *begin = r->text + r->at;
    const char *p = begin;
    while (isdigit((unsigned char)*p) || *p == '.') {
        p++;
    }
    if ((*p == 'e' || *p == 'E') &&
        (isdigit((unsigned char)p[1]) ||
         ((p[1] == '+' || p[1] == '-') && isdigit((unsigned char)p[2])))) {
        p += 2;
        while (isdigit((unsigned char)*p)) {
            p++;
        }
    }
    if (isalnum((unsigned char)*p) || *p == '_') {
        return FAIL(r, r->at, "\"%.*s...\" is not a number",
                    (int)(p - begin) + 1 > 40 ? 40 : (int)(p - begin) + 1, begin);
    }
    char *end = NULL;
    long double value = strtold(begin, &end);
    if (end != p || !isfinite(value)) {
        return FAIL(r, r->at, "this is not a number that can be used");
    }
    r->at = (size_t)(p - r->text);
    return push_operand(r, (struct operand){.from = FROM_CONSTANT, .value = value});
}

static int read_name(struct reader *r)
{
    size_t begin = r->at;
    char name[128];
    size_t n = 0;
    while (isalnum((unsigned char)r->text[r->at]) || r->text[r->at] == '_') {
        if (n + 1 == sizeof name) {
            return FAIL(r, begin, "a name of more than %zu characters", n);
        }
        name[n++] = r->text[r->at++];
    }
    name[n] = '\0';
    const char *after = r->text + r->at;
    while (*after == ' ') {
        after++;
    }
    if (*after == '(') {
        bool is_min = strcmp(name, "min") == 0;
        if (!is_min && strcmp(name, "max") != 0) {
            return FAIL(r, begin, "no function \"%s\"; there are min and max", name);
        }
        r->at = (size_t)(after - r->text) + 1;
        return push_waiting(r, (struct waiting){.op = OP_CALL,
                                                .call = is_min ? OP_MIN : OP_MAX,
                                                .at = begin}) < 0
                   ? -SIM_ERR_INPUT
                   : 1; /* still waiting for an operand */
    }
    const struct ha_symbol *symbol = ha_symbols_find(r->symbols, name);
    if (symbol == NULL) {
        int rc = FAIL(r, begin, "\"%s\" is neither a parameter nor a variable", name);
        sim_err_hint(r->err, "a parameter may use only those written before it");
        return rc;
    }
    if (symbol->is_variable) {
        return push_operand(
            r, (struct operand){.from = FROM_VARIABLE, .variable = symbol->index});
    }
    return push_operand(
        r, (struct operand){.from = FROM_CONSTANT, .value = symbol->value});
}

/* Reads one operand, or what may stand before one. 0: an operand was read. 1: an
 * operand is still to come. Negative: error. */
static int read_operand(struct reader *r)
{
    char c = r->text[r->at];
    if (isdigit((unsigned char)c) || c == '.') {
        return read_number(r);
    }
    if (isalpha((unsigned char)c) || c == '_') {
        return read_name(r);
    }
    enum op op;
    switch (c) {
    case '(':
        op = OP_OPEN;
        break;
    case '-':
        op = OP_NEG;
        break;
    case '!':
        op = OP_NOT;
        break;
    case '+':
        r->at++;
        return 1;
    case '\0':
        return FAIL(r, r->at,
                    r->at == 0 ? "an empty expression"
                               : "the expression ends too early");
    default:
        return FAIL(r, r->at, "expected a number, a name or \"(\" here");
    }
    int rc = push_waiting(r, (struct waiting){.op = op, .at = r->at});
    r->at++;
    return rc < 0 ? rc : 1;
}

/* ")" or ",": finishes what the bracket holds. 0: done with the bracket, 1: an
 * operand must follow (comma). */
static int close_part(struct reader *r, bool is_comma)
{
    reduce(r, 1);
    if (r->n_waiting == 0) {
        return FAIL(r, r->at,
                    is_comma ? "a comma outside min(...) or max(...)"
                             : "\")\" without \"(\"");
    }
    struct waiting *top = &r->waiting[r->n_waiting - 1];
    if (is_comma) {
        if (top->op != OP_CALL) {
            return FAIL(r, r->at, "a comma outside min(...) or max(...)");
        }
        top->arguments++;
        r->at++;
        return 1;
    }
    for (int i = 0; top->op == OP_CALL && i < top->arguments; i++) {
        apply(r, top->call);
    }
    r->n_waiting--;
    r->at++;
    return 0;
}

/* The binary operator at the head of text: its length, 0 when there is none. */
static size_t find_operator(const char *text, enum op *op)
{
    static const struct {
        char text[3];
        uint8_t op;
    } table[] = {{"<=", OP_LE},  {">=", OP_GE}, {"==", OP_EQ}, {"!=", OP_NE},
                 {"&&", OP_AND}, {"||", OP_OR}, {"<", OP_LT},  {">", OP_GT},
                 {"+", OP_ADD},  {"-", OP_SUB}, {"*", OP_MUL}, {"/", OP_DIV}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t n = strlen(table[i].text);
        if (strncmp(text, table[i].text, n) == 0) {
            *op = (enum op)table[i].op;
            return n;
        }
    }
    return 0;
}

/* After an operand: a binary operator, a closing bracket, a comma or the end.
 * 0: an operator or comma, so an operand must follow; 1: look again; 2: the end. */
static int read_operator(struct reader *r)
{
    char c = r->text[r->at];
    enum op op = OP_ADD;
    if (c == '\0') {
        return 2;
    }
    if (c == ')' || c == ',') {
        int rc = close_part(r, c == ',');
        return rc < 0 ? rc : 1 - rc;
    }
    size_t length = find_operator(r->text + r->at, &op);
    if (length == 0) {
        int rc = FAIL(r, r->at, "expected an operator here");
        if (c == '=') {
            sim_err_hint(r->err, "equality is written ==");
        }
        return rc;
    }
    reduce(r, precedence(op));
    int rc = push_waiting(r, (struct waiting){.op = op, .at = r->at});
    r->at += length;
    return rc;
}

static int read_all(struct reader *r)
{
    bool wants_operand = true;
    for (;;) {
        while (isspace((unsigned char)r->text[r->at])) {
            r->at++;
        }
        int rc = wants_operand ? read_operand(r) : read_operator(r);
        if (rc < 0) {
            return rc;
        }
        if (wants_operand) {
            wants_operand = rc == 1;
        } else if (rc == 2) {
            break;
        } else {
            wants_operand = rc == 0;
        }
    }
    reduce(r, 1);
    if (r->n_waiting > 0) {
        return FAIL(r, r->waiting[r->n_waiting - 1].at, "\"(\" is never closed");
    }
    return 0;
}

/* ---- the finished expression ---- */

static int compare_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void collect_reads(struct sim_arena *arena, struct ha_expr *expr)
{
    uint32_t *read = sim_arena_calloc(arena, expr->n, sizeof *read);
    uint32_t n = 0;
    for (uint32_t i = 0; i < expr->n; i++) {
        if (expr->step[i].from == FROM_VARIABLE) {
            read[n++] = expr->step[i].variable;
        }
    }
    if (n > 0) {
        qsort(read, n, sizeof *read, compare_index);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (kept == 0 || read[kept - 1] != read[i]) {
            read[kept++] = read[i];
        }
    }
    expr->read = read;
    expr->n_reads = kept;
}

int ha_expr_compile(struct sim_arena *arena, const struct ha_node *node,
                    const struct ha_symbols *symbols, struct ha_expr *out,
                    struct sim_err *err)
{
    if (node->kind != HA_NODE_SCALAR || node->length != strlen(node->text)) {
        return ha_node_error(err, node, "expected an expression");
    }
    struct reader r = {.node = node,
                       .symbols = symbols,
                       .text = node->text,
                       .err = err,
                       .capacity = 2 * node->length + 2};
    r.step = sim_arena_calloc(arena, r.capacity, sizeof *r.step);
    int rc = read_all(&r);
    if (rc < 0) {
        return rc;
    }
    struct operand *result = &r.operand[0];
    memset(out, 0, sizeof *out);
    out->is_constant = result->from == FROM_CONSTANT;
    out->constant = result->value;
    load(&r, result);
    if (r.is_too_deep) {
        return ha_node_error(err, node, "the expression is nested too deeply");
    }
    out->n = r.n_steps;
    out->step = r.step;
    collect_reads(arena, out);
    return 0;
}

struct ha_expr ha_expr_constant(struct sim_arena *arena, double value)
{
    struct ha_expr_step *step = sim_arena_calloc(arena, 1, sizeof *step);
    *step = (struct ha_expr_step){.op = OP_LOAD, .from = FROM_CONSTANT, .value = value};
    return (struct ha_expr){
        .n = 1, .step = step, .is_constant = true, .constant = value};
}

bool ha_expr_is_shift(const struct ha_expr *expr, uint32_t variable)
{
    return expr->n == 2 && expr->step[0].from == FROM_VARIABLE &&
           expr->step[0].variable == variable &&
           (expr->step[1].op == OP_ADD || expr->step[1].op == OP_SUB) &&
           expr->step[1].from == FROM_CONSTANT && expr->step[1].value != 0;
}

double ha_expr_eval(const struct ha_expr *expr, const double *variable)
{
    double stack[MAX_DEPTH + 1];
    double *top = stack;
    stack[0] = stack[1] = 0;
    const struct ha_expr_step *end = expr->step + expr->n;
    for (const struct ha_expr_step *s = expr->step; s != end; s++) {
        double b = s->value;
        if (s->from == FROM_VARIABLE) {
            b = variable[s->variable];
        } else if (s->from == FROM_STACK && s->op < OP_NEG) {
            b = *top--;
        }
        if (s->op == OP_LOAD) {
            *++top = b;
            continue;
        }
        double a = *top; /* NOLINT: the compiler checked the depth */
        switch ((enum op)s->op) {
#define AS_CASE(name, value, swapped, binds)                                           \
    case OP_##name:                                                                    \
        *top = value;                                                                  \
        break;
            BINARY_OPERATORS(AS_CASE)
#undef AS_CASE
        case OP_NEG:
            *top = -a;
            break;
        case OP_NOT:
            *top = a == 0;
            break;
        default:
            break;
        }
    }
    return *top;
}
