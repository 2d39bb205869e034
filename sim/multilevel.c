/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steady state of a chain too large to be factored: sweeps with aggregation on many
 * levels.
 *
 * A Gauss-Seidel sweep replaces each x_j by (sum_i x_i a_ij) / (rate out of j), using
 * new values as soon as they are there. No subtraction happens, so the fixed point is
 * met entry by entry: a probability of 1e-20 settles to as many digits as one of 0.1.
 * (Unlike the power method, whose test is blind below its tolerance.)
 *
 * Sweeps make neighbours agree and leave alone what is far apart: sets of states that
 * are left once a year while they mix within seconds keep their wrong weights for 1e7
 * sweeps, and hardly change meanwhile, so that no test of convergence sees it. That is
 * the rule with machines that fail once a year and restart in seconds. So after a
 * sweep each state joins the one it receives most flow from, a few to an aggregate;
 * the chain of aggregates, with rates weighed by the present x, is treated the same
 * way, down to a chain small enough for elimination without subtraction; and on the
 * way back each aggregate is scaled to its weight there. Strong flows disappear inside
 * aggregates level by level, so what mixes slowly is left for the exact solution.
 * (Horton and Leutenegger 1994; choice of aggregates by flow: De Sterck, Manteuffel,
 * McCormick, Nguyen, Ruge 2008. Aggregation: Koury, McAllister, Stewart 1984.)
 *
 * Aggregates are chosen anew in each cycle, since flows are known only as well as x.
 *
 * The test is the largest relative change of an entry over a whole cycle, with the
 * worst factor r of convergence of the last cycles as r/(1-r) on top: an estimate of
 * what is missing, not merely of the last step.
 *
 * Only the transposed chain is kept, 12 bytes an edge; coarser levels take about as
 * much again.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"

#define NOISE 3e-14
#define LEAST 1e-280 /* probabilities below may have lost their digits */

enum {
    SMALL = 128,      /* states: solved by elimination */
    MOST_MEMBERS = 3, /* of an aggregate, if that makes it small enough */
    MEMORY = 3        /* cycles whose factors of convergence count */
};

struct level {
    struct sim_sparse in; /* transposed: edges by where they lead */
    double *leave;        /* rate out */
    double *x;
};

/* ---- sweeps ---- */

static void relax(struct level *l, uint32_t j)
{
    double sum = 0;
    for (uint64_t e = l->in.row[j]; e < l->in.row[j + 1]; e++) {
        sum += l->x[l->in.to[e]] * l->in.rate[e];
    }
    l->x[j] = sum / l->leave[j];
}

/* Forwards and backwards. */
static void sweep(struct level *l)
{
    for (uint32_t j = 0; j < l->in.n; j++) {
        relax(l, j);
    }
    for (uint32_t j = l->in.n; j-- > 0;) {
        relax(l, j);
    }
}

static void normalise(struct level *l)
{
    double total = 0;
    for (uint32_t i = 0; i < l->in.n; i++) {
        total += l->x[i];
    }
    for (uint32_t i = 0; i < l->in.n; i++) {
        l->x[i] /= total;
    }
}

/* ---- the smallest level ---- */

/* Dense elimination without subtraction. */
static void eliminate(struct level *l)
{
    uint32_t n = l->in.n;
    double *a = sim_ctmc_alloc((size_t)n * n, sizeof *a);
    for (uint32_t j = 0; j < n; j++) {
        for (uint64_t e = l->in.row[j]; e < l->in.row[j + 1]; e++) {
            a[(size_t)l->in.to[e] * n + j] = l->in.rate[e];
        }
    }
    for (uint32_t k = n - 1; k > 0; k--) {
        double out = 0;
        for (uint32_t j = 0; j < k; j++) {
            out += a[(size_t)k * n + j];
        }
        for (uint32_t i = 0; i < k; i++) {
            double share = out == 0 ? 0 : a[(size_t)i * n + k] / out;
            a[(size_t)i * n + k] = share; /* kept for the way back */
            for (uint32_t j = 0; share > 0 && j < k; j++) {
                a[(size_t)i * n + j] += share * a[(size_t)k * n + j];
            }
        }
    }
    l->x[0] = 1;
    for (uint32_t k = 1; k < n; k++) {
        l->x[k] = 0;
        for (uint32_t i = 0; i < k; i++) {
            l->x[k] += l->x[i] * a[(size_t)i * n + k];
        }
    }
    free(a);
    normalise(l);
}

/* ---- aggregates ---- */

