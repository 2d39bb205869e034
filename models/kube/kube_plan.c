/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compiles the Kubernetes room: rows, names, slots, policies, offsets.
 *
 * Order: workloads and their rows; names; infra (whose slots come first); the laws;
 * this room's slots; the scheduler; then what needs the scheduler (tolerations). The
 * room above adds its own slots afterwards and sets plan->use when all are there.
 *
 * A Deployment gets 2 x replicas + surge rows, because a pod that hangs on a dead node
 * keeps its row while its replacement runs in another.
 *
 * Limits: 32 zones, 65,000 nodes and pods, 32 workloads (bit masks, 16-bit indexes).
 */
#include <stdlib.h>
#include <string.h>

#include "models/kube/kube.h"
#include "models/kube/laws.h"

#define MAX_ZONES     32
#define MAX_WORKLOADS 32
#define MAX_ENTITIES  65000u
#define FNV32_BASIS   2166136261u
#define FNV32_PRIME   16777619u

/* ---- workloads and their rows ---- */

static const struct ha_storage_class *class_of(const struct ha_host *host,
                                               const char *name)
{
    for (uint32_t c = 0; c < host->n_classes; c++) {
        if (name != NULL && strcmp(host->storage_class[c].name, name) == 0) {
            return &host->storage_class[c];
        }
    }
    return NULL;
}

/* FNV-1, 32 bits, as hash/fnv.New32 of Go. */
static uint32_t hash_name(const char *name)
{
    uint32_t hash = FNV32_BASIS;
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash * FNV32_PRIME) ^ (unsigned char)*c;
    }
    return hash;
}

static void plan_storage(struct ha_kube_workload *load, const struct ha_host *host,
                         const char *class_name)
{
    const struct ha_storage_class *class = class_of(host, class_name);
    enum ha_provisioner by = class != NULL ? class->provisioner : HA_STORAGE_EBS;
    load->is_local = by == HA_STORAGE_LOCAL;
    load->is_attachable = by != HA_STORAGE_LOCAL && by != HA_STORAGE_NETWORK;
    load->is_zonal = by == HA_STORAGE_EBS || by == HA_STORAGE_GCE_PD ||
                     by == HA_STORAGE_AZURE_DISK || by == HA_STORAGE_LOCAL;
    load->is_cloud_disk = load->is_attachable && by != HA_STORAGE_RBD;
    load->is_immediate = class != NULL && class->is_immediate;
    load->provisioner = (uint8_t)by;
}

static void plan_workloads(struct ha_kube_plan *plan, struct sim_arena *arena,
                           const struct ha_kube_spec *spec)
{
    plan->n_workloads = spec->n_workloads;
    plan->workload = sim_arena_calloc(arena, spec->n_workloads, sizeof *plan->workload);
    for (uint32_t w = 0; w < spec->n_workloads; w++) {
        const struct ha_kube_workload_spec *from = &spec->workload[w];
        struct ha_kube_workload *load = &plan->workload[w];
        const struct ha_workload *what = from->workload;
        load->name = what->name;
        load->index = w;
        load->name_hash = hash_name(what->name);
        load->replicas = what->replicas;
        load->is_statefulset = what->is_statefulset;
        load->is_ordered_ready = what->is_ordered_ready;
        load->max_surge = from->max_surge;
        load->max_unavailable = from->max_unavailable;
        load->has_certificates = from->has_certificates;
        load->store_part = (uint8_t)from->store_part;
        load->first_pod = plan->n_pods;
        load->n_pods = what->is_statefulset ? what->replicas
                                            : 2 * what->replicas + from->max_surge;
        load->has_volume = what->has_volume && what->is_statefulset;
        load->first_volume = plan->n_volumes;
        load->owner = from->owner;
        plan->n_pods += load->n_pods;
        if (load->has_volume) {
            plan_storage(load, spec->host, what->storage_class);
            plan->n_volumes += what->replicas;
        }
    }
}

/* ---- entities: names and who belongs to whom ---- */

static bool label_is(const struct ha_node *labels, const char *key, const char *value)
{
    return strcmp(ha_node_text(ha_node_get(labels, key), ""), value) == 0;
}

/* Spot pools carry their provider's label. */
static bool is_spot(const struct ha_node *node)
{
    const struct ha_node *labels = ha_node_at(node, "metadata.labels");
    return label_is(labels, "eks.amazonaws.com/capacityType", "SPOT") ||
           label_is(labels, "karpenter.sh/capacity-type", "spot") ||
           label_is(labels, "cloud.google.com/gke-spot", "true") ||
           label_is(labels, "kubernetes.azure.com/scalesetpriority", "spot");
}

