/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exact driver: explore, solve, and read the measures off the solution.
 *
 * One exploration (statespace.c) serves every service. Then
 *
 *   steady state     of the closed class that is reached (of each, weighed by how
 *                    likely it is), by elimination without subtraction (gth.c), or by
 *                    sweeps (sweep.c) when the factor would be too large
 *   frequency        sum over up states of pi_i x (rate into down states); mean outage
 *                    and mean uptime follow (renewal reward)
 *   first outage     expected time in each up state before the first down state: the up
 *                    states alone, killed by the flow into down. Without subtraction,
 *                    so a mean time of 1e20 s is as good as one of a day
 *   first year       transient.c, on the chain lumped with respect to this service
 *   causes           an outage belongs to the slot whose firing began it; its expected
 *                    length is the time to up from the state it leads to
 *
 * What is infinite is said to be infinite, and what would cost too much is left
 * unknown (NaN) rather than approximated.
 */
#include "sim/exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"
#include "sim/exact_priv.h"

#define MAX_ENTRIES     1.2e7
#define MAX_FLOPS       6e9
#define SWEEP_TOLERANCE 1e-12

enum { MAX_SWEEPS = 20000, MAX_CLASSES = 1000 };

struct sim_exact_options sim_exact_default(void)
{
    return (struct sim_exact_options){.limits = sim_statespace_default(),
                                      .wants_first_passage = true,
                                      .wants_transient = true,
                                      .wants_causes = true,
                                      .budget_s = -1};
}

/* ---- steady state ---- */

static int sweep_steady(struct sim_exact_solver *s, const struct sim_sparse *q,
                        long double *x)
{
    struct sim_sweep sweep;
    sim_sweep_init(&sweep, q, NULL);
    int rc = sim_sweep_solve(&sweep, NULL, SWEEP_TOLERANCE, MAX_SWEEPS,
                             s->options->limits.stop, x, s->err);
    sim_sweep_release(&sweep);
    return rc;
}

static int steady_of(struct sim_exact_solver *s, const struct sim_sparse *q,
                     long double *x)
{
    struct sim_factor factor;
    struct sim_err ignored;
    s->out->solver = "elimination";
    if (sim_factor_make(&factor, q, NULL, MAX_ENTRIES, MAX_FLOPS, &ignored) == 0) {
        sim_factor_steady(&factor, x);
        sim_factor_release(&factor);
        return 0;
    }
    s->out->solver = "sweeps";
    for (uint32_t i = 0; i < q->n; i++) {
        x[i] = 1.0L / q->n;
    }
    return sweep_steady(s, q, x);
}

/* How likely the chain ends in each of the closed classes: weight[1..]. */
static int find_weights(struct sim_exact_solver *s, const uint32_t *class,
                        long double *weight)
{
    const struct sim_sparse *q = &s->chain->q;
    uint8_t *keep = sim_ctmc_alloc(q->n, sizeof *keep);
    uint32_t *number = sim_ctmc_alloc(q->n, sizeof *number);
    long double *lost = sim_ctmc_alloc(q->n, sizeof *lost);
    long double *x = sim_ctmc_alloc(q->n, sizeof *x);
    struct sim_factor factor;
    for (uint32_t i = 0; i < q->n; i++) {
        keep[i] = class[i] == 0;
        weight[class[i]] += class[i] != 0 ? s->start[i] : 0;
    }
    struct sim_sparse open = sim_sparse_restrict(q, keep, number, lost);
    for (uint32_t i = 0; i < q->n; i++) {
        if (keep[i]) {
            x[number[i]] = s->start[i];
        }
    }
    int rc = sim_factor_make(&factor, &open, lost, MAX_ENTRIES, MAX_FLOPS, s->err);
    if (rc == 0) {
        sim_factor_solve_left(&factor, x);
        sim_factor_release(&factor);
    }
    for (uint32_t i = 0; rc == 0 && i < q->n; i++) {
        for (uint64_t e = q->row[i]; keep[i] && e < q->row[i + 1]; e++) {
            uint32_t to = class[q->to[e]];
            weight[to] += to != 0 ? x[number[i]] * (long double)q->rate[e] : 0;
        }
    }
    weight[0] = 0;
    sim_sparse_release(&open);
    free(keep);
    free(number);
    free(lost);
    free(x);
    return rc;
}

