/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objects that are wrong, huge or odd: every one ends in an error with file, line and
 * column, or is read; none ends the program. And what kubectl prints is accepted as it
 * is, whatever fields nobody here looks at.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cluster.h"

struct wrong {
    char yaml[320];
    char word[48]; /* must be in the message */
    int line, column;
};

#define POD "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"

static const struct wrong wrongs[] = {
    {"apiVersion: v1\nkind: Node\nmetadata: {name: [a]}\n", "name", 3, 18},
    {"apiVersion: v1\nkind: Node\nmetadata: {}\n", "name", 3, 11},
    {"apiVersion: v1\nkind: Node\n", "metadata", 1, 1},
    {"kind: Node\nmetadata: {name: a}\n", "apiVersion", 1, 1},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocatable: {cpu: "
     "-2}}\n",
     "negative", 4, 29},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocatable: {cpu: "
     "two}}\n",
     "cpu", 4, 29},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocatable: {memory: "
     "[1]}}\n",
     "memory", 4, 32},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: a}\nspec: {unschedulable: 3}\n",
     "true or false", 4, 23},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: a}\nspec: {taints: [{key: k, "
     "effect: "
     "Sometimes}]}\n",
     "NoSchedule", 4, 34},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: a, labels: {size: 3}}\n", "text", 3,
     36},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: a, labels: [x]}\n", "map", 3, 29},
    {POD "  containers: 5\n", "list", 5, 15},
    {POD "  containers: [{name: c, resources: {requests: {cpu: -1m}}}]\n", "negative",
     5, 54},
    {POD "  priority: high\n", "whole number", 5, 13},
    {POD "  priorityClassName: nope\n", "PriorityClass", 5, 22},
    {POD "  tolerations: [{operator: Maybe}]\n", "Exists", 5, 28},
    {POD
     "  topologySpreadConstraints: [{maxSkew: 0, topologyKey: z, whenUnsatisfiable: "
     "DoNotSchedule}]\n",
     "maxSkew", 5, 41},
    {POD
     "  topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: "
     "Perhaps}]\n",
     "DoNotSchedule", 5, 79},
    {POD
     "  affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
     "[7]}}\n",
     "term", 5, 81},
    {POD "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
         "{nodeSelectorTerms: [{matchExpressions: [{key: k, operator: Like}]}]}}}\n",
     "operator", 5, 137},
    {POD "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
         "{nodeSelectorTerms: [{matchExpressions: [{key: k, operator: Gt, values: "
         "[x]}]}]}}}\n",
     "Gt", 5, 118},
    {POD "  nodeName: nowhere\n", "nowhere", 5, 13},
    {"apiVersion: v1\nkind: List\nitems: {}\n", "items", 3, 8},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: a}\n---\napiVersion: v1\nkind: "
     "Node\n"
     "metadata: {name: a}\n",
     "twice", 5, 1},
    {"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nstatus: {startTime: noon}\n",
     "time", 4, 21},
    {"a: &x [*x]\n", "", 1, 8},
};

Test(objects_refused, every_mistake_is_pointed_at)
{
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        const struct wrong *w = &wrongs[i];
        struct cluster c;

        cr_assert_eq(cluster_make(&c, w->yaml, 34), -SIM_ERR_INPUT, "%s", w->yaml);
        cr_expect(strstr(c.err.message, w->word) != NULL, "%zu: \"%s\" lacks \"%s\"", i,
                  c.err.message, w->word);
        cr_expect_str_eq(c.err.file, "test.yaml");
        cr_expect(c.err.line == w->line && c.err.column == w->column,
                  "%zu: %d:%d instead of %d:%d: %s", i, c.err.line, c.err.column,
                  w->line, w->column, c.err.message);
        cluster_free(&c);
    }
}

/* ---- large ---- */

Test(objects_refused, a_label_of_a_megabyte_is_a_label)
{
    const size_t n = 1024 * 1024;
    char *yaml = malloc(n + 512);
    struct cluster c;
    size_t at = (size_t)sprintf(
        yaml, "apiVersion: v1\nkind: Node\nmetadata: {name: a, labels: {big: \"");

    memset(yaml + at, 'x', n);
    strcpy(yaml + at + n, "\"}}\n");
    cr_assert_eq(cluster_make(&c, yaml, 34), 0, "%s", c.err.message);
    cr_assert_eq(strlen(ha_labels_get(&c.objects.node[0].meta.labels, "big")), n);
    cluster_free(&c);
    free(yaml);
}

