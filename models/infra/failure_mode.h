/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A failure mode: one row in failure_modes.def, one file beside this one, one page
 * in docs/model/. The file defines `ha_fm_<key>` of this type. Modes never name
 * one another; they meet only in the fault bits of the world.
 */
#ifndef HA_INFRA_FAILURE_MODE_H
#define HA_INFRA_FAILURE_MODE_H

#include "models/infra/infra.h"

/* Modes of the region may leave can_strike, strike and heal NULL: they strike while
 * their bit of the common faults is clear, raise it, and clear it when they heal. */
struct ha_failure_mode {
    /* Planned work: its clock is periodic with 25 % jitter (params.def) and starts at
     * a random phase. False: it strikes at random. */
    bool is_periodic;
    /* False: nothing in this design it could strike. NULL: always applies. */
    bool (*applies)(const struct ha_infra_spec *spec);
    /* Reads its parameters and completes fm (slots, rate and duration laws are
     * already there when the catalogue has them). NULL: nothing to add. */
    void (*plan)(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec);
    /* May it strike this entity now? Its clock runs exactly while it may. Pure. */
    bool (*can_strike)(const struct ha_infra *w, uint32_t entity);
    /* It struck. The caller arms the healing clock when the mode has one. */
    void (*strike)(struct ha_infra *w, uint32_t entity);
    /* The healing clock went off. NULL: another rule mends it. */
    void (*heal)(struct ha_infra *w, uint32_t entity);
    /* Timeline words, "%s crashed" and "%s is back", with the entity's name. */
    const char *struck;
    const char *healed;
};

#define HA_FM(name, key, title, kind, effect, cls, rate, duration)                     \
    extern const struct ha_failure_mode ha_fm_##key;
#include "models/infra/failure_modes.def"
#undef HA_FM

#endif
