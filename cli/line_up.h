/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The designs of a comparison: which files, overrides and replicas each is made of,
 * and what it is called. Made from the words and flags of `nines compare`.
 */
#ifndef CLI_LINE_UP_H
#define CLI_LINE_UP_H

#include "cli/options.h"
#include "cli/subject.h"

#define CLI_MOST_DESIGNS 24

struct cli_line_up_request {
    const struct cli_input *input;   /* -f, --set, --catalog: for every design */
    const struct cli_list *words;    /* one file per design */
    const struct cli_list *sets_for; /* NAME:PATH=VALUE */
    const char *replicas;            /* "3,5,7" or NULL */
    uint32_t fewest;                 /* designs: 2 for a comparison */
};

struct cli_line_up {
    uint32_t n;
    struct cli_subject subject[CLI_MOST_DESIGNS];
};

/*
 * Loads every design. With `replicas` the one design named varies its control-plane
 * and etcd replicas. NAME in --set-for is a design of the line-up; when there is
 * only one file it may also be a new name, which then is a variant of that file.
 * Equal names get "-2", "-3" appended. Errors: SIM_ERR_USAGE, or those of loading.
 * On error nothing is left to release.
 */
int cli_line_up_load(const struct cli_line_up_request *request,
                     struct cli_line_up *line_up, struct sim_err *err);

void cli_line_up_release(struct cli_line_up *line_up);

/* The design of that name; n when there is none. */
uint32_t cli_line_up_find(const struct cli_line_up *line_up, const char *name);

#endif
