/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is measured in a state. A chain of a million states shows only a few hundred
 * different faces to the one who measures: which services are down, what share of
 * requests fails, who is to blame. Each distinct face is a label, kept once; a state
 * carries its number. States of different labels must never be lumped together.
 */
#ifndef SIM_LABEL_H
#define SIM_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model.h"

/* What is asked for; what is not asked for does not tell states apart. */
struct sim_label_wants {
    uint64_t services; /* bit s: service s */
    bool causes;       /* which cause begins an outage */
    bool blame;        /* shares of blame, where the model divides it; makes the notes
                          part of a state */
};

struct sim_labels {
    uint32_t n_services, n_causes;
    bool has_bad, has_blame;
    uint32_t n, capacity;
    uint32_t stride; /* words of a label: down, then bad, then blame */
    uint64_t *word;
    uint32_t *cell, n_cells; /* hash table of the labels, 0 = free */
};

/* Released with the function below. */
void sim_labels_init(struct sim_labels *labels, const struct sim_model *model,
                     const struct sim_label_wants *wants);
void sim_labels_release(struct sim_labels *labels);

/* The label of the world that `run` shows, new or known. */
uint32_t sim_labels_of(struct sim_labels *labels, const struct sim_run *run,
                       const struct sim_label_wants *wants);

/* Services that are down, bit by bit. */
static inline uint64_t sim_label_down(const struct sim_labels *labels, uint32_t label)
{
    return labels->word[(uint64_t)label * labels->stride];
}

/* Failing share of the requests to a service; 0 or 1 where the model has no opinion. */
double sim_label_bad(const struct sim_labels *labels, uint32_t label, uint32_t service);

/* Share of cause in the blame for a service that is down, 0 otherwise. */
double sim_label_blame(const struct sim_labels *labels, uint32_t label,
                       uint32_t service, uint32_t cause);

#endif
