/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spot eviction: the provider takes a spot machine back after a short notice.
 *
 * The strike is the notice (120 s on AWS, 30 s on Google and Azure): a termination
 * handler cordons and drains the node, disruption budgets included. The healing clock
 * is the notice running out: the machine is destroyed, whatever still ran on it. A
 * new machine takes its place like after any destruction.
 *
 * Leaves out: rebalance hints, price spikes that take many machines together, and
 * capacity that stays away for hours.
 *
 * Sources: configs/catalog, row node.spot_evict.rate; notices: AWS, Google Cloud and
 * Azure documentation of spot machines.
 */
#include <string.h>

#include "models/infra/failure_mode.h"

#define NOTICE_AWS_S   120.0
#define NOTICE_OTHER_S 30.0

static bool applies(const struct ha_infra_spec *spec)
{
    return spec->node_is_spot != NULL && spec->replaces_nodes;
}

static void plan(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec)
{
    const char *name = spec->catalog->name;
    bool is_aws = name == NULL || strcmp(name, "aws") == 0;
    fm->has_heal = true;
    fm->heal_dist = ha_build_dist(
        b, sim_dist_deterministic(is_aws ? NOTICE_AWS_S : NOTICE_OTHER_S));
}

static bool can_strike(const struct ha_infra *w, uint32_t node)
{
    const struct ha_infra_machine *m = &w->machine[node];
    return w->plan->node_is_spot[node] && m->is_destroyed == 0 &&
           (m->faults & HA_FM_BIT(SPOT_EVICTION)) == 0;
}

static void strike(struct ha_infra *w, uint32_t node)
{
    ha_infra_break_machine(w, node, HA_FM_SPOT_EVICTION);
}

static void heal(struct ha_infra *w, uint32_t node)
{
    ha_infra_destroy_machine(w, node);
}

const struct ha_failure_mode ha_fm_spot_eviction = {
    .applies = applies,
    .plan = plan,
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " is to be taken back by the provider",
    .healed = " was taken back by the provider",
};
