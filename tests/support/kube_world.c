/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See kube_world.h. */
#include "tests/support/kube_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "models/kube/sched.h"

static const char *const service_name[2] = {"running", "endpoints"};

static void start(const void *plan, struct sim_run *run)
{
    struct ha_kube k = ha_kube_view(plan, run);
    ha_kube_start(&k);
    ha_kube_touch(&k);
    ha_kube_reconcile(&k);
}

static void fire(const void *plan, struct sim_run *run, uint32_t slot)
{
    const struct ha_kube_plan *p = plan;
    struct ha_kube k = ha_kube_view(plan, run);
    ha_kube_fire(&k, p->use[slot].purpose, p->use[slot].entity);
    ha_kube_reconcile(&k);
}

static uint64_t down(const void *plan, const struct sim_run *run)
{
    struct ha_kube k = ha_kube_view_const(plan, run);
    uint32_t n_usable = 0;
    bool has_dead_end = false;
    for (uint32_t p = 0; p < k.plan->n_pods; p++) {
        bool is_usable = ha_kube_process_is_reachable(&k, p);
        n_usable += is_usable;
        has_dead_end =
            has_dead_end || (!is_usable && (k.pod[p].flags & HA_POD_ENDPOINT) != 0);
    }
    return (n_usable < k.plan->workload[0].replicas ? 1u : 0u) |
           (has_dead_end ? 2u : 0u);
}

static bool is_calm(const void *plan, const struct sim_run *run)
{
    struct ha_kube k = ha_kube_view_const(plan, run);
    return ha_kube_is_calm(&k);
}

static int explain(const void *plan, const struct sim_run *run, uint32_t slot,
                   char *text, size_t size)
{
    struct ha_kube k = ha_kube_view_const(plan, run);
    struct ha_slot_use use = k.plan->use[slot];
    return ha_kube_explain(&k, use.purpose, use.entity, text, size);
}

static const struct ha_node *parse(struct sim_arena *arena, const char *text)
{
    struct ha_docs docs;
    struct sim_err err;
    int code = ha_docs_parse(arena, "test", text, strlen(text), &docs, &err);
    cr_assert(code == 0, "%s", err.message);
    return docs.doc[0];
}

/* A node of zone z called NAME. */
static struct ha_host_node make_node(struct kube_world *w, const struct kube_setup *s,
                                     uint32_t z, const char *name)
{
    const char *zone = w->host.zone[z].name;
    const char *text = sim_arena_printf(
        &w->arena,
        "apiVersion: v1\nkind: Node\nmetadata:\n  name: %s\n"
        "  labels: {kubernetes.io/hostname: %s, "
        "topology.kubernetes.io/zone: %s, "
        "topology.kubernetes.io/region: r%s}\n"
        "status: {allocatable: {cpu: \"4\", memory: 16Gi, "
        "pods: \"110\"}}\n",
        name, name, zone, s->is_spot ? ", cloud.google.com/gke-spot: \"true\"" : "");

    return (struct ha_host_node){
        .name = name, .zone = z, .object = parse(&w->arena, text), .group = z + 1};
}

/* Empty places: one a zone for surging drains, and as many as the autoscaler may add.
 */
static void make_spares(struct kube_world *w, const struct kube_setup *s,
                        uint32_t per_zone)
{
    struct ha_host *h = &w->host;
    uint32_t max = s->max_per_zone > per_zone ? s->max_per_zone : per_zone;
    uint32_t n = max - per_zone + (s->surge ? 1 : 0);
    h->n_groups = h->n_zones + 1;
    h->group = sim_arena_calloc(&w->arena, h->n_groups, sizeof *h->group);
    h->spare = sim_arena_calloc(&w->arena, h->n_zones * n, sizeof *h->spare);
    for (uint32_t z = 0; z < h->n_zones; z++) {
        h->group[z + 1] = (struct ha_node_group){per_zone, max};
        for (uint32_t i = 0; i < n; i++) {
            const char *name =
                sim_arena_printf(&w->arena, "%c-spare%u", 'a' + (int)z, i);
            h->spare[h->n_spares++] = make_node(w, s, z, name);
        }
    }
}

