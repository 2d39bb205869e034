/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chunked arena. Chunks are linked, newest first; a request that does not fit
 * opens a new chunk of at least SIM_ARENA_CHUNK bytes (a large request gets a
 * chunk of its own). Blocks are never freed one by one and never move.
 */
#include "sim/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIM_ARENA_CHUNK ((size_t)64 * 1024)
#define SIM_ARENA_ALIGN ((size_t)16)

struct sim_arena_chunk {
    struct sim_arena_chunk *older;
    size_t size;
    _Alignas(16) unsigned char bytes[];
};

static void die_of_memory(size_t size)
{
    fprintf(stderr, "nines: out of memory: %zu bytes were asked for\n", size);
    exit(1);
}

void sim_arena_init(struct sim_arena *arena)
{
    arena->chunk = NULL;
    arena->used = 0;
}

void sim_arena_clear(struct sim_arena *arena)
{
    struct sim_arena_chunk *chunk = arena->chunk;

    while (chunk != NULL) {
        struct sim_arena_chunk *older = chunk->older;

        free(chunk);
        chunk = older;
    }
    sim_arena_init(arena);
}

static void open_chunk(struct sim_arena *arena, size_t need)
{
    size_t size = need > SIM_ARENA_CHUNK ? need : SIM_ARENA_CHUNK;
    struct sim_arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

    if (chunk == NULL) {
        die_of_memory(size);
        return;
    }
    chunk->older = arena->chunk;
    chunk->size = size;
    arena->chunk = chunk;
    arena->used = 0;
}

void *sim_arena_alloc(struct sim_arena *arena, size_t size)
{
    void *block;

    if (size > SIZE_MAX / 2) {
        die_of_memory(size);
    }
    size = (size + SIM_ARENA_ALIGN) & ~(SIM_ARENA_ALIGN - 1);
    if (arena->chunk == NULL || arena->chunk->size - arena->used < size) {
        open_chunk(arena, size);
    }
    block = arena->chunk->bytes + arena->used;
    arena->used += size;
    return block;
}

void *sim_arena_calloc(struct sim_arena *arena, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) {
        die_of_memory(SIZE_MAX);
    }
    return sim_arena_alloc(arena, n * size);
}

char *sim_arena_strndup(struct sim_arena *arena, const char *text, size_t length)
{
    char *copy = sim_arena_alloc(arena, length + 1);

    memcpy(copy, text, length);
    return copy;
}

char *sim_arena_strdup(struct sim_arena *arena, const char *text)
{
    return sim_arena_strndup(arena, text, strlen(text));
}

char *sim_arena_printf(struct sim_arena *arena, const char *fmt, ...)
{
    va_list ap;
    char *text;
    int length;

    va_start(ap, fmt);
    length = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (length < 0) {
        length = 0;
    }
    text = sim_arena_alloc(arena, (size_t)length + 1);
    va_start(ap, fmt);
    vsnprintf(text, (size_t)length + 1, fmt, ap);
    va_end(ap);
    return text;
}
