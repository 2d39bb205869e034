/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ctrl-C and termination. The first signal asks the run to stop: it finishes its
 * batch, partial results are printed and marked, and the exit code is 130. The
 * second one ends the process at once, after removing a half-written file.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* Set by the first SIGINT or SIGTERM; studies poll it (sim_study.stop). */
extern volatile sig_atomic_t cli_stop;

/* Installs the handlers, and ignores SIGPIPE and SIGXFSZ: a closed pipe and a file
 * size limit are ordinary write errors. */
void cli_signals_install(void);

/* Names the temporary file that a killing signal must remove; NULL forgets it. The
 * path is copied. */
void cli_signals_guard(const char *path);

/* Was the process asked to stop? */
bool cli_is_stopped(void);

#endif
