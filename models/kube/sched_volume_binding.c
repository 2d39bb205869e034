/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * VolumeBinding: bound claims tie a pod to where their volumes are; unbound ones need
 * a volume, or a class that may make one there.
 *
 * Before any node is looked at, a pod is refused outright if one of its claims does not
 * exist, is lost or being deleted, or is unbound while its class binds immediately.
 * Then, per node:
 *   - the volume of every bound claim must be usable there;
 *   - unbound claims (WaitForFirstConsumer) take, smallest claim first, the smallest
 *     fitting free volume of their class, among equals the first in order; a volume
 *     whose claimRef already names the claim is taken whatever its size is in order;
 *   - claims for which there is none are provisioned, if the class has a provisioner
 *     and its allowedTopologies admit the node.
 * Claims that a former attempt already promised to a node (annotation selected-node)
 * can be provisioned there only.
 *
 * The score of the plugin is 0 unless storage capacity scoring is switched on, which is
 * not the default. Left out: storage capacity tracking.
 * Source: k8s plugins/volumebinding (binder.go, volume_binding.go),
 * k8s.io/component-helpers storage/volume/pv_helpers.go.
 */
#include <stdio.h>
#include <string.h>

#include "models/kube/sched_internal.h"

#define NODE_CONFLICT 1u
#define BIND_CONFLICT 2u
#define NO_VOLUME     4u

/* ---- before looking at nodes ---- */

/* Words for a claim that stops the pod, or NULL. */
static const char *refusal_of(struct ha_sched_cycle *c, uint32_t ix)
{
    const struct ha_sched_claim *claim = &c->s->claim[ix];
    const enum ha_sched_binding kind = (enum ha_sched_binding)c->v.claim[ix].kind;
    const struct ha_kube_claim *object =
        claim->object >= 0 ? &c->s->objects->claim[claim->object] : NULL;

    if (kind == HA_SCHED_MISSING) {
        snprintf(c->refusal_text, 512, "persistentvolumeclaim \"%s\" not found",
                 claim->name);
        return c->refusal_text;
    }
    if (kind == HA_SCHED_LOST) {
        snprintf(c->refusal_text, 512,
                 "persistentvolumeclaim \"%s\" bound to non-existent persistentvolume "
                 "\"%s\"",
                 claim->name, object != NULL ? object->volume_name : "");
        return c->refusal_text;
    }
    if (object != NULL && object->meta.is_terminating) {
        snprintf(c->refusal_text, 512, "persistentvolumeclaim \"%s\" is being deleted",
                 claim->name);
        return c->refusal_text;
    }
    return NULL;
}

static void mark_taken(struct ha_sched_cycle *c)
{
    c->is_taken = ha_sched_cycle_alloc(c, c->s->n_volumes, 1);
    for (uint32_t i = 0; i < c->s->n_claims; i++) {
        const struct ha_sched_pin pin = c->v.claim[i];

        if (pin.kind == HA_SCHED_STATIC && pin.where >= 0) {
            c->is_taken[pin.where] = 1;
        }
    }
}

static bool prepare(struct ha_sched_cycle *c)
{
    const struct ha_sched_pod *pod = &c->s->pod[c->pod];
    bool is_immediate = false;

    for (uint32_t k = 0; k < pod->n_claims; k++) {
        const enum ha_sched_binding kind =
            (enum ha_sched_binding)c->v.claim[pod->claim[k]].kind;

        c->refusal = refusal_of(c, pod->claim[k]);
        if (c->refusal != NULL) {
            c->refusal_is_final = true;
            return false;
        }
        is_immediate =
            is_immediate || kind == HA_SCHED_PREBOUND ||
            (kind == HA_SCHED_UNBOUND && !c->s->claim[pod->claim[k]].is_delayed);
    }
    if (is_immediate) {
        c->refusal = "pod has unbound immediate PersistentVolumeClaims";
        c->refusal_is_final = true;
        return false;
    }
    if (pod->n_claims > 0) {
        mark_taken(c);
    }
    return pod->n_claims > 0;
}

/* ---- one node ---- */

static bool names_claim(const struct ha_kube_volume *volume,
                        const struct ha_kube_claim *claim)
{
    return volume->has_claim && strcmp(volume->claim_ns, claim->meta.ns) == 0 &&
           strcmp(volume->claim_name, claim->meta.name) == 0 &&
           (*volume->claim_uid == '\0' ||
            strcmp(volume->claim_uid, claim->meta.uid) == 0);
}

