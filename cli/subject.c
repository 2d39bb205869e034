/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading what is simulated. The kind of the first document decides: a reliability
 * system runs alone; anything else is read as a design.
 *
 * Standard input may be asked for more than once (to look at its kind, and once per
 * design of a comparison), so a pipe is first copied into an unnamed temporary file
 * that takes its place.
 *
 * The fingerprint hashes the merged values, the host and the rates, not the files:
 * two spellings of one design have one fingerprint.
 */
#include "cli/subject.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "models/units.h"

/* FNV-1a, 64 bit. */
#define HASH_START UINT64_C(14695981039346656037)
#define HASH_PRIME UINT64_C(1099511628211)

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t n)
{
    const unsigned char *byte = data;

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ byte[i]) * HASH_PRIME;
    }
    return hash;
}

static uint64_t hash_number(uint64_t hash, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    for (int shift = 0; shift < 64; shift += 8) {
        hash = (hash ^ (bits >> shift & 255)) * HASH_PRIME;
    }
    return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return text != NULL ? hash_bytes(hash, text, strlen(text) + 1)
                        : hash_bytes(hash, "\1", 1);
}

/* Depth is bounded by the reader (200), so recursion over the tree is. */
static uint64_t hash_tree(uint64_t hash, const struct ha_node *node)
{
    if (node == NULL) {
        return hash_bytes(hash, "n", 1);
    }
    hash = hash_number(hash, node->kind);
    if (node->kind == HA_NODE_SCALAR) {
        return hash_text(hash_number(hash, node->is_plain), node->text);
    }
    for (uint32_t i = 0; i < node->n; i++) {
        if (node->kind == HA_NODE_MAP) {
            hash = hash_text(hash, node->entry[i].key);
            hash = hash_tree(hash, node->entry[i].value);
        } else {
            hash = hash_tree(hash, node->item[i]);
        }
    }
    return hash_bytes(hash, ".", 1);
}

static uint64_t hash_host(uint64_t hash, const struct ha_host *host)
{
    const double numbers[] = {
        host->k8s_minor,           host->monitor_grace_s,      host->drain_limit_s,
        host->has_autorepair,      host->has_cloud_controller, host->drain_is_forced,
        host->sets_out_of_service, host->drain_surges};

    for (uint32_t i = 0; i < host->n_zones; i++) {
        hash = hash_text(hash, host->zone[i].name);
    }
    for (uint32_t i = 0; i < host->n_nodes; i++) {
        hash = hash_number(hash, host->node[i].zone);
        hash = hash_tree(hash, host->node[i].object);
    }
    for (uint32_t i = 0; i < host->n_spares; i++) {
        hash = hash_text(hash, host->spare[i].name);
    }
    for (uint32_t i = 0; i < host->n_classes; i++) {
        hash = hash_tree(hash, host->storage_class[i].object);
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        hash = hash_number(hash, numbers[i]);
    }
    return hash;
}

static uint64_t hash_design(const struct ha_design *d)
{
    uint64_t hash = hash_tree(HASH_START, d->values);

    hash = hash_host(hash, &d->host);
    for (int i = 0; i < HA_N_PARAMS; i++) {
        const struct ha_param_value *v = &d->catalog.value[i];

        hash = hash_number(hash, v->is_set ? v->mid : -1);
        hash = hash_number(hash_number(hash, v->lo), v->hi);
        hash = hash_number(hash, v->sigma);
    }
    for (uint32_t i = 0; i < d->n_extras; i++) {
        hash = hash_text(hash_text(hash, d->extra[i].name), d->extra[i].service);
        hash = hash_tree(hash, d->extra[i].system);
    }
    return hash;
}

/* Makes standard input readable more than once. */
static int rewind_stdin(struct sim_err *err)
{
    char block[4096];
    size_t n;
    FILE *copy;

    if (fseek(stdin, 0, SEEK_SET) == 0) {
        clearerr(stdin);
        return 0;
    }
    copy = tmpfile();
    if (copy == NULL) {
        return sim_err_set(err, SIM_ERR_IO, "cannot make a temporary file: %s",
                           strerror(errno));
    }
    while ((n = fread(block, 1, sizeof(block), stdin)) > 0) {
        if (fwrite(block, 1, n, copy) != n) {
            break;
        }
    }
    if (fflush(copy) != 0 || ferror(copy) || ferror(stdin) ||
        dup2(fileno(copy), fileno(stdin)) < 0) {
        fclose(copy);
        return sim_err_set(err, SIM_ERR_IO, "cannot read standard input: %s",
                           strerror(errno));
    }
    fclose(copy);
    clearerr(stdin);
    fseek(stdin, 0, SEEK_SET);
    return 0;
}

int cli_rewind_if_stdin(const struct ha_design_request *request, struct sim_err *err)
{
    for (uint32_t i = 0; i < request->n_files; i++) {
        if (strcmp(request->file[i], "-") == 0) {
            return rewind_stdin(err);
        }
    }
    return 0;
}

/* The reliability system in the first file, or NULL when it holds something else
 * (also when it cannot be read: the reader of designs says why). */
static const struct ha_node *find_system(const struct ha_design_request *request,
                                         struct sim_arena *arena)
{
    struct ha_docs docs;
    struct sim_err ignored;

