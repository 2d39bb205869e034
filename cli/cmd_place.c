/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nines place: where would the pods go, and what if.
 *
 * Three kinds of input: a design (values and host), plain Kubernetes objects, or one
 * conformance case (then -o json prints what the case expects, nothing else is asked,
 * and the exit code is 0: a case asks what the scheduler does, not whether it fits).
 * Order of work: understand the flags, read, place, ask the what-ifs, print. Exit code
 * 3 says that some pod has no place or is evicted, in the placement itself or after the
 * loss asked about.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/color.h"
#include "cli/commands.h"
#include "cli/error.h"
#include "cli/file.h"
#include "cli/options.h"
#include "cli/place.h"
#include "cli/place_case.h"
#include "cli/tree_text.h"
#include "cli/subject.h"

/* Sets of lost nodes that --headroom tries at most. */
#define DEFAULT_SETS 20000
/* Kinds of plain pods whose copies --headroom counts at most. */
#define MAX_KINDS 10

static const struct cli_usage usage = {
    .name = "place",
    .synopsis = "nines place -f FILE... [flags]",
    .about =
        "Where kube-scheduler would put the pods, and why not elsewhere. Files are a "
        "design,\nor Kubernetes objects as kubectl prints them (pods without a node "
        "are placed).",
    .examples = "  nines place -f vcluster.yaml -f host.yaml\n"
                "  nines place -f vcluster.yaml --pod vcluster-etcd-2\n"
                "  nines place -f vcluster.yaml -f host.yaml --without c\n"
                "  nines place -f vcluster.yaml -f host.yaml --headroom\n"
                "  nines place -f nodes.yaml -f pods.yaml -o json",
    .after =
        "Exit codes: 0 every pod has a place; 1 could not finish; 2 wrong usage or "
        "input;\n3 a pod has no place or loses it, now or after the loss asked about.",
};

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_YAML };

struct asked {
    struct cli_input input;
    struct cli_talk talk;
    int format;
    const char *pod, *without, *order;
    bool wants_all, wants_headroom, is_gone;
    uint64_t minor, replicas, max_sets;
};

