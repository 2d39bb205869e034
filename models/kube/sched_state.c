/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of placement: one flat block inside the simulated world.
 *
 * First the facts (who is where, which nodes are there, what claims are bound to), then
 * what follows from them and is kept up to date: requested resources by node, and one
 * number per counter and node. The second part is a function of the first, so equal
 * facts give equal bytes, in whatever order they came about; a test undoes and redoes
 * histories and compares.
 *
 * Binding a pod costs one pass over its resources and the counters that count it.
 * Pods on a node whose object is gone stay counted at that node; whoever reads the
 * counts skips absent nodes. Fields that say nothing are zero (the `where` of a pin),
 * else two equal situations could differ in bytes.
 *
 * Sizes: per node 4 + 8 x (columns + 2) + 2 x counters bytes, per pod 5 (13 with ages),
 * per claim 8. A vCluster on 9 nodes has about 1.5 kB.
 */
#include <string.h>

#include "models/kube/sched_internal.h"
#include "sim/check.h"

/* ---- layout ---- */

static size_t place(size_t *at, size_t bytes)
{
    const size_t here = *at;

    *at += (bytes + 7) / 8 * 8;
    return here;
}

/* Domain arrays a cycle may need at once; see the prepare functions of the plugins. */
static void find_max_terms(struct ha_sched *s)
{
    for (uint32_t i = 0; i < s->n_shapes; i++) {
        const struct ha_sched_shape *shape = &s->shape[i];
        const uint32_t n = shape->n_hard + shape->n_soft + shape->affinity.n +
                           shape->anti.n + shape->existing.n + 2 * shape->scored.n;

        s->max_terms = n > s->max_terms ? n : s->max_terms;
    }
}

void ha_sched_layout(struct ha_sched *s)
{
    size_t at = 0;

    s->off_flags = place(&at, s->n_nodes * sizeof(uint32_t));
    s->off_pod_node = place(&at, s->n_pods * sizeof(int32_t));
    s->off_pod_flags = place(&at, s->n_pods);
    s->off_claim = place(&at, s->n_claims * sizeof(struct ha_sched_pin));
    s->off_pdb = place(&at, s->n_pdbs * sizeof(int32_t));
    s->off_start = place(&at, s->options.tracks_age ? s->n_pods * sizeof(int64_t) : 0);
    s->off_used = place(&at, (size_t)s->n_nodes * s->n_columns * sizeof(int64_t));
    s->off_scored = place(&at, (size_t)s->n_nodes * 2 * sizeof(int64_t));
    s->off_total = place(&at, s->n_counters * sizeof(uint32_t));
    s->off_count = place(&at, (size_t)s->n_counters * s->n_nodes * sizeof(uint16_t));
    s->state_bytes = at;
    find_max_terms(s);
    s->scratch_bytes =
        (size_t)s->n_nodes * (sizeof(struct ha_sched_node_verdict) +
                              2 * sizeof(uint32_t) + sizeof(int64_t) + sizeof(bool)) +
        (size_t)s->max_terms *
            ((size_t)s->max_values * sizeof(int64_t) + sizeof(void *) * 2 + 64) +
        s->n_volumes + s->n_images * sizeof(int64_t) + 8192;
}

size_t ha_sched_state_bytes(const struct ha_sched *sched)
{
    return sched->state_bytes;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): a qualifier cannot stand in any. */
#define FILL_VIEW(view, base, QUALIFIER)                                               \
    do {                                                                               \
        (view).flags =                                                                 \
            (QUALIFIER uint32_t *)(QUALIFIER void *)((base) + s->off_flags);           \
        (view).pod_node =                                                              \
            (QUALIFIER int32_t *)(QUALIFIER void *)((base) + s->off_pod_node);         \
        (view).pod_flags =                                                             \
            (QUALIFIER uint8_t *)(QUALIFIER void *)((base) + s->off_pod_flags);        \
        (view).claim =                                                                 \
            (QUALIFIER struct ha_sched_pin *)(QUALIFIER void *)((base) +               \
                                                                s->off_claim);         \
        (view).pdb = (QUALIFIER int32_t *)(QUALIFIER void *)((base) + s->off_pdb);     \
        (view).start = (QUALIFIER int64_t *)(QUALIFIER void *)((base) + s->off_start); \
        (view).used = (QUALIFIER int64_t *)(QUALIFIER void *)((base) + s->off_used);   \
        (view).scored =                                                                \
            (QUALIFIER int64_t *)(QUALIFIER void *)((base) + s->off_scored);           \
        (view).total =                                                                 \
            (QUALIFIER uint32_t *)(QUALIFIER void *)((base) + s->off_total);           \
        (view).count =                                                                 \
            (QUALIFIER uint16_t *)(QUALIFIER void *)((base) + s->off_count);           \
    } while (0)
