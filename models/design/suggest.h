/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Did you mean": the nearest of the words that would have been right. */
#ifndef HA_SUGGEST_H
#define HA_SUGGEST_H

#include <stddef.h>

/* Remembers the best candidate so far; start with ha_suggest_init. */
struct ha_suggest {
    const char *word;  /* what was typed */
    const char *best;  /* nearest candidate, NULL while none is near enough */
    unsigned distance; /* of best, or one more than the largest accepted */
};

void ha_suggest_init(struct ha_suggest *s, const char *word);

/* Offers a candidate, which must outlive s. The first of equally near ones stays. */
void ha_suggest_offer(struct ha_suggest *s, const char *candidate);

#endif
