/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading and playing for `nines place`.
 *
 * If every document is a Kubernetes object (apiVersion and kind, not ours), the objects
 * are taken as they are: pods with spec.nodeName are bound, the others pending. Else
 * the files are a design, rendered to the objects that the chart and the controllers
 * would make, all pods pending.
 *
 * Queue order is kube-scheduler's: priority descending, then creation time, then the
 * order of the files; --order puts named pods first. Each pod is tried once. Among
 * equally good nodes the first is taken (the scheduler takes any). If a pod finds no
 * node and preemption helps, its victims go at once and it takes their place; the
 * victims are reported and not tried again.
 *
 * Verdicts of the scheduler last until the next call, so what will be shown is copied.
 */
#include "cli/place.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/place_case.h"
#include "cli/subject.h"
#include "sim/check.h"

#define DEFAULT_MINOR 34
/* Pods placed here count as started after everything that runs: year 2031, a second
 * apart. */
#define FIRST_START_S INT64_C(1924992000)

/* ---- loading ---- */

static int add_documents(struct cli_place *p, const struct ha_docs *docs,
                         bool *is_plain, struct sim_err *err)
{
    for (uint32_t i = 0; i < docs->n; i++) {
        int code;

        if (ha_node_is_null(docs->doc[i])) {
            continue;
        }
        if (!ha_objects_is_object(docs->doc[i])) {
            *is_plain = false;
            return 0;
        }
        code = ha_objects_add(&p->objects, docs->doc[i], err);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

/* Reads all files as objects; *is_plain false: they are not, read them as a design. */
static int load_objects(struct cli_place *p, const struct ha_design_request *request,
                        bool *is_plain, struct sim_err *err)
{
    *is_plain = request->n_sets == 0;
    for (uint32_t i = 0; i < request->n_files && *is_plain; i++) {
        struct ha_docs docs;
        int code = ha_docs_read(&p->arena, request->file[i], &docs, err);

        if (code == 0) {
            code = add_documents(p, &docs, is_plain, err);
        }
        if (code != 0) {
            return code;
        }
    }
    if (*is_plain && p->objects.n_pods == 0) {
        *is_plain = false; /* nodes alone may be the host of a design */
    }
    if (*is_plain && p->objects.n_nodes == 0) {
        sim_err_set(err, SIM_ERR_INPUT, "there are pods but no nodes to put them on");
        sim_err_hint(err, "add -f nodes.yaml, from: kubectl get nodes -o yaml");
        return -SIM_ERR_INPUT;
    }
    return 0;
}

static int load_design(struct cli_place *p, const struct ha_design_request *request,
                       struct sim_err *err)
{
    int code = ha_design_load(request, &p->design, err);

    if (code != 0) {
        return code;
    }
    p->has_design = true;
    ha_objects_init(&p->objects, &p->arena);
    ha_render(&p->arena, &p->design, &p->rendered);
    for (uint32_t i = 0; i < p->rendered.n_objects && code == 0; i++) {
        code = ha_objects_add(&p->objects, p->rendered.object[i], err);
    }
    return code;
}

int cli_place_load(struct cli_place *p, const struct ha_design_request *request,
                   int minor, struct sim_err *err)
{
    struct ha_sched_options options = {DEFAULT_MINOR, true};
    bool is_plain = true;
    int code;

    sim_arena_init(&p->arena);
    ha_objects_init(&p->objects, &p->arena);
    code = cli_rewind_if_stdin(request, err);
    if (code == 0) {
        code = load_objects(p, request, &is_plain, err);
    }
    if (code == 0 && !is_plain) {
        code = cli_rewind_if_stdin(request, err);
    }
    if (code == 0 && !is_plain) {
        code = load_design(p, request, err);
        options.k8s_minor = p->has_design ? p->design.host.k8s_minor : DEFAULT_MINOR;
    }
    options.k8s_minor = minor > 0 ? minor : options.k8s_minor;
    if (code == 0) {
        code = ha_objects_finish(&p->objects, err);
    }
    if (code == 0) {
        code = ha_sched_compile(&p->arena, &p->objects, &options, &p->sched, err);
    }
    if (code != 0) {
        cli_place_release(p);
        return code;
    }
    p->state = sim_arena_alloc(&p->arena, ha_sched_state_bytes(p->sched));
    ha_sched_state_init(p->sched, p->state);
    return 0;
}

static void release_tries(const struct cli_tries *tries)
{
    for (uint32_t i = 0; i < tries->n; i++) {
        json_decref(tries->item[i].json);
    }
}

void cli_place_release(struct cli_place *p)
{
    release_tries(&p->tries);
    json_decref(p->bindings);
    json_decref(p->evicted);
    if (p->has_design) {
        ha_design_release(&p->design);
    }
    sim_arena_clear(&p->arena);
    memset(p, 0, sizeof(*p));
}

/* ---- names ---- */

int32_t cli_place_find_pod(const struct cli_place *p, const char *name)
{
    for (uint32_t i = 0; i < p->objects.n_pods; i++) {
        const struct ha_meta *meta = &p->objects.pod[i].meta;
        const size_t n = strlen(meta->ns);

        if (strcmp(meta->name, name) == 0 ||
            (strncmp(name, meta->ns, n) == 0 && name[n] == '/' &&
             strcmp(name + n + 1, meta->name) == 0)) {
            return (int32_t)i;
        }
    }
    return HA_SCHED_NONE;
}

const char *cli_place_zone(const struct cli_place *p, uint32_t node)
{
    static const char *const labels[] = {"topology.kubernetes.io/zone",
                                         "failure-domain.beta.kubernetes.io/zone"};

    for (int i = 0; i < 2; i++) {
        const char *zone = ha_labels_get(&p->objects.node[node].meta.labels, labels[i]);

        if (zone != NULL) {
            return zone;
        }
    }
    return "";
}

uint32_t cli_place_n_zones(const struct cli_place *p)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < p->objects.n_nodes; i++) {
        const char *zone = cli_place_zone(p, i);
        bool is_new = *zone != '\0';

        for (uint32_t k = 0; k < i && is_new; k++) {
            is_new = strcmp(cli_place_zone(p, k), zone) != 0;
        }
        n += is_new;
    }
    return n;
}

