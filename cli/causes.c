/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The union of the causes of some designs, ranked. Models are small (at most
 * SIM_MAX_CAUSES names) and a comparison has few designs, so names are compared one by
 * one. A share that no cause accounts for appears where time is lost without anything
 * having failed, as in queues that are merely full; below one thousandth of the total
 * it is rounding and is left out.
 */
#include "cli/causes.h"

#include <math.h>
#include <string.h>

#define LEAST_REST 1e-3 /* of the total */

static double rest_s(const struct cli_finding *f)
{
    const struct sim_service_result *s = cli_focus(f);
    double rest = s->unavailability.value;

    for (uint32_t i = 0; i < s->n_causes; i++) {
        rest -= s->cause[i].unavailability.value;
    }
    return rest > LEAST_REST * s->unavailability.value ? rest * f->result->year_s : 0;
}

double cli_cause_s(const struct cli_finding *f, const char *name)
{
    const struct sim_service_result *s = cli_focus(f);

    if (name == NULL || strcmp(name, CLI_NOT_ATTRIBUTED) == 0) {
        return rest_s(f);
    }
    for (uint32_t i = 0; i < s->n_causes; i++) {
        if (strcmp(s->cause[i].name, name) == 0) {
            return s->cause[i].unavailability.value * f->result->year_s;
        }
    }
    return 0;
}

static struct cli_cause_row *find_row(struct cli_cause_rows *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->n; i++) {
        if (strcmp(rows->row[i].name, name) == 0) {
            return &rows->row[i];
        }
    }
    return NULL;
}

static void add_cause(struct cli_cause_rows *rows, const struct sim_cause_result *cause,
                      const struct sim_result *result)
{
    const struct sim_estimate down = cli_downtime_s(result, cause->unavailability);
    struct cli_cause_row *row = find_row(rows, cause->name);

    if (!(down.value > 0)) {
        return;
    }
    if (row == NULL) {
        if (rows->n == CLI_MOST_CAUSES - 1) { /* the last one is for the rest */
            return;
        }
        row = &rows->row[rows->n++];
        *row = (struct cli_cause_row){.name = cause->name, .color = cause->cause};
    }
    if (down.value > row->most_s) {
        row->most_s = down.value;
        row->of_most_s = down;
    }
}

static void sort_rows(struct cli_cause_rows *rows)
{
    for (uint32_t i = 1; i < rows->n; i++) {
        const struct cli_cause_row moved = rows->row[i];
        uint32_t at = i;

        for (; at > 0 && rows->row[at - 1].most_s < moved.most_s; at--) {
            rows->row[at] = rows->row[at - 1];
        }
        rows->row[at] = moved;
    }
}

void cli_causes_rank(const struct cli_finding *finding, uint32_t n_findings,
                     struct cli_cause_rows *rows)
{
    struct cli_cause_row rest = {.name = CLI_NOT_ATTRIBUTED, .color = UINT32_MAX};

    rows->n = 0;
    for (uint32_t f = 0; f < n_findings; f++) {
        const struct sim_service_result *s = cli_focus(&finding[f]);
        const double left_s = s->n_causes > 0 ? rest_s(&finding[f]) : 0;

        for (uint32_t i = 0; i < s->n_causes; i++) {
            add_cause(rows, &s->cause[i], finding[f].result);
        }
        if (left_s > rest.most_s) {
            rest.most_s = left_s;
            rest.of_most_s = (struct sim_estimate){left_s, left_s, left_s, true};
        }
    }
    sort_rows(rows);
    if (rest.most_s > 0) {
        rows->row[rows->n++] = rest;
    }
}
