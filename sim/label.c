/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Labels: the distinct faces of a model's states, found through a hash table.
 *
 * A label is a row of words: the mask of services that are down, the failing share of
 * each service, and for each service the blame by cause. Shares are sums of a few
 * fractions, whose last bits depend on the order of the parts; so they are rounded to
 * 40 binary places, or two nodes that are alike would look different.
 */
#include "sim/label.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"
#include "sim/recorder.h"

#define PLACES 0x1p40

void sim_labels_init(struct sim_labels *labels, const struct sim_model *model,
                     const struct sim_label_wants *wants)
{
    memset(labels, 0, sizeof *labels);
    labels->n_services = model->n_services;
    labels->n_causes = model->n_causes;
    labels->has_bad = model->degraded != NULL;
    labels->has_blame = wants->blame && model->blame != NULL;
    labels->stride = 1 + (labels->has_bad ? model->n_services : 0) +
                     (labels->has_blame ? model->n_services * model->n_causes : 0);
    labels->capacity = 16;
    labels->word =
        sim_ctmc_alloc((size_t)labels->capacity * labels->stride, sizeof *labels->word);
    labels->n_cells = 64;
    labels->cell = sim_ctmc_alloc(labels->n_cells, sizeof *labels->cell);
}

void sim_labels_release(struct sim_labels *labels)
{
    free(labels->word);
    free(labels->cell);
    memset(labels, 0, sizeof *labels);
}

static const uint64_t *row_of(const struct sim_labels *labels, uint32_t label)
{
    return labels->word + (uint64_t)label * labels->stride;
}

static uint64_t word_of(double share)
{
    double rounded = round(share * PLACES) / PLACES;
    uint64_t word;
    memcpy(&word, &rounded, sizeof word);
    return word;
}

static double share_of(uint64_t word)
{
    double share;
    memcpy(&share, &word, sizeof share);
    return share;
}

static uint64_t hash_row(const uint64_t *row, uint32_t n)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < n; i++) {
        hash = sim_recorder_mix(hash * 31 + row[i]);
    }
    return hash;
}

/* The cell of a row: that of an equal label, or a free one. */
static uint32_t find_cell(const struct sim_labels *labels, const uint64_t *row)
{
    uint32_t c = (uint32_t)hash_row(row, labels->stride) & (labels->n_cells - 1);
    while (labels->cell[c] != 0 && memcmp(row_of(labels, labels->cell[c] - 1), row,
                                          labels->stride * sizeof *row) != 0) {
        c = (c + 1) & (labels->n_cells - 1);
    }
    return c;
}

/* Room for one more label at the end, where the next row is made. */
static void make_room(struct sim_labels *labels)
{
    if (labels->n + 1 < labels->capacity) {
        return;
    }
    size_t old_n = (size_t)labels->capacity * labels->stride;
    uint64_t *word = sim_ctmc_alloc(2 * old_n, sizeof *word);
    memcpy(word, labels->word, old_n * sizeof *word);
    free(labels->word);
    labels->word = word;
    labels->capacity *= 2;
    if (2 * labels->capacity > labels->n_cells) {
        free(labels->cell);
        labels->n_cells *= 2;
        labels->cell = sim_ctmc_alloc(labels->n_cells, sizeof *labels->cell);
        for (uint32_t i = 0; i < labels->n; i++) {
            labels->cell[find_cell(labels, row_of(labels, i))] = i + 1;
        }
    }
}

static void write_bad(const struct sim_model *model, const struct sim_run *run,
                      uint64_t services, uint64_t *word)
{
    double bad[SIM_MAX_SERVICES] = {0};
    model->degraded(model->plan, run, bad);
    for (uint32_t s = 0; s < model->n_services; s++) {
        word[s] = (services >> s & 1) != 0 ? word_of(bad[s]) : 0;
    }
}

static void write_blame(const struct sim_model *model, const struct sim_run *run,
                        uint64_t down, uint64_t *word)
{
    double share[SIM_MAX_CAUSES];
    memset(word, 0, sizeof *word * model->n_services * model->n_causes);
    for (uint32_t s = 0; s < model->n_services; s++) {
        if ((down >> s & 1) == 0) {
            continue;
        }
        memset(share, 0, sizeof share);
        model->blame(model->plan, run, s, share);
        for (uint32_t c = 0; c < model->n_causes; c++) {
            word[s * model->n_causes + c] = word_of(share[c]);
        }
    }
}

uint32_t sim_labels_of(struct sim_labels *labels, const struct sim_run *run,
                       const struct sim_label_wants *wants)
{
    const struct sim_model *model = run->model;
    make_room(labels);
    uint64_t *row = labels->word + (uint64_t)labels->n * labels->stride;
    row[0] = model->down(model->plan, run) & wants->services;
    uint64_t *at = row + 1;
    if (labels->has_bad) {
        write_bad(model, run, wants->services, at);
        at += model->n_services;
    }
    if (labels->has_blame) {
        write_blame(model, run, row[0], at);
    }
    uint32_t c = find_cell(labels, row);
    if (labels->cell[c] == 0) {
        labels->cell[c] = ++labels->n;
    }
    return labels->cell[c] - 1;
}

double sim_label_bad(const struct sim_labels *labels, uint32_t label, uint32_t service)
{
    const uint64_t *row = row_of(labels, label);
    return labels->has_bad ? share_of(row[1 + service])
                           : (double)(row[0] >> service & 1);
}

double sim_label_blame(const struct sim_labels *labels, uint32_t label,
                       uint32_t service, uint32_t cause)
{
    if (!labels->has_blame) {
        return 0;
    }
    const uint64_t *blame =
        row_of(labels, label) + 1 + (labels->has_bad ? labels->n_services : 0);
    return share_of(blame[service * labels->n_causes + cause]);
}