static int parse(int argc, char **argv, struct asked *a)
{
    const struct cli_option rows[] = {
        CLI_ROWS_INPUT(&a->input),
        {0, "replicas", CLI_OPT_UINT, &a->replicas, "N", NULL,
         "replicas of control plane and etcd, whatever the files say"},
        {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Question"},
        {0, "pod", CLI_OPT_TEXT, &a->pod, "POD", NULL, "every node for this pod"},
        {0, "all", CLI_OPT_FLAG, &a->wants_all, NULL, NULL, "every node for every pod"},
        {0, "without", CLI_OPT_TEXT, &a->without, "NODE|ZONE", NULL,
         "then lose this node or zone: where do its pods go?"},
        {0, "gone", CLI_OPT_FLAG, &a->is_gone, NULL, NULL,
         "what is lost loses its Node object too (else: tainted unreachable)"},
        {0, "headroom", CLI_OPT_FLAG, &a->wants_headroom, NULL, NULL,
         "how many copies more fit, how many nodes may be lost"},
        {0, "max-sets", CLI_OPT_UINT, &a->max_sets, "N", NULL,
         "sets of lost nodes tried by --headroom (default 20000)"},
        {0, "order", CLI_OPT_TEXT, &a->order, "POD,POD...", NULL,
         "these pods are tried first, in this order"},
        {0, "kubernetes", CLI_OPT_UINT, &a->minor, "MINOR", NULL,
         "rules of version 1.MINOR, 26 to 36 (default: the host's, else 34)"},
        {0, NULL, CLI_OPT_HEADING, NULL, NULL, NULL, "Output"},
        {'o', "output", CLI_OPT_CHOICE, &a->format, "FORMAT", "table|json|yaml",
         "form of the answer on standard output"},
        CLI_ROWS_TALK(&a->talk),
        CLI_ROWS_END};

    return cli_parse(&usage, rows, argc, argv, NULL);
}

static int print_tree(json_t *json, int format, struct sim_err *err)
{
    cli_tree_write(stdout, json,
                   format == FORMAT_YAML ? CLI_FORMAT_YAML : CLI_FORMAT_JSON);
    json_decref(json);
    return cli_flush_stdout(err);
}

/* ---- a conformance case ---- */

/* True when the only file is a case; then *rc is the exit code. */
static bool answer_case(const struct asked *a, int *rc)
{
    const struct ha_design_request request = {.n_files = a->input.files.n,
                                              .file = a->input.files.item};
    struct sim_arena arena;
    struct sim_err err;
    struct ha_docs docs;
    json_t *answer = NULL;
    bool is_case = false;

    if (a->input.files.n != 1) {
        return false;
    }
    sim_arena_init(&arena);
    if (cli_rewind_if_stdin(&request, &err) == 0 &&
        ha_docs_read(&arena, a->input.files.item[0], &docs, &err) == 0 && docs.n == 1 &&
        cli_is_place_case(docs.doc[0])) {
        is_case = true;
        *rc = CLI_EXIT_DONE;
        if (cli_place_case(docs.doc[0], &answer, &err) != 0) {
            *rc = cli_fail(&err);
        } else if (print_tree(answer, a->format, &err) != 0) {
            *rc = cli_fail(&err);
        }
    }
    sim_arena_clear(&arena);
    return is_case;
}

/* ---- objects and designs ---- */

static bool is_new_kind(const struct cli_place_report *report, uint32_t pod)
{
    for (uint32_t i = 0; i < report->n_copies; i++) {
        if (ha_sched_are_alike(report->place->sched, report->copies[i].pod, pod)) {
            return false;
        }
    }
    return true;
}

/* The pods whose copies --headroom counts: the one asked for, else the last pod of each
 * set of a design, else the first of each kind among the pods to place. */
static void find_copies(struct cli_place_report *report)
{
    struct cli_place *p = report->place;
    const uint32_t room = p->has_design ? HA_N_ROLES : p->tries.n;

    report->copies = sim_arena_calloc(&p->arena, room + 1, sizeof(*report->copies));
    if (p->pod != NULL) {
        report->copies[report->n_copies++] =
            cli_place_copies(p, (uint32_t)cli_place_find_pod(p, p->pod));
        return;
    }
    for (uint32_t i = 0; i < p->tries.n && !p->has_design; i++) {
        if (report->n_copies < MAX_KINDS && is_new_kind(report, p->tries.item[i].pod)) {
            report->copies[report->n_copies++] =
                cli_place_copies(p, p->tries.item[i].pod);
        }
    }
    for (int role = 0; role < HA_N_ROLES && p->has_design; role++) {
        if (p->rendered.count[role] > 0) {
            const uint32_t last = p->rendered.first[role] + p->rendered.count[role] - 1;

            report->copies[report->n_copies++] = cli_place_copies(
                p, (uint32_t)cli_place_find_pod(p, p->rendered.pod[last].name));
        }
    }
}

static int ask_what_if(const struct asked *a, struct cli_place_report *report,
                       struct sim_err *err)
{
    struct cli_place *p = report->place;
    uint32_t *node;
    int code;

    if (a->without != NULL) {
        code = cli_place_find_lost(p, a->without, &node, &report->n_lost_nodes,
                                   &report->is_zone, err);
        if (code != 0) {
            return code;
        }
        report->without = a->without;
        report->lost =
            cli_place_lose(p, node, report->n_lost_nodes, &report->lost_state);
    }
    if (a->wants_headroom) {
        report->has_headroom = true;
        find_copies(report);
        report->losses = cli_place_losses(
            p, p->pod != NULL ? cli_place_find_pod(p, p->pod) : HA_SCHED_NONE,
            a->max_sets);
    }
    return 0;
}

static int answer(const struct asked *a, struct cli_place *p, struct sim_err *err)
{
    struct cli_place_report report = {.place = p};
    uint32_t n_pending;
    int code = cli_place_play(p, err);

    if (code == 0) {
        code = ask_what_if(a, &report, err);
    }
    if (code != 0) {
        return cli_fail(err);
    }
    n_pending = cli_place_n_pending(&p->tries) + cli_place_n_evicted(&p->tries) +
                cli_place_n_pending(&report.lost) + cli_place_n_evicted(&report.lost);
    if (a->format != FORMAT_TABLE) {
        code = print_tree(cli_place_report_json(&report), a->format, err);
    } else {
        cli_place_print(stdout, &report);
        code = cli_flush_stdout(err);
    }
    for (uint32_t i = 0; i < report.lost.n; i++) {
        json_decref(report.lost.item[i].json);
    }
    if (code != 0) {
        return cli_fail(err);
    }
    return n_pending > 0 ? CLI_EXIT_NO : CLI_EXIT_DONE;
}

static int place(const struct asked *a)
{
    struct ha_design_request request = cli_subject_request(&a->input);
    struct cli_place p = {.keeps_all = a->wants_all,
                          .wants_json = a->format != FORMAT_TABLE,
                          .pod = a->pod,
                          .order = a->order,
                          .is_gone = a->is_gone};
    struct sim_err err;
    int rc;

    request.replicas = (int32_t)a->replicas;
    if (cli_place_load(&p, &request, (int)a->minor, &err) != 0) {
        return cli_fail(&err);
    }
    rc = answer(a, &p, &err);
    cli_place_release(&p);
    return rc;
}

int cmd_place(int argc, char **argv)
{
    struct asked a = {.max_sets = DEFAULT_SETS};
    struct sim_err err;
    int rc = parse(argc, argv, &a);

    if (rc == CLI_PARSED) {
        if (a.input.files.n == 0) {
            sim_err_set(&err, SIM_ERR_USAGE, "nothing to place: -f is missing");
            sim_err_hint(&err, "nines place -f vcluster.yaml -f host.yaml");
            rc = cli_fail(&err);
        } else if (a.minor != 0 && (a.minor < 26 || a.minor > 36)) {
            sim_err_set(&err, SIM_ERR_USAGE,
                        "--kubernetes: expected the minor version, from 26 to 36");
            rc = cli_fail(&err);
        } else if (a.replicas > 1000) {
            sim_err_set(&err, SIM_ERR_USAGE, "--replicas: expected at most 1000");
            rc = cli_fail(&err);
        } else if (!answer_case(&a, &rc)) {
            rc = place(&a);
        }
    }
    cli_input_release(&a.input);
    return rc;
}
