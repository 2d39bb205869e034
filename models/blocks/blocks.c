/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reliability blocks: the way in, and the system as a model.
 *
 * A document is recognised by `format: ha-exact-problem/1` or `kind: System`. The
 * neutral format keeps the normative part under `model`, whose `kind` decides who
 * reads it; narrative, components and answers outside `model` are for people and for
 * comparing, and are not read here, except the thresholds x at which the law of the
 * yearly downtime is asked for.
 *
 * A system alone and a system inside another model's world run the same code: alone
 * means that all offsets are 0. So an extra dependency of a design (a load balancer,
 * an identity provider) is not a second implementation of anything.
 */
#include "models/blocks/blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/blocks/blocks_priv.h"
#include "sim/check.h"

enum { MAX_THRESHOLDS = 1000 };

bool ha_blocks_is_problem(const struct ha_node *doc)
{
    static const char family[] = "ha-exact-problem/";
    return strncmp(ha_node_text(ha_node_get(doc, "format"), ""), family,
                   sizeof family - 1) == 0 ||
           strcmp(ha_node_text(ha_node_get(doc, "kind"), ""), "System") == 0;
}

/* ---- reading ---- */

/* The x of P(downtime in the first year > x): model.thresholds_s, or the questions
 * (not the answers) listed under answers.year1_prob_downtime_exceeds. */
static int read_thresholds(const struct ha_blocks_reader *reader,
                           const struct ha_node *doc, const struct ha_node *model,
                           struct ha_blocks *out)
{
    const struct ha_node *list = ha_node_get(model, "thresholds_s");
    if (list == NULL) {
        list = ha_node_at(doc, "answers.year1_prob_downtime_exceeds");
    }
    if (list == NULL || ha_node_is_null(list)) {
        return 0;
    }
    if (list->kind != HA_NODE_LIST || list->n > MAX_THRESHOLDS) {
        return ha_node_error(reader->err, list, "expected a list of at most %d times",
                             MAX_THRESHOLDS);
    }
    double *threshold_s = sim_arena_calloc(reader->arena, list->n, sizeof *threshold_s);
    for (uint32_t i = 0; i < list->n; i++) {
        const struct ha_node *node = list->item[i];
        if (node->kind == HA_NODE_MAP) {
            node = ha_blocks_need(reader, node, "seconds");
        }
        int rc = node == NULL ? -SIM_ERR_INPUT
                              : ha_blocks_read_number(reader, node, &threshold_s[i]);
        if (rc == 0 && threshold_s[i] < 0) {
            rc = ha_node_error(reader->err, node, "expected a time of 0 or more");
        }
        if (rc < 0) {
            return rc;
        }
    }
    out->n_thresholds = list->n;
    out->threshold_s = threshold_s;
    return 0;
}

static int read_kind(const struct ha_blocks_reader *reader, const struct ha_node *model,
                     struct ha_blocks *out)
{
    static const struct {
        const char *name;
        int (*read)(const struct ha_blocks_reader *reader, const struct ha_node *model,
                    struct ha_blocks *out);
    } kinds[] = {{"markov_events", ha_events_read},
                 {"alternating_renewal", ha_shop_read},
                 {"machine_repair_general", ha_shop_read},
                 {"single_unit_downtime", ha_shop_read},
                 {"rolling_maintenance", ha_rolling_read}};
    const struct ha_node *kind = ha_blocks_need(reader, model, "kind");
    if (kind == NULL) {
        return -SIM_ERR_INPUT;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(ha_node_text(kind, ""), kinds[i].name) == 0) {
            out->kind_name = kinds[i].name;
            return kinds[i].read(reader, model, out);
        }
    }
    int rc = ha_node_error(reader->err, kind, "unknown kind of model \"%s\"",
                           ha_node_text(kind, ""));
    sim_err_hint(reader->err, "kinds: markov_events, alternating_renewal, "
                              "machine_repair_general, rolling_maintenance, "
                              "single_unit_downtime");
    return rc;
}

static int read_neutral(struct ha_blocks_reader *reader, const struct ha_node *doc,
                        struct ha_blocks *out)
{
    const struct ha_node *format = ha_node_get(doc, "format");
    if (strcmp(ha_node_text(format, ""), "ha-exact-problem/1") != 0) {
        return ha_node_error(reader->err, format,
                             "this format is \"%s\"; only ha-exact-problem/1 is known",
                             ha_node_text(format, ""));
    }
    const struct ha_node *model = ha_blocks_need(reader, doc, "model");
    const struct ha_node *year = ha_node_get(doc, "year_s");
    out->year_s = 365 * 86400.0; /* the format's own year */
    int rc = model == NULL ? -SIM_ERR_INPUT : 0;
    if (rc == 0 && year != NULL) {
        rc = ha_blocks_read_time(reader, year, &out->year_s);
    }
    out->name = ha_node_text(ha_node_get(doc, "id"), "problem");
    out->title = ha_node_text(ha_node_get(doc, "title"), "");
    rc = rc < 0 ? rc : read_kind(reader, model, out);
    return rc < 0 ? rc : read_thresholds(reader, doc, model, out);
}

static int read_system(struct ha_blocks_reader *reader, const struct ha_node *doc,
                       struct ha_blocks *out)
{
    static const char *const known[] = {
        "kind",         "name",      "title",      "components", "crews", "up",
        "parameters",   "variables", "events",     "absorbing",  "reach", "thresholds",
        "thresholds_s", "year",      "apiVersion", "service",    "note",  NULL};
    reader->is_system = true;
    out->year_s = SIM_YEAR_S;
    out->name = ha_node_text(ha_node_get(doc, "name"), "system");
    out->title = ha_node_text(ha_node_get(doc, "title"), "");
    out->kind_name = "System";
    int rc = ha_blocks_known_keys(reader, doc, known);
    const struct ha_node *year = ha_node_get(doc, "year");
    if (rc == 0 && year != NULL) {
        rc = ha_blocks_read_time(reader, year, &out->year_s);
    }
    if (rc == 0) {
        rc = ha_node_get(doc, "events") != NULL ? ha_events_read(reader, doc, out)
                                                : ha_shop_read(reader, doc, out);
    }
    return rc < 0 ? rc : read_thresholds(reader, doc, doc, out);
}

