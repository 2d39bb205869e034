/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pod crash: a container's process ends by itself (bug, out of memory).
 *
 * Strikes running processes only. Kubernetes takes note and restarts the container
 * (models/kube/pod.c: at once the first time, then after 10, 20, 40 ... 300 s), so the
 * mode has no healing clock of its own.
 *
 * Leaves out: crashes that come in storms across replicas (part of change_outage).
 *
 * Sources: configs/catalog, row pod.crash.rate; no fleet statistic is public, the
 * rate is an estimate with a wide range.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t pod)
{
    return w->process[pod].is_running != 0;
}

static void strike(struct ha_infra *w, uint32_t pod)
{
    w->process[pod].is_crashed = 1;
    w->common->dirty |= HA_DIRTY_PROCESS;
}

const struct ha_failure_mode ha_fm_pod_crash = {
    .can_strike = can_strike,
    .strike = strike,
    .struck = " crashed",
    .healed = " is back",
};
