/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduler's queue: what brings an unschedulable pod back (k8s
 * pkg/scheduler/backend/queue, queueing hints of each plugin, KEP-4247).
 *
 * A pod that could not be placed sleeps until an event that may help one of the plugins
 * that rejected it. Plugins look at the event before they say yes: freed resources must
 * be of a kind the pod asks for, a bound or deleted pod must match one of its terms. An
 * event that merely sets a deletionTimestamp wakes nobody: the pod still holds its
 * place; its final removal does. After an event the pod waits out its back-off (1 s,
 * doubled with every attempt, at most 10 s); without any event it is flushed back after
 * 300 s, which is looked for every 30 s. The timers are the model's business; this
 * file only says who wakes whom.
 *
 * Since 1.33 a pod in back-off is taken at once when the active queue is empty
 * (SchedulerPopFromBackoffQ), so in a small cluster the back-off is practically nought.
 */
#include "models/kube/sched_internal.h"

double ha_sched_backoff_s(uint32_t attempt)
{
    double seconds = 1.0;

    for (uint32_t i = 1; i < attempt && seconds < 10.0; i++) {
        seconds *= 2.0;
    }
    return seconds < 10.0 ? seconds : 10.0;
}

static bool counts(const struct ha_sched *s, int32_t counter, uint32_t pod)
{
    return counter >= 0 && ha_bit(s->counter[counter].shapes, s->pod[pod].shape);
}

static bool terms_count(const struct ha_sched *s, const struct ha_sched_terms *terms,
                        uint32_t pod)
{
    for (uint32_t i = 0; i < terms->n; i++) {
        if (counts(s, terms->item[i].counter, pod)) {
            return true;
        }
    }
    return false;
}

static bool wakes_spread(const struct ha_sched *s, const struct ha_sched_shape *shape,
                         const struct ha_sched_event *event)
{
    switch (event->kind) {
    case HA_SCHED_EV_NODE_ADDED:
    case HA_SCHED_EV_NODE_DELETED:
    case HA_SCHED_EV_NODE_TAINTS:
    case HA_SCHED_EV_NODE_LABELS:
        return true;
    case HA_SCHED_EV_POD_ADDED:
    case HA_SCHED_EV_POD_DELETED:
        for (uint32_t i = 0; i < shape->n_hard; i++) {
            if (counts(s, shape->hard[i].counter, event->subject)) {
                return true;
            }
        }
        return false;
    default:
        return false;
    }
}

static bool wakes_affinity(const struct ha_sched *s, const struct ha_sched_shape *shape,
                           const struct ha_sched_event *event)
{
    switch (event->kind) {
    case HA_SCHED_EV_NODE_ADDED:
    case HA_SCHED_EV_NODE_LABELS:
        return true;
    case HA_SCHED_EV_POD_ADDED:
        return terms_count(s, &shape->affinity, event->subject);
    case HA_SCHED_EV_POD_DELETED:
        return terms_count(s, &shape->anti, event->subject) ||
               terms_count(s, &shape->existing, event->subject);
    default:
        return false;
    }
}

/* Room appears when a pod goes that used something of what is wanted; every pod uses
 * one of the places for pods. */
static bool wakes_fit(const struct ha_sched *s, const struct ha_sched_shape *shape,
                      const struct ha_sched_event *event)
{
    const struct ha_sched_shape *other;

    if (event->kind != HA_SCHED_EV_POD_DELETED) {
        return event->kind == HA_SCHED_EV_NODE_ADDED ||
               event->kind == HA_SCHED_EV_NODE_ALLOCATABLE;
    }
    other = &s->shape[s->pod[event->subject].shape];
    for (uint32_t k = 0; k < s->n_columns; k++) {
        if (shape->request[k] > 0 && other->request[k] > 0) {
            return true;
        }
    }
    return false;
}

