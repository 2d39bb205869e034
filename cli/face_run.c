/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `nines run` shows on a terminal or a pipe: the answer first, then where the
 * minutes go, then the verdict and the next command, because the last line is what
 * stays in sight. Nothing here depends on how long the run took, so that the same
 * seed gives the same text.
 */
#include <math.h>
#include <string.h>

#include "cli/causes.h"
#include "cli/color.h"
#include "cli/commands.h"
#include "cli/number.h"
#include "cli/view.h"
#include "models/units.h"

#define LABEL_WIDTH  22
#define VALUE_WIDTH  18
#define BAR_CELLS    12
#define LEAST_OF_100 0.001 /* smaller chances are told as "one in" */
#define CAUSE_WIDTH  42

/* Narrower terminals go without bars and put intervals on a line of their own. */
#define WIDE_ENOUGH        80
#define NARROW_CAUSE_WIDTH 36

static void line(FILE *out, const char *label, const char *value, const char *more)
{
    const int value_width = cli_text_width(value);
    const int used = 2 + LABEL_WIDTH +
                     (value_width > VALUE_WIDTH ? value_width + 1 : VALUE_WIDTH) + 1;

    fputs("  ", out);
    cli_pad(out, label, LABEL_WIDTH);
    if (more[0] == '\0') {
        fprintf(out, "%s\n", value);
        return;
    }
    if (used + cli_text_width(more) > cli_width(out)) {
        fprintf(out, "%s\n%*s", value, 2 + LABEL_WIDTH, "");
    } else {
        cli_pad(out, value, used - 3 - LABEL_WIDTH);
        fputc(' ', out);
    }
    fprintf(out, "%s%s%s\n", cli_color_on(out, CLI_QUIET), more,
            cli_color_off(out, CLI_QUIET));
}

static bool is_exact(const struct sim_result *r)
{
    return strcmp(r->method, "exact") == 0;
}

static const char *sure_words(const struct sim_result *r, char *text, size_t size,
                              const char *interval)
{
    if (is_exact(r)) {
        snprintf(text, size, "exact");
    } else {
        snprintf(text, size, "%.0f %% sure: %s", 100 * r->confidence, interval);
    }
    return text;
}

static void print_head(FILE *out, const struct cli_run_view *v)
{
    const struct cli_subject *subject = v->finding.subject;
    const struct sim_result *r = v->finding.result;

    fprintf(out, "%s%s%s: %s\n", cli_color_on(out, CLI_STRONG), subject->name,
            cli_color_off(out, CLI_STRONG), subject->about);
    if (subject->note != NULL) {
        fprintf(out, "%s\n", subject->note);
    }
    fputs(cli_color_on(out, CLI_QUIET), out);
    if (is_exact(r)) {
        fprintf(out, "solved exactly%s\n", cli_color_off(out, CLI_QUIET));
        return;
    }
    fprintf(out, "%s years simulated (%s), seed %llu%s\n",
            cli_count(r->simulated_years).s, r->method, (unsigned long long)r->seed,
            cli_color_off(out, CLI_QUIET));
    if (r->is_partial) {
        fprintf(out, "%spartial:%s %s, with the intervals reached so far\n",
                cli_color_on(out, CLI_BAD), cli_color_off(out, CLI_BAD),
                v->is_stopped ? "interrupted" : "stopped early");
    }
}

static void print_none_seen(FILE *out, const struct sim_result *r,
                            const struct sim_service_result *s, double years)
{
    char text[256];

    snprintf(text, sizeof(text), "at least %s, %.0f %% sure (%s nines)",
             cli_availability(s->unavailability.high).s, 100 * r->confidence,
             cli_nines(s->unavailability.high).s);
    line(out, "Availability", text, "");
    snprintf(text, sizeof(text),
             "none seen in %s years; %.0f %% sure: fewer than one in %s years",
             cli_count(r->simulated_years).s, 100 * r->confidence,
             cli_rounded(years, cli_step(years, years / 10)).s);
    line(out, "Outages", text, "");
}

