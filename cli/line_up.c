/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who takes part in a comparison. Three ways to say it:
 *
 *     compare three.yaml five.yaml -f host.yaml       one file per design
 *     compare -f prod.yaml --replicas 3,5,7           one file, replicas varied
 *     compare -f prod.yaml --set-for big:a.b=c        one file and its variants
 *
 * Each design is an entry (files, overrides, replicas, name); entries are first
 * listed and then loaded, so that a mistake in the last flag is found before the
 * first file is read.
 */
#include "cli/line_up.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/design/suggest.h"

#define MOST_REPLICAS 99

struct entry {
    const char *name;   /* NULL: the design's own */
    size_t name_length; /* of name, which may be followed by ':' */
    const char *file;   /* own file, or NULL */
    int32_t replicas;   /* 0: as written */
};

struct entries {
    uint32_t n;
    struct entry entry[CLI_MOST_DESIGNS];
};

static int add_entry(struct entries *all, struct entry entry, struct sim_err *err)
{
    if (all->n == CLI_MOST_DESIGNS) {
        return sim_err_set(err, SIM_ERR_USAGE, "at most %d designs in one comparison",
                           CLI_MOST_DESIGNS);
    }
    all->entry[all->n++] = entry;
    return 0;
}

static int refuse_replicas(struct sim_err *err, const char *text)
{
    sim_err_set(err, SIM_ERR_USAGE,
                "--replicas: \"%s\" is not a list of whole numbers from 1 to %d", text,
                MOST_REPLICAS);
    sim_err_hint(err, "for example --replicas 3,5,7");
    return -(int)SIM_ERR_USAGE;
}

static int list_replicas(const struct cli_line_up_request *q, const char *file,
                         struct entries *all, struct sim_err *err)
{
    const char *at = q->replicas;

    for (;;) {
        const size_t digits = strspn(at, "0123456789");
        const long n = digits > 0 && digits < 4 ? strtol(at, NULL, 10) : 0;

        if (n < 1 || n > MOST_REPLICAS || (at[digits] != ',' && at[digits] != '\0')) {
            return refuse_replicas(err, q->replicas);
        }
        const struct entry entry = {.file = file, .replicas = (int32_t)n};
        const int rc = add_entry(all, entry, err);

        if (rc != 0 || at[digits] == '\0') {
            return rc;
        }
        at += digits + 1;
    }
}

