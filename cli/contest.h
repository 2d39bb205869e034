/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A contest: one or more designs, all simulated for one question, and how they differ.
 * What `nines compare` and `nines report` have in common.
 */
#ifndef CLI_CONTEST_H
#define CLI_CONTEST_H

#include "cli/line_up.h"
#include "cli/view.h"

/* What was asked for. */
struct cli_contest_request {
    struct cli_input input;
    struct cli_list words;
    struct cli_list sets_for;
    struct cli_question question;
    struct cli_output output;
    struct cli_talk talk;
    uint64_t n_causes;
    const char *replicas;
    const char *baseline;
};

/* clang-format off */
#define CLI_ROWS_LINE_UP(a)                                                            \
    {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Line-up"},                           \
    {0, "replicas", CLI_OPT_TEXT, &(a)->replicas, "3,5,7", NULL,                       \
     "one design with so many control-plane and etcd replicas each"},                  \
    {0, "set-for", CLI_OPT_LIST, &(a)->sets_for, "NAME:PATH=VALUE", NULL,              \
     "--set for one design; a new name is a variant of the only file"},                \
    {0, "baseline", CLI_OPT_TEXT, &(a)->baseline, "NAME", NULL,                        \
     "differences against this design (default: each against the one before)"}
/* clang-format on */

/* Everything a comparison holds while it runs. */
struct cli_contest {
    struct cli_line_up up;
    uint32_t baseline; /* index; up.n: each design against the one before */
    double started_s;
    struct sim_study study[CLI_MOST_DESIGNS];
    struct sim_result result[CLI_MOST_DESIGNS];
    uint32_t n_results;
    struct cli_finding finding[CLI_MOST_DESIGNS];
    struct cli_difference difference[CLI_MOST_DESIGNS];
    uint32_t n_differences;
};

/* Eight causes, no differences asked for yet. */
struct cli_contest_request cli_contest_default(void);
void cli_contest_request_release(struct cli_contest_request *request);

/* Reads the designs, at least `fewest` of them. On error nothing is left to release. */
int cli_contest_load(const struct cli_contest_request *request, uint32_t fewest,
                     struct cli_contest *contest, struct sim_err *err);

/* Simulates them all and finds their differences. */
int cli_contest_play(const struct cli_contest_request *request,
                     struct cli_contest *contest, struct sim_err *err);

void cli_contest_release(struct cli_contest *contest);

/* What is shown of it. */
struct cli_compare_view cli_contest_view(const struct cli_contest_request *request,
                                         const struct cli_contest *contest);

#endif
