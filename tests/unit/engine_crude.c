/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The crude driver at its edges: exact years, nothing seen, always down, loss, first
 * year, interruption, limits, windows and borders, wrong questions.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "sim/study.h"
#include "tests/support/kofn.h"

static struct kofn kofn;

static struct sim_study crude_study(void)
{
    struct sim_study study = sim_study_default();

    study.method = SIM_METHOD_CRUDE;
    study.seed = 2385;
    study.jobs = 2;
    return study;
}

static struct sim_result run(const struct sim_study *study)
{
    struct sim_result result;
    struct sim_err err = {0};

    cr_assert(sim_study_run(&kofn.model, study, &result, &err) == 0, "%s", err.message);
    return result;
}

static bool covers(struct sim_estimate e, double truth)
{
    return e.is_known && e.low <= truth && truth <= e.high;
}

/* One component down a tenth of the time, about 32 outages a year. */
static void make_flaky(void)
{
    kofn_init(&kofn, 1, 1, sim_dist_exponential(900e3), sim_dist_exponential(100e3));
}

Test(engine_crude, exactly_so_many_years)
{
    static const double years[] = {0.25, 1.0, 7.0, 40.0, 137.5, 1000.0, 4321.0};

    make_flaky();
    for (int i = 0; i < 7; i++) {
        struct sim_study study = crude_study();

        study.years = years[i];
        struct sim_result r = run(&study);
        struct sim_service_result *s = &r.service[0];

        cr_assert(fabs(r.simulated_years / years[i] - 1.0) < 1e-12);
        cr_assert(r.is_repeatable && !r.is_partial);
        cr_assert(covers(s->unavailability, 0.1), "%g years: %g in [%g, %g]", years[i],
                  s->unavailability.value, s->unavailability.low,
                  s->unavailability.high);
        cr_assert(covers(s->outages_per_year, SIM_YEAR_S / 1e6));
        cr_assert(covers(s->mean_outage_s, 100e3));
        cr_assert(s->n_parts == r.n_replications);
        cr_assert(s->n_windows <= years[i] && s->n_windows > 0.9 * years[i] - 1.0);
        double bins = 0.0;

        for (int b = 0; b < SIM_DURATION_BINS; b++) {
            bins += s->duration_bin[b];
        }
        cr_assert(bins == (double)s->n_outages);
        sim_result_release(&r);
    }
}

/* Downtime per window adds up to the total, and ascends. */
Test(engine_crude, windows_add_up)
{
    struct sim_study study = crude_study();

    make_flaky();
    study.years = 200.0;
    study.window_s = SIM_YEAR_S / 12.0;
    study.budget_s = 0.1 * study.window_s;
    struct sim_result r = run(&study);
    struct sim_service_result *s = &r.service[0];
    double sum_s = 0.0;
    uint32_t n_met = 0;

    cr_assert(s->n_windows == 2400);
    for (uint32_t i = 0; i < s->n_windows; i++) {
        cr_assert(i == 0 || s->window_downtime_s[i - 1] <= s->window_downtime_s[i]);
        cr_assert(s->window_downtime_s[i] <= study.window_s * (1.0 + 1e-12));
        sum_s += s->window_downtime_s[i];
        n_met += s->window_downtime_s[i] <= study.budget_s;
    }
    cr_assert(fabs(sum_s / (200.0 * SIM_YEAR_S) / s->unavailability.value - 1.0) <
              1e-9);
    cr_assert(fabs(s->slo_met_share.value - n_met / 2400.0) < 1e-12);
    sim_result_release(&r);
}

Test(engine_crude, nothing_seen)
{
    struct sim_study study = crude_study();

    kofn_init(&kofn, 3, 1, sim_dist_exponential(1e9), sim_dist_exponential(1e3));
    study.years = 100.0;
    study.budget_s = 60.0;
    study.first_year = true;
    struct sim_result r = run(&study);
    struct sim_service_result *s = &r.service[0];

    cr_assert(s->n_outages == 0 && s->unavailability.value == 0.0);
    cr_assert(s->unavailability.is_known && s->unavailability.low == 0.0);
    cr_assert(fabs(s->unavailability.high - 3.0 / 100.0) < 0.001);
    cr_assert(fabs(s->outages_per_year.high - 0.02996) < 1e-4);
    cr_assert(!s->mean_outage_s.is_known && !s->mttff_s.is_known);
    cr_assert(s->slo_met_share.value == 1.0 && s->slo_met_share.low < 1.0);
    cr_assert(s->n_causes == 0);
    cr_assert(s->prob_outage_first_year.high > 0.0);
    sim_result_release(&r);
}

