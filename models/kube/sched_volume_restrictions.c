/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * VolumeRestrictions: disks that must not be used twice.
 *
 * Two rules. A claim with access mode ReadWriteOncePod may be used by one pod in the
 * whole cluster; a second pod is rejected on every node, as Unschedulable, since
 * preempting the first one would help (GA 1.29). And the old in-line disks: the same
 * EBS volume never twice on one node, the same GCE disk, iSCSI or RBD image only when
 * both pods read (of RBD the pool and monitors are not compared, only the image).
 *
 * ReadWriteOnce is not enforced here: the scheduler happily puts two pods with one RWO
 * volume on two nodes, and the second one hangs when attaching. That is the kubelet's
 * and the attach/detach controller's affair.
 * Source: k8s plugins/volumerestrictions.
 */
#include <stdio.h>

#include "models/kube/sched_internal.h"

#define CLASH_DISK 1u
#define CLASH_RWOP 2u

/* Another pod that is bound and uses a ReadWriteOncePod claim of this one. */
static int32_t rwop_user(const struct ha_sched_cycle *c)
{
    const struct ha_sched *s = c->s;
    const struct ha_sched_pod *pod = &s->pod[c->pod];

    for (uint32_t k = 0; k < pod->n_claims; k++) {
        const struct ha_sched_claim *claim = &s->claim[pod->claim[k]];

        if (claim->object < 0 ||
            (s->objects->claim[claim->object].access_modes & HA_ACCESS_RWOP) == 0) {
            continue;
        }
        for (uint32_t i = 0; i < claim->n_pods; i++) {
            const int32_t node = c->v.pod_node[claim->pod[i]];

            if (claim->pod[i] != c->pod && node >= 0 &&
                ha_sched_is_present(&c->v, (uint32_t)node)) {
                return (int32_t)claim->pod[i];
            }
        }
    }
    return HA_SCHED_NONE;
}

static bool disk_in_use(const struct ha_sched_cycle *c, uint32_t node)
{
    const int32_t counter = c->shape->disk_counter;

    return counter >= 0 && c->v.count[(size_t)counter * c->s->n_nodes + node] > 0;
}

static bool prepare(struct ha_sched_cycle *c)
{
    c->rwop_user = rwop_user(c);
    return c->rwop_user >= 0 || c->shape->disk_counter >= 0;
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    if (disk_in_use(c, node)) {
        out->reasons = CLASH_DISK;
    } else if (c->rwop_user >= 0) {
        out->reasons = CLASH_RWOP;
        out->detail = c->rwop_user;
    }
    return out->reasons == 0;
}

static const char *reason(const struct ha_sched *s,
                          const struct ha_sched_node_verdict *row, uint32_t k,
                          char *text, size_t size)
{
    (void)s;
    (void)text;
    (void)size;
    if (k > 0) {
        return NULL;
    }
    return row->reasons == CLASH_DISK
               ? "node(s) had no available disk"
               : "node has pod using PersistentVolumeClaim with the same name and "
                 "ReadWriteOncePod access mode";
}

static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    (void)node;
    if (row->reasons == CLASH_DISK) {
        return snprintf(text, size, "another pod uses the same disk on this node");
    }
    return snprintf(text, size, "%s uses the same ReadWriteOncePod volume",
                    c->s->objects->pod[row->detail].meta.name);
}

const struct ha_sched_plugin ha_sched_volume_restrictions = {
    .prepare = prepare, .filter = filter, .reason = reason, .explain = explain};
