/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small exact cases of placement, each a trap that has cost somebody a night: worked
 * out by hand from the rules of kube-scheduler, with the numbers in the comments.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "models/kube/sched_internal.h"
#include "tests/support/cluster.h"

static void make(struct cluster *c, const char *yaml)
{
    cr_assert_eq(cluster_make(c, yaml, 34), 0, "%s:%d: %s", c->err.file, c->err.line,
                 c->err.message);
}

static int32_t score_on(const struct cluster *c, const struct ha_sched_verdict *verdict,
                        const char *node, enum ha_sched_plugin_id plugin)
{
    return verdict->node[cluster_node(c, node)].score[plugin] /
           ha_sched_plugin_weight(plugin);
}

static int64_t cpu_of(const struct cluster *c, const char *pod)
{
    return c->sched->shape[c->sched->pod[cluster_pod(c, pod)].shape]
        .request[HA_COL_CPU];
}

/* ---- requests ---- */

#define CONTAINER(name, cpu)                                                           \
    "{name: " name ", image: i, resources: {requests: {cpu: " cpu "}}}"

Test(sched_oracles, fit_takes_the_larger_of_init_and_running_containers)
{
    struct cluster c;

    make(
        &c,
        CLUSTER_NODE(
            "a1",
            "a") "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
                 "spec:\n  initContainers: [" CONTAINER("i1", "2") ", " CONTAINER(
                     "i2",
                     "2") "]\n  containers: [" CONTAINER("x",
                                                         "2") ", " CONTAINER("y",
                                                                             "1") "]"
                                                                                  "\n");
    cr_assert_eq(cpu_of(&c, "p"), 3000);
    cluster_free(&c);
}

Test(sched_oracles, fit_adds_sidecars_to_later_init_containers)
{
    struct cluster c;

    make(&c,
         CLUSTER_NODE(
             "a1",
             "a") "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
                  "spec:\n  initContainers:\n"
                  "  - {name: s, image: i, restartPolicy: Always, resources: "
                  "{requests: {cpu: 1}}}\n"
                  "  - " CONTAINER("i1", "2") "\n  containers: [" CONTAINER(
                      "x",
                      "2") ", " CONTAINER("y",
                                          "1") "]\n---\n"
                                               "apiVersion: v1\nkind: Pod\nmetadata: "
                                               "{name: q}\nspec:\n  initContainers:\n"
                                               "  - " CONTAINER(
                                                   "i1",
                                                   "5") "\n"
                                                        "  - {name: s, image: i, "
                                                        "restartPolicy: Always, "
                                                        "resources: {requests: {cpu: "
                                                        "1}}}\n"
                                                        "  containers: [" CONTAINER(
                                                            "x", "2") "]\n  overhead: "
                                                                      "{cpu: 250m}\n");
    cr_assert_eq(cpu_of(&c, "p"), 4000); /* max(2 + 1 + 1, 2 + 1) */
    cr_assert_eq(cpu_of(&c, "q"), 5250); /* the sidecar starts after i1; overhead */
    cluster_free(&c);
}

Test(sched_oracles, sidecars_run_beside_init_containers_declared_later)
{
    struct cluster c;

    make(&c, CLUSTER_NODE(
                 "a1", "a") "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
                            "spec:\n  initContainers:\n"
                            "  - {name: s, image: i, restartPolicy: Always, "
                            "resources: {requests: {cpu: 1}}}\n"
                            "  - " CONTAINER("i1", "5") "\n  containers: [" CONTAINER(
                                "x", "2") "]\n");
    cr_assert_eq(cpu_of(&c, "p"), 6000); /* 5 + 1 while starting, 2 + 1 afterwards */
    cluster_free(&c);
}

Test(sched_oracles, a_pod_that_asks_for_nothing_fits_an_over_committed_node)
{
    static const char yaml[] = CLUSTER_NODE_OF("a1", "a", "1", "8Gi", "") CLUSTER_POD(
        "p", "") "apiVersion: v1\n"
                 "kind: Pod\nmetadata: {name: old}\nspec:\n  nodeName: a1\n"
                 "  containers: [" CONTAINER(
                     "x", "2") "]\n---\n"
                               "apiVersion: v1\nkind: Pod\nmetadata: {name: "
                               "q}\nspec:\n  containers: [{name: c, "
                               "image: i, resources: {requests: {memory: 1Gi}}}]\n";
    static const int minors[] = {26, 27};

    for (int i = 0; i < 2; i++) {
        struct cluster c;

        cr_assert_eq(cluster_make(&c, yaml, minors[i]), 0);
        cr_assert_eq(ha_sched_feasible_count(c.sched, c.state, cluster_pod(&c, "p"), 0),
                     1);
        cr_assert_eq(ha_sched_feasible_count(c.sched, c.state, cluster_pod(&c, "q"), 0),
                     (uint32_t)i); /* before 1.27 even cpu it does not ask for */
        cluster_free(&c);
    }
}

