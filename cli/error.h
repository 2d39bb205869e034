/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saying what went wrong, on stderr, always in the same layout:
 *
 *     prod.yaml:14:9: error: unknown key "replica" under controlPlane
 *        14 |     replica: 3
 *           |     ^^^^^^^
 *        did you mean "replicas"?
 */
#ifndef CLI_ERROR_H
#define CLI_ERROR_H

#include "sim/err.h"

/* Exit codes of the process. 2 and 1 come from sim/err.def. */
enum cli_exit {
    CLI_EXIT_DONE = 0,
    CLI_EXIT_FAILED = 1,       /* could not finish: file, memory, gnuplot */
    CLI_EXIT_USAGE = 2,        /* wrong usage or wrong design */
    CLI_EXIT_NO = 3,           /* the answer is no: SLO missed, ... */
    CLI_EXIT_UNKNOWN = 4,      /* the interval straddles the SLO */
    CLI_EXIT_INTERRUPTED = 130 /* partial results were printed */
};

struct ha_suggest;

/* Hints at the word that was nearest, if any was near, and at the command that lists
 * them all ("nines schema"). */
void cli_hint_near(struct sim_err *err, const struct ha_suggest *near,
                   const char *listing);

/* Prints the error on stderr (stdout is flushed first, so order is kept). Returns
 * the exit code that belongs to it. */
int cli_fail(const struct sim_err *err);

#endif
