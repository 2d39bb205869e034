/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ResourceQuota of the host namespace counts control plane, etcd and CoreDNS pods
 * alike. A quota smaller than their sum does not fail anywhere: the last pods are just
 * never created, and the design never reaches the replicas it asks for. So the sum is
 * taken here, as the API server would take it:
 *
 *   per container   a limit without a request is also the request (API defaulting);
 *                   then the LimitRange's default and defaultRequest fill what is
 *                   missing (k8s plugin/pkg/admission/limitranger)
 *   per pod         the larger of its init containers and the sum of its containers
 *                   (k8s pkg/api/v1/resource, PodRequests)
 *   per namespace   times replicas; count/pods, claims and their storage, Services
 *                   (k8s pkg/quota/v1/evaluator/core)
 *
 * What the quota means for replacements and the surge pods of roll-outs is played in
 * the run (models/kube/quota.c).
 *
 * Left out: pods of the tenant's workloads, which share the quota (nines does not know
 * them); quotas on kinds of objects that the chart does not count on (Secrets,
 * ConfigMaps).
 */
#include "models/design/quota.h"

#include <stdio.h>
#include <string.h>

#include "models/design/schema.h"
#include "models/units.h"

enum { CPU, MEMORY, EPHEMERAL, N_RESOURCES };

static const char *const resource_name[N_RESOURCES] = {"cpu", "memory",
                                                       "ephemeral-storage"};

/* What one pod, or all of them, ask for. cpu in millicores, the rest in bytes. */
struct need {
    int64_t request[N_RESOURCES], limit[N_RESOURCES];
};

struct total {
    struct need all;
    int64_t pods, claims, storage_bytes, services;
};

static bool read_amount(const struct ha_node *map, int resource, int64_t *amount)
{
    const struct ha_node *node = ha_node_get(map, resource_name[resource]);
    const char *text = ha_node_text(node, NULL);

    if (text == NULL) {
        return false;
    }
    return (resource == CPU ? ha_units_read_cpu(text, amount)
                            : ha_units_read_bytes(text, amount)) == NULL;
}

/* ---- one pod ---- */

static void add_container(const struct ha_design *design,
                          const struct ha_node *container, struct need *need)
{
    const struct ha_node *resources = ha_node_get(container, "resources");
    const struct ha_node *range =
        design->vcluster.has_limit_range
            ? ha_node_at(design->values, "policies.limitRange")
            : NULL;

    for (int i = 0; i < N_RESOURCES; i++) {
        int64_t limit = 0;
        int64_t request = 0;
        bool has_limit = read_amount(ha_node_get(resources, "limits"), i, &limit);
        bool has_request = read_amount(ha_node_get(resources, "requests"), i, &request);

        if (!has_request && has_limit) {
            request = limit;
        } else if (!has_request) {
            (void)read_amount(ha_node_get(range, "defaultRequest"), i, &request);
        }
        if (!has_limit) {
            (void)read_amount(ha_node_get(range, "default"), i, &limit);
        }
        need->request[i] += request;
        need->limit[i] += limit;
    }
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct need need_of_pod(const struct ha_design *design,
                               const struct ha_node *template)
{
    const struct ha_node *spec = ha_node_get(template, "spec");
    const struct ha_node *init = ha_node_get(spec, "initContainers");
    const struct ha_node *main = ha_node_get(spec, "containers");
    struct need pod = {{0}, {0}};

    for (uint32_t i = 0; main != NULL && i < main->n; i++) {
        add_container(design, main->item[i], &pod);
    }
    for (uint32_t i = 0; init != NULL && i < init->n; i++) {
        struct need one = {{0}, {0}};

        add_container(design, init->item[i], &one);
        for (int k = 0; k < N_RESOURCES; k++) {
            pod.request[k] = larger(pod.request[k], one.request[k]);
            pod.limit[k] = larger(pod.limit[k], one.limit[k]);
        }
    }
    return pod;
}

/* ---- all of them ---- */

static void add_workload(const struct ha_design *design, const struct ha_workload *w,
                         struct total *total)
{
    struct need pod;

    if (w->replicas == 0) {
        return;
    }
    pod = need_of_pod(design, w->pod_template);
    for (int i = 0; i < N_RESOURCES; i++) {
        total->all.request[i] += (int64_t)w->replicas * pod.request[i];
        total->all.limit[i] += (int64_t)w->replicas * pod.limit[i];
    }
    total->pods += w->replicas;
    if (w->has_volume) {
        total->claims += w->replicas;
        total->storage_bytes += (int64_t)w->replicas * w->volume_bytes;
    }
}

static struct total total_of(const struct ha_design *design)
{
    const struct ha_vcluster *vc = &design->vcluster;
    struct total total = {{{0}, {0}}, 0, 0, 0, 0};

    add_workload(design, &vc->cp, &total);
    add_workload(design, &vc->etcd, &total);
    add_workload(design, &vc->coredns, &total);
    /* NAME, NAME-headless, NAME-etcd and its headless one, the synced kube-dns */
    total.services = 1 + (vc->cp.is_statefulset ? 1 : 0) +
                     (vc->etcd.replicas > 0 ? 2 : 0) +
                     (vc->coredns.replicas > 0 ? 1 : 0);
    return total;
}

/* ---- the comparison ---- */

/* Never less than the amount, so that the number in the hint is enough. */
static void print_amount(char *text, size_t size, bool is_cpu, bool is_count,
                         int64_t amount)
{
    const int64_t mebi = (int64_t)1 << 20;
    int64_t rounded = (amount + mebi - 1) / mebi;

    if (is_cpu) {
        ha_units_print_cpu(text, size, amount);
    } else if (is_count) {
        snprintf(text, size, "%lld", (long long)amount);
    } else if (rounded % 1024 == 0) {
        snprintf(text, size, "%lldGi", (long long)(rounded / 1024));
    } else {
        snprintf(text, size, "%lldMi", (long long)rounded);
    }
}

static int refuse(const struct ha_design *design, const char *key,
                  const struct ha_node *hard, const char *needed, struct sim_err *err)
{
    bool is_default =
        hard->place.file == NULL || strcmp(hard->place.file, HA_CHART_DEFAULTS) == 0;
    const struct ha_place *place =
        is_default ? &design->vcluster.cp.place : &hard->place;
    char escaped[96];
    size_t n = 0;
    int code =
        ha_place_error(err, place,
                       "the quota%s allows %s: %s, but this design needs %s: its "
                       "last pods would never be created",
                       is_default ? " (the chart's default)" : "", key,
                       ha_node_text(hard, ""), needed);

    for (const char *at = key; *at != '\0' && n + 2 < sizeof(escaped); at++) {
        if (*at == '.') {
            escaped[n++] = '\\';
        }
        escaped[n++] = *at;
    }
    escaped[n] = '\0';
    sim_err_hint(err, "--set 'policies.resourceQuota.quota.%s=%s'", escaped, needed);
    return code;
}

static int check(const struct ha_design *design, const char *key, int64_t need,
                 bool is_count, struct sim_err *err)
{
    const struct ha_node *hard = ha_node_get(design->vcluster.quota, key);
    const char *text = ha_node_text(hard, NULL);
    bool is_cpu = strcmp(key, "cpu") == 0 || strstr(key, ".cpu") != NULL;
    int64_t allowed = 0;
    const char *problem;
    char needed[HA_UNITS_TEXT];

    if (text == NULL) {
        return 0;
    }
    problem = is_cpu ? ha_units_read_cpu(text, &allowed)
                     : ha_units_read_bytes(text, &allowed);
    if (problem != NULL) {
        return ha_node_error(err, hard, "policies.resourceQuota.quota.%s: %s", key,
                             problem);
    }
    if (need <= allowed) {
        return 0;
    }
    print_amount(needed, sizeof(needed), is_cpu, is_count, need);
    return refuse(design, key, hard, needed, err);
}

int ha_quota_check(const struct ha_design *design, struct sim_err *err)
{
    struct total total;
    int code = 0;

    if (!design->vcluster.has_quota || design->vcluster.quota == NULL) {
        return 0;
    }
    total = total_of(design);
    for (int i = 0; i < N_RESOURCES && code == 0; i++) {
        char key[64];

        snprintf(key, sizeof(key), "requests.%s", resource_name[i]);
        code = check(design, key, total.all.request[i], false, err);
        if (code == 0) { /* the short name is the request */
            code = check(design, resource_name[i], total.all.request[i], false, err);
        }
        if (code == 0) {
            snprintf(key, sizeof(key), "limits.%s", resource_name[i]);
            code = check(design, key, total.all.limit[i], false, err);
        }
    }
    if (code == 0) {
        const struct {
            const char *key;
            int64_t need;
            bool is_count;
        } rows[] = {{"count/pods", total.pods, true},
                    {"pods", total.pods, true},
                    {"count/persistentvolumeclaims", total.claims, true},
                    {"persistentvolumeclaims", total.claims, true},
                    {"requests.storage", total.storage_bytes, false},
                    {"count/services", total.services, true},
                    {"services", total.services, true}};

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && code == 0; i++) {
            code = check(design, rows[i].key, rows[i].need, rows[i].is_count, err);
        }
    }
    return code;
}

