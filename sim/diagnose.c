/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Diagnostics of weighted scores, and intervals over batches.
 *
 * Three things go wrong with importance sampling, and none shows in the sample
 * variance: a few giant scores carry the sum; the giant ones have not been seen
 * yet; whole ways of failing were never sampled. The first is seen in the
 * effective sample size (sum w)^2 / sum w^2 and in the share of the largest score.
 * The second is seen in the tail of the scores: when the top ones look like a
 * Pareto law with shape k > 1/2 the variance is infinite or as good as that, and
 * above 0.7 no interval from these scores can be believed (Vehtari, Simpson,
 * Gelman, Yao, Gabry: Pareto smoothed importance sampling). The third cannot be
 * seen in the scores; the drivers fight it by balancing over failure groups.
 *
 * The tail needs only the largest scores, so each stream keeps a small heap of
 * them. Streams are read together: the pooled values above the highest of the
 * heaps' lower ends are exactly the largest scores of the pool, whichever stream
 * they came from.
 *
 * Intervals: batches are independent by construction (own replications), so a
 * t interval over the residuals y - r x of the ratio r = sum y / sum x holds up to
 * O(1/n) bias, which at the 32 and more batches used here is far below the width.
 * The log scale makes the interval skewed like the estimate: weights are positive
 * and skewed to the right, and a symmetric interval misses on that side.
 *
 * Sources: Zhang and Stephens, "A new and efficient estimation method for the
 * generalized Pareto distribution", Technometrics 51 (2009); Vehtari et al., arXiv
 * 1507.02646; Law, "Simulation Modeling and Analysis" (ratio estimators).
 */
#include "sim/diagnose.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "sim/check.h"

#define MAX_POOL (SIM_TOP_SCORES * 64)

static void sift_down(double *heap, uint32_t n, uint32_t at)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= n) {
            return;
        }
        if (child + 1 < n && heap[child + 1] < heap[child]) {
            child++;
        }
        if (heap[at] <= heap[child]) {
            return;
        }
        const double swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
        at = child;
    }
}

static void sift_up(double *heap, uint32_t at)
{
    while (at > 0) {
        const uint32_t parent = (at - 1) / 2;
        if (heap[parent] <= heap[at]) {
            return;
        }
        const double swap = heap[at];
        heap[at] = heap[parent];
        heap[parent] = swap;
        at = parent;
    }
}

void sim_scores_add(struct sim_scores *scores, double score)
{
    if (!(score > 0.0)) {
        return;
    }
    SIM_CHECK(isfinite(score));
    scores->n_hits++;
    scores->sum += score;
    scores->sum2 += score * score;
    if (score > scores->max) {
        scores->max = score;
    }
    if (scores->n_top < SIM_TOP_SCORES) {
        scores->top[scores->n_top] = score;
        sift_up(scores->top, scores->n_top++);
    } else if (score > scores->top[0]) {
        scores->top[0] = score;
        sift_down(scores->top, SIM_TOP_SCORES, 0);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest scores of the pool, ascending, as many as are known for certain. */
static uint32_t pool_top(const struct sim_scores *scores, uint32_t n, double *pool)
{
    double floor = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        if (scores[i].n_top == SIM_TOP_SCORES && scores[i].top[0] > floor) {
            floor = scores[i].top[0];
        }
    }
    uint32_t n_pool = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < scores[i].n_top && n_pool < MAX_POOL; j++) {
            if (scores[i].top[j] >= floor) {
                pool[n_pool++] = scores[i].top[j];
            }
        }
    }
    qsort(pool, n_pool, sizeof *pool, compare_doubles);
    return n_pool;
}

double sim_pareto_shape(const double *x, uint32_t n)
{
    if (n < 10 || !(x[n - 1] > x[0])) {
        return NAN;
    }
    enum { MAX_GRID = 128 };
    double b[MAX_GRID];
    double ll[MAX_GRID];
    uint32_t m = 30 + (uint32_t)sqrt(n);
    m = m < MAX_GRID ? m : MAX_GRID;
    const double quartile = x[(uint32_t)((double)n / 4.0 + 0.5) - 1];
    double best = -INFINITY;
    for (uint32_t j = 0; j < m; j++) {
        b[j] = 1.0 / x[n - 1] +
               (1.0 - sqrt((double)m / ((double)j + 0.5))) / (3.0 * quartile);
        double k = 0.0;
        for (uint32_t i = 0; i < n; i++) {
            k += log1p(-b[j] * x[i]);
        }
        k /= (double)n;
        ll[j] = (double)n * (log(-b[j] / k) - k - 1.0);
        best = ll[j] > best ? ll[j] : best;
    }
    double total = 0.0;
    double mean_b = 0.0;
    for (uint32_t j = 0; j < m; j++) {
        const double w = exp(ll[j] - best);
        if (isfinite(w)) {
            total += w;
            mean_b += w * b[j];
        }
    }
    mean_b /= total;
    double k = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        k += log1p(-mean_b * x[i]);
    }
    k /= (double)n;
    return (k * (double)n + 5.0) / ((double)n + 10.0);
}

