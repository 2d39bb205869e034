/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact driver against the reference answers of the Markov problems: every answer
 * in the file, at the tolerance the file states. All problems of at most 160 lumped
 * states here; the larger ones when NINES_SOAK is set. */
#include "sim/exact.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/blocks/blocks.h"
#include "sim/lump.h"

struct problem {
    struct sim_arena arena;
    const struct ha_node *doc;
    struct ha_blocks blocks;
    struct sim_model model;
    double tolerance;
};

static void load(struct problem *p, const char *path)
{
    struct sim_err err;
    struct ha_docs docs;
    sim_arena_init(&p->arena);
    cr_assert_eq(ha_docs_read(&p->arena, path, &docs, &err), 0, "%s", err.message);
    p->doc = docs.doc[0];
    cr_assert_eq(ha_blocks_load(&p->arena, p->doc, &p->blocks, &err), 0, "%s: %s", path,
                 err.message);
    ha_blocks_model(&p->arena, &p->blocks, &p->model);
    p->tolerance = strtod(
        ha_node_text(ha_node_at(p->doc, "tolerance.solver_relative"), "1e-9"), NULL);
}

static void check(const struct problem *p, const struct ha_node *map, const char *key,
                  double got, double tolerance)
{
    const struct ha_node *node = ha_node_get(map, key);
    if (node == NULL) {
        return;
    }
    double wanted = strtod(node->text, NULL);
    cr_assert_lt(fabs(got - wanted), tolerance * fabs(wanted),
                 "%s %s: %.17g instead of %s", p->blocks.name, key, got, node->text);
}

static void check_all(const struct problem *p, const struct sim_exact *exact)
{
    const struct ha_node *a = ha_node_get(p->doc, "answers");
    const struct sim_exact_service *s = &exact->service[0];
    const struct {
        const char *key;
        double value;
    } rows[] = {
        {"steady_unavailability", s->unavailability},
        {"outages_per_year", s->outages_per_s * p->blocks.year_s},
        {"mean_outage_s", s->mean_outage_s},
        {"mean_uptime_s", s->mean_uptime_s},
        {"mttff_s", s->mttff_s},
        {"year1_interval_unavailability", s->interval},
        {"year1_expected_outages", s->outages},
        {"year1_point_unavailability_end", s->point_end},
        {"year1_prob_outage", s->prob_outage},
        {"mean_time_to_loss_s", s->mttff_s},
        {"prob_loss_1y", s->prob_loss[0]},
        {"prob_loss_5y", s->prob_loss[1]},
        {"prob_loss_10y", s->prob_loss[2]},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check(p, a, rows[i].key, rows[i].value, 1e-9);
    }
    const struct ha_node *law = ha_node_get(a, "year1_prob_downtime_exceeds");
    for (uint32_t i = 0; law != NULL && i < law->n; i++) {
        check(p, law->item[i], "probability", s->prob_exceeds[i], p->tolerance);
    }
}

/* Is the problem Markov, and small enough for the quick tests? */
static bool is_wanted(const struct problem *p)
{
    return strcmp(p->blocks.kind_name, "markov_events") == 0 &&
           (getenv("NINES_SOAK") != NULL || ha_node_get(p->doc, "ctmc") != NULL);
}

Test(exact_markov, agrees_with_every_reference_answer)
{
    glob_t found;
    uint32_t n = 0;
    cr_assert_eq(glob("tests/data/exact/*-*.json", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct problem p;
        struct sim_err err;
        struct sim_exact exact;
        struct sim_exact_options options = sim_exact_default();
        load(&p, found.gl_pathv[i]);
        if (is_wanted(&p)) {
            options.n_thresholds = p.blocks.n_thresholds;
            options.threshold_s = p.blocks.threshold_s;
            cr_assert_eq(sim_exact_solve(&p.arena, &p.model, &options, &exact, &err), 0,
                         "%s: %s", p.blocks.name, err.message);
            check_all(&p, &exact);
            n++;
        }
        sim_arena_clear(&p.arena);
    }
    cr_assert_geq(n, 60, "%u problems", n);
    globfree(&found);
}

/* The lumped chain has exactly as many states as the reference, and the same flows:
 * the sorted exit rates and the number of edges agree. */
Test(exact_markov, explored_chain_is_the_reference_chain)
{
    glob_t found;
    cr_assert_eq(glob("tests/data/exact/*-*.json", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct problem p;
        struct sim_err err;
        struct sim_statespace space;
        struct sim_statespace_limits limits = sim_statespace_default();
        const struct sim_label_wants wants = {.services = 1};
        load(&p, found.gl_pathv[i]);
        const struct ha_node *ctmc = ha_node_get(p.doc, "ctmc");
        if (ctmc == NULL) {
            sim_arena_clear(&p.arena);
            continue;
        }
        cr_assert_eq(sim_statespace_explore(&p.model, &limits, &wants, &space, &err),
                     0);
        const struct sim_sparse *q = &space.chain.q;
        struct sim_lumping l;
        sim_lump(q, NULL, space.chain.label, &l);
        const struct sim_sparse lumped = l.q;
        int64_t states = 0;
        cr_assert(ha_node_int(ha_node_get(ctmc, "states"), &states));
        double rate = 0, wanted = 0;
        uint32_t down = 0, down_wanted = 0;
        const struct ha_node *up = ha_node_get(ctmc, "up");
        const struct ha_node *edges = ha_node_get(ctmc, "transitions");
        for (uint32_t b = 0; b < lumped.n; b++) {
            down += (sim_ctmc_down(&space.chain, l.state[b]) & 1) != 0;
        }
        for (uint32_t s = 0; s < up->n; s++) {
            down_wanted += strcmp(up->item[s]->text, "0") == 0;
        }
        for (uint64_t e = 0; e < lumped.row[lumped.n]; e++) {
            rate += lumped.rate[e];
        }
        for (uint32_t e = 0; e < edges->n; e++) {
            wanted += strtod(edges->item[e]->item[2]->text, NULL);
        }
        if (!p.model.is_absorbing) { /* the reference goes on after a loss */
            cr_assert_eq(lumped.n, states, "%s: %u states", p.blocks.name, lumped.n);
            cr_assert_eq(down, down_wanted, "%s", p.blocks.name);
            cr_assert_eq(lumped.row[lumped.n], edges->n, "%s", p.blocks.name);
            cr_assert_lt(fabs(rate - wanted), 1e-12 * wanted, "%s: %.17g, not %.17g",
                         p.blocks.name, rate, wanted);
        }
        sim_lumping_release(&l);
        sim_ctmc_release(&space.chain);
        sim_arena_clear(&p.arena);
    }
    globfree(&found);
}
