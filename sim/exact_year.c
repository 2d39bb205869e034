/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first year from new, loss within some years, and laws of downtime.
 *
 * These need the chain many times over (transient.c, occupation.c). One that is too
 * large leaves its answers unknown; the steady state is not touched by that.
 */
#include <math.h>
#include <stdlib.h>

#include "sim/exact_priv.h"

enum {
    MAX_TRANSIENT = 60000, /* states, lumped */
    MAX_OCCUPATION = 4000
};

static int find_thresholds(struct sim_exact_solver *s, const struct sim_exact_part *l)
{
    struct sim_exact_service *out = &s->out->service[0];
    uint32_t n = s->options->n_thresholds;
    out->prob_exceeds = sim_arena_calloc(s->arena, n, sizeof *out->prob_exceeds);
    for (uint32_t i = 0; i < n; i++) {
        double x_s = s->options->threshold_s[i];
        double error = 0;
        if (x_s >= s->model->year_s) {
            out->prob_exceeds[i] = 0;
        } else if (x_s <= 0) {
            out->prob_exceeds[i] = out->prob_outage;
        } else {
            int rc = sim_ctmc_occupation(&l->q, l->marked, l->start, s->model->year_s,
                                         x_s, &out->prob_exceeds[i], &error, s->err);
            if (rc < 0) {
                return rc;
            }
        }
    }
    return 0;
}

static int find_first_year(struct sim_exact_solver *s, const struct sim_exact_part *l,
                           uint32_t service)
{
    struct sim_exact_service *out = &s->out->service[service];
    struct sim_transient t = {0}, once = {0};
    double year_s = s->model->year_s;
    int rc = sim_ctmc_transient(&l->q, l->marked, l->start, year_s, false, &t, s->err);
    if (rc == 0) {
        rc =
            sim_ctmc_transient(&l->q, l->marked, l->start, year_s, true, &once, s->err);
    }
    if (rc < 0) {
        return rc;
    }
    out->point_end = (double)t.point;
    out->interval = (double)(t.integral / (long double)year_s);
    out->outages = (double)t.entries;
    out->prob_outage = (double)once.point;
    out->transient_error = fmax(t.error, once.error);
    return 0;
}

static int find_losses(struct sim_exact_solver *s, const struct sim_exact_part *l)
{
    static const double years[SIM_EXACT_LOSSES] = {1, 5, 10};
    struct sim_exact_service *out = &s->out->service[0];
    for (int i = 0; i < SIM_EXACT_LOSSES; i++) {
        struct sim_transient t = {0};
        int rc = sim_ctmc_transient(&l->q, l->marked, l->start,
                                    years[i] * s->model->year_s, true, &t, s->err);
        if (rc < 0) {
            return rc;
        }
        out->prob_loss[i] = (double)t.point;
        out->transient_error = fmax(out->transient_error, t.error);
    }
    return 0;
}

/* Share of long-run windows whose downtime stays inside the budget. */
static int find_slo(struct sim_exact_solver *s, const struct sim_exact_part *l,
                    uint32_t service)
{
    const struct sim_exact_options *o = s->options;
    double *share = &s->out->service[service].slo_met_share;
    double breach = 0, error;
    int rc = 0;
    if (o->budget_s > 0 && o->budget_s < o->window_s) {
        rc = sim_ctmc_occupation(&l->q, l->marked, l->pi, o->window_s, o->budget_s,
                                 &breach, &error, s->err);
    } else if (o->budget_s <= 0) {
        struct sim_transient t = {0};
        rc = sim_ctmc_transient(&l->q, l->marked, l->pi, o->window_s, true, &t, s->err);
        breach = rc == 0 ? (double)t.point : 0;
    }
    if (rc == 0) {
        *share = 1 - breach;
    }
    return rc;
}

static int find_laws(struct sim_exact_solver *s, const struct sim_exact_part *l,
                     uint32_t service)
{
    int rc = 0;
    if (l->q.n > MAX_OCCUPATION || s->model->is_absorbing) {
        return 0;
    }
    if (service == 0 && s->options->n_thresholds > 0) {
        rc = find_thresholds(s, l);
    }
    if (rc == 0 && s->options->budget_s >= 0) {
        rc = find_slo(s, l, service);
    }
    return rc;
}

/* Answers that cost too much or do not settle stay unknown; that is no error here. */
int sim_exact_year(struct sim_exact_solver *s, const struct sim_exact_part *l,
                   uint32_t service)
{
    int rc = 0;
    if (l->q.n <= MAX_TRANSIENT && s->model->is_absorbing) {
        rc = find_losses(s, l);
    } else if (l->q.n <= MAX_TRANSIENT) {
        rc = find_first_year(s, l, service);
    }
    if (rc == 0) {
        rc = find_laws(s, l, service);
    }
    return rc == -SIM_ERR_LIMIT || rc == -SIM_ERR_NUMERIC ? 0 : rc;
}