static void plan_nodes(struct ha_kube_plan *plan, const struct ha_host *host,
                       struct sim_arena *arena, struct ha_infra_spec *out)
{
    uint8_t *zone = sim_arena_calloc(arena, plan->n_nodes, sizeof *zone);
    bool *spot = sim_arena_calloc(arena, plan->n_nodes, sizeof *spot);
    const char **name = sim_arena_calloc(arena, plan->n_nodes, sizeof *name);
    uint32_t *group = sim_arena_calloc(arena, plan->n_nodes, sizeof *group);
    const char **zone_name = sim_arena_calloc(arena, host->n_zones, sizeof *zone_name);
    bool any_spot = false;
    for (uint32_t n = 0; n < plan->n_nodes; n++) {
        const struct ha_host_node *from = n < plan->n_own_nodes
                                              ? &host->node[n]
                                              : &host->spare[n - plan->n_own_nodes];
        zone[n] = (uint8_t)from->zone;
        name[n] = from->name;
        group[n] = from->group;
        spot[n] = is_spot(from->object);
        any_spot = any_spot || spot[n];
    }
    plan->node_group = group;
    plan->group = host->group;
    for (uint32_t z = 0; z < host->n_zones; z++) {
        zone_name[z] = host->zone[z].name;
    }
    out->n_zones = host->n_zones;
    out->n_nodes = plan->n_nodes;
    out->node_zone = zone;
    out->zone_name = zone_name;
    out->node_name = name;
    out->node_is_spot = any_spot ? spot : NULL;
}

static void plan_pods(struct ha_kube_plan *plan, struct sim_arena *arena,
                      struct ha_infra_spec *out)
{
    uint16_t *owner = sim_arena_calloc(arena, plan->n_pods, sizeof *owner);
    uint32_t *user = sim_arena_calloc(arena, plan->n_volumes, sizeof *user);
    bool *local = sim_arena_calloc(arena, plan->n_volumes, sizeof *local);
    const char **name = sim_arena_calloc(arena, plan->n_pods, sizeof *name);
    const char **disk = sim_arena_calloc(arena, plan->n_volumes, sizeof *disk);
    uint8_t *store = sim_arena_calloc(arena, plan->n_pods, sizeof *store);
    for (uint32_t w = 0; w < plan->n_workloads; w++) {
        const struct ha_kube_workload *load = &plan->workload[w];
        for (uint32_t i = 0; i < load->n_pods; i++) {
            uint32_t pod = load->first_pod + i;
            owner[pod] = (uint16_t)w;
            store[pod] = load->store_part;
            name[pod] = sim_arena_printf(arena, "%s-%u", load->name, i);
            if (load->has_volume) {
                uint32_t v = load->first_volume + i;
                user[v] = pod;
                local[v] = load->is_local;
                disk[v] = sim_arena_printf(arena, "data-%s", name[pod]);
            }
        }
    }
    plan->pod_workload = owner;
    plan->volume_pod = user;
    out->n_pods = plan->n_pods;
    out->n_volumes = plan->n_volumes;
    out->pod_name = name;
    out->volume_name = disk;
    out->volume_is_local = local;
    out->pod_store = store;
}

/* ---- disruption budgets ---- */

/* "2" or "50%"; false when there is no text. */
static bool read_count(const char *text, int32_t *value, bool *is_percent)
{
    if (text == NULL || *text == '\0') {
        return false;
    }
    char *end = NULL;
    long n = strtol(text, &end, 10);
    *value = n < 0 ? 0 : n > 1000000 ? 1000000 : (int32_t)n;
    *is_percent = *end == '%';
    return true;
}

static void plan_pdbs(struct ha_kube_plan *plan, struct sim_arena *arena,
                      const struct ha_kube_spec *spec)
{
    plan->pdb = sim_arena_calloc(arena, spec->n_pdbs, sizeof *plan->pdb);
    for (uint32_t b = 0; b < spec->n_pdbs; b++) {
        const struct ha_pdb *from = spec->pdb[b].pdb;
        if (!from->is_enabled) {
            continue;
        }
        struct ha_budget *to = &plan->pdb[plan->n_pdbs];
        to->has_min = read_count(from->min_available, &to->min, &to->min_is_percent);
        to->has_max = read_count(from->max_unavailable, &to->max, &to->max_is_percent);
        to->always_allow_unhealthy = from->always_allow_unhealthy;
        to->workloads = spec->pdb[b].workloads;
        for (uint32_t w = 0; w < plan->n_workloads; w++) {
            if (((to->workloads >> w) & 1) != 0) {
                plan->workload[w].pdb = plan->n_pdbs;
                plan->workload[w].n_pdbs++;
            }
        }
        plan->n_pdbs++;
    }
}

