/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors from outside. The texts live with whoever finds the fault; this file
 * only knows how to store them without allocating, and which exit code each
 * kind of error leads to. One table, sim/err.def, makes the enum and the codes.
 */
#include "sim/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int sim_err_set(struct sim_err *err, enum sim_err_code code, const char *fmt, ...)
{
    if (err != NULL) {
        va_list ap;

        memset(err, 0, sizeof(*err));
        err->code = (int)code;
        err->excerpt_len = 1;
        va_start(ap, fmt);
        vsnprintf(err->message, sizeof(err->message), fmt, ap);
        va_end(ap);
    }
    return -(int)code;
}

void sim_err_at(struct sim_err *err, const char *file, int line, int column)
{
    if (err == NULL) {
        return;
    }
    snprintf(err->file, sizeof(err->file), "%s", file != NULL ? file : "");
    err->line = line;
    err->column = column;
}

void sim_err_hint(struct sim_err *err, const char *fmt, ...)
{
    va_list ap;

    if (err == NULL) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
    va_end(ap);
}

int sim_err_exit_code(int code)
{
    static const int exit_code[SIM_ERR_COUNT] = {
        0,
#define SIM_ERR(name, exit_code, text) exit_code,
#include "sim/err.def"
#undef SIM_ERR
    };

    if (code < 0) {
        code = -code;
    }
    return code < SIM_ERR_COUNT ? exit_code[code] : 1;
}
