/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules the model follows, rule by rule; printed by `nines doctor`. */
#ifndef HA_VCLUSTER_COVERAGE_H
#define HA_VCLUSTER_COVERAGE_H

#include <stdint.h>

enum ha_coverage_state { HA_COVERAGE_DONE, HA_COVERAGE_PARTLY, HA_COVERAGE_NOT_YET };

struct ha_coverage {
    const char *rule; /* "R1" ... "R16", "E1" ... "E12" */
    const char *title;
    enum ha_coverage_state state;
    const char *note; /* what is left out, or what stands for it */
};

/* All rows in order; their number in *n. */
const struct ha_coverage *ha_coverage_rows(uint32_t *n);

/* "done", "partly", "not yet". */
const char *ha_coverage_word(enum ha_coverage_state state);

#endif