Test(objects_refused, a_hundred_thousand_nodes_are_placed_on)
{
    const uint32_t n = 100000;
    char *yaml = malloc((size_t)n * 128 + 512);
    struct cluster c;
    size_t at = (size_t)sprintf(yaml, "apiVersion: v1\nkind: List\nitems:\n");

    for (uint32_t i = 0; i < n; i++) {
        at += (size_t)sprintf(
            yaml + at,
            "- {apiVersion: v1, kind: Node, metadata: {name: n%u}, status: "
            "{allocatable: {cpu: 4, memory: 8Gi, pods: 110}}}\n",
            i);
    }
    sprintf(yaml + at,
            "- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: "
            "[{name: c, image: i}]}}\n");
    cr_assert_eq(cluster_make(&c, yaml, 34), 0, "%s", c.err.message);
    cr_assert_eq(ha_sched_place(c.sched, c.state, 0)->n_feasible, n);
    cluster_free(&c);
    free(yaml);
}

/* ---- accepted as kubectl prints it ---- */

static const char printed[] =
    "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"metadata\": {\"resourceVersion\": "
    "\"\"},"
    "\"items\": [{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": "
    "\"ip-10-0-1-7\", \"creationTimestamp\": \"2026-03-01T10:00:00Z\", "
    "\"managedFields\": [{}],"
    "\"labels\": {\"kubernetes.io/hostname\": \"ip-10-0-1-7\", \"a/flag\": \"true\"}},"
    "\"spec\": {\"podCIDR\": \"10.1.0.0/24\", \"providerID\": \"aws:///x/i-1\"},"
    "\"status\": {\"capacity\": {\"cpu\": \"4\"}, \"allocatable\": {\"cpu\": \"3920m\","
    "\"memory\": \"15232Mi\", \"pods\": \"58\", \"hugepages-1Gi\": \"0\"},"
    "\"conditions\": [{\"type\": \"Ready\", \"status\": \"True\"}], \"nodeInfo\": {},"
    "\"images\": [{\"names\": [\"r/etcd@sha256:0\", \"r/etcd:v3\"], \"sizeBytes\": "
    "61000000},"
    "{\"names\": null, \"sizeBytes\": 5}]}},"
    "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"p\", "
    "\"namespace\": "
    "\"x\", \"ownerReferences\": [{\"apiVersion\": \"apps/v1\", \"kind\": "
    "\"ReplicaSet\", "
    "\"name\": \"r\", \"uid\": \"1\", \"controller\": true}]}, \"spec\": "
    "{\"nodeName\": "
    "\"ip-10-0-1-7\", \"containers\": [{\"name\": \"c\", \"image\": \"r/etcd:v3\", "
    "\"resources\": "
    "{\"limits\": {\"cpu\": \"1\"}}, \"ports\": [{\"containerPort\": 80}]}], "
    "\"tolerations\": "
    "[{\"effect\": \"NoExecute\", \"key\": \"node.kubernetes.io/not-ready\", "
    "\"operator\": "
    "\"Exists\", \"tolerationSeconds\": 300}]}, \"status\": {\"phase\": \"Running\", "
    "\"startTime\": \"2026-03-01T10:05:00.5+01:00\"}},"
    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": "
    "\"m\"}}]}";

Test(objects_refused, kubectl_json_is_read_as_it_is)
{
    struct cluster c;
    double seconds = 0.0;

    cr_assert_eq(cluster_make(&c, printed, 34), 0, "%s", c.err.message);
    cr_assert_eq(c.objects.n_ignored, 1);
    cr_assert_eq(c.objects.node[0].meta.created_s, INT64_C(1772359200));
    cr_assert_eq(c.objects.pod[0].start_s, INT64_C(1772355900)); /* 09:05 UTC */
    cr_assert_eq(ha_sched_pod_node(c.sched, c.state, 0), 0);
    cr_assert(
        ha_sched_tolerates(c.sched, 0, HA_SCHED_TAINT_FLAG(NOT_READY_EXEC), &seconds));
    cr_assert_float_eq(seconds, 300.0, 0.0);
    cr_assert_not(ha_sched_tolerates(c.sched, 0, HA_SCHED_TAINT_FLAG(UNREACHABLE_EXEC),
                                     &seconds));
    cluster_free(&c);
}
