/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a design costs a month, by list prices (docs/cli/compare.md, "Cost"). */
#ifndef CLI_COST_H
#define CLI_COST_H

#include "models/design/design.h"

/* US dollars a month. */
struct cli_cost {
    bool is_known;  /* a design on a host with prices */
    double pods;    /* what its pods request, as a share of the nodes */
    double volumes; /* their claims */
    double host;    /* all nodes and the managed control plane, used or not */
};

/* The cost of a design: control plane, members of the store and CoreDNS. */
struct cli_cost cli_cost_of(const struct ha_design *design);

/* What the design itself needs: pods and volumes. */
double cli_cost_own(const struct cli_cost *cost);

#endif