/* Adds the steady state of one closed class, times its weight. */
static int add_class(struct sim_exact_solver *s, const uint32_t *class, uint32_t which,
                     long double weight)
{
    const struct sim_sparse *q = &s->chain->q;
    uint8_t *keep = sim_ctmc_alloc(q->n, sizeof *keep);
    uint32_t *number = sim_ctmc_alloc(q->n, sizeof *number);
    for (uint32_t i = 0; i < q->n; i++) {
        keep[i] = class[i] == which;
    }
    struct sim_sparse part = sim_sparse_restrict(q, keep, number, NULL);
    long double *x = sim_ctmc_alloc(part.n, sizeof *x);
    int rc = steady_of(s, &part, x);
    for (uint32_t i = 0; rc == 0 && i < q->n; i++) {
        s->pi[i] += keep[i] ? weight * x[number[i]] : 0;
    }
    sim_sparse_release(&part);
    free(x);
    free(keep);
    free(number);
    return rc;
}

/* The long run. Where it depends on chance which closed class is entered (pods settle
 * on other nodes and stay there), the classes count by how likely they are: the
 * expected long-run average over histories, which is what simulation estimates too. */
static int find_steady(struct sim_exact_solver *s)
{
    const struct sim_sparse *q = &s->chain->q;
    uint8_t *from = sim_ctmc_alloc(q->n, sizeof *from);
    uint32_t *class = sim_ctmc_alloc(q->n, sizeof *class);
    for (uint32_t i = 0; i < s->chain->n_initial; i++) {
        from[s->chain->initial[i]] = 1;
    }
    uint32_t n = sim_sparse_closed(q, from, class);
    long double *weight = sim_ctmc_alloc((size_t)n + 1, sizeof *weight);
    int rc = 0;
    weight[1] = 1;
    if (n > MAX_CLASSES) {
        rc =
            sim_err_set(s->err, SIM_ERR_LIMIT,
                        "the long run of this model ends in one of %u separate sets of "
                        "states; at most %d are weighed",
                        n, MAX_CLASSES);
    } else if (n > 1) {
        weight[1] = 0;
        rc = find_weights(s, class, weight);
    }
    for (uint32_t c = 1; rc == 0 && c <= n; c++) {
        if (weight[c] > 0) {
            rc = add_class(s, class, c, weight[c]);
        }
    }
    free(weight);
    free(from);
    free(class);
    return rc;
}

static void read_steady(struct sim_exact_solver *s, uint32_t service)
{
    const struct sim_sparse *q = &s->chain->q;
    struct sim_exact_service *out = &s->out->service[service];
    long double down = 0, up = 0, bad = 0, entries = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        if (s->chain->bad != NULL) {
            bad +=
                s->pi[i] *
                (long double)s->chain->bad[(size_t)i * s->chain->n_services + service];
        }
        if (sim_exact_is_down(s, i, service)) {
            down += s->pi[i];
            continue;
        }
        up += s->pi[i];
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            if (sim_exact_is_down(s, q->to[e], service)) {
                entries += s->pi[i] * (long double)q->rate[e];
            }
        }
    }
    out->unavailability = (double)down;
    out->log_unavailability = down > 0 ? logl(down) : -(long double)HUGE_VAL;
    out->failed_share = s->chain->bad != NULL ? (double)bad : (double)down;
    out->outages_per_s = (double)entries;
    out->mean_outage_s = entries > 0 ? (double)(down / entries) : (double)NAN;
    out->mean_uptime_s = entries > 0 ? (double)(up / entries) : (double)HUGE_VAL;
}

/* ---- first outage ---- */

