/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading reliability problems: all reference files load, classes are found from the
 * model, and wrong files are refused with their place. */
#include "models/blocks/blocks.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

static struct sim_arena arena;
static struct sim_err err;
static struct ha_blocks blocks;

static void prepare(void)
{
    sim_arena_init(&arena);
}

static void finish(void)
{
    sim_arena_clear(&arena);
}

TestSuite(blocks_problem, .init = prepare, .fini = finish);

static int load_text(const char *text)
{
    struct ha_docs docs;
    cr_assert_eq(ha_docs_parse(&arena, "p.yaml", text, strlen(text), &docs, &err), 0,
                 "%s", err.message);
    return ha_blocks_load(&arena, docs.doc[0], &blocks, &err);
}

static void load_file(const char *path)
{
    struct ha_docs docs;
    cr_assert_eq(ha_docs_read(&arena, path, &docs, &err), 0, "%s", err.message);
    cr_assert(ha_blocks_is_problem(docs.doc[0]), "%s", path);
    cr_assert_eq(ha_blocks_load(&arena, docs.doc[0], &blocks, &err), 0,
                 "%s:%d:%d: %s (%s)", err.file, err.line, err.column, err.message,
                 err.hint);
}

/* The classes of the slots in order, as letters. */
static const char *classes(void)
{
    char *text = sim_arena_alloc(&arena, blocks.n_slots + 1);
    for (uint32_t s = 0; s < blocks.n_slots; s++) {
        text[s] = "FRO"[blocks.slot[s].cls];
    }
    return text;
}

Test(blocks_problem, every_reference_problem_loads_and_starts_calm_and_up)
{
    glob_t found;
    cr_assert_eq(glob("tests/data/exact/*-*.json", 0, NULL, &found), 0);
    cr_assert_geq(found.gl_pathc, 93);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct sim_model model;
        struct sim_run run;
        load_file(found.gl_pathv[i]);
        ha_blocks_model(&arena, &blocks, &model);
        sim_run_init(&run, &model);
        struct sim_world *world = sim_world_alloc(run.world_bytes);
        sim_run_bind(&run, world);
        sim_world_start(&run, 1, 0, 0);
        cr_assert_eq(model.down(model.plan, &run), 0, "%s", blocks.name);
        cr_assert(model.is_calm(model.plan, &run), "%s", blocks.name);
        sim_run_unbind(&run);
        free(world);
    }
    globfree(&found);
}

