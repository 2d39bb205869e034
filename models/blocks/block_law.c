/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading numbers, times and laws of a reliability problem.
 *
 * The neutral format writes seconds and quotes its numbers ("2592000"), so that no
 * reader rounds them; the friendly form is for people, so a time there must carry
 * its unit (90s, 45m, 4h, 30d, 5y of 365.25 days) and a bare number is refused.
 * Both name the same laws with the same words; the friendly form drops the "_s".
 *
 *   exponential{mean}  weibull{mean, shape}  lognormal{mean, cv}  deterministic{value}
 *   uniform{min, max}  erlang{stages, mean}  gamma{mean, shape}
 *   hyperexponential{branches: [{p, mean}, ...]}
 *
 * A time alone (`failure: 90d`) is an exponential law of that mean.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/blocks/blocks_priv.h"
#include "models/units.h"

enum { MAX_BRANCHES = 64 };

const struct ha_node *ha_blocks_need(const struct ha_blocks_reader *reader,
                                     const struct ha_node *map, const char *key)
{
    if (map == NULL || map->kind != HA_NODE_MAP) {
        ha_node_error(reader->err, map, "expected a map with the key \"%s\"", key);
        return NULL;
    }
    const struct ha_node *value = ha_node_get(map, key);
    if (value == NULL) {
        ha_node_error(reader->err, map, "the key \"%s\" is missing here", key);
    }
    return value;
}

int ha_blocks_known_keys(const struct ha_blocks_reader *reader,
                         const struct ha_node *map, const char *const *known)
{
    for (uint32_t i = 0; i < map->n; i++) {
        bool is_known = false;
        for (const char *const *k = known; *k != NULL && !is_known; k++) {
            is_known = strcmp(map->entry[i].key, *k) == 0;
        }
        if (!is_known) {
            int rc = ha_place_error(reader->err, &map->entry[i].place,
                                    "unknown key \"%s\"", map->entry[i].key);
            sim_err_hint(reader->err,
                         "known here: %s and others; see docs/model/"
                         "blocks.md",
                         known[0]);
            return rc;
        }
    }
    return 0;
}

/* The number at the head of a scalar; *rest is what follows it. */
static bool leading_number(const struct ha_node *node, double *value, const char **rest)
{
    if (node->kind != HA_NODE_SCALAR) {
        return false;
    }
    size_t n = strspn(node->text, "+-.0123456789eE");
    char *end = NULL;
    *value = strtod(node->text, &end);
    *rest = end;
    return end != node->text && (size_t)(end - node->text) <= n && isfinite(*value);
}

int ha_blocks_read_number(const struct ha_blocks_reader *reader,
                          const struct ha_node *node, double *out)
{
    const char *rest;
    if (!leading_number(node, out, &rest) || *rest != '\0') {
        return ha_node_error(reader->err, node, "expected a number");
    }
    return 0;
}

int ha_blocks_read_count(const struct ha_blocks_reader *reader,
                         const struct ha_node *node, int64_t low, int64_t high,
                         uint32_t *out)
{
    double value;
    const char *rest;
    if (!leading_number(node, &value, &rest) || *rest != '\0' ||
        value != floor(value) || value < (double)low || value > (double)high) {
        return ha_node_error(reader->err, node,
                             "expected a whole number from %lld to %lld",
                             (long long)low, (long long)high);
    }
    *out = (uint32_t)value;
    return 0;
}

int ha_blocks_read_time(const struct ha_blocks_reader *reader,
                        const struct ha_node *node, double *out_s)
{
    const char *rest;
    const char *wrong = NULL;
    if (node->kind != HA_NODE_SCALAR) {
        wrong = "expected a time";
    } else if (reader->is_system) {
        wrong = ha_units_read_duration(node->text, out_s);
    } else if (!leading_number(node, out_s, &rest) || *rest != '\0') {
        wrong = "expected a time in seconds, a number without unit";
    }
    if (wrong == NULL && !(*out_s > 0 && isfinite(*out_s))) {
        wrong = "a time must be above 0";
    }
    return wrong == NULL ? 0 : ha_node_error(reader->err, node, "%s", wrong);
}