/* Can every state of q reach one with lost > 0? */
static bool all_end(const struct sim_sparse *q, const long double *lost)
{
    struct sim_sparse back = sim_sparse_transpose(q);
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

/* q with what is lost led back to where it starts: a closed chain. */
static struct sim_sparse lead_back(const struct sim_sparse *q, const long double *lost,
                                   const long double *start)
{
    uint32_t n_starts = 0;
    uint64_t n_lost = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        n_starts += start[i] > 0;
        n_lost += lost[i] > 0;
    }
    struct sim_sparse out = {.n = q->n};
    uint64_t room = q->row[q->n] + n_lost * n_starts, n = 0;
    out.row = sim_ctmc_alloc((size_t)q->n + 1, sizeof *out.row);
    out.to = sim_ctmc_alloc(room, sizeof *out.to);
    out.rate = sim_ctmc_alloc(room, sizeof *out.rate);
    for (uint32_t i = 0; i < q->n; i++) {
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            out.to[n] = q->to[e];
            out.rate[n++] = q->rate[e];
        }
        for (uint32_t j = 0; lost[i] > 0 && j < q->n && n_starts > 0; j++) {
            if (start[j] > 0 && j != i) {
                out.to[n] = j;
                out.rate[n++] = (double)(lost[i] * start[j]);
            }
            if (start[j] > 0 && n_starts == 1) {
                break;
            }
        }
        out.row[i + 1] = n;
    }
    return out;
}

/* Mean time until what is lost: q entered with `start` (which it overwrites). */
static int mean_time(struct sim_exact_solver *s, const struct sim_sparse *q,
                     const long double *lost, long double *start, double *mean_s)
{
    struct sim_factor factor;
    struct sim_err ignored;
    long double sum = 0, flow = 0, total = 0;
    if (sim_factor_make(&factor, q, lost, MAX_ENTRIES, MAX_FLOPS, &ignored) == 0) {
        sim_factor_solve_left(&factor, start);
        sim_factor_release(&factor);
        for (uint32_t i = 0; i < q->n; i++) {
            sum += start[i];
        }
        *mean_s = (double)sum;
        return 0;
    }
    struct sim_sparse closed = lead_back(q, lost, start);
    long double *x = sim_ctmc_alloc(q->n, sizeof *x);
    for (uint32_t i = 0; i < q->n; i++) {
        x[i] = 1.0L / q->n;
        total += start[i];
    }
    int rc = sweep_steady(s, &closed, x);
    for (uint32_t i = 0; i < q->n; i++) {
        flow += x[i] * lost[i];
    }
    *mean_s = (double)(total / flow);
    sim_sparse_release(&closed);
    free(x);
    return rc;
}

static int find_first_passage(struct sim_exact_solver *s, uint32_t service)
{
    const struct sim_sparse *q = &s->chain->q;
    uint8_t *keep = sim_ctmc_alloc(q->n, sizeof *keep);
    uint32_t *number = sim_ctmc_alloc(q->n, sizeof *number);
    long double *lost = sim_ctmc_alloc(q->n, sizeof *lost);
    long double *start = sim_ctmc_alloc(q->n, sizeof *start);
    for (uint32_t i = 0; i < q->n; i++) {
        keep[i] = !sim_exact_is_down(s, i, service);
    }
    /* of the up states, only those reached before the first outage */
    struct sim_sparse up = sim_sparse_restrict(q, keep, number, lost);
    uint8_t *reached = sim_ctmc_alloc(up.n, sizeof *reached);
    for (uint32_t i = 0; i < q->n; i++) {
        if (keep[i] && s->start[i] > 0) {
            reached[number[i]] = 1;
        }
    }
    sim_sparse_reach(&up, reached);
    for (uint32_t i = 0; i < q->n; i++) {
        keep[i] = keep[i] && reached[number[i]];
    }
    sim_sparse_release(&up);
    up = sim_sparse_restrict(q, keep, number, lost);
    for (uint32_t i = 0; i < q->n; i++) {
        if (keep[i]) {
            start[number[i]] = s->start[i];
        }
    }
    double *mttff_s = &s->out->service[service].mttff_s;
    int rc = 0;
    if (up.n == 0) {
        *mttff_s = 0;
    } else if (!all_end(&up, lost)) {
        *mttff_s = (double)HUGE_VAL;
    } else {
        rc = mean_time(s, &up, lost, start, mttff_s);
    }
    sim_sparse_release(&up);
    free(reached);
    free(keep);
    free(number);
    free(lost);
    free(start);
    return rc;
}

/* ---- causes ---- */

/* Flow into each down state by cause: added to flow[state], and per cause. */
static void add_entries(struct sim_exact_solver *s, uint32_t service, uint32_t cause,
                        long double *flow, long double *total)
{
    const struct sim_sparse *q = &s->chain->q;
    for (uint32_t i = 0; i < q->n; i++) {
        if (sim_exact_is_down(s, i, service) || s->pi[i] == 0) {
            continue;
        }
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            if (s->chain->cause[e] == cause &&
                sim_exact_is_down(s, q->to[e], service)) {
                long double part = s->pi[i] * (long double)q->rate[e];
                flow[q->to[e]] += part;
                *total += part;
            }
        }
    }
}

