/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Importance sampling of excursions: the parts shared by its files. Inside sim/
 * only; the method is told in sim/biased.c.
 *
 *     bias_plan      what is biased and how strongly; learned in pilot rounds
 *     bias_segment   strategies between two failures
 *     bias_clocks    which failure comes next, and the likelihood ratios
 *     bias_recovery  size-biased recoveries
 *     bias_choice    loaded coins
 *     bias_path      plays one excursion, with weight windows
 *     bias_learn     what a path of a pilot teaches
 *     bias_score     what it counts
 *     bias_sense     importance and elasticities
 *     bias_law       law of downtime in a window
 *     bias_tally     what was scored, in one batch
 *     bias_lesson    what was learned, in one pilot batch
 *     bias_main      the unbiased main path of one batch, and its excursions
 *     bias_result    tallies to estimates (sim/batches.h) and doubts
 *     biased         rounds, stopping, threads: the driver
 */
#ifndef SIM_BIAS_H
#define SIM_BIAS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/batches.h"
#include "sim/bias_recovery.h"
#include "sim/level.h"
#include "sim/model.h"
#include "sim/sense.h"
#include "sim/study.h"
#include "sim/world.h"

/* How soon the next failure is wanted: by the original law; until the next event,
 * planned anew after each; until the last and until the median of the recoveries
 * scheduled when the segment began; until all is calm again, as far as learned; for as
 * long as the last failure usually lasts; for a sixth of that. */
enum sim_bias_strategy {
    SIM_BIAS_PLAIN,
    SIM_BIAS_NEXT_EVENT,
    SIM_BIAS_LAST_RECOVERY,
    SIM_BIAS_MEDIAN_RECOVERY,
    SIM_BIAS_CALM,
    SIM_BIAS_USUAL,
    SIM_BIAS_EARLY,
    SIM_BIAS_STRATEGIES
};

#define SIM_BIAS_GROUPS   64     /* failure groups told apart; others share the last */
#define SIM_BIAS_COPIES   4      /* excursions per exit before anything is learned */
#define SIM_BIAS_SAMPLES  48     /* states per pilot batch and round to measure */
#define SIM_BIAS_USEFUL   4096   /* states whose useful clocks are known, at most */
#define SIM_BIAS_TRACE    24     /* steps of a path that can be learned from */
#define SIM_BIAS_SIZED    5.0    /* expected size-biased draws in an excursion */
#define SIM_BIAS_DRAWS    16     /* of those that can be learned from */
#define SIM_BIAS_PAIRS    512    /* failure clocks up to which pairs are learned */
#define SIM_BIAS_FORCED   4      /* forced choices in one excursion */
#define SIM_BIAS_PICKS    16     /* of all that can be learned from */
#define SIM_BIAS_BRANCHES 24     /* copies of a path waiting to be played */
#define SIM_BIAS_SPLITS   64     /* copies made in one excursion, at most */
#define SIM_BIAS_ENDLESS  200000 /* events after which an excursion is given up */

#define SIM_DOWNTIME_BINS 256 /* 16 per factor of 10, from 1 ms to 10^13 s */

/* ---- What was learned about states: value table ------------------------------- */

struct sim_value {
    uint64_t key;        /* hash of the discrete state, 0 = empty */
    double weight;       /* of the paths that came by */
    double score;        /* what they scored afterwards */
    uint64_t n;          /* how many came by */
    uint32_t useful;     /* 1 + index of its useful clocks in the plan; 0 = not known */
    uint32_t is_sampled; /* in a lesson: its world was kept */
};

struct sim_values {
    uint32_t cap; /* a power of two */
    uint32_t n_used;
    struct sim_value *value;
};

/* The entry of a key; NULL when it is new and the table is three quarters full, or
 * new and `add` is false. */
struct sim_value *sim_values_find(struct sim_values *values, uint64_t key, bool add);

/* Expected score per unit of weight from a state, negative when not known. */
double sim_values_guess(const struct sim_values *values, uint64_t key);

/* ---- Plan ---------------------------------------------------------------------- */

