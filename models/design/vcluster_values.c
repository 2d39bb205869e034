/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The virtual cluster as the chart would deploy it.
 *
 * The control plane is a StatefulSet if a volume claim is used or etcd is embedded,
 * else a Deployment (chart/templates/_persistence.tpl):
 *
 *   store                            auto              true              false
 *   SQLite (also by default)         StatefulSet+PVC   StatefulSet+PVC   Deployment
 *   embedded etcd                    StatefulSet+PVC   StatefulSet+PVC   StatefulSet
 *   deployed or external etcd, SQL   Deployment        StatefulSet+PVC   Deployment
 *
 * A quota and a limit range switch each other on: each is rendered when it is true, or
 * when it is auto and the other is true (chart/templates/resourcequota.yaml,
 * limitrange.yaml). Their values are already merged over the chart's defaults, as Helm
 * does.
 *
 * The release is called after the design; pods are NAME-0, NAME-etcd-0, coredns. The
 * lease times are bare seconds in the values, as in the chart.
 *
 * How long a probe takes to act is period x failureThreshold; a probe that is switched
 * off acts never, which is written as 0.
 */
#include "models/design/vcluster_values.h"

#include <string.h>

#include "models/design/fields.h"
#include "models/design/suggest.h"
#include "models/units.h"

#define STATEFUL_SET "controlPlane.statefulSet"
#define ETCD_SET     "controlPlane.backingStore.etcd.deploy.statefulSet"

struct values_reader {
    struct ha_design *design;
    struct sim_arena *arena;
    const struct ha_node *values;
    struct sim_err *err;
};

/* ---- small readings ---- */

bool ha_values_bool(const struct ha_node *values, const char *path)
{
    bool value = false;

    (void)ha_node_bool(ha_node_at(values, path), &value);
    return value;
}

static int64_t whole_at(const struct ha_node *values, const char *path,
                        int64_t otherwise)
{
    double number = (double)otherwise;

    (void)ha_node_double(ha_node_at(values, path), &number);
    return (int64_t)number;
}

static bool word_is(const struct ha_node *values, const char *path, const char *word)
{
    return strcmp(ha_node_text(ha_node_at(values, path), ""), word) == 0;
}

enum ha_store ha_values_store(const struct ha_node *values)
{
    const struct ha_node *store = ha_node_at(values, "controlPlane.backingStore");

    if (ha_values_bool(store, "etcd.embedded.enabled")) {
        return HA_STORE_ETCD_EMBEDDED;
    }
    if (ha_values_bool(store, "etcd.external.enabled")) {
        return HA_STORE_ETCD_EXTERNAL;
    }
    if (ha_values_bool(store, "etcd.deploy.enabled")) {
        return HA_STORE_ETCD_DEPLOYED;
    }
    if (ha_values_bool(store, "database.external.enabled")) {
        return HA_STORE_DATABASE_EXTERNAL;
    }
    return HA_STORE_SQLITE;
}

static bool has_items(const struct ha_node *values, const char *path)
{
    const struct ha_node *list = ha_node_at(values, path);

    return list != NULL && list->kind == HA_NODE_LIST && list->n > 0;
}

bool ha_values_cp_has_volume(const struct ha_node *values)
{
    const char *wanted = STATEFUL_SET ".persistence.volumeClaim.enabled";
    enum ha_store store = ha_values_store(values);

    if (has_items(values, STATEFUL_SET ".persistence.volumeClaimTemplates") ||
        word_is(values, wanted, "true")) {
        return true;
    }
    return word_is(values, wanted, "auto") &&
           (store == HA_STORE_SQLITE || store == HA_STORE_ETCD_EMBEDDED);
}

static bool is_switched_on(const struct ha_node *values, const char *own,
                           const char *other)
{
    return word_is(values, own, "true") ||
           (word_is(values, own, "auto") && word_is(values, other, "true"));
}

bool ha_values_has_quota(const struct ha_node *values)
{
    return is_switched_on(values, "policies.resourceQuota.enabled",
                          "policies.limitRange.enabled");
}

bool ha_values_has_limit_range(const struct ha_node *values)
{
    return is_switched_on(values, "policies.limitRange.enabled",
                          "policies.resourceQuota.enabled");
}

/* ---- volumes ---- */

