/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Part of the soak: the Kubernetes model on random small designs. */
#ifndef TESTS_SOAK_SMALL_H
#define TESTS_SOAK_SMALL_H

#include <stdbool.h>

/* Prints a section with one row for each design; true when every row holds. */
bool soak_small_designs(void);

#endif