/* Keeps the limits that all pod rows together would exceed. */
static void plan_quotas(struct ha_kube_plan *plan, struct sim_arena *arena,
                        const struct ha_kube_spec *spec)
{
    plan->quota = sim_arena_calloc(arena, spec->n_quotas, sizeof *plan->quota);
    for (uint32_t q = 0; q < spec->n_quotas; q++) {
        int64_t most = 0;
        for (uint32_t w = 0; w < plan->n_workloads; w++) {
            most += spec->quota[q].need[w] * (int64_t)plan->workload[w].n_pods;
        }
        if (most > spec->quota[q].hard) {
            plan->quota[plan->n_quotas++] = spec->quota[q];
        }
    }
}

/* ---- slots, choices, offsets ---- */

static uint32_t n_entities(const struct ha_kube_plan *plan, uint32_t purpose)
{
    if (purpose <= HA_PURPOSE_NODE_RETIRE) {
        return plan->n_nodes;
    }
    if (purpose == HA_PURPOSE_ZONE_TOKEN) {
        return plan->n_zones;
    }
    if (purpose == HA_PURPOSE_VOLUME_STEP) {
        return plan->n_volumes;
    }
    return purpose == HA_PURPOSE_DRAIN_LIMIT ? 1 : plan->n_pods;
}

static const char *entity_name(const struct ha_kube_plan *plan, uint32_t purpose,
                               uint32_t entity)
{
    if (purpose <= HA_PURPOSE_NODE_RETIRE) {
        return plan->infra.node_name[entity];
    }
    if (purpose == HA_PURPOSE_ZONE_TOKEN) {
        return plan->infra.zone_name[entity];
    }
    if (purpose == HA_PURPOSE_VOLUME_STEP) {
        return plan->infra.volume_name[entity];
    }
    return purpose == HA_PURPOSE_DRAIN_LIMIT ? "all" : plan->infra.pod_name[entity];
}

static void plan_slots(struct ha_kube_plan *plan, struct ha_builder *b)
{
    static const char *const name[] = {
        "node/%s/stale",  "node/%s/report", "node/%s/back",    "node/%s/taint",
        "node/%s/cloud",  "node/%s/oos",    "node/%s/repair",  "node/%s/provision",
        "node/%s/retire", "zone/%s/token",  "pod/%s/step",     "pod/%s/stop",
        "pod/%s/gc",      "pod/%s/ready",   "pod/%s/endpoint", "pod/%s/evict",
        "pod/%s/drain",   "pod/%s/calm",    "volume/%s/step",  "drain/%s/limit"};
    static_assert(sizeof name / sizeof name[0] == HA_PURPOSE_KUBE_END - HA_PURPOSE_KUBE,
                  "one name for each purpose");
    for (uint32_t p = HA_PURPOSE_KUBE; p < HA_PURPOSE_KUBE_END; p++) {
        const char *format = name[p - HA_PURPOSE_KUBE];
        const char *tail = strstr(format, "%s") + 2;
        int head = (int)(strstr(format, "%s") - format);
        plan->slot[p - HA_PURPOSE_KUBE] = b->n_slots;
        for (uint32_t e = 0; e < n_entities(plan, p); e++) {
            ha_build_slot(b, p, e, SIM_RECOVERY, 0, SIM_NO_CAUSE, "%.*s%s%s", head,
                          format, entity_name(plan, p, e), tail);
        }
    }
    plan->place_choice = b->n_choices;
    for (uint32_t p = 0; p < plan->n_pods; p++) {
        ha_build_choice(b, "pod/%s/place", plan->infra.pod_name[p]);
    }
}

static size_t reserve(size_t *end, size_t size)
{
    size_t at = (*end + 7) & ~(size_t)7;
    *end = at + size;
    return at;
}

static void lay_out(struct ha_kube_plan *plan)
{
    size_t end = plan->infra.state_end;
    plan->head_at = reserve(&end, sizeof(struct ha_head_row));
    plan->zones_at = reserve(&end, plan->n_zones * sizeof(struct ha_zone_row));
    plan->nodes_at = reserve(&end, plan->n_nodes * sizeof(struct ha_node_row));
    plan->pods_at = reserve(&end, plan->n_pods * sizeof(struct ha_pod_row));
    plan->volumes_at = reserve(&end, plan->n_volumes * sizeof(struct ha_volume_row));
    plan->sched_at = reserve(&end, ha_sched_state_bytes(plan->sched));
    plan->state_end = end;
    end = plan->infra.notes_end;
    plan->pod_notes_at = reserve(&end, plan->n_pods);
    plan->notes_end = end;
}

/* ---- tolerations ---- */

#define DEFAULT_TOLERATION_S 300.0 /* admission DefaultTolerationSeconds */

