/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The objective: "99.99" or "99.99/30d", how much downtime it allows, and whether a
 * result keeps it. "Kept" means: of 100 windows, at least --sure keep the target.
 * The average is no gate, because an average hides the bad year.
 */
#ifndef CLI_SLO_H
#define CLI_SLO_H

#include <stdbool.h>

#include "sim/err.h"
#include "sim/result.h"

struct cli_slo {
    bool is_asked;      /* --slo was given: the answer decides the exit code */
    double target;      /* availability, 0..1 */
    double target_miss; /* 1 - target, without the rounding of a subtraction */
    double window_s;    /* 0: one year of the model */
    double sure;        /* share of windows that must keep it */
    char text[24];      /* the target as typed: "99.99" */
};

/* Without --slo: share of years that keep 99.99 % is shown, nothing is judged. */
struct cli_slo cli_slo_default(void);

/* Reads TARGET[/WINDOW]; the target is in per cent, with or without the sign, at
 * least 1 and below 100. Errors: SIM_ERR_USAGE. */
int cli_slo_read(const char *text, struct cli_slo *slo, struct sim_err *err);

/* Allowed downtime per window, in seconds. */
double cli_slo_budget(const struct cli_slo *slo, double year_s);
double cli_slo_window(const struct cli_slo *slo, double year_s);

enum cli_verdict { CLI_SLO_MET, CLI_SLO_MISSED, CLI_SLO_OPEN };

/* Does this share of windows keep the target as --sure asks? Met or missed only when
 * the whole interval lies on one side. An unknown share leaves the question open. */
enum cli_verdict cli_slo_judge(const struct cli_slo *slo,
                               struct sim_estimate met_share);

/* The exit code of a verdict when --slo was given: 0, 3 or 4. */
int cli_slo_exit(enum cli_verdict verdict);

/* The window in words. */
struct cli_window_words {
    char title[24];  /* "Years", "30 d windows": starts a line */
    char plural[24]; /* "years", "30 d windows" */
    char per[24];    /* "a year", "in 30 d" */
};
struct cli_window_words cli_slo_words(const struct cli_slo *slo, double year_s);

#endif
