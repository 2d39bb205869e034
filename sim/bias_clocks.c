/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The armed failure clocks of a state: which of them fails next, when, and what that
 * does to the likelihood ratios of all strategies.
 *
 * A survey looks at a window, up to the next event of any other kind, within which no
 * rate changes by itself. It notes each clock's mean hazard h_i in the window and its
 * share s_i of the intensity c_k that strategy k wants; clock i then runs at
 * max(h_i, c_k s_i): raised, never lowered, and left alone where it fails often enough.
 * A clock whose law is not exponential has its own hazard multiplied by the constant
 * factor max(h_i, c_k s_i) / h_i, so the shape of its law stays and only its cumulative
 * hazard H_i is needed.
 *
 * Shares. A part is balanced: evenly over the failure groups and inside a group by
 * hazard (safe for unbalanced systems). The rest, if there is any, goes to what was
 * learned and to the failures known to lead to the outage; both by hazard between alike
 * clocks, since older ones fail sooner.
 *
 * The next failure. All clocks together are one Poisson process of mass
 * sum_i max(h_i, c_k s_i) w in the window w. Its points are drawn by unit exponentials;
 * each belongs to clock i in proportion to its mass, at a uniform place in it
 * (superposition and marking, Kingman, "Poisson Processes", ch. 2 and 5); the earliest
 * counts. So a window without failure costs one draw and no inverse.
 *
 * The ratios: ln(g_k/f) = - sum_i (factor_ki - 1) dH_i over time, + ln factor_ki at the
 * failure of clock i. Over a whole window the sum is (sum of raised - sum of plain
 * hazards) w.
 *
 * Source of the balance: Shahabuddin, Management Science 40, 1994.
 */
#include <math.h>

#include "sim/bias.h"

#include "sim/poison.h"

#define NO_WINDOW_S 3600.0 /* to average a hazard over when nothing is scheduled */
#define MOST_MASS   40.0   /* of one clock in a window */
#define BALANCED    0.3    /* part of the shares that no lesson touches */

static double raise_to(double hazard, double wanted)
{
    return wanted > hazard ? wanted : hazard;
}

static double raised_hazard(const struct sim_bias_clocks *clocks,
                            const struct sim_bias_path *path, int k, uint32_t i)
{
    if (k == SIM_BIAS_PLAIN) {
        return clocks->hazard[i];
    }
    return raise_to(clocks->hazard[i], path->intensity[k] * clocks->share[i]);
}

/* ---- Survey ------------------------------------------------------------------------
 */

/* Cumulative hazard at at_s. The end of one window is the start of the next, so the
 * last answer is kept. */
static double cumulative(struct sim_bias_memo *memo, const struct sim_dist *law,
                         const struct sim_timer *timer, double at_s)
{
    if (memo->at_s != at_s || memo->armed_at_s != timer->armed_at_s ||
        memo->dist != timer->dist) {
        *memo = (struct sim_bias_memo){
            .armed_at_s = timer->armed_at_s,
            .at_s = at_s,
            .hazard = sim_dist_cumulative_hazard(law, at_s - timer->armed_at_s),
            .dist = timer->dist,
        };
    }
    return memo->hazard;
}

/* Mean hazard of a clock with a general law in the window from now on. */
static double general_hazard(struct sim_bias_player *player, uint32_t c)
{
    const struct sim_run *run = &player->run;
    const struct sim_timer *timer = &run->timer[player->plan->clock_slot[c]];
    const struct sim_dist *law = &run->model->dist[timer->dist];
    const double now_s = run->world->now_s;
    const double window_s = player->clocks.window_s;
    struct sim_bias_memo *memo = &player->clocks.memo[c];
    const double begin = cumulative(memo, law, timer, now_s);
    const double end = cumulative(memo, law, timer, now_s + window_s);

    return (end - begin) / window_s;
}

/* Collects the armed failure clocks that have a hazard. */
static void collect(struct sim_bias_player *player)
{
    const struct sim_bias_plan *plan = player->plan;
    const struct sim_run *run = &player->run;
    struct sim_bias_clocks *clocks = &player->clocks;

    clocks->n = 0;
    clocks->n_general = 0;
    for (uint32_t c = 0; c < plan->n_clocks; c++) {
        const uint32_t slot = plan->clock_slot[c];
        if (!sim_timer_is_armed(run, slot)) {
            continue;
        }
        const struct sim_timer *timer = &run->timer[slot];
        const uint32_t i = clocks->n;
        double hazard = timer->rate_per_s;
        clocks->age[i] = 1.0;
        clocks->is_general[i] = false;
        if (timer->dist != SIM_LAW_RATE) {
            if (!plan->dist_hazard[timer->dist]) {
                continue;
            }
            hazard = plan->dist_rate[timer->dist];
            if (!(hazard > 0.0)) {
                hazard = general_hazard(player, c);
                clocks->age[i] = hazard * run->model->dist[timer->dist].mean_s;
                clocks->is_general[i] = true;
                clocks->n_general++;
            }
        }
        clocks->ix[i] = c;
        clocks->hazard[i] = hazard;
        clocks->n++;
    }
}

