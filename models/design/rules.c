/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules beyond the schema: what passes `helm` and then never runs.
 *
 * vCluster looks at its values in stages, each with a message of its own; a run of
 * simulations makes sense only for a design that passes them all:
 *   chart templates   one store only; keys removed in 0.36 (chart/templates/
 *                     _backingstore.tpl, _validate.tpl). The chart itself forgets to
 *                     count the stores when volumeClaim.enabled is true or false, and
 *                     then parts of vCluster disagree about the store; refused here.
 *   API server        pod templates, budgets and claims it would not accept
 *   process start     pkg/config/validation.go, pkg/k8s/k8s.go: SQLite with several
 *                     replicas, contradicting syncs, an external store without address
 *   run time          lease times that make client-go panic (tools/leaderelection);
 *                     etcd under OrderedReady, whose first member waits for members
 *                     that are not created yet (loft-sh/vcluster issue 229); quotas and
 *                     limit ranges that refuse vCluster's own pods (issue 1746)
 *
 * Each rule is a function that looks at one thing and returns 0 or an error; the table
 * at the end fixes their order, which is that of the stages. Resources and scheduling
 * are in rules_pods.c.
 */
#include "models/design/cron.h"
#include "models/design/rules.h"

#include <stdio.h>
#include <string.h>

#include "models/design/rules_pods.h"
#include "models/design/schema.h"
#include "models/design/suggest.h"
#include "models/design/vcluster_values.h"

#define SET          "controlPlane.statefulSet"
#define STORE        "controlPlane.backingStore"
#define PDB          "controlPlane.advanced.podDisruptionBudget"
#define MAX_REPLICAS 99

typedef int rule_fn(const struct ha_node *values, struct sim_err *err);

static bool is_on(const struct ha_node *values, const char *path)
{
    return ha_values_bool(values, path);
}

static bool is_text(const struct ha_node *values, const char *path)
{
    return ha_node_text(ha_node_at(values, path), "")[0] != '\0';
}

static double number_at(const struct ha_node *values, const char *path)
{
    double number = 0;

    (void)ha_node_double(ha_node_at(values, path), &number);
    return number;
}

static int with_hint(struct sim_err *err, int code, const char *hint)
{
    sim_err_hint(err, "%s", hint);
    return code;
}

/* ---- chart templates ---- */

static int rule_removed(const struct ha_node *values, struct sim_err *err)
{
    static const char *const gone[] = {
        "sync.toHost.volumeSnapshots", "sync.toHost.volumeSnapshotContents",
        "sync.fromHost.volumeSnapshotClasses", "deploy.volumeSnapshotController",
        "rbac.enableVolumeSnapshotRules"};

    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
        const struct ha_node *node = ha_node_at(values, gone[i]);

        if (node != NULL) {
            return with_hint(err,
                             ha_node_error(err, node,
                                           "%s was removed in vCluster 0.36; the chart "
                                           "refuses it even when it is false",
                                           gone[i]),
                             "delete the key");
        }
    }
    return 0;
}

static int rule_one_store(const struct ha_node *values, struct sim_err *err)
{
    static const char *const stores[] = {"database.embedded", "database.external",
                                         "etcd.embedded", "etcd.external",
                                         "etcd.deploy"};
    const char *first = NULL;

    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        char path[128];

        snprintf(path, sizeof(path), STORE ".%s.enabled", stores[i]);
        if (!is_on(values, path)) {
            continue;
        }
        if (first != NULL) {
            return with_hint(
                err,
                ha_node_error(err, ha_node_at(values, path),
                              "two stores are enabled: %s and %s", first, stores[i]),
                "a virtual cluster has one backing store: keep one of them");
        }
        first = stores[i];
    }
    return 0;
}

static int rule_kube_config(const struct ha_node *values, struct sim_err *err)
{
    const struct ha_node *more =
        ha_node_at(values, "exportKubeConfig.additionalSecrets");

    if (more == NULL || more->kind != HA_NODE_LIST || more->n == 0 ||
        (!is_text(values, "exportKubeConfig.secret.name") &&
         !is_text(values, "exportKubeConfig.secret.namespace"))) {
        return 0;
    }
    return with_hint(err,
                     ha_node_error(err, more,
                                   "exportKubeConfig.secret and "
                                   "additionalSecrets exclude each other"),
                     "move the secret into additionalSecrets");
}

