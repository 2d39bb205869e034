/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running another program (gnuplot) without a shell. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include <stddef.h>

#include "sim/err.h"

/*
 * Runs argv (NULL-terminated; argv[0] is looked up on the PATH) in directory `dir`
 * (NULL: here), with standard input and output closed off, and waits. Errors:
 * SIM_ERR_TOOL when the program is missing, fails, or is killed; the message holds
 * the last line it wrote to stderr.
 */
int cli_process_run(const char *const *argv, const char *dir, struct sim_err *err);

/* The same, keeping the first `size` bytes of its standard output in `text`. */
int cli_process_read(const char *const *argv, char *text, size_t size,
                     struct sim_err *err);

#endif