/* Whom j joins: the state it receives most flow from, when there is room, else the
 * strongest that stands alone; UINT32_MAX: nobody. */
static uint32_t find_partner(const struct level *l, uint32_t j,
                             const uint32_t *aggregate, const uint32_t *members,
                             uint32_t most_members)
{
    uint32_t best = UINT32_MAX;
    double most = 0;
    for (uint64_t e = l->in.row[j]; e < l->in.row[j + 1]; e++) {
        uint32_t i = l->in.to[e];
        double flow = l->x[i] * l->in.rate[e];
        bool has_room =
            aggregate[i] == UINT32_MAX || members[aggregate[i]] < most_members;
        if (has_room && flow > most) {
            best = i;
            most = flow;
        }
    }
    return best;
}

/* Fills aggregate[i]; returns how many there are. */
static uint32_t aggregate_up_to(const struct level *l, uint32_t most_members,
                                uint32_t *aggregate, uint32_t *members)
{
    uint32_t n = 0;
    memset(aggregate, 0xff, l->in.n * sizeof *aggregate);
    memset(members, 0, l->in.n * sizeof *members);
    for (uint32_t j = 0; j < l->in.n; j++) {
        if (aggregate[j] != UINT32_MAX) {
            continue;
        }
        uint32_t i = find_partner(l, j, aggregate, members, most_members);
        if (i == UINT32_MAX) {
            aggregate[j] = n++;
        } else if (aggregate[i] == UINT32_MAX) {
            aggregate[i] = aggregate[j] = n++;
            members[aggregate[j]]++;
        } else {
            aggregate[j] = aggregate[i];
        }
        members[aggregate[j]]++;
    }
    return n;
}

/* Small aggregates converge best; a hub with thousands of neighbours, which have none
 * but the hub, needs a large one. */
static uint32_t choose_aggregates(const struct level *l, uint32_t *aggregate)
{
    uint32_t *members = sim_ctmc_alloc(l->in.n, sizeof *members);
    uint32_t most_members = MOST_MEMBERS;
    uint32_t n = aggregate_up_to(l, most_members, aggregate, members);
    while (n > l->in.n / 4 * 3 && most_members < l->in.n) {
        most_members *= 8;
        n = aggregate_up_to(l, most_members, aggregate, members);
    }
    free(members);
    return n;
}

/* The members of each aggregate: first[a] .. first[a+1]-1 of the list returned. */
static uint32_t *list_members(const uint32_t *aggregate, uint32_t n, uint32_t n_coarse,
                              uint32_t *first)
{
    uint32_t *member = sim_ctmc_alloc(n, sizeof *member);
    for (uint32_t i = 0; i < n; i++) {
        first[aggregate[i] + 1]++;
    }
    for (uint32_t a = 0; a < n_coarse; a++) {
        first[a + 1] += first[a];
    }
    for (uint32_t i = n; i-- > 0;) {
        member[--first[aggregate[i] + 1]] = i;
    }
    for (uint32_t a = 0; a < n_coarse; a++) { /* each begins where the last one ended */
        first[a] = first[a + 1];
    }
    first[n_coarse] = n;
    return member;
}

/* ---- the coarser level ---- */

static void add_rate(struct sim_sparse *in, uint64_t *room, uint64_t at, uint32_t from,
                     double rate)
{
    if (at == *room) {
        *room += *room / 2 + 64;
        in->to = sim_ctmc_realloc(in->to, *room, sizeof *in->to);
        in->rate = sim_ctmc_realloc(in->rate, *room, sizeof *in->rate);
    }
    in->to[at] = from;
    in->rate[at] = rate;
}

/* The chain of aggregates: their weights and the rates between them. */
static struct level coarsen(const struct level *l, const uint32_t *aggregate,
                            uint32_t n)
{
    struct level c = {.in = {.n = n}};
    uint32_t *first = sim_ctmc_alloc((size_t)n + 1, sizeof *first);
    uint32_t *member = list_members(aggregate, l->in.n, n, first);
    uint32_t *source = sim_ctmc_alloc(n, sizeof *source);
    double *flow = sim_ctmc_alloc(n, sizeof *flow);
    uint64_t at = 0, room = 0;
    c.in.row = sim_ctmc_alloc((size_t)n + 1, sizeof *c.in.row);
    c.leave = sim_ctmc_alloc(n, sizeof *c.leave);
    c.x = sim_ctmc_alloc(n, sizeof *c.x);
    for (uint32_t i = 0; i < l->in.n; i++) {
        c.x[aggregate[i]] += l->x[i];
    }
    for (uint32_t b = 0; b < n; b++) {
        uint32_t n_sources = 0;
        for (uint32_t k = first[b]; k < first[b + 1]; k++) {
            uint32_t j = member[k];
            for (uint64_t e = l->in.row[j]; e < l->in.row[j + 1]; e++) {
                uint32_t a = aggregate[l->in.to[e]];
                double more = a != b ? l->x[l->in.to[e]] * l->in.rate[e] : 0;
                if (more > 0 && flow[a] == 0) {
                    source[n_sources++] = a;
                }
                flow[a] += more;
            }
        }
        for (uint32_t k = 0; k < n_sources; k++) {
            uint32_t a = source[k];
            double rate = flow[a] / c.x[a];
            add_rate(&c.in, &room, at++, a, rate);
            c.leave[a] += rate;
            flow[a] = 0;
        }
        c.in.row[b + 1] = at;
    }
    free(first);
    free(member);
    free(source);
    free(flow);
    return c;
}

