/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fork and exec. A second pipe, closed on exec, carries errno back when exec itself
 * failed: so "gnuplot is not installed" and "gnuplot failed" are different messages.
 * The child gets default signal handling; Ctrl-C reaches it like us.
 */
#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT 4096 /* bytes of stderr kept for the message */

struct pipes {
    int words[2]; /* what the child says: stderr, or stdout when it is read */
    int fault[2]; /* errno of a failed exec */
};

static void close_both(int end[2])
{
    close(end[0]);
    close(end[1]);
}

static bool open_pipes(struct pipes *p)
{
    if (pipe(p->words) != 0) {
        return false;
    }
    if (pipe(p->fault) != 0) {
        close_both(p->words);
        return false;
    }
    fcntl(p->fault[1], F_SETFD, FD_CLOEXEC);
    return true;
}

static _Noreturn void become(const char *const *argv, const char *dir, bool reads_out,
                             const struct pipes *p)
{
    const int null = open("/dev/null", O_RDWR);
    int number;

    signal(SIGPIPE, SIG_DFL);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(reads_out ? p->words[1] : null, STDOUT_FILENO) >= 0 &&
        dup2(reads_out ? null : p->words[1], STDERR_FILENO) >= 0 &&
        (dir == NULL || chdir(dir) == 0)) {
        union {
            const char *const *from;
            char *const *to; /* exec takes no const, and changes nothing */
        } words = {argv};

        close(p->words[0]);
        close(p->fault[0]);
        execvp(argv[0], words.to);
    }
    number = errno;
    if (write(p->fault[1], &number, sizeof(number)) < 0) {
        _exit(126);
    }
    _exit(127);
}

/* Reads everything, keeps the first size - 1 bytes. */
static void read_all(int fd, char *text, size_t size)
{
    char block[1024];
    size_t used = 0;
    ssize_t n;

    while ((n = read(fd, block, sizeof(block))) != 0) {
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            break;
        }
        for (ssize_t i = 0; i < n && used + 1 < size; i++) {
            text[used++] = block[i];
        }
    }
    text[used] = '\0';
}

/* The last non-empty line, in place. */
static const char *last_line(char *text)
{
    size_t n = strlen(text);
    char *newline;

    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' ')) {
        text[--n] = '\0';
    }
    newline = strrchr(text, '\n');
    return newline != NULL ? newline + 1 : text;
}

static int judge(const char *name, int status, int exec_errno, char *said,
                 struct sim_err *err)
{
    if (exec_errno == ENOENT) {
        sim_err_set(err, SIM_ERR_TOOL, "%s is not on the PATH", name);
        sim_err_hint(err, "install it (Debian: apt-get install %s-nox)", name);
        return -(int)SIM_ERR_TOOL;
    }
    if (exec_errno != 0) {
        return sim_err_set(err, SIM_ERR_TOOL, "cannot start %s: %s", name,
                           strerror(exec_errno));
    }
    if (WIFSIGNALED(status)) {
        return sim_err_set(err, SIM_ERR_TOOL, "%s was killed by signal %d", name,
                           WTERMSIG(status));
    }
    if (WEXITSTATUS(status) != 0) {
        return sim_err_set(err, SIM_ERR_TOOL, "%s failed: %s", name, last_line(said));
    }
    return 0;
}

static int start(const char *const *argv, const char *dir, bool reads_out, char *said,
                 size_t size, struct sim_err *err)
{
    struct pipes p;
    int status = 0;
    int exec_errno = 0;
    pid_t child;

    if (!open_pipes(&p)) {
        return sim_err_set(err, SIM_ERR_TOOL, "cannot make a pipe: %s",
                           strerror(errno));
    }
    child = fork();
    if (child == 0) {
        become(argv, dir, reads_out, &p);
    }
    close(p.words[1]);
    close(p.fault[1]);
    if (child < 0) {
        close(p.words[0]);
        close(p.fault[0]);
        return sim_err_set(err, SIM_ERR_TOOL, "cannot fork: %s", strerror(errno));
    }
    if (read(p.fault[0], &exec_errno, sizeof(exec_errno)) < 0) {
        exec_errno = 0;
    }
    read_all(p.words[0], said, size);
    close(p.words[0]);
    close(p.fault[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return judge(argv[0], status, exec_errno, said, err);
}

int cli_process_run(const char *const *argv, const char *dir, struct sim_err *err)
{
    char said[KEPT];

    return start(argv, dir, false, said, sizeof(said), err);
}

int cli_process_read(const char *const *argv, char *text, size_t size,
                     struct sim_err *err)
{
    return start(argv, NULL, true, text, size, err);
}
