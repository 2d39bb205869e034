/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signal handling in the narrow sense POSIX allows: the handler touches one flag,
 * one buffer guarded by another flag, and calls unlink() and _exit() only.
 */
#include "cli/signals.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_BY_SIGNAL 130

volatile sig_atomic_t cli_stop = 0;

static char guarded_path[PATH_MAX];
static volatile sig_atomic_t is_guarding = 0;

static void on_signal(int number)
{
    (void)number;
    if (cli_stop) {
        if (is_guarding) {
            unlink(guarded_path);
        }
        _exit(EXIT_BY_SIGNAL);
    }
    cli_stop = 1;
}

void cli_signals_install(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

void cli_signals_guard(const char *path)
{
    is_guarding = 0;
    if (path != NULL && strlen(path) < sizeof(guarded_path)) {
        memcpy(guarded_path, path, strlen(path) + 1);
        is_guarding = 1;
    }
}

bool cli_is_stopped(void)
{
    return cli_stop != 0;
}
