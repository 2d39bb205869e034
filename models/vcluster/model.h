/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole model of a design: infra, kube and vcluster assembled into one
 * struct sim_model that every driver of the engine can play.
 */
#ifndef HA_VCLUSTER_MODEL_H
#define HA_VCLUSTER_MODEL_H

#include <stdbool.h>

#include "models/design/design.h"
#include "sim/arena.h"
#include "sim/err.h"
#include "sim/model.h"

struct ha_model_options {
    bool exponential_delays; /* every law becomes the exponential of its mean, for
                                exact cross-checks */
    uint32_t causes_off;     /* failure modes left out: bits by number of
                                models/infra/failure_modes.def */
    /* Machinery left out where it would multiply the states of an exact answer: */
    bool flat_backoff; /* a crashed container waits 10 s each time; crashes are not
                          counted */
    bool no_leases;    /* every replica works as the leader; nobody elects one */
};

/*
 * Compiles a design into a model. Plan, tables and strings live in `arena`; the
 * design must outlive the model. Services: api-read, api-write, control-loop, dns,
 * data. Causes: the failure modes, "other", then the extra systems by name. Errors:
 * SIM_ERR_INPUT for what a cluster would refuse (a pod that fits nowhere, a lease
 * whose times client-go rejects, SQLite with several replicas), SIM_ERR_LIMIT.
 */
int ha_vcluster_model(const struct ha_design *design,
                      const struct ha_model_options *options, struct sim_arena *arena,
                      struct sim_model *out, struct sim_err *err);

#endif