struct sim_bias_plan {
    const struct sim_model *model;
    uint32_t focus;        /* the service biased for */
    bool all_causes;       /* each of them must become precise */
    double mass;           /* -ln(1 - p): failures due in a window */
    uint32_t n_clocks;     /* slots of class SIM_FAILURE */
    uint32_t *clock_slot;  /* clock -> slot */
    uint32_t *clock_group; /* clock -> dense failure group */
    uint32_t *clock_of;    /* slot -> clock, or UINT32_MAX */
    uint32_t n_groups;
    double *dist_rate;   /* law -> rate when exponential, else 0 */
    bool *dist_hazard;   /* law -> has a hazard */
    double *clock_share; /* learned share of failures, sum 1 or all 0 */
    double *pair_share;  /* [n_clocks][n_clocks] the same after a failure, or NULL */
    double group_odds[SIM_BIAS_GROUPS]; /* of the first failure's group */
    /* By group of the last failure; one more row for excursions without any yet. */
    double odds[SIM_BIAS_GROUPS + 1][SIM_BIAS_STRATEGIES]; /* sum 1 */
    double calm_s[SIM_BIAS_GROUPS + 1]; /* mean time until calm; 0 = not known */
    double hit_s;                       /* mean downtime of an excursion that hits */
    double hit_score;                   /* mean score of a path that hits; 0 = none */
    struct sim_size_mix *size_mix;      /* by slot */
    double (*choice_share)[2]; /* by choice: of the score; both 0 while not known */
    struct sim_values values;  /* cap 0 while nothing is learned */
    uint32_t useful_words;     /* 64-bit words for one set of clocks */
    uint32_t n_useful;
    uint64_t *useful;        /* sets of clocks that lead to the outage */
    bool splits;             /* weight windows are on */
    uint32_t copies;         /* excursions per exit from calm by a failure */
    uint32_t copies_planned; /* the same by anything else: planned work */
    double warmup_s;
    double horizon_s;                   /* end of histories from new, or infinity */
    const struct sim_sense_plan *sense; /* NULL: sensitivity is not asked for */
};

/* Fills the plan for a model, nothing learned; memory from the arena. */
void sim_bias_plan_init(struct sim_bias_plan *plan, struct sim_arena *arena,
                        const struct sim_model *model, const struct sim_study *study);

/* ---- Tally --------------------------------------------------------------------- */

struct sim_bias_service {
    struct sim_batch_service sums; /* scores are those of excursions */
    double over;  /* weighted excursions with more downtime than the budget */
    double first; /* weighted first outages of a history from new */
    double early; /* of them, in the first half of it */
    double total[SIM_DOWNTIME_BINS];   /* excursions by downtime: weight */
    double total_s[SIM_DOWNTIME_BINS]; /* the same: weight times downtime */
};

struct sim_bias_tally {
    double time_s;     /* of the main path */
    uint64_t n_exits;  /* exits from calm on the main path */
    double n_failures; /* failures with a hazard out of calm on the main path */
    double
        n_expected; /* the same, as their hazards had it: what n_failures has as mean */
    uint64_t n_copies;  /* excursions played */
    uint64_t n_events;  /* fired altogether */
    uint64_t n_endless; /* excursions given up */
    double ratio_sum;   /* of the weights at the end of complete excursions: 1 each */
    double ratio_sum2;
    struct sim_bias_service service[]; /* n_services */
};

size_t sim_bias_tally_bytes(const struct sim_model *model);

/* ---- Lesson -------------------------------------------------------------------- */

/* What followed the outcomes of a choice between two. */
struct sim_bias_credit {
    double score[2];
    double n; /* paths that scored */
};

struct sim_bias_lesson {
    double *clock_credit; /* [n_clocks] */
    double *pair_credit;  /* [n_clocks][n_clocks], or NULL */
    /* By group of the last failure, and one row for none. */
    double odds_credit[SIM_BIAS_GROUPS + 1][SIM_BIAS_STRATEGIES];
    double calm_time[SIM_BIAS_GROUPS + 1];   /* weighted time from failure to calm */
    double calm_weight[SIM_BIAS_GROUPS + 1]; /* and the weights */
    double n_exits;                          /* from calm */
    double n_main_events;                    /* on the main path */
    double hits;                             /* paths that hit */
    double hit_score;
    double hit_weight;
    struct sim_size_mix *size_credit;      /* [n_slots] */
    struct sim_bias_credit *choice_credit; /* [n_choices] */
    /* By group of the first failure; one more row for exits that are not failures. */
    double (*group_score)[SIM_BATCH_CAUSES];  /* [n_groups + 1] sums by cause */
    double (*group_score2)[SIM_BATCH_CAUSES]; /* [n_groups + 1] sums of squares */
    double group_n[SIM_BIAS_GROUPS + 1];
    double group_events[SIM_BIAS_GROUPS + 1]; /* cost: events played */
    struct sim_values values;
    uint32_t n_samples; /* worlds kept to measure distances in */
    uint64_t sample_key[SIM_BIAS_SAMPLES];
    struct sim_world *sample[SIM_BIAS_SAMPLES];
};

