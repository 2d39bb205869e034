/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Honesty in a table: which rules of the two rule books the model follows.
 *
 * The rule books are those of the tenant control plane (R1-R16: quorum, replicas,
 * probes, leases, DNS, data) and of the host (E1-E12: nodes, pods, controllers,
 * volumes, budgets, drains). A row says done, partly or not yet, and what is left
 * out. The table has three readers: `nines doctor`, docs/model/coverage.md, and
 * whoever adds the next rule.
 */
#include "models/vcluster/coverage.h"

static const struct ha_coverage rows[] = {
#define HA_COVERAGE(rule, state, title, note) {rule, title, HA_COVERAGE_##state, note},
#include "models/vcluster/coverage.def"
#undef HA_COVERAGE
};

const struct ha_coverage *ha_coverage_rows(uint32_t *n)
{
    *n = (uint32_t)(sizeof(rows) / sizeof(rows[0]));
    return rows;
}

const char *ha_coverage_word(enum ha_coverage_state state)
{
    static const char *const word[] = {"done", "partly", "not yet"};

    return word[state];
}
