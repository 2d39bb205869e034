/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mean time to the first outage: expected time in each up state before the first
 * down state, from the up states alone, killed by the flow into down. Nothing is
 * subtracted, so a mean time of 1e20 s is as good as one of a day. Where the chain is
 * too large to be factored, what is lost is led back to where it starts, and the mean
 * time is one over the flow in the long run of that.
 *
 * The race between two targets is the same solve: the flow into the first.
 */
#include <math.h>
#include <stdlib.h>

#include "sim/exact_priv.h"

/* Can every state of q reach one with lost > 0? */
static bool all_end(const struct sim_sparse *q, const long double *lost)
{
    struct sim_sparse back = sim_sparse_transpose(q, NULL, NULL);
    uint8_t *mark = sim_ctmc_alloc(q->n, sizeof *mark);
    bool all = true;
    for (uint32_t i = 0; i < q->n; i++) {
        mark[i] = lost[i] > 0;
    }
    sim_sparse_reach(&back, mark);
    for (uint32_t i = 0; i < q->n; i++) {
        all = all && mark[i];
    }
    sim_sparse_release(&back);
    free(mark);
    return all;
}

/* q with what is lost led back to where it starts (start sums to total): a closed
 * chain. */
static struct sim_sparse lead_back(const struct sim_sparse *q, const long double *lost,
                                   const long double *start, long double total)
{
    uint32_t n_starts = 0;
    uint64_t n_lost = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        n_starts += start[i] > 0;
        n_lost += lost[i] > 0;
    }
    struct sim_sparse out = {.n = q->n};
    uint64_t room = q->row[q->n] + n_lost * n_starts, n = 0;
    uint32_t *entrance = sim_ctmc_alloc(n_starts, sizeof *entrance);
    out.row = sim_ctmc_alloc((size_t)q->n + 1, sizeof *out.row);
    out.to = sim_ctmc_alloc(room, sizeof *out.to);
    out.rate = sim_ctmc_alloc(room, sizeof *out.rate);
    for (uint32_t i = 0, k = 0; i < q->n; i++) {
        if (start[i] > 0) {
            entrance[k++] = i;
        }
    }
    for (uint32_t i = 0; i < q->n; i++) {
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            out.to[n] = q->to[e];
            out.rate[n++] = q->rate[e];
        }
        for (uint32_t k = 0; lost[i] > 0 && k < n_starts; k++) {
            if (entrance[k] != i) {
                out.to[n] = entrance[k];
                out.rate[n++] = (double)(lost[i] * start[entrance[k]] / total);
            }
        }
        out.row[i + 1] = n;
    }
    free(entrance);
    return out;
}

struct sim_sparse sim_exact_reached(const struct sim_sparse *q, uint8_t *keep,
                                    const long double *start, uint32_t *number,
                                    long double *lost)
{
    struct sim_sparse all = sim_sparse_restrict(q, keep, number, NULL);
    uint8_t *reached = sim_ctmc_alloc(all.n, sizeof *reached);
    for (uint32_t i = 0; i < q->n; i++) {
        if (keep[i] && start[i] > 0) {
            reached[number[i]] = 1;
        }
    }
    sim_sparse_reach(&all, reached);
    for (uint32_t i = 0; i < q->n; i++) {
        keep[i] = keep[i] && reached[number[i]];
    }
    sim_sparse_release(&all);
    free(reached);
    return sim_sparse_restrict(q, keep, number, lost);
}

/* By cycles: one over the flow of what is lost, in the long run of starting again.
 * Releases q on the way. */
static int time_by_cycles(struct sim_exact_solver *s, struct sim_sparse *q,
                          const long double *lost, const long double *start,
                          double *total_s)
{
    long double flow = 0, total = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        total += start[i];
    }
    struct sim_sparse closed = lead_back(q, lost, start, total);
    sim_sparse_release(q);
    long double *x = sim_ctmc_alloc(closed.n, sizeof *x);
    int rc = sim_exact_closed(s, &closed, x);
    for (uint32_t i = 0; i < closed.n; i++) {
        flow += x[i] * lost[i];
    }
    *total_s = (double)(total / flow);
    sim_sparse_release(&closed);
    free(x);
    return rc;
}

