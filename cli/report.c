/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One HTML file without scripts and without anything from the network, so that it can
 * be mailed, archived and printed: the answer in plain sentences for readers who run
 * nothing themselves, the charts (as SVG inside the page), the table, what was assumed
 * with its sources, how to repeat it, and what the model leaves out. Headings say what
 * the reader gets. Pages are light or dark as the reader's machine is; on paper light.
 */
#include "cli/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/causes.h"
#include "cli/design_text.h"
#include "cli/file.h"
#include "cli/number.h"
#include "cli/version.h"
#include "models/vcluster/coverage.h"

static const char head[] =
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.5 Inter,Helvetica,Arial,sans-serif;max-width:900px;margin:2em "
    "auto;"
    "padding:0 1em;color:#24292f;background:#fff}\n"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}\n"
    "table{border-collapse:collapse;font-size:.9em}\n"
    "td,th{padding:.25em .8em .25em 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid #d0d7de}\n"
    "td+td,th+th{font-variant-numeric:tabular-nums}\n"
    ".answer{font-size:1.1em}.quiet{color:#5b6470}\n"
    "pre{overflow-x:auto;padding:.8em;border:1px solid #d0d7de;font-size:.85em}\n"
    "figure{margin:1.5em 0}svg{width:100%;height:auto}\n"
    "@media (prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}"
    "td,th,pre{border-color:#30363d}.quiet{color:#8b949e}}\n"
    "@media print{body{margin:0;color:#24292f;background:#fff}figure,tr{break-inside:"
    "avoid}details{display:block}}\n"
    "</style>\n";

static void put_heading(FILE *out, const char *text)
{
    fputs("<h2>", out);
    cli_xml_text(out, text);
    fputs("</h2>\n", out);
}

static void put_cell(FILE *out, const char *element, const char *text)
{
    fprintf(out, "<%s>", element);
    cli_xml_text(out, text);
    fprintf(out, "</%s>", element);
}

/* ---- the answer ---- */

/* "If it ran 100 years, about 27 of them would have more than 52.6 min of downtime." */
static void put_windows(FILE *out, const struct cli_finding *f,
                        const struct cli_question *q)
{
    const struct sim_estimate met = cli_focus(f)->slo_met_share;
    const struct cli_window_words words = cli_slo_words(&q->slo, f->result->year_s);
    const struct sim_estimate broken = {1 - met.value, 1 - met.high, 1 - met.low, true};

    if (!met.is_known || !(f->result->budget_s > 0)) {
        return;
    }
    if (broken.value < 1e-3) {
        fprintf(out, " Practically all %s stay below %s", words.plural,
                cli_about(f->result->budget_s, 3).s);
    } else {
        fprintf(out, " Of 100 %s, about %s have more than %s of it", words.plural,
                cli_of_100(broken).s, cli_about(f->result->budget_s, 3).s);
    }
    fprintf(out, ", which is what %s %% allows.", q->slo.text);
}

static void put_design(FILE *out, const struct cli_finding *f,
                       const struct cli_question *q)
{
    const struct sim_service_result *s = cli_focus(f);
    const struct sim_estimate down = cli_downtime_s(f->result, s->unavailability);
    struct cli_cause_rows rows;
    double years;

    fputs("<p class=\"answer\"><strong>", out);
    cli_xml_text(out, f->subject->name);
    fputs("</strong> (", out);
    cli_xml_text(out, f->subject->about);
    fputs("): ", out);
    cli_xml_text(out, cli_service_words(s->name));
    if (!s->unavailability.is_known) {
        fputs(": nothing was simulated.</p>\n", out);
        return;
    }
    if (cli_none_seen(f->result, s, &years)) {
        fprintf(out, " was never seen in %s simulated years.</p>\n",
                cli_count(f->result->simulated_years).s);
        return;
    }
    fprintf(out, " for <strong>%s</strong> in an average year", cli_duration(down).s);
    if (down.low < down.high) {
        fprintf(out, " (%.0f %% sure: %s)", 100 * f->result->confidence,
                cli_duration_interval(down).s);
    }
    fprintf(out, ", that is %s availability.",
            cli_availability(s->unavailability.value).s);
    put_windows(out, f, q);
    cli_causes_rank(f, 1, &rows);
    if (rows.n > 0) {
        fputs(" Most of it comes from: ", out);
        cli_xml_text(out, rows.row[0].name);
        fprintf(out, " (%.0f %%).", 100 * rows.row[0].most_s / down.value);
    }
    if (s->is_flagged) {
        fputs(" <strong>Not to be trusted</strong>: ", out);
        cli_xml_text(out, s->why);
        fputc('.', out);
    }
    fputs("</p>\n", out);
}

