/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every model must keep (tests/support/promises.h), for the shipped designs. */
#include <criterion/criterion.h>

#include "tests/support/designs.h"
#include "tests/support/promises.h"

static const char *const designs[] = {
    "configs/designs/guide-corrected.yaml", "configs/designs/guide-complete.yaml",
    "configs/designs/embedded-etcd.yaml",   "configs/designs/single-replica.yaml",
    "configs/designs/external-etcd.yaml",
};

static void keep(const char *file, const char *host)
{
    struct test_design t;

    test_design_load(&t, file, host, NULL, NULL);
    promise_round_trip(&t.model, 3, 400);
    promise_move(&t.model, 4, 400);
    promise_purity(&t.model, 5, 1500);
    test_design_release(&t);
}

Test(vcluster_promises, round_trip_move_purity)
{
    for (size_t i = 0; i < sizeof(designs) / sizeof(designs[0]); i++) {
        keep(designs[i], "configs/hosts/three-zones.yaml");
    }
}

Test(vcluster_promises, order_of_threads)
{
    struct test_design t;

    test_design_load(&t, "configs/designs/embedded-etcd.yaml",
                     "configs/hosts/three-zones.yaml", NULL, NULL);
    promise_order(&t.model, 6, 60.0);
    test_design_release(&t);
}
