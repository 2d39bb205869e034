/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduling cycle: prepare, filter, score, choose (k8s pkg/scheduler/
 * schedule_one.go, framework/runtime).
 *
 * Each plugin prepares once per pod and says whether it has anything to filter; most
 * have nothing for most pods, so the loop over nodes calls only a few. A node is
 * rejected by the first plugin of the profile's order that says no. With fewer than two
 * feasible nodes nothing is scored, as in kube-scheduler. Every node is looked at and
 * every feasible node is scored: that is what the original does below 100 nodes; above,
 * it samples (percentageOfNodesToScore), which we leave out.
 *
 * Memory of a cycle is one block per thread and nesting level, grown at the first use
 * and freed when the thread ends; a bump pointer serves the plugins. So a placement
 * inside a run allocates nothing, and verdicts live until the next placement of the
 * thread.
 *
 * Also left out: nominated pods of others (the original filters a node twice when
 * victims are still leaving for somebody else), extenders, multiple profiles.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "models/kube/sched_internal.h"
#include "sim/check.h"

static const struct ha_sched_plugin *const plugins[] = {
#define HA_SCHED_PLUGIN(name, title, key, weight) &ha_sched_##key,
#include "models/kube/sched_plugins.def"
#undef HA_SCHED_PLUGIN
};

static const char *const titles[] = {
#define HA_SCHED_PLUGIN(name, title, key, weight) title,
#include "models/kube/sched_plugins.def"
#undef HA_SCHED_PLUGIN
};

static const int32_t weights[] = {
#define HA_SCHED_PLUGIN(name, title, key, weight) weight,
#include "models/kube/sched_plugins.def"
#undef HA_SCHED_PLUGIN
};

const struct ha_sched_plugin *ha_sched_plugin(enum ha_sched_plugin_id plugin)
{
    return plugins[plugin];
}

const char *ha_sched_plugin_name(enum ha_sched_plugin_id plugin)
{
    return titles[plugin];
}

int32_t ha_sched_plugin_weight(enum ha_sched_plugin_id plugin)
{
    return weights[plugin];
}

/* ---- memory ---- */

#define N_SLOTS 3

struct scratch {
    void *block[N_SLOTS];
    size_t size[N_SLOTS];
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void free_scratch(void *memory)
{
    struct scratch *scratch = memory;

    for (int i = 0; i < N_SLOTS; i++) {
        free(scratch->block[i]);
    }
    free(scratch);
}

static void free_main_scratch(void)
{
    void *scratch = pthread_getspecific(scratch_key);

    if (scratch != NULL) {
        pthread_setspecific(scratch_key, NULL);
        free_scratch(scratch);
    }
}

static void make_key(void)
{
    SIM_CHECK(pthread_key_create(&scratch_key, free_scratch) == 0);
    atexit(free_main_scratch);
}

void *ha_sched_scratch(int slot, size_t bytes)
{
    static _Thread_local struct scratch *mine;

    if (mine == NULL) {
        pthread_once(&scratch_once, make_key);
        mine = calloc(1, sizeof(*mine));
        SIM_CHECK(mine != NULL && pthread_setspecific(scratch_key, mine) == 0);
    }
    if (mine->size[slot] < bytes) {
        free(mine->block[slot]);
        mine->block[slot] = malloc(bytes);
        mine->size[slot] = bytes;
        SIM_CHECK(mine->block[slot] != NULL);
    }
    return mine->block[slot];
}

void *ha_sched_cycle_alloc(struct ha_sched_cycle *c, size_t n, size_t size)
{
    const size_t bytes = (n * size + 7) / 8 * 8;
    void *memory = c->block + c->block_used;

    SIM_CHECK(c->block_used + bytes <= c->block_size);
    c->block_used += bytes;
    memset(memory, 0, bytes);
    return memory;
}

/* ---- shared by plugins ---- */

void ha_sched_sum(const struct ha_sched_cycle *c, uint32_t key, int32_t counter,
                  int32_t *sum)
{
    const int32_t *value = c->s->key[key].value;
    const uint16_t *count;

    if (counter < 0 || c->v.total[counter] == 0) {
        return;
    }
    count = c->v.count + (size_t)counter * c->s->n_nodes;
    for (uint32_t i = 0; i < c->s->n_nodes; i++) {
        if (count[i] != 0 && value[i] >= 0 && ha_sched_is_present(&c->v, i)) {
            sum[value[i]] += count[i];
        }
    }
}

void ha_sched_normalize(struct ha_sched_cycle *c, bool is_reversed)
{
    int64_t max = 0;

    for (uint32_t i = 0; i < c->n_feasible; i++) {
        max = c->raw[i] > max ? c->raw[i] : max;
    }
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        const int64_t scaled = max == 0 ? 0 : 100 * c->raw[i] / max;

        c->raw[i] = is_reversed ? 100 - scaled : scaled;
    }
}

