/* sim/analysis/change_points.h - when did a provider's latency, or its success, move to another
 * level?
 *
 * Latency. The timed samples in order of time become normal scores of their ranks
 * (latency_scores.h), and the series is cut where means of scores differ: least squares within
 * segments plus a penalty a cut, minimised exactly over all segmentations by PELT (Killick,
 * Fearnhead and Eckley, "Optimal detection of changepoints with a linear computational cost", JASA
 * 2012), pruned with the delay that a shortest segment asks for. On ranks one wild sample weighs
 * at most some 3 to 4 spreads, so heavy tails cut nothing, and for independent samples of one law
 * the false alarms depend on their number alone, whatever the law.
 *
 * The penalty is the one at which 5% of such series show any change at all: simulated for 12
 * lengths, interpolated in the logarithm of the length between them. It holds for independent
 * samples; where neighbours are alike without a shift (autocorrelation_within) there are more false
 * alarms than that, so a reader is shown both. tests/calibration/calibrate_change.c counts.
 *
 * Success. FAILED and UNTIMED against the rest, every sample in order, cut in the same way by
 * binomial likelihood. Its false alarms depend on how many failed; so the penalty comes from
 * CHANGE_PERMUTATIONS keyed shuffles of the series itself: what the best of one and two cuts gains
 * there a cut, its 10th largest. By the argument of every permutation test at most 5% of stable
 * series show one or two cuts; three that only pay together are rare beside that.
 *
 * Series longer than CHANGE_POINTS_MOST (latency) or CHANGE_RATE_POINTS_MOST (success) are cut
 * between blocks of neighbours, and each cut is then put where it fits best among the samples
 * around it.
 *
 * Where a change lies is known only roughly. [low, high] is Bai's interval ("Estimation of a change
 * point in multiple regression models", Review of Economics and Statistics 1997), +-11.03 v/d^2
 * samples, rounded outward and one more, with d the step in scores and v the variance about it. It
 * is made for small steps and takes large ones too wide. The step is also the one that was large
 * enough to be seen, so a change that hardly was has less than 95%: calibrate_change.c counts one
 * of 1.8 times, which nearly all intervals hold. Success has none.
 *
 * Ownership: change_set_release() frees (a zeroed set is fine).
 * Failure:   false with an err when memory is out. Too short a series has known == false, no
 *            changes, and NaN where a figure would be.
 */
#ifndef SIM_ANALYSIS_CHANGE_POINTS_H
#define SIM_ANALYSIS_CHANGE_POINTS_H

#include "sim/analysis/latencies.h"

enum {
    CHANGE_SEGMENT_LEAST = 10,     /* samples, or blocks: the shortest level that counts as one */
    CHANGE_POINTS_MOST = 4096,     /* PELT of a series without changes takes the square of it */
    CHANGE_RATE_POINTS_MOST = 512, /* each of the shuffles does */
    CHANGE_PERMUTATIONS = 199
};

struct change {
    uint32_t index;     /* in the series: the first sample at the new level */
    int64_t at_us;      /* of that sample */
    uint32_t low, high; /* in the series: the first at the new level is among these, 95% */
    int64_t low_us, high_us;
    double before, after; /* medians, us, of the levels; NaN: censored (latency_scores_quantile) */
    double ratio;         /* after over before; NaN when either is, or before is 0 */
    double step;          /* in scores, whose spread over the whole series is 1 */
};

struct rate_change {
    uint32_t index;
    int64_t at_us;
    uint64_t failed_before, before, failed_after, after; /* of the levels: failed, samples */
};

struct change_set {
    bool known; /* at least two shortest segments of timed samples */
    struct change *items;
    uint32_t count;
    uint32_t samples; /* timed */
    uint32_t block;   /* samples a block; 1: none were put together */
    double penalty;   /* squared scores a cut; NaN: not known */

    bool rates_known; /* at least two shortest segments of samples */
    struct rate_change *rates;
    uint32_t rate_count;
    uint32_t rate_block;
    double rate_penalty; /* -2 log likelihood a cut; NaN: not known, or nothing or all failed */

    /* Lag-1, of the logarithms of timed samples (a censored one at its bound), over the whole, and
     * about the mean of each level found. Of independent samples 95% lie within +-bound (1.96 over
     * the root of n). NaN: fewer than 3 samples, no spread, or a time of 0. */
    double autocorrelation, autocorrelation_within, autocorrelation_bound;
};

/* `seed` keys the shuffles. */
bool change_points_find(struct change_set *set, const struct latency_series *series, uint64_t seed,
                        struct err *err);
void change_set_release(struct change_set *set);

/* Squared scores a cut for a series of `points` (>= 2 CHANGE_SEGMENT_LEAST). */
double change_penalty(uint32_t points);

#endif