/* ---- the queue ---- */

struct queued {
    uint32_t pod;
    uint32_t rank; /* in --order; UINT32_MAX = not named */
    int32_t priority;
    int64_t created_s;
};

static int by_turn(const void *a, const void *b)
{
    const struct queued *x = a;
    const struct queued *y = b;

    if (x->rank != y->rank) {
        return x->rank < y->rank ? -1 : 1;
    }
    if (x->priority != y->priority) {
        return x->priority > y->priority ? -1 : 1;
    }
    if (x->created_s != y->created_s) {
        return x->created_s < y->created_s ? -1 : 1;
    }
    return x->pod < y->pod ? -1 : 1;
}

static int read_order(struct cli_place *p, uint32_t *rank, struct sim_err *err)
{
    char *names = sim_arena_strdup(&p->arena, p->order != NULL ? p->order : "");
    char *rest = names;
    uint32_t n = 0;

    for (uint32_t i = 0; i < p->objects.n_pods; i++) {
        rank[i] = UINT32_MAX;
    }
    for (char *name = strtok_r(names, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest)) {
        const int32_t pod = cli_place_find_pod(p, name);

        if (pod < 0) {
            return sim_err_set(err, SIM_ERR_USAGE, "--order: there is no pod %.100s",
                               name);
        }
        rank[pod] = n++;
    }
    return 0;
}

static bool is_waiting(const struct cli_place *p, uint32_t pod)
{
    const struct ha_kube_pod *object = &p->objects.pod[pod];

    return ha_sched_pod_node(p->sched, p->state, pod) == HA_SCHED_NONE &&
           *object->node_name == '\0' && !object->is_finished && !object->has_gates &&
           !object->meta.is_terminating;
}

/* ---- one pod ---- */

