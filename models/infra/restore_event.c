/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Restore from backup: the tenant's data were lost or spoilt by software or people,
 * and the control plane is down until a backup is restored.
 *
 * Chubby lost data six times in a few dozen cell-years: four times by database
 * software, twice by operators, never by hardware (Burrows, OSDI 2006, 4.1). Loss of
 * data by hardware is modelled where it happens (volume_loss, hardware_loss).
 *
 * How much was written since the backup: models/vcluster/backup.c.
 *
 * Sources: configs/catalog, rows restore.event.*.
 */
#include "models/infra/failure_mode.h"

const struct ha_failure_mode ha_fm_restore_event = {
    .struck = "data had to be restored from backup",
    .healed = "the restore is done",
};
