/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the command line's request to a typed design, in this order:
 *
 *   files         each checked, then merged in the order given      layers.c
 *   --set         in the order given                                set.c
 *   --replicas    control plane, and members of the store
 *   defaults      the chart's, under the values
 *   rules         what the chart or vCluster itself would refuse    rules.c
 *   catalogue     built-in, profile, catalogue files, overrides     catalog.c
 *   host          zones, nodes, storage classes                     host.c
 *   vCluster      store, workloads, policies                        vcluster_values.c
 *   quota         room for vCluster's own pods                      quota.c
 *
 * Everything lives in the design's arena. On error the arena is emptied here, so a
 * caller has nothing to release; the message has its own buffers.
 *
 * Names. The design is called as its file says, else after the first file that holds
 * values ("three" for three.yaml). The release name is the same, made fit for
 * Kubernetes: lower case, letters, digits and dashes, at most 53 of them (Helm).
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "models/design/catalog.h"
#include "models/design/design.h"
#include "models/design/fields.h"
#include "models/design/layers.h"
#include "models/design/quota.h"
#include "models/design/rules.h"
#include "models/design/vcluster_values.h"

#define MAX_RELEASE 53

struct loader {
    const struct ha_design_request *request;
    struct ha_design *design;
    struct sim_arena *arena;
    struct ha_layers *layers;
    struct sim_err *err;
};

/* ---- names ---- */

/* "configs/designs/three.yaml" gives "three"; standard input "design". */
static const char *stem_of(struct sim_arena *arena, const char *path)
{
    static const char *const endings[] = {".yaml", ".yml", ".json"};
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t length = strlen(base);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t n = strlen(endings[i]);

        if (length > n && strcmp(base + length - n, endings[i]) == 0) {
            length -= n;
            break;
        }
    }
    if (length == 0 || strcmp(path, "-") == 0) {
        return "design";
    }
    return sim_arena_strndup(arena, base, length);
}

static const char *release_of(struct sim_arena *arena, const char *name)
{
    char out[MAX_RELEASE + 1];
    size_t n = 0;

    for (; *name != '\0' && n < MAX_RELEASE; name++) {
        unsigned char c = (unsigned char)*name;

        if (c < 128 && isalnum(c)) {
            out[n++] = (char)tolower(c);
        } else if (n > 0 && out[n - 1] != '-') {
            out[n++] = '-';
        }
    }
    while (n > 0 && out[n - 1] == '-') {
        n--;
    }
    return n > 0 ? sim_arena_strndup(arena, out, n) : "vcluster";
}

static void name_design(struct loader *ld)
{
    const struct ha_layers *l = ld->layers;
    const char *first = ld->request->file[0];
    const char *file = l->values_file != NULL ? l->values_file : first;

    ld->design->file = sim_arena_strdup(ld->arena, first);
    ld->design->name = l->name != NULL ? l->name : stem_of(ld->arena, file);
}

/* ---- layers ---- */

static int read_layers(const struct ha_design_request *request,
                       struct ha_layers *layers, struct sim_err *err)
{
    int code = 0;

    for (uint32_t i = 0; code == 0 && i < request->n_files; i++) {
        code = ha_layers_add_file(layers, request->file[i], err);
    }
    for (uint32_t i = 0; code == 0 && i < request->n_sets; i++) {
        code = ha_layers_set(layers, request->set[i], err);
    }
    return code == 0 && request->n_sets > 0 ? ha_layers_check(layers, err) : code;
}

/* --replicas: control plane, and the store's members where the chart runs them. */
static int set_replicas(struct loader *ld)
{
    const struct ha_node *merged;
    char count[24];
    int code;

    if (ld->request->replicas == 0) {
        return 0;
    }
    snprintf(count, sizeof(count), "%d", (int)ld->request->replicas);
    code = ha_layers_set_value(ld->layers, "--replicas",
                               "controlPlane.statefulSet.highAvailability.replicas",
                               count, ld->err);
    merged = ha_node_merge(ld->arena, ld->layers->chart.defaults, ld->layers->values);
    if (code == 0 && ha_values_store(merged) == HA_STORE_ETCD_DEPLOYED) {
        code = ha_layers_set_value(ld->layers, "--replicas",
                                   "controlPlane.backingStore.etcd.deploy.statefulSet."
                                   "highAvailability.replicas",
                                   count, ld->err);
    }
    return code;
}

