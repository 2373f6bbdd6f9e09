/* sim/analysis/stats_histogram.h - quantiles of a stream: counts in logarithmic buckets, live.
 *
 * For what is too much to keep, or arrives on several sides. Where the values can be kept, use
 * stats_select.h: it is exact. (sim/world/samples.h is the histogram of a run's latencies: whole
 * microseconds, censored ones apart, twice this bound.)
 *
 * Buckets are those of stats_select.h, 128 an octave, so any double has one. A bucket from a to b
 * stands for 2ab/(a+b), from which no value of it lies further than (b-a)/(a+b) <= 1/257 of itself:
 * a quantile between values of one sign is off by at most STATS_HISTOGRAM_ERROR_BOUND of itself.
 * Between two values of different sign (or where one is below 2^-1022, the least normal number) the
 * bound is that share of the larger of the two, plus 2^-1029.
 *
 * State is whole numbers and the exact least and greatest value, so merging is exact: in any order,
 * cut anyhow, the same histogram comes out bit by bit.
 *
 * Ownership: the histogram owns its bins (4 MB of address space, touched where values fall);
 *            stats_histogram_release() frees them.
 * Failure:   stats_histogram_init() returns false when memory is out; nothing else allocates.
 */
#ifndef SIM_ANALYSIS_STATS_HISTOGRAM_H
#define SIM_ANALYSIS_STATS_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/analysis/stats_select.h"

#define STATS_HISTOGRAM_ERROR_BOUND (1.0 / 256) /* relative: 0.39%, rounding included */

struct stats_histogram {
    uint64_t *bins; /* STATS_SELECT_BUCKETS */
    uint64_t count;
    uint64_t refused; /* NaNs: no rank, not counted */
    double least, most;
};

bool stats_histogram_init(struct stats_histogram *histogram);

static inline void stats_histogram_add(struct stats_histogram *histogram, double value)
{
    if (value != value) {
        histogram->refused++;
        return;
    }
    histogram->bins[stats_select_bucket(value)]++;
    histogram->count++;
    if (value < histogram->least) histogram->least = value;
    if (value > histogram->most) histogram->most = value;
}

void stats_histogram_merge(struct stats_histogram *into, const struct stats_histogram *from);

/* Type 7 over what the buckets stand for, never outside the least and the greatest value. NaN when
 * there are no values, or between minus and plus infinity. */
void stats_histogram_quantiles(const struct stats_histogram *histogram,
                               struct stats_probabilities probabilities, double *quantiles);

void stats_histogram_release(struct stats_histogram *histogram);

#endif
