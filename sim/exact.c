/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exact driver: explore, lump, solve, and read the measures off the solution.
 *
 * One exploration (statespace.c) serves every service. Its chain is lumped at once
 * with respect to all that is asked (lump.c): replicas that are alike, and the places
 * where they may lie, make hundreds of thousands of states of which thousands remain,
 * and elimination becomes possible. Every answer is the same on the lumped chain:
 *
 *   steady state   exact_steady.c, once for all services
 *   causes         exact_cause.c
 *   first outage   exact_first.c \ on the chain lumped further, with respect to the
 *   first year     exact_year.c  / one service: what it never notices is gone
 *
 * Blame is read off the notes, which then are part of a state. Where that makes too
 * many states, they are explored again without, and an outage is left to the cause
 * that began it; `blame_is_divided` says which of the two it was.
 *
 * What is infinite is said to be infinite, and what would cost too much is left
 * unknown (NaN) rather than approximated.
 *
 * Memory: 13 bytes per edge and about 40 per state while exploring, twice that while
 * lumping. The states themselves are not kept.
 */
#include "sim/exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/exact_priv.h"
#include "sim/lump.h"

struct sim_exact_options sim_exact_default(void)
{
    return (struct sim_exact_options){.limits = sim_statespace_default(),
                                      .wants_first_passage = true,
                                      .wants_transient = true,
                                      .wants_causes = true,
                                      .budget_s = -1};
}

/* ---- lumping ---- */

void sim_exact_lump(struct sim_ctmc *chain)
{
    struct sim_lumping lumping;
    sim_lump(&chain->q, chain->cause, chain->label, &lumping);
    for (uint32_t b = 0; b < lumping.q.n; b++) {
        chain->label[b] = chain->label[lumping.state[b]]; /* state[b] >= b */
    }
    for (uint32_t i = 0; i < chain->n_initial; i++) {
        chain->initial[i] = lumping.block[chain->initial[i]];
    }
    sim_sparse_release(&chain->q);
    free(chain->cause);
    chain->q = lumping.q;
    chain->cause = lumping.colour;
    lumping.q = (struct sim_sparse){0};
    lumping.colour = NULL;
    sim_lumping_release(&lumping);
}

/* Is there nothing in the labels but this service? Then the chain is lumped already. */
static bool is_alone(const struct sim_ctmc *chain, uint32_t service)
{
    bool is_same = chain->cause == NULL;
    for (uint32_t a = 0; is_same && a < chain->labels.n; a++) {
        for (uint32_t b = 0; is_same && b < a; b++) {
            is_same = ((sim_label_down(&chain->labels, a) ^
                        sim_label_down(&chain->labels, b)) >>
                           service &
                       1) != 0;
        }
    }
    return is_same;
}

static struct sim_exact_part borrow_part(const struct sim_exact_solver *s,
                                         uint32_t service)
{
    uint32_t n = s->chain->q.n;
    struct sim_exact_part part = {.q = s->chain->q, .is_borrowed = true};
    part.marked = sim_ctmc_alloc(n, sizeof *part.marked);
    part.start = sim_ctmc_alloc(n, sizeof *part.start);
    part.pi = sim_ctmc_alloc(n, sizeof *part.pi);
    for (uint32_t i = 0; i < n; i++) {
        part.marked[i] = sim_exact_is_down(s, i, service);
    }
    memcpy(part.start, s->start, n * sizeof *part.start);
    memcpy(part.pi, s->pi, n * sizeof *part.pi);
    return part;
}

static struct sim_exact_part make_part(const struct sim_exact_solver *s,
                                       uint32_t service)
{
    const struct sim_sparse *q = &s->chain->q;
    struct sim_lumping lumping;
    if (is_alone(s->chain, service)) {
        return borrow_part(s, service);
    }
    uint32_t *label = sim_ctmc_alloc(q->n, sizeof *label);
    for (uint32_t i = 0; i < q->n; i++) {
        label[i] = sim_exact_is_down(s, i, service);
    }
    sim_lump(q, NULL, label, &lumping);
    struct sim_exact_part part = {.q = lumping.q};
    part.marked = sim_ctmc_alloc(part.q.n, sizeof *part.marked);
    part.start = sim_ctmc_alloc(part.q.n, sizeof *part.start);
    part.pi = sim_ctmc_alloc(part.q.n, sizeof *part.pi);
    for (uint32_t i = 0; i < q->n; i++) {
        part.marked[lumping.block[i]] = (uint8_t)label[i];
        part.start[lumping.block[i]] += s->start[i];
        part.pi[lumping.block[i]] += s->pi[i];
    }
    lumping.q = (struct sim_sparse){0};
    sim_lumping_release(&lumping);
    free(label);
    return part;
}

