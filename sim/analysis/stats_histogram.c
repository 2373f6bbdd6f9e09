#include "sim/analysis/stats_histogram.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"

bool stats_histogram_init(struct stats_histogram *histogram)
{
    *histogram = (struct stats_histogram){.least = INFINITY, .most = -INFINITY};
    histogram->bins = memory_zeroed(STATS_SELECT_BUCKETS * sizeof *histogram->bins);
    return histogram->bins != NULL;
}

void stats_histogram_release(struct stats_histogram *histogram)
{
    free(histogram->bins);
    *histogram = (struct stats_histogram){.bins = NULL};
}

void stats_histogram_merge(struct stats_histogram *into, const struct stats_histogram *from)
{
    assert(into != from);
    into->refused += from->refused;
    if (from->count == 0) return;
    const uint32_t last = stats_select_bucket(from->most);
    for (uint32_t b = stats_select_bucket(from->least); b <= last; b++)
        into->bins[b] += from->bins[b];
    into->count += from->count;
    if (from->least < into->least) into->least = from->least;
    if (from->most > into->most) into->most = from->most;
}

/* The two ends of a bucket by size, whatever its sign: a <= b. */
static double bucket_value(uint32_t bucket)
{
    const double first = stats_select_value((uint64_t)bucket << STATS_SELECT_BUCKET_SHIFT);
    const uint64_t last_key = (((uint64_t)bucket + 1) << STATS_SELECT_BUCKET_SHIFT) - 1;
    const double last = stats_select_value(last_key);
    if (isinf(first) || isinf(last)) return isinf(first) ? first : last;
    const double a = fmin(fabs(first), fabs(last)), b = fmax(fabs(first), fabs(last));
    if (a == 0.0) return 0.0;
    const double size = a * (b / (a / 2.0 + b / 2.0)); /* 2ab/(a+b), without overflow */
    return copysign(size, first);
}

static double value_at_rank(const struct stats_histogram *histogram, uint64_t rank)
{
    assert(rank < histogram->count);
    uint32_t bucket = stats_select_bucket(histogram->least);
    while (rank >= histogram->bins[bucket])
        rank -= histogram->bins[bucket++];
    return fmin(fmax(bucket_value(bucket), histogram->least), histogram->most);
}

void stats_histogram_quantiles(const struct stats_histogram *histogram,
                               struct stats_probabilities probabilities, double *quantiles)
{
    for (uint32_t q = 0; q < probabilities.count; q++) {
        quantiles[q] = NAN;
        if (histogram->count == 0) continue;
        const double index = probabilities.items[q] * (double)(histogram->count - 1);
        const uint64_t rank = (uint64_t)index;
        const double delta = index - (double)rank;
        const double low = value_at_rank(histogram, rank);
        quantiles[q] =
            delta > 0.0 ? (1.0 - delta) * low + delta * value_at_rank(histogram, rank + 1) : low;
    }
}