static void print_outages(FILE *out, const struct sim_result *r,
                          const struct sim_service_result *s)
{
    const double half = cli_duration_quantile(s, 0.5);
    const double worst = cli_duration_quantile(s, 0.99);
    char text[256] = "";

    line(out, "Outages per year", cli_frequency(s->outages_per_year).s,
         sure_words(r, text, sizeof(text),
                    cli_frequency_interval(s->outages_per_year).s));
    if (half > 0) {
        char value[128];

        snprintf(value, sizeof(value), "half under %s", cli_about(half, 2).s);
        snprintf(text, sizeof(text), "1 in 100 over %s", cli_about(worst, 2).s);
        line(out, "  how long", value, text);
    } else if (s->mean_outage_s.is_known) {
        snprintf(text, sizeof(text), "%s on average", cli_duration(s->mean_outage_s).s);
        line(out, "  how long", text, "");
    }
}

static void print_windows(FILE *out, const struct cli_run_view *v,
                          const struct sim_service_result *s)
{
    const struct sim_result *r = v->finding.result;
    const struct cli_slo *slo = &v->question->slo;
    const struct cli_window_words words = cli_slo_words(slo, r->year_s);
    const double worst = cli_window_quantile(s, 0.95);
    char label[64];
    char value[128];
    char text[256];

    if (s->slo_met_share.is_known) {
        snprintf(label, sizeof(label), "%s inside %s", words.title,
                 slo->is_asked ? "SLO" : slo->text);
        snprintf(value, sizeof(value), "%s of 100", cli_of_100(s->slo_met_share).s);
        snprintf(text, sizeof(text), "%s %% allows %s %s", slo->text,
                 cli_about(r->budget_s, 3).s, words.per);
        line(out, label, value, text);
    }
    if (worst >= 0 && slo->window_s == 0) {
        line(out, "Worst year in 20", worst > 0 ? cli_about(worst, 3).s : "no downtime",
             "");
    }
}

static void print_cost(FILE *out, const struct cli_cost *cost)
{
    char text[256];

    if (cost->is_known) {
        snprintf(text, sizeof(text), "requests and volumes; the whole host %s",
                 cli_money(cost->host).s);
        line(out, "Cost per month", cli_money(cli_cost_own(cost)).s, text);
    }
}

/* "2.3 of 100", or "one in 35 000" when that says more. */
static const char *chance_words(double p, char *text, size_t size)
{
    if (p > 0 && p < LEAST_OF_100) {
        snprintf(text, size, "one in %s",
                 cli_rounded(1 / p, cli_step(1 / p, 0.05 / p)).s);
    } else {
        const struct sim_estimate share = {p, p, p, true};

        snprintf(text, size, "%s of 100", cli_of_100(share).s);
    }
    return text;
}

/* The chance that something happened from new until then. */
static void print_chance(FILE *out, const struct sim_result *r, const char *label,
                         struct sim_estimate p)
{
    char text[256];
    char value[96];
    char low[96];
    char high[96];
    char interval[200];

    if (!p.is_known) {
        return;
    }
    if (p.value > 0 && p.value < LEAST_OF_100) {
        snprintf(interval, sizeof(interval), "%s to %s",
                 chance_words(p.low, low, sizeof(low)),
                 chance_words(p.high, high, sizeof(high)));
    } else {
        snprintf(interval, sizeof(interval), "%s", cli_of_100_interval(p).s);
    }
    line(out, label, chance_words(p.value, value, sizeof(value)),
         sure_words(r, text, sizeof(text), interval));
}

/* A system that ends with its first loss has no downtime: when, and how likely. */
static void print_loss(FILE *out, const struct sim_result *r,
                       const struct sim_service_result *s)
{
    char text[256];

    if (s->mttff_s.is_known) {
        line(out, "Mean time to loss", cli_duration(s->mttff_s).s,
             sure_words(r, text, sizeof(text), cli_duration_interval(s->mttff_s).s));
    } else {
        line(out, "Mean time to loss", "not known", "");
    }
    print_chance(out, r, "Lost within 1 year", s->prob_outage_first_year);
    print_chance(out, r, "  within 5 years", s->prob_outage_5y);
    print_chance(out, r, "  within 10 years", s->prob_outage_10y);
}

