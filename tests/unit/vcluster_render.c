/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A design as Kubernetes objects: names, admission defaults, owners, order. */
#include <criterion/criterion.h>
#include <string.h>

#include "models/vcluster/render.h"

static const char values_text[] = "policies:\n"
                                  "  limitRange:\n"
                                  "    default: {cpu: \"1\", memory: 512Mi}\n"
                                  "    defaultRequest: {cpu: 100m}\n";
static const char cp_text[] =
    "metadata: {labels: {app: vcluster, release: prod}}\n"
    "spec:\n"
    "  priorityClassName: gold\n"
    "  tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists,\n"
    "                 effect: NoExecute, tolerationSeconds: 10}]\n"
    "  volumes: [{name: data, emptyDir: {}}, {name: binaries, emptyDir: {}}]\n"
    "  containers: [{name: syncer, resources: {limits: {memory: 4Gi}}}]\n";
static const char dns_text[] = "metadata: {labels: {k8s-app: vcluster-kube-dns}}\n"
                               "spec: {containers: [{name: coredns}]}\n";

static const struct ha_node *tree(struct sim_arena *arena, const char *text)
{
    struct ha_docs docs;
    struct sim_err err;

    cr_assert_eq(ha_docs_parse(arena, "t.yaml", text, strlen(text), &docs, &err), 0);
    return docs.doc[0];
}

static void make_design(struct sim_arena *arena, struct ha_design *design)
{
    memset(design, 0, sizeof(*design));
    design->values = tree(arena, values_text);
    design->vcluster.name = "prod";
    design->vcluster.cp = (struct ha_workload){.name = "prod",
                                               .replicas = 3,
                                               .is_statefulset = true,
                                               .pod_template = tree(arena, cp_text),
                                               .has_volume = true,
                                               .storage_class = "gp3",
                                               .volume_bytes = 5368709120};
    design->vcluster.coredns = (struct ha_workload){
        .name = "coredns", .replicas = 2, .pod_template = tree(arena, dns_text)};
    design->vcluster.etcd.name = "prod-etcd";
    design->vcluster.has_limit_range = true;
    design->vcluster.pdb.is_enabled = true;
}

static const char *text_at(const struct ha_node *node, const char *path)
{
    return ha_node_text(ha_node_at(node, path), "");
}

Test(vcluster_render, statefulset_pods_have_names_claims_and_owners)
{
    struct sim_arena arena;
    struct ha_design design;
    struct ha_rendered out;
    const struct ha_node *volumes;

    sim_arena_init(&arena);
    make_design(&arena, &design);
    ha_render(&arena, &design, &out);
    cr_assert_eq(out.n_pods, 5);
    cr_assert_eq(out.first[HA_ROLE_COREDNS], 3);
    cr_assert_eq(out.count[HA_ROLE_ETCD], 0);
    cr_assert_str_eq(out.pod[2].name, "prod-2");
    cr_assert_str_eq(text_at(out.pod[2].claim, "metadata.name"), "data-prod-2");
    cr_assert_str_eq(text_at(out.pod[2].claim, "spec.resources.requests.storage"),
                     "5368709120");
    volumes = ha_node_at(out.pod[2].object, "spec.volumes");
    cr_assert_eq(volumes->n, 2, "the emptyDir called data gives way to the claim");
    cr_assert_str_eq(text_at(volumes->item[1], "persistentVolumeClaim.claimName"),
                     "data-prod-2");
    cr_assert_str_eq(
        text_at(ha_node_at(out.pod[0].object, "metadata.ownerReferences")->item[0],
                "kind"),
        "StatefulSet");
    cr_assert_null(out.pod[3].claim);
    cr_assert_str_eq(out.pod[4].name, "coredns-rs-1");
    sim_arena_clear(&arena);
}

Test(vcluster_render, admission_adds_only_what_is_missing)
{
    struct sim_arena arena;
    struct ha_design design;
    struct ha_rendered out;
    const struct ha_node *list;
    const struct ha_node *container;

    sim_arena_init(&arena);
    make_design(&arena, &design);
    ha_render(&arena, &design, &out);
    list = ha_node_at(out.pod[0].object, "spec.tolerations");
    cr_assert_eq(list->n, 2, "not-ready was given, only unreachable is added");
    cr_assert_str_eq(text_at(list->item[0], "tolerationSeconds"), "10");
    cr_assert_str_eq(text_at(list->item[1], "key"), "node.kubernetes.io/unreachable");
    cr_assert_str_eq(text_at(list->item[1], "tolerationSeconds"), "300");
    cr_assert_eq(ha_node_at(out.pod[3].object, "spec.tolerations")->n, 2);
    cr_assert_str_eq(text_at(out.pod[0].object, "spec.priority"), "1000000");
    cr_assert_str_eq(text_at(out.pod[3].object, "spec.priority"), "0");
    container = ha_node_at(out.pod[0].object, "spec.containers")->item[0];
    cr_assert_str_eq(text_at(container, "resources.requests.memory"), "4Gi",
                     "a limit without a request is the request");
    cr_assert_str_eq(text_at(container, "resources.requests.cpu"), "100m");
    cr_assert_str_eq(text_at(container, "resources.limits.memory"), "4Gi");
    cr_assert_str_eq(text_at(container, "resources.limits.cpu"), "1");
    sim_arena_clear(&arena);
}

Test(vcluster_render, objects_come_in_apply_order)
{
    static const char *const kinds[] = {"PriorityClass",
                                        "LimitRange",
                                        "Service",
                                        "Service",
                                        "Service",
                                        "StatefulSet",
                                        "PodDisruptionBudget",
                                        "PersistentVolumeClaim",
                                        "PersistentVolumeClaim",
                                        "PersistentVolumeClaim",
                                        "Pod",
                                        "Pod",
                                        "Pod",
                                        "Pod",
                                        "Pod"};
    struct sim_arena arena;
    struct ha_design design;
    struct ha_rendered out;

    sim_arena_init(&arena);
    make_design(&arena, &design);
    ha_render(&arena, &design, &out);
    cr_assert_eq(out.n_objects, sizeof(kinds) / sizeof(kinds[0]));
    for (uint32_t i = 0; i < out.n_objects; i++) {
        cr_assert_str_eq(text_at(out.object[i], "kind"), kinds[i]);
    }
    cr_assert_null(ha_node_at(out.object[6], "spec.minAvailable"));
    cr_assert_str_eq(text_at(out.object[6], "spec.selector.matchLabels.app"),
                     "vcluster");
    sim_arena_clear(&arena);
}
