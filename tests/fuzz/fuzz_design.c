/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes the design reader: any bytes as a -f file. A crash, a leak or a sanitizer
 * report is the finding; both answers, a design and an error, are fine, but an error
 * must have a message.
 */
#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/layers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fill(struct ha_layers *layers, const char *text, size_t size,
                struct sim_err *err)
{
    return ha_layers_add_text(layers, FUZZ_FILE, text, size, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_layers(fill, (const char *)data, size);
    return 0;
}
