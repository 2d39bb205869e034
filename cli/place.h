/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `nines place` works with: objects or a design, compiled; the state after every
 * pending pod was tried once; what was decided for each; what-ifs and headroom.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/options.h"
#include "models/design/design.h"
#include "models/kube/sched.h"
#include "models/vcluster/render.h"
#include "sim/arena.h"
#include "sim/err.h"

/* One attempt to place a pod, kept. */
struct cli_try {
    uint32_t pod;
    int32_t node;   /* where it went, or HA_SCHED_NONE */
    int32_t was_on; /* what-ifs: where it was before, or HA_SCHED_NONE */
    bool is_shown;  /* verdict, why and preemption are kept */
    uint32_t n_feasible, n_present, n_best;
    int32_t total;                   /* of the node it went to, when scored */
    struct ha_sched_verdict verdict; /* deep copy */
    const char **why;                /* by node: one sentence, "" for feasible ones */
    const char *message;             /* when no node was feasible */
    bool is_evicted;                 /* a later pod took the place again */
    bool has_preemption;
    uint32_t n_victims;
    const uint32_t *victim;
    struct json_t *json; /* when asked for; owned */
};

struct cli_tries {
    uint32_t n;
    struct cli_try *item;
};

struct cli_place {
    struct sim_arena arena;
    bool has_design;
    struct ha_design design;
    struct ha_rendered rendered;
    struct ha_objects objects;
    const struct ha_sched *sched;
    void *state; /* as placed */
    struct cli_tries tries;
    struct json_t *bindings, *evicted;
    /* how to play */
    bool keeps_all, wants_json;
    const char *pod;   /* show this one, or NULL */
    const char *order; /* names joined by commas that go first, or NULL */
    bool is_gone;      /* lost nodes lose their Node object as well */
};

/* Loads files: Kubernetes objects alone, or a design. `minor` 0 means the host's, or
 * 34 for objects. Errors: as the readers'. On error nothing is left to release. */
int cli_place_load(struct cli_place *p, const struct ha_design_request *request,
                   int minor, struct sim_err *err);
void cli_place_release(struct cli_place *p);

/* Tries every pending pod once, in queue order. Errors: --pod or --order name a pod
 * that does not exist. */
int cli_place_play(struct cli_place *p, struct sim_err *err);

/* Index of a pod by "name" or "namespace/name", or HA_SCHED_NONE. */
int32_t cli_place_find_pod(const struct cli_place *p, const char *name);

/* Zone of a node, or "". */
const char *cli_place_zone(const struct cli_place *p, uint32_t node);
uint32_t cli_place_n_zones(const struct cli_place *p);

/* ---- what if ---- */

/* Nodes named by a node's name or a zone's; fills a list (arena) and says whether it
 * was a zone. Errors: SIM_ERR_USAGE with the nearest names. */
int cli_place_find_lost(struct cli_place *p, const char *name, uint32_t **node,
                        uint32_t *n, bool *is_zone, struct sim_err *err);

/* The nodes are lost at once: tainted as unreachable (or gone), their pods deleted and
 * tried again in queue order, on a copy of the state (returned in *state when not
 * NULL; arena). */
struct cli_tries cli_place_lose(struct cli_place *p, const uint32_t *node, uint32_t n,
                                void **state);

/* Pods of a try list that stayed pending. */
uint32_t cli_place_n_pending(const struct cli_tries *tries);

/* Pods that were evicted in the course of it, whether they ran before or not. */
uint32_t cli_place_n_evicted(const struct cli_tries *tries);

struct cli_copies {
    uint32_t pod;        /* copies of this one */
    uint32_t n;          /* how many more fit */
    bool is_capped;      /* at least that many */
    const char *message; /* why the next one does not */
};

/* How many more copies of a pod fit, each with a fresh claim. */
struct cli_copies cli_place_copies(struct cli_place *p, uint32_t pod);

struct cli_losses {
    uint32_t n_safe; /* any so many nodes may be lost */
    bool is_proved;  /* false: the search was cut at n_safe */
    uint32_t n_lost; /* the first loss that hurts: how many, which */
    const uint32_t *lost;
    int32_t pending; /* a pod that then stays pending */
    const char *message;
    uint64_t n_tried;
};

/* The most nodes any of which may be lost before a pod stays pending: all sets of one
 * node, then of two ..., as long as there are at most `limit` sets to try. `pod` is a
 * pod to look at, or HA_SCHED_NONE for all. */
struct cli_losses cli_place_losses(struct cli_place *p, int32_t pod, uint64_t limit);

/* ---- faces ---- */

struct cli_place_report {
    struct cli_place *place;
    const char *without; /* or NULL */
    bool is_zone;
    struct cli_tries lost;
    uint32_t n_lost_nodes;
    void *lost_state;
    bool has_headroom;
    uint32_t n_copies;
    struct cli_copies *copies;
    struct cli_losses losses;
};

void cli_place_print(FILE *out, struct cli_place_report *report);
struct json_t *cli_place_report_json(struct cli_place_report *report);

#endif
