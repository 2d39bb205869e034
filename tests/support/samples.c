/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading measured samples. The files have a header line, no quotes, and are
 * trusted (they lie in tests/data/), so anything odd simply fails the test.
 */
#include "tests/support/samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define MAX_COLUMNS 32

static int split(char *line, char **cell)
{
    int n = 0;

    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; n < MAX_COLUMNS; at++) {
        cell[n++] = at;
        at += strcspn(at, ",");
        if (*at == '\0') {
            break;
        }
        *at = '\0';
    }
    return n;
}

static int column_of(char *const *header, int n, const char *name, size_t length)
{
    for (int i = 0; i < n; i++) {
        if (strlen(header[i]) == length && strncmp(header[i], name, length) == 0) {
            return i;
        }
    }
    cr_assert_fail("no column %.*s", (int)length, name);
    return -1;
}

static int row_matches(char *const *header, int n, char *const *cell,
                       const char *const *condition)
{
    for (; *condition != NULL; condition++) {
        size_t length = strcspn(*condition, "=");
        int column = column_of(header, n, *condition, length);

        if (strcmp(cell[column], *condition + length + 1) != 0) {
            return 0;
        }
    }
    return 1;
}

struct samples samples_read(const char *path, const char *column,
                            const char *const *condition)
{
    struct samples s = {0, NULL};
    size_t capacity = 0;
    char head[1024];
    char row[1024];
    char *header[MAX_COLUMNS];
    char *cell[MAX_COLUMNS];
    FILE *file = fopen(path, "r");
    int n, wanted;

    cr_assert_not_null(file, "cannot open %s", path);
    cr_assert_not_null(fgets(head, sizeof(head), file));
    n = split(head, header);
    wanted = column_of(header, n, column, strlen(column));
    while (fgets(row, sizeof(row), file) != NULL) {
        cr_assert_eq(split(row, cell), n);
        if (!row_matches(header, n, cell, condition) || cell[wanted][0] == '\0') {
            continue;
        }
        if (s.n == capacity) {
            capacity = capacity * 2 + 64;
            s.value = realloc(s.value, capacity * sizeof(*s.value));
            cr_assert_not_null(s.value);
        }
        s.value[s.n++] = strtod(cell[wanted], NULL);
    }
    (void)fclose(file);
    cr_assert_gt(s.n, 0, "no row matches");
    return s;
}

void samples_release(struct samples *s)
{
    free(s->value);
    s->value = NULL;
    s->n = 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

void samples_sort(size_t n, double *value)
{
    qsort(value, n, sizeof(*value), compare);
}

double samples_ks_distance(size_t n, double *x, size_t m, double *y)
{
    size_t i = 0;
    size_t j = 0;
    double worst = 0.0;

    samples_sort(n, x);
    samples_sort(m, y);
    while (i < n && j < m) {
        double at = x[i] < y[j] ? x[i] : y[j];
        double d;

        while (i < n && x[i] <= at) {
            i++;
        }
        while (j < m && y[j] <= at) {
            j++;
        }
        d = fabs((double)i / (double)n - (double)j / (double)m);
        worst = d > worst ? d : worst;
    }
    return worst;
}

double samples_ks_p(double d, size_t n, size_t m)
{
    double en = sqrt((double)n * (double)m / (double)(n + m));
    double lambda = (en + 0.12 + 0.11 / en) * d;
    double p = 0.0;

    if (lambda < 0.2) {
        return 1.0;
    }
    for (int j = 1; j <= 100; j++) {
        p += (j % 2 == 1 ? 2.0 : -2.0) * exp(-2.0 * j * j * lambda * lambda);
    }
    return p < 0.0 ? 0.0 : (p > 1.0 ? 1.0 : p);
}