/* ---- the cycle ---- */

void ha_sched_cycle_begin(struct ha_sched_cycle *c, const struct ha_sched *sched,
                          const void *state, uint32_t pod, int slot,
                          const struct ha_sched_ghosts *ghosts,
                          uint8_t active[HA_SCHED_N_PLUGINS], uint32_t *n_active,
                          int *refused_by)
{
    SIM_CHECK(pod < sched->n_pods);
    memset(c, 0, sizeof(*c));
    c->s = sched;
    c->v = ha_sched_view(sched, state);
    c->pod = pod;
    c->ghosts = ghosts;
    c->shape = &sched->shape[sched->pod[pod].shape];
    c->block = ha_sched_scratch(slot, sched->scratch_bytes);
    c->block_size = sched->scratch_bytes;
    c->refusal_text = ha_sched_cycle_alloc(c, 512, 1);
    for (uint32_t i = 0; i < sched->n_nodes; i++) {
        c->n_present += ha_sched_is_present(&c->v, i);
    }
    *n_active = 0;
    *refused_by = HA_SCHED_NONE;
    for (int p = 0; p < HA_SCHED_N_PLUGINS && c->refusal == NULL; p++) {
        if (plugins[p]->filter == NULL) {
            continue;
        }
        if (plugins[p]->prepare == NULL || plugins[p]->prepare(c)) {
            active[(*n_active)++] = (uint8_t)p;
        }
        if (c->refusal != NULL) {
            *refused_by = p;
        }
    }
}

bool ha_sched_filter(const struct ha_sched_cycle *c, const uint8_t *active,
                     uint32_t n_active, uint32_t node,
                     struct ha_sched_node_verdict *row)
{
    for (uint32_t i = 0; i < n_active; i++) {
        if (!plugins[active[i]]->filter(c, node, row)) {
            row->plugin = (int8_t)active[i];
            return false;
        }
    }
    row->plugin = HA_SCHED_NONE;
    return true;
}

static void filter_all(struct ha_sched_cycle *c, const uint8_t *active,
                       uint32_t n_active, struct ha_sched_verdict *verdict,
                       struct ha_sched_node_verdict *row)
{
    c->feasible = ha_sched_cycle_alloc(c, c->s->n_nodes, sizeof(uint32_t));
    for (uint32_t i = 0; i < c->s->n_nodes; i++) {
        memset(&row[i], 0, sizeof(row[i]));
        row[i].plugin = HA_SCHED_NONE;
        if (!ha_sched_is_present(&c->v, i)) {
            row[i].is_absent = true;
        } else if (verdict->pre_filter != HA_SCHED_NONE) {
            row[i].plugin = verdict->pre_filter;
            row[i].is_unresolvable = c->refusal_is_final;
        } else if (ha_sched_filter(c, active, n_active, i, &row[i])) {
            c->feasible[c->n_feasible++] = i;
        } else {
            verdict->rejected_by |= 1u << row[i].plugin;
        }
    }
    verdict->n_feasible = c->n_feasible;
}

static void score_all(struct ha_sched_cycle *c, struct ha_sched_node_verdict *row)
{
    c->raw = ha_sched_cycle_alloc(c, c->n_feasible, sizeof(int64_t));
    for (int p = 0; p < HA_SCHED_N_PLUGINS; p++) {
        if (weights[p] == 0 || plugins[p]->score == NULL || !plugins[p]->score(c)) {
            continue;
        }
        for (uint32_t i = 0; i < c->n_feasible; i++) {
            const int32_t weighted = (int32_t)c->raw[i] * weights[p];

            row[c->feasible[i]].score[p] = (int16_t)weighted;
            row[c->feasible[i]].total += weighted;
        }
    }
}