/* An empty lesson for this plan; memory from the arena. */
void sim_bias_lesson_init(struct sim_bias_lesson *lesson, struct sim_arena *arena,
                          const struct sim_bias_plan *plan);
/* Forgets everything. */
void sim_bias_lesson_clear(struct sim_bias_lesson *lesson,
                           const struct sim_bias_plan *plan);
/* Adds what `from` learned; in batch order, for the same result everywhere. */
void sim_bias_lesson_merge(struct sim_bias_lesson *lesson,
                           const struct sim_bias_lesson *from,
                           const struct sim_bias_plan *plan);
/* Frees the sampled worlds. */
void sim_bias_lesson_release(struct sim_bias_lesson *lesson);
/* Measures which failures lead to the outage from the states a lesson sampled. */
void sim_bias_plan_measure(struct sim_bias_plan *plan, struct sim_level *level,
                           const struct sim_bias_lesson *lesson);
/* Turns what one round taught into a better plan. Values add up over rounds. */
void sim_bias_plan_learn(struct sim_bias_plan *plan,
                         const struct sim_bias_lesson *lesson);

/* ---- Path ---------------------------------------------------------------------- */

struct sim_bias_step {
    uint64_t key;   /* state after the failure; 0 when not asked for */
    double at_s;    /* when */
    uint32_t ix;    /* which failed; UINT32_MAX: it began with something else */
    uint32_t group; /* its row in the plan */
    double credit[SIM_BIAS_STRATEGIES]; /* of the strategies in the segment after it */
};

struct sim_bias_path {
    double weight;                         /* of all closed segments and draws */
    double log_ratio[SIM_BIAS_STRATEGIES]; /* ln(g_k / f) along the open segment */
    double intensity[SIM_BIAS_STRATEGIES]; /* failures per second wanted, c_k */
    double norm;                           /* weight * value where splitting began */
    uint32_t strategy;                     /* drawn for the open segment */
    uint32_t group;                        /* of the last failure: row in the plan */
    double calm_at_s;                      /* when calm is expected; 0 = not known */
    double n_sized;                        /* expected number */
    uint32_t n_forced;
    bool is_biased;   /* until the first hit of the focus service */
    bool was_killed;  /* by the weight window */
    uint32_t n_steps; /* the first SIM_BIAS_TRACE are kept */
    uint32_t n_draws;
    const uint64_t *useful; /* clocks that lead to the outage, or NULL */
    uint64_t down;          /* services down now */
    uint64_t hit;           /* services that were down */
    double score;           /* of the focus service, this branch */
    double entered_s[SIM_MAX_SERVICES];
    double first_hit_s[SIM_MAX_SERVICES];
    double downtime_s[SIM_MAX_SERVICES];
    uint8_t trigger[SIM_MAX_SERVICES];
    struct sim_bias_step step[SIM_BIAS_TRACE];
    struct {
        uint32_t slot;
        struct sim_size_mix credit;
    } draw[SIM_BIAS_DRAWS];
    uint32_t n_picks;
    struct {
        uint32_t choice;
        uint32_t outcome;
    } pick[SIM_BIAS_PICKS];
    struct sim_sense_trail trail; /* used while player->sense is there */
};

/* The last cumulative hazard asked of a clock. */
struct sim_bias_memo {
    double armed_at_s;
    double at_s;
    double hazard;
    uint32_t dist;
};

/* Armed failure clocks of the present state, for one step. */
struct sim_bias_clocks {
    uint32_t n;
    uint32_t n_general; /* with laws other than exponential */
    uint32_t *ix;       /* [n] */
    bool *is_general;   /* [n] */
    double *hazard;     /* [n] mean hazard over the window, per second */
    double *age;        /* [n] hazard relative to the law's mean rate */
    double *share;      /* [n] of the wanted intensity, sum 1 */
    double window_s;
    double raised[SIM_BIAS_STRATEGIES]; /* total hazard under each strategy */
    double *wanted; /* [n_clocks] of the open segment, by what was learned */
    struct sim_bias_memo *memo; /* [n_clocks] */
};

