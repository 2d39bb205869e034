/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The names of a reliability problem: parameters, variables, components, crews.
 *
 * A table of fixed room with open addressing and linear probing, at most half full,
 * so that a problem of thousands of names is read in time proportional to its text.
 * Symbols keep the order in which they were added; names are compared whole.
 */
#include "models/blocks/expr.h"

#include <ctype.h>
#include <string.h>

#include "sim/check.h"

static uint32_t hash_name(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *name != '\0'; name++) {
        h = (h ^ (uint8_t)*name) * 16777619u;
    }
    return h;
}

void ha_symbols_init(struct ha_symbols *symbols, struct sim_arena *arena,
                     uint32_t capacity)
{
    symbols->n = 0;
    symbols->capacity = capacity;
    symbols->symbol = sim_arena_calloc(arena, capacity, sizeof *symbols->symbol);
    symbols->n_cells = 16;
    while (symbols->n_cells < 2 * capacity) {
        symbols->n_cells *= 2;
    }
    symbols->cell = sim_arena_calloc(arena, symbols->n_cells, sizeof *symbols->cell);
}

static uint32_t find_cell(const struct ha_symbols *symbols, const char *name)
{
    uint32_t i = hash_name(name) & (symbols->n_cells - 1);
    while (symbols->cell[i] != 0 &&
           strcmp(symbols->symbol[symbols->cell[i] - 1].name, name) != 0) {
        i = (i + 1) & (symbols->n_cells - 1);
    }
    return i;
}

void ha_symbols_add(struct ha_symbols *symbols, struct ha_symbol symbol)
{
    SIM_CHECK(symbols->n < symbols->capacity);
    uint32_t cell = find_cell(symbols, symbol.name);
    symbols->symbol[symbols->n++] = symbol;
    symbols->cell[cell] = symbols->n;
}

const struct ha_symbol *ha_symbols_find(const struct ha_symbols *symbols,
                                        const char *name)
{
    uint32_t at = symbols->cell[find_cell(symbols, name)];
    return at == 0 ? NULL : &symbols->symbol[at - 1];
}

bool ha_symbol_is_name(const char *text)
{
    if (!isalpha((unsigned char)text[0]) && text[0] != '_') {
        return false;
    }
    for (const char *p = text; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && *p != '_') {
            return false;
        }
    }
    return true;
}
