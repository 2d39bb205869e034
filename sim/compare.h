/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two designs side by side: is one better, by how much, and how sure is that?
 */
#ifndef SIM_COMPARE_H
#define SIM_COMPARE_H

#include "sim/result.h"

enum sim_verdict {
    SIM_VERDICT_NONE_SHOWN, /* the interval contains "no difference" */
    SIM_VERDICT_BETTER,     /* the second design has less downtime */
    SIM_VERDICT_WORSE       /* the second design has more downtime */
};

struct sim_comparison {
    bool is_paired;                 /* differences of the same histories */
    struct sim_estimate difference; /* unavailability of other minus base */
    struct sim_estimate ratio;      /* unavailability of other / base; not known when
                                       base shows no outage */
    enum sim_verdict verdict;       /* by the difference when paired, else the ratio */
    double confidence;              /* of both intervals */
    char how[256];                  /* one sentence: how it was compared, and why */
};

/*
 * Compares `service` of two results of the same question. Paired by replication
 * when both are crude with equal seed, method, years and parts, since they then
 * share their luck; otherwise the two estimates are independent and the interval of
 * the ratio comes from theirs on the log scale (method of variance estimates
 * recovery, which keeps skewed and one-sided intervals as they are). A flagged
 * result gives its numbers but never a verdict. Fills *comparison completely.
 */
void sim_compare(const struct sim_result *base, const struct sim_result *other,
                 uint32_t service, struct sim_comparison *comparison);

/* "better", "worse", "no difference shown". */
const char *sim_verdict_text(enum sim_verdict verdict);

#endif
