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
#include "cli/output.h"

#define BAR_CELLS     22
#define LEAST_CELLS   4
#define MOST_NAME     20
#define LEAD          15 /* "  simulating " and two spaces */
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

static void write_numbers(const struct sim_progress *progress,
                          const struct cli_progress *p, char *text, size_t size)
{
    const double s_per_year = progress->unavailability * p->year_s;
    FILE *out = fmemopen(text, size, "w");

    if (out == NULL) {
        text[0] = '\0';
        return;
    }
    fprintf(out, "%s years", cli_count(progress->simulated_years).s);
    if (isfinite(progress->relative_half_width) && s_per_year > 0) {
        const double half = s_per_year * progress->relative_half_width;
        const struct sim_estimate e = {s_per_year, s_per_year - half, s_per_year + half,
                                       true};

        fprintf(out, "   %s/yr ±%.0f %%", cli_duration(e).s,
                ceil(100 * progress->relative_half_width));
    }
    if (progress->eta_s >= 0 && isfinite(progress->eta_s)) {
        fprintf(out, "   %s left", cli_about(fmax(progress->eta_s, 1), 2).s);
    }
    fclose(out);
}

/* The line must fit, or the carriage return does not wipe it: the bar gives way first,
 * then the name. */
static void draw(const struct cli_progress *p, double done, const char *numbers)
{
    const int room = cli_width(stderr) - 1 - cli_text_width(numbers);
    const int name_width = (int)fmin(cli_text_width(p->name), MOST_NAME);
    const bool has_name = room >= LEAD + name_width;
    const int left = room - LEAD - name_width - 4;
    const int cells = left < LEAST_CELLS ? 0 : left < BAR_CELLS ? left : BAR_CELLS;
    const int full = (int)lround(done * cells);

    fputs("\r\033[K", stderr);
    if (has_name) {
        fprintf(stderr, "  simulating %.*s  ", MOST_NAME, p->name);
    }
    fputs(cli_color_on(stderr, CLI_GOOD), stderr);
    for (int i = 0; i < cells; i++) {
        if (i == full) {
            fprintf(stderr, "%s%s", cli_color_off(stderr, CLI_GOOD),
                    cli_color_on(stderr, CLI_QUIET));
        }
        fputs(i < full ? "━" : "─", stderr);
    }
    fprintf(stderr, "%s%s%s", cli_color_off(stderr, CLI_QUIET), cells > 0 ? "  " : "",
            numbers);
    fflush(stderr);
}

void cli_progress_show(const struct sim_progress *progress, void *context)
{
    struct cli_progress *p = context;
    const double done = fmin(fmax(progress->fraction_done, 0), 1);
    char numbers[160] = "";

    if (p->mode == CLI_PROGRESS_NONE ||
        !is_time(p, p->mode == CLI_PROGRESS_BAR ? REDRAW_S : PLAIN_EVERY_S)) {
        return;
    }
    if (p->mode == CLI_PROGRESS_PLAIN) {
        write_numbers(progress, p, numbers, sizeof(numbers));
        fprintf(stderr, "simulating %s: %.0f %%, %s\n", p->name, floor(100 * done),
                numbers);
        return;
    }
    write_numbers(progress, p, numbers, sizeof(numbers));
    draw(p, done, numbers);
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