/* The first year of a new system differs from the long run: nothing has aged yet. */
static void print_first_year(FILE *out, const struct sim_result *r,
                             const struct sim_service_result *s)
{
    const struct sim_estimate down = cli_downtime_s(r, s->first_year_unavailability);
    char text[256];

    if (s->mttff_s.is_known) {
        line(out, "First outage after", cli_duration(s->mttff_s).s,
             sure_words(r, text, sizeof(text), cli_duration_interval(s->mttff_s).s));
    }
    if (s->first_year_unavailability.is_known) {
        line(out, "First year from new", cli_duration(down).s,
             sure_words(r, text, sizeof(text), cli_duration_interval(down).s));
    }
    print_chance(out, r, "  with an outage", s->prob_outage_first_year);
    print_chance(out, r, "  within 5 years", s->prob_outage_5y);
    print_chance(out, r, "  within 10 years", s->prob_outage_10y);
}

static void print_answer(FILE *out, const struct cli_run_view *v)
{
    const struct sim_result *r = v->finding.result;
    const struct sim_service_result *s = cli_focus(&v->finding);
    const struct sim_estimate down = cli_downtime_s(r, s->unavailability);
    char text[256];
    double years;

    fputc('\n', out);
    if (v->finding.subject->model->is_absorbing) {
        print_loss(out, r, s);
        return;
    }
    if (!s->unavailability.is_known) {
        line(out, "Availability", "not known: stopped before anything was simulated",
             "");
        return;
    }
    if (cli_none_seen(r, s, &years)) {
        print_none_seen(out, r, s, years);
        print_windows(out, v, s);
        print_cost(out, &v->finding.subject->cost);
        return;
    }
    snprintf(text, sizeof(text), "%s nines", cli_nines(s->unavailability.value).s);
    line(out, "Availability", cli_availability(s->unavailability.value).s, text);
    line(out, "Downtime per year", cli_duration(down).s,
         sure_words(r, text, sizeof(text), cli_duration_interval(down).s));
    print_windows(out, v, s);
    print_outages(out, r, s);
    if (v->question->is_first_year) {
        print_first_year(out, r, s);
    }
    print_cost(out, &v->finding.subject->cost);
}

/* One line for a service that is not the judged one. */
static void print_service(FILE *out, const struct sim_result *r,
                          const struct sim_service_result *s)
{
    const bool is_event = cli_service_is_event(s->name);
    const struct sim_estimate down = cli_downtime_s(r, s->unavailability);
    char value[128];
    char text[256];
    double years;

    if (cli_none_seen(r, s, &years)) {
        snprintf(
            text, sizeof(text), "none seen; %.0f %% sure: fewer than one in %s years",
            100 * r->confidence, cli_rounded(years, cli_step(years, years / 10)).s);
        line(out, cli_service_words(s->name), text, "");
        return;
    }
    if (is_event) {
        snprintf(value, sizeof(value), "%s%s", cli_frequency(s->outages_per_year).s,
                 s->outages_per_year.value >= 0.2 ? " a year" : "");
    } else {
        snprintf(value, sizeof(value), "%s/yr", cli_duration(down).s);
    }
    line(out, cli_service_words(s->name), value,
         sure_words(r, text, sizeof(text),
                    is_event ? cli_frequency_interval(s->outages_per_year).s
                             : cli_duration_interval(down).s));
}

/* What each loss of data costs: not simulated, it follows from the backups. */
static void print_lost_writes(FILE *out, const struct cli_subject *subject)
{
    const struct ha_backup *backup = &subject->backup;
    char value[HA_UNITS_TEXT];
    char most[HA_UNITS_TEXT];
    char text[256];

    if (!backup->is_made) {
        snprintf(text, sizeof(text), "no backup: %s is off", backup->by);
        line(out, "  each costs", "everything", text);
        return;
    }
    snprintf(text, sizeof(text), "of writes; at most %s, by %s",
             ha_units_print_duration(most, sizeof(most), backup->most_lost_s),
             backup->by);
    line(out, "  each costs",
         ha_units_print_duration(value, sizeof(value), backup->mean_lost_s), text);
}

