/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every row of failure_modes.def must keep, asked of each without naming it:
 *   off      without a rate it has no slots
 *   own      a strike changes rows of its own kind only (a zone: its nodes and disks)
 *   heals    strike, heal, wait: all is calm, its healing clock is off, its strike
 *            clock runs
 *   share    the long-run share of time it holds an entity is mean / (1/rate + mean)
 *   page     docs/model/KEY.md is there
 *   flat     round trip and move hold while it strikes often
 * A row added to the list is tested without a line here, unless it needs a special host
 * (see prepare) or has no plain healing clock (see has_plain_cycle).
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/kube_world.h"
#include "tests/support/promises.h"

#define HA_PARAM_NONE HA_N_PARAMS
#define PER_YEAR      60.0
#define MEDIAN_S      2385.0
#define SIGMA         0.5
#define STRIKE_S      5000.0

static const enum ha_param rate_of[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration) HA_PARAM_##rate,
#include "models/infra/failure_modes.def"
#undef HA_FM
};

static const enum ha_param duration_of[HA_N_FMS] = {
#define HA_FM(name, key, title, kind, effect, cls, rate, duration) HA_PARAM_##duration,
#include "models/infra/failure_modes.def"
#undef HA_FM
};

/* A world in which this mode alone can strike. */
static void prepare(struct kube_world *w, enum ha_fm fm)
{
    struct kube_setup s = {.nodes_per_zone = 2, .has_volume = true};
    s.rate[s.n_rates++] =
        (struct kube_rate){rate_of[fm], PER_YEAR, duration_of[fm], MEDIAN_S, SIGMA};
    s.rate[s.n_rates++] =
        (struct kube_rate){HA_PARAM_ZONE_MAJOR_NODE_FRAC, 0.6, HA_N_PARAMS, 0, 0};
    s.rate[s.n_rates++] =
        (struct kube_rate){HA_PARAM_ZONE_MINOR_NODE_FRAC, 0.4, HA_N_PARAMS, 0, 0};
    if (fm == HA_FM_SPOT_EVICTION) {
        s.is_spot = true;
        s.rate[s.n_rates++] =
            (struct kube_rate){HA_N_PARAMS, 0, HA_PARAM_NODE_PROVISION, 120, 0.5};
    } else {
        s.no_cloud_controller = true;
    }
    kube_world_init(w, &s);
}

/* Struck and mended by its own two clocks and nothing else. */
static bool has_plain_cycle(enum ha_fm fm)
{
    return fm != HA_FM_POD_CRASH && fm != HA_FM_SPOT_EVICTION && fm != HA_FM_ROLLOUT &&
           fm != HA_FM_CERT_RENEWAL && fm != HA_FM_NODE_DRAIN;
}

Test(failure_modes, are_off_without_a_rate)
{
    struct kube_world w;
    const struct kube_setup setup = {.has_volume = true};
    kube_world_init(&w, &setup);
    for (uint32_t s = 0; s < w.model.n_slots; s++) {
        cr_assert(w.builder.use[s].purpose >= HA_PURPOSE_KUBE);
    }
    kube_world_clear(&w);
}

Test(failure_modes, have_a_page_each)
{
    for (uint32_t fm = 0; fm < HA_N_FMS; fm++) {
        char path[128];
        (void)snprintf(path, sizeof path, "docs/model/%s.md", ha_fm_key[fm]);
        FILE *page = fopen(path, "r");
        cr_assert(page != NULL, "%s is missing", path);
        (void)fclose(page);
    }
}

/* Rows of infra as bytes, to compare before and after a strike. */
struct rows {
    struct ha_infra_common common;
    struct ha_infra_zone zone[3];
    struct ha_infra_machine machine[6];
    struct ha_infra_disk disk[3];
};

static struct rows take_rows(const struct ha_kube *k)
{
    struct rows r;
    memset(&r, 0, sizeof r);
    r.common = *k->infra.common;
    memcpy(r.zone, k->infra.zone, sizeof r.zone);
    memcpy(r.machine, k->infra.machine, sizeof r.machine);
    memcpy(r.disk, k->infra.disk, sizeof r.disk);
    return r;
}

static bool differ(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) != 0;
}

/* Which rows a strike on entity 0 of each kind may touch. */
static void check_own(enum ha_fm fm, const struct rows *a, const struct rows *b)
{
    enum ha_fm_kind kind = (enum ha_fm_kind)ha_fm_kind[fm];
    cr_expect(kind == HA_KIND_REGION || !differ(&a->common, &b->common, 16), "%s",
              ha_fm_key[fm]);
    for (uint32_t z = 0; z < 3; z++) {
        bool may = kind == HA_KIND_ZONE && z == 0;
        cr_expect(may || a->zone[z].faults == b->zone[z].faults, "%s", ha_fm_key[fm]);
    }
    for (uint32_t n = 0; n < 6; n++) {
        bool may = (kind == HA_KIND_ZONE && n < 2) || (kind == HA_KIND_NODE && n == 0);
        cr_expect(may || !differ(&a->machine[n], &b->machine[n], 8), "%s",
                  ha_fm_key[fm]);
    }
    for (uint32_t v = 0; v < 3; v++) {
        bool may = (kind == HA_KIND_ZONE && a->disk[v].zone == 0) ||
                   (kind == HA_KIND_VOLUME && v == 0);
        cr_expect(may || !differ(&a->disk[v], &b->disk[v], 8), "%s", ha_fm_key[fm]);
    }
}

