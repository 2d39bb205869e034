/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `nines compare` shows: designs side by side, then their differences in words,
 * then what follows for the objective. The same grid is printed plain and as
 * Markdown. A difference is "better" or "worse" only when the interval of the paired
 * difference (or of the ratio of independent estimates) excludes equality.
 */
#include <math.h>
#include <string.h>

#include "cli/causes.h"
#include "cli/color.h"
#include "cli/grid.h"
#include "cli/number.h"
#include "cli/view.h"

#define NAME_LIST 512

static bool none_seen(const struct cli_finding *f, const struct sim_service_result *s)
{
    double years;

    return cli_none_seen(f->result, s, &years);
}

static void add_downtime(struct cli_grid *grid, const struct cli_compare_view *v,
                         uint32_t service, const char *label)
{
    char sure[32];

    cli_grid_row(grid, label);
    for (uint32_t i = 0; i < v->n; i++) {
        const struct sim_service_result *s = &v->finding[i].result->service[service];
        const struct sim_estimate down =
            cli_downtime_s(v->finding[i].result, s->unavailability);

        cli_grid_set(grid, i,
                     none_seen(&v->finding[i], s) ? "none seen" : cli_duration(down).s);
    }
    snprintf(sure, sizeof(sure), "  %.0f %% sure",
             100 * v->finding[0].result->confidence);
    cli_grid_row(grid, sure);
    for (uint32_t i = 0; i < v->n; i++) {
        const struct sim_result *r = v->finding[i].result;
        const struct sim_estimate down =
            cli_downtime_s(r, r->service[service].unavailability);
        char below[96];

        if (none_seen(&v->finding[i], &r->service[service])) {
            snprintf(below, sizeof(below), "below %s", cli_about(down.high, 2).s);
            cli_grid_set(grid, i, below);
        } else {
            cli_grid_set(grid, i,
                         down.low == down.high ? "exact" : cli_duration_range(down).s);
        }
    }
}

static void add_nines(struct cli_grid *grid, const struct cli_compare_view *v)
{
    cli_grid_row(grid, "Nines");
    for (uint32_t i = 0; i < v->n; i++) {
        const struct sim_service_result *s = cli_focus(&v->finding[i]);
        char text[256];

        if (none_seen(&v->finding[i], s)) {
            snprintf(text, sizeof(text), "over %s",
                     cli_nines(s->unavailability.high).s);
            cli_grid_set(grid, i, text);
        } else {
            cli_grid_set(grid, i, cli_nines(s->unavailability.value).s);
        }
    }
}

static void add_windows(struct cli_grid *grid, const struct cli_compare_view *v)
{
    const struct cli_slo *slo = &v->question->slo;
    const struct cli_window_words words =
        cli_slo_words(slo, v->finding[0].result->year_s);
    char label[64];
    char text[256];

    snprintf(label, sizeof(label), "%s inside %s", words.title,
             slo->is_asked ? "SLO" : slo->text);
    cli_grid_row(grid, label);
    for (uint32_t i = 0; i < v->n; i++) {
        const struct sim_estimate met = cli_focus(&v->finding[i])->slo_met_share;

        snprintf(text, sizeof(text), "%s %%", cli_of_100(met).s);
        cli_grid_set(grid, i, met.is_known ? text : "-");
    }
    if (slo->window_s > 0) {
        return;
    }
    cli_grid_row(grid, "Worst year in 20");
    for (uint32_t i = 0; i < v->n; i++) {
        const double worst = cli_window_quantile(cli_focus(&v->finding[i]), 0.95);

        cli_grid_set(grid, i,
                     worst > 0    ? cli_about(worst, 3).s
                     : worst == 0 ? "no downtime"
                                  : "-");
    }
}

static void add_outages(struct cli_grid *grid, const struct cli_compare_view *v,
                        uint32_t service, const char *label)
{
    cli_grid_row(grid, label);
    for (uint32_t i = 0; i < v->n; i++) {
        const struct sim_service_result *s = &v->finding[i].result->service[service];

        cli_grid_set(grid, i,
                     none_seen(&v->finding[i], s)
                         ? "none seen"
                         : cli_frequency(s->outages_per_year).s);
    }
}

