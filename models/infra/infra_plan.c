/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compiles the room of things that break: slots, laws, and where the rows lie.
 *
 * What all failure modes have in common is done here from the row in
 * failure_modes.def: a strike slot and a healing slot per entity, an exponential
 * clock of the catalogue's rate, the catalogue's law of the duration, a failure
 * group per mode (so that balanced biasing treats the nodes alike). What is special
 * (periodic work, Weibull ageing, the fraction of a zone that is hit) each mode
 * adds in its own `plan` function.
 *
 * A mode is off when its rate is zero or not given, when there is nothing it could
 * strike, when its duration is not given although the row names one, or when the
 * caller leaves it out. A mode that is off has no slots at all: a design without
 * spot nodes pays nothing for them.
 *
 * Slot names ("node/a1/host_fail") are the identity of the random streams. They
 * contain the entity's name and not its number, so that two designs which share a
 * node share its luck.
 *
 * Sources: rates and durations in configs/catalog/, one source per entry.
 */
#include <stdio.h>

#include "models/infra/failure_mode.h"
#include "sim/check.h"

#define HA_PARAM_NONE HA_N_PARAMS

struct fm_row {
    const struct ha_failure_mode *mode;
    enum sim_class cls;
    enum ha_param rate, duration;
};

static const struct fm_row row[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration)                     \
    {&ha_fm_##key, SIM_##cls, HA_PARAM_##rate, HA_PARAM_##duration},
#include "models/infra/failure_modes.def"
#undef HA_FM
};

static const char *const kind_name[HA_N_KINDS] = {"region", "zone", "node", "pod",
                                                  "volume"};

static const char *entity_name(const struct ha_infra_plan *plan, enum ha_fm_kind kind,
                               uint32_t entity)
{
    switch (kind) {
    case HA_KIND_ZONE:
        return plan->zone_name[entity];
    case HA_KIND_NODE:
        return plan->node_name[entity];
    case HA_KIND_POD:
        return plan->pod_name[entity];
    case HA_KIND_VOLUME:
        return plan->volume_name[entity];
    case HA_KIND_REGION:
    case HA_N_KINDS:
        break;
    }
    return "all";
}

/* One slot per entity of the mode, consecutive; returns the first. */
static uint32_t add_slots(const struct ha_infra_plan *plan, struct ha_builder *b,
                          uint32_t fm, bool is_heal, uint16_t group)
{
    enum ha_fm_kind kind = (enum ha_fm_kind)ha_fm_kind[fm];
    enum sim_class cls = is_heal ? SIM_RECOVERY : row[fm].cls;
    uint32_t purpose = is_heal ? HA_PURPOSE_HEAL(fm) : HA_PURPOSE_STRIKE(fm);
    uint32_t first = b->n_slots;
    SIM_CHECK(kind < HA_N_KINDS);
    for (uint32_t e = 0; e < plan->n_of[kind]; e++) {
        ha_build_slot(b, purpose, e, cls, group, (uint8_t)fm, "%s/%s/%s%s",
                      kind_name[kind], entity_name(plan, kind, e), ha_fm_key[fm],
                      is_heal ? "/heal" : "");
    }
    return first;
}

static double yearly_rate(const struct ha_infra_spec *spec, uint32_t fm)
{
    if (row[fm].rate == HA_PARAM_NONE) {
        return 0;
    }
    return ha_catalog_rate_per_year(spec->catalog, row[fm].rate);
}

/* How often it strikes and how long it lasts are rows of the catalogue. */
static void name_parameters(const struct ha_fm_plan *f, struct ha_builder *b,
                            uint32_t fm)
{
    ha_build_scales(b, f->strike_dist, row[fm].rate, -1);
    ha_build_scales(b, f->first_dist, row[fm].rate, -1);
    if (row[fm].duration != HA_PARAM_NONE) {
        ha_build_scales(b, f->heal_dist, row[fm].duration, 1);
    }
}

static void make_periodic(struct ha_fm_plan *fm, struct ha_builder *b)
{
    if (b->exponential_delays) {
        return;
    }
    double period_s = b->dist[fm->strike_dist].mean_s;
    fm->strike_dist =
        ha_build_dist(b, sim_dist_uniform(0.75 * period_s, 1.25 * period_s));
    fm->first_dist = ha_build_dist(b, sim_dist_uniform(0, period_s));
}

