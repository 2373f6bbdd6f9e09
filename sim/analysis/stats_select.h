/* sim/analysis/stats_select.h - exact type-7 quantiles of millions of values, without sorting.
 *
 * Two passes guided by a histogram. The first counts values in buckets by the top 19 bits of an
 * order-preserving key of the double (sign, exponent, 7 bits of mantissa: 128 buckets an octave);
 * the second gathers the buckets that hold a wanted rank, and in those the rank is found digit by
 * digit. So the cost is two walks over the input plus the gathered buckets, whatever the values: no
 * input makes it slow, the input is not changed, and several quantiles cost as much as one.
 *
 * The definition is type 7 (Hyndman and Fan, "Sample quantiles in statistical packages", American
 * Statistician 1996): index = (n - 1) p, (1 - delta) x[i] + delta x[i+1], in that arithmetic, so
 * the result is the same double as gsl_stats_quantile_from_sorted_data() gives after gsl_sort(). In
 * one case it differs: where delta is 0 and x[i+1] infinite, GSL computes 0 times infinity and
 * answers NaN; here the answer is x[i].
 *
 * A quantile is NaN when there are no values, and when it lies between minus and plus infinity.
 *
 * Ownership: the caller owns all arrays; 2.5 MB and the gathered buckets are allocated meanwhile
 *            (8 bytes for each of their values: all of them if all are alike).
 * Failure:   false with an err: a NaN among the values (ERR_INPUT), or no memory.
 */
#ifndef SIM_ANALYSIS_STATS_SELECT_H
#define SIM_ANALYSIS_STATS_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "router/base/err.h"

enum {
    STATS_SELECT_QUANTILES_MAX = 64, /* two ranks each are numbered in a byte */
    STATS_SELECT_KEY_BITS = 64,
    STATS_SELECT_BUCKET_BITS = 19, /* sign, 11 of exponent, 7 of mantissa */
    STATS_SELECT_BUCKETS = 1 << STATS_SELECT_BUCKET_BITS,
    STATS_SELECT_BUCKET_SHIFT = STATS_SELECT_KEY_BITS - STATS_SELECT_BUCKET_BITS,
    STATS_SELECT_SORTS_BELOW = 16384 /* fewer values than that are sorted: buckets cost more */
};

/* Rises with the value: positive numbers get the top bit, negative ones are turned round. Minus
 * zero comes just before zero. */
static inline uint64_t stats_select_key(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((0 - (bits >> 63)) | UINT64_C(1) << 63);
}

static inline double stats_select_value(uint64_t key) /* of a key */
{
    const uint64_t bits = key ^ (((key >> 63) - 1) | UINT64_C(1) << 63);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t stats_select_bucket(double value)
{
    return (uint32_t)(stats_select_key(value) >> STATS_SELECT_BUCKET_SHIFT);
}

struct stats_probabilities { /* between 0 and 1, in any order */
    const double *items;
    uint32_t count; /* at most STATS_SELECT_QUANTILES_MAX */
};

/* At most 2^32 - 1 values. */
bool stats_select_quantiles(const double *values, size_t count,
                            struct stats_probabilities probabilities, double *quantiles,
                            struct err *err);

/* The same for whole numbers, as if each were turned into a double first, which is exact: of the
 * int64 ones none may lie further from 0 than 2^53. */
bool stats_select_quantiles_int64(const int64_t *values, size_t count,
                                  struct stats_probabilities probabilities, double *quantiles,
                                  struct err *err);
bool stats_select_quantiles_uint32(const uint32_t *values, size_t count,
                                   struct stats_probabilities probabilities, double *quantiles,
                                   struct err *err);

#endif