Test(blocks_problem, classes_come_from_the_states)
{
    const struct {
        const char *id, *classes;
    } table[] = {
        {"kofn-indep-3of5", "FR"},
        {"drain-2of3-budget", "FRFR"},
        {"pending-2of3-on-4", "FFFRRRRR"},
        {"spares-2of3-on-4", "FFFRRR"},
        {"coverage-2", "FFFFFFRRRR"},
        {"election-3of5", "FFFFRR"},
        {"published-tandem-C8", "FFRR"},
        {"erlang-failure-2of3", "FFFR"},
        {"loss-3copies-latent-crew1", "FRR"},
        {"twolevel-3of5", "FRFFR"},
        {"rolling-2of3", "OFFFRRR"},
        {"published-cluster-N2-premium", "RRFRRFRRFRRFRRF"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        load_file(sim_arena_printf(&arena, "tests/data/exact/%s.json", table[i].id));
        cr_assert_str_eq(classes(), table[i].classes, "%s: %s", table[i].id, classes());
    }
}

Test(blocks_problem, a_retry_that_does_nothing_does_not_break_calm)
{
    cr_assert_eq(load_text("kind: System\n"
                           "parameters: {lam: 1/1000, mu: 1/10}\n"
                           "variables: {f: 0, phase: 0}\n"
                           "events:\n"
                           "- {name: fails, guard: f<2, rate: lam, update: {f: f+1}}\n"
                           "- {name: mended, guard: f>0, rate: mu, update: {f: f-1}}\n"
                           "- {name: retry, rate: 1/5, update: {f: f}}\n"
                           "- {name: tick, rate: 1/7, update: {phase: 1-phase}}\n"
                           "up: f<2\n"),
                 0, "%s", err.message);
    cr_assert_str_eq(classes(), "FROO");
    struct sim_model model;
    struct sim_run run;
    ha_blocks_model(&arena, &blocks, &model);
    sim_run_init(&run, &model);
    struct sim_world *world = sim_world_alloc(run.world_bytes);
    sim_run_bind(&run, world);
    sim_world_start(&run, 1, 0, 0);
    cr_assert(sim_is_armed(&run, 3));
    cr_assert_not(sim_is_armed(&run, 2));
    cr_assert(model.is_calm(model.plan, &run));
    free(world);
}

Test(blocks_problem, a_system_in_words)
{
    cr_assert_eq(
        load_text("kind: System\n"
                  "name: load balancer\n"
                  "crews: {ops: 1}\n"
                  "components:\n"
                  "- {name: lb, count: 2, needs: 1, failure: 90d,\n"
                  "   repair: {dist: lognormal, mean: 4h, cv: 1.5}, crew: ops}\n"
                  "- {name: db, count: 3, failure: {dist: weibull, mean: 1y,\n"
                  "   shape: 0.8}, repair: 30m}\n"
                  "up: {all: [lb, {atLeast: 2, of: [db]}]}\n"),
        0, "%s:%d:%d %s", err.file, err.line, err.column, err.message);
    cr_assert_eq(blocks.year_s, SIM_YEAR_S);
    /* lb: one pooled failure clock, one crew member; db: 3 clocks, one pooled repair */
    cr_assert_eq(blocks.n_slots, 6);
    cr_assert_str_eq(classes(), "FFFFRR");
}

Test(blocks_problem, refuses_with_the_place)
{
    const struct {
        const char *text;
        int line, column;
        const char *message;
    } table[] = {
        {"kind: System\n", 1, 1, "components"},
        {"kind: System\ncomponents: []\n", 2, 13, "1 to"},
        {"kind: System\ncomponents: [{name: a, failure: 90, repair: 4h}]\n", 2, 33,
         "unit"},
        {"kind: System\ncomponents: [{name: a, failure: 90d}]\n", 2, 14, "repair"},
        {"kind: System\ncomponents: [{name: a, fails: 90d}]\n", 2, 24, "unknown key"},
        {"kind: System\ncomponents: [{name: a, failure: 1d, repair: 1h, crew: x}]\n", 2,
         55, "no crew"},
        {"kind: System\ncomponents: [{name: a, failure: 1d, repair: 1h}]\nup: {all: "
         "[b]}\n",
         3, 12, "no component"},
        {"kind: System\ncomponents: [{name: a, failure: 1d, repair: 1h}]\n"
         "up: {atLeast: 2, of: [a]}\n",
         3, 5, "only 1"},
        {"kind: System\ncomponents: [{name: a, failure: {dist: pareto, mean: 1d},\n"
         "  repair: 1h}]\n",
         2, 40, "unknown law"},
        {"format: ha-exact-problem/2\n", 1, 9, "only ha-exact-problem/1"},
        {"format: ha-exact-problem/1\n", 1, 1, "model"},
        {"format: ha-exact-problem/1\nmodel: {kind: petri}\n", 2, 15, "unknown kind"},
        {"{\"format\": \"ha-exact-problem/1\", \"model\": {\"kind\": "
         "\"markov_events\",\n"
         "\"parameters\": {\"a\": \"1/b\"},\n\"variables\": {}, \"events\": [], "
         "\"up\": \"1\"}}",
         2, 24, "neither"},
        {"kind: System\nvariables: {f: 0}\nup: f<1\nevents:\n"
         "- {rate: 0-1, update: {f: 1-f}}\n",
         5, 10, "no usable rate"},
        {"kind: System\nvariables: {f: 0}\nup: f<1\nevents:\n"
         "- {rate: 1, update: {g: 1}}\n",
         5, 22, "not a variable"},
        {"kind: System\nvariables: {f: 0}\nup: f<1\nevents: {}\n", 4, 9, "list"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_assert_eq(load_text(table[i].text), -SIM_ERR_INPUT, "%s", table[i].text);
        cr_assert_not_null(strstr(err.message, table[i].message), "%s: %s",
                           table[i].text, err.message);
        cr_assert_eq(err.line, table[i].line, "%s: line %d", table[i].text, err.line);
        cr_assert_eq(err.column, table[i].column, "%s: column %d", table[i].text,
                     err.column);
    }
}

Test(blocks_problem, lives_inside_another_world)
{
    cr_assert_eq(
        load_text("kind: System\ncomponents:\n"
                  "- {name: a, count: 2, needs: 1, failure: 10d, repair: 1h}\n"),
        0);
    struct ha_blocks_at at[2] = {{.blocks = &blocks},
                                 {.blocks = &blocks,
                                  .slot = blocks.n_slots,
                                  .dist = blocks.n_dists,
                                  .cause = 3,
                                  .state = blocks.state_bytes}};
    struct sim_slot slot[8];
    struct sim_dist dist[8];
    cr_assert_eq(blocks.n_slots, 2);
    ha_blocks_place(&at[0], "one", slot, dist, SIM_NO_CAUSE);
    ha_blocks_place(&at[1], "two", slot, dist, SIM_NO_CAUSE);
    cr_assert_neq(slot[0].id, slot[2].id);
    cr_assert_eq(slot[2].cause, 3 + slot[0].cause);
    cr_assert(ha_blocks_owns(&at[1], 3));
    cr_assert_not(ha_blocks_owns(&at[1], 1));
    cr_assert_not(ha_blocks_owns(&at[0], 2));
    ha_blocks_place(&at[1], "two", slot, dist, 7);
    cr_assert_eq(slot[3].cause, 7);
    /* a host of two copies: only the second one's unit fails */
    struct sim_model model = {.slot = slot,
                              .n_slots = 4,
                              .dist = dist,
                              .n_dists = 4,
                              .state_bytes = 2 * blocks.state_bytes};
    struct sim_run run;
    sim_run_init(&run, &model);
    struct sim_world *world = sim_world_alloc(run.world_bytes);
    sim_run_bind(&run, world);
    ha_blocks_start(&at[0], &run);
    ha_blocks_start(&at[1], &run);
    ha_blocks_fire(&at[1], &run, 2);
    cr_assert(ha_blocks_is_calm(&at[0], &run));
    cr_assert_not(ha_blocks_is_calm(&at[1], &run));
    cr_assert_not(ha_blocks_is_down(&at[1], &run));
    ha_blocks_fire(&at[1], &run, 2);
    cr_assert(ha_blocks_is_down(&at[1], &run));
    cr_assert_not(ha_blocks_is_down(&at[0], &run));
    free(world);
}