int ha_blocks_load_scaled(struct sim_arena *arena, const struct ha_node *doc,
                          const char *name, double factor, struct ha_blocks *out,
                          struct sim_err *err)
{
    struct ha_blocks_reader reader = {
        .arena = arena, .scaled = name, .factor = factor, .err = err};
    memset(out, 0, sizeof *out);
    if (doc == NULL || doc->kind != HA_NODE_MAP) {
        return ha_node_error(err, doc, "expected a reliability problem: a map");
    }
    if (ha_node_get(doc, "format") != NULL) {
        return read_neutral(&reader, doc, out);
    }
    return read_system(&reader, doc, out);
}

int ha_blocks_load(struct sim_arena *arena, const struct ha_node *doc,
                   struct ha_blocks *out, struct sim_err *err)
{
    return ha_blocks_load_scaled(arena, doc, NULL, 1, out, err);
}

void ha_blocks_make_causes(struct sim_arena *arena, uint32_t n,
                           const char *const *title, struct sim_slot *slot,
                           struct ha_blocks *out)
{
    const char **cause = sim_arena_calloc(arena, SIM_MAX_CAUSES, sizeof *cause);
    uint32_t n_causes = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t c = 0;
        while (c < n_causes && strcmp(cause[c], title[i]) != 0) {
            c++;
        }
        if (c == SIM_MAX_CAUSES) {
            c = SIM_MAX_CAUSES - 1; /* no room: shares the last place */
            cause[c] = "other";
        } else if (c == n_causes) {
            cause[n_causes++] = title[i];
        }
        slot[i].cause = (uint8_t)c;
    }
    out->n_causes = n_causes;
    out->cause = cause;
}

/* ---- inside a world ---- */

void ha_blocks_place(const struct ha_blocks_at *at, const char *prefix,
                     struct sim_slot *slot, struct sim_dist *dist, uint8_t cause)
{
    const struct ha_blocks *blocks = at->blocks;
    for (uint32_t s = 0; s < blocks->n_slots; s++) {
        struct sim_slot *to = &slot[at->slot + s];
        *to = blocks->slot[s];
        to->id = sim_id("%s/%016llx", prefix, (unsigned long long)to->id);
        to->cause = cause != SIM_NO_CAUSE ? cause : (uint8_t)(at->cause + to->cause);
    }
    for (uint32_t d = 0; d < blocks->n_dists; d++) {
        dist[at->dist + d] = blocks->dist[d];
    }
}

void ha_blocks_start(const struct ha_blocks_at *at, struct sim_run *run)
{
    at->blocks->ops->start(at, run);
}

void ha_blocks_fire(const struct ha_blocks_at *at, struct sim_run *run, uint32_t slot)
{
    at->blocks->ops->fire(at, run, slot - at->slot);
}

bool ha_blocks_is_down(const struct ha_blocks_at *at, const struct sim_run *run)
{
    return at->blocks->ops->is_down(at, run);
}

bool ha_blocks_is_calm(const struct ha_blocks_at *at, const struct sim_run *run)
{
    return at->blocks->ops->is_calm(at, run);
}

int ha_blocks_explain(const struct ha_blocks_at *at, const struct sim_run *run,
                      uint32_t slot, char *text, size_t size)
{
    (void)run;
    return snprintf(text, size, "%s", at->blocks->slot_title[slot - at->slot]);
}

/* ---- alone ---- */

static void model_start(const void *plan, struct sim_run *run)
{
    ha_blocks_start(plan, run);
}

static void model_fire(const void *plan, struct sim_run *run, uint32_t slot)
{
    ha_blocks_fire(plan, run, slot);
}

static uint64_t model_down(const void *plan, const struct sim_run *run)
{
    return ha_blocks_is_down(plan, run);
}

static bool model_is_calm(const void *plan, const struct sim_run *run)
{
    return ha_blocks_is_calm(plan, run);
}

static int model_explain(const void *plan, const struct sim_run *run, uint32_t slot,
                         char *text, size_t size)
{
    return ha_blocks_explain(plan, run, slot, text, size);
}

static bool model_closed_form(const void *plan, struct sim_closed_form *out)
{
    const struct ha_blocks_at *at = plan;
    return ha_blocks_closed_form(at->blocks, out);
}

void ha_blocks_model(struct sim_arena *arena, const struct ha_blocks *blocks,
                     struct sim_model *out)
{
    static const char *const service[] = {"system"};
    struct ha_blocks_at *at = sim_arena_alloc(arena, sizeof *at);
    at->blocks = blocks;
    *out = (struct sim_model){
        .name = blocks->name,
        .plan = at,
        .n_slots = blocks->n_slots,
        .slot = blocks->slot,
        .n_dists = blocks->n_dists,
        .dist = blocks->dist,
        .n_services = 1,
        .service = service,
        .n_causes = blocks->n_causes,
        .cause = blocks->cause,
        .state_bytes = blocks->state_bytes,
        .year_s = blocks->year_s,
        .is_absorbing = blocks->is_absorbing,
        .start = model_start,
        .fire = model_fire,
        .down = model_down,
        .is_calm = model_is_calm,
        .explain = model_explain,
        .closed_form = model_closed_form,
    };
    ha_blocks_declare(arena, blocks, out);
}
