/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backups: schedules in cron's fields, and how many writes a loss of data costs. */
#include <criterion/criterion.h>

#include "models/design/cron.h"
#include "models/vcluster/backup.h"
#include "tests/support/scene.h"

#define HOUR 3600.0
#define DAY  86400.0

static void expect(const char *text, double mean_s, double longest_s, double tolerance)
{
    struct ha_cron_gaps gaps = {0, 0};
    const char *wrong = ha_cron_read(text, &gaps);

    cr_assert_null(wrong, "%s: %s", text, wrong);
    cr_expect_float_eq(gaps.mean_age_s, mean_s, tolerance, "%s: %.1f", text,
                       gaps.mean_age_s);
    cr_expect_float_eq(gaps.longest_s, longest_s, 1e-6, "%s: %.1f", text,
                       gaps.longest_s);
}

/* Mean age at a random moment: sum g^2 / (2 sum g) over the gaps g. */
Test(vcluster_backup, schedules)
{
    expect("0 2 * * *", 12 * HOUR, DAY, 1e-6);
    expect("*/15 * * * *", 450, 900, 1e-6);
    expect("7,37 * * * *", 900, 1800, 1e-6);
    expect("0 */6 * * *", 3 * HOUR, 6 * HOUR, 1e-6);
    expect("@hourly", 1800, HOUR, 1e-6);
    expect("@weekly", 3.5 * DAY, 7 * DAY, 1e-6);
    expect("0 0 * * 0,3", (9 + 16) / 14.0 * DAY, 4 * DAY, 0.01 * DAY);
    expect("0 0 * * sun,WED", (9 + 16) / 14.0 * DAY, 4 * DAY, 0.01 * DAY);
    expect("0 8-18/5 * * *", (2 * 25 + 14 * 14) / 48.0 * HOUR, 14 * HOUR, 20);
    expect("0 0 * * 7", 3.5 * DAY, 7 * DAY, 1e-6);
    expect("0 0 1 * *", 15.24 * DAY, 31 * DAY, 0.02 * DAY);
}

Test(vcluster_backup, refusals)
{
    static const char *const bad[] = {"",
                                      "* * * *",
                                      "* * * * * *",
                                      "60 * * * *",
                                      "0 24 * * *",
                                      "0 0 0 * *",
                                      "0 0 * 13 *",
                                      "0 0 * * 8",
                                      "a * * * *",
                                      "*/0 * * * *",
                                      "5-1 * * * *",
                                      "0 0 30 2 *",
                                      "1,, * * * *",
                                      "daily",
                                      "0 0 * * monday"};
    struct ha_cron_gaps gaps;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_not_null(ha_cron_read(bad[i], &gaps), "%s", bad[i]);
    }
}

static struct ha_backup backup_of(const char *file, const char *const *set)
{
    struct ha_backup backup;
    struct scene s;

    scene_open(&s, file, set, false);
    backup = ha_backup_of(&s.t.design);
    scene_close(&s);
    return backup;
}

/* The values' schedule counts for stores that vCluster can snapshot. */
Test(vcluster_backup, by_schedule_by_catalogue_or_not_at_all)
{
    static const char *const hourly[] = {"snapshots.auto.schedule=0 * * * *", NULL};
    static const char *const own[] = {"catalog.backup.interval=6h", NULL};
    static const char *const none[] = {"catalog.backup.interval=off", NULL};
    struct ha_backup b = backup_of(SCENE_EMBEDDED, hourly);

    cr_assert(b.is_made);
    cr_assert_float_eq(b.mean_lost_s, 1800, 1e-6);
    cr_assert_float_eq(b.most_lost_s, HOUR, 1e-6);
    b = backup_of(SCENE_CORRECTED, hourly); /* deployed etcd: not by vCluster */
    cr_assert_float_eq(b.mean_lost_s, 12 * HOUR, 1e-6);
    b = backup_of(SCENE_CORRECTED, own);
    cr_assert_float_eq(b.most_lost_s, 6 * HOUR, 1e-6);
    b = backup_of(SCENE_CORRECTED, none);
    cr_assert_not(b.is_made);
}
