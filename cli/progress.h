/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saying that something is under way: one redrawn line on a terminal, a line every
 * few seconds with --progress plain, otherwise nothing. Always on stderr.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <time.h>

#include "cli/options.h"
#include "sim/study.h"

struct cli_progress {
    enum cli_progress_mode mode; /* resolved: bar, plain or none */
    const char *name;            /* what is simulated */
    double year_s;
    struct timespec last;
    bool is_drawn;
};

/* Resolves --progress and -q for this process. */
struct cli_progress cli_progress_new(const struct cli_talk *talk, const char *name,
                                     double year_s);

/* A sim_progress_fn; context is the struct cli_progress. */
void cli_progress_show(const struct sim_progress *progress, void *context);

/* Wipes the bar. */
void cli_progress_done(struct cli_progress *progress);

#endif
