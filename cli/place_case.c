/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing conformance cases, and verdicts as JSON.
 *
 * A case holds nodes, bound pods, pending pods in queue order and other objects. Each
 * pending pod is tried once; a placed pod counts as bound for all that follow, with a
 * start time a second later than the one before, so that preemption can tell which
 * is older. After a successful preemption the victims are gone at once and the pod sits
 * on the nominated node, without scoring.
 *
 * The output has the fields of the cases' `expected` part and nothing else, so that a
 * comparison is one line of jq. Groups of rejected nodes come in the order of their
 * first node. A claim that is provisioned gets a volume in the node's zone.
 */
#include "cli/place_case.h"

#include <stdlib.h>
#include <string.h>

#include "sim/check.h"

/* 2031-01-01T00:00:00Z: pods placed here start then, a second apart */
#define FIRST_START_S INT64_C(1924992000)

#define RECORDED_MINOR 26

bool cli_is_place_case(const struct ha_node *root)
{
    const struct ha_node *nodes = ha_node_at(root, "input.nodes");
    const struct ha_node *pods = ha_node_at(root, "input.pendingPods");

    return nodes != NULL && nodes->kind == HA_NODE_LIST && pods != NULL &&
           pods->kind == HA_NODE_LIST;
}

/* ---- names ---- */

json_t *cli_place_pod_name(const struct ha_sched *sched, uint32_t pod)
{
    const struct ha_meta *meta = &ha_sched_objects(sched)->pod[pod].meta;

    return json_sprintf("%s/%s", meta->ns, meta->name);
}

static json_t *node_name(const struct ha_sched *sched, uint32_t node)
{
    return json_string(ha_sched_objects(sched)->node[node].meta.name);
}

json_t *cli_place_score_plugins(void)
{
    json_t *list = json_array();

    for (int p = 0; p < HA_SCHED_N_PLUGINS; p++) {
        if (ha_sched_plugin_weight((enum ha_sched_plugin_id)p) > 0) {
            json_array_append_new(
                list, json_string(ha_sched_plugin_name((enum ha_sched_plugin_id)p)));
        }
    }
    return list;
}

/* ---- groups of rejected nodes ---- */

static json_t *reasons_of(const struct ha_sched *sched,
                          const struct ha_sched_node_verdict *row)
{
    json_t *list = json_array();
    char text[512];
    const char *reason;

    for (uint32_t k = 0;
         (reason = ha_sched_row_reason(sched, row, k, text, sizeof(text))) != NULL;
         k++) {
        json_array_append_new(list, json_string(reason));
    }
    return list;
}

/* Adds a node to the group with this head, which is consumed; makes the group if it is
 * new. */
static void add_to_group(json_t *groups, json_t *head, json_t *node)
{
    size_t i;
    json_t *group;

    json_array_foreach(groups, i, group)
    {
        json_t *nodes = json_incref(json_object_get(group, "nodes"));
        bool is_same;

        json_object_del(group, "nodes");
        is_same = json_equal(group, head) != 0;
        json_object_set_new(group, "nodes", nodes);
        if (is_same) {
            json_array_append_new(nodes, node);
            json_decref(head);
            return;
        }
    }
    json_object_set_new(head, "nodes", json_pack("[o]", node));
    json_array_append_new(groups, head);
}

static const char *code_of(bool is_unresolvable)
{
    return is_unresolvable ? "UnschedulableAndUnresolvable" : "Unschedulable";
}

static json_t *infeasible(const struct ha_sched *sched,
                          const struct ha_sched_verdict *verdict)
{
    json_t *groups = json_array();

    for (uint32_t i = 0; i < verdict->n_nodes; i++) {
        const struct ha_sched_node_verdict *row = &verdict->node[i];

        if (!row->is_absent && row->plugin != HA_SCHED_NONE) {
            add_to_group(
                groups,
                json_pack("{s:s, s:s, s:o}", "plugin",
                          ha_sched_plugin_name((enum ha_sched_plugin_id)row->plugin),
                          "code", code_of(row->is_unresolvable), "reasons",
                          reasons_of(sched, row)),
                node_name(sched, i));
        }
    }
    return groups;
}

/* ---- scores ---- */

static json_t *scores_of(const struct ha_sched_node_verdict *row)
{
    json_t *list = json_array();

    for (int p = 0; p < HA_SCHED_N_PLUGINS; p++) {
        if (ha_sched_plugin_weight((enum ha_sched_plugin_id)p) > 0) {
            json_array_append_new(list, json_integer(row->score[p]));
        }
    }
    json_array_append_new(list, json_integer(row->total));
    return list;
}

