/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults of input: each is provoked once, and must name its place, say what was
 * expected and hint at what to type. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/design_support.h"

#define CP    "controlPlane: {statefulSet: {highAvailability: "
#define ETCD  "controlPlane: {backingStore: {etcd: "
#define GUIDE "configs/designs/guide-complete.yaml"
#define HOST  "kind: Host\n"

struct fault {
    const char *yaml;
    const char *message, *hint; /* parts of them */
    int line, column;
};

static void done(void)
{
    ha_design_release(&design_test.design);
    design_test_clean();
}

static void expect(const struct fault *f, size_t row)
{
    const struct sim_err *err = &design_test.err;
    const char *path = design_test_file("f.yaml", f->yaml);
    int code = design_test_load(&path, 1, NULL, 0, 0);

    cr_assert_eq(code, -SIM_ERR_INPUT, "row %zu was accepted: %s", row, f->yaml);
    cr_assert_eq(sim_err_exit_code(code), 2);
    cr_assert_not_null(strstr(err->message, f->message), "row %zu: %s", row,
                       err->message);
    cr_assert_not_null(strstr(err->hint, f->hint), "row %zu: %s: hint %s", row,
                       err->message, err->hint);
    cr_assert_eq(err->line, f->line, "row %zu: %s: line %d", row, err->message,
                 err->line);
    cr_assert_eq(err->column, f->column, "row %zu: %s: column %d", row, err->message,
                 err->column);
    cr_assert(f->line == 0 || strcmp(err->file, path) == 0, "row %zu: %s", row,
              err->file);
    cr_assert(f->line == 0 || err->excerpt[0] != '\0', "row %zu", row);
    cr_assert_null(design_test.design.arena.chunk);
    design_test_clean();
}

static void expect_all(const struct fault *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        expect(&f[i], i);
    }
}

#define EXPECT_ALL(rows) expect_all(rows, sizeof(rows) / sizeof(rows[0]))

Test(design_faults, schema, .fini = done)
{
    static const struct fault rows[] = {
        {"controlPlane:\n  statefulSet:\n    highAvailability:\n      replica: 3\n",
         "unknown key \"replica\" under controlPlane.statefulSet.highAvailability",
         "did you mean \"replicas\"?", 4, 7},
        {"controlPlane:\n  statefulSet:\n    replicas: 3\n",
         "unknown key \"replicas\" under controlPlane.statefulSet",
         "controlPlane.statefulSet.highAvailability.replicas", 3, 5},
        {"controlPlane:\n  stateful_set: {}\n", "unknown key", "\"statefulSet\"", 2, 3},
        {"replicas: 3\n", "unknown key \"replicas\" in the values", "moved to", 1, 1},
        {"syncer: {}\n", "unknown key", "controlPlane.statefulSet", 1, 1},
        {"sync:\n  nodes: {enabled: true}\n", "unknown key", "sync.fromHost.nodes", 2,
         3},
        {"controlPlane: {distro: {k3s: {enabled: true}}}\n", "unknown key \"k3s\"",
         "k8s is the only one", 1, 25},
        {"controlPlane:\n  advanced:\n    podDisruptionBudget:\n      enabled: true\n"
         "      spec: {minAvailable: 2}\n",
         "unknown key \"spec\"", "directly under podDisruptionBudget", 5, 7},
        {"zones: [a]\n", "unknown key \"zones\"", "kind: Host", 1, 1},
        {"xyzzy: 1\n", "unknown key", "", 1, 1},
        {"xyzzy: null\n", "unknown key", "", 1, 1},
        {CP "{replicas: \"3\"}}}\n", "must be a whole number, found \"3\"",
         "without quotes", 1, 59},
        {CP "{replicas: three}}}\n", "must be a whole number, found three", "", 1, 59},
        {CP "{replicas: 2.5}}}\n", "must be a whole number", "", 1, 59},
        {CP "3}}\n", "must be a map, found 3", "", 1, 48},
        {"controlPlane: {statefulSet: {args: a}}\n", "must be a list", "", 1, 36},
        {"controlPlane: {coredns: {enabled: yes}}\n", "must be true or false", "", 1,
         35},
        {"controlPlane: {statefulSet: {labels: {a: 3}}}\n", "must be a text",
         "in quotes: \"3\"", 1, 42},
        {"policies: {resourceQuota: {enabled: [1]}}\n", "a text, true or false", "", 1,
         37},
        {"- a\n", "expected a map", "", 1, 1},
        {"just words\n", "expected a map", "", 1, 1},
        {"a: 1\na: 2\n", "duplicate key \"a\"", "keep one", 2, 1},
        {"a: [1\nb: 2\n", "not valid YAML", "", 2, 2},
    };

    EXPECT_ALL(rows);
}

