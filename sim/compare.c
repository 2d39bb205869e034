/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Comparing designs.
 *
 * Where outages are common, two designs simulated with the same seed share the luck
 * of every entity they share (draws are keyed by identity, not by order), so the
 * replication-wise difference is far sharper than either level: take the t interval
 * of the differences. Where outages are rare the estimates come from weighted
 * excursions; weights destroy the pairing, but each estimate is good to a few per
 * cent by itself and the designs differ by factors, so the ratio of independent
 * estimates is the right thing to look at.
 *
 * The interval of a difference or ratio of independent estimates is built from
 * their own intervals (Zou and Donner 2008, "MOVER"): the lower end of a - b lies
 * sqrt((a - low_a)^2 + (high_b - b)^2) below the value, and so on. This carries
 * skewed intervals over, gives an exact answer width zero, and works when one
 * design showed no outage at all: its value is 0 and its upper end the rule of
 * three.
 *
 * The paired ratio uses the delta method over the same pairs on the log scale.
 * Statements about many designs at once need a smaller error for each pair; the
 * caller does that by asking for more confidence.
 */
#include "sim/compare.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *sim_verdict_text(enum sim_verdict verdict)
{
    switch (verdict) {
    case SIM_VERDICT_BETTER:
        return "better";
    case SIM_VERDICT_WORSE:
        return "worse";
    case SIM_VERDICT_NONE_SHOWN:
        break;
    }
    return "no difference shown";
}

static bool can_pair(const struct sim_result *base, const struct sim_result *other,
                     uint32_t service)
{
    const struct sim_service_result *a = &base->service[service];
    const struct sim_service_result *b = &other->service[service];
    return strcmp(base->method, "crude") == 0 && strcmp(other->method, "crude") == 0 &&
           base->seed == other->seed && a->n_parts == b->n_parts && a->n_parts >= 10 &&
           a->part_unavailability != NULL && b->part_unavailability != NULL;
}

/* Sums over pairs: means, and second moments about them. */
struct pairs {
    uint32_t n;
    double a;
    double b;
    double aa;
    double bb;
    double ab;
};

static struct pairs sum_pairs(uint32_t n, const double *a, const double *b)
{
    struct pairs p = {.n = n};
    for (uint32_t i = 0; i < n; i++) {
        p.a += a[i] / (double)n;
        p.b += b[i] / (double)n;
    }
    for (uint32_t i = 0; i < n; i++) {
        p.aa += (a[i] - p.a) * (a[i] - p.a);
        p.bb += (b[i] - p.b) * (b[i] - p.b);
        p.ab += (a[i] - p.a) * (b[i] - p.b);
    }
    return p;
}

static void compare_pairs(const struct sim_service_result *a,
                          const struct sim_service_result *b, double confidence,
                          struct sim_comparison *out)
{
    const struct pairs p =
        sum_pairs(a->n_parts, a->part_unavailability, b->part_unavailability);
    const double n = (double)p.n;
    const double t = gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, n - 1.0);
    const double scale = 1.0 / (n * (n - 1.0));
    const double se = sqrt(fmax(0.0, p.aa + p.bb - 2.0 * p.ab) * scale);
    out->difference = (struct sim_estimate){
        .value = p.b - p.a,
        .low = p.b - p.a - t * se,
        .high = p.b - p.a + t * se,
        .is_known = true,
    };
    if (p.a > 0.0 && p.b > 0.0) {
        const double var =
            p.aa / (p.a * p.a) + p.bb / (p.b * p.b) - 2.0 * p.ab / (p.a * p.b);
        const double factor = exp(t * sqrt(fmax(0.0, var) * scale));
        const double ratio = p.b / p.a;
        out->ratio = (struct sim_estimate){ratio, ratio / factor, ratio * factor, true};
    }
}

static void compare_apart(const struct sim_estimate *a, const struct sim_estimate *b,
                          struct sim_comparison *out)
{
    const double d = b->value - a->value;
    out->difference = (struct sim_estimate){
        .value = d,
        .low = d - hypot(b->value - b->low, a->high - a->value),
        .high = d + hypot(b->high - b->value, a->value - a->low),
        .is_known = a->is_known && b->is_known,
    };
    if (!(a->value > 0.0)) {
        return;
    }
    struct sim_estimate ratio = {.is_known = out->difference.is_known};
    if (b->value > 0.0) {
        const double log_ratio = log(b->value / a->value);
        const double down = hypot(b->low > 0.0 ? log(b->value / b->low) : HUGE_VAL,
                                  log(a->high / a->value));
        const double up = hypot(log(b->high / b->value),
                                a->low > 0.0 ? log(a->value / a->low) : HUGE_VAL);
        ratio.value = exp(log_ratio);
        ratio.low = exp(log_ratio - down);
        ratio.high = exp(log_ratio + up);
    } else {
        ratio.high = a->low > 0.0 ? b->high / a->low : HUGE_VAL;
    }
    out->ratio = ratio;
}

static enum sim_verdict judge(const struct sim_comparison *c)
{
    const struct sim_estimate *d = &c->difference;
    const struct sim_estimate *r = &c->ratio;
    if (!c->is_paired && r->is_known) {
        if (r->high < 1.0) {
            return SIM_VERDICT_BETTER;
        }
        return r->low > 1.0 ? SIM_VERDICT_WORSE : SIM_VERDICT_NONE_SHOWN;
    }
    if (d->is_known && d->high < 0.0) {
        return SIM_VERDICT_BETTER;
    }
    return d->is_known && d->low > 0.0 ? SIM_VERDICT_WORSE : SIM_VERDICT_NONE_SHOWN;
}

void sim_compare(const struct sim_result *base, const struct sim_result *other,
                 uint32_t service, struct sim_comparison *comparison)
{
    const struct sim_service_result *a = &base->service[service];
    const struct sim_service_result *b = &other->service[service];
    *comparison = (struct sim_comparison){
        .is_paired = can_pair(base, other, service),
        .confidence = fmin(base->confidence, other->confidence),
    };
    if (comparison->is_paired) {
        compare_pairs(a, b, comparison->confidence, comparison);
        snprintf(comparison->how, sizeof comparison->how,
                 "outages are common: both designs played the same %u histories "
                 "(seed %llu), the differences are paired",
                 a->n_parts, (unsigned long long)base->seed);
    } else {
        compare_apart(&a->unavailability, &b->unavailability, comparison);
        snprintf(comparison->how, sizeof comparison->how,
                 "two independent estimates (%s and %s), compared by their ratio",
                 base->method, other->method);
    }
    comparison->verdict = judge(comparison);
    if (a->is_flagged || b->is_flagged) {
        comparison->verdict = SIM_VERDICT_NONE_SHOWN;
        snprintf(
            comparison->how, sizeof comparison->how,
            "no verdict: the interval of the %s design is not to be trusted (%.150s)",
            a->is_flagged ? "first" : "second", a->is_flagged ? a->why : b->why);
    }
}
