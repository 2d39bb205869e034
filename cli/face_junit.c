/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JUnit XML, the form in which build servers show results: one suite a design, in it
 * one case for the objective and one for the health of the estimate. A missed objective
 * is a failure, one that is not decided an error; the text holds the numbers and where
 * the minutes go. With --fail-on never both are marked skipped, so that the file and
 * the exit code say the same. There is no time, because it differs from run to run.
 */
#include <string.h>

#include "cli/causes.h"
#include "cli/number.h"
#include "cli/version.h"
#include "cli/view.h"

#define MOST_CAUSES 5

enum outcome { PASSED, FAILED, UNDECIDED, SKIPPED, N_OUTCOMES };

static const char *const element[N_OUTCOMES] = {
    [FAILED] = "failure", [UNDECIDED] = "error", [SKIPPED] = "skipped"};

static enum outcome judge_objective(const struct cli_finding *f,
                                    const struct cli_question *q)
{
    static const enum outcome of_verdict[] = {
        [CLI_SLO_MET] = PASSED, [CLI_SLO_MISSED] = FAILED, [CLI_SLO_OPEN] = UNDECIDED};
    const enum outcome outcome =
        of_verdict[cli_slo_judge(&q->slo, cli_focus(f)->slo_met_share)];

    return outcome != PASSED && q->fail_on == CLI_FAIL_ON_NEVER ? SKIPPED : outcome;
}

static enum outcome judge_health(const struct cli_finding *f,
                                 const struct cli_question *q)
{
    if (!cli_focus(f)->is_flagged) {
        return PASSED;
    }
    return q->fail_on == CLI_FAIL_ON_WARNING ? FAILED : SKIPPED;
}

static void put_attribute(FILE *out, const char *name, const char *text)
{
    fprintf(out, " %s=\"", name);
    cli_xml_text(out, text);
    fputc('"', out);
}

static void put_property(FILE *out, const char *name, const char *value)
{
    fputs("      <property", out);
    put_attribute(out, "name", name);
    put_attribute(out, "value", value);
    fputs("/>\n", out);
}

static void put_properties(FILE *out, const struct sim_result *r)
{
    char text[32];

    fputs("    <properties>\n", out);
    put_property(out, "version", CLI_VERSION);
    put_property(out, "method", r->method);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)r->seed);
    put_property(out, "seed", text);
    snprintf(text, sizeof(text), "%.17g", r->simulated_years);
    put_property(out, "simulated_years", text);
    fputs("    </properties>\n", out);
}

static void put_numbers(FILE *out, const struct cli_finding *f)
{
    const struct sim_service_result *s = cli_focus(f);
    const struct sim_estimate down = cli_downtime_s(f->result, s->unavailability);
    struct cli_cause_rows rows;

    fprintf(out, "availability %s, downtime %s a year (%s)\n",
            cli_availability(s->unavailability.value).s, cli_duration(down).s,
            cli_duration_interval(down).s);
    cli_causes_rank(f, 1, &rows);
    for (uint32_t i = 0; i < rows.n && i < MOST_CAUSES; i++) {
        cli_xml_text(out, rows.row[i].name);
        fprintf(out, ": %s a year\n", cli_duration(rows.row[i].of_most_s).s);
    }
}

static void put_case(FILE *out, const struct cli_finding *f, const char *name,
                     enum outcome outcome, const char *message)
{
    fputs("    <testcase", out);
    put_attribute(out, "classname", f->subject->name);
    put_attribute(out, "name", name);
    if (outcome == PASSED) {
        fputs("/>\n", out);
        return;
    }
    fprintf(out, ">\n      <%s", element[outcome]);
    put_attribute(out, "message", message);
    if (outcome == SKIPPED) {
        fputs("/>\n", out);
    } else {
        fputc('>', out);
        put_numbers(out, f);
        fprintf(out, "</%s>\n", element[outcome]);
    }
    fputs("    </testcase>\n", out);
}

static void put_suite(FILE *out, const struct cli_finding *f,
                      const struct cli_question *q)
{
    const struct sim_service_result *s = cli_focus(f);
    const struct cli_window_words words = cli_slo_words(&q->slo, f->result->year_s);
    const enum outcome met = judge_objective(f, q);
    const enum outcome health = judge_health(f, q);
    char name[128];
    char message[320];

    fputs("  <testsuite", out);
    put_attribute(out, "name", f->subject->name);
    fprintf(out, " tests=\"2\" failures=\"%d\" errors=\"%d\" skipped=\"%d\">\n",
            (met == FAILED) + (health == FAILED), met == UNDECIDED,
            (met == SKIPPED) + (health == SKIPPED));
    put_properties(out, f->result);
    snprintf(name, sizeof(name), "%s keeps %s %% in %.4g of 100 %s", s->name,
             q->slo.text, 100 * q->slo.sure, words.plural);
    if (s->slo_met_share.is_known) {
        snprintf(message, sizeof(message), "%s of 100 %s keep it (%s)",
                 cli_of_100(s->slo_met_share).s, words.plural,
                 cli_of_100_interval(s->slo_met_share).s);
    } else {
        snprintf(message, sizeof(message), "the method %s gives no single %s",
                 f->result->method, words.plural);
    }
    put_case(out, f, name, met, message);
    put_case(out, f, "the estimate can be trusted", health, s->why);
    fputs("  </testsuite>\n", out);
}

static void put_suites(FILE *out, const struct cli_finding *finding, uint32_t n,
                       const struct cli_question *q)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"nines\">\n",
          out);
    for (uint32_t i = 0; i < n; i++) {
        put_suite(out, &finding[i], q);
    }
    fputs("</testsuites>\n", out);
}

void cli_run_junit(FILE *out, const struct cli_run_view *view)
{
    put_suites(out, &view->finding, 1, view->question);
}

void cli_compare_junit(FILE *out, const struct cli_compare_view *view)
{
    put_suites(out, view->finding, view->n, view->question);
}
