/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A design under the scripted driver: strike something, let time pass, look. */
#ifndef TESTS_SUPPORT_SCENE_H
#define TESTS_SUPPORT_SCENE_H

#include "sim/scripted.h"
#include "tests/support/designs.h"

/* Planned work that would come by itself. */
#define SCENE_NO_PLANS                                                                 \
    (HA_FM_BIT(NODE_DRAIN) | HA_FM_BIT(HOSTCP_UPGRADE) | HA_FM_BIT(ROLLOUT) |          \
     HA_FM_BIT(CERT_RENEWAL))

struct scene {
    struct test_design t;
    struct sim_script script;
};

#define SCENE_THREE_ZONES "configs/hosts/three-zones.yaml"
#define SCENE_CORRECTED   "configs/designs/guide-corrected.yaml"
#define SCENE_EMBEDDED    "configs/designs/embedded-etcd.yaml"
#define SCENE_SINGLE      "configs/designs/single-replica.yaml"

/* Loads the design on three zones; nothing happens unasked (planned work is off unless
 * keep_plans). Delays are medians until scene_draw(). */
void scene_open(struct scene *s, const char *file, const char *const *set,
                bool keep_plans);
void scene_close(struct scene *s);
/* Starts the story again, delays drawn with this seed. */
void scene_draw(struct scene *s, uint64_t seed);

/* Lets a failure mode strike entity now (at the script's time) and heal after
 * `heal_s` (negative: by its law). Asserts that it could. */
void scene_strike(struct scene *s, enum ha_fm fm, uint32_t entity, double heal_s);
/* Plays so many seconds on. */
void scene_wait(struct scene *s, double seconds);
double scene_now(const struct scene *s);

/* Views of the world played. */
struct ha_kube scene_kube(struct scene *s);
struct ha_vc scene_vc(struct scene *s, struct ha_kube *k);
struct ha_vc_common scene_common(struct scene *s);
uint32_t scene_node_of(struct scene *s, uint32_t pod);
/* The last node with one of n pods from `first` on and none of n_others from `other`
 * on. Asserts that there is one. */
uint32_t scene_node_without(struct scene *s, uint32_t first, uint32_t n, uint32_t other,
                            uint32_t n_others);
bool scene_is_down(const struct scene *s, enum ha_vc_service service);
/* Seconds `service` was down in the last `seconds`. */
double scene_downtime(const struct scene *s, enum ha_vc_service service,
                      double seconds);
double scene_bad_share(struct scene *s, enum ha_vc_service service);
double scene_blame(struct scene *s, enum ha_vc_service service, uint8_t cause);

#endif
