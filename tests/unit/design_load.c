/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading designs: shipped files, merging, names, kinds of documents, the typed
 * result. Faults of input are in design_faults.c. */
#include "models/design/design.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/design_support.h"

#define GUIDE "configs/designs/guide-complete.yaml"

static void done(void)
{
    ha_design_release(&design_test.design);
    design_test_clean();
}

static const struct ha_design *load(const char *a, const char *b)
{
    const char *files[] = {a, b};

    cr_assert_eq(design_test_load(files, b != NULL ? 2 : 1, NULL, 0, 0), 0, "%s:%d: %s",
                 design_test.err.file, design_test.err.line, design_test.err.message);
    return &design_test.design;
}

static const struct ha_design *load_set(const char *file, const char *a, const char *b)
{
    const char *sets[] = {a, b};

    cr_assert_eq(design_test_load(&file, 1, sets, b != NULL ? 2 : 1, 0), 0, "%s: %s",
                 design_test.err.file, design_test.err.message);
    return &design_test.design;
}

static const char *text(const struct ha_node *tree, const char *path)
{
    return ha_node_text(ha_node_at(tree, path), "");
}

Test(design_load, all_shipped_files_load_alone_and_together, .fini = done)
{
    static const char *const designs[] = {"single-replica", "guide-complete",
                                          "guide-corrected", "embedded-etcd",
                                          "external-etcd"};
    static const char *const hosts[] = {"one-zone", "three-zones", "uneven-zones",
                                        "too-small"};

    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k <= 4; k++) {
            char design[128];
            char host[128] = "";

            snprintf(design, sizeof(design), "configs/designs/%s.yaml", designs[i]);
            if (k < 4) {
                snprintf(host, sizeof(host), "configs/hosts/%s.yaml", hosts[k]);
            }
            load(design, k < 4 ? host : NULL);
            cr_assert_str_eq(design_test.design.name, designs[i]);
            cr_assert_eq(design_test.design.host.is_default, k == 4);
            done();
        }
    }
}

Test(design_load, the_guide_is_typed_as_the_chart_renders_it, .fini = done)
{
    const struct ha_vcluster *vc = &load(GUIDE, NULL)->vcluster;

    cr_assert_eq(vc->store, HA_STORE_ETCD_DEPLOYED);
    cr_assert_str_eq(vc->name, "guide-complete");
    cr_assert_eq(vc->cp.replicas, 3);
    cr_assert(vc->cp.is_statefulset); /* volumeClaim.enabled: true */
    cr_assert(vc->cp.has_volume);
    cr_assert_str_eq(vc->cp.storage_class, "gp3");
    cr_assert_eq(vc->cp.volume_bytes, (int64_t)10 << 30);
    cr_assert_eq(vc->cp.grace_s, 15);
    cr_assert_str_eq(vc->cp.place.file, GUIDE);
    cr_assert_gt(vc->cp.place.line, 20);
    cr_assert_eq(vc->etcd.replicas, 3);
    cr_assert(vc->etcd.is_statefulset);
    cr_assert_str_eq(vc->etcd.name, "guide-complete-etcd");
    cr_assert_eq(vc->etcd.grace_s, 10);
    cr_assert_eq(vc->coredns.replicas, 2);
    cr_assert_not(vc->coredns.is_statefulset);
    cr_assert(vc->pdb.is_enabled);
    cr_assert_null(vc->pdb.min_available);
    cr_assert_null(vc->pdb.max_unavailable);
    cr_assert_eq(vc->lease.duration_s, 60);
    cr_assert_eq(vc->lease.retry_period_s, 15);
    cr_assert_eq(vc->readiness_act_s, 120);
    cr_assert_eq(vc->liveness_act_s, 120);
    cr_assert(vc->has_quota);
    cr_assert(vc->has_limit_range); /* auto, switched on by the quota */
    cr_assert_str_eq(ha_node_text(ha_node_get(vc->quota, "requests.cpu"), ""), "20");
    cr_assert_str_eq(ha_node_text(ha_node_get(vc->quota, "count/services"), ""), "20");
}

Test(design_load, the_corrected_guide_is_a_deployment, .fini = done)
{
    const struct ha_vcluster *vc =
        &load("configs/designs/guide-corrected.yaml", NULL)->vcluster;

    cr_assert_not(vc->cp.is_statefulset);
    cr_assert_not(vc->cp.has_volume);
    cr_assert_str_eq(vc->pdb.max_unavailable, "1");
}

