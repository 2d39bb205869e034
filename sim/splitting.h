/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting (RESTART): the parts shared by its files. Inside sim/ only; the method is
 * told in sim/splitting.c.
 *
 *     splitting_class   what is seen of a state: the class it belongs to
 *     splitting_learn   from counted steps between classes to their levels
 *     splitting_steps   how often a class is visited, and what a visit is worth
 *     splitting_path    plays a history with its copies, and scores it
 *     splitting_result  tallies to estimates (sim/batches.h) and doubts
 *     splitting         pilot, rounds, stopping, threads: the driver
 */
#ifndef SIM_SPLITTING_H
#define SIM_SPLITTING_H

#include "sim/batches.h"
#include "sim/ctmc.h"
#include "sim/level.h"
#include "sim/study.h"
#include "sim/world.h"

#define SIM_SPLIT_LEVELS  60 /* a path at level l stands for 2^-l of a history */
#define SIM_SPLIT_JUMP    12 /* levels that one event may rise: 4095 copies */
#define SIM_SPLIT_BATCHES 48 /* at most SIM_BATCHES_MAX */
#define SIM_SPLIT_SIDES   6  /* failures tried on top of each other in the pilot */
#define SIM_SPLIT_FRAMES  (SIM_SPLIT_LEVELS + SIM_SPLIT_SIDES + 1)
#define SIM_SPLIT_UNKNOWN UINT32_MAX /* a class nobody has met */
#define SIM_SPLIT_KEEP    UINT8_MAX  /* as level: that of the path so far */

/* ---- Classes of states ---- */

/* How far ahead a state is looked at. */
enum sim_split_look {
    SIM_SPLIT_BY_MODEL,    /* the model has levels of its own */
    SIM_SPLIT_BY_FAILURES, /* failures still needed, as far as that can be afforded */
    SIM_SPLIT_BY_STEPS     /* events of any kind still needed */
};

/* What makes two states one class, besides the above. */
enum sim_split_grain {
    SIM_SPLIT_BROKEN,   /* what is broken, by kind */
    SIM_SPLIT_UNDERWAY, /* and what else is under way, by kind */
    SIM_SPLIT_STATE     /* every discrete state is a class of its own */
};

/* Decides the class of a state; one per thread, all equal. */
struct sim_split_eye {
    const struct sim_model *model;
    uint32_t focus;
    enum sim_split_look look;
    uint32_t n_ahead; /* failures looked ahead */
    enum sim_split_grain grain;
    struct sim_level level;
    struct sim_split_seen *seen; /* distances of states met before */
    uint64_t *sign;              /* by slot: what it adds to a class */
};

/* Prepares to look at states of the model. */
void sim_split_eye_init(struct sim_split_eye *eye, const struct sim_model *model,
                        uint32_t focus, enum sim_split_grain grain);
void sim_split_eye_release(struct sim_split_eye *eye);
/* The class of the bound world; never 0. Leaves the run bound to it. */
uint64_t sim_split_class(struct sim_split_eye *eye, struct sim_run *run);
/* May a copy draw the rest of this slot anew? Not what classes are read from. */
bool sim_split_may_redraw(const struct sim_split_eye *eye, uint32_t slot);

/* ---- What is known of classes ---- */

/* Counted over all visits of a class: steps begin there and end at the next event. */
struct sim_split_class {
    uint64_t key;
    double weight;      /* of the visits by histories and their copies */
    double n_natural;   /* number of these */
    double n;           /* the same with side paths */
    double n_trials;    /* steps in which a failure was tried */
    double score;       /* what they scored in the focus service: downtime, s; losses */
    double score2;      /* the sum of squares */
    double time_s;      /* how long they took */
    double time2_s2;    /* the sum of squares */
    double score_time;  /* the sum of products */
    double share;       /* of all steps of a history: how often it comes by here */
    double value;       /* score to come, against that of the usual class */
    double deviation;   /* of one step's value: what splitting here would divide */
    uint32_t next_edge; /* list of steps that begin here */
    uint8_t level;
};

struct sim_split_edge {
    uint64_t key;    /* 1 + from << 32 | to; 0 = empty */
    double n;        /* steps seen */
    double expected; /* number of failures expected, over the steps tried */
    uint32_t to;
    uint32_t next; /* of the same `from` */
};

/* Classes by key, and steps between them. Frozen, it may be read by many threads. */
struct sim_split_map {
    uint32_t n;
    uint32_t n_edges;
    bool is_frozen;
    uint32_t *cell; /* hash table: 1 + index of the class */
    struct sim_split_class *class;
    struct sim_split_edge *edge; /* hash table */
};

void sim_split_map_init(struct sim_split_map *map);
void sim_split_map_release(struct sim_split_map *map);
/* Index of a class; a new one is added unless the map is frozen or full, else
 * SIM_SPLIT_UNKNOWN. */
uint32_t sim_split_map_find(struct sim_split_map *map, uint64_t key);
/* A step that began in a class: its weight when it belongs to a history or a copy, 0
 * on a side path; what it scored, and how long it took. */
void sim_split_map_visit(struct sim_split_map *map, uint32_t from, double weight,
                         double score, double time_s);
/* The step led from class `from` to `to`; known by trials: it was a failure, of which
 * the expected number is known better. */
void sim_split_map_step(struct sim_split_map *map, uint32_t from, uint32_t to,
                        bool is_tried);
/* A failure tried during a step from class `from` would lead to `to`; so many of them
 * are expected in such a step. */
void sim_split_map_try(struct sim_split_map *map, uint32_t from, uint32_t to,
                       double expected);