/* A clock that is nearly sure to fail in the window (its hazard may be infinite at the
 * end) shortens it to where its hazard is spent to MOST_MASS. True: look again. */
static bool shorten(struct sim_bias_player *player)
{
    const struct sim_run *run = &player->run;
    struct sim_bias_clocks *clocks = &player->clocks;
    const double window_s = clocks->window_s;

    for (uint32_t i = 0; i < clocks->n; i++) {
        if (!clocks->is_general[i] || clocks->hazard[i] * window_s <= MOST_MASS) {
            continue;
        }
        const uint32_t slot = player->plan->clock_slot[clocks->ix[i]];
        const struct sim_timer *timer = &run->timer[slot];
        const struct sim_dist *law = &run->model->dist[timer->dist];
        const double age_s = run->world->now_s - timer->armed_at_s;
        const double h = sim_dist_cumulative_hazard(law, age_s) + 0.5 * MOST_MASS;
        const double until_s = sim_dist_cumulative_hazard_inverse(law, h) - age_s;
        if (until_s > 0.0 && until_s < clocks->window_s) {
            clocks->window_s = until_s;
        }
    }
    return clocks->window_s < window_s;
}

static bool is_useful(const uint64_t *useful, uint32_t c)
{
    return useful != NULL && (useful[c / 64] >> (c % 64) & 1) != 0;
}

/* Sums over the surveyed clocks that shares are taken of. */
struct sums {
    double rate[SIM_BIAS_GROUPS];   /* hazard by group */
    double useful[SIM_BIAS_GROUPS]; /* the same, useful clocks only */
    uint32_t n_groups;
    uint32_t n_useful; /* groups with useful clocks */
    double learned;
};

static void sum_up(const struct sim_bias_player *player, struct sums *sums)
{
    const struct sim_bias_clocks *clocks = &player->clocks;
    const uint64_t *useful = player->now->useful;

    for (uint32_t i = 0; i < clocks->n; i++) {
        const uint32_t c = clocks->ix[i];
        const uint32_t g = player->plan->clock_group[c];
        const double h = clocks->hazard[i];
        sums->learned += clocks->wanted[c] * clocks->age[i];
        sums->n_groups += sums->rate[g] == 0.0 && h > 0.0;
        sums->rate[g] += h;
        if (is_useful(useful, c)) {
            sums->n_useful += sums->useful[g] == 0.0 && h > 0.0;
            sums->useful[g] += h;
        }
    }
}

static void share_out(struct sim_bias_player *player)
{
    struct sim_bias_clocks *clocks = &player->clocks;
    const uint64_t *useful = player->now->useful;
    struct sums sums = {.n_groups = 0};

    sum_up(player, &sums);
    const int n_lessons = (sums.learned > 0.0) + (sums.n_useful > 0);
    const double balanced = n_lessons > 0 ? BALANCED : 1.0;
    const double part = n_lessons > 0 ? (1.0 - BALANCED) / n_lessons : 0.0;
    for (uint32_t i = 0; i < clocks->n; i++) {
        const uint32_t c = clocks->ix[i];
        const uint32_t g = player->plan->clock_group[c];
        const double h = clocks->hazard[i];
        clocks->share[i] =
            h > 0.0 ? balanced * h / (sums.rate[g] * sums.n_groups) : 0.0;
        if (sums.learned > 0.0) {
            clocks->share[i] +=
                part * clocks->wanted[c] * clocks->age[i] / sums.learned;
        }
        if (h > 0.0 && is_useful(useful, c)) {
            clocks->share[i] += part * h / (sums.useful[g] * sums.n_useful);
        }
    }
}

void sim_bias_survey(struct sim_bias_player *player, double window_s)
{
    struct sim_bias_clocks *clocks = &player->clocks;
    struct sim_bias_path *path = player->now;

    clocks->window_s = isfinite(window_s) ? window_s : NO_WINDOW_S;
    do {
        collect(player);
    } while (clocks->n_general > 0 && shorten(player));
    clocks->raised[SIM_BIAS_PLAIN] = 0.0;
    for (uint32_t i = 0; i < clocks->n; i++) {
        clocks->raised[SIM_BIAS_PLAIN] += clocks->hazard[i];
    }
    if (!path->is_biased) {
        return;
    }
    path->intensity[SIM_BIAS_NEXT_EVENT] =
        isfinite(window_s) ? player->plan->mass / window_s : 0.0;
    share_out(player);
    for (int k = 1; k < SIM_BIAS_STRATEGIES; k++) {
        double sum = 0.0;
        for (uint32_t i = 0; i < clocks->n; i++) {
            sum += raise_to(clocks->hazard[i], path->intensity[k] * clocks->share[i]);
        }
        clocks->raised[k] = sum;
    }
}

