/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Placement against the real kube-scheduler, pod by pod: every field of every recorded
 * case must agree (feasible nodes, reasons and codes of the others, scores by plugin,
 * totals, ties, choice, message, volumes, preemption with candidates and victims).
 * The cases and what their fields mean: tests/data/scheduler/README.md.
 *
 * A third folder of cases, made from Kubernetes' own unit test tables, is not part of
 * the repository (it is theirs); it is used when it lies beside the checkout.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/place_case.h"
#include "models/design/doc.h"
#include "sim/arena.h"

struct tally {
    int n_cases, n_agree, n_pods;
};

static void drop_raw_scores(json_t *expected)
{
    size_t i;
    json_t *pod;

    json_array_foreach(json_object_get(expected, "pods"), i, pod)
    {
        json_object_del(pod, "rawScores");
    }
}

/* Prints the first pod and field that differ. */
static void show_difference(const char *path, const json_t *want, const json_t *got)
{
    const json_t *want_pods = json_object_get(want, "pods");
    const json_t *got_pods = json_object_get(got, "pods");

    for (size_t i = 0; i < json_array_size(want_pods); i++) {
        json_t *a = json_array_get(want_pods, i);
        json_t *b = json_array_get(got_pods, i);
        const char *key;
        json_t *value;

        if (json_equal(a, b)) {
            continue;
        }
        json_object_foreach(a, key, value)
        {
            if (!json_equal(value, json_object_get(b, key))) {
                char *x = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
                char *y = json_object_get(b, key) != NULL
                              ? json_dumps(json_object_get(b, key),
                                           JSON_ENCODE_ANY | JSON_COMPACT)
                              : NULL;

                fprintf(stderr, "%s: pod %zu: %s:\n  want %.1500s\n  got  %.1500s\n",
                        path, i, key, x, y != NULL ? y : "nothing");
                free(x);
                free(y);
            }
        }
        return;
    }
    fprintf(stderr, "%s: differs outside of pods\n", path);
}

static bool agrees(const char *path, int *n_pods)
{
    struct sim_arena arena;
    struct sim_err err;
    struct ha_docs docs;
    json_t *whole = json_load_file(path, 0, NULL);
    json_t *want = json_object_get(whole, "expected");
    json_t *got = NULL;
    bool is_equal = false;

    sim_arena_init(&arena);
    drop_raw_scores(want);
    if (ha_docs_read(&arena, path, &docs, &err) != 0 ||
        cli_place_case(docs.doc[0], &got, &err) != 0) {
        fprintf(stderr, "%s:%d: %s\n", err.file, err.line, err.message);
    } else {
        is_equal = json_equal(want, got) != 0;
        *n_pods += (int)json_array_size(json_object_get(want, "pods"));
        if (!is_equal) {
            show_difference(path, want, got);
        }
    }
    json_decref(whole);
    json_decref(got);
    sim_arena_clear(&arena);
    return is_equal;
}

static int is_case(const struct dirent *entry)
{
    return strncmp(entry->d_name, "case-", 5) == 0;
}

static struct tally run_folder(const char *folder)
{
    struct tally tally = {0};
    struct dirent **entry;
    const int n = scandir(folder, &entry, is_case, alphasort);

    for (int i = 0; i < n; i++) {
        char path[1024];

        snprintf(path, sizeof(path), "%s/%s", folder, entry[i]->d_name);
        tally.n_cases++;
        tally.n_agree += agrees(path, &tally.n_pods);
        free(entry[i]);
    }
    if (n >= 0) {
        free(entry);
    }
    if (tally.n_cases > 0) {
        fprintf(stderr, "scheduler cases in %s: %d of %d agree (%d pods)\n", folder,
                tally.n_agree, tally.n_cases, tally.n_pods);
    }
    return tally;
}

Test(sched_cases, placement)
{
    const struct tally tally = run_folder("tests/data/scheduler");

    cr_assert_eq(tally.n_cases, 150);
    cr_assert_eq(tally.n_agree, tally.n_cases);
}

Test(sched_cases, preemption)
{
    const struct tally tally = run_folder("tests/data/scheduler/preemption");

    cr_assert_eq(tally.n_cases, 30);
    cr_assert_eq(tally.n_agree, tally.n_cases);
}

Test(sched_cases, unit_tables_beside_the_checkout)
{
    const struct tally tally = run_folder("../shared/conformance/scheduler/unit");

    cr_assert_eq(tally.n_agree, tally.n_cases);
}
