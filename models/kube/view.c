/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Views of the world, and whether it is calm.
 *
 * A view is a handful of pointers into one world. It is made anew for each firing
 * (a dozen additions), so that worlds may be copied and moved freely in between.
 *
 * The pure callbacks of a model get a const run; they use the same struct through
 * ha_kube_view_const and must not write. The conversion goes through uintptr_t, in
 * one place, instead of a second set of types for every row.
 */
#include "models/kube/kube.h"

static struct ha_kube make_view(const struct ha_kube_plan *plan, struct sim_run *run,
                                void *state, void *notes)
{
    unsigned char *s = state;
    unsigned char *n = notes;
    return (struct ha_kube){
        .plan = plan,
        .run = run,
        .infra = ha_infra_view(&plan->infra, run, state, notes),
        .head = (void *)(s + plan->head_at),
        .zone = (void *)(s + plan->zones_at),
        .node = (void *)(s + plan->nodes_at),
        .pod = (void *)(s + plan->pods_at),
        .volume = (void *)(s + plan->volumes_at),
        .sched_state = s + plan->sched_at,
        .pod_note = n + plan->pod_notes_at,
    };
}

struct ha_kube ha_kube_view(const struct ha_kube_plan *plan, struct sim_run *run)
{
    return make_view(plan, run, sim_state(run), sim_notes(run));
}

struct ha_kube ha_kube_view_const(const struct ha_kube_plan *plan,
                                  const struct sim_run *run)
{
    void *state = (void *)(uintptr_t)sim_state_const(run);
    void *notes = (void *)(uintptr_t)sim_notes_const(run);
    return make_view(plan, NULL, state, notes);
}

uint8_t ha_kube_pod_cause(const struct ha_kube *k, uint32_t pod)
{
    return k->pod_note[pod] == 0 ? SIM_NO_CAUSE : (uint8_t)(k->pod_note[pod] - 1);
}

static bool node_is_calm(const struct ha_kube *k, uint32_t n)
{
    bool is_empty = k->infra.machine[n].is_spare != 0;
    return (is_empty || k->node[n].phase == HA_NODE_IS_READY) &&
           k->node[n].marks == 0 && k->node[n].upkeep == HA_UPKEEP_NONE &&
           !ha_spares_is_idle(k, n);
}

static bool workload_is_calm(const struct ha_kube *k,
                             const struct ha_kube_workload *load)
{
    uint32_t n_good = 0;
    for (uint32_t p = load->first_pod; p < load->first_pod + load->n_pods; p++) {
        const struct ha_pod_row *pod = &k->pod[p];
        if (pod->stage == HA_POD_ABSENT) {
            continue;
        }
        if (pod->stage != HA_POD_RUNNING || pod->restarts != 0 ||
            pod->flags != (HA_POD_READY | HA_POD_ENDPOINT | HA_POD_PROBED)) {
            return false;
        }
        n_good++;
    }
    return n_good == load->replicas;
}

static bool volume_is_calm(const struct ha_kube *k, uint32_t v)
{
    const struct ha_volume_row *volume = &k->volume[v];
    const struct ha_kube_workload *load =
        ha_kube_workload_of(k, k->plan->volume_pod[v]);
    return volume->wait == HA_WAIT_NONE && volume->is_left == 0 &&
           volume->is_doomed == 0 &&
           (!load->is_attachable || volume->stage == HA_VOLUME_ATTACHED);
}

bool ha_kube_is_calm(const struct ha_kube *k)
{
    if (!ha_infra_is_calm(&k->infra) || k->head->drain_node != HA_NOWHERE ||
        k->head->all_full != 0 || k->head->rolling != 0) {
        return false;
    }
    for (uint32_t z = 0; z < k->plan->n_zones; z++) {
        if (k->zone[z].has_token == 0) {
            return false;
        }
    }
    for (uint32_t n = 0; n < k->plan->n_nodes; n++) {
        if (!node_is_calm(k, n)) {
            return false;
        }
    }
    for (uint32_t w = 0; w < k->plan->n_workloads; w++) {
        if (!workload_is_calm(k, &k->plan->workload[w])) {
            return false;
        }
    }
    for (uint32_t v = 0; v < k->plan->n_volumes; v++) {
        if (!volume_is_calm(k, v)) {
            return false;
        }
    }
    return true;
}