/* NOLINTEND(bugprone-macro-parentheses) */

struct ha_sched_view ha_sched_view(const struct ha_sched *s, const void *state)
{
    struct ha_sched_view view;

    FILL_VIEW(view, (const char *)state, const);
    return view;
}

static struct ha_sched_edit edit(const struct ha_sched *s, void *state)
{
    struct ha_sched_edit view;

    FILL_VIEW(view, (char *)state, );
    return view;
}

/* ---- pods ---- */

static void count(const struct ha_sched *s, struct ha_sched_edit *e, uint32_t counter,
                  uint32_t node, int by)
{
    uint16_t *cell = &e->count[(size_t)counter * s->n_nodes + node];

    SIM_DEBUG_CHECK((int)*cell + by >= 0 && (int)*cell + by <= UINT16_MAX);
    *cell = (uint16_t)(*cell + by);
    e->total[counter] = (uint32_t)((int64_t)e->total[counter] + by);
}

static void count_pod(const struct ha_sched *s, struct ha_sched_edit *e, uint32_t pod,
                      uint32_t node, int by)
{
    const struct ha_sched_shape *shape = &s->shape[s->pod[pod].shape];
    const bool is_terminating = (e->pod_flags[pod] & HA_POD_TERMINATING) != 0;

    for (uint32_t k = 0; k < s->n_columns; k++) {
        e->used[(size_t)node * s->n_columns + k] += by * shape->request[k];
    }
    e->scored[(size_t)node * 2] += by * shape->scored_request[0];
    e->scored[(size_t)node * 2 + 1] += by * shape->scored_request[1];
    for (uint32_t i = 0; i < shape->n_counted; i++) {
        const uint32_t counter = shape->counted[i];

        if (!is_terminating || !s->counter[counter].skips_terminating) {
            count(s, e, counter, node, by);
        }
    }
}

void ha_sched_bind(const struct ha_sched *sched, void *state, uint32_t pod,
                   uint32_t node)
{
    struct ha_sched_edit e = edit(sched, state);

    SIM_CHECK(pod < sched->n_pods && node < sched->n_nodes);
    SIM_CHECK(e.pod_node[pod] == HA_SCHED_NONE);
    e.pod_node[pod] = (int32_t)node;
    count_pod(sched, &e, pod, node, 1);
}

void ha_sched_unbind(const struct ha_sched *sched, void *state, uint32_t pod)
{
    struct ha_sched_edit e = edit(sched, state);

    SIM_CHECK(pod < sched->n_pods && e.pod_node[pod] != HA_SCHED_NONE);
    count_pod(sched, &e, pod, (uint32_t)e.pod_node[pod], -1);
    e.pod_node[pod] = HA_SCHED_NONE;
    e.pod_flags[pod] = 0;
    if (sched->options.tracks_age) {
        e.start[pod] = 0;
    }
}

void ha_sched_add_copy(const struct ha_sched *sched, void *state, uint32_t pod,
                       uint32_t node)
{
    struct ha_sched_edit e = edit(sched, state);

    SIM_CHECK(pod < sched->n_pods && node < sched->n_nodes);
    SIM_CHECK((e.pod_flags[pod] & HA_POD_TERMINATING) == 0);
    count_pod(sched, &e, pod, node, 1);
}

int32_t ha_sched_pod_node(const struct ha_sched *sched, const void *state, uint32_t pod)
{
    return ha_sched_view(sched, state).pod_node[pod];
}

void ha_sched_set_terminating(const struct ha_sched *sched, void *state, uint32_t pod,
                              bool is_terminating)
{
    struct ha_sched_edit e = edit(sched, state);
    const struct ha_sched_shape *shape = &sched->shape[sched->pod[pod].shape];
    const bool was = (e.pod_flags[pod] & HA_POD_TERMINATING) != 0;

    SIM_CHECK(pod < sched->n_pods && e.pod_node[pod] != HA_SCHED_NONE);
    if (was == is_terminating) {
        return;
    }
    e.pod_flags[pod] = is_terminating ? HA_POD_TERMINATING : 0;
    for (uint32_t i = 0; i < shape->n_counted; i++) {
        if (sched->counter[shape->counted[i]].skips_terminating) {
            count(sched, &e, shape->counted[i], (uint32_t)e.pod_node[pod],
                  is_terminating ? -1 : 1);
        }
    }
}

bool ha_sched_is_terminating(const struct ha_sched *sched, const void *state,
                             uint32_t pod)
{
    return (ha_sched_view(sched, state).pod_flags[pod] & HA_POD_TERMINATING) != 0;
}

