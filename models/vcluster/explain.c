/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One sentence for each timer of the tenant control plane, told after it went off.
 * Written for the reader of a timeline: what happened, to whom, with what effect.
 */
#include "models/vcluster/plan.h"

#include <stdio.h>

#include "models/vcluster/extras.h"

static const char *pod_name(const struct ha_vc *v, uint32_t pod)
{
    return v->plan->kube.infra.pod_name[pod];
}

static const char *name_or_nobody(const struct ha_vc *v, uint16_t pod)
{
    return pod == HA_NO_POD ? "nobody" : pod_name(v, pod);
}

static int explain_election(const struct ha_vc *v, char *text, size_t size)
{
    if (v->common->leader == HA_NO_POD) {
        return snprintf(text, size, "the store's leader steps down: no majority");
    }
    return snprintf(text, size, "%s leads the store: reads and writes work",
                    pod_name(v, v->common->leader));
}

static int explain_lease(const struct ha_vc *v, const char *whose, uint8_t phase,
                         uint16_t holder, char *text, size_t size)
{
    switch ((enum ha_lease_phase)phase) {
    case HA_LEASE_DOOMED:
        return snprintf(text, size, "%s of %s missed its last renewal", whose,
                        name_or_nobody(v, holder));
    case HA_LEASE_EXPIRING:
        return snprintf(text, size, "%s holder gave up and exits", whose);
    case HA_LEASE_OPEN:
        return snprintf(text, size, "%s has expired and can be taken", whose);
    case HA_LEASE_HELD:
        return snprintf(text, size, "%s is held by %s", whose,
                        name_or_nobody(v, holder));
    case HA_LEASE_CUT:
        break;
    }
    return snprintf(text, size, "%s cannot be renewed", whose);
}

static int explain_pod(const struct ha_vc *v, enum ha_vc_purpose purpose, uint32_t pod,
                       char *text, size_t size)
{
    bool is_cp = pod >= v->plan->cp_first && pod < v->plan->cp_first + v->plan->n_cp;

    switch (purpose) {
    case HA_PURPOSE_APP_UP:
        return snprintf(text, size, "%s is up", pod_name(v, pod));
    case HA_PURPOSE_APP_LIMIT:
        return snprintf(text, size, "%s is killed: %s", pod_name(v, pod),
                        is_cp ? "no store, its API gave up"
                              : "no quorum, it never passed its startup probe");
    case HA_PURPOSE_CANDIDATE:
        return explain_lease(v, "the syncer lease", v->common->lease_phase,
                             v->common->holder, text, size);
    case HA_PURPOSE_REFILL:
        return snprintf(text, size, "%s has its data back", pod_name(v, pod));
    default:
        break;
    }
    return snprintf(text, size, "API servers noticed that %s is gone",
                    pod_name(v, pod));
}

int ha_vc_explain(const struct ha_vc *v, uint32_t purpose, uint32_t entity, char *text,
                  size_t size)
{
    switch ((enum ha_vc_purpose)purpose) {
    case HA_PURPOSE_ELECTION:
        return explain_election(v, text, size);
    case HA_PURPOSE_RESTORE:
        return snprintf(text, size, "the data is restored from a backup");
    case HA_PURPOSE_LEASE:
        return explain_lease(v, "the syncer lease", v->common->lease_phase,
                             v->common->holder, text, size);
    case HA_PURPOSE_CONTROLLERS:
        return snprintf(text, size, "the syncer's controllers run on %s",
                        name_or_nobody(v, v->common->holder));
    case HA_PURPOSE_KCM:
        return explain_lease(v, "the controller-manager lease", v->common->kcm_phase,
                             v->common->kcm_holder, text, size);
    case HA_PURPOSE_EXTRA:
        return snprintf(text, size, "%s: something changed",
                        v->plan->extras->item[entity].name);
    default:
        break;
    }
    return explain_pod(v, (enum ha_vc_purpose)purpose, entity, text, size);
}
