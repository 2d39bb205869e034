/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Labels and what selects by them: label selectors (metav1.LabelSelector), plain
 * label sets, and node selector terms with their wider list of operators.
 *
 * The rules that surprise, all from k8s apimachinery pkg/labels and component-helpers
 * scheduling/corev1/nodeaffinity: a missing (null) selector matches nothing, an empty
 * one everything; NotIn and DoesNotExist match what does not have the key; a node term
 * without any expression matches nothing; Gt and Lt compare whole numbers, and a
 * label that is no whole number never matches.
 */
#ifndef HA_KUBE_SELECTOR_H
#define HA_KUBE_SELECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "models/design/doc.h"
#include "sim/arena.h"
#include "sim/err.h"

struct ha_label {
    const char *key, *value;
};

/* Sorted by key. */
struct ha_labels {
    uint32_t n;
    struct ha_label *item;
};

enum ha_operator {
    HA_OP_IN,
    HA_OP_NOT_IN,
    HA_OP_EXISTS,
    HA_OP_DOES_NOT_EXIST,
    HA_OP_GT,
    HA_OP_LT
};

struct ha_requirement {
    const char *key;
    enum ha_operator op;
    uint32_t n_values;
    const char **value;
    int64_t bound; /* Gt, Lt */
};

/* All requirements must hold. */
struct ha_selector {
    bool is_nothing; /* was null: matches nothing */
    uint32_t n;
    struct ha_requirement *item;
};

/* One nodeSelectorTerm or one preference. */
struct ha_node_term {
    int32_t weight;            /* preferences: 1-100 */
    struct ha_selector labels; /* matchExpressions */
    struct ha_selector fields; /* matchFields: metadata.name only */
};

/* Any term must hold. */
struct ha_node_terms {
    uint32_t n;
    struct ha_node_term *item;
};

/* The value of a key, or NULL. */
const char *ha_labels_get(const struct ha_labels *labels, const char *key);

/* Reads a map of texts (null: no labels). */
int ha_labels_read(struct sim_arena *arena, const struct ha_node *node,
                   struct ha_labels *out, struct sim_err *err);

/* Reads a LabelSelector; NULL or null gives the selector that matches nothing. */
int ha_selector_read(struct sim_arena *arena, const struct ha_node *node,
                     struct ha_selector *out, struct sim_err *err);

/* Adds "key = value" for each label, as for nodeSelector and Service selectors. */
void ha_selector_add_labels(struct sim_arena *arena, struct ha_selector *selector,
                            const struct ha_labels *labels);

/* Adds one requirement of one value. */
void ha_selector_add(struct sim_arena *arena, struct ha_selector *selector,
                     const char *key, enum ha_operator op, const char *value);

/* Appends all requirements of `more`. */
void ha_selector_join(struct sim_arena *arena, struct ha_selector *selector,
                      const struct ha_selector *more);

bool ha_selector_matches(const struct ha_selector *selector,
                         const struct ha_labels *labels);

/* Has no requirement and is not the selector that matches nothing. */
bool ha_selector_is_empty(const struct ha_selector *selector);

/* Reads a list of nodeSelectorTerms (`is_weighted`: of preferences). */
int ha_node_terms_read(struct sim_arena *arena, const struct ha_node *node,
                       bool is_weighted, struct ha_node_terms *out,
                       struct sim_err *err);

/* Does one term match a node of this name and these labels? */
bool ha_node_term_matches(const struct ha_node_term *term,
                          const struct ha_labels *labels, const char *name);

/* Does any term match? No terms: no. */
bool ha_node_terms_match(const struct ha_node_terms *terms,
                         const struct ha_labels *labels, const char *name);

#endif
