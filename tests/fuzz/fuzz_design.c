/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes the design reader: any bytes as a -f file. The chart (schema and defaults) is
 * read once, so that the time goes into the input; everything after it runs as in
 * ha_design_load. A crash, a leak or a sanitizer report is the finding; both answers,
 * a design and an error, are fine, but an error must have a message.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "models/design/layers.h"
#include "sim/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *file = "fuzz.yaml";
    struct ha_design_request request = {1, &file, 0, NULL, 0, NULL};
    struct ha_design design;
    struct ha_layers layers;
    struct sim_err err = {0};
    int code;

    memset(&design, 0, sizeof(design));
    sim_arena_init(&design.arena);
    ha_layers_init(&layers, &design.arena, chart());
    code = ha_layers_add_text(&layers, file, (const char *)data, size, &err);
    if (code == 0) {
        code = ha_design_finish(&layers, &request, &design, &err);
    }
    SIM_CHECK(code == 0 || (err.message[0] != '\0' && sim_err_exit_code(code) > 0));
    ha_design_release(&design);
    return 0;
}
