/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON: `nines.result/v1` and `nines.compare/v1`, described by the schemas in
 * configs/schema/. A published contract: fields are added, never renamed; keys come
 * in the order written here; a measure that a method does not give is null, because
 * JSON has no NaN and 0 would be a lie. Numbers have 17 digits, so that they read
 * back as the same doubles. -o yaml is the same tree (cli/tree_text.c). The text
 * depends on (design, question, seed, version) only, except cpu_s and wall_s;
 * --reproducible writes those as 0.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/error.h"
#include "cli/tree_text.h"
#include "cli/version.h"
#include "cli/view.h"

static _Noreturn void run_out_of_memory(void)
{
    fputs("nines: out of memory while writing JSON\n", stderr);
    exit(CLI_EXIT_FAILED);
}

/* json_* functions return NULL when memory runs out; nothing can be saved then. */
static json_t *must(json_t *value)
{
    if (value == NULL) {
        run_out_of_memory();
    }
    return value;
}

static void set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, must(value)) != 0) {
        run_out_of_memory();
    }
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* Text from files may be broken UTF-8, which jansson refuses. */
static json_t *text(const char *value)
{
    const char *given = value != NULL ? value : "";
    json_t *string = json_string(given);
    char *clean;

    if (string != NULL) {
        return string;
    }
    clean = strdup(given);
    for (char *p = clean; p != NULL && *p != '\0'; p++) {
        *p = (unsigned char)*p < 0x80 ? *p : '?';
    }
    string = json_string(clean != NULL ? clean : "");
    free(clean);
    return string;
}

static json_t *estimate(struct sim_estimate e, double factor, double confidence)
{
    json_t *object;

    if (!e.is_known) {
        return json_null();
    }
    object = must(json_object());
    set(object, "estimate", number(e.value * factor));
    set(object, "low", number(e.low * factor));
    set(object, "high", number(e.high * factor));
    set(object, "confidence", number(confidence));
    return object;
}

