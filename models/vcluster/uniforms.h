/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stream of uniform numbers for the samplers of this room. They are used while
 * a plan is made and in tests, never inside a run: there only the engine draws.
 */
#ifndef HA_VCLUSTER_UNIFORMS_H
#define HA_VCLUSTER_UNIFORMS_H

#include <stdint.h>

struct ha_uniforms {
    double (*next)(void *context); /* a number in the open interval (0, 1) */
    void *context;                 /* handed back to next */
};

static inline double ha_uniform(const struct ha_uniforms *u)
{
    return u->next(u->context);
}

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014): state is *context, a uint64_t.
 * The top 53 bits plus one half, so that 0 and 1 never come. */
static inline double ha_uniform_splitmix(void *context)
{
    uint64_t *state = context;
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

static inline struct ha_uniforms ha_uniforms_splitmix(uint64_t *seed)
{
    return (struct ha_uniforms){.next = ha_uniform_splitmix, .context = seed};
}

#endif
