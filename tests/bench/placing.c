/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast a pod is placed: filter, score and choice over all nodes, then binding and
 * unbinding, on clusters of 10 to 5,000 nodes in 3 zones with two running pods a node.
 *
 * Four kinds of pods: plain; with a hard zone spread and a soft host spread; with
 * required host anti-affinity (its running mates have it too, so symmetry works); with
 * both. Members of the group run on every tenth node, so the number of feasible nodes
 * is known and checked. The targets are microseconds on 50 nodes and less than 1 ms on
 * 5,000.
 */
#include "tests/bench/placing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "models/kube/sched.h"
#include "sim/check.h"

#define N_KINDS 4
#define LEAST_S 0.25

static const char spread[] =
    "topologySpreadConstraints: [{maxSkew: 100000, topologyKey: topology.kubernetes.io/"
    "zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: x}}}, "
    "{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: "
    "ScheduleAnyway, labelSelector: {matchLabels: {app: x}}}], ";
static const char anti[] =
    "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
    "[{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: "
    "x}}}]}}, ";

struct bench_cluster {
    struct sim_arena arena;
    struct ha_objects objects;
    const struct ha_sched *sched;
    void *state;
    uint32_t pod; /* the one to place */
};

static void add(struct bench_cluster *c, const char *yaml)
{
    struct ha_docs docs;
    struct sim_err err;

    SIM_CHECK(ha_docs_parse(&c->arena, "bench", yaml, strlen(yaml), &docs, &err) == 0);
    SIM_CHECK(ha_objects_add(&c->objects, docs.doc[0], &err) == 0);
}

static void add_pod(struct bench_cluster *c, const char *name, const char *app,
                    const char *node, int kind)
{
    char yaml[2048];

    snprintf(yaml, sizeof(yaml),
             "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {app: %s}}\n"
             "spec: {nodeName: \"%s\", %s%scontainers: [{name: c, image: i, resources: "
             "{requests: {cpu: 100m, memory: 64Mi}}}]}\n",
             name, app, node, (kind & 1) != 0 ? spread : "",
             (kind & 2) != 0 ? anti : "");
    add(c, yaml);
}

static void make(struct bench_cluster *c, uint32_t n, int kind)
{
    const struct ha_sched_options options = {34, false};
    struct sim_err err;
    char text[1024];
    char node[32];

    sim_arena_init(&c->arena);
    ha_objects_init(&c->objects, &c->arena);
    for (uint32_t i = 0; i < n; i++) {
        snprintf(text, sizeof(text),
                 "apiVersion: v1\nkind: Node\nmetadata: {name: n%u, labels: "
                 "{kubernetes.io/hostname: n%u, topology.kubernetes.io/zone: z%u}}\n"
                 "status: {allocatable: {cpu: 8, memory: 32Gi, pods: 110}}\n",
                 i, i, i % 3);
        add(c, text);
    }
    for (uint32_t i = 0; i < 2 * n; i++) {
        const bool is_mate = i % 20 == 0; /* every tenth node has one */

        snprintf(text, sizeof(text), "p%u", i);
        snprintf(node, sizeof(node), "n%u", i / 2);
        add_pod(c, text, is_mate ? "x" : "web", node, is_mate ? kind : 0);
    }
    c->pod = 2 * n;
    add_pod(c, "new", "x", "", kind);
    SIM_CHECK(ha_objects_finish(&c->objects, &err) == 0);
    SIM_CHECK(ha_sched_compile(&c->arena, &c->objects, &options, &c->sched, &err) == 0);
    c->state = sim_arena_alloc(&c->arena, ha_sched_state_bytes(c->sched));
    ha_sched_state_init(c->sched, c->state);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of one placement with binding and unbinding. */
static double time_placing(struct bench_cluster *c, uint32_t want, int *n_wrong)
{
    const double start_s = now_s();
    uint32_t n = 0;

    do {
        for (int i = 0; i < 16; i++, n++) {
            const struct ha_sched_verdict *verdict =
                ha_sched_place(c->sched, c->state, c->pod);

            *n_wrong += verdict->n_feasible != want;
            ha_sched_bind(c->sched, c->state, c->pod, verdict->best[0]);
            ha_sched_unbind(c->sched, c->state, c->pod);
        }
    } while (now_s() - start_s < LEAST_S);
    return (now_s() - start_s) / n;
}

int bench_placing(void)
{
    static const uint32_t sizes[] = {10, 50, 100, 1000, 5000};
    int n_wrong = 0;

    printf("\nplacements per second (and microseconds each), one core\n\n");
    printf("%-8s %18s %18s %18s %18s\n", "nodes", "plain", "spread", "anti-affinity",
           "both");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        printf("%-8u", sizes[i]);
        for (int kind = 0; kind < N_KINDS; kind++) {
            const uint32_t n = sizes[i];
            struct bench_cluster c;
            double each_s;

            make(&c, n, kind);
            each_s = time_placing(&c, (kind & 2) != 0 ? n - n / 10 : n, &n_wrong);
            printf(" %9.0f (%6.1f)", 1.0 / each_s, 1e6 * each_s);
            fflush(stdout);
            sim_arena_clear(&c.arena);
        }
        printf("\n");
    }
    return n_wrong;
}
