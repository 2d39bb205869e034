/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that lives and dies together: a design, a plan, a result.
 *
 * An arena hands out zeroed, 16-byte aligned blocks and frees them all at once.
 * Running out of memory prints what was asked for and ends the process; nothing
 * is allocated inside a run, so no half-made result can be lost that way.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include <stddef.h>

struct sim_arena_chunk;

struct sim_arena {
    struct sim_arena_chunk *chunk; /* newest chunk first */
    size_t used;                   /* bytes used in the newest chunk */
};

/* Makes an empty arena; nothing is allocated yet. */
void sim_arena_init(struct sim_arena *arena);

/* Frees everything ever handed out; the arena is empty and usable again. */
void sim_arena_clear(struct sim_arena *arena);

/* Returns size zeroed bytes (never NULL; size 0 gives a unique pointer). */
void *sim_arena_alloc(struct sim_arena *arena, size_t size);

/* Returns n * size zeroed bytes; ends the process when the product overflows. */
void *sim_arena_calloc(struct sim_arena *arena, size_t n, size_t size);

/* Copies a string of known length, adding the final NUL. */
char *sim_arena_strndup(struct sim_arena *arena, const char *text, size_t length);

/* Copies a NUL-terminated string. */
char *sim_arena_strdup(struct sim_arena *arena, const char *text);

/* printf into the arena. */
char *sim_arena_printf(struct sim_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
