/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is simulated: a vCluster design on its host, or a reliability system. To the
 * commands both are a model with a name.
 */
#ifndef CLI_SUBJECT_H
#define CLI_SUBJECT_H

#include <stdbool.h>

#include "cli/cost.h"
#include "cli/options.h"
#include "models/blocks/blocks.h"
#include "models/design/design.h"
#include "sim/arena.h"
#include "sim/err.h"
#include "sim/model.h"
#include "models/vcluster/backup.h"
#include "models/vcluster/model.h"

struct cli_subject {
    const char *name;     /* "prod"; commands may rename it ("5 replicas") */
    const char *about;    /* "3 control-plane replicas, deployed etcd x3, ..." */
    const char *note;     /* what was assumed: the default host; or NULL */
    const char *file;     /* first file, as typed */
    uint64_t fingerprint; /* hash of everything that decides the result */
    const struct sim_model *model;
    bool has_design;
    struct cli_cost cost;    /* known for designs on hosts with prices */
    struct ha_backup backup; /* of designs: what a loss of data costs */
    struct ha_design design; /* when has_design */
    struct ha_blocks blocks; /* otherwise */
    struct sim_model own_model;
    struct sim_arena arena;
};

/* The request for what --file, --set and --catalog name; it points into `input`. */
struct ha_design_request cli_subject_request(const struct cli_input *input);

/*
 * Loads the files of a request: a design, or exactly one reliability system. Error
 * codes and places are those of the readers. On error nothing is left to release.
 */
int cli_subject_load(const struct ha_design_request *request,
                     struct cli_subject *subject, struct sim_err *err);

/* If standard input ("-") is among the files: makes it readable from its start again,
 * as often as wanted, also when it is a pipe. Errors: SIM_ERR_IO. */
int cli_rewind_if_stdin(const struct ha_design_request *request, struct sim_err *err);

void cli_subject_release(struct cli_subject *subject);

#endif