static json_t *causes(const struct sim_result *r, const struct sim_service_result *s)
{
    json_t *array = must(json_array());
    const double min_per_year = r->year_s / 60;

    for (uint32_t i = 0; i < s->n_causes; i++) {
        const struct sim_cause_result *c = &s->cause[i];
        json_t *object = must(json_object());

        set(object, "name", text(c->name));
        set(object, "downtime_min_per_year",
            number(c->unavailability.value * min_per_year));
        set(object, "share",
            number(s->unavailability.value > 0
                       ? c->unavailability.value / s->unavailability.value
                       : 0));
        set(object, "downtime_min_per_year_interval",
            estimate(c->unavailability, min_per_year, r->confidence));
        set(object, "share_interval", estimate(c->share, 1, r->confidence));
        set(object, "outages_per_year",
            estimate(c->outages_per_year, 1, r->confidence));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *quantiles(const struct sim_service_result *s,
                         double (*at)(const struct sim_service_result *, double))
{
    static const struct {
        const char *key;
        double p;
    } points[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};
    json_t *object;

    if (at(s, 0.5) < 0) {
        return json_null();
    }
    object = must(json_object());
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        set(object, points[i].key, number(at(s, points[i].p)));
    }
    return object;
}

static json_t *diagnostics(const struct sim_service_result *s)
{
    json_t *object = must(json_object());

    set(object, "flagged", json_boolean(s->is_flagged));
    set(object, "why", text(s->why));
    set(object, "effective_sample_size", number(s->effective_sample_size));
    set(object, "largest_score_share", number(s->largest_score_share));
    return object;
}

/* Field names of components as in the format of exact problems. */
static json_t *importance(const struct sim_result *r,
                          const struct sim_service_result *s)
{
    json_t *map = must(json_object());

    for (uint32_t i = 0; i < s->n_components; i++) {
        const struct sim_component_result *c = &s->component[i];
        json_t *object = must(json_object());

        set(object, "birnbaum", estimate(c->birnbaum, 1, r->confidence));
        set(object, "criticality", estimate(c->criticality, 1, r->confidence));
        set(object, "raw", estimate(c->raw, 1, r->confidence));
        set(object, "rrw",
            isfinite(c->rrw.value) ? estimate(c->rrw, 1, r->confidence) : json_null());
        set(object, "trigger_share", estimate(c->trigger_share, 1, r->confidence));
        set(object, "down_given_outage",
            estimate(c->down_given_outage, 1, r->confidence));
        set(object, "broken_share", estimate(c->broken_share, 1, r->confidence));
        set(map, c->name, object);
    }
    return map;
}

static json_t *elasticities(const struct sim_result *r,
                            const struct sim_service_result *s, bool is_outages)
{
    json_t *map = must(json_object());

    for (uint32_t i = 0; i < s->n_elasticities; i++) {
        const struct sim_elasticity_result *e = &s->elasticity[i];

        set(map, e->name,
            estimate(is_outages ? e->outages : e->unavailability, 1, r->confidence));
    }
    return map;
}

/* The names of the problem format for what can be lost: data, or a whole system. */
static void set_loss(json_t *object, const struct sim_result *r,
                     const struct sim_service_result *s)
{
    const double sure = r->confidence;

    set(object, "mean_time_to_loss_s", estimate(s->mttff_s, 1, sure));
    set(object, "prob_loss_1y", estimate(s->prob_outage_first_year, 1, sure));
    set(object, "prob_loss_5y", estimate(s->prob_outage_5y, 1, sure));
    set(object, "prob_loss_10y", estimate(s->prob_outage_10y, 1, sure));
}

static json_t *service(const struct sim_result *r, const struct sim_service_result *s,
                       bool is_loss)
{
    json_t *object = must(json_object());
    const double min_per_year = r->year_s / 60;
    const double sure = r->confidence;

    set(object, "name", text(s->name));
    set(object, "unavailability", estimate(s->unavailability, 1, sure));
    set(object, "downtime_min_per_year",
        estimate(s->unavailability, min_per_year, sure));
    set(object, "outages_per_year", estimate(s->outages_per_year, 1, sure));
    set(object, "mean_outage_s", estimate(s->mean_outage_s, 1, sure));
    set(object, "slo_met_share", estimate(s->slo_met_share, 1, sure));
    set(object, "failed_request_share", estimate(s->failed_share, 1, sure));
    set(object, "mttff_s", estimate(s->mttff_s, 1, sure));
    set(object, "first_year_unavailability",
        estimate(s->first_year_unavailability, 1, sure));
    set(object, "first_year_outages", estimate(s->first_year_outages, 1, sure));
    set(object, "prob_outage_first_year", estimate(s->prob_outage_first_year, 1, sure));
    set(object, "prob_outage_5y", estimate(s->prob_outage_5y, 1, sure));
    set(object, "prob_outage_10y", estimate(s->prob_outage_10y, 1, sure));
    if (is_loss) {
        set_loss(object, r, s);
    }
    set(object, "window_downtime_s", quantiles(s, cli_window_quantile));
    set(object, "outage_duration_s", quantiles(s, cli_duration_quantile));
    set(object, "outages_seen", json_integer((json_int_t)s->n_outages));
    set(object, "causes", causes(r, s));
    set(object, "importance", s->n_components > 0 ? importance(r, s) : json_null());
    set(object, "elasticity_of_steady_unavailability",
        s->n_elasticities > 0 ? elasticities(r, s, false) : json_null());
    set(object, "elasticity_of_outages_per_year",
        s->n_elasticities > 0 ? elasticities(r, s, true) : json_null());
    set(object, "diagnostics", diagnostics(s));
    return object;
}

static json_t *cost(const struct cli_cost *c)
{
    json_t *object;

    if (!c->is_known) {
        return json_null();
    }
    object = must(json_object());
    set(object, "pods", number(c->pods));
    set(object, "volumes", number(c->volumes));
    set(object, "host", number(c->host));
    return object;
}

/* Null: systems, and designs without a backup (a loss takes everything). */
static json_t *lost_writes(const struct cli_subject *subject)
{
    json_t *object;

    if (!subject->has_design || !subject->backup.is_made) {
        return json_null();
    }
    object = must(json_object());
    set(object, "mean", number(subject->backup.mean_lost_s));
    set(object, "most", number(subject->backup.most_lost_s));
    return object;
}

static json_t *design(const struct cli_subject *subject)
{
    json_t *object = must(json_object());
    char hash[24];

    snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)subject->fingerprint);
    set(object, "name", text(subject->name));
    set(object, "about", text(subject->about));
    set(object, "note", subject->note != NULL ? text(subject->note) : json_null());
    set(object, "kind", text(subject->has_design ? "vcluster" : "system"));
    set(object, "hash", text(hash));
    set(object, "cost_usd_per_month", cost(&subject->cost));
    set(object, "lost_writes_per_loss_s", lost_writes(subject));
    return object;
}