static void put_nodes(const struct ha_sched *sched,
                      const struct ha_sched_verdict *verdict, json_t *out)
{
    json_t *feasible = json_array();
    json_t *scores = json_object();

    for (uint32_t i = 0; i < verdict->n_nodes; i++) {
        const struct ha_sched_node_verdict *row = &verdict->node[i];

        if (!row->is_absent && row->plugin == HA_SCHED_NONE) {
            json_array_append_new(feasible, node_name(sched, i));
            json_object_set_new(scores, ha_sched_objects(sched)->node[i].meta.name,
                                scores_of(row));
        }
    }
    json_object_set_new(out, "feasible", feasible);
    if (verdict->is_scored) {
        json_object_set(out, "scores", scores);
    }
    json_decref(scores);
}

static json_t *node_list(const struct ha_sched *sched, const uint32_t *node, uint32_t n)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < n; i++) {
        json_array_append_new(list, node_name(sched, node[i]));
    }
    return list;
}

/* ---- preemption ---- */

static json_t *pod_list(const struct ha_sched *sched, const uint32_t *pod, uint32_t n)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < n; i++) {
        json_array_append_new(list, cli_place_pod_name(sched, pod[i]));
    }
    return list;
}

static json_t *rejected_by_preemption(const struct ha_sched *sched,
                                      const struct ha_sched_verdict *verdict,
                                      const struct ha_sched_preemption *preemption)
{
    json_t *groups = json_array();

    for (uint32_t i = 0; i < verdict->n_nodes; i++) {
        const struct ha_sched_node_verdict *row = &preemption->row[i];
        const char *text = NULL;

        switch ((enum ha_sched_refusal)preemption->refusal[i]) {
        case HA_SCHED_CANDIDATE:
        case HA_SCHED_NOT_TRIED:
            continue;
        case HA_SCHED_NOT_HELPFUL:
            text = "Preemption is not helpful for scheduling";
            break;
        case HA_SCHED_NO_VICTIMS:
            text = "No preemption victims found for incoming pod";
            break;
        case HA_SCHED_STILL_REJECTED:
            break;
        }
        add_to_group(
            groups,
            json_pack("{s:s, s:o}", "code",
                      code_of(text != NULL || row->is_unresolvable), "reasons",
                      text != NULL ? json_pack("[s]", text) : reasons_of(sched, row)),
            node_name(sched, i));
    }
    return groups;
}

static json_t *candidates_of(const struct ha_sched *sched,
                             const struct ha_sched_preemption *preemption)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < preemption->n_candidates; i++) {
        const struct ha_sched_candidate *candidate = &preemption->candidate[i];

        json_array_append_new(
            list, json_pack("{s:o, s:o, s:i}", "node",
                            node_name(sched, candidate->node), "victims",
                            pod_list(sched, candidate->victim, candidate->n_victims),
                            "pdbViolations", (int)candidate->n_violations));
    }
    return list;
}

static json_t *preemption_json(const struct ha_sched *sched,
                               const struct ha_sched_verdict *verdict,
                               const struct ha_sched_preemption *preemption)
{
    json_t *out = json_object();
    json_t *rejected = rejected_by_preemption(sched, verdict, preemption);
    struct sim_arena arena;

    if (preemption->node != HA_SCHED_NONE) {
        json_object_set_new(out, "nominatedNode",
                            node_name(sched, (uint32_t)preemption->node));
        json_object_set_new(out, "victims",
                            pod_list(sched, preemption->victim, preemption->n_victims));
        json_object_set_new(out, "candidates", candidates_of(sched, preemption));
    } else {
        sim_arena_init(&arena);
        json_object_set_new(out, "message",
                            json_string(ha_sched_preemption_message(
                                &arena, sched, verdict, preemption)));
        sim_arena_clear(&arena);
    }
    if (preemption->n_ties > 1) {
        json_object_set_new(out, "ties",
                            node_list(sched, preemption->tie, preemption->n_ties));
    }
    if (json_array_size(rejected) > 0) {
        json_object_set(out, "rejected", rejected);
    }
    json_decref(rejected);
    return out;
}

/* ---- one pod ---- */

