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

/* A hard limit that counts pods or what they ask for. */
struct ha_quota_limit {
    int64_t hard;    /* millicores, bytes, or pods */
    int64_t need[3]; /* of one pod: control plane, etcd, CoreDNS */
    bool counts_all; /* of objects: pods that are being deleted count to the last */
};

#define HA_QUOTA_LIMITS 11

/* Writes the quota's limits on pods, at most HA_QUOTA_LIMITS; returns their number.
 * The design has passed ha_quota_check. */
uint32_t ha_quota_limits(const struct ha_design *design, struct ha_quota_limit *limit);

#endif