/* chart/templates/_persistence.tpl, confirmed by chart/tests/statefulset_test.yaml. */
Test(design_load, kind_of_control_plane_follows_store_and_claim, .fini = done)
{
    static const struct {
        char store[48], claim[8];
        bool is_statefulset, has_volume;
    } row[] = {{"", "auto", true, true},
               {"", "true", true, true},
               {"", "false", false, false},
               {"etcd.embedded.enabled=true", "auto", true, true},
               {"etcd.embedded.enabled=true", "true", true, true},
               {"etcd.embedded.enabled=true", "false", true, false},
               {"etcd.deploy.enabled=true", "auto", false, false},
               {"etcd.deploy.enabled=true", "true", true, true},
               {"etcd.deploy.enabled=true", "false", false, false}};

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        char store[128];
        char claim[128];

        snprintf(store, sizeof(store), "controlPlane.backingStore.%.40s", row[i].store);
        snprintf(claim, sizeof(claim),
                 "controlPlane.statefulSet.persistence.volumeClaim.enabled=%.7s",
                 row[i].claim);
        load_set("configs/designs/single-replica.yaml", claim,
                 row[i].store[0] != '\0' ? store : NULL);
        cr_assert_eq(design_test.design.vcluster.cp.is_statefulset,
                     row[i].is_statefulset, "row %zu", i);
        cr_assert_eq(design_test.design.vcluster.cp.has_volume, row[i].has_volume,
                     "row %zu", i);
        done();
    }
}

Test(design_load, pod_templates_carry_labels_and_scheduling, .fini = done)
{
    const struct ha_vcluster *vc = &load(GUIDE, NULL)->vcluster;
    const struct ha_node *cp = vc->cp.pod_template;
    const struct ha_node *list =
        ha_node_at(cp, "spec.affinity.podAntiAffinity."
                       "requiredDuringSchedulingIgnoredDuringExecution");

    cr_assert_str_eq(text(cp, "metadata.labels.app"), "vcluster");
    cr_assert_str_eq(text(cp, "metadata.labels.release"), "guide-complete");
    cr_assert_eq(list->n, 1);
    list = ha_node_at(cp, "spec.containers");
    cr_assert_str_eq(text(list->item[0], "resources.requests.cpu"), "500m");
    cr_assert_str_eq(text(list->item[0], "resources.requests.ephemeral-storage"),
                     "1Gi");
    list = ha_node_at(vc->coredns.pod_template, "spec.topologySpreadConstraints");
    cr_assert_str_eq(text(list->item[0], "whenUnsatisfiable"), "DoNotSchedule");
}

Test(design_load, etcd_prefers_to_be_apart_unless_told_otherwise, .fini = done)
{
    const struct ha_node *list;

    load_set("configs/designs/single-replica.yaml",
             "controlPlane.backingStore.etcd.deploy.enabled=true", NULL);
    list = ha_node_at(design_test.design.vcluster.etcd.pod_template,
                      "spec.affinity.podAntiAffinity."
                      "preferredDuringSchedulingIgnoredDuringExecution");
    cr_assert_eq(list->n, 2);
    cr_assert_str_eq(text(list->item[0], "weight"), "100");
    cr_assert_str_eq(text(list->item[1], "podAffinityTerm.topologyKey"),
                     "topology.kubernetes.io/zone");
    done();
    load(GUIDE, NULL);
    list = ha_node_at(design_test.design.vcluster.etcd.pod_template,
                      "spec.affinity.podAntiAffinity."
                      "preferredDuringSchedulingIgnoredDuringExecution");
    cr_assert_null(list);
}

/* ---- merging ---- */

Test(design_load, later_files_win_maps_merge_lists_are_replaced, .fini = done)
{
    const char *a = design_test_file(
        "one.yaml", "controlPlane:\n"
                    "  statefulSet:\n"
                    "    resources: {requests: {cpu: 1, memory: 1Gi}}\n"
                    "    scheduling:\n"
                    "      tolerations: [{key: x}, {key: y}]\n");
    const char *b = design_test_file(
        "two.yaml", "controlPlane:\n"
                    "  statefulSet:\n"
                    "    resources: {requests: {cpu: 2, memory: null}}\n"
                    "    scheduling:\n"
                    "      tolerations: [{key: z}]\n");
    const struct ha_design *design = load(a, b);
    const struct ha_node *set = ha_node_at(design->values, "controlPlane.statefulSet");

    cr_assert_str_eq(design->name, "one");
    cr_assert_str_eq(text(set, "resources.requests.cpu"), "2");
    cr_assert_str_eq(text(set, "resources.requests.memory"), "256Mi"); /* the default */
    cr_assert_eq(ha_node_at(set, "scheduling.tolerations")->n, 1);
    cr_assert_str_eq(ha_node_at(set, "resources.requests.cpu")->place.file, b);
    cr_assert_eq(ha_node_at(set, "resources.requests.cpu")->place.line, 3);
}