Test(design_faults, kinds_of_documents, .fini = done)
{
    static const struct fault rows[] = {
        {"kind: Hots\n", "no part of a design", "did you mean \"Host\"", 1, 7},
        {"kind: Deployment\n", "no part of a design", "vCluster values", 1, 7},
        {"kind: Host\napiVersion: v1\n", "apiVersion \"v1\"", "nines/v1", 2, 13},
        {"kind: Design\ncontrolPlane: {}\n", "unknown key \"controlPlane\"",
         "stand under vcluster:", 2, 1},
        {"kind: Design\nvclutser: {}\n", "unknown key", "did you mean \"vcluster\"", 2,
         1},
        {"kind: Design\nvcluster:\n  syncer: {}\n", "unknown key \"syncer\"",
         "controlPlane", 3, 3},
        {"kind: Design\ncatalog: {x: 1}\n", "catalog must be a name", "", 2, 10},
        {"kind: Catalog\nentry: {}\n", "unknown key \"entry\"", "", 2, 1},
        {"kind: Catalog\nentries: {node.reboot: 3}\n", "bare number", "20m", 2, 24},
        {"kind: Catalog\nextends: moon\n", "no catalogue \"moon\"", "aws, gcp", 0, 0},
        {"kind: List\n", "needs its items", "", 1, 1},
        {"kind: List\nitems:\n- kind: Pod\n", "a Pod object says nothing",
         "Node and StorageClass", 3, 3},
        {"kind: Node\nmetadata: {}\n", "needs metadata.name", "", 1, 1},
        {"kind: Node\nmetadata: {name: x}\n", "no status.allocatable",
         "kubectl get nodes -o yaml", 1, 1},
        {"kind: StorageClass\nprovisioner: a.b\nmetadata: {name: x}\n",
         "does not know the volume driver", "like:", 2, 14},
    };

    EXPECT_ALL(rows);
}

Test(design_faults, chart_and_budget, .fini = done)
{
    static const struct fault rows[] = {
        {CP "{replicas: 3}}}\n",
         "3 control-plane replicas cannot share embedded SQLite",
         "etcd.deploy.enabled=true", 1, 59},
        {CP "{replicas: 0}}}\n", "replicas is 0; expected 1 to 99", "ever available", 1,
         59},
        {CP "{replicas: -1}}}\n", "replicas is -1; expected 1 to 99", "use 1, 3 or 5",
         1, 59},
        {CP "{replicas: 1000000000}}}\n", "expected 1 to 99", "at most 7 members", 1,
         59},
        {CP "{replicas: 1e9}}}\n", "replicas is 1e9; expected 1 to 99", "", 1, 59},
        {"controlPlane: {coredns: {deployment: {replicas: 0}}}\n", "expected 1 to 99",
         "", 1, 49},
        {ETCD "{embedded: {enabled: true}, deploy: {enabled: true}}}}\n",
         "two stores are enabled: etcd.embedded and etcd.deploy", "keep one", 1, 83},
        {"sync:\n  toHost:\n    volumeSnapshots:\n      enabled: false\n",
         "removed in vCluster 0.36", "delete", 4, 7},
        {"rbac: {enableVolumeSnapshotRules: {enabled: auto}}\n", "removed", "delete", 1,
         35},
        {"exportKubeConfig: {secret: {name: a}, additionalSecrets: [{name: b}]}\n",
         "exclude each other", "move the secret", 1, 58},
        {"deploy: {csi: {kubeVirt: {enabled: true}}}\n", "needs private nodes",
         "remove", 1, 36},
        {"controlPlane: {endpoint: x.y}\n", "needs private nodes", "remove it", 1, 26},
        {"controlPlane: {standalone: {enabled: true}}\n", "no host cluster", "as pods",
         1, 38},
        {"privateNodes: {enabled: true}\ncontrolPlane: {coredns: {embedded: true}}\n",
         "embedded CoreDNS", "false", 2, 36},
        {"controlPlane:\n  advanced:\n    podDisruptionBudget: {enabled: true, "
         "minAvailable: 1, maxUnavailable: 1}\n",
         "not both", "maxUnavailable: 1", 3, 75},
        {"controlPlane: {advanced: {podDisruptionBudget: {minAvailable: two}}}\n",
         "a number of pods or a percentage", "minAvailable: 2", 1, 63},
    };

    EXPECT_ALL(rows);
}