/* ---- catalogue ---- */

static void apply_profile(struct loader *ld)
{
    struct ha_catalog *catalog = &ld->design->catalog;
    const char *profile = ha_field_text(ld->layers->host, "regionProfile");
    const char *maturity = ha_field_text(ld->layers->host, "opsMaturity");

    /* us-east-1 had 8 major events in 94 zone-years, 0.09 a year, where its provider
     * has 0.016 over all (public post-incident reports 2011-2026): about 4 times */
    if (strcmp(profile, "quiet") == 0) {
        ha_catalog_scale_zones(catalog, 0.5);
    } else if (strcmp(profile, "busy") == 0) {
        ha_catalog_scale_zones(catalog, 4);
    }
    if (strcmp(maturity, "high") == 0) {
        ha_catalog_set_maturity(catalog, HA_MATURITY_HIGH);
    } else if (strcmp(maturity, "low") == 0) {
        ha_catalog_set_maturity(catalog, HA_MATURITY_LOW);
    }
}

static int apply_all(struct loader *ld, const struct ha_node *list)
{
    int code = 0;

    for (uint32_t i = 0; i < list->n && code == 0; i++) {
        code =
            ha_catalog_apply(ld->arena, &ld->design->catalog, list->item[i], ld->err);
    }
    return code;
}

static int read_catalog(struct loader *ld)
{
    const struct ha_layers *l = ld->layers;
    const struct ha_node *named = ha_node_get(l->host, "catalog");
    const char *name = ld->request->catalog;
    int code;

    if (name == NULL) {
        name = ha_node_text(named, l->catalog_base != NULL ? l->catalog_base : "aws");
    }
    code = ha_catalog_read_builtin(ld->arena, name,
                                   ld->request->catalog == NULL ? named : NULL,
                                   &ld->design->catalog, ld->err);
    if (code != 0) {
        return code;
    }
    apply_profile(ld);
    code = apply_all(ld, l->catalogs);
    if (code == 0) {
        code = apply_all(ld, l->overrides);
    }
    return code != 0 ? code
                     : ha_catalog_apply(ld->arena, &ld->design->catalog,
                                        l->set_overrides, ld->err);
}

/* ---- extra dependencies ---- */

/* A file named in a host file is looked for beside it. */
static const char *beside(struct sim_arena *arena, const struct ha_node *name)
{
    const char *host = name->place.file;
    const char *slash = host != NULL ? strrchr(host, '/') : NULL;

    if (name->text[0] == '/' || slash == NULL) {
        return name->text;
    }
    return sim_arena_printf(arena, "%.*s/%s", (int)(slash - host), host, name->text);
}

static int read_system_file(struct loader *ld, const struct ha_node *name,
                            const struct ha_node **system)
{
    struct ha_docs docs;
    int code = ha_docs_read(ld->arena, beside(ld->arena, name), &docs, ld->err);

    if (code == -SIM_ERR_IO && ld->err != NULL) {
        sim_err_at(ld->err, name->place.file, name->place.line, name->place.column);
    }
    if (code == 0) {
        *system = docs.n > 0 ? docs.doc[0] : NULL;
    }
    return code;
}

static int read_extra(struct loader *ld, const struct ha_node *item,
                      struct ha_extra *out)
{
    const struct ha_node *file = ha_node_get(item, "file");
    const struct ha_node *system = ha_node_get(item, "system");
    int code = 0;

