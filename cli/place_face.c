/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Faces of `nines place`: tables for people, JSON for programs.
 *
 * For one pod: where it goes, then every node with its total or with the plugin that
 * rejected it and why, in names and numbers. Without --pod: one line a pod, and the
 * node tables of those that stay pending, since these are what one came for. The
 * scheduler's own sentence is always printed too: it is what people find in events and
 * search for.
 *
 * JSON has the fields of the conformance cases' `expected` part, plus `without` and
 * `headroom` when asked for.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/color.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/place_case.h"

/* ---- names ---- */

static const char *pod_name(const struct cli_place *p, uint32_t pod)
{
    return p->objects.pod[pod].meta.name;
}

static const char *node_name(const struct cli_place *p, int32_t node)
{
    return node >= 0 ? p->objects.node[node].meta.name : "-";
}

static const char *zone_name(const struct cli_place *p, int32_t node)
{
    const char *zone = node >= 0 ? cli_place_zone(p, (uint32_t)node) : "-";

    return *zone != '\0' ? zone : "-";
}

/* " (zone c)", or nothing. */
static const char *in_zone(const struct cli_place *p, int32_t node, char *text,
                           size_t size)
{
    const char *zone = cli_place_zone(p, (uint32_t)node);

    snprintf(text, size, *zone != '\0' ? " (zone %s)" : "%s", zone);
    return text;
}

static const char *plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- one pod's nodes ---- */

/* "spread 200 + fit 80": what the total consists of, largest first not needed. */
static void write_scores(const struct ha_sched_node_verdict *row, char *text,
                         size_t size)
{
    static const struct {
        enum ha_sched_plugin_id plugin;
        const char *name;
    } names[] = {{HA_SCHED_TAINT_TOLERATION, "taints"},
                 {HA_SCHED_NODE_AFFINITY, "node affinity"},
                 {HA_SCHED_NODE_RESOURCES_FIT, "least used"},
                 {HA_SCHED_POD_TOPOLOGY_SPREAD, "spread"},
                 {HA_SCHED_INTER_POD_AFFINITY, "pod affinity"},
                 {HA_SCHED_BALANCED_ALLOCATION, "balanced"},
                 {HA_SCHED_IMAGE_LOCALITY, "image"}};
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && at < size; i++) {
        if (row->score[names[i].plugin] != 0) {
            at += (size_t)snprintf(text + at, size - at, "%s%s %d", at > 0 ? " + " : "",
                                   names[i].name, row->score[names[i].plugin]);
        }
    }
}

static void add_node_row(struct cli_grid *grid, const struct cli_place *p,
                         const struct cli_try *try, uint32_t node)
{
    const struct ha_sched_node_verdict *row = &try->verdict.node[node];
    char text[512];

    cli_grid_row(grid, node_name(p, (int32_t)node));
    cli_grid_set(grid, 0, zone_name(p, (int32_t)node));
    if (row->is_absent) {
        cli_grid_set(grid, 1, "gone");
    } else if (row->plugin != HA_SCHED_NONE) {
        cli_grid_set(grid, 1, try->node == (int32_t)node ? "no <-" : "no");
        cli_grid_set(grid, 2,
                     ha_sched_plugin_name((enum ha_sched_plugin_id)row->plugin));
        cli_grid_set(grid, 3, try->why[node]);
    } else if (!try->verdict.is_scored) {
        cli_grid_set(grid, 1, "fits <-");
        cli_grid_set(grid, 3, "the only node; nothing to score");
    } else {
        snprintf(text, sizeof(text), "%d%s", (int)row->total,
                 try->node == (int32_t)node ? " <-" : "");
        cli_grid_set(grid, 1, text);
        write_scores(row, text, sizeof(text));
        cli_grid_set(grid, 3, text);
    }
}

static void print_nodes(FILE *out, const struct cli_place *p, const struct cli_try *try)
{
    struct cli_grid grid;

    cli_grid_init(&grid, 4);
    cli_grid_row(&grid, "NODE");
    cli_grid_set(&grid, 0, "ZONE");
    cli_grid_set(&grid, 1, "RESULT");
    cli_grid_set(&grid, 2, "PLUGIN");
    cli_grid_set(&grid, 3, "WHY");
    for (uint32_t i = 0; i < p->objects.n_nodes; i++) {
        add_node_row(&grid, p, try, i);
    }
    fprintf(out, "\n");
    cli_grid_print(out, &grid, 0, 1000);
    cli_grid_release(&grid);
}

