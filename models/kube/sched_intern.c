/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interning: equal things get equal small numbers.
 *
 * The compiler of the scheduler asks all the time "have I seen this before?": a label
 * value, a taint, a selector, a whole pod. Each is written as canonical bytes (equal
 * things, equal bytes; lengths before texts, so nothing can run together) and looked
 * up in an open-addressing table with FNV-1a. Indexes are given in order of first
 * appearance, so they do not depend on the hash and are the same everywhere.
 *
 * The bytes are copied into the arena; the scratch text that builds them is reused.
 * Used while compiling only, and for looking names up later; never inside a run's
 * placements.
 */
#include <stdlib.h>
#include <string.h>

#include "models/kube/sched_internal.h"
#include "sim/check.h"

void ha_intern_init(struct ha_intern *table, struct sim_arena *arena)
{
    memset(table, 0, sizeof(*table));
    table->arena = arena;
}

static uint64_t hash_bytes(const char *bytes, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, 64 bit */

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    }
    return hash ^ hash >> 29;
}

static void rehash(struct ha_intern *table)
{
    table->n_slots = table->n_slots == 0 ? 16 : table->n_slots * 2;
    table->slot = sim_arena_calloc(table->arena, table->n_slots, sizeof(uint32_t));
    for (uint32_t i = 0; i < table->n; i++) {
        uint32_t at = (uint32_t)hash_bytes(table->entry[i].bytes, table->entry[i].n);

        for (; table->slot[at & (table->n_slots - 1)] != 0; at++) {
        }
        table->slot[at & (table->n_slots - 1)] = i + 1;
    }
}

int32_t ha_intern_find(const struct ha_intern *table, const void *bytes, size_t n)
{
    uint32_t at = (uint32_t)hash_bytes(bytes, n);

    for (; table->n_slots > 0; at++) {
        const uint32_t found = table->slot[at & (table->n_slots - 1)];

        if (found == 0) {
            break;
        }
        if (table->entry[found - 1].n == n &&
            memcmp(table->entry[found - 1].bytes, bytes, n) == 0) {
            return (int32_t)found - 1;
        }
    }
    return HA_SCHED_NONE;
}

uint32_t ha_intern(struct ha_intern *table, const void *bytes, size_t n)
{
    const int32_t found = ha_intern_find(table, bytes, n);
    uint32_t at;

    if (found >= 0) {
        return (uint32_t)found;
    }
    if (table->n == table->capacity) {
        const uint32_t room = table->capacity == 0 ? 8 : table->capacity * 2;
        struct ha_intern_entry *more =
            sim_arena_calloc(table->arena, room, sizeof(*more));

        if (table->n > 0) {
            memcpy(more, table->entry, table->n * sizeof(*more));
        }
        table->entry = more;
        table->capacity = room;
    }
    table->entry[table->n].bytes = sim_arena_strndup(table->arena, bytes, n);
    table->entry[table->n].n = n;
    table->n++;
    if (table->n * 2 > table->n_slots) {
        rehash(table);
        return table->n - 1;
    }
    at = (uint32_t)hash_bytes(bytes, n);
    for (; table->slot[at & (table->n_slots - 1)] != 0; at++) {
    }
    table->slot[at & (table->n_slots - 1)] = table->n;
    return table->n - 1;
}

/* ---- canonical bytes ---- */

void ha_key_clear(struct ha_keytext *key)
{
    key->n = 0;
}

void ha_key_release(struct ha_keytext *key)
{
    free(key->bytes);
    memset(key, 0, sizeof(*key));
}

static void put(struct ha_keytext *key, const void *bytes, size_t n)
{
    if (key->n + n > key->capacity) {
        key->capacity = (key->n + n) * 2 + 256;
        key->bytes = realloc(key->bytes, key->capacity);
        SIM_CHECK(key->bytes != NULL);
    }
    if (n > 0) {
        memcpy(key->bytes + key->n, bytes, n);
    }
    key->n += n;
}

void ha_key_int(struct ha_keytext *key, int64_t value)
{
    put(key, &value, sizeof(value));
}

void ha_key_text(struct ha_keytext *key, const char *text)
{
    const size_t n = text != NULL ? strlen(text) : 0;

    ha_key_int(key, text != NULL ? (int64_t)n : -1);
    put(key, text, n);
}

void ha_key_selector(struct ha_keytext *key, const struct ha_selector *selector)
{
    ha_key_int(key, selector->is_nothing ? -1 : (int64_t)selector->n);
    for (uint32_t i = 0; i < selector->n; i++) {
        const struct ha_requirement *requirement = &selector->item[i];

        ha_key_text(key, requirement->key);
        ha_key_int(key, requirement->op);
        ha_key_int(key, requirement->n_values);
        for (uint32_t k = 0; k < requirement->n_values; k++) {
            ha_key_text(key, requirement->value[k]);
        }
    }
}

void ha_key_node_terms(struct ha_keytext *key, const struct ha_node_terms *terms)
{
    ha_key_int(key, terms->n);
    for (uint32_t i = 0; i < terms->n; i++) {
        ha_key_int(key, terms->item[i].weight);
        ha_key_selector(key, &terms->item[i].labels);
        ha_key_selector(key, &terms->item[i].fields);
    }
}

/* Whom a term selects; not its topology key and weight. */
void ha_key_term(struct ha_keytext *key, const struct ha_affinity_term *term)
{
    ha_key_int(key, term->n_namespaces);
    for (uint32_t i = 0; i < term->n_namespaces; i++) {
        ha_key_text(key, term->ns[i]);
    }
    ha_key_int(key, term->has_ns_selector);
    if (term->has_ns_selector) {
        ha_key_selector(key, &term->ns_selector);
    }
    ha_key_selector(key, &term->selector);
}
