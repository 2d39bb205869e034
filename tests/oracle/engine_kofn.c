/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The crude driver against the binomial answer: single studies, and coverage of
 * 95 % intervals over many seeds. 200 independent studies cover Binomial(200, 0.95)
 * times: outside 181..199 with probability 1e-3; fixed seeds, so no test can flake.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/study.h"
#include "tests/support/kofn.h"

static const double HOUR_S = 3600.0;

static struct sim_result study_of(const struct sim_model *model, uint64_t seed,
                                  double years, double precision)
{
    struct sim_study study = sim_study_default();
    struct sim_result result;
    struct sim_err err = {0};

    study.method = SIM_METHOD_CRUDE;
    study.seed = seed;
    study.years = years;
    study.precision = precision;
    study.jobs = 2;
    cr_assert(sim_study_run(model, &study, &result, &err) == 0, "%s", err.message);
    return result;
}

static bool covers(struct sim_estimate e, double truth)
{
    return e.is_known && e.low <= truth && truth <= e.high;
}

static void run_by_precision(uint32_t n, uint32_t k, struct sim_dist failure,
                             struct sim_dist repair)
{
    struct kofn kofn;

    kofn_init(&kofn, n, k, failure, repair);
    struct sim_result r = study_of(&kofn.model, 11, 0.0, 0.05);
    struct sim_service_result *s = &r.service[0];
    double truth = kofn_exact(&kofn);

    cr_assert(covers(s->unavailability, truth), "%u of %u: %g in [%g, %g], truth %g", k,
              n, s->unavailability.value, s->unavailability.low, s->unavailability.high,
              truth);
    cr_assert(s->unavailability.high <= 1.05 * s->unavailability.value);
    cr_assert(!r.is_partial && r.is_repeatable && s->n_outages >= 100);
    /* Little's law ties the three measures together (up to the jackknife's shift). */
    cr_assert(fabs(s->outages_per_year.value * s->mean_outage_s.value /
                       (s->unavailability.value * SIM_YEAR_S) -
                   1.0) < 0.02);
    double sum = 0.0;

    for (uint32_t c = 0; c < s->n_causes; c++) {
        sum += s->cause[c].unavailability.value;
    }
    cr_assert(fabs(sum / s->unavailability.value - 1.0) < 1e-9);
    sim_result_release(&r);
}

Test(engine_kofn, one_of_one)
{
    run_by_precision(1, 1, sim_dist_exponential(1000 * HOUR_S),
                     sim_dist_exponential(10 * HOUR_S));
}

Test(engine_kofn, two_of_three)
{
    run_by_precision(3, 2, sim_dist_exponential(1000 * HOUR_S),
                     sim_dist_exponential(20 * HOUR_S));
}

Test(engine_kofn, three_of_five)
{
    run_by_precision(5, 3, sim_dist_exponential(300 * HOUR_S),
                     sim_dist_exponential(20 * HOUR_S));
}

/* Only the means matter: ageing components, heavy-tailed repair. */
Test(engine_kofn, insensitive_to_the_laws)
{
    run_by_precision(3, 2, sim_dist_weibull_mean(500 * HOUR_S, 1.7),
                     sim_dist_lognormal_mean_cv(15 * HOUR_S, 1.3));
}

/* Counts how often n_seeds small studies cover the truth. */
static int coverage(const struct kofn *kofn, int n_seeds, double years,
                    double precision)
{
    double truth = kofn_exact(kofn);
    int n = 0;

    for (int i = 0; i < n_seeds; i++) {
        struct sim_result r =
            study_of(&kofn->model, (uint64_t)i + 1000, years, precision);

        n += covers(r.service[0].unavailability, truth);
        sim_result_release(&r);
    }
    return n;
}

/* Many outages, ten replications or fewer, a handful of outages, precision stop. */
Test(engine_kofn, intervals_cover)
{
    struct kofn often;
    struct kofn rare;
    int n;

    kofn_init(&often, 3, 2, sim_dist_exponential(1000 * HOUR_S),
              sim_dist_exponential(20 * HOUR_S));
    kofn_init(&rare, 3, 2, sim_dist_exponential(5000 * HOUR_S),
              sim_dist_exponential(10 * HOUR_S));
    n = coverage(&often, 200, 400.0, 0.05);
    cr_assert(181 <= n && n <= 199, "many outages: %d of 200", n);
    n = coverage(&often, 200, 0.0, 0.05);
    cr_assert(181 <= n && n <= 199, "stopped by precision: %d of 200", n);
    /* Few outages: the gamma interval may cover more than asked, never less. */
    n = coverage(&rare, 200, 1000.0, 0.05);
    cr_assert(181 <= n, "about twenty outages: %d of 200", n);
    n = coverage(&rare, 200, 100.0, 0.05);
    cr_assert(181 <= n, "about two outages: %d of 200", n);
    n = coverage(&often, 200, 5.0, 0.05);
    cr_assert(181 <= n, "five replications: %d of 200", n);
}
