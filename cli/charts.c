/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drawing: for each chart a data file NAME.dat, a gnuplot file NAME.gp (variables of
 * this comparison, then the template from plots/, which is built into the program),
 * one gnuplot process in the directory, then the SVG made fit for dark pages. All
 * that a reader needs to draw the chart again is left there; paths in the .gp are
 * relative, so the directory can be moved.
 */
#include "cli/charts.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/chart.h"
#include "cli/file.h"
#include "cli/number.h"
#include "cli/process.h"
#include "cli/svg.h"
#include "cli/version.h"
#include "models/design/assets.h"
#include "sim/check.h"

static const struct {
    const char *name;
    cli_chart_writer write;
} charts[] = {
    {"downtime", cli_chart_downtime},
    {"causes", cli_chart_causes},
    {"years", cli_chart_years},
    {"ladder", cli_chart_ladder},
};

int cli_charts_prepare(const char *dir, struct sim_err *err)
{
    char path[PATH_MAX - 64];
    struct stat st;
    const size_t length = strlen(dir);

    if (length == 0 || length >= sizeof(path)) {
        return sim_err_set(err, SIM_ERR_USAGE, "--charts: not a usable directory name");
    }
    memcpy(path, dir, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            return sim_err_set(err, SIM_ERR_IO, "cannot make directory %s: %s", path,
                               strerror(errno));
        }
        path[i] = i < length ? '/' : '\0';
    }
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return sim_err_set(err, SIM_ERR_IO, "%s is not a directory", dir);
    }
    return 0;
}

static void join(char path[PATH_MAX], const char *dir, const char *name,
                 const char *end)
{
    snprintf(path, PATH_MAX, "%s/%s%s", dir, name, end);
}

static const struct ha_asset *template_of(const char *name)
{
    char path[64];
    const struct ha_asset *asset;

    snprintf(path, sizeof(path), "plots/%s.gp", name);
    asset = ha_asset_find(path);
    SIM_CHECK(asset != NULL);
    return asset;
}

static int copy_style(const char *dir, struct sim_err *err)
{
    const struct ha_asset *style = template_of("style");
    char path[PATH_MAX];
    struct cli_file file;
    int rc;

    join(path, dir, "style", ".gp");
    rc = cli_file_open(&file, path, err);
    if (rc != 0) {
        return rc;
    }
    fwrite(style->data, 1, style->length, file.stream);
    return cli_file_commit(&file, err);
}

static void fill_subline(const struct cli_compare_view *view, struct cli_chart *chart)
{
    double least = HUGE_VAL;
    double most = 0;

    for (uint32_t i = 0; i < view->n; i++) {
        const double years = view->finding[i].result->simulated_years;

        least = years < least ? years : least;
        most = years > most ? years : most;
    }
    snprintf(
        chart->subline, sizeof(chart->subline),
        "%s  ·  %s%s%s years simulated per design, seed %llu, %.0f %% intervals  ·  "
        "nines %s",
        cli_service_words(cli_focus(&view->finding[0])->name), cli_count(least).s,
        most > least ? " to " : "", most > least ? cli_count(most).s : "",
        (unsigned long long)view->question->seed,
        100 * view->finding[0].result->confidence, CLI_VERSION);
}

static void put_preamble(FILE *gp, const struct cli_chart *chart)
{
    fprintf(gp, "# Drawn by nines %s. To draw it again: gnuplot %s.gp\n\n", CLI_VERSION,
            chart->name);
    cli_chart_string(gp, "name", chart->name);
    cli_chart_string(gp, "headline", chart->headline);
    cli_chart_string(gp, "subline", chart->subline);
    fprintf(gp, "dat = '%s.dat'\nwidth = %d\nheight = %d\n", chart->name, chart->width,
            chart->height);
    fprintf(gp, "left = %.4f\nright = %.4f\ntop = %.4f\nbottom = %.4f\n",
            (double)chart->left / chart->width, 1 - (double)chart->right / chart->width,
            1 - (double)chart->top / chart->height,
            (double)chart->bottom / chart->height);
}

/* Writes NAME.gp and NAME.dat. *has_picture says whether there is anything to see. */
static int write_sources(const struct cli_compare_view *view, uint32_t which,
                         const char *dir, struct cli_chart *chart, bool *has_picture,
                         struct sim_err *err)
{
    const struct ha_asset *template = template_of(charts[which].name);
    char variables_text[1 << 14];
    FILE *variables = fmemopen(variables_text, sizeof(variables_text), "w");
    char gp_path[PATH_MAX];
    char dat_path[PATH_MAX];
    struct cli_file gp;
    struct cli_file dat;
    int rc;

    SIM_CHECK(variables != NULL);
    join(gp_path, dir, charts[which].name, ".gp");
    join(dat_path, dir, charts[which].name, ".dat");
    rc = cli_file_open(&dat, dat_path, err);
    if (rc != 0) {
        fclose(variables);
        return rc;
    }
    *has_picture = charts[which].write(view, chart, variables, dat.stream);
    fclose(variables);
    if (!*has_picture) {
        cli_file_discard(&dat);
        return 0;
    }
    rc = cli_file_commit(&dat, err);
    if (rc != 0 || (rc = cli_file_open(&gp, gp_path, err)) != 0) {
        return rc;
    }
    put_preamble(gp.stream, chart);
    fputs(variables_text, gp.stream);
    fputc('\n', gp.stream);
    fwrite(template->data, 1, template->length, gp.stream);
    return cli_file_commit(&gp, err);
}

/* A PNG ends with its IEND chunk; anything else was cut off. */
static int check_png(const char *path, struct sim_err *err)
{
    unsigned char end[8] = {0};
    FILE *in = fopen(path, "rb");
    bool is_whole = false;

    if (in != NULL) {
        is_whole = fseek(in, -8, SEEK_END) == 0 && fread(end, 1, 8, in) == 8 &&
                   memcmp(end, "IEND", 4) == 0;
        fclose(in);
    }
    return is_whole ? 0
                    : sim_err_set(err, SIM_ERR_TOOL,
                                  "gnuplot did not finish %s (disk full?)", path);
}

static int draw_one(const struct cli_chart *chart, const char *dir, struct sim_err *err)
{
    char gp[64];
    char svg[PATH_MAX];
    char png[PATH_MAX];
    int rc;

    snprintf(gp, sizeof(gp), "%s.gp", chart->name);
    join(svg, dir, chart->name, ".svg");
    join(png, dir, chart->name, ".png");

    const char *const argv[] = {"gnuplot", "-d", gp, NULL};

    unlink(svg);
    unlink(png);
    rc = cli_process_run(argv, dir, err);
    rc = rc == 0 ? check_png(png, err) : rc;
    rc = rc == 0 ? cli_svg_adapt(svg, chart->headline, err) : rc;
    if (rc != 0) {
        unlink(svg);
        unlink(png);
    }
    return rc;
}

int cli_charts_draw(const struct cli_compare_view *view, const char *dir,
                    struct sim_err *err)
{
    int rc = copy_style(dir, err);

    for (uint32_t i = 0; rc == 0 && i < sizeof(charts) / sizeof(charts[0]); i++) {
        struct cli_chart chart = {.name = charts[i].name, .width = CHART_WIDTH};
        bool has_picture = false;

        fill_subline(view, &chart);
        rc = write_sources(view, i, dir, &chart, &has_picture, err);
        if (rc == 0 && has_picture) {
            rc = draw_one(&chart, dir, err);
        }
    }
    return rc;
}