struct sim_bias_player {
    const struct sim_bias_plan *plan;
    struct sim_run run;
    struct sim_world *main;
    struct sim_world *before; /* the state before the event that left calm */
    struct sim_world *stack[SIM_BIAS_BRANCHES];
    struct sim_bias_path path[SIM_BIAS_BRANCHES];
    struct sim_bias_path *now; /* being played; hooks look here */
    struct sim_bias_clocks clocks;
    struct sim_bias_tally *tally;
    struct sim_bias_lesson *lesson; /* NULL unless learning */
    double *sense;                  /* sums of the batch; NULL: not asked for */
    uint64_t next_branch;
    double part;     /* 1 / copies: share of each copy in the score */
    double budget_s; /* downtime counted as a breach; negative: none */
    uint64_t clean;  /* first year: services without outage so far */
    uint64_t n_copy_events;
    bool is_endless;                     /* the copy being played was given up */
    uint32_t n_copy_splits;              /* copies made in it */
    double copy_ratio;                   /* weights at the ends of its branches */
    double copy_score[SIM_MAX_SERVICES]; /* of the copy being played */
    double copy_cause[SIM_BATCH_CAUSES]; /* the same by cause, focus service */
};

/* Allocates worlds and scratch; released by sim_bias_player_release. */
void sim_bias_player_init(struct sim_bias_player *player,
                          const struct sim_bias_plan *plan, struct sim_arena *arena);
void sim_bias_player_release(struct sim_bias_player *player);

/*
 * Plays one excursion from player->before: event `slot` at time_s leaves calm. When
 * it is a failure with a hazard, which failure it is is drawn anew, its group by the
 * uniform number u. Scores land in player->tally and player->copy_score.
 */
void sim_bias_play(struct sim_bias_player *player, uint32_t slot, double time_s,
                   double u);

/* Suspends the failure clocks of the bound world: they are drawn step by step. */
void sim_bias_suspend(struct sim_bias_player *player);

/* ---- Choices ---- */

/* One outcome of a choice on the path being played, n >= 1 weights (NULL: all alike).
 * Where odds are loaded, the path's weight takes in their ratio. */
uint32_t sim_bias_choose(struct sim_bias_player *player, uint32_t choice, uint32_t n,
                         const double *weight);
/* What a path that scored teaches of choices. */
void sim_bias_learn_picks(struct sim_bias_lesson *lesson,
                          const struct sim_bias_path *path);
/* Turns what one round taught into preferences; they stay where too little was seen. */
void sim_bias_plan_choices(struct sim_bias_plan *plan,
                           const struct sim_bias_lesson *lesson);

/* ---- Scores ---- */

/* Time delay_s passes in the present state, which has not changed yet; the weight is
 * the one after the event that ends it. */
void sim_bias_score_time(struct sim_bias_player *player, double delay_s);
/* After `slot` fired: which services went down or came back. Ends the bias at the first
 * outage of the focus service. */
void sim_bias_note_changes(struct sim_bias_player *player, uint32_t slot);
/* The same time for importance and elasticities; `slot` fires then (SIM_SENSE_NONE:
 * nothing does). The state has not changed yet. */
void sim_bias_sense_time(struct sim_bias_player *player, double delay_s, uint32_t slot);
/* After `slot` fired and sim_bias_note_changes: the focus service was down before. */
void sim_bias_sense_changes(struct sim_bias_player *player, uint32_t slot,
                            bool was_down);
/* What is counted at the end of a branch, with its final weight. */
void sim_bias_score_end(struct sim_bias_player *player, double weight);

/* ---- What a path teaches (while a lesson is open) ---- */

/* A state after a failure: known from now on, and perhaps sampled to be measured. */
void sim_bias_learn_visit(struct sim_bias_player *player, uint64_t key);
/* The state after the first failure: sampled only. */
void sim_bias_learn_first(struct sim_bias_player *player, uint64_t key);
/* A branch has ended, with this weight. */
void sim_bias_learn_end(struct sim_bias_player *player, double weight);
/* An excursion has ended; the clock of its first failure, or UINT32_MAX. */
void sim_bias_learn_copy(struct sim_bias_player *player, uint32_t first_clock);

/* ---- Segments ------------------------------------------------------------------ */

/* Recalls which failures are wanted next on the path being played: whenever another
 * path is taken up. */
void sim_bias_segment_recall(struct sim_bias_player *player);
/* Looks at the armed failure clocks in a window that should reach to the next other
 * event; clocks.window_s says how far it does. */
