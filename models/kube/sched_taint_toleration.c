/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TaintToleration: NoSchedule and NoExecute taints repel pods that do not tolerate
 * them; PreferNoSchedule taints cost points.
 *
 * A toleration covers a taint when its effect is empty or equal, its key is empty or
 * equal, and its operator is Exists or its value is equal. The filter names the first
 * untolerated taint of the node, so the order of a node's taints shows in messages:
 * those written in the object first, then the well-known ones that came later, in the
 * order of sched_taints.def.
 *
 * Score: the number of PreferNoSchedule taints not covered by tolerations whose effect
 * is empty or PreferNoSchedule, turned around and scaled to 100. No such taint
 * anywhere: 100 for all.
 *
 * A dead node is repelled by this plugin and by nothing else: NotReady is no filter,
 * only the taints that the node life cycle controller sets some 40 s later are.
 * Source: k8s plugins/tainttoleration, k8s.io/api/core/v1/toleration.go.
 */
#include <stdio.h>
#include <string.h>

#include "models/kube/sched_internal.h"

bool ha_sched_tolerates_taint(const struct ha_toleration *toleration,
                              const struct ha_sched_taint *taint)
{
    if (toleration->effect != HA_EFFECT_ANY && toleration->effect != taint->effect) {
        return false;
    }
    if (*toleration->key != '\0' && strcmp(toleration->key, taint->key) != 0) {
        return false;
    }
    return toleration->exists || strcmp(toleration->value, taint->value) == 0;
}

bool ha_sched_tolerates(const struct ha_sched *sched, uint32_t pod, uint32_t taint_flag,
                        double *seconds)
{
    const struct ha_kube_pod *object = &sched->objects->pod[pod];
    uint32_t taint = 0;
    bool is_tolerated = false;

    while ((1u << (taint + HA_SCHED_BIT_BEFORE_TAINTS_ + 1)) != taint_flag) {
        taint++;
    }
    /* The shortest of the matching tolerations counts (taint eviction controller). */
    *seconds = -1.0;
    for (uint32_t i = 0; i < object->n_tolerations; i++) {
        const struct ha_toleration *toleration = &object->toleration[i];

        if (ha_sched_tolerates_taint(toleration, &sched->taint[taint])) {
            is_tolerated = true;
            if (toleration->seconds >= 0 &&
                (*seconds < 0 || (double)toleration->seconds < *seconds)) {
                *seconds = (double)toleration->seconds;
            }
        }
    }
    return is_tolerated;
}

static bool repels(const struct ha_sched_cycle *c, uint32_t taint)
{
    const enum ha_effect effect = c->s->taint[taint].effect;

    return effect != HA_EFFECT_PREFER_NO_SCHEDULE &&
           !ha_bit(c->shape->tolerates, taint);
}

int32_t ha_sched_untolerated(const struct ha_sched_cycle *c, uint32_t node)
{
    const struct ha_sched *s = c->s;
    uint32_t flags = c->v.flags[node];

    for (uint32_t i = s->first_taint[node]; i < s->first_taint[node + 1]; i++) {
        const struct ha_sched_node_taint *taint = &s->node_taint[i];

        if (taint->flag != 0) {
            if ((flags & taint->flag) == 0) {
                continue;
            }
            flags &= ~taint->flag;
        }
        if (repels(c, taint->taint)) {
            return (int32_t)taint->taint;
        }
    }
    flags >>= HA_SCHED_BIT_BEFORE_TAINTS_ + 1;
    for (uint32_t taint = 0; flags != 0; flags >>= 1, taint++) {
        if ((flags & 1) != 0 && repels(c, taint)) {
            return (int32_t)taint;
        }
    }
    return HA_SCHED_NONE;
}

static bool filter(const struct ha_sched_cycle *c, uint32_t node,
                   struct ha_sched_node_verdict *out)
{
    const int32_t taint = ha_sched_untolerated(c, node);

    if (taint < 0) {
        return true;
    }
    out->reasons = 1;
    out->detail = taint;
    out->is_unresolvable = true;
    return false;
}

static bool score(struct ha_sched_cycle *c)
{
    const struct ha_sched *s = c->s;

    for (uint32_t i = 0; i < c->n_feasible; i++) {
        const uint32_t node = c->feasible[i];

        c->raw[i] = 0;
        for (uint32_t k = s->first_taint[node]; k < s->first_taint[node + 1]; k++) {
            const uint32_t taint = s->node_taint[k].taint;

            c->raw[i] += s->taint[taint].effect == HA_EFFECT_PREFER_NO_SCHEDULE &&
                         !ha_bit(c->shape->tolerates_softly, taint);
        }
    }
    ha_sched_normalize(c, true);
    return true;
}

static const char *reason(const struct ha_sched *s,
                          const struct ha_sched_node_verdict *row, uint32_t k,
                          char *text, size_t size)
{
    if (k > 0) {
        return NULL;
    }
    snprintf(text, size, "node(s) had untolerated taint {%s: %s}",
             s->taint[row->detail].key, s->taint[row->detail].value);
    return text;
}

static int explain(const struct ha_sched_cycle *c, uint32_t node,
                   const struct ha_sched_node_verdict *row, char *text, size_t size)
{
    const struct ha_sched_taint *taint = &c->s->taint[row->detail];
    const char *value = taint->value;

    (void)node;
    return snprintf(text, size, "taint %s%s%s:%s is not tolerated", taint->key,
                    *value != '\0' ? "=" : "", value,
                    taint->effect == HA_EFFECT_NO_EXECUTE ? "NoExecute" : "NoSchedule");
}

const struct ha_sched_plugin ha_sched_taint_toleration = {
    .filter = filter, .score = score, .reason = reason, .explain = explain};
