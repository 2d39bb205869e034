/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fault bits: setting, clearing, and the questions that others ask of them.
 *
 * All reasoning about "does this machine run", "can it be reached", "does that disk
 * answer" is here and in infra.h (inline: it is asked a million times a second), and
 * nowhere else, so that two controllers cannot disagree.
 *
 *   powered    exists, and no mode with effect POWER holds it, nor the region
 *   alive      powered and not paused: processes make progress
 *   linked     neither its zone is cut off nor the region's network down
 *   reachable  alive and linked: what runs there is of use to others
 *
 * A zone that is cut off still runs, and its members still reach one another; but
 * clients and the majority are outside, so the model counts them as unreachable.
 *
 * Notes: each machine, disk and the region keep the causes that hold them in order
 * of arrival. The oldest one still active is the root cause of what follows. Zone
 * and region failures are entered on each machine they hit, so that a machine's own
 * list answers alone.
 */
#include <string.h>

#include "models/infra/infra.h"

const char *const ha_fm_title[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration) title,
#include "models/infra/failure_modes.def"
#undef HA_FM
};

const char *const ha_fm_key[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration) #key,
#include "models/infra/failure_modes.def"
#undef HA_FM
};

const uint8_t ha_fm_kind[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration) HA_KIND_##kind,
#include "models/infra/failure_modes.def"
#undef HA_FM
};

const uint8_t ha_fm_effect[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration) HA_EFFECT_##effect,
#include "models/infra/failure_modes.def"
#undef HA_FM
};

/* ---- questions ---- */

bool ha_infra_zone_can_provision(const struct ha_infra *w, uint32_t zone)
{
    uint32_t off = HA_FM_BIT(ZONE_MAJOR) | HA_FM_BIT(ZONE_PARTITION);
    return ha_infra_cloud_api_is_up(w) && (w->zone[zone].faults & off) == 0 &&
           (w->common->faults & HA_FM_BIT(REGION_NET)) == 0;
}

bool ha_infra_is_calm(const struct ha_infra *w)
{
    if (w->common->faults != 0 || w->common->escalated != 0) {
        return false;
    }
    for (uint32_t z = 0; z < w->plan->n_of[HA_KIND_ZONE]; z++) {
        if (w->zone[z].faults != 0) {
            return false;
        }
    }
    for (uint32_t n = 0; n < w->plan->n_of[HA_KIND_NODE]; n++) {
        const struct ha_infra_machine *m = &w->machine[n];
        bool is_missing = m->is_destroyed != 0 && m->is_spare == 0;
        if (m->faults != 0 || is_missing || m->maintenance != 0) {
            return false;
        }
    }
    for (uint32_t v = 0; v < w->plan->n_of[HA_KIND_VOLUME]; v++) {
        if (w->disk[v].faults != 0 || w->disk[v].is_blank != 0) {
            return false;
        }
    }
    return true;
}

/* ---- who was first ---- */

static void note_add(struct ha_cause_list *list, enum ha_fm fm)
{
    for (uint8_t i = 0; i < list->n; i++) {
        if (list->cause[i] == (uint8_t)fm) {
            return;
        }
    }
    if (list->n < HA_CAUSES_MAX) {
        list->cause[list->n++] = (uint8_t)fm;
    }
}

static void note_remove(struct ha_cause_list *list, enum ha_fm fm)
{
    for (uint8_t i = 0; i < list->n; i++) {
        if (list->cause[i] == (uint8_t)fm) {
            memmove(&list->cause[i], &list->cause[i + 1], (size_t)list->n - i - 1u);
            list->n--;
            list->cause[list->n] = 0;
            return;
        }
    }
}

static uint8_t note_first(const struct ha_cause_list *list)
{
    return list->n > 0 ? list->cause[0] : SIM_NO_CAUSE;
}

uint8_t ha_infra_machine_cause(const struct ha_infra *w, uint32_t node)
{
    return note_first(&w->machine_note[node]);
}

uint8_t ha_infra_disk_cause(const struct ha_infra *w, uint32_t volume)
{
    return note_first(&w->disk_note[volume]);
}

uint8_t ha_infra_common_cause_among(const struct ha_infra *w, uint32_t mask)
{
    for (uint8_t i = 0; i < w->common_note->n; i++) {
        if ((mask >> w->common_note->cause[i] & 1) != 0) {
            return w->common_note->cause[i];
        }
    }
    return SIM_NO_CAUSE;
}

uint8_t ha_infra_common_cause(const struct ha_infra *w)
{
    return note_first(w->common_note);
}

void ha_infra_note_machine(struct ha_infra *w, uint32_t node, enum ha_fm fm, bool is_on)
{
    if (is_on) {
        note_add(&w->machine_note[node], fm);
    } else {
        note_remove(&w->machine_note[node], fm);
    }
}

/* ---- changes ---- */

void ha_infra_break_machine(struct ha_infra *w, uint32_t node, enum ha_fm fm)
{
    w->machine[node].faults |= UINT32_C(1) << fm;
    w->machine[node].is_touched = 1;
    note_add(&w->machine_note[node], fm);
    w->common->dirty |= HA_DIRTY_MACHINE;
}

void ha_infra_mend_machine(struct ha_infra *w, uint32_t node, enum ha_fm fm)
{
    w->machine[node].faults &= ~(UINT32_C(1) << fm);
    w->machine[node].is_touched = 1;
    note_remove(&w->machine_note[node], fm);
    w->common->dirty |= HA_DIRTY_MACHINE;
}