void sim_bias_survey(struct sim_bias_player *player, double window_s);
/* Starts a segment: draws its strategy, sets the wanted intensities. */
void sim_bias_segment_open(struct sim_bias_player *player);
/* Ends it: the weight takes in the mixture's likelihood ratio. */
void sim_bias_segment_close(const struct sim_bias_plan *plan,
                            struct sim_bias_path *path);
/* Clock `ix` is about to fail at at_s on the path being played (UINT32_MAX: none, the
 * excursion begins otherwise). */
void sim_bias_note_failure(struct sim_bias_player *player, uint32_t ix, double at_s);
/* The weight of the path as of now, with the open segment. */
double sim_bias_weight(const struct sim_bias_plan *plan,
                       const struct sim_bias_path *path);
/* Draws the next failure within the window: its index among the surveyed clocks and
 * *delay_s, or UINT32_MAX when none happens in it. */
uint32_t sim_bias_next_failure(struct sim_bias_player *player, double *delay_s);
/* Takes delay_s without failure into the ratios; and then the failure of `index`
 * (UINT32_MAX: none). */
void sim_bias_account(struct sim_bias_player *player, double delay_s, uint32_t index);

/* ---- Main path ------------------------------------------------------------------ */

/* One batch: a piece of unbiased history with its excursions. Continues where it
 * stopped; independent of all other batches. */
struct sim_bias_batch {
    struct sim_world *main;
    struct sim_bias_tally *tally;
    struct sim_bias_lesson *lesson; /* NULL unless learning */
    double *sense;                  /* [plan->sense->n_sums], or NULL */
    uint64_t seed;
    uint64_t replication; /* of its next history; histories of batches differ */
    uint64_t stride;      /* to the history after it */
    uint64_t next_branch;
    uint64_t n_drawn; /* first failures drawn, for their even spread */
    double phase;     /* random start of that spread */
    double begin_s;   /* on the clock of its present history: where time counts */
    double past_s;    /* counted in earlier histories */
    double hazard_s;  /* until when its hazards are in n_expected */
    bool is_started;
    bool is_stuck; /* calm is never reached, or nothing ever happens */
};

/* Plays on until the batch has time_s of main path; or, when that is 0, until it has
 * seen n_exits exits from calm and is calm again. */
void sim_bias_batch_play(struct sim_bias_player *player, struct sim_bias_batch *batch,
                         uint64_t n_exits, double time_s);

/* Plays n_histories from new, each to plan->horizon_s. */
void sim_bias_batch_play_new(struct sim_bias_player *player,
                             struct sim_bias_batch *batch, uint64_t n_histories);

/* ---- Law of downtime in a window ---- */

#define SIM_BIAS_ATOMS 4000

struct sim_bias_law {
    double weight[SIM_DOWNTIME_BINS]; /* cumulative, ends at 1 */
    double mean_s[SIM_DOWNTIME_BINS];
};

/* Fills atom_s (SIM_BIAS_ATOMS values, ascending) with downtimes of windows that have
 * at least one excursion with an outage, `mean` of them expected; and says which share
 * of them has several, and which share of those exceeds the budget. */
void sim_bias_law_sample(const struct sim_bias_law *law, double mean, double budget_s,
                         double *atom_s, double *many_share, double *many_over);

/* ---- Result -----------------------------------------------------------------------
 */

/* Estimates of n batches with their intervals; the result's arena owns the rest. */
void sim_bias_result_fill(struct sim_result *result, const struct sim_bias_plan *plan,
                          const struct sim_study *study,
                          const struct sim_bias_batch *batch, uint32_t n);
/* From histories of one year from new: the first year. */
void sim_bias_result_fill_new(struct sim_result *result,
                              const struct sim_bias_plan *plan,
                              const struct sim_bias_batch *batch, uint32_t n);
/* From histories of ten years: outages within five and ten years. */
void sim_bias_result_fill_ten(struct sim_result *result,
                              const struct sim_bias_plan *plan,
                              const struct sim_bias_batch *batch, uint32_t n);
/* Importance and elasticities of the focus service, whose health is filled in. */
void sim_bias_sense_fill(struct sim_result *result, const struct sim_bias_plan *plan,
                         const struct sim_bias_batch *batch, uint32_t n, double widen);
/* Is the estimate of service s good enough to stop? */
bool sim_bias_is_precise(const struct sim_bias_plan *plan,
                         const struct sim_study *study,
                         const struct sim_bias_batch *batch, uint32_t n,
                         double *half_width);

#endif
