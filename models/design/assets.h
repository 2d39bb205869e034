/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files built into the program: catalogues, the vCluster values schema and
 * defaults, chart templates. The Makefile lists them and makes the table
 * (build/.../gen/assets.S); so `nines` works wherever it is copied.
 */
#ifndef HA_ASSETS_H
#define HA_ASSETS_H

#include <stddef.h>

struct ha_asset {
    const char *name; /* path in the source tree, "configs/catalog/aws.yaml" */
    const char *data; /* not NUL-terminated */
    size_t length;
};

/* The asset of that path, or NULL. */
const struct ha_asset *ha_asset_find(const char *name);

/* All of them, ending with a row whose name is NULL. */
const struct ha_asset *ha_asset_list(void);

#endif
