/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Helpers shared by the readers of Kubernetes objects. A reader remembers its first
 * error and from then on every helper returns its fallback at once, so that a reader
 * of an object reads top to bottom without a check after each field.
 */
#ifndef HA_KUBE_OBJECT_READ_H
#define HA_KUBE_OBJECT_READ_H

#include "models/kube/object.h"

/* The most of one resource that a pod may ask for or a node may have: 1 Pi (of bytes,
 * millicores, pieces). With at most HA_SCHED_MAX_PODS pods on a node, sums and their
 * hundredfold stay within 64 bits. */
#define HA_AMOUNT_MAX ((int64_t)1 << 50)

struct ha_obj {
    struct sim_arena *arena;
    struct sim_err *err;
    int code; /* 0, or the first error */
};

/* The list, map or scalar under a key; NULL when absent or null. Another kind of node
 * is an error. `map` may be NULL. */
const struct ha_node *ha_obj_list(struct ha_obj *r, const struct ha_node *map,
                                  const char *key);
const struct ha_node *ha_obj_map(struct ha_obj *r, const struct ha_node *map,
                                 const char *key);
const char *ha_obj_text(struct ha_obj *r, const struct ha_node *map, const char *key,
                        const char *fallback);

/* A name that must be there. */
const char *ha_obj_need(struct ha_obj *r, const struct ha_node *map, const char *key);

bool ha_obj_bool(struct ha_obj *r, const struct ha_node *map, const char *key,
                 bool fallback);
int64_t ha_obj_int(struct ha_obj *r, const struct ha_node *map, const char *key,
                   int64_t fallback, int64_t lo, int64_t hi);

/* RFC 3339 as Unix seconds; INT64_MAX when absent. */
int64_t ha_obj_time(struct ha_obj *r, const struct ha_node *map, const char *key);

/* A map of resource names to quantities. */
struct ha_amounts ha_obj_amounts(struct ha_obj *r, const struct ha_node *map,
                                 const char *key);
/* One quantity of bytes, or `fallback`. */
int64_t ha_obj_bytes(struct ha_obj *r, const struct ha_node *map, const char *key,
                     int64_t fallback);
/* The amount of a resource; false when it is not listed. */
bool ha_amounts_get(const struct ha_amounts *amounts, const char *resource,
                    int64_t *value);

struct ha_labels ha_obj_labels(struct ha_obj *r, const struct ha_node *map,
                               const char *key);
struct ha_selector ha_obj_selector(struct ha_obj *r, const struct ha_node *map,
                                   const char *key);
struct ha_node_terms ha_obj_node_terms(struct ha_obj *r, const struct ha_node *map,
                                       const char *key, bool is_weighted);
const char **ha_obj_texts(struct ha_obj *r, const struct ha_node *map, const char *key,
                          uint32_t *n);

/* Index of the text under a key among words (NULL ends them), or `fallback` when
 * absent; an unknown word is an error that lists them. */
int ha_obj_word(struct ha_obj *r, const struct ha_node *map, const char *key,
                const char *const *words, int fallback);

/* Reports an error at a node. */
void ha_obj_fail(struct ha_obj *r, const struct ha_node *at, const char *what);

/* The readers, one per kind. */
void ha_obj_read_pod(struct ha_obj *r, const struct ha_node *tree,
                     struct ha_kube_pod *out);
void ha_obj_read_node(struct ha_obj *r, const struct ha_node *tree,
                      struct ha_kube_node *out);
void ha_obj_read_claim(struct ha_obj *r, const struct ha_node *tree,
                       struct ha_kube_claim *out);
void ha_obj_read_volume(struct ha_obj *r, const struct ha_node *tree,
                        struct ha_kube_volume *out);
void ha_obj_read_class(struct ha_obj *r, const struct ha_node *tree,
                       struct ha_kube_class *out);
void ha_obj_read_csi_node(struct ha_obj *r, const struct ha_node *tree,
                          struct ha_kube_csi_node *out);
void ha_obj_read_terms(struct ha_obj *r, const struct ha_node *tree,
                       struct ha_kube_pod *out);

#endif
