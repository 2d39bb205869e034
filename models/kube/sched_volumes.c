/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compiling claims and volumes: which claims exist or are referred to, where each
 * volume may be used, where each class may provision.
 *
 * A claim that a pod names but that is not among the objects gets an entry too, in the
 * state MISSING, because in a run it may come into being (the StatefulSet controller
 * creates it). Static volumes carry their node affinity as a set of nodes; zone and
 * region labels on a volume are a second such set (VolumeZone). A label may list
 * several zones, joined by "__" (k8s component-helpers/storage/volume LabelZonesToSet).
 *
 * From 1.27 on a volume's old beta label is compared with the node's new label when
 * the node no longer has the old one (k8s volumezone, translateToGALabel).
 */
#include <string.h>

#include "models/kube/sched_internal.h"

static const struct {
    const char *label;
    const char *newer; /* or NULL */
} zone_labels[] = {
    {"failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"},
    {"failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"},
    {"topology.kubernetes.io/zone", NULL},
    {"topology.kubernetes.io/region", NULL},
};
#define N_ZONE_LABELS (sizeof(zone_labels) / sizeof(zone_labels[0]))

/* ---- where a volume may be used ---- */

static const uint64_t *terms_fit(struct ha_sched_build *b,
                                 const struct ha_node_terms *terms)
{
    const struct ha_sched *s = b->s;
    uint64_t *fits = sim_arena_calloc(b->arena, s->node_words, sizeof(uint64_t));

    for (uint32_t i = 0; i < s->n_nodes; i++) {
        const struct ha_meta *meta = &s->objects->node[i].meta;

        if (ha_node_terms_match(terms, &meta->labels, meta->name)) {
            ha_bit_set(fits, i);
        }
    }
    return fits;
}

static bool zone_listed(const char *list, const char *zone)
{
    const size_t n = strlen(zone);

    for (;;) {
        const char *end = strstr(list, "__");
        const size_t m = end != NULL ? (size_t)(end - list) : strlen(list);

        if (m == n && memcmp(list, zone, n) == 0) {
            return true;
        }
        if (end == NULL) {
            return false;
        }
        list = end + 2;
    }
}

static const char *node_zone(const struct ha_sched *s, const struct ha_labels *labels,
                             size_t which)
{
    const char *value = ha_labels_get(labels, zone_labels[which].label);

    if (value == NULL && zone_labels[which].newer != NULL &&
        s->options.k8s_minor >= 27) {
        value = ha_labels_get(labels, zone_labels[which].newer);
    }
    return value;
}

static bool zones_agree(const struct ha_sched *s, const struct ha_labels *volume,
                        const struct ha_labels *node)
{
    bool has_any = false;

    for (size_t i = 0; i < N_ZONE_LABELS; i++) {
        has_any = has_any || ha_labels_get(node, zone_labels[i].label) != NULL;
    }
    for (size_t i = 0; has_any && i < N_ZONE_LABELS; i++) {
        const char *list = ha_labels_get(volume, zone_labels[i].label);
        const char *zone = node_zone(s, node, i);

        if (list != NULL && !zone_listed(list, zone != NULL ? zone : "")) {
            return false;
        }
    }
    return true;
}

static const uint64_t *zones_fit(struct ha_sched_build *b,
                                 const struct ha_labels *volume)
{
    const struct ha_sched *s = b->s;
    bool has_any = false;
    uint64_t *fits;

    for (size_t i = 0; i < N_ZONE_LABELS; i++) {
        has_any = has_any || ha_labels_get(volume, zone_labels[i].label) != NULL;
    }
    if (!has_any) {
        return NULL;
    }
    fits = sim_arena_calloc(b->arena, s->node_words, sizeof(uint64_t));
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        if (zones_agree(s, volume, &s->objects->node[i].meta.labels)) {
            ha_bit_set(fits, i);
        }
    }
    return fits;
}

static void build_volumes(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;

    s->n_volumes = o->n_volumes;
    s->volume = sim_arena_calloc(b->arena, s->n_volumes, sizeof(*s->volume));
    for (uint32_t i = 0; i < s->n_volumes; i++) {
        if (o->volume[i].has_node_affinity) {
            s->volume[i].fits = terms_fit(b, &o->volume[i].node_affinity);
        }
        s->volume[i].zone_fits = zones_fit(b, &o->volume[i].meta.labels);
        s->volume[i].is_deleting = o->volume[i].meta.is_terminating;
    }
}

/* ---- claims ---- */

static uint32_t claim_of(struct ha_sched_build *b, const char *ns, const char *name)
{
    ha_key_clear(&b->text);
    ha_key_text(&b->text, ns);
    ha_key_text(&b->text, name);
    return ha_intern(&b->s->claim_names, b->text.bytes, b->text.n);
}