static void print_victims(FILE *out, const struct cli_place *p,
                          const struct cli_try *try)
{
    fprintf(out, "Evicted to make room:");
    for (uint32_t i = 0; i < try->n_victims; i++) {
        fprintf(out, "%s %s", i > 0 ? "," : "", pod_name(p, try->victim[i]));
    }
    fprintf(out, "\n");
}

static void print_try(FILE *out, const struct cli_place *p, const struct cli_try *try)
{
    char text[256];

    if (try->node >= 0) {
        fprintf(out, "%s goes to %s%s. %u node%s looked at, %u fit%s",
                pod_name(p, try->pod), node_name(p, try->node),
                in_zone(p, try->node, text, sizeof(text)), try->n_present,
                plural(try->n_present), try->n_feasible,
                try->n_feasible == 1 ? "s" : "");
        if (try->n_best > 1) {
            fprintf(out, "; %u are equally good, the first is taken", try->n_best);
        }
        fprintf(out, ".\n");
    } else {
        fprintf(out, "%s%s stays Pending%s. %u node%s looked at, none fits.\n",
                cli_color_on(out, CLI_BAD), pod_name(p, try->pod),
                cli_color_off(out, CLI_BAD), try->n_present, plural(try->n_present));
    }
    if (try->is_evicted) {
        fprintf(out, "A more important pod then takes its place.\n");
    }
    if (try->n_victims > 0) {
        print_victims(out, p, try);
    }
    if (try->message != NULL) {
        fprintf(out, "%s\n", try->message);
    }
    if (try->is_shown) {
        print_nodes(out, p, try);
    }
}

/* ---- all pods ---- */

static void add_pod_row(struct cli_grid *grid, const struct cli_place *p,
                        const struct cli_try *try)
{
    char text[256];

    cli_grid_row(grid, pod_name(p, try->pod));
    cli_grid_set(grid, 0, node_name(p, try->node));
    cli_grid_set(grid, 1, zone_name(p, try->node));
    snprintf(text, sizeof(text), "%u of %u", try->n_feasible, try->n_present);
    cli_grid_set(grid, 2, text);
    text[0] = '\0';
    if (try->is_evicted) {
        snprintf(text, sizeof(text), "evicted again");
    } else if (try->has_preemption) {
        snprintf(text, sizeof(text), "evicts %u pod%s", try->n_victims,
                 plural(try->n_victims));
    } else if (try->node < 0) {
        snprintf(text, sizeof(text), "Pending");
    } else if (try->n_best > 1) {
        snprintf(text, sizeof(text), "%u equally good", try->n_best);
    }
    cli_grid_set(grid, 3, text);
}

static void print_summary(FILE *out, const struct cli_place *p,
                          const struct cli_tries *tries)
{
    struct cli_grid grid;

    cli_grid_init(&grid, 4);
    cli_grid_row(&grid, "POD");
    cli_grid_set(&grid, 0, "NODE");
    cli_grid_set(&grid, 1, "ZONE");
    cli_grid_set(&grid, 2, "FIT");
    cli_grid_set(&grid, 3, "NOTE");
    for (uint32_t i = 0; i < tries->n; i++) {
        add_pod_row(&grid, p, &tries->item[i]);
    }
    cli_grid_print(out, &grid, 0, 1000);
    cli_grid_release(&grid);
}

static void print_tries(FILE *out, const struct cli_place *p,
                        const struct cli_tries *tries)
{
    bool is_first = true;

    for (uint32_t i = 0; i < tries->n; i++) {
        const struct cli_try *try = &tries->item[i];

        if (p->pod != NULL ? try->is_shown
                           : (p->keeps_all || try->node < 0 || try->n_victims > 0)) {
            fprintf(out, "%s", is_first && p->pod != NULL ? "" : "\n");
            print_try(out, p, try);
            is_first = false;
        }
    }
}

/* ---- what ifs ---- */

