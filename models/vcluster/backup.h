/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backups of the tenant's data: what a restore cannot bring back. */
#ifndef HA_BACKUP_H
#define HA_BACKUP_H

#include <stdbool.h>

#include "models/design/design.h"

struct ha_backup {
    bool is_made;       /* false: a loss takes everything written */
    double mean_lost_s; /* writes lost by a restore, as time: mean and most */
    double most_lost_s;
    const char *by; /* who says so, in words: "snapshots.auto.schedule", ... */
};

/* What the design says about its backups, see backup.c. */
struct ha_backup ha_backup_of(const struct ha_design *design);

#endif
