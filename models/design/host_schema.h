/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON schema of the host file, for editors. */
#ifndef HA_HOST_SCHEMA_H
#define HA_HOST_SCHEMA_H

#include <stdio.h>

/* Writes the schema (JSON Schema 2020-12) of kind: Host, made from host_fields.def. */
void ha_host_schema_write(FILE *out);

#endif
