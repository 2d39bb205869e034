/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See tests/fuzz/layers.h. */
#include "tests/fuzz/layers.h"

#include <string.h>

#include "sim/check.h"

static const struct ha_chart *chart(void)
{
    static struct sim_arena arena;
    static struct ha_chart read;
    struct sim_err err;

    if (read.schema == NULL) {
        sim_arena_init(&arena);
        SIM_CHECK(ha_chart_read(&arena, &read, &err) == 0);
    }
    return &read;
}

void fuzz_layers(fuzz_filler fill, const char *text, size_t size)
{
    const char *file = FUZZ_FILE;
    struct ha_design_request request = {1, &file, 0, NULL, 0, NULL};
    struct ha_design design;
    struct ha_layers layers;
    struct sim_err err = {0};
    int code;

    memset(&design, 0, sizeof(design));
    sim_arena_init(&design.arena);
    ha_layers_init(&layers, &design.arena, chart());
    code = fill(&layers, text, size, &err);
    if (code == 0) {
        code = ha_design_finish(&layers, &request, &design, &err);
    }
    SIM_CHECK(code == 0 || (err.message[0] != '\0' && sim_err_exit_code(code) > 0));
    ha_design_release(&design);
}