static void find_best(struct ha_sched_cycle *c, struct ha_sched_verdict *verdict,
                      const struct ha_sched_node_verdict *row)
{
    uint32_t *best = ha_sched_cycle_alloc(c, c->n_feasible, sizeof(uint32_t));

    for (uint32_t i = 0; i < c->n_feasible; i++) {
        const uint32_t node = c->feasible[i];

        if (verdict->n_best > 0 && row[node].total < row[best[0]].total) {
            continue;
        }
        if (verdict->n_best > 0 && row[node].total > row[best[0]].total) {
            verdict->n_best = 0;
        }
        best[verdict->n_best++] = node;
    }
    verdict->best = best;
}

const struct ha_sched_verdict *ha_sched_place(const struct ha_sched *sched,
                                              const void *state, uint32_t pod)
{
    struct ha_sched_cycle c;
    struct ha_sched_verdict *verdict;
    struct ha_sched_node_verdict *row;
    uint8_t active[HA_SCHED_N_PLUGINS];
    uint32_t n_active;
    int refused_by;

    ha_sched_cycle_begin(&c, sched, state, pod, 0, NULL, active, &n_active,
                         &refused_by);
    SIM_CHECK(c.v.pod_node[pod] == HA_SCHED_NONE);
    verdict = ha_sched_cycle_alloc(&c, 1, sizeof(*verdict));
    row = ha_sched_cycle_alloc(&c, 0, 1);
    SIM_CHECK(c.block_used + sched->n_nodes * sizeof(*row) <= c.block_size);
    c.block_used += (sched->n_nodes * sizeof(*row) + 7) / 8 * 8;
    verdict->pod = pod;
    verdict->n_nodes = sched->n_nodes;
    verdict->n_present = c.n_present;
    verdict->node = row;
    verdict->pre_filter = (int8_t)refused_by;
    verdict->pre_filter_text = c.refusal;
    if (refused_by != HA_SCHED_NONE) {
        verdict->rejected_by = 1u << refused_by;
    }
    filter_all(&c, active, n_active, verdict, row);
    verdict->is_scored = c.n_feasible > 1;
    if (verdict->is_scored) {
        score_all(&c, row);
    }
    find_best(&c, verdict, row);
    return verdict;
}

uint32_t ha_sched_feasible_count(const struct ha_sched *sched, const void *state,
                                 uint32_t pod, uint32_t enough)
{
    struct ha_sched_cycle c;
    struct ha_sched_node_verdict row;
    uint8_t active[HA_SCHED_N_PLUGINS];
    uint32_t n_active;
    uint32_t n = 0;
    int refused_by;

    ha_sched_cycle_begin(&c, sched, state, pod, 1, NULL, active, &n_active,
                         &refused_by);
    for (uint32_t i = 0; i < sched->n_nodes && refused_by == HA_SCHED_NONE; i++) {
        memset(&row, 0, sizeof(row)); /* filters add to its reasons */
        if (ha_sched_is_present(&c.v, i) &&
            ha_sched_filter(&c, active, n_active, i, &row)) {
            n++;
            if (n == enough) {
                break;
            }
        }
    }
    return n;
}

uint32_t ha_sched_plan_claims(const struct ha_sched *sched, const void *state,
                              uint32_t pod, uint32_t node,
                              struct ha_sched_claim_plan *plan, uint32_t size)
{
    struct ha_sched_cycle c;
    uint8_t active[HA_SCHED_N_PLUGINS];
    uint32_t n_active;
    uint32_t n = 0;
    int refused_by;

    ha_sched_cycle_begin(&c, sched, state, pod, 1, NULL, active, &n_active,
                         &refused_by);
    if (refused_by == HA_SCHED_NONE && sched->pod[pod].n_claims > 0) {
        ha_sched_find_volumes(&c, node, plan, size, &n);
    }
    return n;
}