static int find_causes(struct sim_exact_solver *s, uint32_t service)
{
    const struct sim_sparse *q = &s->chain->q;
    struct sim_exact_service *out = &s->out->service[service];
    uint8_t *keep = sim_ctmc_alloc(q->n, sizeof *keep);
    uint32_t *number = sim_ctmc_alloc(q->n, sizeof *number);
    long double *lost = sim_ctmc_alloc(q->n, sizeof *lost);
    long double *length = sim_ctmc_alloc(q->n, sizeof *length);
    struct sim_factor factor;
    struct sim_err ignored;
    for (uint32_t i = 0; i < q->n; i++) {
        keep[i] = sim_exact_is_down(s, i, service) && s->pi[i] > 0;
    }
    struct sim_sparse down = sim_sparse_restrict(q, keep, number, lost);
    bool is_known =
        down.n > 0 && out->outages_per_s > 0 && all_end(&down, lost) &&
        sim_factor_make(&factor, &down, lost, MAX_ENTRIES, MAX_FLOPS, &ignored) == 0;
    if (is_known) {
        for (uint32_t i = 0; i < down.n; i++) {
            length[i] = 1;
        }
        sim_factor_solve_right(&factor, length);
        sim_factor_release(&factor);
    }
    uint32_t n = s->model->n_causes;
    out->cause_unavailability = sim_arena_calloc(s->arena, n, sizeof(double));
    out->cause_outages_per_s = sim_arena_calloc(s->arena, n, sizeof(double));
    long double *flow = sim_ctmc_alloc(q->n, sizeof *flow);
    for (uint32_t c = 0; c < n; c++) {
        long double total = 0, time = 0;
        memset(flow, 0, q->n * sizeof *flow);
        add_entries(s, service, c, flow, &total);
        for (uint32_t i = 0; is_known && i < q->n; i++) {
            time += keep[i] ? flow[i] * length[number[i]] : 0;
        }
        out->cause_outages_per_s[c] = (double)total;
        out->cause_unavailability[c] = is_known ? (double)time : (double)NAN;
    }
    sim_sparse_release(&down);
    free(flow);
    free(keep);
    free(number);
    free(lost);
    free(length);
    return 0;
}

/* ---- which comes first ---- */

int sim_exact_race(const struct sim_model *model,
                   const struct sim_statespace_limits *limits, double *probability,
                   uint32_t *n_states, struct sim_err *err)
{
    struct sim_statespace space;
    struct sim_factor factor;
    int rc = sim_statespace_explore(model, limits, &space, err);
    if (rc < 0) {
        return rc;
    }
    const struct sim_ctmc *chain = &space.chain;
    uint32_t n = *n_states = chain->q.n;
    uint8_t *keep = sim_ctmc_alloc(n, sizeof *keep);
    uint32_t *number = sim_ctmc_alloc(n, sizeof *number);
    long double *lost = sim_ctmc_alloc(n, sizeof *lost);
    long double *x = sim_ctmc_alloc(n, sizeof *x);
    long double won = 0;
    for (uint32_t i = 0; i < n; i++) {
        keep[i] = (chain->down[i] & 3) == 0;
    }
    struct sim_sparse open = sim_sparse_restrict(&chain->q, keep, number, lost);
    for (uint32_t i = 0; i < chain->n_initial; i++) {
        uint32_t state = chain->initial[i];
        if (keep[state]) {
            x[number[state]] += (long double)chain->initial_p[i];
        } else if ((chain->down[state] & 1) != 0) {
            won += (long double)chain->initial_p[i];
        }
    }
    rc = sim_factor_make(&factor, &open, lost, MAX_ENTRIES, MAX_FLOPS, err);
    if (rc == 0) {
        sim_factor_solve_left(&factor, x);
        sim_factor_release(&factor);
    }
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        for (uint64_t e = chain->q.row[i]; keep[i] && e < chain->q.row[i + 1]; e++) {
            if ((chain->down[chain->q.to[e]] & 1) != 0) {
                won += x[number[i]] * (long double)chain->q.rate[e];
            }
        }
    }
    *probability = (double)won;
    sim_sparse_release(&open);
    free(keep);
    free(number);
    free(lost);
    free(x);
    sim_ctmc_release(&space.chain);
    return rc;
}

