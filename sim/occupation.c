/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The law of the total downtime W(t).
 *
 * W(t) > x just when the downtime collected by the moment at which the *uptime*
 * reaches t - x exceeds x (Takacs 1957 for one unit; it holds for every process). So
 * let two clocks run, one in up states only, one in down states only, and ask for the
 * mass that is still under way when the down clock shows x.
 *
 * The down clock is run by uniformisation: downtimes are short against the fastest
 * rates among down states, so a few thousand steps do, and their Poisson weights make
 * no error. The up clock is long and stiff; it is replaced by m exponential stages and
 * extrapolated in 1/m as in transient.c. Between two steps of the down clock, mass
 * that left for up states must come back: stage after stage, one solve with the
 * factored up-states matrix moves it through the stage, and what falls down again
 * waits there in the same stage. What completes the last stage first is no longer
 * counted. Nothing is subtracted on the way, so tails of 1e-8 keep their digits.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"

enum { FIRST_STAGES = 32, N_LEVELS = 6 };

#define MAX_ENTRIES     1e6
#define MAX_FLOPS       1e9
#define MAX_WORK        6e9
#define WEIGHT_LEFT_OUT 1e-22L

struct occupation {
    const struct sim_sparse *q;
    const uint8_t *marked;
    uint32_t *number;     /* among the up states, or among the down states */
    struct sim_sparse up; /* up states among themselves */
    uint32_t n_down;
    long double *lost; /* of each up state: rate into down states */
    long double *kill;
    struct sim_factor factor;
    long double uniform; /* rate of the down clock's steps */
    long double *stay;   /* probability of a down state to stay in a step */
    uint32_t m;
    long double per_stage;
    long double *mass;     /* by stage and down state */
    long double *fresh;    /* after a step */
    long double *entering; /* by stage and up state: mass that came up */
};

/* Mass that came up passes through the stages and falls down into `fresh`. */
static void pass_stages(struct occupation *o, long double *x)
{
    const struct sim_sparse *q = o->q;
    memset(x, 0, o->up.n * sizeof *x);
    for (uint32_t k = 0; k < o->m; k++) {
        const long double *in = o->entering + (size_t)k * o->up.n;
        long double *out = o->fresh + (size_t)k * o->n_down;
        for (uint32_t i = 0; i < o->up.n; i++) {
            x[i] = x[i] * o->per_stage + in[i];
        }
        sim_factor_solve_left(&o->factor, x);
        for (uint32_t i = 0; i < q->n; i++) {
            if (o->marked[i] || x[o->number[i]] == 0) {
                continue;
            }
            for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
                if (o->marked[q->to[e]]) {
                    out[o->number[q->to[e]]] +=
                        x[o->number[i]] * (long double)q->rate[e];
                }
            }
        }
    }
}

/* One step of the down clock in every stage. */
static void step_down(struct occupation *o, long double *x)
{
    const struct sim_sparse *q = o->q;
    memset(o->fresh, 0, (size_t)o->m * o->n_down * sizeof *o->fresh);
    memset(o->entering, 0, (size_t)o->m * o->up.n * sizeof *o->entering);
    for (uint32_t i = 0; i < q->n; i++) {
        if (!o->marked[i]) {
            continue;
        }
        uint32_t from = o->number[i];
        for (uint32_t k = 0; k < o->m; k++) {
            o->fresh[(size_t)k * o->n_down + from] +=
                o->mass[(size_t)k * o->n_down + from] * o->stay[from];
        }
        for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
            long double p = (long double)q->rate[e] / o->uniform;
            uint32_t n = o->marked[q->to[e]] ? o->n_down : o->up.n;
            long double *to = o->marked[q->to[e]] ? o->fresh : o->entering;
            for (uint32_t k = 0; k < o->m; k++) {
                to[(size_t)k * n + o->number[q->to[e]]] +=
                    o->mass[(size_t)k * o->n_down + from] * p;
            }
        }
    }
    pass_stages(o, x);
    long double *old = o->mass;
    o->mass = o->fresh;
    o->fresh = old;
}

static long double total_mass(const struct occupation *o)
{
    long double sum = 0;
    for (size_t i = 0; i < (size_t)o->m * o->n_down; i++) {
        sum += o->mass[i];
    }
    return sum;
}

/* The last step whose Poisson weight matters. */
static uint64_t last_step(long double mean)
{
    return (uint64_t)(mean + 12 * sqrtl(mean) + 40);
}