static int no_class(struct values_reader *r, const struct ha_node *node,
                    const char *name)
{
    const struct ha_host *host = &r->design->host;
    struct ha_suggest nearest;
    int code =
        ha_node_error(r->err, node, "the host has no storage class \"%.60s\"", name);

    ha_suggest_init(&nearest, name);
    for (uint32_t i = 0; i < host->n_classes; i++) {
        ha_suggest_offer(&nearest, host->storage_class[i].name);
    }
    if (nearest.best != NULL) {
        sim_err_hint(r->err, "did you mean \"%s\"?", nearest.best);
    } else {
        sim_err_hint(r->err,
                     "add it to the host file: storageClasses: [{name: %.60s, "
                     "provisioner: %s}]",
                     name, host->n_classes > 0 ? "..." : "ebs.csi.aws.com");
    }
    return code;
}

static int find_class(struct values_reader *r, const struct ha_node *claim,
                      const struct ha_node *named, const char **out)
{
    const struct ha_host *host = &r->design->host;
    const char *name = ha_node_text(named, "");
    int code;

    for (uint32_t i = 0; i < host->n_classes; i++) {
        const struct ha_storage_class *class = &host->storage_class[i];

        if (name[0] == '\0' ? class->is_default : strcmp(class->name, name) == 0) {
            *out = class->name;
            return 0;
        }
    }
    if (name[0] != '\0') {
        return no_class(r, named, name);
    }
    code = ha_node_error(r->err, claim,
                         "a volume is needed, but none of the host's "
                         "storage classes is the default");
    sim_err_hint(r->err, "name one: storageClass: %s, or mark one default: true",
                 host->n_classes > 0 ? host->storage_class[0].name : "NAME");
    return code;
}

/* The claim called "data", or the first, of volumeClaimTemplates; else volumeClaim. */
static int read_volume(struct values_reader *r, const char *set_path,
                       struct ha_workload *out)
{
    const struct ha_node *kept =
        ha_node_get(ha_node_at(r->values, set_path), "persistence");
    const struct ha_node *claim = ha_node_get(kept, "volumeClaim");
    const struct ha_node *templates = ha_node_get(kept, "volumeClaimTemplates");
    const struct ha_node *size = ha_node_get(claim, "size");
    const struct ha_node *named = ha_node_get(claim, "storageClass");
    const char *problem;

    if (templates != NULL && templates->kind == HA_NODE_LIST && templates->n > 0) {
        claim = templates->item[0];
        for (uint32_t i = 0; i < templates->n; i++) {
            if (word_is(templates->item[i], "metadata.name", "data")) {
                claim = templates->item[i];
            }
        }
        size = ha_node_at(claim, "spec.resources.requests.storage");
        named = ha_node_at(claim, "spec.storageClassName");
    }
    out->has_volume = true;
    problem = ha_units_read_bytes(ha_node_text(size, "5Gi"), &out->volume_bytes);
    if (problem != NULL) {
        return ha_node_error(r->err, size, "size of the volume claim: %s", problem);
    }
    return find_class(r, claim, named, &out->storage_class);
}

/* ---- workloads ---- */

static void read_replicas(struct values_reader *r, const char *path,
                          struct ha_workload *out)
{
    const struct ha_node *node = ha_node_at(r->values, path);

    out->replicas = (uint32_t)whole_at(r->values, path, 1);
    if (node != NULL) {
        out->place = node->place;
    }
}

static bool is_ordered(const struct ha_node *values, const char *set_path)
{
    const struct ha_node *scheduling =
        ha_node_get(ha_node_at(values, set_path), "scheduling");

    return word_is(scheduling, "podManagementPolicy", "OrderedReady");
}

static int read_control_plane(struct values_reader *r)
{
    struct ha_vcluster *vc = &r->design->vcluster;
    struct ha_workload *out = &vc->cp;

    out->name = vc->name;
    read_replicas(r, STATEFUL_SET ".highAvailability.replicas", out);
    out->grace_s = 15;
    out->pod_template = ha_template_cp(r->arena, r->values, vc->name);
    out->is_statefulset =
        ha_values_cp_has_volume(r->values) || vc->store == HA_STORE_ETCD_EMBEDDED;
    out->is_ordered_ready = out->is_statefulset && is_ordered(r->values, STATEFUL_SET);
    return ha_values_cp_has_volume(r->values) ? read_volume(r, STATEFUL_SET, out) : 0;
}