Test(design_faults, process_start, .fini = done)
{
    static const struct fault rows[] = {
        {"controlPlane: {distro: {k8s: {scheduler: {enabled: true}}}}\n",
         "needs the host's nodes", "sync.fromHost.nodes.enabled=true", 1, 52},
        {"sync:\n  fromHost: {storageClasses: {enabled: true}}\n"
         "  toHost: {storageClasses: {enabled: true}}\n",
         "storageClasses cannot be synced", "switch one", 3, 38},
        {"sync:\n  fromHost: {priorityClasses: {enabled: true}}\n"
         "  toHost: {priorityClasses: {enabled: true}}\n",
         "priorityClasses cannot be synced", "switch one", 3, 39},
        {"controlPlane: {backingStore: {database: {external: {enabled: true}}}}\n",
         "no dataSource", "dataSource: mysql", 1, 62},
        {ETCD "{external: {enabled: true}}}}\n", "no endpoint", "endpoint:", 1, 58},
        {ETCD "{deploy: {enabled: true, statefulSet: {enabled: false}}}}}\n",
         "no member ever runs", "etcd.external", 1, 85},
        {"controlPlane:\n  statefulSet: {image: {repository: loft-sh/vcluster-oss}}\n"
         "  backingStore: {etcd: {embedded: {enabled: true}}}\n",
         "vcluster-oss refuses", "vcluster-pro", 2, 37},
        {ETCD "{embedded: {enabled: true}}}, statefulSet: {highAvailability: "
              "{replicas: 3, leaseDuration: 30}}}\n",
         "leaseDuration (30 s) must be longer than renewDeadline (40 s)", "60", 1, 128},
        {ETCD "{embedded: {enabled: true}}}, statefulSet: {highAvailability: "
              "{replicas: 3, retryPeriod: 35}}}\n",
         "1.2 times", "retryPeriod: 15", 1, 126},
        {ETCD "{embedded: {enabled: true}}}, statefulSet: {highAvailability: "
              "{replicas: 3, retryPeriod: 0}}}\n",
         "more than zero", "retryPeriod: 15", 1, 126},
        {ETCD "{deploy: {enabled: true, statefulSet: {highAvailability: {replicas: 3},"
              " scheduling: {podManagementPolicy: OrderedReady}}}}}}\n",
         "never starts under OrderedReady", "Parallel", 1, 143},
        {"controlPlane: {statefulSet: {persistence: {volumeClaim: {enabled: ture}}}}\n",
         "expected auto, true, false", "did you mean \"true\"", 1, 67},
        {"controlPlane: {statefulSet: {scheduling: {podManagementPolicy: Serial}}}\n",
         "expected Parallel, OrderedReady", "", 1, 64},
    };

    EXPECT_ALL(rows);
}

