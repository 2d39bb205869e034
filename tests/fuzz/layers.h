/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fuzzers of designs share: from an input to a whole design. */
#ifndef FUZZ_LAYERS_H
#define FUZZ_LAYERS_H

#include <stddef.h>

#include "models/design/layers.h"

/* Name of the only file. */
#define FUZZ_FILE "fuzz.yaml"

/* Puts an input into the layers of a design; 0 or a reader's negative code. */
typedef int (*fuzz_filler)(struct ha_layers *layers, const char *text, size_t size,
                           struct sim_err *err);

/* Fills the layers and finishes the design, as ha_design_load does. The chart (schema
 * and defaults) is read once, so that the time goes into the input. Aborts when an
 * error has no message. */
void fuzz_layers(fuzz_filler fill, const char *text, size_t size);

#endif