static bool may_take(const struct ha_kube_volume *volume,
                     const struct ha_kube_claim *claim)
{
    return volume->is_available &&
           (!claim->has_selector ||
            ha_selector_matches(&claim->selector, &volume->meta.labels)) &&
           strcmp(volume->storage_class, claim->storage_class) == 0 &&
           (claim->access_modes & ~volume->access_modes) == 0;
}

/* The volume a claim would take on a node, or NONE. */
static int32_t find_volume(const struct ha_sched_cycle *c,
                           const struct ha_kube_claim *claim, uint32_t node,
                           const struct ha_sched_claim_plan *plan, uint32_t n_plans)
{
    const struct ha_sched *s = c->s;
    int32_t best = HA_SCHED_NONE;

    for (uint32_t i = 0; i < s->n_volumes; i++) {
        const struct ha_kube_volume *volume = &s->objects->volume[i];
        const bool fits = s->volume[i].fits == NULL || ha_bit(s->volume[i].fits, node);
        bool is_chosen = c->is_taken[i] != 0 || s->volume[i].is_deleting;

        for (uint32_t k = 0; k < n_plans; k++) {
            is_chosen = is_chosen || plan[k].volume == (int32_t)i;
        }
        if (is_chosen || (volume->has_claim && !names_claim(volume, claim)) ||
            volume->capacity_bytes < claim->request_bytes ||
            volume->is_block != claim->is_block ||
            strcmp(volume->storage_class, claim->storage_class) != 0) {
            continue;
        }
        if (volume->has_claim) {
            return fits ? (int32_t)i : HA_SCHED_NONE;
        }
        if (fits && may_take(volume, claim) &&
            (best < 0 ||
             volume->capacity_bytes < s->objects->volume[best].capacity_bytes)) {
            best = (int32_t)i;
        }
    }
    return best;
}

static bool may_provision(const struct ha_sched *s, const struct ha_sched_claim *claim,
                          uint32_t node)
{
    const char *promised =
        claim->object >= 0 ? s->objects->claim[claim->object].selected_node : NULL;

    if (promised != NULL && strcmp(promised, s->objects->node[node].meta.name) != 0) {
        return false;
    }
    return claim->can_provision &&
           (claim->provision_fits == NULL || ha_bit(claim->provision_fits, node));
}

/* The k-th unbound claim of the pod by size (equal sizes in the pod's order). */
static int32_t next_claim(const struct ha_sched_cycle *c, uint32_t rank)
{
    const struct ha_sched_pod *pod = &c->s->pod[c->pod];

    for (uint32_t k = 0; k < pod->n_claims; k++) {
        const int32_t object = c->s->claim[pod->claim[k]].object;
        const int64_t size =
            object >= 0 ? c->s->objects->claim[object].request_bytes : 0;
        uint32_t before = 0;

        if (c->v.claim[pod->claim[k]].kind != HA_SCHED_UNBOUND) {
            continue;
        }
        for (uint32_t j = 0; j < pod->n_claims; j++) {
            const int32_t other = c->s->claim[pod->claim[j]].object;
            const int64_t its =
                other >= 0 ? c->s->objects->claim[other].request_bytes : 0;

            before += c->v.claim[pod->claim[j]].kind == HA_SCHED_UNBOUND &&
                      (its < size || (its == size && j < k));
        }
        if (before == rank) {
            return (int32_t)pod->claim[k];
        }
    }
    return HA_SCHED_NONE;
}

static uint32_t plan_unbound(const struct ha_sched_cycle *c, uint32_t node,
                             struct ha_sched_claim_plan *plan, uint32_t size,
                             uint32_t *n_plans)
{
    uint32_t n = 0;

    for (;; n++) {
        const int32_t ix = next_claim(c, n);
        const struct ha_sched_claim *claim = ix >= 0 ? &c->s->claim[ix] : NULL;
        int32_t volume = HA_SCHED_NONE;

        if (claim == NULL || n == size) {
            break;
        }
        if (claim->object >= 0 &&
            c->s->objects->claim[claim->object].selected_node == NULL) {
            volume =
                find_volume(c, &c->s->objects->claim[claim->object], node, plan, n);
        }
        if (volume < 0 && !may_provision(c->s, claim, node)) {
            return BIND_CONFLICT;
        }
        plan[n].claim = (uint32_t)ix;
        plan[n].volume = volume;
    }
    *n_plans = n;
    return 0;
}

