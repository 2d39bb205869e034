/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exact lumping: states that behave alike become one.
 *
 * Two states may share a block when, for every other block, their total rates into it
 * agree (ordinary lumpability; Kemeny and Snell 1960): the blocks then form a Markov
 * chain themselves, and every measure of labels has the same answer there. The
 * coarsest such partition that keeps labels apart is found by refinement: a block in
 * the queue splits every block whose states differ in their rate into it. Of a block
 * that is split all parts but the largest become splitters, since the rate into the
 * largest is what remains; so each state takes part log2(n) times at most (Paige and
 * Tarjan 1987; Derisavi, Hermanns, Sanders 2003; Valmari and Franceschinis 2010).
 * About rates inside a block nothing is required; where a splitter looks at its own
 * states it takes the rate that leaves it, which is what the diagonal of the generator
 * amounts to, and what makes "what remains" true for them.
 *
 * This finds symmetries that nobody declared: n equal members written out one by one
 * collapse to a count, and pods that are alike to the ways in which they may lie.
 *
 * The same sum taken in another order differs in the last bits. So rates into a
 * splitter are sorted and cut where they jump by more than one part in 10^12.
 *
 * Edges may be coloured (by the cause they stand for), and states must then agree
 * colour by colour. Instead of refining once per colour, the rates of each colour are
 * multiplied by a random factor of its own while they are compared: sums that agree
 * for such factors agree term by term, but for odds of 1 in 10^12.
 */
#include "sim/lump.h"

#include <stdlib.h>
#include <string.h>

#include "sim/ctmc.h"

#define SAME 1e-12 /* relative difference of rates that counts as none */

struct weighed {
    double rate;
    uint32_t state;
};

struct partition {
    uint32_t n_blocks;
    uint32_t *item;   /* the states, block after block */
    uint32_t *place;  /* of each state in item */
    uint32_t *block;  /* of each state */
    uint32_t *first;  /* of each block: where its items begin */
    uint32_t *end;    /* of each block */
    uint32_t *marked; /* of each block: so many of its first items are touched */
};

struct lumper {
    const struct sim_sparse *q;
    const uint8_t *colour; /* of each edge, or NULL */
    struct sim_sparse in;  /* transposed; rates of q times the shade of their colour */
    double shade[256];
    struct partition p;
    uint32_t *queue, n_queue; /* blocks that may still split others */
    uint8_t *is_queued;
    uint32_t *members;            /* of the splitter at work */
    double *rate;                 /* of each state, into the splitter */
    uint32_t *touched, n_touched; /* states with rate > 0 */
    uint32_t *broken, n_broken;   /* blocks that hold touched states */
    struct weighed *order;        /* touched states of one block */
};

static double shaded(const struct lumper *l, uint64_t edge)
{
    return l->colour == NULL ? l->q->rate[edge]
                             : l->q->rate[edge] * l->shade[l->colour[edge]];
}

/* ---- the partition ---- */

static void put_item(struct partition *p, uint32_t state, uint32_t place)
{
    p->item[place] = state;
    p->place[state] = place;
}

/* One block for each label that occurs. */
static void part_by_label(struct partition *p, uint32_t n, const uint32_t *label)
{
    uint32_t n_labels = 0;
    for (uint32_t i = 0; i < n; i++) {
        n_labels = label[i] >= n_labels ? label[i] + 1 : n_labels;
    }
    uint32_t *count = sim_ctmc_alloc((size_t)n_labels + 1, sizeof *count);
    uint32_t *number = sim_ctmc_alloc((size_t)n_labels + 1, sizeof *number);
    for (uint32_t i = 0; i < n; i++) {
        count[label[i] + 1]++;
    }
    for (uint32_t k = 0; k < n_labels; k++) {
        if (count[k + 1] > 0) {
            number[k] = p->n_blocks;
            p->first[p->n_blocks] = count[k];
            p->end[p->n_blocks++] = count[k] + count[k + 1];
        }
        count[k + 1] += count[k];
    }
    for (uint32_t i = 0; i < n; i++) {
        p->block[i] = number[label[i]];
        put_item(p, i, count[label[i]]++);
    }
    free(count);
    free(number);
}

static void mark(struct lumper *l, uint32_t state)
{
    struct partition *p = &l->p;
    uint32_t b = p->block[state];
    if (p->marked[b] == 0) {
        l->broken[l->n_broken++] = b;
    }
    uint32_t to = p->first[b] + p->marked[b]++;
    put_item(p, p->item[to], p->place[state]);
    put_item(p, state, to);
}

static void enqueue(struct lumper *l, uint32_t block)
{
    if (!l->is_queued[block]) {
        l->is_queued[block] = 1;
        l->queue[l->n_queue++] = block;
    }
}

/* ---- splitting ---- */

static void touch(struct lumper *l, uint32_t state, double rate)
{
    if (l->rate[state] == 0) {
        l->touched[l->n_touched++] = state;
    }
    l->rate[state] += rate;
}

