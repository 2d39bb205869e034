/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the scheduler share: the compiled tables, the layout of the
 * state, one scheduling cycle, and what a plugin is. Only models/kube/sched*.c
 * include this.
 *
 * Pods that the scheduler cannot tell apart (same needs, same wishes, same labels as
 * far as any selector looks) share a shape; everything costly is computed once a
 * shape. "How many such pods are on this node" is asked in many ways (anti-affinity,
 * spread, host ports); each way is a counter: a set of shapes. The state keeps one
 * number per counter and node, so binding a pod adds one in a few places and placing
 * a pod never walks over pods.
 */
#ifndef HA_KUBE_SCHED_INTERNAL_H
#define HA_KUBE_SCHED_INTERNAL_H

#include "models/kube/sched.h"

/* ---- bit sets ---- */

static inline bool ha_bit(const uint64_t *bits, uint32_t i)
{
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}

static inline void ha_bit_set(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline size_t ha_bit_words(size_t n)
{
    return (n + 63) / 64;
}

/* ---- interning: equal bytes, equal index ---- */

struct ha_intern_entry {
    const char *bytes;
    size_t n;
};

struct ha_intern {
    struct sim_arena *arena;
    uint32_t n;
    uint32_t capacity; /* of entry[] */
    struct ha_intern_entry *entry;
    uint32_t n_slots; /* power of two */
    uint32_t *slot;   /* index + 1, 0 = free */
};

void ha_intern_init(struct ha_intern *table, struct sim_arena *arena);
uint32_t ha_intern(struct ha_intern *table, const void *bytes, size_t n);
/* Index of bytes already there, or HA_SCHED_NONE. */
int32_t ha_intern_find(const struct ha_intern *table, const void *bytes, size_t n);

/* Canonical text of things, for interning. Grows with realloc; see sched_intern.c. */
struct ha_keytext {
    char *bytes;
    size_t n, capacity;
};
void ha_key_clear(struct ha_keytext *key);
void ha_key_release(struct ha_keytext *key);
void ha_key_int(struct ha_keytext *key, int64_t value);
void ha_key_text(struct ha_keytext *key, const char *text);
void ha_key_selector(struct ha_keytext *key, const struct ha_selector *selector);
void ha_key_node_terms(struct ha_keytext *key, const struct ha_node_terms *terms);
void ha_key_term(struct ha_keytext *key, const struct ha_affinity_term *term);

/* ---- tables ---- */

/* Columns of resources. Column 0 counts pods; further columns are extended ones. */
enum { HA_COL_PODS, HA_COL_CPU, HA_COL_MEMORY, HA_COL_EPHEMERAL, HA_COL_FIRST_SCALAR };
#define HA_SCHED_MAX_COLUMNS 30 /* one reason bit each */

struct ha_sched_key {
    const char *name;
    uint32_t n_values;
    int32_t *value;    /* by node; -1 = the node has no such label */
    const char **text; /* by value */
};

struct ha_sched_taint {
    const char *key, *value;
    enum ha_effect effect;
};

struct ha_sched_node_taint {
    uint32_t taint; /* index into taints */
    uint32_t flag;  /* active only while this flag is set; 0 = always */
};

struct ha_sched_counter {
    uint64_t *shapes; /* the pods that it counts */
    bool skips_terminating;
};

struct ha_sched_spread {
    uint32_t key;
    int32_t counter; /* HA_SCHED_NONE: no pod can ever match */
    int32_t max_skew, min_domains;
    bool honors_affinity, honors_taints;
    bool is_self; /* the pod matches its own constraint */
};

/* A pod-affinity fact about a shape: pods counted by `counter` in the node's domain
 * of `key` matter, with `weight` when scoring. */
struct ha_sched_term {
    uint32_t key;
    int32_t counter;
    int32_t weight;
};

struct ha_sched_terms {
    uint32_t n, capacity;
    struct ha_sched_term *item;
};

struct ha_sched_shape {
    const struct ha_kube_pod *pod;     /* an example of the shape */
    const struct ha_labels *ns_labels; /* labels of its namespace */
    int64_t *request;                  /* by column */
    int64_t scored_request[2];         /* cpu, memory; defaults where none is given */
    bool asks_nothing;                 /* no resource at all: best effort */
    const uint64_t *fits;              /* nodes by nodeSelector and required affinity;
                                          NULL = all */
    const int32_t *preference;         /* by node: sum of preferred weights, or NULL */
    uint64_t *tolerates;               /* taints that do not repel it */
    uint64_t *tolerates_softly;        /* PreferNoSchedule taints that do not count */
    int32_t port_counter;              /* pods whose host ports clash, or NONE */
    int32_t disk_counter;              /* pods whose disks clash, or NONE */
    bool has_own_spreads;
    uint32_t n_hard, n_soft;
    struct ha_sched_spread *hard, *soft;
    struct ha_sched_terms affinity; /* all share one counter: pods matching all */
    bool matches_own_affinity;
    struct ha_sched_terms anti;     /* own required anti-affinity */
    struct ha_sched_terms existing; /* others' required anti-affinity against us;
                                       sorted by key */
    struct ha_sched_terms scored;   /* sorted by key */
    uint32_t n_images, n_containers;
    uint32_t *image; /* one per container, repeated as written */
    uint32_t n_counted;
    uint32_t *counted; /* counters that count this shape */
};

struct ha_sched_image {
    int64_t size_bytes;
    uint64_t *nodes; /* which have it */
};

struct ha_sched_claim {
    const char *ns, *name;
    int32_t object;   /* index into objects->claim, or NONE: only referred to */
    int32_t class_ix; /* index into objects->storage_class, or NONE */
    bool is_delayed;  /* WaitForFirstConsumer */
    bool can_provision;
    const uint64_t *provision_fits; /* by allowedTopologies; NULL = all nodes */
    uint32_t n_pods;                /* that use it */
    uint32_t *pod;
};

struct ha_sched_volume {
    const uint64_t *fits;      /* node affinity; NULL = all nodes */
    const uint64_t *zone_fits; /* zone and region labels; NULL = all nodes */
    bool is_deleting;
};

struct ha_sched_pod {
    uint32_t shape;
    uint32_t n_claims;
    uint32_t *claim;
};

struct ha_sched {
    const struct ha_objects *objects;
    struct ha_sched_options options;
    uint32_t n_nodes, n_pods, n_shapes, n_claims, n_volumes, n_pdbs;
    uint32_t n_columns, n_keys, n_counters, n_taints, n_images;
    size_t node_words, shape_words, pod_words, taint_words;
    struct ha_intern node_names, pod_names, claim_names;

    const char **column;   /* names of resources */
    int64_t *allocatable;  /* [node][column] */
    uint32_t *first_taint; /* by node, n_nodes + 1 */
    struct ha_sched_node_taint *node_taint;
    struct ha_sched_taint *taint; /* the well-known ones first, in table order */
    uint32_t *flags;              /* at the start */
    struct ha_sched_key *key;
    uint32_t zone_key, hostname_key;
    struct ha_sched_counter *counter;
    struct ha_sched_shape *shape;
    struct ha_sched_pod *pod;
    struct ha_sched_image *image;
    struct ha_sched_claim *claim;
    struct ha_sched_volume *volume;
    uint64_t *pdb_covers; /* [pdb][pod words] */
    bool has_volume_limits;
    uint32_t max_values; /* of any key */
    uint32_t max_terms;  /* domain arrays that one cycle may need */

    size_t off_flags, off_pod_node, off_pod_flags, off_claim, off_pdb, off_used,
        off_scored, off_start, off_total, off_count, state_bytes;
    size_t scratch_bytes;
};

/* ---- state ---- */

struct ha_sched_pin {
    int32_t kind;  /* enum ha_sched_binding */
    int32_t where; /* volume, value of the zone key, or node; 0 if it says nothing */
};

#define HA_POD_TERMINATING 1u

/* Pointers into a state block: read-only, and for changing. */
#define HA_SCHED_VIEW(name, QUALIFIER)                                                 \
    struct name {                                                                      \
        QUALIFIER uint32_t *flags;                                                     \
        QUALIFIER int32_t *pod_node;                                                   \
        QUALIFIER uint8_t *pod_flags;                                                  \
        QUALIFIER struct ha_sched_pin *claim;                                          \
        QUALIFIER int32_t *pdb;                                                        \
        QUALIFIER int64_t *used;   /* [node][column] */                                \
        QUALIFIER int64_t *scored; /* [node][2] */                                     \
        QUALIFIER int64_t *start;                                                      \
        QUALIFIER uint32_t *total; /* by counter, all nodes */                         \
        QUALIFIER uint16_t *count; /* [counter][node] */                               \
    }
HA_SCHED_VIEW(ha_sched_view, const);
HA_SCHED_VIEW(ha_sched_edit, );

struct ha_sched_view ha_sched_view(const struct ha_sched *sched, const void *state);

static inline bool ha_sched_is_present(const struct ha_sched_view *v, uint32_t node)
{
    return (v->flags[node] & HA_SCHED_NODE_PRESENT) != 0;
}

/* Puts the offsets of the state into a compiled scheduler. */
void ha_sched_layout(struct ha_sched *sched);

/* ---- a scheduling cycle ---- */

/* Terminating pods that preemption has taken off a node for a trial: PodTopologySpread
 * did not count them and subtracts them all the same, as the original does. */
struct ha_sched_ghosts {
    uint32_t node;
    uint32_t n;
    const uint32_t *pod;
};

#define HA_SCHED_NO_DOMAIN INT32_MIN

struct ha_sched_domains { /* prepared by PodTopologySpread, one a constraint */
    int32_t *sum;         /* by value; NO_DOMAIN = no counted node has this value */
    int32_t min, n_domains;
    double weight; /* soft: ln(size + 2) */
};

struct ha_sched_cycle {
    const struct ha_sched *s;
    struct ha_sched_view v;
    uint32_t pod;
    const struct ha_sched_shape *shape;
    const struct ha_sched_ghosts *ghosts; /* or NULL */
    uint32_t n_present;
    uint32_t n_feasible;
    uint32_t *feasible;    /* nodes, ascending; set before scoring */
    int64_t *raw;          /* by position in feasible[] */
    const char *refusal;   /* set by prepare: the pod is refused outright */
    bool refusal_is_final; /* UnschedulableAndUnresolvable */
    char *block; /* memory of this cycle, handed out by ha_sched_cycle_alloc */
    size_t block_used, block_size;
    char *refusal_text; /* 512 bytes */

    /* what plugins prepare for themselves */
    struct ha_sched_domains *hard, *soft;
    bool soft_ignores_keyless;
    bool *soft_ignored;     /* by position in feasible[] */
    int32_t **affinity_sum; /* one a term */
    bool no_affinity_match; /* no pod anywhere matches */
    int32_t **anti_sum;
    int32_t **existing_sum; /* one a distinct key, see existing_key */
    uint32_t n_existing_keys;
    uint32_t *existing_key;
    int64_t **score_sum;
    uint32_t n_score_keys;
    uint32_t *score_key;
    int32_t rwop_user;    /* bound pod with the same ReadWriteOncePod claim, or NONE */
    uint8_t *is_taken;    /* by static volume */
    int64_t *image_score; /* by image of the shape */
};

/* Zeroed memory that lasts as long as the cycle. */
void *ha_sched_cycle_alloc(struct ha_sched_cycle *c, size_t n, size_t size);

/* First active taint of effect NoSchedule or NoExecute that the pod does not tolerate,
 * as index into taints, or HA_SCHED_NONE. */
int32_t ha_sched_untolerated(const struct ha_sched_cycle *c, uint32_t node);

/* Sum of a counter by value of a key, over the nodes that are there. */
void ha_sched_sum(const struct ha_sched_cycle *c, uint32_t key, int32_t counter,
                  int32_t *sum);

struct ha_sched_plugin {
    /* Before filtering. False: nothing to filter for this pod (or it is refused). May
     * be NULL: always filter. */
    bool (*prepare)(struct ha_sched_cycle *c);
    /* True: the node passes. Else fills reasons, detail, is_unresolvable. NULL: no
     * filter. */
    bool (*filter)(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out);
    /* Fills c->raw for the feasible nodes, normalised to 0..100. False: all 0. */
    bool (*score)(struct ha_sched_cycle *c);
    /* The k-th reason of a rejected node, in kube-scheduler's words; NULL = no more. */
    const char *(*reason)(const struct ha_sched *s,
                          const struct ha_sched_node_verdict *row, uint32_t k,
                          char *text, size_t size);
    const char *only_reason; /* instead, where there is but one; else NULL */
    /* One sentence for people. The cycle is prepared. */
    int (*explain)(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size);
    const char *only_words; /* instead, where it is always the same; else NULL */
};

#define HA_SCHED_PLUGIN(name, title, key, weight)                                      \
    extern const struct ha_sched_plugin ha_sched_##key;
#include "models/kube/sched_plugins.def"
#undef HA_SCHED_PLUGIN

const struct ha_sched_plugin *ha_sched_plugin(enum ha_sched_plugin_id plugin);

/* Memory of the calling thread, kept until it ends: slot 0 for ha_sched_place, 1 for
 * nested cycles, 2 for preemption. Never shrinks; grows on the first use only. */
void *ha_sched_scratch(int slot, size_t bytes);

/* Starts a cycle for a pod on a state, using a scratch slot. Every plugin's prepare
 * has run; `ghosts` is NULL except in preemption; `active` lists the plugins that
 * filter. When the pod is refused outright, *refused_by is the plugin. */
void ha_sched_cycle_begin(struct ha_sched_cycle *c, const struct ha_sched *sched,
                          const void *state, uint32_t pod, int slot,
                          const struct ha_sched_ghosts *ghosts,
                          uint8_t active[HA_SCHED_N_PLUGINS], uint32_t *n_active,
                          int *refused_by);

/* Filters one node; true when feasible. */
bool ha_sched_filter(const struct ha_sched_cycle *c, const uint8_t *active,
                     uint32_t n_active, uint32_t node,
                     struct ha_sched_node_verdict *row);

/* DefaultNormalizeScore: scales to 0..100 by the largest, reversed if wanted. */
void ha_sched_normalize(struct ha_sched_cycle *c, bool is_reversed);

/* Volumes: what happens to the claims of a pod on a node (VolumeBinding). Returns the
 * reason bits, 0 when all is well; fills at most `size` plans, *n_plans of them. */
uint32_t ha_sched_find_volumes(const struct ha_sched_cycle *c, uint32_t node,
                               struct ha_sched_claim_plan *plan, uint32_t size,
                               uint32_t *n_plans);

/* Does a toleration cover a taint? */
bool ha_sched_tolerates_taint(const struct ha_toleration *toleration,
                              const struct ha_sched_taint *taint);

/* ---- compiling: parts in files of their own ---- */

struct ha_sched_build {
    struct ha_sched *s;
    struct sim_arena *arena;
    struct ha_intern keys, taints, columns, images, predicates, counters, words;
    uint32_t cap_predicates;
    uint64_t **predicate; /* bits over shapes */
    struct ha_sched_counter *counter;
    uint32_t cap_counters;
    struct ha_keytext text;
    struct sim_err *err;
};

void ha_sched_build_nodes(struct ha_sched_build *b);
int ha_sched_build_shapes(struct ha_sched_build *b);
void ha_sched_build_matches(struct ha_sched_build *b);
uint32_t ha_sched_build_predicate(struct ha_sched_build *b,
                                  const struct ha_affinity_term *term);
void ha_sched_build_spreads(struct ha_sched_build *b, uint32_t shape);
void ha_sched_build_volumes(struct ha_sched_build *b);
uint32_t ha_sched_build_key(struct ha_sched_build *b, const char *name);
int32_t ha_sched_build_counter(struct ha_sched_build *b, const uint64_t *shapes,
                               bool skips_terminating);

#endif