Test(sched_oracles, a_node_term_without_expressions_matches_nothing)
{
    struct cluster c;

    make(&c, CLUSTER_NODE("a1", "a")
                 CLUSTER_POD("p", "affinity: {nodeAffinity: "
                                  "{requiredDuringSchedulingIgnoredDuringExecution: "
                                  "{nodeSelectorTerms: [{}]}}},"));
    cr_assert_eq(cluster_place(&c, "p"), HA_SCHED_NONE);
    cluster_free(&c);
}

/* ---- scores ---- */

Test(sched_oracles, least_allocated_and_balanced_in_integers)
{
    struct cluster c;
    const struct ha_sched_verdict *verdict;

    make(&c, CLUSTER_NODE_OF("a1", "a", "4", "8Gi", "") CLUSTER_NODE_OF(
                 "a2", "a", "4", "8Gi",
                 "") "apiVersion: v1\nkind: Pod\n"
                     "metadata: {name: old}\nspec:\n  nodeName: a1\n  containers: "
                     "[{name: c, image: i, "
                     "resources: {requests: {cpu: 1000m, memory: 2Gi}}}]\n---\n"
                     "apiVersion: v1\nkind: Pod\nmetadata: {name: new}\nspec:\n  "
                     "containers: [{name: c, "
                     "image: i, resources: {requests: {cpu: 200m, memory: 512Mi}}}]\n");
    verdict = ha_sched_place(c.sched, c.state, cluster_pod(&c, "new"));
    /* cpu (4000-1200)*100/4000 = 70, memory (8-2.5)/8 = 68 -> 69; |0.3-0.3125|/2 -> 99
     */
    cr_assert_eq(score_on(&c, verdict, "a1", HA_SCHED_NODE_RESOURCES_FIT), 69);
    cr_assert_eq(score_on(&c, verdict, "a1", HA_SCHED_BALANCED_ALLOCATION), 99);
    cluster_free(&c);
}

#define SPREAD(key, when, more)                                                        \
    "topologySpreadConstraints: [{maxSkew: 1, topologyKey: " key                       \
    ", whenUnsatisfiable: " when ", labelSelector: {matchLabels: {app: etcd}}" more    \
    "}],"
#define ZONE "topology.kubernetes.io/zone"

Test(sched_oracles, soft_spread_scores_by_logarithm)
{
    struct cluster c;
    const struct ha_sched_verdict *verdict;

    /* zone a has 2, zone b has 1, two zones: ln 4 = 1.386 -> raw 3 and 1 -> 33, 100 */
    make(&c, CLUSTER_NODE("a1", "a") CLUSTER_NODE("b1", "b")
                 CLUSTER_POD("x", "nodeName: a1,") CLUSTER_POD("y", "nodeName: a1,")
                     CLUSTER_POD("z", "nodeName: b1,")
                         CLUSTER_POD("p", SPREAD(ZONE, "ScheduleAnyway", "")));
    verdict = ha_sched_place(c.sched, c.state, cluster_pod(&c, "p"));
    cr_assert_eq(score_on(&c, verdict, "a1", HA_SCHED_POD_TOPOLOGY_SPREAD), 33);
    cr_assert_eq(score_on(&c, verdict, "b1", HA_SCHED_POD_TOPOLOGY_SPREAD), 100);
    cluster_free(&c);
}

/* ---- a dead zone ---- */

#define THREE_ZONES                                                                    \
    CLUSTER_NODE("a1", "a") CLUSTER_NODE("b1", "b") CLUSTER_NODE("c1", "c")
#define DEAD                                                                           \
    (HA_SCHED_NODE_PRESENT | HA_SCHED_TAINT_FLAG(UNREACHABLE) |                        \
     HA_SCHED_TAINT_FLAG(UNREACHABLE_EXEC))