int sim_exact_time_in(struct sim_exact_solver *s, const struct sim_sparse *q,
                      uint8_t *keep, const long double *start, double *total_s)
{
    struct sim_factor factor;
    struct sim_err ignored;
    uint32_t *number = sim_ctmc_alloc(q->n, sizeof *number);
    long double *lost = sim_ctmc_alloc(q->n, sizeof *lost);
    long double *x = sim_ctmc_alloc(q->n, sizeof *x);
    long double sum = 0;
    int rc = 0;
    struct sim_sparse part = sim_exact_reached(q, keep, start, number, lost);
    for (uint32_t i = 0; i < q->n; i++) {
        if (keep[i]) {
            x[number[i]] = start[i];
        }
    }
    if (part.n > 0 && !all_end(&part, lost)) {
        *total_s = (double)HUGE_VAL;
    } else if (sim_factor_make(&factor, &part, lost, SIM_EXACT_ENTRIES, SIM_EXACT_QUICK,
                               &ignored) == 0) {
        sim_factor_solve_left(&factor, x);
        sim_factor_release(&factor);
        for (uint32_t i = 0; i < part.n; i++) {
            sum += x[i];
        }
        *total_s = (double)sum;
    } else {
        rc = time_by_cycles(s, &part, lost, x, total_s);
    }
    sim_sparse_release(&part);
    free(number);
    free(lost);
    free(x);
    return rc;
}

int sim_exact_first(struct sim_exact_solver *s, const struct sim_exact_part *part,
                    uint32_t service)
{
    uint8_t *is_up = sim_ctmc_alloc(part->q.n, sizeof *is_up);
    for (uint32_t i = 0; i < part->q.n; i++) {
        is_up[i] = !part->marked[i];
    }
    int rc = sim_exact_time_in(s, &part->q, is_up, part->start,
                               &s->out->service[service].mttff_s);
    free(is_up);
    return rc;
}

/* ---- which comes first ---- */

/* Flow into states of `target` per second from each open state, by state number. */
static long double flow_into(const struct sim_ctmc *chain, uint32_t state,
                             uint64_t target)
{
    long double flow = 0;
    for (uint64_t e = chain->q.row[state]; e < chain->q.row[state + 1]; e++) {
        if ((sim_ctmc_down(chain, chain->q.to[e]) & target) != 0) {
            flow += (long double)chain->q.rate[e];
        }
    }
    return flow;
}

/* Solves for the open states, which are neither here nor there. */
static int run_race(const struct sim_ctmc *chain, double *probability,
                    struct sim_err *err)
{
    uint32_t n = chain->q.n;
    uint8_t *keep = sim_ctmc_alloc(n, sizeof *keep);
    long double *start = sim_ctmc_alloc(n, sizeof *start);
    long double *stay = sim_ctmc_alloc(n, sizeof *stay);
    long double won = 0;
    for (uint32_t i = 0; i < n; i++) {
        keep[i] = (sim_ctmc_down(chain, i) & 3) == 0;
    }
    for (uint32_t i = 0; i < chain->n_initial; i++) {
        uint32_t state = chain->initial[i];
        start[state] += (long double)chain->initial_p[i];
        if ((sim_ctmc_down(chain, state) & 1) != 0) {
            won += (long double)chain->initial_p[i];
        }
    }
    int rc = sim_ctmc_stay(&chain->q, keep, start, SIM_EXACT_ENTRIES, SIM_EXACT_FLOPS,
                           stay, err);
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        won += keep[i] ? stay[i] * flow_into(chain, i, 1) : 0;
    }
    *probability = (double)won;
    free(keep);
    free(start);
    free(stay);
    return rc;
}

int sim_exact_race(const struct sim_model *model,
                   const struct sim_statespace_limits *limits, double *probability,
                   uint32_t *n_states, struct sim_err *err)
{
    const struct sim_label_wants wants = {.services = 3};
    struct sim_statespace space;
    int rc = sim_statespace_explore(model, limits, &wants, &space, err);
    if (rc < 0) {
        return rc;
    }
    *n_states = space.chain.q.n;
    sim_exact_lump(&space.chain);
    rc = run_race(&space.chain, probability, err);
    sim_ctmc_release(&space.chain);
    return rc;
}
