/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From sums to importance and elasticities with intervals.
 *
 * Everything here is a function of a few sums: with T all time, D time down, N outages,
 * and T_i, D_i, N_i the parts of component i,
 *
 *     q = T_i / T    p = D_i / D    birnbaum = D_i / T_i - (D - D_i) / (T - T_i)
 *     criticality = birnbaum q / U    RAW = p / q    RRW = (1 - q) / (1 - p)
 *
 * The standard error of such a function is the jackknife's over independent batches:
 * compute it with each batch left out in turn (Tukey 1958; Miller, Biometrika 61,
 * 1974). It carries all correlations between the sums. The interval is Student's t on a
 * scale on which the function is unbounded: the logarithm for positive numbers, the
 * logit for shares, the number itself where the sign is open.
 *
 * A component that was hardly ever seen in an outage (or hardly ever not) makes all
 * batches look alike, and the jackknife blind. Then Wilson's interval for p at the
 * effective number of outages takes its place; the other measures are monotone in p and
 * follow its ends.
 */
#include "sim/sense.h"

#include <math.h>
#include <stdlib.h>

#include "sim/interval.h"

#define FEW_OUTAGES 10.0 /* below: Wilson; and no elasticities */

enum scale { PLAIN, LOGARITHM, LOGIT };

/* A number made of one array of sums; i is a component or a parameter. */
typedef double (*measure_fn)(const struct sim_sense_plan *plan, const double *sums,
                             uint32_t i);

struct jack {
    const struct sim_sense_plan *plan;
    const struct sim_sense_sample *sample;
    const double *total; /* [n_sums] */
    const double *left;  /* [n][n_sums] total without batch k */
    double t;            /* Student's quantile, times widen */
};

/* ---- Measures -------------------------------------------------------------- */

static double broken_share(const struct sim_sense_plan *plan, const double *sums,
                           uint32_t i)
{
    return sums[plan->broken_at + i] / sums[SIM_SENSE_TIME];
}

static double down_given_outage(const struct sim_sense_plan *plan, const double *sums,
                                uint32_t i)
{
    return sums[plan->broken_down_at + i] / sums[SIM_SENSE_DOWN];
}

static double trigger_share(const struct sim_sense_plan *plan, const double *sums,
                            uint32_t i)
{
    return sums[plan->triggered_at + i] / sums[SIM_SENSE_OUTAGES];
}

/* The measures of a component by U, q and p. */
static double birnbaum_of(double u, double q, double p)
{
    return u * (p - q) / (q * (1.0 - q));
}

static double criticality_of(double u, double q, double p)
{
    (void)u;
    return (p - q) / (1.0 - q);
}

static double raw_of(double u, double q, double p)
{
    (void)u;
    return p / q;
}

static double rrw_of(double u, double q, double p)
{
    (void)u;
    return p < 1.0 ? (1.0 - q) / (1.0 - p) : HUGE_VAL;
}

static const struct component_measure {
    double (*of)(double u, double q, double p);
    enum scale scale;
    size_t at; /* where it goes */
} component_measures[] = {
    {birnbaum_of, PLAIN, offsetof(struct sim_component_result, birnbaum)},
    {criticality_of, PLAIN, offsetof(struct sim_component_result, criticality)},
    {raw_of, LOGARITHM, offsetof(struct sim_component_result, raw)},
    {rrw_of, LOGARITHM, offsetof(struct sim_component_result, rrw)},
};

static double downtime_elasticity(const struct sim_sense_plan *plan, const double *sums,
                                  uint32_t i)
{
    return sums[plan->exc_down_at + i] / sums[SIM_SENSE_EXC_DOWN] -
           sums[plan->length_at + i] / sums[SIM_SENSE_TIME];
}

static double outage_elasticity(const struct sim_sense_plan *plan, const double *sums,
                                uint32_t i)
{
    return sums[plan->exc_outages_at + i] / sums[SIM_SENSE_EXC_OUTAGES] -
           sums[plan->length_at + i] / sums[SIM_SENSE_TIME];
}

/* ---- The jackknife --------------------------------------------------------- */

static double to_scale(enum scale scale, double x)
{
    switch (scale) {
    case LOGARITHM:
        return log(x);
    case LOGIT:
        return log(x) - log1p(-x);
    case PLAIN:
        break;
    }
    return x;
}

static double from_scale(enum scale scale, double x)
{
    switch (scale) {
    case LOGARITHM:
        return exp(x);
    case LOGIT:
        return 1.0 / (1.0 + exp(-x));
    case PLAIN:
        break;
    }
    return x;
}

/* The interval of `value`, of which left[k] is what remains without batch k. A value
 * that is not finite on its scale has no interval: is_known is false. */
