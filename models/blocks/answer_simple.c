/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Closed forms: rolling maintenance, and the yearly downtime of a single unit.
 *
 * Rolling maintenance. Failure and repair do not notice the schedule, so at any time
 * each member is failed with probability q = mttr / (mttf + mttr), independently.
 * Outside the windows all n count, inside n - 1 do (which one does not matter): two
 * binomial sums, weighted by time.
 *
 * A single unit, exponential up times. W(T) > x just when the downtimes that begin
 * within the first T - x of up time together exceed x (Takacs 1957), so
 *
 *     P(W(T) > x) = sum over n >= 1 of Poisson(n; (T - x)/mttf) P(D1 + ... + Dn > x).
 *
 * For exponential, gamma and constant repairs the inner probability is a gamma tail or
 * a step. For other laws the sum is a compound Poisson tail, found from its Laplace
 * transform by Euler's method (Abate and Whitt 1995) in long double, with the repair
 * law's transform as a sum over its points: absolute error about 1e-12.
 */
#include <complex.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "models/blocks/answers_priv.h"

/* P(fewer than k of n members run), each failed with probability q. */
static long double binomial_tail(uint32_t n, uint32_t k, long double q, long double p)
{
    long double sum = 0, log_choose;
    for (uint32_t failed = n < k ? 0 : n - k + 1; failed <= n; failed++) {
        log_choose = lgammal(n + 1.0L) - lgammal(failed + 1.0L) -
                     lgammal((long double)(n - failed) + 1);
        sum += roundl(expl(log_choose)) < 1e15L
                   ? roundl(expl(log_choose)) * powl(q, failed) * powl(p, n - failed)
                   : expl(log_choose + failed * logl(q) + (n - failed) * logl(p));
    }
    return sum;
}

bool ha_answer_rolling(const struct ha_blocks *blocks, struct ha_answers *out)
{
    if (blocks->kind != HA_BLOCKS_ROLLING) {
        return false;
    }
    const struct ha_rolling *r = blocks->rolling;
    long double cycle = (long double)r->mttf_s + (long double)r->mttr_s;
    long double q = (long double)r->mttr_s / cycle, p = (long double)r->mttf_s / cycle;
    long double outside = binomial_tail(r->n, r->k, q, p);
    long double inside = binomial_tail(r->n - 1, r->k, q, p);
    long double share = r->n * (long double)r->window_s / (long double)r->period_s;
    out->value[HA_ANSWER_unavailability_outside_windows] = (double)outside;
    out->value[HA_ANSWER_unavailability_inside_windows] = (double)inside;
    out->value[HA_ANSWER_steady_unavailability] =
        (double)(outside * (1 - share) + inside * share);
    out->method = "closed form: binomial sums outside and inside the windows";
    return true;
}

/* ---- the single unit ---- */

struct unit {
    const struct sim_dist *repair;
    struct ha_law_points law; /* for laws without a closed form */
    long double starts;       /* mean number of repairs begun: (T - x) / mttf */
    long double x_s;
};

static bool has_closed_sum(const struct sim_dist *d)
{
    return d->kind == SIM_DIST_EXPONENTIAL || d->kind == SIM_DIST_GAMMA ||
           d->kind == SIM_DIST_DETERMINISTIC;
}

/* P(D1 + ... + Dn > x). */
static double sum_tail(const struct sim_dist *d, double n, double x_s)
{
    if (d->kind == SIM_DIST_DETERMINISTIC) {
        return n * d->a > x_s;
    }
    double shape = d->kind == SIM_DIST_GAMMA ? d->b : 1;
    return gsl_sf_gamma_inc_Q(n * shape, x_s / d->a);
}

static double closed_tail(const struct unit *u)
{
    long double sum = 0;
    uint64_t last = (uint64_t)(u->starts + 40 * sqrtl(u->starts) + 200);
    for (uint64_t n = 1; n <= last; n++) {
        long double weight = expl((long double)n * logl(u->starts) - u->starts -
                                  lgammal((long double)n + 1));
        if (weight > 0) {
            sum += weight * (long double)sum_tail(u->repair, (double)n, (double)u->x_s);
        }
    }
    return (double)sum;
}

