/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * VolumeZone: the zone and region labels on a bound volume must agree with the node's.
 *
 * Older than node affinity of volumes, and still there for volumes that carry only
 * labels. A node without any zone or region label passes. Which nodes a volume's labels
 * admit was worked out when compiling (sched_volumes.c). Volumes that were provisioned
 * in the course of a run carry node affinity, not labels, so they are no concern here.
 *
 * Source: k8s plugins/volumezone.
 */
#include <stdio.h>

#include "models/kube/sched_internal.h"

static const struct ha_sched_volume *volume_of(const struct ha_sched_cycle *c,
                                               uint32_t claim)
{
    const struct ha_sched_pin pin = c->v.claim[claim];

    return pin.kind == HA_SCHED_STATIC && pin.where >= 0 ? &c->s->volume[pin.where]
                                                         : NULL;
}

static bool prepare(struct ha_sched_cycle *c)
{
    const struct ha_sched_pod *pod = &c->s->pod[c->pod];

    for (uint32_t k = 0; k < pod->n_claims; k++) {
        const struct ha_sched_volume *volume = volume_of(c, pod->claim[k]);

        if (volume != NULL && volume->zone_fits != NULL) {
            return true;
        }
    }
    return false;
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    const struct ha_sched_pod *pod = &c->s->pod[c->pod];

    for (uint32_t k = 0; k < pod->n_claims; k++) {
        const struct ha_sched_volume *volume = volume_of(c, pod->claim[k]);

        if (volume != NULL && volume->zone_fits != NULL &&
            !ha_bit(volume->zone_fits, node)) {
            out->reasons = 1;
            out->detail = (int32_t)pod->claim[k];
            out->is_unresolvable = true;
            return false;
        }
    }
    return true;
}

static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    (void)node;
    return snprintf(text, size, "the volume of %s is labelled for another zone",
                    c->s->claim[row->detail].name);
}

const struct ha_sched_plugin ha_sched_volume_zone = {
    .prepare = prepare,
    .filter = filter,
    .only_reason = "node(s) had no available volume zone",
    .explain = explain};
