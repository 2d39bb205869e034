/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the design reader share: one design, one error, scratch files. */
#ifndef DESIGN_SUPPORT_H
#define DESIGN_SUPPORT_H

#include "models/design/design.h"

struct design_test {
    struct ha_design design;
    struct sim_err err;
};
extern struct design_test design_test;

/* Loads into design_test.design; returns the code. */
int design_test_load(const char *const *file, uint32_t n_files, const char *const *set,
                     uint32_t n_sets, int32_t replicas);

/* Writes a file of that name into a fresh folder and returns its path, which stays
 * valid until design_test_clean. */
const char *design_test_file(const char *name, const char *text);

/* Removes the files written. */
void design_test_clean(void);

#endif
