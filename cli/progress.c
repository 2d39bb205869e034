/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The progress line:
 *
 *   simulating prod  ━━━━━━━━━━━─────────  12 000 years  31.0 min/yr ±6 %  4 s left
 *
 * It is drawn in place with a carriage return and wiped before the answer is
 * printed, so that a terminal's history holds answers only. The clock is read here
 * and nowhere near the simulation.
 */
#include "cli/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/color.h"
#include "cli/number.h"

#define BAR_CELLS     22
#define REDRAW_S      0.1
#define PLAIN_EVERY_S 5.0

struct cli_progress cli_progress_new(const struct cli_talk *talk, const char *name,
                                     double year_s)
{
    struct cli_progress p = {.name = name, .year_s = year_s};

    p.mode = (enum cli_progress_mode)talk->progress;
    if (p.mode == CLI_PROGRESS_AUTO) {
        p.mode = cli_is_terminal(stderr) && !talk->is_quiet ? CLI_PROGRESS_BAR
                                                            : CLI_PROGRESS_NONE;
    }
    return p;
}

static bool is_time(struct cli_progress *p, double every_s)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    const double since = (double)(now.tv_sec - p->last.tv_sec) +
                         1e-9 * (double)(now.tv_nsec - p->last.tv_nsec);

    if (since < every_s) {
        return false;
    }
    p->last = now;
    return true;
}

static void print_numbers(const struct sim_progress *progress,
                          const struct cli_progress *p)
{
    const double s_per_year = progress->unavailability * p->year_s;

    fprintf(stderr, "%s years", cli_count(progress->simulated_years).s);
    if (isfinite(progress->relative_half_width) && s_per_year > 0) {
        const double half = s_per_year * progress->relative_half_width;
        const struct sim_estimate e = {s_per_year, s_per_year - half, s_per_year + half,
                                       true};

        fprintf(stderr, "   %s/yr ±%.0f %%", cli_duration(e).s,
                ceil(100 * progress->relative_half_width));
    }
    if (progress->eta_s >= 0 && isfinite(progress->eta_s)) {
        fprintf(stderr, "   %s left", cli_about(fmax(progress->eta_s, 1), 2).s);
    }
}

void cli_progress_show(const struct sim_progress *progress, void *context)
{
    struct cli_progress *p = context;
    const double done = fmin(fmax(progress->fraction_done, 0), 1);
    const int full = (int)lround(done * BAR_CELLS);

    if (p->mode == CLI_PROGRESS_NONE ||
        !is_time(p, p->mode == CLI_PROGRESS_BAR ? REDRAW_S : PLAIN_EVERY_S)) {
        return;
    }
    if (p->mode == CLI_PROGRESS_PLAIN) {
        fprintf(stderr, "simulating %s: %.0f %%, ", p->name, floor(100 * done));
        print_numbers(progress, p);
        fputc('\n', stderr);
        return;
    }
    fprintf(stderr, "\r\033[K  simulating %.20s  %s", p->name,
            cli_color_on(stderr, CLI_GOOD));
    for (int i = 0; i < BAR_CELLS; i++) {
        if (i == full) {
            fprintf(stderr, "%s%s", cli_color_off(stderr, CLI_GOOD),
                    cli_color_on(stderr, CLI_QUIET));
        }
        fputs(i < full ? "━" : "─", stderr);
    }
    fprintf(stderr, "%s  ", cli_color_off(stderr, CLI_QUIET));
    print_numbers(progress, p);
    fflush(stderr);
    p->is_drawn = true;
}

void cli_progress_done(struct cli_progress *p)
{
    if (p->is_drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        p->is_drawn = false;
    }
}