/* A service that never works: unavailability 1, and the study ends. */
static uint64_t always_down(const void *plan, const struct sim_run *play)
{
    (void)plan;
    (void)play;
    return 1;
}

Test(engine_crude, always_down)
{
    struct sim_study study = crude_study();

    make_flaky();
    kofn.model.down = always_down;
    kofn.model.blame = NULL;
    study.first_year = true;
    struct sim_result r = run(&study);
    struct sim_service_result *s = &r.service[0];

    cr_assert(s->unavailability.value == 1.0 && s->unavailability.high == 1.0);
    cr_assert(s->unavailability.low < 1.0 && s->unavailability.low > 0.9);
    cr_assert(s->n_outages == 0 && s->mttff_s.value == 0.0);
    cr_assert(s->n_causes == 1 && strcmp(s->cause[0].name, "unattributed") == 0);
    sim_result_release(&r);
}

/* First year of one new component: U(T) = q (1 - (1 - e^{-cT}) / (cT)), c = l + m;
 * P(outage) = 1 - e^{-lT}; MTTFF = 1 / l. */
Test(engine_crude, first_year_from_new)
{
    struct sim_study study = crude_study();
    double l = 1.0 / 40e6;
    double c = l + 1.0 / 5e6;

    kofn_init(&kofn, 1, 1, sim_dist_exponential(40e6), sim_dist_exponential(5e6));
    study.years = 4000.0;
    study.first_year = true;
    struct sim_result r = run(&study);
    struct sim_service_result *s = &r.service[0];
    double ct = c * SIM_YEAR_S;

    cr_assert(covers(s->first_year_unavailability, l / c * (1.0 + expm1(-ct) / ct)));
    cr_assert(covers(s->prob_outage_first_year, -expm1(-l * SIM_YEAR_S)));
    cr_assert(covers(s->unavailability, l / c));
    cr_assert(s->first_year_unavailability.high < l / c); /* younger is better */
    cr_assert(covers(s->mttff_s, 1.0 / l));
    sim_result_release(&r);
}

/* Loss: both copies gone. MTTFF of 1-of-2 is (3 l + m) / (2 l^2). */
Test(engine_crude, absorbing)
{
    struct sim_study study = crude_study();
    double l = 1.0 / SIM_YEAR_S;
    double m = 5.0 / SIM_YEAR_S;

    kofn_init(&kofn, 2, 1, sim_dist_exponential(1.0 / l),
              sim_dist_exponential(1.0 / m));
    kofn.model.is_absorbing = true;
    study.precision = 0.05;
    struct sim_result r = run(&study);
    struct sim_service_result *s = &r.service[0];

    cr_assert(!s->unavailability.is_known);
    cr_assert(covers(s->mttff_s, (3.0 * l + m) / (2.0 * l * l)), "%g in [%g, %g], %g",
              s->mttff_s.value, s->mttff_s.low, s->mttff_s.high,
              (3.0 * l + m) / (2.0 * l * l));
    cr_assert(s->prob_outage_first_year.is_known && !r.is_partial);
    sim_result_release(&r);
}

/* Outages longer than the warm-up and the window are counted once, at full length. */
Test(engine_crude, long_outages_are_not_cut)
{
    struct sim_study study = crude_study();

    kofn_init(&kofn, 1, 1, sim_dist_exponential(6.0 * SIM_YEAR_S),
              sim_dist_deterministic(2.5 * SIM_YEAR_S));
    study.years = 3000.0;
    struct sim_result r = run(&study);
    struct sim_service_result *s = &r.service[0];

    cr_assert(fabs(s->mean_outage_s.value / (2.5 * SIM_YEAR_S) - 1.0) < 1e-9);
    cr_assert(covers(s->unavailability, 2.5 / 8.5));
    sim_result_release(&r);
}