static int rule_private_nodes(const struct ha_node *values, struct sim_err *err)
{
    static const char *const only_with[] = {"deploy.csi.kubeVirt.enabled",
                                            "controlPlane.endpoint"};
    bool is_private = is_on(values, "privateNodes.enabled");

    if (is_on(values, "controlPlane.standalone.enabled")) {
        return with_hint(
            err,
            ha_node_error(err, ha_node_at(values, "controlPlane.standalone.enabled"),
                          "a standalone control plane has no host cluster"),
            "nines simulates control planes that run as pods of a host");
    }
    for (size_t i = 0; i < 2 && !is_private; i++) {
        const struct ha_node *node = ha_node_at(values, only_with[i]);

        if (node != NULL && strcmp(ha_node_text(node, "false"), "false") != 0 &&
            node->length > 0) {
            return with_hint(
                err, ha_node_error(err, node, "%s needs private nodes", only_with[i]),
                "remove it, or set privateNodes.enabled: true");
        }
    }
    if (is_private && is_on(values, "controlPlane.coredns.embedded")) {
        return with_hint(
            err,
            ha_node_error(err, ha_node_at(values, "controlPlane.coredns.embedded"),
                          "embedded CoreDNS does not work with private "
                          "nodes"),
            "controlPlane.coredns.embedded: false");
    }
    return 0;
}

/* ---- replicas ---- */

static int check_replicas(const struct ha_node *values, const char *path,
                          struct sim_err *err)
{
    const struct ha_node *node = ha_node_at(values, path);
    double replicas = number_at(values, path);
    int code;

    if (node == NULL || (replicas >= 1 && replicas <= MAX_REPLICAS)) {
        return 0;
    }
    code = ha_node_error(err, node, "%s is %s; expected 1 to %d", path,
                         ha_node_text(node, ""), MAX_REPLICAS);
    if (replicas < 1) {
        sim_err_hint(err, "%s",
                     replicas == 0
                         ? "without replicas nothing is ever available: use 1, "
                           "3 or 5"
                         : "use 1, 3 or 5");
    } else {
        sim_err_hint(err,
                     "etcd advises at most 7 members, and more replicas than nodes "
                     "do not help");
    }
    return code;
}

static int rule_replicas(const struct ha_node *values, struct sim_err *err)
{
    int code = check_replicas(values, SET ".highAvailability.replicas", err);

    if (code == 0) {
        code = check_replicas(
            values, STORE ".etcd.deploy.statefulSet.highAvailability.replicas", err);
    }
    return code == 0
               ? check_replicas(values, "controlPlane.coredns.deployment.replicas", err)
               : code;
}

/* ---- process start ---- */

static int rule_sqlite(const struct ha_node *values, struct sim_err *err)
{
    double replicas = number_at(values, SET ".highAvailability.replicas");

    if (replicas <= 1 || ha_values_store(values) != HA_STORE_SQLITE) {
        return 0;
    }
    return with_hint(err,
                     ha_node_error(err,
                                   ha_node_at(values, SET ".highAvailability.replicas"),
                                   "%.0f control-plane replicas cannot share embedded "
                                   "SQLite, which is the store when none is named: "
                                   "vCluster does not start",
                                   replicas),
                     "--set " STORE ".etcd.deploy.enabled=true --set " STORE
                     ".etcd.deploy.statefulSet.highAvailability.replicas=3");
}

static int rule_scheduler(const struct ha_node *values, struct sim_err *err)
{
    static const char *const needs[] = {
        "controlPlane.distro.k8s.scheduler.enabled",
        "controlPlane.advanced.virtualScheduler.enabled",
        "sync.toHost.pods.hybridScheduling.enabled"};

    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (is_on(values, needs[i]) && !is_on(values, "sync.fromHost.nodes.enabled") &&
            !is_on(values, "privateNodes.enabled")) {
            return with_hint(err,
                             ha_node_error(err, ha_node_at(values, needs[i]),
                                           "%s needs the host's nodes: vCluster does "
                                           "not start",
                                           needs[i]),
                             "--set sync.fromHost.nodes.enabled=true");
        }
    }
    return 0;
}

static int rule_both_ways(const struct ha_node *values, struct sim_err *err)
{
    static const char *const kinds[] = {"storageClasses", "priorityClasses"};

    for (size_t i = 0; i < 2; i++) {
        char from[80];
        char to[80];

        snprintf(from, sizeof(from), "sync.fromHost.%s.enabled", kinds[i]);
        snprintf(to, sizeof(to), "sync.toHost.%s.enabled", kinds[i]);
        if (is_on(values, from) && is_on(values, to)) {
            return with_hint(err,
                             ha_node_error(err, ha_node_at(values, to),
                                           "%s cannot be synced from and to the host "
                                           "at the same time",
                                           kinds[i]),
                             "switch one of the two off");
        }
    }
    return 0;
}