/* "Quorum 2 of 3 remains." for designs whose store counts votes. */
static void print_quorum(FILE *out, const struct cli_place *p, const void *state)
{
    enum ha_role role = HA_ROLE_ETCD;
    uint32_t n;
    uint32_t up = 0;

    if (!p->has_design) {
        return;
    }
    if (p->rendered.count[role] == 0) {
        role = HA_ROLE_CP;
    }
    n = p->rendered.count[role];
    if (n < 2) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const char *name = p->rendered.pod[p->rendered.first[role] + i].name;
        const int32_t pod = cli_place_find_pod(p, name);

        up += pod >= 0 && ha_sched_pod_node(p->sched, state, (uint32_t)pod) >= 0;
    }
    if (role == HA_ROLE_ETCD) {
        fprintf(out, "%s: %u of %u members have a place; a quorum needs %u.\n",
                up >= n / 2 + 1 ? "Quorum stays" : "Quorum is lost", up, n, n / 2 + 1);
    } else {
        fprintf(out, "%u of %u control-plane replicas have a place.\n", up, n);
    }
}

static void print_without(FILE *out, struct cli_place_report *report)
{
    const struct cli_place *p = report->place;
    const uint32_t n_pending = cli_place_n_pending(&report->lost);

    fprintf(out,
            "\nIf %s%s is lost now (%u node%s %s): ", report->is_zone ? "zone " : "",
            report->without, report->n_lost_nodes, plural(report->n_lost_nodes),
            p->is_gone ? "gone with their Node objects" : "unreachable and tainted");
    if (report->lost.n == 0) {
        fprintf(out, "no pod ran there.\n");
        return;
    }
    fprintf(out, "%u pod%s must move, %u find%s no place.\n", report->lost.n,
            plural(report->lost.n), n_pending, n_pending == 1 ? "s" : "");
    if (p->pod == NULL) {
        fprintf(out, "\n");
        print_summary(out, p, &report->lost);
    }
    print_tries(out, p, &report->lost);
    print_quorum(out, p, report->lost_state);
}

/* Two sentences after one pod's table: its node lost, its zone lost. */
static void print_own_losses(FILE *out, struct cli_place *p)
{
    const int32_t pod = cli_place_find_pod(p, p->pod);
    const int32_t node = ha_sched_pod_node(p->sched, p->state, (uint32_t)pod);
    const char *zone = node >= 0 ? cli_place_zone(p, (uint32_t)node) : "";
    const bool wanted_json = p->wants_json;
    const char *names[2];
    uint32_t n_names = 0;

    if (node < 0) {
        return;
    }
    names[n_names++] = p->objects.node[node].meta.name;
    if (*zone != '\0' && strcmp(zone, names[0]) != 0) {
        names[n_names++] = zone;
    }
    fprintf(out, "\n");
    p->wants_json = false;
    for (uint32_t i = 0; i < n_names; i++) {
        struct cli_tries tries;
        uint32_t *lost;
        uint32_t n;
        bool is_zone;

        if (cli_place_find_lost(p, names[i], &lost, &n, &is_zone, NULL) != 0) {
            continue;
        }
        tries = cli_place_lose(p, lost, n, NULL);
        for (uint32_t k = 0; k < tries.n; k++) {
            if (tries.item[k].pod != (uint32_t)pod) {
                continue;
            }
            fprintf(out, "If %s%s is lost now: ", is_zone ? "zone " : "", names[i]);
            if (tries.item[k].node >= 0) {
                fprintf(out, "%s fits on %u node%s and goes to %s (zone %s).\n", p->pod,
                        tries.item[k].n_feasible, plural(tries.item[k].n_feasible),
                        node_name(p, tries.item[k].node),
                        zone_name(p, tries.item[k].node));
            } else {
                fprintf(out, "%s cannot be placed. %s\n", p->pod,
                        tries.item[k].message);
            }
        }
    }
    p->wants_json = wanted_json;
}

static void print_copies(FILE *out, const struct cli_place *p,
                         const struct cli_copies *copies)
{
    fprintf(out, "%s%u more cop%s of %s fit%s.", copies->is_capped ? "At least " : "",
            copies->n, copies->n == 1 ? "y" : "ies", pod_name(p, copies->pod),
            copies->n == 1 ? "s" : "");
    if (copies->message != NULL) {
        fprintf(out, " The next: %s", copies->message);
    }
    fprintf(out, "\n");
}

