/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading catalogues: the built-in ones, a user's kind: Catalog, and single overrides.
 * What others need of a catalogue stands in design.h; this is for the reader.
 */
#ifndef HA_CATALOG_H
#define HA_CATALOG_H

#include "models/design/design.h"

/* Names of the built-in catalogues, ending with NULL. */
const char *const *ha_catalog_names(void);

/*
 * Fills the catalogue from the built-in file of that name. `place` says where the
 * name was written (or NULL) and serves the message when there is no such catalogue.
 */
int ha_catalog_read_builtin(struct sim_arena *arena, const char *name,
                            const struct ha_node *place, struct ha_catalog *out,
                            struct sim_err *err);

/*
 * Applies entries over the catalogue: a map from parameter key to null or "off" (does
 * not exist), a value with its unit, or a map as in the built-in files. A value given
 * without range is taken as exact; events and exposure become a posterior.
 */
int ha_catalog_apply(struct sim_arena *arena, struct ha_catalog *catalog,
                     const struct ha_node *entries, struct sim_err *err);

/* Multiplies all zone.*.rate rows: regions differ in luck (quiet 0.5, busy 4). */
void ha_catalog_scale_zones(struct ha_catalog *catalog, double factor);

enum ha_maturity { HA_MATURITY_HIGH, HA_MATURITY_MID, HA_MATURITY_LOW };

/* How often people break things: change.outage.rate at the low end, the middle or the
 * high end of its range. */
void ha_catalog_set_maturity(struct ha_catalog *catalog, enum ha_maturity maturity);

#endif
