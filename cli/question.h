/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The question put to the engine: how long, how precise, by which method, with
 * which objective. Shared by run, compare and whatever else simulates.
 */
#ifndef CLI_QUESTION_H
#define CLI_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/slo.h"
#include "sim/study.h"

enum cli_fail_on { CLI_FAIL_ON_SLO, CLI_FAIL_ON_WARNING, CLI_FAIL_ON_NEVER };

struct cli_question {
    const char *slo_text;
    double sure;
    double years;
    double precision;
    double max_time_s;
    uint64_t seed;
    uint64_t jobs;
    int method;          /* enum sim_method */
    const char *service; /* NULL: the first one of the model */
    bool is_first_year;
    bool is_sensitivity;  /* also importance and elasticities */
    bool is_each_cause;   /* the precision also holds for causes of 1 % share or more */
    bool is_reproducible; /* cpu_s and wall_s are written as 0 */
    int fail_on;          /* enum cli_fail_on */
    struct cli_slo slo;   /* by cli_question_settle */
};

struct cli_question cli_question_default(void);

/* clang-format off */
#define CLI_ROWS_QUESTION(q)                                                           \
    {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Question"},                          \
    {0, "slo", CLI_OPT_TEXT, &(q)->slo_text, "PERCENT[/WINDOW]", NULL,                 \
     "objective: 99.99, 99.9/30d; decides the exit code"},                             \
    {0, "sure", CLI_OPT_SHARE, &(q)->sure, "SHARE", NULL,                              \
     "met: so many windows keep the objective (default 95%)"},                         \
    {0, "service", CLI_OPT_TEXT, &(q)->service, "NAME", NULL,                          \
     "judged service: api-read (default), api-write, dns, ..."},                       \
    {0, "first-year", CLI_OPT_FLAG, &(q)->is_first_year, NULL, NULL,                   \
     "also the first year from new"},                                                  \
    {0, "fail-on", CLI_OPT_CHOICE, &(q)->fail_on, "WHAT", "slo|warning|never",         \
     "what makes exit code 3"},                                                        \
    {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Effort"},                            \
    {0, "years", CLI_OPT_NUMBER, &(q)->years, "N", NULL,                               \
     "simulate exactly N years"},                                                      \
    {0, "precision", CLI_OPT_SHARE, &(q)->precision, "SHARE", NULL,                    \
     "else stop when the interval is this narrow (default 5%)"},                       \
    {0, "each-cause", CLI_OPT_FLAG, &(q)->is_each_cause, NULL, NULL,                   \
     "and the interval of each cause with 1 % of the downtime or more"},               \
    {0, "max-time", CLI_OPT_DURATION, &(q)->max_time_s, "TIME", NULL,                  \
     "stop by the clock; such a run is not repeatable"},                               \
    {0, "method", CLI_OPT_CHOICE, &(q)->method, "NAME",                                \
     "auto|crude|biased|splitting|exact", "driver (default: auto)"},                   \
    {0, "seed", CLI_OPT_UINT, &(q)->seed, "N", NULL, "random seed (default 1)"},       \
    {'j', "jobs", CLI_OPT_UINT, &(q)->jobs, "N", NULL,                                 \
     "threads (default: all cores); never changes results"}
/* clang-format on */

/* Checks what the rows alone cannot, also against the forms of output asked for: JUnit
 * judges an objective, so it needs one. Errors: SIM_ERR_USAGE. */
int cli_question_settle(struct cli_question *question, const struct cli_output *output,
                        struct sim_err *err);

/* The study of a model that answers the question. Errors: SIM_ERR_USAGE when the
 * model has no such service. */
int cli_question_study(const struct cli_question *question,
                       const struct sim_model *model, struct sim_study *study,
                       struct sim_err *err);

#endif
