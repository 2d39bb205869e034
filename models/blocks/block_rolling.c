/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rolling maintenance: members fail and are repaired independently of a fixed
 * schedule. Every period_s the members are taken out of service one after another,
 * window_s each; failure and repair run on meanwhile. A member serves when it is
 * neither failed nor in its window; the system is up while k of n serve.
 *
 * The schedule is one timer: the gap, then n windows. The member in its window is
 * told apart from the others only by its own failure, so the state is the number of
 * failed members outside it, whether the one inside is failed, and which window runs
 * (0 = none). When a window ends, its member rejoins the others and the next one is
 * taken from those not yet treated; since all are alike and their lives do not
 * depend on the schedule, "the next one is failed" needs no draw if the members keep
 * their identity: so each has a flag and its own two clocks.
 */
#include <string.h>

#include "models/blocks/blocks_priv.h"
#include "sim/check.h"

enum { MAX_MEMBERS = 10000 };

/* Slots: 0 the schedule; 1..n failures; n+1..2n repairs. Cells of 16 bits: the window
 * that runs (0 none), members failed, then a flag each (1 = failed). */
enum { CELL_WINDOW, CELL_FAILED, CELL_MEMBER };
enum { DIST_FAILURE, DIST_REPAIR, DIST_WINDOW, DIST_GAP };

static void start(const struct ha_blocks_at *at, struct sim_run *run)
{
    const struct ha_rolling *r = at->blocks->rolling;
    sim_arm(run, at->slot, at->dist + DIST_GAP);
    for (uint32_t m = 0; m < r->n; m++) {
        sim_arm(run, at->slot + 1 + m, at->dist + DIST_FAILURE);
    }
}

static void fire(const struct ha_blocks_at *at, struct sim_run *run, uint32_t slot)
{
    const struct ha_rolling *r = at->blocks->rolling;
    uint16_t *cell = ha_blocks_state(at, run);
    if (slot == 0) {
        cell[CELL_WINDOW] =
            cell[CELL_WINDOW] == r->n ? 0 : (uint16_t)(cell[CELL_WINDOW] + 1);
        sim_arm(run, at->slot,
                at->dist + (cell[CELL_WINDOW] == 0 ? DIST_GAP : DIST_WINDOW));
    } else if (slot <= r->n) {
        cell[CELL_MEMBER + slot - 1] = 1;
        cell[CELL_FAILED]++;
        sim_arm(run, at->slot + r->n + slot, at->dist + DIST_REPAIR);
    } else {
        cell[CELL_MEMBER + slot - 1 - r->n] = 0;
        cell[CELL_FAILED]--;
        sim_arm(run, at->slot + slot - r->n, at->dist + DIST_FAILURE);
    }
}

static bool is_down(const struct ha_blocks_at *at, const struct sim_run *run)
{
    const struct ha_rolling *r = at->blocks->rolling;
    const uint16_t *cell = ha_blocks_state_const(at, run);
    uint32_t out = cell[CELL_FAILED];
    if (cell[CELL_WINDOW] > 0) {
        out += cell[CELL_MEMBER + cell[CELL_WINDOW] - 1] == 0;
    }
    return r->n - out < r->k;
}

double ha_rolling_broken_share(const struct ha_blocks_at *at, const struct sim_run *run)
{
    const uint16_t *cell = ha_blocks_state_const(at, run);
    return (double)cell[CELL_FAILED] / at->blocks->rolling->n;
}

bool ha_rolling_is_maintained(const struct ha_blocks_at *at, const struct sim_run *run)
{
    const uint16_t *cell = ha_blocks_state_const(at, run);
    return cell[CELL_WINDOW] > 0;
}

static bool is_calm(const struct ha_blocks_at *at, const struct sim_run *run)
{
    const uint16_t *cell = ha_blocks_state_const(at, run);
    return cell[CELL_WINDOW] == 0 && cell[CELL_FAILED] == 0;
}

static const struct ha_blocks_ops ops = {start, fire, is_down, is_calm};

/* ---- reading ---- */

static int read_numbers(const struct ha_blocks_reader *reader,
                        const struct ha_node *model, struct ha_rolling *r)
{
    struct {
        const char *key;
        double *value;
    } times[] = {{"mttf_s", &r->mttf_s},
                 {"mttr_s", &r->mttr_s},
                 {"period_s", &r->period_s},
                 {"window_s", &r->window_s}};
    const struct ha_node *n = ha_blocks_need(reader, model, "n");
    const struct ha_node *k = n == NULL ? NULL : ha_blocks_need(reader, model, "k");
    if (k == NULL) {
        return -SIM_ERR_INPUT;
    }
    int rc = ha_blocks_read_count(reader, n, 1, MAX_MEMBERS, &r->n);
    rc = rc < 0 ? rc : ha_blocks_read_count(reader, k, 1, r->n, &r->k);
    for (size_t i = 0; rc == 0 && i < sizeof times / sizeof times[0]; i++) {
        const struct ha_node *node = ha_blocks_need(reader, model, times[i].key);
        rc = node == NULL ? -SIM_ERR_INPUT
                          : ha_blocks_read_time(reader, node, times[i].value);
    }
    if (rc == 0 && !(r->n * r->window_s < r->period_s)) {
        rc = ha_node_error(reader->err, ha_node_get(model, "window_s"),
                           "%u windows of %g s do not fit into a period of %g s", r->n,
                           r->window_s, r->period_s);
    }
    return rc;
}

int ha_rolling_read(const struct ha_blocks_reader *reader, const struct ha_node *model,
                    struct ha_blocks *out)
{
    struct sim_arena *arena = reader->arena;
    struct ha_rolling *r = sim_arena_alloc(arena, sizeof *r);
    int rc = read_numbers(reader, model, r);
    if (rc < 0) {
        return rc;
    }
    struct sim_dist *dist = sim_arena_calloc(arena, 4, sizeof *dist);
    dist[DIST_FAILURE] = sim_dist_exponential(r->mttf_s);
    dist[DIST_REPAIR] = sim_dist_exponential(r->mttr_s);
    dist[DIST_WINDOW] = sim_dist_deterministic(r->window_s);
    dist[DIST_GAP] = sim_dist_deterministic(r->period_s - r->n * r->window_s);
    out->n_slots = 1 + 2 * r->n;
    struct sim_slot *slot = sim_arena_calloc(arena, out->n_slots, sizeof *slot);
    const char **title = sim_arena_calloc(arena, out->n_slots, sizeof *title);
    for (uint32_t s = 0; s < out->n_slots; s++) {
        title[s] = s == 0      ? "maintenance"
                   : s <= r->n ? "member fails"
                               : "member repaired";
        slot[s] = (struct sim_slot){
            .id = sim_id("rolling/%u", s),
            .group = s <= r->n ? 0 : 1,
            .cls = s == 0      ? SIM_OTHER
                   : s <= r->n ? SIM_FAILURE
                               : SIM_RECOVERY,
        };
    }
    ha_blocks_make_causes(arena, out->n_slots, title, slot, out);
    out->kind = HA_BLOCKS_ROLLING;
    out->rolling = r;
    out->ops = &ops;
    out->slot = slot;
    out->slot_title = title;
    out->n_dists = 4;
    out->dist = dist;
    out->state_bytes = ((size_t)(CELL_MEMBER + r->n) * sizeof(uint16_t) + 7) / 8 * 8;
    return 0;
}
