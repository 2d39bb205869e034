/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured samples out of CSV files, and the Kolmogorov-Smirnov test. */
#ifndef TESTS_SUPPORT_SAMPLES_H
#define TESTS_SUPPORT_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/* "column=value" that a row must have; a list of them ends with NULL. */
struct samples {
    size_t n;
    double *value;
};

/* Reads column `column` of the rows that meet all conditions; empty cells are
 * skipped. Aborts the test when the file, a column or any match is missing. */
struct samples samples_read(const char *path, const char *column,
                            const char *const *condition);

void samples_release(struct samples *s);

/* Sorts in place. */
void samples_sort(size_t n, double *value);

/* Two-sample KS distance; sorts both. */
double samples_ks_distance(size_t n, double *x, size_t m, double *y);

/* P(D >= d) for samples of n and m of one law (asymptotic, Stephens' correction). */
double samples_ks_p(double d, size_t n, size_t m);

#endif
