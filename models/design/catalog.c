/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalogue: how often things break and how long they stay broken.
 *
 * Every row of params.def has a value, the 5 % and 95 % bounds of our doubt about it,
 * the law it belongs to, and a source in words. The built-in catalogues are ordinary
 * kind: Catalog files (configs/catalog/, built into the program), so what a user may
 * write is exactly what we wrote.
 *
 * Three ways to change a row, strongest last: a region profile or maturity switch, a
 * kind: Catalog file, an override in the host file or by --set. An override may be
 *   a value with its unit     node.host_fail.rate: 0.5/y
 *   a map                     {value: 0.5/y, range: [0.2/y, 1/y], source: our tickets}
 *   own counts                {events: 3, exposure: 12y}
 *   off, or null in a file    this does not exist here
 * Counts become the posterior Gamma(k + 1/2, T) of a Poisson rate under Jeffreys'
 * prior: its mean is the value, its 5 % and 95 % quantiles the range (H. Jeffreys,
 * Theory of Probability, 1961, section 3.1; the same rule made the zone rates of the
 * built-in catalogues).
 *
 * Units. A bare number is refused unless the entry names its unit, which must then be
 * the row's own: 2 could be hours or minutes. Inside, values stay in the row's unit;
 * ha_catalog_rate_per_year and ha_catalog_duration convert once.
 *
 * Left out: drawing the catalogue itself from its ranges (that is the business of
 * sensitivity runs), and laws other than those of params.def.
 */
#include "models/design/catalog.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/design/assets.h"
#include "models/design/suggest.h"
#include "models/units.h"
#include "sim/model.h"

#define MAX_RATE_PER_YEAR 1e5
#define MAX_LENGTH_S      (100 * SIM_YEAR_S)

struct param_row {
    const char *key, *unit, *family, *title;
};

static const struct param_row rows[HA_N_PARAMS] = {
#define HA_PARAM(name, key, unit, family, title) {key, unit, family, title},
#include "models/design/params.def"
#undef HA_PARAM
};

static const char *const catalog_names[] = {"aws",     "gcp",     "azure",
                                            "on-prem", "homelab", NULL};

struct entry_reader {
    struct sim_arena *arena;
    const struct param_row *row;
    const struct ha_node *node; /* the whole entry */
    bool has_unit;              /* the entry names the row's unit */
    struct sim_err *err;
};

/* ---- rows ---- */

const char *ha_param_key(enum ha_param param)
{
    return rows[param].key;
}

const char *ha_param_unit(enum ha_param param)
{
    return rows[param].unit;
}

const char *ha_param_family(enum ha_param param)
{
    return rows[param].family;
}

const char *ha_param_title(enum ha_param param)
{
    return rows[param].title;
}