/* The time under `key_s` of the neutral form, or `key` of the friendly one. */
static int read_time_key(const struct ha_blocks_reader *reader,
                         const struct ha_node *map, const char *key, double *out_s)
{
    char neutral[32];
    snprintf(neutral, sizeof neutral, "%s_s", key);
    const struct ha_node *node = ha_node_get(map, neutral);
    if (node != NULL) {
        struct ha_blocks_reader plain = *reader;
        plain.is_system = false; /* the key names the unit */
        return ha_blocks_read_time(&plain, node, out_s);
    }
    node = ha_node_get(map, key);
    if (node == NULL) {
        return ha_node_error(reader->err, map, "the key \"%s\" is missing here",
                             reader->is_system ? key : neutral);
    }
    return ha_blocks_read_time(reader, node, out_s);
}

static int read_positive(const struct ha_blocks_reader *reader,
                         const struct ha_node *map, const char *key, double high,
                         double *out)
{
    const struct ha_node *node = ha_blocks_need(reader, map, key);
    if (node == NULL) {
        return -SIM_ERR_INPUT;
    }
    int rc = ha_blocks_read_number(reader, node, out);
    if (rc == 0 && !(*out > 0 && *out <= high)) {
        rc = ha_node_error(reader->err, node, "%s must be above 0 and at most %g", key,
                           high);
    }
    return rc;
}

/* One branch {p, mean_s | rate}; the weight may also be called weight, prob or
 * probability. */
static int read_branch(const struct ha_blocks_reader *reader,
                       const struct ha_node *node, double *weight,
                       struct sim_dist *part)
{
    static const char *const names[] = {"p", "weight", "prob", "probability"};
    const char *key = "p";
    for (size_t i = 0; i < 4; i++) {
        if (ha_node_get(node, names[i]) != NULL) {
            key = names[i];
        }
    }
    double mean_s;
    int rc = read_positive(reader, node, key, 1e6, weight);
    if (rc < 0) {
        return rc;
    }
    if (ha_node_get(node, "rate") != NULL) {
        rc = read_positive(reader, node, "rate", 1e12, &mean_s);
        mean_s = 1 / mean_s;
    } else {
        rc = read_time_key(reader, node, "mean", &mean_s);
    }
    if (rc == 0) {
        *part = sim_dist_exponential(mean_s);
    }
    return rc;
}

static int read_hyperexponential(const struct ha_blocks_reader *reader,
                                 const struct ha_node *node, struct sim_dist *out)
{
    const struct ha_node *list = ha_blocks_need(reader, node, "branches");
    if (list == NULL) {
        return -SIM_ERR_INPUT;
    }
    if (list->kind != HA_NODE_LIST || list->n < 1 || list->n > MAX_BRANCHES) {
        return ha_node_error(reader->err, list, "expected 1 to %d branches",
                             MAX_BRANCHES);
    }
    double weight[MAX_BRANCHES];
    struct sim_dist part[MAX_BRANCHES];
    for (uint32_t i = 0; i < list->n; i++) {
        int rc = read_branch(reader, list->item[i], &weight[i], &part[i]);
        if (rc < 0) {
            return rc;
        }
    }
    *out = sim_dist_mixture(reader->arena, list->n, weight, part);
    return 0;
}

static int read_uniform(const struct ha_blocks_reader *reader,
                        const struct ha_node *node, struct sim_dist *out)
{
    double low_s = 0, high_s = 0;
    const struct ha_node *low = ha_node_get(node, reader->is_system ? "min" : "min_s");
    const char *rest;
    int rc = 0;
    if (low == NULL || !leading_number(low, &low_s, &rest) || low_s != 0) {
        rc = read_time_key(reader, node, "min", &low_s);
    }
    if (rc == 0) {
        rc = read_time_key(reader, node, "max", &high_s);
    }
    if (rc == 0 && low_s >= high_s) {
        rc = ha_node_error(reader->err, node, "min must be below max");
    }
    if (rc == 0) {
        *out = sim_dist_uniform(low_s, high_s);
    }
    return rc;
}

