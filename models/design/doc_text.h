/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source line in a message, for those who hold the text. */
#ifndef HA_DOC_TEXT_H
#define HA_DOC_TEXT_H

#include <stddef.h>

#include "sim/err.h"

/* Copies line `line` (from 1) of the text into err's excerpt, control characters as
 * blanks; nothing when there is no such line. */
void ha_doc_excerpt(struct sim_err *err, const char *text, size_t length, int line);

#endif