void ha_infra_break_disk(struct ha_infra *w, uint32_t volume, enum ha_fm fm)
{
    w->disk[volume].faults |= UINT32_C(1) << fm;
    note_add(&w->disk_note[volume], fm);
    w->common->dirty |= HA_DIRTY_DISK;
}

void ha_infra_mend_disk(struct ha_infra *w, uint32_t volume, enum ha_fm fm)
{
    w->disk[volume].faults &= ~(UINT32_C(1) << fm);
    note_remove(&w->disk_note[volume], fm);
    w->common->dirty |= HA_DIRTY_DISK;
}

void ha_infra_break_common(struct ha_infra *w, enum ha_fm fm)
{
    w->common->faults |= UINT32_C(1) << fm;
    note_add(w->common_note, fm);
    w->common->dirty |= HA_DIRTY_COMMON;
    if (ha_fm_effect[fm] != HA_EFFECT_NONE) {
        ha_infra_note_all(w, fm, true);
    }
}

void ha_infra_mend_common(struct ha_infra *w, enum ha_fm fm)
{
    w->common->faults &= ~(UINT32_C(1) << fm);
    note_remove(w->common_note, fm);
    w->common->dirty |= HA_DIRTY_COMMON;
    if (ha_fm_effect[fm] != HA_EFFECT_NONE) {
        ha_infra_note_all(w, fm, false);
    }
}

void ha_infra_note_all(struct ha_infra *w, enum ha_fm fm, bool is_on)
{
    for (uint32_t n = 0; n < w->plan->n_of[HA_KIND_NODE]; n++) {
        ha_infra_note_machine(w, n, fm, is_on);
    }
    for (uint32_t v = 0; v < w->plan->n_of[HA_KIND_VOLUME]; v++) {
        if (is_on) {
            note_add(&w->disk_note[v], fm);
        } else {
            note_remove(&w->disk_note[v], fm);
        }
    }
    w->common->dirty |= HA_DIRTY_MACHINE | HA_DIRTY_DISK;
}

void ha_infra_lose_local_disks(struct ha_infra *w, uint32_t node)
{
    for (uint32_t v = 0; v < w->plan->n_of[HA_KIND_VOLUME]; v++) {
        if (w->plan->volume_is_local != NULL && w->plan->volume_is_local[v] &&
            w->disk[v].node == node) {
            w->disk[v].is_blank = 1;
            w->common->dirty |= HA_DIRTY_DISK;
        }
    }
}

void ha_infra_destroy_machine(struct ha_infra *w, uint32_t node)
{
    w->machine[node].is_destroyed = 1;
    w->machine[node].is_touched = 1;
    w->common->dirty |= HA_DIRTY_MACHINE;
    ha_infra_lose_local_disks(w, node);
}

void ha_infra_replace_disk(struct ha_infra *w, uint32_t volume)
{
    for (uint32_t fm = 0; fm < HA_N_FMS; fm++) {
        ha_infra_mend_disk(w, volume, (enum ha_fm)fm);
        const struct ha_fm_plan *f = &w->plan->fm[fm];
        if (ha_fm_kind[fm] == HA_KIND_VOLUME && f->is_on && f->has_heal) {
            sim_disarm(w->run, f->heal_slot + volume);
        }
    }
    w->disk[volume] =
        (struct ha_infra_disk){.node = HA_NOWHERE, .zone = HA_NO_ZONE, .is_blank = 1};
}

/* A new machine is not the one that was hit: neither its own faults nor the mark of
 * a zone outage pass on. A planned drain does (the work is owed to the slot). */
void ha_infra_replace_machine(struct ha_infra *w, uint32_t node)
{
    for (uint32_t fm = 0; fm < HA_N_FMS; fm++) {
        bool is_zonal =
            ha_fm_kind[fm] == HA_KIND_ZONE && ha_fm_effect[fm] == HA_EFFECT_POWER;
        bool is_own = ha_fm_kind[fm] == HA_KIND_NODE;
        if (!is_zonal && !is_own) {
            continue;
        }
        ha_infra_mend_machine(w, node, (enum ha_fm)fm);
        const struct ha_fm_plan *f = &w->plan->fm[fm];
        if (is_own && f->is_on && f->has_heal) {
            sim_disarm(w->run, f->heal_slot + node);
        }
    }
    w->machine[node].is_destroyed = 0;
    w->machine[node].is_spare = 0;
    w->machine[node].is_touched = 1;
    w->common->dirty |= HA_DIRTY_MACHINE;
}

void ha_infra_retire_machine(struct ha_infra *w, uint32_t node)
{
    ha_infra_lose_local_disks(w, node);
    ha_infra_replace_machine(w, node);
    w->machine[node].maintenance = 0;
    w->machine[node].is_destroyed = 1;
    w->machine[node].is_spare = 1;
}

void ha_infra_begin_reboot(struct ha_infra *w, uint32_t node)
{
    const struct ha_fm_plan *f = &w->plan->fm[HA_FM_NODE_DRAIN];
    ha_infra_break_machine(w, node, HA_FM_NODE_DRAIN);
    sim_arm(w->run, f->heal_slot + node, f->heal_dist);
}

void ha_infra_end_maintenance(struct ha_infra *w, uint32_t node)
{
    w->machine[node].maintenance = 0;
    w->machine[node].is_touched = 1;
    note_remove(&w->machine_note[node], HA_FM_NODE_DRAIN);
    w->common->dirty |= HA_DIRTY_MACHINE;
}
