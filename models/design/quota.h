/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the ResourceQuota leave room for vCluster's own pods? */
#ifndef HA_QUOTA_H
#define HA_QUOTA_H

#include "models/design/design.h"

/*
 * Compares the quota with what a typed design needs at full strength: its pods with
 * their requests and limits after admission, claims, Services. Error with the quota's
 * place when something would never be created. 0 when there is no quota.
 */
int ha_quota_check(const struct ha_design *design, struct sim_err *err);

#endif
