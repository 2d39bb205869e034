/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs the failure clocks: what strikes, what heals, and which clocks may run.
 *
 * Each failure mode is a pair of timers per entity. The strike clock runs exactly
 * while the mode may strike its entity (a machine without power cannot crash, a
 * mode that holds an entity does not strike it again); ha_infra_clocks keeps that
 * true after each firing by looking at the state, never by remembering what
 * happened. When a strike fires the mode marks the rows and its healing clock
 * starts; when that fires the mode takes its marks away again.
 *
 * Clocks that stop lose their age. That is exact for the exponential clocks (nearly
 * all). The one that ages (hardware loss, Weibull) is never stopped by other
 * failures, only by its own strike, after which the hardware is new.
 *
 * Invariants: a strike clock and the healing clock of the same (mode, entity) are
 * never armed together; a mode that is off has no armed slot.
 */
#include "models/infra/infra.h"

#include <stdio.h>

#include "models/infra/failure_mode.h"
#include "sim/check.h"

static const struct ha_failure_mode *const mode[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration) &ha_fm_##key,
#include "models/infra/failure_modes.def"
#undef HA_FM
};

/* Rows that decide whether a mode of this kind may strike; for machines, besides, those
 * of the machine itself: see run_touched. */
static const uint32_t kind_inputs[HA_N_KINDS] = {
    [HA_KIND_REGION] = HA_DIRTY_COMMON,
    [HA_KIND_ZONE] = HA_DIRTY_COMMON | HA_DIRTY_ZONE,
    [HA_KIND_NODE] = HA_DIRTY_COMMON,
    [HA_KIND_POD] = HA_DIRTY_PROCESS,
    [HA_KIND_VOLUME] = HA_DIRTY_COMMON | HA_DIRTY_DISK,
};

struct ha_infra ha_infra_view(const struct ha_infra_plan *plan, struct sim_run *run,
                              void *state, void *notes)
{
    unsigned char *s = state;
    unsigned char *n = notes;
    return (struct ha_infra){
        .plan = plan,
        .run = run,
        .common = (void *)(s + plan->common_at),
        .zone = (void *)(s + plan->zones_at),
        .machine = (void *)(s + plan->machines_at),
        .disk = (void *)(s + plan->disks_at),
        .process = (void *)(s + plan->processes_at),
        .common_note = (void *)(n + plan->common_note_at),
        .machine_note = (void *)(n + plan->machine_notes_at),
        .disk_note = (void *)(n + plan->disk_notes_at),
    };
}

void ha_arm_while(struct sim_run *run, uint32_t slot, bool should_run, uint32_t dist)
{
    if (sim_is_armed(run, slot) == should_run) {
        return;
    }
    if (should_run) {
        sim_arm(run, slot, dist);
    } else {
        sim_disarm(run, slot);
    }
}

static bool can_strike(const struct ha_infra *w, uint32_t fm, uint32_t e)
{
    if (mode[fm]->can_strike != NULL) {
        return mode[fm]->can_strike(w, e);
    }
    return (w->common->faults & (UINT32_C(1) << fm)) == 0;
}

static void strike(struct ha_infra *w, uint32_t fm, uint32_t e)
{
    if (mode[fm]->strike != NULL) {
        mode[fm]->strike(w, e);
    } else {
        ha_infra_break_common(w, (enum ha_fm)fm);
    }
}

static void heal(struct ha_infra *w, uint32_t fm, uint32_t e)
{
    if (mode[fm]->heal != NULL) {
        mode[fm]->heal(w, e);
    } else {
        SIM_CHECK(ha_fm_kind[fm] == HA_KIND_REGION);
        ha_infra_mend_common(w, (enum ha_fm)fm);
    }
}

static void run_clock(struct ha_infra *w, uint32_t fm, uint32_t e, bool is_start)
{
    const struct ha_fm_plan *f = &w->plan->fm[fm];
    uint32_t dist = is_start ? f->first_dist : f->strike_dist;
    if (f->own_dist != NULL) {
        dist = f->own_dist[e];
    }
    bool may = dist != HA_NO_DIST && can_strike(w, fm, e);
    ha_arm_while(w->run, f->strike_slot + e, may, dist);
}