static void release_part(struct sim_exact_part *part)
{
    if (!part->is_borrowed) {
        sim_sparse_release(&part->q);
    }
    free(part->marked);
    free(part->start);
    free(part->pi);
}

/* ---- one service ---- */

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

static int solve_part(struct sim_exact_solver *s, uint32_t service)
{
    const struct sim_exact_options *options = s->options;
    int rc = 0;
    if (!options->wants_first_passage && !options->wants_transient) {
        return 0;
    }
    struct sim_exact_part part = make_part(s, service);
    if (service == 0) {
        s->out->n_lumped = part.q.n;
    }
    if (options->wants_first_passage) {
        rc = sim_exact_first(s, &part, service);
    }
    if (rc == 0 && options->wants_transient) {
        rc = sim_exact_year(s, &part, service);
    }
    release_part(&part);
    return rc;
}

static uint64_t services_of(const struct sim_exact_options *options)
{
    return options->services == 0 ? UINT64_MAX : options->services;
}

static int solve_service(struct sim_exact_solver *s, uint32_t service)
{
    int rc = 0;
    set_unknown(&s->out->service[service]);
    if ((services_of(s->options) >> service & 1) == 0) {
        return 0;
    }
    if (!s->model->is_absorbing) {
        sim_exact_read_steady(s, service);
    }
    if (s->options->wants_causes && !s->model->is_absorbing) {
        rc = sim_exact_causes(s, service);
    }
    return rc == 0 ? solve_part(s, service) : rc;
}

/* ---- the driver ---- */

static int explore(const struct sim_model *model,
                   const struct sim_exact_options *options,
                   struct sim_statespace *space, struct sim_exact *out,
                   struct sim_err *err)
{
    struct sim_label_wants wants = {
        .services = services_of(options) | (model->is_absorbing ? 1u : 0u),
        .causes = options->wants_causes && !model->is_absorbing,
        .blame = options->wants_causes && !model->is_absorbing && model->blame != NULL};
    int rc = sim_statespace_explore(model, &options->limits, &wants, space, err);
    if (rc == -SIM_ERR_LIMIT && wants.blame) {
        wants.blame = false;
        rc = sim_statespace_explore(model, &options->limits, &wants, space, err);
    }
    out->blame_is_divided = wants.blame;
    return rc;
}

static int solve(struct sim_exact_solver *s)
{
    uint32_t n = s->chain->q.n;
    int rc = 0;
    s->pi = sim_ctmc_alloc(n, sizeof *s->pi);
    s->start = sim_ctmc_alloc(n, sizeof *s->start);
    for (uint32_t i = 0; i < s->chain->n_initial; i++) {
        s->start[s->chain->initial[i]] += (long double)s->chain->initial_p[i];
    }
    if (!s->model->is_absorbing) {
        rc = sim_exact_steady(s);
    }
    for (uint32_t i = 0; rc == 0 && i < s->model->n_services; i++) {
        rc = solve_service(s, i);
    }
    free(s->pi);
    free(s->start);
    return rc;
}

int sim_exact_solve(struct sim_arena *arena, const struct sim_model *model,
                    const struct sim_exact_options *options, struct sim_exact *out,
                    struct sim_err *err)
{
    struct sim_statespace space;
    *out = (struct sim_exact){.solver = "elimination", .n_services = model->n_services};
    int rc = explore(model, options, &space, out, err);
    if (rc < 0) {
        return rc;
    }
    out->n_states = space.chain.q.n;
    out->n_edges = space.chain.q.row[space.chain.q.n];
    out->is_exact = space.is_exact;
    out->largest_law = space.largest_law;
    out->service = sim_arena_calloc(arena, model->n_services, sizeof *out->service);
    sim_exact_lump(&space.chain);
    out->n_solved = out->n_lumped = space.chain.q.n;
    struct sim_exact_solver s = {.arena = arena,
                                 .model = model,
                                 .options = options,
                                 .chain = &space.chain,
                                 .out = out,
                                 .err = err};
    rc = solve(&s);
    sim_ctmc_release(&space.chain);
    return rc;
}
