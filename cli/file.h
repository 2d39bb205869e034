/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing files whole or not at all: into a temporary name in the same directory,
 * then fsync and rename. Every write error (full disk, closed pipe, quota) is
 * found, because stream state is checked before the rename.
 */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include <limits.h>
#include <stdio.h>

#include "sim/err.h"

struct cli_file {
    FILE *stream;             /* write here */
    const char *path;         /* final name, the caller's */
    char temporary[PATH_MAX]; /* name until committed */
};

/* Opens a temporary beside `path`. Errors: SIM_ERR_IO. */
int cli_file_open(struct cli_file *file, const char *path, struct sim_err *err);

/* Flushes, syncs, renames. On error the temporary is removed and `path` is as it was
 * before. Errors: SIM_ERR_IO. Either way the file is closed. */
int cli_file_commit(struct cli_file *file, struct sim_err *err);

/* Closes and removes the temporary; harmless after a commit or a failed open. */
void cli_file_discard(struct cli_file *file);

/* Flushes stdout and checks it. Errors: SIM_ERR_IO. */
int cli_flush_stdout(struct sim_err *err);

#endif