/* Members in a and b, c dead, one replacement to place. */
static int32_t after_zone_loss(const char *policies, uint32_t flags_of_dead)
{
    struct cluster c;
    char yaml[4096];
    int32_t node;

    snprintf(
        yaml, sizeof(yaml),
        THREE_ZONES CLUSTER_POD("p0", "nodeName: a1,")
            CLUSTER_POD("p1", "nodeName: b1,") "%s%s%s",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p2, labels: {app: etcd}}\n"
        "spec: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: " ZONE
        ", whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: etcd}}",
        policies, "}], containers: [{name: c, image: i}]}\n");
    make(&c, yaml);
    ha_sched_node_set(c.sched, c.state, cluster_node(&c, "c1"), flags_of_dead);
    node = cluster_place(&c, "p2");
    cluster_free(&c);
    return node;
}

Test(sched_oracles, dead_zone_blocks_a_hard_spread_while_its_nodes_stay)
{
    cr_assert_eq(after_zone_loss("", DEAD), HA_SCHED_NONE); /* 1 + 1 - 0 = 2 > 1 */
}

Test(sched_oracles, dead_zone_is_no_domain_when_taints_are_honoured)
{
    cr_assert_neq(after_zone_loss(", nodeTaintsPolicy: Honor", DEAD), HA_SCHED_NONE);
}

Test(sched_oracles, min_domains_brings_the_block_back)
{
    cr_assert_eq(after_zone_loss(", nodeTaintsPolicy: Honor, minDomains: 3", DEAD),
                 HA_SCHED_NONE);
    cr_assert_eq(after_zone_loss(", minDomains: 3", 0), HA_SCHED_NONE);
}

Test(sched_oracles, dead_zone_is_forgotten_with_its_node_objects)
{
    cr_assert_neq(after_zone_loss("", 0), HA_SCHED_NONE);
}

Test(sched_oracles, a_member_of_the_living_zone_can_be_replaced)
{
    cr_assert_neq(after_zone_loss("", HA_SCHED_NODE_PRESENT), HA_SCHED_NONE);
}

/* ---- StatefulSet dead-lock ---- */

#define PINNED(name, zone, more)                                                       \
    "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v-" name "}\n"           \
    "spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], csi: {driver: d, " \
    "volumeHandle: " name "}, nodeAffinity: {required: {nodeSelectorTerms: "           \
    "[{matchExpressions: [{key: " ZONE ", operator: In, values: [" zone                \
    "]}]}]}}}\n---\n"                                                                  \
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: d-" name            \
    ", namespace: default, annotations: {pv.kubernetes.io/bind-completed: 'yes'}}\n"   \
    "spec: {volumeName: v-" name ", accessModes: [ReadWriteOnce]}\n---\n" CLUSTER_POD( \
        name,                                                                          \
        more "volumes: [{name: d, persistentVolumeClaim: {claimName: d-" name "}}],")

#define HARD SPREAD(ZONE, "DoNotSchedule", "")

Test(sched_oracles, ordered_statefulset_waits_for_itself)
{
    struct cluster c;

    /* five members in zones {0,3} {1,4} {2}; 0 and 2 are lost, volumes are zonal */
    make(&c, THREE_ZONES PINNED("p0", "a", HARD) PINNED("p2", "c", HARD)
                 CLUSTER_POD("p1", "nodeName: b1," HARD)
                     CLUSTER_POD("p3", "nodeName: a1," HARD)
                         CLUSTER_POD("p4", "nodeName: b1," HARD));
    cr_assert_eq(cluster_place(&c, "p0"), HA_SCHED_NONE); /* a: 1 + 1 - 0 = 2 */
    cr_assert_eq(cluster_place(&c, "p2"), (int32_t)cluster_node(&c, "c1"));
    cr_assert_eq(cluster_place(&c, "p0"), (int32_t)cluster_node(&c, "a1")); /* 1+1-1 */
    cluster_free(&c);
}

/* ---- anti-affinity and affinity ---- */

#define ANTI                                                                           \
    "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "    \
    "[{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: "       \
    "etcd}}}]}},"