static void put_placed(const struct ha_sched *sched,
                       const struct ha_sched_verdict *verdict,
                       const struct ha_sched_preemption *preemption, json_t *out)
{
    int32_t node = HA_SCHED_NONE;

    if (verdict->n_feasible > 0) {
        node = (int32_t)verdict->best[0];
    } else if (preemption != NULL) {
        node = preemption->node;
    }
    json_object_set_new(out, "result",
                        json_string(node != HA_SCHED_NONE ? "bound" : "pending"));
    if (node != HA_SCHED_NONE) {
        json_object_set_new(out, "node", node_name(sched, (uint32_t)node));
    }
}

json_t *cli_place_verdict_json(const struct ha_sched *sched, const void *state,
                               const struct ha_sched_verdict *verdict,
                               const struct ha_sched_preemption *preemption)
{
    json_t *out = json_pack("{s:o}", "pod", cli_place_pod_name(sched, verdict->pod));
    struct sim_arena arena;

    (void)state;
    put_placed(sched, verdict, preemption, out);
    put_nodes(sched, verdict, out);
    if (verdict->pre_filter != HA_SCHED_NONE) {
        json_object_set_new(out, "preFilter",
                            json_pack("{s:s, s:s}", "plugin",
                                      ha_sched_plugin_name(
                                          (enum ha_sched_plugin_id)verdict->pre_filter),
                                      "message", verdict->pre_filter_text));
    } else {
        json_t *groups = infeasible(sched, verdict);

        if (json_array_size(groups) > 0) {
            json_object_set(out, "infeasible", groups);
        }
        json_decref(groups);
    }
    if (verdict->n_best > 1) {
        json_object_set_new(out, "ties",
                            node_list(sched, verdict->best, verdict->n_best));
    }
    if (verdict->n_feasible == 0) {
        sim_arena_init(&arena);
        json_object_set_new(
            out, "message",
            json_string(ha_sched_message(&arena, sched, verdict, preemption)));
        sim_arena_clear(&arena);
    }
    if (preemption != NULL && verdict->pre_filter == HA_SCHED_NONE) {
        json_object_set_new(out, "preemption",
                            preemption_json(sched, verdict, preemption));
    }
    return out;
}

void cli_place_commit(const struct ha_sched *sched, void *state, uint32_t pod,
                      uint32_t node, int64_t start_s, json_t **volumes)
{
    struct ha_sched_claim_plan plan[64];
    const uint32_t n = ha_sched_plan_claims(sched, state, pod, node, plan, 64);
    const struct ha_objects *o = ha_sched_objects(sched);
    json_t *bind = json_object();
    json_t *provision = json_array();

    for (uint32_t i = 0; i < n; i++) {
        const char *name = o->claim[plan[i].claim].meta.name;

        if (plan[i].volume != HA_SCHED_NONE) {
            ha_sched_claim_bind(sched, state, plan[i].claim, HA_SCHED_STATIC,
                                plan[i].volume);
            json_object_set_new(bind, name,
                                json_string(o->volume[plan[i].volume].meta.name));
        } else {
            ha_sched_claim_bind(sched, state, plan[i].claim, HA_SCHED_IN_ZONE,
                                (int32_t)node);
            json_array_append_new(provision, json_string(name));
        }
    }
    ha_sched_bind(sched, state, pod, node);
    ha_sched_set_start(sched, state, pod, start_s);
    if (volumes != NULL) {
        *volumes = n > 0 ? json_object() : NULL;
        if (json_object_size(bind) > 0) {
            json_object_set(*volumes, "bind", bind);
        }
        if (json_array_size(provision) > 0) {
            json_object_set(*volumes, "provision", provision);
        }
    }
    json_decref(bind);
    json_decref(provision);
}

void cli_place_evict(const struct ha_sched *sched, void *state,
                     const struct ha_sched_preemption *preemption)
{
    for (uint32_t i = 0; i < preemption->n_victims; i++) {
        const uint32_t pod = preemption->victim[i];

        ha_sched_unbind(sched, state, pod);
        for (uint32_t d = 0; d < ha_sched_n_pdbs(sched); d++) {
            const int32_t allowed = ha_sched_pdb_allowed(sched, state, d);

            if (ha_sched_pdb_covers(sched, d, pod) && allowed > 0) {
                ha_sched_pdb_set(sched, state, d, allowed - 1);
            }
        }
    }
}

/* ---- the whole case ---- */

struct played {
    const struct ha_sched *sched;
    void *state;
    bool preempts;
    json_t *pods, *bindings, *evicted;
};