int ha_param_find(const char *key)
{
    for (int i = 0; i < HA_N_PARAMS; i++) {
        if (strcmp(rows[i].key, key) == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_rate(const struct param_row *row)
{
    return strncmp(row->unit, "1/", 2) == 0;
}

static bool is_probability(const struct param_row *row)
{
    return strcmp(row->unit, "prob") == 0;
}

/* Seconds in one unit of a duration row. */
static double seconds_per_unit(const struct param_row *row)
{
    double seconds = 0;
    char one[16];

    snprintf(one, sizeof(one), "1%s", row->unit);
    return ha_units_read_duration(one, &seconds) == NULL ? seconds : 0;
}

double ha_param_shape(enum ha_param param)
{
    const char *family = rows[param].family;

    if (strncmp(family, "weibull ", 8) == 0) {
        return strtod(family + 8, NULL);
    }
    return strcmp(family, "exponential") == 0 ? 1 : 0;
}

/* ---- values ---- */

double ha_catalog_rate_per_year(const struct ha_catalog *catalog, enum ha_param param)
{
    const struct ha_param_value *value = &catalog->value[param];

    return value->is_set && is_rate(&rows[param]) ? value->mid : 0;
}

double ha_catalog_probability(const struct ha_catalog *catalog, enum ha_param param)
{
    const struct ha_param_value *value = &catalog->value[param];

    return value->is_set && is_probability(&rows[param]) ? value->mid : 0;
}

bool ha_catalog_duration(const struct ha_catalog *catalog, enum ha_param param,
                         struct sim_dist *out)
{
    const struct ha_param_value *value = &catalog->value[param];
    double seconds = value->mid * seconds_per_unit(&rows[param]);

    if (!value->is_set || !(seconds > 0)) {
        return false;
    }
    *out = value->sigma > 0 ? sim_dist_lognormal_median(seconds, value->sigma)
                            : sim_dist_deterministic(seconds);
    return true;
}

void ha_catalog_scale_zones(struct ha_catalog *catalog, double factor)
{
    static const enum ha_param zone_rates[] = {HA_PARAM_ZONE_MAJOR_RATE,
                                               HA_PARAM_ZONE_MINOR_RATE,
                                               HA_PARAM_ZONE_PARTITION_RATE};

    for (size_t i = 0; i < sizeof(zone_rates) / sizeof(zone_rates[0]); i++) {
        struct ha_param_value *value = &catalog->value[zone_rates[i]];

        value->lo *= factor;
        value->mid *= factor;
        value->hi *= factor;
    }
}

void ha_catalog_set_maturity(struct ha_catalog *catalog, enum ha_maturity maturity)
{
    struct ha_param_value *value = &catalog->value[HA_PARAM_CHANGE_OUTAGE_RATE];

    if (maturity == HA_MATURITY_HIGH) {
        value->hi = value->mid;
        value->mid = value->lo;
    } else if (maturity == HA_MATURITY_LOW) {
        value->lo = value->mid;
        value->mid = value->hi;
    }
}

/* ---- reading entries ---- */

static int refuse(struct entry_reader *r, const struct ha_node *at, const char *problem)
{
    int code = ha_node_error(r->err, at, "%s: %s", r->row->key, problem);

    if (is_rate(r->row)) {
        sim_err_hint(r->err, "write for example 0.5/y; the row counts %s",
                     r->row->unit);
    } else if (!is_probability(r->row)) {
        sim_err_hint(r->err, "write for example 20m; or add unit: %s", r->row->unit);
    }
    return code;
}

/* One number of the row, in the row's unit. */
static int read_value(struct entry_reader *r, const struct ha_node *node, double *out)
{
    const char *text = ha_node_text(node, "");
    const char *problem;
    double number = 0;

    if (node->kind != HA_NODE_SCALAR || node->length == 0) {
        return refuse(r, node, "expected a number with its unit");
    }
    if (r->has_unit && !is_probability(r->row) && ha_node_double(node, &number)) {
        *out = number;
        return number >= 0 ? 0 : refuse(r, node, "must not be negative");
    }
    if (is_rate(r->row)) {
        problem = ha_units_read_rate(text, &number);
    } else if (is_probability(r->row)) {
        problem = ha_units_read_probability(text, &number);
    } else {
        problem = ha_units_read_duration(text, &number);
        number /= seconds_per_unit(r->row);
    }
    if (problem != NULL) {
        return refuse(r, node, problem);
    }
    *out = number;
    return 0;
}

static int read_unit(struct entry_reader *r)
{
    const struct ha_node *unit = ha_node_get(r->node, "unit");

    r->has_unit = false;
    if (unit == NULL) {
        return 0;
    }
    if (strcmp(ha_node_text(unit, ""), r->row->unit) != 0) {
        return ha_node_error(r->err, unit, "%s is counted in %s, not in \"%.40s\"",
                             r->row->key, r->row->unit, ha_node_text(unit, ""));
    }
    r->has_unit = true;
    return 0;
}

static int read_range(struct entry_reader *r, struct ha_param_value *value)
{
    const struct ha_node *range = ha_node_get(r->node, "range");
    int code;

    if (range == NULL) {
        return 0;
    }
    if (range->kind != HA_NODE_LIST || range->n != 2) {
        return ha_node_error(r->err, range, "%s: a range is [low, high]", r->row->key);
    }
    code = read_value(r, range->item[0], &value->lo);
    if (code == 0) {
        code = read_value(r, range->item[1], &value->hi);
    }
    if (code == 0 && !(value->lo <= value->mid && value->mid <= value->hi)) {
        code = ha_node_error(r->err, range,
                             "%s: the value %g is not inside its range [%g, %g]",
                             r->row->key, value->mid, value->lo, value->hi);
    }
    return code;
}

/* k events in T years: the posterior Gamma(k + 1/2, T). */
static int read_counts(struct entry_reader *r, const struct ha_node *events,
                       struct ha_param_value *value)
{
    const struct ha_node *exposure = ha_node_get(r->node, "exposure");
    double seconds = 0;
    double count = 0;
    const char *problem;

    if (!is_rate(r->row)) {
        return ha_node_error(r->err, events, "%s is not a rate: events do not fit it",
                             r->row->key);
    }
    if (!ha_node_double(events, &count) || count < 0 || count > 1e9) {
        return ha_node_error(r->err, events,
                             "%s: events must be a number from 0 to 1e9", r->row->key);
    }
    if (exposure == NULL) {
        return ha_node_error(r->err, events, "%s: events need their exposure",
                             r->row->key);
    }
    problem = ha_units_read_duration(ha_node_text(exposure, ""), &seconds);
    if (problem != NULL || !(seconds > 0)) {
        return ha_node_error(r->err, exposure, "%s: exposure: %s", r->row->key,
                             problem != NULL ? problem : "must be more than zero");
    }
    value->mid = (count + 0.5) / (seconds / SIM_YEAR_S);
    value->lo = gsl_cdf_gamma_Pinv(0.05, count + 0.5, SIM_YEAR_S / seconds);
    value->hi = gsl_cdf_gamma_Pinv(0.95, count + 0.5, SIM_YEAR_S / seconds);
    return 0;
}

/* A length of time may be lognormal or fixed; every other row keeps its own law. */
static int read_law(struct entry_reader *r, struct ha_param_value *value)
{
    const struct ha_node *sigma = ha_node_get(r->node, "sigma");
    const struct ha_node *law = ha_node_get(r->node, "distribution");
    const char *name = ha_node_text(law, r->row->family);
    bool is_length = !is_rate(r->row) && !is_probability(r->row);
    bool is_lognormal = strcmp(name, "lognormal") == 0;

    if (strcmp(name, r->row->family) != 0 &&
        !(is_length && (is_lognormal || strcmp(name, "fixed") == 0))) {
        return ha_node_error(r->err, law, "%s has the law %s, not \"%.40s\"",
                             r->row->key, r->row->family, name);
    }
    if (sigma != NULL) {
        double number = 0;

        if (!is_lognormal || !ha_node_double(sigma, &number) || !(number > 0) ||
            number > 5) {
            return ha_node_error(r->err, sigma,
                                 is_lognormal
                                     ? "%s: sigma must be a number above 0, at most 5"
                                     : "%s is not lognormal and has no sigma",
                                 r->row->key);
        }
        value->sigma = number;
    } else if (!is_lognormal) {
        value->sigma = 0;
    }
    return 0;
}

static int read_labels(struct entry_reader *r, struct ha_param_value *value)
{
    static const char *const marks[] = {"H", "M", "L"};
    const struct ha_node *mark = ha_node_get(r->node, "confidence");
    const char *text = ha_node_text(mark, NULL);

    value->source = ha_node_text(ha_node_get(r->node, "source"), NULL);
    if (value->source == NULL) {
        value->source = sim_arena_printf(r->arena, "given in %s", r->node->place.file);
    }
    value->confidence = "";
    for (size_t i = 0; text != NULL && i < 3; i++) {
        if (strcmp(text, marks[i]) == 0) {
            value->confidence = marks[i];
        }
    }
    if (text != NULL && value->confidence[0] == '\0') {
        return ha_node_error(r->err, mark, "%s: confidence is H, M or L", r->row->key);
    }
    return 0;
}

static int check_keys(struct entry_reader *r)
{
    static const char *const known[] = {"value",  "range",      "unit",
                                        "sigma",  "confidence", "distribution",
                                        "source", "events",     "exposure"};

    for (uint32_t i = 0; i < r->node->n; i++) {
        const struct ha_entry *entry = &r->node->entry[i];
        struct ha_suggest nearest;
        int code;

        ha_suggest_init(&nearest, entry->key);
        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
            ha_suggest_offer(&nearest, known[k]);
        }
        if (nearest.best != NULL && strcmp(nearest.best, entry->key) == 0) {
            continue;
        }
        code = ha_place_error(r->err, &entry->place, "unknown key \"%.60s\" under %s",
                              entry->key, r->row->key);
        if (nearest.best != NULL) {
            sim_err_hint(r->err, "did you mean \"%s\"?", nearest.best);
        } else {
            sim_err_hint(r->err, "known: value, range, unit, distribution, sigma, "
                                 "source, confidence, events, exposure");
        }
        return code;
    }
    return 0;
}

static int read_map(struct entry_reader *r, struct ha_param_value *value)
{
    const struct ha_node *number = ha_node_get(r->node, "value");
    const struct ha_node *events = ha_node_get(r->node, "events");
    int code = check_keys(r);

    if (code == 0) {
        code = read_unit(r);
    }
    if (code == 0 && events != NULL) {
        code = read_counts(r, events, value);
    } else if (code == 0 && number == NULL && !value->is_set) {
        code = ha_node_error(r->err, r->node, "%s: the value is missing", r->row->key);
    } else if (code == 0 && number != NULL) {
        code = read_value(r, number, &value->mid);
        value->lo = value->mid;
        value->hi = value->mid;
    }
    if (code == 0) {
        code = read_range(r, value);
    }
    if (code == 0) {
        code = read_law(r, value);
    }
    return code == 0 ? read_labels(r, value) : code;
}

static int read_plain(struct entry_reader *r, struct ha_param_value *value)
{
    int code = read_value(r, r->node, &value->mid);

    value->lo = value->mid;
    value->hi = value->mid;
    value->source = sim_arena_printf(r->arena, "given in %s", r->node->place.file);
    value->confidence = "";
    return code;
}

/* Beyond these a number is a slip of the keyboard, and would stop a simulation. */
static int check_size(struct entry_reader *r, const struct ha_param_value *value)
{
    if (is_probability(r->row)) {
        return 0;
    }
    if (is_rate(r->row)) {
        return value->hi <= MAX_RATE_PER_YEAR
                   ? 0
                   : refuse(r, r->node, "more than 100 000 a year");
    }
    if (!(value->lo > 0)) {
        int code =
            ha_node_error(r->err, r->node, "%s: must be longer than zero", r->row->key);

        sim_err_hint(r->err, "write off when it does not exist here");
        return code;
    }
    return value->hi * seconds_per_unit(r->row) <= MAX_LENGTH_S
               ? 0
               : refuse(r, r->node, "longer than 100 years");
}

static int read_entry(struct entry_reader *r, struct ha_param_value *value)
{
    int code;

    value->place = r->node->place;
    if (ha_node_is_null(r->node) || strcmp(ha_node_text(r->node, ""), "off") == 0) {
        value->is_set = false;
        return 0;
    }
    code = r->node->kind == HA_NODE_MAP ? read_map(r, value) : read_plain(r, value);
    if (code == 0) {
        code = check_size(r, value);
    }
    if (code != 0) {
        return code;
    }
    if (strcmp(r->row->family, "lognormal") == 0 && !value->is_set &&
        value->sigma == 0 && ha_node_get(r->node, "distribution") == NULL &&
        strncmp(r->row->key, "fsync.", 6) != 0) {
        return ha_node_error(r->err, r->node,
                             "%s does not exist in this catalogue, so its spread is "
                             "unknown: give value and sigma",
                             r->row->key);
    }
    value->is_set = true;
    return 0;
}

static int unknown_entry(const struct ha_entry *entry, struct sim_err *err)
{
    struct ha_suggest nearest;
    int code = ha_place_error(err, &entry->place, "unknown catalogue entry \"%.60s\"",
                              entry->key);

    ha_suggest_init(&nearest, entry->key);
    for (int i = 0; i < HA_N_PARAMS; i++) {
        ha_suggest_offer(&nearest, rows[i].key);
    }
    if (nearest.best != NULL) {
        sim_err_hint(err, "did you mean \"%s\"?", nearest.best);
    } else {
        sim_err_hint(err, "nines explain catalog lists them all");
    }
    return code;
}

int ha_catalog_apply(struct sim_arena *arena, struct ha_catalog *catalog,
                     const struct ha_node *entries, struct sim_err *err)
{
    if (ha_node_is_null(entries)) {
        return 0;
    }
    if (entries->kind != HA_NODE_MAP) {
        return ha_node_error(err, entries, "expected a map of catalogue entries");
    }
    for (uint32_t i = 0; i < entries->n; i++) {
        int param = ha_param_find(entries->entry[i].key);
        struct entry_reader r = {arena, NULL, entries->entry[i].value, false, err};
        int code;

        if (param < 0) {
            return unknown_entry(&entries->entry[i], err);
        }
        r.row = &rows[param];
        code = read_entry(&r, &catalog->value[param]);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

/* ---- built-in catalogues ---- */

const char *const *ha_catalog_names(void)
{
    return catalog_names;
}

static int unknown_catalog(const char *name, const struct ha_node *place,
                           struct sim_err *err)
{
    struct ha_suggest nearest;
    int code = ha_node_error(err, place, "there is no catalogue \"%.60s\"", name);

    ha_suggest_init(&nearest, name);
    for (size_t i = 0; catalog_names[i] != NULL; i++) {
        ha_suggest_offer(&nearest, catalog_names[i]);
    }
    if (nearest.best != NULL) {
        sim_err_hint(err, "did you mean \"%s\"?", nearest.best);
    } else {
        sim_err_hint(err, "catalogues: aws, gcp, azure, on-prem, homelab; your own: -f "
                          "with kind: Catalog");
    }
    return code;
}

int ha_catalog_read_builtin(struct sim_arena *arena, const char *name,
                            const struct ha_node *place, struct ha_catalog *out,
                            struct sim_err *err)
{
    const struct ha_asset *asset = NULL;
    struct ha_docs docs;
    char path[128];
    int code;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; catalog_names[i] != NULL; i++) {
        if (strcmp(catalog_names[i], name) == 0) {
            out->name = catalog_names[i];
            snprintf(path, sizeof(path), "configs/catalog/%s.yaml", name);
            asset = ha_asset_find(path);
        }
    }
    if (asset == NULL) {
        return unknown_catalog(name, place, err);
    }
    code = ha_docs_parse(arena, path, asset->data, asset->length, &docs, err);
    if (code == 0) {
        code = ha_catalog_apply(arena, out, ha_node_get(docs.doc[0], "entries"), err);
    }
    return code;
}
