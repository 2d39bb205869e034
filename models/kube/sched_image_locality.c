/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ImageLocality: prefers nodes that have the pod's images already, the larger the
 * better.
 *
 * Per container whose image the node has: trunc(size x nodes with it / all nodes), so
 * an image that only one node has does not draw every copy to that node. The sum is
 * clamped to 23 MiB ... 1000 MiB x containers and scaled to 0..100. A name without a
 * tag means ":latest". The size of an image is the one the first node reports.
 *
 * An etcd image of some 60 MB on all nodes gives every node the same few points; the
 * plugin decides nothing for a vCluster, but totals would not agree without it.
 * Source: k8s plugins/imagelocality.
 */
#include <stdio.h>

#include "models/kube/sched_internal.h"

#define MIB            ((int64_t)1024 * 1024)
#define MIN_BYTES      (23 * MIB)
#define MAX_BYTES_EACH (1000 * MIB)

/* What one node gains by having image k of the pod. */
static int64_t image_score(const struct ha_sched_cycle *c,
                           const struct ha_sched_image *image)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->s->n_nodes; i++) {
        n += ha_bit(image->nodes, i) && ha_sched_is_present(&c->v, i);
    }
    return (int64_t)((double)image->size_bytes * ((double)n / (double)c->n_present));
}

static bool score(struct ha_sched_cycle *c)
{
    const struct ha_sched_shape *shape = c->shape;
    const int64_t max = MAX_BYTES_EACH * shape->n_containers;

    if (shape->n_images == 0) {
        return false;
    }
    c->image_score = ha_sched_cycle_alloc(c, shape->n_images, sizeof(int64_t));
    for (uint32_t k = 0; k < shape->n_images; k++) {
        c->image_score[k] = image_score(c, &c->s->image[shape->image[k]]);
    }
    for (uint32_t i = 0; i < c->n_feasible; i++) {
        int64_t sum = 0;

        for (uint32_t k = 0; k < shape->n_images; k++) {
            if (ha_bit(c->s->image[shape->image[k]].nodes, c->feasible[i])) {
                sum += c->image_score[k];
            }
        }
        sum = sum < MIN_BYTES ? MIN_BYTES : sum > max ? max : sum;
        c->raw[i] = 100 * (sum - MIN_BYTES) / (max - MIN_BYTES);
    }
    return true;
}

const struct ha_sched_plugin ha_sched_image_locality = {.score = score};