Test(design_faults, pods_the_api_server_refuses, .fini = done)
{
    static const struct fault rows[] = {
        {"controlPlane: {statefulSet: {resources: {requests: {cpu: lots}}}}\n",
         "amount of cpu", "", 1, 58},
        {"controlPlane: {statefulSet: {resources: {limits: {memory: 4GB}}}}\n",
         "expected an amount", "", 1, 59},
        {"controlPlane: {statefulSet: {resources: {requests: {memory: 8Gi}}}}\n",
         "asks for more memory (8Gi) than its limit (4Gi)", "resources.limits.memory",
         1, 61},
        {"policies: {limitRange: {enabled: true}}\n" ETCD
         "{deploy: {enabled: true, statefulSet: {resources: {requests: {memory: 1Gi}}}}"
         "}}}\n",
         "etcd asks for more memory (1Gi) than its limit from policies.limitRange",
         "limits.memory", 2, 107},
        {"policies: {resourceQuota: {enabled: true}, limitRange: {enabled: false}}\n",
         "the control plane states none", "limitRange.enabled: auto", 1, 66},
        {"controlPlane: {coredns: {deployment: {topologySpreadConstraints: [{maxSkew: "
         "0}]}}}\n",
         "maxSkew of at least 1", "", 1, 67},
        {"controlPlane: {coredns: {deployment: {topologySpreadConstraints: [{maxSkew: "
         "1}]}}}\n",
         "needs a topologyKey", "topologyKey: topology", 1, 67},
        {"controlPlane: {coredns: {deployment: {topologySpreadConstraints: [{maxSkew: "
         "1, topologyKey: x, whenUnsatisfiable: Never}]}}}\n",
         "expected DoNotSchedule or ScheduleAnyway", "", 1, 67},
        {"controlPlane: {statefulSet: {probes: {livenessProbe: {periodSeconds: 0}}}}\n",
         "at least 1", "", 1, 70},
        {"controlPlane: {statefulSet: {persistence: {volumeClaim: {storageClass: "
         "gp4}}}}\n",
         "no storage class \"gp4\"", "did you mean \"gp3\"", 1, 72},
        {"controlPlane: {statefulSet: {persistence: {volumeClaim: {storageClass: "
         "slow}}}}\n",
         "no storage class \"slow\"", "storageClasses:", 1, 72},
        {"controlPlane: {statefulSet: {persistence: {volumeClaim: {size: big}}}}\n",
         "size of the volume claim", "", 1, 64},
    };

    EXPECT_ALL(rows);
}

Test(design_faults, hosts, .fini = done)
{
    static const struct fault rows[] = {
        {HOST "zone: [a]\n", "unknown key \"zone\" in the host file", "\"zones\"", 2,
         1},
        {HOST "region_profile: busy\n", "unknown key", "\"regionProfile\"", 2, 1},
        {HOST "nodePools:\n- counts: 3\n", "unknown key \"counts\" under nodePools[]",
         "\"count\"", 3, 3},
        {HOST "nodePools: {count: 3}\n", "expected a list, found a map", "", 2, 12},
        {HOST "nodePools: {big: {count: 3}}\n", "no item called \"big\" yet",
         "write - name: big", 2, 13},
        {HOST "nodePools: [3]\n", "expected a map as item", "", 2, 13},
        {HOST "zones: [[a]]\n", "expected a name as item", "", 2, 9},
        {HOST "zones: []\n", "at least one zone", "", 2, 8},
        {HOST "zones: [a, a]\n", "listed twice", "", 2, 12},
        {HOST "nodePools: [{count: many}]\n", "a whole number", "", 2, 21},
        {HOST "nodePools: [{count: 1000000000}]\n", "expected 0 to 1000", "", 2, 21},
        {HOST "nodePools: [{count: 0}]\n", "no nodes", "nodePools", 2, 12},
        {HOST "nodePools: [{count: 3, maxCount: 2}]\n", "less than count: 3", "", 2,
         34},
        {HOST "nodePools: [{}, {}]\n", "two nodes are called \"a1\"", "name of its own",
         2, 17},
        {HOST "nodePools: [{count: 1000}, {name: x, count: 1000}]\n",
         "more than 5000 nodes", "", 2, 28},
        {HOST "nodePools: [{zones: [d]}]\nzones: [a]\n", "zone \"d\" is not among", "",
         2, 22},
        {HOST "nodePools: [{capacity: {cpu: four}}]\n", "capacity.cpu", "", 2, 30},
        {HOST "nodePools: [{price: 0.2}]\n", "a price with its time", "", 2, 21},
        {HOST "nodePools: [{taints: [{key: a, effect: NoShedule}]}]\n",
         "expected one of: NoSchedule", "did you mean \"NoSchedule\"", 2, 40},
        {HOST "nodePools: [{labels: {a: [1]}}]\n", "expected a single value", "", 2,
         26},
        {HOST "nodes: [{zone: a}]\n", "a node needs a name", "", 2, 9},
        {HOST "nodes: [{name: x}]\nzones: [a, b]\n", "needs a zone", "", 2, 9},
    };

    EXPECT_ALL(rows);
}

