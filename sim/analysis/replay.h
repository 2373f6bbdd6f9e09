/* sim/analysis/replay.h - every order decided again under any weights, exactly.
 *
 * A table holds the scored quotes of a decision set as whole numbers: the six component scores in
 * the router's order of summation, and what follows from selecting that quote (outcomes). Scores
 * are linear in the weights, so replaying K weights over n orders is K*n small dot products and
 * argmaxes. The kernel does them in 16-bit products on a grid of weights; whenever the best two
 * lie closer than what the grid may be wrong by (on weights that lie on the grid: whenever they are
 * equal), the order is decided in the router's own double arithmetic, in candidate order. So the
 * winners are the router's for any weights, on the grid or off it, and `near` counts how often the
 * doubles had to speak.
 *
 *   grid           effective weight * 10^4, rounded; preference scaling included. Weights too large
 *                  for 16 bits take a coarser grid.
 *   error          sum over components of |weight*grid - rounded| * the largest score, twice
 *   near           best - second <= error (0 on the grid: exact ties alone)
 *
 * Outcomes are exact consequences of a quote as quoted: price is not the price charged, ETA not the
 * delivery. Those from a choice model are a model's (replay_outcome_traits.model).
 *
 * Sums are kept per cluster and are whole numbers: the same for any number of threads and for
 * every kernel (plain C, AVX2, AVX-512, chosen when first used; ROUTESIM_KERNEL=plain|avx2|avx512
 * asks for one). tests/sim/analysis/test_replay.c holds them to a slow replay with score_quotes().
 *
 * Ownership: tables and planes own their arrays; *_release() frees them (zeroed is fine).
 * Failure:   ERR_ENVIRONMENT when memory is out; ERR_INPUT for amounts beyond what fits (a total
 *            over $167,000).
 */
#ifndef SIM_ANALYSIS_REPLAY_H
#define SIM_ANALYSIS_REPLAY_H

#include "sim/analysis/decisions.h"

enum replay_outcome {
    OUTCOME_PRICE,        /* total of the selected quote, cents */
    OUTCOME_ETA,          /* minutes; an absent one counts 60, as the router counts it */
    OUTCOME_COMMISSION,   /* cents, rounded half up an order */
    OUTCOME_AVAILABILITY, /* (found + 0.8 substituted) / requested, in 10^-4 */
    OUTCOME_SAVINGS,      /* cheapest *other* quote minus the selected, cents, signed; 0 alone */
    OUTCOME_REGRET,       /* selected minus the cheapest, cents */
    OUTCOME_CANNED,       /* 1: the selected quote was the constant mock quote */
    OUTCOME_BUYS,         /* model: P(buy), 10^-6 */
    OUTCOME_EARNS,        /* model: P(buy) * commission, 10^-3 cents */
    OUTCOME_SURPLUS,      /* model: consumer surplus, 10^-2 cents */
    OUTCOME_COUNT
};

struct replay_outcome_traits {
    const char *name;  /* "price" */
    const char *label; /* "price paid" */
    const char *unit;  /* "cents" */
    double scale;      /* a sum times this is in that unit */
    int better;        /* +1: more is better; -1: less is */
    bool model;
};
extern const struct replay_outcome_traits replay_outcome_traits[OUTCOME_COUNT];

enum { REPLAY_PARTS = 6, REPLAY_CLUSTERS_MAX = 512, REPLAY_COLUMNS = 4 };

/* The components in the router's order of summation: also the index of a weight. */
enum replay_part {
    PART_PRIORITY,
    PART_PRICE,
    PART_SPEED,
    PART_COMMISSION,
    PART_AVAILABILITY,
    PART_RELIABILITY
};
extern const char *const replay_part_names[REPLAY_PARTS]; /* "priority", "price", ... */

double *score_weight(struct score_weights *weights, enum replay_part part);
double score_weight_of(const struct score_weights *weights, enum replay_part part);

struct replay_quote {
    int16_t parts[REPLAY_PARTS];
    uint8_t provider;
    uint8_t slot; /* of the record's quotes */
};

/* What it takes to decide, and nothing else: one cache line, for decisions are made by millions. */
struct replay_order {
    uint32_t source; /* place in the decision set */
    uint16_t cluster;
    uint8_t preference : 4;
    uint8_t count : 4; /* quotes, in candidate order; at least 1 */
    uint8_t recorded;  /* index of the recorded winner; 255: its quote is not in the view */
    struct replay_quote quotes[PROVIDER_COUNT];
};
_Static_assert(sizeof(struct replay_order) == 64, "an order is a cache line");

/* What follows from selecting each quote of an order. */
struct replay_fates {
    int32_t of[PROVIDER_COUNT][OUTCOME_COUNT]; /* by place of the quote */
};

enum replay_clusters {                   /* what varies together, and so is resampled together */
                       CLUSTERS_BY_DAY,  /* UTC days of the start: with 5 of them or more */
                       CLUSTERS_BY_BLOCK /* equal numbers of neighbouring orders */
};

struct replay_table {
    struct replay_order *orders; /* by start; those without a quote in the view are left out */
    struct replay_fates *fates;  /* of the same places */
    uint32_t count;
    uint32_t lost; /* had a quote, but none in the view */
    uint32_t cluster_count;
    enum replay_clusters clustered;
    uint32_t days; /* UTC days with an order: of fewer than 5, intervals by block say nothing of
                      how days differ */
    const struct decision_set *set; /* borrowed */
};

struct replay_table_request {
    const struct decision_set *set;
    const struct decision_view *view; /* NULL: as recorded */
    uint32_t first, count;            /* of the set's orders; count 0: all that follow */
    uint32_t blocks;                  /* clusters when they are blocks; 0: 50 */
};
bool replay_table_make(struct replay_table *table, const struct replay_table_request *request,
                       struct err *err);
void replay_table_release(struct replay_table *table);

/* The winner as the router would have it: index into order->quotes. Weights before scaling by the
 * preference. This is the slow, obvious path: the scores in doubles, summed in the router's order.
 */
uint32_t replay_winner(const struct replay_order *order, const struct score_weights *weights);

/* Winners of all orders; `winners` has table->count. */
void replay_winners(const struct replay_table *table, const struct score_weights *weights,
                    uint8_t *winners);

/* ---- many weights at once ---- */

struct replay_plane; /* the table packed for the kernels */
struct replay_plane *replay_plane_make(const struct replay_table *table,
                                       const enum replay_outcome columns[REPLAY_COLUMNS],
                                       struct err *err);
void replay_plane_release(struct replay_plane *plane);

struct replay_sums { /* of one weights over one cluster */
    int64_t columns[REPLAY_COLUMNS];
    uint32_t won[PROVIDER_COUNT];
    uint32_t near; /* decided in doubles */
    uint32_t orders;
};

/* sums[k * cluster_count + c] of weights k in cluster c. `jobs` threads; the same sums for any. */
void replay_run(const struct replay_plane *plane, const struct score_weights *weights,
                uint32_t count, uint32_t jobs, struct replay_sums *sums);

/* The same kernel's winners of one weights, in table order: for tests and finalists. */
void replay_plane_winners(const struct replay_plane *plane, const struct score_weights *weights,
                          uint8_t *winners);

/* Adds up clusters. */
struct replay_sums replay_total(const struct replay_sums *sums, uint32_t clusters);

const char *replay_kernel_name(void); /* "avx512", "avx2", "plain": what replay_run() uses here */

#endif
