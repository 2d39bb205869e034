/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading files whole, and writing them whole or not at all: into memory, then into a
 * temporary name in the same directory, then fsync and rename. Every write error (full
 * disk, closed pipe, quota) is found, with its reason.
 */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "sim/err.h"

struct cli_file {
    FILE *stream; /* write here; kept in memory until committed */
    char *text;   /* the memory behind stream */
    size_t length;
    const char *path;         /* final name, the caller's */
    char temporary[PATH_MAX]; /* name until committed; "" when written directly */
    int fd;
};

/* Opens a file to be written, and makes sure already that it can be. Errors:
 * SIM_ERR_IO. */
int cli_file_open(struct cli_file *file, const char *path, struct sim_err *err);

/* Writes, syncs, renames. On error the temporary is removed and `path` is as it was
 * before. Errors: SIM_ERR_IO. Either way the file is closed. */
int cli_file_commit(struct cli_file *file, struct sim_err *err);

/* Closes and removes the temporary; harmless after a commit. */
void cli_file_discard(struct cli_file *file);

/* Reads a whole file into *text, to be freed by the caller. Errors: SIM_ERR_IO. */
int cli_file_read(const char *path, char **text, struct sim_err *err);

bool cli_file_exists(const char *path);

/* Lets stdout collect an answer, so that it is written at once and a failure has its
 * reason. To be called before anything is printed. */
void cli_buffer_stdout(void);

/* Flushes stdout and checks it. Errors: SIM_ERR_IO. */
int cli_flush_stdout(struct sim_err *err);

#endif