/* Should a failure be tried in a step that begins in this class? */
bool sim_split_map_wants(const struct sim_split_map *map, uint32_t from);
/* Probability of a step: seen, or for failures expected. */
double sim_split_chance(const struct sim_split_class *from,
                        const struct sim_split_edge *edge);
/* The steps of all classes as a chain in which each takes a second; with one state
 * more, the last, where what is not known of a class leads. The caller releases it. */
struct sim_sparse sim_split_steps(const struct sim_split_map *map);
/* Sets class[].share from the counts, and for rare classes from the steps. */
void sim_split_find_shares(struct sim_split_map *map, const struct sim_sparse *steps);
/* Sets class[].value: the score expected from a visit until the next one of the class
 * `usual`, above `rate` times the time until then. */
void sim_split_find_values(struct sim_split_map *map, const struct sim_sparse *steps,
                           double rate, uint32_t usual);
/* Decides the levels from all steps so far. */
void sim_split_map_learn(struct sim_split_map *map);

/* ---- Tallies ---- */

struct sim_split_tally {
    double time_s;          /* of the history itself */
    uint64_t n_events;      /* fired altogether */
    uint64_t n_main_events; /* of them, by the history itself */
    uint64_t n_calm;        /* of these, in calm */
    uint64_t n_copies;
    /* [n_services] Scores are roots: what a history and its copies scored since the
     * history itself was last at level 0. */
    struct sim_batch_service service[];
};

size_t sim_split_tally_bytes(const struct sim_model *model);

/* ---- Paths ---- */

struct sim_split_path {
    uint64_t down;  /* services down now */
    uint64_t clean; /* services not down since calm, or since new */
    double entered_s[SIM_MAX_SERVICES];
    uint8_t trigger[SIM_MAX_SERVICES];
    uint32_t class_ix;
    uint8_t level;
    uint8_t birth; /* below this level it ends; 0: the history itself */
    uint8_t below; /* how far it keeps below the level of its class */
    /* In the pilot: */
    bool was_tried;    /* a failure was tried in this step */
    uint8_t n_sides;   /* failures tried on the way here */
    uint8_t side_left; /* steps left of a side path; 0: none */
};

/* Where copies were made: the original waits here while they are played. */
struct sim_split_frame {
    struct sim_world *world;
    struct sim_split_path path;
    uint8_t base; /* level before */
    uint32_t next_copy;
    uint32_t n_copies;
};

/* One independent history with its copies; continues where it stopped. */
struct sim_split_batch {
    struct sim_world *main;
    struct sim_split_path path;
    struct sim_split_tally *tally;
    uint64_t seed;
    uint64_t replication; /* of its next history; histories of batches differ */
    uint64_t stride;      /* to the history after it */
    uint64_t next_branch;
    double begin_s; /* on the clock of its present history: where time counts */
    double past_s;  /* counted in earlier histories */
    bool is_started;
    bool is_stuck;   /* nothing ever happens, or a path has no end */
    bool is_dropped; /* a story was left before its end: its scores may be too low */
};

enum sim_split_hurry {
    SIM_SPLIT_NO_HURRY,
    SIM_SPLIT_FINISH, /* end the story, begin no other */
    SIM_SPLIT_DROP    /* leave it at once */
};

/* One thread's tools. */
struct sim_split_player {
    /* Asked every few thousand steps; set by the driver, with what it needs. */
    enum sim_split_hurry (*ask)(struct sim_split_player *player);
    const void *context;
    enum sim_split_hurry told; /* the last answer, in this round */
    double late_since_s; /* on sim_clock_s, when there was hurry first; 0: not yet */
    uint64_t n_steps;
    struct sim_run run;
    struct sim_split_eye eye;
    struct sim_split_map *map;
    uint32_t focus;
    bool learns; /* steps go to the map */
    uint32_t most_sides;
    uint64_t n_side_events;
    uint64_t n_natural_events;
    double warmup_s;  /* before time counts */
    double horizon_s; /* end of every history, or infinity */
    struct sim_world *world;
    struct sim_split_path path;
    struct sim_split_batch *batch;
    uint32_t depth;
    struct sim_split_frame frame[SIM_SPLIT_FRAMES];
};

void sim_split_player_init(struct sim_split_player *player,
                           const struct sim_study *study, const struct sim_model *model,
                           struct sim_split_map *map, enum sim_split_grain grain);
void sim_split_player_release(struct sim_split_player *player);

/* Plays the batch until its history has lasted time_s, or until `events` were fired
 * since the call, or hurry, whichever is first; while copies wait it stops only when
 * told to drop them. */
void sim_split_play(struct sim_split_player *player, struct sim_split_batch *batch,
                    double time_s, uint64_t events);
/* Plays n histories from new to the horizon. */
void sim_split_play_new(struct sim_split_player *player, struct sim_split_batch *batch,
                        uint64_t n_histories);

/* ---- Results ---- */

/* Fills all services, or of one batch set played from new, the first-year measures. */
void sim_split_result_fill(struct sim_result *result, const struct sim_model *model,
                           const struct sim_study *study,
                           const struct sim_split_batch *batch, uint32_t n);
void sim_split_result_fill_new(struct sim_result *result, const struct sim_model *model,
                               const struct sim_split_batch *batch, uint32_t n);

/* Is the service in focus (and every cause of 1 % share, when all are asked for) as
 * precise as the study asks? *half_width: the relative one so far, or infinity. */
bool sim_split_is_precise(const struct sim_model *model, const struct sim_study *study,
                          const struct sim_split_batch *batch, uint32_t n,
                          double *half_width);

#endif
