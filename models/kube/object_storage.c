/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading storage objects: PersistentVolumeClaim, PersistentVolume, StorageClass,
 * CSINode.
 *
 * A claim's class may stand in spec.storageClassName or in the old annotation
 * volume.beta.kubernetes.io/storage-class, which wins (k8s component-helpers
 * storage/volume). A claim without either gets the default class when the set is
 * finished; an empty text says "no class" and stays. A volume that is not said to be
 * in any phase counts as Available.
 *
 * allowedTopologies of a class are read into node terms: they are ORed terms of ANDed
 * "key In values" just the same.
 *
 * Left out: capacity tracking (CSIStorageCapacity) and volume attributes classes.
 */
#include <string.h>

#include "models/kube/object_read.h"

#define BIND_COMPLETED "pv.kubernetes.io/bind-completed"
#define SELECTED_NODE  "volume.kubernetes.io/selected-node"
#define BETA_CLASS     "volume.beta.kubernetes.io/storage-class"

static uint32_t read_modes(struct ha_obj *r, const struct ha_node *spec)
{
    static const char *const words[] = {"ReadWriteOnce", "ReadOnlyMany",
                                        "ReadWriteMany", "ReadWriteOncePod"};
    uint32_t n;
    uint32_t bits = 0;
    const char **modes = ha_obj_texts(r, spec, "accessModes", &n);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t bit = 0;

        for (uint32_t k = 0; k < 4; k++) {
            if (strcmp(modes[i], words[k]) == 0) {
                bit = 1u << k;
            }
        }
        if (bit == 0) {
            ha_obj_fail(r, ha_node_get(spec, "accessModes"),
                        "accessModes: expected ReadWriteOnce, ReadOnlyMany, "
                        "ReadWriteMany or ReadWriteOncePod");
        }
        bits |= bit;
    }
    return bits;
}

static bool read_is_block(struct ha_obj *r, const struct ha_node *spec)
{
    static const char *const modes[] = {"Filesystem", "Block", NULL};

    return ha_obj_word(r, spec, "volumeMode", modes, 0) == 1;
}

void ha_obj_read_claim(struct ha_obj *r, const struct ha_node *tree,
                       struct ha_kube_claim *out)
{
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");
    const struct ha_node *resources = ha_obj_map(r, spec, "resources");
    const struct ha_node *status = ha_obj_map(r, tree, "status");
    const char *beta = ha_labels_get(&out->meta.annotations, BETA_CLASS);

    out->volume_name = ha_obj_text(r, spec, "volumeName", "");
    out->is_bind_complete =
        ha_labels_get(&out->meta.annotations, BIND_COMPLETED) != NULL;
    out->is_lost = strcmp(ha_obj_text(r, status, "phase", ""), "Lost") == 0;
    out->storage_class =
        beta != NULL ? beta : ha_obj_text(r, spec, "storageClassName", NULL);
    out->request_bytes =
        ha_obj_bytes(r, ha_obj_map(r, resources, "requests"), "storage", 0);
    out->access_modes = read_modes(r, spec);
    out->is_block = read_is_block(r, spec);
    out->has_selector = !ha_node_is_null(ha_node_get(spec, "selector"));
    out->selector = ha_obj_selector(r, spec, "selector");
    out->selected_node = ha_labels_get(&out->meta.annotations, SELECTED_NODE);
}

static void read_driver(struct ha_obj *r, const struct ha_node *spec,
                        struct ha_kube_volume *out)
{
    static const struct {
        const char *kind, *driver, *handle;
    } kinds[] = {
        {"awsElasticBlockStore", "ebs.csi.aws.com", "volumeID"},
        {"gcePersistentDisk", "pd.csi.storage.gke.io", "pdName"},
        {"azureDisk", "disk.csi.azure.com", "diskName"},
    };
    const struct ha_node *csi = ha_obj_map(r, spec, "csi");

    if (csi != NULL) {
        out->driver = ha_obj_text(r, csi, "driver", NULL);
        out->handle = ha_obj_text(r, csi, "volumeHandle", out->meta.name);
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct ha_node *disk = ha_obj_map(r, spec, kinds[i].kind);

        if (disk != NULL) {
            out->driver = kinds[i].driver;
            out->handle = ha_obj_text(r, disk, kinds[i].handle, out->meta.name);
        }
    }
}

