/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From results to a page on disk: the charts are drawn in a directory of their own in
 * TMPDIR, taken into the page (cli/report.c) and removed again. The page appears whole
 * or not at all.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/charts.h"
#include "cli/file.h"
#include "cli/process.h"
#include "cli/report.h"

/* Removes a directory that holds only files. */
static void remove_directory(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char file[PATH_MAX + NAME_MAX + 2];

        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.') {
            unlink(file);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    rmdir(path);
}

static int write_page(const char *page, const struct cli_report *report,
                      struct sim_err *err)
{
    struct cli_file file;
    int rc = cli_charts_draw(report->view, report->charts, err);

    if (rc != 0 || (rc = cli_file_open(&file, page, err)) != 0) {
        return rc;
    }
    rc = cli_report_write(file.stream, report, err);
    if (rc != 0) {
        cli_file_discard(&file);
        return rc;
    }
    return cli_file_commit(&file, err);
}

int cli_report_prepare(struct sim_err *err)
{
    static const char *const version[] = {"gnuplot", "--version", NULL};

    return cli_process_run(version, NULL, err);
}

int cli_report_page(const char *page, const struct cli_compare_view *view, int argc,
                    char **argv, struct sim_err *err)
{
    const char *tmp = getenv("TMPDIR");
    char charts[PATH_MAX];
    int rc;

    snprintf(charts, sizeof(charts), "%s/nines-XXXXXX",
             tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    if (mkdtemp(charts) == NULL) {
        return sim_err_set(err, SIM_ERR_IO, "cannot make a directory %s: %s", charts,
                           strerror(errno));
    }
    const struct cli_report report = {view, charts, argc, argv};
    rc = write_page(page, &report, err);
    remove_directory(charts);
    return rc;
}