static void make_host(struct kube_world *w, const struct kube_setup *s)
{
    static const char *const class_text =
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: disk}\n"
        "provisioner: example.com/disk\nvolumeBindingMode: WaitForFirstConsumer\n";
    uint32_t zones = s->zones != 0 ? s->zones : 3;
    uint32_t per_zone = s->nodes_per_zone != 0 ? s->nodes_per_zone : 1;
    struct ha_host *h = &w->host;
    h->n_zones = zones;
    h->n_nodes = zones * per_zone;
    h->zone = sim_arena_calloc(&w->arena, zones, sizeof *h->zone);
    h->node = sim_arena_calloc(&w->arena, h->n_nodes, sizeof *h->node);
    h->n_classes = 1;
    h->storage_class = sim_arena_calloc(&w->arena, 1, sizeof *h->storage_class);
    h->storage_class[0] =
        (struct ha_storage_class){.name = "disk",
                                  .provisioner = s->storage,
                                  .is_default = true,
                                  .object = parse(&w->arena, class_text)};
    for (uint32_t z = 0; z < zones; z++) {
        h->zone[z].name = sim_arena_printf(&w->arena, "%c", 'a' + (int)z);
    }
    for (uint32_t n = 0; n < h->n_nodes; n++) {
        uint32_t z = n / per_zone;
        const char *name =
            sim_arena_printf(&w->arena, "%s%u", h->zone[z].name, n % per_zone + 1);
        h->node[n] = make_node(w, s, z, name);
    }
    make_spares(w, s, per_zone);
    h->k8s_minor = s->k8s_minor != 0 ? s->k8s_minor : 34;
    h->monitor_grace_s = s->grace_s > 0 ? s->grace_s : 50;
    h->has_cloud_controller = !s->no_cloud_controller;
    h->has_autorepair = s->autorepair;
    h->sets_out_of_service = s->out_of_service;
    h->drain_limit_s = s->drain_limit_s;
    h->drain_is_forced = s->forced_drain;
    h->drain_surges = s->surge;
}

static void make_workload(struct kube_world *w, const struct kube_setup *s)
{
    static const char *const apart =
        "  affinity:\n    podAntiAffinity:\n"
        "      requiredDuringSchedulingIgnoredDuringExecution:\n"
        "      - topologyKey: kubernetes.io/hostname\n"
        "        labelSelector: {matchLabels: {app: member}}\n";
    const char *text = sim_arena_printf(
        &w->arena,
        "metadata: {labels: {app: member}}\nspec:\n"
        "  containers: [{name: c, resources: {requests: {cpu: 100m}}}]\n%s%s",
        s->no_anti_affinity ? "" : apart, s->spec_extra != NULL ? s->spec_extra : "");
    w->workload = (struct ha_workload){.name = "member",
                                       .replicas = s->replicas != 0 ? s->replicas : 3,
                                       .is_statefulset = !s->is_deployment,
                                       .is_ordered_ready = s->is_ordered,
                                       .pod_template = parse(&w->arena, text),
                                       .has_volume = s->has_volume,
                                       .storage_class = s->has_volume ? "disk" : NULL,
                                       .volume_bytes = 1 << 30,
                                       .grace_s = 30};
    w->pdb =
        (struct ha_pdb){.is_enabled = s->min_available != NULL ||
                                      s->max_unavailable != NULL || s->empty_budget,
                        .min_available = s->min_available,
                        .max_unavailable = s->max_unavailable,
                        .always_allow_unhealthy = s->always_allow_unhealthy};
}

static void give(struct ha_catalog *catalog, enum ha_param param, double value,
                 double sigma)
{
    catalog->value[param].is_set = true;
    catalog->value[param].lo = value;
    catalog->value[param].mid = value;
    catalog->value[param].hi = value;
    catalog->value[param].sigma = sigma;
}

/* Seconds in the unit of the row. */
static double in_unit(enum ha_param param, double seconds)
{
    const char *unit = ha_param_unit(param);
    return strcmp(unit, "h") == 0     ? seconds / 3600
           : strcmp(unit, "min") == 0 ? seconds / 60
                                      : seconds;
}