/* "writes blocked" at the start of a line: "Writes blocked / year". */
static void capital_label(char *label, size_t size, const char *words, bool is_event)
{
    snprintf(label, size, "%s%s", words, is_event ? "" : " / year");
    if (label[0] >= 'a' && label[0] <= 'z') {
        label[0] = (char)(label[0] - 'a' + 'A');
    }
}

static void add_services(struct cli_grid *grid, const struct cli_compare_view *v)
{
    const struct sim_result *first = v->finding[0].result;
    char label[64];

    for (uint32_t s = 0; s < first->n_services; s++) {
        const char *name = first->service[s].name;
        const bool is_event = cli_service_is_event(name);

        if (s == v->finding[0].focus) {
            continue;
        }
        capital_label(label, sizeof(label), cli_service_words(name), is_event);
        if (is_event) {
            add_outages(grid, v, s, label);
        } else {
            add_downtime(grid, v, s, label);
            grid->n_rows--; /* the interval row: levels of side services stay short */
        }
    }
}

static void fill_measures(struct cli_grid *grid, const struct cli_compare_view *v)
{
    cli_grid_row(grid, "");
    for (uint32_t i = 0; i < v->n; i++) {
        cli_grid_set(grid, i, v->finding[i].subject->name);
    }
    add_downtime(grid, v, v->finding[0].focus, "Downtime per year");
    add_nines(grid, v);
    add_windows(grid, v);
    add_outages(grid, v, v->finding[0].focus, "Outages per year");
    add_services(grid, v);
    cli_compare_cost_rows(grid, v);
}

/* Each design has a place of its own: 1 600 min and 0.021 min may stand side by side.
 */
static void add_cause_row(struct cli_grid *grid, const struct cli_compare_view *v,
                          const struct cli_cause_row *row, uint32_t n,
                          struct cli_scale scale)
{
    for (uint32_t i = 0; i < v->n; i++) {
        const struct cli_finding *f = &v->finding[i];
        const struct sim_service_result *s = cli_focus(f);
        double sum_s = 0;

        for (uint32_t k = 0; k < n; k++) {
            sum_s += cli_cause_s(f, row[k].name);
        }
        if (s->n_causes > 0) {
            const struct sim_estimate largest =
                cli_downtime_s(f->result, s->cause[0].unavailability);

            cli_grid_set(grid, i,
                         cli_in_column(sum_s, cli_column_for(largest, scale)).s);
        }
    }
}

static struct cli_scale cause_scale(const struct cli_compare_view *v)
{
    double most_s = 0;

    for (uint32_t i = 0; i < v->n; i++) {
        most_s = fmax(most_s, cli_focus(&v->finding[i])->unavailability.value *
                                  v->finding[i].result->year_s);
    }
    return cli_scale_column(most_s);
}

/* Fills the grid of causes; false when there is nothing to show. */
static bool fill_causes(struct cli_grid *grid, const struct cli_compare_view *v)
{
    struct cli_cause_rows rows;
    const struct cli_scale scale = cause_scale(v);
    uint32_t n_shown;
    char label[128];

    cli_causes_rank(v->finding, v->n, &rows);
    if (rows.n == 0) {
        return false;
    }
    n_shown = rows.n < v->n_causes ? rows.n : v->n_causes;
    snprintf(label, sizeof(label), "Where the %s, %s",
             scale.unit_s == 60 ? "minutes go" : "time goes", scale.per_year);
    cli_grid_row(grid, label);
    for (uint32_t i = 0; i < v->n; i++) {
        cli_grid_set(grid, i, v->finding[i].subject->name);
    }
    for (uint32_t k = 0; k < n_shown; k++) {
        snprintf(label, sizeof(label), "  %s", rows.row[k].name);
        cli_grid_row(grid, label);
        add_cause_row(grid, v, &rows.row[k], 1, scale);
    }
    if (rows.n > n_shown) {
        cli_grid_row(grid, "  other causes");
        add_cause_row(grid, v, &rows.row[n_shown], rows.n - n_shown, scale);
    }
    return true;
}