    out->name = ha_field_text(item, "dependencies[].name");
    out->service = ha_field_text(item, "dependencies[].service");
    if (out->name == NULL) {
        return ha_node_error(ld->err, item, "a dependency needs a name");
    }
    if ((file == NULL) == (system == NULL)) {
        return ha_node_error(ld->err, item,
                             "dependency \"%.60s\" needs either system or file",
                             out->name);
    }
    if (file != NULL) {
        code = read_system_file(ld, file, &system);
    }
    if (code == 0 && (system == NULL || system->kind != HA_NODE_MAP)) {
        code = ha_node_error(
            ld->err, item, "dependency \"%.60s\": expected a kind: System", out->name);
    }
    out->system = system;
    return code;
}

static int read_extras(struct loader *ld)
{
    const struct ha_node *list = ha_node_get(ld->layers->host, "dependencies");
    struct ha_design *design = ld->design;
    int code = 0;

    if (ha_node_is_null(list)) {
        return 0;
    }
    design->extra = sim_arena_calloc(ld->arena, list->n, sizeof(*design->extra));
    for (uint32_t i = 0; i < list->n && code == 0; i++) {
        code = read_extra(ld, list->item[i], &design->extra[i]);
        design->n_extras = i + 1;
    }
    return code;
}

/* ---- all of it ---- */

static int read_host(struct loader *ld)
{
    const struct ha_layers *l = ld->layers;
    struct ha_cluster_objects objects = {l->nodes, l->classes};
    struct ha_host *host = &ld->design->host;
    int code = ha_host_read(ld->arena, l->host, &objects, ld->design->catalog.name,
                            host, ld->err);

    host->file = l->host_file;
    host->is_default = l->nodes->n == 0 && ha_node_get(l->host, "zones") == NULL &&
                       ha_node_get(l->host, "nodePools") == NULL &&
                       ha_node_get(l->host, "nodes") == NULL;
    ld->design->vcluster.external_etcd_members = (uint32_t)ha_field_whole(
        ha_node_get(l->host, "externalEtcd"), "externalEtcd.members");
    return code;
}

int ha_design_finish(struct ha_layers *layers, const struct ha_design_request *request,
                     struct ha_design *design, struct sim_err *err)
{
    struct loader ld = {request, design, &design->arena, layers, err};
    int code = set_replicas(&ld);

    if (code != 0) {
        return code;
    }
    name_design(&ld);
    design->user_values = layers->values;
    design->values = ha_node_merge(ld.arena, layers->chart.defaults, layers->values);
    code = ha_rules_check(design->values, err);
    if (code == 0) {
        code = read_catalog(&ld);
    }
    if (code == 0) {
        code = read_host(&ld);
    }
    if (code == 0) {
        code = read_extras(&ld);
    }
    if (code == 0) {
        code = ha_vcluster_read(design, release_of(ld.arena, design->name), err);
    }
    return code == 0 ? ha_quota_check(design, err) : code;
}

/* A place inside the built-in defaults would send the user to a file he does not have.
 */
static void forget_builtin_place(struct sim_err *err)
{
    if (err != NULL && strcmp(err->file, HA_CHART_DEFAULTS) == 0) {
        err->file[0] = '\0';
        err->excerpt[0] = '\0';
        err->line = 0;
        err->column = 0;
    }
}

int ha_design_load(const struct ha_design_request *request, struct ha_design *out,
                   struct sim_err *err)
{
    struct ha_layers layers;
    struct ha_chart chart;
    int code;

    memset(out, 0, sizeof(*out));
    sim_arena_init(&out->arena);
    if (request->n_files == 0) {
        code = sim_err_set(err, SIM_ERR_USAGE, "no design was given");
        sim_err_hint(err, "name one: -f vcluster.yaml");
        return code;
    }
    code = ha_chart_read(&out->arena, &chart, err);
    if (code == 0) {
        ha_layers_init(&layers, &out->arena, &chart);
        code = read_layers(request, &layers, err);
    }
    if (code == 0) {
        code = ha_design_finish(&layers, request, out, err);
    }
    if (code != 0) {
        forget_builtin_place(err);
        ha_design_release(out);
    }
    return code;
}

void ha_design_release(struct ha_design *design)
{
    sim_arena_clear(&design->arena);
    memset(design, 0, sizeof(*design));
    sim_arena_init(&design->arena);
}