static bool wakes_volumes(const struct ha_sched_event *event)
{
    return event->kind == HA_SCHED_EV_CLAIM || event->kind == HA_SCHED_EV_VOLUME ||
           event->kind == HA_SCHED_EV_NODE_ADDED ||
           event->kind == HA_SCHED_EV_NODE_LABELS;
}

static bool wakes_restrictions(const struct ha_sched *s, uint32_t pod,
                               const struct ha_sched_event *event)
{
    const struct ha_sched_shape *shape = &s->shape[s->pod[pod].shape];

    if (event->kind != HA_SCHED_EV_POD_DELETED) {
        return event->kind == HA_SCHED_EV_NODE_ADDED ||
               event->kind == HA_SCHED_EV_CLAIM;
    }
    for (uint32_t i = 0; i < s->pod[pod].n_claims; i++) {
        for (uint32_t k = 0; k < s->pod[event->subject].n_claims; k++) {
            if (s->pod[pod].claim[i] == s->pod[event->subject].claim[k]) {
                return true;
            }
        }
    }
    return counts(s, shape->disk_counter, event->subject);
}

static bool wakes_by(const struct ha_sched *s, uint32_t pod,
                     enum ha_sched_plugin_id plugin, const struct ha_sched_event *event)
{
    const struct ha_sched_shape *shape = &s->shape[s->pod[pod].shape];

    switch (plugin) {
    case HA_SCHED_NODE_UNSCHEDULABLE:
        return event->kind == HA_SCHED_EV_NODE_ADDED ||
               event->kind == HA_SCHED_EV_NODE_UNCORDONED;
    case HA_SCHED_TAINT_TOLERATION:
        return event->kind == HA_SCHED_EV_NODE_ADDED ||
               event->kind == HA_SCHED_EV_NODE_TAINTS;
    case HA_SCHED_NODE_NAME:
    case HA_SCHED_NODE_AFFINITY:
        return event->kind == HA_SCHED_EV_NODE_ADDED ||
               event->kind == HA_SCHED_EV_NODE_LABELS;
    case HA_SCHED_NODE_PORTS:
        return event->kind == HA_SCHED_EV_NODE_ADDED ||
               (event->kind == HA_SCHED_EV_POD_DELETED &&
                counts(s, shape->port_counter, event->subject));
    case HA_SCHED_NODE_RESOURCES_FIT:
        return wakes_fit(s, shape, event);
    case HA_SCHED_VOLUME_RESTRICTIONS:
        return wakes_restrictions(s, pod, event);
    case HA_SCHED_EBS_LIMITS:
    case HA_SCHED_GCE_PD_LIMITS:
    case HA_SCHED_NODE_VOLUME_LIMITS:
    case HA_SCHED_AZURE_DISK_LIMITS:
        return event->kind == HA_SCHED_EV_POD_DELETED ||
               event->kind == HA_SCHED_EV_DETACHED ||
               event->kind == HA_SCHED_EV_CLAIM ||
               event->kind == HA_SCHED_EV_NODE_ADDED;
    case HA_SCHED_VOLUME_BINDING:
    case HA_SCHED_VOLUME_ZONE:
        return wakes_volumes(event);
    case HA_SCHED_POD_TOPOLOGY_SPREAD:
        return wakes_spread(s, shape, event);
    case HA_SCHED_INTER_POD_AFFINITY:
        return wakes_affinity(s, shape, event);
    case HA_SCHED_BALANCED_ALLOCATION:
    case HA_SCHED_IMAGE_LOCALITY:
    case HA_SCHED_N_PLUGINS:
        break;
    }
    return false;
}

bool ha_sched_wakes(const struct ha_sched *sched, uint32_t pod, uint32_t rejected_by,
                    const struct ha_sched_event *event)
{
    for (int p = 0; p < HA_SCHED_N_PLUGINS; p++) {
        if ((rejected_by >> p & 1) != 0 &&
            wakes_by(sched, pod, (enum ha_sched_plugin_id)p, event)) {
            return true;
        }
    }
    return false;
}