static void print_services(FILE *out, const struct cli_run_view *v)
{
    const struct sim_result *r = v->finding.result;
    int n_shown = 0;

    for (uint32_t i = 0; i < r->n_services; i++) {
        if (i == v->finding.focus || !r->service[i].unavailability.is_known) {
            continue;
        }
        if (n_shown++ == 0) {
            fprintf(out, "\n  The above: %s. Also counted:\n",
                    cli_service_words(cli_focus(&v->finding)->name));
        }
        print_service(out, r, &r->service[i]);
        if (cli_service_is_event(r->service[i].name) &&
            v->finding.subject->has_design) {
            print_lost_writes(out, v->finding.subject);
        }
    }
}

static void print_bar(FILE *out, double share, double largest)
{
    const int cells =
        largest > 0 ? (int)lround(BAR_CELLS * fmin(share / largest, 1)) : 0;

    for (int i = 0; i < (cells > 0 ? cells : 1); i++) {
        fputs("█", out);
    }
}

static void print_cause(FILE *out, const char *name, double down_s, double share,
                        double largest, struct cli_column column)
{
    const bool is_wide = cli_width(out) >= WIDE_ENOUGH;

    fputs("    ", out);
    cli_pad(out, name, is_wide ? CAUSE_WIDTH : NARROW_CAUSE_WIDTH);
    cli_pad(out, cli_in_column(down_s, column).s, -8);
    fprintf(out, "  %3.0f %%", 100 * share);
    if (is_wide) {
        fputs("  ", out);
        print_bar(out, share, largest);
    }
    fputc('\n', out);
}

static void print_cause_rows(FILE *out, const struct cli_cause_rows *rows,
                             uint32_t n_shown, double total_s, struct cli_scale scale)
{
    const struct cli_column column = cli_column_for(rows->row[0].of_most_s, scale);
    const double largest = rows->row[0].most_s / total_s;
    const uint32_t n_rest = rows->n > n_shown ? rows->n - n_shown : 0;
    double rest_s = 0;
    char title[40];

    for (uint32_t i = 0; i < rows->n; i++) {
        const double down_s = rows->row[i].most_s;

        if (i < n_shown) {
            print_cause(out, rows->row[i].name, down_s, down_s / total_s, largest,
                        column);
        } else {
            rest_s += down_s;
        }
    }
    if (n_rest > 0) {
        snprintf(title, sizeof(title), "%u other cause%s", n_rest,
                 n_rest > 1 ? "s" : "");
        print_cause(out, title, rest_s, rest_s / total_s, largest, column);
    }
}

static void print_causes(FILE *out, const struct cli_run_view *v)
{
    const struct sim_result *r = v->finding.result;
    const double total_s = cli_focus(&v->finding)->unavailability.value * r->year_s;
    const struct cli_scale scale = cli_scale_column(total_s);
    const int width = cli_width(out) >= WIDE_ENOUGH ? CAUSE_WIDTH : NARROW_CAUSE_WIDTH;
    struct cli_cause_rows rows;

    cli_causes_rank(&v->finding, 1, &rows);
    if (rows.n == 0 || !(total_s > 0)) {
        return;
    }
    fprintf(out, "\n  %s%-*s%s%8s\n", cli_color_on(out, CLI_STRONG), width + 2,
            scale.unit_s == 60 ? "Where the minutes go" : "Where the time goes",
            cli_color_off(out, CLI_STRONG), scale.per_year);
    print_cause_rows(out, &rows, v->n_causes, total_s, scale);
}

