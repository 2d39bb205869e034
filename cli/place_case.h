/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conformance cases of the scheduler: input objects and, pod by pod, what must come
 * out. `nines place -f case.json -o json` and the tests answer them with this.
 */
#ifndef CLI_PLACE_CASE_H
#define CLI_PLACE_CASE_H

#include <jansson.h>
#include <stdbool.h>

#include "models/design/doc.h"
#include "models/kube/sched.h"
#include "sim/err.h"

/* Is this document a conformance case (input.nodes and input.pendingPods)? */
bool cli_is_place_case(const struct ha_node *root);

/*
 * Plays a case: pods are tried once each, in order; ties go to the first node. Writes
 * an object with the fields of a case's `expected` part (without rawScores) to *out,
 * which the caller frees with json_decref. Follows the rules of 1.26, the version the
 * cases were recorded with. Errors: SIM_ERR_INPUT with file:line:column.
 */
int cli_place_case(const struct ha_node *root, json_t **out, struct sim_err *err);

/* One pod's verdict in the same form, for `nines place` on objects and designs. Either
 * of `preemption` and the state may be what ha_sched_preempt got and gave, or NULL. */
json_t *cli_place_verdict_json(const struct ha_sched *sched, const void *state,
                               const struct ha_sched_verdict *verdict,
                               const struct ha_sched_preemption *preemption);

/* Names of the score plugins, in the order of the columns of `scores`. */
json_t *cli_place_score_plugins(void);

/* "namespace/name" of a pod. */
json_t *cli_place_pod_name(const struct ha_sched *sched, uint32_t pod);

/* Puts a pod on a node as the scheduler would: its unbound claims are bound as planned
 * (provisioned ones in the node's zone), and it counts from now on. Says in *volumes
 * (may be NULL) what was bound; a new reference, or NULL when there was nothing. */
void cli_place_commit(const struct ha_sched *sched, void *state, uint32_t pod,
                      uint32_t node, int64_t start_s, json_t **volumes);

/* Takes the victims away at once, and one off the budgets that cover them. */
void cli_place_evict(const struct ha_sched *sched, void *state,
                     const struct ha_sched_preemption *preemption);

#endif
