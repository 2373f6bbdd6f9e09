/* sim/analysis/stability.h - is yesterday's latency still today's? Advice from the first part,
 * judged on the rest; quantiles part by part; and since when samples count.
 *
 * Success under a timeout T is an answer before T, of all samples: failed ones are none. Parts are
 * cut by number of samples in order of time.
 *
 * Halves. With k successes of n in the first part, the number among the m that follow lies within
 * [low, high] with at least 95%, if nothing has changed: the conservative prediction interval that
 * comes of the hypergeometric distribution of k given k + y successes in all (Thatcher,
 * "Relationships between Bayesian and confidence limits for predictions", JRSS B 1964; Hahn and
 * Meeker, "Statistical Intervals", section 6.7). It is exact for a T that was fixed beforehand. For
 * a T that is an order statistic of the first part the number that follows is beta-binomial (k, n +
 * 1 - k), whatever the law, and both limits are on the safe side of that; for a T between two, like
 * a quantile plus two seconds, the lower one belongs to the one below and the upper one to the one
 * above. So it may be used for timeouts chosen from that part by their rank.
 * tests/calibration/calibrate_change.c counts all three. Neighbours that are alike
 * (autocorrelation) make it too narrow.
 *
 * Ownership: values; views borrow the series.
 * Failure:   false with an err when memory is out. What cannot be said is a verdict with a reason,
 *            or NaN.
 */
#ifndef SIM_ANALYSIS_STABILITY_H
#define SIM_ANALYSIS_STABILITY_H

#include "sim/analysis/change_points.h"
#include "sim/analysis/latency_quantile.h"
#include "sim/analysis/latency_scores.h"

enum {
    STABILITY_LEAST = 10,       /* samples in each part; fewer: nothing is said */
    STABILITY_FRESH_LEAST = 30, /* samples since a change that advice can be made from */
    STABILITY_PARTS = 3,
    STABILITY_QUANTILES = 3 /* p50, p95, p99 */
};
extern const double stability_probabilities[STABILITY_QUANTILES];

/* Samples [first, first + count) of a series as a series of its own, which borrows them: for any
 * rule that takes one. Its fates are counted. */
struct latency_series stability_part(const struct latency_series *series, uint32_t first,
                                     uint32_t count);

/* Where part `part` of `parts` alike ones begins; of parts == `part`, the count. */
uint32_t stability_part_begin(const struct latency_series *series, uint32_t part, uint32_t parts);

/* ---- the first part's word, judged on the rest ---- */

/* At least `level`, two-sided, for the successes among m that follow k of n; n, m > 0. */
void stability_prediction(uint64_t k, uint64_t n, uint64_t m, double level, uint64_t *low,
                          uint64_t *high);

enum stability_verdict {
    STABILITY_HELD,   /* the rest succeeded as often as it was said */
    STABILITY_MISSED, /* less or more often, and nothing shows why: a tail, or bad luck */
    STABILITY_STALE,  /* missed, and the level has moved: see the reasons */
    STABILITY_NA,     /* too few samples, or censored ones below the timeout */
    STABILITY_VERDICTS
};
extern const char *const stability_verdict_names[STABILITY_VERDICTS]; /* "held", ... */

struct stability_timeout {
    int64_t timeout_us;
    uint64_t k, n;      /* successes and samples of the first part */
    uint64_t y, m;      /* of the rest */
    uint64_t low, high; /* of y */
    uint64_t unknown;   /* censored before the timeout, in both parts */
    enum stability_verdict verdict;
};

/* What is known of a move, whatever the timeout. Any of the three makes a miss STALE. */
struct stability_move {
    struct latency_scores_rank_sum levels; /* timed samples of the first part against the rest */
    double failures_p; /* shares of FAILED and UNTIMED, stats_test_shares(); NaN: an empty part */
    bool changed;      /* the series has a change of latency or success, in whichever part: one in
                          the first makes that part a mixture that the rest is not */
    bool moved;        /* changed, or one of the p values, doubled, is at most 0.05 */
};

struct stability_halves {
    uint32_t split; /* the first sample of the rest */
    int64_t split_us;
    struct stability_move move;
};

/* `share` of samples in the first part, 0 < share < 1. `timeouts`: timeout_us filled in, the rest
 * is filled here. `changes` are those of the series. */
bool stability_judge(struct stability_halves *halves, struct stability_timeout *timeouts,
                     uint32_t count, const struct latency_series *series,
                     const struct change_set *changes, double share, struct err *err);

/* ---- part by part ---- */

struct stability_third {
    uint32_t first, count;
    int64_t from_us, until_us; /* of its first and last sample */
    uint32_t fates[LATENCY_FATES];
    struct latency_quantile quantiles[STABILITY_QUANTILES]; /* censored ranks; exact intervals */
};

/* Empty parts of a short series have count 0; quantiles are n/a as latency_quantile.h says. */
bool stability_thirds(struct stability_third thirds[static STABILITY_PARTS],
                      const struct latency_series *series, struct err *err);

/* ---- since when do samples count? ---- */

/* A change counts when it matters: latency by STABILITY_RATIO or more either way (or by a ratio
 * that is not known), success by STABILITY_RATE or more of all calls. Of those the last one
 * decides, and where its place has an interval, the interval's end: from there on samples are
 * fresh, what came before tells of a level that is no more. Then
 *
 *   ALL       no such change: every sample counts
 *   SINCE     advice is to be made from the fresh ones; there are enough, at least
 *             STABILITY_FRESH_LEAST, and the change lies before the last third
 *   STALE     it lies in the last third, or the fresh ones are too few: whatever was advised from
 *             this series tells of the past; measure again
 *   UNKNOWN   too few samples to look for changes
 */
#define STABILITY_RATIO 1.10
#define STABILITY_RATE  0.01

enum stability_freshness {
    STABILITY_FRESH_ALL,
    STABILITY_FRESH_SINCE,
    STABILITY_FRESH_STALE,
    STABILITY_FRESH_UNKNOWN,
    STABILITY_FRESHNESSES
};
extern const char *const stability_freshness_names[STABILITY_FRESHNESSES]; /* "all", "since", ... */

struct stability_fresh {
    enum stability_freshness freshness;
    uint32_t index; /* the first fresh sample; 0 without such a change */
    uint32_t count; /* fresh ones */
    int64_t fresh_from_us;
    bool by_success; /* the change that decided is one of success */
};
struct stability_fresh stability_fresh(const struct latency_series *series,
                                       const struct change_set *changes);

static inline bool stability_advice_is_stale(const struct stability_fresh *fresh)
{
    return fresh->freshness == STABILITY_FRESH_STALE;
}

#endif