static void plan_mode(struct ha_infra_plan *plan, struct ha_builder *b,
                      const struct ha_infra_spec *spec, uint32_t fm)
{
    struct ha_fm_plan *f = &plan->fm[fm];
    f->n = plan->n_of[ha_fm_kind[fm]];
    double rate = yearly_rate(spec, fm);
    if (!(rate > 0) || f->n == 0 || ((spec->fm_off >> fm) & 1) != 0) {
        return;
    }
    if (row[fm].mode->applies != NULL && !row[fm].mode->applies(spec)) {
        return;
    }
    struct sim_dist heal;
    f->has_heal = row[fm].duration != HA_PARAM_NONE;
    if (f->has_heal && !ha_catalog_duration(spec->catalog, row[fm].duration, &heal)) {
        return;
    }
    f->is_on = true;
    uint16_t group = row[fm].cls == SIM_FAILURE ? ha_build_group(b) : 0;
    f->strike_slot = add_slots(plan, b, fm, false, group);
    f->strike_dist = ha_build_dist(b, sim_dist_exponential(SIM_YEAR_S / rate));
    f->first_dist = f->strike_dist;
    if (f->has_heal) {
        f->heal_dist = ha_build_dist(b, heal);
    }
    if (row[fm].mode->is_periodic) {
        make_periodic(f, b);
    }
    if (row[fm].mode->plan != NULL) {
        row[fm].mode->plan(f, b, spec);
    }
    name_parameters(f, b, fm);
    if (f->has_heal) {
        f->heal_slot = add_slots(plan, b, fm, true, 0);
    }
}

/* Reserves n rows of `size` bytes at an 8-byte boundary; returns where. */
static size_t reserve(size_t *end, uint32_t n, size_t size)
{
    size_t at = (*end + 7) & ~(size_t)7;
    *end = at + n * size;
    return at;
}

static void lay_out(struct ha_infra_plan *plan, size_t state_at, size_t notes_at)
{
    const uint32_t *n = plan->n_of;
    size_t end = state_at;
    plan->common_at = reserve(&end, 1, sizeof(struct ha_infra_common));
    plan->zones_at = reserve(&end, n[HA_KIND_ZONE], sizeof(struct ha_infra_zone));
    plan->machines_at = reserve(&end, n[HA_KIND_NODE], sizeof(struct ha_infra_machine));
    plan->disks_at = reserve(&end, n[HA_KIND_VOLUME], sizeof(struct ha_infra_disk));
    plan->processes_at = reserve(&end, n[HA_KIND_POD], sizeof(struct ha_infra_process));
    plan->state_end = end;
    end = notes_at;
    plan->common_note_at = reserve(&end, 1, sizeof(struct ha_cause_list));
    plan->machine_notes_at =
        reserve(&end, n[HA_KIND_NODE], sizeof(struct ha_cause_list));
    plan->disk_notes_at =
        reserve(&end, n[HA_KIND_VOLUME], sizeof(struct ha_cause_list));
    plan->notes_end = end;
}

void ha_infra_plan_init(struct ha_infra_plan *plan, struct ha_builder *b,
                        const struct ha_infra_spec *spec, size_t state_at,
                        size_t notes_at)
{
    SIM_CHECK(spec->n_zones <= 32);
    *plan = (struct ha_infra_plan){
        .n_of = {[HA_KIND_REGION] = 1,
                 [HA_KIND_ZONE] = spec->n_zones,
                 [HA_KIND_NODE] = spec->n_nodes,
                 [HA_KIND_POD] = spec->n_pods,
                 [HA_KIND_VOLUME] = spec->n_volumes},
        .node_zone = spec->node_zone,
        .zone_name = spec->zone_name,
        .node_name = spec->node_name,
        .pod_name = spec->pod_name,
        .volume_name = spec->volume_name,
        .node_is_spot = spec->node_is_spot,
        .volume_is_local = spec->volume_is_local,
        .replaces_nodes = spec->replaces_nodes,
    };
    for (uint32_t fm = 0; fm < HA_N_FMS; fm++) {
        plan_mode(plan, b, spec, fm);
    }
    lay_out(plan, state_at, notes_at);
}