/* ---- The next failure --------------------------------------------------------------
 */

static uint32_t pick_clock(const struct sim_bias_clocks *clocks,
                           const struct sim_bias_path *path, int k, double u)
{
    uint32_t last = UINT32_MAX;

    u *= clocks->raised[k];
    for (uint32_t i = 0; i < clocks->n; i++) {
        const double rate = raised_hazard(clocks, path, k, i);
        if (rate > 0.0) {
            last = i;
            u -= rate;
            if (u < 0.0) {
                break;
            }
        }
    }
    return last;
}

/* When clock i has used up part v of its hazard in the window. */
static double delay_of(const struct sim_bias_player *player, uint32_t i, double v)
{
    const struct sim_run *run = &player->run;
    const struct sim_bias_clocks *clocks = &player->clocks;

    if (!clocks->is_general[i]) {
        return v * clocks->window_s;
    }
    const uint32_t slot = player->plan->clock_slot[clocks->ix[i]];
    const struct sim_timer *timer = &run->timer[slot];
    const struct sim_dist *law = &run->model->dist[timer->dist];
    const double age_s = run->world->now_s - timer->armed_at_s;
    const double h = sim_dist_cumulative_hazard(law, age_s) +
                     v * clocks->hazard[i] * clocks->window_s;
    const double delay_s = sim_dist_cumulative_hazard_inverse(law, h) - age_s;

    return fmin(fmax(0.0, delay_s), clocks->window_s);
}

uint32_t sim_bias_next_failure(struct sim_bias_player *player, double *delay_s)
{
    const struct sim_bias_clocks *clocks = &player->clocks;
    const struct sim_bias_path *path = player->now;
    struct sim_run *run = &player->run;
    const int k = path->is_biased ? (int)path->strategy : SIM_BIAS_PLAIN;
    const double mass = clocks->raised[k] * clocks->window_s;
    uint32_t first = UINT32_MAX;

    *delay_s = HUGE_VAL;
    double at = sim_draw_exp(sim_world_draw(run));
    while (at < mass) {
        const uint32_t i =
            pick_clock(clocks, path, k, sim_draw_uniform(sim_world_draw(run)));
        if (clocks->n_general == 0) { /* then mass is time */
            *delay_s = at / clocks->raised[k];
            return i;
        }
        const double at_s = delay_of(player, i, sim_draw_uniform(sim_world_draw(run)));
        if (at_s < *delay_s) {
            *delay_s = at_s;
            first = i;
        }
        at += sim_draw_exp(sim_world_draw(run));
    }
    return first;
}

/* ---- Ratios ------------------------------------------------------------------------
 */

/* Part of a window: clock by clock. */
static void account_part(struct sim_bias_player *player, double delay_s)
{
    const struct sim_bias_clocks *clocks = &player->clocks;
    struct sim_bias_path *path = player->now;
    const double now_s = player->run.world->now_s;

    for (uint32_t i = 0; i < clocks->n; i++) {
        double hazard = clocks->hazard[i] * delay_s;
        if (!(clocks->hazard[i] > 0.0)) {
            continue;
        }
        if (clocks->is_general[i]) {
            const uint32_t slot = player->plan->clock_slot[clocks->ix[i]];
            hazard =
                sim_timer_hazard_between(&player->run, slot, now_s, now_s + delay_s);
        }
        const double per = hazard / clocks->hazard[i];
        for (int k = 1; k < SIM_BIAS_STRATEGIES; k++) {
            const double wanted = path->intensity[k] * clocks->share[i];
            path->log_ratio[k] -= fmax(0.0, wanted - clocks->hazard[i]) * per;
        }
    }
}

void sim_bias_account(struct sim_bias_player *player, double delay_s, uint32_t index)
{
    const struct sim_bias_clocks *clocks = &player->clocks;
    struct sim_bias_path *path = player->now;

    if (!path->is_biased) {
        return;
    }
    if (clocks->n_general > 0 && delay_s < clocks->window_s) {
        account_part(player, delay_s);
    } else {
        for (int k = 1; k < SIM_BIAS_STRATEGIES; k++) {
            path->log_ratio[k] -=
                (clocks->raised[k] - clocks->raised[SIM_BIAS_PLAIN]) * delay_s;
        }
    }
    for (int k = 1; index != UINT32_MAX && k < SIM_BIAS_STRATEGIES; k++) {
        path->log_ratio[k] +=
            log(raised_hazard(clocks, path, k, index) / clocks->hazard[index]);
    }
}