static void play_pod(struct played *p, uint32_t pod, uint32_t serial)
{
    const struct ha_sched_verdict *verdict = ha_sched_place(p->sched, p->state, pod);
    struct ha_sched_preemption preemption = {.node = HA_SCHED_NONE};
    const bool tries =
        p->preempts && verdict->n_feasible == 0 && verdict->pre_filter == HA_SCHED_NONE;
    int32_t node = verdict->n_feasible > 0 ? (int32_t)verdict->best[0] : HA_SCHED_NONE;
    json_t *volumes = NULL;
    json_t *out;

    if (tries) {
        preemption = ha_sched_preempt(p->sched, p->state, verdict);
        node = preemption.node;
    }
    out =
        cli_place_verdict_json(p->sched, p->state, verdict, tries ? &preemption : NULL);
    if (tries && node != HA_SCHED_NONE) {
        for (uint32_t i = 0; i < preemption.n_victims; i++) {
            json_array_append_new(p->evicted,
                                  cli_place_pod_name(p->sched, preemption.victim[i]));
        }
        cli_place_evict(p->sched, p->state, &preemption);
    }
    if (node != HA_SCHED_NONE) {
        json_t *name = cli_place_pod_name(p->sched, pod);

        cli_place_commit(p->sched, p->state, pod, (uint32_t)node,
                         FIRST_START_S + serial, &volumes);
        json_object_set_new(p->bindings, json_string_value(name),
                            node_name(p->sched, (uint32_t)node));
        json_decref(name);
    }
    if (volumes != NULL) {
        json_object_set_new(out, "volumes", volumes);
    }
    json_array_append_new(p->pods, out);
}

static int add_all(struct ha_objects *objects, const struct ha_node *input,
                   const char *key, struct sim_err *err)
{
    const struct ha_node *list = ha_node_get(input, key);

    if (ha_node_is_null(list)) {
        return 0;
    }
    if (list->kind != HA_NODE_LIST) {
        return ha_node_error(err, list, "%s: expected a list of objects", key);
    }
    for (uint32_t i = 0; i < list->n; i++) {
        const int code = ha_objects_add(objects, list->item[i], err);

        if (code != 0) {
            return code;
        }
    }
    return 0;
}

static int read_case(const struct ha_node *input, struct ha_objects *objects,
                     uint32_t *first_pending, struct sim_err *err)
{
    int code = add_all(objects, input, "nodes", err);

    if (code == 0) {
        code = add_all(objects, input, "boundPods", err);
    }
    *first_pending = objects->n_pods;
    if (code == 0) {
        code = add_all(objects, input, "pendingPods", err);
    }
    if (code == 0) {
        code = add_all(objects, input, "objects", err);
    }
    return code == 0 ? ha_objects_finish(objects, err) : code;
}

int cli_place_case(const struct ha_node *root, json_t **out, struct sim_err *err)
{
    const struct ha_node *input = ha_node_get(root, "input");
    const struct ha_sched_options options = {RECORDED_MINOR, true};
    struct sim_arena arena;
    struct ha_objects objects;
    struct played played = {0};
    uint32_t first = 0;
    int code;

    *out = NULL;
    sim_arena_init(&arena);
    ha_objects_init(&objects, &arena);
    code = read_case(input, &objects, &first, err);
    if (code == 0) {
        code = ha_sched_compile(&arena, &objects, &options, &played.sched, err);
    }
    if (code == 0) {
        ha_node_bool(ha_node_at(input, "options.preemption"), &played.preempts);
        played.state = sim_arena_alloc(&arena, ha_sched_state_bytes(played.sched));
        ha_sched_state_init(played.sched, played.state);
        played.pods = json_array();
        played.bindings = json_object();
        played.evicted = json_array();
        for (uint32_t i = first; i < objects.n_pods && code == 0; i++) {
            if (ha_sched_pod_node(played.sched, played.state, i) != HA_SCHED_NONE) {
                code = ha_place_error(err, &objects.pod[i].meta.place,
                                      "a pending pod must not have spec.nodeName");
            } else {
                play_pod(&played, i, i - first);
            }
        }
        *out = json_pack("{s:o, s:o, s:o}", "scorePlugins", cli_place_score_plugins(),
                         "pods", played.pods, "bindings", played.bindings);
        if (json_array_size(played.evicted) > 0) {
            json_object_set(*out, "evicted", played.evicted);
        }
        json_decref(played.evicted);
    }
    if (code != 0 && *out != NULL) {
        json_decref(*out);
        *out = NULL;
    }
    sim_arena_clear(&arena);
    return code;
}
