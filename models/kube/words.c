/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Timelines: what a firing of this room meant, in one sentence.
 *
 * Asked after the firing and its consequences, with the world as it is then: "POD_STEP"
 * alone says nothing, the pod's stage says what the step was. Sentences name the entity
 * and say what a person at the keyboard would see (`kubectl get nodes`, `get pods`).
 */
#include <stdio.h>

#include "models/kube/kube.h"

static const char *step_words(const struct ha_kube *k, uint32_t pod)
{
    switch (k->pod[pod].stage) {
    case HA_POD_PENDING:
        return ha_pod_has(k, pod, HA_POD_NOMINATED) ? "makes lower pods go for it"
                                                    : "finds no node";
    case HA_POD_BOUND:
        return k->pod[pod].gate == HA_GATE_MOUNTING ? "has its volume mounted"
               : k->pod[pod].gate == 0              ? "is placed on node"
                                                    : "waits for its volume on node";
    case HA_POD_STARTING:
        return "starts on node";
    case HA_POD_RUNNING:
        return "runs on node";
    default:
        return "goes on";
    }
}

static const char *pod_words(const struct ha_kube *k, uint32_t purpose, uint32_t pod)
{
    switch (purpose) {
    case HA_PURPOSE_POD_STEP:
        return step_words(k, pod);
    case HA_PURPOSE_POD_STOP:
        return k->pod[pod].stage == HA_POD_STOPPED ? "has stopped as told" : "is gone";
    case HA_PURPOSE_POD_GC:
        return "was removed by the pod garbage collector";
    case HA_PURPOSE_POD_READY:
        return ha_pod_has(k, pod, HA_POD_READY) ? "is Ready" : "is not Ready";
    case HA_PURPOSE_POD_ENDPOINT:
        return ha_pod_has(k, pod, HA_POD_ENDPOINT) ? "joined the endpoints"
                                                   : "left the endpoints";
    case HA_PURPOSE_POD_EVICT:
        return "is evicted: its toleration ran out";
    case HA_PURPOSE_POD_DRAIN:
        return "was asked to leave again by the drain";
    case HA_PURPOSE_POD_CALM:
        return "has run for ten good minutes: its back-off is forgotten";
    default:
        return "?";
    }
}

static const char *node_words(const struct ha_kube *k, uint32_t purpose, uint32_t node)
{
    switch (purpose) {
    case HA_PURPOSE_NODE_STALE:
        return "is NotReady: its lease went stale";
    case HA_PURPOSE_NODE_REPORT:
        return "reports NotReady";
    case HA_PURPOSE_NODE_BACK:
        return "is Ready again";
    case HA_PURPOSE_NODE_TAINT:
        return k->node[node].phase == HA_NODE_IS_READY ? "lost its NoExecute taint"
               : ha_node_has(k, node, HA_MARK_NO_EXECUTE)
                   ? "is tainted NoExecute"
                   : "waits to be tainted NoExecute";
    case HA_PURPOSE_NODE_CLOUD:
        return "was deleted by the cloud controller";
    case HA_PURPOSE_NODE_OOS:
        return "is marked out of service";
    case HA_PURPOSE_NODE_REPAIR:
        return "is given to automatic repair";
    case HA_PURPOSE_NODE_PROVISION:
        return "is there as a new machine";
    case HA_PURPOSE_NODE_RETIRE:
        return "was idle and is deleted";
    default:
        return "?";
    }
}

static const char *volume_words(const struct ha_kube *k, uint32_t volume)
{
    switch (k->volume[volume].stage) {
    case HA_VOLUME_DETACHING:
        return "is let go and being detached";
    case HA_VOLUME_DETACHED:
    case HA_VOLUME_ATTACHING:
        return "is detached";
    default:
        return "is attached";
    }
}

/* The node at the end of a sentence that ends in "node". */
static const char *where(const struct ha_kube *k, uint32_t purpose, uint32_t pod)
{
    bool is_step = purpose == HA_PURPOSE_POD_STEP;
    uint8_t stage = k->pod[pod].stage;
    bool is_named = stage == HA_POD_STARTING || stage == HA_POD_RUNNING ||
                    (stage == HA_POD_BOUND && k->pod[pod].gate != HA_GATE_MOUNTING);
    return is_step && is_named ? k->plan->infra.node_name[k->pod[pod].node] : "";
}

int ha_kube_explain(const struct ha_kube *k, uint32_t purpose, uint32_t entity,
                    char *text, size_t size)
{
    const struct ha_infra_plan *names = &k->plan->infra;
    if (purpose < HA_PURPOSE_KUBE) {
        return ha_infra_explain(&k->infra, purpose, entity, text, size);
    }
    if (purpose <= HA_PURPOSE_NODE_RETIRE) {
        return snprintf(text, size, "node %s %s", names->node_name[entity],
                        node_words(k, purpose, entity));
    }
    if (purpose == HA_PURPOSE_ZONE_TOKEN) {
        return snprintf(text, size, "zone %s may taint another node",
                        names->zone_name[entity]);
    }
    if (purpose == HA_PURPOSE_VOLUME_STEP) {
        return snprintf(text, size, "volume %s %s", names->volume_name[entity],
                        volume_words(k, entity));
    }
    if (purpose == HA_PURPOSE_DRAIN_LIMIT) {
        return snprintf(text, size, "the drain has waited long enough");
    }
    const char *node = where(k, purpose, entity);
    return snprintf(text, size, "pod %s %s%s%s", names->pod_name[entity],
                    pod_words(k, purpose, entity), *node == '\0' ? "" : " ", node);
}
