/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may not happen inside a run. Include this header last, in every file whose
 * functions are called between two events (draws, world, the inner loops of the
 * drivers, and the callbacks of a model): from there on these names do not compile.
 *
 * A run does not allocate (all memory is laid out before), does not read the clock or
 * the environment, does not read or write files, and knows no locale. That keeps it
 * repeatable, keeps threads from meeting in the allocator, and keeps the world a
 * plain block of bytes. Idea: core/ross-base.h of ROSS.
 */
#ifndef SIM_POISON_H
#define SIM_POISON_H

#ifdef __GNUC__
#pragma GCC poison malloc calloc realloc reallocarray aligned_alloc posix_memalign
#pragma GCC poison free strdup strndup asprintf vasprintf open_memstream
#pragma GCC poison sim_arena_alloc sim_arena_calloc sim_arena_strdup sim_arena_printf
#pragma GCC poison time clock clock_gettime gettimeofday localtime gmtime nanosleep
#pragma GCC poison rand srand random drand48 rand_r gsl_rng_alloc
#pragma GCC poison fopen fclose fread fwrite fprintf printf puts getenv setlocale
#endif

#endif