static json_t *objective(const struct cli_finding *finding,
                         const struct cli_question *q)
{
    static const char *const verdict[] = {"met", "missed", "open"};
    const struct sim_result *r = finding->result;
    json_t *object = must(json_object());

    set(object, "service", text(cli_focus(finding)->name));
    set(object, "asked", json_boolean(q->slo.is_asked));
    set(object, "target", number(q->slo.target));
    set(object, "window_s", number(r->window_s));
    set(object, "budget_s", number(r->budget_s));
    set(object, "sure", number(q->slo.sure));
    set(object, "verdict",
        text(verdict[cli_slo_judge(&q->slo, cli_focus(finding)->slo_met_share)]));
    return object;
}

static json_t *result(const struct cli_finding *finding, const struct cli_question *q)
{
    const struct sim_result *r = finding->result;
    json_t *object = must(json_object());
    json_t *services = must(json_array());

    set(object, "schema", text("nines.result/v1"));
    set(object, "version", text(CLI_VERSION));
    set(object, "seed", json_integer((json_int_t)r->seed));
    set(object, "design", design(finding->subject));
    set(object, "method", text(r->method));
    set(object, "reason", text(r->reason));
    set(object, "confidence", number(r->confidence));
    set(object, "simulated_years", number(r->simulated_years));
    set(object, "year_s", number(r->year_s));
    set(object, "replications", json_integer((json_int_t)r->n_replications));
    set(object, "events", json_integer((json_int_t)r->n_events));
    set(object, "cpu_s", number(q->is_reproducible ? 0 : r->cpu_s));
    set(object, "wall_s", number(q->is_reproducible ? 0 : r->wall_s));
    set(object, "partial", json_boolean(r->is_partial));
    set(object, "repeatable", json_boolean(r->is_repeatable));
    set(object, "years_to_repeat", number(r->years_to_repeat));
    set(object, "slo", objective(finding, q));
    for (uint32_t i = 0; i < r->n_services; i++) {
        const bool is_loss = finding->subject->model->is_absorbing ||
                             cli_service_is_event(r->service[i].name);

        json_array_append_new(services, service(r, &r->service[i], is_loss));
    }
    set(object, "services", services);
    return object;
}

void cli_run_json(FILE *out, enum cli_format format, const struct cli_run_view *view)
{
    json_t *object = result(&view->finding, view->question);

    cli_tree_write(out, object, format);
    json_decref(object);
}

static json_t *difference(const struct cli_compare_view *view,
                          const struct cli_difference *d)
{
    const struct sim_comparison *c = &d->found;
    const struct sim_result *r = view->finding[d->b].result;
    json_t *object = must(json_object());

    set(object, "a", text(view->finding[d->a].subject->name));
    set(object, "b", text(view->finding[d->b].subject->name));
    set(object, "service", text(cli_focus(&view->finding[d->b])->name));
    set(object, "difference_min_per_year",
        estimate(c->difference, r->year_s / 60, c->confidence));
    set(object, "ratio", estimate(c->ratio, 1, c->confidence));
    set(object, "verdict", text(sim_verdict_text(c->verdict)));
    set(object, "paired", json_boolean(c->is_paired));
    set(object, "how", text(c->how));
    return object;
}

void cli_compare_json(FILE *out, enum cli_format format,
                      const struct cli_compare_view *view)
{
    json_t *object = must(json_object());
    json_t *designs = must(json_array());
    json_t *differences = must(json_array());

    set(object, "schema", text("nines.compare/v1"));
    set(object, "version", text(CLI_VERSION));
    set(object, "seed", json_integer((json_int_t)view->question->seed));
    for (uint32_t i = 0; i < view->n; i++) {
        json_array_append_new(designs, result(&view->finding[i], view->question));
    }
    set(object, "designs", designs);
    for (uint32_t i = 0; i < view->n_differences; i++) {
        json_array_append_new(differences, difference(view, &view->difference[i]));
    }
    set(object, "differences", differences);
    cli_tree_write(out, object, format);
    json_decref(object);
}