Test(design_faults, rules_of_hosts, .fini = done)
{
    static const struct fault rows[] = {
        {HOST "drain: {limit: 15}\n", "bare number", "", 2, 16},
        {HOST "drain: 15m\n", "expected a map", "", 2, 8},
        {HOST "autorepair: maybe\n", "true or false", "", 2, 13},
        {HOST "kubernetes: \"2.0\"\n", "a version from 1.20 on", "", 2, 13},
        {HOST "catalog: moon\n", "no catalogue \"moon\"", "aws, gcp", 2, 10},
        {HOST "provider: gpc\n", "expected one of", "did you mean \"gcp\"", 2, 11},
        {HOST "overrides: {node.reboots: 1m}\n", "unknown catalogue entry",
         "\"node.reboot\"", 2, 13},
        {HOST "storageClasses: [{default: true}]\n", "needs a name", "", 2, 18},
        {HOST "storageClasses: [{name: x, provisioner: ebs.csi.aws.org}]\n",
         "does not know", "did you mean \"ebs.csi.aws.com\"", 2, 41},
        {HOST "storageClasses: [{name: x}, {name: x}]\n", "two storage classes", "", 2,
         29},
        {HOST "storageClasses: [{name: x, default: true}, {name: y, default: true}]\n",
         "both default", "", 2, 44},
        {HOST "storageClasses: [{name: x}, {name: y}]\n",
         "none of the host's storage "
         "classes is the default",
         "storageClass: x", 0, 0},
        {HOST "dependencies: [{file: x.yaml}]\n", "needs a name", "", 2, 16},
        {HOST "dependencies: [{name: x}]\n", "either system or file", "", 2, 16},
        {HOST "dependencies: [{name: x, system: 3}]\n", "expected a kind: System", "",
         2, 16},
        {HOST "externalEtcd: {members: 12}\n", "expected 1 to 9", "", 2, 25},
        {HOST "nodes: []\n---\nkind: Node\nmetadata: {name: x}\nstatus: {allocatable: "
              "{cpu: 1}}\n",
         "given twice", "keep one", 2, 8},
    };

    EXPECT_ALL(rows);
}

