/* sim/world/series.h - what a run looked like over time: counts and percentiles by bucket.
 *
 * The bucket is max(1 s, duration / 3600), so a series has at most 3,600 rows and a few more for
 * orders that end after the last arrival (they go into the last bucket). Percentiles come from
 * log-linear histograms (sim/world/samples.h, relative error at most 1/128) that are emptied at
 * each bucket's end: cost and memory do not grow with the rate. They carry n and are given however
 * few there are.
 *
 * Ownership: a series owns its buckets. Failure: series_init() returns false when memory is out.
 */
#ifndef SIM_WORLD_SERIES_H
#define SIM_WORLD_SERIES_H

#include "router/router.h"
#include "sim/world/result.h"
#include "sim/world/samples.h"

struct series {
    int64_t bucket_us;
    uint32_t count;   /* buckets in all */
    uint32_t current; /* being filled */
    int64_t current_until_us;
    struct result_bucket *buckets;
    struct samples router;
    struct samples providers[PROVIDER_COUNT]; /* quotes, timeouts at their limit */
    uint64_t bad;                             /* orders that burn the budget, so far */
    double budget_orders;                     /* 0: no SLO */
};

int64_t series_bucket_us(int64_t duration_us);
bool series_init(struct series *series, int64_t duration_us);
void series_release(struct series *series);
void series_clear(struct series *series, double budget_orders);

/* Moves on to the bucket of `now_us`, closing those before it. */
void series_close_until(struct series *series, int64_t now_us);

static inline struct result_bucket *series_bucket(struct series *series, int64_t now_us)
{
    if (now_us >= series->current_until_us) series_close_until(series, now_us);
    return &series->buckets[series->current];
}

/* A decided order, at the instant of its decision. */
void series_order(struct series *series, const struct router_order *order);

/* An order whose last act is over: good, or bad for the budget. */
void series_judged(struct series *series, bool ok, bool bad, int64_t now_us);

void series_finish(struct series *series); /* closes what is left */

#endif
