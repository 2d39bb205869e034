/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looking up files built into the program. The symbols come from an assembly file
 * that the Makefile writes: one .incbin per file and a table of name, start, end.
 */
#include "models/design/assets.h"

#include <string.h>

struct raw_asset {
    const char *name;
    const char *start;
    const char *end;
};

extern const struct raw_asset ha_raw_assets[]; /* generated; ends with name NULL */

#define HA_MAX_ASSETS 128

static struct ha_asset table[HA_MAX_ASSETS + 1];

const struct ha_asset *ha_asset_list(void)
{
    if (table[0].name == NULL) {
        for (size_t i = 0; i < HA_MAX_ASSETS && ha_raw_assets[i].name != NULL; i++) {
            table[i].data = ha_raw_assets[i].start;
            table[i].length = (size_t)(ha_raw_assets[i].end - ha_raw_assets[i].start);
            table[i].name = ha_raw_assets[i].name;
        }
    }
    return table;
}

const struct ha_asset *ha_asset_find(const char *name)
{
    for (const struct ha_asset *asset = ha_asset_list(); asset->name != NULL; asset++) {
        if (strcmp(asset->name, name) == 0) {
            return asset;
        }
    }
    return NULL;
}