Test(sched_oracles, anti_affinity_needs_a_node_more_than_members_alive)
{
    struct cluster c;

    make(&c, THREE_ZONES CLUSTER_NODE("c2", "c") CLUSTER_POD("p0", "nodeName: a1," ANTI)
                 CLUSTER_POD("p1", "nodeName: b1," ANTI) CLUSTER_POD("p2", ANTI));
    ha_sched_node_set(c.sched, c.state, cluster_node(&c, "c1"), DEAD);
    ha_sched_node_set(c.sched, c.state, cluster_node(&c, "c2"), 0);
    cr_assert_eq(cluster_place(&c, "p2"), HA_SCHED_NONE);
    ha_sched_node_set(c.sched, c.state, cluster_node(&c, "c2"), HA_SCHED_NODE_PRESENT);
    cr_assert_eq(cluster_place(&c, "p2"), (int32_t)cluster_node(&c, "c2"));
    cluster_free(&c);
}

Test(sched_oracles, terminating_member_blocks_its_node_but_not_the_spread)
{
    struct cluster c;

    make(&c, THREE_ZONES CLUSTER_POD("p0", "nodeName: a1," ANTI)
                 CLUSTER_POD("p1", "nodeName: b1," ANTI) CLUSTER_POD("p2", ANTI HARD)
                     CLUSTER_POD("q", HARD));
    ha_sched_set_terminating(c.sched, c.state, cluster_pod(&c, "p0"), true);
    /* counts a 0, b 1, c 0: only b is too full; but a1 is still taken */
    cr_assert_eq(ha_sched_feasible_count(c.sched, c.state, cluster_pod(&c, "p2"), 0),
                 1);
    cr_assert_eq(cluster_place(&c, "p2"), (int32_t)cluster_node(&c, "c1"));
    cluster_free(&c);
}

#define NEAR(label)                                                                    \
    "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "        \
    "[{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: " label \
    "}}}]}},"

Test(sched_oracles, first_pod_of_a_group_may_start)
{
    struct cluster c;

    make(&c, CLUSTER_NODE("a1", "a") CLUSTER_POD("self", NEAR("etcd"))
                 CLUSTER_POD("other", NEAR("web")));
    cr_assert_eq(cluster_place(&c, "other"), HA_SCHED_NONE);
    cr_assert_eq(cluster_place(&c, "self"), 0);
    cluster_free(&c);
}

Test(sched_oracles, preemption_subtracts_terminating_pods_that_spread_never_counted)
{
    struct cluster c;
    const struct ha_sched_verdict *verdict;
    struct ha_sched_preemption preemption;

    /* a 0, b 1: b1 is rejected; taking the terminating pod away makes it 0 in the trial
     */
    make(&c,
         CLUSTER_NODE_OF("a1", "a", "0", "1Gi", "unschedulable: true")
             CLUSTER_NODE("b1", "b") CLUSTER_POD("stays", "nodeName: b1, priority: 9,")
                 CLUSTER_POD("leaves", "nodeName: b1, priority: 1,")
                     CLUSTER_POD("new", "priority: 9, " HARD));
    ha_sched_set_terminating(c.sched, c.state, cluster_pod(&c, "leaves"), true);
    verdict = ha_sched_place(c.sched, c.state, cluster_pod(&c, "new"));
    cr_assert_eq(verdict->n_feasible, 0);
    preemption = ha_sched_preempt(c.sched, c.state, verdict);
    cr_assert_eq(preemption.node, (int32_t)cluster_node(&c, "b1"));
    cr_assert_eq(preemption.n_victims, 1);
    cr_assert_eq(preemption.victim[0], cluster_pod(&c, "leaves"));
    cluster_free(&c);
}

/* ---- the queue ---- */

Test(sched_oracles, only_events_that_help_wake_a_pod)
{
    struct cluster c;
    const struct ha_sched_verdict *verdict;
    struct ha_sched_event event;
    uint32_t rejected_by;
    uint32_t pod;

    make(&c,
         CLUSTER_NODE("a1", "a") CLUSTER_POD("p0", "nodeName: a1," ANTI) CLUSTER_POD(
             "p1", ANTI) "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
                         "spec: {nodeName: a1, containers: [{name: c, image: i}]}\n");
    pod = cluster_pod(&c, "p1");
    verdict = ha_sched_place(c.sched, c.state, pod);
    cr_assert_eq(verdict->n_feasible, 0);
    rejected_by = verdict->rejected_by;
    event.kind = HA_SCHED_EV_POD_DELETED;
    event.subject = cluster_pod(&c, "web");
    cr_assert_not(ha_sched_wakes(c.sched, pod, rejected_by, &event));
    event.subject = cluster_pod(&c, "p0");
    cr_assert(ha_sched_wakes(c.sched, pod, rejected_by, &event));
    event.kind = HA_SCHED_EV_NODE_TAINTS;
    event.subject = 0;
    cr_assert_not(ha_sched_wakes(c.sched, pod, rejected_by, &event));
    event.kind = HA_SCHED_EV_NODE_ADDED;
    cr_assert(ha_sched_wakes(c.sched, pod, rejected_by, &event));
    cluster_free(&c);
}