static int rule_store_address(const struct ha_node *values, struct sim_err *err)
{
    if (is_on(values, STORE ".database.external.enabled") &&
        !is_text(values, STORE ".database.external.dataSource") &&
        !is_text(values, STORE ".database.external.connector")) {
        return with_hint(
            err,
            ha_node_error(err, ha_node_at(values, STORE ".database.external.enabled"),
                          "the external database has no dataSource"),
            "dataSource: mysql://user:password@tcp(host:3306)/vcluster");
    }
    if (is_on(values, STORE ".etcd.external.enabled") &&
        !is_text(values, STORE ".etcd.external.endpoint")) {
        return with_hint(
            err,
            ha_node_error(err, ha_node_at(values, STORE ".etcd.external.enabled"),
                          "the external etcd has no endpoint"),
            "endpoint: etcd.example.org:2379");
    }
    if (is_on(values, STORE ".etcd.deploy.enabled") &&
        !is_on(values, STORE ".etcd.deploy.statefulSet.enabled")) {
        return with_hint(
            err,
            ha_node_error(err,
                          ha_node_at(values, STORE ".etcd.deploy.statefulSet"
                                                   ".enabled"),
                          "deployed etcd without its StatefulSet: only "
                          "Services are made, and no member ever runs"),
            "remove the line, or use etcd.external");
    }
    return 0;
}

static int rule_image(const struct ha_node *values, struct sim_err *err)
{
    static const char *const pro[] = {
        STORE ".etcd.embedded.enabled", STORE ".database.external.enabled",
        "controlPlane.coredns.embedded", "privateNodes.enabled"};
    const struct ha_node *image = ha_node_at(values, SET ".image.repository");

    if (strstr(ha_node_text(image, ""), "vcluster-oss") == NULL) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(pro) / sizeof(pro[0]); i++) {
        if (is_on(values, pro[i])) {
            return with_hint(
                err,
                ha_node_error(err, image, "the image vcluster-oss refuses %s", pro[i]),
                "repository: loft-sh/vcluster-pro");
        }
    }
    return 0;
}

/* ---- budget and lease ---- */

static int check_budget_value(const struct ha_node *values, const char *key,
                              struct sim_err *err)
{
    const struct ha_node *pdb = ha_node_at(values, PDB);
    const struct ha_node *node = ha_node_get(pdb, key);
    const char *text = ha_node_text(node, "");
    size_t digits = strspn(text, "0123456789");
    int code;

    if (node == NULL || (node->kind == HA_NODE_SCALAR && node->length == 0)) {
        return 0;
    }
    if (digits > 0 && digits < 7 &&
        (text[digits] == '\0' || strcmp(text + digits, "%") == 0)) {
        return 0;
    }
    code = ha_node_error(err, node,
                         "%s is \"%.60s\"; expected a number of pods or a percentage",
                         key, text);
    sim_err_hint(err, "%s: %s", key, strcmp(key, "minAvailable") == 0 ? "2" : "1");
    return code;
}

static int rule_budget(const struct ha_node *values, struct sim_err *err)
{
    const struct ha_node *pdb = ha_node_at(values, PDB);
    const struct ha_node *most = ha_node_get(pdb, "maxUnavailable");
    int code = check_budget_value(values, "minAvailable", err);

    if (code == 0) {
        code = check_budget_value(values, "maxUnavailable", err);
    }
    if (code != 0 || !is_on(pdb, "enabled") || !is_text(pdb, "minAvailable") ||
        !is_text(pdb, "maxUnavailable")) {
        return code;
    }
    return with_hint(err,
                     ha_node_error(err, most,
                                   "a PodDisruptionBudget has minAvailable or "
                                   "maxUnavailable, not both: vCluster does not start"),
                     "keep one; maxUnavailable: 1 suits every number of replicas");
}

/* Of two values that do not fit each other, the one that the user wrote. */
static const struct ha_node *written(const struct ha_node *map, const char *first,
                                     const char *second)
{
    const struct ha_node *node = ha_node_get(map, first);
    bool is_default = node == NULL || node->place.file == NULL ||
                      strcmp(node->place.file, HA_CHART_DEFAULTS) == 0;

    return is_default ? ha_node_get(map, second) : node;
}