/* A --set-for whose name is not yet known becomes a variant of the only file. */
static int list_variants(const struct cli_line_up_request *q, const char *file,
                         struct entries *all, struct sim_err *err)
{
    for (uint32_t i = 0; i < q->sets_for->n; i++) {
        const char *text = q->sets_for->item[i];
        const size_t length = strcspn(text, ":");
        bool is_known = false;

        for (uint32_t k = 0; k < all->n; k++) {
            is_known = is_known || (all->entry[k].name != NULL &&
                                    all->entry[k].name_length == length &&
                                    strncmp(all->entry[k].name, text, length) == 0);
        }
        if (!is_known) {
            const struct entry entry = {
                .name = text, .name_length = length, .file = file};
            const int rc = add_entry(all, entry, err);

            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

static int check_sets_for(const struct cli_line_up_request *q, struct sim_err *err)
{
    for (uint32_t i = 0; i < q->sets_for->n; i++) {
        const char *text = q->sets_for->item[i];
        const char *colon = strchr(text, ':');

        if (colon == NULL || colon == text || strchr(colon, '=') == NULL) {
            sim_err_set(err, SIM_ERR_USAGE, "--set-for: \"%s\" is not NAME:PATH=VALUE",
                        text);
            sim_err_hint(err, "for example --set-for five:controlPlane.coredns.enabled"
                              "=false");
            return -(int)SIM_ERR_USAGE;
        }
    }
    return 0;
}

static int list_entries(const struct cli_line_up_request *q, struct entries *all,
                        struct sim_err *err)
{
    const bool is_one = q->words->n <= 1;
    const char *file = q->words->n == 1 ? q->words->item[0] : NULL;
    int rc = check_sets_for(q, err);

    if (rc == 0 && q->words->n == 0 && q->input->files.n == 0) {
        rc = sim_err_set(err, SIM_ERR_USAGE, "no designs: name their files");
        sim_err_hint(err, "nines compare three.yaml five.yaml     or     "
                          "nines compare -f vcluster.yaml --replicas 3,5,7");
    } else if (rc == 0 && q->replicas != NULL && !is_one) {
        rc = sim_err_set(err, SIM_ERR_USAGE,
                         "--replicas varies one design, but %u are named", q->words->n);
    } else if (rc == 0 && q->replicas != NULL) {
        rc = list_replicas(q, file, all, err);
    } else if (rc == 0) {
        for (uint32_t i = 0; rc == 0 && i < q->words->n; i++) {
            rc = add_entry(all, (struct entry){.file = q->words->item[i]}, err);
        }
        if (rc == 0 && q->words->n == 0) {
            rc = add_entry(all, (struct entry){.file = NULL}, err);
        }
        if (rc == 0 && is_one) {
            rc = list_variants(q, file, all, err);
        }
    }
    if (rc == 0 && all->n < q->fewest) {
        rc = sim_err_set(err, SIM_ERR_USAGE, "only one design: nothing to compare");
        sim_err_hint(err, "name more files, or add --replicas 3,5,7");
    }
    return rc;
}

/* The name a design will have, as far as it decides which --set-for apply. */
static bool has_name(const struct entry *entry, const char *name, size_t length)
{
    const char *own = entry->name;
    size_t own_length = entry->name_length;
    char number[16];

    if (own == NULL && entry->replicas > 0) {
        own_length = (size_t)snprintf(number, sizeof(number), "%d", entry->replicas);
        own = number;
    } else if (own == NULL && entry->file != NULL) {
        const char *slash = strrchr(entry->file, '/');

        own = slash != NULL ? slash + 1 : entry->file;
        own_length = strcspn(own, ".");
    }
    return own != NULL && own_length == length && strncmp(own, name, length) == 0;
}

static int check_names(const struct cli_line_up_request *q, const struct entries *all,
                       struct sim_err *err)
{
    for (uint32_t i = 0; i < q->sets_for->n; i++) {
        const char *text = q->sets_for->item[i];
        const size_t length = strcspn(text, ":");
        bool is_found = false;

        for (uint32_t k = 0; k < all->n; k++) {
            is_found = is_found || has_name(&all->entry[k], text, length);
        }
        if (!is_found) {
            return sim_err_set(err, SIM_ERR_USAGE,
                               "--set-for: there is no design \"%.*s\" here",
                               (int)length, text);
        }
    }
    return 0;
}

static int load_entry(const struct cli_line_up_request *q, const struct entry *entry,
                      struct cli_subject *subject, struct sim_err *err)
{
    struct cli_list files = {0, NULL};
    struct cli_list sets = {0, NULL};
    int rc;

    if (entry->file != NULL) {
        cli_list_add(&files, entry->file);
    }
    for (uint32_t i = 0; i < q->input->files.n; i++) {
        cli_list_add(&files, q->input->files.item[i]);
    }
    for (uint32_t i = 0; i < q->input->sets.n; i++) {
        cli_list_add(&sets, q->input->sets.item[i]);
    }
    for (uint32_t i = 0; i < q->sets_for->n; i++) {
        const char *text = q->sets_for->item[i];
        const size_t length = strcspn(text, ":");

        if (has_name(entry, text, length)) {
            cli_list_add(&sets, text + length + 1);
        }
    }

    struct ha_design_request request =
        cli_subject_request(&(struct cli_input){files, sets, q->input->catalog});

    request.replicas = entry->replicas;
    rc = cli_subject_load(&request, subject, err);
    cli_list_release(&files);
    cli_list_release(&sets);
    return rc;
}

static void name_subject(struct cli_line_up *up, const struct entry *entry)
{
    struct cli_subject *subject = &up->subject[up->n];
    const char *name = subject->name;

    if (entry->name != NULL) {
        name = sim_arena_strndup(&subject->arena, entry->name, entry->name_length);
    } else if (entry->replicas > 0) {
        name = sim_arena_printf(&subject->arena, "%d replica%s", entry->replicas,
                                entry->replicas == 1 ? "" : "s");
    }
    subject->name = name;
    for (unsigned number = 2; cli_line_up_find(up, subject->name) < up->n; number++) {
        subject->name = sim_arena_printf(&subject->arena, "%s-%u", name, number);
    }
}

int cli_line_up_load(const struct cli_line_up_request *request,
                     struct cli_line_up *line_up, struct sim_err *err)
{
    struct entries all = {.n = 0};
    int rc = list_entries(request, &all, err);

    line_up->n = 0;
    if (rc == 0) {
        rc = check_names(request, &all, err);
    }
    for (uint32_t i = 0; rc == 0 && i < all.n; i++) {
        rc = load_entry(request, &all.entry[i], &line_up->subject[i], err);
        if (rc == 0) {
            name_subject(line_up, &all.entry[i]);
            line_up->n++;
        }
    }
    if (rc != 0) {
        cli_line_up_release(line_up);
    }
    return rc;
}

void cli_line_up_release(struct cli_line_up *line_up)
{
    for (uint32_t i = 0; i < line_up->n; i++) {
        cli_subject_release(&line_up->subject[i]);
    }
    line_up->n = 0;
}

uint32_t cli_line_up_find(const struct cli_line_up *line_up, const char *name)
{
    for (uint32_t i = 0; i < line_up->n; i++) {
        if (strcmp(line_up->subject[i].name, name) == 0) {
            return i;
        }
    }
    return line_up->n;
}