/*
 * Two readings of the tail, the milder of which counts. The generalised Pareto fit is
 * sharper, but size-biased recoveries make weight times length nearly constant, so that
 * many top scores can lie on a plateau; where the threshold falls on it the excesses
 * span many powers of ten and the fit sees a tail that is not there. Hill's estimator
 * (the mean logarithm of score over threshold) is blind to that.
 */
static double tail_index(double *pool, uint32_t n_pool, uint64_t n_hits)
{
    uint32_t n_tail = (uint32_t)fmin(0.2 * (double)n_hits, 3.0 * sqrt((double)n_hits));
    if (n_tail + 1 > n_pool) {
        n_tail = n_pool > 0 ? n_pool - 1 : 0;
    }
    if (n_tail < 10) {
        return NAN;
    }
    double *tail = pool + (n_pool - n_tail);
    const double threshold = tail[-1];
    uint32_t n_above = 0;
    double hill = 0.0;
    for (uint32_t i = 0; i < n_tail; i++) {
        hill += log(tail[i] / threshold) / n_tail;
        if (tail[i] > threshold * (1.0 + 1e-12)) {
            tail[n_above++] = tail[i] - threshold;
        }
    }
    return fmin(sim_pareto_shape(tail, n_above), hill);
}

struct sim_health sim_health_read(const struct sim_scores *scores, uint32_t n)
{
    struct sim_health health = {.tail_index = NAN};
    double sum = 0.0;
    double sum2 = 0.0;
    double max = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        health.n_hits += scores[i].n_hits;
        sum += scores[i].sum;
        sum2 += scores[i].sum2;
        max = fmax(max, scores[i].max);
    }
    if (health.n_hits == 0) {
        return health;
    }
    health.effective_sample_size = sum / sum2 * sum;
    health.largest_share = max / sum;
    double pool[MAX_POOL] = {0};
    const uint32_t n_pool = pool_top(scores, n, pool);
    health.tail_index = tail_index(pool, n_pool, health.n_hits);
    return health;
}

static double sum_of(uint32_t n, const double *x)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum;
}

void sim_control_variate(uint32_t n, double *y, const double *x, const double *d)
{
    const double r = sum_of(n, y) / sum_of(n, x);
    double yd = 0.0;
    double dd = 0.0;

    for (uint32_t i = 0; i < n; i++) {
        yd += d[i] * (y[i] - r * x[i]);
        dd += d[i] * d[i];
    }
    for (uint32_t i = 0; i < n && dd > 0.0; i++) {
        y[i] -= yd / dd * d[i];
    }
}

struct sim_estimate sim_ratio_estimate(uint32_t n, const double *y, const double *x,
                                       double confidence, double widen)
{
    const double sum_y = sum_of(n, y);
    const double sum_x = sum_of(n, x);
    struct sim_estimate estimate = {.is_known = sum_x > 0.0, .high = INFINITY};
    if (!(sum_x > 0.0) || !(sum_y > 0.0) || n < 2) {
        return estimate;
    }
    const double r = sum_y / sum_x;
    double ss = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        const double d = y[i] - r * x[i];
        ss += d * d;
    }
    const double se = sqrt(ss * (double)n / ((double)n - 1.0)) / sum_x;
    const double t = gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, (double)n - 1.0);
    const double factor = exp(widen * t * se / r);
    estimate.value = r;
    estimate.low = r / factor;
    estimate.high = r * factor;
    return estimate;
}

struct sim_estimate sim_ratio_difference(uint32_t n, const double *y, const double *x,
                                         const double *v, const double *u,
                                         double confidence)
{
    const double sum_x = sum_of(n, x);
    const double sum_u = sum_of(n, u);
    struct sim_estimate estimate = {.is_known = false};
    if (!(sum_x > 0.0) || !(sum_u > 0.0) || n < 2) {
        return estimate;
    }
    const double r = sum_of(n, y) / sum_x;
    const double q = sum_of(n, v) / sum_u;
    double ss = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        const double d = (y[i] - r * x[i]) / sum_x - (v[i] - q * u[i]) / sum_u;
        ss += d * d;
    }
    const double se = sqrt(ss * (double)n / ((double)n - 1.0));
    const double t = gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, (double)n - 1.0);
    estimate.is_known = true;
    estimate.value = r - q;
    estimate.low = estimate.value - t * se;
    estimate.high = estimate.value + t * se;
    return estimate;
}

double sim_relative_half_width(const struct sim_estimate *estimate)
{
    if (!estimate->is_known || !(estimate->value > 0.0) || !isfinite(estimate->high)) {
        return INFINITY;
    }
    return (estimate->high - estimate->low) / (2.0 * estimate->value);
}