static struct cli_text signed_text(struct cli_text plain, double value)
{
    struct cli_text text;

    snprintf(text.s, sizeof(text.s), "%s%.70s",
             value > 0 && strcmp(plain.s, "0") != 0 ? "+" : "", plain.s);
    return text;
}

/* Minutes wherever they are readable, so that the rows can be compared by eye. */
static struct cli_scale difference_scale(double size_s)
{
    return size_s >= 6 && size_s < 100 * 3600 ? cli_scale_column(60)
                                              : cli_scale_column(size_s);
}

/* The place of the last digit: fine enough that an interval which excludes `neutral`
 * does not seem to touch it. */
static double telling_step(struct sim_estimate e, double neutral)
{
    double step = cli_step(e.value, cli_half_width(e));

    while (step > 1e-6 * fabs(e.value) &&
           ((e.low > neutral && round(e.low / step) * step <= neutral) ||
            (e.high < neutral && round(e.high / step) * step >= neutral))) {
        step /= 10;
    }
    return step;
}

/* "0.30 times", "12 times", and "1 190 times less" instead of "0.00084 times". */
static void ratio_words(struct sim_estimate ratio, struct cli_text *value,
                        struct cli_text *interval)
{
    const bool is_less = ratio.value < 0.1 && ratio.low > 0;
    const struct sim_estimate shown =
        is_less ? (struct sim_estimate){1 / ratio.value, 1 / ratio.high, 1 / ratio.low,
                                        true}
                : ratio;
    const double step = telling_step(shown, 1);

    snprintf(value->s, sizeof(value->s), "%.40s times%s",
             cli_rounded(shown.value, step).s, is_less ? " less" : "");
    snprintf(interval->s, sizeof(interval->s), "(%.30s to %.30s)",
             cli_rounded(shown.low, step).s, cli_rounded(shown.high, step).s);
}

static void difference_words(const struct cli_compare_view *v,
                             const struct cli_difference *d, struct cli_text *name,
                             struct cli_text *value, struct cli_text *interval)
{
    const struct sim_comparison *c = &d->found;
    const char *a = v->finding[d->a].subject->name;
    const char *b = v->finding[d->b].subject->name;

    if (!c->is_paired && c->ratio.is_known && c->ratio.value > 0) {
        snprintf(name->s, sizeof(name->s), "%.36s / %.36s", b, a);
        ratio_words(c->ratio, value, interval);
        return;
    }
    const struct sim_estimate s_per_year =
        cli_downtime_s(v->finding[d->b].result, c->difference);
    const double size_s = fmax(fabs(s_per_year.value), cli_half_width(s_per_year));
    const struct cli_scale scale = difference_scale(size_s);
    const struct sim_estimate e = cli_scaled(s_per_year, 1 / scale.unit_s);
    const double step = telling_step(e, 0);

    snprintf(name->s, sizeof(name->s), "%.36s - %.36s", b, a);
    snprintf(value->s, sizeof(value->s), "%.40s %s",
             signed_text(cli_rounded(e.value, step), e.value).s, scale.per_year);
    snprintf(interval->s, sizeof(interval->s), "(%.30s to %.30s)",
             signed_text(cli_rounded(e.low, step), e.low).s,
             signed_text(cli_rounded(e.high, step), e.high).s);
}

static void fill_difference_head(struct cli_grid *grid)
{
    cli_grid_row(grid, "Difference");
    cli_grid_set(grid, 0, "downtime");
    cli_grid_set(grid, 1, "interval");
    cli_grid_set(grid, 2, "in words");
}

static void fill_differences(struct cli_grid *grid, const struct cli_compare_view *v)
{
    for (uint32_t i = 0; i < v->n_differences; i++) {
        const struct cli_difference *d = &v->difference[i];
        struct cli_text name = {""};
        struct cli_text value = {""};
        struct cli_text interval = {""};

        difference_words(v, d, &name, &value, &interval);
        cli_grid_row(grid, name.s);
        cli_grid_set(grid, 0, value.s);
        cli_grid_set(grid, 1, interval.s);
        cli_grid_set(grid, 2, sim_verdict_text(d->found.verdict));
    }
}