static void run_clocks(struct ha_infra *w, uint32_t fm, bool is_start)
{
    for (uint32_t e = 0; e < w->plan->fm[fm].n; e++) {
        run_clock(w, fm, e, is_start);
    }
}

/* The clocks of the machines that were touched since the last look: mostly one. */
static void run_touched(struct ha_infra *w)
{
    uint32_t end = w->plan->n_of[HA_KIND_NODE];
    uint32_t first = 0;
    while (first < end && w->machine[first].is_touched == 0) {
        first++;
    }
    while (end > first && w->machine[end - 1].is_touched == 0) {
        end--;
    }
    for (uint32_t fm = 0; first < end && fm < HA_N_FMS; fm++) {
        bool is_of_node = ha_fm_kind[fm] == HA_KIND_NODE && w->plan->fm[fm].is_on;
        for (uint32_t n = first; is_of_node && n < end; n++) {
            if (w->machine[n].is_touched != 0) {
                run_clock(w, fm, n, false);
            }
        }
    }
    for (uint32_t n = first; n < end; n++) {
        w->machine[n].is_touched = 0;
    }
}

void ha_infra_init(struct ha_infra *w)
{
    for (uint32_t v = 0; v < w->plan->n_of[HA_KIND_VOLUME]; v++) {
        w->disk[v].node = HA_NOWHERE;
        w->disk[v].zone = HA_NO_ZONE;
    }
}

void ha_infra_start(struct ha_infra *w)
{
    for (uint32_t fm = 0; fm < HA_N_FMS; fm++) {
        if (w->plan->fm[fm].is_on) {
            run_clocks(w, fm, true);
        }
    }
}

void ha_infra_clocks(struct ha_infra *w, uint32_t dirty)
{
    uint32_t inputs =
        HA_DIRTY_COMMON | HA_DIRTY_ZONE | HA_DIRTY_PROCESS | HA_DIRTY_DISK;
    for (uint32_t fm = 0; (dirty & inputs) != 0 && fm < HA_N_FMS; fm++) {
        if (w->plan->fm[fm].is_on && (dirty & kind_inputs[ha_fm_kind[fm]]) != 0) {
            run_clocks(w, fm, false);
        }
    }
    if ((dirty & HA_DIRTY_MACHINE) != 0) {
        run_touched(w);
    }
}

void ha_infra_fire(struct ha_infra *w, uint32_t purpose, uint32_t entity)
{
    if (purpose >= (uint32_t)HA_N_FMS) {
        uint32_t fm = purpose - (uint32_t)HA_N_FMS;
        SIM_CHECK(fm < (uint32_t)HA_N_FMS);
        heal(w, fm, entity);
        return;
    }
    const struct ha_fm_plan *f = &w->plan->fm[purpose];
    SIM_DEBUG_CHECK(can_strike(w, purpose, entity));
    strike(w, purpose, entity);
    if (f->has_heal && purpose != HA_FM_NODE_DRAIN) {
        sim_arm(w->run, f->heal_slot + entity, f->heal_dist);
    }
}

static const char *name_of(const struct ha_infra *w, uint32_t fm, uint32_t entity)
{
    switch (ha_fm_kind[fm]) {
    case HA_KIND_ZONE:
        return w->plan->zone_name[entity];
    case HA_KIND_NODE:
        return w->plan->node_name[entity];
    case HA_KIND_POD:
        return w->plan->pod_name[entity];
    case HA_KIND_VOLUME:
        return w->plan->volume_name[entity];
    default:
        return "";
    }
}

int ha_infra_explain(const struct ha_infra *w, uint32_t purpose, uint32_t entity,
                     char *text, size_t size)
{
    static const char *const noun[HA_N_KINDS] = {"", "zone ", "node ", "pod ",
                                                 "volume "};
    bool is_heal = purpose >= (uint32_t)HA_N_FMS;
    uint32_t fm = is_heal ? purpose - (uint32_t)HA_N_FMS : purpose;
    SIM_CHECK(fm < (uint32_t)HA_N_FMS);
    return snprintf(text, size, "%s%s%s", noun[ha_fm_kind[fm]], name_of(w, fm, entity),
                    is_heal ? mode[fm]->healed : mode[fm]->struck);
}