/* Broken and mended at the same instant: no outage, no downtime, no first outage. */
Test(engine_crude, outages_of_no_length_do_not_count)
{
    struct sim_study study = crude_study();

    kofn_init(&kofn, 1, 1, sim_dist_exponential(1e6), sim_dist_deterministic(0.0));
    study.years = 100.0;
    study.first_year = true;
    struct sim_result r = run(&study);
    struct sim_service_result *s = &r.service[0];

    cr_assert(r.n_events > 6000 && s->n_outages == 0 && s->unavailability.value == 0.0);
    cr_assert(s->n_causes == 0 && s->prob_outage_first_year.value == 0.0);
    cr_assert(!s->mttff_s.is_known);
    sim_result_release(&r);
}

static volatile sig_atomic_t stop_now;

static void ask_to_stop(const struct sim_progress *progress, void *context)
{
    int *n_calls = context;

    cr_assert(progress->fraction_done >= 0.0 && progress->fraction_done <= 1.0);
    if (++*n_calls == 2) {
        stop_now = 1;
    }
}

Test(engine_crude, a_signal_gives_a_partial_result)
{
    struct sim_study study = crude_study();
    int n_calls = 0;

    make_flaky();
    study.years = 1e9;
    study.stop = &stop_now;
    study.progress = ask_to_stop;
    study.progress_context = &n_calls;
    struct sim_result r = run(&study);

    cr_assert(n_calls >= 2 && r.is_partial && !r.is_repeatable);
    cr_assert(r.simulated_years > 0.0 && r.years_to_repeat == r.simulated_years);
    cr_assert(covers(r.service[0].unavailability, 0.1));
    sim_result_release(&r);
}

/* Cut by the clock, then repeated by years: the same numbers. */
Test(engine_crude, a_cut_study_can_be_repeated)
{
    struct sim_study study = crude_study();

    make_flaky();
    study.precision = 1e-9;
    study.max_time_s = 0.1;
    struct sim_result cut = run(&study);

    cr_assert(cut.is_partial && !cut.is_repeatable);
    if (cut.n_replications >= 40) {
        study.max_time_s = 0.0;
        study.years = cut.years_to_repeat;
        struct sim_result again = run(&study);

        cr_assert(again.n_replications == cut.n_replications);
        cr_assert(again.service[0].unavailability.value ==
                  cut.service[0].unavailability.value);
        sim_result_release(&again);
    }
    sim_result_release(&cut);
}

Test(engine_crude, all_causes_are_waited_for)
{
    struct sim_study study = crude_study();

    kofn_init(&kofn, 3, 2, sim_dist_exponential(2e6), sim_dist_exponential(2e5));
    study.all_causes = true;
    study.precision = 0.1;
    struct sim_result r = run(&study);
    struct sim_service_result *s = &r.service[0];
    double shares = 0.0;

    cr_assert(s->n_causes == 3);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert(s->cause[i].unavailability.high <=
                  1.1 * s->cause[i].unavailability.value);
        cr_assert(covers(s->cause[i].share, 1.0 / 3.0));
        cr_assert(i == 0 || s->cause[i - 1].unavailability.value >=
                                s->cause[i].unavailability.value);
        shares += s->cause[i].share.value;
    }
    cr_assert(fabs(shares - 1.0) < 1e-9);
    sim_result_release(&r);
}

Test(engine_crude, wrong_questions)
{
    struct sim_study study = crude_study();
    struct sim_result result;
    struct sim_err err;

    make_flaky();
    study.focus = 1;
    cr_assert(sim_study_run(&kofn.model, &study, &result, &err) == -SIM_ERR_USAGE);
    study = crude_study();
    study.precision = 0.0;
    cr_assert(sim_study_run(&kofn.model, &study, &result, &err) == -SIM_ERR_USAGE);
    study = crude_study();
    study.window_s = -1.0;
    cr_assert(sim_study_run(&kofn.model, &study, &result, &err) == -SIM_ERR_USAGE);
    study = crude_study();
    study.method = (enum sim_method)77;
    cr_assert(sim_study_run(&kofn.model, &study, &result, &err) == -SIM_ERR_USAGE);
}
