/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole files or none. A reader that watches the target never sees half a result,
 * and a full disk leaves the old file untouched. Targets that are not regular files
 * (/dev/full, a pipe, /dev/stdout) cannot be renamed over; they are written
 * directly, and only the error check remains.
 */
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/signals.h"
#include "sim/check.h"

#define STDOUT_BUFFER (1 << 18)
#define MOST_BYTES    (64L << 20)

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
        file->fd = open(path, O_WRONLY | O_CLOEXEC);
    } else {
        n = snprintf(file->temporary, sizeof(file->temporary), "%s.%ld.part", path,
                     (long)getpid());
        if (n < 0 || (size_t)n >= sizeof(file->temporary)) {
            return io_error(err, "write", path, ENAMETOOLONG);
        }
        cli_signals_guard(file->temporary);
        file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (file->fd < 0) {
        const int number = errno;

        cli_signals_guard(NULL);
        return io_error(err, "write", path, number);
    }
    file->stream = open_memstream(&file->text, &file->length);
    SIM_CHECK(file->stream != NULL);
    return 0;
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        const ssize_t n = write(fd, text, length);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? errno : ENOSPC;
        }
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

int cli_file_commit(struct cli_file *file, struct sim_err *err)
{
    const bool is_renamed = file->temporary[0] != '\0';
    int number = 0;

    if (ferror(file->stream) != 0 || fclose(file->stream) != 0) {
        number = ENOMEM;
    }
    file->stream = NULL;
    if (number == 0) {
        number = write_all(file->fd, file->text, file->length);
    }
    if (number == 0 && is_renamed && fsync(file->fd) != 0) {
        number = errno;
    }
    if (close(file->fd) != 0 && number == 0) {
        number = errno;
    }
    file->fd = -1;
    if (number == 0 && is_renamed && rename(file->temporary, file->path) != 0) {
        number = errno;
    }
    if (number == 0) {
        file->temporary[0] = '\0';
    }
    cli_file_discard(file);
    return number == 0 ? 0 : io_error(err, "write", file->path, number);
}

void cli_file_discard(struct cli_file *file)
{
    if (file->stream != NULL) {
        fclose(file->stream);
        file->stream = NULL;
    }
    free(file->text);
    file->text = NULL;
    if (file->fd >= 0) {
        close(file->fd);
        file->fd = -1;
    }
    if (file->temporary[0] != '\0') {
        unlink(file->temporary);
        file->temporary[0] = '\0';
    }
    cli_signals_guard(NULL);
}

int cli_file_read(const char *path, char **text, struct sim_err *err)
{
    FILE *in = fopen(path, "r");
    long size = -1;

    *text = NULL;
    if (in != NULL && fseek(in, 0, SEEK_END) == 0) {
        size = ftell(in);
        rewind(in);
    }
    if (size >= 0 && size < MOST_BYTES) {
        *text = calloc(1, (size_t)size + 1);
    }
    if (*text == NULL || fread(*text, 1, (size_t)size, in) != (size_t)size) {
        const int number = errno;

        if (in != NULL) {
            fclose(in);
        }
        free(*text);
        *text = NULL;
        return sim_err_set(err, SIM_ERR_IO, "cannot read %s: %s", path,
                           strerror(number));
    }
    fclose(in);
    return 0;
}

bool cli_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void cli_buffer_stdout(void)
{
    static char buffer[STDOUT_BUFFER];

    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
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