static void print_losses(FILE *out, const struct cli_place *p,
                         const struct cli_losses *losses)
{
    fprintf(out,
            "%s %u node%s may be lost and every pod still finds a place (%llu sets "
            "tried).\n",
            losses->is_proved ? "Any" : "At least any", losses->n_safe,
            plural(losses->n_safe), (unsigned long long)losses->n_tried);
    if (losses->pending < 0) {
        return;
    }
    fprintf(out, "Without");
    for (uint32_t i = 0; i < losses->n_lost; i++) {
        fprintf(out, "%s %s",
                i == 0                    ? ""
                : i + 1 == losses->n_lost ? " and"
                                          : ",",
                node_name(p, (int32_t)losses->lost[i]));
    }
    fprintf(out, ", %s stays Pending: %s\n", pod_name(p, (uint32_t)losses->pending),
            losses->message != NULL ? losses->message : "");
}

void cli_place_print(FILE *out, struct cli_place_report *report)
{
    struct cli_place *p = report->place;
    const uint32_t n_pending = cli_place_n_pending(&p->tries);

    if (p->pod == NULL) {
        fprintf(out,
                "%u pod%s to place on %u node%s in %u zone%s: %u placed, %u pending.\n",
                p->tries.n, plural(p->tries.n), p->objects.n_nodes,
                plural(p->objects.n_nodes), cli_place_n_zones(p),
                plural(cli_place_n_zones(p)), p->tries.n - n_pending, n_pending);
        if (p->has_design && p->design.host.is_default) {
            fprintf(out, "No host was given: 3 zones with 3 nodes each are assumed.\n");
        }
        fprintf(out, "\n");
        print_summary(out, p, &p->tries);
    }
    print_tries(out, p, &p->tries);
    if (p->pod != NULL && report->without == NULL) {
        print_own_losses(out, p);
    }
    if (report->without != NULL) {
        print_without(out, report);
    }
    if (report->has_headroom) {
        fprintf(out, "\n");
        for (uint32_t i = 0; i < report->n_copies; i++) {
            print_copies(out, p, &report->copies[i]);
        }
        print_losses(out, p, &report->losses);
    }
}

/* ---- JSON ---- */

static json_t *tries_json(const struct cli_place *p, const struct cli_tries *tries)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < tries->n; i++) {
        const struct cli_try *try = &tries->item[i];

        if (try->json != NULL &&
            (p->pod == NULL || cli_place_find_pod(p, p->pod) == (int32_t)try->pod)) {
            json_array_append(list, try->json);
        }
    }
    return list;
}

static json_t *headroom_json(const struct cli_place_report *report)
{
    const struct cli_place *p = report->place;
    const struct cli_losses *losses = &report->losses;
    json_t *copies = json_array();
    json_t *lost = json_array();
    json_t *out;

    for (uint32_t i = 0; i < report->n_copies; i++) {
        const struct cli_copies *one = &report->copies[i];

        json_array_append_new(copies, json_pack("{s:o, s:i, s:b, s:s?}", "pod",
                                                cli_place_pod_name(p->sched, one->pod),
                                                "more", (int)one->n, "atLeast",
                                                one->is_capped, "next", one->message));
    }
    for (uint32_t i = 0; i < losses->n_lost; i++) {
        json_array_append_new(lost,
                              json_string(node_name(p, (int32_t)losses->lost[i])));
    }
    out = json_pack("{s:o, s:i, s:b, s:I, s:o}", "copies", copies, "nodesThatMayBeLost",
                    (int)losses->n_safe, "proved", losses->is_proved, "setsTried",
                    (json_int_t)losses->n_tried, "worstLoss", lost);
    if (losses->pending >= 0) {
        json_object_set_new(out, "pending",
                            cli_place_pod_name(p->sched, (uint32_t)losses->pending));
        json_object_set_new(out, "message", json_string(losses->message));
    }
    return out;
}

json_t *cli_place_report_json(struct cli_place_report *report)
{
    const struct cli_place *p = report->place;
    json_t *out =
        json_pack("{s:o, s:o, s:O}", "scorePlugins", cli_place_score_plugins(), "pods",
                  tries_json(p, &p->tries), "bindings", p->bindings);

    if (json_array_size(p->evicted) > 0) {
        json_object_set(out, "evicted", p->evicted);
    }
    if (report->without != NULL) {
        json_object_set_new(out, "without",
                            json_pack("{s:s, s:b, s:o}", "name", report->without,
                                      "isZone", report->is_zone, "pods",
                                      tries_json(p, &report->lost)));
    }
    if (report->has_headroom) {
        json_object_set_new(out, "headroom", headroom_json(report));
    }
    return out;
}