static void plan_tolerations(struct ha_kube_plan *plan, struct ha_builder *b)
{
    static const uint32_t taint[2] = {HA_SCHED_TAINT_FLAG(NOT_READY_EXEC),
                                      HA_SCHED_TAINT_FLAG(UNREACHABLE_EXEC)};
    for (uint32_t w = 0; w < plan->n_workloads; w++) {
        struct ha_kube_workload *load = &plan->workload[w];
        for (int t = 0; t < 2 && load->n_pods > 0; t++) {
            double seconds = DEFAULT_TOLERATION_S;
            if (!ha_sched_tolerates(plan->sched, load->first_pod, taint[t], &seconds)) {
                seconds = DEFAULT_TOLERATION_S; /* admission adds it where none is */
            }
            load->evict_at_once[t] = !(seconds < 0) && !(seconds > 0);
            load->evict[t] = seconds > 0
                                 ? ha_build_dist(b, sim_dist_deterministic(seconds))
                                 : HA_NO_LAW;
            plan->has_evictions =
                plan->has_evictions || load->evict_at_once[t] || seconds > 0;
        }
    }
}

/* Without provisioning no machine is ever added. A disk that lives on its node would be
 * deleted with it, so such designs are drained in place. */
static void plan_spares(struct ha_kube_plan *plan, const struct ha_host *host)
{
    bool can_add = plan->law.provision != HA_NO_LAW;
    plan->has_surge = host->drain_surges && can_add;
    for (uint32_t w = 0; w < plan->n_workloads; w++) {
        plan->has_surge = plan->has_surge && !plan->workload[w].is_local;
    }
    for (uint32_t g = 1; g < host->n_groups; g++) {
        plan->has_autoscaler = plan->has_autoscaler ||
                               (can_add && host->group[g].max > host->group[g].count);
    }
}

static int check_limits(const struct ha_kube_spec *spec, struct sim_err *err)
{
    uint64_t n_pods = 0;
    for (uint32_t w = 0; w < spec->n_workloads; w++) {
        n_pods += 2 * (uint64_t)spec->workload[w].workload->replicas +
                  spec->workload[w].max_surge;
    }
    if (spec->host->n_zones > MAX_ZONES) {
        return sim_err_set(err, SIM_ERR_LIMIT, "%u zones, at most %d are possible",
                           spec->host->n_zones, MAX_ZONES);
    }
    if (spec->host->n_nodes + spec->host->n_spares > MAX_ENTITIES ||
        n_pods > MAX_ENTITIES) {
        return sim_err_set(err, SIM_ERR_LIMIT,
                           "%u nodes and %llu pods, at most %u of each are possible",
                           spec->host->n_nodes, (unsigned long long)n_pods,
                           MAX_ENTITIES);
    }
    SIM_CHECK(spec->n_workloads <= MAX_WORKLOADS);
    return 0;
}

int ha_kube_plan_init(struct ha_kube_plan *plan, struct ha_builder *b,
                      const struct ha_kube_spec *spec, struct sim_err *err)
{
    const struct ha_host *host = spec->host;
    int code = check_limits(spec, err);
    if (code != 0) {
        return code;
    }
    *plan = (struct ha_kube_plan){.n_zones = host->n_zones,
                                  .n_nodes = host->n_nodes + host->n_spares,
                                  .n_own_nodes = host->n_nodes};
    plan_workloads(plan, b->arena, spec);
    plan_pdbs(plan, b->arena, spec);
    plan_quotas(plan, b->arena, spec);
    struct sim_dist unused;
    plan->has_cloud_controller = host->has_cloud_controller;
    plan->has_autorepair = host->has_autorepair;
    plan->sets_out_of_service = host->sets_out_of_service;
    plan->drain_is_forced = host->drain_is_forced;
    plan->replaces_nodes =
        host->has_cloud_controller &&
        ha_catalog_duration(spec->catalog, HA_PARAM_NODE_PROVISION, &unused);
    plan->budgeted_rollout = host->k8s_minor >= 37;
    plan->waits_for_flush = spec->waits_for_flush;
    plan->gate_is_lumped = b->exponential_delays;
    plan->backoff_is_flat = spec->flat_backoff;
    plan->owner_plan = spec->owner_plan;
    plan->owner_reconcile = spec->owner_reconcile;
    struct ha_infra_spec infra = {.catalog = spec->catalog,
                                  .replaces_nodes = plan->replaces_nodes,
                                  .fm_off = spec->fm_off};
    plan_nodes(plan, host, b->arena, &infra);
    plan_pods(plan, b->arena, &infra);
    ha_infra_plan_init(&plan->infra, b, &infra, 0, 0);
    plan_slots(plan, b);
    ha_kube_laws_init(plan, b, spec);
    plan_spares(plan, host);
    code = ha_placement_plan(plan, b->arena, spec, err);
    if (code != 0) {
        return code;
    }
    plan_tolerations(plan, b);
    lay_out(plan);
    return 0;
}