Test(sched_oracles, back_off_doubles_up_to_ten_seconds)
{
    static const double want[] = {1, 2, 4, 8, 10, 10};

    for (uint32_t i = 0; i < 6; i++) {
        cr_assert_float_eq(ha_sched_backoff_s(i + 1), want[i], 0.0);
    }
}

/* ---- volumes made on the way ---- */

Test(sched_oracles, a_provisioned_volume_pins_its_pod)
{
    struct cluster c;
    uint32_t pod;
    int32_t claim;

    make(&c, THREE_ZONES
         "apiVersion: storage.k8s.io/v1\nkind: StorageClass\n"
         "metadata: {name: fast}\nprovisioner: ebs.csi.aws.com\n"
         "volumeBindingMode: WaitForFirstConsumer\n---\napiVersion: v1\n"
         "kind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {storageClassName: "
         "fast}\n---\n" CLUSTER_POD(
             "p", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}],"));
    pod = cluster_pod(&c, "p");
    claim = ha_sched_pod_claim(c.sched, pod, 0);
    cr_assert_eq(ha_sched_feasible_count(c.sched, c.state, pod, 0), 3);
    ha_sched_claim_bind(c.sched, c.state, (uint32_t)claim, HA_SCHED_IN_ZONE,
                        (int32_t)cluster_node(&c, "b1"));
    cr_assert_eq(ha_sched_feasible_count(c.sched, c.state, pod, 0), 1);
    ha_sched_claim_bind(c.sched, c.state, (uint32_t)claim, HA_SCHED_MISSING, 0);
    cr_assert_eq(ha_sched_place(c.sched, c.state, pod)->pre_filter,
                 HA_SCHED_VOLUME_BINDING);
    ha_sched_claim_bind(c.sched, c.state, (uint32_t)claim, HA_SCHED_ANYWHERE, 0);
    cr_assert_eq(ha_sched_feasible_count(c.sched, c.state, pod, 2), 2);
    cluster_free(&c);
}

Test(sched_oracles, limits_of_attached_volumes_hold)
{
    struct cluster c;

    make(&c, CLUSTER_NODE("a1", "a") PINNED("p0", "a", "nodeName: a1,")
                 PINNED("p1", "a", "") "apiVersion: storage.k8s.io/v1\nkind: CSINode\n"
                                       "metadata: {name: a1}\nspec: {drivers: [{name: "
                                       "d, nodeID: x, allocatable: {count: 1}}]}\n");
    cr_assert_eq(cluster_place(&c, "p1"), HA_SCHED_NONE);
    ha_sched_unbind(c.sched, c.state, cluster_pod(&c, "p0"));
    cr_assert_eq(cluster_place(&c, "p1"), 0);
    cluster_free(&c);
}

/* ---- the state ---- */

Test(sched_oracles, equal_situations_are_equal_bytes)
{
    struct cluster c;
    size_t bytes;
    void *before;
    uint32_t p0;
    uint32_t p1;

    make(&c, THREE_ZONES CLUSTER_POD("p0", ANTI HARD) CLUSTER_POD("p1", ANTI HARD));
    bytes = ha_sched_state_bytes(c.sched);
    before = sim_arena_alloc(&c.arena, bytes);
    memcpy(before, c.state, bytes);
    p0 = cluster_pod(&c, "p0");
    p1 = cluster_pod(&c, "p1");
    ha_sched_bind(c.sched, c.state, p0, 2);
    ha_sched_bind(c.sched, c.state, p1, 1);
    ha_sched_set_terminating(c.sched, c.state, p0, true);
    ha_sched_node_set(c.sched, c.state, 2, DEAD);
    ha_sched_unbind(c.sched, c.state, p0);
    ha_sched_set_terminating(c.sched, c.state, p1, true);
    ha_sched_set_terminating(c.sched, c.state, p1, false);
    ha_sched_unbind(c.sched, c.state, p1);
    ha_sched_node_set(c.sched, c.state, 2, HA_SCHED_NODE_PRESENT);
    cr_assert_eq(memcmp(before, c.state, bytes), 0);
    cluster_free(&c);
}
