/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Node crash: the machine (or the hypervisor under the VM) dies and comes back.
 *
 * Everything on the node is lost at once: containers, connections, mounts. The same
 * Node object returns after the catalogue's recovery time (a VM is restarted, on
 * another host if need be, with the same disks), and kubelet starts its pods again.
 * Runs only while the machine is powered: a dead machine cannot crash.
 *
 * Leaves out: bursts (37 % of node failures come with another within 120 s, Ford et
 * al., OSDI 2010; wide failures are modelled by zones), crash loops of a bad host.
 *
 * Sources: configs/catalog, rows node.host_fail.*.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t node)
{
    return ha_infra_is_powered(w, node);
}

static void strike(struct ha_infra *w, uint32_t node)
{
    ha_infra_break_machine(w, node, HA_FM_HOST_FAIL);
}

static void heal(struct ha_infra *w, uint32_t node)
{
    ha_infra_mend_machine(w, node, HA_FM_HOST_FAIL);
}

const struct ha_failure_mode ha_fm_host_fail = {
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = " crashed",
    .healed = " has power again",
};