static int read_erlang(const struct ha_blocks_reader *reader,
                       const struct ha_node *node, struct sim_dist *out)
{
    const struct ha_node *count = ha_blocks_need(reader, node, "stages");
    uint32_t stages = 1;
    double mean_s = 0;
    if (count == NULL) {
        return -SIM_ERR_INPUT;
    }
    int rc = ha_blocks_read_count(reader, count, 1, 1000, &stages);
    if (rc == 0) {
        rc = read_time_key(reader, node, "mean", &mean_s);
    }
    if (rc == 0) {
        *out = sim_dist_gamma(mean_s / stages, stages);
    }
    return rc;
}

/* The laws of a mean and one more number. */
static int read_two_parameters(const struct ha_blocks_reader *reader,
                               const struct ha_node *node, const char *name,
                               struct sim_dist *out)
{
    bool is_lognormal = strcmp(name, "lognormal") == 0;
    double mean_s = 0, second = 0;
    int rc = read_time_key(reader, node, "mean", &mean_s);
    if (rc == 0) {
        rc = read_positive(reader, node, is_lognormal ? "cv" : "shape", 1000, &second);
    }
    if (rc < 0) {
        return rc;
    }
    if (is_lognormal) {
        *out = sim_dist_lognormal_mean_cv(mean_s, second);
    } else if (strcmp(name, "weibull") == 0) {
        if (second < 0.05) {
            return ha_node_error(reader->err, node, "shape must be at least 0.05");
        }
        *out = sim_dist_weibull_mean(mean_s, second);
    } else {
        *out = sim_dist_gamma(mean_s / second, second);
    }
    return 0;
}

int ha_blocks_read_law(const struct ha_blocks_reader *reader,
                       const struct ha_node *node, struct sim_dist *out)
{
    double time_s = 0;
    if (node->kind == HA_NODE_SCALAR) {
        int rc = ha_blocks_read_time(reader, node, &time_s);
        if (rc == 0) {
            *out = sim_dist_exponential(time_s);
        }
        return rc;
    }
    const struct ha_node *kind = ha_blocks_need(reader, node, "dist");
    if (kind == NULL) {
        return -SIM_ERR_INPUT;
    }
    const char *name = ha_node_text(kind, "");
    int rc;
    if (strcmp(name, "exponential") == 0) {
        rc = read_time_key(reader, node, "mean", &time_s);
        if (rc == 0) {
            *out = sim_dist_exponential(time_s);
        }
        return rc;
    }
    if (strcmp(name, "deterministic") == 0 || strcmp(name, "fixed") == 0) {
        rc = read_time_key(reader, node, "value", &time_s);
        if (rc == 0) {
            *out = sim_dist_deterministic(time_s);
        }
        return rc;
    }
    if (strcmp(name, "weibull") == 0 || strcmp(name, "lognormal") == 0 ||
        strcmp(name, "gamma") == 0) {
        return read_two_parameters(reader, node, name, out);
    }
    if (strcmp(name, "uniform") == 0) {
        return read_uniform(reader, node, out);
    }
    if (strcmp(name, "erlang") == 0) {
        return read_erlang(reader, node, out);
    }
    if (strcmp(name, "hyperexponential") == 0) {
        return read_hyperexponential(reader, node, out);
    }
    rc = ha_node_error(reader->err, kind, "unknown law \"%s\"", name);
    sim_err_hint(reader->err, "laws: exponential, weibull, lognormal, gamma, erlang, "
                              "uniform, deterministic, hyperexponential");
    return rc;
}