static void put_verdict(FILE *out, const struct cli_compare_view *v)
{
    static const char *const words[] = {"meets", "misses",
                                        "is not yet decided against"};
    const struct cli_slo *slo = &v->question->slo;
    const struct cli_window_words window =
        cli_slo_words(slo, v->finding[0].result->year_s);

    for (uint32_t i = 0; slo->is_asked && i < v->n; i++) {
        fputs("<p>", out);
        cli_xml_text(out, v->finding[i].subject->name);
        fprintf(out,
                " <strong>%s</strong> the objective: %s %% in at least %.4g of 100 %s.",
                words[cli_slo_judge(slo, cli_focus(&v->finding[i])->slo_met_share)],
                slo->text, 100 * slo->sure, window.plural);
        fputs("</p>\n", out);
    }
    if (v->is_stopped) {
        fputs("<p><strong>Partial</strong>: the simulation was interrupted.</p>\n",
              out);
    }
}

/* ---- charts ---- */

static int put_chart(FILE *out, const char *dir, const char *name, struct sim_err *err)
{
    char path[PATH_MAX];
    char *text;
    const char *svg;
    int rc;

    snprintf(path, sizeof(path), "%s/%s.svg", dir, name);
    if (!cli_file_exists(path)) {
        return 0; /* there was nothing to draw */
    }
    rc = cli_file_read(path, &text, err);
    if (rc != 0) {
        return rc;
    }
    svg = strstr(text, "<svg");
    fprintf(out, "<figure>\n%s</figure>\n", svg != NULL ? svg : "");
    free(text);
    return 0;
}

static int put_charts(FILE *out, const char *dir, struct sim_err *err)
{
    static const char *const name[] = {"downtime", "ladder", "causes", "years"};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(name) / sizeof(name[0]); i++) {
        rc = put_chart(out, dir, name[i], err);
    }
    return rc;
}

/* ---- assumptions ---- */

