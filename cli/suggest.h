/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Did you mean": the nearest word to a mistyped one. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/* Edits (insert, delete, replace, swap neighbours) between two words; words longer
 * than 63 bytes count as infinitely far. */
unsigned cli_edit_distance(const char *a, const char *b);

/* The nearest of n candidates, or NULL when none is near enough to be meant (at
 * most a third of the letters wrong, or one a prefix of the other). */
const char *cli_suggest(const char *word, const char *const *candidate, size_t n);

#endif