static struct sim_estimate interval(const struct jack *jack, enum scale scale,
                                    double value, const double *left)
{
    const uint32_t n = jack->sample->n;
    const double here = to_scale(scale, value);
    double mean = 0.0;
    double ss = 0.0;

    for (uint32_t k = 0; k < n; k++) {
        mean += to_scale(scale, left[k]) / n;
    }
    for (uint32_t k = 0; k < n; k++) {
        const double d = to_scale(scale, left[k]) - mean;

        ss += d * d;
    }
    const double half = jack->t * sqrt(ss * (n - 1.0) / n);

    if (!isfinite(here) || !isfinite(half)) {
        return (struct sim_estimate){.value = value};
    }
    return (struct sim_estimate){.value = value,
                                 .low = from_scale(scale, here - half),
                                 .high = from_scale(scale, here + half),
                                 .is_known = true};
}

static struct sim_estimate estimate(const struct jack *jack, enum scale scale,
                                    measure_fn measure, uint32_t i)
{
    double left[SIM_SENSE_BATCHES];

    for (uint32_t k = 0; k < jack->sample->n; k++) {
        left[k] = measure(jack->plan, jack->left + k * jack->plan->n_sums, i);
    }
    return interval(jack, scale, measure(jack->plan, jack->total, i), left);
}

/* ---- Components ------------------------------------------------------------ */

/* Is a share of the outages too near to 0 or 1 for the batches to tell? */
static bool is_seldom(const struct jack *jack, double share)
{
    return !(fmin(share, 1.0 - share) * jack->sample->effective >= FEW_OUTAGES);
}

/* A share of the outages: by batches, or Wilson where they are blind. */
static struct sim_estimate outage_share(const struct jack *jack, measure_fn measure,
                                        uint32_t i)
{
    struct sim_estimate e = estimate(jack, LOGIT, measure, i);

    e.value = fmin(e.value, 1.0);
    if (!is_seldom(jack, e.value)) {
        return e;
    }
    const double n = jack->sample->effective / pow(jack->sample->widen, 2.0);
    struct sim_estimate wilson =
        sim_interval_wilson(e.value, n, jack->sample->confidence);

    wilson.low = e.value > 0.0 ? wilson.low : 0.0;
    return e.is_known ? sim_interval_hull(e, wilson) : wilson;
}

/* One measure of component i: by the jackknife, or by the ends of p. */
static struct sim_estimate measure_component(const struct jack *jack, uint32_t i,
                                             const struct component_measure *m,
                                             struct sim_estimate p)
{
    const struct sim_sense_plan *plan = jack->plan;
    const double u = jack->total[SIM_SENSE_DOWN] / jack->total[SIM_SENSE_TIME];
    const double q = broken_share(plan, jack->total, i);
    const struct sim_estimate by_p = {.value = m->of(u, q, p.value),
                                      .low = m->of(u, q, p.low),
                                      .high = m->of(u, q, p.high),
                                      .is_known = true};
    double left[SIM_SENSE_BATCHES];

    for (uint32_t k = 0; k < jack->sample->n; k++) {
        const double *sums = jack->left + k * plan->n_sums;

        left[k] = m->of(sums[SIM_SENSE_DOWN] / sums[SIM_SENSE_TIME],
                        broken_share(plan, sums, i), down_given_outage(plan, sums, i));
    }
    const struct sim_estimate e = interval(jack, m->scale, by_p.value, left);

    if (e.is_known && is_seldom(jack, p.value)) {
        return sim_interval_hull(e, by_p);
    }
    return e.is_known ? e : by_p;
}

static void fill_component(const struct jack *jack, uint32_t i,
                           struct sim_component_result *out)
{
    const struct sim_components *c = jack->plan->model->components;

    *out = (struct sim_component_result){.name = c->name[i], .component = i};
    out->trigger_share = outage_share(jack, trigger_share, i);
    if (c->broken == NULL) {
        return;
    }
    out->broken_share = estimate(jack, LOGARITHM, broken_share, i);
    if (!(jack->total[SIM_SENSE_DOWN] > 0.0) || !out->broken_share.is_known) {
        return; /* it never broke: nothing is known of it */
    }
    out->down_given_outage = outage_share(jack, down_given_outage, i);
    for (size_t k = 0; k < sizeof(component_measures) / sizeof(component_measures[0]);
         k++) {
        const struct component_measure *m = &component_measures[k];
        struct sim_estimate *to = (void *)((char *)out + m->at);

        *to = measure_component(jack, i, m, out->down_given_outage);
    }
}