Test(failure_modes, strike_only_their_own_kind_and_heal)
{
    for (uint32_t i = 0; i < HA_N_FMS; i++) {
        enum ha_fm fm = (enum ha_fm)i;
        struct kube_world w;
        struct sim_script script;
        prepare(&w, fm);
        cr_assert(w.plan.infra.fm[fm].is_on, "%s", ha_fm_key[fm]);
        sim_script_init(&script, &w.model, 3);
        script.delays = SIM_SCRIPT_DRAWN;
        script.is_off[SIM_OTHER] = true;
        sim_script_play(&script, STRIKE_S - 1);
        struct ha_kube k = kube_view(&w, &script);
        struct rows before = take_rows(&k);
        cr_assert(ha_kube_is_calm(&k), "%s", ha_fm_key[fm]);
        cr_assert(sim_is_armed(&script.run, kube_strike(&w, fm, 0)));
        sim_script_at(&script, STRIKE_S, kube_strike(&w, fm, 0));
        sim_script_play(&script, STRIKE_S);
        struct rows after = take_rows(&k);
        check_own(fm, &before, &after);
        cr_expect(!ha_kube_is_calm(&k), "%s", ha_fm_key[fm]);
        sim_script_play(&script, STRIKE_S + 10 * 86400.0);
        cr_expect(ha_kube_is_calm(&k), "%s is not calm after ten days", ha_fm_key[fm]);
        cr_expect(sim_is_armed(&script.run, kube_strike(&w, fm, 0)), "%s",
                  ha_fm_key[fm]);
        cr_expect(!w.plan.infra.fm[fm].has_heal ||
                      !sim_is_armed(&script.run, kube_heal(&w, fm, 0)),
                  "%s", ha_fm_key[fm]);
        sim_script_release(&script);
        kube_world_clear(&w);
    }
}

/* Is the mode's bit up on entity 0? */
static bool holds(const struct ha_kube *k, enum ha_fm fm)
{
    uint32_t faults = 0;
    switch (ha_fm_kind[fm]) {
    case HA_KIND_REGION:
        faults = k->infra.common->faults;
        break;
    case HA_KIND_ZONE:
        faults = k->infra.zone[0].faults;
        break;
    case HA_KIND_NODE:
        faults = k->infra.machine[0].faults;
        break;
    default:
        faults = k->infra.disk[0].faults;
        break;
    }
    return ((faults >> fm) & 1) != 0;
}

struct share {
    double held_s, total_s;
    uint32_t n_cycles;
};

/* Share of time the bit is up on entity 0, and how often it went up. */
static struct share measure(struct kube_world *w, enum ha_fm fm, double until_s)
{
    struct share share = {0, 0, 0};
    struct sim_run run;
    sim_run_init(&run, &w->model);
    struct sim_world *world = sim_world_alloc(run.world_bytes);
    sim_run_bind(&run, world);
    sim_world_start(&run, 11, 0, 0);
    struct ha_kube k = ha_kube_view(&w->plan, &run);
    uint32_t slot;
    double now_s = 0;
    bool held = false;
    while (share.total_s < until_s && sim_world_next(&run, &slot, &now_s)) {
        share.held_s += held ? now_s - share.total_s : 0;
        share.total_s = now_s;
        sim_world_fire(&run, slot, now_s);
        share.n_cycles += !held && holds(&k, fm);
        held = holds(&k, fm);
    }
    sim_run_unbind(&run);
    free(world);
    return share;
}

Test(failure_modes, hold_their_entity_for_the_right_share_of_time)
{
    for (uint32_t i = 0; i < HA_N_FMS; i++) {
        enum ha_fm fm = (enum ha_fm)i;
        struct kube_world w;
        if (!has_plain_cycle(fm)) {
            continue;
        }
        prepare(&w, fm);
        const struct ha_fm_plan *f = &w.plan.infra.fm[fm];
        double mean_s = w.model.dist[f->heal_dist].mean_s;
        double up_s = SIM_YEAR_S / PER_YEAR;
        double want = mean_s / (up_s + mean_s);
        struct share got = measure(&w, fm, 30 * SIM_YEAR_S);
        /* Relative error of a ratio of n cycles: sqrt((cv_up^2 + cv_down^2) / n), the
         * sum below 3; 3.9 standard errors: a false alarm in 1e-4. */
        double tolerance = 3.9 * want * sqrt(3.0 / (double)got.n_cycles);
        cr_expect(got.n_cycles > 1000, "%s: %u", ha_fm_key[fm], got.n_cycles);
        cr_expect(fabs(got.held_s / got.total_s - want) < tolerance, "%s: %g, not %g",
                  ha_fm_key[fm], got.held_s / got.total_s, want);
        kube_world_clear(&w);
    }
}

Test(failure_modes, leave_the_world_flat)
{
    for (uint32_t i = 0; i < HA_N_FMS; i++) {
        struct kube_world w;
        prepare(&w, (enum ha_fm)i);
        promise_round_trip(&w.model, 7 + i, 400);
        promise_move(&w.model, 7 + i, 400);
        promise_purity(&w.model, 7 + i, 400);
        kube_world_clear(&w);
    }
}
