/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A unit that fails, with choices in start() and in fire(): with odds 3:1 its repair is
 * quick or slow, and it begins broken with probability 1/4. */
#ifndef TEST_CHOOSY_H
#define TEST_CHOOSY_H

#include "sim/arena.h"
#include "sim/model.h"

/* Slots, and their laws by the same numbers. */
enum { CHOOSY_FAIL, CHOOSY_QUICK, CHOOSY_SLOW };

/* Choices. */
enum { CHOOSY_BEGIN, CHOOSY_REPAIR };

/* Its laws are in the arena. */
struct sim_model choosy_model(struct sim_arena *arena);

#endif
