/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/scene.h"

#include <criterion/criterion.h>

void scene_open(struct scene *s, const char *file, const char *const *set,
                bool keep_plans)
{
    struct ha_model_options options = {.causes_off = keep_plans ? 0 : SCENE_NO_PLANS};

    test_design_load(&s->t, file, SCENE_THREE_ZONES, set, &options);
    sim_script_init(&s->script, &s->t.model, 1);
    sim_script_play(&s->script, 0.0);
}

void scene_close(struct scene *s)
{
    sim_script_release(&s->script);
    test_design_release(&s->t);
}

void scene_draw(struct scene *s, uint64_t seed)
{
    sim_script_release(&s->script);
    sim_script_init(&s->script, &s->t.model, seed);
    s->script.delays = SIM_SCRIPT_DRAWN;
    sim_script_play(&s->script, 0.0);
}

double scene_now(const struct scene *s)
{
    return s->script.run.world->now_s;
}

void scene_wait(struct scene *s, double seconds)
{
    sim_script_play(&s->script, scene_now(s) + seconds);
}

void scene_strike(struct scene *s, enum ha_fm fm, uint32_t entity, double heal_s)
{
    const struct ha_fm_plan *plan = &s->t.plan->kube.infra.fm[fm];
    size_t order = s->script.n_orders;

    cr_assert(plan->is_on);
    if (plan->has_heal) {
        sim_script_set_delay(&s->script, plan->heal_slot + entity, heal_s);
    }
    sim_script_at(&s->script, scene_now(s), plan->strike_slot + entity);
    sim_script_play(&s->script, scene_now(s));
    cr_assert(!s->script.order[order].is_refused);
}

struct ha_kube scene_kube(struct scene *s)
{
    return ha_kube_view(&s->t.plan->kube, &s->script.run);
}

struct ha_vc scene_vc(struct scene *s, struct ha_kube *k)
{
    *k = scene_kube(s);
    return ha_vc_view(k);
}

struct ha_vc_common scene_common(struct scene *s)
{
    struct ha_kube k;

    return *scene_vc(s, &k).common;
}

uint32_t scene_node_of(struct scene *s, uint32_t pod)
{
    return scene_kube(s).pod[pod].node;
}

uint32_t scene_node_without(struct scene *s, uint32_t first, uint32_t n, uint32_t other,
                            uint32_t n_others)
{
    uint32_t node = HA_NOWHERE;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = scene_node_of(s, first + i);
        bool is_alone = at != HA_NOWHERE;

        for (uint32_t o = 0; o < n_others; o++) {
            is_alone = is_alone && scene_node_of(s, other + o) != at;
        }
        node = is_alone ? at : node;
    }
    cr_assert_neq(node, HA_NOWHERE);
    return node;
}

bool scene_is_down(const struct scene *s, enum ha_vc_service service)
{
    return (s->script.down >> service & 1u) != 0;
}

double scene_downtime(const struct scene *s, enum ha_vc_service service, double seconds)
{
    double now = scene_now(s);

    return sim_script_downtime(&s->script, service, now - seconds, now);
}

double scene_bad_share(struct scene *s, enum ha_vc_service service)
{
    double bad[SIM_MAX_SERVICES] = {0};

    s->t.model.degraded(s->t.model.plan, &s->script.run, bad);
    return bad[service];
}

double scene_blame(struct scene *s, enum ha_vc_service service, uint8_t cause)
{
    double share[SIM_MAX_CAUSES] = {0};

    s->t.model.blame(s->t.model.plan, &s->script.run, service, share);
    return share[cause];
}