/* ---- for the run ---- */

static int64_t amount_of(const struct need *pod, const char *key)
{
    const char *resource = strchr(key, '.') == NULL ? key : strchr(key, '.') + 1;
    bool is_limit = strncmp(key, "limits.", 7) == 0;

    for (int i = 0; i < N_RESOURCES; i++) {
        if (strcmp(resource, resource_name[i]) == 0) {
            return is_limit ? pod->limit[i] : pod->request[i];
        }
    }
    return 1; /* pods are counted */
}

uint32_t ha_quota_limits(const struct ha_design *design, struct ha_quota_limit *limit)
{
    static const char *const keys[HA_QUOTA_LIMITS] = {"requests.cpu",
                                                      "cpu",
                                                      "limits.cpu",
                                                      "requests.memory",
                                                      "memory",
                                                      "limits.memory",
                                                      "requests.ephemeral-storage",
                                                      "ephemeral-storage",
                                                      "limits.ephemeral-storage",
                                                      "pods",
                                                      "count/pods"};
    const struct ha_vcluster *vc = &design->vcluster;
    const struct ha_workload *workload[3] = {&vc->cp, &vc->etcd, &vc->coredns};
    uint32_t n = 0;

    for (int k = 0; vc->has_quota && k < HA_QUOTA_LIMITS; k++) {
        const char *text = ha_node_text(ha_node_get(vc->quota, keys[k]), NULL);
        bool is_cpu = strstr(keys[k], "cpu") != NULL;
        struct ha_quota_limit *l = &limit[n];

        if (text == NULL || (is_cpu ? ha_units_read_cpu(text, &l->hard)
                                    : ha_units_read_bytes(text, &l->hard)) != NULL) {
            continue;
        }
        l->counts_all = strcmp(keys[k], "count/pods") == 0;
        for (int w = 0; w < 3; w++) {
            struct need pod = {{0}, {0}};

            if (workload[w]->replicas > 0) {
                pod = need_of_pod(design, workload[w]->pod_template);
            }
            l->need[w] = workload[w]->replicas > 0 ? amount_of(&pod, keys[k]) : 0;
        }
        n++;
    }
    return n;
}
