/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The long run of a chain.
 *
 * Where it depends on chance which closed class of states is entered (pods settle on
 * other nodes and stay there), the classes count by how likely they are: the expected
 * long-run average over histories, which is what simulation estimates too. Each class
 * is solved by elimination without subtraction (gth.c), or by multilevel.c when that
 * would take long.
 *
 * Frequency: sum over up states of pi_i x (rate into down states); mean outage and
 * mean uptime follow (renewal reward).
 */
#include <math.h>
#include <stdlib.h>

#include "sim/exact_priv.h"

#define TOLERANCE 1e-12

enum { MAX_CLASSES = 1000 };

static int eliminate(const struct sim_sparse *q, double max_flops, long double *x)
{
    struct sim_factor factor;
    struct sim_err ignored;
    int rc = sim_factor_make(&factor, q, NULL, SIM_EXACT_ENTRIES, max_flops, &ignored);
    if (rc == 0) {
        sim_factor_steady(&factor, x);
        sim_factor_release(&factor);
    }
    return rc;
}

/* Elimination as far as it is quick, or has to give all digits; it also is the last
 * resort of a chain whose cycles do not settle. */
int sim_exact_closed(struct sim_exact_solver *s, const struct sim_sparse *q,
                     long double *x)
{
    double most = s->options->wants_all_digits ? SIM_EXACT_FLOPS : SIM_EXACT_QUICK;
    if (eliminate(q, most, x) == 0) {
        return 0;
    }
    int rc = sim_multilevel_steady(q, TOLERANCE, s->options->limits.stop, x, s->err);
    if (rc == -SIM_ERR_NUMERIC && eliminate(q, SIM_EXACT_FLOPS, x) == 0) {
        return 0;
    }
    s->out->solver = "multilevel sweeps";
    return rc;
}

/* How likely the chain ends in each of the closed classes: weight[1..]. */
static int find_weights(struct sim_exact_solver *s, const uint32_t *class,
                        long double *weight)
{
    const struct sim_sparse *q = &s->chain->q;
    uint8_t *keep = sim_ctmc_alloc(q->n, sizeof *keep);
    long double *stay = sim_ctmc_alloc(q->n, sizeof *stay);
    for (uint32_t i = 0; i < q->n; i++) {
        keep[i] = class[i] == 0;
        weight[class[i]] += class[i] != 0 ? s->start[i] : 0;
    }
    int rc = sim_ctmc_stay(q, keep, s->start, SIM_EXACT_ENTRIES, SIM_EXACT_FLOPS, stay,
                           s->err);
    for (uint32_t i = 0; rc == 0 && i < q->n; i++) {
        for (uint64_t e = q->row[i]; keep[i] && e < q->row[i + 1]; e++) {
            uint32_t to = class[q->to[e]];
            weight[to] += to != 0 ? stay[i] * (long double)q->rate[e] : 0;
        }
    }
    weight[0] = 0;
    free(keep);
    free(stay);
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
    int rc = sim_exact_closed(s, &part, x);
    for (uint32_t i = 0; rc == 0 && i < q->n; i++) {
        s->pi[i] += keep[i] ? weight * x[number[i]] : 0;
    }
    sim_sparse_release(&part);
    free(x);
    free(keep);
    free(number);
    return rc;
}

/* Every state belongs to class 1. */
static bool is_whole(const uint32_t *class, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && class[i] == 1) {
        i++;
    }
    return i == n;
}

int sim_exact_steady(struct sim_exact_solver *s)
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
    bool whole = is_whole(class, q->n);
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
    if (whole) {
        rc = sim_exact_closed(s, q, s->pi);
    }
    for (uint32_t c = 1; rc == 0 && !whole && c <= n; c++) {
        if (weight[c] > 0) {
            rc = add_class(s, class, c, weight[c]);
        }
    }
    free(weight);
    free(from);
    free(class);
    return rc;
}

void sim_exact_read_steady(struct sim_exact_solver *s, uint32_t service)
{
    const struct sim_sparse *q = &s->chain->q;
    struct sim_exact_service *out = &s->out->service[service];
    long double down = 0, up = 0, bad = 0, entries = 0;
    for (uint32_t i = 0; i < q->n; i++) {
        bad += s->pi[i] * (long double)sim_label_bad(&s->chain->labels,
                                                     s->chain->label[i], service);
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
    out->failed_share = (double)bad;
    out->outages_per_s = (double)entries;
    out->mean_outage_s = entries > 0 ? (double)(down / entries) : (double)NAN;
    out->mean_uptime_s = entries > 0 ? (double)(up / entries) : (double)HUGE_VAL;
}