    if (request->n_files == 0 ||
        ha_docs_read(arena, request->file[0], &docs, &ignored) != 0) {
        return NULL;
    }
    return docs.n == 1 && ha_blocks_is_problem(docs.doc[0]) ? docs.doc[0] : NULL;
}

static int load_system(const struct ha_design_request *request,
                       const struct ha_node *doc, struct cli_subject *subject,
                       struct sim_err *err)
{
    int rc;

    if (request->n_files > 1 || request->n_sets > 0 || request->replicas > 0 ||
        request->catalog != NULL) {
        return sim_err_set(err, SIM_ERR_USAGE,
                           "%s is a reliability system; it stands alone (no other -f, "
                           "--set, --replicas or --catalog)",
                           request->file[0]);
    }
    rc = ha_blocks_load(&subject->arena, doc, &subject->blocks, err);
    if (rc != 0) {
        return rc;
    }
    ha_blocks_model(&subject->arena, &subject->blocks, &subject->own_model);
    subject->model = &subject->own_model;
    subject->name = subject->blocks.name;
    subject->about = subject->blocks.title;
    subject->fingerprint = hash_tree(HASH_START, doc);
    return 0;
}

static const char *describe(struct cli_subject *subject)
{
    const struct ha_vcluster *vc = &subject->design.vcluster;
    const struct ha_host *host = &subject->design.host;
    static const char *const store[] = {
#define HA_STORE(name, key, title) title,
#include "models/design/stores.def"
#undef HA_STORE
    };
    char members[16] = "";

    if (vc->store == HA_STORE_ETCD_DEPLOYED || vc->store == HA_STORE_ETCD_EXTERNAL) {
        snprintf(members, sizeof(members), " x%u",
                 vc->store == HA_STORE_ETCD_DEPLOYED ? vc->etcd.replicas
                                                     : vc->external_etcd_members);
    }
    return sim_arena_printf(
        &subject->arena,
        "%u control-plane replica%s, %s%s, %u zone%s, "
        "%u node%s, rates %s",
        vc->cp.replicas, vc->cp.replicas == 1 ? "" : "s", store[vc->store], members,
        host->n_zones, host->n_zones == 1 ? "" : "s", host->n_nodes,
        host->n_nodes == 1 ? "" : "s", subject->design.catalog.name);
}

/* What was not said and is assumed; NULL when nothing is. */
static const char *assumptions(struct cli_subject *subject)
{
    const struct ha_design *d = &subject->design;
    const char *values =
        d->user_values == NULL || d->user_values->n == 0
            ? "no vCluster values given: the chart's defaults are assumed"
            : NULL;
    const char *host = NULL;

    if (d->host.is_default) {
        host = sim_arena_printf(
            &subject->arena,
            "no host file given: %u zones and %u nodes with %s rates are assumed",
            d->host.n_zones, d->host.n_nodes, d->catalog.name);
    }
    if (values != NULL && host != NULL) {
        return sim_arena_printf(&subject->arena, "%s; %s", values, host);
    }
    return values != NULL ? values : host;
}

static int load_design(const struct ha_design_request *request,
                       struct cli_subject *subject, struct sim_err *err)
{
    const struct ha_model_options options = {.causes_off = 0};
    int rc = ha_design_load(request, &subject->design, err);

    if (rc != 0) {
        return rc;
    }
    subject->has_design = true;
    rc = ha_vcluster_model(&subject->design, &options, &subject->arena,
                           &subject->own_model, err);
    subject->model = &subject->own_model;
    if (rc != 0) {
        ha_design_release(&subject->design);
        return rc;
    }
    subject->name = subject->design.name;
    subject->about = describe(subject);
    subject->note = assumptions(subject);
    subject->cost = cli_cost_of(&subject->design);
    subject->backup = ha_backup_of(&subject->design);
    subject->fingerprint = hash_design(&subject->design);
    return 0;
}

struct ha_design_request cli_subject_request(const struct cli_input *input)
{
    return (struct ha_design_request){.n_files = input->files.n,
                                      .file = input->files.item,
                                      .n_sets = input->sets.n,
                                      .set = input->sets.item,
                                      .catalog = input->catalog};
}

int cli_subject_load(const struct ha_design_request *request,
                     struct cli_subject *subject, struct sim_err *err)
{
    const struct ha_node *system;
    int rc;

    memset(subject, 0, sizeof(*subject));
    sim_arena_init(&subject->arena);
    rc = cli_rewind_if_stdin(request, err);
    if (rc == 0) {
        subject->file = request->n_files > 0 ? request->file[0] : "";
        system = find_system(request, &subject->arena);
        if (system != NULL) {
            rc = load_system(request, system, subject, err);
        } else {
            rc = cli_rewind_if_stdin(request, err);
            rc = rc == 0 ? load_design(request, subject, err) : rc;
        }
    }
    if (rc != 0) {
        sim_arena_clear(&subject->arena);
    }
    return rc;
}

void cli_subject_release(struct cli_subject *subject)
{
    if (subject->has_design) {
        ha_design_release(&subject->design);
    }
    sim_arena_clear(&subject->arena);
}
