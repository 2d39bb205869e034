/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tree of values as YAML, with the place each value comes from. */
#ifndef CLI_DESIGN_TEXT_H
#define CLI_DESIGN_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "models/design/doc.h"

/* Writes the tree in block style. With origins, each scalar is followed by a comment:
 * "prod.yaml:14", "--set ..." or "default". The text reads back as the same tree. */
void cli_design_text(FILE *out, const struct ha_node *tree, bool has_origins);

#endif