static uint32_t check_bound(const struct ha_sched_cycle *c, uint32_t node)
{
    const struct ha_sched_pod *pod = &c->s->pod[c->pod];
    uint32_t reasons = 0;

    for (uint32_t k = 0; k < pod->n_claims; k++) {
        const uint32_t claim = pod->claim[k];
        const struct ha_sched_pin pin = c->v.claim[claim];

        if (pin.kind == HA_SCHED_STATIC && pin.where < 0) {
            return reasons | NO_VOLUME;
        }
        if (pin.kind == HA_SCHED_STATIC &&
            (c->s->volume[pin.where].fits == NULL ||
             ha_bit(c->s->volume[pin.where].fits, node))) {
            continue;
        }
        if ((pin.kind == HA_SCHED_IN_ZONE &&
             c->s->key[c->s->zone_key].value[node] == pin.where) ||
            (pin.kind == HA_SCHED_ON_NODE && pin.where == (int32_t)node) ||
            pin.kind == HA_SCHED_ANYWHERE || pin.kind == HA_SCHED_UNBOUND) {
            continue;
        }
        return reasons | NODE_CONFLICT;
    }
    return reasons;
}

uint32_t ha_sched_find_volumes(const struct ha_sched_cycle *c, uint32_t node,
                               struct ha_sched_claim_plan *plan, uint32_t size,
                               uint32_t *n_plans)
{
    uint32_t reasons = check_bound(c, node);

    *n_plans = 0;
    reasons |= plan_unbound(c, node, plan, size, n_plans);
    return reasons;
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    struct ha_sched_claim_plan plan[64];
    uint32_t n;

    out->reasons = ha_sched_find_volumes(c, node, plan, 64, &n);
    out->is_unresolvable = true;
    if (out->reasons == 0) {
        out->is_unresolvable = false;
        return true;
    }
    return false;
}

/* ---- words ---- */

static const char *reason(const struct ha_sched *s,
                          const struct ha_sched_node_verdict *row, uint32_t k,
                          char *text, size_t size)
{
    static const char *const words[] = {
        "node(s) had volume node affinity conflict",
        "node(s) didn't find available persistent volumes to bind",
        "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"};

    (void)s;
    (void)text;
    (void)size;
    for (uint32_t i = 0; i < 3; i++) {
        if ((row->reasons >> i & 1) != 0 && k-- == 0) {
            return words[i];
        }
    }
    return NULL;
}

static int explain_bound(const struct ha_sched_cycle *c, uint32_t node, char *text,
                         size_t size)
{
    const struct ha_sched_pod *pod = &c->s->pod[c->pod];

    for (uint32_t k = 0; k < pod->n_claims; k++) {
        const struct ha_sched_claim *claim = &c->s->claim[pod->claim[k]];
        const struct ha_sched_pin pin = c->v.claim[pod->claim[k]];

        if (pin.kind == HA_SCHED_IN_ZONE &&
            c->s->key[c->s->zone_key].value[node] != pin.where) {
            return snprintf(text, size, "its volume %s is in zone %s", claim->name,
                            c->s->key[c->s->zone_key].text[pin.where]);
        }
        if (pin.kind == HA_SCHED_ON_NODE && pin.where != (int32_t)node) {
            return snprintf(text, size, "its volume %s is on node %s", claim->name,
                            c->s->objects->node[pin.where].meta.name);
        }
        if (pin.kind == HA_SCHED_STATIC && pin.where >= 0 &&
            c->s->volume[pin.where].fits != NULL &&
            !ha_bit(c->s->volume[pin.where].fits, node)) {
            return snprintf(text, size, "its volume %s cannot be used on this node",
                            c->s->objects->volume[pin.where].meta.name);
        }
    }
    return snprintf(text, size, "a claim is bound to a volume that does not exist");
}

static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    if ((row->reasons & (NODE_CONFLICT | NO_VOLUME)) != 0) {
        return explain_bound(c, node, text, size);
    }
    return snprintf(text, size,
                    "no free volume fits its claim here, and none can be provisioned");
}

static bool score(struct ha_sched_cycle *c)
{
    (void)c;
    return false; /* StorageCapacityScoring is off by default */
}

const struct ha_sched_plugin ha_sched_volume_binding = {.prepare = prepare,
                                                        .filter = filter,
                                                        .score = score,
                                                        .reason = reason,
                                                        .explain = explain};