static void keep_verdict(struct cli_place *p, const void *state, struct cli_try *try,
                         const struct ha_sched_verdict *verdict)
{
    const size_t bytes = verdict->n_nodes * sizeof(*verdict->node);
    struct ha_sched_node_verdict *row = sim_arena_alloc(&p->arena, bytes);
    uint32_t *best = sim_arena_calloc(&p->arena, verdict->n_best, sizeof(uint32_t));
    char text[512];

    try->verdict = *verdict;
    memcpy(row, verdict->node, bytes);
    try->verdict.node = row;
    if (verdict->n_best > 0) {
        memcpy(best, verdict->best, verdict->n_best * sizeof(uint32_t));
    }
    try->verdict.best = best;
    if (verdict->pre_filter_text != NULL) {
        try->verdict.pre_filter_text =
            sim_arena_strdup(&p->arena, verdict->pre_filter_text);
    }
    try->why = sim_arena_calloc(&p->arena, verdict->n_nodes, sizeof(char *));
    for (uint32_t i = 0; i < verdict->n_nodes; i++) {
        ha_sched_explain(p->sched, state, verdict, i, text, sizeof(text));
        try->why[i] = sim_arena_strdup(&p->arena, text);
    }
}

static bool is_shown(const struct cli_place *p, uint32_t pod, bool is_pending)
{
    if (p->pod != NULL) {
        return cli_place_find_pod(p, p->pod) == (int32_t)pod;
    }
    return p->keeps_all || (is_pending && p->objects.n_nodes <= 1000);
}

/* Tries a pod on a state and puts it where it fits. */
static void try_pod(struct cli_place *p, void *state, struct cli_try *try, uint32_t pod,
                    uint32_t serial)
{
    const struct ha_sched_verdict *verdict = ha_sched_place(p->sched, state, pod);
    struct ha_sched_preemption preemption = {.node = HA_SCHED_NONE};
    const bool tries = verdict->n_feasible == 0 &&
                       verdict->pre_filter == HA_SCHED_NONE && verdict->n_present > 0;
    json_t *volumes = NULL;

    try->pod = pod;
    try->was_on = HA_SCHED_NONE;
    try->node = verdict->n_feasible > 0 ? (int32_t)verdict->best[0] : HA_SCHED_NONE;
    try->n_feasible = verdict->n_feasible;
    try->n_present = verdict->n_present;
    try->n_best = verdict->n_best;
    if (tries) {
        preemption = ha_sched_preempt(p->sched, state, verdict);
        try->node = preemption.node;
    }
    try->has_preemption = preemption.node != HA_SCHED_NONE;
    if (verdict->n_feasible == 0) {
        try->message =
            ha_sched_message(&p->arena, p->sched, verdict, tries ? &preemption : NULL);
    } else {
        try->total = verdict->node[try->node].total;
    }
    try->is_shown = is_shown(p, pod, verdict->n_feasible == 0);
    if (try->is_shown) {
        keep_verdict(p, state, try, verdict);
    }
    if (p->wants_json) {
        try->json = cli_place_verdict_json(p->sched, state, verdict,
                                           tries ? &preemption : NULL);
    }
    if (preemption.node != HA_SCHED_NONE) {
        uint32_t *victim =
            sim_arena_calloc(&p->arena, preemption.n_victims, sizeof(uint32_t));

        memcpy(victim, preemption.victim, preemption.n_victims * sizeof(uint32_t));
        try->n_victims = preemption.n_victims;
        try->victim = victim;
        cli_place_evict(p->sched, state, &preemption);
    }
    if (try->node != HA_SCHED_NONE) {
        cli_place_commit(p->sched, state, pod, (uint32_t)try->node,
                         FIRST_START_S + serial, &volumes);
        if (volumes != NULL && try->json != NULL) {
            json_object_set(try->json, "volumes", volumes);
        }
        json_decref(volumes);
    }
}

static void note_bindings(struct cli_place *p)
{
    p->bindings = json_object();
    p->evicted = json_array();
    for (uint32_t i = 0; i < p->tries.n; i++) {
        const struct cli_try *try = &p->tries.item[i];
        json_t *name = cli_place_pod_name(p->sched, try->pod);

        if (try->node != HA_SCHED_NONE && !try->is_evicted) {
            json_object_set_new(p->bindings, json_string_value(name),
                                json_string(p->objects.node[try->node].meta.name));
        }
        json_decref(name);
        for (uint32_t k = 0; k < try->n_victims; k++) {
            json_array_append_new(p->evicted,
                                  cli_place_pod_name(p->sched, try->victim[k]));
        }
    }
}

