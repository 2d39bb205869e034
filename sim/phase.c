/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Laws of delays as phase types.
 *
 * Exponential, Erlang (gamma of whole shape) and mixtures of these are phase types
 * already. Everything else is matched by its moments:
 *
 *   cv^2 >= 1 (lognormal repairs, Weibull of decreasing hazard): a mixture of two
 *     exponentials with the same first three moments, when there is one (m1 m3 >=
 *     1.5 m2^2; Whitt 1982), else with the same two moments and balanced means.
 *   cv^2 < 1: a sum of k - 1 or k equal exponentials (Tijms 1986), k = ceil(1/cv^2),
 *     which has the same two moments; when k would exceed the order (a constant
 *     delay needs infinitely many) an Erlang law of that order: the mean only.
 *
 * How good an approximation is depends on the question: a year's downtime hardly
 * notices the shape of a repair law where repairs do not queue, and depends on it
 * strongly where they do. So the result of `exact` says that and at which order it
 * approximated, and the order can be raised until the answer settles.
 */
#include "sim/phase.h"

#include <math.h>
#include <string.h>

#include "sim/check.h"

enum { MAX_EXACT = 64 };

struct writer {
    uint32_t n;
    double *start, *rate, *done, *next;
};

static struct writer make(struct sim_arena *arena, uint32_t n)
{
    return (struct writer){
        .n = n,
        .start = sim_arena_calloc(arena, n, sizeof(double)),
        .rate = sim_arena_calloc(arena, n, sizeof(double)),
        .done = sim_arena_calloc(arena, n, sizeof(double)),
        .next = sim_arena_calloc(arena, (size_t)n * n, sizeof(double)),
    };
}

static struct sim_phase_law finish(const struct writer *w, bool is_exact)
{
    return (struct sim_phase_law){.n = w->n,
                                  .is_exact = is_exact,
                                  .start = w->start,
                                  .rate = w->rate,
                                  .done = w->done,
                                  .next = w->next};
}

/* k equal phases one after another; the first is skipped with probability skip. */
static struct sim_phase_law make_sum(struct sim_arena *arena, uint32_t k, double rate,
                                     double skip, bool is_exact)
{
    struct writer w = make(arena, k);
    w.start[0] = 1 - skip;
    if (k > 1) {
        w.start[1] += skip;
    }
    for (uint32_t p = 0; p < k; p++) {
        w.rate[p] = rate;
        if (p + 1 < k) {
            w.next[p * k + p + 1] = 1;
        } else {
            w.done[p] = 1;
        }
    }
    return finish(&w, is_exact);
}

/* Side by side: law i is taken with probability weight[i]. */
static struct sim_phase_law make_mixture(struct sim_arena *arena,
                                         const struct sim_dist *dist, uint32_t order)
{
    struct sim_phase_law *part = sim_arena_calloc(arena, dist->n, sizeof *part);
    uint32_t n = 0;
    bool is_exact = true;
    for (uint32_t i = 0; i < dist->n; i++) {
        part[i] = sim_phase_of(arena, &dist->parts[i], order);
        n += part[i].n;
        is_exact = is_exact && part[i].is_exact;
    }
    struct writer w = make(arena, n);
    uint32_t at = 0;
    for (uint32_t i = 0; i < dist->n; i++) {
        for (uint32_t p = 0; p < part[i].n; p++) {
            w.start[at + p] = dist->table[i] * part[i].start[p];
            w.rate[at + p] = part[i].rate[p];
            w.done[at + p] = part[i].done[p];
            memcpy(&w.next[(at + p) * n + at], &part[i].next[p * part[i].n],
                   part[i].n * sizeof(double));
        }
        at += part[i].n;
    }
    return finish(&w, is_exact);
}

static struct sim_phase_law make_two(struct sim_arena *arena, double p, double mean_1_s,
                                     double mean_2_s)
{
    struct writer w = make(arena, 2);
    w.start[0] = p;
    w.start[1] = 1 - p;
    w.rate[0] = 1 / mean_1_s;
    w.rate[1] = 1 / mean_2_s;
    w.done[0] = w.done[1] = 1;
    return finish(&w, false);
}

/* Two exponentials with the moments of a law of cv^2 > 1. With reduced moments
 * r_k = m_k / k!, the two means solve z^2 - s z + t = 0. */
static struct sim_phase_law match_variable(struct sim_arena *arena,
                                           const struct sim_dist *dist)
{
    double r1 = dist->mean_s, r2 = dist->moment2 / 2, r3 = dist->moment3 / 6;
    double spread = r2 - r1 * r1;
    double s = (r3 - r1 * r2) / spread;
    double t = (r1 * r3 - r2 * r2) / spread;
    double root = s * s - 4 * t;
    if (isfinite(r3) && t > 0 && root > 0) {
        double low = 2 * t / (s + sqrt(root)), high = (s + sqrt(root)) / 2;
        double p = (high - r1) / (high - low);
        if (p > 0 && p < 1) {
            return make_two(arena, p, low, high);
        }
    }
    double cv2 = dist->moment2 / (r1 * r1) - 1;
    double p = (1 + sqrt((cv2 - 1) / (cv2 + 1))) / 2; /* balanced means */
    return make_two(arena, p, r1 / (2 * p), r1 / (2 * (1 - p)));
}

static struct sim_phase_law match_regular(struct sim_arena *arena,
                                          const struct sim_dist *dist, uint32_t order)
{
    double cv2 = dist->moment2 / (dist->mean_s * dist->mean_s) - 1;
    double k = cv2 > 0 ? ceil(1 / cv2 - 1e-9) : HUGE_VAL;
    if (!(k <= order)) {
        return make_sum(arena, order, order / dist->mean_s, 0, false);
    }
    if (k < 2) {
        return make_sum(arena, 1, 1 / dist->mean_s, 0, false);
    }
    double skip = (k * cv2 - sqrt(k * (1 + cv2) - k * k * cv2)) / (1 + cv2);
    return make_sum(arena, (uint32_t)k, (k - skip) / dist->mean_s, fmax(skip, 0),
                    false);
}

struct sim_phase_law sim_phase_of(struct sim_arena *arena, const struct sim_dist *dist,
                                  uint32_t order)
{
    SIM_CHECK(order >= 2);
    if (dist->kind == SIM_DIST_EXPONENTIAL) {
        return make_sum(arena, 1, 1 / dist->mean_s, 0, true);
    }
    if (dist->kind == SIM_DIST_GAMMA && dist->b == floor(dist->b) &&
        dist->b <= MAX_EXACT) {
        return make_sum(arena, (uint32_t)dist->b, 1 / dist->a, 0, true);
    }
    if (dist->kind == SIM_DIST_MIXTURE && dist->n <= MAX_EXACT) {
        return make_mixture(arena, dist, order);
    }
    double cv2 = dist->moment2 / (dist->mean_s * dist->mean_s) - 1;
    return cv2 > 1 + 1e-9 ? match_variable(arena, dist)
                          : match_regular(arena, dist, order);
}