/* Transform of P(total > x): (1 - exp(-starts (1 - f(z)))) / z. */
static long double complex transform(const struct unit *u, long double complex z)
{
    long double complex f = 0;
    for (uint32_t i = 0; i < u->law.n; i++) {
        long double decay = creall(z) * u->law.point_s[i];
        if (decay < 60) {
            f += u->law.weight[i] * cexpl(-z * u->law.point_s[i]);
        }
    }
    return (1 - cexpl(-u->starts * (1 - f))) / z;
}

static double euler_tail(const struct unit *u)
{
    enum { FIRST = 60, AVERAGED = 16 };
    const long double a = 30; /* discretisation error exp(-30) */
    const long double pi = 3.14159265358979323846264338327950288L;
    long double sum = creall(transform(u, a / (2 * u->x_s))) / 2;
    long double partial[AVERAGED + 1] = {0};
    for (int k = 1; k <= FIRST + AVERAGED; k++) {
        long double complex z = (a + 2.0L * k * pi * I) / (2 * u->x_s);
        long double term = creall(transform(u, z));
        sum += k % 2 == 0 ? term : -term;
        if (k >= FIRST) {
            partial[k - FIRST] = sum;
        }
    }
    long double result = 0, choose = 1;
    for (int j = 0; j <= AVERAGED; j++) { /* binomial average of partial sums */
        result += choose * partial[j];
        choose = choose * (AVERAGED - j) / (j + 1);
    }
    result *= expl(a / 2) / u->x_s / (1 << AVERAGED);
    return (double)(result < 0 ? 0 : result > 1 ? 1 : result);
}

static double exceeds(const struct ha_blocks *blocks, struct unit *u, double x_s)
{
    double year_s = blocks->year_s;
    double mttf_s = blocks->dist[blocks->shop->class[0].failure_dist].mean_s;
    u->starts = ((long double)year_s - (long double)x_s) / (long double)mttf_s;
    u->x_s = (long double)x_s;
    if (x_s >= year_s) {
        return 0;
    }
    if (x_s <= 0) {
        return (double)-expm1l(-u->starts);
    }
    return has_closed_sum(u->repair) ? closed_tail(u) : euler_tail(u);
}

bool ha_answer_single_unit(struct sim_arena *arena, const struct ha_blocks *blocks,
                           struct ha_answers *out)
{
    const struct ha_shop *shop = blocks->shop;
    if (blocks->kind != HA_BLOCKS_SHOP || shop->n_units != 1 || shop->n_crews > 0) {
        return false;
    }
    const struct sim_dist *failure = &blocks->dist[shop->class[0].failure_dist];
    struct unit unit = {.repair = &blocks->dist[shop->class[0].repair_dist]};
    if (failure->kind != SIM_DIST_EXPONENTIAL || unit.repair->kind == SIM_DIST_TABLE) {
        return false;
    }
    if (!has_closed_sum(unit.repair) && blocks->n_thresholds > 0) {
        unit.law = ha_law_points_of(arena, unit.repair);
    }
    double *prob = sim_arena_calloc(arena, blocks->n_thresholds, sizeof *prob);
    for (uint32_t i = 0; i < blocks->n_thresholds; i++) {
        prob[i] = exceeds(blocks, &unit, blocks->threshold_s[i]);
    }
    long double up = (long double)failure->mean_s;
    long double down = (long double)unit.repair->mean_s;
    long double year = (long double)blocks->year_s;
    double *value = out->value;
    value[HA_ANSWER_steady_unavailability] = (double)(down / (up + down));
    value[HA_ANSWER_outages_per_year] = (double)(year / (up + down));
    value[HA_ANSWER_mean_outage_s] = (double)down;
    value[HA_ANSWER_mean_uptime_s] = value[HA_ANSWER_mttff_s] = (double)up;
    value[HA_ANSWER_year1_prob_no_outage] = (double)expl(-year / up);
    value[HA_ANSWER_year1_prob_outage] = (double)-expm1l(-year / up);
    out->prob_exceeds = prob;
    out->method = "Takacs' formula for the downtime of one unit";
    return true;
}