static int by_criticality(const void *left, const void *right)
{
    const struct sim_component_result *a = left;
    const struct sim_component_result *b = right;

    if (a->criticality.value != b->criticality.value) {
        return a->criticality.value < b->criticality.value ? 1 : -1;
    }
    if (a->trigger_share.value != b->trigger_share.value) {
        return a->trigger_share.value < b->trigger_share.value ? 1 : -1;
    }
    return (a->component > b->component) - (a->component < b->component);
}

/* ---- Elasticities ---------------------------------------------------------- */

/*
 * Scores of outages that all came about in the same way are nearly equal, and their
 * spread says nothing of ways that were not seen. What such ways may carry of the
 * downtime joins the half-width: one event more or less on the way to an outage is one
 * more or less in the score.
 */
static struct sim_estimate elasticity(const struct jack *jack, measure_fn measure,
                                      uint32_t i, double unseen)
{
    struct sim_estimate e = estimate(jack, PLAIN, measure, i);

    e.low = e.value - hypot(e.value - e.low, unseen);
    e.high = e.value + hypot(e.high - e.value, unseen);
    return e;
}

static void fill_elasticity(const struct jack *jack, uint32_t i,
                            struct sim_elasticity_result *out)
{
    const struct sim_sense_plan *plan = jack->plan;

    *out = (struct sim_elasticity_result){.name = plan->model->parameters->name[i],
                                          .parameter = i};
    if (jack->total[plan->edges_at + i] > 0.0 ||
        jack->sample->effective < FEW_OUTAGES) {
        return;
    }
    if (jack->total[SIM_SENSE_EXC_DOWN] > 0.0) {
        out->unavailability =
            elasticity(jack, downtime_elasticity, i, jack->sample->unseen_down);
    }
    if (jack->total[SIM_SENSE_EXC_OUTAGES] > 0.0) {
        out->outages =
            elasticity(jack, outage_elasticity, i, jack->sample->unseen_outages);
    }
}

static int by_size(const void *left, const void *right)
{
    const struct sim_elasticity_result *a = left;
    const struct sim_elasticity_result *b = right;
    const double x = fabs(a->unavailability.value);
    const double y = fabs(b->unavailability.value);

    if (x != y) {
        return x < y ? 1 : -1;
    }
    return (a->parameter > b->parameter) - (a->parameter < b->parameter);
}

/* ---- The door -------------------------------------------------------------- */

static void add_batch(double *to, const double *from, size_t n, double sign)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += sign * from[i];
    }
}

static void fill_all(const struct jack *jack, struct sim_arena *arena,
                     struct sim_service_result *out)
{
    const struct sim_sense_plan *plan = jack->plan;

    out->n_components = plan->n_components;
    out->component =
        sim_arena_calloc(arena, out->n_components, sizeof(*out->component));
    for (uint32_t i = 0; i < out->n_components; i++) {
        fill_component(jack, i, &out->component[i]);
    }
    if (out->n_components > 0) {
        qsort(out->component, out->n_components, sizeof(*out->component),
              by_criticality);
    }
    out->n_elasticities = plan->n_parameters;
    out->elasticity =
        sim_arena_calloc(arena, out->n_elasticities, sizeof(*out->elasticity));
    for (uint32_t i = 0; i < out->n_elasticities; i++) {
        fill_elasticity(jack, i, &out->elasticity[i]);
    }
    if (out->n_elasticities > 0) {
        qsort(out->elasticity, out->n_elasticities, sizeof(*out->elasticity), by_size);
    }
}

void sim_sense_fill(const struct sim_sense_plan *plan,
                    const struct sim_sense_sample *sample, struct sim_arena *arena,
                    struct sim_service_result *out)
{
    const size_t n_sums = plan->n_sums;
    struct sim_arena scratch;

    SIM_CHECK(sample->n <= SIM_SENSE_BATCHES);
    if (sample->n < 2) {
        return;
    }
    sim_arena_init(&scratch);
    double *total = sim_arena_calloc(&scratch, n_sums, sizeof(double));
    double *left = sim_arena_calloc(&scratch, sample->n * n_sums, sizeof(double));

    for (uint32_t k = 0; k < sample->n; k++) {
        add_batch(total, sample->sums + k * n_sums, n_sums, 1.0);
    }
    for (uint32_t k = 0; k < sample->n; k++) {
        add_batch(left + k * n_sums, total, n_sums, 1.0);
        add_batch(left + k * n_sums, sample->sums + k * n_sums, n_sums, -1.0);
    }
    const struct jack jack = {
        .plan = plan,
        .sample = sample,
        .total = total,
        .left = left,
        .t = sim_interval_t(sample->confidence, sample->n - 1.0) * sample->widen,
    };

    if (total[SIM_SENSE_OUTAGES] > 0.0) {
        fill_all(&jack, arena, out);
    }
    sim_arena_clear(&scratch);
}
