/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pods that the API server would not create. They pass schema and chart, because there
 * these areas are free-form; the StatefulSet or Deployment then stands for ever with no
 * pod and an event nobody reads.
 *
 *   amounts       must be Kubernetes quantities; a request must not exceed its limit
 *                 (k8s pkg/apis/core/validation)
 *   limit range   gives limits to containers that have none, cpu 1 and memory 512Mi by
 *                 default; a larger request is then above its limit and refused
 *                 (k8s plugin/pkg/admission/limitranger)
 *   quota         on cpu or memory refuses every pod one of whose containers does not
 *                 state that resource (k8s pkg/quota/v1/evaluator/core/pods.go,
 *                 Constraints); the chart's default quota has limits.cpu and its own
 *                 control plane has none (loft-sh/vcluster issue 1746)
 *   spread        needs maxSkew >= 1, a topologyKey and a known whenUnsatisfiable
 *   probes        need periods and thresholds of at least 1
 */
#include "models/design/rules_pods.h"

#include <stdio.h>
#include <string.h>

#include "models/design/vcluster_values.h"
#include "models/units.h"

struct pods {
    const char *title;
    const char *path;       /* of the map that holds resources */
    const char *scheduling; /* of the map that holds affinity and the like */
    bool exists;
};

enum { N_PODS = 3 };

static void list_pods(const struct ha_node *values, struct pods pods[N_PODS])
{
    static const struct pods rows[N_PODS] = {
        {"the control plane", "controlPlane.statefulSet",
         "controlPlane.statefulSet.scheduling", true},
        {"etcd", "controlPlane.backingStore.etcd.deploy.statefulSet",
         "controlPlane.backingStore.etcd.deploy.statefulSet.scheduling", false},
        {"CoreDNS", "controlPlane.coredns.deployment",
         "controlPlane.coredns.deployment", false}};

    memcpy(pods, rows, sizeof(rows));
    pods[1].exists = ha_values_store(values) == HA_STORE_ETCD_DEPLOYED;
    pods[2].exists = ha_values_bool(values, "controlPlane.coredns.enabled") &&
                     !ha_values_bool(values, "controlPlane.coredns.embedded");
}

/* ---- resources ---- */

static const char *read_amount(const char *resource, const struct ha_node *node,
                               int64_t *amount)
{
    const char *text = ha_node_text(node, "");

    return strcmp(resource, "cpu") == 0 ? ha_units_read_cpu(text, amount)
                                        : ha_units_read_bytes(text, amount);
}

static int check_amounts(const struct pods *pods, const struct ha_node *map,
                         const char *what, struct sim_err *err)
{
    for (uint32_t i = 0; map != NULL && map->kind == HA_NODE_MAP && i < map->n; i++) {
        int64_t unused = 0;
        const char *problem =
            read_amount(map->entry[i].key, map->entry[i].value, &unused);

        if (problem != NULL) {
            return ha_node_error(err, map->entry[i].value, "%s.resources.%s.%.60s: %s",
                                 pods->path, what, map->entry[i].key, problem);
        }
    }
    return 0;
}

static int check_limit(const struct ha_node *values, const struct pods *pods,
                       const char *resource, struct sim_err *err)
{
    const struct ha_node *resources =
        ha_node_get(ha_node_at(values, pods->path), "resources");
    const struct ha_node *request =
        ha_node_get(ha_node_get(resources, "requests"), resource);
    const struct ha_node *limit =
        ha_node_get(ha_node_get(resources, "limits"), resource);
    bool is_default = limit == NULL && ha_values_has_limit_range(values);
    int64_t asked = 0;
    int64_t allowed = 0;
    int code;

    if (is_default) {
        limit =
            ha_node_get(ha_node_at(values, "policies.limitRange.default"), resource);
    }
    if (request == NULL || limit == NULL ||
        read_amount(resource, request, &asked) != NULL ||
        read_amount(resource, limit, &allowed) != NULL || asked <= allowed) {
        return 0;
    }
    code = ha_node_error(err, request, "%s asks for more %s (%s) than its limit%s (%s)",
                         pods->title, resource, ha_node_text(request, ""),
                         is_default ? " from policies.limitRange.default" : "",
                         ha_node_text(limit, ""));
    sim_err_hint(err, "the API server refuses such pods: set %s.resources.limits.%s",
                 pods->path, resource);
    return code;
}

static int check_resources(const struct ha_node *values, const struct pods *pods,
                           struct sim_err *err)
{
    static const char *const names[] = {"cpu", "memory", "ephemeral-storage"};
    const struct ha_node *resources =
        ha_node_get(ha_node_at(values, pods->path), "resources");
    int code = check_amounts(pods, ha_node_get(resources, "requests"), "requests", err);

    if (code == 0) {
        code = check_amounts(pods, ha_node_get(resources, "limits"), "limits", err);
    }
    for (size_t i = 0; i < 3 && code == 0; i++) {
        code = check_limit(values, pods, names[i], err);
    }
    return code;
}

/* ---- scheduling ---- */

