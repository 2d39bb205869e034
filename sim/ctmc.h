/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finite Markov chains in continuous time, and solvers that keep tiny numbers.
 *
 * A chain is a sparse matrix of rates by rows. Unavailabilities of 1e-17 must come
 * out with nine digits, so nothing here ever subtracts: every answer is a sum,
 * product or quotient of numbers that are not negative, and so has an entrywise
 * relative error of a few thousand roundings whatever its size (Grassmann, Taksar,
 * Heyman 1985; O'Cinneide 1993).
 */
#ifndef SIM_CTMC_H
#define SIM_CTMC_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/err.h"
#include "sim/label.h"

/* Rates by rows: edges row[i] .. row[i+1]-1 lead from i to `to` with `rate` > 0 per
 * second; no edge leads from a state to itself. */
struct sim_sparse {
    uint32_t n;
    uint64_t *row; /* n + 1 */
    uint32_t *to;
    double *rate;
};

struct sim_ctmc {
    struct sim_sparse q;
    uint8_t *cause; /* of each edge that begins an outage, else SIM_NO_CAUSE; or NULL */
    uint32_t *label; /* of each state: what is measured in it */
    struct sim_labels labels;
    uint32_t n_initial; /* where it starts: states and their probabilities */
    uint32_t *initial;
    double *initial_p;
};

/* Services down in a state, bit by bit. */
static inline uint64_t sim_ctmc_down(const struct sim_ctmc *chain, uint32_t state)
{
    return sim_label_down(&chain->labels, chain->label[state]);
}

void sim_ctmc_release(struct sim_ctmc *chain);
void sim_sparse_release(struct sim_sparse *q);

/* Memory for the solvers: zeroed, ends the process when there is none; free(). */
void *sim_ctmc_alloc(size_t n, size_t size);
/* The same block with room for n > 0; what is new is not cleared. */
void *sim_ctmc_realloc(void *block, size_t n, size_t size);

/*
 * The chain restricted to the states with keep[i] != 0, numbered anew in the old
 * order; number[i] receives the new number or UINT32_MAX. lost[k] (new numbers, room
 * for all kept) receives the total rate out of the kept set. NULL lost: not wanted.
 */
struct sim_sparse sim_sparse_restrict(const struct sim_sparse *q, const uint8_t *keep,
                                      uint32_t *number, long double *lost);

/* Transposed: edges by where they lead. With a colour for each edge (else NULL) rates
 * are multiplied by shade[colour]. */
struct sim_sparse sim_sparse_transpose(const struct sim_sparse *q,
                                       const uint8_t *colour, const double *shade);

/* Marks the states that can be reached from those with mark[i] != 0. */
void sim_sparse_reach(const struct sim_sparse *q, uint8_t *mark);

/* Numbers the closed communicating classes that can be reached from the states with
 * from[i] != 0: class[i] = 1, 2, ... in a closed class, 0 outside. Returns how many. */
uint32_t sim_sparse_closed(const struct sim_sparse *q, const uint8_t *from,
                           uint32_t *class);

/* ---- exact elimination (gth.c) ---- */

/* D - A, with A the rates, D their row sums plus `kill`, factored without a
 * subtraction. The order of elimination is an approximate minimum degree one. */
struct sim_factor {
    uint32_t n;
    uint32_t *order;    /* order[k]: the state eliminated k-th */
    uint64_t *begin;    /* entries of column (and row) k: begin[k] .. begin[k+1]-1 */
    uint32_t *index;    /* ascending positions > k */
    long double *lower; /* flow from position index[] into k when k is eliminated */
    long double *upper; /* flow from k into position index[] then */
    long double *pivot; /* total flow out of k then */
    long double *work;  /* n */
};

/*
 * kill[i] >= 0 per second (NULL = none). Errors: SIM_ERR_LIMIT when the factor would
 * need more than max_entries entries or max_flops multiplications: take sweeps then.
 */
int sim_factor_make(struct sim_factor *f, const struct sim_sparse *q,
                    const long double *kill, double max_entries, double max_flops,
                    struct sim_err *err);
void sim_factor_release(struct sim_factor *f);

/* x (D - A) = b, in place: b >= 0 becomes x. */
void sim_factor_solve_left(const struct sim_factor *f, long double *x);
/* (D - A) x = b, in place. */
void sim_factor_solve_right(const struct sim_factor *f, long double *x);
/* x (D - A) = 0, sum 1: the steady state of an irreducible chain without kill. */
void sim_factor_steady(const struct sim_factor *f, long double *x);

/* Expected time in each of the states with keep[i] != 0 until these are left, entered
 * by `start` (n numbers, those of other states are not looked at); stay[n] receives it,
 * 0 elsewhere. Errors: SIM_ERR_LIMIT, as sim_factor_make. */
int sim_ctmc_stay(const struct sim_sparse *q, const uint8_t *keep,
                  const long double *start, double max_entries, double max_flops,
                  long double *stay, struct sim_err *err);

/* ---- multilevel.c: closed chains too large to be factored ---- */

/*
 * The steady state of an irreducible chain until every entry is within `tolerance`
 * (relative, estimated; not below 1e-13). Errors: SIM_ERR_NUMERIC when it does not
 * settle, SIM_ERR_INTERRUPTED when *stop is set (stop may be NULL).
 */
int sim_multilevel_steady(const struct sim_sparse *q, double tolerance,
                          const volatile sig_atomic_t *stop, long double *x,
                          struct sim_err *err);

/* ---- sweeps with killing (sweep.c) ---- */

/* A chain prepared for sweeps; q must outlive it. */
struct sim_sweep {
    const struct sim_sparse *q;
    struct sim_sparse in; /* transposed */
    long double *leave;   /* total rate out, kill included */
    const long double *b; /* of the present solve */
    long double *x;
};

/* kill[i] >= 0 per second. */
void sim_sweep_init(struct sim_sweep *s, const struct sim_sparse *q,
                    const long double *kill);
void sim_sweep_release(struct sim_sweep *s);

/*
 * x (D - A) = b by Gauss-Seidel sweeps until every entry is within `tolerance`
 * (relative, estimated). x holds the first guess. Error: SIM_ERR_NUMERIC after
 * max_sweeps.
 */
int sim_sweep_solve(struct sim_sweep *s, const long double *b, double tolerance,
                    uint32_t max_sweeps, long double *x, struct sim_err *err);

/* ---- transient (transient.c) ---- */

struct sim_transient {
    long double point;    /* P(marked at t) */
    long double integral; /* E[seconds marked in 0..t] */
    long double entries;  /* E[entries from unmarked into marked in 0..t] */
    double error;         /* estimated relative error, the largest of the three */
};

/* Starting from the distribution `start` (n numbers). is_absorbing: marked states
 * are never left. */
int sim_ctmc_transient(const struct sim_sparse *q, const uint8_t *marked,
                       const long double *start, double t_s, bool is_absorbing,
                       struct sim_transient *out, struct sim_err *err);

/* Romberg's table: value[l] belongs to m = m0 * 2^l stages and errs by a power series
 * in 1/m. Returns the extrapolated value; *error is its distance to the one without
 * the last level. n >= 2. */
long double sim_romberg(const long double *value, int n, long double *error);

/* P(total time in marked states during 0..t_s > x_s), 0 < x_s < t_s; *error is its
 * estimated relative error. SIM_ERR_LIMIT when it would take too long. (occupation.c)
 */
int sim_ctmc_occupation(const struct sim_sparse *q, const uint8_t *marked,
                        const long double *start, double t_s, double x_s,
                        double *probability, double *error, struct sim_err *err);

#endif