/* The rate of every state into the splitter; of its own states, out of it. */
static void weigh(struct lumper *l, uint32_t splitter)
{
    const struct partition *p = &l->p;
    uint32_t n = p->end[splitter] - p->first[splitter];
    memcpy(l->members, p->item + p->first[splitter], n * sizeof *l->members);
    for (uint32_t m = 0; m < n; m++) {
        uint32_t j = l->members[m];
        for (uint64_t e = l->in.row[j]; e < l->in.row[j + 1]; e++) {
            if (p->block[l->in.to[e]] != splitter) {
                touch(l, l->in.to[e], l->in.rate[e]);
            }
        }
        for (uint64_t e = l->q->row[j]; e < l->q->row[j + 1]; e++) {
            if (p->block[l->q->to[e]] != splitter) {
                touch(l, j, shaded(l, e));
            }
        }
    }
}

static int compare_weighed(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    if (x->rate != y->rate) {
        return x->rate < y->rate ? -1 : 1;
    }
    return x->state < y->state ? -1 : x->state > y->state;
}

/* Makes places from..to of block b a block of their own. */
static uint32_t cut_off(struct partition *p, uint32_t from, uint32_t to)
{
    uint32_t b = p->n_blocks++;
    p->first[b] = from;
    p->end[b] = to;
    for (uint32_t k = from; k < to; k++) {
        p->block[p->item[k]] = b;
    }
    return b;
}

/* Queues what is new; of a block that was not waiting itself, all but the largest. */
static void enqueue_parts(struct lumper *l, uint32_t old, uint32_t first_new)
{
    const struct partition *p = &l->p;
    uint32_t largest = old;
    for (uint32_t b = first_new; b < p->n_blocks; b++) {
        if (p->end[b] - p->first[b] > p->end[largest] - p->first[largest]) {
            largest = b;
        }
    }
    bool was_queued = l->is_queued[old];
    for (uint32_t b = first_new; b < p->n_blocks; b++) {
        if (was_queued || b != largest) {
            enqueue(l, b);
        }
    }
    if (largest != old) {
        enqueue(l, old);
    }
}

/* Sorts the touched items of block b by rate. False when they all agree. */
static bool sort_touched(struct lumper *l, uint32_t b)
{
    struct partition *p = &l->p;
    uint32_t first = p->first[b], n = p->marked[b];
    double least = l->rate[p->item[first]], most = least;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t state = p->item[first + k];
        l->order[k] = (struct weighed){l->rate[state], state};
        least = l->rate[state] < least ? l->rate[state] : least;
        most = l->rate[state] > most ? l->rate[state] : most;
    }
    if (most <= least * (1 + SAME)) {
        return false;
    }
    qsort(l->order, n, sizeof *l->order, compare_weighed);
    for (uint32_t k = 0; k < n; k++) {
        put_item(p, l->order[k].state, first + k);
    }
    return true;
}

/* Splits block b by the rates of its touched items, which lie first. What is left
 * keeps the number: the untouched ones, or else those of the highest rate. */
static void split(struct lumper *l, uint32_t b)
{
    struct partition *p = &l->p;
    uint32_t first = p->first[b], end = first + p->marked[b], from = first;
    uint32_t first_new = p->n_blocks;
    bool is_mixed = sort_touched(l, b);
    p->marked[b] = 0;
    for (uint32_t k = first + 1; is_mixed && k < end; k++) {
        if (l->order[k - first].rate > l->order[k - first - 1].rate * (1 + SAME)) {
            cut_off(p, from, k);
            from = k;
        }
    }
    if (end < p->end[b]) {
        cut_off(p, from, end);
        from = end;
    }
    p->first[b] = from;
    if (p->n_blocks > first_new) {
        enqueue_parts(l, b, first_new);
    }
}

static void split_by(struct lumper *l, uint32_t splitter)
{
    l->n_touched = l->n_broken = 0;
    weigh(l, splitter);
    for (uint32_t k = 0; k < l->n_touched; k++) {
        mark(l, l->touched[k]);
    }
    for (uint32_t k = 0; k < l->n_broken; k++) {
        split(l, l->broken[k]);
    }
    for (uint32_t k = 0; k < l->n_touched; k++) {
        l->rate[l->touched[k]] = 0;
    }
}

/* ---- the lumped chain ---- */

struct flow {
    uint32_t block;
    uint8_t colour;
    double rate;
};

static int compare_flows(const void *a, const void *b)
{
    const struct flow *x = a, *y = b;
    if (x->block != y->block) {
        return x->block < y->block ? -1 : 1;
    }
    if (x->colour != y->colour) {
        return x->colour < y->colour ? -1 : 1;
    }
    return x->rate < y->rate ? -1 : x->rate > y->rate;
}

