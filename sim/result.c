/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result owns one arena; letting go of it is all there is to do. */
#include "sim/result.h"

#include <string.h>

void sim_result_release(struct sim_result *result)
{
    sim_arena_clear(&result->arena);
    memset(result, 0, sizeof(*result));
}
