/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pod templates of the chart: what chart/templates/statefulset.yaml,
 * etcd-statefulset.yaml and the tenant's CoreDNS manifest write into a pod, as far as
 * it decides where the pod may run and how it dies. Names, images, commands and
 * volumes that bind nothing are left out.
 *
 *   control plane  labels app=vcluster, release=NAME; 15 s grace; no default affinity
 *   deployed etcd  labels app=vcluster-etcd, release=NAME; 10 s grace; without an
 *                  affinity of the user's the chart prefers other hosts (weight 100)
 *                  and other zones (weight 50); a user's affinity replaces it whole
 *   CoreDNS        label k8s-app=vcluster-kube-dns; 30 s grace (the API's default);
 *                  its hard spread over host names stands in the default values
 *
 * The init containers of the control plane copy the Kubernetes binaries; a pod's
 * effective request is the larger of its init containers and the sum of the others, so
 * they are rendered too. Admission (default tolerations, LimitRange defaults,
 * priorities) is the business of the renderer in models/vcluster.
 */
#include "models/design/tree.h"
#include "models/design/vcluster_values.h"

static struct ha_node *new_template(struct sim_arena *arena, struct ha_node **labels,
                                    struct ha_node **spec)
{
    struct ha_node *pod = ha_node_new_map(arena);

    *labels = ha_tree_set_map(arena, ha_tree_set_map(arena, pod, "metadata"), "labels");
    *spec = ha_tree_set_map(arena, pod, "spec");
    return pod;
}

static void add_container(struct sim_arena *arena, struct ha_node *list,
                          const char *name, const struct ha_node *resources)
{
    struct ha_node *container = ha_tree_add_map(arena, list);

    ha_tree_set_text(arena, container, "name", name);
    ha_tree_set_tree(arena, container, "resources", resources);
}

/* Containers that the user adds, as they are. */
static void add_given(struct sim_arena *arena, struct ha_node *list,
                      const struct ha_node *given)
{
    for (uint32_t i = 0; given != NULL && given->kind == HA_NODE_LIST && i < given->n;
         i++) {
        ha_node_append(arena, list, given->item[i]);
    }
}

static void copy_scheduling(struct sim_arena *arena, struct ha_node *spec,
                            const struct ha_node *scheduling)
{
    static const char *const keys[] = {"nodeSelector", "affinity", "tolerations",
                                       "topologySpreadConstraints",
                                       "priorityClassName"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        ha_tree_set_tree(arena, spec, keys[i], ha_node_get(scheduling, keys[i]));
    }
}

const struct ha_node *ha_template_cp(struct sim_arena *arena,
                                     const struct ha_node *values, const char *release)
{
    const struct ha_node *set = ha_node_at(values, "controlPlane.statefulSet");
    const struct ha_node *distro = ha_node_at(values, "controlPlane.distro.k8s");
    struct ha_node *labels;
    struct ha_node *spec;
    struct ha_node *pod = new_template(arena, &labels, &spec);
    struct ha_node *list;

    ha_tree_add_all(arena, labels, ha_node_at(set, "pods.labels"));
    ha_tree_set_text(arena, labels, "app", "vcluster");
    ha_tree_set_text(arena, labels, "release", release);
    ha_tree_set_plain(arena, spec, "terminationGracePeriodSeconds", "15");
    copy_scheduling(arena, spec, ha_node_get(set, "scheduling"));
    list = ha_tree_set_list(arena, spec, "initContainers");
    add_container(arena, list, "kubernetes", ha_node_get(distro, "resources"));
    add_given(arena, list, ha_node_get(set, "initContainers"));
    list = ha_tree_set_list(arena, spec, "containers");
    add_container(arena, list, "syncer", ha_node_get(set, "resources"));
    add_given(arena, list, ha_node_get(set, "sidecarContainers"));
    return pod;
}

static void prefer_elsewhere(struct sim_arena *arena, struct ha_node *list,
                             const char *weight, const char *topology,
                             const char *release)
{
    struct ha_node *item = ha_tree_add_map(arena, list);
    struct ha_node *term;
    struct ha_node *match;

    ha_tree_set_plain(arena, item, "weight", weight);
    term = ha_tree_set_map(arena, item, "podAffinityTerm");
    match = ha_tree_set_map(arena, ha_tree_set_map(arena, term, "labelSelector"),
                            "matchLabels");
    ha_tree_set_text(arena, match, "app", "vcluster-etcd");
    ha_tree_set_text(arena, match, "release", release);
    ha_tree_set_text(arena, term, "topologyKey", topology);
}

const struct ha_node *ha_template_etcd(struct sim_arena *arena,
                                       const struct ha_node *values,
                                       const char *release)
{
    const struct ha_node *set =
        ha_node_at(values, "controlPlane.backingStore.etcd.deploy.statefulSet");
    struct ha_node *labels;
    struct ha_node *spec;
    struct ha_node *pod = new_template(arena, &labels, &spec);

    ha_tree_add_all(arena, labels, ha_node_at(set, "pods.labels"));
    ha_tree_set_text(arena, labels, "app", "vcluster-etcd");
    ha_tree_set_text(arena, labels, "release", release);
    ha_tree_set_plain(arena, spec, "terminationGracePeriodSeconds", "10");
    copy_scheduling(arena, spec, ha_node_get(set, "scheduling"));
    if (ha_node_get(spec, "affinity") == NULL) {
        struct ha_node *affinity = ha_tree_set_map(arena, spec, "affinity");
        struct ha_node *list =
            ha_tree_set_list(arena, ha_tree_set_map(arena, affinity, "podAntiAffinity"),
                             "preferredDuringSchedulingIgnoredDuringExecution");

        prefer_elsewhere(arena, list, "100", "kubernetes.io/hostname", release);
        prefer_elsewhere(arena, list, "50", "topology.kubernetes.io/zone", release);
    }
    add_container(arena, ha_tree_set_list(arena, spec, "containers"), "etcd",
                  ha_node_get(set, "resources"));
    return pod;
}

const struct ha_node *ha_template_coredns(struct sim_arena *arena,
                                          const struct ha_node *values)
{
    const struct ha_node *coredns = ha_node_at(values, "controlPlane.coredns");
    const struct ha_node *deployment = ha_node_get(coredns, "deployment");
    struct ha_node *labels;
    struct ha_node *spec;
    struct ha_node *pod = new_template(arena, &labels, &spec);

    ha_tree_add_all(arena, labels, ha_node_at(deployment, "pods.labels"));
    ha_tree_set_text(arena, labels, "k8s-app", "vcluster-kube-dns");
    ha_tree_set_plain(arena, spec, "terminationGracePeriodSeconds", "30");
    copy_scheduling(arena, spec, deployment);
    ha_tree_set_tree(arena, spec, "priorityClassName",
                     ha_node_get(coredns, "priorityClassName"));
    add_container(arena, ha_tree_set_list(arena, spec, "containers"), "coredns",
                  ha_node_get(deployment, "resources"));
    return pod;
}