static void begin(struct occupation *o, const long double *start, long double *x)
{
    memset(o->fresh, 0, (size_t)o->m * o->n_down * sizeof *o->fresh);
    memset(o->entering, 0, (size_t)o->m * o->up.n * sizeof *o->entering);
    for (uint32_t i = 0; i < o->q->n; i++) {
        if (o->marked[i]) {
            o->fresh[o->number[i]] = start[i];
        } else {
            o->entering[o->number[i]] = start[i];
        }
    }
    pass_stages(o, x);
    long double *old = o->mass;
    o->mass = o->fresh;
    o->fresh = old;
}

/* P(down clock reaches x_s before m stages are through). */
static int run_stages(struct occupation *o, const long double *start, double up_s,
                      double x_s, uint32_t m, long double *won, struct sim_err *err)
{
    o->m = m;
    o->per_stage = (long double)m / (long double)up_s;
    for (uint32_t i = 0; i < o->up.n; i++) {
        o->kill[i] = o->lost[i] + o->per_stage;
    }
    int rc = sim_factor_make(&o->factor, &o->up, o->kill, MAX_ENTRIES, MAX_FLOPS, err);
    if (rc < 0) {
        return rc;
    }
    long double mean = o->uniform * (long double)x_s;
    uint64_t last = last_step(mean);
    long double *x = sim_ctmc_alloc(o->up.n, sizeof *x);
    o->mass = sim_ctmc_alloc((size_t)m * o->n_down, sizeof *o->mass);
    o->fresh = sim_ctmc_alloc((size_t)m * o->n_down, sizeof *o->fresh);
    o->entering = sim_ctmc_alloc((size_t)m * o->up.n, sizeof *o->entering);
    begin(o, start, x);
    *won = 0;
    for (uint64_t step = 0; step <= last; step++) {
        long double weight = expl((long double)step * logl(mean) - mean -
                                  lgammal((long double)step + 1));
        long double mass = total_mass(o);
        *won += weight * mass;
        if (mass < WEIGHT_LEFT_OUT * *won) {
            break; /* less and less is under way */
        }
        step_down(o, x);
    }
    sim_factor_release(&o->factor);
    free(x);
    free(o->mass);
    free(o->fresh);
    free(o->entering);
    return 0;
}

static void split(struct occupation *o)
{
    uint32_t n = o->q->n;
    uint8_t *keep = sim_ctmc_alloc(n, sizeof *keep);
    o->number = sim_ctmc_alloc(n, sizeof *o->number);
    o->lost = sim_ctmc_alloc(n, sizeof *o->lost);
    o->kill = sim_ctmc_alloc(n, sizeof *o->kill);
    o->stay = sim_ctmc_alloc(n, sizeof *o->stay);
    for (uint32_t i = 0; i < n; i++) {
        keep[i] = !o->marked[i];
    }
    o->up = sim_sparse_restrict(o->q, keep, o->number, o->lost);
    for (uint32_t i = 0; i < n; i++) {
        if (!o->marked[i]) {
            continue;
        }
        long double total = 0;
        for (uint64_t e = o->q->row[i]; e < o->q->row[i + 1]; e++) {
            total += (long double)o->q->rate[e];
        }
        o->number[i] = o->n_down;
        o->stay[o->n_down++] = total;
        o->uniform = total > o->uniform ? total : o->uniform;
    }
    for (uint32_t d = 0; d < o->n_down; d++) { /* the fastest state never stays */
        o->stay[d] =
            o->stay[d] < o->uniform ? (o->uniform - o->stay[d]) / o->uniform : 0;
    }
    free(keep);
}

int sim_ctmc_occupation(const struct sim_sparse *q, const uint8_t *marked,
                        const long double *start, double t_s, double x_s,
                        double *probability, double *error, struct sim_err *err)
{
    struct occupation o = {.q = q, .marked = marked};
    long double won[N_LEVELS], difference = 0;
    split(&o);
    double steps = (double)last_step(o.uniform * (long double)x_s);
    double work = steps * (FIRST_STAGES << N_LEVELS) * (4 * (double)q->row[q->n] + 40);
    int rc = 0;
    *probability = *error = 0;
    if (o.n_down > 0 && work > MAX_WORK) {
        rc = sim_err_set(err, SIM_ERR_LIMIT,
                         "the law of the downtime would take too many steps");
    }
    for (int l = 0; rc == 0 && o.n_down > 0 && l < N_LEVELS; l++) {
        rc = run_stages(&o, start, t_s - x_s, x_s, (uint32_t)FIRST_STAGES << l, &won[l],
                        err);
    }
    if (rc == 0 && o.n_down > 0) {
        long double value = sim_romberg(won, N_LEVELS, &difference);
        *probability = (double)(value < 0 ? 0 : value > 1 ? 1 : value);
        *error = value > 0 ? (double)(difference / value) : 0;
    }
    sim_sparse_release(&o.up);
    free(o.number);
    free(o.lost);
    free(o.kill);
    free(o.stay);
    return rc;
}
