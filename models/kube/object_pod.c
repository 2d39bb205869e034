/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a v1 Pod: what it asks for, and where it wants to be.
 *
 * The reader puts in what the API server would have defaulted: namespace "default",
 * protocol TCP, host IP 0.0.0.0, host ports equal to container ports under
 * hostNetwork, requests taken from limits where a request is missing, spread policies
 * Honor (affinity) and Ignore (taints), minDomains 1. matchLabelKeys become
 * requirements on the pod's own label values (KEP-3243, KEP-3633); from 1.34 on the API
 * server has already merged them, and merging twice changes nothing.
 *
 * Disks of the old in-tree kinds are known by the name of the CSI driver that took
 * them over (CSI migration, all GA by 1.28), since limits and conflicts go by driver.
 *
 * Left out: resource claims (dynamic resource allocation), scheduling groups, security
 * contexts, probes; the scheduler's default profile does not look at the last two.
 */
#include <string.h>

#include "models/kube/object_read.h"

/* ---- containers ---- */

/* Requests, with limits standing in for what has no request. */
static struct ha_amounts read_requests(struct ha_obj *r, const struct ha_node *owner)
{
    const struct ha_node *resources = ha_obj_map(r, owner, "resources");
    struct ha_amounts requests = ha_obj_amounts(r, resources, "requests");
    const struct ha_amounts limits = ha_obj_amounts(r, resources, "limits");
    struct ha_amounts out = {0, NULL};

    if (limits.n == 0) {
        return requests;
    }
    out.item =
        sim_arena_calloc(r->arena, (size_t)requests.n + limits.n, sizeof(*out.item));
    for (uint32_t i = 0; i < requests.n; i++) {
        out.item[out.n++] = requests.item[i];
    }
    for (uint32_t i = 0; i < limits.n; i++) {
        int64_t value;

        if (!ha_amounts_get(&requests, limits.item[i].resource, &value)) {
            out.item[out.n++] = limits.item[i];
        }
    }
    return out;
}

static struct ha_container *read_containers(struct ha_obj *r,
                                            const struct ha_node *spec, const char *key,
                                            uint32_t *n)
{
    const struct ha_node *list = ha_obj_list(r, spec, key);
    struct ha_container *out;

    *n = 0;
    if (list == NULL) {
        return NULL;
    }
    out = sim_arena_calloc(r->arena, list->n, sizeof(*out));
    for (uint32_t i = 0; i < list->n && r->code == 0; i++) {
        const struct ha_node *item = list->item[i];

        if (item->kind != HA_NODE_MAP) {
            ha_obj_fail(r, item, "expected a container");
            break;
        }
        out[i].name = ha_obj_text(r, item, "name", "");
        out[i].image = ha_obj_text(r, item, "image", "");
        out[i].requests = read_requests(r, item);
        out[i].is_sidecar =
            strcmp(ha_obj_text(r, item, "restartPolicy", ""), "Always") == 0;
        (*n)++;
    }
    return out;
}

static uint32_t count_ports(const struct ha_node *list)
{
    uint32_t n = 0;

    for (uint32_t i = 0; list != NULL && i < list->n; i++) {
        const struct ha_node *ports = ha_node_get(list->item[i], "ports");

        n += ports != NULL && ports->kind == HA_NODE_LIST ? ports->n : 0;
    }
    return n;
}

static void read_port(struct ha_obj *r, const struct ha_node *item, bool on_host,
                      struct ha_kube_pod *out)
{
    struct ha_host_port *port = &out->port[out->n_ports];
    const int64_t inside = ha_obj_int(r, item, "containerPort", 0, 0, 65535);

    port->port =
        (int32_t)ha_obj_int(r, item, "hostPort", on_host ? inside : 0, 0, 65535);
    port->ip = ha_obj_text(r, item, "hostIP", "0.0.0.0");
    port->protocol = ha_obj_text(r, item, "protocol", "TCP");
    if (*port->ip == '\0') {
        port->ip = "0.0.0.0";
    }
    out->n_ports += port->port > 0;
}

/* Host ports of containers and sidecars; ordinary init containers do not count. */
static void read_ports(struct ha_obj *r, const struct ha_node *spec,
                       struct ha_kube_pod *out)
{
    const struct ha_node *lists[2] = {ha_obj_list(r, spec, "containers"),
                                      ha_obj_list(r, spec, "initContainers")};
    const bool on_host = ha_obj_bool(r, spec, "hostNetwork", false);

    out->port = sim_arena_calloc(r->arena,
                                 (size_t)count_ports(lists[0]) + count_ports(lists[1]),
                                 sizeof(*out->port));
    for (int k = 0; k < 2; k++) {
        for (uint32_t i = 0; lists[k] != NULL && i < lists[k]->n; i++) {
            const struct ha_node *ports = ha_obj_list(r, lists[k]->item[i], "ports");

            if (k == 1 && !out->init[i].is_sidecar) {
                continue;
            }
            for (uint32_t j = 0; ports != NULL && j < ports->n && r->code == 0; j++) {
                read_port(r, ports->item[j], on_host, out);
            }
        }
    }
}

/* ---- volumes ---- */

static const struct {
    const char *kind, *driver, *handle;
} inline_disks[] = {
    {"awsElasticBlockStore", "ebs.csi.aws.com", "volumeID"},
    {"gcePersistentDisk", "pd.csi.storage.gke.io", "pdName"},
    {"azureDisk", "disk.csi.azure.com", "diskName"},
    {"iscsi", "iscsi", "iqn"},
    {"rbd", "rbd", "image"},
};

