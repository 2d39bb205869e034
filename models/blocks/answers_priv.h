/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed forms behind answers.c. Each fills what it knows. They return false when
 * the system does not allow them; the chain is the answer then. */
#ifndef HA_ANSWERS_PRIV_H
#define HA_ANSWERS_PRIV_H

#include "models/blocks/answers.h"
#include "models/blocks/blocks_priv.h"

/* Independent components under gates: exact probabilities by a decision diagram. */
bool ha_answer_independent(struct sim_arena *arena, const struct ha_blocks *blocks,
                           struct ha_answers *out);
/* One class, exponential failures, one crew, any repair law: the embedded chain at
 * repair completions. */
bool ha_answer_one_crew(struct sim_arena *arena, const struct ha_blocks *blocks,
                        struct ha_answers *out);
/* Rolling maintenance: binomial sums. */
bool ha_answer_rolling(const struct ha_blocks *blocks, struct ha_answers *out);
/* One unit with exponential up times: Takacs' formula. */
bool ha_answer_single_unit(struct sim_arena *arena, const struct ha_blocks *blocks,
                           struct ha_answers *out);

/* A law as points and weights: E[g(X)] = sum of weight x g(point) for smooth g. */
struct ha_law_points {
    uint32_t n;
    const long double *point_s;
    const long double *weight;
};
struct ha_law_points ha_law_points_of(struct sim_arena *arena,
                                      const struct sim_dist *dist);

#endif