void ha_sched_set_start(const struct ha_sched *sched, void *state, uint32_t pod,
                        int64_t start_s)
{
    if (sched->options.tracks_age) {
        edit(sched, state).start[pod] = start_s;
    }
}

/* ---- nodes, claims, budgets ---- */

uint32_t ha_sched_node_flags(const struct ha_sched *sched, const void *state,
                             uint32_t node)
{
    return ha_sched_view(sched, state).flags[node];
}

void ha_sched_node_set(const struct ha_sched *sched, void *state, uint32_t node,
                       uint32_t flags)
{
    SIM_CHECK(node < sched->n_nodes);
    edit(sched, state).flags[node] = flags;
}

void ha_sched_claim_bind(const struct ha_sched *sched, void *state, uint32_t claim,
                         enum ha_sched_binding kind, int32_t where)
{
    struct ha_sched_pin pin = {(int32_t)kind, 0};

    SIM_CHECK(claim < sched->n_claims);
    if (kind == HA_SCHED_STATIC || kind == HA_SCHED_ON_NODE) {
        pin.where = where;
    } else if (kind == HA_SCHED_IN_ZONE) {
        const int32_t zone = sched->key[sched->zone_key].value[where];

        pin.where = zone >= 0 ? zone : 0;
        pin.kind = zone >= 0 ? HA_SCHED_IN_ZONE : HA_SCHED_ANYWHERE;
    }
    edit(sched, state).claim[claim] = pin;
}

enum ha_sched_binding ha_sched_claim_binding(const struct ha_sched *sched,
                                             const void *state, uint32_t claim)
{
    return (enum ha_sched_binding)ha_sched_view(sched, state).claim[claim].kind;
}

void ha_sched_pdb_set(const struct ha_sched *sched, void *state, uint32_t pdb,
                      int32_t allowed)
{
    SIM_CHECK(pdb < sched->n_pdbs);
    edit(sched, state).pdb[pdb] = allowed;
}

int32_t ha_sched_pdb_allowed(const struct ha_sched *sched, const void *state,
                             uint32_t pdb)
{
    return ha_sched_view(sched, state).pdb[pdb];
}

/* ---- the start ---- */

static int32_t find_volume(const struct ha_objects *o, const char *name)
{
    for (uint32_t i = 0; i < o->n_volumes; i++) {
        if (strcmp(o->volume[i].meta.name, name) == 0) {
            return (int32_t)i;
        }
    }
    return HA_SCHED_NONE;
}

static void init_claim(const struct ha_sched *s, void *state, uint32_t ix)
{
    const struct ha_kube_claim *claim;

    if (s->claim[ix].object < 0) {
        ha_sched_claim_bind(s, state, ix, HA_SCHED_MISSING, 0);
        return;
    }
    claim = &s->objects->claim[s->claim[ix].object];
    if (claim->is_lost) {
        ha_sched_claim_bind(s, state, ix, HA_SCHED_LOST, 0);
    } else if (*claim->volume_name == '\0') {
        ha_sched_claim_bind(s, state, ix, HA_SCHED_UNBOUND, 0);
    } else if (!claim->is_bind_complete) {
        ha_sched_claim_bind(s, state, ix, HA_SCHED_PREBOUND, 0);
    } else {
        ha_sched_claim_bind(s, state, ix, HA_SCHED_STATIC,
                            find_volume(s->objects, claim->volume_name));
    }
}

void ha_sched_state_init(const struct ha_sched *sched, void *state)
{
    struct ha_sched_edit e = edit(sched, state);
    const struct ha_objects *o = sched->objects;

    memset(state, 0, sched->state_bytes);
    for (uint32_t i = 0; i < sched->n_nodes; i++) {
        e.flags[i] = sched->flags[i];
    }
    for (uint32_t i = 0; i < sched->n_claims; i++) {
        init_claim(sched, state, i);
    }
    for (uint32_t i = 0; i < sched->n_pdbs; i++) {
        e.pdb[i] = o->pdb[i].disruptions_allowed;
    }
    for (uint32_t i = 0; i < sched->n_pods; i++) {
        const struct ha_kube_pod *pod = &o->pod[i];

        e.pod_node[i] = HA_SCHED_NONE;
        if (*pod->node_name == '\0' || pod->is_finished) {
            continue;
        }
        ha_sched_bind(sched, state, i,
                      (uint32_t)ha_sched_find_node(sched, pod->node_name));
        ha_sched_set_start(sched, state, i, pod->start_s);
        if (pod->meta.is_terminating) {
            ha_sched_set_terminating(sched, state, i, true);
        }
    }
}