static void read_volume(struct ha_obj *r, const struct ha_node *item,
                        struct ha_kube_pod *out)
{
    struct ha_pod_volume *volume = &out->volume[out->n_volumes];
    const struct ha_node *claim = ha_obj_map(r, item, "persistentVolumeClaim");

    if (claim != NULL) {
        volume->claim = ha_obj_need(r, claim, "claimName");
        volume->is_read_only = ha_obj_bool(r, claim, "readOnly", false);
        out->n_volumes++;
        return;
    }
    if (ha_obj_map(r, item, "ephemeral") != NULL) {
        volume->claim = sim_arena_printf(r->arena, "%s-%s", out->meta.name,
                                         ha_obj_text(r, item, "name", ""));
        out->n_volumes++;
        return;
    }
    for (size_t i = 0; i < sizeof(inline_disks) / sizeof(inline_disks[0]); i++) {
        const struct ha_node *disk = ha_obj_map(r, item, inline_disks[i].kind);

        if (disk != NULL) {
            volume->driver = inline_disks[i].driver;
            volume->handle = ha_obj_text(r, disk, inline_disks[i].handle, "");
            volume->is_read_only = ha_obj_bool(r, disk, "readOnly", false);
            out->n_volumes++;
            return;
        }
    }
}

static void read_volumes(struct ha_obj *r, const struct ha_node *spec,
                         struct ha_kube_pod *out)
{
    const struct ha_node *list = ha_obj_list(r, spec, "volumes");

    if (list == NULL) {
        return;
    }
    out->volume = sim_arena_calloc(r->arena, list->n, sizeof(*out->volume));
    for (uint32_t i = 0; i < list->n && r->code == 0; i++) {
        read_volume(r, list->item[i], out);
    }
}

/* ---- tolerations ---- */

static void read_tolerations(struct ha_obj *r, const struct ha_node *spec,
                             struct ha_kube_pod *out)
{
    static const char *const effects[] = {"", "NoSchedule", "PreferNoSchedule",
                                          "NoExecute", NULL};
    static const char *const operators[] = {"Equal", "Exists", "", NULL};
    const struct ha_node *list = ha_obj_list(r, spec, "tolerations");

    if (list == NULL) {
        return;
    }
    out->toleration = sim_arena_calloc(r->arena, list->n, sizeof(*out->toleration));
    for (uint32_t i = 0; i < list->n && r->code == 0; i++) {
        const struct ha_node *item = list->item[i];
        struct ha_toleration *toleration = &out->toleration[i];

        toleration->key = ha_obj_text(r, item, "key", "");
        toleration->value = ha_obj_text(r, item, "value", "");
        toleration->exists = ha_obj_word(r, item, "operator", operators, 0) == 1;
        toleration->effect = (enum ha_effect)ha_obj_word(r, item, "effect", effects, 0);
        toleration->seconds =
            ha_obj_int(r, item, "tolerationSeconds", -1, INT64_MIN, INT64_MAX);
        if (ha_obj_text(r, item, "tolerationSeconds", NULL) != NULL &&
            toleration->seconds < 0) {
            toleration->seconds = 0; /* as the taint manager treats it */
        }
        out->n_tolerations++;
    }
}

/* ---- the pod ---- */

static void read_status(struct ha_obj *r, const struct ha_node *tree,
                        struct ha_kube_pod *out)
{
    const struct ha_node *status = ha_obj_map(r, tree, "status");

    out->phase = ha_obj_text(r, status, "phase", "Pending");
    out->is_finished =
        strcmp(out->phase, "Succeeded") == 0 || strcmp(out->phase, "Failed") == 0;
    out->start_s = ha_obj_time(r, status, "startTime");
}

static void read_priority(struct ha_obj *r, const struct ha_node *spec,
                          struct ha_kube_pod *out)
{
    static const char *const policies[] = {"PreemptLowerPriority", "Never", NULL};

    out->has_priority = ha_obj_text(r, spec, "priority", NULL) != NULL;
    out->priority = (int32_t)ha_obj_int(r, spec, "priority", 0, INT32_MIN, INT32_MAX);
    out->priority_class = ha_obj_text(r, spec, "priorityClassName", NULL);
    out->never_preempts = ha_obj_word(r, spec, "preemptionPolicy", policies, 0) == 1;
}

void ha_obj_read_pod(struct ha_obj *r, const struct ha_node *tree,
                     struct ha_kube_pod *out)
{
    const struct ha_node *spec = ha_obj_map(r, tree, "spec");
    const struct ha_node *gates = ha_obj_list(r, spec, "schedulingGates");

    out->tree = tree;
    out->node_name = ha_obj_text(r, spec, "nodeName", "");
    out->has_gates = gates != NULL && gates->n > 0;
    read_status(r, tree, out);
    read_priority(r, spec, out);
    out->container = read_containers(r, spec, "containers", &out->n_containers);
    out->init = read_containers(r, spec, "initContainers", &out->n_inits);
    out->overhead = ha_obj_amounts(r, spec, "overhead");
    out->pod_requests = read_requests(r, spec);
    if (r->code == 0) {
        read_ports(r, spec, out);
        read_volumes(r, spec, out);
        read_tolerations(r, spec, out);
    }
    out->node_selector = ha_obj_labels(r, spec, "nodeSelector");
    ha_obj_read_terms(r, tree, out);
}