void ha_obj_read_volume(struct ha_obj *r, const struct ha_node *tree,
                        struct ha_kube_volume *out)
{
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");
    const struct ha_node *claim = ha_obj_map(r, spec, "claimRef");
    const struct ha_node *affinity = ha_obj_map(r, spec, "nodeAffinity");
    const struct ha_node *required = ha_obj_map(r, affinity, "required");
    const struct ha_node *status = ha_obj_map(r, tree, "status");
    const char *beta = ha_labels_get(&out->meta.annotations, BETA_CLASS);

    out->storage_class =
        beta != NULL ? beta : ha_obj_text(r, spec, "storageClassName", "");
    out->capacity_bytes =
        ha_obj_bytes(r, ha_obj_map(r, spec, "capacity"), "storage", 0);
    out->access_modes = read_modes(r, spec);
    out->is_block = read_is_block(r, spec);
    out->is_available =
        strcmp(ha_obj_text(r, status, "phase", "Available"), "Available") == 0;
    out->has_claim = claim != NULL;
    out->claim_ns = ha_obj_text(r, claim, "namespace", "");
    out->claim_name = ha_obj_text(r, claim, "name", "");
    out->claim_uid = ha_obj_text(r, claim, "uid", "");
    read_driver(r, spec, out);
    out->has_node_affinity = required != NULL;
    out->node_affinity = ha_obj_node_terms(r, required, "nodeSelectorTerms", false);
}

/* [{matchLabelExpressions: [{key, values}]}] as terms of "key In values". */
static void read_topologies(struct ha_obj *r, const struct ha_node *list,
                            struct ha_node_terms *out)
{
    out->n = list->n;
    out->item = sim_arena_calloc(r->arena, list->n, sizeof(*out->item));
    for (uint32_t i = 0; i < list->n; i++) {
        const struct ha_node *all =
            ha_obj_list(r, list->item[i], "matchLabelExpressions");
        struct ha_selector *selector = &out->item[i].labels;

        if (all == NULL) {
            continue;
        }
        selector->n = all->n;
        selector->item = sim_arena_calloc(r->arena, all->n, sizeof(*selector->item));
        for (uint32_t j = 0; j < all->n && r->code == 0; j++) {
            struct ha_requirement *requirement = &selector->item[j];

            requirement->key = ha_obj_need(r, all->item[j], "key");
            requirement->op = HA_OP_IN;
            requirement->value =
                ha_obj_texts(r, all->item[j], "values", &requirement->n_values);
        }
    }
}

void ha_obj_read_class(struct ha_obj *r, const struct ha_node *tree,
                       struct ha_kube_class *out)
{
    static const char *const modes[] = {"Immediate", "WaitForFirstConsumer", NULL};
    const struct ha_node *topologies = ha_obj_list(r, tree, "allowedTopologies");
    const char *is_default = ha_labels_get(
        &out->meta.annotations, "storageclass.kubernetes.io/is-default-class");

    out->provisioner = ha_obj_text(r, tree, "provisioner", "");
    out->is_immediate = ha_obj_word(r, tree, "volumeBindingMode", modes, 0) == 0;
    out->is_default = is_default != NULL && strcmp(is_default, "true") == 0;
    out->parameters = ha_obj_labels(r, tree, "parameters");
    out->has_topologies = topologies != NULL && topologies->n > 0;
    if (out->has_topologies) {
        read_topologies(r, topologies, &out->topologies);
    }
}

void ha_obj_read_csi_node(struct ha_obj *r, const struct ha_node *tree,
                          struct ha_kube_csi_node *out)
{
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");
    const struct ha_node *list = ha_obj_list(r, spec, "drivers");

    if (list == NULL) {
        return;
    }
    out->driver = sim_arena_calloc(r->arena, list->n, sizeof(*out->driver));
    for (uint32_t i = 0; i < list->n && r->code == 0; i++) {
        const struct ha_node *room = ha_obj_map(r, list->item[i], "allocatable");

        out->driver[i].resource = ha_obj_need(r, list->item[i], "name");
        out->driver[i].value = ha_obj_int(r, room, "count", -1, 0, INT32_MAX);
        out->n_drivers++;
    }
}
