/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hardware loss: the machine does not come back by itself.
 *
 * Where machines can be replaced (a cloud controller and a provisioner), it counts as
 * destroyed: the Node object is deleted within seconds and a new machine joins after
 * the provisioning time. Where not, the Node object stays, its StatefulSet pods are
 * stuck, and the machine returns after the repair (a day, four in a homelab).
 * Disks inside the machine lose their content either way.
 *
 * The only clock that ages: Weibull with shape 0.8 (field data show a falling hazard,
 * Schroeder and Gibson, FAST 2007), so it is never stopped by other failures.
 *
 * Sources: configs/catalog, rows node.hw_perm.*.
 */
#include "models/infra/failure_mode.h"

#define WEIBULL_SHAPE 0.8

static void plan(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec)
{
    (void)spec;
    double mean_s = b->dist[fm->strike_dist].mean_s;
    fm->strike_dist = ha_build_dist(b, sim_dist_weibull_mean(mean_s, WEIBULL_SHAPE));
    fm->first_dist = fm->strike_dist;
}

static bool can_strike(const struct ha_infra *w, uint32_t node)
{
    const struct ha_infra_machine *m = &w->machine[node];
    return (m->faults & HA_FM_BIT(HARDWARE_LOSS)) == 0 && m->is_destroyed == 0;
}

static void strike(struct ha_infra *w, uint32_t node)
{
    ha_infra_break_machine(w, node, HA_FM_HARDWARE_LOSS);
    if (w->plan->replaces_nodes) {
        ha_infra_destroy_machine(w, node);
    } else {
        ha_infra_lose_local_disks(w, node);
    }
}

static void heal(struct ha_infra *w, uint32_t node)
{
    if (w->machine[node].is_destroyed != 0) {
        ha_infra_replace_machine(w, node);
    } else {
        ha_infra_mend_machine(w, node, HA_FM_HARDWARE_LOSS);
    }
}

const struct ha_failure_mode ha_fm_hardware_loss = {
    .plan = plan,
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = ": hardware is lost",
    .healed = ": hardware is repaired",
};
