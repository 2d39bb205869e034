/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The nearest word, by the optimal string alignment distance (Levenshtein plus
 * swaps of neighbours, since "sede" for "seed" is what fingers do). The tables are
 * tiny and on the stack; words over 63 bytes are no typing mistakes of ours.
 */
#include "cli/suggest.h"

#include <limits.h>
#include <string.h>

#define LONGEST 63

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned cli_edit_distance(const char *a, const char *b)
{
    unsigned d[LONGEST + 1][LONGEST + 1];
    const size_t n = strlen(a);
    const size_t m = strlen(b);

    if (n > LONGEST || m > LONGEST) {
        return UINT_MAX;
    }
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = (unsigned)(i + j);
                continue;
            }
            const unsigned wrong = a[i - 1] != b[j - 1];

            d[i][j] =
                least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + wrong);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[n][m];
}

const char *cli_suggest(const char *word, const char *const *candidate, size_t n)
{
    const char *best = NULL;
    unsigned best_distance = UINT_MAX;

    for (size_t i = 0; i < n; i++) {
        unsigned distance = cli_edit_distance(word, candidate[i]);
        const size_t length = strlen(word);

        if (length >= 3 && strncmp(word, candidate[i], length) == 0) {
            distance = 1;
        }
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate[i];
        }
    }
    if (best == NULL || best_distance > 1 + strlen(best) / 3) {
        return NULL;
    }
    return best;
}