Test(design_load, overlays_change_items_of_lists_by_name, .fini = done)
{
    const char *over = design_test_file("over.yaml", "kind: Host\n"
                                                     "nodePools: {large: {count: 1}}\n"
                                                     "nodes: {c1: {zone: b}}\n");
    const struct ha_host *host = &load("configs/hosts/uneven-zones.yaml", over)->host;

    cr_assert_eq(host->n_nodes, 4);
    cr_assert_str_eq(host->node[0].name, "large-a1");
    cr_assert_str_eq(host->node[3].name, "c1");
    cr_assert_eq(host->node[3].zone, 1);
}

Test(design_load, a_design_holds_values_host_and_overrides, .fini = done)
{
    const char *file =
        design_test_file("x.yaml", "apiVersion: nines/v1\n"
                                   "kind: Design\n"
                                   "name: My Shop_2\n"
                                   "vcluster:\n"
                                   "  controlPlane: {coredns: {enabled: false}}\n"
                                   "host:\n"
                                   "  catalog: gcp\n"
                                   "  zones: [north, south]\n"
                                   "overrides:\n"
                                   "  node.host_fail.rate: 7/y\n"
                                   "  volume.stall.rate: null\n");
    const struct ha_design *design = load(file, NULL);

    cr_assert_str_eq(design->name, "My Shop_2");
    cr_assert_str_eq(design->vcluster.name, "my-shop-2");
    cr_assert_eq(design->vcluster.coredns.replicas, 0);
    cr_assert_eq(design->host.n_zones, 2);
    cr_assert_eq(design->host.n_nodes, 6);
    cr_assert_str_eq(design->catalog.name, "gcp");
    cr_assert_eq(
        ha_catalog_rate_per_year(&design->catalog, HA_PARAM_NODE_HOST_FAIL_RATE), 7);
    cr_assert_not(design->catalog.value[HA_PARAM_VOLUME_STALL_RATE].is_set);
    cr_assert(design->host.drain_is_forced); /* GKE: after an hour anyway */
    cr_assert_eq(design->host.drain_limit_s, 3600);
}

Test(design_load, catalogue_files_extend_a_builtin_one, .fini = done)
{
    const char *file = design_test_file(
        "mine.yaml", "apiVersion: nines/v1\n"
                     "kind: Catalog\n"
                     "name: mine\n"
                     "extends: azure\n"
                     "entries:\n"
                     "  change.outage.rate: {events: 2, exposure: 5y}\n"
                     "---\n"
                     "kind: Host\n"
                     "regionProfile: busy\n");
    const struct ha_design *design = load(GUIDE, file);

    cr_assert_str_eq(design->catalog.name, "azure");
    cr_assert_eq(
        ha_catalog_rate_per_year(&design->catalog, HA_PARAM_CHANGE_OUTAGE_RATE), 0.5);
    cr_assert_float_eq(
        ha_catalog_rate_per_year(&design->catalog, HA_PARAM_ZONE_MAJOR_RATE), 0.1,
        1e-12);
    cr_assert_eq(design->host.storage_class[0].provisioner, HA_STORAGE_REGIONAL);
}

/* ---- host ---- */

Test(design_load, the_default_host_is_as_stated, .fini = done)
{
    const struct ha_host *host = &load(GUIDE, NULL)->host;

    cr_assert(host->is_default);
    cr_assert_eq(host->n_zones, 3);
    cr_assert_eq(host->n_nodes, 9);
    cr_assert_str_eq(host->zone[2].name, "c");
    cr_assert_str_eq(host->node[0].name, "a1");
    cr_assert_str_eq(host->node[8].name, "c3");
    cr_assert_eq(host->node[3].zone, 1);
    cr_assert_float_eq(host->node[0].price_usd_month, 0.192 * 730.5, 1e-9);
    cr_assert_eq(host->k8s_minor, 34);
    cr_assert_eq(host->monitor_grace_s, 50);
    cr_assert(host->has_cloud_controller);
    cr_assert_not(host->has_autorepair);
    cr_assert_eq(host->drain_limit_s, 900);
    cr_assert_not(host->drain_is_forced);
    cr_assert_str_eq(text(host->node[0].object, "status.capacity.memory"), "16Gi");
    /* 4 vCPU: 60 + 10 + 10 m kept; 16 GiB: 2.6 GiB and 100 MiB kept (GKE's table) */
    cr_assert_str_eq(text(host->node[0].object, "status.allocatable.cpu"), "3920m");
    cr_assert_str_eq(text(host->node[0].object, "status.allocatable.memory"),
                     "14283282842");
    cr_assert_str_eq(
        ha_node_text(ha_node_get(ha_node_at(host->node[4].object, "metadata.labels"),
                                 "topology.kubernetes.io/zone"),
                     ""),
        "b");
}

