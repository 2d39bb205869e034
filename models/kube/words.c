/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Timelines: what a firing of this room means, in one sentence.
 *
 * Asked before the firing, with the world as it is: "POD_STEP" alone says nothing, the
 * pod's stage says what the step is. Sentences name the entity and say what a person at
 * the keyboard would see (`kubectl get nodes`, `get pods`).
 */
#include <stdio.h>

#include "models/kube/kube.h"

static const char *step_words(const struct ha_kube *k, uint32_t pod)
{
    switch (k->pod[pod].stage) {
    case HA_POD_PENDING:
        return "is looked at by the scheduler";
    case HA_POD_BOUND:
        return k->pod[pod].gate == HA_GATE_MOUNTING ? "has its volume mounted"
                                                    : "looks for its volume";
    case HA_POD_STARTING:
        return "is running";
    case HA_POD_CRASHED:
        return "is started again after its back-off";
    case HA_POD_DEAD:
        return "is started again: its node is back";
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
        return k->pod[pod].stage == HA_POD_RUNNING ? "has stopped as told" : "is gone";
    case HA_PURPOSE_POD_GC:
        return "is removed by the pod garbage collector";
    case HA_PURPOSE_POD_READY:
        return ha_pod_has(k, pod, HA_POD_READY) ? "is not Ready" : "is Ready";
    case HA_PURPOSE_POD_ENDPOINT:
        return ha_pod_has(k, pod, HA_POD_ENDPOINT) ? "leaves the endpoints"
                                                   : "joins the endpoints";
    case HA_PURPOSE_POD_EVICT:
        return "is evicted: its toleration ran out";
    case HA_PURPOSE_POD_DRAIN:
        return "is asked to leave again by the drain";
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
        return k->node[node].phase == HA_NODE_IS_READY
                   ? "loses its NoExecute taint"
                   : "is queued for the NoExecute taint";
    case HA_PURPOSE_NODE_CLOUD:
        return "is deleted by the cloud controller";
    case HA_PURPOSE_NODE_OOS:
        return "is marked out of service";
    case HA_PURPOSE_NODE_REPAIR:
        return "is given to automatic repair";
    case HA_PURPOSE_NODE_PROVISION:
        return "is there as a new machine";
    default:
        return "?";
    }
}

static const char *volume_words(const struct ha_kube *k, uint32_t volume)
{
    switch (k->volume[volume].wait) {
    case HA_WAIT_REPORT:
    case HA_WAIT_UNMOUNT:
        return "is reported not in use";
    case HA_WAIT_FORCE:
        return "is force-detached after 360 s";
    case HA_WAIT_EVICTED:
        return "is released: its node is out of service";
    case HA_WAIT_DETACH:
        return "is detached";
    case HA_WAIT_ATTACH:
        return "is attached";
    default:
        return "?";
    }
}

int ha_kube_explain(const struct ha_kube *k, uint32_t purpose, uint32_t entity,
                    char *text, size_t size)
{
    const struct ha_infra_plan *names = &k->plan->infra;
    if (purpose < HA_PURPOSE_KUBE) {
        return ha_infra_explain(&k->infra, purpose, entity, text, size);
    }
    if (purpose <= HA_PURPOSE_NODE_PROVISION) {
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
    return snprintf(text, size, "pod %s %s", names->pod_name[entity],
                    pod_words(k, purpose, entity));
}