/* Victims of the i-th try that were placed by an earlier one. */
static void mark_evicted(const struct cli_tries *tries, uint32_t i)
{
    for (uint32_t v = 0; v < tries->item[i].n_victims; v++) {
        for (uint32_t k = 0; k < i; k++) {
            if (tries->item[k].pod == tries->item[i].victim[v]) {
                tries->item[k].is_evicted = true;
            }
        }
    }
}

/* Sorts pods into queue order and tries them. */
static struct cli_tries try_all(struct cli_place *p, void *state, struct queued *queue,
                                uint32_t n)
{
    struct cli_tries tries = {n,
                              sim_arena_calloc(&p->arena, n, sizeof(struct cli_try))};

    if (n > 1) {
        qsort(queue, n, sizeof(*queue), by_turn);
    }
    for (uint32_t i = 0; i < n; i++) {
        try_pod(p, state, &tries.item[i], queue[i].pod, i);
        mark_evicted(&tries, i);
    }
    return tries;
}

static void enqueue(const struct cli_place *p, struct queued *at, uint32_t pod,
                    uint32_t rank)
{
    at->pod = pod;
    at->rank = rank;
    at->priority = p->objects.pod[pod].priority;
    at->created_s = p->objects.pod[pod].meta.created_s;
}

int cli_place_play(struct cli_place *p, struct sim_err *err)
{
    const uint32_t n_pods = p->objects.n_pods;
    uint32_t *rank = sim_arena_calloc(&p->arena, n_pods, sizeof(uint32_t));
    struct queued *queue = sim_arena_calloc(&p->arena, n_pods, sizeof(*queue));
    uint32_t n = 0;
    const int code = read_order(p, rank, err);

    if (code != 0) {
        return code;
    }
    if (p->pod != NULL && cli_place_find_pod(p, p->pod) < 0) {
        return sim_err_set(err, SIM_ERR_USAGE, "--pod: there is no pod %.100s", p->pod);
    }
    for (uint32_t i = 0; i < n_pods; i++) {
        if (is_waiting(p, i)) {
            enqueue(p, &queue[n++], i, rank[i]);
        }
    }
    p->tries = try_all(p, p->state, queue, n);
    note_bindings(p);
    return 0;
}

/* ---- losing nodes ---- */

struct cli_tries cli_place_lose(struct cli_place *p, const uint32_t *node, uint32_t n,
                                void **state)
{
    const size_t bytes = ha_sched_state_bytes(p->sched);
    void *after = sim_arena_alloc(&p->arena, bytes);
    struct queued *queue =
        sim_arena_calloc(&p->arena, p->objects.n_pods, sizeof(*queue));
    int32_t *was_on = sim_arena_calloc(&p->arena, p->objects.n_pods, sizeof(int32_t));
    struct cli_tries tries;
    uint32_t n_queue = 0;

    memcpy(after, p->state, bytes);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t flags = ha_sched_node_flags(p->sched, after, node[i]);

        ha_sched_node_set(p->sched, after, node[i],
                          p->is_gone ? 0
                                     : flags | HA_SCHED_TAINT_FLAG(UNREACHABLE) |
                                           HA_SCHED_TAINT_FLAG(UNREACHABLE_EXEC));
    }
    for (uint32_t i = 0; i < p->objects.n_pods; i++) {
        was_on[i] = ha_sched_pod_node(p->sched, after, i);
        for (uint32_t k = 0; k < n && was_on[i] >= 0; k++) {
            if (was_on[i] == (int32_t)node[k]) {
                ha_sched_unbind(p->sched, after, i);
                enqueue(p, &queue[n_queue++], i, UINT32_MAX);
                break;
            }
        }
    }
    tries = try_all(p, after, queue, n_queue);
    for (uint32_t i = 0; i < tries.n; i++) {
        tries.item[i].was_on = was_on[tries.item[i].pod];
    }
    if (state != NULL) {
        *state = after;
    }
    return tries;
}

uint32_t cli_place_n_pending(const struct cli_tries *tries)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < tries->n; i++) {
        n += tries->item[i].node == HA_SCHED_NONE;
    }
    return n;
}

uint32_t cli_place_n_evicted(const struct cli_tries *tries)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < tries->n; i++) {
        n += tries->item[i].n_victims;
    }
    return n;
}
