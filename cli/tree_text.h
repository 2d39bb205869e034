/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A JSON value as text, in JSON or in YAML. */
#ifndef CLI_TREE_TEXT_H
#define CLI_TREE_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "cli/output.h"

/*
 * Writes the value and a newline: as YAML when the format is CLI_FORMAT_YAML, else as
 * JSON. Keys keep their order, numbers their 17 digits; both texts hold the same tree.
 * Ends the process when memory runs out, because nothing can be saved then.
 */
void cli_tree_write(FILE *out, const json_t *value, enum cli_format format);

#endif
