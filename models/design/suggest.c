/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Edit distance between a mistyped key and the keys that exist there: insertions,
 * deletions, replacements and swaps of neighbours count one each (the "optimal string
 * alignment" distance: a swapped pair is not edited again). Letters that differ only
 * in case or are written snake_case instead of camelCase count as equal, since that is
 * the commonest slip of all: "storageclass" and "storage_class" both mean
 * "storageClass". A suggestion is made only when at most a third of the letters are
 * wrong, for a bad suggestion is worse than none.
 */
#include "models/design/suggest.h"

#include <ctype.h>
#include <string.h>

#define MAX_WORD 63

/* Lower case without separators; false when the word is too long to be a key. */
static int simplify(const char *word, char *out)
{
    size_t n = 0;

    for (; *word != '\0'; word++) {
        if (*word == '_' || *word == '-' || *word == ' ') {
            continue;
        }
        if (n == MAX_WORD) {
            return 0;
        }
        out[n++] = (char)tolower((unsigned char)*word);
    }
    out[n] = '\0';
    return 1;
}

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

static unsigned distance(const char *a, const char *b)
{
    unsigned row[3][MAX_WORD + 1];
    size_t n = strlen(a);
    size_t m = strlen(b);

    for (unsigned j = 0; j <= m; j++) {
        row[0][j] = j;
    }
    for (unsigned i = 1; i <= n; i++) {
        unsigned *now = row[i % 3];
        const unsigned *before = row[(i - 1) % 3];
        const unsigned *twice = row[(i + 1) % 3];

        now[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            unsigned differs = a[i - 1] != b[j - 1];

            now[j] = smallest(before[j] + 1, now[j - 1] + 1, before[j - 1] + differs);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                twice[j - 2] + 1 < now[j]) {
                now[j] = twice[j - 2] + 1;
            }
        }
    }
    return row[n % 3][m];
}

void ha_suggest_init(struct ha_suggest *s, const char *word)
{
    s->word = word;
    s->best = NULL;
    s->distance = (unsigned)strlen(word) / 3 + 1;
}

void ha_suggest_offer(struct ha_suggest *s, const char *candidate)
{
    char a[MAX_WORD + 1] = "";
    char b[MAX_WORD + 1] = "";
    unsigned d;

    if (!simplify(s->word, a) || !simplify(candidate, b)) {
        return;
    }
    d = distance(a, b);
    if (d < s->distance) {
        s->distance = d;
        s->best = candidate;
    }
}
