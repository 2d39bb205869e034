/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Extra systems inside the tenant's world (models/blocks provides the machinery).
 *
 * Each keeps its own slots, laws and bytes of state; this file only finds their
 * place, passes firings on, and remembers in one byte which of them are down, so
 * that the pure questions about services need not ask.
 *
 * An extra says which service needs it: "api" (reads, writes, and with them the
 * control loop), "dns", "control-loop", "data", one of "api-read", "api-write", or
 * "all".
 */
#include "models/vcluster/extras.h"

#include <string.h>

#include "sim/check.h"

#define BIT(service) (UINT32_C(1) << HA_SERVICE_##service)

static const struct {
    const char *name;
    uint32_t services;
} needs[] = {
    {"api", BIT(API_READ) | BIT(API_WRITE) | BIT(CONTROL_LOOP)},
    {"api-read", BIT(API_READ)},
    {"api-write", BIT(API_WRITE)},
    {"control-loop", BIT(CONTROL_LOOP)},
    {"dns", BIT(DNS)},
    {"data", BIT(DATA)},
    {"all", BIT(API_READ) | BIT(API_WRITE) | BIT(CONTROL_LOOP) | BIT(DNS) | BIT(DATA)},
};

static int services_of(const struct ha_extra *extra, uint32_t *services,
                       struct sim_err *err)
{
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (strcmp(needs[i].name, extra->service) == 0) {
            *services = needs[i].services;
            return 0;
        }
    }
    ha_node_error(err, extra->system,
                  "system \"%s\" is needed by \"%s\", which is no service", extra->name,
                  extra->service);
    sim_err_hint(err, "services: api, api-read, api-write, control-loop, dns, data, "
                      "all");
    return -SIM_ERR_INPUT;
}

static int plan_one(struct ha_vc_plan *plan, struct ha_vc_extra *item,
                    struct ha_builder *b, uint32_t entity, const struct ha_extra *extra,
                    struct sim_err *err)
{
    int rc = services_of(extra, &item->services, err);

    if (rc == 0) {
        rc = ha_blocks_load(b->arena, extra->system, &item->blocks, err);
    }
    if (rc != 0) {
        return rc;
    }
    item->name = extra->name;
    item->at = (struct ha_blocks_at){.blocks = &item->blocks,
                                     .slot = b->n_slots,
                                     .dist = b->n_dists,
                                     .state = plan->state_end};
    for (uint32_t i = 0; i < item->blocks.n_slots; i++) {
        (void)ha_build_slot(b, HA_PURPOSE_EXTRA, entity, SIM_OTHER, 0, SIM_NO_CAUSE,
                            "extra/%s/%u", extra->name, i);
    }
    for (uint32_t i = 0; i < item->blocks.n_dists; i++) {
        (void)ha_build_dist(b, item->blocks.dist[i]);
    }
    plan->state_end += (item->blocks.state_bytes + 7u) & ~(size_t)7u;
    return 0;
}

int ha_extras_plan(struct ha_vc_plan *plan, struct ha_builder *b,
                   const struct ha_design *design, struct sim_err *err)
{
    struct ha_vc_extras *extras;

    plan->extras_at = plan->state_end;
    if (design->n_extras == 0) {
        return 0;
    }
    if (design->n_extras > HA_EXTRAS_MAX) {
        return sim_err_set(err, SIM_ERR_LIMIT, "%u extra systems, at most %d are kept",
                           design->n_extras, HA_EXTRAS_MAX);
    }
    extras = sim_arena_calloc(b->arena, 1, sizeof(*extras));
    extras->n = design->n_extras;
    for (uint32_t i = 0; i < extras->n; i++) {
        int rc = plan_one(plan, &extras->item[i], b, i, &design->extra[i], err);

        if (rc != 0) {
            return rc;
        }
    }
    plan->extras = extras;
    return 0;
}

void ha_extras_place(const struct ha_vc_plan *plan, struct ha_builder *b)
{
    for (uint32_t i = 0; plan->extras != NULL && i < plan->extras->n; i++) {
        const struct ha_vc_extra *x = &plan->extras->item[i];
        uint16_t base = 0;

        ha_blocks_place(&x->at, sim_arena_printf(b->arena, "extra/%s/", x->name),
                        b->slot, b->dist, (uint8_t)(HA_CAUSE_EXTRA + i));
        /* Failure groups of a system must not mix with those of the host model. */
        for (uint32_t s = 0; s < x->blocks.n_slots; s++) {
            struct sim_slot *slot = &b->slot[x->at.slot + s];

            slot->group = (uint16_t)(slot->group + b->n_groups);
            base = slot->group > base ? slot->group : base;
        }
        b->n_groups = base > b->n_groups ? base : b->n_groups;
        for (uint32_t d = 0; b->exponential_delays && d < x->blocks.n_dists; d++) {
            struct sim_dist *dist = &b->dist[x->at.dist + d];

            *dist = sim_dist_as_exponential(dist);
        }
    }
}

static void look(struct ha_vc *v)
{
    uint32_t down = 0;

    for (uint32_t i = 0; i < v->plan->extras->n; i++) {
        if (ha_blocks_is_down(&v->plan->extras->item[i].at, v->run)) {
            down |= UINT32_C(1) << i;
        }
    }
    v->common->extras_down = (uint8_t)down;
}

void ha_extras_start(struct ha_vc *v)
{
    if (v->plan->extras == NULL) {
        return;
    }
    for (uint32_t i = 0; i < v->plan->extras->n; i++) {
        ha_blocks_start(&v->plan->extras->item[i].at, v->run);
    }
    look(v);
}

void ha_extras_fire(struct ha_vc *v, uint32_t entity, uint32_t slot)
{
    ha_blocks_fire(&v->plan->extras->item[entity].at, v->run, slot);
    look(v);
}

bool ha_extras_are_calm(const struct ha_vc_plan *plan, const struct sim_run *run)
{
    for (uint32_t i = 0; plan->extras != NULL && i < plan->extras->n; i++) {
        if (!ha_blocks_is_calm(&plan->extras->item[i].at, run)) {
            return false;
        }
    }
    return true;
}

uint32_t ha_extras_down_for(const struct ha_vc *v, uint32_t service)
{
    uint32_t bits = 0;

    if (v->common->extras_down == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < v->plan->extras->n; i++) {
        if (((uint32_t)v->common->extras_down >> i & 1u) != 0 &&
            (v->plan->extras->item[i].services >> service & 1u) != 0) {
            bits |= UINT32_C(1) << i;
        }
    }
    return bits;
}