Test(design_load, hosts_differ_by_version_and_provider, .fini = done)
{
    const struct ha_host *host = &load(GUIDE, "configs/hosts/too-small.yaml")->host;

    cr_assert_eq(host->monitor_grace_s, 40); /* 1.31 */
    cr_assert_not(host->has_cloud_controller);
    cr_assert_eq(host->drain_limit_s, 0);
    cr_assert_eq(host->storage_class[0].provisioner, HA_STORAGE_LOCAL);
    cr_assert_str_eq(text(host->node[0].object, "status.allocatable.cpu"), "1000m");
}

Test(design_load, spot_pools_carry_label_and_price, .fini = done)
{
    const struct ha_host *host =
        &load_set(GUIDE, "host.nodePools[0].spot=true", "host.catalog=gcp")->host;

    cr_assert_str_eq(
        ha_node_text(ha_node_get(ha_node_at(host->node[0].object, "metadata.labels"),
                                 "cloud.google.com/gke-spot"),
                     ""),
        "true");
    cr_assert_float_eq(host->node[0].price_usd_month, 0.35 * 0.134 * 730.5, 1e-9);
}

Test(design_load, nodes_of_a_real_cluster_are_taken_as_they_are, .fini = done)
{
    const char *json = design_test_file(
        "nodes.json",
        "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": ["
        "{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"n1\","
        " \"labels\": {\"topology.kubernetes.io/zone\": \"eu-1a\"}}, \"status\":"
        " {\"capacity\": {\"cpu\": \"8\"}, \"allocatable\": {\"cpu\": \"7910m\"}}},"
        "{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"n2\"},"
        " \"status\": {\"allocatable\": {\"cpu\": \"4\"}}},"
        "{\"apiVersion\": \"storage.k8s.io/v1\", \"kind\": \"StorageClass\","
        " \"metadata\": {\"name\": \"fast\"}, \"provisioner\": \"ebs.csi.aws.com\","
        " \"volumeBindingMode\": \"Immediate\"}]}");
    const struct ha_host *host = &load(GUIDE, json)->host;

    cr_assert_not(host->is_default);
    cr_assert_eq(host->n_nodes, 2);
    cr_assert_eq(host->n_zones, 2);
    cr_assert_str_eq(host->zone[0].name, "eu-1a");
    cr_assert_str_eq(host->zone[1].name, "default");
    cr_assert_str_eq(text(host->node[0].object, "status.allocatable.cpu"), "7910m");
    cr_assert_float_eq(host->node[0].price_usd_month, 2 * 0.192 * 730.5, 1e-9);
    cr_assert_str_eq(host->storage_class[0].name, "fast");
    cr_assert(host->storage_class[0].is_default); /* the only one */
    cr_assert(host->storage_class[0].is_immediate);
}

Test(design_load, dependencies_are_read_inline_and_from_files, .fini = done)
{
    const char *system = design_test_file("lb.yaml", "kind: System\nname: lb\n");
    char yaml[512];
    const char *slash = strrchr(system, '/');

    snprintf(yaml, sizeof(yaml),
             "kind: Host\n"
             "dependencies:\n"
             "  - {name: load balancer, file: %s}\n"
             "  - {name: resolver, service: dns, system: {kind: System}}\n",
             slash + 1);
    load(GUIDE, design_test_file("host.yaml", yaml));
    cr_assert_eq(design_test.design.n_extras, 2);
    cr_assert_str_eq(text(design_test.design.extra[0].system, "name"), "lb");
    cr_assert_str_eq(design_test.design.extra[0].service, "api");
    cr_assert_str_eq(design_test.design.extra[1].service, "dns");
}

/* ---- --set and --replicas ---- */

Test(design_load, set_has_helms_types, .fini = done)
{
    const struct ha_node *values;
    const char *base = "controlPlane.statefulSet.";
    char argument[256];

    snprintf(
        argument, sizeof(argument),
        "%slabels.a=3,%slabels.b\\.c/d=x\\,y,%sargs={p,q},%senableServiceLinks=false",
        base, base, base, base);
    /* labels are texts: 3 without quotes would be a number, as with helm */
    cr_assert_eq(design_test_load(&(const char *){GUIDE}, 1,
                                  (const char *const[]){argument}, 1, 0),
                 -SIM_ERR_INPUT);
    snprintf(argument, sizeof(argument),
             "%slabels.b\\.c/d=x\\,y,%sargs={p,q},%senableServiceLinks=false", base,
             base, base);
    values = load_set(GUIDE, argument, NULL)->values;
    cr_assert_str_eq(
        ha_node_text(ha_node_get(ha_node_at(values, "controlPlane.statefulSet."
                                                    "labels"),
                                 "b.c/d"),
                     ""),
        "x,y");
    cr_assert_eq(ha_node_at(values, "controlPlane.statefulSet.args")->n, 2);
    cr_assert_str_eq(text(values, "controlPlane.statefulSet.enableServiceLinks"),
                     "false");
}

Test(design_load, set_changes_one_item_of_a_default_list, .fini = done)
{
    const struct ha_node *list;

    load_set(GUIDE,
             "controlPlane.coredns.deployment.topologySpreadConstraints[0].maxSkew=2",
             NULL);
    list = ha_node_at(design_test.design.values,
                      "controlPlane.coredns.deployment.topologySpreadConstraints");
    cr_assert_eq(list->n, 1);
    cr_assert_str_eq(text(list->item[0], "maxSkew"), "2");
    cr_assert_str_eq(text(list->item[0], "whenUnsatisfiable"), "DoNotSchedule");
}

Test(design_load, set_reaches_host_and_catalogue, .fini = done)
{
    const char *file = "configs/hosts/uneven-zones.yaml";
    const struct ha_design *design =
        load_set(file, "host.nodes[c1].zone=b,host.nodePools[0].count=1",
                 "catalog.node.reboot.sigma=0.3,catalog.change.outage.rate=9/y");
    struct sim_dist law;

    cr_assert_eq(design->host.n_nodes, 4);
    cr_assert_eq(design->host.node[3].zone, 1);
    cr_assert_str_eq(design->host.node[0].name, "large-a1");
    cr_assert_eq(
        ha_catalog_rate_per_year(&design->catalog, HA_PARAM_CHANGE_OUTAGE_RATE), 9);
    cr_assert(ha_catalog_duration(&design->catalog, HA_PARAM_NODE_REBOOT, &law));
    cr_assert_float_eq(sim_dist_quantile(&law, 0.5), 45, 1e-9);
    cr_assert_eq(law.b, 0.3);
    done();
    design = load_set(GUIDE, "host.nodePools[0].count=5", "host.catalog=gcp");
    cr_assert_eq(design->host.n_nodes, 15);
    cr_assert_not(design->host.is_default);
    cr_assert_str_eq(design->catalog.name, "gcp");
}

Test(design_load, set_null_returns_to_the_default, .fini = done)
{
    const struct ha_design *design =
        load_set(GUIDE, "controlPlane.statefulSet.highAvailability=null",
                 "controlPlane.backingStore.etcd.deploy.statefulSet.scheduling."
                 "topologySpreadConstraints[0]=null");

    cr_assert_eq(design->vcluster.cp.replicas, 1);
    cr_assert_null(ha_node_at(design->vcluster.etcd.pod_template,
                              "spec.topologySpreadConstraints"));
}

Test(design_load, replicas_reach_control_plane_and_members, .fini = done)
{
    const char *guide = GUIDE;
    const char *external = "configs/designs/external-etcd.yaml";

    cr_assert_eq(design_test_load(&guide, 1, NULL, 0, 7), 0);
    cr_assert_eq(design_test.design.vcluster.cp.replicas, 7);
    cr_assert_eq(design_test.design.vcluster.etcd.replicas, 7);
    cr_assert_str_eq(design_test.design.vcluster.cp.place.file, "--replicas 7");
    done();
    cr_assert_eq(design_test_load(&external, 1, NULL, 0, 5), 0);
    cr_assert_eq(design_test.design.vcluster.cp.replicas, 5);
    cr_assert_eq(design_test.design.vcluster.external_etcd_members, 3);
}

Test(design_load, names_come_from_files, .fini = done)
{
    static const char *const rows[][3] = {{"Prod.EU.yaml", "Prod.EU", "prod-eu"},
                                          {"plain", "plain", "plain"},
                                          {"---.yml", "---", "vcluster"},
                                          {"v1.json", "v1", "v1"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        load(design_test_file(rows[i][0], "{}"), NULL);
        cr_assert_str_eq(design_test.design.name, rows[i][1]);
        cr_assert_str_eq(design_test.design.vcluster.name, rows[i][2]);
        done();
    }
}