void kube_world_init(struct kube_world *w, const struct kube_setup *s)
{
    struct sim_err err;
    memset(w, 0, sizeof *w);
    sim_arena_init(&w->arena);
    w->catalog.name = "test";
    for (uint32_t i = 0; i < s->n_rates; i++) {
        const struct kube_rate *r = &s->rate[i];
        if (r->rate != HA_N_PARAMS) {
            give(&w->catalog, r->rate, r->per_year, 0);
        }
        if (r->duration != HA_N_PARAMS) {
            give(&w->catalog, r->duration, in_unit(r->duration, r->median_s), r->sigma);
        }
    }
    if (s->rollouts_per_year > 0) {
        give(&w->catalog, HA_PARAM_ROLLOUT_RATE, s->rollouts_per_year, 0);
    }
    make_host(w, s);
    make_workload(w, s);
    struct ha_kube_workload_spec load;
    ha_kube_workload_spec_init(&load, &w->workload, &w->catalog);
    load.owner = s->owner;
    load.has_certificates = true;
    struct ha_budget_spec budget = {.pdb = &w->pdb, .workloads = 1};
    const struct ha_kube_spec spec = {.host = &w->host,
                                      .catalog = &w->catalog,
                                      .n_workloads = 1,
                                      .workload = &load,
                                      .n_pdbs = 1,
                                      .pdb = &budget};
    ha_build_init(&w->builder, &w->arena, s->exponential);
    int code = ha_kube_plan_init(&w->plan, &w->builder, &spec, &err);
    cr_assert(code == 0, "%s", err.message);
    w->plan.use = w->builder.use;
    w->model = (struct sim_model){.name = "kube",
                                  .plan = &w->plan,
                                  .n_slots = w->builder.n_slots,
                                  .slot = w->builder.slot,
                                  .n_dists = w->builder.n_dists,
                                  .dist = w->builder.dist,
                                  .n_choices = w->builder.n_choices,
                                  .choice_id = w->builder.choice_id,
                                  .n_services = 2,
                                  .service = service_name,
                                  .n_causes = HA_N_FMS,
                                  .cause = ha_fm_title,
                                  .state_bytes = w->plan.state_end,
                                  .notes_bytes = w->plan.notes_end,
                                  .year_s = SIM_YEAR_S,
                                  .start = start,
                                  .fire = fire,
                                  .down = down,
                                  .is_calm = is_calm,
                                  .explain = explain};
}

void kube_world_clear(struct kube_world *w)
{
    sim_arena_clear(&w->arena);
}

struct ha_kube kube_view(const struct kube_world *w, struct sim_script *script)
{
    return ha_kube_view(&w->plan, &script->run);
}

struct ha_kube kube_begin(struct kube_world *w, const struct kube_setup *setup,
                          struct sim_script *script)
{
    kube_world_init(w, setup);
    sim_script_init(script, &w->model, 1);
    script->is_off[SIM_OTHER] = true;
    sim_script_play(script, 1);
    return kube_view(w, script);
}

uint32_t kube_strike(const struct kube_world *w, enum ha_fm fm, uint32_t entity)
{
    cr_assert(w->plan.infra.fm[fm].is_on);
    return w->plan.infra.fm[fm].strike_slot + entity;
}

uint32_t kube_heal(const struct kube_world *w, enum ha_fm fm, uint32_t entity)
{
    cr_assert(w->plan.infra.fm[fm].is_on && w->plan.infra.fm[fm].has_heal);
    return w->plan.infra.fm[fm].heal_slot + entity;
}

double kube_until_runs(const struct kube_world *w, struct sim_script *script,
                       uint32_t pod, double from_s, double limit_s)
{
    for (double t_s = 0; t_s <= limit_s; t_s += 0.25) {
        sim_script_play(script, from_s + t_s);
        struct ha_kube k = kube_view(w, script);
        if (ha_kube_process_is_reachable(&k, pod)) {
            return t_s;
        }
    }
    return -1;
}

void kube_hit(const struct kube_world *world, struct sim_script *script, enum ha_fm fm,
              uint32_t entity, double at_s, double after_s)
{
    if (world->plan.infra.fm[fm].has_heal) {
        sim_script_set_delay(script, kube_heal(world, fm, entity), after_s);
    }
    sim_script_at(script, at_s, kube_strike(world, fm, entity));
}

uint32_t kube_count_marked(const struct ha_kube *k, uint32_t mark)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < k->plan->n_nodes; i++) {
        n += (k->node[i].marks & mark) != 0;
    }
    return n;
}

uint32_t kube_pod_on(const struct ha_kube *k, uint32_t node)
{
    for (uint32_t p = 0; p < k->plan->n_pods; p++) {
        if (k->pod[p].stage != HA_POD_ABSENT && k->pod[p].node == node) {
            return p;
        }
    }
    return UINT32_MAX;
}
