/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Downtime and outages by cause, by the rule of the simulating drivers.
 *
 * An outage belongs to the cause of the slot whose firing began it; to whom the model
 * blames most in the first down state when that slot has none. Downtime belongs to
 * whom the model blames while it lasts: the shares are part of a state's label, so a
 * sum over the steady state gives them. A model without an opinion leaves all of an
 * outage to the cause that began it; then the flow into each down state is followed,
 * cause by cause, through the expected time to up from there.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/exact_priv.h"

/* Who began the outage of an edge into state `to`; n_causes: nobody known. */
static uint32_t trigger(const struct sim_exact_solver *s, uint64_t edge,
                        uint32_t service)
{
    const struct sim_ctmc *chain = s->chain;
    uint32_t n = s->model->n_causes, most = n;
    if (chain->cause[edge] < n) {
        return chain->cause[edge];
    }
    double largest = 0;
    for (uint32_t c = 0; c < n; c++) {
        double share = sim_label_blame(&chain->labels, chain->label[chain->q.to[edge]],
                                       service, c);
        most = share > largest ? c : most;
        largest = fmax(largest, share);
    }
    return most;
}

/* Entries into down states per second by cause; flow, when not NULL, receives the part
 * of cause `which` by state. */
static void add_entries(const struct sim_exact_solver *s, uint32_t service,
                        double *outages_per_s, uint32_t which, long double *flow)
{
    const struct sim_sparse *q = &s->chain->q;
    for (uint32_t i = 0; i < q->n; i++) {
        if (sim_exact_is_down(s, i, service) || s->pi[i] == 0) {
            continue;
        }
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            if (!sim_exact_is_down(s, q->to[e], service)) {
                continue;
            }
            long double part = s->pi[i] * (long double)q->rate[e];
            uint32_t c = trigger(s, e, service);
            if (flow == NULL) {
                outages_per_s[c] += (double)part;
            } else if (c == which) {
                flow[q->to[e]] += part;
            }
        }
    }
}

static void read_blame(const struct sim_exact_solver *s, uint32_t service,
                       double *unavailability)
{
    const struct sim_ctmc *chain = s->chain;
    uint32_t n = s->model->n_causes;
    for (uint32_t i = 0; i < chain->q.n; i++) {
        if (!sim_exact_is_down(s, i, service) || s->pi[i] == 0) {
            continue;
        }
        long double open = 1;
        for (uint32_t c = 0; c < n; c++) {
            long double share = (long double)sim_label_blame(
                &chain->labels, chain->label[i], service, c);
            unavailability[c] += (double)(s->pi[i] * share);
            open -= share;
        }
        unavailability[n] += open > 1e-9L ? (double)(s->pi[i] * open) : 0;
    }
}

/* The whole of an outage to the cause that began it. */
static int follow_entries(struct sim_exact_solver *s, uint32_t service,
                          const double *outages_per_s, double *unavailability)
{
    uint32_t n = s->chain->q.n;
    int rc = 0;
    long double *flow = sim_ctmc_alloc(n, sizeof *flow);
    uint8_t *is_down = sim_ctmc_alloc(n, sizeof *is_down);
    for (uint32_t c = 0; rc == 0 && c <= s->model->n_causes; c++) {
        if (outages_per_s[c] == 0) {
            continue;
        }
        memset(flow, 0, n * sizeof *flow);
        add_entries(s, service, NULL, c, flow);
        for (uint32_t i = 0; i < n; i++) {
            is_down[i] = sim_exact_is_down(s, i, service);
        }
        rc = sim_exact_time_in(s, &s->chain->q, is_down, flow, &unavailability[c]);
    }
    free(flow);
    free(is_down);
    return rc;
}

int sim_exact_causes(struct sim_exact_solver *s, uint32_t service)
{
    struct sim_exact_service *out = &s->out->service[service];
    size_t n = s->model->n_causes + 1;
    out->cause_unavailability = sim_arena_calloc(s->arena, n, sizeof(double));
    out->cause_outages_per_s = sim_arena_calloc(s->arena, n, sizeof(double));
    add_entries(s, service, out->cause_outages_per_s, 0, NULL);
    if (s->chain->labels.has_blame) {
        read_blame(s, service, out->cause_unavailability);
        return 0;
    }
    return follow_entries(s, service, out->cause_outages_per_s,
                          out->cause_unavailability);
}