static int check_spread_item(const struct ha_node *item, struct sim_err *err)
{
    const char *when = ha_node_text(ha_node_get(item, "whenUnsatisfiable"), "");
    const char *key = ha_node_text(ha_node_get(item, "topologyKey"), "");
    int64_t skew = 0;

    if (item->kind != HA_NODE_MAP) {
        return ha_node_error(err, item, "a spread constraint must be a map");
    }
    if (!ha_node_int(ha_node_get(item, "maxSkew"), &skew) || skew < 1) {
        return ha_node_error(err, item,
                             "a spread constraint needs maxSkew of at least 1");
    }
    if (key[0] == '\0') {
        int code = ha_node_error(err, item, "a spread constraint needs a topologyKey");

        sim_err_hint(err, "topologyKey: topology.kubernetes.io/zone");
        return code;
    }
    if (strcmp(when, "DoNotSchedule") != 0 && strcmp(when, "ScheduleAnyway") != 0) {
        return ha_node_error(
            err, item,
            "whenUnsatisfiable is \"%.60s\"; expected DoNotSchedule or "
            "ScheduleAnyway",
            when);
    }
    return 0;
}

static int check_scheduling(const struct ha_node *values, const struct pods *pods,
                            struct sim_err *err)
{
    const struct ha_node *spread =
        ha_node_get(ha_node_at(values, pods->scheduling), "topologySpreadConstraints");
    int code = 0;

    for (uint32_t i = 0;
         spread != NULL && spread->kind == HA_NODE_LIST && i < spread->n && code == 0;
         i++) {
        code = check_spread_item(spread->item[i], err);
    }
    return code;
}

static int check_probes(const struct ha_node *values, struct sim_err *err)
{
    static const char *const probes[] = {"livenessProbe", "readinessProbe",
                                         "startupProbe"};
    static const char *const keys[] = {"periodSeconds", "failureThreshold",
                                       "timeoutSeconds"};

    for (size_t i = 0; i < 9; i++) {
        const struct ha_node *probe = ha_node_get(
            ha_node_at(values, "controlPlane.statefulSet.probes"), probes[i / 3]);
        const struct ha_node *node = ha_node_get(probe, keys[i % 3]);
        double number = 1;

        if (ha_node_double(node, &number) && number < 1) {
            return ha_node_error(err, node, "%s.%s is %g; expected at least 1",
                                 probes[i / 3], keys[i % 3], number);
        }
    }
    return 0;
}

int ha_rules_pods(const struct ha_node *values, struct sim_err *err)
{
    struct pods pods[N_PODS];
    int code = check_probes(values, err);

    list_pods(values, pods);
    for (int i = 0; i < N_PODS && code == 0; i++) {
        if (pods[i].exists) {
            code = check_resources(values, &pods[i], err);
        }
        if (pods[i].exists && code == 0) {
            code = check_scheduling(values, &pods[i], err);
        }
    }
    return code;
}

/* ---- quota ---- */

/* Does the container state this resource, after API and limit-range defaulting? */
static bool is_stated(const struct ha_node *values, const struct pods *pods,
                      bool is_limit, const char *resource)
{
    const struct ha_node *resources =
        ha_node_get(ha_node_at(values, pods->path), "resources");
    const struct ha_node *limits = ha_node_get(resources, "limits");
    const struct ha_node *requests = ha_node_get(resources, "requests");
    const char *defaults =
        is_limit ? "policies.limitRange.default" : "policies.limitRange.defaultRequest";

    if (ha_node_get(limits, resource) != NULL ||
        (!is_limit && ha_node_get(requests, resource) != NULL)) {
        return true;
    }
    return ha_values_has_limit_range(values) &&
           ha_node_get(ha_node_at(values, defaults), resource) != NULL;
}

static int unstated(const struct ha_node *values, const struct pods *pods,
                    const char *constraint, struct sim_err *err)
{
    const struct ha_node *range = ha_node_at(values, "policies.limitRange.enabled");
    int code = ha_node_error(err, range,
                             "the ResourceQuota has %s, but %s states none and there "
                             "is no LimitRange to fill it in: its pods are refused",
                             constraint, pods->title);

    sim_err_hint(err, "policies.limitRange.enabled: auto, or set %s.resources",
                 pods->path);
    return code;
}

int ha_rules_quota(const struct ha_node *values, struct sim_err *err)
{
    static const char *const names[] = {"cpu", "memory"};
    const struct ha_node *quota = ha_node_at(values, "policies.resourceQuota.quota");
    struct pods pods[N_PODS];

    if (!ha_values_has_quota(values) || quota == NULL) {
        return 0;
    }
    list_pods(values, pods);
    for (int i = 0; i < 4 * N_PODS; i++) {
        const struct pods *pod = &pods[i / 4];
        bool is_limit = i % 2 == 0;
        const char *resource = names[i / 2 % 2];
        char constraint[32];

        snprintf(constraint, sizeof(constraint), "%s.%s",
                 is_limit ? "limits" : "requests", resource);
        if (pod->exists && ha_node_get(quota, constraint) != NULL &&
            !is_stated(values, pod, is_limit, resource)) {
            return unstated(values, pod, constraint, err);
        }
    }
    return 0;
}
