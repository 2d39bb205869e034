/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result owns one arena; beyond letting go of it there is little to do. */
#include "sim/result.h"

#include <stdlib.h>
#include <string.h>

void sim_result_release(struct sim_result *result)
{
    sim_arena_clear(&result->arena);
    memset(result, 0, sizeof(*result));
}

static int by_downtime(const void *a, const void *b)
{
    const struct sim_cause_result *x = a;
    const struct sim_cause_result *y = b;

    if (x->unavailability.value != y->unavailability.value) {
        return x->unavailability.value < y->unavailability.value ? 1 : -1;
    }
    return (x->cause > y->cause) - (x->cause < y->cause);
}

void sim_causes_sort(struct sim_service_result *service)
{
    qsort(service->cause, service->n_causes, sizeof *service->cause, by_downtime);
}
