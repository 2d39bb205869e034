/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coverage table and its page say the same. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/vcluster/coverage.h"

Test(vcluster_coverage, page_equals_table)
{
    static char page[65536];
    FILE *file = fopen("docs/model/coverage.md", "r");
    uint32_t n = 0;
    const struct ha_coverage *row = ha_coverage_rows(&n);
    size_t length;

    cr_assert_not_null(file);
    length = fread(page, 1, sizeof(page) - 1, file);
    page[length] = '\0';
    (void)fclose(file);
    cr_assert_eq(n, 28, "R1-R16 and E1-E12");
    for (uint32_t i = 0; i < n; i++) {
        char line[1024];

        (void)snprintf(line, sizeof(line), "| %s | %s | %s | %s |\n", row[i].rule,
                       row[i].title, ha_coverage_word(row[i].state), row[i].note);
        cr_expect_not_null(strstr(page, line), "docs/model/coverage.md lacks: %s",
                           line);
    }
}
