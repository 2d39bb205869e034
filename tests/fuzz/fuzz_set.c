/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes --set: each line of the input is one argument, applied in turn to the guide's
 * design, as far as the first that is refused.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "models/design/layers.h"
#include "sim/check.h"

#define MAX_ARGUMENT 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base[] = "controlPlane:\n"
                           "  backingStore: {etcd: {deploy: {enabled: true}}}\n"
                           "  statefulSet:\n"
                           "    highAvailability: {replicas: 3}\n"
                           "    scheduling:\n"
                           "      tolerations: [{key: a}, {key: b}]\n"
                           "---\n"
                           "kind: Host\n"
                           "nodes: [{name: a1, zone: a}, {name: b1, zone: b}]\n";

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

static int apply_lines(struct ha_layers *layers, const char *text, size_t size,
                       struct sim_err *err)
{
    int code = 0;

    while (size > 0 && code == 0) {
        const char *newline = memchr(text, '\n', size);
        size_t n = newline != NULL ? (size_t)(newline - text) : size;
        char argument[MAX_ARGUMENT];
        size_t used = n < MAX_ARGUMENT - 1 ? n : MAX_ARGUMENT - 1;

        memcpy(argument, text, used);
        argument[used] = '\0';
        code = ha_layers_set(layers, argument, err);
        n += newline != NULL;
        text += n;
        size -= n;
    }
    return code;
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
    code = ha_layers_add_text(&layers, file, base, sizeof(base) - 1, &err);
    SIM_CHECK(code == 0);
    code = apply_lines(&layers, (const char *)data, size, &err);
    if (code == 0) {
        code = ha_layers_check(&layers, &err);
    }
    if (code == 0) {
        code = ha_design_finish(&layers, &request, &design, &err);
    }
    SIM_CHECK(code == 0 || (err.message[0] != '\0' && sim_err_exit_code(code) > 0));
    ha_design_release(&design);
    return 0;
}
