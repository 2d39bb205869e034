/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the downtime of the judged service goes, over one or more designs. Causes are
 * matched by name, because two different systems number theirs differently, and what
 * no cause accounts for is a row of its own, so that every list adds up to its total.
 */
#ifndef CLI_CAUSES_H
#define CLI_CAUSES_H

#include "cli/view.h"

#define CLI_NOT_ATTRIBUTED "no single cause"
#define CLI_MOST_CAUSES    256

struct cli_cause_row {
    const char *name;
    uint32_t color;                /* index for a colour: its number in its model */
    double most_s;                 /* over the designs, seconds a year */
    struct sim_estimate of_most_s; /* where that was, with its interval */
};

struct cli_cause_rows {
    uint32_t n;
    struct cli_cause_row row[CLI_MOST_CAUSES];
};

/* The causes that cost any time in some design, largest first; what no cause accounts
 * for stands last. */
void cli_causes_rank(const struct cli_finding *finding, uint32_t n_findings,
                     struct cli_cause_rows *rows);

/* Seconds a year that a cause (or CLI_NOT_ATTRIBUTED) costs a design; 0 when the
 * design does not have it. */
double cli_cause_s(const struct cli_finding *finding, const char *name);

#endif