Test(design_faults, arguments, .fini = done)
{
    static const struct {
        const char *set, *message, *hint;
    } rows[] = {
        {"", "empty key", "path.to.key=value"},
        {"a", "expected = after a", "path.to.key=value"},
        {"a..b=1", "empty key", ""},
        {"a[0=1", "[ without ]", ""},
        {"a[]=1", "empty []", ""},
        {"a={1,2", "{ without }", ""},
        {"a={1}x", "unexpected text", ""},
        {"controlPlan.x=1", "unknown key \"controlPlan\"", "did you mean"},
        {"controlPlane=3", "must be a map", ""},
        {"controlPlane.statefulSet.highAvailability.replicas.x=1", "cannot enter", ""},
        {"controlPlane.statefulSet[0]=1", "no list", ""},
        {"host.zones[7]=x", "beyond the end", "[3] adds one"},
        {"host.nodePools[big].count=1", "no item called \"big\"", "by position"},
        {"host.zone={a}", "unknown key \"zone\"", "zones"},
        {"host.autorepair=perhaps", "true or false", ""},
        {"catalog.node.host_fails.rate=1/y", "unknown catalogue entry",
         "node.host_fail"},
        {"catalog.node.reboot=60", "bare number", "20m"},
        {"catalog.node.reboot.sigma=-1", "sigma", ""},
        {"catalog=moon", "no catalogue", ""},
        {"controlPlane.statefulSet.highAvailability.replicas=0", "expected 1 to 99",
         ""},
        {"controlPlane.statefulSet.highAvailability.leaseDuration=10",
         "must be longer than", "leaseDuration: 60"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *file = GUIDE;
        int code = design_test_load(&file, 1, &rows[i].set, 1, 0);
        const struct sim_err *err = &design_test.err;

        cr_assert_eq(code, -SIM_ERR_INPUT, "%s was accepted", rows[i].set);
        cr_assert_not_null(strstr(err->message, rows[i].message), "%s: %s", rows[i].set,
                           err->message);
        cr_assert_not_null(strstr(err->hint, rows[i].hint), "%s: hint %s", rows[i].set,
                           err->hint);
        cr_assert_eq(strncmp(err->file, "--set ", 6), 0, "%s: file %s", rows[i].set,
                     err->file);
    }
}

Test(design_faults, replicas_of_the_command_line, .fini = done)
{
    static const int32_t bad[] = {-1, 100, 1000000000};
    const char *file = GUIDE;

    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(design_test_load(&file, 1, NULL, 0, bad[i]), -SIM_ERR_INPUT);
        cr_assert_not_null(strstr(design_test.err.message, "expected 1 to 99"));
        cr_assert_eq(strncmp(design_test.err.file, "--replicas ", 11), 0);
    }
    file = "configs/designs/single-replica.yaml";
    cr_assert_eq(design_test_load(&file, 1, NULL, 0, 3), -SIM_ERR_INPUT);
    cr_assert_not_null(strstr(design_test.err.message, "cannot share embedded SQLite"));
}

/* The guide's pods: three of the control plane, three of etcd, two of CoreDNS, with a
 * limit of one core each from the LimitRange. */
Test(design_faults, quota_too_small_for_vclusters_own_pods, .fini = done)
{
    static const struct {
        const char *set, *message, *hint;
    } rows[] = {
        {"limits\\.cpu=7", "needs 8", "limits\\.cpu=8"},
        {"requests\\.cpu=2", "needs 2140m", "requests\\.cpu=2140m"},
        {"requests\\.memory=4Gi", "needs 4736Mi", ""},
        {"requests\\.ephemeral-storage=20Gi", "needs 24Gi", ""},
        {"limits\\.memory=13Gi", "needs 14164Mi", ""},
        {"count/pods=7", "needs 8", "count/pods=8"},
        {"count/persistentvolumeclaims=5", "needs 6", ""},
        {"requests\\.storage=59Gi", "needs 60Gi", ""},
        {"count/services=4", "needs 5", ""},
        {"limits\\.cpu=many", "amount of cpu", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *file = GUIDE;
        char argument[128];
        const char *set = argument;

        snprintf(argument, sizeof(argument), "policies.resourceQuota.quota.%s",
                 rows[i].set);
        cr_assert_eq(design_test_load(&file, 1, &set, 1, 0), -SIM_ERR_INPUT, "%s",
                     argument);
        cr_assert_not_null(strstr(design_test.err.message, rows[i].message), "%s: %s",
                           argument, design_test.err.message);
        cr_assert_not_null(strstr(design_test.err.hint, rows[i].hint), "%s: %s",
                           argument, design_test.err.hint);
    }
}

Test(design_faults, files, .fini = done)
{
    const char *missing = "/nonexistent/prod.yaml";
    const char *folder = "configs";

    cr_assert_eq(design_test_load(NULL, 0, NULL, 0, 0), -SIM_ERR_USAGE);
    cr_assert_eq(design_test_load(&missing, 1, NULL, 0, 0), -SIM_ERR_IO);
    cr_assert_not_null(strstr(design_test.err.message, missing));
    cr_assert_eq(design_test_load(&folder, 1, NULL, 0, 0), -SIM_ERR_IO);
}
