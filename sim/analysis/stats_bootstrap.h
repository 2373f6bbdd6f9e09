/* sim/analysis/stats_bootstrap.h - the cluster bootstrap of ratios, the same draws for everybody.
 *
 * Orders of a day (a store, a block) depend on each other, so whole clusters are drawn with
 * replacement, as many as there are. What a statistic needs is kept as sums per cluster; then a
 * replicate is a weighted sum, and the weights, how often each cluster was drawn, are drawn once
 * (struct bootstrap_counts) and shared by every candidate and objective: thousands of weight
 * vectors are compared under the same luck, and a difference between two of them is as certain as
 * pairing makes it. Draws are keyed by seed, replicate and number of the draw (RANDOM_BOOTSTRAP).
 *
 * The statistic is a ratio of sums, numerators over denominators; without denominators it is the
 * mean over clusters. Sums of whole numbers are exact while they stay under 2^53, so ties are ties.
 *
 * Intervals (Efron and Tibshirani, "An introduction to the bootstrap", 1993; Davison and Hinkley,
 * "Bootstrap methods and their application", 1997), G clusters:
 *   percentile   quantiles of the R replicates, at (R + 1) p.
 *   BCa          the same at levels shifted by the bias z0 and the acceleration a, which the
 *                jackknife over clusters gives: for skewed statistics.
 *   studentised  quantiles of (ratio* - ratio) / error*, turned round; error is the linearised
 *                cluster-robust one with G/(G-1), computed anew in each replicate. The most
 *                faithful one with few clusters, and the widest.
 * Resampling G clusters loses the spread by a factor sqrt((G-1)/G), so percentile and BCa intervals
 * are stretched about the value by sqrt(G/(G-1)), as those of stats.h are. The studentised one has
 * it in its errors. p is of "the ratio is 0", two-sided: 1 - level of the widest interval that
 * excludes 0, never below 2/(replicates + 1).
 *
 * How often 95% intervals covered (6,000 made-up experiments, 1,000 replicates; t is stats.h):
 *                                       t    percentile   studentised    BCa
 *   50 days, symmetric orders         94.9%      94.3%         94.8%      94.1%
 *   50 days, exponential orders       94.2%      93.4%         94.1%      93.2%
 *   200 days, exponential orders      94.8%      94.8%         95.0%      94.5%
 * BCa follows the skew of few clusters faithfully and pays in coverage; say studentised first.
 *
 * Clusters without any data must not be passed: each is one chance in G to draw nothing.
 *
 * Ownership: bootstrap_counts owns its matrix; the caller owns all else.
 * Failure:   false with an err when memory is out.
 */
#ifndef SIM_ANALYSIS_STATS_BOOTSTRAP_H
#define SIM_ANALYSIS_STATS_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "router/base/err.h"

enum {
    BOOTSTRAP_CLUSTERS_MAX = UINT16_MAX, /* a replicate may draw one cluster as often */
    BOOTSTRAP_CLUSTERS_LEAST = 5,        /* fewer give no interval: their resamples are few */
    BOOTSTRAP_CANDIDATES_MAX = UINT16_MAX
};

/* ---- the draws ---- */

struct bootstrap_counts {
    uint32_t replicates, clusters;
    uint16_t *times; /* times[replicate * clusters + cluster]; each row's sum is `clusters` */
};

bool bootstrap_counts_draw(struct bootstrap_counts *counts, uint32_t replicates, uint32_t clusters,
                           uint64_t seed, struct err *err);
void bootstrap_counts_release(struct bootstrap_counts *counts);

static inline const uint16_t *bootstrap_times(const struct bootstrap_counts *counts,
                                              uint32_t replicate)
{
    return counts->times + (uint64_t)replicate * counts->clusters;
}

/* ---- one candidate ---- */

struct bootstrap_sums { /* an entry a cluster */
    const double *numerators;
    const double *denominators; /* none negative; NULL: 1 each */
};

/* The ratio of each replicate; NaN where it drew denominators of 0 only. */
void bootstrap_ratios(const struct bootstrap_counts *counts, struct bootstrap_sums sums,
                      double *ratios);

/* The same from whole numbers, summed as such (cents, orders): no sum
 * of absolute values times `clusters` may pass 2^63. `denominators` NULL: 1 each. */
void bootstrap_ratios_int64(const struct bootstrap_counts *counts, const int64_t *numerators,
                            const int64_t *denominators, double *ratios);

enum bootstrap_kind {
    BOOTSTRAP_NONE, /* no interval: too few clusters or replicates, or too wild to say */
    BOOTSTRAP_SAME, /* every replicate is the value: nothing to estimate */
    BOOTSTRAP_PERCENTILE,
    BOOTSTRAP_STUDENTISED,
    BOOTSTRAP_BCA
};

struct bootstrap_interval {
    double value;     /* NaN: the denominators are 0 */
    double low, high; /* NaN without an interval */
    double p;         /* of 0; NaN without an interval */
    double error;     /* standard deviation of the replicates, times sqrt(G/(G-1)); or NaN */
    double bias, acceleration; /* z0 and a of BCa; else NaN */
    uint32_t clusters;
    uint32_t replicates; /* used: those that drew a denominator */
    enum bootstrap_kind kind;
};

/* `kind` is one of the last three. */
bool bootstrap_interval(const struct bootstrap_counts *counts, struct bootstrap_sums sums,
                        enum bootstrap_kind kind, double level, struct bootstrap_interval *interval,
                        struct err *err);

/* ---- many candidates: who is best, and where each one stands ---- */

struct bootstrap_field {        /* matrices, a row a candidate, an entry a cluster */
    const double *numerators;   /* numerators[candidate * clusters + cluster] */
    const double *denominators; /* NULL: 1 each */
    uint32_t candidates;        /* at most BOOTSTRAP_CANDIDATES_MAX */
    bool most_is_best;
};

struct bootstrap_rank {
    double probability_best; /* share of replicates; m that tie for best get 1/m each: sum 1 */
    uint32_t rank;           /* in the data: 1 + how many are better; ties share the best rank */
    uint32_t rank_low, rank_high; /* percentile interval of the rank, outward to whole ranks */
};

/* Costs a sort of all candidates a replicate, and 2 bytes a candidate and replicate. A candidate
 * whose ratio is NaN stands behind all others and is never best. */
bool bootstrap_ranks(const struct bootstrap_counts *counts, const struct bootstrap_field *field,
                     double level, struct bootstrap_rank *ranks, struct err *err);

#endif
