/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole files or none. A reader that watches the target never sees half a result,
 * and a full disk leaves the old file untouched. Targets that are not regular files
 * (/dev/full, a pipe, /dev/stdout) cannot be renamed over; they are written
 * directly, and only the error check remains.
 */
#include "cli/file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/signals.h"

static int io_error(struct sim_err *err, const char *what, const char *path, int number)
{
    sim_err_set(err, SIM_ERR_IO, "cannot %s %s: %s", what, path, strerror(number));
    return -(int)SIM_ERR_IO;
}

static bool is_special(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

int cli_file_open(struct cli_file *file, const char *path, struct sim_err *err)
{
    int n;

    memset(file, 0, sizeof(*file));
    file->path = path;
    if (is_special(path)) {
        file->stream = fopen(path, "w");
        return file->stream != NULL ? 0 : io_error(err, "write", path, errno);
    }
    n = snprintf(file->temporary, sizeof(file->temporary), "%s.%ld.part", path,
                 (long)getpid());
    if (n < 0 || (size_t)n >= sizeof(file->temporary)) {
        file->temporary[0] = '\0';
        return io_error(err, "write", path, ENAMETOOLONG);
    }
    cli_signals_guard(file->temporary);
    file->stream = fopen(file->temporary, "wx");
    if (file->stream == NULL) {
        const int number = errno;

        cli_signals_guard(NULL);
        file->temporary[0] = '\0';
        return io_error(err, "write", path, number);
    }
    return 0;
}

int cli_file_commit(struct cli_file *file, struct sim_err *err)
{
    const bool is_renamed = file->temporary[0] != '\0';
    int number = 0;

    errno = 0;
    if (ferror(file->stream) != 0 || fflush(file->stream) != 0) {
        number = errno != 0 ? errno : EIO;
    } else if (is_renamed && fsync(fileno(file->stream)) != 0) {
        number = errno;
    }
    if (fclose(file->stream) != 0 && number == 0) {
        number = errno;
    }
    file->stream = NULL;
    if (number == 0 && is_renamed && rename(file->temporary, file->path) != 0) {
        number = errno;
    }
    if (number == 0) {
        file->temporary[0] = '\0';
        cli_signals_guard(NULL);
        return 0;
    }
    cli_file_discard(file);
    return io_error(err, "write", file->path, number);
}

void cli_file_discard(struct cli_file *file)
{
    if (file->stream != NULL) {
        fclose(file->stream);
        file->stream = NULL;
    }
    if (file->temporary[0] != '\0') {
        unlink(file->temporary);
        file->temporary[0] = '\0';
    }
    cli_signals_guard(NULL);
}

int cli_flush_stdout(struct sim_err *err)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        const int number = errno != 0 ? errno : EIO;

        clearerr(stdout);
        return io_error(err, "write", "standard output", number);
    }
    return 0;
}