static void print_differences_head(FILE *out, const struct cli_compare_view *v)
{
    const struct cli_difference *d = &v->difference[0];
    const double years = fmin(v->finding[d->a].result->simulated_years,
                              v->finding[d->b].result->simulated_years);

    fprintf(out, "%sDifferences%s", cli_color_on(out, CLI_STRONG),
            cli_color_off(out, CLI_STRONG));
    if (d->found.is_paired) {
        fprintf(out, ", on the same %s years of luck", cli_count(years).s);
    }
    fputc('\n', out);
}

/* "a, b and c" of the designs with a verdict; "" when there are none. */
static void name_verdicts(const struct cli_compare_view *v, enum cli_verdict wanted,
                          char *text, size_t size, uint32_t *n)
{
    uint32_t left = 0;
    size_t used = 0;

    *n = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < v->n; i++) {
        left += cli_slo_judge(&v->question->slo,
                              cli_focus(&v->finding[i])->slo_met_share) == wanted;
    }
    for (uint32_t i = 0; i < v->n && left > 0 && used + 1 < size; i++) {
        if (cli_slo_judge(&v->question->slo,
                          cli_focus(&v->finding[i])->slo_met_share) != wanted) {
            continue;
        }
        const char *joint = *n == 0 ? "" : left == 1 ? " and " : ", ";
        const int w = snprintf(text + used, size - used, "%s%s", joint,
                               v->finding[i].subject->name);

        used += w > 0 ? (size_t)w : 0;
        (*n)++;
        left--;
    }
}

static void print_objective(FILE *out, const struct cli_compare_view *v)
{
    const struct cli_slo *slo = &v->question->slo;
    const struct cli_window_words words =
        cli_slo_words(slo, v->finding[0].result->year_s);
    char names[NAME_LIST];
    uint32_t n;

    if (!slo->is_asked) {
        return;
    }
    fputc('\n', out);
    name_verdicts(v, CLI_SLO_MET, names, sizeof(names), &n);
    if (n > 0) {
        fprintf(out, "%sSLO met:%s %s %s %s %% in at least %.4g of 100 %s.\n",
                cli_color_on(out, CLI_GOOD), cli_color_off(out, CLI_GOOD), names,
                n == 1 ? "keeps" : "keep", slo->text, 100 * slo->sure, words.plural);
    }
    name_verdicts(v, CLI_SLO_MISSED, names, sizeof(names), &n);
    if (n > 0) {
        fprintf(out, "%sSLO missed:%s %s.\n", cli_color_on(out, CLI_BAD),
                cli_color_off(out, CLI_BAD), names);
    }
    name_verdicts(v, CLI_SLO_OPEN, names, sizeof(names), &n);
    if (n > 0) {
        fprintf(out, "SLO not decided: %s (more --years decide).\n", names);
    }
}

static void print_notes(FILE *out, const struct cli_compare_view *v)
{
    const char *comma = "";

    for (uint32_t i = 0; i < v->n; i++) {
        const struct cli_finding *f = &v->finding[i];

        if (cli_focus(f)->is_flagged) {
            fprintf(out, "\n%snot to be trusted:%s %s: %s\n",
                    cli_color_on(out, CLI_BAD), cli_color_off(out, CLI_BAD),
                    f->subject->name, cli_focus(f)->why);
        }
    }
    for (uint32_t i = 0; i < v->n; i++) {
        if (!v->finding[i].result->is_partial) {
            continue;
        }
        if (comma[0] == '\0') {
            fprintf(out, "\n%spartial:%s %s: ", cli_color_on(out, CLI_BAD),
                    cli_color_off(out, CLI_BAD),
                    v->is_stopped ? "interrupted" : "stopped early");
        }
        fprintf(out, "%s%s", comma, v->finding[i].subject->name);
        comma = ", ";
    }
    if (comma[0] != '\0') {
        fputs("; a run of fixed --years is repeatable\n", out);
    }
}