/* The flows of a state into other blocks, sorted and summed; returns how many. */
static uint32_t list_flows(const struct sim_sparse *q, const uint8_t *colour,
                           const uint32_t *block, uint32_t i, struct flow *flow)
{
    uint32_t n = 0, kept = 0;
    for (uint64_t e = q->row[i]; e < q->row[i + 1]; e++) {
        if (block[q->to[e]] != block[i]) {
            flow[n++] = (struct flow){.block = block[q->to[e]],
                                      .colour = colour == NULL ? 0 : colour[e],
                                      .rate = q->rate[e]};
        }
    }
    if (n > 1) {
        qsort(flow, n, sizeof *flow, compare_flows);
    }
    for (uint32_t k = 0; k < n; k++) {
        if (kept > 0 && flow[kept - 1].block == flow[k].block &&
            flow[kept - 1].colour == flow[k].colour) {
            flow[kept - 1].rate += flow[k].rate;
        } else {
            flow[kept++] = flow[k];
        }
    }
    return kept;
}

/* Numbers blocks by their first state, so that the order of states survives. */
static void number_blocks(struct lumper *l, struct sim_lumping *out)
{
    uint32_t n = l->q->n;
    uint32_t *number = sim_ctmc_alloc(l->p.n_blocks, sizeof *number);
    out->block = sim_ctmc_alloc(n, sizeof *out->block);
    out->state = sim_ctmc_alloc(l->p.n_blocks, sizeof *out->state);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *at = &number[l->p.block[i]];
        if (*at == 0) {
            out->state[out->q.n] = i;
            *at = ++out->q.n;
        }
        out->block[i] = *at - 1;
    }
    free(number);
}

static void collect(const struct sim_sparse *q, const uint8_t *colour,
                    struct sim_lumping *out)
{
    uint64_t room = 0, longest = 0, e = 0;
    for (uint32_t b = 0; b < out->q.n; b++) {
        uint64_t n = q->row[out->state[b] + 1] - q->row[out->state[b]];
        room += n;
        longest = n > longest ? n : longest;
    }
    struct flow *flow = sim_ctmc_alloc(longest, sizeof *flow);
    out->q.row = sim_ctmc_alloc((size_t)out->q.n + 1, sizeof *out->q.row);
    out->q.to = sim_ctmc_alloc(room, sizeof *out->q.to);
    out->q.rate = sim_ctmc_alloc(room, sizeof *out->q.rate);
    out->colour = colour == NULL ? NULL : sim_ctmc_alloc(room, sizeof *out->colour);
    for (uint32_t b = 0; b < out->q.n; b++) {
        uint32_t n = list_flows(q, colour, out->block, out->state[b], flow);
        for (uint32_t k = 0; k < n; k++, e++) {
            out->q.to[e] = flow[k].block;
            out->q.rate[e] = flow[k].rate;
            if (colour != NULL) {
                out->colour[e] = flow[k].colour;
            }
        }
        out->q.row[b + 1] = e;
    }
    free(flow);
}

static void prepare(struct lumper *l, const uint32_t *label)
{
    uint32_t n = l->q->n;
    uint64_t random = 0;
    for (int c = 0; c < 256; c++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        l->shade[c] = 1 + (double)(random >> 11) * 0x1p-53;
    }
    l->in = sim_sparse_transpose(l->q, l->colour, l->shade);
    uint32_t **each[] = {&l->p.item,  &l->p.place,  &l->p.block, &l->p.first,
                         &l->p.end,   &l->p.marked, &l->queue,   &l->members,
                         &l->touched, &l->broken};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        *each[i] = sim_ctmc_alloc(n, sizeof **each[i]);
    }
    l->is_queued = sim_ctmc_alloc(n, sizeof *l->is_queued);
    l->rate = sim_ctmc_alloc(n, sizeof *l->rate);
    l->order = sim_ctmc_alloc(n, sizeof *l->order);
    part_by_label(&l->p, n, label);
}

static void release(struct lumper *l)
{
    uint32_t *each[] = {l->p.item,   l->p.place, l->p.block, l->p.first, l->p.end,
                        l->p.marked, l->queue,   l->members, l->touched, l->broken};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        free(each[i]);
    }
    free(l->is_queued);
    free(l->rate);
    free(l->order);
}

void sim_lump(const struct sim_sparse *q, const uint8_t *colour, const uint32_t *label,
              struct sim_lumping *out)
{
    struct lumper l = {.q = q, .colour = colour};
    memset(out, 0, sizeof *out);
    prepare(&l, label);
    for (uint32_t b = 0; b < l.p.n_blocks; b++) {
        enqueue(&l, b);
    }
    while (l.n_queue > 0) {
        uint32_t splitter = l.queue[--l.n_queue];
        l.is_queued[splitter] = 0;
        split_by(&l, splitter);
    }
    sim_sparse_release(&l.in);
    number_blocks(&l, out);
    release(&l);
    collect(q, colour, out);
}

void sim_lumping_release(struct sim_lumping *lumping)
{
    sim_sparse_release(&lumping->q);
    free(lumping->colour);
    free(lumping->block);
    free(lumping->state);
    memset(lumping, 0, sizeof *lumping);
}
