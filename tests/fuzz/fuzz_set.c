/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes --set: each line of the input is one argument, applied in turn to the guide's
 * design, as far as the first that is refused.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sim/check.h"
#include "tests/fuzz/layers.h"

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

static int fill(struct ha_layers *layers, const char *text, size_t size,
                struct sim_err *err)
{
    int code = ha_layers_add_text(layers, FUZZ_FILE, base, sizeof(base) - 1, err);

    SIM_CHECK(code == 0);
    code = apply_lines(layers, text, size, err);
    return code == 0 ? ha_layers_check(layers, err) : code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_layers(fill, (const char *)data, size);
    return 0;
}
