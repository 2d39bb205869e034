/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small cluster for tests: YAML text in, a compiled scheduler and its state out.
 * Tests say what a cluster looks like in the words of Kubernetes, so that what they
 * claim can be checked against a real one by applying the same text.
 */
#include "tests/support/cluster.h"

#include <criterion/criterion.h>
#include <string.h>

int cluster_make(struct cluster *c, const char *yaml, int k8s_minor)
{
    const struct ha_sched_options options = {k8s_minor, true};
    struct ha_docs docs;
    int code;

    memset(c, 0, sizeof(*c));
    sim_arena_init(&c->arena);
    ha_objects_init(&c->objects, &c->arena);
    code = ha_docs_parse(&c->arena, "test.yaml", yaml, strlen(yaml), &docs, &c->err);
    for (uint32_t i = 0; code == 0 && i < docs.n; i++) {
        if (!ha_node_is_null(docs.doc[i])) {
            code = ha_objects_add(&c->objects, docs.doc[i], &c->err);
        }
    }
    if (code == 0) {
        code = ha_objects_finish(&c->objects, &c->err);
    }
    if (code == 0) {
        code = ha_sched_compile(&c->arena, &c->objects, &options, &c->sched, &c->err);
    }
    if (code == 0) {
        c->state = sim_arena_alloc(&c->arena, ha_sched_state_bytes(c->sched));
        ha_sched_state_init(c->sched, c->state);
    }
    return code;
}

void cluster_free(struct cluster *c)
{
    sim_arena_clear(&c->arena);
}

uint32_t cluster_node(const struct cluster *c, const char *name)
{
    const int32_t node = ha_sched_find_node(c->sched, name);

    cr_assert_geq(node, 0, "no node %s", name);
    return (uint32_t)node;
}

uint32_t cluster_pod(const struct cluster *c, const char *name)
{
    const int32_t pod = ha_sched_find_pod(c->sched, "default", name);

    cr_assert_geq(pod, 0, "no pod %s", name);
    return (uint32_t)pod;
}

int32_t cluster_place(struct cluster *c, const char *name)
{
    const uint32_t pod = cluster_pod(c, name);
    const struct ha_sched_verdict *verdict = ha_sched_place(c->sched, c->state, pod);
    int32_t node;

    if (verdict->n_feasible == 0) {
        return HA_SCHED_NONE;
    }
    node = (int32_t)verdict->best[0];
    ha_sched_bind(c->sched, c->state, pod, (uint32_t)node);
    return node;
}