static int rule_lease(const struct ha_node *values, struct sim_err *err)
{
    const struct ha_node *ha = ha_node_at(values, SET ".highAvailability");
    double lease = number_at(ha, "leaseDuration");
    double renew = number_at(ha, "renewDeadline");
    double retry = number_at(ha, "retryPeriod");
    int code = 0;

    if (number_at(ha, "replicas") <= 1) {
        return 0;
    }
    if (retry <= 0) {
        code = ha_node_error(err, ha_node_get(ha, "retryPeriod"),
                             "retryPeriod is %g s; expected more than zero", retry);
    } else if (lease <= renew) {
        code = ha_node_error(err, written(ha, "leaseDuration", "renewDeadline"),
                             "leaseDuration (%g s) must be longer than renewDeadline "
                             "(%g s): the control plane would crash at start",
                             lease, renew);
    } else if (renew <= 1.2 * retry) {
        code =
            ha_node_error(err, written(ha, "renewDeadline", "retryPeriod"),
                          "renewDeadline (%g s) must be longer than 1.2 times "
                          "retryPeriod (%g s): the control plane would crash at start",
                          renew, retry);
    }
    return code == 0
               ? 0
               : with_hint(err, code,
                           "the defaults are leaseDuration: 60, renewDeadline: 40, "
                           "retryPeriod: 15");
}

/* ---- words that the chart or the API server compare ---- */

static int check_word(const struct ha_node *values, const char *path,
                      const char *const *words, struct sim_err *err)
{
    const struct ha_node *node = ha_node_at(values, path);
    const char *text = ha_node_text(node, "");
    struct ha_suggest nearest;
    char all[128] = "";
    int code;

    ha_suggest_init(&nearest, text);
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t used = strlen(all);

        if (text[0] == '\0' || strcmp(words[i], text) == 0) {
            return 0;
        }
        ha_suggest_offer(&nearest, words[i]);
        snprintf(all + used, sizeof(all) - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    code = ha_node_error(err, node, "%s is \"%.60s\"; expected %s", path, text, all);
    if (nearest.best != NULL) {
        sim_err_hint(err, "did you mean \"%s\"?", nearest.best);
    }
    return code;
}

static int rule_words(const struct ha_node *values, struct sim_err *err)
{
    static const char *const automatic[] = {"auto", "true", "false", NULL};
    static const char *const order[] = {"Parallel", "OrderedReady", NULL};
    static const char *const keep[] = {"Retain", "Delete", NULL};
    static const char *const evict[] = {"IfHealthyBudget", "AlwaysAllow", NULL};
    static const struct {
        const char *path;
        const char *const *words;
    } row[] = {{SET ".persistence.volumeClaim.enabled", automatic},
               {"policies.resourceQuota.enabled", automatic},
               {"policies.limitRange.enabled", automatic},
               {SET ".scheduling.podManagementPolicy", order},
               {STORE ".etcd.deploy.statefulSet.scheduling.podManagementPolicy", order},
               {SET ".persistence.volumeClaim.retentionPolicy", keep},
               {STORE
                ".etcd.deploy.statefulSet.persistence.volumeClaim.retentionPolicy",
                keep},
               {PDB ".unhealthyPodEvictionPolicy", evict}};
    int code = 0;

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]) && code == 0; i++) {
        code = check_word(values, row[i].path, row[i].words, err);
    }
    return code;
}

static int rule_ordered_etcd(const struct ha_node *values, struct sim_err *err)
{
    const struct ha_node *set = ha_node_at(values, STORE ".etcd.deploy.statefulSet");
    const struct ha_node *policy = ha_node_at(set, "scheduling.podManagementPolicy");

    if (!is_on(values, STORE ".etcd.deploy.enabled") ||
        number_at(set, "highAvailability.replicas") <= 1 ||
        strcmp(ha_node_text(policy, ""), "OrderedReady") != 0) {
        return 0;
    }
    return with_hint(err,
                     ha_node_error(err, policy,
                                   "etcd with several members never starts under "
                                   "OrderedReady: the first member waits for members "
                                   "that are not created yet"),
                     "podManagementPolicy: Parallel");
}

static int rule_snapshots(const struct ha_node *values, struct sim_err *err)
{
    const struct ha_node *schedule = ha_node_at(values, "snapshots.auto.schedule");
    const char *text = ha_node_text(schedule, "");
    struct ha_cron_gaps unused;
    const char *wrong = *text == '\0' ? NULL : ha_cron_read(text, &unused);

    if (wrong == NULL) {
        return 0;
    }
    return with_hint(err, ha_node_error(err, schedule, "schedule \"%.60s\"", text),
                     wrong);
}

int ha_rules_check(const struct ha_node *values, struct sim_err *err)
{
    static rule_fn *const rules[] = {
        rule_removed,   rule_words,         rule_one_store,     rule_kube_config,
        rule_replicas,  rule_private_nodes, rule_sqlite,        rule_budget,
        rule_scheduler, rule_both_ways,     rule_store_address, rule_image,
        rule_lease,     rule_ordered_etcd,  ha_rules_pods,      ha_rules_quota,
        rule_snapshots};

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        int code = rules[i](values, err);

        if (code != 0) {
            return code;
        }
    }
    return 0;
}
