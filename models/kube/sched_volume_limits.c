/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NodeVolumeLimits: a node's drivers attach only so many volumes.
 *
 * For each driver, the different volumes used on the node plus the new ones must not
 * exceed the limit that the driver published in CSINode; no limit published, no
 * limit. A volume that the node has attached already costs nothing. Claims without a
 * volume count under the driver that would provision for them.
 *
 * EBSLimits, GCEPDLimits and AzureDiskLimits did the same for the in-tree drivers, by
 * the node's allocatable "attachable-volumes-...". Since CSI migration (GA by 1.27) the
 * drivers are CSI ones, and these plugins step back wherever a CSINode speaks for the
 * driver; they were removed in 1.31 or later. Their rows keep their places in the
 * profile and look at nodes that still publish the old resource.
 *
 * This is the one plugin that walks over pods: those that use claims or inline
 * disks. It is skipped when no node publishes any limit, which is always so for
 * designs. Source: k8s plugins/nodevolumelimits (csi.go, non_csi.go).
 */
#include <stdio.h>
#include <string.h>

#include "models/kube/sched_internal.h"

#define MAX_NEW 32

struct disk {
    const char *driver, *handle;
    uint32_t claim; /* tells provisioned volumes apart */
};

static const struct old_driver {
    const char *driver, *resource;
} old_drivers[] = {
    {"ebs.csi.aws.com", "attachable-volumes-aws-ebs"},
    {"pd.csi.storage.gke.io", "attachable-volumes-gce-pd"},
    {"disk.csi.azure.com", "attachable-volumes-azure-disk"},
};

/* The disk behind the k-th volume of a pod; false when it has no driver. */
static bool disk_of(const struct ha_sched_cycle *c, uint32_t pod, uint32_t k,
                    uint32_t *claim_at, struct disk *out)
{
    const struct ha_sched *s = c->s;
    const struct ha_kube_pod *object = &s->objects->pod[pod];
    const struct ha_sched_claim *claim;
    struct ha_sched_pin pin;

    memset(out, 0, sizeof(*out));
    if (object->volume[k].claim == NULL) {
        out->driver = object->volume[k].driver;
        out->handle = object->volume[k].handle;
        out->claim = UINT32_MAX;
        return out->driver != NULL;
    }
    out->claim = s->pod[pod].claim[(*claim_at)++];
    claim = &s->claim[out->claim];
    pin = c->v.claim[out->claim];
    if (pin.kind == HA_SCHED_STATIC && pin.where >= 0) {
        out->driver = s->objects->volume[pin.where].driver;
        out->handle = s->objects->volume[pin.where].handle;
    } else if (claim->class_ix >= 0) {
        out->driver = s->objects->storage_class[claim->class_ix].provisioner;
        out->handle = "";
    }
    return out->driver != NULL;
}

static bool same_disk(const struct disk *a, const struct disk *b)
{
    return strcmp(a->driver, b->driver) == 0 && strcmp(a->handle, b->handle) == 0 &&
           (*a->handle != '\0' || a->claim == b->claim);
}

static uint32_t collect(const struct ha_sched_cycle *c, uint32_t pod,
                        const char *driver, struct disk *disk, uint32_t n,
                        uint32_t size)
{
    uint32_t claim_at = 0;

    for (uint32_t k = 0; k < c->s->objects->pod[pod].n_volumes; k++) {
        struct disk one;
        bool is_new = true;

        if (!disk_of(c, pod, k, &claim_at, &one) || strcmp(one.driver, driver) != 0) {
            continue;
        }
        for (uint32_t i = 0; i < n; i++) {
            is_new = is_new && !same_disk(&one, &disk[i]);
        }
        if (is_new && n < size) {
            disk[n++] = one;
        }
    }
    return n;
}