static void release_level(struct level *l)
{
    sim_sparse_release(&l->in);
    free(l->leave);
    free(l->x);
}

static void cycle(struct level *l)
{
    if (l->in.n <= SMALL) {
        eliminate(l);
        return;
    }
    uint32_t *aggregate = sim_ctmc_alloc(l->in.n, sizeof *aggregate);
    sweep(l);
    uint32_t n = choose_aggregates(l, aggregate);
    struct level coarse = coarsen(l, aggregate, n);
    double *before = sim_ctmc_alloc(n, sizeof *before);
    memcpy(before, coarse.x, n * sizeof *before);
    cycle(&coarse);
    for (uint32_t i = 0; i < l->in.n; i++) {
        uint32_t a = aggregate[i];
        l->x[i] *= before[a] > 0 ? coarse.x[a] / before[a] : 1;
    }
    release_level(&coarse);
    free(before);
    free(aggregate);
    sweep(l);
    normalise(l);
}

/* ---- until it settles ---- */

static double largest_change(const double *old, const double *x, uint32_t n)
{
    double most = 0;
    for (uint32_t i = 0; i < n; i++) {
        double larger = fmax(old[i], x[i]);
        double change = larger > LEAST ? fabs(x[i] - old[i]) / larger : 0;
        most = fmax(most, change);
    }
    return most;
}

/* What is still missing, by the changes of the last cycles. */
static double missing(const double *change, uint32_t n)
{
    double factor = 0;
    if (n <= MEMORY) {
        return 1;
    }
    for (uint32_t k = n - MEMORY; k < n; k++) {
        factor = fmax(factor, change[k - 1] > 0 ? change[k] / change[k - 1] : 0);
    }
    if (change[n - 1] < NOISE) { /* rounding alone: the factor says nothing */
        return change[n - 1];
    }
    return factor < 1 ? change[n - 1] * fmax(1, factor / (1 - factor)) : 1;
}

int sim_multilevel_steady(const struct sim_sparse *q, double tolerance,
                          const volatile sig_atomic_t *stop, long double *x,
                          struct sim_err *err)
{
    enum { MAX_CYCLES = 2000 };
    double change[MAX_CYCLES + 1] = {0};
    struct level l = {.in = sim_sparse_transpose(q, NULL, NULL)};
    uint32_t n = 0;
    double *old = sim_ctmc_alloc(q->n, sizeof *old);
    l.leave = sim_ctmc_alloc(q->n, sizeof *l.leave);
    l.x = sim_ctmc_alloc(q->n, sizeof *l.x);
    for (uint32_t i = 0; i < q->n; i++) {
        l.x[i] = 1.0 / q->n;
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            l.leave[i] += q->rate[e];
        }
    }
    bool is_stopped = false;
    do {
        memcpy(old, l.x, q->n * sizeof *old);
        cycle(&l);
        change[n] = largest_change(old, l.x, q->n);
        n++;
        is_stopped = stop != NULL && *stop != 0;
    } while (missing(change, n) > tolerance && n < MAX_CYCLES && !is_stopped);
    for (uint32_t i = 0; i < q->n; i++) {
        x[i] = (long double)l.x[i];
    }
    release_level(&l);
    free(old);
    if (is_stopped) {
        return sim_err_set(err, SIM_ERR_INTERRUPTED, "interrupted while solving");
    }
    if (missing(change, n) > tolerance) {
        return sim_err_set(err, SIM_ERR_NUMERIC,
                           "the equations of %u states did not settle in %u cycles "
                           "(still changing by %.1e)",
                           q->n, n, change[n - 1]);
    }
    return 0;
}
