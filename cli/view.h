/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the faces show: a design with its result, and two or more of them with their
 * differences. Nothing here is computed by simulation; the quantities derived from
 * a result (downtime per year, quantiles of a window) are defined once, in view.c,
 * so that table, JSON, CSV and charts cannot disagree.
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/grid.h"
#include "cli/output.h"
#include "cli/question.h"
#include "cli/subject.h"
#include "sim/compare.h"
#include "sim/result.h"

/* One design and what was found. */
struct cli_finding {
    const struct cli_subject *subject;
    const struct sim_result *result;
    uint32_t focus; /* the judged service */
};

/* What `run` prints. */
struct cli_run_view {
    struct cli_finding finding;
    const struct cli_question *question;
    uint32_t n_causes; /* rows shown; the rest is summed */
    bool is_quiet;
    bool is_verbose;
    bool is_stopped;               /* by Ctrl-C or a signal */
    const struct cli_input *input; /* to word the next commands; may be NULL */
};

/* Designs a and b (indexes) and how they differ in the judged service. */
struct cli_difference {
    uint32_t a, b;
    struct sim_comparison found; /* b - a */
};

/* What `compare` prints. */
struct cli_compare_view {
    uint32_t n;
    const struct cli_finding *finding;
    uint32_t n_differences;
    const struct cli_difference *difference;
    const struct cli_question *question;
    uint32_t n_causes;
    bool is_quiet;
    bool is_verbose;
    bool is_stopped; /* by Ctrl-C or a signal */
};

/* The faces; each takes its view as `const void *`. */
void cli_run_face(FILE *out, enum cli_format format, const void *run_view);
void cli_compare_face(FILE *out, enum cli_format format, const void *compare_view);

/* The table faces behind them. */
void cli_run_table(FILE *out, bool is_wide, const struct cli_run_view *view);
void cli_compare_table(FILE *out, bool is_wide, const struct cli_compare_view *view);
/* The rows `-o wide` adds: every service with every measure. */
void cli_run_wide(FILE *out, const struct cli_finding *finding);
/* JSON, or the same tree as YAML. */
void cli_run_json(FILE *out, enum cli_format format, const struct cli_run_view *view);
void cli_compare_json(FILE *out, enum cli_format format,
                      const struct cli_compare_view *view);
/* What --sensitivity adds: components and parameters that matter. */
void cli_run_sensitivity(FILE *out, const struct cli_run_view *view);
void cli_run_csv(FILE *out, const struct cli_run_view *view);
void cli_compare_csv(FILE *out, const struct cli_compare_view *view);
void cli_run_markdown(FILE *out, const struct cli_run_view *view);
void cli_compare_markdown(FILE *out, const struct cli_compare_view *view);
/* The tables of a comparison in HTML, and its sentences about money. */
void cli_compare_html(FILE *out, const struct cli_compare_view *view);
void cli_run_junit(FILE *out, const struct cli_run_view *view);
void cli_compare_junit(FILE *out, const struct cli_compare_view *view);

/* Rows of a comparison about money, and sentences about its differences; nothing when a
 * design has no prices. */
void cli_compare_cost_rows(struct cli_grid *grid, const struct cli_compare_view *view);
void cli_compare_cost_words(FILE *out, const struct cli_compare_view *view);

/* The judged service of a finding. */
const struct sim_service_result *cli_focus(const struct cli_finding *finding);

/* Seconds of downtime per year of the model. */
struct sim_estimate cli_downtime_s(const struct sim_result *result,
                                   struct sim_estimate unavailability);

/* Was no outage seen (and is the answer not exact)? Then `fewer than one in N
 * years` is all that can be said; N is written to *years. */
bool cli_none_seen(const struct sim_result *result,
                   const struct sim_service_result *service, double *years);

/* The downtime that a share `p` of windows stays at or below, in seconds; negative
 * when the windows are not known. */
double cli_window_quantile(const struct sim_service_result *service, double p);

/* The length that a share `p` of outages stays at or below, in seconds, from the
 * logarithmic histogram; negative when no outage was seen. */
double cli_duration_quantile(const struct sim_service_result *service, double p);

/* "API unreachable" for "api-read"; the name itself when it has no words. */
const char *cli_service_words(const char *name);
/* Is this service an event (data loss) rather than a duration? */
bool cli_service_is_event(const char *name);

/* What --fail-on and the SLO make of a finding: the exit code of the process, before
 * interruption is considered. */
int cli_finding_exit(const struct cli_finding *finding,
                     const struct cli_question *question);

#endif