static void print_head(FILE *out, const struct cli_compare_view *v, bool is_long)
{
    const struct cli_finding *f = v->finding;

    for (uint32_t i = 0; i < v->n; i++) {
        fprintf(out, "%s%s%s: %s\n", cli_color_on(out, CLI_STRONG), f[i].subject->name,
                cli_color_off(out, CLI_STRONG), f[i].subject->about);
    }
    if (f[0].subject->note != NULL) {
        fprintf(out, "%s\n", f[0].subject->note);
    }
    fprintf(out, "%sdown means: %s; seed %llu%s\n", cli_color_on(out, CLI_QUIET),
            cli_service_words(cli_focus(&f[0])->name),
            (unsigned long long)v->question->seed, cli_color_off(out, CLI_QUIET));
    for (uint32_t i = 0; i < v->n; i++) {
        fprintf(out, "%s  %s: %s years, %s%s%s%s\n", cli_color_on(out, CLI_QUIET),
                f[i].subject->name, cli_count(f[i].result->simulated_years).s,
                f[i].result->method, is_long ? ": " : "",
                is_long ? f[i].result->reason : "", cli_color_off(out, CLI_QUIET));
    }
    fputc('\n', out);
}

void cli_compare_table(FILE *out, bool is_wide, const struct cli_compare_view *v)
{
    const int width = is_wide ? 10000 : cli_width(out);
    struct cli_grid grid;

    print_head(out, v, v->is_verbose || is_wide);
    cli_grid_init(&grid, v->n);
    fill_measures(&grid, v);
    cli_grid_print(out, &grid, 0, width);
    cli_grid_release(&grid);
    cli_grid_init(&grid, v->n);
    if (fill_causes(&grid, v)) {
        fputc('\n', out);
        cli_grid_print(out, &grid, 0, width);
    }
    cli_grid_release(&grid);
    if (v->n_differences > 0) {
        fputc('\n', out);
        print_differences_head(out, v);
        cli_grid_init(&grid, 3);
        fill_differences(&grid, v);
        cli_grid_print(out, &grid, 2, 10000);
        cli_grid_release(&grid);
        fprintf(out, "  %s%s%s\n", cli_color_on(out, CLI_QUIET),
                v->difference[0].found.how, cli_color_off(out, CLI_QUIET));
    }
    cli_compare_cost_words(out, v);
    print_objective(out, v);
    print_notes(out, v);
}

void cli_compare_markdown(FILE *out, const struct cli_compare_view *v)
{
    struct cli_grid grid;

    cli_grid_init(&grid, v->n);
    fill_measures(&grid, v);
    cli_grid_markdown(out, &grid);
    cli_grid_release(&grid);
    cli_grid_init(&grid, v->n);
    if (fill_causes(&grid, v)) {
        fputc('\n', out);
        cli_grid_markdown(out, &grid);
    }
    cli_grid_release(&grid);
    if (v->n_differences > 0) {
        fputc('\n', out);
        cli_grid_init(&grid, 3);
        fill_difference_head(&grid);
        fill_differences(&grid, v);
        cli_grid_markdown(out, &grid);
        cli_grid_release(&grid);
    }
    cli_compare_cost_words(out, v);
    print_objective(out, v);
    fprintf(out, "\nseed %llu\n", (unsigned long long)v->question->seed);
}

void cli_compare_html(FILE *out, const struct cli_compare_view *v)
{
    struct cli_grid grid;

    cli_grid_init(&grid, v->n);
    fill_measures(&grid, v);
    cli_grid_html(out, &grid);
    cli_grid_release(&grid);
    cli_grid_init(&grid, v->n);
    if (fill_causes(&grid, v)) {
        cli_grid_html(out, &grid);
    }
    cli_grid_release(&grid);
    if (v->n_differences > 0) {
        cli_grid_init(&grid, 3);
        fill_difference_head(&grid);
        fill_differences(&grid, v);
        cli_grid_html(out, &grid);
        cli_grid_release(&grid);
    }
    fputs("<p>", out);
    cli_compare_cost_words(out, v);
    fputs("</p>\n", out);
}
