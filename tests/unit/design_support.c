/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scratch files for the tests of the design reader. Each test runs in a process of its
 * own, so one static folder a process is enough. */
#include "tests/unit/design_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES 64

struct design_test design_test;

static char folder[64];
static char path[MAX_FILES][128];
static int n_paths;

int design_test_load(const char *const *file, uint32_t n_files, const char *const *set,
                     uint32_t n_sets, int32_t replicas)
{
    struct ha_design_request request = {n_files, file, n_sets, set, replicas, NULL};

    memset(&design_test.err, 0, sizeof(design_test.err));
    return ha_design_load(&request, &design_test.design, &design_test.err);
}

const char *design_test_file(const char *name, const char *text)
{
    FILE *file;

    if (folder[0] == '\0') {
        snprintf(folder, sizeof(folder), "/tmp/nines-design-XXXXXX");
        cr_assert_not_null(mkdtemp(folder));
    }
    cr_assert_lt(n_paths, MAX_FILES);
    snprintf(path[n_paths], sizeof(path[0]), "%s/%s", folder, name);
    file = fopen(path[n_paths], "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    return path[n_paths++];
}

void design_test_clean(void)
{
    while (n_paths > 0) {
        unlink(path[--n_paths]);
    }
    if (folder[0] != '\0') {
        rmdir(folder);
        folder[0] = '\0';
    }
}