/* ---- the driver ---- */

static void set_unknown(struct sim_exact_service *out)
{
    double *field[] = {&out->unavailability, &out->failed_share,  &out->outages_per_s,
                       &out->mean_outage_s,  &out->mean_uptime_s, &out->mttff_s,
                       &out->point_end,      &out->interval,      &out->outages,
                       &out->prob_outage,    &out->slo_met_share};
    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        *field[i] = (double)NAN;
    }
    for (int i = 0; i < SIM_EXACT_LOSSES; i++) {
        out->prob_loss[i] = (double)NAN;
    }
}

static int solve_service(struct sim_exact_solver *s, uint32_t service)
{
    const struct sim_exact_options *options = s->options;
    int rc = 0;
    set_unknown(&s->out->service[service]);
    if (!s->model->is_absorbing) {
        read_steady(s, service);
    }
    if (options->wants_first_passage) {
        rc = find_first_passage(s, service);
    }
    if (rc == 0 && options->wants_transient) {
        rc = sim_exact_transients(s, service);
    }
    if (rc == 0 && options->wants_causes && !s->model->is_absorbing) {
        rc = find_causes(s, service);
    }
    return rc;
}

/* When nothing but the steady state of one service is wanted, a symmetric chain may be
 * lumped first: same answer, less work. */
static void lump_all(struct sim_ctmc *chain)
{
    uint32_t n = chain->q.n;
    uint8_t *label = sim_ctmc_alloc(n, sizeof *label);
    uint32_t *block = sim_ctmc_alloc(n, sizeof *block);
    for (uint32_t i = 0; i < n; i++) {
        label[i] = (uint8_t)(chain->down[i] & 1);
    }
    struct sim_sparse lumped = sim_sparse_lump(&chain->q, label, block);
    for (uint32_t i = 0; i < n; i++) {
        chain->down[block[i]] = label[i]; /* block[i] <= i */
    }
    for (uint32_t i = 0; i < chain->n_initial; i++) {
        chain->initial[i] = block[chain->initial[i]];
    }
    sim_sparse_release(&chain->q);
    chain->q = lumped;
    free(label);
    free(block);
}

static bool wants_steady_only(const struct sim_model *model,
                              const struct sim_exact_options *options)
{
    return !options->wants_first_passage && !options->wants_transient &&
           !options->wants_causes && model->n_services == 1 && model->degraded == NULL;
}

int sim_exact_solve(struct sim_arena *arena, const struct sim_model *model,
                    const struct sim_exact_options *options, struct sim_exact *out,
                    struct sim_err *err)
{
    struct sim_statespace space;
    int rc = sim_statespace_explore(model, &options->limits, &space, err);
    if (rc < 0) {
        return rc;
    }
    struct sim_exact_solver s = {.arena = arena,
                                 .model = model,
                                 .options = options,
                                 .chain = &space.chain,
                                 .out = out,
                                 .err = err};
    *out = (struct sim_exact){
        .n_states = space.chain.q.n,
        .n_edges = space.chain.q.row[space.chain.q.n],
        .is_exact = space.is_exact,
        .largest_law = space.largest_law,
        .solver = "elimination",
        .n_services = model->n_services,
        .service = sim_arena_calloc(arena, model->n_services, sizeof *out->service)};
    if (wants_steady_only(model, options)) {
        lump_all(&space.chain);
    }
    uint32_t n = space.chain.q.n;
    s.pi = sim_ctmc_alloc(n, sizeof *s.pi);
    s.start = sim_ctmc_alloc(n, sizeof *s.start);
    for (uint32_t i = 0; i < space.chain.n_initial; i++) {
        s.start[space.chain.initial[i]] += (long double)space.chain.initial_p[i];
    }
    if (!model->is_absorbing) {
        rc = find_steady(&s);
    }
    for (uint32_t i = 0; rc == 0 && i < model->n_services; i++) {
        rc = solve_service(&s, i);
    }
    free(s.pi);
    free(s.start);
    sim_ctmc_release(&space.chain);
    return rc;
}