/* Volumes of the driver on the node, and how many more this pod would bring. */
static void count_volumes(const struct ha_sched_cycle *c, uint32_t node,
                          const char *driver, uint32_t *attached, uint32_t *wanted)
{
    struct disk disk[512];
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->s->n_pods; i++) {
        if (c->v.pod_node[i] == (int32_t)node && c->s->objects->pod[i].n_volumes > 0) {
            n = collect(c, i, driver, disk, n, 512 - MAX_NEW);
        }
    }
    *attached = n;
    *wanted = collect(c, c->pod, driver, disk, n, 512) - n;
}

static int64_t csi_limit(const struct ha_sched *s, uint32_t node, const char *driver)
{
    const char *name = s->objects->node[node].meta.name;

    for (uint32_t i = 0; i < s->objects->n_csi_nodes; i++) {
        const struct ha_kube_csi_node *csi = &s->objects->csi_node[i];

        for (uint32_t k = 0; strcmp(csi->meta.name, name) == 0 && k < csi->n_drivers;
             k++) {
            if (strcmp(csi->driver[k].resource, driver) == 0) {
                return csi->driver[k].value;
            }
        }
    }
    return -1;
}

static int64_t old_limit(const struct ha_sched *s, uint32_t node,
                         const struct old_driver *old)
{
    const struct ha_amounts *room = &s->objects->node[node].allocatable;

    if (csi_limit(s, node, old->driver) >= 0) {
        return -1; /* the CSI driver speaks for itself */
    }
    for (uint32_t k = 0; k < room->n; k++) {
        if (strcmp(room->item[k].resource, old->resource) == 0) {
            return room->item[k].value;
        }
    }
    return -1;
}

static bool within(const struct ha_sched_cycle *c, uint32_t node, const char *driver,
                   int64_t limit)
{
    uint32_t attached;
    uint32_t wanted;

    if (limit < 0) {
        return true;
    }
    count_volumes(c, node, driver, &attached, &wanted);
    return wanted == 0 || (int64_t)attached + wanted <= limit;
}

static bool prepare(struct ha_sched_cycle *c)
{
    return c->s->has_volume_limits && c->s->objects->pod[c->pod].n_volumes > 0;
}

static bool filter_csi(const struct ha_sched_cycle *c, uint32_t node,
                       struct ha_sched_node_verdict *out)
{
    uint32_t claim_at = 0;

    for (uint32_t k = 0; k < c->s->objects->pod[c->pod].n_volumes; k++) {
        struct disk one;

        if (disk_of(c, c->pod, k, &claim_at, &one) &&
            !within(c, node, one.driver, csi_limit(c->s, node, one.driver))) {
            out->reasons = 1;
            return false;
        }
    }
    return true;
}

static bool filter_old(const struct ha_sched_cycle *c, uint32_t node,
                       const struct old_driver *old, struct ha_sched_node_verdict *out)
{
    if (within(c, node, old->driver, old_limit(c->s, node, old))) {
        return true;
    }
    out->reasons = 1;
    return false;
}

static bool filter_ebs(const struct ha_sched_cycle *c, uint32_t node,
                       struct ha_sched_node_verdict *out)
{
    return filter_old(c, node, &old_drivers[0], out);
}

static bool filter_gce(const struct ha_sched_cycle *c, uint32_t node,
                       struct ha_sched_node_verdict *out)
{
    return filter_old(c, node, &old_drivers[1], out);
}

static bool filter_azure(const struct ha_sched_cycle *c, uint32_t node,
                         struct ha_sched_node_verdict *out)
{
    return filter_old(c, node, &old_drivers[2], out);
}

#define LIMITS(which)                                                                  \
    {                                                                                  \
        .prepare = prepare, .filter = (which),                                         \
        .only_reason = "node(s) exceed max volume count",                              \
        .only_words = "as many volumes are attached as its driver allows"              \
    }

const struct ha_sched_plugin ha_sched_ebs_limits = LIMITS(filter_ebs);
const struct ha_sched_plugin ha_sched_gce_pd_limits = LIMITS(filter_gce);
const struct ha_sched_plugin ha_sched_node_volume_limits = LIMITS(filter_csi);
const struct ha_sched_plugin ha_sched_azure_disk_limits = LIMITS(filter_azure);