static void put_params(FILE *out, const struct ha_catalog *catalog)
{
    fputs("<table>\n<tr><th>figure</th><th>value</th><th>5 % to 95 %</th>"
          "<th>source</th></tr>\n",
          out);
    for (int i = 0; i < HA_N_PARAMS; i++) {
        const struct ha_param_value *p = &catalog->value[i];
        char text[96];

        if (!p->is_set) {
            continue;
        }
        fputs("<tr>", out);
        put_cell(out, "td", ha_param_title((enum ha_param)i));
        snprintf(text, sizeof(text), "%g %s", p->mid, ha_param_unit((enum ha_param)i));
        put_cell(out, "td", text);
        snprintf(text, sizeof(text), "%g to %g", p->lo, p->hi);
        put_cell(out, "td", text);
        put_cell(out, "td", p->source != NULL ? p->source : "");
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}

/* The figures of the first design; the others may differ by --set-for. */
static void put_assumptions(FILE *out, const struct cli_compare_view *v)
{
    const struct cli_subject *subject = v->finding[0].subject;

    if (!subject->has_design) {
        return;
    }
    put_heading(out, "What was assumed");
    if (subject->note != NULL) {
        put_cell(out, "p", subject->note);
    }
    fprintf(out, "<details><summary>Failure and repair figures (");
    cli_xml_text(out, subject->design.catalog.name);
    fputs(")</summary>\n", out);
    put_params(out, &subject->design.catalog);
    fputs("</details>\n", out);
}

/* ---- how to repeat ---- */

/* A word of a command line, quoted for a shell where it must be. */
static void put_word(FILE *out, const char *word)
{
    static const char harmless[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789-_./=,:%+@[]";

    if (word[0] != '\0' && word[strspn(word, harmless)] == '\0') {
        cli_xml_text(out, word);
        return;
    }
    fputs("&#39;", out);
    for (; *word != '\0'; word++) {
        const char one[2] = {*word, '\0'};

        if (*word == '\'') {
            fputs("&#39;\\&#39;&#39;", out);
        } else {
            cli_xml_text(out, one);
        }
    }
    fputs("&#39;", out);
}

/* Text of several lines, for <pre>. */
static void put_lines(FILE *out, const char *text)
{
    char line[512];

    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");

        snprintf(line, sizeof(line), "%.*s", (int)length, text);
        cli_xml_text(out, line);
        fputc('\n', out);
        text += length + (text[length] == '\n');
    }
}

/* The text of a design, escaped: it is written into memory first. */
static void put_values(FILE *out, const struct ha_node *values)
{
    char *text = NULL;
    size_t length;
    FILE *memory = open_memstream(&text, &length);

    if (memory != NULL) {
        cli_design_text(memory, values, true);
        fclose(memory);
        put_lines(out, text);
        free(text);
    }
}

static void put_designs(FILE *out, const struct cli_compare_view *v)
{
    for (uint32_t i = 0; i < v->n; i++) {
        const struct cli_subject *subject = v->finding[i].subject;

        if (!subject->has_design || subject->design.user_values == NULL) {
            continue;
        }
        fputs("<details><summary>", out);
        cli_xml_text(out, subject->name);
        fprintf(out, " (hash %016llx)</summary><pre>",
                (unsigned long long)subject->fingerprint);
        put_values(out, subject->design.user_values);
        fputs("</pre></details>\n", out);
    }
}

static void put_repeat(FILE *out, const struct cli_report *report)
{
    const struct cli_compare_view *v = report->view;

    put_heading(out, "How to repeat it");
    fputs("<pre>nines", out);
    for (int i = 0; i < report->argc; i++) {
        fputc(' ', out);
        put_word(out, report->argv[i]);
    }
    fprintf(
        out,
        "</pre>\n<p class=\"quiet\">nines %s, seed %llu. The same version, seed and "
        "files give the same numbers.</p>\n",
        CLI_VERSION, (unsigned long long)v->question->seed);
    for (uint32_t i = 0; i < v->n; i++) {
        const struct sim_result *r = v->finding[i].result;

        fputs("<p class=\"quiet\">", out);
        cli_xml_text(out, v->finding[i].subject->name);
        fprintf(out, ": %s years, method %s: ", cli_count(r->simulated_years).s,
                r->method);
        cli_xml_text(out, r->reason);
        fputs(".</p>\n", out);
    }
    put_designs(out, v);
}

static void put_limits(FILE *out, const struct cli_compare_view *v)
{
    uint32_t n;
    const struct ha_coverage *row = ha_coverage_rows(&n);

    if (!v->finding[0].subject->has_design) {
        return;
    }
    put_heading(out, "What the model leaves out");
    fputs("<ul>\n", out);
    for (uint32_t i = 0; i < n; i++) {
        if (row[i].state != HA_COVERAGE_DONE) {
            fputs("<li>", out);
            cli_xml_text(out, row[i].title);
            fprintf(out, " (%s): ", ha_coverage_word(row[i].state));
            cli_xml_text(out, row[i].note);
            fputs("</li>\n", out);
        }
    }
    fputs("</ul>\n", out);
}

int cli_report_write(FILE *out, const struct cli_report *report, struct sim_err *err)
{
    const struct cli_compare_view *v = report->view;
    int rc;

    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<title>Availability of ",
          out);
    cli_xml_text(out, v->finding[0].subject->name);
    fprintf(out, "</title>\n%s</head>\n<body>\n<h1>%s</h1>\n", head,
            v->n > 1 ? "Which design is available enough?" : "How available is it?");
    for (uint32_t i = 0; i < v->n; i++) {
        put_design(out, &v->finding[i], v->question);
    }
    put_verdict(out, v);
    rc = put_charts(out, report->charts, err);
    if (rc != 0) {
        return rc;
    }
    put_heading(out, "The numbers");
    cli_compare_html(out, v);
    put_assumptions(out, v);
    put_repeat(out, report);
    put_limits(out, v);
    fputs("</body>\n</html>\n", out);
    return 0;
}