static int read_etcd(struct values_reader *r)
{
    struct ha_vcluster *vc = &r->design->vcluster;
    struct ha_workload *out = &vc->etcd;
    const char *claim = ETCD_SET ".persistence.volumeClaim.enabled";

    out->name = sim_arena_printf(r->arena, "%s-etcd", vc->name);
    if (vc->store != HA_STORE_ETCD_DEPLOYED) {
        return 0;
    }
    read_replicas(r, ETCD_SET ".highAvailability.replicas", out);
    out->grace_s = 10;
    out->pod_template = ha_template_etcd(r->arena, r->values, vc->name);
    out->is_statefulset = true;
    out->is_ordered_ready = is_ordered(r->values, ETCD_SET);
    if (!ha_values_bool(r->values, claim) &&
        !has_items(r->values, ETCD_SET ".persistence.volumeClaimTemplates")) {
        return 0;
    }
    return read_volume(r, ETCD_SET, out);
}

static void read_coredns(struct values_reader *r)
{
    const struct ha_node *coredns = ha_node_at(r->values, "controlPlane.coredns");
    struct ha_vcluster *vc = &r->design->vcluster;
    bool is_on = ha_values_bool(coredns, "enabled");

    vc->coredns.name = "coredns";
    vc->coredns_is_embedded = is_on && ha_values_bool(coredns, "embedded");
    if (!is_on || vc->coredns_is_embedded) {
        return;
    }
    read_replicas(r, "controlPlane.coredns.deployment.replicas", &vc->coredns);
    vc->coredns.grace_s = 30;
    vc->coredns.pod_template = ha_template_coredns(r->arena, r->values);
}

/* ---- policies ---- */

/* minAvailable 0 is read as unset by the chart, and then hides nothing; "" too. */
static const char *pdb_value(const struct ha_node *pdb, const char *key)
{
    const char *text = ha_node_text(ha_node_get(pdb, key), NULL);

    return text == NULL || text[0] == '\0' ? NULL : text;
}

static void read_pdb(struct values_reader *r)
{
    const struct ha_node *node =
        ha_node_at(r->values, "controlPlane.advanced.podDisruptionBudget");
    struct ha_pdb *pdb = &r->design->vcluster.pdb;

    pdb->is_enabled = ha_values_bool(node, "enabled");
    pdb->min_available = pdb_value(node, "minAvailable");
    if (pdb->min_available != NULL && strcmp(pdb->min_available, "0") == 0) {
        pdb->min_available = NULL;
    }
    if (pdb->min_available == NULL) {
        pdb->max_unavailable = pdb_value(node, "maxUnavailable");
    }
    pdb->always_allow_unhealthy =
        word_is(node, "unhealthyPodEvictionPolicy", "AlwaysAllow");
    if (node != NULL) {
        const struct ha_node *enabled = ha_node_get(node, "enabled");

        pdb->place = enabled != NULL ? enabled->place : node->place;
    }
}

static double probe_acts_s(const struct ha_node *values, const char *name)
{
    const struct ha_node *probe =
        ha_node_get(ha_node_at(values, STATEFUL_SET ".probes"), name);

    if (!ha_values_bool(probe, "enabled")) {
        return 0;
    }
    return (double)(whole_at(probe, "periodSeconds", 2) *
                    whole_at(probe, "failureThreshold", 60));
}

static void read_policies(struct values_reader *r)
{
    const struct ha_node *ha = ha_node_at(r->values, STATEFUL_SET ".highAvailability");
    struct ha_vcluster *vc = &r->design->vcluster;

    vc->lease.duration_s = (double)whole_at(ha, "leaseDuration", 60);
    vc->lease.renew_deadline_s = (double)whole_at(ha, "renewDeadline", 40);
    vc->lease.retry_period_s = (double)whole_at(ha, "retryPeriod", 15);
    vc->readiness_act_s = probe_acts_s(r->values, "readinessProbe");
    vc->liveness_act_s = probe_acts_s(r->values, "livenessProbe");
    vc->has_virtual_scheduler =
        ha_values_bool(r->values, "controlPlane.distro.k8s.scheduler.enabled") ||
        ha_values_bool(r->values, "controlPlane.advanced.virtualScheduler.enabled");
    vc->has_quota = ha_values_has_quota(r->values);
    vc->has_limit_range = ha_values_has_limit_range(r->values);
    if (vc->has_quota) {
        vc->quota = ha_node_at(r->values, "policies.resourceQuota.quota");
    }
}

int ha_vcluster_read(struct ha_design *design, const char *name, struct sim_err *err)
{
    struct values_reader r = {design, &design->arena, design->values, err};
    struct ha_vcluster *vc = &design->vcluster;
    int code;

    vc->name = name;
    vc->store = ha_values_store(r.values);
    read_pdb(&r);
    read_policies(&r);
    read_coredns(&r);
    code = read_control_plane(&r);
    return code == 0 ? read_etcd(&r) : code;
}