static void build_pod_claims(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;

    for (uint32_t i = 0; i < o->n_claims; i++) {
        claim_of(b, o->claim[i].meta.ns, o->claim[i].meta.name);
    }
    for (uint32_t i = 0; i < s->n_pods; i++) {
        const struct ha_kube_pod *pod = &o->pod[i];

        s->pod[i].claim = sim_arena_calloc(b->arena, pod->n_volumes, sizeof(uint32_t));
        for (uint32_t k = 0; k < pod->n_volumes; k++) {
            if (pod->volume[k].claim != NULL) {
                s->pod[i].claim[s->pod[i].n_claims++] =
                    claim_of(b, pod->meta.ns, pod->volume[k].claim);
            }
        }
    }
    s->n_claims = s->claim_names.n;
    s->claim = sim_arena_calloc(b->arena, s->n_claims, sizeof(*s->claim));
}

static void build_users(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;

    for (uint32_t i = 0; i < s->n_pods; i++) {
        for (uint32_t k = 0; k < s->pod[i].n_claims; k++) {
            s->claim[s->pod[i].claim[k]].n_pods++;
        }
    }
    for (uint32_t i = 0; i < s->n_claims; i++) {
        s->claim[i].pod =
            sim_arena_calloc(b->arena, s->claim[i].n_pods, sizeof(uint32_t));
        s->claim[i].n_pods = 0;
    }
    for (uint32_t i = 0; i < s->n_pods; i++) {
        for (uint32_t k = 0; k < s->pod[i].n_claims; k++) {
            struct ha_sched_claim *claim = &s->claim[s->pod[i].claim[k]];

            claim->pod[claim->n_pods++] = i;
        }
    }
}

static void set_class(struct ha_sched_build *b, struct ha_sched_claim *claim,
                      const char *name)
{
    const struct ha_objects *o = b->s->objects;

    for (uint32_t i = 0; i < o->n_classes; i++) {
        const struct ha_kube_class *class = &o->storage_class[i];

        if (strcmp(class->meta.name, name) == 0) {
            claim->class_ix = (int32_t)i;
            claim->is_delayed = !class->is_immediate;
            claim->can_provision =
                *class->provisioner != '\0' &&
                strcmp(class->provisioner, "kubernetes.io/no-provisioner") != 0;
            if (class->has_topologies) {
                claim->provision_fits = terms_fit(b, &class->topologies);
            }
        }
    }
}

/* A claim that does not exist yet will be made by a StatefulSet from its template; its
 * class is then known from there. */
static void set_template_class(struct ha_sched_build *b, uint32_t ix)
{
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;
    struct ha_sched_claim *claim = &s->claim[ix];
    const struct ha_kube_pod *pod;

    if (claim->n_pods == 0) {
        return;
    }
    pod = &o->pod[claim->pod[0]];
    claim->ns = pod->meta.ns;
    for (uint32_t k = 0; k < pod->n_volumes; k++) {
        if (pod->volume[k].claim != NULL &&
            claim_of(b, pod->meta.ns, pod->volume[k].claim) == ix) {
            claim->name = pod->volume[k].claim;
        }
    }
    for (uint32_t i = 0; i < o->n_sets; i++) {
        const struct ha_kube_set *set = &o->set[i];

        if (pod->meta.owner_name == NULL ||
            strcmp(set->meta.name, pod->meta.owner_name) != 0) {
            continue;
        }
        for (uint32_t k = 0; k < set->n_claim_templates; k++) {
            const struct ha_node *template = set->claim_template[k];
            const char *prefix =
                ha_node_text(ha_node_at(template, "metadata.name"), "");
            const size_t n = strlen(prefix);

            if (strncmp(claim->name, prefix, n) == 0 && claim->name[n] == '-') {
                set_class(
                    b, claim,
                    ha_node_text(ha_node_at(template, "spec.storageClassName"), ""));
            }
        }
    }
}

static void build_claims(struct ha_sched_build *b)
{
    struct ha_sched *s = b->s;
    const struct ha_objects *o = s->objects;

    build_pod_claims(b);
    build_users(b);
    for (uint32_t i = 0; i < s->n_claims; i++) {
        struct ha_sched_claim *claim = &s->claim[i];

        claim->class_ix = HA_SCHED_NONE;
        claim->object = i < o->n_claims ? (int32_t)i : HA_SCHED_NONE;
        if (claim->object >= 0) {
            claim->ns = o->claim[i].meta.ns;
            claim->name = o->claim[i].meta.name;
            set_class(b, claim, o->claim[i].storage_class);
        } else {
            set_template_class(b, i);
        }
    }
}

/* Does any node publish a limit on attached volumes? */
static bool has_limits(const struct ha_objects *o)
{
    for (uint32_t i = 0; i < o->n_csi_nodes; i++) {
        for (uint32_t k = 0; k < o->csi_node[i].n_drivers; k++) {
            if (o->csi_node[i].driver[k].value >= 0) {
                return true;
            }
        }
    }
    for (uint32_t i = 0; i < o->n_nodes; i++) {
        for (uint32_t k = 0; k < o->node[i].allocatable.n; k++) {
            if (strncmp(o->node[i].allocatable.item[k].resource, "attachable-volumes-",
                        19) == 0) {
                return true;
            }
        }
    }
    return false;
}

void ha_sched_build_volumes(struct ha_sched_build *b)
{
    build_volumes(b);
    build_claims(b);
    b->s->has_volume_limits = has_limits(b->s->objects);
}
