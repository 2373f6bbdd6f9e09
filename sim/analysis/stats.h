/* sim/analysis/stats.h - the one home of confidence intervals, tests and their corrections.
 *
 * Orders of one run depend on each other (history, caches, tokens, a bad minute), so a paired
 * difference is judged by blocks of neighbouring orders, never order by order: what is summed is
 * kept per block, and the interval is Student's t over the blocks' deviations (the cluster-robust
 * variance of a ratio of sums, with the G/(G-1) correction and G-1 degrees of freedom). Blocks of
 * one order each make it the plain paired t interval. With 50 blocks a 95% interval covers what it
 * should in 92.7% to 97.3% of runs; tests/sim/analysis/test_stats.c counts that.
 *
 * Every interval is two-sided at `level` (0.95). Distributions are GSL's; draws are keyed
 * (router/base/random.h), so the same input gives the same bytes.
 *
 * Ownership: callers own all arrays. Failure: functions that need memory return false with an err.
 */
#ifndef SIM_ANALYSIS_STATS_H
#define SIM_ANALYSIS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "router/base/err.h"

enum stats_method {
    STATS_NONE,       /* no interval: too little to compute one from */
    STATS_EXACT,      /* the difference is the same everywhere: nothing to estimate */
    STATS_BLOCKS,     /* Student's t over blocks */
    STATS_DISCORDANT, /* exact binomial over the orders that differ (McNemar) */
    STATS_BOOTSTRAP   /* percentiles of resampled blocks */
};

struct stats_estimate {
    double value;
    double low, high; /* NaN without an interval */
    double p;         /* two-sided, of no difference; NaN without an interval */
    uint64_t n;       /* pairs */
    uint32_t blocks;  /* that hold any */
    enum stats_method method;
};

/* ---- means and ratios ---- */

struct stats_block { /* sums over the pairs of a block */
    uint64_t n;
    double difference; /* of b minus a */
    double weight;     /* 1 a pair for a mean; the denominator for a ratio (lines of a cart) */
};

enum { STATS_BLOCKS_LEAST = 2 }; /* fewer have no spread to see */

/* Sum of differences over sum of weights. Blocks without pairs are skipped. */
struct stats_estimate stats_mean_difference(const struct stats_block *blocks, uint32_t count,
                                            double level);

/* ---- shares, paired: only orders that differ tell anything ---- */

struct stats_discordant {
    uint64_t gained; /* no in a, yes in b */
    uint64_t lost;   /* yes in a, no in b */
    uint64_t n;      /* pairs in all */
};

/* McNemar's exact test: gained given gained + lost is binomial with one half. The interval is the
 * Clopper-Pearson interval of that binomial's share, carried over to the difference; it is
 * conditional on how many orders differ. Neither knows of blocks. */
struct stats_estimate stats_share_difference(struct stats_discordant pairs, double level);

/* Clopper-Pearson. */
void stats_binomial_interval(uint64_t hits, uint64_t n, double level, double *low, double *high);

/* ---- quantiles ---- */

/* The ranks (1-based) between which the quantile lies with at least `level`, n independent samples
 * given: P(low <= B < high) for binomial B. False when n is too small for such a pair. */
bool stats_quantile_ranks(uint64_t n, double probability, double level, uint64_t *low,
                          uint64_t *high);

enum {
    STATS_BLOCKS_MAX = 64,
    STATS_QUANTILES_MAX = 8,
    STATS_BOOTSTRAP_BLOCKS_LEAST = 20, /* resampling fewer covers too little */
    STATS_RESAMPLES = 2000
};

struct stats_atom { /* samples of one value in one block */
    uint32_t value;
    uint32_t count;
    uint32_t block;
};

struct stats_atoms { /* rising by value */
    const struct stats_atom *items;
    size_t count;
};

/* Type-7 quantiles (gsl_stats_quantile_from_sorted_data) of all samples, each block's samples taken
 * `times[block]` times (NULL: once). Probabilities rise. NaN when nothing is left. */
void stats_quantiles(struct stats_atoms atoms, const uint32_t *times, const double *probabilities,
                     uint32_t count, double *quantiles);

/* Quantile of b minus quantile of a, with a bootstrap over blocks: each resample draws blocks with
 * replacement, the same for a and b and for every quantile. The interval is the percentile
 * interval, stretched about the estimate by sqrt(G/(G-1)) for the spread that resampling G blocks
 * loses; p is twice the smaller tail, never below 2/(resamples + 1). */
struct stats_bootstrap {
    struct stats_atoms a, b;
    uint32_t block_count; /* at most STATS_BLOCKS_MAX */
    const double *probabilities;
    uint32_t count; /* at most STATS_QUANTILES_MAX */
    uint32_t resamples;
    double level;
    uint64_t seed;
};
bool stats_quantile_differences(const struct stats_bootstrap *bootstrap,
                                struct stats_estimate *estimates, struct err *err);

/* ---- many tests ---- */

/* Holm's step-down adjustment: adjusted[i] <= alpha rejects with a family-wise error of at most
 * alpha. A NaN is no test: it stays NaN and does not count. */
void stats_holm(const double *p, uint32_t count, double *adjusted);

#endif
