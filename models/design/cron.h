/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedules in cron's five fields: how old the last firing is at a random moment. */
#ifndef HA_CRON_H
#define HA_CRON_H

struct ha_cron_gaps {
    double mean_age_s; /* since the last firing, seen at a random moment */
    double longest_s;  /* between two firings */
};

/*
 * Reads "minute hour day-of-month month day-of-week" (numbers, names of months and
 * days, lists, ranges, steps) or @hourly, @daily, @weekly, @monthly, @yearly, and
 * measures its firings over four years. Returns NULL when it is good, else a constant
 * sentence that says what was expected.
 */
const char *ha_cron_read(const char *text, struct ha_cron_gaps *out);

#endif