static void print_verdict(FILE *out, const struct cli_run_view *v)
{
    const struct sim_result *r = v->finding.result;
    const struct sim_service_result *s = cli_focus(&v->finding);
    const struct cli_slo *slo = &v->question->slo;
    const struct cli_window_words words = cli_slo_words(slo, r->year_s);
    const enum cli_verdict verdict = cli_slo_judge(slo, s->slo_met_share);
    const bool average_keeps = s->unavailability.value <= slo->target_miss;
    const struct cli_text share = cli_of_100(s->slo_met_share);
    const double sure = 100 * slo->sure;

    if (!slo->is_asked) {
        return;
    }
    fputs("\n  ", out);
    if (verdict == CLI_SLO_MET) {
        fprintf(out, "%sSLO met:%s %s of 100 %s keep %s %% (asked: %.4g).\n",
                cli_color_on(out, CLI_GOOD), cli_color_off(out, CLI_GOOD), share.s,
                words.plural, slo->text, sure);
    } else if (verdict == CLI_SLO_MISSED) {
        fprintf(out,
                "%sSLO missed:%s the average %s %s %%, %s only %s of 100 %s keep it "
                "(asked: %.4g).\n",
                cli_color_on(out, CLI_BAD), cli_color_off(out, CLI_BAD),
                average_keeps ? "keeps" : "breaks", slo->text,
                average_keeps ? "but" : "and", share.s, words.plural, sure);
    } else if (s->slo_met_share.is_known) {
        fprintf(out,
                "SLO not decided: %s of 100 %s keep %s %% (asked: %.4g). "
                "More years decide: --years %.0f\n",
                cli_of_100_interval(s->slo_met_share).s, words.plural, slo->text, sure,
                ceil(4 * r->simulated_years));
    } else {
        fprintf(out, "SLO not decided: the method \"%s\" does not give single %s.\n",
                r->method, words.plural);
    }
}

static void print_health(FILE *out, const struct cli_run_view *v)
{
    const struct sim_result *r = v->finding.result;

    for (uint32_t i = 0; i < r->n_services; i++) {
        if (r->service[i].is_flagged && (i == v->finding.focus || v->is_verbose)) {
            fprintf(out, "\n  %snot to be trusted%s (%s): %s\n",
                    cli_color_on(out, CLI_BAD), cli_color_off(out, CLI_BAD),
                    r->service[i].name, r->service[i].why);
        }
    }
    if (!r->is_repeatable && r->years_to_repeat > 0) {
        fprintf(out, "\n  %s decided where to stop. To repeat: --years %.17g\n",
                v->is_stopped ? "The interruption" : "The clock", r->years_to_repeat);
    }
    if (v->is_verbose && r->reason[0] != '\0') {
        fprintf(out, "\n  How: %s.\n", r->reason);
    }
}

static void print_files(FILE *out, const struct cli_input *input)
{
    for (uint32_t i = 0; i < input->files.n; i++) {
        fprintf(out, " -f %s", input->files.item[i]);
    }
}

/* Commands worth trying next, among those that exist. */
static void print_next(FILE *out, const struct cli_run_view *v)
{
    static const struct {
        const char *command, *flags, *gain;
    } next[] = {
        {"lint", "", "HA pitfalls, priced"},
        {"trace", " --worst", "the longest outage, step by step"},
        {"compare", " --replicas 1,3,5", "fewer or more replicas"},
        {"place", "", "where the pods land, and why"},
    };
    const char *lead = "Next:";

    if (v->is_quiet || v->input == NULL || !v->finding.subject->has_design) {
        return;
    }
    fputc('\n', out);
    for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
        if (cli_command_find(next[i].command) == NULL) {
            continue;
        }
        fprintf(out, "  %-5s nines %s", lead, next[i].command);
        print_files(out, v->input);
        fprintf(out, "%s   %s%s%s\n", next[i].flags, cli_color_on(out, CLI_QUIET),
                next[i].gain, cli_color_off(out, CLI_QUIET));
        lead = "";
    }
}

void cli_run_table(FILE *out, bool is_wide, const struct cli_run_view *v)
{
    print_head(out, v);
    print_answer(out, v);
    print_services(out, v);
    print_causes(out, v);
    cli_run_sensitivity(out, v);
    if (is_wide) {
        cli_run_wide(out, &v->finding);
    }
    print_verdict(out, v);
    print_health(out, v);
    print_next(out, v);
}
