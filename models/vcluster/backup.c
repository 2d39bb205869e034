/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Backups: how many writes a restore cannot bring back.
 *
 * When data are lost (a majority of the members' disks, or software and people spoil
 * them) the last backup is restored, and everything written since is gone. A loss has
 * nothing to do with the schedule of the backups, so its age then is that of the last
 * firing at a random moment: nothing to simulate, and no clock in the model. The number
 * of losses is simulated; what each costs follows here.
 *
 * SQLite and embedded etcd are backed up by vCluster's own snapshots when the values
 * schedule them (snapshots.auto.schedule). vCluster does not snapshot other stores; for
 * them, and without a schedule, the catalogue's row backup.interval says how often
 * somebody's own means do.
 *
 * Leaves out: the seconds a snapshot takes (the store goes on meanwhile), schedules
 * missed because the control plane was down, backups that cannot be read.
 *
 * Sources: vCluster documentation, backup-restore/backup; configs/catalog, row
 * backup.interval.
 */
#include "models/vcluster/backup.h"

#include "models/design/cron.h"
#include "models/vcluster/plan.h"

struct ha_backup ha_backup_of(const struct ha_design *design)
{
    const char *text =
        ha_node_text(ha_node_at(design->values, "snapshots.auto.schedule"), "");
    struct ha_cron_gaps gaps;
    struct sim_dist interval;

    if (ha_store_kind_of(design->vcluster.store)->has_snapshots && *text != '\0' &&
        ha_cron_read(text, &gaps) == NULL) {
        return (struct ha_backup){true, gaps.mean_age_s, gaps.longest_s,
                                  "snapshots.auto.schedule"};
    }
    if (!ha_catalog_duration(&design->catalog, HA_PARAM_BACKUP_INTERVAL, &interval)) {
        return (struct ha_backup){.by = "backup.interval"};
    }
    return (struct ha_backup){true, interval.mean_s / 2.0, interval.mean_s,
                              "backup.interval"};
}
