/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A design that cannot be placed is refused before it is simulated.
 *
 * Pods are placed one after the other in the order in which the simulation starts
 * them, the first of equally good nodes each, on a scratch copy of the scheduler's
 * state. If one fits nowhere, the user reads what `kubectl describe pod` would have
 * said, at the line where the number of replicas is written. Claims are bound on the
 * way, so zonal and local volumes count.
 *
 * Not a proof that no order fits: kube-scheduler does not look ahead either.
 */
#include "models/vcluster/schedulable.h"

#include "models/kube/sched.h"

static const struct ha_workload *workload_of(const struct ha_vc_plan *plan,
                                             const struct ha_kube_workload *load)
{
    const struct ha_vcluster *vc = &plan->design->vcluster;

    if (load->first_pod == plan->kube.workload[0].first_pod) {
        return &vc->cp;
    }
    return load->owner == &ha_vc_etcd_owner ? &vc->etcd : &vc->coredns;
}

static void bind_claims(const struct ha_sched *sched, void *state,
                        const struct ha_kube_workload *load, uint32_t pod,
                        uint32_t node)
{
    int32_t claim = HA_SCHED_NONE;
    enum ha_sched_binding kind = load->is_local   ? HA_SCHED_ON_NODE
                                 : load->is_zonal ? HA_SCHED_IN_ZONE
                                                  : HA_SCHED_ANYWHERE;

    if (ha_sched_pod_n_claims(sched, pod) > 0) {
        claim = ha_sched_pod_claim(sched, pod, 0);
    }
    if (claim != HA_SCHED_NONE &&
        ha_sched_claim_binding(sched, state, (uint32_t)claim) == HA_SCHED_UNBOUND) {
        ha_sched_claim_bind(sched, state, (uint32_t)claim, kind, (int32_t)node);
    }
}

static int refuse(struct sim_arena *arena, const struct ha_vc_plan *plan,
                  const struct ha_workload *w, uint32_t pod,
                  const struct ha_sched_verdict *verdict, struct sim_err *err)
{
    const struct ha_design *design = plan->design;
    const char *why = ha_sched_message(arena, plan->kube.sched, verdict, NULL);

    ha_place_error(err, &w->place, "pod %s cannot be placed: %s",
                   plan->kube.infra.pod_name[pod], why);
    sim_err_hint(err,
                 "nines place with the same files and --set shows each node's "
                 "reason; nines place -f %s --headroom how many fit",
                 design->file != NULL ? design->file : "FILE");
    return -SIM_ERR_INPUT;
}

int ha_vc_check_schedulable(struct sim_arena *arena, const struct ha_vc_plan *plan,
                            struct sim_err *err)
{
    const struct ha_sched *sched = plan->kube.sched;
    void *state = sim_arena_alloc(arena, ha_sched_state_bytes(sched));

    ha_sched_state_init(sched, state);
    for (uint32_t n = plan->kube.n_own_nodes; n < plan->kube.n_nodes; n++) {
        ha_sched_node_set(sched, state, n,
                          plan->kube.has_autoscaler ? HA_SCHED_NODE_PRESENT : 0);
    }
    for (uint32_t w = 0; w < plan->kube.n_workloads; w++) {
        const struct ha_kube_workload *load = &plan->kube.workload[w];

        for (uint32_t i = 0; i < load->replicas; i++) {
            uint32_t pod = load->first_pod + i;
            const struct ha_sched_verdict *verdict = ha_sched_place(sched, state, pod);

            if (verdict->n_feasible == 0) {
                return refuse(arena, plan, workload_of(plan, load), pod, verdict, err);
            }
            bind_claims(sched, state, load, pod, verdict->best[0]);
            ha_sched_bind(sched, state, pod, verdict->best[0]);
        }
    }
    return 0;
}
