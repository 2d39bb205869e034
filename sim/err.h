/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors from outside: a wrong file, a full disk, a missing program.
 *
 * A function that can fail for such a reason returns int (0 good, a negative
 * code bad) and takes a struct sim_err as its last argument, which it fills.
 * The struct holds fixed buffers, so reporting an error never allocates. Broken
 * invariants are not errors but bugs: see sim/check.h.
 */
#ifndef SIM_ERR_H
#define SIM_ERR_H

enum sim_err_code {
    SIM_ERR_NONE = 0,
#define SIM_ERR(name, exit_code, text) SIM_ERR_##name,
#include "sim/err.def"
#undef SIM_ERR
    SIM_ERR_COUNT
};

/* What went wrong, where, what was expected, and what to type instead. */
struct sim_err {
    int code;          /* enum sim_err_code, SIM_ERR_NONE while all is well */
    int line;          /* 1-based, 0 when there is no place in a file */
    int column;        /* 1-based, 0 when unknown */
    char file[256];    /* name as the user typed it, "" when not about a file */
    char message[768]; /* one sentence: what is wrong and what was expected */
    char hint[512];    /* what to do: "did you mean ...", a command; may be "" */
    char excerpt[256]; /* the offending source line without newline; may be "" */
    int excerpt_len;   /* how many columns to underline, at least 1 */
};

/*
 * Fills err and returns -code, so that a caller can write
 * `return sim_err_set(err, SIM_ERR_IO, "cannot open %s", path);`.
 * Place, hint and excerpt are cleared; err may be NULL (then only the code counts).
 */
int sim_err_set(struct sim_err *err, enum sim_err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds the place to an error already set: file (copied), 1-based line and column. */
void sim_err_at(struct sim_err *err, const char *file, int line, int column);

/* Adds the hint line to an error already set. */
void sim_err_hint(struct sim_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The process exit code that belongs to an error code (sim/err.def); 0 for none. */
int sim_err_exit_code(int code);

#endif
