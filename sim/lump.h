/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lumping: the smallest chain in which everything that labels tell has the same
 * answer as in the given one.
 */
#ifndef SIM_LUMP_H
#define SIM_LUMP_H

#include "sim/ctmc.h"

struct sim_lumping {
    struct sim_sparse q; /* between blocks, numbered by their first state */
    uint8_t *colour;     /* of its edges; NULL when none was given */
    uint32_t *block;     /* of each state of the given chain */
    uint32_t *state;     /* of each block: its first state */
};

/*
 * The coarsest lumping of q that keeps different labels apart and, when colour (of
 * each edge of q) is not NULL, flows of different colours. Edges of the result are
 * kept apart by colour: two blocks may be joined by several. O(m log n) steps but for
 * sorting; about 12 bytes per edge and 50 per state on top of q and the result, which
 * the caller releases.
 */
void sim_lump(const struct sim_sparse *q, const uint8_t *colour, const uint32_t *label,
              struct sim_lumping *out);
void sim_lumping_release(struct sim_lumping *lumping);

#endif
