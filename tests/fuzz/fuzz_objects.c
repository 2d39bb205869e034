/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes the reader of Kubernetes objects and what follows: any bytes as a file of
 * objects, or as a conformance case. Whatever is accepted is compiled and placed, with
 * preemption and explanations, so that nonsense that slips through the reader still
 * meets every plugin. A crash, a leak or a sanitizer report is the finding; an error
 * must have a message.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cli/place_case.h"
#include "models/kube/sched.h"
#include "sim/check.h"

#define MAX_PLACED 32
#define MAX_PODS   2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void place_some(struct sim_arena *arena, const struct ha_sched *sched)
{
    void *state = sim_arena_alloc(arena, ha_sched_state_bytes(sched));
    char text[256];
    uint32_t n = 0;

    ha_sched_state_init(sched, state);
    for (uint32_t i = 0; i < ha_sched_n_pods(sched) && n < MAX_PLACED; i++) {
        const struct ha_sched_verdict *verdict;
        struct ha_sched_preemption preemption;

        if (ha_sched_pod_node(sched, state, i) != HA_SCHED_NONE) {
            continue;
        }
        n++;
        verdict = ha_sched_place(sched, state, i);
        for (uint32_t k = 0; k < verdict->n_nodes; k++) {
            ha_sched_explain(sched, state, verdict, k, text, sizeof(text));
        }
        if (verdict->n_feasible > 0) {
            cli_place_commit(sched, state, i, verdict->best[0], 0, NULL);
            continue;
        }
        if (verdict->pre_filter == HA_SCHED_NONE) {
            preemption = ha_sched_preempt(sched, state, verdict);
            SIM_CHECK(*ha_sched_message(arena, sched, verdict, &preemption) != '\0');
            cli_place_evict(sched, state, &preemption);
        }
    }
}

static int place_objects(struct sim_arena *arena, const struct ha_docs *docs,
                         struct sim_err *err)
{
    const struct ha_sched_options options = {34, true};
    const struct ha_sched *sched;
    struct ha_objects objects;
    int code = 0;

    ha_objects_init(&objects, arena);
    for (uint32_t i = 0; i < docs->n && code == 0; i++) {
        code = ha_objects_add(&objects, docs->doc[i], err);
    }
    if (code == 0) {
        code = ha_objects_finish(&objects, err);
    }
    if (code == 0 && objects.n_pods <= MAX_PODS) {
        code = ha_sched_compile(arena, &objects, &options, &sched, err);
        if (code == 0) {
            place_some(arena, sched);
        }
    }
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_arena arena;
    struct sim_err err = {0};
    struct ha_docs docs;
    json_t *answer = NULL;
    int code;

    sim_arena_init(&arena);
    code = ha_docs_parse(&arena, "fuzz.yaml", (const char *)data, size, &docs, &err);
    if (code == 0 && docs.n > 0 && cli_is_place_case(docs.doc[0])) {
        code = cli_place_case(docs.doc[0], &answer, &err);
        json_decref(answer);
    } else if (code == 0) {
        code = place_objects(&arena, &docs, &err);
    }
    SIM_CHECK(code == 0 || err.message[0] != '\0');
    sim_arena_clear(&arena);
    return 0;
}
